"""The closes there are: what was closed, when, and the figures behind it.

Belongs here: reading them. Does not belong here: making one (``month``).

A close counts from the moment its row stands in ``ppm_month_closes``, which is written last. Figures of a close that
was cut short before are of no close, and nobody reads them.
"""

from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from finance_ppm.contracts.closes import PpmMonthCloses
from finance_ppm.lakehouse.lake import Lake


@dataclass(frozen=True)
class Close:
    """One close of one month."""

    period: date
    """First day of the month."""
    closed_at: datetime
    closed_by: str
    note: str | None
    as_of: date
    captured_until: datetime
    """The newest capture of a page behind its figures."""
    rates_until: date | None
    """The newest day of which there was an exchange rate."""
    reporting_unit: str


def closed_days(lake: Lake) -> set[date]:
    """The as-of days of every close there ever was: their snapshots in ``gold_history`` are kept for ever."""
    return set(lake.scan(PpmMonthCloses).select("as_of_date").unique().collect()["as_of_date"])


def newest_closes(closes: pl.LazyFrame, *, before: datetime | None = None) -> list[Close]:
    """The close of each month that counts, by month: the newest, or the newest of those made ``before`` a moment.

    ``closes`` are rows of ``PpmMonthCloses``.
    """
    if before is not None:
        closes = closes.filter(pl.col("closed_at") < before)
    newest = closes.sort("closed_at").unique("period", keep="last", maintain_order=True).sort("period").collect()
    return [
        Close(
            period=row["period"],
            closed_at=row["closed_at"],
            closed_by=row["closed_by"],
            note=row["note"],
            as_of=row["as_of_date"],
            captured_until=row["captured_until"],
            rates_until=row["rates_until"],
            reporting_unit=row["reporting_unit"],
        )
        for row in newest.iter_rows(named=True)
    ]


def of_close(close_lines: pl.LazyFrame, close: Close) -> pl.LazyFrame:
    """The figures of a close, among rows of ``PpmMonthCloseLines``."""
    return close_lines.filter(pl.col("period") == close.period, pl.col("closed_at") == close.closed_at)
