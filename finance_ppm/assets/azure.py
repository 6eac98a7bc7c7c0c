"""Bronze assets of Azure: a step reads each dataset whole, once a day, and keeps it as the day's snapshot.

Belongs here: how a capture looks in Dagster. The capture writes its tables itself, in one commit, so that its memory
stays flat and a snapshot is there whole or not at all: no output passes through the IO manager.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from datetime import date

import dagster as dg
import polars as pl

from finance_ppm.assets.arrival import NOT_READ, arrived
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
    """Today's partition asks Azure; a past one reports what was captured on that day, or fails if it was passed over.

    A subscription that cannot be read does not stop the others; its snapshot is not complete, which the checks tell,
    and resolves nothing. An Azure that cannot be read at all does not stop what is made of Notion, nor of the snapshots
    before; ``azure_arrived`` ends such a run red. Selecting the snapshots alone reads nothing: they follow a read.
    Without a configured Azure nothing is read, and the tables stay as they are.
    """
    day = date.fromisoformat(context.partition_key)
    wanted = {dataset: table for dataset, table in TABLES.items() if key(table) in context.selected_asset_keys}
    asks = day == clock.today() and azure.config.reads_azure
    passed_over = [
        full_name(table)
        for dataset, table in wanted.items()
        if day < clock.today() and _first_captured(lake, dataset) < day and not _was_captured(lake, dataset, day)
    ]
    if passed_over:
        raise dg.Failure(
            f"{' and '.join(passed_over)}: Azure was not read on {day}, and only today's partition asks it. Gold of "
            "that day is made from the snapshot before: materialise gold alone.",
            allow_retries=False,
        )
    not_read: dict[str, str] = {}
    tell = told_now_and_then(context.log.info, "{count:,} rows of {name} have arrived.")
    with _alone(lake, clock, day) if asks and wanted else nullcontext():
        for dataset, table in wanted.items():
            capture = None
            if asks:
                try:
                    capture = azure.capture(lake, clock, dataset, day=day, progress=tell)
                except FinancePpmError as error:
                    not_read[dataset] = str(error)
                else:
                    if capture.subscriptions and not capture.complete:
                        not_read[dataset] = f"No subscription could be read whole. {capture.incomplete[0].reason}"
            more = _report(capture) if capture else _unread(lake, table, day, not_read.get(dataset) or _why(azure))
            yield _result(lake, table, capture.written if capture else None, more)
    if SNAPSHOTS in context.selected_asset_keys:
        failed: Metadata = {NOT_READ: dg.MetadataValue.json(not_read)} if not_read else {}
        yield _result(lake, AzureSnapshots, None, failed)
    elif not_read:
        raise dg.Failure(_told(not_read), allow_retries=False)


def _told(not_read: Mapping[str, str]) -> str:
    """What was not read, and why, each reason once."""
    return f"Azure was not read ({', '.join(sorted(not_read))}). {' '.join(sorted(set(not_read.values())))}"


azure_arrived = arrived(
    "azure_arrived",
    of=SNAPSHOTS,
    description="Azure could be read when it was last asked. Where it could not, the run ends red; what is made of "
    "Notion and of the snapshots before is made all the same.",
    told=_told,
)


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


def _marks(lake: Lake, dataset: Dataset) -> pl.LazyFrame:
    return lake.scan(AzureSnapshots).filter(pl.col("dataset") == dataset.value)


def _first_captured(lake: Lake, dataset: Dataset) -> date:
    """The day since which the dataset is read; the last day of all where it never was."""
    first: date | None = _marks(lake, dataset).select(pl.col("captured_on").min()).collect().item()
    return first or date.max


def _was_captured(lake: Lake, dataset: Dataset, day: date) -> bool:
    """Whether the dataset was read on the day, be it that there was nothing to read."""
    return bool(_marks(lake, dataset).filter(pl.col("captured_on") == day).select(pl.len()).collect().item())


def _why(azure: AzureSource) -> str:
    return "Reported, not read." if azure.config.reads_azure else HOW_TO_CONFIGURE_AZURE


def _unread(lake: Lake, table: type[Table], day: date, why: str) -> Metadata:
    stored = lake.scan(table).filter(pl.col("captured_on") == day).select(pl.len()).collect().item()
    return {"not read because": dg.MetadataValue.text(why), "rows of the day": dg.MetadataValue.int(stored)}


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
