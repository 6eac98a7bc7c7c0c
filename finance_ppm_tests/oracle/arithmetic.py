"""Cents, months, and spreading cents over months."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

UNDATED = date(1900, 1, 1)
ZERO = Decimal("0.00")
DAY = timedelta(days=1)


def rounded(value: Fraction) -> int:
    """The nearest whole number; of two equally near the one further from zero."""
    whole, rest = divmod(abs(value.numerator), value.denominator)
    whole += 2 * rest >= value.denominator
    return whole if value >= 0 else -whole


def of_cents(number: int) -> Decimal:
    """``number`` cents."""
    return Decimal(number).scaleb(-2)


def cents(value: Fraction | Decimal) -> Decimal:
    """Money of two digits, rounded half away from zero."""
    return of_cents(rounded(Fraction(value) * 100))


def first_of(day: date) -> date:
    """The first of the day's month."""
    return day.replace(day=1)


def after(month: date, count: int = 1) -> date:
    """The month ``count`` months after ``month``; before it where that is negative."""
    years, index = divmod(month.month - 1 + count, 12)
    return date(month.year + years, index + 1, 1)


def months_between(first: date, last: date) -> int:
    """How many months the month of ``last`` comes after that of ``first``."""
    return (last.year - first.year) * 12 + last.month - first.month


def label(period: date) -> str:
    """``2026-11``, or ``undated``."""
    return "undated" if period == UNDATED else f"{period:%Y-%m}"


def fiscal_year(period: date, start_month: int) -> int | None:
    """The calendar year in which the period's fiscal year ends."""
    if period == UNDATED:
        return None
    return period.year + (start_month > 1 and period.month >= start_month)


def days_by_month(first: date, last: date) -> dict[date, int]:
    """How many of the days from ``first`` to ``last`` each month has."""
    months = [after(first, count) for count in range(months_between(first, last) + 1)]
    return {month: (min(after(month) - DAY, last) - max(month, first)).days + 1 for month in months}


def spread(amount: Decimal, first: date, last: date) -> dict[date, Decimal]:
    """``amount`` over the days from ``first`` to ``last``, by month, to the cent."""
    if amount < 0:
        return {month: -part for month, part in spread(-amount, first, last).items()}
    days = days_by_month(first, last)
    total, length = int(amount * 100), sum(days.values())
    parts = {month: divmod(total * count, length) for month, count in days.items()}
    left_over = total - sum(part for part, _ in parts.values())
    by_remainder = sorted(parts, key=lambda month: (-parts[month][1], month))
    one_more = set(by_remainder[:left_over])
    return {month: of_cents(part + (month in one_more)) for month, (part, _) in parts.items()}
