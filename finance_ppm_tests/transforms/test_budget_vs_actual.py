"""budget_vs_actual: cases worked out by hand, and random portfolios against an independent recomputation."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from itertools import pairwise
from random import Random
from typing import Any

import dataframely as dy
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from finance_ppm.contracts import Table, full_name, lineage
from finance_ppm.contracts.gold import PpmBudgetVsActual
from finance_ppm.contracts.silver import NotionBudgetLines, NotionPrograms, NotionProjects
from finance_ppm.transforms.budget_vs_actual import budget_vs_actual
from finance_ppm_tests.engines import Engine, PolarsEngine, in_process
from finance_ppm_tests.transforms.budget_by_hand import (
    AS_OF,
    Rows,
    line,
    many_rows,
    program,
    project,
    random_rows,
    recomputed,
)

JAN, FEB, MAR = date(2026, 1, 10), date(2026, 2, 10), date(2026, 3, 10)
LONG_AGO = date(2019, 5, 17)
TOMORROW = AS_OF + timedelta(days=1)

Frames = tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]


def cells_of(engine: Engine, frames: Frames, as_of: date = AS_OF) -> pl.DataFrame:
    programs, projects, lines = (engine.lazy(frame) for frame in frames)
    return engine.collect(budget_vs_actual(programs, projects, lines, as_of=as_of), PpmBudgetVsActual)


def money(text: str) -> Decimal:
    return Decimal(text)


@dataclass(frozen=True)
class Case:
    """A portfolio in a currency of its own, and some of its cells.

    A cell is written ``metric dimension member period``: value, lines, and excluded value and lines where there
    are any. Others of the portfolio's cells may go unsaid, but not the ``absent``.
    """

    rows: Rows
    cells: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    absent: tuple[str, ...] = ()


def one(unit: str, *lines: dict[str, Any], **project_cells: Any) -> Rows:
    """One project ``<unit>-p`` of one program ``<unit>-g``, and lines."""
    home = project(f"{unit}-p", f"{unit}-g", "Warehouse", **({"currency": unit} | project_cells))
    return Rows([program(f"{unit}-g", "Growth")], [home], list(lines))


CASES = {
    # Committed in January (100), invoiced in February (90): budget in January, actual in February, and the
    # variance 100 in January, -90 in February. Invoiced, so nothing is open.
    "each amount has its own month": Case(
        one(
            "AAA",
            line(
                "AAA-l",
                "AAA-p",
                amount=money("100.00"),
                actual_amount=money("90.00"),
                committed_date=JAN,
                invoice_date=FEB,
                paid_date=MAR,
                category="CapEx",
                vendor="Acme",
            ),
        ),
        {
            "budget portfolio portfolio 2026-01": ("100.00", 1),
            "budget program AAA-g 2026-01": ("100.00", 1),
            "budget project AAA-p 2026-01": ("100.00", 1),
            "budget category CapEx 2026-01": ("100.00", 1),
            "budget vendor Acme 2026-01": ("100.00", 1),
            "actual project AAA-p 2026-02": ("90.00", 1),
            "variance project AAA-p 2026-01": ("100.00", 1),
            "variance project AAA-p 2026-02": ("-90.00", 1),
        },
        ("committed project AAA-p 2026-01", "actual project AAA-p 2026-03", "budget project AAA-p undated"),
    ),
    # Paid only, in March: budget and actual both in March; one line in the variance of 100 - 120 = -20.
    "paid without an invoice": Case(
        one("AAB", line("AAB-l", "AAB-p", amount=money("100.00"), actual_amount=money("120.00"), paid_date=MAR)),
        {
            "budget project AAB-p 2026-03": ("100.00", 1),
            "actual project AAB-p 2026-03": ("120.00", 1),
            "variance project AAB-p 2026-03": ("-20.00", 1),
            "actual category (none) 2026-03": ("120.00", 1),
            "actual vendor (none) 2026-03": ("120.00", 1),
        },
    ),
    # Open commitments in January: 100 - 30 = 70; 100 with a credit of 5 stays 100; 100 with 130 spent is 0; a
    # negative amount, and one committed tomorrow, are none. 70 + 100 + 0 = 170 of three lines.
    "open commitments": Case(
        one(
            "AAC",
            line("AAC-1", "AAC-p", amount=money("100.00"), actual_amount=money("30.00"), committed_date=JAN),
            line("AAC-2", "AAC-p", amount=money("100.00"), actual_amount=money("-5.00"), committed_date=JAN),
            line("AAC-3", "AAC-p", amount=money("100.00"), actual_amount=money("130.00"), committed_date=JAN),
            line("AAC-4", "AAC-p", amount=money("-40.00"), committed_date=JAN),
            line("AAC-5", "AAC-p", amount=money("55.00"), committed_date=TOMORROW),
            line("AAC-6", "AAC-p", amount=money("20.00"), committed_date=JAN, invoice_date=AS_OF),
            line("AAC-7", "AAC-p", amount=money("20.00"), committed_date=JAN, paid_date=AS_OF),
        ),
        {
            "committed project AAC-p 2026-01": ("170.00", 3),
            "budget project AAC-p 2026-01": ("300.00", 6),
            "budget project AAC-p 2026-11": ("55.00", 1),
            "actual project AAC-p undated": ("155.00", 3),
        },
        ("committed project AAC-p 2026-11", "committed project AAC-p undated"),
    ),
    # An invoice of the as-of day counts (10); tomorrow's (7) is excluded in the same month, and one of next
    # year alone in its cell of 0. The variance of an excluded amount is 0, of no line.
    "dated after the as-of day": Case(
        one(
            "AAD",
            line("AAD-1", "AAD-p", actual_amount=money("10.00"), invoice_date=AS_OF),
            line("AAD-2", "AAD-p", actual_amount=money("7.00"), invoice_date=TOMORROW),
            line("AAD-3", "AAD-p", actual_amount=money("3.00"), invoice_date=date(2027, 1, 1), paid_date=JAN),
        ),
        {
            "actual project AAD-p 2026-11": ("10.00", 1, "7.00", 1),
            "actual project AAD-p 2027-01": ("0.00", 0, "3.00", 1),
            "variance project AAD-p 2026-11": ("-10.00", 1),
            "variance project AAD-p 2027-01": ("0.00", 0),
        },
        ("budget project AAD-p 2026-11", "budget project AAD-p undated"),
    ),
    # No date at all: everything is undated, never a guessed month. Zero is an amount, null is none.
    "undated, zero and null": Case(
        one(
            "AAE",
            line("AAE-1", "AAE-p", amount=money("12.00"), actual_amount=money("5.00")),
            line("AAE-2", "AAE-p", amount=money("0.00"), committed_date=JAN),
            line("AAE-3", "AAE-p", committed_date=FEB, invoice_date=MAR),
        ),
        {
            "budget project AAE-p undated": ("12.00", 1),
            "actual project AAE-p undated": ("5.00", 1),
            "variance project AAE-p undated": ("7.00", 1),
            "budget project AAE-p 2026-01": ("0.00", 1),
        },
        ("budget project AAE-p 2026-02", "actual project AAE-p 2026-03", "committed project AAE-p 2026-01"),
    ),
    # 100.00 over three projects, z and a named first: the odd cent is z's, although a sorts first. The
    # credit of -0.02 takes a cent from each of the first two. Three projects, one line in the portfolio.
    "a line of three projects": Case(
        Rows(
            [program("AAF-g", "Growth")],
            [project(f"AAF-{name}", "AAF-g", name, currency="AAF") for name in "zam"],
            [
                line(
                    "AAF-1",
                    *("AAF-z", "AAF-a", "AAF-m"),
                    amount=money("100.00"),
                    actual_amount=money("-0.02"),
                    invoice_date=JAN,
                )
            ],
        ),
        {
            "budget project AAF-z 2026-01": ("33.34", 1),
            "budget project AAF-a 2026-01": ("33.33", 1),
            "budget project AAF-m 2026-01": ("33.33", 1),
            "actual project AAF-z 2026-01": ("-0.01", 1),
            "actual project AAF-a 2026-01": ("-0.01", 1),
            "actual project AAF-m 2026-01": ("0.00", 1),
            "budget program AAF-g 2026-01": ("100.00", 1),
            "budget portfolio portfolio 2026-01": ("100.00", 1),
            "variance category (none) 2026-01": ("100.02", 1),
        },
    ),
    # One live project and one archived: half each, the archived half unassigned, in its page's currency.
    "a project in the trash": Case(
        Rows(
            [program("AAG-g", "Growth")],
            [
                project("AAG-p", "AAG-g", currency="AAG", budget_total=money("80.00")),
                project("AAG-t", "AAG-g", currency="AAG", budget_total=money("500.00"), is_archived=True),
            ],
            [line("AAG-1", "AAG-p", "AAG-t", amount=money("60.00"), committed_date=FEB)],
        ),
        {
            "budget project AAG-p 2026-02": ("30.00", 1),
            "budget project (unassigned) 2026-02": ("30.00", 1),
            "budget program (unassigned) 2026-02": ("30.00", 1),
            "budget portfolio portfolio 2026-02": ("60.00", 1),
            "budget project AAG-p undated": ("50.00", 0),
            "variance category (reserve) undated": ("50.00", 0),
        },
        ("budget project AAG-t 2026-02", "budget project (unassigned) undated", "budget project AAG-t undated"),
    ),
    # The same program, but in the trash: the project keeps its lines, the program is unassigned.
    "a program in the trash": Case(
        Rows(
            [program("AAH-g", "Growth", is_archived=True)],
            [project("AAH-p", "AAH-g", currency="AAH")],
            [line("AAH-1", "AAH-p", amount=money("60.00"), committed_date=FEB)],
        ),
        {
            "budget project AAH-p 2026-02": ("60.00", 1),
            "budget program (unassigned) 2026-02": ("60.00", 1),
        },
        ("budget program AAH-g 2026-02",),
    ),
    # Two lines of 70 and 50 in a total of 100: 20 too much, so the reserve is -20; an archived line of 999
    # and a line without an amount take nothing of it.
    "lines over the total": Case(
        one(
            "AAI",
            line("AAI-1", "AAI-p", amount=money("70.00"), committed_date=JAN),
            line("AAI-2", "AAI-p", amount=money("50.00")),
            line("AAI-3", "AAI-p", amount=money("999.00"), is_archived=True),
            line("AAI-4", "AAI-p", vendor="Nobody"),
            budget_total=money("100.00"),
        ),
        {
            "budget project AAI-p undated": ("30.00", 1),
            "budget category (reserve) undated": ("-20.00", 0),
            "budget vendor (reserve) undated": ("-20.00", 0),
            "variance vendor (reserve) undated": ("-20.00", 0),
            "budget category (none) undated": ("50.00", 1),
            "budget portfolio portfolio undated": ("30.00", 1),
        },
        ("committed category (reserve) undated", "budget vendor Nobody undated"),
    ),
    # A total that its lines use up leaves no reserve; a total of nothing or less has none.
    "no reserve": Case(
        one("AAJ", line("AAJ-1", "AAJ-p", amount=money("100.00"), paid_date=JAN), budget_total=money("100.00"))
        + Rows([], [project("AAJ-q", currency="AAJ", budget_total=money("-5.00"))]),
        {"budget portfolio portfolio 2026-01": ("100.00", 1)},
        ("budget category (reserve) undated", "budget project AAJ-p undated", "budget project AAJ-q undated"),
    ),
    # A project no line names still has its total to spend.
    "a total without lines": Case(
        one("AAK", budget_total=money("40.00")), {"budget project AAK-p undated": ("40.00", 0)}
    ),
    # No such project (5), no project (4), and one without a currency (3): all in XXX, two of them unassigned. In
    # a month of their own, since every unknown currency is the same.
    "no currency": Case(
        Rows(
            [],
            [project("XXX-p", name="Nameless")],
            [
                line("XXX-1", "XXX-gone", amount=money("5.00"), committed_date=LONG_AGO),
                line("XXX-2", amount=money("4.00"), committed_date=LONG_AGO),
                line("XXX-3", "XXX-p", amount=money("3.00"), committed_date=LONG_AGO),
            ],
        ),
        {
            "budget project (unassigned) 2019-05": ("9.00", 2),
            "budget project XXX-p 2019-05": ("3.00", 1),
            "budget program (unassigned) 2019-05": ("12.00", 3),
            "budget portfolio portfolio 2019-05": ("12.00", 3),
        },
    ),
    # Names that hold the separator of the id, and what stands for it.
    "names with a bar": Case(
        one(
            "AAL",
            *(
                line(f"AAL-{vendor}", "AAL-p", vendor=vendor, amount=money("1.00"), paid_date=JAN)
                for vendor in ("A", "A|2026-01-01", "A%7C2026-01-01")
            ),
        ),
        {
            "budget vendor A 2026-01": ("1.00", 1),
            "budget vendor A|2026-01-01 2026-01": ("1.00", 1),
            "budget vendor A%7C2026-01-01 2026-01": ("1.00", 1),
        },
    ),
}

EVERYTHING = sum((case.rows for case in CASES.values()), many_rows(300))
"""The cases, each in a currency of its own, amid many random portfolios."""


@pytest.fixture(scope="module")
def cells(engine: Engine) -> pl.DataFrame:
    """Everything's cells, computed once on each engine."""
    return cells_of(engine, EVERYTHING.frames())


