"""The files of the European Central Bank, in the form in which it publishes them, and what is none of them."""

import io
import tracemalloc
import zipfile
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from finance_ppm.sandbox.rates.files import day_csv, history_csv, xml, zipped
from finance_ppm.sources.fx.errors import FxError
from finance_ppm.sources.fx.files import parse_file
from finance_ppm.sources.fx.rows import Parsed, Quote

HISTORY = (
    "Date,USD,JPY,BGN,CYP,CZK,EEK,IDR,\n"
    "2021-12-01,1.1314,128.27,1.9558,N/A,25.443,N/A,16249.4,\n"
    "1999-01-04,1.1789,133.73,N/A,0.58231,35.107,15.6466,9433.61,\n"
)
DAY = "Date, USD, JPY, IDR, \n03 June 2021, 1.2187, 133.81, 17365.26, \n"
XML = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" '
    'xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">\n'
    "<gesmes:subject>Reference rates</gesmes:subject>\n"
    "<gesmes:Sender><gesmes:name>European Central Bank</gesmes:name></gesmes:Sender>\n"
    "<Cube>\n<Cube time='2024-06-28'>\n"
    "<Cube currency='USD' rate='1.0705'/>\n<Cube currency='PHP' rate='62.560'/>\n"
    "</Cube>\n<Cube time='2024-06-27'>\n"
    "<Cube currency='USD' rate='1.0696'/>\n"
    "</Cube>\n</Cube>\n</gesmes:Envelope>\n"
)


def parsed(content: str | bytes) -> Parsed:
    return parse_file(content.encode() if isinstance(content, str) else content, about="rates.csv")


def rates(content: str | bytes) -> dict[tuple[str, str], str | None]:
    """Currency and day to rate, as text."""
    return {
        (one.currency, one.rate_date.isoformat()): None if one.rate is None else str(one.rate)
        for one in parsed(content).quotes
    }


def reasons(content: str) -> list[str]:
    return [str(refused) for refused in parsed(content).refused]


def test_the_history_has_a_rate_in_each_cell_or_says_that_there_is_none() -> None:
    assert rates(HISTORY) == {
        ("USD", "2021-12-01"): "1.1314",
        ("JPY", "2021-12-01"): "128.27",
        ("BGN", "2021-12-01"): "1.9558",
        ("CYP", "2021-12-01"): None,
        ("CZK", "2021-12-01"): "25.443",
        ("EEK", "2021-12-01"): None,
        ("IDR", "2021-12-01"): "16249.4",
        ("USD", "1999-01-04"): "1.1789",
        ("JPY", "1999-01-04"): "133.73",
        ("BGN", "1999-01-04"): None,
        ("CYP", "1999-01-04"): "0.58231",
        ("CZK", "1999-01-04"): "35.107",
        ("EEK", "1999-01-04"): "15.6466",
        ("IDR", "1999-01-04"): "9433.61",
    }
    assert reasons(HISTORY) == []
    assert parsed(HISTORY).newest == date(2021, 12, 1)


def test_the_day_has_its_date_in_words_and_blanks_behind_commas() -> None:
    expected = {("USD", "2021-06-03"): "1.2187", ("JPY", "2021-06-03"): "133.81", ("IDR", "2021-06-03"): "17365.26"}
    assert rates(DAY) == expected
    assert reasons(DAY) == []


def test_xml_has_a_cube_for_each_day() -> None:
    expected = {("USD", "2024-06-28"): "1.0705", ("PHP", "2024-06-28"): "62.560", ("USD", "2024-06-27"): "1.0696"}
    assert rates(XML) == expected
    assert rates(XML.replace("'", '"')) == expected, "the longer files have the other quotation marks"


@pytest.mark.parametrize("text", [HISTORY, DAY, XML], ids=["history", "day", "xml"])
def test_a_file_is_the_same_zipped_with_a_byte_order_mark_or_with_other_line_ends(text: str) -> None:
    assert rates(zipped("rates.xml" if text is XML else "rates.csv", text)) == rates(text)
    assert rates("\ufeff" + text) == rates(text)
    assert rates(text.replace("\n", "\r\n")) == rates(text)


def test_a_header_without_the_last_comma_and_a_line_without_it_are_read() -> None:
    assert rates(HISTORY.replace(",\n", "\n")) == rates(HISTORY)


