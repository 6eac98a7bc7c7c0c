"""What the commands of the month end show in a terminal. Words and layout, and nothing else."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from rich import box
from rich.markup import escape
from rich.table import Table

from finance_ppm import terminal

if TYPE_CHECKING:
    from finance_ppm.closing.ledger.reconciliation import Reconciliation
    from finance_ppm.closing.month import Closed
    from finance_ppm.closing.restatement import Restated, RestatedMonth, Restatement

SHOWN = 25
"""Lines, or postings of one side, that are listed; all of them are in the JSON, the CSV and the table."""

_REASONS = {
    None: "",
    "unknown_project": "no live project of that name or id",
    "ambiguous_project": "several projects of that name: give the page id",
    "no_project": "names no project",
}


def _table(title: str, *columns: str, figures: int) -> Table:
    """A table of which the last columns are figures, which are never cut short."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False, title=title)
    for place, column in enumerate(columns):
        is_figure = place >= len(columns) - figures
        table.add_column(column, justify="right" if is_figure else "left", overflow="fold")
    return table


def _say(text: str) -> None:
    terminal.out.print(escape(text), highlight=False, soft_wrap=True)


def show_closed(closed: "Closed") -> None:
    """What was closed, a row per currency."""
    table = _table(
        f"{closed.month} is closed, as of {closed.as_of}", "Currency", "Budget", "Committed", "Actual", figures=3
    )

    def row(name: str, amounts: Mapping[str, Decimal]) -> None:
        table.add_row(name, *(terminal.money(amounts[metric]) for metric in ("budget", "committed", "actual")))

    for unit, amounts in closed.native.items():
        row("unknown (XXX)" if unit == "XXX" else unit, amounts)
    table.add_section()
    row(f"all in {closed.reporting_unit}", closed.reporting)
    terminal.out.print(table)
    _say(f"{terminal.counted(closed.line_count, 'budget line')}, closed by {closed.closed_by}.")
    if closed.unconverted_count:
        without = terminal.counted(closed.unconverted_count, "amount")
        _say(f"The row in {closed.reporting_unit} is without {without} that had no rate.")
    if closed.remark:
        _say(closed.remark)


def show_restated(found: "Restatement", *, with_lines: bool) -> None:
    """Closed months, reported and now; with each line behind the differences, and the native sums, if asked."""
    table = _table(
        f"Closed months as of {found.as_of}", "Month", "Closed", "Metric", "Reported", "Difference", "Now", figures=3
    )
    for month in found.months:
        closed = f"{month.close.closed_at:%Y-%m-%d} by {month.close.closed_by}"
        _add_restated(table, month.month, closed, month.reporting, told="all in ")
        if with_lines:
            _add_restated(table, "", "", month.native)
    terminal.out.print(table)
    for month in found.months if with_lines else ():
        _show_lines(month)


def _add_restated(table: Table, month: str, closed: str, amounts: "Sequence[Restated]", told: str = "") -> None:
    for place, amount in enumerate(amounts):
        figures = (terminal.money(value) for value in (amount.reported, amount.difference, amount.current))
        first = (month, escape(closed)) if place == 0 else ("", "")
        table.add_row(*first, f"{amount.metric}, {told}{amount.unit}", *figures)
    table.add_section()


def _show_lines(month: "RestatedMonth") -> None:
    if not month.lines:
        _say(f"Nothing of {month.month} is otherwise than it was reported.")
        return
    columns = ("Line", "Project", "Metric", "Why", "Reported", "Difference", "Now")
    table = _table(f"The lines behind the differences of {month.month}", *columns, figures=3)
    for line in month.lines[:SHOWN]:
        figures = (terminal.money(line[name]) for name in ("reported", "difference", "current"))
        texts = (line["line_name"], line["project_name"], f"{line['metric_name']} {line['unit']}", line["explanation"])
        table.add_row(*map(escape, texts), *figures)
    terminal.out.print(table)
    if len(month.lines) > SHOWN:
        _say(f"And {len(month.lines) - SHOWN:,} more: add --json, or look into gold/ppm_restatements.")


def show_reconciled(found: "Reconciliation") -> None:
    """The sums of both sides, and what is on one of them alone."""
    columns = ("Currency", "Ledger", "Matched", "Only in the ledger", "Actuals", "Only here", "Ledger less actuals")
    of = found.month or "All months"
    table = _table(f"{of}: the ledger beside the actuals as of {found.as_of}", *columns, figures=6)
    for total in found.totals:
        amounts = (total.ledger, total.matched, total.only_there, total.actuals, total.only_here, total.difference)
        table.add_row("unknown (XXX)" if total.unit == "XXX" else total.unit, *map(terminal.money, amounts))
    terminal.out.print(table)
    _show_postings(
        "Only in the ledger",
        ("Row", "Date", "Project", "Account", "Why", "Amount"),
        [
            (
                f"{lone.entry.row}",
                f"{lone.entry.day}",
                lone.entry.project,
                lone.entry.account,
                _REASONS[lone.reason],
                f"{terminal.money(lone.entry.amount)} {lone.unit}",
            )
            for lone in found.only_there
        ],
    )
    _show_postings(
        "Only here",
        ("Line", "Date", "Project", "Category", "Vendor", "Amount"),
        [
            (
                one.line_name,
                f"{one.day or 'undated'}",
                one.project_name,
                one.category,
                one.vendor,
                f"{terminal.money(one.amount)} {one.unit}",
            )
            for one in (lone.actual for lone in found.only_here)
        ],
    )
    told = [
        f"{terminal.counted(len(found.matched), 'pair')} matched, {len(found.only_there):,} only in the ledger, "
        f"{len(found.only_here):,} only here."
    ]
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


def _show_postings(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if not rows:
        return
    table = _table(title, *columns, figures=1)
    for row in rows[:SHOWN]:
        table.add_row(*map(escape, row))
    terminal.out.print(table)
    if len(rows) > SHOWN:
        _say(f"And {len(rows) - SHOWN:,} more: add --csv FILE or --json.")