@pytest.mark.parametrize("name", CASES)
def test_case_worked_out_by_hand(cells: pl.DataFrame, name: str) -> None:
    case = CASES[name]
    unit = next((page["currency"] for page in case.rows.projects if "currency" in page), "XXX")
    found = {
        f"{row['metric_name']} {row['dimension']} {row['dimension_id']} {row['period_label']}": row
        for row in cells.filter(pl.col("unit") == unit).to_dicts()
    }
    for cell, expected in case.cells.items():
        value, lines, excluded, excluded_lines = (*expected, "0.00", 0)[:4] if len(expected) == 2 else expected
        row = found[cell]
        assert (row["value"], row["line_count"]) == (money(value), lines), cell
        assert (row["excluded_value"], row["excluded_count"]) == (money(excluded), excluded_lines), cell
    assert not set(case.absent) & set(found)


def test_members_bear_their_names(cells: pl.DataFrame) -> None:
    names = {row["dimension_id"]: row["dimension_value"] for row in cells.to_dicts()}
    assert names["AAA-g"] == "Growth"
    assert names["AAA-p"] == "Warehouse"
    assert names["XXX-p"] == "Nameless"
    assert names["(unassigned)"] == "Unassigned"
    assert names["portfolio"] == "Portfolio"
    assert [names[same] for same in ("Acme", "(none)", "(reserve)")] == ["Acme", "(none)", "(reserve)"]


