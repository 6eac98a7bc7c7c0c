"""The CSV of a ledger as entries: which column is which, and which rows cannot be read.

Columns are found by their names, in any order: date, project, account, amount, and currency where there is one; others
are left alone. Values stand apart by commas, semicolons, tabs or bars, or by what a first line such as ``sep=;`` says.
The file is UTF-8, or UTF-16 with its mark.

Belongs here: rows. Does not belong here: what a number or a date looks like (``notation``).
"""

import codecs
import csv
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from io import StringIO
from itertools import count
from pathlib import Path

from finance_ppm.closing.ledger.notation import (
    DayOrder,
    Mark,
    UnclearError,
    Way,
    amount_of,
    currencies_called,
    currencies_of,
    day_of,
    mark_of,
    order_of,
)
from finance_ppm.errors import SettingsError

NEEDED = ("date", "project", "account", "amount")
CURRENCY = "currency"
_DELIMITERS = ",;\t|"
_SAYS_DELIMITER = re.compile(r"\"?sep=([^\"\r\n])\"?(?:\r\n|\r|\n)", re.IGNORECASE)
"""The first line by which Excel is told: no row of it, there as here."""
_MARKS_OF_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class LedgerError(SettingsError):
    """The file cannot be read as a ledger."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the ledger."""

    row: int
    """Its place in the file, as a spreadsheet counts: the columns' names are row 1."""
    day: date
    project: str
    """Name or page id of the project, as it is written; empty where there is none."""
    account: str
    amount: Decimal
    currency: str | None
    """ISO 4217 code, where a column or the amount says it."""
    currencies: tuple[str, ...] = ()
    """What it may be in, the likeliest first, where its amount bears a sign of several, such as $."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row that is kept aside."""

    row: int
    reason: str
    """What is wrong with it, in one sentence."""


@dataclass(frozen=True)
class Ledger:
    """What is in the file."""

    entries: tuple[Entry, ...]
    unreadable: tuple[Unreadable, ...]

    def negated(self) -> "Ledger":
        """The same with every amount's sign turned: for a ledger in which costs are credits."""
        return replace(self, entries=tuple(replace(entry, amount=-entry.amount) for entry in self.entries))


def read_ledger(path: Path, *, mark: Mark | None = None, order: DayOrder | None = None) -> Ledger:
    """The entries of the CSV at ``path``; ``mark`` and ``order`` say how it writes, where it does not tell itself.

    Raises :class:`LedgerError` for a file of which nothing can be read, and where amounts or dates can be read in two
    ways. A row that cannot be read is kept aside, and the others are read.
    """
    rows, unreadable = _rows(path)
    if not rows:
        raise LedgerError(f"{path} is empty: give a CSV with the columns {', '.join(NEEDED)}.")
    (_, header), *body = rows
    columns = _columns(header, path)
    whole = []
    for row, cells in body:
        if len(cells) < len(header) or any(cells[len(header) :]):
            unreadable.append(Unreadable(row, f"It has {len(cells)} values, and there are {len(header)} columns."))
        else:
            whole.append((row, {name: cells[place] for name, place in columns.items()}))
    mark = mark or _told(mark_of, "amount", whole, path)
    order = order or _told(order_of, "date", whole, path)
    entries = []
    for row, named in whole:
        try:
            entries.append(_entry(row, named, mark, order))
        except ValueError as error:
            unreadable.append(Unreadable(row, f"{error}."))
    return Ledger(tuple(entries), tuple(sorted(unreadable, key=lambda aside: aside.row)))


def _entry(row: int, cells: dict[str, str], mark: Mark, order: DayOrder) -> Entry:
    for name in ("date", "amount"):
        if not cells[name]:
            raise ValueError(f"It has no {name}")
    currency, currencies = _currency(cells.get(CURRENCY, ""), cells["amount"])
    return Entry(
        row=row,
        day=day_of(cells["date"], order),
        project=cells["project"],
        account=cells["account"],
        amount=amount_of(cells["amount"], mark),
        currency=currency,
        currencies=currencies,
    )


