"""What differs between a month as it was reported and as it is known now: by hand, and by any portfolio's totals."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance_ppm.contracts.fx import FxRates
from finance_ppm.transforms.budget_vs_actual import budget_vs_actual
from finance_ppm.transforms.currency.rates import Rates, rates_of
from finance_ppm.transforms.portfolio import Frame
from finance_ppm.transforms.restatement import METRICS, concerned, figures_of, of_month, restated
from finance_ppm.transforms.restatement.figures import MEMBERS
from finance_ppm_tests.engines import Engine, PolarsEngine, engine, spark_session  # noqa: F401 - fixtures
from finance_ppm_tests.transforms.budget_by_hand import Row, Rows, line, many_rows, program, project, random_rows

OCTOBER, CLOSED_ON = date(2026, 10, 1), date(2026, 11, 5)
CAPTURED = datetime(2026, 11, 5, 8, tzinfo=UTC)
OCT, SEP, NOV = date(2026, 10, 12), date(2026, 9, 30), date(2026, 11, 2)

Difference = tuple[str, str, str, str, str, str, str]
"""Metric, project, currency, presence, reported, current, reason."""


def money(text: str) -> Decimal:
    return Decimal(text)


def rates(**euro: str) -> Rates:
    """Rates of every day of October and the first of November: units of each currency for a euro."""
    days = [date(2026, 9, 1) + timedelta(days=day) for day in range(66)]
    published = [
        {"currency": unit, "rate_date": day, "rate": money(rate)} for unit, rate in euro.items() for day in days
    ]
    frame = pl.DataFrame(published, schema={name: column.dtype for name, column in FxRates.columns().items()})
    return rates_of(frame, reporting="EUR", as_of=CLOSED_ON, units=["USD", "PHP"])


@dataclass(frozen=True)
class Case:
    """Rows before the close and after it, and what differs in October, all but the vendor's and line's names."""

    before: list[Row]
    after: list[Row]
    differs: list[Difference]
    elsewhere: list[tuple[str, str, date]] = field(default_factory=list)


def spent(line_id: str, *projects: str, x: str | None = "100.00", on: date | None = OCT, **cells: Any) -> Row:
    """A line with an actual alone."""
    actual = None if x is None else money(x)
    return line(line_id, *projects, actual_amount=actual, invoice_date=on) | cells


def committed(line_id: str, **cells: Any) -> Row:
    """A line of 100.00 that was committed in October."""
    return line(line_id, "usd", amount=money("100.00"), committed_date=OCT) | cells


CASES = {
    # 100 reported, 120 now: +20.
    "amount": Case(
        [spent("amount", "usd")],
        [spent("amount", "usd", x="120.00")],
        [("actual", "usd", "USD", "both", "100.00", "120.00", "amount")],
    ),
    # Another name of the line changes no figure.
    "renamed": Case([spent("renamed", "usd")], [spent("renamed", "usd", name="Renamed")], []),
    "moved out": Case(
        [spent("moved out", "usd")],
        [spent("moved out", "usd", on=NOV)],
        [("actual", "usd", "USD", "reported", "100.00", "0.00", "month")],
    ),
    "date taken away": Case(
        [spent("date taken away", "usd")],
        [spent("date taken away", "usd", on=None)],
        [("actual", "usd", "USD", "reported", "100.00", "0.00", "month")],
    ),
    "dated after the day of the close": Case(
        [spent("dated after the day of the close", "usd")],
        [spent("dated after the day of the close", "usd", on=date(2026, 12, 1))],
        [("actual", "usd", "USD", "reported", "100.00", "0.00", "month")],
    ),
    "moved in": Case(
        [spent("moved in", "usd", on=SEP)],
        [spent("moved in", "usd")],
        [("actual", "usd", "USD", "current", "0.00", "100.00", "month")],
        [("actual", "moved in", date(2026, 9, 1))],
    ),
    "entered late": Case(
        [spent("entered late", "usd", x=None)],
        [spent("entered late", "usd", created_time=CAPTURED - timedelta(days=9))],
        [("actual", "usd", "USD", "current", "0.00", "100.00", "entered")],
    ),
    "new": Case(
        [],
        [spent("new", "usd", created_time=CAPTURED + timedelta(minutes=1))],
        [("actual", "usd", "USD", "current", "0.00", "100.00", "new_line")],
    ),
    "archived": Case(
        [spent("archived", "usd")],
        [spent("archived", "usd", is_archived=True)],
        [("actual", "usd", "USD", "reported", "100.00", "0.00", "archived")],
    ),
    "absent": Case([spent("absent", "usd")], [], [("actual", "usd", "USD", "reported", "100.00", "0.00", "absent")]),
    "removed": Case(
        [spent("removed", "usd")],
        [spent("removed", "usd", x=None)],
        [("actual", "usd", "USD", "reported", "100.00", "0.00", "removed")],
    ),
    "another project": Case(
        [spent("another project", "usd")],
        [spent("another project", "other")],
        [
            ("actual", "other", "USD", "current", "0.00", "100.00", "project"),
            ("actual", "usd", "USD", "reported", "100.00", "0.00", "project"),
        ],
    ),
    # Its lines count as unassigned from then on, although nobody moved them.
    "project archived": Case(
        [spent("project archived", "dropped")],
        [spent("project archived", "dropped")],
        [
            ("actual", "(unassigned)", "USD", "current", "0.00", "100.00", "project_gone"),
            ("actual", "dropped", "USD", "reported", "100.00", "0.00", "project_gone"),
        ],
    ),
    # Of a project without a page nobody knows the currency. The other half stays where it is.
    "project forgotten": Case(
        [spent("project forgotten", "lost", "usd")],
        [spent("project forgotten", "lost", "usd")],
        [
            ("actual", "(unassigned)", "XXX", "current", "0.00", "50.00", "project_gone"),
            ("actual", "lost", "USD", "reported", "50.00", "0.00", "project_gone"),
        ],
    ),
    "of no project any more": Case(
        [spent("of no project any more", "usd")],
        [spent("of no project any more")],
        [
            ("actual", "(unassigned)", "XXX", "current", "0.00", "100.00", "project"),
            ("actual", "usd", "USD", "reported", "100.00", "0.00", "project"),
        ],
    ),
    # 100 of one project becomes 50 of each of two.
    "split": Case(
        [spent("split", "usd")],
        [spent("split", "usd", "other")],
        [
            ("actual", "other", "USD", "current", "0.00", "50.00", "split"),
            ("actual", "usd", "USD", "both", "100.00", "50.00", "split"),
        ],
    ),
    "split no more": Case(
        [spent("split no more", "usd", "other")],
        [spent("split no more", "usd")],
        [
            ("actual", "other", "USD", "reported", "50.00", "0.00", "split"),
            ("actual", "usd", "USD", "both", "50.00", "100.00", "split"),
        ],
    ),
    # 100 of one project becomes 60 of each of two: the amount is another one as well.
    "split and more": Case(
        [spent("split and more", "usd")],
        [spent("split and more", "usd", "other", x="120.00")],
        [
            ("actual", "other", "USD", "current", "0.00", "60.00", "split"),
            ("actual", "usd", "USD", "both", "100.00", "60.00", "amount"),
        ],
    ),
    # It stays in one of its two projects, and moves from the other.
    "half moved": Case(
        [spent("half moved", "usd", "retold")],
        [spent("half moved", "usd", "other")],
        [
            ("actual", "other", "USD", "current", "0.00", "50.00", "project"),
            ("actual", "retold", "USD", "reported", "50.00", "0.00", "project"),
        ],
    ),
    "category": Case(
        [spent("category", "usd", category="CapEx")],
        [spent("category", "usd", category="OpEx")],
        [
            ("actual", "usd", "USD", "current", "0.00", "100.00", "category"),
            ("actual", "usd", "USD", "reported", "100.00", "0.00", "category"),
        ],
    ),
    "vendor": Case(
        [spent("vendor", "usd", vendor="ACME")],
        [spent("vendor", "usd", vendor="Acme")],
        [
            ("actual", "usd", "USD", "current", "0.00", "100.00", "vendor"),
            ("actual", "usd", "USD", "reported", "100.00", "0.00", "vendor"),
        ],
    ),
    # Committed in October, open on 5 November. What is invoiced after that day was open then; what is said to have
    # been invoiced before it was not, and its actual is October's.
    "invoiced in its time": Case(
        [line("invoiced in its time", "usd", amount=money("80.00"), committed_date=OCT)],
        [
            line(
                "invoiced in its time", "usd", amount=money("80.00"), committed_date=OCT, invoice_date=date(2026, 12, 1)
            )
        ],
        [],
    ),
    "settled": Case(
        [line("settled", "usd", amount=money("80.00"), committed_date=OCT)],
        [
            line(
                "settled", "usd", amount=money("80.00"), committed_date=OCT, paid_date=OCT, actual_amount=money("70.00")
            )
        ],
        [
            ("actual", "usd", "USD", "current", "0.00", "70.00", "entered"),
            ("committed", "usd", "USD", "reported", "80.00", "0.00", "settled"),
        ],
    ),
    # Open: 80 - 0 before, 80 - 30 after; the 30 are undated.
    "partly spent": Case(
        [line("partly spent", "usd", amount=money("80.00"), committed_date=OCT)],
        [line("partly spent", "usd", amount=money("80.00"), committed_date=OCT, actual_amount=money("30.00"))],
        [("committed", "usd", "USD", "both", "80.00", "50.00", "spending")],
    ),
    # Open: 100 - 30 before; after it 100, for the 30 are of a day after the close's.
    "dated ahead": Case(
        [committed("dated ahead", actual_amount=money("30.00"))],
        [committed("dated ahead", actual_amount=money("30.00"), invoice_date=date(2026, 12, 1))],
        [("committed", "usd", "USD", "both", "70.00", "100.00", "spending")],
    ),
    # It was invoiced by the close's day, and is said to have been later: so it was open.
    "invoiced later": Case(
        [committed("invoiced later", invoice_date=NOV)],
        [committed("invoiced later", invoice_date=date(2026, 12, 1))],
        [("committed", "usd", "USD", "current", "0.00", "100.00", "spending")],
    ),
    "more is open": Case(
        [committed("more is open")],
        [committed("more is open", amount=money("120.00"))],
        [
            ("budget", "usd", "USD", "both", "100.00", "120.00", "amount"),
            ("committed", "usd", "USD", "both", "100.00", "120.00", "amount"),
        ],
    ),
    "settled by half": Case(
        [committed("settled by half", amount=money("80.00"))],
        [committed("settled by half", amount=money("60.00"), invoice_date=NOV)],
        [
            ("budget", "usd", "USD", "both", "80.00", "60.00", "amount"),
            ("committed", "usd", "USD", "reported", "80.00", "0.00", "settled"),
        ],
    ),
    # Of what has no amount, or an amount of nothing, nothing is open: its dates are as they were.
    "nothing committed": Case(
        [committed("nothing committed")],
        [committed("nothing committed", amount=None)],
        [
            ("budget", "usd", "USD", "reported", "100.00", "0.00", "removed"),
            ("committed", "usd", "USD", "reported", "100.00", "0.00", "removed"),
        ],
    ),
    "invoiced without an amount": Case(
        [committed("invoiced without an amount")],
        [committed("invoiced without an amount", amount=None, invoice_date=OCT)],
        [
            ("budget", "usd", "USD", "reported", "100.00", "0.00", "removed"),
            ("committed", "usd", "USD", "reported", "100.00", "0.00", "removed"),
        ],
    ),
    "zero committed": Case(
        [committed("zero committed")],
        [committed("zero committed", amount=money("0.00"))],
        [
            ("budget", "usd", "USD", "both", "100.00", "0.00", "amount"),
            ("committed", "usd", "USD", "reported", "100.00", "0.00", "amount"),
        ],
    ),
    # Not open as of the day, as it is not committed by then: it goes where its budget goes.
    "commitment taken away": Case(
        [committed("commitment taken away")],
        [committed("commitment taken away", committed_date=None)],
        [
            ("budget", "usd", "USD", "reported", "100.00", "0.00", "month"),
            ("committed", "usd", "USD", "reported", "100.00", "0.00", "month"),
        ],
    ),
    "committed later": Case(
        [committed("committed later")],
        [committed("committed later", committed_date=date(2026, 12, 1))],
        [
            ("budget", "usd", "USD", "reported", "100.00", "0.00", "month"),
            ("committed", "usd", "USD", "reported", "100.00", "0.00", "month"),
        ],
    ),
}

PROGRAMS = [program("g"), program("h")]
PROJECTS = [
    project("usd", "g", "Warehouse", currency="USD", start_date=date(2026, 9, 15)),
    project("other", "g", "Other", currency="USD", start_date=date(2026, 9, 15)),
    project("retold", "g", "Retold", currency="USD", start_date=date(2026, 9, 15)),
    project("roaming", "g", "Roaming", currency="USD", start_date=date(2026, 9, 15)),
    project("dropped", "g", "Dropped", currency="USD", start_date=date(2026, 9, 15)),
    project("lost", "g", "Lost", currency="USD", start_date=date(2026, 9, 15)),
]


def portfolio(lines: list[Row], *, later: bool) -> Rows:
    """The projects: one changes its currency later, one its program; one is archived, and one is not there any more."""
    changed: dict[str, Row] = {
        "retold": {"currency": "EUR"},
        "roaming": {"program_id": "h"},
        "dropped": {"is_archived": True},
    }
    own = [spent("currency", "retold"), spent("program", "roaming")]
    if not later:
        return Rows(PROGRAMS, PROJECTS, lines + own)
    there = [page for page in PROJECTS if page["project_id"] != "lost"]
    return Rows(PROGRAMS, [page | changed.get(page["project_id"], {}) for page in there], lines + own)


BEFORE = portfolio([row for case in CASES.values() for row in case.before], later=False)
AFTER = portfolio([row for case in CASES.values() for row in case.after], later=True)
ELSEWHERE = [cell for case in CASES.values() for cell in case.elsewhere]


def compared(
    on: Engine, before: Rows, after: Rows, *, then: Rates, now: Rates, elsewhere: Sequence[tuple[str, str, date]] = ()
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """October as reported, as it is now, and the differences; these on the engine, the others on Polars."""

    def october(rows: Rows, by: Rates) -> pl.DataFrame:
        own = PolarsEngine()
        programs, projects, lines = (own.lazy(frame) for frame in rows.frames())
        figures = figures_of(programs, projects, lines, by, as_of=CLOSED_ON)
        return own.collect(of_month(figures, OCTOBER)).drop("period", "is_future")

    reported = october(before, then)

    def held(frame: Frame) -> Frame:
        """Computed once, as the product does: each use of it is planned anew otherwise, which takes Spark long."""
        return on.lazy(on.collect(frame))

    programs, projects, every_line = (on.lazy(frame) for frame in after.frames())
    lines = held(concerned(every_line, on.lazy(reported), OCTOBER))
    figures = held(figures_of(programs, projects, lines, now.on(on.lazy), as_of=CLOSED_ON))
    columns = {"metric_name": pl.String, "budget_line_id": pl.String, "period": pl.Date}
    others = on.lazy(pl.DataFrame(elsewhere, schema=columns, orient="row"))
    found = restated(
        on.lazy(reported), figures, lines, others, period=OCTOBER, as_of=CLOSED_ON, captured_until=CAPTURED
    )
    return reported, october(after, now), on.collect(found)


@pytest.fixture(scope="module")
def told(engine: Engine) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:  # noqa: F811 - the fixture
    """Every case, computed once on each engine."""
    return compared(engine, BEFORE, AFTER, then=rates(USD="1.25"), now=rates(USD="1.25"), elsewhere=ELSEWHERE)


def differences(rows: pl.DataFrame, line_id: str) -> list[Difference]:
    return [
        (
            *(row[name] for name in ("metric_name", "project_id", "unit", "presence")),
            f"{row['reported']}",
            f"{row['current']}",
            row["reason"],
        )
        for row in rows.filter(pl.col("budget_line_id") == line_id)
        .sort("metric_name", "project_id", "presence", "unit")
        .to_dicts()
    ]


@pytest.mark.parametrize("name", CASES)
def test_case_worked_out_by_hand(told: tuple[pl.DataFrame, ...], name: str) -> None:
    assert differences(told[2], name) == CASES[name].differs


def test_a_project_s_new_currency_and_program(told: tuple[pl.DataFrame, ...]) -> None:
    assert differences(told[2], "currency") == [
        ("actual", "retold", "EUR", "current", "0.00", "100.00", "currency"),
        ("actual", "retold", "USD", "reported", "100.00", "0.00", "currency"),
    ]
    assert differences(told[2], "program") == [
        ("actual", "roaming", "USD", "current", "0.00", "100.00", "program"),
        ("actual", "roaming", "USD", "reported", "100.00", "0.00", "program"),
    ]


def test_the_words_name_months_and_quote_no_page(told: tuple[pl.DataFrame, ...]) -> None:
    words = dict(told[2].filter(pl.col("metric_name") == "actual").select("budget_line_id", "explanation").iter_rows())
    assert words["moved out"] == "Moved to 2026-11."
    assert words["moved in"] == "Moved here from 2026-09."
    assert words["date taken away"] == "Moved to no month: its date was taken away."
    assert words["project archived"] == "The project was archived, is in quarantine, or was forgotten."
    assert words["split"] == "The line was split anew among its projects."
    for metric in ("budget", "committed"):
        words = dict(told[2].filter(metric_name=metric).select("budget_line_id", "explanation").iter_rows())
        assert words["commitment taken away"] == "Moved to no month: its date was taken away."
        assert words["committed later"] == "Moved to 2026-12."
        assert words["nothing committed"] == "The amount was taken away."
        assert words["zero committed"] == "The amount was changed."
    assert words["dated ahead"] == "What is open was changed: its dates or its actual amount were."
    assert told[2]["explanation"].null_count() == 0


def test_a_corrected_rate_changes_what_is_converted_and_nothing_else() -> None:
    """100 USD are 80.00 EUR at 1.25 USD for a euro, 83.33 at 1.20; 100 EUR are 100 whatever the rate."""
    rows = Rows(PROGRAMS, [*PROJECTS, project("euro", currency="EUR")], [spent("a", "usd"), spent("b", "euro")])
    _, _, found = compared(PolarsEngine(), rows, rows, then=rates(USD="1.25"), now=rates(USD="1.20"))
    assert differences(found, "a") == [("actual", "usd", "USD", "both", "100.00", "100.00", "rate")]
    assert found.select("reported_reporting", "current_reporting", "difference_reporting").rows() == [
        (money("80.00"), money("83.33"), money("3.33"))
    ]


def test_a_rate_that_came_late_is_told_as_such() -> None:
    rows = Rows(PROGRAMS, PROJECTS, [spent("a", "usd")])
    _, _, found = compared(PolarsEngine(), rows, rows, then=rates(PHP="60"), now=rates(USD="1.25"))
    assert found.select("reason", "reported_reporting", "current_reporting", "difference_reporting").rows() == [
        ("rate", None, money("80.00"), money("80.00"))
    ]


def test_what_is_dated_after_the_day_is_in_no_month() -> None:
    """As of 5 November: 10 of the 2nd counts, 20 of the 20th does not yet."""
    lines = [spent("a", "usd", x="10.00", on=NOV), spent("b", "usd", x="20.00", on=date(2026, 11, 20))]
    own = PolarsEngine()
    programs, projects, budget_lines = (own.lazy(frame) for frame in Rows(PROGRAMS, PROJECTS, lines).frames())
    figures = figures_of(programs, projects, budget_lines, rates(USD="1.25"), as_of=CLOSED_ON)
    assert own.collect(of_month(figures, date(2026, 11, 1)))["budget_line_id"].to_list() == ["a"]
    assert dict(own.collect(figures).select("budget_line_id", "is_future").iter_rows()) == {"a": False, "b": True}


def test_figures_add_up_to_the_cells_of_gold() -> None:
    """In every month, of every member, whatever the projects' totals: gold is computed by itself."""
    rows, own = many_rows(60), PolarsEngine()
    programs, projects, lines = (own.lazy(frame) for frame in rows.frames())
    by = rates(USD="1.25")
    gold = own.collect(budget_vs_actual(programs, projects, lines, by, as_of=CLOSED_ON))
    figures = own.collect(figures_of(programs, projects, lines, by, as_of=CLOSED_ON)).filter(~pl.col("is_future"))
    measures = ("value", "reporting_value")
    for dimension in ("program", "project", "category", "vendor"):
        member = dimension if dimension in MEMBERS else f"{dimension}_id"
        cells = gold.filter(
            pl.col("dimension") == dimension,
            pl.col("metric_name").is_in(METRICS),
            pl.col("period") != date(1900, 1, 1),  # where what is left of the totals is
        )
        of_gold, of_figures = (
            {row[:4]: row[4:] for row in sums.iter_rows() if any(row[4:])}
            for sums in (
                frame.group_by("metric_name", name, "unit", "period").agg(pl.col(measures).sum())
                for frame, name in ((cells, "dimension_id"), (figures, member))
            )
        )
        assert {cell: row for cell, row in of_figures.items() if cell[3] != date(1900, 1, 1)} == of_gold
        assert len(of_gold) > 50


