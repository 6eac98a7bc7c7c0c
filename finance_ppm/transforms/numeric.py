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
from typing import Any

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
    """A whole number of cents, an ``Int64``, as :data:`MONEY`: with no places of its own, it takes on those of 0.01."""
    return (whole.cast(nw.Decimal(19, 0)) * nw.lit(Decimal("0.01")).cast(nw.Decimal(3, 2))).cast(MONEY)


def quotient(dividend: nw.Expr, divisor: nw.Expr) -> nw.Expr:
    """The whole quotient of two ``Int64``, neither of them negative, the divisor below 2^53.

    A double's guess may be some units off; what it leaves over is small enough for a double to be exact. The engines'
    own division of whole numbers goes through a double too (Spark), or is written out eight times (DuckDB).
    """
    estimate = (dividend / divisor).floor().cast(nw.Int64)
    return estimate + ((dividend - estimate * divisor) / divisor).floor().cast(nw.Int64)


def multiple(amount: nw.Expr, times: nw.Expr | int) -> nw.Expr:
    """``amount``, of at most 28 digits, times a whole number of at most seven, exact, as :data:`MONEY`."""
    number = nw.lit(times) if isinstance(times, int) else times
    return product(amount, number.cast(nw.Decimal(7, 0)), left_digits=Digits(28, 2), right_digits=Digits(7, 0)).cast(
        MONEY
    )


def whole_division(frame: nw.LazyFrame[Any], amount: nw.Expr, *, by: nw.Expr) -> nw.LazyFrame[Any]:
    """``frame`` with the ``quotient`` (:data:`MONEY`) and ``remainder`` (cents, an ``Int64``) of ``amount``'s size.

    ``amount``, of whatever sign, has at most 28 digits; ``by`` is an ``Int64`` from 1 to 9 million. As on paper, in two
    places of base 10^12, each of which fits an ``Int64`` with what the one before it leaves over. A double only guesses
    where they part: whatever it guesses, nothing is lost.
    """
    size, high, low, upper, rest, lower = (nw.col(f"_{name}") for name in _DIVISION)
    return (
        frame.with_columns(_size=amount.abs().cast(MONEY), _by=by)
        .with_columns(_high=(size.cast(nw.Float64) / 10.0**10).floor().cast(nw.Int64))
        .with_columns(_low=in_cents(size - _times_ten_billion(high)))
        .with_columns(_high=high - (low < 0).cast(nw.Int64), _low=low + 10**12 * (low < 0).cast(nw.Int64))
        .with_columns(_upper=quotient(high, nw.col("_by")))
        .with_columns(_rest=(high - upper * nw.col("_by")) * 10**12 + low)
        .with_columns(_lower=quotient(rest, nw.col("_by")))
        .with_columns(quotient=_times_ten_billion(upper) + from_cents(lower), remainder=rest - lower * nw.col("_by"))
        .drop("_by", *(f"_{name}" for name in _DIVISION))
    )


_DIVISION = ("size", "high", "low", "upper", "rest", "lower")


def _times_ten_billion(whole: nw.Expr) -> nw.Expr:
    exact = product(
        whole.cast(nw.Decimal(19, 0)), nw.lit(Decimal(10**10)), left_digits=Digits(19, 0), right_digits=Digits(11, 0)
    )
    return exact.cast(MONEY)


def ratio(part: nw.Expr, whole: nw.Expr) -> nw.Expr:
    """``part`` by ``whole`` as a ``Float64``, the same on every engine; null where ``whole`` is 0."""
    return part.cast(nw.Float64) / nw.when(whole != 0).then(whole).cast(nw.Float64)