def test_ids_can_be_read_and_tell_cells_apart(cells: pl.DataFrame) -> None:
    vendors = cells.filter(pl.col("metric_name") == "budget", pl.col("dimension") == "vendor", pl.col("unit") == "AAL")
    assert dict(vendors.select("dimension_id", "metric_id").iter_rows()) == {
        "A": "budget|vendor|A|2026-01-01|AAL",
        "A|2026-01-01": "budget|vendor|A%7C2026-01-01|2026-01-01|AAL",
        "A%7C2026-01-01": "budget|vendor|A%257C2026-01-01|2026-01-01|AAL",
    }


@in_process
def test_an_empty_portfolio_has_no_cells(engine: Engine) -> None:
    assert cells_of(engine, Rows().frames()).is_empty()


def test_everything_equals_the_recomputation(cells: pl.DataFrame) -> None:
    assert_frame_equal(cells, recomputed(EVERYTHING))


@settings(deadline=None, max_examples=60)
@given(random=st.randoms(use_true_random=False), days=st.integers(-400, 400))
def test_any_portfolio_equals_the_recomputation(random: Random, days: int) -> None:
    rows, as_of = random_rows(random), AS_OF + timedelta(days=days)
    assert_frame_equal(cells_of(PolarsEngine(), rows.frames(), as_of), recomputed(rows, as_of))


