"""How long snapshots of gold are kept: the last 35 days, each month's last, and the days of closes for ever.

Which days those are is asked when a table's turn has come, while nobody can close a month: a day that is closed during
a long maintenance stays as well.

Belongs here: which days stay, and removing the others. Does not belong here: files of older versions (``maintenance``
vacuums them 30 days later, so that a day that went too early can be restored).
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from finance_ppm.contracts import Layer, Table
from finance_ppm.contracts.closes import PpmMonthCloses
from finance_ppm.lakehouse.compaction import RowsChangedError, put_back
from finance_ppm.lakehouse.damage import damage_told
from finance_ppm.lakehouse.delta import STRICT
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.lakehouse.locks import writer_lock
from finance_ppm.lakehouse.partitions import predicate
from finance_ppm.lakehouse.versions import data_files

DAY = "as_of_date"
KEPT_DAYS = timedelta(days=35)
"""More than a month, so that today can always be compared with a month ago, and a month's end is never missed."""

CLOSING = "month-close"
"""The lock under which a month is closed (``closing.month``)."""

PATIENCE = timedelta(minutes=1)
"""How long to wait for whoever closes a month."""

ClosedDays = Callable[[], Collection[date]]
"""Tells the days of the closes there are, when it is called."""


@dataclass(frozen=True)
class Expired:
    """Snapshots that leave the history."""

    days: tuple[date, ...]
    rows: int


def expired_days(days: Collection[date], today: date, closed: Collection[date]) -> set[date]:
    """Which of the ``days`` that have a snapshot are not kept.

    A month's last snapshot is that of the last of its days that has one: the month's end, unless nothing ran then.
    """
    month_ends = {(day.year, day.month): day for day in sorted(days)}.values()
    return {day for day in days if day <= today - KEPT_DAYS} - {*month_ends, *closed}


def find_expired(lake: Lake, table: type[Table], today: date, closed_days: ClosedDays) -> Expired:
    """The snapshots of a table of ``gold_history`` that are not kept; of any other table none.

    Raises :class:`~finance_ppm.lakehouse.damage.DamagedTableError` where nobody can tell which days were closed.
    """
    delta = lake.delta(table)
    if delta is None or table.info.layer is not Layer.GOLD_HISTORY:
        return Expired((), 0)
    files = data_files(delta)
    if files.is_empty():
        return Expired((), 0)
    stored = pl.col(f"partition.{DAY}")
    there = set(files.select(stored.drop_nulls()).to_series())
    days = expired_days(there, today, ())
    if days:
        with damage_told(PpmMonthCloses):
            days = expired_days(there, today, closed_days())
    return Expired(tuple(sorted(days)), int(files.filter(stored.is_in(list(days)))["num_records"].sum()))


def remove_expired(lake: Lake, table: type[Table], today: date, closed_days: ClosedDays) -> Expired:
    """Delete those snapshots in one commit, which removes whole files and touches no other. No month is closed
    meanwhile.

    Raises what :func:`find_expired` raises, deltalake's ``CommitFailedError`` where another writer came first,
    :class:`~finance_ppm.lakehouse.errors.LakeBusyError` where a month is being closed for too long, and
    :class:`~finance_ppm.lakehouse.compaction.RowsChangedError`.
    """
    if not (found := find_expired(lake, table, today, closed_days)).days:
        return found
    with writer_lock(lake.uri, CLOSING, patience=PATIENCE):
        return _remove(lake, table, find_expired(lake, table, today, closed_days))


def _remove(lake: Lake, table: type[Table], found: Expired) -> Expired:
    delta = lake.delta(table)
    if not found.days or delta is None:
        return found
    before, files = delta.version(), data_files(delta)
    going = pl.col(f"partition.{DAY}").is_in(list(found.days))
    delta.delete(predicate(pl.DataFrame({DAY: found.days})), commit_properties=STRICT)
    if set(data_files(delta)["path"]) != set(files.filter(~going)["path"]):
        raise RowsChangedError(put_back(lake, table, before, "removing old snapshots touched others"))
    return found
