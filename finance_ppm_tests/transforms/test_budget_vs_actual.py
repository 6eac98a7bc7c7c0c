"""budget_vs_actual: cases worked out by hand, and random portfolios against an independent recomputation."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from itertools import pairwise
from random import Random
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from finance_ppm.contracts import Table, full_name, lineage
from finance_ppm.contracts.fx import FxRates
from finance_ppm.contracts.gold import PpmBudgetVsActual
from finance_ppm.contracts.silver import NotionBudgetLines, NotionPrograms, NotionProjects
from finance_ppm.transforms.budget_vs_actual import budget_vs_actual
from finance_ppm.transforms.currency.rates import rates_of
from finance_ppm_tests.engines import Engine, PolarsEngine, in_process
from finance_ppm_tests.transforms.altered import Change, changes_of
from finance_ppm_tests.transforms.budget_by_hand import (
    AS_OF,
    Rows,
    line,
    many_rows,
    program,
    project,
    random_market,
    random_rows,
    recomputed,
)
from finance_ppm_tests.transforms.currency.rates_by_hand import fx_frame

JAN, FEB, MAR = date(2026, 1, 10), date(2026, 2, 10), date(2026, 3, 10)
LONG_AGO = date(2019, 5, 17)
TOMORROW = AS_OF + timedelta(days=1)

Frames = tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]


def cells_of(
    engine: Engine,
    frames: Frames,
    fx_rates: pl.DataFrame,
    as_of: date = AS_OF,
    *,
    reporting: str = "EUR",
    fiscal_year_start: int = 1,
) -> pl.DataFrame:
    programs, projects, lines = (engine.lazy(frame) for frame in frames)
    units = set(frames[1]["currency"].drop_nulls())
    rates = rates_of(fx_rates, reporting=reporting, as_of=as_of, units=units).on(engine.lazy)
    table = budget_vs_actual(programs, projects, lines, rates, as_of=as_of, fiscal_year_start=fiscal_year_start)
    return engine.collect(table, PpmBudgetVsActual)


def money(text: str) -> Decimal:
    return Decimal(text)


@dataclass(frozen=True)
class Case:
    """A portfolio in a currency of its own, and some of its cells.

    A cell is written ``metric dimension member period``: value, lines, and excluded value and lines where there
    are any. Others of the portfolio's cells may go unsaid, but not the ``absent``.

    ``in_euro`` says of cells what they come to in the reporting currency: reporting, constant and FX value; and what
    is left out: value, how many amounts, and why; at last how many amounts are of a stale rate.
    """

    rows: Rows
    cells: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    in_euro: dict[str, tuple[Any, ...]] = field(default_factory=dict)


def one(unit: str, *lines: dict[str, Any], **project_cells: Any) -> Rows:
    """One project ``<unit>-p`` of one program ``<unit>-g``, and lines."""
    home = project(f"{unit}-p", f"{unit}-g", "Warehouse", **({"currency": unit} | project_cells))
    return Rows([program(f"{unit}-g", "Growth")], [home], list(lines))


def published(currency: str, per_euro: dict[date, Any]) -> Rows:
    return Rows(rates=[(currency, day, Decimal(rate)) for day, rate in per_euro.items()])


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
    # A total that its lines use up leaves a reserve of 0; a total of nothing or less has none.
    "no reserve": Case(
        one("AAJ", line("AAJ-1", "AAJ-p", amount=money("100.00"), paid_date=JAN), budget_total=money("100.00"))
        + Rows([], [project("AAJ-q", currency="AAJ", budget_total=money("-5.00"))]),
        {
            "budget portfolio portfolio 2026-01": ("100.00", 1),
            "budget category (reserve) undated": ("0.00", 0),
            "budget project AAJ-p undated": ("0.00", 0),
        },
        ("budget project AAJ-q undated",),
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
    # At the start (January 5th) a euro is 2: the budget rate is 0.5. In March 4 and 2: the average is 0.375. At T 0.2.
    # Budget 100 is 50. Spent in March 80: 30 at the average, 40 at the budget rate, so exchange rates made it 10 less;
    # variance -30 is -40 and +10. Open 60: 12 at T, 30 at the budget rate. Undated 20: 4 at T, 10 at the budget rate.
    "each amount at its own rate": Case(
        one(
            "BAA",
            line(
                "BAA-1", "BAA-p", amount=money("100"), actual_amount=money("80"), committed_date=JAN, invoice_date=MAR
            ),
            line("BAA-2", "BAA-p", amount=money("60"), committed_date=FEB),
            line("BAA-3", "BAA-p", actual_amount=money("20")),
            start_date=date(2026, 1, 5),
        )
        + published("BAA", {date(2026, 1, 5): 2, date(2026, 3, 2): 4, date(2026, 3, 30): 2, AS_OF: 5}),
        in_euro={
            "budget project BAA-p 2026-01": ("50.00", "50.00", "0.00"),
            "actual project BAA-p 2026-03": ("30.00", "40.00", "-10.00"),
            "variance project BAA-p 2026-01": ("50.00", "50.00", "0.00"),
            "variance project BAA-p 2026-03": ("-30.00", "-40.00", "10.00"),
            "committed project BAA-p 2026-02": ("12.00", "30.00", "-18.00"),
            "actual project BAA-p undated": ("4.00", "10.00", "-6.00"),
        },
    ),
    # A euro is 2 on January 1st. Projects that start 7 days later go by it, 8 and 35 days later too, but stale; after
    # 36 days there is no budget rate. 10 + 10 + 10 are 15.00 (two of them stale), and 10 are left out.
    "old budget rates": Case(
        Rows(
            [],
            [
                project(f"BAB-{age}", currency="BAB", start_date=date(2026, 1, 1) + timedelta(days=age))
                for age in (7, 8, 35, 36)
            ],
            [line(f"BAB-l{age}", f"BAB-{age}", amount=money("10"), paid_date=JAN) for age in (7, 8, 35, 36)],
        )
        + published("BAB", {date(2026, 1, 1): 2}),
        in_euro={
            "budget project BAB-7 2026-01": ("5.00", "5.00", "0.00"),
            "budget project BAB-8 2026-01": ("5.00", "5.00", "0.00", "0.00", 0, None, 1),
            "budget project BAB-35 2026-01": ("5.00", "5.00", "0.00", "0.00", 0, None, 1),
            "budget project BAB-36 2026-01": ("0.00", "0.00", "0.00", "10.00", 1, "no_budget_rate", 0),
            "budget portfolio portfolio 2026-01": ("15.00", "15.00", "0.00", "10.00", 1, "no_budget_rate", 2),
        },
    ),
    # Started on January 25th, when a euro was 2, and never again. February takes the rate of its last day, 34 days old
    # and so stale: 20 is 10. March has none: 30 is left out. At T there is none: open 40 and undated 50 are left out.
    "months without a rate": Case(
        one(
            "BAC",
            line("BAC-1", "BAC-p", actual_amount=money("20"), invoice_date=FEB),
            line("BAC-2", "BAC-p", actual_amount=money("30"), invoice_date=MAR),
            line("BAC-3", "BAC-p", amount=money("40"), committed_date=MAR),
            line("BAC-4", "BAC-p", actual_amount=money("50")),
            start_date=date(2026, 1, 25),
        )
        + published("BAC", {date(2026, 1, 25): 2}),
        in_euro={
            "actual project BAC-p 2026-02": ("10.00", "10.00", "0.00", "0.00", 0, None, 1),
            "actual project BAC-p 2026-03": ("0.00", "0.00", "0.00", "30.00", 1, "no_rate", 0),
            "budget project BAC-p 2026-03": ("20.00", "20.00", "0.00"),
            "committed project BAC-p 2026-03": ("0.00", "0.00", "0.00", "40.00", 1, "no_rate", 0),
            "actual project BAC-p undated": ("0.00", "0.00", "0.00", "50.00", 1, "no_rate", 0),
            "variance project BAC-p 2026-03": ("20.00", "20.00", "0.00", "-30.00", 1, "no_rate", 0),
        },
    ),
    # Without a start there is no budget rate, and nothing is converted; one that starts after T goes by T's rate, 4.
    "no start, and one to come": Case(
        Rows(
            [],
            [project("BAD-p", currency="BAD"), project("BAD-q", currency="BAD", start_date=date(2027, 6, 1))],
            [
                line("BAD-1", "BAD-p", amount=money("10"), actual_amount=money("9"), invoice_date=AS_OF),
                line("BAD-2", "BAD-q", amount=money("10"), actual_amount=money("8"), invoice_date=AS_OF),
            ],
        )
        + published("BAD", {AS_OF: 4}),
        in_euro={
            "budget project BAD-p 2026-11": ("0.00", "0.00", "0.00", "10.00", 1, "no_budget_rate", 0),
            "actual project BAD-p 2026-11": ("0.00", "0.00", "0.00", "9.00", 1, "no_budget_rate", 0),
            "variance project BAD-p 2026-11": ("0.00", "0.00", "0.00", "1.00", 2, "no_budget_rate", 0),
            "budget project BAD-q 2026-11": ("2.50", "2.50", "0.00"),
            "actual project BAD-q 2026-11": ("2.00", "2.00", "0.00"),
            "variance portfolio portfolio 2026-11": ("0.50", "0.50", "0.00", "1.00", 2, "no_budget_rate", 0),
        },
    ),
    # Nobody ever published BAE. A total of 50 less a line of 20: the reserve is one more amount left out.
    "an unknown currency": Case(
        one(
            "BAE",
            line("BAE-1", "BAE-p", amount=money("20"), actual_amount=money("5"), paid_date=JAN),
            start_date=JAN,
            budget_total=money("50"),
        ),
        in_euro={
            "budget project BAE-p 2026-01": ("0.00", "0.00", "0.00", "20.00", 1, "unknown_currency", 0),
            "variance project BAE-p 2026-01": ("0.00", "0.00", "0.00", "15.00", 2, "unknown_currency", 0),
            "budget category (reserve) undated": ("0.00", "0.00", "0.00", "30.00", 1, "unknown_currency", 0),
        },
    ),
    # Half of 100.01 each, 50.01 and 50.00, one in BAF (2 a euro: 25.005, so 25.01) and one in BAG, which is unknown.
    "a line of two currencies": Case(
        Rows(
            [],
            [
                project("BAF-p", currency="BAF", start_date=JAN),
                project("BAF-q", currency="BAG", start_date=JAN),
            ],
            [line("BAF-1", "BAF-p", "BAF-q", amount=money("100.01"), committed_date=JAN, invoice_date=JAN)],
        )
        + published("BAF", {JAN: 2}),
        {"budget portfolio portfolio 2026-01": ("50.01", 1)},
        in_euro={"budget portfolio portfolio 2026-01": ("25.01", "25.01", "0.00")},
    ),
    # At 0.125 a credit of 0.04 is half a cent, and goes away from zero as an invoice of 0.04 does.
    "a credit": Case(
        one(
            "BAH",
            line("BAH-1", "BAH-p", actual_amount=money("-0.04"), invoice_date=JAN),
            line("BAH-2", "BAH-p", actual_amount=money("0.04"), invoice_date=FEB),
            line("BAH-3", "BAH-p", actual_amount=money("-80.00"), invoice_date=MAR),
            start_date=JAN,
        )
        + published("BAH", {JAN: 8, FEB: 8, MAR: 4}),
        in_euro={
            "actual project BAH-p 2026-01": ("-0.01", "-0.01", "0.00"),
            "actual project BAH-p 2026-02": ("0.01", "0.01", "0.00"),
            "actual project BAH-p 2026-03": ("-20.00", "-10.00", "-10.00"),
            "variance project BAH-p 2026-03": ("20.00", "10.00", "10.00"),
        },
    ),
    # At 1/3 a total of 100 is 33.33. Three lines of 10.01 are 3.34 each, so the reserve of 69.97 is 23.31, and not
    # 23.32: the budget of the project is that of its total.
    "what is left of a total": Case(
        one(
            "BAI",
            *(line(f"BAI-{i}", "BAI-p", amount=money("10.01"), committed_date=JAN, paid_date=JAN) for i in range(3)),
            start_date=JAN,
            budget_total=money("100"),
        )
        + published("BAI", {JAN: 3}),
        {"budget project BAI-p undated": ("69.97", 0)},
        in_euro={
            "budget project BAI-p 2026-01": ("10.02", "10.02", "0.00"),
            "budget project BAI-p undated": ("23.31", "23.31", "0.00"),
            "budget vendor (reserve) undated": ("23.31", "23.31", "0.00"),
        },
    ),
    # 10,000 euro for one of it: the largest amount is too much for any account, and a total of 20 is 200,000.00 still.
    "too large": Case(
        one(
            "BAJ",
            line("BAJ-1", "BAJ-p", amount=money("9999999999999999.99"), paid_date=JAN),
            line("BAJ-2", "BAJ-p", amount=money("1"), paid_date=JAN),
            start_date=JAN,
            budget_total=money("20"),
        )
        + published("BAJ", {JAN: "0.0001"}),
        in_euro={
            "budget project BAJ-p 2026-01": (
                "10000.00",
                "10000.00",
                "0.00",
                "9999999999999999.99",
                1,
                "too_large",
                0,
            ),
            "budget project BAJ-p undated": ("190000.00", "190000.00", "0.00", "-9999999999999999.99", 0, None, 0),
        },
    ),
    # Spent tomorrow: excluded in its own currency, and no concern of the reporting one's.
    "spent tomorrow": Case(
        one("BAK", line("BAK-1", "BAK-p", actual_amount=money("7"), invoice_date=TOMORROW), start_date=JAN)
        + published("BAK", {JAN: 2, AS_OF: 2}),
        {"actual project BAK-p 2026-11": ("0.00", 0, "7.00", 1)},
        in_euro={"actual project BAK-p 2026-11": ("0.00", "0.00", "0.00")},
    ),
    # In a month whose average no one knows, and of a project without a start: both reasons, in their order.
    "two reasons": Case(
        Rows(
            [],
            [project("BAL-p", currency="BAL"), project("BAL-q", currency="BAL", start_date=JAN)],
            [
                line("BAL-1", "BAL-p", actual_amount=money("1"), invoice_date=LONG_AGO),
                line("BAL-2", "BAL-q", actual_amount=money("2"), invoice_date=LONG_AGO),
            ],
        )
        + published("BAL", {JAN: 2}),
        in_euro={
            "actual portfolio portfolio 2019-05": ("0.00", "0.00", "0.00", "3.00", 2, "no_budget_rate, no_rate", 0)
        },
    ),
}

EVERYTHING = sum((case.rows for case in CASES.values()), many_rows(300))
"""The cases, each in a currency of its own, amid many random portfolios."""


@pytest.fixture(scope="module")
def cells(engine: Engine) -> pl.DataFrame:
    """Everything's cells, in euro, computed once on each engine."""
    return cells_of(engine, EVERYTHING.frames(), fx_frame(EVERYTHING.rates), fiscal_year_start=4)


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
    for cell, (reporting, constant, fx, *rest) in case.in_euro.items():
        left_out, amounts, reasons, stale = rest or ("0.00", 0, None, 0)
        row = found[cell]
        values = (row["reporting_value"], row["constant_value"], row["fx_value"], row["reporting_excluded_value"])
        assert values == (money(reporting), money(constant), money(fx), money(left_out)), cell
        assert (row["reporting_excluded_count"], row["reporting_excluded_reasons"]) == (amounts, reasons), cell
        assert (row["stale_rate_count"], row["reporting_unit"]) == (stale, "EUR"), cell


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
    assert cells_of(engine, Rows().frames(), fx_frame([])).is_empty()