def _currency(told: str, amount: str) -> tuple[str | None, tuple[str, ...]]:
    """The currency by the row's column and its amount; else those that their sign stands for."""
    by_column, by_amount = currencies_called(told), currencies_of(amount)
    if told and not by_column:
        raise ValueError(f"{told!r} is not a currency: write its code of ISO 4217, such as EUR")
    both = tuple(code for code in by_column if code in by_amount)
    if by_column and by_amount and not both:
        raise ValueError(f"{amount!r} is not in {told.upper()}, which its currency is said to be")
    currencies = both or by_column or by_amount
    return (currencies[0], ()) if len(currencies) == 1 else (None, currencies)


def _rows(path: Path) -> tuple[list[tuple[int, list[str]]], list[Unreadable]]:
    """The rows that are not blank, values stripped, each with its place in the file; and those that are no CSV."""
    text = _text(path)
    if said := _SAYS_DELIMITER.match(text):
        delimiter, text = said[1], text[said.end() :]
    else:
        first = next((line for line in text.splitlines() if line.strip()), "")
        delimiter = max(_DELIMITERS, key=lambda sign: sum(_name(cell) in NEEDED for cell in first.split(sign)))
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows, unreadable = [], []
    for place in count(1):
        before = reader.line_num
        try:
            cells = [cell.strip() for cell in next(reader)]
        except StopIteration:
            break
        except csv.Error as error:
            if reader.line_num > before + 1:  # a quotation mark that is never closed took other rows with it
                raise LedgerError(
                    f"{path} cannot be read from line {before + 1} on: mend its quotation marks."
                ) from None
            is_long = "field limit" in str(error)
            reason = f"A value has more than {csv.field_size_limit():,} characters."
            unreadable.append(Unreadable(place, reason if is_long else "Its quotation marks do not match."))
            continue
        if any(cells):
            rows.append((place, cells))
    return rows, unreadable


def _text(path: Path) -> str:
    data = path.read_bytes()
    try:
        return data.decode("utf-16" if data.startswith(_MARKS_OF_UTF16) else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise LedgerError(f"{path} is not UTF-8 (line {line}): save it as CSV UTF-8.") from None


def _columns(header: list[str], path: Path) -> dict[str, int]:
    """Where each column is that we read."""
    names = [_name(cell) for cell in header]
    missing = [name for name in NEEDED if name not in names]
    if missing:
        raise LedgerError(
            f"{path} has no column {' and no column '.join(missing)} (its first row is {', '.join(header)}): name the "
            f"columns {', '.join(NEEDED)}."
        )
    wanted = [name for name in (*NEEDED, CURRENCY) if name in names]
    if twice := [name for name in wanted if names.count(name) > 1]:
        raise LedgerError(f"{path} has the column {twice[0]} twice: rename the one that is not meant.")
    return {name: names.index(name) for name in wanted}


def _name(cell: str) -> str:
    return cell.strip().strip('"').strip().casefold()


def _told(tell: Callable[[Iterable[str]], Way], column: str, rows: list[tuple[int, dict[str, str]]], path: Path) -> Way:
    """How the file writes a column. Raises :class:`LedgerError`, saying how to answer, where it does not tell."""
    try:
        return tell(cells[column] for _, cells in rows)
    except UnclearError as error:
        shown = [f"{rows[place][1][column]!r} in row {rows[place][0]}" for place in error.places]
        what = " contradicts ".join(shown) if len(shown) > 1 else f"{shown[0]} can be read in two ways"
        raise LedgerError(f"{path}: the {column} {what}: {_ASK[column]}.") from None


_ASK = {
    "amount": f"say --decimal {Mark.POINT} or --decimal {Mark.COMMA}",
    "date": f"say --dates {DayOrder.DAY_FIRST} or --dates {DayOrder.MONTH_FIRST}",
}