days = st.dates(date(1999, 1, 4), date(2030, 12, 31))
digits = st.decimals(Decimal("0.0001"), Decimal(99_999), places=4).map(lambda rate: f"{rate:f}")
tables = st.dictionaries(
    days, st.dictionaries(st.sampled_from(["USD", "JPY", "GBP", "PHP"]), digits, min_size=1), min_size=1, max_size=6
)


@settings(deadline=None, max_examples=60)
@given(tables)
def test_all_forms_of_one_table_tell_the_same(table: dict[date, dict[str, str]]) -> None:
    told = [(day, table[day]) for day in sorted(table, reverse=True)]
    expected = {(currency, day): Decimal(rate) for day, row in told for currency, rate in row.items()}

    def found(content: bytes) -> dict[tuple[str, date], Decimal]:
        read = parse_file(content, about="a file")
        assert read.refused == ()
        return {(one.currency, one.rate_date): one.rate for one in read.quotes if one.rate is not None}

    own = "date,currency,rate\n" + "".join(f"{day},{currency},{rate}\n" for (currency, day), rate in expected.items())
    assert found(history_csv(told).encode()) == expected
    assert found(xml(told).encode()) == expected
    assert found(own.encode()) == expected
    newest, row = told[0]
    assert found(day_csv(newest, row).encode()) == {key: rate for key, rate in expected.items() if key[1] == newest}


# Bad rows

BAD_CELLS = {
    "abc": "line 2, USD: 'abc' is no number with a decimal point",
    "0": "line 2, USD: the rate '0' is not above zero",
    "0.000": "line 2, USD: the rate '0.000' is not above zero",
    "-1.2": "line 2, USD: the rate '-1.2' is not above zero",
    "NaN": "line 2, USD: 'NaN' is no number with a decimal point",
    "Infinity": "line 2, USD: 'Infinity' is no number with a decimal point",
    "1_000": "line 2, USD: '1_000' is no number with a decimal point",
    "\u0661.\u0662": "line 2, USD: '\u0661.\u0662' is no number with a decimal point",
    '"17,487.21"': "line 2, USD: '17,487.21' is no number with a decimal point",
    "1e17": "line 2, USD: the rate is too large to be kept",
    "9999999999999999.9999999999999": "line 2, USD: the rate is too large to be kept",
    "1e-13": "line 2, USD: the rate is too small to be kept with 12 digits behind the point",
}


@pytest.mark.parametrize(("cell", "reason"), BAD_CELLS.items(), ids=BAD_CELLS.keys())
def test_a_bad_cell_is_refused_and_the_others_of_its_day_are_read(cell: str, reason: str) -> None:
    text = f"Date,USD,JPY,\n2026-11-20,{cell},160,\n2026-11-19,1.08,161,\n"
    assert rates(text) == {("JPY", "2026-11-20"): "160", ("USD", "2026-11-19"): "1.08", ("JPY", "2026-11-19"): "161"}
    assert reasons(text) == [reason]


BAD_LINES = {
    "2026-13-01,1.1,160,": "line 2: '2026-13-01' is no date such as 2026-11-20",
    "20.11.2026,1.1,160,": "line 2: '20.11.2026' is no date such as 2026-11-20",
    "31 February 2026,1.1,160,": "line 2: '31 February 2026' is no date such as 2026-11-20",
    "20 Brumaire 2026,1.1,160,": "line 2: '20 Brumaire 2026' is no date such as 2026-11-20",
    ",1.1,160,": "line 2: '' is no date such as 2026-11-20",
    "1998-12-31,1.1,160,": "line 2: 1998-12-31 lies before 1999, when there was no euro",
    "2026-11-20,1.1": "line 2: it has 2 cells, and the header 3",
    "2026-11-20,1.1,160,7,": "line 2: it has 5 cells, and the header 3",
    '2026-11-20,"1.1,160': "line 2: it cannot be divided into cells (unexpected end of data)",
}