@in_process
def test_a_portfolio_of_the_reporting_currency_needs_no_rates(engine: Engine) -> None:
    """Not even of projects without a start, nor of a month to come: value, reporting and constant are one."""
    rows = one(
        "KGS",
        line("KGS-1", "KGS-p", amount=money("10"), actual_amount=money("9"), invoice_date=LONG_AGO),
        line("KGS-2", "KGS-p", amount=money("5"), actual_amount=money("-2"), committed_date=JAN),
        line("KGS-3", "KGS-p", amount=money("9999999999999999.99"), paid_date=TOMORROW),
        budget_total=money("100"),
    )
    found = cells_of(engine, rows.frames(), fx_frame([]), reporting="KGS")
    assert found.height > 20
    assert found["reporting_value"].equals(found["value"])
    assert found["constant_value"].equals(found["value"])
    assert set(found["fx_value"]) == {money("0.00")}
    assert set(found["reporting_excluded_count"]) == set(found["stale_rate_count"]) == {0}
    assert set(found["reporting_excluded_reasons"]) == {None}


@pytest.mark.parametrize(
    ("starts_in", "years"), [(1, [2025, 2026, 2026]), (4, [2026, 2026, 2027]), (12, [2026, 2026, 2026])]
)
def test_a_fiscal_year_bears_the_name_of_the_year_it_ends_in(starts_in: int, years: list[int]) -> None:
    """From April: December 2025 and March 2026 are of the year to March 2026, April 2026 of that to March 2027."""
    days = [date(2025, 12, 31) if starts_in < 12 else date(2025, 12, 1), date(2026, 3, 31), date(2026, 4, 1)]
    lines = [line(f"KGS-{day}", "KGS-p", amount=money("1"), committed_date=day) for day in days]
    rows = one("KGS", *lines, line("KGS-u", "KGS-p", amount=money("1")))
    found = cells_of(PolarsEngine(), rows.frames(), fx_frame([]), fiscal_year_start=starts_in)
    by_period = dict(found.select("period_label", "fiscal_year").unique().iter_rows())
    assert [by_period[f"{day:%Y-%m}"] for day in days] == years
    assert by_period["undated"] is None


