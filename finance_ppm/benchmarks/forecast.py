"""How fast budget lines become the forecast of each project and of each month, on Polars.

Measured in a process of its own over the portfolio of ``budget_vs_actual``, one table after the other.
"""

from collections.abc import Callable, Iterator
from time import perf_counter

import narwhals.stable.v2 as nw
import polars as pl

from finance_ppm.benchmarks.budget_vs_actual import AS_OF, REPORTING, Portfolio, portfolio
from finance_ppm.benchmarks.measure import Measurement, measure
from finance_ppm.transforms.currency.rates import Rates, rates_of
from finance_ppm.transforms.forecast import forecast, forecast_monthly
from finance_ppm.transforms.portfolio import Frame


def run(rows: int = 1_000_000, *, seed: int = 7) -> Iterator[Measurement]:
    """Measure both tables over ``rows`` generated budget lines, in seconds on the clock, on every core."""
    yield measure("forecast", rows, _seconds, rows, seed, projects)
    yield measure("forecast_monthly", rows, _seconds, rows, seed, months)


def projects(of: Portfolio) -> pl.DataFrame:
    """The forecast of such a portfolio's projects."""
    computed: pl.DataFrame = forecast(*_given(of), as_of=AS_OF).collect(backend="polars").to_native()
    return computed


def months(of: Portfolio) -> pl.DataFrame:
    """The same by month."""
    monthly = forecast_monthly(*_given(of), as_of=AS_OF, fiscal_year_start=1)
    computed: pl.DataFrame = monthly.collect(backend="polars").to_native()
    return computed


def _given(of: Portfolio) -> tuple[Frame, Frame, Frame, Rates]:
    programs, projects, lines = (nw.from_native(frame.lazy()) for frame in (of.programs, of.projects, of.budget_lines))
    rates = rates_of(of.fx_rates, reporting=REPORTING, as_of=AS_OF, units=of.projects["currency"].unique())
    return programs, projects, lines, rates


def _seconds(lines: int, seed: int, compute: Callable[[Portfolio], pl.DataFrame]) -> float:
    generated = portfolio(lines, seed)
    started = perf_counter()
    compute(generated)
    return perf_counter() - started
