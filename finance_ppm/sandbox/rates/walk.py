"""What is published: a random walk for each currency, a step each business day, and what is done to it.

Belongs here: which rate is told of which day, and from when on. How a file looks is ``files``'s.
"""

import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from random import Random
from threading import Lock
from typing import Final

from finance_ppm.sandbox.rates.currencies import CURRENCIES, FIRST_DAY

PUBLISHED_AT: Final = time(15, tzinfo=UTC)
"""16:00 CET; the sandbox knows no summer time."""

_PULL: Final = 0.004
"""Share of the way back to its level that a rate goes each day: it strays by some 5 % and stays believable."""

_CLOSED: Final = frozenset({(1, 1), (5, 1), (12, 25), (12, 26)})
"""Days on which the euro's payment system is closed, month and day. Good Friday and Easter Monday are left out."""

Rates = dict[str, str]
"""Currency to rate, with its digits, in the order of the files."""


class Published:
    """The rates from the day ``since`` on, with what was corrected or withdrawn. Safe to share among threads."""

    def __init__(self, seed: int, since: date = FIRST_DAY) -> None:
        self._seed = seed
        self._since = since
        self._edits: dict[date, dict[str, str | None]] = {}
        self._lock = Lock()
        self.edits = 0
        """How often something was corrected or withdrawn."""

    def correct(self, currency: str, day: date, rate: Decimal | None) -> None:
        """From now on the rate of that day is another one; with None there is none. The day must be a business day.

        Raises ValueError for a currency or a day that is never told.
        """
        if currency not in {known.code for known in CURRENCIES}:
            raise ValueError(f"{currency} is not among the currencies of the reference rates.")
        if not is_business_day(day):
            raise ValueError(f"There are no rates of {day}: it is no business day.")
        with self._lock:
            self._edits.setdefault(day, {})[currency] = None if rate is None else f"{rate:f}"
            self.edits += 1

    def newest(self, now: datetime) -> date:
        """The day of the newest rates that are told at ``now``."""
        day = now.astimezone(UTC).date()
        if now.astimezone(UTC).timetz() < PUBLISHED_AT:
            day -= timedelta(days=1)
        while not is_business_day(day):
            day -= timedelta(days=1)
        return day

    def days(self, now: datetime, *, since: date = FIRST_DAY) -> list[tuple[date, Rates]]:
        """The rates told at ``now``, the newest day first."""
        newest, since = self.newest(now), max(since, self._since)
        walked = _walked(self._seed, newest.year)
        return [(day, self._edited(day, walked[day])) for day in reversed(walked) if since <= day <= newest]

    def _edited(self, day: date, rates: Rates) -> Rates:
        with self._lock:
            edits = dict(self._edits.get(day, {}))
        if not edits:
            return rates
        told = {**rates, **edits}
        return {known.code: rate for known in CURRENCIES if (rate := told.get(known.code)) is not None}


def is_business_day(day: date) -> bool:
    """Whether rates of that day are published."""
    return day >= FIRST_DAY and day.weekday() < 5 and (day.month, day.day) not in _CLOSED


@cache
def _walked(seed: int, year: int) -> dict[date, Rates]:
    """The rates of every business day up to the end of a year. A later year has the same rates before it."""
    walks = [(known, _walk(Random(f"{seed} {known.code}"), known.liveliness)) for known in CURRENCIES]  # noqa: S311 - a play, no secret
    rates: dict[date, Rates] = {}
    for number in range(FIRST_DAY.toordinal(), date(year, 12, 31).toordinal() + 1):
        day = date.fromordinal(number)
        if is_business_day(day):
            steps = [(known, next(walk)) for known, walk in walks]
            rates[day] = {
                known.code: f"{known.level * math.exp(step):.{known.digits}f}"
                for known, step in steps
                if known.quoted_on(day)
            }
    return rates


def _walk(random: Random, liveliness: float) -> Iterator[float]:
    """How far the rate is from its level, as a logarithm, day by day."""
    place = 0.0
    while True:
        yield place
        place = place * (1 - _PULL) + (random.gauss(0.0, liveliness) if liveliness else 0.0)
