"""A reconciliation as a CSV that a spreadsheet opens: a row for each pair, and for each posting that is alone."""

import csv
from collections.abc import Iterator
from pathlib import Path

from finance_ppm.closing.ledger.file import Entry
from finance_ppm.closing.ledger.reconciliation import Actual, Reconciliation

COLUMNS = (
    "status",
    "reason",
    "currency",
    "ledger_row",
    "ledger_date",
    "ledger_project",
    "account",
    "ledger_amount",
    "budget_line_id",
    "line",
    "project_id",
    "project",
    "category",
    "vendor",
    "date",
    "amount",
    "days_apart",
)

Cell = object


def write_csv(found: Reconciliation, path: Path) -> None:
    """Write it to ``path``, in place of what is there: what is alone first, then the pairs, then rows kept aside."""
    # Excel takes UTF-8 for UTF-8 by its mark alone.
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        for row in _rows(found):
            writer.writerow({name: _harmless(cell) for name, cell in row.items()})


def _rows(found: Reconciliation) -> Iterator[dict[str, Cell]]:
    for there in found.only_there:
        yield {"status": "only_in_ledger", "reason": there.reason, "currency": there.unit, **_entry(there.entry)}
    for here in found.only_here:
        yield {"status": "only_here", "reason": here.reason, "currency": here.actual.unit, **_actual(here.actual)}
    for pair in found.matched:
        both = {**_entry(pair.entry), **_actual(pair.actual)}
        yield {"status": "matched", "currency": pair.actual.unit, **both, "days_apart": pair.days_apart}
    for aside in found.unreadable:
        yield {"status": "unreadable", "reason": aside.reason, "ledger_row": aside.row}


def _entry(entry: Entry) -> dict[str, Cell]:
    return {
        "ledger_row": entry.row,
        "ledger_date": entry.day,
        "ledger_project": entry.project,
        "account": entry.account,
        "ledger_amount": entry.amount,
    }


def _actual(actual: Actual) -> dict[str, Cell]:
    return {
        "budget_line_id": actual.budget_line_id,
        "line": actual.line_name,
        "project_id": actual.project_id,
        "project": actual.project_name,
        "category": actual.category,
        "vendor": actual.vendor,
        "date": actual.day,
        "amount": actual.amount,
    }


def _harmless(cell: Cell) -> Cell:
    """A text that a spreadsheet would take for a formula, behind an apostrophe, so that it does not.

    https://owasp.org/www-community/attacks/CSV_Injection
    """
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
