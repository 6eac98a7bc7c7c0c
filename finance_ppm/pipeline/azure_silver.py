"""Azure's bronze into its silver, as of the end of any day: which snapshots are looked at, and how many rows at a time.

Belongs here: fetching what the transforms need, so that memory stays flat however many rows there are. Does not belong
here: what a row means (``transforms.azure``), or writing it.
"""

from collections.abc import Iterator
from datetime import date

import polars as pl

from finance_ppm.contracts import Table
from finance_ppm.contracts.azure import (
    AzureAdvisorRaw,
    AzureResources,
    AzureResourcesRaw,
    AzureSnapshots,
)
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.pipeline.silver import day_end
from finance_ppm.sources.azure.rows import Dataset
from finance_ppm.transforms.azure import content, inventory
from finance_ppm.transforms.azure.configurations import configurations
from finance_ppm.transforms.azure.lifecycle import lived_on, no_lives
from finance_ppm.transforms.azure.recommendations import recommendations, whereabouts
from finance_ppm.transforms.azure.suppressions import suppressions

GROUP = 50_000
"""Rows typed together: about 100 MB of payload."""


def azure_inventory(lake: Lake, day: date, *, project_tag: str) -> pl.DataFrame:
    """The rows of ``silver/azure_resources`` as of the end of ``day``: of each subscription, the newest snapshot until
    then that is complete; of one that never was read completely, nothing.

    ``project_tag`` is the tag whose value names a project.
    """
    newest = _newest_complete(lake, Dataset.RESOURCES, day)
    typed: list[pl.DataFrame] = [AzureResources.create_empty()]
    for (captured_on,), of_day in newest.group_by("captured_on"):
        rows = _captured(lake, AzureResourcesRaw, captured_on).filter(
            pl.col("subscription_id").is_in(of_day["subscription_id"].implode())
        )
        rows = rows.select(inventory.BRONZE_COLUMNS)
        containers = inventory.Containers.of(
            rows.filter(pl.col("resource_type").is_in(inventory.CONTAINER_TYPES)).collect()
        )
        typed += [inventory.type_resources(group, containers, project_tag=project_tag) for group in _in_groups(rows)]
    return pl.concat(typed)


def azure_recommendations(lake: Lake, day: date) -> pl.DataFrame:
    """The rows of ``silver/azure_advisor_recommendations`` as of the end of ``day``: every recommendation that was ever
    seen until then, with what became of it.

    A recommendation says what it said when it was last seen. It is resolved by the first complete snapshot without it;
    its resource is deleted where it is not in the inventory as of ``day``, if that is not older than the day on which
    the recommendation was last seen. A suppression or configuration stands until a complete snapshot is without it; a
    suppression is over as well when it has expired by the end of ``day``.
    """
    lives = _lives(lake, day)
    record_type, typed, others = pl.col("record_type"), [], []
    for rows in _newest_rows(lake, lives):
        typed.append(content.type_recommendations(rows.filter(record_type == "recommendation")))
        others.append(rows.filter(record_type != "recommendation"))
    told = pl.concat(typed)
    stands = lives.filter(pl.col("resolved_on").is_null())
    standing = pl.concat(others).join(stands, on="record_id", how="semi")
    inventories = _newest_complete(lake, Dataset.RESOURCES, day).rename({"captured_on": "inventory_on"})
    return recommendations(
        told,
        lives,
        suppressed=suppressions(standing.filter(record_type == "suppression"), day_end(day)),
        configured=configurations(standing.filter(record_type == "configuration")),
        snapshots=_snapshot_days(lake, day),
        deleted=_deleted(lake, whereabouts(told, lives, inventories)),
    )


def _snapshots(lake: Lake, dataset: Dataset, day: date) -> pl.LazyFrame:
    until_then = (pl.col("dataset") == dataset) & (pl.col("captured_on") <= day)
    return lake.scan(AzureSnapshots).filter(until_then)


def _newest_complete(lake: Lake, dataset: Dataset, day: date) -> pl.DataFrame:
    """Of each subscription_id, the day (captured_on) of its newest complete snapshot."""
    complete = _snapshots(lake, dataset, day).filter("complete")
    return complete.group_by("subscription_id").agg(pl.col("captured_on").max()).collect()


def _snapshot_days(lake: Lake, day: date) -> pl.DataFrame:
    """Of each subscription_id, the day of its newest snapshot of recommendations (newest_on), and of the newest that is
    complete (snapshot_on).
    """
    captured_on = pl.col("captured_on")
    of_subscription = _snapshots(lake, Dataset.ADVISOR, day).group_by("subscription_id")
    return of_subscription.agg(newest_on=captured_on.max(), snapshot_on=captured_on.filter("complete").max()).collect()


def _captured(lake: Lake, table: type[Table], day: date) -> pl.LazyFrame:
    return lake.scan(table).filter(pl.col("captured_on") == day)


def _in_groups(rows: pl.LazyFrame) -> Iterator[pl.DataFrame]:
    """The rows, some at a time: payloads are never in memory together."""
    yield from rows.collect_batches(chunk_size=GROUP, maintain_order=False)


def _lives(lake: Lake, day: date) -> pl.DataFrame:
    """The life of every record of Advisor's until the end of ``day``, told from all snapshots in their order."""
    captured_on = pl.col("captured_on")
    snapshots = _snapshots(lake, Dataset.ADVISOR, day).select("captured_on", "subscription_id", "complete").collect()
    with_rows = lake.scan(AzureAdvisorRaw).filter(captured_on <= day).select("captured_on").unique().collect()
    lives = no_lives()
    for each in pl.concat([snapshots["captured_on"], with_rows["captured_on"]]).unique().sort():
        seen = _captured(lake, AzureAdvisorRaw, each).select("record_id", "subscription_id").collect()
        complete = snapshots.filter((captured_on == each) & pl.col("complete"))["subscription_id"]
        lives = lived_on(lives, each, seen, complete)
    return lives


def _newest_rows(lake: Lake, lives: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The newest row of each record, some at a time; at least an empty frame."""
    yield AzureAdvisorRaw.create_empty()
    for (last_seen,), of_day in lives.group_by("last_seen"):
        rows = _captured(lake, AzureAdvisorRaw, last_seen)
        yield from _in_groups(rows.join(of_day.lazy().select("record_id"), on="record_id", how="semi"))


def _deleted(lake: Lake, sought: pl.DataFrame) -> pl.Series:
    """The ids of the recommendations whose resource is not where :func:`whereabouts` says to look for it."""
    missing = [sought.clear()]
    for (day,), of_day in sought.group_by("inventory_on"):
        ids = pl.concat([of_day["resource_id"], of_day["listed"]]).unique()
        in_inventory = _captured(lake, AzureResourcesRaw, day).filter(pl.col("resource_id").is_in(ids.implode()))
        there = in_inventory.select("resource_id").collect()["resource_id"].implode()
        missing.append(of_day.filter(~(pl.col("resource_id").is_in(there) | pl.col("listed").is_in(there))))
    return pl.concat(missing)["recommendation_id"]
