"""Azure: what Resource Graph and Advisor said each day, as it came; the inventory and the recommendations it makes;
and the savings that may be added up.

One module for three layers, because a column's meaning is the same in all of them. Ids are lower-cased: Azure compares
them without case, and writes one and the same id in several.
"""

from datetime import timedelta
from typing import Any

import dataframely as dy

from finance_ppm.contracts.base import Freshness, Layer, Table, TableInfo, Write, derived_from, stamp

FRESHNESS = Freshness(warn=timedelta(hours=24), fail=timedelta(hours=48))

UNALLOCATED = "(unallocated)"
"""The project of savings that no tag and no machine leads to."""

_RAW_RESOURCES = "bronze/azure_resources.raw_payload"
_RAW_ADVISOR = "bronze/azure_advisor.raw_payload"
_STATUS = "bronze/azure_advisor.status"
_COMPLETE = "bronze/azure_snapshots.complete"
_RESOURCES = "silver/azure_resources"
_RECOMMENDATIONS = "silver/azure_advisor_recommendations"
_PROJECTS = "silver/notion_projects"


def _bronze(name: str, *seed_names: str, write: Write = Write.DAILY, departures: str = "") -> TableInfo:
    return TableInfo(
        layer=Layer.BRONZE,
        name=name,
        write=write,
        partition_by=("captured_on",),
        freshness=FRESHNESS,
        owner="team:data-platform",
        seed_names=seed_names,
        departures=departures,
    )


def _day() -> dy.Date:
    return dy.Date(primary_key=True, description="The day (UTC) of the snapshot.")


def _captured_at() -> dy.Datetime:
    return dy.Datetime(time_zone="UTC", description="When the row was read.", metadata=stamp())


def _ingestion_timestamp() -> dy.Datetime:
    return dy.Datetime(
        alias="_ingestion_timestamp", time_zone="UTC", description="When the row was written.", metadata=stamp()
    )


class AzureResourcesRaw(Table):
    """One resource, resource group or subscription on one day, as Resource Graph told it."""

    info = _bronze(
        "azure_resources",
        "bronze.azure_rg_raw",
        departures=(
            "`properties` is part of `raw_payload`, which is the whole row as it came. `advisor_recommendations` is a "
            "table of its own, `bronze/azure_advisor`: a subscription's recommendations belong to no resource."
        ),
    )

    captured_on = _day()
    resource_id = dy.String(primary_key=True, description="Azure's id, lower-cased.")
    resource_type = dy.String(description="Type, lower-cased: `microsoft.compute/virtualmachines`.")
    resource_group = dy.String(nullable=True, description="Resource group, lower-cased; null where it is in none.")
    subscription_id = dy.String(description="Subscription, lower-cased.")
    raw_payload = dy.String(description="The row as Azure sent it, JSON text, unchanged.")
    captured_at = _captured_at()
    ingestion_timestamp = _ingestion_timestamp()


class AzureAdvisorRaw(Table):
    """One recommendation, suppression or configuration of Azure Advisor on one day, as it came."""

    info = _bronze("azure_advisor")

    captured_on = _day()
    record_id = dy.String(primary_key=True, description="Azure's id, lower-cased.")
    record_type = dy.String(description="recommendation, suppression or configuration.")
    subscription_id = dy.String(description="Subscription, lower-cased.")
    source = dy.String(description="resource_graph, or advisor where Resource Graph may not be asked.")
    status = dy.String(
        nullable=True,
        description="Advisor's own status of a recommendation, lower-cased (`recommendationStatus`): new, inprogress, "
        "postponed, dismissed or completed; null where it does not say.",
    )
    raw_payload = dy.String(description="The row as Azure sent it, JSON text, unchanged.")
    captured_at = _captured_at()
    ingestion_timestamp = _ingestion_timestamp()


