"""The savings that may be added up: eight rules over Azure Advisor's recommendations (docs/decisions/azure-savings.md).

Belongs here: the order of the rules, and the verdict as a reader sees it. Each rule has a module: ``active`` (8),
``offers`` and ``variants`` (1, 2, 5, 6, 7), ``displaced`` (4), ``choices`` (3). Does not belong here: whose the savings
are (``linking``, ``allocation``), and their sums (``summary``).
"""

from datetime import date

import narwhals.stable.v2 as nw

from finance_ppm.transforms.portfolio import Frame
from finance_ppm.transforms.savings.active import bar
from finance_ppm.transforms.savings.choices import chosen
from finance_ppm.transforms.savings.displaced import remaining
from finance_ppm.transforms.savings.machines import machines
from finance_ppm.transforms.savings.offers import (
    COMMITMENTS,
    NO_CURRENCY,
    RESERVATION,
    RIGHT_SIZING,
    SAVINGS_PLAN,
    compute,
    currency,
    group,
    offer,
)
from finance_ppm.transforms.savings.policy import SavingsPolicy
from finance_ppm.transforms.savings.reasons import reason
from finance_ppm.transforms.savings.variants import with_place

_SAVINGS = nw.Decimal(18, 2)


def right_sized(recommendations: Frame, *, as_of: date, policy: SavingsPolicy) -> Frame:
    """``currency`` and ``resource_id`` of what is right-sized or shut down for a known amount, each once.

    One of its recommendations is counted, so no commitment is to count on it as it is. ``subscription_id``, ``sku`` and
    ``region`` are as its recommendations tell them, lower-cased; the first where they tell several.
    """
    place = nw.col("subscription_id", "sku", "region")
    return (
        _with_amounts(recommendations, as_of, policy)
        .filter(nw.col("kind").is_in(RIGHT_SIZING) & ~nw.col("amount").is_null() & ~nw.col("resource_id").is_null())
        .with_columns(place.str.to_lowercase())
        .group_by("currency", "resource_id")
        .agg(place.min())
    )


def placed(recommendations: Frame, *, as_of: date, policy: SavingsPolicy) -> Frame:
    """``recommendations`` with the ``sku`` and ``region`` that a reservation leaves out and its offer tells."""
    given = recommendations.collect_schema().names()
    rows = with_place(_with_amounts(recommendations, as_of, policy))
    return rows.with_columns(sku="place_sku", region="place_region").select(given)


def judged(recommendations: Frame, resources: Frame, *, as_of: date, policy: SavingsPolicy) -> Frame:
    """The rows and columns of ``recommendations``, and the verdict on each as of the day.

    The frames are silver (``AzureAdvisorRecommendations``, ``AzureResources``) as of ``as_of``. The verdict has the
    columns of that name of ``AzureAdvisorRecs``: ``currency``, ``exclusive_group``, ``chosen``,
    ``chosen_conservative``, ``reason``, ``basis``, ``achievable_conservative`` and ``achievable_maximum`` (0
    where not chosen, ``DECIMAL(18, 2)``); and ``unknown``, whether it takes part and how much it saves is not known.
    """
    given = recommendations.collect_schema().names()
    amounts = with_place(_with_amounts(recommendations, as_of, policy)).with_columns(compute=compute())
    left = remaining(amounts, machines(resources), right_sized(recommendations, as_of=as_of, policy=policy))
    is_known, is_commitment = ~nw.col("amount").is_null(), nw.col("kind").is_in(COMMITMENTS)
    is_conservative = (
        (nw.col("term") == policy.conservative_term) & (nw.col("lookback_days") == policy.conservative_lookback_days)
    ).fill_null(False)
    keyed = left.with_columns(
        in_maximum=is_known, in_conservative=is_known & (is_conservative | ~is_commitment), offer=offer()
    ).with_columns(group=group(), takes_part=nw.col("bar").is_null())
    taken = _with_exclusive_group(chosen(chosen(keyed, "maximum"), "conservative"))
    basis = nw.when(is_commitment).then(nw.lit("actual")).otherwise(nw.lit("retail"))
    return taken.select(
        *given,
        "currency",
        "exclusive_group",
        chosen=nw.col("taken_maximum") > 0,
        chosen_conservative=nw.col("taken_conservative") > 0,
        reason=reason(policy),
        basis=nw.when(~nw.col("annual_savings").is_null()).then(basis),
        achievable_conservative=nw.col("taken_conservative").cast(_SAVINGS),
        achievable_maximum=nw.col("taken_maximum").cast(_SAVINGS),
        unknown=nw.col("unknown"),
    )


def _with_exclusive_group(rows: Frame) -> Frame:
    """The group where it has both of what excludes each other, else the offer; null where a row is alone in it."""
    compute, takes_part = nw.col("compute"), nw.col("takes_part")
    number = {kind: (nw.col("in_maximum") & (compute == kind).fill_null(False)).cast(nw.Int64) for kind in COMMITMENTS}
    rows = rows.with_columns(known_reservations=number[RESERVATION], known_plans=number[SAVINGS_PLAN]).with_columns(
        nw.col("known_reservations", "known_plans").sum().over("group"),
        rivals=nw.col("recommendation_id").count().over("offer", "takes_part"),
    )
    is_either = (nw.col("known_reservations") > 0) & (nw.col("known_plans") > 0)
    return rows.with_columns(
        exclusive_group=nw.when(takes_part & is_either)
        .then(nw.col("group"))
        .when(takes_part & (nw.col("rivals") > 1))
        .then(nw.col("offer"))
        .otherwise(nw.lit(None, nw.String))
    )


def _with_amounts(recommendations: Frame, as_of: date, policy: SavingsPolicy) -> Frame:
    """With ``currency``, ``bar``, ``unknown`` (it takes part, and how much it saves is not known: an amount of no
    currency is none), and the ``amount`` of what takes part and has one above 0; else null."""
    savings, takes_part, unknown = nw.col("annual_savings"), nw.col("bar").is_null(), nw.col("unknown")
    return (
        recommendations.with_columns(currency=currency(), bar=bar(as_of, policy))
        .with_columns(unknown=takes_part & (savings.is_null() | (nw.col("currency") == NO_CURRENCY)))
        .with_columns(amount=nw.when(takes_part & ~unknown & (savings > 0).fill_null(False)).then(savings))
    )
