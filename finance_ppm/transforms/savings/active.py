"""Rule 8: which recommendations take part at all.

Belongs here: why a recommendation is left out before any amounts are compared. Does not belong here: what
excludes it among those that take part (``choices``).
"""

from datetime import date, timedelta

import narwhals.stable.v2 as nw

from finance_ppm.transforms.savings.offers import COST, RIGHT_SIZING
from finance_ppm.transforms.savings.policy import SavingsPolicy

OPEN_STATES = ("new", "active", "reopened")
_A_DAY = timedelta(days=1)
_SECURITY = timedelta(hours=60)


def bar(as_of: date, policy: SavingsPolicy) -> nw.Expr:
    """The sentence that says why a recommendation takes no part; null where it does.

    The processor threshold bars shutting down as it does right-sizing: Azure makes both under one type, and
    Microsoft's own query asks by type (https://learn.microsoft.com/azure/advisor/advisor-azure-resource-graph).
    A subscription that was never read completely has no ``snapshot_on``: there what was seen counts until it is as old.
    """
    too_busy = _is_true(nw.col("kind").is_in(RIGHT_SIZING) & (nw.col("max_cpu") >= nw.col("cpu_threshold")))
    unread = f"Not counted: the subscription was not read completely for more than {policy.stale_after_days} days."
    told_on = nw.coalesce("snapshot_on", "last_seen")
    is_stale = told_on < nw.lit(as_of - timedelta(days=policy.stale_after_days))
    barred = (
        nw.when(nw.col("state") == "resolved")
        .then(nw.lit("Not counted: it is resolved."))
        .when(nw.col("suppressed") | ~nw.col("state").is_in(OPEN_STATES))
        .then(nw.lit("Not counted: it is suppressed."))
        .when(nw.col("excluded"))
        .then(nw.lit("Not counted: Advisor's configuration excludes it."))
        .when(too_busy)
        .then(nw.lit("Not counted: CPU use is not below the threshold that Advisor's configuration sets."))
        .when(is_stale)
        .then(nw.lit(unread))
    )
    if policy.fresh_only:
        barred = barred.when(~_is_fresh()).then(nw.lit("Not counted: Advisor has not updated it of late."))
    if policy.untracked_only:
        barred = barred.when(_is_true(nw.col("tracked"))).then(nw.lit("Not counted: Advisor marks it as tracked."))
    is_of_cost = (nw.col("kind") != "other") | _is_true(nw.col("category") == COST)
    return (
        barred.when(~is_of_cost).then(nw.lit("Not counted: it is not about cost.")).otherwise(nw.lit(None, nw.String))
    )


def _is_fresh() -> nw.Expr:
    """Updated not long before it was read: a later day says nothing of how late it was then."""
    read, updated = nw.col("seen_at"), nw.col("last_updated")
    is_security = _is_true(nw.col("category") == "Security")
    return _is_true(updated >= read - nw.lit(_A_DAY)) | (is_security & _is_true(updated >= read - nw.lit(_SECURITY)))


def _is_true(condition: nw.Expr) -> nw.Expr:
    return condition.fill_null(False)
