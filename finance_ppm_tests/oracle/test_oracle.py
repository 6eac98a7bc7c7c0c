"""The oracle itself: sentences of the definitions worked out by hand, and what must hold of any books."""

from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings

from finance_ppm_tests.oracle.actuals import budget_vs_actual
from finance_ppm_tests.oracle.arithmetic import cents, spread
from finance_ppm_tests.oracle.books import Books, Line, Project, Quote, Quotes
from finance_ppm_tests.oracle.market import Market, Rate, nine_digits
from finance_ppm_tests.oracle.outlook import forecast, forecast_monthly
from finance_ppm_tests.oracle.portfolios import books

T = date(2026, 6, 15)
D = Decimal


def only(rows: list[dict[str, Any]], **where: Any) -> dict[str, Any]:
    (row,) = [row for row in rows if all(row[name] == value for name, value in where.items())]
    return row


@pytest.mark.parametrize(
    ("exact", "expected"),
    [("0.005", "0.01"), ("-0.005", "-0.01"), ("0.0049", "0.00"), ("2.675", "2.68"), ("1", "1.00")],
)
def test_money_is_rounded_half_away_from_zero(exact: str, expected: str) -> None:
    assert str(cents(Fraction(exact))) == expected


def test_cents_left_over_go_to_the_largest_remainders() -> None:
    """1.00 over 31 January to 4 February, 5 days: January has 1, so 0.20; February 4, so 0.80. And 0.10 over 30
    January to 1 March, 31 days: 2, 28 and 1 of them come to 0.645, 9.03 and 0.322 cents: 0, 9 and 0, and the cent left
    over goes to January.
    """
    assert list(spread(D("1.00"), date(2026, 1, 31), date(2026, 2, 4)).values()) == [D("0.20"), D("0.80")]
    assert list(spread(D("0.10"), date(2026, 1, 30), date(2026, 3, 1)).values()) == [D("0.01"), D("0.09"), D("0.00")]
    assert list(spread(D("-0.01"), date(2026, 1, 1), date(2026, 3, 31)).values()) == [D("-0.01"), D(0), D(0)]


def test_rates_are_of_the_same_day_and_of_nine_digits() -> None:
    """1 June has both, at 62.5 / 1.25 = 50 pesos a dollar; 3 June has pesos alone, and counts for nothing."""
    quotes = (("USD", 1, "1.25"), ("PHP", 1, "62.5"), ("PHP", 3, "61"), ("USD", 10, "1.5"), ("PHP", 10, "61"))
    known = Market(Books(T, "PHP", quotes=Quotes(Quote(code, date(2026, 6, n), D(rate)) for code, n, rate in quotes)))
    first, tenth = Rate(Fraction(50), is_stale=False), Rate(Fraction("40.6666667"), is_stale=False)
    assert known.on("USD", date(2026, 6, 8)) == first
    assert known.on("USD", date(2026, 6, 9)) == replace(first, is_stale=True)
    assert known.on("USD", T) == tenth
    assert known.on("USD", date(2026, 5, 31)) is None
    assert known.average("USD", date(2026, 6, 1)) == Rate(Fraction("45.3333333"), is_stale=False)
    assert nine_digits(Fraction(2, 30_000)) == Fraction("0.0000666666667")


def test_an_old_rate_stands_in_for_five_weeks() -> None:
    """The one rate is of 1 January: fresh until the 8th, gone after 5 February, and too old for February's average."""
    known = Market(Books(T, "EUR", quotes=Quotes([Quote("USD", date(2026, 1, 1), D("1.25"))])))
    for day, is_stale in ((1, False), (8, False), (9, True), (31, True)):
        assert known.on("USD", date(2026, 1, day)) == Rate(Fraction("0.8"), is_stale)
    assert known.on("USD", date(2026, 2, 5))
    assert not known.on("USD", date(2026, 2, 6))
    assert not known.average("USD", date(2026, 2, 1))


def test_a_project_by_hand() -> None:
    """BAC 1,000. A: 200 settled at 300. B: 400 committed, 100 of it spent without a date. C: 100 planned.

    AC = 400, AC_s = 300, EV = 200, OC = 300. k = (300 + 200) / (200 + 200) = 1.25. EAC = 300 + 400 + 125 = 825, ETC =
    425. No lag is known, so all of it is spread over July (31 days) and the 19 days of August: 263.50 and 161.50.
    Burn = 300 / 3.
    """
    project = Project("p", "P", None, "USD", D("1000.00"), date(2026, 5, 1), date(2026, 8, 19))
    may = date(2026, 5, 20)
    lines = (
        Line("A", ("p",), amount=D("200.00"), actual=D("300.00"), invoiced=may),
        Line("B", ("p",), amount=D("400.00"), actual=D("100.00"), committed=may),
        Line("C", ("p",), amount=D("100.00")),
    )
    given_books = Books(T, projects=(project,), lines=lines)
    row = only(forecast(given_books), project_id="p")
    told = {name: str(row[name]) for name in ("ac", "oc", "k", "eac", "etc", "vac", "burn", "available", "accrued")}
    assert told == {
        "ac": "400.00",
        "oc": "300.00",
        "k": "1.250000",
        "eac": "825.00",
        "etc": "425.00",
        "vac": "175.00",
        "burn": "100.00",
        "available": "300.00",
        "accrued": "400.00",
    }
    months = {month["period_label"]: month["etc"] for month in forecast_monthly(given_books) if month["etc"]}
    assert months == {"2026-07": D("263.50"), "2026-08": D("161.50")}