def test_dimensions_add_up_to_the_portfolio(cells: pl.DataFrame) -> None:
    key = ["metric_name", "period", "unit"]
    sums = cells.group_by("dimension", *key).agg(pl.col("value", "excluded_value").sum())
    whole = sums.filter((pl.col("value") != 0) | (pl.col("excluded_value") != 0))
    portfolio = whole.filter(pl.col("dimension") == "portfolio").drop("dimension").sort(key)
    for dimension in ("program", "project", "category", "vendor"):
        assert_frame_equal(whole.filter(pl.col("dimension") == dimension).drop("dimension").sort(key), portfolio)


def test_variance_is_budget_less_actual_in_every_cell(cells: pl.DataFrame) -> None:
    key = ["dimension", "dimension_id", "period", "unit"]
    of_metric = {
        metric: cells.filter(pl.col("metric_name") == metric).select(*key, pl.col("value").alias(metric))
        for metric in ("budget", "actual", "variance")
    }
    both = of_metric["budget"].join(of_metric["actual"], on=key, how="full", coalesce=True)
    expected = both.select(*key, variance=pl.col("budget").fill_null(0) - pl.col("actual").fill_null(0))
    assert_frame_equal(of_metric["variance"].sort(key), expected.sort(key), check_dtypes=False)


