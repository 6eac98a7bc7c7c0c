"""Which recommendations are taken: the best of each offer, and of each subscription reservations or the savings plan.

Belongs here: comparing what remains of amounts, once for each figure. Does not belong here: which amounts there
are (``active``, ``offers``, ``displaced``), and how a choice is explained (``reasons``).
"""

from decimal import Decimal

import narwhals.stable.v2 as nw

from finance_ppm.transforms.numeric import MONEY
from finance_ppm.transforms.portfolio import Frame
from finance_ppm.transforms.savings.offers import RESERVATION, SAVINGS_PLAN

_NOTHING = nw.lit(Decimal(0)).cast(MONEY)


def chosen(recommendations: Frame, figure: str) -> Frame:
    """``recommendations`` with the choice for ``figure``, among the rows that ``in_<figure>`` marks.

    Columns (``MONEY`` where not said otherwise): ``variants_<figure>``, how many compete in the offer;
    ``best_<figure>``, whether the row is what the offer comes to; ``reserved_<figure>`` and
    ``planned_<figure>``, what the compute reservations and plans of its group come to; ``taken_<figure>``, what
    of the row is counted, 0 where it is not taken.

    Of equals the first by id is the best of an offer; of equal sums the reservations are taken, since
    Microsoft advises to buy them before a plan
    (https://learn.microsoft.com/azure/advisor/advisor-how-to-calculate-total-cost-savings).
    """
    member, best = f"in_{figure}", nw.col(f"best_{figure}")
    reserved, planned = nw.col(f"reserved_{figure}"), nw.col(f"planned_{figure}")
    left = nw.col("remaining")
    is_reservation = (nw.col("compute") == RESERVATION).fill_null(False)
    is_plan = (nw.col("compute") == SAVINGS_PLAN).fill_null(False)
    rank = nw.col("recommendation_id").cum_count().over("offer", member, order_by=["shortfall", "recommendation_id"])
    ranked = recommendations.with_columns(shortfall=-left).with_columns(
        ((rank == 1) & nw.col(member)).alias(f"best_{figure}"),
        nw.col("recommendation_id").count().over("offer", member).alias(f"variants_{figure}"),
    )
    summed = ranked.with_columns(
        _of(best & is_reservation, left).alias(f"reserved_{figure}"),
        _of(best & is_plan, left).alias(f"planned_{figure}"),
    ).with_columns(reserved.sum().over("group").cast(MONEY), planned.sum().over("group").cast(MONEY))
    # Only a compute group holds both kinds: anywhere else nothing is outdone.
    is_outdone = nw.when(is_plan).then(planned <= reserved).otherwise(planned > reserved)
    return summed.with_columns(_of(best & ~is_outdone, left).alias(f"taken_{figure}"))


def _of(condition: nw.Expr, amount: nw.Expr) -> nw.Expr:
    return nw.when(condition).then(amount).otherwise(_NOTHING).cast(MONEY)
