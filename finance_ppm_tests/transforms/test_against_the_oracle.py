"""Money on 1,000 random portfolios: every row and column of the real tables is what plain Python decimals come to.

The portfolios are drawn by hypothesis and stand side by side in larger books, since a query costs about the same for
one as for fifty. Nothing but names, currencies, rates and the habits of a category is common to them, and the oracle
computes each book as the tables do: whole.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from fractions import Fraction
from functools import cache
from itertools import islice
from math import isclose
from typing import Any, TypeVar

import pytest
from hypothesis import Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

from finance_ppm.contracts import Table, content_columns
from finance_ppm.contracts.finance import PpmForecast, PpmForecastMonthly
from finance_ppm.contracts.gold import PpmBudgetVsActual
from finance_ppm.transforms.budget_vs_actual import budget_vs_actual
from finance_ppm.transforms.currency.rates import Rates, rates_of
from finance_ppm.transforms.forecast import forecast, forecast_monthly
from finance_ppm.transforms.portfolio import Frame
from finance_ppm_tests.engines import Engine, PolarsEngine
from finance_ppm_tests.oracle import actuals, frames, outlook
from finance_ppm_tests.oracle.arithmetic import DAY, first_of
from finance_ppm_tests.oracle.books import Books
from finance_ppm_tests.oracle.market import Market
from finance_ppm_tests.oracle.mix import edge_cases
from finance_ppm_tests.oracle.portfolios import DRAWN_FOR, Portfolio, Scene, books, portfolios, scenes, side_by_side

PORTFOLIOS = 1_000
RANDOM_PORTFOLIOS = portfolios()
BOOKS = {"polars": 24, "duckdb": 4, "pyspark": 1}
"""Into how many books the portfolios go: some engines take seconds for a query, however little there is to compute."""

LINES = {"polars": 32, "duckdb": 32, "pyspark": 8}
"""How many lines of a portfolio are kept at most."""

THOROUGH = Scene(
    date(2026, 7, 31),
    "PHP",
    4,
    (
        ("USD", "daily"),
        ("PHP", "daily"),
        ("GBP", "partly withdrawn"),
        ("JPY", "not lately"),
        ("IDR", "rarely"),
        ("XTS", "long ago"),
    ),
)
"""Rates of every kind: the scene of the largest book."""

OF_ITS_HISTORY = frozenset({"eac_low_80", "eac_high_80", "eac_low_90", "eac_high_90", "interval_n", "interval_reason"})
"""Columns of the forecast that are not of the portfolio alone."""

Row = dict[str, Any]
Drawn = TypeVar("Drawn")


def budget_vs_actual_of(told: Books, engine: Engine) -> Frame:
    return budget_vs_actual(
        *_pages(told, engine), _rates(told, engine), as_of=told.as_of, fiscal_year_start=told.fiscal_start
    )


def forecast_of(told: Books, engine: Engine) -> Frame:
    return forecast(*_pages(told, engine), _rates(told, engine), as_of=told.as_of)


def forecast_monthly_of(told: Books, engine: Engine) -> Frame:
    return forecast_monthly(
        *_pages(told, engine), _rates(told, engine), as_of=told.as_of, fiscal_year_start=told.fiscal_start
    )


TABLES: dict[type[Table], tuple[Callable[[Books, Engine], Frame], Callable[[Books], list[Row]]]] = {
    PpmBudgetVsActual: (budget_vs_actual_of, actuals.budget_vs_actual),
    PpmForecast: (forecast_of, outlook.forecast),
    PpmForecastMonthly: (forecast_monthly_of, outlook.forecast_monthly),
}
"""How each table is computed: really, and by the oracle."""


@pytest.mark.timeout(900)
@pytest.mark.parametrize("table", TABLES)
def test_the_real_rows_are_the_oracles(engine: Engine, table: type[Table]) -> None:
    count = BOOKS[engine.name]
    for number, told in enumerate(many_books(count, LINES[engine.name])):
        disagreements = list(islice(disagreements_on(table, told, engine), 20))
        assert not disagreements, f"Book {number} of {count}:\n" + "\n".join(disagreements)


@settings(max_examples=12, deadline=None)
@given(told=books())
def test_the_real_rows_of_one_portfolio_are_the_oracles(told: Books) -> None:
    """The same one by one, where a failing example can be made small."""
    assert [line for table in TABLES for line in disagreements_on(table, told, PolarsEngine())] == []


@settings(max_examples=60, deadline=None)
@given(scene=scenes)
def test_the_real_rates_are_the_oracles(scene: Scene) -> None:
    told = Books(scene.as_of, scene.reporting, quotes=scene.quotes())
    market, units = Market(told), [code for code, _ in scene.published] + ["EUR", "XXX", "ZZZ"]
    first = min((quote.day for quote in told.quotes), default=told.as_of)
    days = [told.as_of - number * DAY for number in range((told.as_of - first).days + 1)]
    real = rates_of(frames.rates(told), reporting=told.reporting, as_of=told.as_of, units=units)
    for rates, when, rate_of, every in (
        (real.daily, "day", market.on, days),
        (real.monthly, "period", market.average, sorted({first_of(day) for day in days})),
    ):
        expected = {
            (unit, day): (rate.value, rate.is_stale)
            for unit in units
            for day in every
            if unit != told.reporting and (rate := rate_of(unit, day)) is not None
        }
        found = PolarsEngine().collect(rates).to_dicts()
        assert all(10**8 <= row["mantissa"] < 10**9 for row in found)
        got = {
            (row["unit"], row[when]): (Fraction(row["mantissa"]) / Fraction(10) ** row["exponent"], row["is_stale"])
            for row in found
        }
        assert got == expected


def test_every_edge_case_is_in_the_mix() -> None:
    met: Counter[str] = Counter()
    for told in many_books(BOOKS["polars"], LINES["polars"]):
        met.update(edge_cases(told))
    assert {case: count for case, count in met.items() if count < 3} == {}


@cache
def many_books(count: int, lines: int) -> list[Books]:
    """1,000 portfolios in so many books. Half of the books hold one portfolio that waits for an invoice: what comes of
    it where few invoices tell of the lags must be seen too.
    """
    several = [replace(portfolio, lines=portfolio.lines[-lines:]) for portfolio in drawn(RANDOM_PORTFOLIOS, PORTFOLIOS)]
    several.sort(key=waits_for_an_invoice, reverse=True)
    alone = count // 2
    size = -(-(PORTFOLIOS - alone) // (count - alone))
    sizes = [1] * alone + [size] * (count - alone)
    where = [*drawn(scenes, 480)[:: 480 // count][: count - 1], THOROUGH]
    taken = iter(several)
    return [side_by_side(scene, list(islice(taken, size))) for scene, size in zip(where, sizes, strict=True)]


def waits_for_an_invoice(portfolio: Portfolio) -> bool:
    """Whether its forecast must guess when a commitment is invoiced, with too few invoices to go by."""
    live = [line for line in portfolio.lines if not line.is_archived]
    waiting = [line for line in live if line.committed and line.committed <= DRAWN_FOR and not line.invoiced]
    return any(not line.paid and line.amount and line.project_ids for line in waiting) and len(live) < 8


@cache
def drawn(strategy: SearchStrategy[Drawn], count: int) -> list[Drawn]:
    """So many different examples of ``strategy``; the simplest first.

    Nearly the same ones every time: hypothesis also tries constants of the modules that happen to be loaded.
    """
    found: dict[Drawn, None] = {}

    @seed(1)
    @settings(max_examples=count + count // 4, database=None, deadline=None, phases=[Phase.generate])
    @given(strategy)
    def keep(example: Drawn) -> None:
        found[example] = None

    keep()
    assert len(found) >= count
    return list(found)[:count]


@cache
def expected_rows(table: type[Table], told: Books) -> list[Row]:
    """The oracle's rows: each engine is held against the same."""
    return TABLES[table][1](told)