@in_process
def test_the_order_of_rows_does_not_matter(engine: Engine, cells: pl.DataFrame) -> None:
    programs, projects, lines = (frame.sample(fraction=1, shuffle=True, seed=3) for frame in EVERYTHING.frames())
    assert_frame_equal(cells_of(engine, (programs, projects, lines)), cells)


def test_the_as_of_day_moves_actuals_from_excluded_to_counted_and_nothing_else() -> None:
    frames = many_rows(60).frames()
    days = [AS_OF + timedelta(days=days) for days in (-1000, -30, -1, 0, 1, 30, 3000)]
    by_day = [cells_of(PolarsEngine(), frames, day) for day in days]
    budgets = [cells.filter(pl.col("metric_name") == "budget").drop("as_of_date") for cells in by_day]
    actuals = [cells.filter(pl.col("metric_name") == "actual") for cells in by_day]
    seen = [cells.select("metric_id", total=pl.col("value") + pl.col("excluded_value")) for cells in actuals]
    for budget, total in zip(budgets, seen, strict=True):
        assert_frame_equal(budget, budgets[0])
        assert_frame_equal(total, seen[0])
    counted = [cells["line_count"].to_list() for cells in actuals]
    for earlier, later in pairwise(counted):
        assert all(one <= other for one, other in zip(earlier, later, strict=True))
    assert actuals[0]["excluded_count"].sum() > 0
    assert actuals[-1]["excluded_count"].sum() == 0


INPUTS: tuple[type[Table], ...] = (NotionPrograms, NotionProjects, NotionBudgetLines)
NUMBERS = ("value", "line_count", "excluded_value", "excluded_count")


@cache
def some_frames() -> Frames:
    return many_rows(40, seed=11).frames()


def changed_columns(before: pl.DataFrame, after: pl.DataFrame) -> set[str]:
    """Columns that hold other values than before; numbers and names are compared in the cells that both have."""
    common = before.join(after, on="metric_id", how="inner", suffix="_after").sort("metric_id")
    compared = {*NUMBERS, "dimension_value"}
    in_cells = {name for name in compared if not common[name].equals(common[f"{name}_after"])}
    return in_cells | {name for name in set(before.columns) - compared if set(before[name]) != set(after[name])}


def rotated(values: pl.Series) -> pl.Series:
    return pl.concat([values.tail(1), values.head(-1)])


def thinned(values: pl.Series) -> pl.Series:
    """Every third value absent, or the opposite where it is a yes or no."""
    return pl.Series(
        values.name,
        [value if i % 3 else not value if isinstance(value, bool) else None for i, value in enumerate(values)],
        dtype=values.dtype,
    )


@pytest.mark.parametrize(
    ("table", "column", "change"),
    [
        pytest.param(table, name, change, id=f"{table.__name__}.{name}-{change.__name__}")
        for table in INPUTS
        for name, column in table.columns().items()
        for change in ((rotated, thinned) if column.nullable or isinstance(column, dy.Bool) else (rotated,))
    ],
)
def test_an_input_column_changes_only_outputs_that_declare_it(
    table: type[Table], column: str, change: Callable[[pl.Series], pl.Series]
) -> None:
    frames = some_frames()
    place = INPUTS.index(table)
    altered = frames[place].with_columns(change(frames[place][column]).alias(column))
    programs, projects, lines = (altered if i == place else frame for i, frame in enumerate(frames))
    after = cells_of(PolarsEngine(), (programs, projects, lines))
    declared = {name for name, inputs in lineage(PpmBudgetVsActual).items() if f"{full_name(table)}.{column}" in inputs}
    assert changed_columns(cells_of(PolarsEngine(), frames), after) <= declared
