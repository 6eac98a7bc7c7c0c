"""Whose a recommendation is: from tags to projects, and from a commitment to the machines it would cover.

Belongs here: which projects a recommendation leads to, and by how many machines. Does not belong here: what a tag in
effect is (``inventory``), and how amounts are split (``allocation``).
"""

import narwhals.stable.v2 as nw

from finance_ppm.contracts.azure import UNALLOCATED
from finance_ppm.transforms.portfolio import Frame
from finance_ppm.transforms.savings.offers import COMMITMENTS, SAVINGS_PLAN, compute, currency, joined

MACHINES = "machines"
"""The link of a commitment that is spread over the machines it would cover."""

BLANKS = " \t\r\n\u00a0"
"""What may stand around a name and is no part of it. Named, since each engine has its own idea of what is blank."""


def folded(column: str) -> nw.Expr:
    """A name as it is compared: without the blanks around it, and without case.

    Engines lower two letters in two ways each: a capital sigma at the end of a word, and a dotted capital I.
    """
    lowered = nw.col(column).str.strip_chars(BLANKS).str.to_lowercase()
    return lowered.str.replace_all("\u03c2", "\u03c3", literal=True).str.replace_all("i\u0307", "i", literal=True)


def linked(resources: Frame, projects: Frame) -> Frame:
    """Every row of the inventory (``resource_id``) with its project, and where its tag stands (``project_link``).

    ``project_id`` is null where no tag is in effect, or where it names no live project, or more than one: an ambiguous
    name is never guessed at.
    """
    named = _projects_by_tag(resources, projects.filter(~nw.col("is_archived")))
    return resources.join(named, on="project_tag", how="left").select(
        "resource_id", "project_id", project_link=nw.col("project_tag_source")
    )


def _projects_by_tag(resources: Frame, live: Frame) -> Frame:
    """The values that tags have and the one project that each names: by its name, or by its page id."""
    tags = resources.filter(~nw.col("project_tag").is_null()).select("project_tag").unique()
    found = _spelled(tags, "project_tag", name="project_tag").join(
        _spelled(live, "project_id", name="name"), on=["by", "text"], how="inner"
    )
    return (
        found.group_by("project_tag")
        .agg(project_id=nw.col("project_id").min(), last=nw.col("project_id").max())
        .filter(nw.col("project_id") == nw.col("last"))
        .drop("last")
    )


def _spelled(rows: Frame, key: str, *, name: str) -> Frame:
    """``key`` twice: by what is compared as a name, and by what is compared as a page id, with or without dashes."""
    return rows.select(key, name=folded(name), page=folded(key).str.replace_all("-", "", literal=True)).unpivot(
        on=["name", "page"], index=key, variable_name="by", value_name="text"
    )


def homes_of(recommendations: Frame, links: Frame, machines: Frame, right_sized: Frame, projects: Frame) -> Frame:
    """One row for each project a recommendation leads to, and one of :data:`UNALLOCATED` for what leads to none.

    ``links`` are those of :func:`linked`; ``machines`` (resource_id, subscription_id, sku, location) all there are, and
    ``right_sized`` (currency, resource_id) those that no commitment in that currency covers any more. Columns:
    recommendation_id, project_id, project_name, project_link, machines (how many of the project's a commitment is
    spread over, else null). No recommendation is without a row.
    """
    is_commitment = nw.col("kind").is_in(COMMITMENTS)
    own = _of_resources(recommendations.filter(~is_commitment), links)
    spread = _of_machines(recommendations.filter(~compute().is_null()), links, machines, right_sized)
    project = nw.col("project_id")
    return (
        recommendations.select("recommendation_id")
        .join(own, on="recommendation_id", how="left")
        .join(spread, on="recommendation_id", how="left")
        .with_columns(project_id=nw.coalesce("machines_project", "own_project", nw.lit(UNALLOCATED)))
        .join(projects.select("project_id", project_name=nw.col("name")), on="project_id", how="left")
        .select(
            "recommendation_id",
            "project_id",
            nw.col("project_name").fill_null("Unallocated"),
            project_link=nw.when(project != UNALLOCATED).then(
                nw.when(nw.col(MACHINES).is_null()).then(nw.col("own_link")).otherwise(nw.lit(MACHINES))
            ),
            machines=nw.col(MACHINES),
        )
    )


def _of_resources(recommendations: Frame, links: Frame) -> Frame:
    """The link of the nearest that the inventory knows: the resource, its resource group, its subscription.

    A resource that is known and has no project has none: its tags in effect include those above it.
    """
    subscription = nw.concat_str([nw.lit("/subscriptions/"), nw.col("subscription_id")])
    group = nw.concat_str([subscription, nw.lit("/resourcegroups/"), nw.col("resource_group")])
    nearness = nw.col("nearness")
    known = (
        recommendations.select("recommendation_id", nearest="resource_id", next=group, last=subscription)
        .unpivot(
            on=["nearest", "next", "last"],
            index="recommendation_id",
            variable_name="nearness",
            value_name="resource_id",
        )
        .with_columns(
            nearness=nw.when(nearness == "nearest").then(1).when(nearness == "next").then(2).otherwise(3).cast(nw.Int64)
        )
        .join(links, on="resource_id", how="inner")
    )
    return known.filter(nearness == nearness.min().over("recommendation_id")).select(
        "recommendation_id", own_project="project_id", own_link="project_link"
    )


def _of_machines(commitments: Frame, links: Frame, machines: Frame, right_sized: Frame) -> Frame:
    """The projects whose machines a commitment would cover, and how many of each.

    A reservation covers those of its subscription, SKU and region; a savings plan, all of its subscription. Neither
    covers what is to be right-sized first.
    """
    reach = ["reach", "covers", "machines_project"]
    within = (
        machines.join(links, on="resource_id", how="left")
        .select(
            "resource_id",
            machines_project=nw.col("project_id").fill_null(UNALLOCATED),
            place=joined("subscription_id", "sku", "location"),
            subscription=joined("subscription_id"),
        )
        .unpivot(
            on=["place", "subscription"],
            index=["resource_id", "machines_project"],
            variable_name="reach",
            value_name="covers",
        )
    )
    count = nw.col("resource_id").count().cast(nw.Int64)
    there = within.group_by(*reach).agg(there=count)
    gone = within.join(right_sized, on="resource_id", how="inner").group_by(*reach, "currency").agg(gone=count)
    is_plan = compute() == SAVINGS_PLAN
    by_subscription, by_place = joined("subscription_id"), joined("subscription_id", "sku", "region")
    return (
        commitments.select(
            "recommendation_id",
            currency=currency(),
            reach=nw.when(is_plan).then(nw.lit("subscription")).otherwise(nw.lit("place")),
            covers=nw.when(is_plan).then(by_subscription).otherwise(by_place),
        )
        .join(there, on=["reach", "covers"], how="inner")
        .join(gone, on=[*reach, "currency"], how="left")
        .select("recommendation_id", "machines_project", machines=nw.col("there") - nw.col("gone").fill_null(0))
        .filter(nw.col(MACHINES) > 0)
    )