def test_everything_equals_the_recomputation(cells: pl.DataFrame) -> None:
    assert_frame_equal(cells, recomputed(EVERYTHING, fiscal_year_start=4))


@settings(deadline=None, max_examples=60)
@given(
    random=st.randoms(use_true_random=False),
    days=st.integers(-400, 400),
    reporting=st.sampled_from(["EUR", "USD", "NOK"]),
    starts_in=st.integers(1, 12),
)
def test_any_portfolio_equals_the_recomputation(random: Random, days: int, reporting: str, starts_in: int) -> None:
    rows, as_of = random_rows(random) + Rows(rates=random_market(random)), AS_OF + timedelta(days=days)
    found = cells_of(
        PolarsEngine(), rows.frames(), fx_frame(rows.rates), as_of, reporting=reporting, fiscal_year_start=starts_in
    )
    assert_frame_equal(found, recomputed(rows, as_of, reporting=reporting, fiscal_year_start=starts_in))


ADDING_UP = (
    *("value", "excluded_value", "reporting_value", "constant_value", "fx_value", "reporting_excluded_value"),
    *("reporting_excluded_count", "stale_rate_count"),
)


def test_dimensions_add_up_to_the_portfolio_in_every_currency_view(cells: pl.DataFrame) -> None:
    key = ["metric_name", "period", "unit"]
    sums = cells.group_by("dimension", *key).agg(pl.col(*ADDING_UP).sum())
    whole = sums.filter(pl.any_horizontal(pl.col(name) != 0 for name in ADDING_UP))
    portfolio = whole.filter(pl.col("dimension") == "portfolio").drop("dimension").sort(key)
    assert all((portfolio[name] != 0).any() for name in ADDING_UP)
    for dimension in ("program", "project", "category", "vendor"):
        assert_frame_equal(whole.filter(pl.col("dimension") == dimension).drop("dimension").sort(key), portfolio)


