"""Figures as a reader sees them: rounded so that every engine shows the same digits, and put into words.

Belongs here: rounding and wording of single figures. Does not belong here: which figure it is (``scores``), nor the
sentence around it (``conditions``).
"""

from decimal import Decimal

import narwhals.stable.v2 as nw

from finance_ppm.transforms.numeric import Digits, product, quotient, ratio
from finance_ppm.transforms.shares import NO_CURRENCY

TOTAL = Digits(26, 2)
"""Sums of amounts, as they are compared with thresholds."""

_HUNDRED = nw.lit(Decimal("100.00"))
_PERCENT = Digits(5, 2)

_NUDGE = 1e-6
"""Far above the last digits of a double, on which the engines' divisions and powers differ, and far below any digit
that is shown: what is a tie in truth goes up on each of them."""

_SHOWN = 10**9
"""Beyond this, digits after the point mean nothing."""


def beyond(part: nw.Expr, limit: Decimal, whole: nw.Expr) -> nw.Expr:
    """Whether the amount ``part`` is more than ``limit`` percent of the amount ``whole``, exact."""
    return product(part, _HUNDRED, left_digits=TOTAL, right_digits=_PERCENT) > product(
        whole, exactly(limit), left_digits=TOTAL, right_digits=_PERCENT
    )


def exactly(threshold: Decimal) -> nw.Expr:
    """A threshold with its two digits after the point, however it is written: no engine reads ``1E+1``."""
    return nw.lit(threshold.quantize(Decimal("0.01")))


def tenths(value: nw.Expr) -> nw.Expr:
    """A double as a whole number of tenths, the nearest, of two the higher: an ``Int64``."""
    return _whole(value * 10 + 0.5 + _NUDGE)


def tenths_up(value: nw.Expr) -> nw.Expr:
    """A double as a whole number of tenths, the next above: so 10.04, which is beyond 10, reads 10.1."""
    return -_whole(_NUDGE - value * 10)


def shown_ratio(value: nw.Expr) -> nw.Expr:
    """A double rounded to six digits after the point, of two the higher."""
    return nw.when(value.abs() < _SHOWN).then(scaled(_whole(value * 10**6 + 0.5 + _NUDGE), 6)).otherwise(value)


def scaled(whole: nw.Expr, digits: int) -> nw.Expr:
    """A whole number of tenths, hundredths, ... as the double nearest to it: what a reader sees.

    Polars multiplies where it is to divide by a constant, which may be a last digit off; rounding mends that.
    """
    return (whole.cast(nw.Float64) / 10.0**digits).round(digits)


def mean_of_tenths(total: nw.Expr, divisor: nw.Expr) -> nw.Expr:
    """``total`` (tenths, not negative) by ``divisor``: the nearest tenth, of two the higher; null where it is 0."""
    never_zero = nw.when(divisor > 0).then(divisor).otherwise(nw.lit(1, nw.Int64))
    return nw.when(divisor > 0).then(quotient(total * 2 + never_zero, never_zero * 2))


def said(*pieces: str | nw.Expr) -> nw.Expr:
    """Words and figures, one after the other; a figure that is null is left out.

    (To make the whole null instead, SQL would repeat every piece, and again for each sentence it is part of.)
    """
    return nw.concat_str([nw.lit(piece) if isinstance(piece, str) else piece for piece in pieces], ignore_nulls=True)


def in_words(number: nw.Expr) -> nw.Expr:
    """A whole number of tenths, not negative, as text: ``12.3``."""
    return said((number // 10).cast(nw.String), ".", (number % 10).cast(nw.String))


def percent(part: nw.Expr, whole: nw.Expr) -> nw.Expr:
    """``part`` by ``whole`` in percent, as text: the nearest tenth."""
    return in_words(tenths(ratio(part, whole) * 100))


def percent_up(part: nw.Expr, whole: nw.Expr) -> nw.Expr:
    """The same, the next tenth above."""
    return in_words(tenths_up(ratio(part, whole) * 100))


def money_in_words(amount: nw.Expr) -> nw.Expr:
    """An amount with the currency of its row, where that is known: ``12.30 EUR``."""
    unit = nw.col("unit")
    return said(amount.cast(nw.String), nw.when(unit != NO_CURRENCY).then(said(" ", unit)))


def counted(number: nw.Expr, one: str, many: str) -> nw.Expr:
    """``1 day``, ``2 days``."""
    return said(number.cast(nw.String), nw.when(number == 1).then(nw.lit(f" {one}")).otherwise(nw.lit(f" {many}")))


def plain(threshold: Decimal | int) -> str:
    """A threshold as it is quoted: without zeros at its end."""
    return f"{Decimal(threshold).normalize():f}"


def _whole(value: nw.Expr) -> nw.Expr:
    """The whole number at or below a double; cut where no ``Int64`` would hold it, or nobody would read it."""
    return value.clip(-1e15, 1e15).floor().cast(nw.Int64)
