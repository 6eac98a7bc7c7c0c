"""What each share is at T: its state, and what of its actual counts.

Belongs here: the definitions of settled, committed and planned, of actual and open. Does not belong here: what a share
will come to (``outcomes``), sums (``sums``).
"""

from datetime import date
from decimal import Decimal

import narwhals.stable.v2 as nw

from finance_ppm.transforms.numeric import MONEY
from finance_ppm.transforms.portfolio import Frame

KEY = "bearer"
"""What figures are by: the number of a project, or of all that is unassigned of a currency (``projects``)."""
NOTHING = nw.lit(Decimal(0)).cast(MONEY)


def stated(shares: Frame, as_of: date) -> Frame:
    """``shares`` (of ``transforms.shares``) with their state, and:

    - ``recognised``: the day the actual is of, null where it has none; ``is_future`` where that is after ``as_of``;
    - ``counted``: the actual, null where there is none or it is of the future;
    - ``is_paid``: by ``as_of``.
    """
    day = nw.lit(as_of)
    is_paid = is_true(nw.col("paid_date") <= day)
    is_settled = is_paid | is_true(nw.col("invoice_date") <= day)
    is_committed = is_true(nw.col("committed_date") <= day)
    recognised = nw.coalesce("invoice_date", "paid_date")
    is_future = is_true(recognised > day)
    return shares.with_columns(
        is_paid=is_paid,
        is_settled=is_settled,
        is_committed=~is_settled & is_committed,
        is_planned=~is_settled & ~is_committed,
        recognised=recognised,
        is_future=is_future,
        counted=nw.when(~is_future).then(nw.col("actual_amount")),
    )


def unspent() -> nw.Expr:
    """What of a share's amount, where that is above 0, is not spent: max(A - max(X, 0), 0), of an X that counts."""
    amount = nw.col("amount")
    spent = nw.max_horizontal(nw.col("counted"), NOTHING)
    return only(amount > 0, nw.max_horizontal(amount - spent, NOTHING))


def only(condition: nw.Expr, amount: nw.Expr) -> nw.Expr:
    """``amount`` where the condition holds and there is one, else 0."""
    return nw.when(condition).then(amount).otherwise(NOTHING).fill_null(NOTHING).cast(MONEY)


def count(condition: nw.Expr) -> nw.Expr:
    """1 where the condition holds, else 0."""
    return is_true(condition).cast(nw.Int64)


def is_true(condition: nw.Expr) -> nw.Expr:
    """False where the condition is unknown."""
    return condition.fill_null(False)
