"""A ledger beside the actuals: by hand, and the sums of any two that are laid side by side."""

import csv
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random

import narwhals.stable.v2 as nw
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance_ppm.closing.ledger.export import write_csv
from finance_ppm.closing.ledger.file import Entry, Ledger, Unreadable
from finance_ppm.closing.ledger.reconciliation import LeftOut, Reconciliation, Total, reconcile
from finance_ppm.transforms.portfolio import Portfolio
from finance_ppm_tests.quality.portfolios import CONTRACTS
from finance_ppm_tests.transforms.budget_by_hand import (
    AS_OF,
    Row,
    Rows,
    line,
    many_rows,
    project,
    random_rows,
    recomputed,
)

OCT, NOV = date(2026, 10, 12), date(2026, 11, 3)
PAGE = "01234567-89ab-cdef-0123-456789abcdef"


def money(text: str) -> Decimal:
    return Decimal(text)


def portfolio(rows: Rows) -> Portfolio:
    frames = {name: nw.from_native(table.create_empty().lazy()) for name, table in CONTRACTS.items()}
    programs, projects, lines = (nw.from_native(frame.lazy()) for frame in rows.frames())
    return Portfolio(as_of=AS_OF, **(frames | {"programs": programs, "projects": projects, "budget_lines": lines}))


def entry(row: int, told: str, amount: str, day: date = OCT, *, currency: str | None = None) -> Entry:
    return Entry(row, day, told, "6100", money(amount), currency)


def spent(line_id: str, *projects: str, x: str, on: date | None = OCT) -> Row:
    return line(line_id, *projects, actual_amount=money(x), invoice_date=on)


BOOKS = Rows(
    [],
    [
        project(PAGE, name="Lagerhaus Süd", currency="EUR"),
        project("usd", name="Warehouse", currency="USD"),
        project("one", name="Twins", currency="USD"),
        project("other", name="twins", currency="USD"),
        project("gone", name="Gone", currency="USD", is_archived=True),
        project("old", name="Old", currency="PHP", is_archived=True),
        project("older", name="OLD", currency="PHP", is_archived=True),
        project("former", name="Warehouse", currency="EUR", is_archived=True),
    ],
    [
        spent("same day", PAGE, x="100.00"),
        spent("days apart", PAGE, x="70.10", on=date(2026, 10, 30)),
        spent("another month", PAGE, x="33.00", on=NOV),
        spent("credit", "usd", x="-5.00"),
        spent("halves", "usd", PAGE, x="10.01"),
        spent("undated", "usd", x="8.00", on=None),
        spent("to come", "usd", x="9.00", on=date(2027, 1, 1)),
        spent("nobody's", x="4.00"),
        spent("gone's", "gone", x="6.00"),
        spent("old's", "old", x="61.00"),
        spent("older's", "older", x="62.00"),
        line("planned", "usd", amount=money("50.00"), committed_date=OCT),
    ],
)
LEDGER = Ledger(
    (
        entry(2, "lagerhaus  SÜD", "100.00"),
        entry(3, PAGE.replace("-", ""), "70.10", date(2026, 10, 2)),
        entry(4, PAGE, "33.00"),
        entry(5, "Warehouse", "-5.00"),
        entry(6, "Warehouse", "5.01"),
        entry(7, "Warehouse", "5.00"),
        entry(8, "Twins", "1.00"),
        entry(9, "Nowhere", "2.00"),
        entry(10, "", "3.00"),
        entry(11, "Gone", "4.00"),
        entry(12, "Unassigned", "4.00"),
        entry(13, "Warehouse", "-5.00", currency="GBP"),
        entry(15, "(unassigned)", "6.00"),
        entry(16, "old", "61.00"),
        entry(17, "older", "62.00", currency="PHP"),
        entry(18, "Unassigned", "62.00", currency="EUR"),
        replace(entry(19, "Twins", "1.00"), currencies=("USD", "CAD")),
        replace(entry(20, PAGE, "1.00"), currencies=("USD", "CAD")),
    ),
    (Unreadable(14, "It has no date."),),
)


@pytest.fixture(scope="module")
def found() -> Reconciliation:
    return reconcile(LEDGER, portfolio(BOOKS))


def test_what_matches_is_paired_by_name_or_id_amount_and_day(found: Reconciliation) -> None:
    """10.01 of two projects is 5.01 of the first and 5.00 of the second: row 7's 5.00 is the other project's."""
    assert {(pair.entry.row, pair.actual.budget_line_id, pair.days_apart) for pair in found.matched} == {
        (2, "same day", 0),
        (3, "days apart", 28),
        (5, "credit", 0),
        (6, "halves", 0),
        (12, "nobody's", 0),
        (15, "gone's", 0),
        (16, "old's", 0),
        (17, "older's", 0),
    }


def test_what_is_alone_says_why(found: Reconciliation) -> None:
    assert [(lone.entry.row, lone.unit, lone.reason) for lone in found.only_there] == [
        (4, "EUR", None),
        (7, "USD", None),
        (8, "XXX", "ambiguous_project"),
        (9, "XXX", "unknown_project"),
        (10, "XXX", "no_project"),
        (11, "USD", None),
        (13, "GBP", "other_currency"),
        (18, "EUR", None),
        (19, "USD", "ambiguous_project"),
        (20, "USD", "other_currency"),
    ]
    assert [(lone.actual.budget_line_id, lone.actual.project_name, lone.reason) for lone in found.only_here] == [
        ("halves", "Lagerhaus Süd", None),
        ("another month", "Lagerhaus Süd", None),
        ("undated", "Warehouse", "undated"),
    ]
    assert found.unreadable == LEDGER.unreadable


