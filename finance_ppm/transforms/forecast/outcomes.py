"""What a share will come to: its EAC, by its state.

Belongs here: one share at a time, with the ``k`` and ``is_completed`` of its project. Does not belong here: k
(``factor``), sums (``sums``, ``measures``).
"""

import narwhals.stable.v2 as nw

from finance_ppm.transforms.forecast.states import NOTHING, is_true
from finance_ppm.transforms.numeric import AMOUNT, Digits, cents, product

_K = Digits(7, 6)
_AMOUNT, _ACTUAL = nw.col("amount"), nw.col("actual_amount")


def settled_outcome() -> nw.Expr:
    """What was spent; where nothing is said of that, what was planned."""
    return nw.coalesce(_ACTUAL, _AMOUNT, NOTHING)


def committed_outcome() -> nw.Expr:
    """What was ordered, or what was spent where that is more; a credit stays what it is."""
    return nw.when(_AMOUNT < 0).then(_AMOUNT).otherwise(nw.max_horizontal(_AMOUNT, _ACTUAL)).fill_null(NOTHING)


def planned_outcome() -> nw.Expr:
    """k times what was planned, or what was spent where that is more; in a completed project only what counts."""
    scaled = cents(product(_AMOUNT, nw.col("k"), left_digits=AMOUNT, right_digits=_K), scale=AMOUNT.scale + _K.scale)
    return (
        nw.when(is_true(nw.col("is_completed")))
        .then(nw.col("counted"))
        .when(_AMOUNT < 0)
        .then(_AMOUNT)
        .otherwise(nw.max_horizontal(scaled, _ACTUAL))
        .fill_null(NOTHING)
    )
