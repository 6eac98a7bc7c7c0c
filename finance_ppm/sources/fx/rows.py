"""What is read: rates, and the rows that are none, each with the reason.

Belongs here: what a sound rate is, and what becomes of one that is told twice. How a file tells them is the parsers'.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache
from typing import NamedTuple

EURO = "EUR"

DIGITS = 12
"""Digits behind the point that are kept; more are rounded, half away from zero."""

_STEP = Decimal(1).scaleb(-DIGITS)
_TOO_LARGE = Decimal(10) ** 16
_EXACT = Context(prec=60)

_NO_RATE = frozenset({"", "N/A"})
"""How a file says that there is no rate."""

_NUMBER = re.compile(r"[+-]?[0-9]{1,30}(?:\.[0-9]{0,40})?(?:[eE][+-]?[0-9]{1,2})?")
_CODE = re.compile(r"[A-Z]{3}")
_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WORDED_DAY = re.compile(r"([0-9]{1,2}) ([A-Za-z]+) ([0-9]{4})")
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)


class Quote(NamedTuple):
    """What one euro costs in a currency on a day; ``rate`` None where the file says that there is no rate."""

    currency: str
    """ISO 4217 code, never that of the euro."""
    rate_date: date
    rate: Decimal | None
    """Above zero, below 10^16, of at most twelve digits behind the point."""


class Refused(NamedTuple):
    """A row, or a cell of one, that tells no rate that can be believed."""

    where: str
    """The line, and the currency where the line tells several."""
    reason: str

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}"


@dataclass(frozen=True)
class Parsed:
    """What a file holds: each currency and day once."""

    quotes: tuple[Quote, ...]
    refused: tuple[Refused, ...]

    @property
    def newest(self) -> date | None:
        """The newest day that has a rate."""
        return max((quote.rate_date for quote in self.quotes if quote.rate is not None), default=None)


class UnsoundError(ValueError):
    """A cell that cannot be believed; the message is the reason, as a part of a sentence."""


class Gathering:
    """Rates as they are met. Of rates of one currency and day that contradict each other none is believed."""

    def __init__(self) -> None:
        self._rates: dict[tuple[str, date], Decimal | None] = {}
        self._contradicted: set[tuple[str, date]] = set()
        self._settled: frozenset[tuple[str, date]] = frozenset()
        self._refused: list[Refused] = []

    def add(self, currency: str, day: date, rate: Decimal | None) -> None:
        """A rate above zero, rounded to what is kept. The euro's own is 1 and is passed over.

        Raises :class:`UnsoundError` where it cannot be kept, or contradicts an earlier one.
        """
        key = (currency, day)
        if currency == EURO:
            if rate not in {None, Decimal(1)}:
                raise UnsoundError("it tells another rate of the euro to itself than 1")
        elif key not in self._settled:
            kept = None if rate is None else _kept(rate)
            if self._rates.setdefault(key, kept) != kept:
                self._contradicted.add(key)
                raise UnsoundError(
                    f"it tells another rate of {currency} on {day} than an earlier row, and neither is believed"
                )

    def refuse(self, where: str, reason: str) -> None:
        """A row that is put aside."""
        self._refused.append(Refused(where, reason))

    def settle(self) -> None:
        """What was told so far comes before what is told from now on of the same currency and day."""
        self._settled = frozenset(self._rates)

    def rate(self, currency: str, day: date) -> Decimal | None:
        """The rate that was told, if one was and none contradicts it."""
        key = (currency, day)
        return None if key in self._contradicted else self._rates.get(key)

    def parsed(self) -> Parsed:
        """Everything that was gathered."""
        return Parsed(tuple(self._quotes()), tuple(self._refused))

    def _quotes(self) -> Iterator[Quote]:
        for (currency, day), rate in self._rates.items():
            if (currency, day) not in self._contradicted:
                yield Quote(currency, day, rate)


def currency_of(told: str) -> str:
    """A currency's code, however its letters are written. Raises :class:`UnsoundError`."""
    code = told.upper()
    if not _CODE.fullmatch(code):
        raise UnsoundError(f"{_quoted(told)} is no code of a currency, which has three letters")
    return code


@lru_cache(maxsize=20_000)
def day_of(told: str) -> date:
    """``2026-11-20``, or ``20 November 2026``. Raises :class:`UnsoundError`; also for days before the euro."""
    day = _date_of(told)
    if day is None:
        raise UnsoundError(f"{_quoted(told)} is no date such as 2026-11-20")
    if day.year < 1999:
        raise UnsoundError(f"{day} lies before 1999, when there was no euro")
    return day


def rate_of(told: str) -> Decimal | None:
    """A rate above zero, or None for ``N/A`` and for nothing at all. Raises :class:`UnsoundError`."""
    if told in _NO_RATE:
        return None
    if not _NUMBER.fullmatch(told):
        raise UnsoundError(f"{_quoted(told)} is no number with a decimal point")
    rate = Decimal(told)
    if rate <= 0:
        raise UnsoundError(f"the rate {_quoted(told)} is not above zero")
    return rate


def _date_of(told: str) -> date | None:
    try:
        if _ISO_DAY.fullmatch(told):
            return date.fromisoformat(told)
        found = _WORDED_DAY.fullmatch(told)
        return found and date(int(found[3]), _MONTHS.index(found[2].lower()) + 1, int(found[1]))
    except ValueError:
        return None


def _kept(rate: Decimal) -> Decimal:
    """The rate with the digits that are kept. Raises :class:`UnsoundError` where they cannot hold it."""
    if rate < _TOO_LARGE:
        exponent = rate.as_tuple().exponent
        assert isinstance(exponent, int)
        rate = rate if exponent >= -DIGITS else rate.quantize(_STEP, ROUND_HALF_UP, _EXACT)
    if rate >= _TOO_LARGE:
        raise UnsoundError("the rate is too large to be kept")
    if not rate:
        raise UnsoundError(f"the rate is too small to be kept with {DIGITS} digits behind the point")
    return rate


def _quoted(told: str) -> str:
    """What was told, cut short: it may be anything."""
    return repr(told if len(told) <= 40 else f"{told[:40]}...")
