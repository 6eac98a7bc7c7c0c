"""How fast gold that looks back is computed for a large portfolio, on Polars: what forecasts were worth, and what
became of closed months.

Measured in processes of their own over the portfolio of ``budget_vs_actual``, with a year behind it: a snapshot of the
forecast at each month's end, and each month closed. Since then one actual in fifty was corrected by a cent.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from time import perf_counter

import narwhals.stable.v2 as nw
import polars as pl

from finance_ppm.benchmarks.budget_vs_actual import AS_OF, REPORTING, portfolio
from finance_ppm.benchmarks.forecast import given
from finance_ppm.benchmarks.measure import Measurement, measure
from finance_ppm.benchmarks.quality import completed, whole_portfolio
from finance_ppm.closing.restatement import rates_for, restatements
from finance_ppm.contracts.closes import PpmMonthCloseLines, PpmMonthCloses
from finance_ppm.contracts.finance import PpmForecast, PpmForecastMonthly
from finance_ppm.contracts.fx import FxRates
from finance_ppm.transforms.accuracy import forecast_accuracy, forecast_intervals
from finance_ppm.transforms.forecast import forecast_with_months
from finance_ppm.transforms.portfolio import Frame, Portfolio
from finance_ppm.transforms.restatement import dated_in, figures_of, of_month

MONTHS = 12
"""How far back there are snapshots and closes."""

_CLOSED_AT = datetime.combine(AS_OF, time(), UTC)


def run(rows: int = 1_000_000, *, seed: int = 7) -> Iterator[Measurement]:
    """Measure the three tables over ``rows`` generated budget lines, in seconds on the clock, on every core."""
    yield measure("forecast_accuracy", rows, _forecasts_seconds, rows, seed, _accuracy)
    yield measure("forecast_intervals", rows, _forecasts_seconds, rows, seed, _intervals)
    yield measure("restatements", rows, _restatements_seconds, rows, seed)


def month_ends() -> list[date]:
    """The last days of the months before that of the as-of day, the latest first."""
    ends = [AS_OF.replace(day=1) - timedelta(days=1)]
    while len(ends) < MONTHS:
        ends.append(ends[-1].replace(day=1) - timedelta(days=1))
    return ends


def closed_months(of: Portfolio) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows of ``PpmMonthCloses`` and ``PpmMonthCloseLines``: each month as the portfolio has it."""
    periods = [end.replace(day=1) for end in month_ends()]
    rates = rates_for(of, REPORTING, AS_OF)
    figures = [
        _collected(
            of_month(
                figures_of(of.programs, of.projects, of.budget_lines.filter(dated_in(period)), rates, as_of=AS_OF),
                period,
            )
        ).drop("period", "is_future")
        for period in periods
    ]
    known = {"closed_at": pl.lit(_CLOSED_AT), "as_of_date": pl.lit(AS_OF), "reporting_unit": pl.lit(REPORTING)}
    closes = pl.DataFrame({"period": periods}).with_columns(**known, captured_until=pl.lit(_CLOSED_AT))
    lines = [rows.with_columns(**known, period=pl.lit(period)) for rows, period in zip(figures, periods, strict=True)]
    return completed(closes, PpmMonthCloses), completed(pl.concat(lines), PpmMonthCloseLines)


def restated(of: Portfolio, closes: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """What became of the closes."""
    return restatements(closes.lazy(), lines.lazy(), of)


def corrected(of: Portfolio) -> Portfolio:
    """One actual in fifty is a cent more."""
    spent, number = nw.col("actual_amount"), nw.col("amount").cast(nw.Int64)
    cent = nw.when(number % 50 == 0).then(nw.lit(Decimal("0.01"))).otherwise(nw.lit(Decimal("0.00")))
    lines = of.budget_lines.with_columns(actual_amount=(spent + cent).cast(nw.Decimal(18, 2)))
    return replace(of, budget_lines=_lazy(_collected(lines)))


def _accuracy(snapshots: Frame, monthly: Frame, now: Frame, monthly_now: Frame) -> Frame:
    return forecast_accuracy(snapshots, monthly, now, monthly_now, as_of=AS_OF)


def _intervals(snapshots: Frame, _monthly: Frame, now: Frame, _monthly_now: Frame) -> Frame:
    return forecast_intervals(snapshots, now, as_of=AS_OF)


def _forecasts_seconds(lines: int, seed: int, compute: Callable[[Frame, Frame, Frame, Frame], Frame]) -> float:
    of = given(portfolio(lines, seed))
    made = [
        [_collected(frame) for frame in forecast_with_months(*of, as_of=day, fiscal_year_start=1)]
        for day in (AS_OF, *month_ends())
    ]
    (now, monthly_now), before = made[0], made[1:]
    snapshots, monthly = (pl.concat(snapshot[kind] for snapshot in before) for kind in (0, 1))
    told = (
        (snapshots, PpmForecast),
        (monthly, PpmForecastMonthly),
        (now, PpmForecast),
        (monthly_now, PpmForecastMonthly),
    )
    frames = [_lazy(completed(frame, table)) for frame, table in told]
    started = perf_counter()
    _collected(compute(*frames))
    return perf_counter() - started


def _restatements_seconds(lines: int, seed: int) -> float:
    whole = replace(whole_portfolio(lines, seed), fx_rates=_lazy(completed(portfolio(lines, seed).fx_rates, FxRates)))
    closes, close_lines = closed_months(whole)
    since = corrected(whole)
    started = perf_counter()
    restated(since, closes, close_lines)
    return perf_counter() - started


def _collected(frame: Frame) -> pl.DataFrame:
    computed: pl.DataFrame = frame.collect(backend="polars").to_native()
    return computed


def _lazy(frame: pl.DataFrame) -> Frame:
    lazy: Frame = nw.from_native(frame.lazy())
    return lazy
