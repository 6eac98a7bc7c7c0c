"""Rules of what Azure holds: do its tags lead to projects, and can what Advisor recommends be counted?

A value that could not be read is found where it is read (``transforms.azure``); here its words are quoted.
"""

from datetime import timedelta

import narwhals.stable.v2 as nw

from finance_ppm.contracts.azure import AzureAdvisorRecommendations, AzureResources
from finance_ppm.currencies import ISO_4217
from finance_ppm.quality.rule import NOTHING, Rule, Rulebook, Severity, plain_identity
from finance_ppm.quality.thresholds import THRESHOLDS
from finance_ppm.quality.vocabulary import broken, either, live, missing, more_than, quoted, unlisted
from finance_ppm.sources.azure.rows import Dataset
from finance_ppm.transforms.azure.inventory import CONTAINER_TYPES
from finance_ppm.transforms.portfolio import Frame, Portfolio
from finance_ppm.transforms.savings.linking import folded, linked
from finance_ppm.transforms.savings.offers import COMMITMENTS, COST

TOP_LEVEL_RESOURCE = r"^/subscriptions/[^/]+/resourcegroups/[^/]+/providers/[^/]+/[^/]+/[^/]+$"
"""Ids that the inventory always lists: of the parts of a resource Resource Graph lists only some
(https://learn.microsoft.com/azure/governance/resource-graph/reference/supported-tables-resources)."""


# --- Which rows ------------------------------------------------------------------------------------


def _resources(portfolio: Portfolio) -> Frame:
    return portfolio.azure_resources.filter(~nw.col("resource_type").is_in(CONTAINER_TYPES))


def _subscriptions(portfolio: Portfolio) -> Frame:
    """Subscriptions with resources: how many, and how many of them name a project."""
    return (
        _resources(portfolio)
        .group_by("subscription_id")
        .agg(
            resources=nw.len(),
            linked=nw.col("project_tag").count(),
            subscription_name=nw.col("subscription_name").max(),
        )
    )


def _project_tags(portfolio: Portfolio, of: Frame | None = None) -> Frame:
    """What the tags in effect (``of`` some resources) name, each once however it is written, and on how many."""
    tagged = portfolio.azure_resources.filter(~missing("project_tag"))
    counted = tagged if of is None else tagged.join(of, on="resource_id", how="semi")
    return (
        counted.with_columns(folded=folded("project_tag"))
        .group_by("folded")
        .agg(resources=nw.len(), project_tag=nw.col("project_tag").min())
    )


def _unresolved(portfolio: Portfolio) -> Frame:
    return portfolio.azure_recommendations.filter(nw.col("state") != "resolved")


def _open(portfolio: Portfolio) -> Frame:
    """Recommendations that wait for somebody: neither resolved nor suppressed."""
    return portfolio.azure_recommendations.filter(~nw.col("state").is_in(("resolved", "suppressed")))


def _of_cost(portfolio: Portfolio) -> Frame:
    """Subscriptions with open cost recommendations: how many, and how many of them say what can be saved."""
    return (
        _open(portfolio)
        .filter(nw.col("category") == COST)
        .group_by("subscription_id")
        .agg(recommendations=nw.len(), told=nw.col("annual_savings").count())
    )


def _to_do(portfolio: Portfolio) -> Frame:
    """Open recommendations of high impact that can each be acted on, with the ``advice`` they give: their type.

    Left out are commitments, of whose variants only one can be had, and what Advisor's configuration excludes. One
    without a type is like no other, as in the savings.
    """
    return (
        _open(portfolio)
        .filter(nw.col("impact") == "High", ~nw.col("kind").is_in(COMMITMENTS), ~nw.col("excluded"))
        .with_columns(advice=nw.coalesce("recommendation_type_id", "recommendation_id"))
    )


def _with_names(portfolio: Portfolio, counted: Frame) -> Frame:
    """``counted`` with the ``subscription_name``, null where the inventory has none, and ``where``, in words."""
    names = portfolio.azure_resources.group_by("subscription_id").agg(nw.col("subscription_name").max())
    return counted.join(names, on="subscription_id", how="left").with_columns(
        where=nw.concat_str(nw.lit("the subscription "), nw.coalesce("subscription_name", "subscription_id"))
    )


# --- What Azure holds ------------------------------------------------------------------------------