def test_the_lag_of_five_invoices_places_a_commitment() -> None:
    """Five lines of one vendor took 10, 20, 30, 40 and 90 days: 30 is the median. Committed on 10 July, invoiced on 9
    August; committed on 1 March, it is late, and comes next month.
    """
    habit = [
        Line(str(lag), (), None, "V", committed=date(2026, 1, 1), invoiced=date(2026, 1, 1) + timedelta(days=lag))
        for lag in (10, 90, 20, 40, 30)
    ]
    for committed, month in ((date(2026, 6, 10), "2026-07"), (date(2026, 3, 1), "2026-07"), (T, "2026-07")):
        open_line = Line("open", ("p",), None, "V", D("50.00"), committed=committed)
        end = date(2027, 1, 31)
        given_books = Books(T, projects=(Project("p", "P", end=end),), lines=(*habit, open_line))
        assert only(forecast_monthly(given_books), project_id="p", period_label=month)["etc"] == D("50.00")
        spread_out = [
            row["etc"] for row in forecast_monthly(Books(T, projects=given_books.projects, lines=(open_line,)))
        ]
        assert len(spread_out) == 7
        assert sum(spread_out) == 50


def test_what_exchange_rates_did_stands_apart() -> None:
    """100 euros were planned at 1.00 dollar and spent at 1.10: 110 dollars, of which 10 are the rates' doing."""
    quotes = Quotes([Quote("USD", date(2026, 5, 1), D("1.00")), Quote("USD", date(2026, 6, 10), D("1.10"))])
    project = Project("p", "P", None, "EUR", D("100.00"), date(2026, 5, 2), date(2026, 6, 30))
    line = Line("l", ("p",), amount=D("100.00"), actual=D("100.00"), invoiced=T)
    rows = budget_vs_actual(Books(T, "USD", projects=(project,), lines=(line,), quotes=quotes))
    spent = only(rows, metric_name="actual", dimension="portfolio")
    assert (spent["reporting_value"], spent["constant_value"], spent["fx_value"]) == (
        D("110.00"),
        D("100.00"),
        D("10.00"),
    )
    variance = only(rows, metric_name="variance", dimension="portfolio", period_label="2026-06")
    assert (variance["value"], variance["reporting_value"], variance["fx_value"]) == (0, D("-10.00"), D("-10.00"))


ADDITIVE = (
    "value",
    "excluded_value",
    "reporting_value",
    "constant_value",
    "fx_value",
    "reporting_excluded_value",
    "reporting_excluded_count",
    "stale_rate_count",
)


@settings(max_examples=60, deadline=None)
@given(books())
def test_every_dimension_adds_up_to_the_portfolio(random_books: Books) -> None:
    sums: dict[Any, dict[str, Any]] = defaultdict(lambda: defaultdict(lambda: [0] * len(ADDITIVE)))
    for row in budget_vs_actual(random_books):
        cell = sums[row["metric_name"], row["period"], row["unit"]]
        cell[row["dimension"]] = [
            total + row[name] for total, name in zip(cell[row["dimension"]], ADDITIVE, strict=True)
        ]
    for cell in sums.values():
        assert len(cell) == 5
        assert all(total == cell["portfolio"] for total in cell.values())


@settings(max_examples=60, deadline=None)
@given(books())
def test_nothing_of_the_source_is_lost(random_books: Books) -> None:
    live = [line for line in random_books.lines if not line.is_archived]
    actual = [row for row in budget_vs_actual(random_books) if row["metric_name"] == "actual"]
    spent = sum(row["value"] + row["excluded_value"] for row in actual if row["dimension"] == "portfolio")
    assert spent == sum(line.actual or 0 for line in live)
    assert sum(row["line_total"] for row in forecast(random_books)) == sum(line.amount or 0 for line in live)


@settings(max_examples=60, deadline=None)
@given(books())
def test_months_add_up_to_the_project(random_books: Books) -> None:
    months: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for row in forecast_monthly(random_books):
        months[row["project_id"], row["unit"]].append(row)
    for row in forecast(random_books):
        of_it = months[row["project_id"], row["unit"]]
        assert sum(month["etc"] for month in of_it) == row["etc"]
        assert sum(month["ac"] for month in of_it) == row["ac"]
        has_span = row["elapsed"] is not None and row["bac"] is not None
        assert sum(month["pv"] for month in of_it) == (row["bac"] if has_span else 0)
        assert all(month["etc"] == 0 for month in of_it if month["period"] <= random_books.as_of)
        if row["unconverted_reason"] is None:
            assert sum(month["ac_reporting"] for month in of_it) == row["ac_reporting"]
            assert sum(month["etc_reporting"] for month in of_it) == row["etc_reporting"]
            assert row["eac_constant"] - row["fx_variance"] == row["eac_reporting"]


@settings(max_examples=60, deadline=None)
@given(books())
def test_both_tables_tell_the_same_of_a_project(random_books: Books) -> None:
    sums: dict[Any, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in budget_vs_actual(random_books):
        if row["dimension"] == "project":
            told = sums[row["dimension_id"], row["unit"]]
            told[row["metric_name"]] += row["value"]
            told[row["metric_name"] + "_reporting"] += row["reporting_value"]
    for row in forecast(random_books):
        told = sums[row["project_id"], row["unit"]]
        assert (told["actual"], told["committed"]) == (row["ac"], row["oc"])
        assert told["budget"] == row["line_total"] + (row["reserve"] if row["bac_source"] == "budget_total" else 0)
        if row["unconverted_reason"] is None:
            assert (told["actual_reporting"], told["committed_reporting"]) == (row["ac_reporting"], row["oc_reporting"])