class AzureSnapshots(Table):
    """How one subscription was read on one day: only a complete snapshot may resolve anything."""

    info = _bronze("azure_snapshots", write=Write.KEYED)

    captured_on = _day()
    dataset = dy.String(primary_key=True, description="resources or advisor.")
    subscription_id = dy.String(primary_key=True, description="Subscription, lower-cased.")
    subscription_name = dy.String(nullable=True, description="Its name; null where Azure does not show it.")
    complete = dy.Bool(description="Every row of the subscription was read.")
    row_count = dy.Int64(description="Rows stored for the subscription and day.")
    expected_count = dy.Int64(nullable=True, description="Rows that Azure counted; null where it was not asked.")
    reason = dy.String(nullable=True, description="Why the snapshot is not complete, in one sentence with the remedy.")
    captured_at = dy.Datetime(time_zone="UTC", description="When the read ended.")


def _silver(name: str, *seed_names: str, departures: str = "") -> TableInfo:
    return TableInfo(
        layer=Layer.SILVER,
        name=name,
        write=Write.SNAPSHOT,
        freshness=FRESHNESS,
        seed_names=seed_names,
        departures=departures,
    )


def _issues(source: str) -> dy.List:
    return dy.List(
        dy.Struct(
            {
                "rule": dy.String(),
                "column": dy.String(nullable=True),
                "value": dy.String(nullable=True),
                "message": dy.String(),
            }
        ),
        description="Values of the row that could not be read as they stand; the findings quote them.",
        metadata=derived_from(source),
    )


class AzureResources(Table):
    """A resource, resource group or subscription in the newest complete snapshot of its subscription."""

    info = _silver("azure_resources")

    resource_id = dy.String(
        primary_key=True,
        description="Azure's id, lower-cased.",
        metadata=derived_from("bronze/azure_resources.resource_id", _COMPLETE),
    )
    name = dy.String(description="Its name.", metadata=derived_from(_RAW_RESOURCES))
    resource_type = dy.String(
        description="Type, lower-cased; `microsoft.resources/subscriptions` and "
        "`microsoft.resources/subscriptions/resourcegroups` are the containers.",
        metadata=derived_from("bronze/azure_resources.resource_type"),
    )
    subscription_id = dy.String(
        description="Subscription, lower-cased.", metadata=derived_from("bronze/azure_resources.subscription_id")
    )
    subscription_name = dy.String(
        nullable=True, description="The subscription's name.", metadata=derived_from(_RAW_RESOURCES)
    )
    resource_group = dy.String(
        nullable=True,
        description="Resource group, lower-cased.",
        metadata=derived_from("bronze/azure_resources.resource_group"),
    )
    location = dy.String(
        nullable=True, description="Region, lower-cased without blanks.", metadata=derived_from(_RAW_RESOURCES)
    )
    sku = dy.String(
        nullable=True,
        description="Size or SKU, lower-cased: a machine's `hardwareProfile.vmSize`, else `sku.name`.",
        metadata=derived_from(_RAW_RESOURCES),
    )
    tags = dy.List(
        dy.Struct({"key": dy.String(), "value": dy.String(), "source": dy.String()}),
        description="Tags in effect, by key: key lower-cased, value trimmed, and where it stands: resource, "
        "resource_group or subscription. The nearest wins; an empty value counts as absent.",
        metadata=derived_from(_RAW_RESOURCES),
    )
    project_tag = dy.String(
        nullable=True,
        description="Value in effect of the tag that names the project (PPM_AZURE_PROJECT_TAG).",
        metadata=derived_from(_RAW_RESOURCES),
    )
    project_tag_source = dy.String(
        nullable=True,
        description="Where that tag stands: resource, resource_group or subscription.",
        metadata=derived_from(_RAW_RESOURCES),
    )
    snapshot_on = dy.Date(description="Day of the snapshot it is in.", metadata=derived_from(_COMPLETE))
    issues = _issues(_RAW_RESOURCES)


