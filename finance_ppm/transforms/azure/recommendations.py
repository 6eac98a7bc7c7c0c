"""Recommendations as of a day: what each says, what became of it, and whether anybody wants to hear of it.

Belongs here: putting a recommendation's row together from its content, its life, the suppressions and configurations
that stand, and the inventory. Does not belong here: any one of these (``content``, ``lifecycle``, ``suppressions``,
``configurations``, ``inventory``), nor what of its savings may be counted (``transforms.savings``).
"""

from typing import Literal

import polars as pl

from finance_ppm.contracts.azure import AzureAdvisorRecommendations
from finance_ppm.transforms.azure.lifecycle import state

COMPLETED, DELETED, UNVERIFIED = "completed", "resource_deleted", "unverified"
"""What became of a resolved recommendation, the first that is true."""

DISMISSED, POSTPONED = "dismissed", "postponed"
"""Advisor's own status of what nobody wants to hear of: for ever, or until a day that it may tell in a suppression
(https://learn.microsoft.com/azure/advisor/advisor-azure-resource-graph)."""

_SUBSCRIPTION = r"^/subscriptions/([^/]+)"
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

    ``snapshots`` tells of each subscription_id the day of its newest complete snapshot (snapshot_on); ``deleted`` are
    the ids of recommendations whose resource is gone (:func:`gone`).
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
    postponed = pl.col("status").eq_missing(POSTPONED) & ~pl.col("tells_its_end").fill_null(False)
    suppressed_now = dismissed | postponed | pl.col("suppressed").fill_null(False)
    found_wrong = ("issues", "suppression_issues", "configuration_issues", "configuration_issues_of_group")
    is_deleted = pl.col("recommendation_id").is_in(deleted.implode())
    return told.with_columns(
        state=state(suppressed=suppressed_now),
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
    or resource group that it is or is a part of; the day inventory_on of a snapshot to look into, and whether that one
    says what became of it (since) or that it was ever there.

    ``inventories`` are the complete snapshots of resources, by subscription_id and inventory_on; it is the resource's
    own subscription that counts, which need not be the recommendation's.

    What became of it, the first one says that is on or after the day on which the recommendation was resolved, whatever
    comes later: what is deleted months after is none of its business. Until there is one, it is the newest one,
    provisionally; one that is older than the day on which the recommendation was last seen says nothing of it. Nor does
    any of a subscription itself. That it was there, the newest ones can say of the days on which the recommendation was
    first and last seen: on the last it may be gone, for Advisor is slower than Resource Graph.
    """
    resolved = (
        lives.filter(pl.col("resolved_on").is_not_null())
        .drop("subscription_id")
        .join(content, left_on="record_id", right_on="recommendation_id", how="inner")
        .with_columns(
            recommendation_id="record_id",
            subscription_id=pl.col("resource_id").str.extract(_SUBSCRIPTION),
            listed=pl.col("resource_id").str.extract(_LISTED),
        )
        .drop_nulls("listed")
    )
    newest = inventories.group_by("subscription_id").agg(inventory_on=pl.col("inventory_on").max())
    provisional = resolved.join(newest, on="subscription_id", how="inner").filter(
        pl.col("last_seen") <= pl.col("inventory_on"), pl.col("inventory_on") < pl.col("resolved_on")
    )
    after = [_looking(resolved, inventories, "resolved_on", "forward"), provisional]
    before = [_looking(resolved, inventories, day, "backward") for day in ("first_seen", "last_seen")]
    return pl.concat(
        frame.select("recommendation_id", "resource_id", "listed", "inventory_on", since=pl.lit(since))
        for since, frames in ((True, after), (False, before))
        for frame in frames
    )


def _looking(
    resolved: pl.DataFrame, inventories: pl.DataFrame, day: str, strategy: Literal["forward", "backward"]
) -> pl.DataFrame:
    """With the nearest inventory_on of the resource's subscription on or after, or on or before, a ``day``."""
    return (
        resolved.sort(day)
        .join_asof(
            inventories.sort("inventory_on"),
            left_on=day,
            right_on="inventory_on",
            by="subscription_id",
            strategy=strategy,
            check_sortedness=False,
        )
        .drop_nulls("inventory_on")
    )


def gone(looked: pl.DataFrame) -> pl.Series:
    """The ids of the recommendations whose resource was there, and is no more.

    ``looked`` says of each place that :func:`whereabouts` told (recommendation_id, since) whether the resource, or what
    it is a part of, is listed there (is_there).
    """
    since, is_there = pl.col("since"), pl.col("is_there")
    return (
        looked.group_by("recommendation_id")
        .agg(was_there=(is_there & ~since).any(), is_gone=(since & ~is_there).any())
        .filter("was_there", "is_gone")["recommendation_id"]
    )
