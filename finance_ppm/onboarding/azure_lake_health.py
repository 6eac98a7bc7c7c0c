"""What the lake says of Azure: when was it read, what was not complete, and how much of it leads to projects?

Belongs here: looking, without changing anything. Azure itself is looked at in ``azure_health``.
"""

from collections.abc import Iterator, Mapping

import polars as pl
from deltalake.exceptions import DeltaError

from finance_ppm.clock import Clock
from finance_ppm.contracts.azure import AzureResources, AzureSnapshots
from finance_ppm.errors import FinancePpmError
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.onboarding.finding import Finding
from finance_ppm.quality.thresholds import THRESHOLDS
from finance_ppm.settings import Config
from finance_ppm.sources.azure.batches import packed
from finance_ppm.sources.azure.graph import MOST_SUBSCRIPTIONS, PAGE_ROWS, TABLES
from finance_ppm.sources.azure.limiter import QUERIES
from finance_ppm.sources.azure.reader import BATCH_ROWS
from finance_ppm.sources.azure.rows import Dataset
from finance_ppm.sources.azure.side_by_side import AT_ONCE
from finance_ppm.transforms.azure.inventory import CONTAINER_TYPES

TITLES = {Dataset.RESOURCES: "inventory", Dataset.ADVISOR: "recommendations"}
"""What people call the datasets."""

READ_NOW = "materialise bronze/azure_resources and bronze/azure_advisor in Dagster, or run `finance-ppm run`"


def look_at_azure_in_lake(config: Config, clock: Clock) -> list[Finding]:
    """What there is to say of earlier reads, and of the tags of the inventory."""
    try:
        lake = Lake(config.ppm_lakehouse_uri, clock=clock)
        reads = [_last_read(lake, clock, dataset, title) for dataset, title in TITLES.items()]
        return [*reads, *_full_read(lake), *_tags(config, lake)]
    except (FinancePpmError, DeltaError, OSError) as error:
        return [Finding("lake", False, f"{config.ppm_lakehouse_uri} cannot be read: {error}")]


def _last_read(lake: Lake, clock: Clock, dataset: Dataset, title: str) -> Finding:
    """How the newest day on which a dataset was read went."""
    what = f"last read of the {title}"
    snapshots = lake.scan(AzureSnapshots).filter(pl.col("dataset") == dataset.value)
    newest = snapshots.filter(pl.col("captured_on") == pl.col("captured_on").max()).collect()
    if newest.is_empty():
        return Finding(what, True, f"Nothing was read into {lake.uri} yet: {READ_NOW}.")
    read_on, read_at = newest.select(pl.col("captured_on").max(), pl.col("captured_at").max()).row(0)
    cut = newest.filter(~pl.col("complete"))
    complete = (
        f"{len(newest) - len(cut):,} of {len(newest):,} subscriptions complete, {newest['row_count'].sum():,} rows"
    )
    told = f"{read_at:%Y-%m-%d %H:%M} UTC: {complete}."
    if (clock.today() - read_on).days > THRESHOLDS.azure_read_within_days:
        return Finding(what, False, f"{told} That is more than a day ago: {READ_NOW}.")
    if len(cut):
        name, reason = cut.select(pl.coalesce("subscription_name", "subscription_id"), "reason").row(0)
        return Finding(what, False, f"{told} Of {name}: {reason}")
    return Finding(what, True, told)


def _full_read(lake: Lake) -> Iterator[Finding]:
    """What the newest read says of the next one; nothing where there is none."""
    snapshots = lake.scan(AzureSnapshots)
    newest = snapshots.filter(pl.col("captured_on") == pl.col("captured_on").max().over("dataset")).collect()
    if newest.is_empty():
        return
    counts: dict[Dataset, dict[str, int]] = {}
    for dataset, subscription, rows in newest.select("dataset", "subscription_id", "row_count").iter_rows():
        counts.setdefault(Dataset(dataset), {})[subscription] = rows
    queries = sum(_queries(dataset, rows) for dataset, rows in counts.items())
    waits = (queries - 1) // QUERIES * 5
    time = f"at least {waits:,} seconds" if waits else "within one quota"
    told = f"{newest['row_count'].sum():,} rows take about {queries:,} queries, {time} ({QUERIES} in any 5 seconds)."
    yield Finding("full read", True, told)


def _queries(dataset: Dataset, counts: Mapping[str, int]) -> int:
    """About how many queries a read takes: the list of subscriptions, their counts, and each batch of each table.

    Where the rows of a batch fall among its tables is not known; each table has a page of it at least.
    """
    tables = len(TABLES[dataset])
    counting = tables * -(-len(counts) // MOST_SUBSCRIPTIONS)
    batches = packed(counts, most_rows=BATCH_ROWS, most_subscriptions=MOST_SUBSCRIPTIONS, at_once=AT_ONCE)
    reading = sum(_pages(sum(counts[identity] for identity in batch)) + tables - 1 for batch in batches)
    return _pages(len(counts)) + counting + reading


def _pages(rows: int) -> int:
    """Pages of a result, each of which begins with the last row of the page before."""
    return max(1, -(-(rows - 1) // (PAGE_ROWS - 1)))


def _tags(config: Config, lake: Lake) -> Iterator[Finding]:
    """How many resources name a project; nothing where there is no inventory."""
    resources = lake.scan(AzureResources).filter(~pl.col("resource_type").is_in(CONTAINER_TYPES))
    total, tagged = resources.select(pl.len(), pl.col("project_tag").count()).collect().row(0)
    if not total:
        return
    tag = config.ppm_azure_project_tag
    told = f"{tagged:,} of {total:,} resources ({tagged / total:.0%}) bear the tag {tag!r}, themselves or from above."
    if tagged:
        yield Finding("project tag", True, told)
    else:
        remedy = "name the tag that you use in PPM_AZURE_PROJECT_TAG, or tag subscriptions, groups or resources with it"
        yield Finding("project tag", False, f"{told} Savings are therefore unallocated: {remedy}.")