class AzureAdvisorRecommendations(Table):
    """A recommendation of Azure Advisor that was ever seen, with what became of it.

    One that Advisor marks completed counts as not seen.
    """

    info = _silver("azure_advisor_recommendations", "silver.advisor_recommendations")

    recommendation_id = dy.String(
        primary_key=True,
        description="Azure's id, lower-cased.",
        metadata=derived_from("bronze/azure_advisor.record_id"),
    )
    name = dy.String(
        description="The id's last part; suppressions name a recommendation by it.", metadata=derived_from(_RAW_ADVISOR)
    )
    subscription_id = dy.String(
        description="Subscription, lower-cased.", metadata=derived_from("bronze/azure_advisor.subscription_id")
    )
    category = dy.String(
        nullable=True,
        description="Cost, HighAvailability, Security, Performance or OperationalExcellence.",
        metadata=derived_from(_RAW_ADVISOR),
    )
    impact = dy.String(nullable=True, description="High, Medium or Low.", metadata=derived_from(_RAW_ADVISOR))
    risk = dy.String(nullable=True, description="Error, Warning or None.", metadata=derived_from(_RAW_ADVISOR))
    recommendation_type_id = dy.String(
        nullable=True, description="Kind of recommendation, lower-cased.", metadata=derived_from(_RAW_ADVISOR)
    )
    problem = dy.String(nullable=True, description="What is wrong.", metadata=derived_from(_RAW_ADVISOR))
    solution = dy.String(nullable=True, description="What Advisor recommends.", metadata=derived_from(_RAW_ADVISOR))
    impacted_field = dy.String(
        nullable=True, description="Type of what is impacted, lower-cased.", metadata=derived_from(_RAW_ADVISOR)
    )
    impacted_value = dy.String(
        nullable=True, description="Name of what is impacted.", metadata=derived_from(_RAW_ADVISOR)
    )
    resource_id = dy.String(
        nullable=True,
        description="Id of what is impacted, lower-cased: the recommendation's `resourceMetadata.resourceId`, else the "
        "id it hangs on.",
        metadata=derived_from(_RAW_ADVISOR),
    )
    resource_group = dy.String(
        nullable=True, description="Resource group of that id, lower-cased.", metadata=derived_from(_RAW_ADVISOR)
    )
    kind = dy.String(
        description="right_size, shutdown, reservation, savings_plan, or other.", metadata=derived_from(_RAW_ADVISOR)
    )
    annual_savings = dy.Decimal(
        18,
        2,
        nullable=True,
        description="`annualSavingsAmount`, in `savings_currency`; null where Azure does not say.",
        metadata=derived_from(_RAW_ADVISOR),
    )
    savings_currency = dy.String(
        nullable=True, description="ISO 4217 currency of the savings.", metadata=derived_from(_RAW_ADVISOR)
    )
    term = dy.String(
        nullable=True, description="Term of a commitment: P1Y or P3Y.", metadata=derived_from(_RAW_ADVISOR)
    )
    lookback_days = dy.Int32(
        nullable=True, description="Days of usage a commitment is computed from.", metadata=derived_from(_RAW_ADVISOR)
    )
    scope = dy.String(
        nullable=True,
        description="Scope of a commitment, lower-cased: single or shared.",
        metadata=derived_from(_RAW_ADVISOR),
    )
    reserved_resource_type = dy.String(
        nullable=True,
        description="What is to be reserved, lower-cased: `virtualmachines`, ...",
        metadata=derived_from(_RAW_ADVISOR),
    )
    sku = dy.String(
        nullable=True,
        description="Size or SKU to be reserved, or that the machine has now; lower-cased.",
        metadata=derived_from(_RAW_ADVISOR),
    )
    target_sku = dy.String(
        nullable=True, description="Size a machine should have, lower-cased.", metadata=derived_from(_RAW_ADVISOR)
    )
    region = dy.String(
        nullable=True, description="Region, lower-cased without blanks.", metadata=derived_from(_RAW_ADVISOR)
    )
    quantity = dy.Int64(nullable=True, description="How many are to be reserved.", metadata=derived_from(_RAW_ADVISOR))
    max_cpu = dy.Decimal(
        9,
        2,
        nullable=True,
        description="Highest CPU use seen, in percent (`MaxCpuP95`), rounded down.",
        metadata=derived_from(_RAW_ADVISOR),
    )
    cpu_threshold = dy.Decimal(
        9,
        2,
        nullable=True,
        description="CPU use below which the subscription's configuration asks for right-sizing, in percent.",
        metadata=derived_from(_RAW_ADVISOR),
    )
    excluded = dy.Bool(
        description="The configuration of the subscription or resource group excludes it.",
        metadata=derived_from(_RAW_ADVISOR),
    )
    tracked = dy.Bool(nullable=True, description="Advisor's own `tracked`.", metadata=derived_from(_RAW_ADVISOR))
    suppressed = dy.Bool(
        description="A suppression that has not expired speaks of it, or Advisor's own status of it is dismissed, or "
        "postponed where no suppression tells until when.",
        metadata=derived_from(_RAW_ADVISOR, _STATUS),
    )
    suppressed_until = dy.Datetime(
        nullable=True,
        time_zone="UTC",
        description="When the suppression ends; null where it is for ever, or there is none.",
        metadata=derived_from(_RAW_ADVISOR, _STATUS),
    )
    state = dy.String(
        description="new (seen on one day so far), active, reopened (it had been resolved), suppressed, or resolved.",
        metadata=derived_from(_RAW_ADVISOR, _STATUS, _COMPLETE),
    )
    first_seen = dy.Date(
        description="First snapshot it was in; kept when it is reopened.", metadata=derived_from(_RAW_ADVISOR, _STATUS)
    )
    last_seen = dy.Date(description="Last snapshot it was in.", metadata=derived_from(_RAW_ADVISOR, _STATUS))
    seen_at = dy.Datetime(
        nullable=True,
        time_zone="UTC",
        description="When the row that tells this was read.",
        metadata=derived_from("bronze/azure_advisor.captured_at", _RAW_ADVISOR, _STATUS),
    )
    reopened_on = dy.Date(
        nullable=True,
        description="Day it came back after it had been resolved, the last time.",
        metadata=derived_from(_RAW_ADVISOR, _STATUS, _COMPLETE),
    )
    resolved_on = dy.Date(
        nullable=True,
        description="First complete snapshot it was missing from, or completed in, since it was last seen.",
        metadata=derived_from(_RAW_ADVISOR, _STATUS, _COMPLETE),
    )
    resolution = dy.String(
        nullable=True,
        description="completed where Advisor marked it so after it was last seen; else resource_deleted where a "
        "complete inventory had the resource, and the first one since `resolved_on` is without it; else unverified.",
        metadata=derived_from(_RAW_ADVISOR, _STATUS, _COMPLETE, _RAW_RESOURCES),
    )
    last_updated = dy.Datetime(
        nullable=True, time_zone="UTC", description="Advisor's own `lastUpdated`.", metadata=derived_from(_RAW_ADVISOR)
    )
    source = dy.String(
        description="resource_graph, or advisor where Resource Graph may not be asked.",
        metadata=derived_from("bronze/azure_advisor.source"),
    )
    snapshot_on = dy.Date(
        nullable=True,
        description="Newest complete snapshot of the subscription; null where there never was one.",
        metadata=derived_from(_COMPLETE),
    )
    issues = _issues(_RAW_ADVISOR)


