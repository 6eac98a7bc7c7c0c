"""How fast budget lines become the forecast of each project and of each month, on Polars.

Measured in a process of its own over the portfolio of ``budget_vs_actual``: both tables at once, as they are made.
"""

from collections.abc import Iterator
from time import perf_counter

import narwhals.stable.v2 as nw
import polars as pl

from finance_ppm.benchmarks.budget_vs_actual import AS_OF, REPORTING, Portfolio, portfolio
from finance_ppm.benchmarks.measure import Measurement, measure
from finance_ppm.transforms.currency.rates import Rates, rates_of
from finance_ppm.transforms.forecast import forecast_with_months
from finance_ppm.transforms.portfolio import Frame


def run(rows: int = 1_000_000, *, seed: int = 7) -> Iterator[Measurement]:
    """Measure both tables over ``rows`` generated budget lines, in seconds on the clock, on every core."""
    yield measure("forecast, with months", rows, _seconds, rows, seed)


def computed(of: Portfolio) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The forecast of such a portfolio's projects, and the same by month."""
    projects, months = forecast_with_months(*given(of), as_of=AS_OF, fiscal_year_start=1)
    return projects.collect(backend="polars").to_native(), months.collect(backend="polars").to_native()


def given(of: Portfolio) -> tuple[Frame, Frame, Frame, Rates]:
    """What forecasts of such a portfolio are made from."""
    programs, projects, lines = (nw.from_native(frame.lazy()) for frame in (of.programs, of.projects, of.budget_lines))
    rates = rates_of(of.fx_rates, reporting=REPORTING, as_of=AS_OF, units=of.projects["currency"].unique())
    return programs, projects, lines, rates


def _seconds(lines: int, seed: int) -> float:
    generated = portfolio(lines, seed)
    started = perf_counter()
    computed(generated)
    return perf_counter() - started
