"""What became of every closed month: the closes there are, each compared with what is known now.

Belongs here: gathering both sides of each close. Does not belong here: the comparison (``transforms.restatement``).
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import narwhals.stable.v2 as nw
import polars as pl

from finance_ppm.closing.closes import Close, newest_closes, of_close
from finance_ppm.contracts import content_columns
from finance_ppm.contracts.closes import PpmRestatements
from finance_ppm.errors import FinancePpmError
from finance_ppm.pipeline.silver import day_end
from finance_ppm.transforms.currency.rates import Rates, rates_of
from finance_ppm.transforms.portfolio import Frame, Portfolio
from finance_ppm.transforms.restatement import METRICS, concerned, figures_of, restated

_COLUMNS = content_columns(PpmRestatements)


@dataclass(frozen=True)
class Restated:
    """What one metric of a closed month came to, and comes to, in one currency."""

    metric: str
    unit: str
    reported: Decimal
    difference: Decimal
    current: Decimal


@dataclass(frozen=True)
class RestatedMonth:
    """A closed month, and what became of it."""

    month: str
    """``2026-10``."""
    close: Close
    reporting: tuple[Restated, ...]
    """By metric in the reporting currency, without what has no rate."""
    native: tuple[Restated, ...]
    """By metric and currency."""
    lines: tuple[dict[str, Any], ...]
    """The lines behind the differences, the largest first: rows of ``PpmRestatements``."""


@dataclass(frozen=True)
class Restatement:
    """Closed months beside what is known of them on a day."""

    as_of: date
    months: tuple[RestatedMonth, ...]


class NotClosedError(FinancePpmError):
    """The month was never closed."""


def restatement(
    closes: pl.LazyFrame, close_lines: pl.LazyFrame, portfolio: Portfolio, period: date | None = None
) -> Restatement:
    """Every closed month beside what ``portfolio`` knows of it, or the one that begins on ``period``.

    The frames as in :func:`restatements`. Raises :class:`NotClosedError`.
    """
    newest = newest_closes(closes, before=day_end(portfolio.as_of))
    wanted = [close for close in newest if period in (None, close.period)]
    if not wanted:
        month = f"{period:%Y-%m}" if period else "No month"
        raise NotClosedError(
            f"{month} was {'never' if period else 'ever'} closed: `finance-ppm close MONTH` closes one."
        )
    differences = restatements(closes, close_lines, portfolio)
    months = (
        _month(close, of_close(close_lines, close).collect(), differences.filter(pl.col("period") == close.period))
        for close in wanted
    )
    return Restatement(portfolio.as_of, tuple(months))


def restatements(closes: pl.LazyFrame, close_lines: pl.LazyFrame, portfolio: Portfolio) -> pl.DataFrame:
    """Every difference between a closed month and the same month as ``portfolio`` knows it.

    ``closes`` and ``close_lines`` are rows of ``PpmMonthCloses`` and ``PpmMonthCloseLines``. Of each month the newest
    close counts that was made by the end of the portfolio's day. Gives the content columns of ``PpmRestatements``.
    """
    newest = newest_closes(closes, before=day_end(portfolio.as_of))
    if not newest:
        return PpmRestatements.create_empty().select(_COLUMNS)
    reported_in = pl.concat(
        of_close(close_lines, close).select("metric_name", "budget_line_id", "period") for close in newest
    ).collect()
    found = [_differences(close, of_close(close_lines, close), reported_in, portfolio) for close in newest]
    return pl.concat(frame.select(_COLUMNS) for frame in found)


def rates_for(portfolio: Portfolio, reporting: str, as_of: date, *, until: date | None = None) -> Rates:
    """The rates as of a day, of every currency that a project has, by what the portfolio knows.

    ``until`` leaves out the rates of later days, as if they had not been published yet.
    """
    units = nw.to_native(portfolio.projects.select("currency").unique()).collect()["currency"].drop_nulls()
    fx_rates: pl.DataFrame = nw.to_native(portfolio.fx_rates).collect()
    if until is not None:
        fx_rates = fx_rates.filter(pl.col("rate_date") <= until)
    return rates_of(fx_rates, reporting=reporting, as_of=as_of, units=units.to_list())


def _differences(
    close: Close, lines_reported: pl.LazyFrame, reported_in: pl.DataFrame, portfolio: Portfolio
) -> pl.DataFrame:
    reported = _held(nw.from_native(lines_reported))
    lines = _held(concerned(portfolio.budget_lines, reported, close.period))
    figures = figures_of(
        portfolio.programs,
        portfolio.projects,
        lines,
        rates_for(portfolio, close.reporting_unit, close.as_of, until=close.rates_until),
        as_of=close.as_of,
    )
    elsewhere = reported_in.lazy().filter(pl.col("period") != close.period)
    differences = restated(
        reported,
        _held(figures),
        lines,
        nw.from_native(elsewhere),
        period=close.period,
        as_of=close.as_of,
        captured_until=close.captured_until,
    )
    rows: pl.DataFrame = nw.to_native(differences).collect()
    return rows.with_columns(
        period=pl.lit(close.period),
        period_label=pl.lit(f"{close.period:%Y-%m}"),
        closed_at=pl.lit(close.closed_at).dt.cast_time_unit("us"),
        reporting_unit=pl.lit(close.reporting_unit),
        close_as_of_date=pl.lit(close.as_of),
        as_of_date=pl.lit(portfolio.as_of),
    )


def _held(frame: Frame) -> Frame:
    """The frame computed once, as it is looked at several times."""
    return frame.collect(backend="polars").lazy()


def _month(close: Close, reported: pl.DataFrame, differences: pl.DataFrame) -> RestatedMonth:
    unit = pl.lit(close.reporting_unit)
    converted = pl.col("reporting_value").fill_null(0)
    largest = differences.sort(
        pl.col("difference_reporting").abs(),
        pl.col("difference").abs(),
        *differences.columns[:5],
        descending=[True] * 2 + [False] * 5,
    )
    return RestatedMonth(
        month=f"{close.period:%Y-%m}",
        close=close,
        reporting=_restated(
            reported.select("metric_name", unit=unit, value=converted),
            differences.select("metric_name", unit=unit, difference="difference_reporting"),
        ),
        native=_restated(reported, differences),
        lines=tuple(largest.to_dicts()),
    )


def _restated(reported: pl.DataFrame, differences: pl.DataFrame) -> tuple[Restated, ...]:
    key = ["metric_name", "unit"]
    sums = (
        reported.group_by(key)
        .agg(pl.col("value").sum())
        .join(differences.group_by(key).agg(pl.col("difference").sum()), on=key, how="full", coalesce=True)
        .with_columns(pl.col("value", "difference").fill_null(0))
        .sort(pl.col("metric_name").replace_strict({name: place for place, name in enumerate(METRICS)}), "unit")
    )
    return tuple(
        Restated(metric, unit, value, difference, value + difference)
        for metric, unit, value, difference in sums.select(*key, "value", "difference").iter_rows()
    )