subscriptions = Rulebook(
    AzureResources,
    plain_identity(AzureResources, nw.col("subscription_id"), nw.col("subscription_name")),
    checked=_subscriptions,
)
project_tags = Rulebook(
    AzureResources, plain_identity(AzureResources, nw.col("folded"), nw.col("project_tag")), checked=_project_tags
)
resources = Rulebook(
    AzureResources,
    plain_identity(AzureResources, nw.col("resource_id"), nw.col("name")),
    checked=lambda portfolio: portfolio.azure_resources,
)


@subscriptions.rule(
    Severity.WARN,
    remedy="Tag the resources, their resource groups or the subscription in Azure with the project's name or page id; "
    "savings on what names none are unallocated.",
)
def azure_resource_unlinked(portfolio: Portfolio) -> Frame:
    """No more than {azure_unlinked_share:.0%} of a subscription's resources are without a project tag in effect."""
    counted = _subscriptions(portfolio).with_columns(unlinked=nw.col("resources") - nw.col("linked"))
    return broken(
        counted.filter(more_than(nw.col("unlinked"), THRESHOLDS.azure_unlinked_share, nw.col("resources"))),
        "project_tag",
        f"{{unlinked}} of {{resources}} resources name no project, more than {THRESHOLDS.azure_unlinked_share:.0%}.",
        value=NOTHING,  # so that it stays one finding while the figures move
    )


@project_tags.rule(
    Severity.WARN,
    remedy="Correct the tag in Azure, or the project's name in Notion; where several projects bear one name, write the "
    "page id into the tag.",
)
def azure_project_unknown(portfolio: Portfolio) -> Frame:
    """A project tag names one live project, by its name or its page id."""
    links = linked(portfolio.azure_resources, portfolio.projects)
    nowhere = links.filter(nw.col("project_id").is_null()).select("resource_id").unique()
    called = live(portfolio.projects).with_columns(folded=folded("name")).group_by("folded").agg(bearers=nw.len())
    lost = _project_tags(portfolio, of=nowhere).join(called, on="folded", how="left")
    return broken(
        lost,
        "project_tag",
        either(
            nw.col("bearers") > 1,
            "{bearers} live projects are called {project_tag}; resources that bear the tag: {resources}.",
            "No live project is called {project_tag} or has that page id; resources that bear the tag: {resources}.",
        ),
    )


@resources.rule(
    Severity.WARN,
    remedy="Correct the value in Azure; if it is right there, report the row kept in bronze/azure_resources.",
)
def azure_resource_value_unreadable(portfolio: Portfolio) -> Frame:
    """Every value that is read of a resource can be read as it stands."""
    return quoted(portfolio.azure_resources)


# --- What Advisor recommends -----------------------------------------------------------------------

recommendations = Rulebook(
    AzureAdvisorRecommendations,
    plain_identity(AzureAdvisorRecommendations, nw.col("recommendation_id"), nw.col("problem")),
    checked=_unresolved,
)


@recommendations.rule(
    Severity.WARN,
    remedy="Report the row kept in bronze/azure_advisor to Microsoft; meanwhile the value counts as unknown.",
)
def azure_recommendation_value_unreadable(portfolio: Portfolio) -> Frame:
    """Every value that is read of a recommendation can be read as it stands."""
    return quoted(_unresolved(portfolio))


@recommendations.rule(
    Severity.WARN,
    remedy="Look in the Azure portal which currency the subscription is billed in; until then the savings count as "
    "unknown, which is not nothing, and are in no sum.",
)
def azure_savings_currency_missing(portfolio: Portfolio) -> Frame:
    """Savings name their currency."""
    nameless = _unresolved(portfolio).filter(~nw.col("annual_savings").is_null(), missing("savings_currency"))
    return broken(nameless, "savings_currency", "Savings of {annual_savings} a year name no currency.")


@recommendations.rule(
    Severity.WARN,
    remedy="Look in the Azure portal which currency the subscription is billed in; the savings add up with no others.",
)
def azure_savings_currency_invalid(portfolio: Portfolio) -> Frame:
    """The currency of savings is an active ISO 4217 code."""
    return broken(
        _unresolved(portfolio).filter(unlisted("savings_currency", ISO_4217)),
        "savings_currency",
        "The savings' currency {savings_currency} is not an active ISO 4217 code.",
    )


