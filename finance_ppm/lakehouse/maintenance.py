"""Maintenance: what keeps the lake small and fast, table by table, each step safe to be killed in.

Data files that no version of the last 30 days needs go, which makes room for the rest; old snapshots go
(``retention``), many small files become few (``compaction``), the log gets a checkpoint and loses what is older than 30
days. One process at a time maintains a table; no writer has to wait for it, and where writers keep coming first the
table is left for the next time.

Belongs here: the order of things, and what is told of them. See docs/decisions/maintenance.md.
"""

import errno
import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from deltalake.exceptions import CommitFailedError, DeltaError
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from finance_ppm.clock import Clock
from finance_ppm.contracts import ALL_TABLES, Table, full_name, history_of
from finance_ppm.lakehouse.compaction import RowsChangedError, compact, crowded
from finance_ppm.lakehouse.damage import DamagedTableError, damage_told, reason
from finance_ppm.lakehouse.errors import LakeBusyError, TableMismatchError
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.lakehouse.location import local_folder
from finance_ppm.lakehouse.locks import writer_lock
from finance_ppm.lakehouse.partitions import Partition
from finance_ppm.lakehouse.retention import ClosedDays, find_expired, remove_expired
from finance_ppm.lakehouse.versions import data_files, log_files

KEPT = timedelta(days=30)
"""How long the files of older versions are kept: as ``delta.deletedFileRetentionDuration`` says of each table."""

COMMITS = 10
"""Commits that a reader may have to go through before there is another checkpoint."""

ATTEMPTS = 4
"""Each is lost to a writer's success: a table that is written to so often has its turn another day."""