@pytest.mark.parametrize(("line", "reason"), BAD_LINES.items(), ids=BAD_LINES.keys())
def test_a_bad_line_is_refused_and_the_others_are_read(line: str, reason: str) -> None:
    text = f"Date,USD,JPY,\n{line}\n2026-11-19,1.08,161,\n"
    assert rates(text) == {("USD", "2026-11-19"): "1.08", ("JPY", "2026-11-19"): "161"}
    assert reasons(text) == [reason]


def test_a_column_that_is_no_currency_is_refused_once() -> None:
    text = "Date,USD,Dollars,usd2,\n2026-11-20,1.1,2,3,\n2026-11-19,1.2,2,3,\n"
    assert rates(text) == {("USD", "2026-11-20"): "1.1", ("USD", "2026-11-19"): "1.2"}
    assert reasons(text) == [
        "column 3: 'Dollars' is no code of a currency, which has three letters",
        "column 4: 'usd2' is no code of a currency, which has three letters",
    ]


def test_of_two_different_rates_of_one_day_neither_is_believed_and_the_same_one_twice_is_fine() -> None:
    text = "Date,USD,JPY,\n2026-11-20,1.1,160,\n2026-11-20,1.2,160.0,\n2026-11-20,1.1,160,\n2026-11-19,1.08,N/A,\n"
    assert rates(text) == {("JPY", "2026-11-20"): "160", ("USD", "2026-11-19"): "1.08", ("JPY", "2026-11-19"): None}
    why = "it tells another rate of USD on 2026-11-20 than an earlier row, and neither is believed"
    assert reasons(text) == [f"line 3, USD: {why}"]


def test_the_euro_itself_is_not_kept() -> None:
    text = "Date,USD,EUR,\n2026-11-20,1.1,1,\n2026-11-19,1.2,1.0000,\n2026-11-18,1.3,2,\n"
    assert {currency for currency, _ in rates(text)} == {"USD"}
    assert reasons(text) == ["line 4, EUR: it tells another rate of the euro to itself than 1"]


def test_bad_cubes_are_refused_with_their_line() -> None:
    text = XML.replace("rate='62.560'", "rate='-1'").replace("currency='USD' rate='1.0696'", "currency='US' rate='2'")
    assert rates(text) == {("USD", "2024-06-28"): "1.0705"}
    assert reasons(text) == [
        "line 8, PHP: the rate '-1' is not above zero",
        "line 11, US: 'US' is no code of a currency, which has three letters",
    ]
    assert reasons(XML.replace("time='2024-06-27'", "time='yesterday'")) == [
        "line 11, USD: 'yesterday' is no date such as 2026-11-20"
    ]


def test_a_rate_has_twelve_digits_behind_the_point_and_more_are_rounded_half_away_from_zero() -> None:
    text = "Date,USD,JPY,GBP,\n2026-11-20,1.0876999999999999,0.0000000000005,1.5E-05,\n"
    assert [quote.rate for quote in parsed(text).quotes] == [
        Decimal("1.0877"),
        Decimal("0.000000000001"),
        Decimal("0.000015"),
    ]


@settings(deadline=None, max_examples=150)
@given(st.text(max_size=60))
@example('"')
@example("2026-11-20,USD,1.1,\x00")
@example("\u2028")
def test_whatever_stands_in_a_line_the_other_lines_are_read(line: str) -> None:
    """A quotation mark, a null character, half a character: all of them spoil nothing but their own line."""
    good = {("PHP", f"2026-11-{day:02}"): str(60 + day) for day in range(1, 9)}
    lines = [f"{day},{currency},{rate}" for (currency, day), rate in good.items()]
    found = rates("\n".join(["date,currency,rate", *lines[:4], line, *lines[4:]]))
    assert {key: rate for key, rate in found.items() if key in good} == good


# What is no file of rates

PAGE = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body></body></html>"


def _zip_of(*names: str, text: str = HISTORY) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, text)
    return held.getvalue()


