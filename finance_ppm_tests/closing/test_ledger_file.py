"""The ledger's CSV as people's programs write it."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance_ppm.closing.ledger.file import Entry, Ledger, LedgerError, Unreadable, read_ledger
from finance_ppm.closing.ledger.notation import DayOrder, Mark, amount_of, day_of, mark_of

ENTRY = Entry(2, date(2026, 10, 31), "Warehouse", "6100", Decimal("1234.50"), None)


def ledger(folder: Path, text: str | bytes, *, mark: Mark | None = None, order: DayOrder | None = None) -> Ledger:
    path = folder / "ledger.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_ledger(path, mark=mark, order=order)


FILES: dict[str, str | bytes] = {
    "plain": "date,project,account,amount\n2026-10-31,Warehouse,6100,1234.50\n",
    "windows line ends": "date,project,account,amount\r\n2026-10-31,Warehouse,6100,1234.50\r\n",
    "columns in another order, among others": "Amount,Text,Account, Project ,DATE\n1234.5,x,6100,Warehouse,20261031",
    "semicolons and a decimal comma": "date;project;account;amount\n31.10.2026;Warehouse;6100;1.234,50\n",
    "tabs": "date\tproject\taccount\tamount\n2026-10-31\tWarehouse\t6100\t1 234,50\n",
    "a mark": b"\xef\xbb\xbfdate,project,account,amount\n2026-10-31,Warehouse,6100,1234.50\n",
    "UTF-16 from a spreadsheet": "date\tproject\taccount\tamount\n2026-10-31\tWarehouse\t6100\t1234.50\n".encode(
        "utf-16"
    ),
    "quotes": '"date","project","account","amount"\n"2026-10-31","Warehouse","6100","1,234.50"\n',
    "blanks around values": "date, project, account, amount\n2026-10-31, Warehouse , 6100 , 1234.50 \n",
    "empty cells at the end": "date,project,account,amount\n2026-10-31,Warehouse,6100,1234.50,,\n",
    "a time": "date,project,account,amount\n2026-10-31T23:59:00Z,Warehouse,6100,1234.50\n",
    "a local time": "date;project;account;amount\n31.10.2026 00:00:00;Warehouse;6100;1.234,50\n",
    "an American time": "date,project,account,amount\n10/31/2026 12:00:00 AM,Warehouse,6100,1234.50\n",
    "a line for Excel": "sep=;\r\ndate;project;account;amount\r\n31.10.2026;Warehouse;6100;1.234,50\r\n",
    "a line for Excel, in quotes": '"sep=;"\ndate;project;account;amount\n31.10.2026;Warehouse;6100;1.234,50\n',
    "slashes": "date,project,account,amount\n10/31/2026,Warehouse,6100,1234.50\n",
}


@pytest.mark.parametrize("name", FILES)
def test_a_ledger_is_read_however_it_is_written(tmp_path: Path, name: str) -> None:
    assert ledger(tmp_path, FILES[name]) == Ledger((ENTRY,), ())


def test_rows_are_counted_as_a_spreadsheet_does(tmp_path: Path) -> None:
    """Row 1 names the columns; row 2 is blank, and row 3 holds a line break of its own."""
    text = 'date,project,account,amount\n\n2026-10-31,"Ware\nhouse",6100,1\n2026-10-31,Warehouse,6100,2\n'
    assert [entry.row for entry in ledger(tmp_path, text).entries] == [3, 4]


def test_what_cannot_be_read_is_kept_aside_and_the_rest_is_read(tmp_path: Path) -> None:
    text = (
        "date,project,account,amount\n"
        "2026-10-31,Warehouse,6100,1234.50\n"
        "2026-13-31,Warehouse,6100,1.00\n"
        "2026-10-31,Warehouse,6100,abc\n"
        "2026-10-31,Warehouse,6100,1.005\n"
        "2026-10-31,Warehouse,6100,12345678901234567.00\n"
        ",,,1234.50\n"
        "2026-10-31,Warehouse,6100,\n"
        "2026-10-31,Warehouse,6100\n"
        "2026-10-31,Warehouse,6100,1,50\n"
        '2026-10-31,"Ware"house,6100,1.00\n'
        "2026-10-31 to 2026-12-31,Warehouse,6100,1.00\n"
        f"2026-10-31,{'W' * 131_073},6100,1.00\n"
        "2026-10-31 24:60,Warehouse,6100,1.00\n"
    )
    found = ledger(tmp_path, text)
    assert found.entries == (ENTRY,)
    assert found.unreadable == (
        Unreadable(3, "'2026-13-31' is not a date: write it as 2026-10-31."),
        Unreadable(4, "'abc' is not an amount with a decimal point."),
        Unreadable(5, "'1.005' has more than 2 decimals."),
        Unreadable(6, "'12345678901234567.00' has more than 16 digits before its cents."),
        Unreadable(7, "It has no date."),
        Unreadable(8, "It has no amount."),
        Unreadable(9, "It has 3 values, and there are 4 columns."),
        Unreadable(10, "It has 5 values, and there are 4 columns."),
        Unreadable(11, "Its quotation marks do not match."),
        Unreadable(12, "'2026-10-31 to 2026-12-31' is not a date: write it as 2026-10-31."),
        Unreadable(13, "A value has more than 131,072 characters."),
        Unreadable(14, "'2026-10-31 24:60' is not a date: write it as 2026-10-31."),
    )


def test_an_amount_may_say_its_currency(tmp_path: Path) -> None:
    """By a code or by a sign, which may be that of several; beside a column it may say nothing else."""
    rows = ['2026-10-31,W,1,"$1,234.50",', "2026-10-31,W,1,1.50 eur,", "2026-10-31,W,1,€ 3.00,"]
    rows += ["2026-10-31,W,1,-$3.00,cad", "2026-10-31,W,1,$3.00,EUR", "2026-10-31,W,1,USD 3.00,EUR"]
    found = ledger(tmp_path, "\n".join(["date,project,account,amount,currency", *rows]))
    assert [(str(entry.amount), entry.currency, entry.currencies[:1]) for entry in found.entries] == [
        ("1234.50", None, ("USD",)),
        ("1.50", "EUR", ()),
        ("3.00", "EUR", ()),
        ("-3.00", "CAD", ()),
    ]
    assert found.unreadable == (
        Unreadable(6, "'$3.00' is not in EUR, which its currency is said to be."),
        Unreadable(7, "'USD 3.00' is not in EUR, which its currency is said to be."),
    )


def test_a_currency_column_may_bear_codes_and_signs(tmp_path: Path) -> None:
    """A sign of several is narrowed down by the amount's; what is neither is kept aside, and makes no currency."""
    rows = ["€,1.00", "€,€55", "eur,2.00", "$,3.00", "$,CAD 4.00", "CAD,$5.00", ",6.00"]
    rows += ["EURO,1.00", "EURO,€1.00", "XXX,1.00", "€,$1.00", "$,¥1.00"]
    lines = [f"2026-10-31,W,1,{row}" for row in rows]
    found = ledger(tmp_path, "\n".join(["date,project,account,currency,amount", *lines]))
    assert [(str(entry.amount), entry.currency, entry.currencies[:1]) for entry in found.entries] == [
        ("1.00", "EUR", ()),
        ("55.00", "EUR", ()),
        ("2.00", "EUR", ()),
        ("3.00", None, ("USD",)),
        ("4.00", "CAD", ()),
        ("5.00", "CAD", ()),
        ("6.00", None, ()),
    ]
    assert found.unreadable == (
        Unreadable(9, "'EURO' is not a currency: write its code of ISO 4217, such as EUR."),
        Unreadable(10, "'EURO' is not a currency: write its code of ISO 4217, such as EUR."),
        Unreadable(11, "'XXX' is not a currency: write its code of ISO 4217, such as EUR."),
        Unreadable(12, "'$1.00' is not in €, which its currency is said to be."),
        Unreadable(13, "'¥1.00' is not in $, which its currency is said to be."),
    )