def _gold(name: str, *seed_names: str) -> TableInfo:
    return TableInfo(
        layer=Layer.GOLD,
        name=name,
        write=Write.SNAPSHOT,
        freshness=FRESHNESS,
        history=True,
        owner="team:finance",
        seed_names=seed_names,
    )


def _as_of() -> dy.Date:
    return dy.Date(description="The day the row speaks of, as that day saw it.")


def _computed_at() -> dy.Datetime:
    return dy.Datetime(time_zone="UTC", description="When the row was computed.", metadata=stamp())


_LINK = (
    f"{_RESOURCES}.project_tag",
    f"{_RESOURCES}.resource_id",
    f"{_RECOMMENDATIONS}.resource_group",
    f"{_PROJECTS}.name",
    f"{_PROJECTS}.project_id",
    f"{_PROJECTS}.is_archived",
)
_SAVINGS = tuple(
    f"{_RECOMMENDATIONS}.{column}"
    for column in (
        "annual_savings",
        "category",
        "cpu_threshold",
        "excluded",
        "impacted_value",
        "kind",
        "last_seen",
        "last_updated",
        "lookback_days",
        "max_cpu",
        "problem",
        "quantity",
        "recommendation_id",
        "recommendation_type_id",
        "region",
        "reserved_resource_type",
        "resource_id",
        "savings_currency",
        "seen_at",
        "sku",
        "snapshot_on",
        "solution",
        "state",
        "subscription_id",
        "suppressed",
        "term",
        "tracked",
    )
) + tuple(f"{_RESOURCES}.{column}" for column in ("location", "resource_type", "sku", "subscription_id"))