def test_the_sums_reconcile(found: Reconciliation) -> None:
    """EUR: 203.10 + 62 there, 170.10 of it matched; here 170.10 + 33 + 5. PHP: all of it is on both sides.

    USD: -5 + 5.01 + 5 + 4 + 6 + 1 + 1 there, of which -5 + 5.01 + 6 are matched.
    """
    assert found.totals == (
        total("EUR", "265.10", "170.10", "95.00", "208.10", "38.00"),
        total("GBP", "-5.00", "0.00", "-5.00", "0.00", "0.00"),
        total("PHP", "123.00", "123.00", "0.00", "123.00", "0.00"),
        total("USD", "17.01", "6.01", "11.00", "14.01", "8.00"),
        total("XXX", "10.00", "4.00", "6.00", "4.00", "0.00"),
    )
    assert [str(of.difference) for of in found.totals] == ["57.00", "-5.00", "0.00", "3.00", "6.00"]
    assert found.left_out == LeftOut(future_actuals=1)
    assert not found.agrees


def test_a_ledger_of_the_opposite_sign_is_noticed() -> None:
    costs = [row for row in BOOKS.lines if row["budget_line_id"] in ("same day", "days apart")]
    books = portfolio(Rows(BOOKS.programs, BOOKS.projects, costs))
    ledger = Ledger((entry(2, PAGE, "-100.00"), entry(3, PAGE, "-70.10")), ())
    found, turned = reconcile(ledger, books), reconcile(ledger.negated(), books)
    assert (len(found.matched), found.matched_if_negated, found.agrees) == (0, 2, False)
    assert (len(turned.matched), turned.matched_if_negated, turned.agrees) == (2, 0, True)


def total(unit: str, *amounts: str) -> Total:
    return Total(unit, *map(money, amounts))


def test_a_month_alone_leaves_out_and_counts_the_others() -> None:
    november = reconcile(LEDGER, portfolio(BOOKS), month=date(2026, 11, 1))
    assert november.month == "2026-11"
    assert november.totals == (total("EUR", "0.00", "0.00", "0.00", "33.00", "33.00"),)
    assert november.left_out == LeftOut(
        entries_of_other_months=18, actuals_of_other_months=9, undated_actuals=1, future_actuals=1
    )


def test_days_may_be_asked_to_be_nearer() -> None:
    assert 3 not in {pair.entry.row for pair in reconcile(LEDGER, portfolio(BOOKS), days=27).matched}


@settings(deadline=None, max_examples=8)
@given(seed=st.integers(0, 10**9), days=st.integers(0, 31), by_month=st.booleans())
def test_any_ledger_reconciles(seed: int, days: int, by_month: bool) -> None:
    """Entries are half of the actuals, some of them changed or doubled, and strangers."""
    random = Random(seed)
    rows = sum((random_rows(random, f"{number}-") for number in range(8)), Rows())
    actuals = [lone.actual for lone in reconcile(Ledger((), ()), portfolio(rows)).only_here]
    entries = [
        Entry(
            row,
            random.choice([actual.day or OCT, OCT, NOV]),
            random.choice([actual.project_id, actual.project_id, actual.project_name, "Nowhere"]),
            "6100",
            actual.amount + random.choice([0, 0, 0, 1]),
            None,
        )
        for row, actual in enumerate(random.choices(actuals, k=random.randint(0, 40)) if actuals else [], 2)
    ]
    month = OCT.replace(day=1) if by_month else None
    found = reconcile(Ledger(tuple(entries), ()), portfolio(rows), month=month, days=days)
    for of in found.totals:
        assert of.ledger == of.matched + of.only_there
        assert of.actuals == of.matched + of.only_here
    of_month = [one for one in entries if not by_month or one.day.replace(day=1) == month]
    assert sum(of.ledger for of in found.totals) == sum(one.amount for one in of_month)
    assert len(found.matched) + len(found.only_there) == len(of_month)
    backwards = reconcile(Ledger(tuple(reversed(entries)), ()), portfolio(reversed_rows(rows)), month=month, days=days)
    assert backwards.totals == found.totals


def reversed_rows(rows: Rows) -> Rows:
    return Rows(rows.programs[::-1], rows.projects[::-1], rows.lines[::-1])


def test_actuals_are_those_of_budget_vs_actual() -> None:
    rows = many_rows(60)
    cells = recomputed(rows).filter(dimension="portfolio", metric_name="actual")
    expected = dict(cells.group_by("unit").agg(pl.col("value").sum()).iter_rows())
    assert {of.unit: of.actuals for of in reconcile(Ledger((), ()), portfolio(rows)).totals} == expected


def test_the_csv_has_every_posting_and_nothing_a_spreadsheet_would_run(tmp_path: Path) -> None:
    books = Rows(
        [], [project("usd", name="=cmd()", currency="USD")], [spent("l", "usd", x="-5.00") | {"name": "@here"}]
    )
    entries = (entry(2, "=cmd()", "-5.00"), entry(3, "+1", "1.00"))
    found = reconcile(Ledger(entries, (Unreadable(4, "It has no date."),)), portfolio(books))
    out = tmp_path / "out.csv"
    write_csv(found, out)
    rows = list(csv.DictReader(out.read_text("utf-8-sig").splitlines()))
    assert [(row["status"], row["reason"], row["ledger_row"]) for row in rows] == [
        ("only_in_ledger", "unknown_project", "3"),
        ("matched", "", "2"),
        ("unreadable", "It has no date.", "4"),
    ]
    pair = rows[1]
    assert (pair["ledger_project"], pair["line"], pair["amount"], pair["currency"]) == (
        "'=cmd()",
        "'@here",
        "-5.00",
        "USD",
    )
