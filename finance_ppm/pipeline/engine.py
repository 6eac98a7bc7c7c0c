"""The sync as a program: Notion to bronze to silver, without a server. The command line is this, with progress.

Example::

    from finance_ppm import Config, SyncEngine

    summary = SyncEngine(Config.from_env()).sync_all(full_sync=False)
    print(f"Synced {summary.total_pages_synced} pages")
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from finance_ppm.clock import Clock, SystemClock
from finance_ppm.contracts import PAGE_TABLES
from finance_ppm.contracts.silver import Quarantine
from finance_ppm.errors import SettingsError
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.lakehouse.locks import writer_lock
from finance_ppm.logs import correlated, current_run
from finance_ppm.masking import Masker
from finance_ppm.pipeline.bronze import DatabaseSync, Progress, sync_notion
from finance_ppm.pipeline.silver import all_pages, quarantine_upsert, silver_upsert, touched_pages
from finance_ppm.settings import OPTIONAL_DATABASES, Config

logger = logging.getLogger(__name__)


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
    resumed: bool = False
    """A read that had been cut short was taken up where it had come to."""
    drift: tuple[str, ...] = ()
    """How the database's properties depart from what is expected, and what to do."""
    note: str | None = None
    """Why nothing was taken for deleted although pages were missing."""
    error: str | None = None
    """Why the database was not read to its end; None where it was."""


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
    """Syncs the configured Notion databases into the lake.

    It logs by the standard library, and leaves it to the program what becomes of that; ``logs.set_up(config)`` writes
    it as the commands do, each sync with an id of its own.
    """

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
        accept_deletions: bool = False,
        progress: Progress | None = None,
    ) -> SyncSummary:
        """Sync every configured database, or those in ``only``.

        ``full_sync`` reads every page instead of those edited since the watermark and looks for deletions;
        ``full_refresh`` also rebuilds silver from all of bronze; ``dry_run`` reads, compares and writes
        nothing; ``accept_deletions`` takes pages for deleted however many Notion does not find. A database that
        cannot be read to its end is in the summary with its error, after what had come of it by then; the others
        are synced. Raises :class:`~finance_ppm.errors.SettingsError` where a setting is missing.
        """
        self._config.require_notion()
        full = full_sync or full_refresh
        how: dict[str, Any] = {"full": full, "accept_deletions": accept_deletions, "progress": progress}
        with correlated(current_run()):
            if dry_run:
                return self._run(only=only, rebuild=False, write=False, **how)
            with writer_lock(self._lake.uri, "notion-sync"):
                return self._run(only=only, rebuild=full_refresh, write=True, **how)

    def sync_database(self, name: str, full_sync: bool = False) -> SyncSummary:
        """Sync one database: programs, projects, budget_lines, risks or actions.

        Raises :class:`~finance_ppm.errors.SettingsError` for another name, or where its id is not configured.
        """
        if name in OPTIONAL_DATABASES and name not in self._config.database_ids:
            raise SettingsError(f"NOTION_{name.upper()}_DB_ID is not set: write it into .env.")
        return self.sync_all(full_sync, only=[name])

    def _run(self, *, only: Sequence[str] | None, rebuild: bool, write: bool, **how: Any) -> SyncSummary:
        sync = sync_notion(self._config, self._lake, self._clock, only=only, write=write, **how)
        if write:
            for database in sync.databases:
                self._silver(database.name, rebuild=rebuild and database.error is None)
            names = [database.name for database in sync.databases]
            logger.info("Silver is up to date: %s", ", ".join(names), extra={"databases": names, "rebuilt": rebuild})
        return SyncSummary(
            started_at=sync.started_at,
            finished_at=self._clock.now(),
            databases=tuple(map(_summary, sync.databases)),
            requests=sync.requests,
            dry_run=not write,
        )

    def _silver(self, name: str, *, rebuild: bool) -> None:
        today = self._clock.today()
        touched = all_pages(self._lake, name) if rebuild else touched_pages(self._lake, name, today, today)
        accepted = silver_upsert(self._lake, name, touched)
        refused = quarantine_upsert(self._lake, {name: touched})
        self._lake.merge(PAGE_TABLES[name], accepted.rows, accepted.touched)
        self._lake.merge(Quarantine, refused.rows, refused.touched)


def _summary(database: DatabaseSync) -> DatabaseSummary:
    return DatabaseSummary(
        database.name,
        pages_read=database.pages_read,
        pages_synced=database.new_versions,
        full=database.full,
        resumed=database.resumed,
        drift=tuple(drift.message for drift in database.drift),
        note=database.note,
        error=Masker()(str(database.error)) if database.error else None,
    )
