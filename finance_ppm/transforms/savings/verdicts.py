"""The savings that may be added up: eight rules over Azure Advisor's recommendations (docs/decisions/azure-savings.md).

Belongs here: the order of the rules, and the verdict as a reader sees it. Each rule has a module: ``active`` (8),
``offers`` (1, 2, 5, 6, 7), ``displaced`` (4), ``choices`` (3). Does not belong here: whose the savings are
(``linking``, ``allocation``), and their sums (``summary``).
"""

from datetime import date

import narwhals.stable.v2 as nw

from finance_ppm.transforms.portfolio import Frame
from finance_ppm.transforms.savings.active import bar
from finance_ppm.transforms.savings.choices import chosen
from finance_ppm.transforms.savings.displaced import remaining
from finance_ppm.transforms.savings.machines import machines
from finance_ppm.transforms.savings.offers import COMMITMENTS, RIGHT_SIZING, currency, group, offer
from finance_ppm.transforms.savings.policy import SavingsPolicy
from finance_ppm.transforms.savings.reasons import reason

_SAVINGS = nw.Decimal(18, 2)


def right_sized(recommendations: Frame, *, as_of: date, policy: SavingsPolicy) -> Frame:
    """``currency`` and ``resource_id`` of what is right-sized or shut down for a known amount, each once.

    One of its recommendations is counted, so no commitment is to count on it as it is.
    """
    return (
        _with_amounts(recommendations, as_of, policy)
        .filter(nw.col("kind").is_in(RIGHT_SIZING) & ~nw.col("amount").is_null() & ~nw.col("resource_id").is_null())
        .select("currency", "resource_id")
        .unique()
    )


def judged(recommendations: Frame, resources: Frame, *, as_of: date, policy: SavingsPolicy) -> Frame:
    """The rows and columns of ``recommendations``, and the verdict on each as of the day.

    The frames are silver (``AzureAdvisorRecommendations``, ``AzureResources``) as of ``as_of``. The verdict has the
    columns of that name of ``AzureAdvisorRecs``: ``currency``, ``exclusive_group``, ``chosen``,
    ``chosen_conservative``, ``reason``, ``basis``, ``achievable_conservative`` and ``achievable_maximum`` (0
    where not chosen, ``DECIMAL(18, 2)``).
    """
    given = recommendations.collect_schema().names()
    amounts = _with_amounts(recommendations, as_of, policy)
    left = remaining(amounts, machines(resources), right_sized(recommendations, as_of=as_of, policy=policy))
    is_known, is_commitment = ~nw.col("amount").is_null(), nw.col("kind").is_in(COMMITMENTS)
    is_conservative = (
        (nw.col("term") == policy.conservative_term) & (nw.col("lookback_days") == policy.conservative_lookback_days)
    ).fill_null(False)
    keyed = left.with_columns(
        in_maximum=is_known, in_conservative=is_known & (is_conservative | ~is_commitment), offer=offer()
    ).with_columns(group=group(), takes_part=nw.col("bar").is_null())
    taken = chosen(chosen(keyed, "maximum"), "conservative").with_columns(
        rivals=nw.col("recommendation_id").count().over("group", "takes_part")
    )
    basis = nw.when(is_commitment).then(nw.lit("actual")).otherwise(nw.lit("retail"))
    return taken.select(
        *given,
        "currency",
        exclusive_group=nw.when(nw.col("takes_part") & (nw.col("rivals") > 1)).then(nw.col("group")),
        chosen=nw.col("taken_maximum") > 0,
        chosen_conservative=nw.col("taken_conservative") > 0,
        reason=reason(policy),
        basis=nw.when(~nw.col("annual_savings").is_null()).then(basis),
        achievable_conservative=nw.col("taken_conservative").cast(_SAVINGS),
        achievable_maximum=nw.col("taken_maximum").cast(_SAVINGS),
    )


def _with_amounts(recommendations: Frame, as_of: date, policy: SavingsPolicy) -> Frame:
    """With ``currency``, ``bar``, and the ``amount`` of what takes part and has one above 0; else null."""
    savings = nw.col("annual_savings")
    return recommendations.with_columns(currency=currency(), bar=bar(as_of, policy)).with_columns(
        amount=nw.when(nw.col("bar").is_null() & (savings > 0).fill_null(False)).then(savings)
    )
