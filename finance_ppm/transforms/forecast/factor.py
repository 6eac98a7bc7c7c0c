"""k: by how much planned amounts are expected to come out otherwise, judged by the settled ones.

Belongs here: the exact quotient. Does not belong here: what it is multiplied with (``outcomes``).
"""

from decimal import Decimal

import narwhals.stable.v2 as nw

from finance_ppm.transforms.forecast.budgets import bac
from finance_ppm.transforms.forecast.states import KEY, only
from finance_ppm.transforms.numeric import MONEY, Digits, in_cents, multiple, product, quotient
from finance_ppm.transforms.portfolio import Frame

K = nw.Decimal(7, 6)
NEUTRAL = nw.lit(Decimal(1)).cast(K)
_LEAST, _MOST = nw.lit(Decimal("0.8")).cast(K), nw.lit(Decimal("1.5")).cast(K)
_FIFTH = 5  # of BAC steadies the quotient; both sides are taken five times, to be whole
_LARGEST = nw.lit(_FIFTH * Decimal(10**13)).cast(MONEY)
_STEPS = nw.lit(1_000, nw.Int64)
_PLACES = ("ones", "thousandths", "millionths")


def with_factor(shares: Frame) -> Frame:
    """``shares``, which have the Budget ``total`` of their project, with its ``k``.

    k = clamp((AC_settled + 0.2 BAC) / (EV_line + 0.2 BAC), 0.8, 1.5), of six digits. It is 1 without BAC, where the
    divisor is not above 0, and where either is beyond 10^13: such a divisor and 1,000 times such a remainder are what
    an ``Int64`` holds. The sums are windows, so that the shares are read once.
    """
    is_settled, amount = nw.col("is_settled"), nw.col("amount")
    sums = {
        "line_total": only(~amount.is_null(), amount),
        "ev_line": only(is_settled, amount),
        "ac_settled": only(is_settled, nw.col("counted")),
    }
    summed = shares.with_columns(**sums).with_columns(nw.col(name).sum().over(KEY).cast(MONEY) for name in sums)
    sides = summed.with_columns(bac=bac()).with_columns(
        spent=multiple(nw.col("ac_settled"), _FIFTH) + nw.col("bac"),
        worth=multiple(nw.col("ev_line"), _FIFTH) + nw.col("bac"),
    )
    return _clamped_quotient(sides).drop(*sums, "bac", "spent", "worth")


def _clamped_quotient(sides: Frame) -> Frame:
    """``sides`` with ``k``: ``spent`` by ``worth``, within its bounds. As on paper, three digits at a time."""
    spent, worth, rest = nw.col("spent"), nw.col("worth"), nw.col("_rest")
    fits = (worth > 0) & (worth <= _LARGEST) & (spent.abs() <= _LARGEST)
    is_least, is_most = spent * 10 <= worth * 8, spent * 10 >= worth * 15
    ones, thousandths, millionths = (nw.col(f"_{place}") for place in _PLACES)
    divided = (
        sides.with_columns(spent=in_cents(nw.when(fits).then(spent)), worth=in_cents(nw.when(fits).then(worth)))
        .with_columns(_rest=nw.when(~is_least & ~is_most).then(spent))
        .with_columns(_ones=quotient(rest, worth))
        .with_columns(_rest=(rest - ones * worth) * _STEPS)
        .with_columns(_thousandths=quotient(rest, worth))
        .with_columns(_rest=(rest - thousandths * worth) * _STEPS)
        .with_columns(_millionths=quotient(rest, worth))
        .with_columns(_rest=rest - millionths * worth)
    )
    is_rounded_up = (2 * rest >= worth).cast(nw.Int64)
    between = (ones * _STEPS + thousandths) * _STEPS + millionths + is_rounded_up
    k = nw.when(is_least).then(_LEAST).when(is_most).then(_MOST).otherwise(_in_millionths(between))
    return divided.with_columns(k=nw.coalesce(k, NEUTRAL)).drop("_rest", *(f"_{place}" for place in _PLACES))


def _in_millionths(number: nw.Expr) -> nw.Expr:
    exact = product(number, nw.lit(Decimal("0.000001")), left_digits=Digits(7, 0), right_digits=Digits(7, 6))
    return exact.cast(K)
