"""Bronze assets: one step reads Notion, appends what is new, and only then moves the watermarks."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from datetime import date

import dagster as dg
import polars as pl
from pydantic import Field

from finance_ppm.assets.spec import DAYS, LAKE_IO, ONE_DAY_A_RUN, key, spec
from finance_ppm.clock import Clock
from finance_ppm.contracts.bronze import NotionRawPages, NotionSyncWatermarks
from finance_ppm.errors import FinancePpmError, NeverCapturedError
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.lakehouse.locks import writer_lock
from finance_ppm.pipeline.bronze import Reading, captured
from finance_ppm.pipeline.silver import captured_on
from finance_ppm.resources import NotionSource
from finance_ppm.settings import DATABASES

PAGES, WATERMARKS = NotionRawPages.info.name, NotionSyncWatermarks.info.name


class SyncRun(dg.Config):
    """What one run of the sync reads."""

    databases: list[str] = Field(list(DATABASES), description="Short names; those not configured are passed over.")
    full: bool = Field(False, description="Read every page and look for deletions, not only what was edited.")


@dg.multi_asset(
    outs={
        PAGES: dg.AssetOut.from_spec(spec(NotionRawPages), io_manager_key=LAKE_IO, is_required=False),
        WATERMARKS: dg.AssetOut.from_spec(spec(NotionSyncWatermarks), io_manager_key=LAKE_IO, is_required=False),
    },
    internal_asset_deps={PAGES: set(), WATERMARKS: {key(NotionRawPages)}},
    can_subset=True,
    partitions_def=DAYS,
    backfill_policy=ONE_DAY_A_RUN,
    pool="notion_sync",
    name="notion_sync",
)
def notion_sync(
    context: dg.AssetExecutionContext,
    config: SyncRun,
    notion: dg.ResourceParam[NotionSource],
    lake: dg.ResourceParam[Lake],
    clock: dg.ResourceParam[Clock],
) -> Iterator[dg.Output[pl.DataFrame]]:
    """Today's partition asks Notion; a past one reports what was captured on that day, or fails if nothing was.

    Pages are durable before a watermark moves. A database that cannot be read ends the run red, after what the
    others brought has been kept. Selecting the watermarks alone moves nothing: they follow a read.
    """
    day = date.fromisoformat(context.partition_key)
    selected = context.op_execution_context.selected_output_names
    if day != clock.today() or PAGES not in selected:
        yield from _reported(lake, clock, day, selected)
        return
    try:
        with writer_lock(lake.uri, "notion-sync"):
            reading = notion.read(lake, clock, full=config.full, only=config.databases)
            rows = captured(reading, lake, clock)
            yield dg.Output(rows.pages, PAGES, metadata=_report(reading, rows.pages))
            if WATERMARKS in selected:
                yield dg.Output(rows.watermarks, WATERMARKS)
    except FinancePpmError as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    if reading.failures:
        told = " ".join(dict.fromkeys(str(error) for error in reading.failures.values()))
        retryable = all(error.retryable for error in reading.failures.values())
        raise dg.Failure(
            f"Read {len(reading.reads)} of {len(reading.reads) + len(reading.failures)} databases. {told}",
            allow_retries=retryable,
        )


def _reported(lake: Lake, clock: Clock, day: date, selected: AbstractSet[str]) -> Iterator[dg.Output[pl.DataFrame]]:
    """Outputs that add nothing: what a past day holds is what was captured on it."""
    stored = captured_on(lake, day)
    if stored == 0 and day != clock.today():
        error = NeverCapturedError(
            f"bronze/notion_raw_pages was never captured on {day}; only today's partition asks Notion."
        )
        raise dg.Failure(str(error), allow_retries=False)
    if PAGES in selected:
        nothing_new = NotionRawPages.create_empty()
        yield dg.Output(nothing_new, PAGES, metadata={"page versions captured on the day": stored})
    if WATERMARKS in selected:
        yield dg.Output(NotionSyncWatermarks.create_empty(), WATERMARKS)


def _report(reading: Reading, new_versions: pl.DataFrame) -> dict[str, dg.MetadataValue]:
    counts = dict(new_versions.group_by("database_name").len().iter_rows())
    rows = [
        dg.TableRecord(
            {
                "database": name,
                "read": "whole" if read.full else "since the watermark",
                "pages read": len(read.pages),
                "new versions": counts.get(name, 0),
                "schema drift": " ".join(drift.message for drift in read.drift),
            }
        )
        for name, read in reading.reads.items()
    ]
    rows += [
        dg.TableRecord({"database": name, "read": str(error), "pages read": 0, "new versions": 0, "schema drift": ""})
        for name, error in reading.failures.items()
    ]
    found: dict[str, dg.MetadataValue] = {"requests": dg.MetadataValue.int(reading.requests)}
    if rows:
        found["databases"] = dg.MetadataValue.table(rows)
    return found
