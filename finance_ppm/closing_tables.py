"""What the commands of the month end show in a terminal. Words, and nothing else."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from rich.markup import escape

from finance_ppm import terminal
from finance_ppm.closing_sheets import Sheet

if TYPE_CHECKING:
    from finance_ppm.closing.ledger.reconciliation import Reconciliation
    from finance_ppm.closing.month import Closed
    from finance_ppm.closing.restatement import Restated, RestatedMonth, Restatement

SHOWN = 25
"""Lines, or postings of one side, that are listed; all of them are in the JSON, the CSV and the table."""

_COMPARED = ("Reported", "Difference", "Now")
_REASONS = {
    None: "",
    "unknown_project": "no project of that name or id",
    "ambiguous_project": "several projects of that name: give the page id",
    "no_project": "names no project",
    "other_currency": "its project is in another currency",
}


def _say(text: str) -> None:
    terminal.out.print(escape(text), highlight=False, soft_wrap=True)


def _currency(unit: str) -> str:
    return "unknown (XXX)" if unit == "XXX" else unit


def show_closed(closed: "Closed") -> None:
    """What was closed, a row per currency."""
    sheet = Sheet(f"{closed.month} is closed, as of {closed.as_of}", ["Currency"], ["Budget", "Committed", "Actual"])

    def add(name: str, amounts: Mapping[str, Decimal]) -> None:
        sheet.add([name], [terminal.money(amounts[metric]) for metric in ("budget", "committed", "actual")])

    for unit, amounts in closed.native.items():
        add(_currency(unit), amounts)
    sheet.add_section()
    add(f"all in {closed.reporting_unit}", closed.reporting)
    sheet.show()
    _say(f"{terminal.counted(closed.line_count, 'budget line')}, closed by {closed.closed_by}.")
    if closed.unconverted_count:
        without = terminal.counted(closed.unconverted_count, "amount")
        _say(f"The row in {closed.reporting_unit} is without {without} that had no rate.")
    if closed.remark:
        _say(closed.remark)


def show_restated(found: "Restatement", *, with_lines: bool) -> None:
    """Closed months, reported and now; with each line behind the differences, and the native sums, if asked."""
    sheet = Sheet(f"Closed months as of {found.as_of}", ["Month", "Closed", "Metric"], _COMPARED)
    for month in found.months:
        closed = f"{month.close.closed_at:%Y-%m-%d} by {month.close.closed_by}"
        _add_restated(sheet, month.month, closed, month.reporting, told="all in ")
        if with_lines:
            _add_restated(sheet, "", "", month.native)
    sheet.show()
    for month in found.months if with_lines else ():
        _show_lines(month)


def _add_restated(sheet: Sheet, month: str, closed: str, amounts: "Sequence[Restated]", told: str = "") -> None:
    for place, amount in enumerate(amounts):
        first = ("", "") if place else (month, closed)
        figures = [terminal.money(value) for value in (amount.reported, amount.difference, amount.current)]
        sheet.add((*first, f"{amount.metric}, {told}{amount.unit}"), figures)
    sheet.add_section()


def _show_lines(month: "RestatedMonth") -> None:
    if not month.lines:
        _say(f"Nothing of {month.month} is otherwise than it was reported.")
        return
    sheet = Sheet(f"The lines behind the differences of {month.month}", ["Line, project", "Metric", "Why"], _COMPARED)
    for line in month.lines[:SHOWN]:
        named = f"{line['line_name']}\n{line['project_name']}"
        figures = [terminal.money(line[name]) for name in ("reported", "difference", "current")]
        sheet.add((named, f"{line['metric_name']}\n{line['unit']}", line["explanation"]), figures)
    sheet.show()
    if len(month.lines) > SHOWN:
        _say(f"And {len(month.lines) - SHOWN:,} more: add --json, or look into gold/ppm_restatements.")


def show_reconciled(found: "Reconciliation", *, sign_is_flipped: bool = False) -> None:
    """The sums of both sides, and what is on one of them alone."""
    of = found.month or "All months"
    title = f"{of}: the ledger beside the actuals as of {found.as_of}"
    sheet = Sheet(title, ["Currency", "Side"], ["All", "Matched", "Alone"])
    for total in found.totals:
        matched = terminal.money(total.matched)
        sheet.add(
            (_currency(total.unit), "ledger"), [terminal.money(total.ledger), matched, terminal.money(total.only_there)]
        )
        sheet.add(("", "actuals"), [terminal.money(total.actuals), matched, terminal.money(total.only_here)])
        sheet.add(("", "difference"), [terminal.money(total.difference), "", ""])
        sheet.add_section()
    sheet.show()
    _show_postings(
        "Only in the ledger",
        ("Row", "Date", "Project", "Account", "Why"),
        [
            (
                (f"{one.row}", f"{one.day}", one.project, one.account, _REASONS[lone.reason]),
                f"{terminal.money(one.amount)} {lone.unit}",
            )
            for lone in found.only_there
            for one in (lone.entry,)
        ],
    )
    _show_postings(
        "Only here",
        ("Line", "Date", "Project", "Category", "Vendor"),
        [
            (
                (one.line_name, f"{one.day or 'undated'}", one.project_name, one.category, one.vendor),
                f"{terminal.money(one.amount)} {one.unit}",
            )
            for one in (lone.actual for lone in found.only_here)
        ],
    )
    told = [
        f"{terminal.counted(len(found.matched), 'pair')} matched, {len(found.only_there):,} only in the ledger, "
        f"{len(found.only_here):,} only here."
    ]
    if found.matched_if_negated > len(found.matched):
        pairs, remedy = terminal.counted(found.matched_if_negated, "pair"), "leave out" if sign_is_flipped else "add"
        told.append(f"With the opposite sign {pairs} would match: {remedy} --flip-sign.")
    out = found.left_out
    left_out = (
        (out.entries_of_other_months, "ledger row", "of other months"),
        (out.actuals_of_other_months, "actual", "of other months"),
        (out.undated_actuals, "actual", "without a date"),
        (out.future_actuals, "actual", "dated after today"),
    )
    told += [f"Left out: {terminal.counted(number, what)} {why}." for number, what, why in left_out if number]
    told += [f"Row {aside.row} was kept aside: {aside.reason}" for aside in found.unreadable[:SHOWN]]
    if len(found.unreadable) > SHOWN:
        told.append(f"And {len(found.unreadable) - SHOWN:,} more rows were kept aside.")
    for line in told:
        _say(line)


def _show_postings(title: str, texts: Sequence[str], rows: Sequence[tuple[Sequence[str], str]]) -> None:
    """What is on one side alone: texts, and an amount."""
    if not rows:
        return
    sheet = Sheet(title, texts, ["Amount"])
    for told, amount in rows[:SHOWN]:
        sheet.add(told, [amount])
    sheet.show()
    if len(rows) > SHOWN:
        _say(f"And {len(rows) - SHOWN:,} more: add --csv FILE or --json.")
