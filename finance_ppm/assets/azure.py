"""Bronze assets of Azure: a step reads each dataset whole, once a day, and keeps it as the day's snapshot.

Belongs here: how a capture looks in Dagster. The capture writes its tables itself, in one commit, so that its memory
stays flat and a snapshot is there whole or not at all: no output passes through the IO manager.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import dagster as dg
import polars as pl

from finance_ppm.assets.bronze import Metadata, told_now_and_then
from finance_ppm.assets.spec import DAYS, ONE_DAY_A_RUN, key, spec
from finance_ppm.clock import Clock
from finance_ppm.contracts import Table, full_name
from finance_ppm.contracts.azure import AzureAdvisorRaw, AzureResourcesRaw, AzureSnapshots
from finance_ppm.errors import FinancePpmError
from finance_ppm.lakehouse.errors import LakeBusyError
from finance_ppm.lakehouse.io_manager import written_metadata
from finance_ppm.lakehouse.lake import Lake, Written
from finance_ppm.lakehouse.locks import writer_lock
from finance_ppm.pipeline.azure import Capture
from finance_ppm.resources import AzureSource
from finance_ppm.settings import HOW_TO_CONFIGURE_AZURE
from finance_ppm.sources.azure.rows import Dataset

SNAPSHOTS = key(AzureSnapshots)
TABLES: dict[Dataset, type[Table]] = {Dataset.RESOURCES: AzureResourcesRaw, Dataset.ADVISOR: AzureAdvisorRaw}
"""What is read, in this order: recommendations are judged by the inventory."""


@dg.multi_asset(
    specs=[
        spec(AzureResourcesRaw),
        spec(AzureAdvisorRaw),
        spec(AzureSnapshots).replace_attributes(deps=[key(table) for table in TABLES.values()]),
    ],
    can_subset=True,
    partitions_def=DAYS,
    backfill_policy=ONE_DAY_A_RUN,
    pool="azure_capture",
    name="azure_capture",
)
def azure_capture(
    context: dg.AssetExecutionContext,
    azure: dg.ResourceParam[AzureSource],
    lake: dg.ResourceParam[Lake],
    clock: dg.ResourceParam[Clock],
) -> Iterator[dg.MaterializeResult[None]]:
    """Today's partition asks Azure; a past one reports what was captured on that day, or fails if nothing was.

    A subscription that cannot be read does not stop the others; its snapshot is not complete, which the checks tell,
    and resolves nothing. Where none could be read the step ends red, with what was captured until then. Selecting the
    snapshots alone reads nothing: they follow a read. Without a configured Azure nothing is read, and the tables stay
    as they are.
    """
    day = date.fromisoformat(context.partition_key)
    wanted = {dataset: table for dataset, table in TABLES.items() if key(table) in context.selected_asset_keys}
    failures: list[str] = []
    if day != clock.today():
        failures = [
            f"{full_name(wanted[dataset])} was never captured on {day}; only today's partition asks Azure."
            for dataset in wanted
            if not _was_captured(lake, dataset, day)
        ]
    elif azure.config.reads_azure and wanted:
        tell = told_now_and_then(context.log.info, "{count:,} rows of {name} have arrived.")
        with _alone(lake, clock, day):
            for dataset, table in wanted.items():
                try:
                    capture = azure.capture(lake, clock, dataset, day=day, progress=tell)
                except FinancePpmError as error:
                    failures.append(str(error))
                    continue
                if capture.subscriptions and not capture.complete:
                    failures.append(f"No subscription's {dataset} could be read whole. {capture.incomplete[0].reason}")
                    continue
                yield _result(lake, table, capture.written, _report(capture))
        wanted = {}
    if not failures:
        told = dg.MetadataValue.text("reported, not read" if azure.config.reads_azure else HOW_TO_CONFIGURE_AZURE)
        for table in wanted.values():
            stored = dg.MetadataValue.int(_stored(lake, table, day))
            yield _result(lake, table, None, {"read": told, "rows of the day": stored})
    if SNAPSHOTS in context.selected_asset_keys:
        yield _result(lake, AzureSnapshots, None, {})
    if failures:
        raise dg.Failure(" ".join(dict.fromkeys(failures)), allow_retries=False)


@contextmanager
def _alone(lake: Lake, clock: Clock, day: date) -> Iterator[None]:
    """No other capture of this machine at the same time; waiting for one may outlast the day."""
    try:
        with writer_lock(lake.uri, "azure-capture"):
            if clock.today() != day:
                raise dg.Failure(f"{day} ended before Azure could be read: materialise {clock.today()}.")
            yield
    except LakeBusyError as error:
        raise dg.Failure(str(error)) from error


def _was_captured(lake: Lake, dataset: Dataset, day: date) -> bool:
    """Whether the dataset was read on the day, be it that there was nothing to read."""
    marks = lake.scan(AzureSnapshots).filter((pl.col("captured_on") == day) & (pl.col("dataset") == dataset.value))
    return bool(marks.select(pl.len()).collect().item())


def _stored(lake: Lake, table: type[Table], day: date) -> int:
    rows = lake.scan(table).filter(pl.col("captured_on") == day)
    return int(rows.select(pl.len()).collect().item())


def _result(lake: Lake, table: type[Table], written: Written | None, more: Metadata) -> dg.MaterializeResult[None]:
    told = written or Written(0, 0, 0, lake.count(table), lake.version(table), changed=False)
    return dg.MaterializeResult(
        asset_key=key(table),
        metadata={**written_metadata(told, lake.path(table)), **more},
        data_version=dg.DataVersion(lake.content_version(table)),
    )


def _report(capture: Capture) -> Metadata:
    found: Metadata = {
        "requests": dg.MetadataValue.int(capture.queries),
        "rows of the day": dg.MetadataValue.int(capture.rows),
        "subscriptions": dg.MetadataValue.int(capture.subscriptions),
        "subscriptions read completely": dg.MetadataValue.int(capture.complete),
    }
    if capture.incomplete:
        found["not complete"] = dg.MetadataValue.table(
            [
                dg.TableRecord(
                    {
                        "subscription": outcome.subscription_name or outcome.subscription_id,
                        "rows": outcome.row_count,
                        "why": outcome.reason or "",
                    }
                )
                for outcome in capture.incomplete
            ]
        )
    return found