def disagreements_on(table: type[Table], told: Books, engine: Engine) -> Iterator[str]:
    """Each row that only one of the two has, and each column of a row in which they differ."""
    columns = [name for name in content_columns(table) if name not in OF_ITS_HISTORY]
    real = engine.collect(TABLES[table][0](told, engine)).select(columns)
    found, expected = (_by_key(table, rows) for rows in (real.to_dicts(), expected_rows(table, told)))
    for key in sorted(found.keys() | expected.keys(), key=str):
        one, other = found.get(key), expected.get(key)
        if one is None or other is None:
            yield f"{table.__name__} {key}: only {'the oracle' if one is None else 'the table'} has {one or other}"
            continue
        assert other.keys() == set(columns)
        for name in columns:
            if not _same(one[name], other[name]):
                yield f"{table.__name__} {key}: {name} is {one[name]}, by the oracle {other[name]}"


def _by_key(table: type[Table], rows: list[Row]) -> dict[tuple[Any, ...], Row]:
    keyed = {tuple(row[name] for name in table.primary_key()): row for row in rows}
    assert len(keyed) == len(rows), "A key repeats."
    return keyed


def _same(one: Any, other: Any) -> bool:
    """Money to the cent; a ratio as exactly as a float can tell."""
    if isinstance(one, float) and isinstance(other, float):
        return isclose(one, other, rel_tol=1e-12)
    return bool(one == other)


def _pages(told: Books, engine: Engine) -> tuple[Frame, Frame, Frame]:
    pages = (frames.programs(told), frames.projects(told), frames.budget_lines(told))
    programs, projects, lines = (engine.lazy(frame) for frame in pages)
    return programs, projects, lines


def _rates(told: Books, engine: Engine) -> Rates:
    units = {page.currency for page in told.projects if page.currency}
    rates = rates_of(frames.rates(told), reporting=told.reporting, as_of=told.as_of, units=units)
    monthly, daily = (engine.lazy(PolarsEngine().collect(frame)) for frame in (rates.monthly, rates.daily))
    return Rates(rates.reporting, monthly, daily)
