"""Numbers and dates as ledgers write them: decimal comma or point, thousands apart, a currency, day or month first.

Which of two ways a file follows is told by those of its values that can be read in one way alone; where none tells, or
two contradict each other, the reader is asked, and nothing is guessed: ``1,234`` is a thousand or a little more than
one.

Belongs here: texts to values. Does not belong here: files and rows (``file``).
"""

import re
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import TypeVar

from finance_ppm.currencies import ISO_4217

DIGITS, DECIMALS = 16, 2
"""Digits before and behind the point that an amount may have, as in silver."""

_APART = "' \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}\N{RIGHT SINGLE QUOTATION MARK}"
"""What may stand between thousands, besides the comma or point that is not the decimal one."""

_MINUS = "\N{MINUS SIGN}"


CURRENCIES_OF = {
    "$": (
        *(
            "USD",
            "ARS",
            "AUD",
            "BBD",
            "BMD",
            "BND",
            "BSD",
            "BZD",
            "CAD",
            "CLP",
            "COP",
            "CUP",
            "DOP",
            "FJD",
            "GYD",
            "HKD",
        ),
        *("JMD", "KYD", "LRD", "MXN", "NAD", "NZD", "SBD", "SGD", "SRD", "TTD", "TWD", "UYU", "XCD"),
    ),
    "€": ("EUR",),
    "£": ("GBP", "EGP", "FKP", "GIP", "LBP", "SHP", "SSP", "SYP"),
    "¥": ("JPY", "CNY"),
    "₱": ("PHP",),
    "₹": ("INR",),
    "₩": ("KRW", "KPW"),
    "₫": ("VND",),
    "₪": ("ILS",),
    "₦": ("NGN",),
    "₴": ("UAH",),
    "₺": ("TRY",),
    "₽": ("RUB",),
    "฿": ("THB",),
}
"""The currencies that a sign stands for, the first of them where nothing else tells: the narrow symbols of Unicode's
CLDR (https://www.unicode.org/cldr/charts/latest/by_type/numbers.currencies.html)."""

_CURRENCY = f"[A-Za-z]{{3}}|[{''.join(CURRENCIES_OF)}]"
_WITH_CURRENCY = (
    re.compile(rf"(?P<before>[-+(\s]*)(?P<currency>{_CURRENCY})(?P<after>.*)"),
    re.compile(rf"(?P<before>.*?)(?P<currency>{_CURRENCY})(?P<after>[-+)\s]*)"),
)
"""An amount with its currency before or behind it, within or without its sign: ``-$5``, ``$-5``, ``(5 EUR)``."""


class Mark(StrEnum):
    """What stands before an amount's cents."""

    POINT = "point"
    COMMA = "comma"


class DayOrder(StrEnum):
    """What comes first in a date with slashes, such as 03/04/2026."""

    DAY_FIRST = "day-first"
    MONTH_FIRST = "month-first"


class UnclearError(Exception):
    """Values do not tell how they are written. Holds the places, from 0, of one that can be read both ways, or of two
    that contradict each other.
    """

    def __init__(self, *places: int) -> None:
        super().__init__(places)
        self.places = places


def mark_of(amounts: Iterable[str]) -> Mark:
    """The decimal mark that a file's amounts are written with; raises :class:`UnclearError`."""
    return _told(amounts, Mark, _number)


def order_of(days: Iterable[str]) -> DayOrder:
    """Whether a file's dates with slashes name the day first; raises :class:`UnclearError`."""
    return _told(days, DayOrder, _date)


def amount_of(text: str, mark: Mark) -> Decimal:
    """An amount, exact. Minus may stand before or behind it, or be parentheses; a currency is left out.

    Raises ``ValueError``, with words that end a sentence, for what is no amount.
    """
    number = _number(text, mark)
    if number is None:
        raise ValueError(f"{text.strip()!r} is not an amount with a decimal {mark}")
    cents = number.quantize(Decimal(1).scaleb(-DECIMALS)) if number.adjusted() < DIGITS else None
    if cents is None:
        raise ValueError(f"{text.strip()!r} has more than {DIGITS} digits before its cents")
    if cents != number:
        raise ValueError(f"{text.strip()!r} has more than {DECIMALS} decimals")
    return cents


def currencies_of(text: str) -> tuple[str, ...]:
    """The currencies that an amount may be in by the code or the sign beside it; empty where there is neither."""
    _, told = _without_currency(text)
    return currencies_called(told)


def currencies_called(told: str) -> tuple[str, ...]:
    """The currencies that a code of ISO 4217, in capitals or not, or a sign stands for; empty for anything else."""
    code = told.upper()
    return (code,) if code in ISO_4217 else CURRENCIES_OF.get(told, ())