HIST_ZIP = _zip_of("eurofxref-hist.csv", text=HISTORY * 50)
NONE_OF_OURS = {
    "nothing": ("", "rates.csv is damaged or breaks off (it is empty)", True),
    "blanks alone": ("\n \x1c\u2028\n", "rates.csv is damaged or breaks off (it is empty)", True),
    "a web page": (PAGE, "rates.csv is a web page and no file of exchange rates", True),
    "a web page in XML": (f'<?xml version="1.0"?>\n{PAGE}', "rates.csv is a web page", True),
    "half a zip": (HIST_ZIP[: len(HIST_ZIP) // 2], "rates.csv is damaged or breaks off (File is not a zip file)", True),
    "half of an XML": (XML[: len(XML) // 2], "rates.csv is damaged or breaks off (", True),
    "an encoding that nobody knows": (
        '<?xml version="1.0" encoding="none"?>\n<Cube/>',
        "rates.csv is damaged or",
        True,
    ),
    "an encoding of several bytes": ('<?xml version="1.0" encoding="big5"?>\n<Cube/>', "rates.csv is damaged or", True),
    "a column twice": (
        "date,currency,rate,Rate\n2026-11-20,USD,1.1,9.9\n",
        "begins with 'date, currency, rate,",
        False,
    ),
    "a header alone": ("Date,USD,JPY,\n", "(it has none)", False),
    "only N/A": ("Date,USD,\n2026-11-20,N/A,\n", "(it has none)", False),
    "only bad rows": (
        "date,currency,rate\n2026-11-20,USD,much\n",
        "(not one of its rates is sound: line 2: 'much' is no number with a decimal point)",
        False,
    ),
    "semicolons": ("date;currency;rate\n2026-11-20;USD;1,1\n", "begins with 'date;currency;rate'", False),
    "another table": ("name,amount\nAnn,3\n", "it begins with 'name, amount'", False),
    "JSON": ('{"rates": {"USD": 1.1}}', "no file of exchange rates that is known here", False),
    "another XML": ("<rss><channel/></rss>", "(an XML document without a Cube)", False),
    "entities": (
        '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><a>&c;</a>',
        "(an XML document with a DOCTYPE)",
        False,
    ),
    "two files in a zip": (_zip_of("a.csv", "b.csv"), "a zip with 2 files of .csv or .xml in it, not one", False),
    "no file in a zip": (_zip_of("readme.txt"), "a zip with 0 files of .csv or .xml in it, not one", False),
    "an image": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "no file of exchange rates that is known here", False),
}


@pytest.mark.parametrize(("content", "sentence", "retryable"), NONE_OF_OURS.values(), ids=NONE_OF_OURS.keys())
def test_what_is_no_file_of_rates_is_told_in_one_sentence(content: str | bytes, sentence: str, retryable: bool) -> None:
    with pytest.raises(FxError) as raised:
        parsed(content)
    assert sentence in str(raised.value)
    assert raised.value.retryable is retryable


def test_a_zip_is_never_unpacked_beyond_the_limit() -> None:
    bomb = _zip_of("bomb.csv", text="0" * 30_000_000)
    assert len(bomb) < 100_000
    tracemalloc.start()
    try:
        with pytest.raises(FxError, match="more than 1 MiB"):
            parse_file(bomb, about="rates.zip", limit=2**20)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_a_file_that_is_not_packed_has_the_same_limit() -> None:
    with pytest.raises(FxError, match="more than 1 MiB"):
        parse_file(b"0" * (2**20 + 1), about="rates.csv", limit=2**20)


def test_an_encrypted_zip_is_told() -> None:
    """Flag bit 0 of both of the file's headers says that a password is needed."""
    content = bytearray(_zip_of("rates.csv"))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(FxError, match="password required"):
        parsed(bytes(content))


@settings(deadline=None, max_examples=150)
@given(st.binary(max_size=300), st.sampled_from([b"", b"PK\x03\x04", b"<?xml", b"Date,USD\n", b"date,currency,rate\n"]))
def test_any_bytes_are_rates_or_one_error(content: bytes, begin: bytes) -> None:
    try:
        read = parse_file(begin + content, about="a file")
    except FxError:
        return
    assert all(isinstance(quote, Quote) for quote in read.quotes)


@settings(deadline=None, max_examples=150)
@given(st.integers(0, len(HIST_ZIP) - 1), st.integers(1, 255))
def test_a_zip_with_one_byte_changed_tells_the_same_rates_or_is_an_error(place: int, change: int) -> None:
    spoilt = bytearray(HIST_ZIP)
    spoilt[place] ^= change
    try:
        read = parse_file(bytes(spoilt), about="a file")
    except FxError:
        return
    assert read == parse_file(HIST_ZIP, about="a file")
