"""How fast budget lines become cells of budget against actual, on Polars.

Measured in a process of its own over a generated portfolio: 500 lines a project on average, four years, three
currencies of which one is reported in, 400 vendors, and one line in thirty split between two projects. Lines fall
between their project's start and end, but one in twenty falls on any day. Rates are of every working day; one project
in twenty has no start date, so that what has no rate is measured too.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from time import perf_counter

import narwhals.stable.v2 as nw
import polars as pl

from finance_ppm.benchmarks.measure import Measurement, measure
from finance_ppm.transforms.budget_vs_actual import budget_vs_actual
from finance_ppm.transforms.currency.rates import rates_of

AS_OF = date(2026, 11, 1)
FIRST_DAY = date(2023, 1, 1)
DAYS = 1460
LINES_PER_PROJECT = 500
PROJECTS_PER_PROGRAM = 40
VENDORS = 400
REPORTING = "USD"
PER_EURO = {"USD": Decimal("1.1"), "PHP": Decimal("64.5")}
"""About how much of each currency a euro is."""


def run(rows: int = 1_000_000, *, seed: int = 7) -> Iterator[Measurement]:
    """Measure ``budget_vs_actual`` over ``rows`` generated budget lines, in seconds on the clock, on every core."""
    yield measure("budget_vs_actual", rows, _seconds, rows, seed)


@dataclass(frozen=True)
class Portfolio:
    """What is measured: silver, with the columns that gold's money is computed from, and rates."""

    programs: pl.DataFrame
    projects: pl.DataFrame
    budget_lines: pl.DataFrame
    fx_rates: pl.DataFrame


def portfolio(lines: int, seed: int) -> Portfolio:
    """A portfolio of ``lines`` budget lines."""
    count = max(1, lines // LINES_PER_PROJECT)
    programs = pl.select(program_id=_page_id(pl.int_range(count // PROJECTS_PER_PROGRAM + 1), "a")).with_columns(
        name=pl.format("Program {}", pl.int_range(pl.len())), is_archived=pl.lit(False)
    )
    number = pl.int_range(pl.len())
    projects = pl.select(project_id=_page_id(pl.int_range(count), "b")).with_columns(
        program_id=_page_id(number // PROJECTS_PER_PROGRAM, "a"),
        name=pl.format("Project {}", number),
        budget_total=pl.lit(5_000_000).cast(pl.Decimal(18, 2)),
        currency=pl.lit(pl.Series(["USD", "EUR", "PHP"])).gather(number % 3),
        start_date=pl.when(number % 20 != 19).then(_day(_begins(number))),
        end_date=_day(_ends(number)),
        status=pl.lit(pl.Series(["Planning", "In Progress", "In Progress", "Completed"])).gather(number % 4),
        is_archived=pl.lit(False),
    )

    def any_of(size: int, step: int) -> pl.Expr:
        """A number below ``size`` for each line, the same for the same seed."""
        return (pl.int_range(lines).hash(seed * 10 + step) % size).cast(pl.Int64)

    drawn = pl.select(
        number=pl.int_range(lines),
        project=any_of(count, 1),
        amount=any_of(10_000_000, 2),
        vendor=any_of(VENDORS, 3),
        any_day=any_of(DAYS, 4),
        stage=any_of(10, 5),
        split=any_of(30, 6) == 0,
        misdated=any_of(20, 7) == 0,
    )
    begins, ends = _begins(pl.col("project")), pl.min_horizontal(_ends(pl.col("project")), DAYS - 1)
    committed = (
        pl.when("misdated")
        .then("any_day")
        .otherwise(begins + pl.col("any_day") % (ends - begins + 1))
        .alias("committed")
    )
    home, neighbour = _page_id(pl.col("project"), "b"), _page_id((pl.col("project") + 1) % count, "b")
    amount = (pl.col("amount").cast(pl.Decimal(18, 2)) / 100).cast(pl.Decimal(18, 2))
    day = _day(pl.col("committed"))
    budget_lines = drawn.with_columns(committed).select(
        budget_line_id=_page_id(pl.col("number"), "c"),
        project_ids=pl.when(pl.col("split")).then(pl.concat_list(home, neighbour)).otherwise(pl.concat_list(home)),
        category=pl.when(pl.col("number") % 2 == 0).then(pl.lit("CapEx")).otherwise(pl.lit("OpEx")),
        vendor=pl.format("Vendor {}", "vendor"),
        amount=amount,
        committed_date=day,
        invoice_date=pl.when(pl.col("stage") < 8).then(_day(pl.col("committed") + 30)),
        paid_date=pl.when(pl.col("stage") < 7).then(_day(pl.col("committed") + 60)),
        actual_amount=pl.when(pl.col("stage") < 8).then(amount),
        is_archived=pl.lit(False),
    )
    return Portfolio(programs, projects, budget_lines, _fx_rates())


def cells(of: Portfolio) -> pl.DataFrame:
    """Budget against actual of such a portfolio: the work that is measured."""
    programs, projects, lines = (nw.from_native(frame.lazy()) for frame in (of.programs, of.projects, of.budget_lines))
    rates = rates_of(of.fx_rates, reporting=REPORTING, as_of=AS_OF, units=of.projects["currency"].unique())
    computed: pl.DataFrame = (
        budget_vs_actual(programs, projects, lines, rates, as_of=AS_OF).collect(backend="polars").to_native()
    )
    return computed


def _seconds(lines: int, seed: int) -> float:
    generated = portfolio(lines, seed)
    started = perf_counter()
    cells(generated)
    return perf_counter() - started


def _fx_rates() -> pl.DataFrame:
    """A rate of every working day: each some thousandths away from the one before."""
    days = [FIRST_DAY + timedelta(days=day) for day in range(DAYS)]
    rows = [
        (currency, day, about * (1000 + number % 7 - 3) / 1000)
        for currency, about in PER_EURO.items()
        for number, day in enumerate(days)
        if day.weekday() < 5
    ]
    schema = {"currency": pl.String(), "rate_date": pl.Date(), "rate": pl.Decimal(28, 12)}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _begins(project: pl.Expr) -> pl.Expr:
    """Strewn, so that a few projects differ as much as many do."""
    return project * 271 % (DAYS // 2)


def _ends(project: pl.Expr) -> pl.Expr:
    return DAYS // 2 + project * 523 % DAYS


def _day(number: pl.Expr | int) -> pl.Expr:
    return (pl.lit(FIRST_DAY) + pl.duration(days=number)).cast(pl.Date)


def _page_id(number: pl.Expr, kind: str) -> pl.Expr:
    return pl.format("{}-0000-4000-8000-{}", pl.lit(kind * 8), number.cast(pl.String).str.zfill(12))
