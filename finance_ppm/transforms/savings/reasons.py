"""What a verdict says: one sentence for each recommendation, for those who answer for the money.

Belongs here: wording. Does not belong here: the verdict.
"""

import narwhals.stable.v2 as nw

from finance_ppm.transforms.savings.offers import RESERVATION, RIGHT_SIZING, SAVINGS_PLAN
from finance_ppm.transforms.savings.policy import SavingsPolicy

_FIRST = "machines that are right-sized or shut down first"


def reason(policy: SavingsPolicy) -> nw.Expr:
    """The sentence, from ``bar``, the contract's columns, and those of ``displaced`` and ``choices``."""
    amount = nw.col("annual_savings")
    is_taken = (nw.col("taken_maximum") > 0) | (nw.col("taken_conservative") > 0)
    return (
        nw.when(~nw.col("bar").is_null())
        .then(nw.col("bar"))
        .when(amount.is_null())
        .then(nw.lit("Unknown, not nothing: Azure does not say how much it saves, or not so that it can be read."))
        .when(nw.col("unknown"))
        .then(nw.lit("Unknown, not nothing: Azure does not say in which currency it saves."))
        .when(amount == 0)
        .then(nw.lit("Not counted: Azure says that it saves nothing."))
        .when(amount < 0)
        .then(nw.lit("Not counted: it costs more than it saves."))
        .when(is_taken)
        .then(_why_taken(policy))
        .otherwise(_why_not())
    )


def _why_taken(policy: SavingsPolicy) -> nw.Expr:
    in_maximum, in_conservative = nw.col("taken_maximum") > 0, nw.col("taken_conservative") > 0
    is_partial = nw.col("remaining") < nw.col("annual_savings")
    only_conservative = ~in_maximum
    variants = nw.when(only_conservative).then(nw.col("variants_conservative")).otherwise(nw.col("variants_maximum"))
    return nw.concat_str(
        [
            nw.when(is_partial).then(nw.lit("Counted in part")).otherwise(nw.lit("Counted")),
            nw.when(only_conservative)
            .then(nw.lit(", in the conservative figure only: "))
            .when(~in_conservative)
            .then(nw.lit(", in the maximum only: "))
            .otherwise(nw.lit(": ")),
            nw.when(variants > 1)
            .then(nw.concat_str([nw.lit("the best of "), variants.cast(nw.String), nw.lit(" "), _rivals(many=True)]))
            .otherwise(nw.lit("nothing larger excludes it")),
            nw.when(only_conservative)
            .then(
                nw.lit(f" with term {policy.conservative_term} and {policy.conservative_lookback_days} days of usage")
            )
            .otherwise(nw.lit("")),
            nw.when(is_partial).then(nw.lit(f"; the rest falls to {_FIRST}.")).otherwise(nw.lit(".")),
        ]
    )


def _why_not() -> nw.Expr:
    reserved, planned = nw.col("reserved_maximum"), nw.col("planned_maximum")
    return (
        nw.when(nw.col("remaining") == 0)
        .then(nw.lit(f"Not counted: nothing is left of it after {_FIRST}."))
        .when(~nw.col("best_maximum"))
        .then(nw.concat_str([nw.lit("Not counted: another "), _rivals(many=False), nw.lit(" saves as much or more.")]))
        .when(nw.col("compute") == SAVINGS_PLAN)
        .then(
            _compared("the compute reservations of this subscription together save as much or more", reserved, planned)
        )
        .otherwise(_compared("the compute savings plan of this subscription saves more", planned, reserved))
    )


def _rivals(*, many: bool) -> nw.Expr:
    """What the recommendations of one offer are called."""
    kind, s = nw.col("kind"), "s" if many else ""
    return (
        nw.when(kind.is_in(RIGHT_SIZING))
        .then(nw.lit(f"recommendation{s} for this machine"))
        .when(kind == RESERVATION)
        .then(nw.lit(f"variant{s} of this offer"))
        .when(kind == SAVINGS_PLAN)
        .then(nw.lit(f"savings plan{s} of this subscription"))
        .otherwise(nw.lit(f"record{s} of this finding"))
    )


def _compared(what: str, larger: nw.Expr, smaller: nw.Expr) -> nw.Expr:
    against = nw.concat_str([larger.cast(nw.String), smaller.cast(nw.String)], separator=" against ")
    return nw.concat_str([nw.lit(f"Not counted: {what} ("), against, nw.lit(").")])
