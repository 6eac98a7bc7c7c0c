"""The sync as a program: Notion to bronze to silver, without a server. The command line is this, with progress.

Example::

    from finance_ppm import Config, SyncEngine

    summary = SyncEngine(Config.from_env()).sync_all(full_sync=False)
    print(f"Synced {summary.total_pages_synced} pages")
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from finance_ppm.clock import Clock, SystemClock
from finance_ppm.contracts import PAGE_TABLES
from finance_ppm.contracts.bronze import NotionRawPages, NotionSyncWatermarks
from finance_ppm.contracts.silver import Quarantine
from finance_ppm.errors import SettingsError
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.lakehouse.locks import writer_lock
from finance_ppm.pipeline.bronze import Progress, Reading, captured, read_notion
from finance_ppm.pipeline.silver import all_pages, quarantine_upsert, silver_upsert, touched_pages
from finance_ppm.settings import OPTIONAL_DATABASES, Config
from finance_ppm.sources.notion.errors import NotionError


@dataclass(frozen=True)
class DatabaseSummary:
    """What one sync did with one database."""

    name: str
    pages_read: int
    """Pages Notion sent."""
    pages_synced: int
    """New versions among them: what the sync adds to bronze."""
    full: bool
    """Every page was read, not only those edited since the watermark."""
    error: str | None = None
    """Why the database was not read; None where it was."""


@dataclass(frozen=True)
class SyncSummary:
    """What one sync did."""

    started_at: datetime
    finished_at: datetime
    databases: tuple[DatabaseSummary, ...]
    requests: int
    dry_run: bool

    @property
    def total_pages_synced(self) -> int:
        """New page versions over all databases."""
        return sum(database.pages_synced for database in self.databases)

    @property
    def succeeded(self) -> bool:
        """Every database was read."""
        return all(database.error is None for database in self.databases)


class SyncEngine:
    """Syncs the configured Notion databases into the lake."""

    def __init__(self, config: Config, *, clock: Clock | None = None, lake: Lake | None = None) -> None:
        self._config = config
        self._clock = clock or SystemClock()
        self._lake = lake or Lake(config.ppm_lakehouse_uri, clock=self._clock)

    def sync_all(
        self,
        full_sync: bool = False,
        *,
        full_refresh: bool = False,
        dry_run: bool = False,
        only: Sequence[str] | None = None,
        progress: Progress | None = None,
    ) -> SyncSummary:
        """Sync every configured database, or those in ``only``.

        ``full_sync`` reads every page instead of those edited since the watermark and looks for deletions;
        ``full_refresh`` also rebuilds silver from all of bronze; ``dry_run`` reads, compares and writes
        nothing. A database that cannot be read is in the summary with its error; the others are synced.
        Raises :class:`~finance_ppm.errors.SettingsError` where a setting is missing.
        """
        self._config.require_notion()
        if dry_run:
            return self._run(full=full_sync or full_refresh, rebuild=False, write=False, only=only, progress=progress)
        with writer_lock(self._lake.uri, "notion-sync"):
            return self._run(
                full=full_sync or full_refresh, rebuild=full_refresh, write=True, only=only, progress=progress
            )

    def sync_database(self, name: str, full_sync: bool = False) -> SyncSummary:
        """Sync one database: programs, projects, budget_lines, risks or actions.

        Raises :class:`~finance_ppm.errors.SettingsError` for another name, or where its id is not configured.
        """
        if name in OPTIONAL_DATABASES and name not in self._config.database_ids:
            raise SettingsError(f"NOTION_{name.upper()}_DB_ID is not set: write it into .env.")
        return self.sync_all(full_sync, only=[name])

    def _run(
        self, *, full: bool, rebuild: bool, write: bool, only: Sequence[str] | None, progress: Progress | None
    ) -> SyncSummary:
        reading = read_notion(self._config, self._lake, self._clock, full=full, only=only, progress=progress)
        rows = captured(reading, self._lake, self._clock)
        if write:
            self._lake.append(NotionRawPages, rows.pages)
            self._lake.merge(NotionSyncWatermarks, rows.watermarks)
            for name in reading.reads:
                self._silver(name, rebuild=rebuild)
        new_versions = dict(rows.pages.group_by("database_name").len().iter_rows())
        return SyncSummary(
            started_at=reading.started_at,
            finished_at=self._clock.now(),
            databases=(
                *(_read_summary(reading, name, new_versions.get(name, 0)) for name in reading.reads),
                *(_failure_summary(name, error) for name, error in reading.failures.items()),
            ),
            requests=reading.requests,
            dry_run=not write,
        )

    def _silver(self, name: str, *, rebuild: bool) -> None:
        today = self._clock.today()
        touched = all_pages(self._lake, name) if rebuild else touched_pages(self._lake, name, today, today)
        accepted = silver_upsert(self._lake, name, touched)
        refused = quarantine_upsert(self._lake, {name: touched})
        self._lake.merge(PAGE_TABLES[name], accepted.rows, accepted.touched)
        self._lake.merge(Quarantine, refused.rows, refused.touched)


def _read_summary(reading: Reading, name: str, new_versions: int) -> DatabaseSummary:
    read = reading.reads[name]
    return DatabaseSummary(name, pages_read=len(read.pages), pages_synced=new_versions, full=read.full)


def _failure_summary(name: str, error: NotionError) -> DatabaseSummary:
    return DatabaseSummary(name, pages_read=0, pages_synced=0, full=False, error=str(error))
