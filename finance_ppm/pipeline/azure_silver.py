"""Azure's bronze into its silver, as of the end of any day: which snapshots are looked at, and how many rows at a time.

Belongs here: fetching what the transforms need, so that memory stays flat however many rows there are. Does not belong
here: what a row means (``transforms.azure``), or writing it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import polars as pl

from finance_ppm.contracts.azure import AzureAdvisorRaw, AzureResources, AzureResourcesRaw, AzureSnapshots
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.pipeline.silver import day_end
from finance_ppm.sources.azure.rows import Dataset
from finance_ppm.transforms.azure import content, inventory
from finance_ppm.transforms.azure.configurations import configurations
from finance_ppm.transforms.azure.lifecycle import lived_on, no_lives
from finance_ppm.transforms.azure.recommendations import COMPLETED, gone, recommendations, whereabouts
from finance_ppm.transforms.azure.suppressions import suppressions

GROUP = 50_000
"""Rows typed together: about 100 MB of payload."""


def azure_inventory(lake: Lake, day: date, *, project_tag: str) -> pl.DataFrame:
    """The rows of ``silver/azure_resources`` as of the end of ``day``: of each subscription, the newest snapshot until
    then that is complete; of one that never was read completely, nothing.

    ``project_tag`` is the tag whose value names a project.
    """
    bronze = _Bronze.until(lake, day)
    typed: list[pl.DataFrame] = [AzureResources.create_empty()]
    for (captured_on,), of_day in bronze.newest_complete(Dataset.RESOURCES).group_by("captured_on"):
        of_these = pl.col("subscription_id").is_in(of_day["subscription_id"].implode())
        rows = bronze.resources.filter(_captured_on(captured_on) & of_these).select(inventory.BRONZE_COLUMNS)
        containers = inventory.Containers.of(
            rows.filter(pl.col("resource_type").is_in(inventory.CONTAINER_TYPES)).collect()
        )
        typed += [inventory.type_resources(group, containers, project_tag=project_tag) for group in _in_groups(rows)]
    return pl.concat(typed)


def azure_recommendations(lake: Lake, day: date) -> pl.DataFrame:
    """The rows of ``silver/azure_advisor_recommendations`` as of the end of ``day``: every recommendation that was ever
    seen until then, with what became of it.

    A recommendation says what it said when it was last seen, and it is seen where Advisor does not mark it completed.
    It is resolved by the first complete snapshot in which it is not seen. A suppression or configuration stands until a
    complete snapshot is without it; a suppression is over as well when it has expired by the end of ``day``.

    A later day tells of a resolved recommendation what an earlier one did, with two exceptions. Its resource is deleted
    where an inventory had it while it was seen, and the first complete one since it was resolved is without it: until
    there is one, the newest inventory says so provisionally, if it is not older than the day on which the
    recommendation was last seen. And Advisor may mark completed later what it left out before: then it is
    ``completed`` from that day on.
    """
    bronze = _Bronze.until(lake, day)
    lives = bronze.lives()
    record_type, typed, others = pl.col("record_type"), [], []
    for rows in bronze.newest_records(lives):
        typed.append(content.type_recommendations(rows.filter(record_type == "recommendation")))
        others.append(rows.filter(record_type != "recommendation"))
    told = pl.concat(typed)
    stands = lives.filter(pl.col("resolved_on").is_null())
    standing = pl.concat(others).join(stands, on="record_id", how="semi")
    inventories = bronze.complete(Dataset.RESOURCES).rename({"captured_on": "inventory_on"})
    return recommendations(
        told,
        lives,
        suppressed=suppressions(standing.filter(record_type == "suppression"), day_end(day)),
        configured=configurations(standing.filter(record_type == "configuration")),
        snapshots=bronze.newest_complete(Dataset.ADVISOR).rename({"captured_on": "snapshot_on"}),
        deleted=gone(bronze.looked_up(whereabouts(told, lives, inventories))),
    )


@dataclass(frozen=True)
class _Bronze:
    """Azure's bronze until the end of a day, each table in the version in which it was opened."""

    snapshots: pl.LazyFrame
    advisor: pl.LazyFrame
    resources: pl.LazyFrame

    @classmethod
    def until(cls, lake: Lake, day: date) -> "_Bronze":
        """As it stands now. A capture writes rows before it marks them, so marks are opened before rows: the other way
        round, a snapshot might be taken for complete whose rows are not there yet, and would resolve everything.
        """
        snapshots = lake.scan(AzureSnapshots)
        advisor, resources = lake.scan(AzureAdvisorRaw), lake.scan(AzureResourcesRaw)
        return cls(*(rows.filter(pl.col("captured_on") <= day) for rows in (snapshots, advisor, resources)))

    def complete(self, dataset: Dataset) -> pl.DataFrame:
        """The complete snapshots, by subscription_id and captured_on."""
        complete = self.snapshots.filter((pl.col("dataset") == dataset) & pl.col("complete"))
        return complete.select("subscription_id", "captured_on").collect()

    def newest_complete(self, dataset: Dataset) -> pl.DataFrame:
        """Of each subscription_id, the day (captured_on) of its newest complete snapshot."""
        return self.complete(dataset).group_by("subscription_id").agg(pl.col("captured_on").max())

    def lives(self) -> pl.DataFrame:
        """The life of every record of Advisor's, told from all snapshots in their order."""
        of_advisor = self.snapshots.filter(pl.col("dataset") == Dataset.ADVISOR)
        marks = of_advisor.select("captured_on", "subscription_id", "complete").collect()
        with_rows = self.advisor.select("captured_on").unique().collect()
        lives = no_lives()
        for day in pl.concat([marks["captured_on"], with_rows["captured_on"]]).unique().sort():
            rows = self.advisor.filter(_captured_on(day)).select("record_id", "subscription_id", "status").collect()
            is_completed = pl.col("status").eq_missing(COMPLETED)
            lives = lived_on(
                lives,
                day,
                seen=rows.filter(~is_completed).drop("status"),
                complete=marks.filter(_captured_on(day) & pl.col("complete"))["subscription_id"],
                completed=rows.filter(is_completed)["record_id"],
            )
        return lives

    def newest_records(self, lives: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """The newest row of each record, some at a time; at least an empty frame."""
        yield AzureAdvisorRaw.create_empty()
        for (last_seen,), of_day in lives.group_by("last_seen"):
            ids = of_day.lazy().select("record_id")
            yield from _in_groups(self.advisor.filter(_captured_on(last_seen)).join(ids, on="record_id", how="semi"))

    def looked_up(self, places: pl.DataFrame) -> pl.DataFrame:
        """The places that :func:`whereabouts` told, with whether the resource is_there. Each day is read once."""
        looked = [places.clear().with_columns(is_there=pl.lit(value=False))]
        for (day,), of_day in places.group_by("inventory_on"):
            is_sought = pl.col("resource_id").is_in(pl.concat([of_day["resource_id"], of_day["listed"]]).implode())
            found = self.resources.filter(_captured_on(day) & is_sought).select("resource_id").collect()
            there = found["resource_id"].implode()
            is_there = pl.col("resource_id").is_in(there) | pl.col("listed").is_in(there)
            looked.append(of_day.with_columns(is_there=is_there))
        return pl.concat(looked)


def _captured_on(day: date) -> pl.Expr:
    return pl.col("captured_on") == day


def _in_groups(rows: pl.LazyFrame) -> Iterator[pl.DataFrame]:
    """The rows, some at a time: payloads are never in memory together."""
    yield from rows.collect_batches(chunk_size=GROUP, maintain_order=False)