PATIENCE = timedelta(minutes=1)
"""How long to wait for whoever else maintains a table, or reads Azure into it."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TableMaintained:
    """What was done to a table, or would be."""

    table_name: str
    days_expired: int = 0
    """Snapshots that left the history."""
    rows_expired: int = 0
    files_before: int = 0
    """Data files of the present version."""
    files_after: int = 0
    partitions_compacted: int = 0
    files_removed: int = 0
    """Files of older versions, and of writers that died."""
    checkpointed: bool = False
    note: str | None = None
    """Why something was left for the next time."""
    error: str | None = None
    """What is wrong with the table, or with the disk."""

    @property
    def touched(self) -> bool:
        """Whether there was anything to do or to tell."""
        done = self.days_expired or self.partitions_compacted or self.files_removed or self.checkpointed
        return bool(done or self.note or self.error)


@dataclass(frozen=True)
class MaintenanceReport:
    """What a maintenance of the lake did, or would do."""

    tables: tuple[TableMaintained, ...]
    dry_run: bool

    @property
    def succeeded(self) -> bool:
        """Whether every table could be maintained. One that was left for the next time could."""
        return not any(table.error for table in self.tables)


def stored_tables(lake: Lake, tables: Iterable[type[Table]] = ALL_TABLES) -> list[type[Table]]:
    """Those of ``tables``, and of their histories, that the lake holds, even where one cannot be opened."""
    every = [kind for table in tables for kind in ((table, history_of(table)) if table.info.history else (table,))]
    return [table for table in every if _is_stored(lake, table)]


def _is_stored(lake: Lake, table: type[Table]) -> bool:
    try:
        return lake.exists(table)
    except DeltaError:  # its log is damaged: whoever opens it says so
        return True


def maintain(
    lake: Lake,
    clock: Clock,
    *,
    closed_days: ClosedDays,
    tables: Iterable[type[Table]] = ALL_TABLES,
    dry_run: bool = False,
    progress: Callable[[str], None] | None = None,
) -> MaintenanceReport:
    """Maintain every table there is, and its history. ``dry_run`` looks, waits for nobody, and changes nothing.

    ``closed_days`` tells the days whose snapshots are kept for ever, and is asked as late as can be. ``progress`` is
    told the name of each table that is done. What goes wrong with one table, be it a full disk, is told in the report
    and the log, and stops no other.
    """
    done = []
    for table in stored_tables(lake, tables):
        done.append(_guarded(lake, table, clock, closed_days, dry_run=dry_run))
        if progress:
            progress(full_name(table))
    return MaintenanceReport(tuple(done), dry_run)


def _look(lake: Lake, table: type[Table], clock: Clock, closed_days: ClosedDays) -> TableMaintained:
    delta = lake.delta(table)
    assert delta is not None
    expired = find_expired(lake, table, clock.today(), closed_days)
    files = data_files(delta).height
    return TableMaintained(
        full_name(table),
        len(expired.days),
        expired.rows,
        files_before=files,
        files_after=files,
        partitions_compacted=len(crowded(delta)),
        files_removed=len(_dead(lake, table, dry_run=True)) + len(_leftovers(lake, table, clock.now())),
        checkpointed=_needs_checkpoint(lake, table),
    )


def _guarded(
    lake: Lake, table: type[Table], clock: Clock, closed_days: ClosedDays, *, dry_run: bool
) -> TableMaintained:
    """Maintain one table under its lock, or say why not."""
    try:
        with damage_told(table):
            if dry_run:
                return _look(lake, table, clock, closed_days)
            with writer_lock(lake.uri, full_name(table), patience=PATIENCE):
                return _maintain(lake, table, clock, closed_days)
    except LakeBusyError as busy:
        logger.warning("Not maintained. %s", busy)
        return TableMaintained(full_name(table), note=str(busy))
    except (RowsChangedError, TableMismatchError, DamagedTableError) as error:
        told = str(error)
    except OSError as error:
        told = _refused(table, error)
    logger.error("Maintenance: %s", told)
    return TableMaintained(full_name(table), error=told)


def _refused(table: type[Table], error: OSError) -> str:
    remedy = "free some space" if error.errno == errno.ENOSPC else "put that right"
    return (
        f"{full_name(table)} could not be maintained ({error.strerror or reason(error)}), and no row of it is lost: "
        f"{remedy}, and maintain it again."
    )


def _maintain(lake: Lake, table: type[Table], clock: Clock, closed_days: ClosedDays) -> TableMaintained:
    retrying = Retrying(
        retry=retry_if_exception_type(CommitFailedError),
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_random_exponential(multiplier=0.05, max=2),
        reraise=True,
    )
    before = _live(lake, table)
    days = rows = compacted = removed = 0
    note = None
    try:
        removed = len(_dead(lake, table, dry_run=False))
        for leftover in _leftovers(lake, table, clock.now()):
            with suppress(FileNotFoundError):  # `forget` removes them too
                leftover.unlink()
                removed += 1
        expired = retrying(remove_expired, lake, table, clock.today(), closed_days)
        days, rows = len(expired.days), expired.rows
        for partition in _crowded(lake, table):
            retrying(compact, lake, table, partition)
            compacted += 1
    except CommitFailedError:
        note = "Others keep writing to it: the rest is left for the next time."
    except LakeBusyError as busy:
        note = str(busy)
    if note:
        logger.warning("%s: %s", full_name(table), note)
    checkpointed = _needs_checkpoint(lake, table)
    if checkpointed:
        _checkpoint(lake, table)
    return TableMaintained(
        full_name(table), days, rows, before, _live(lake, table), compacted, removed, checkpointed, note
    )


def _live(lake: Lake, table: type[Table]) -> int:
    delta = lake.delta(table)
    return 0 if delta is None else data_files(delta).height


def _crowded(lake: Lake, table: type[Table]) -> list[Partition | None]:
    delta = lake.delta(table)
    return [] if delta is None else crowded(delta)


def _dead(lake: Lake, table: type[Table], *, dry_run: bool) -> list[str]:
    """Data files that no version of the last 30 days refers to; without ``dry_run`` they are removed.

    In full: of those that a writer left who died before its commit no log tells. A file counts from the commit that
    removed it; one that was never committed from when it was written.
    """
    delta, hours = lake.delta(table), int(KEPT / timedelta(hours=1))
    if delta is None:
        return []
    # The log names removed files until the next checkpoint, whether they are there or not.
    named = delta.vacuum(hours, dry_run=True, full=True)
    found = [info.path for info in lake.files(table).get_file_info(named) if info.is_file] if named else []
    if found and not dry_run:
        delta.vacuum(hours, dry_run=False, full=True)
    return found


def _leftovers(lake: Lake, table: type[Table], now: datetime) -> list[Path]:
    """What killed writers left half written (``part-*.parquet#1``), and no listing of the library shows.

    Only local folders have them: in an object store an upload that was never completed is no object.
    """
    folder = local_folder(lake.path(table))
    oldest = (now - KEPT).timestamp()
    return [path for path in folder.rglob("*#*") if path.is_file() and path.stat().st_mtime < oldest] if folder else []


def _needs_checkpoint(lake: Lake, table: type[Table]) -> bool:
    files = log_files(lake.files(table))
    newest = max((file.version for file in files if file.is_checkpoint), default=-1)
    return sum(file.version > newest for file in files) >= COMMITS


def _checkpoint(lake: Lake, table: type[Table]) -> None:
    """Write the log's sum, and remove what is older than the log's retention.

    The library keeps the checkpoint that the oldest version to be kept is read from (tested).
    """
    delta = lake.delta(table)
    assert delta is not None
    delta.create_checkpoint()
    delta.cleanup_metadata()