def day_of(text: str, order: DayOrder) -> date:
    """A date: ``2026-10-31``, ``2026/10/31``, ``20261031``, ``31.10.2026``, and ``31/10/2026`` or ``10/31/2026``. A
    time of day behind it is left out.

    Raises ``ValueError``, with words that end a sentence, for what is no date.
    """
    day = _date(text, order)
    if day is None:
        raise ValueError(f"{text.strip()!r} is not a date: write it as 2026-10-31")
    return day


Way = TypeVar("Way", Mark, DayOrder)


def _told(texts: Iterable[str], ways: Iterable[Way], read: Callable[[str, Way], object | None]) -> Way:
    """The way in which every text can be read that can be read in one alone; the first where it makes no difference."""
    one, other = ways
    first: dict[Way, int] = {}
    undecided: int | None = None
    for place, text in enumerate(texts):
        by_one, by_other = read(text, one), read(text, other)
        if by_one == by_other:
            continue
        if by_one is None or by_other is None:
            first.setdefault(one if by_other is None else other, place)
        elif undecided is None:
            undecided = place
    if len(first) > 1:
        raise UnclearError(*sorted(first.values()))
    if not first and undecided is not None:
        raise UnclearError(undecided)
    return next(iter(first), one)


def _number(text: str, mark: Mark) -> Decimal | None:
    """The number, of however many digits; None where there is none."""
    bare, _ = _without_currency(text)
    unsigned, is_negative = _unsigned(bare)
    found = _written(mark).fullmatch(unsigned)
    if found is None:
        return None
    number = Decimal(f"{re.sub('[^0-9]', '', found['whole']) or '0'}.{found['fraction'] or '0'}")
    return number.copy_negate() if is_negative and number else number


def _without_currency(text: str) -> tuple[str, str]:
    """An amount without its currency, and that: a code of ISO 4217 or a sign; empty where there is none."""
    text = text.strip().replace(_MINUS, "-")
    if not text or (text[0].isdigit() and text[-1].isdigit()):
        return text, ""
    for written in _WITH_CURRENCY:
        found = written.fullmatch(text)
        if found and currencies_called(found["currency"]):
            return f"{found['before'].strip()}{found['after'].strip()}", found["currency"]
    return text, ""


def _unsigned(text: str) -> tuple[str, bool]:
    """The text of an amount without its sign, and whether it is negative."""
    if text.startswith("(") and text.endswith(")"):
        return text[1:-1].strip(), True
    if text.startswith(("-", "+")):
        return text[1:].strip(), text[0] == "-"
    return text.removesuffix("-").strip(), text.endswith("-")


@cache
def _written(mark: Mark) -> re.Pattern[str]:
    """An amount without its sign, whose thousands stand apart or not; above them hundreds may, as in 12,34,567."""
    decimal, other = (r"\.", ",") if mark is Mark.POINT else (",", ".")
    grouped = f"[1-9][0-9]{{0,2}}(?P<apart>[{other}{_APART}])(?:[0-9]{{2,3}}(?P=apart))*[0-9]{{3}}"
    return re.compile(f"(?=.*[0-9])(?P<whole>{grouped}|[0-9]*)(?:{decimal}(?P<fraction>[0-9]*))?")


def _date(text: str, order: DayOrder) -> date | None:
    text = text.strip()
    found = next(filter(None, (pattern.fullmatch(text) for pattern in (*_DATED, _SLASHED[order]))), None)
    try:
        return date(int(found["year"]), int(found["month"]), int(found["day"])) if found else None
    except ValueError:  # the 31st of a month that has none
        return None


_YEAR, _MONTH, _DAY = "(?P<year>[0-9]{4})", "(?P<month>[0-9]{1,2})", "(?P<day>[0-9]{1,2})"
_TIME = (
    "(?:(?:T|,? )(?:[01]?[0-9]|2[0-4]):[0-5][0-9](?::[0-5][0-9](?:[.,][0-9]+)?)?"
    "(?: ?[AaPp][Mm])?(?: ?(?:Z|UTC|[-+][0-9]{2}:?[0-9]{2}))?)?"
)
_DATED = tuple(
    re.compile(f"{pattern}{_TIME}")
    for pattern in (
        f"{_YEAR}-{_MONTH}-{_DAY}",
        f"{_YEAR}/{_MONTH}/{_DAY}",
        "(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})",
        rf"{_DAY}\.{_MONTH}\.{_YEAR}",
    )
)
_SLASHED = {
    DayOrder.DAY_FIRST: re.compile(f"{_DAY}[/-]{_MONTH}[/-]{_YEAR}{_TIME}"),
    DayOrder.MONTH_FIRST: re.compile(f"{_MONTH}[/-]{_DAY}[/-]{_YEAR}{_TIME}"),
}
