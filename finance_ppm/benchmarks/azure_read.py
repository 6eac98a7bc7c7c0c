"""How fast Azure is read into bronze: the inventory and the recommendations of very many subscriptions, whole.

The sandbox answers from a process of its own, as slowly as Azure and within its quota, which is the floor: fifteen
queries in five seconds. Does not belong here: what becomes of the rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from tempfile import TemporaryDirectory
from time import perf_counter

from pydantic import HttpUrl

from finance_ppm.benchmarks.measure import Measurement, measure
from finance_ppm.clock import SystemClock
from finance_ppm.contracts.azure import AzureAdvisorRaw, AzureResourcesRaw
from finance_ppm.errors import FinancePpmError
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.pipeline.azure import capture_azure
from finance_ppm.sandbox.azure.process import AzureProcess, azure_in_a_process
from finance_ppm.sandbox.estate.bulk import BulkEstate, bulk_estate
from finance_ppm.settings import Config
from finance_ppm.sources.azure.reader import AzureReader
from finance_ppm.sources.azure.rows import Dataset

LATENCY = 0.1
"""Seconds that Resource Graph takes to answer."""
QUERIES_PER_WINDOW, WINDOW = 15, 5.0
"""The quota, https://learn.microsoft.com/azure/governance/resource-graph/concepts/guidance-for-throttled-requests"""
SUBSCRIPTIONS = 2_000
RESOURCES = 1_000_000
RECOMMENDATIONS = 200_000
NOW = datetime(2026, 6, 15, 9, tzinfo=UTC)

STORED = {
    Dataset.RESOURCES: (("resources", "resourcecontainers"), AzureResourcesRaw, "resource_id"),
    Dataset.ADVISOR: (("advisorresources",), AzureAdvisorRaw, "record_id"),
}
"""Dataset to the tables of Resource Graph that it is read from, and the one it is kept in, with the id's column."""


@dataclass(frozen=True)
class BesideQuota:
    """A measurement, and what the quota allows."""

    measurement: Measurement
    queries: int

    @property
    def floor(self) -> float:
        """Seconds that the quota makes so many queries take."""
        return self.queries * WINDOW / QUERIES_PER_WINDOW


def run(
    resources: int = RESOURCES, recommendations: int = RECOMMENDATIONS, subscriptions: int = SUBSCRIPTIONS
) -> Iterator[BesideQuota]:
    """A first capture of each dataset into an empty lake, and whether every row arrived.

    Raises :class:`~finance_ppm.errors.FinancePpmError` where one did not, or a subscription is not complete.
    """
    story = partial(bulk_estate, resources=resources, recommendations=recommendations, subscriptions=subscriptions)
    with (
        TemporaryDirectory(prefix="finance-ppm-bench-") as folder,
        azure_in_a_process(story, now=NOW, queries_per_window=QUERIES_PER_WINDOW, latency=LATENCY) as azure,
    ):
        for dataset, total in ((Dataset.RESOURCES, resources), (Dataset.ADVISOR, recommendations)):
            taken = measure(dataset.value, total, first_capture, azure, folder, dataset)
            rows = arrived(folder, dataset, story())
            yield BesideQuota(replace(taken, rows=rows), queries=taken.rows)


def first_capture(azure: AzureProcess, folder: str, dataset: Dataset) -> tuple[float, int]:
    """Seconds that reading a dataset takes until it is in the lake, marked; and the number of queries.

    Raises :class:`~finance_ppm.errors.FinancePpmError` where a subscription is not complete.
    """
    config = Config(
        azure_access_token=azure.token,
        azure_resource_manager_url=HttpUrl(azure.base_url),
        ppm_lakehouse_uri=folder,
    )
    began = perf_counter()
    with AzureReader.of(config) as reader:
        capture = capture_azure(reader, Lake(folder), SystemClock(), dataset)
    seconds = perf_counter() - began
    if capture.incomplete:
        raise FinancePpmError(
            f"{len(capture.incomplete):,} of {capture.subscriptions:,} subscriptions are not complete: "
            f"{capture.incomplete[0].reason}"
        )
    return seconds, capture.queries


def arrived(folder: str, dataset: Dataset, estate: BulkEstate) -> int:
    """The number of rows in the lake, which are just those of the estate.

    Raises :class:`~finance_ppm.errors.FinancePpmError` where they are not.
    """
    tables, kept, column = STORED[dataset]
    ids = Lake(folder).scan(kept).select(column).collect()[column]
    unseen = set(ids)
    if len(unseen) != len(ids):
        raise FinancePpmError(f"{len(ids) - len(unseen):,} rows of {dataset.value} arrived twice: report this.")
    for subscription_id in estate.subscriptions(NOW):
        for row in (row for table in tables for row in estate.rows(table, subscription_id, NOW)):
            identity = row["id"].lower()
            if identity not in unseen:
                raise FinancePpmError(f"{identity} did not arrive: report this.")
            unseen.remove(identity)
    if unseen:
        raise FinancePpmError(f"{len(unseen):,} rows arrived that are not there: report this.")
    return len(ids)