def test_amounts_can_be_read_with_the_opposite_sign() -> None:
    amounts = [entry.amount for entry in Ledger((ENTRY, replace(ENTRY, amount=Decimal("0.00"))), ()).negated().entries]
    assert list(map(str, amounts)) == ["-1234.50", "0.00"]


REFUSED: dict[str, str | bytes] = {
    "is empty": "",
    "has no column project and no column amount (its first row is date, account)": "date,account\n",
    "has the column amount twice": "date,project,account,amount,Amount\n",
    "is not UTF-8 (line 2): save it as CSV UTF-8": b"date,project,account,amount\n2026-10-31,M\xfcller,6100,1\n",
    "from line 2 on: mend its quotation marks": 'date,project,account,amount\n2026-10-31,"Warehouse,6100,1\n2,3,4,5\n',
    "the amount '1,234' in row 2 can be read in two ways: say --decimal point or --decimal comma": (
        'date,project,account,amount\n2026-10-31,Warehouse,6100,"1,234"\n'
    ),
    "the amount '1,5' in row 2 contradicts '1.5' in row 3": (
        "date;project;account;amount\n2026-10-31;W;6100;1,5\n2026-10-31;W;6100;1.5\n"
    ),
    "the date '03/04/2026' in row 2 can be read in two ways: say --dates day-first or --dates month-first": (
        "date,project,account,amount\n03/04/2026,Warehouse,6100,1\n"
    ),
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_what_is_not_clear_is_refused_with_what_to_do(tmp_path: Path, sentence: str) -> None:
    with pytest.raises(LedgerError) as raised:
        ledger(tmp_path, REFUSED[sentence])
    assert sentence in str(raised.value)


def test_who_says_how_it_is_written_is_believed(tmp_path: Path) -> None:
    text = 'date,project,account,amount\n03/04/2026,Warehouse,6100,"1,234"\n'
    (american,) = ledger(tmp_path, text, mark=Mark.POINT, order=DayOrder.MONTH_FIRST).entries
    assert (american.amount, american.day) == (Decimal("1234.00"), date(2026, 3, 4))
    found = ledger(tmp_path, text.replace("1,234", "1,230"), mark=Mark.COMMA, order=DayOrder.DAY_FIRST)
    assert [(entry.amount, entry.day) for entry in found.entries] == [(Decimal("1.23"), date(2026, 4, 3))]


AMOUNTS = {
    "0": "0.00",
    "-0.00": "0.00",
    "+5": "5.00",
    "-5": "-5.00",
    "5-": "-5.00",
    "(5.00)": "-5.00",
    "\N{MINUS SIGN}5": "-5.00",
    ".5": "0.50",
    "5.": "5.00",
    "12.3400": "12.34",
    "1,234,567.89": "1234567.89",
    "1'234.50": "1234.50",
    "1\N{NARROW NO-BREAK SPACE}234.50": "1234.50",
    "12,34,567.00": "1234567.00",
    "0005": "5.00",
    "- 5": "-5.00",
    "$5": "5.00",
    "$ 1,234.50": "1234.50",
    "1.5 EUR": "1.50",
    "1.5€": "1.50",
    "-$3.00": "-3.00",
    "\N{MINUS SIGN}$3.00": "-3.00",
    "$-3.00": "-3.00",
    "($3.00)": "-3.00",
    "(3.00 USD)": "-3.00",
    "3.00- EUR": "-3.00",
    "9999999999999999.99": "9999999999999999.99",
}


@pytest.mark.parametrize("text", AMOUNTS)
def test_amounts(text: str) -> None:
    assert str(amount_of(text, Mark.POINT)) == AMOUNTS[text]


@pytest.mark.parametrize(
    "text",
    [
        *("", "-", ".", "abc", "--5", "-5-", "1,23", "1,2345", "0,123", "1.2.3", "1 23", "1e5", "NaN", "\u0663"),
        *("$", "EUR", "5 XYZ", "$5 EUR", "1$5"),
    ],
)
def test_no_amounts(text: str) -> None:
    with pytest.raises(ValueError, match="is not an amount"):
        amount_of(text, Mark.POINT)


@pytest.mark.parametrize("text", ["", "2026-02-30", "31/10/26", "1.1.26", "31/13/2026", "2026-10", "45596"])
def test_no_dates(text: str) -> None:
    with pytest.raises(ValueError, match="is not a date"):
        day_of(text, DayOrder.DAY_FIRST)


cents = st.integers(-(10**18) + 1, 10**18 - 1).map(lambda whole: Decimal(whole).scaleb(-2))


@settings(deadline=None, max_examples=200)
@given(cents, st.sampled_from(list(Mark)), st.booleans())
def test_what_is_written_is_what_is_read(amount: Decimal, mark: Mark, grouped: bool) -> None:
    text = f"{amount:,.2f}" if grouped else f"{amount:.2f}"
    if mark is Mark.COMMA:
        text = text.translate(str.maketrans(",.", ".,"))
    assert amount_of(text, mark) == amount
    assert mark_of(["7", text, "no amount"]) is mark


def test_a_row_that_is_no_amount_tells_nothing_of_the_others() -> None:
    assert mark_of(["12.34.5", "1,50"]) is Mark.COMMA
    assert mark_of(["12.500", "0,50"]) is Mark.COMMA
