"""Exchange rates as plain rows, and what applies of them recomputed with Python's fractions.

Shares no code with the product: this is the other side of the comparison.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random
from statistics import mean

import polars as pl

Published = tuple[str, date, Decimal | None]
"""Currency, day, and units of the currency for one euro; None where it was withdrawn."""


def fx_frame(published: Iterable[Published]) -> pl.DataFrame:
    schema = {"currency": pl.String(), "rate_date": pl.Date(), "rate": pl.Decimal(28, 12)}
    return pl.DataFrame(list(published), schema=schema, orient="row")


def random_rates(random: Random, currencies: Iterable[str], days: list[date]) -> list[Published]:
    """Rates of some of ``currencies``, on some days up to two months before each of ``days``, some withdrawn."""
    published: dict[tuple[str, date], Decimal | None] = {}
    for currency in currencies:
        for day in random.sample(days, k=random.randint(0, len(days))):
            for _ in range(random.randint(1, 4)):
                on = day - timedelta(days=random.choice([0, 0, 1, 2, 7, 8, 20, 35, 36, 60]))
                rate = Decimal(random.randint(10**5, 10**10)).scaleb(-random.choice([6, 8]))
                published[currency, on] = random.choice(
                    [rate, rate, rate, rate.quantize(Decimal("0.01")) or None, None]
                )
    return [(currency, day, rate) for (currency, day), rate in published.items()]


@dataclass(frozen=True)
class Rate:
    value: Fraction
    is_stale: bool = False


class Market:
    """What was published up to ``as_of``, as rates to ``reporting``."""

    def __init__(self, published: Iterable[Published], reporting: str, as_of: date) -> None:
        self.as_of = as_of
        per_euro = {
            (currency, day): Fraction(rate) for currency, day, rate in published if rate is not None and day <= as_of
        }
        per_euro |= {("EUR", day): Fraction(1) for _, day in per_euro}
        self.days: dict[str, dict[date, Fraction]] = {}
        for (currency, day), rate in per_euro.items():
            if (reporting, day) in per_euro and currency not in (reporting, "XXX"):
                self.days.setdefault(currency, {})[day] = per_euro[reporting, day] / rate

    def on(self, unit: str, day: date) -> Rate | None:
        for age in range(36):
            found = self.days.get(unit, {}).get(day - timedelta(days=age))
            if found is not None:
                return Rate(nine_digits(found), age > 7)
        return None

    def average(self, unit: str, month: date) -> Rate | None:
        of_month = [rate for day, rate in self.days.get(unit, {}).items() if day.replace(day=1) == month]
        if of_month:
            return Rate(nine_digits(mean(of_month)))
        last = (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        carried = self.on(unit, min(last, self.as_of)) if month <= self.as_of else None
        return Rate(carried.value, is_stale=True) if carried else None


def nine_digits(rate: Fraction) -> Fraction:
    exponent = 0
    while rate * Fraction(10) ** exponent < 10**8:
        exponent += 1
    while rate * Fraction(10) ** exponent >= 10**9:
        exponent -= 1
    return half_up(rate * Fraction(10) ** exponent) / Fraction(10) ** exponent


def times(amount: Decimal, rate: Rate) -> Decimal:
    """In cents, rounded half away from zero."""
    cents = half_up(abs(Fraction(amount)) * rate.value * 100)
    return Decimal(int(cents) if amount >= 0 else -int(cents)).scaleb(-2)


def half_up(positive: Fraction) -> Fraction:
    return Fraction((positive + Fraction(1, 2)).__floor__())