def test_reporting_is_constant_and_fx_and_every_reason_is_given(cells: pl.DataFrame) -> None:
    assert (cells["reporting_value"] == cells["constant_value"] + cells["fx_value"]).all()
    assert (cells["reporting_excluded_reasons"].is_null() == (cells["reporting_excluded_count"] == 0)).all()
    given = {why for why in cells["reporting_excluded_reasons"].drop_nulls() for why in why.split(", ")}
    assert given == {"unknown_currency", "no_budget_rate", "no_rate", "too_large"}


def test_variance_is_budget_less_actual_in_every_cell(cells: pl.DataFrame) -> None:
    key = ["dimension", "dimension_id", "period", "unit"]
    for measure in ("value", "reporting_value", "constant_value", "fx_value", "reporting_excluded_value"):
        of_metric = {
            metric: cells.filter(pl.col("metric_name") == metric).select(*key, pl.col(measure).alias(metric))
            for metric in ("budget", "actual", "variance")
        }
        both = of_metric["budget"].join(of_metric["actual"], on=key, how="full", coalesce=True)
        expected = both.select(*key, variance=pl.col("budget").fill_null(0) - pl.col("actual").fill_null(0))
        assert_frame_equal(of_metric["variance"].sort(key), expected.sort(key), check_dtypes=False)


