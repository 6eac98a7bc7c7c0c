"""What the shares of a project add up to.

Belongs here: sums that need nothing of the project but its shares. Does not belong here: what follows from a sum.
"""

from datetime import date

import narwhals.stable.v2 as nw

from finance_ppm.transforms.forecast.outcomes import committed_outcome, planned_outcome, settled_outcome
from finance_ppm.transforms.forecast.run_rate import in_burn
from finance_ppm.transforms.forecast.states import KEY, count, is_true, only, unspent
from finance_ppm.transforms.numeric import MONEY
from finance_ppm.transforms.portfolio import Frame

AMOUNTS = (
    *("line_total", "ac", "paid", "undated_actual", "future_actual", "oc", "ev_line", "ac_settled"),
    *("recent_ac", "of_shares", "unspent_planned"),
)
COUNTS = ("line_count", "undated_actual_count", "future_actual_count", "settled_without_actual", "actual_count")


def sums_of(shares: Frame, as_of: date) -> Frame:
    """One row for each project and currency that has ``shares`` (of ``states.stated``).

    Beside the contract's own names: ``recent_ac``, the actuals of the months that burn is the mean of, ``of_shares``,
    what the shares will come to, ``actual_count``, and their ``k``.
    """
    amount, actual, counted = nw.col("amount"), nw.col("actual_amount"), nw.col("counted")
    is_settled, is_committed = nw.col("is_settled"), nw.col("is_committed")
    is_undated = nw.col("recognised").is_null()
    return (
        shares.select(
            KEY,
            "k",
            nw.col("once_in_project").alias("line_count"),
            line_total=only(~amount.is_null(), amount),
            ac=only(~counted.is_null(), counted),
            paid=only(nw.col("is_paid"), counted),
            undated_actual=only(is_undated, counted),
            undated_actual_count=count(is_undated & ~counted.is_null()),
            future_actual=only(nw.col("is_future"), actual),
            future_actual_count=count(nw.col("is_future") & ~actual.is_null()),
            oc=only(is_committed, unspent()),
            ev_line=only(is_settled, amount),
            ac_settled=only(is_settled, counted),
            recent_ac=only(in_burn(nw.col("recognised"), as_of), counted),
            of_shares=nw.when(is_settled)
            .then(settled_outcome())
            .when(is_committed)
            .then(committed_outcome())
            .otherwise(planned_outcome()),
            unspent_planned=only(nw.col("is_planned") & is_true(nw.col("is_completed")), unspent()),
            settled_without_actual=count(is_settled & actual.is_null()),
            actual_count=count(~counted.is_null()),
        )
        .group_by(KEY)
        .agg(nw.col(*AMOUNTS).sum().cast(MONEY), nw.col(*COUNTS).sum().cast(nw.Int64), nw.col("k").max())
    )