_HOME = tuple(dict.fromkeys((*_LINK, *_SAVINGS)))
"""A commitment is spread over the machines that are not right-sized, so what is counted decides on whose it is."""


def _from(column: str) -> dict[str, Any]:
    """The column is the recommendation's own."""
    return derived_from(f"{_RECOMMENDATIONS}.{column}")


class AzureAdvisorRecs(Table):
    """A recommendation as of a day: whose it is, and what of its savings may be counted, and why."""

    info = _gold("azure_advisor_recs")

    recommendation_id = dy.String(
        primary_key=True, description="Azure's id, lower-cased.", metadata=_from("recommendation_id")
    )
    subscription_id = dy.String(description="Subscription, lower-cased.", metadata=_from("subscription_id"))
    subscription_name = dy.String(
        nullable=True,
        description="The subscription's name.",
        metadata=derived_from(
            f"{_RECOMMENDATIONS}.subscription_id",
            f"{_RESOURCES}.resource_id",
            f"{_RESOURCES}.subscription_id",
            f"{_RESOURCES}.subscription_name",
        ),
    )
    category = dy.String(
        nullable=True,
        description="Cost, HighAvailability, Security, Performance or OperationalExcellence.",
        metadata=_from("category"),
    )
    impact = dy.String(nullable=True, description="High, Medium or Low.", metadata=_from("impact"))
    kind = dy.String(description="right_size, shutdown, reservation, savings_plan, or other.", metadata=_from("kind"))
    problem = dy.String(nullable=True, description="What is wrong.", metadata=_from("problem"))
    solution = dy.String(nullable=True, description="What Advisor recommends.", metadata=_from("solution"))
    resource_id = dy.String(
        nullable=True, description="Id of what is impacted, lower-cased.", metadata=_from("resource_id")
    )
    impacted_value = dy.String(nullable=True, description="Name of what is impacted.", metadata=_from("impacted_value"))
    project_id = dy.String(
        nullable=True,
        description="The project it belongs to, a Notion page id; null where there is none, or more than one: "
        "`gold/azure_advisor_allocations` tells their shares.",
        metadata=derived_from(*_HOME),
    )
    project_name = dy.String(nullable=True, description="The project's name.", metadata=derived_from(*_HOME))
    project_link = dy.String(
        nullable=True,
        description="What leads to the project: the tag of its resource, resource_group or subscription; machines, "
        "where a commitment is spread over those it would cover; null where nothing does.",
        metadata=derived_from(*_HOME, f"{_RESOURCES}.project_tag_source"),
    )
    state = dy.String(description="new, active, reopened, suppressed or resolved.", metadata=_from("state"))
    first_seen = dy.Date(description="First snapshot it was in.", metadata=_from("first_seen"))
    age_days = dy.Int32(description="Days from `first_seen` to the as-of day.", metadata=_from("first_seen"))
    suppressed_until = dy.Datetime(
        nullable=True,
        time_zone="UTC",
        description="When the suppression ends; null where it is for ever.",
        metadata=_from("suppressed_until"),
    )
    exclusive_group = dy.String(
        nullable=True,
        description="Recommendations of which not all can be had bear the same group; null where it excludes nothing.",
        metadata=derived_from(*_SAVINGS),
    )
    chosen = dy.Bool(
        description="Counted in the achievable maximum, wholly or in part.", metadata=derived_from(*_SAVINGS)
    )
    chosen_conservative = dy.Bool(
        description="Counted in the conservative figure, wholly or in part.", metadata=derived_from(*_SAVINGS)
    )
    reason = dy.String(
        description="Why it is counted, counted in part, or not, in one sentence.", metadata=derived_from(*_SAVINGS)
    )
    basis = dy.String(
        nullable=True,
        description="What the savings are reckoned from: retail (prices of the price list) or actual (the rates that "
        "are paid); null without savings.",
        metadata=derived_from(*_SAVINGS),
    )
    annual_savings = dy.Decimal(
        18,
        2,
        nullable=True,
        description="Savings a year as Azure tells them, in `currency`; null: unknown, which is not nothing.",
        metadata=derived_from(*_SAVINGS),
    )
    currency = dy.String(
        description="ISO 4217 currency of the savings; `XXX` (no currency) where Azure does not say: none count.",
        metadata=derived_from(f"{_RECOMMENDATIONS}.savings_currency"),
    )
    achievable_conservative = dy.Decimal(
        18,
        2,
        description="What of it may be added up where commitments count with one-year terms and 30 days of usage only.",
        metadata=derived_from(*_SAVINGS),
    )
    achievable_maximum = dy.Decimal(
        18,
        2,
        description="What of it may be added up where the best of each offer is taken.",
        metadata=derived_from(*_SAVINGS),
    )
    snapshot_on = dy.Date(
        nullable=True, description="Newest complete snapshot of the subscription.", metadata=_from("snapshot_on")
    )
    snapshot_age_days = dy.Int32(
        nullable=True, description="Days from that snapshot to the as-of day.", metadata=_from("snapshot_on")
    )
    portal_url = dy.String(
        nullable=True, description="Link to what is impacted in the Azure portal.", metadata=_from("resource_id")
    )
    as_of_date = _as_of()
    computed_at = _computed_at()


