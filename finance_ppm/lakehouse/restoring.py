"""A table as it was at an earlier moment, made its present by a new version.

Delta keeps 30 days of versions for this. Belongs here: what would change, what stands in the way, and doing it. Does
not belong here: a past day's figures, which are computed anew from bronze and need no older version (``pipeline``).
"""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError

from finance_ppm.clock import Clock
from finance_ppm.contracts import ALL_TABLES, Layer, Table, Write, full_name, history_of
from finance_ppm.contracts.bronze import Erasures
from finance_ppm.errors import FinancePpmError, SettingsError
from finance_ppm.lakehouse.damage import damage_told
from finance_ppm.lakehouse.delta import STRICT, scan_delta
from finance_ppm.lakehouse.fingerprints import tally
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.lakehouse.locks import writer_lock
from finance_ppm.lakehouse.versions import data_files, kept_versions, version_at

CONSEQUENCES: Mapping[Layer, str] = {
    Layer.BRONZE: (
        "What was captured since leaves the log. Run `notion-sync sync --full-sync` afterwards, so that Notion is read "
        "again; an earlier day of Azure cannot be."
    ),
    Layer.SILVER: (
        "It is made from bronze, and the rows of pages that change next are made again: run `notion-sync sync "
        "--full-refresh` to make all of them."
    ),
    Layer.GOLD: "It is made from silver: the next run computes it again.",
    Layer.GOLD_HISTORY: "Snapshots that were computed since leave it: `finance-ppm run --as-of DATE` makes one again.",
}
"""What to know before a table of the layer is restored."""

OF_A_RECORD = "It is a record, and nothing computes it again: what was written since leaves it."
"""The same of a table of gold that nothing below it tells, such as closes and alerts."""


class UnknownTableError(SettingsError):
    """No table bears the name."""


class CannotRestoreError(FinancePpmError):
    """The table cannot be had as it was at that moment."""


class ChangedMeanwhileError(FinancePpmError):
    """Somebody wrote to the table after it was looked at; nothing was restored."""


@dataclass(frozen=True)
class Restoring:
    """What restoring a table changes."""

    table_name: str
    as_of: datetime
    version: int
    """The version that stood at that moment."""
    version_made_at: datetime
    present_version: int
    rows_now: int
    rows_then: int
    returning: int
    """Rows that come back."""
    changing: int
    """Rows that are what they were."""
    leaving: int
    """Rows that came since."""
    consequence: str

    @property
    def changes(self) -> bool:
        """Whether there is anything to restore."""
        return bool(self.returning or self.changing or self.leaving)


def table_named(name: str, tables: Iterable[type[Table]] = ALL_TABLES) -> type[Table]:
    """The contract of ``layer/table``.

    Raises :class:`UnknownTableError`, with the names that are alike.
    """
    known = {full_name(table): table for table in tables}
    known |= {full_name(kind): kind for kind in (history_of(table) for table in tables if table.info.history)}
    wanted = name.strip().strip("/").replace(".", "/")
    if wanted in known:
        return known[wanted]
    alike = difflib.get_close_matches(wanted, known, n=3, cutoff=0.5)
    alike += [other for other in known if other.endswith(f"/{wanted}") and other not in alike]
    told = f"did you mean {' or '.join(alike)}?" if alike else f"name one of {', '.join(known)}."
    raise UnknownTableError(f"There is no table {name!r}: {told}")


def look_back(lake: Lake, clock: Clock, table: type[Table], moment: datetime) -> Restoring:
    """What restoring ``table`` as of ``moment`` would change. Writes nothing.

    Raises :class:`CannotRestoreError` where that cannot be done,
    :class:`~finance_ppm.lakehouse.errors.TableMismatchError` where the table was of another contract then, and
    :class:`~finance_ppm.lakehouse.damage.DamagedTableError` where it cannot be read now.
    """
    with damage_told(table):
        return _compared(lake, clock, table, moment)