@in_process
def test_the_order_of_rows_does_not_matter(engine: Engine, cells: pl.DataFrame) -> None:
    programs, projects, lines = (frame.sample(fraction=1, shuffle=True, seed=3) for frame in EVERYTHING.frames())
    fx_rates = fx_frame(EVERYTHING.rates).sample(fraction=1, shuffle=True, seed=3)
    assert_frame_equal(cells_of(engine, (programs, projects, lines), fx_rates, fiscal_year_start=4), cells)


def test_the_as_of_day_moves_actuals_from_excluded_to_counted_and_nothing_else() -> None:
    frames = many_rows(60).frames()
    days = [AS_OF + timedelta(days=days) for days in (-1000, -30, -1, 0, 1, 30, 3000)]
    by_day = [cells_of(PolarsEngine(), frames, fx_frame([]), day) for day in days]
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


INPUTS: tuple[type[Table], ...] = (NotionPrograms, NotionProjects, NotionBudgetLines, FxRates)
NAMES = {"dimension_value", "fiscal_year", "reporting_excluded_reasons"}
NUMBERS = {"line_count", "excluded_count", *ADDING_UP}


@cache
def some_inputs() -> tuple[pl.DataFrame, ...]:
    rows = many_rows(40, seed=11)
    return (*rows.frames(), fx_frame(rows.rates))


