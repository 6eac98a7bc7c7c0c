"""Recommendations as of a day: what each says, what became of it, and whether anybody wants to hear of it.

Belongs here: putting a recommendation's row together from its content, its life, the suppressions and configurations
that stand, and the inventory. Does not belong here: any one of these (``content``, ``lifecycle``, ``suppressions``,
``configurations``, ``inventory``), nor what of its savings may be counted (``transforms.savings``).
"""

import polars as pl

from finance_ppm.contracts.azure import AzureAdvisorRecommendations
from finance_ppm.transforms.azure.lifecycle import state

COMPLETED, DELETED, UNVERIFIED = "completed", "resource_deleted", "unverified"
"""What became of a resolved recommendation, the first that is true."""

DISMISSED, POSTPONED = "dismissed", "postponed"
"""Advisor's own status of what nobody wants to hear of: for ever, or until a day that it may tell in a suppression
(https://learn.microsoft.com/azure/advisor/advisor-azure-resource-graph)."""

_LISTED = r"^(/subscriptions/[^/]+/resourcegroups/[^/]+(?:/providers/[^/]+/[^/]+/[^/]+)?)"
"""The resource or resource group an id is of or in. The inventory lists all of these, and of their parts only some
(https://learn.microsoft.com/azure/governance/resource-graph/reference/supported-tables-resources)."""

_PLACE = ("subscription_id", "resource_group")


def recommendations(
    content: pl.DataFrame,
    lives: pl.DataFrame,
    *,
    suppressed: pl.DataFrame,
    configured: pl.DataFrame,
    snapshots: pl.DataFrame,
    deleted: pl.Series,
) -> pl.DataFrame:
    """Rows of ``silver/azure_advisor_recommendations``, one for each row of ``content``.

    ``snapshots`` tells of each subscription_id the newest_on of its snapshots, complete or not, and of those that are
    complete (snapshot_on); ``deleted`` are the ids of recommendations whose resource is gone (:func:`whereabouts`).
    The other frames are those of ``content.type_recommendations``, ``lifecycle``, ``suppressions`` and
    ``configurations``.
    """
    of_group = configured.filter(pl.col("resource_group").is_not_null()).drop("cpu_threshold")
    of_subscription = configured.filter(pl.col("resource_group").is_null()).drop("resource_group")
    told = (
        content.join(lives, left_on="recommendation_id", right_on="record_id", how="inner")
        .join(snapshots, on="subscription_id", how="left")
        .join(suppressed, on=["subscription_id", "name"], how="left")
        .join(of_subscription, on="subscription_id", how="left")
        .join(of_group, on=list(_PLACE), how="left", suffix="_of_group")
    )
    dismissed = pl.col("status").eq_missing(DISMISSED)
    suppressed_now = dismissed | pl.col("suppressed").fill_null(pl.col("status").eq_missing(POSTPONED))
    found_wrong = ("issues", "suppression_issues", "configuration_issues", "configuration_issues_of_group")
    is_deleted = pl.col("recommendation_id").is_in(deleted.implode())
    return told.with_columns(
        state=state(
            suppressed=suppressed_now,
            newest_on=pl.max_horizontal("newest_on", "last_seen"),
        ),
        suppressed=suppressed_now,
        suppressed_until=pl.when(~dismissed).then("suppressed_until"),
        excluded=pl.any_horizontal("excluded", "excluded_of_group").fill_null(False),
        resolution=pl.when(pl.col("resolved_on").is_not_null()).then(
            pl.when(pl.col("completed_on").is_not_null())
            .then(pl.lit(COMPLETED))
            .when(is_deleted)
            .then(pl.lit(DELETED))
            .otherwise(pl.lit(UNVERIFIED))
        ),
        issues=pl.concat_list(pl.col(name).fill_null([]) for name in found_wrong),
    ).select(AzureAdvisorRecommendations.column_names())


def whereabouts(content: pl.DataFrame, lives: pl.DataFrame, inventories: pl.DataFrame) -> pl.DataFrame:
    """Where to look for the resources of resolved recommendations: recommendation_id, resource_id; listed, the resource
    or resource group that it is or is a part of; and the day inventory_on of the snapshot to look into.

    ``inventories`` are the complete snapshots of resources, by subscription_id and inventory_on. The first one on or
    after the day on which the recommendation was resolved is looked into, whatever comes later: what is deleted months
    after is none of its business. Until there is one, it is the newest one, provisionally; one that is older than the
    day on which the recommendation was last seen says nothing of what became of it. Nor does any of a subscription
    itself. The resource is gone where neither it nor what it is a part of is listed.
    """
    newest = inventories.group_by("subscription_id").agg(newest_on=pl.col("inventory_on").max())
    provisional = pl.when(pl.col("newest_on") >= pl.col("last_seen")).then("newest_on")
    return (
        lives.filter(pl.col("resolved_on").is_not_null())
        .sort("resolved_on")
        .join_asof(
            inventories.sort("inventory_on"),
            left_on="resolved_on",
            right_on="inventory_on",
            by="subscription_id",
            strategy="forward",
            check_sortedness=False,
        )
        .join(newest, on="subscription_id", how="inner")
        .with_columns(inventory_on=pl.coalesce("inventory_on", provisional))
        .drop_nulls("inventory_on")
        .join(content, left_on="record_id", right_on="recommendation_id", how="inner")
        .select(
            "resource_id",
            "inventory_on",
            recommendation_id="record_id",
            listed=pl.col("resource_id").str.extract(_LISTED),
        )
        .drop_nulls("listed")
    )