def _compared(lake: Lake, clock: Clock, table: type[Table], moment: datetime) -> Restoring:
    delta, name = lake.delta(table), full_name(table)
    if delta is None:
        raise CannotRestoreError(
            f"{name} is not in {lake.uri}, so there is nothing to restore: check PPM_LAKEHOUSE_URI."
        )
    _require_none_erased(lake, table, moment)
    if moment > clock.now():
        raise CannotRestoreError(
            f"{moment:%Y-%m-%d %H:%M:%S} UTC is yet to come: name a moment in the past; of today, with its time."
        )
    versions = kept_versions(delta)
    then = version_at(versions, moment)
    if then is None:
        raise CannotRestoreError(
            f"{name} as of {moment:%Y-%m-%d %H:%M:%S} UTC is not kept: its first version is of "
            f"{versions[0].made_at:%Y-%m-%d %H:%M:%S} UTC; name a later moment, or restore a backup."
        )
    earlier = lake.delta_at(table, then.number)
    _require_files(lake, table, earlier)
    now, before, key = scan_delta(delta, table), scan_delta(earlier, table), table.primary_key()
    rows_now, keys_now = now.select(pl.len(), pl.struct(key).n_unique().alias("keys")).collect().row(0)
    # A table that holds rows twice is among those one wants to restore.
    stored = now if rows_now == keys_now else now.unique(subset=key)
    change = tally(table, stored, before.collect_batches())
    return Restoring(
        name,
        moment,
        then.number,
        then.made_at,
        delta.version(),
        rows_now=rows_now,
        rows_then=change.rows,
        returning=change.inserted,
        changing=change.updated,
        leaving=rows_now - (change.rows - change.inserted),
        consequence=consequence_of(table),
    )


def consequence_of(table: type[Table]) -> str:
    """What to know before ``table`` is restored."""
    is_record = table.info.layer is Layer.GOLD and table.info.write is not Write.SNAPSHOT
    return OF_A_RECORD if is_record else CONSEQUENCES[table.info.layer]


def restore(lake: Lake, table: type[Table], found: Restoring) -> int:
    """Make what :func:`look_back` has found the present, where anything changes, and return the version's number.

    Raises :class:`ChangedMeanwhileError` where somebody wrote since, :class:`CannotRestoreError`,
    :class:`~finance_ppm.lakehouse.errors.LakeBusyError`, and ``OSError`` as on a full disk.
    """
    if not found.changes:
        return found.present_version
    with damage_told(table), writer_lock(lake.uri, full_name(table)):
        _require_none_erased(lake, table, found.as_of)
        delta = lake.delta_at(table, found.present_version)
        try:
            delta.restore(found.version, commit_properties=STRICT)
        except CommitFailedError as error:
            raise ChangedMeanwhileError(
                f"{found.table_name} was written to after you looked, so nothing was restored: stop the runs that "
                "write to it, and restore it again."
            ) from error
        return delta.version()


def _require_none_erased(lake: Lake, table: type[Table], moment: datetime) -> None:
    """Raise where an older version may hold what was erased since. The audit of erasures itself never goes back."""
    if table is Erasures:
        raise CannotRestoreError(f"{full_name(table)} tells what was forgotten, and is never put back: leave it.")
    quoted = pl.col("erased").list.eval(pl.element().struct.field("table_name")).list.contains(full_name(table))
    since = pl.col("forgotten_at").is_null() | (pl.col("forgotten_at") > moment)
    with damage_told(Erasures):
        erased = lake.scan(Erasures).filter(quoted & since).collect()
    if erased.is_empty():
        return
    unfinished = erased.filter(pl.col("forgotten_at").is_null())["page_id"].to_list()
    if unfinished:
        raise CannotRestoreError(
            f"{full_name(table)} cannot go back while a page is being forgotten: complete it first, with `finance-ppm "
            f"forget {unfinished[0]}`."
        )
    done = max(erased["forgotten_at"].to_list()) + timedelta(seconds=1)  # told in whole seconds, and never too early
    raise CannotRestoreError(
        f"{full_name(table)} cannot go back to {moment:%Y-%m-%d %H:%M:%S} UTC, before a page was forgotten, as the "
        f"page would come back: name {done:%Y-%m-%dT%H:%M:%S} or a later moment."
    )


def _require_files(lake: Lake, table: type[Table], earlier: DeltaTable) -> None:
    from pyarrow.fs import FileType

    paths = data_files(earlier)["path"].to_list()
    gone = sum(info.type is not FileType.File for info in lake.files(table).get_file_info(paths)) if paths else 0
    if gone:
        raise CannotRestoreError(
            f"{full_name(table)}: {gone:,} of {len(paths):,} data files of version {earlier.version()} are gone, as "
            "files are kept for 30 days after they are replaced, or until what is in them is forgotten: name a later "
            "moment, or restore a backup."
        )