def table_of(inputs: tuple[pl.DataFrame, ...]) -> pl.DataFrame:
    programs, projects, lines, fx_rates = inputs
    return cells_of(PolarsEngine(), (programs, projects, lines), fx_rates)


def changed_columns(before: pl.DataFrame, after: pl.DataFrame) -> set[str]:
    """Columns that hold other values than before; numbers and names are compared in the cells that both have."""
    common = before.join(after, on="metric_id", how="inner", suffix="_after").sort("metric_id")
    compared = NUMBERS | NAMES
    in_cells = {name for name in compared if not common[name].equals(common[f"{name}_after"])}
    return in_cells | {name for name in set(before.columns) - compared if set(before[name]) != set(after[name])}


@pytest.mark.parametrize(
    ("table", "column", "change"),
    [
        pytest.param(table, name, change, id=f"{table.__name__}.{name}-{change.__name__}")
        for table, frame in zip(INPUTS, some_inputs(), strict=True)
        for name, column in table.columns().items()
        if name in frame.columns
        for change in changes_of(column)
    ],
)
def test_an_input_column_changes_only_outputs_that_declare_it(table: type[Table], column: str, change: Change) -> None:
    inputs = list(some_inputs())
    place = INPUTS.index(table)
    inputs[place] = inputs[place].with_columns(change(inputs[place][column]).alias(column))
    after = table_of(tuple(inputs))
    declared = {name for name, cells in lineage(PpmBudgetVsActual).items() if f"{full_name(table)}.{column}" in cells}
    assert changed_columns(table_of(some_inputs()), after) <= declared
