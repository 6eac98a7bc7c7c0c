"""What the commands of the month end show: figures whole in any terminal, and texts as people wrote them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from rich.console import Console

from finance_ppm import closing_tables, terminal
from finance_ppm.closing.closes import Close
from finance_ppm.closing.ledger.file import Entry, Unreadable
from finance_ppm.closing.ledger.reconciliation import Actual, LeftOut, OnlyHere, OnlyThere, Reconciliation, Total
from finance_ppm.closing.month import Closed
from finance_ppm.closing.restatement import Restated, RestatedMonth, Restatement

DAY = date(2026, 10, 31)
MOMENT = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)
MARKUP = "[/EUR] [red]"


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """What a function prints in a terminal of so many columns."""

    def show(function: Callable[..., None], *told: Any, width: int = 80, **how: Any) -> str:
        console = Console(width=width)
        monkeypatch.setattr(terminal, "out", console)
        with console.capture() as captured:
            function(*told, **how)
        return captured.get()

    return show


def closed(unit: str, amount: str) -> Closed:
    amounts = {"budget": Decimal(amount), "committed": -Decimal(amount), "actual": Decimal(amount) * 2}
    return Closed("2026-10", MOMENT, MARKUP, None, DAY, "USD", amounts, {unit: amounts}, 3, 1, MARKUP)


def restated(unit: str, amount: str) -> Restatement:
    close = Close(DAY.replace(day=1), MOMENT, f"Ada {MARKUP}", None, DAY, MOMENT, DAY, "USD")
    was, is_now = Decimal(amount), Decimal(amount) * 2
    sums = tuple(Restated(metric, unit, was, -was, is_now) for metric in ("budget", "committed", "actual"))
    line = {
        "line_name": f"A line of a name that is long {MARKUP}",
        "project_name": "Warehouse and everything in it",
        "metric_name": "committed",
        "unit": unit,
        "explanation": "The exchange rate was corrected or came late, or the project's start date was changed.",
        "reported": was,
        "difference": -was,
        "current": is_now,
    }
    return Restatement(DAY, (RestatedMonth("2026-10", close, sums, sums, (line,)),))


def reconciled(unit: str, amount: str, matched_if_negated: int = 0) -> Reconciliation:
    money = Decimal(amount)
    entry = Entry(1_234_567, DAY, f"Warehouse {MARKUP}", "61000000 Hosting and others", money, unit)
    actual = Actual(*("l", "A line", "p", f"Project {MARKUP}", "OpEx", "A vendor of a long name"), unit, DAY, -money)
    return Reconciliation(
        as_of=DAY,
        month=None,
        totals=(Total(unit, money, Decimal("0.00"), money, -money, -money),),
        matched=(),
        only_there=(OnlyThere(entry, unit, "other_currency"),),
        only_here=(OnlyHere(actual, None),),
        unreadable=(Unreadable(7, f"{MARKUP!r} is not a date."),),
        left_out=LeftOut(undated_actuals=1),
        matched_if_negated=matched_if_negated,
    )


@pytest.mark.parametrize("amount", ["1.00", "1234567.89", "98765432109.87", "9999999999999999.99"])
@pytest.mark.parametrize("width", [40, 50, 60, 80, 100, 200])
def test_no_figure_is_cut_or_folded(shown: Callable[..., str], amount: str, width: int) -> None:
    whole, less, twice = (f"{Decimal(amount) * times:,.2f}" for times in (1, -1, 2))
    for function, told, figures, how in (
        (closing_tables.show_closed, closed("EUR", amount), (whole, less, twice), {}),
        (closing_tables.show_restated, restated("EUR", amount), (whole, less, twice), {"with_lines": True}),
        (closing_tables.show_reconciled, reconciled("EUR", amount), (whole, less, twice), {}),
    ):
        text = shown(function, told, width=width, **how)
        assert all(figure in text.split() for figure in figures), text
        assert "…" not in text
        assert "2026-10" in text


@pytest.mark.parametrize("width", [40, 50, 60, 80])
@pytest.mark.parametrize("long", ["", " of a name that takes more than one line of it"])
def test_dates_and_row_numbers_are_whole_beside_texts_of_any_length(
    shown: Callable[..., str], width: int, long: str
) -> None:
    """Short texts leave no more room than long ones: each of them is there, too."""
    line, project, category, vendor = (f"{name}{long}" for name in ("Cables", "Warehouse", "Consulting", "Cumulusnet"))
    entry = Entry(12345, DAY, project, "6001-200", Decimal("-123456789.00"), None)
    actual = Actual("l", line, "p", project, category, vendor, "USD", date(2026, 10, 5), Decimal("12345678901.00"))
    total = Total("USD", *[Decimal("1123456789.00")] * 5)
    told = replace(reconciled("USD", "1.00"), totals=(total,), only_here=(OnlyHere(actual, None),))
    text = shown(
        closing_tables.show_reconciled, replace(told, only_there=(OnlyThere(entry, "USD", None),)), width=width
    )
    words = text.split()
    assert {"12345", "2026-10-31", "2026-10-05", "-123,456,789.00", "12,345,678,901.00"} <= set(words), text
    assert "-123,456,789.00 USD" in text
    assert {"ledger", "actuals", "difference", "Warehouse", "Consulting", "Cumulusnet", "6001-200"} <= set(words), text
    text = shown(closing_tables.show_restated, restated("EUR", "123456789.00"), width=width, with_lines=True)
    assert {"2026-10", "2026-11-03", "123,456,789.00", "-123,456,789.00", "committed"} <= set(text.split()), text
    assert {"budget,", "Warehouse", "exchange", "project's"} <= set(text.split()), text


def test_not_even_a_terminal_too_narrow_for_a_figure_cuts_it(shown: Callable[..., str]) -> None:
    text = shown(closing_tables.show_closed, closed("EUR", "9999999999999999.99"), width=20)
    assert "-9,999,999,999,999,999.99" in text.split()


def test_figures_stand_side_by_side_where_there_is_room(shown: Callable[..., str]) -> None:
    """Of ordinary amounts, in 80 columns."""
    for function, told, how in (
        (closing_tables.show_closed, closed("EUR", "1234567.89"), {}),
        (closing_tables.show_restated, restated("EUR", "1234567.89"), {"with_lines": True}),
        (closing_tables.show_reconciled, reconciled("EUR", "1234567.89"), {}),
    ):
        text = shown(function, told, **how)
        assert any(line.count("1,234,567.89") + line.count("2,469,135.78") > 1 for line in text.splitlines()), text
        assert "Figure" not in text


def test_what_people_wrote_is_no_markup(shown: Callable[..., str]) -> None:
    """A currency, a name and a project that look like markup are shown as they are, and break nothing."""
    unit = "[/EUR]"
    assert unit in shown(closing_tables.show_closed, closed(unit, "1.00"))
    assert MARKUP in shown(closing_tables.show_restated, restated(unit, "1.00"), width=200, with_lines=True)
    assert f"Warehouse {MARKUP}" in shown(closing_tables.show_reconciled, reconciled(unit, "1.00"), width=200)


def test_the_opposite_sign_is_hinted_at_where_it_would_match(shown: Callable[..., str]) -> None:
    hint = "With the opposite sign 3 pairs would match: "
    assert hint not in shown(closing_tables.show_reconciled, reconciled("EUR", "1.00"))
    told = reconciled("EUR", "1.00", matched_if_negated=3)
    assert f"{hint}add --flip-sign." in shown(closing_tables.show_reconciled, told)
    assert f"{hint}leave out --flip-sign." in shown(closing_tables.show_reconciled, told, sign_is_flipped=True)
