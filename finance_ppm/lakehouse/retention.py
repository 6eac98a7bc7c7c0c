"""How long snapshots of gold are kept: the last 35 days, each month's last, and the days of closes for ever.

Belongs here: which days stay, and removing the others. Does not belong here: files of older versions (``maintenance``
vacuums them 30 days later, so that a day that went too early can be restored).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from finance_ppm.contracts import Layer, Table
from finance_ppm.lakehouse.compaction import RowsChangedError, put_back
from finance_ppm.lakehouse.delta import STRICT
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.lakehouse.partitions import predicate
from finance_ppm.lakehouse.versions import data_files

DAY = "as_of_date"
KEPT_DAYS = timedelta(days=35)
"""More than a month, so that today can always be compared with a month ago, and a month's end is never missed."""


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


def find_expired(lake: Lake, table: type[Table], today: date, closed: Collection[date]) -> Expired:
    """The snapshots of a table of ``gold_history`` that are not kept; of any other table none."""
    delta = lake.delta(table)
    if delta is None or table.info.layer is not Layer.GOLD_HISTORY:
        return Expired((), 0)
    files = data_files(delta)
    if files.is_empty():
        return Expired((), 0)
    stored = pl.col(f"partition.{DAY}")
    days = expired_days(set(files.select(stored.drop_nulls()).to_series()), today, closed)
    return Expired(tuple(sorted(days)), int(files.filter(stored.is_in(list(days)))["num_records"].sum()))


def remove_expired(lake: Lake, table: type[Table], today: date, closed: Collection[date]) -> Expired:
    """Delete those snapshots in one commit, which removes whole files and touches no other.

    Raises deltalake's ``CommitFailedError`` where another writer came first, and
    :class:`~finance_ppm.lakehouse.compaction.RowsChangedError`.
    """
    found, delta = find_expired(lake, table, today, closed), lake.delta(table)
    if not found.days or delta is None:
        return found
    before, files = delta.version(), data_files(delta)
    going = pl.col(f"partition.{DAY}").is_in(list(found.days))
    delta.delete(predicate(pl.DataFrame({DAY: found.days})), commit_properties=STRICT)
    if set(data_files(delta)["path"]) != set(files.filter(~going)["path"]):
        raise RowsChangedError(put_back(lake, table, before, "removing old snapshots touched others"))
    return found