class AzureAdvisorAllocations(Table):
    """A project's share of one recommendation's savings. Shares add up to the recommendation, to the cent."""

    info = _gold("azure_advisor_allocations")

    recommendation_id = dy.String(
        primary_key=True, description="Azure's id, lower-cased.", metadata=_from("recommendation_id")
    )
    project_id = dy.String(
        primary_key=True,
        description="Notion page id of the project; `(unallocated)` where nothing leads to one.",
        metadata=derived_from(*_HOME),
    )
    project_name = dy.String(description="The project's name; `Unallocated`.", metadata=derived_from(*_HOME))
    subscription_id = dy.String(description="Subscription, lower-cased.", metadata=_from("subscription_id"))
    category = dy.String(nullable=True, description="The recommendation's category.", metadata=_from("category"))
    machines = dy.Int64(
        nullable=True,
        description="Matching machines of the project, where a commitment is spread over machines.",
        metadata=derived_from(*_HOME),
    )
    currency = dy.String(
        description="ISO 4217 currency; `XXX` where Azure does not say.", metadata=_from("savings_currency")
    )
    annual_savings = dy.Decimal(
        18,
        2,
        nullable=True,
        description="Share of `annual_savings`; null where that is unknown.",
        metadata=derived_from(*_HOME),
    )
    achievable_conservative = dy.Decimal(
        18, 2, description="Share of `achievable_conservative`.", metadata=derived_from(*_HOME)
    )
    achievable_maximum = dy.Decimal(18, 2, description="Share of `achievable_maximum`.", metadata=derived_from(*_HOME))
    as_of_date = _as_of()
    computed_at = _computed_at()


