"""What the tests of the forecast have in common: rows, rates, and the two tables computed from them."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

from finance_ppm.contracts import content_columns
from finance_ppm.contracts.finance import PpmForecast, PpmForecastMonthly
from finance_ppm.transforms.currency.rates import Rates
from finance_ppm.transforms.forecast import forecast, forecast_monthly
from finance_ppm.transforms.forecast.gold import INTERVAL
from finance_ppm_tests.engines import Engine
from finance_ppm_tests.transforms.budget_by_hand import AS_OF, Row, Rows, line, project

FISCAL_YEAR_START = 7
START, END = date(2026, 1, 1), date(2027, 1, 31)
JAN, AUG, SEP, OCT, NOV = (date(2026, month, 10) for month in (1, 8, 9, 10, 11))
TOMORROW = AS_OF + timedelta(days=1)
USUAL_LAG = 20
"""Days from commitment to invoice that ``usual_lines`` make the portfolio's median."""


def money(text: str) -> Decimal:
    return Decimal(text)


def one(name: str, *lines: dict[str, Any], **cells: Any) -> Rows:
    """A project ``name`` in dollars, with a span, and lines of it."""
    page = project(name) | {"currency": "USD", "start_date": START, "end_date": END} | cells
    return Rows([], [page], [line(f"{name}-{number}", name, **told) for number, told in enumerate(lines)])


def spent(amount: str, day: date, planned: str | None = None) -> Row:
    """A line that was invoiced on ``day``: of 100.00, where nothing else was ``planned``."""
    return {"amount": money(planned or "100.00"), "actual_amount": money(amount), "invoice_date": day}


def usual_lines() -> Rows:
    """So many lines that no other case moves the portfolio's median lag."""
    invoiced = OCT + timedelta(days=USUAL_LAG)
    lines = [{"committed_date": OCT, "invoice_date": invoiced, "vendor": "Usual", "category": "Usual"}] * 201
    return one("usual", *lines)


def rates_on(engine: Engine) -> Rates:
    """Dollars for a euro: 1.10 at the start, 1.15 on average in October and 1.20 on the day; its average in September
    is stale. A pound had a rate at the start alone. A yen's is so high that amounts become too large.
    """
    daily = [
        ("EUR", START, "1.10", False),
        ("EUR", AS_OF, "1.20", False),
        ("GBP", START, "1.30", False),
        ("JPY", START, "1.00", False),
        ("JPY", AS_OF, "100000.00", False),
        ("SEK", START, "0.10", True),
        ("SEK", AS_OF, "0.10", False),
        ("NOK", AS_OF, "0.10", False),
    ]
    monthly = [("EUR", date(2026, 10, 1), "1.15", False), ("EUR", date(2026, 9, 1), "1.12", True)]
    return Rates(
        "USD",
        monthly=engine.lazy(_rates("period", monthly)),
        daily=engine.lazy(_rates("day", daily)),
    )


def _rates(when: str, told: list[tuple[str, date, str, bool]]) -> pl.DataFrame:
    rows = []
    for unit, day, rate, is_stale in told:
        exponent = 8 - Decimal(rate).adjusted()
        rows.append((unit, day, int(Decimal(rate).scaleb(exponent)), exponent, is_stale))
    schema = {"unit": pl.String, when: pl.Date, "mantissa": pl.Int64, "exponent": pl.Int64, "is_stale": pl.Boolean}
    return pl.DataFrame(rows, schema=schema, orient="row")


def forecast_of(engine: Engine, rows: Rows, as_of: date = AS_OF) -> pl.DataFrame:
    programs, projects, lines = (engine.lazy(frame) for frame in rows.frames())
    found = engine.collect(forecast(programs, projects, lines, rates_on(engine), as_of=as_of))
    columns = PpmForecast.columns()
    assert found.columns == [name for name in content_columns(PpmForecast) if name not in INTERVAL]
    assert dict(found.schema) == {name: columns[name].dtype for name in found.columns}
    assert [name for name in found.columns if found[name].null_count() and not columns[name].nullable] == []
    assert not found.select("project_id", "unit").is_duplicated().any()
    return found.sort("project_id", "unit")


def months_of(
    engine: Engine, rows: Rows, as_of: date = AS_OF, fiscal_year_start: int = FISCAL_YEAR_START
) -> pl.DataFrame:
    programs, projects, lines = (engine.lazy(frame) for frame in rows.frames())
    computed = forecast_monthly(
        programs, projects, lines, rates_on(engine), as_of=as_of, fiscal_year_start=fiscal_year_start
    )
    return engine.collect(computed, PpmForecastMonthly)
