"""Which rate applies to what, and what an amount then comes to."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache

from finance_ppm_tests.oracle.arithmetic import DAY, after, cents, first_of, rounded
from finance_ppm_tests.oracle.books import NO_CURRENCY, Books

LONGEST_AGE, FRESH = 35, 7
"""In days."""
SMALLEST_RATE, LARGEST_RATE = Fraction(1, 10**10), 10**9
LARGEST = 90 * 10**15
REASONS = ("unknown_currency", "no_budget_rate", "no_rate", "too_large")
"""Why an amount is left out of the reporting figures; where several hold, the first is told."""


@dataclass(frozen=True)
class Rate:
    """Units of the reporting currency for one of another."""

    value: Fraction
    is_stale: bool


@dataclass(frozen=True)
class Converted:
    """An amount in the reporting currency, or the reason why there is none."""

    value: Decimal
    constant: Decimal
    is_stale: bool
    reason: str | None = None


def nine_digits(value: Fraction) -> Fraction:
    """A positive number, rounded to nine significant digits."""
    scale = Fraction(1)
    while value * scale < 10**8:
        scale *= 10
    while value * scale >= 10**9:
        scale /= 10
    return rounded(value * scale) / scale


class Market:
    """The rates to one reporting currency that were known on one day."""

    def __init__(self, books: Books) -> None:
        self.as_of, self.reporting = books.as_of, books.reporting
        self._days: dict[str, dict[date, Fraction]] = {}
        for quote in books.quotes:
            if quote.rate is not None and quote.day <= books.as_of:
                self._days.setdefault(quote.currency, {})[quote.day] = Fraction(quote.rate)
        anything = {day for days in self._days.values() for day in days}
        if anything:
            self._days["EUR"] = dict.fromkeys(anything, Fraction(1))
        self._crossed = cache(self._cross)
        self.on = cache(self._on)
        self.average = cache(self._average)

    @property
    def currencies(self) -> set[str]:
        """Every currency of which a rate was published."""
        return set(self._days)

    def _cross(self, unit: str) -> dict[date, Fraction]:
        """The exact rate of each day on which both currencies have one."""
        target = self._days.get(self.reporting, {})
        crossed = {day: target[day] / rate for day, rate in self._days.get(unit, {}).items() if day in target}
        return {day: rate for day, rate in crossed.items() if SMALLEST_RATE <= rate < LARGEST_RATE}

    def _on(self, unit: str, day: date) -> Rate | None:
        crossed = self._crossed(unit)
        for age in range(LONGEST_AGE + 1):
            if (published := day - age * DAY) in crossed:
                return Rate(nine_digits(crossed[published]), age > FRESH)
        return None

    def _average(self, unit: str, month: date) -> Rate | None:
        crossed = self._crossed(unit)
        known = [rate for day, rate in crossed.items() if first_of(day) == month]
        if known:
            return Rate(nine_digits(sum(known, Fraction(0)) / len(known)), is_stale=False)
        last = self.on(unit, min(after(month) - DAY, self.as_of))
        return last and Rate(last.value, is_stale=True)

    def closing(self, unit: str) -> Rate | None:
        """The rate of the as-of day."""
        return self.on(unit, self.as_of)

    def budget(self, unit: str, start: date | None) -> Rate | None:
        """The rate of the project's start, or of the as-of day where that is earlier."""
        return self.on(unit, min(start, self.as_of)) if start else None

    def convert(self, amount: Decimal, unit: str, own: Rate | None, budget: Rate | None) -> Converted:
        """``amount`` at its own rate and at the budget rate."""
        if unit == self.reporting:
            return Converted(amount, amount, is_stale=False)
        zero = Decimal("0.00")
        if unit == NO_CURRENCY or not self._crossed(unit):
            return Converted(zero, zero, is_stale=False, reason="unknown_currency")
        if budget is None:
            return Converted(zero, zero, is_stale=False, reason="no_budget_rate")
        if own is None:
            return Converted(zero, zero, is_stale=False, reason="no_rate")
        exact = [Fraction(amount) * rate.value for rate in (own, budget)]
        if max(map(abs, (Fraction(amount), *exact))) > LARGEST:
            return Converted(zero, zero, is_stale=False, reason="too_large")
        value, constant = map(cents, exact)
        return Converted(value, constant, own.is_stale or budget.is_stale)