@recommendations.rule(
    Severity.WARN,
    remedy="Look at the recommendation in the Azure portal: what it recommends would cost more than it saves.",
)
def azure_savings_negative(portfolio: Portfolio) -> Frame:
    """Savings are not negative."""
    negative = _unresolved(portfolio).filter(nw.col("annual_savings") < 0)
    return broken(negative, "annual_savings", "Savings a year are negative: {annual_savings} {savings_currency}.")


@recommendations.rule(
    Severity.INFO,
    remedy="Ask Advisor to recommend anew (`finance-ppm azure refresh`); if the resource is still there, look whether "
    "the reader may see it.",
)
def azure_resource_unknown(portfolio: Portfolio) -> Frame:
    """The resource of an open recommendation is in the inventory, where that is as new and complete."""
    inventories = (
        portfolio.azure_snapshots.filter(nw.col("complete"), nw.col("dataset") == Dataset.RESOURCES.value)
        .group_by("subscription_id")
        .agg(inventory_on=nw.col("captured_on").max())
    )
    known = portfolio.azure_resources.select("resource_id").unique()
    named = _open(portfolio).filter(nw.col("resource_id").str.contains(TOP_LEVEL_RESOURCE))
    unknown = (
        named.join(inventories, on="subscription_id")
        .filter(nw.col("inventory_on") >= nw.col("last_seen"))
        .join(known, on="resource_id", how="anti")
    )
    return broken(unknown, "resource_id", "{resource_id} is not in the inventory of {inventory_on}.")


# --- What Advisor recommends, together: one by one it would be noise -------------------------------

advised = Rulebook(
    AzureAdvisorRecommendations,
    plain_identity(AzureAdvisorRecommendations, nw.col("subscription_id"), nw.col("subscription_name")),
    checked=_of_cost,
)
advice = Rulebook(
    AzureAdvisorRecommendations,
    plain_identity(
        AzureAdvisorRecommendations, nw.concat_str("subscription_id", "advice", separator="|"), nw.col("problem")
    ),
    checked=lambda portfolio: _to_do(portfolio).select("subscription_id", "advice").unique(),
)


@advised.rule(
    Severity.INFO,
    remedy="Look at them in the Azure portal; their savings are counted as unknown, which is not nothing.",
)
def azure_savings_unknown(portfolio: Portfolio) -> Frame:
    """The open cost recommendations of a subscription say what can be saved."""
    counted = _of_cost(portfolio).with_columns(unknown=nw.col("recommendations") - nw.col("told"))
    return broken(
        _with_names(portfolio, counted.filter(nw.col("unknown") > 0)),
        "annual_savings",
        "Azure does not say what can be saved by {unknown} of {recommendations} open cost recommendations in {where}.",
        value=NOTHING,
    )


@advice.rule(
    Severity.INFO,
    remedy="Act on them, the oldest first, or postpone or dismiss them in Azure Advisor; a subscription or resource "
    "group that wants none can be excluded in Advisor's configuration.",
)
def azure_recommendation_old(portfolio: Portfolio) -> Frame:
    """No type of recommendation of high impact is open in a subscription for more than {azure_open_for_days} days.

    Reservations, savings plans and what Advisor's configuration excludes are not judged.
    """
    limit = portfolio.as_of - timedelta(days=THRESHOLDS.azure_open_for_days)
    old = (
        _to_do(portfolio)
        .filter(nw.col("first_seen") < limit)
        .group_by("subscription_id", "advice")
        .agg(many=nw.len(), since=nw.col("first_seen").min(), problem=nw.col("problem").min())
    )
    told = _with_names(portfolio, old).with_columns(about=nw.coalesce("problem", "advice"))
    over = f"open for more than {THRESHOLDS.azure_open_for_days} days"
    return broken(
        told,
        "first_seen",
        either(
            nw.col("many") == 1,
            f"1 recommendation of high impact in {{where}} is {over}, since {{since}}: {{about}}",
            f"{{many}} recommendations of high impact in {{where}} are {over}, the oldest since {{since}}: {{about}}",
        ),
        value=NOTHING,
    )


RULES: tuple[Rule, ...] = (
    *subscriptions.rules,
    *project_tags.rules,
    *resources.rules,
    *recommendations.rules,
    *advised.rules,
    *advice.rules,
)