_MEMBERS = (*_HOME, f"{_RECOMMENDATIONS}.impact")
"""By these a recommendation is counted with one member or another."""


class AdvisorSummary(Table):
    """One member of one dimension in one currency: how many recommendations, and what they can save a year.

    Each dimension adds up to `all`, in every column but the counts of projects: a commitment spread over three
    projects is a recommendation to each of them.
    """

    info = _gold("advisor_summary")

    summary_id = dy.String(
        primary_key=True, description="Dimension, member and currency, joined by `|`.", metadata=derived_from(*_MEMBERS)
    )
    dimension = dy.String(description="all, category, impact, project or subscription.")
    dimension_id = dy.String(
        description="The member's id or name; `all`, `(none)` or `(unallocated)` otherwise.",
        metadata=derived_from(*_MEMBERS),
    )
    dimension_value = dy.String(
        description="The member's name.", metadata=derived_from(*_MEMBERS, f"{_RESOURCES}.subscription_name")
    )
    currency = dy.String(
        description="ISO 4217 currency; `XXX` for recommendations without one, of which counts alone are summed.",
        metadata=derived_from(*_MEMBERS),
    )
    open_count = dy.Int64(
        description="Recommendations that are new, active or reopened.", metadata=derived_from(*_MEMBERS)
    )
    new_count = dy.Int64(description="Those of them that are new.", metadata=derived_from(*_MEMBERS))
    suppressed_count = dy.Int64(description="Suppressed ones.", metadata=derived_from(*_MEMBERS))
    resolved_count = dy.Int64(description="Resolved ones.", metadata=derived_from(*_MEMBERS))
    unknown_count = dy.Int64(
        description="Open ones of cost that would count (not excluded, not stale, ...) if their savings were known: "
        "Azure does not tell the amount so that it can be read, or tells no currency.",
        metadata=derived_from(*_MEMBERS),
    )
    gross_annual_savings = dy.Decimal(
        38,
        2,
        description="Sum over open recommendations, for audit only: it counts what excludes each other, and cannot be "
        "had. Amounts without a currency are left out, since they may be unlike: 0 in `XXX`.",
        metadata=derived_from(*_MEMBERS),
    )
    achievable_conservative = dy.Decimal(
        38,
        2,
        description="What can be had a year, where commitments count with one-year terms and 30 days of usage only. "
        "Of one project it may be more than the maximum, where another offer of the subscription is the best.",
        metadata=derived_from(*_MEMBERS),
    )
    achievable_maximum = dy.Decimal(
        38,
        2,
        description="What can be had a year, where the best of each offer is taken.",
        metadata=derived_from(*_MEMBERS),
    )
    oldest_snapshot_on = dy.Date(
        nullable=True,
        description="Oldest of the snapshots the row is made from; null where there is none.",
        metadata=derived_from(*_MEMBERS),
    )
    as_of_date = _as_of()
    computed_at = _computed_at()


AZURE_BRONZE_TABLES: tuple[type[Table], ...] = (AzureResourcesRaw, AzureAdvisorRaw, AzureSnapshots)
AZURE_SILVER_TABLES: tuple[type[Table], ...] = (AzureResources, AzureAdvisorRecommendations)
AZURE_GOLD_TABLES: tuple[type[Table], ...] = (AzureAdvisorRecs, AzureAdvisorAllocations, AdvisorSummary)
