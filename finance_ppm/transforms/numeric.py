"""The numeric rules that make Polars, DuckDB and Spark agree to the last cent.

Belongs here: arithmetic on which the engines differ, written once so that they do not. Does not belong here:
what is computed with it. Measured with polars 2.1, duckdb 2.0, pyspark 4.2:

- decimal times decimal: Polars keeps only the larger scale; Spark cuts the scale of wide results;
- casting to a smaller scale: Polars rounds half to even, the others half away from zero;
- integer division: Spark goes through a double, which holds only 53 bits;
- decimal division and means: each engine has its own type for them. There are none here.
"""

from dataclasses import dataclass
from decimal import Decimal

import narwhals.stable.v2 as nw

MONEY = nw.Decimal(38, 2)
"""Amounts while they are summed, and in gold: wide enough that no sum overflows."""

_MAX_PRECISION = 38


@dataclass(frozen=True)
class Digits:
    """A decimal's declared size: ``precision`` digits in all, ``scale`` of them after the point."""

    precision: int
    scale: int


AMOUNT = Digits(18, 2)
"""Amounts as silver holds them."""


def product(left: nw.Expr, right: nw.Expr, *, left_digits: Digits, right_digits: Digits) -> nw.Expr:
    """``left`` times ``right``, exact: a ``DECIMAL(38, left scale + right scale)``.

    Both are cast to the digits they are declared with. Raises ``ValueError`` where an engine could not hold
    every digit of the result.
    """
    scale = left_digits.scale + right_digits.scale
    widened = Digits(left_digits.precision + right_digits.scale, scale)
    if widened.precision + right_digits.precision + 1 > _MAX_PRECISION:
        raise ValueError(f"{left_digits} times {right_digits} does not fit {_MAX_PRECISION} digits on every engine.")
    exact = left.cast(nw.Decimal(widened.precision, scale)) * right.cast(
        nw.Decimal(right_digits.precision, right_digits.scale)
    )
    return exact.cast(nw.Decimal(_MAX_PRECISION, scale))


def cents(value: nw.Expr, *, scale: int) -> nw.Expr:
    """``value``, which has at most ``scale`` digits after the point, rounded to cents half away from zero.

    A step of one more digit away from zero leaves no ties for the engines to disagree on, and reaches no
    other rounding boundary.
    """
    finer = scale + 1
    exact = value.cast(nw.Decimal(_MAX_PRECISION, finer))
    step = Decimal(1).scaleb(-finer)
    nudge = nw.when(value < 0).then(nw.lit(-step)).otherwise(nw.lit(step)).cast(nw.Decimal(finer + 1, finer))
    return (exact + nudge).cast(MONEY)


def share_to_the_cent(amount: nw.Expr, *, parts: nw.Expr, rank: nw.Expr) -> nw.Expr:
    """The share of ``amount`` that falls to the ``rank``-th (from 1) of ``parts`` equal parts, as :data:`MONEY`.

    Cents that do not divide go one each to the first ranks, so the shares add up to ``amount``. A negative
    amount is split as its opposite is: a credit takes back from each what the invoice gave it. ``amount`` has
    the digits of :data:`AMOUNT`, so its cents fit an ``Int64``.
    """
    whole = in_cents(amount)
    size = whole.abs()
    each = quotient(size, parts)
    share = each + nw.when(rank <= size - each * parts).then(nw.lit(1)).otherwise(nw.lit(0))
    return from_cents(nw.when(whole < 0).then(-share).otherwise(share))


def in_cents(amount: nw.Expr) -> nw.Expr:
    """``amount``, which has the digits of :data:`AMOUNT`, as a whole number of cents: an ``Int64``."""
    return (amount.cast(MONEY) * nw.lit(100)).cast(nw.Int64)


def from_cents(whole: nw.Expr) -> nw.Expr:
    """A whole number of cents as :data:`MONEY`."""
    exact = product(
        whole.cast(nw.Decimal(19, 0)), nw.lit(Decimal("0.01")), left_digits=Digits(19, 0), right_digits=Digits(3, 2)
    )
    return exact.cast(MONEY)


def quotient(dividend: nw.Expr, divisor: nw.Expr) -> nw.Expr:
    """The whole quotient of two ``Int64``, neither of them negative.

    Spark's first may be some units off; what it leaves over is small enough for a double to be exact.
    """
    estimate = dividend // divisor
    return estimate + (dividend - estimate * divisor) // divisor
