"""Days and months as whole numbers, since the engines agree on no arithmetic of dates.

Belongs here: the proleptic Gregorian calendar. A day is its ordinal (``date.toordinal``: 1 is 0001-01-01), a month is
``12 * year + month - 1``. Does not belong here: what is counted by them.

Days are counted as in http://howardhinnant.github.io/date_algorithms.html: a year that begins in March has its leap day
last.
"""

from datetime import date

import narwhals.stable.v2 as nw

from finance_ppm.transforms.portfolio import Frame

UNDATED = 12 * 1900
"""The month of amounts that belong to none: January 1900."""

_BEFORE_MARCH = 305
"""What an ordinal is less than the days since 0000-03-01."""
_CYCLE_MONTHS, _CYCLE_DAYS = 4_800, 146_097
"""400 years, after which the calendar repeats itself."""


def first_of(month: int) -> date:
    """The date of a month's first day, where the month is known beforehand."""
    return date(month // 12, month % 12 + 1, 1)


def month_number(day: date) -> int:
    """The number of the month of ``day``, where the day is known beforehand."""
    return 12 * day.year + day.month - 1


def month_of(day: nw.Expr) -> nw.Expr:
    """The number of the month of a date."""
    return day.dt.year().cast(nw.Int64) * 12 + day.dt.month().cast(nw.Int64) - 1


def ordinal(day: nw.Expr) -> nw.Expr:
    """The ordinal of a date."""
    years = day.dt.year().cast(nw.Int64) - 1
    leap_days = _whole(years, 4) - _whole(years, 100) + _whole(years, 400)
    return years * 365 + leap_days + day.dt.ordinal_day().cast(nw.Int64)


def first_ordinal(month: nw.Expr) -> nw.Expr:
    """The ordinal of a month's first day."""
    since_march = month - 2
    year = _whole(since_march, 12)
    leap_days = _whole(year, 4) - _whole(year, 100) + _whole(year, 400)
    return 365 * year + leap_days + _whole(153 * (since_march - 12 * year) + 2, 5) - _BEFORE_MARCH


def first_date(month: nw.Expr) -> nw.Expr:
    """The date of a month's first day."""
    year = _whole(month, 12)
    digits = 10_000 * year + 100 * (month - 12 * year + 1) + 1
    return digits.cast(nw.Int64).cast(nw.String).str.zfill(8).str.to_date("%Y%m%d")


def with_month(frame: Frame, *, of: str) -> Frame:
    """``frame`` with the ``month`` of the ordinal in the column ``of``.

    The mean length of a month leads to the right one, or to the one before it.
    """
    near = nw.col("_near")
    return (
        frame.with_columns(_near=_whole((nw.col(of) - 5) * _CYCLE_MONTHS, _CYCLE_DAYS) + 12)
        .with_columns(month=near + (first_ordinal(near + 1) <= nw.col(of)).cast(nw.Int64))
        .drop("_near")
    )


def fiscal_year(month: nw.Expr, *, starts_in: int) -> nw.Expr:
    """The fiscal year of a month, named after the calendar year it ends in."""
    return _whole(month + (13 - starts_in) % 12, 12).cast(nw.Int32)


def _whole(number: nw.Expr, by: int) -> nw.Expr:
    """``number`` by a constant, rounded down. A double is exact for all that a calendar holds, and SQL engines write a
    division of whole numbers out many times.
    """
    return (number / by).floor().cast(nw.Int64)