def adds_up(reported: pl.DataFrame, current: pl.DataFrame, found: pl.DataFrame) -> None:
    """Reported and differences are current: in the month and for every member, in both currencies."""
    assert found.select("metric_name", "budget_line_id", "project_id", "unit", "presence").is_unique().all()
    for member in ("project_id", *MEMBERS, "budget_line_id"):
        key = ["metric_name", "unit", member]
        sums = [
            frame.group_by(key).agg(
                pl.col(value).sum().alias("native"), pl.col(converted).fill_null(0).sum().alias("converted")
            )
            for frame, value, converted in (
                (reported, "value", "reporting_value"),
                (found, "difference", "difference_reporting"),
                (current, "value", "reporting_value"),
            )
        ]
        before, change, after = ({tuple(row[:3]): row[3:] for row in frame.iter_rows()} for frame in sums)
        nothing = (Decimal(0), Decimal(0))
        for cell in before.keys() | change.keys() | after.keys():
            was, more, is_now = (side.get(cell, nothing) for side in (before, change, after))
            assert (was[0] + more[0], was[1] + more[1]) == is_now, cell


def test_reported_and_differences_add_up_to_current(told: tuple[pl.DataFrame, ...]) -> None:
    assert not told[2].is_empty()
    adds_up(*told)


@settings(deadline=None, max_examples=8)
@given(seed=st.integers(0, 10**9))
def test_any_two_portfolios_add_up(seed: int) -> None:
    """Forty pairs at once: the second of a pair has lines of the first one's names, changed at random."""
    random = Random(seed)
    before, after = (
        sum((in_october(random_rows(random, f"{pair}-"), random) for pair in range(40)), Rows()) for _ in range(2)
    )
    adds_up(*compared(PolarsEngine(), before, after, then=rates(USD="1.25"), now=rates(USD="1.20")))


def in_october(rows: Rows, random: Random) -> Rows:
    """The same with most of its dates in October."""
    dates = ("committed_date", "invoice_date", "paid_date")
    lines = [row | {name: OCT for name in dates if row.get(name) and random.random() < 0.7} for row in rows.lines]
    return Rows(rows.programs, rows.projects, lines)
