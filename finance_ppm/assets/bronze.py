"""Bronze assets: one step reads Notion and adds what is new; a check at its end says what did not arrive.

Belongs here: how a sync looks in Dagster. The sync writes its tables itself, in batches while it reads, so that its
memory stays flat and a run that is cut short keeps what it had: no output passes through the IO manager.
"""

import time
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from datetime import date

import dagster as dg
from pydantic import Field

from finance_ppm.assets.spec import DAYS, ONE_DAY_A_RUN, key, spec
from finance_ppm.clock import Clock
from finance_ppm.contracts import Table
from finance_ppm.contracts.bronze import NotionRawPages, NotionSyncWatermarks
from finance_ppm.errors import FinancePpmError, NeverCapturedError
from finance_ppm.lakehouse.io_manager import written_metadata
from finance_ppm.lakehouse.lake import Lake, Written
from finance_ppm.lakehouse.locks import writer_lock
from finance_ppm.pipeline.bronze import DatabaseSync, Sync
from finance_ppm.pipeline.silver import captured_on
from finance_ppm.pipeline.watermarks import stored_watermarks
from finance_ppm.resources import NotionSource
from finance_ppm.settings import DATABASES

PAGES, WATERMARKS = key(NotionRawPages), key(NotionSyncWatermarks)
TOLD_EVERY = 10.0
"""Seconds between two words on the progress of a long read."""

Metadata = dict[str, dg.MetadataValue]


class SyncRun(dg.Config):
    """What one run of the sync reads."""

    databases: list[str] = Field(list(DATABASES), description="Short names; those not configured are passed over.")
    full: bool = Field(False, description="Read every page and look for deletions, not only what was edited.")
    accept_deletions: bool = Field(False, description="Take pages for deleted however many Notion does not find.")


@dg.multi_asset(
    specs=[spec(NotionRawPages), spec(NotionSyncWatermarks).replace_attributes(deps=[PAGES])],
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
) -> Iterator[dg.MaterializeResult[None]]:
    """Today's partition asks Notion; a past one reports what was captured on that day, or fails if nothing was.

    Pages are durable before a watermark moves. A database that cannot be read does not stop the others, nor what is
    made of them; ``everything_arrived`` ends such a run red. Selecting the watermarks alone moves nothing: they
    follow a read.
    """
    day = date.fromisoformat(context.partition_key)
    selected = context.selected_asset_keys
    if day != clock.today() or PAGES not in selected:
        yield from _reported(lake, clock, day, selected)
        return
    version = lake.version(NotionSyncWatermarks)
    try:
        with writer_lock(lake.uri, "notion-sync"):
            sync = notion.sync(
                lake,
                clock,
                full=config.full,
                only=config.databases,
                accept_deletions=config.accept_deletions,
                progress=told_now_and_then(context.log.info, "{name}: {count:,} pages have arrived."),
            )
    except FinancePpmError as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    added = sum(database.new_versions for database in sync.databases)
    yield _result(lake, NotionRawPages, added, changed=added > 0, more=_report(sync))
    if WATERMARKS in selected:
        yield _result(lake, NotionSyncWatermarks, 0, changed=lake.version(NotionSyncWatermarks) != version)


@dg.multi_asset_check(
    specs=[
        dg.AssetCheckSpec(
            "everything_arrived",
            asset=PAGES,
            description="The last read of each database came to its end. Where one did not, the run ends red; what did "
            "arrive is worked on all the same.",
        )
    ],
    name="everything_arrived",
)
def everything_arrived(
    context: dg.AssetCheckExecutionContext,
    notion: dg.ResourceParam[NotionSource],
    lake: dg.ResourceParam[Lake],
    clock: dg.ResourceParam[Clock],
) -> Iterator[dg.AssetCheckResult]:
    """A step of its own, because a step that fails stops everything that waits for it."""
    step = context.op_execution_context
    is_past = step.has_partition_key and date.fromisoformat(step.partition_key) < clock.today()
    configured = {} if is_past else notion.config.database_ids
    states = {
        name: state for name, state in stored_watermarks(lake).items() if configured.get(name) == state.database_id
    }
    errors = {name: state.last_error for name, state in states.items() if state.last_error}
    yield dg.AssetCheckResult(asset_key=PAGES, check_name="everything_arrived", passed=not errors, metadata=errors)
    if errors:
        arrived = [name for name in states if name not in errors]
        told = " ".join(dict.fromkeys(errors.values()))
        raise dg.Failure(
            f"Read {len(arrived)} of {len(states)} databases ({', '.join(arrived) or 'none'}). {told}",
            allow_retries=False,
        )


def _reported(
    lake: Lake, clock: Clock, day: date, selected: AbstractSet[dg.AssetKey]
) -> Iterator[dg.MaterializeResult[None]]:
    """Nothing is added: what a past day holds is what was captured on it."""
    stored = captured_on(lake, day)
    if stored == 0 and day != clock.today():
        error = NeverCapturedError(
            f"bronze/notion_raw_pages was never captured on {day}; only today's partition asks Notion."
        )
        raise dg.Failure(str(error), allow_retries=False)
    if PAGES in selected:
        more: Metadata = {"page versions captured on the day": dg.MetadataValue.int(stored)}
        yield _result(lake, NotionRawPages, 0, changed=False, more=more)
    if WATERMARKS in selected:
        yield _result(lake, NotionSyncWatermarks, 0, changed=False)


def _result(
    lake: Lake, table: type[Table], inserted: int, *, changed: bool, more: Metadata | None = None
) -> dg.MaterializeResult[None]:
    written = Written(inserted, 0, 0, lake.count(table), lake.version(table), changed=changed)
    return dg.MaterializeResult(
        asset_key=key(table),
        metadata={**written_metadata(written, lake.path(table)), **(more or {})},
        data_version=dg.DataVersion(lake.content_version(table)),
    )


def _report(sync: Sync) -> Metadata:
    found: Metadata = {"requests": dg.MetadataValue.int(sync.requests)}
    if sync.databases:
        found["databases"] = dg.MetadataValue.table([dg.TableRecord(_told(database)) for database in sync.databases])
    return found


def _told(database: DatabaseSync) -> dict[str, str | int]:
    how = "whole" if database.full else "since the watermark"
    return {
        "database": database.name,
        "read": str(database.error) if database.error else f"{how}, taken up again" if database.resumed else how,
        "pages read": database.pages_read,
        "new versions": database.new_versions,
        "requests": database.requests,
        "schema drift": " ".join(drift.message for drift in database.drift),
        "nothing deleted because": database.note or "",
    }


def told_now_and_then(tell: Callable[[str], None], sentence: str) -> Callable[[str, int], None]:
    """Progress of a long read: ``sentence`` of ``{name}`` and ``{count}``, for each name at most every few seconds."""
    last: dict[str, float] = {}

    def progress(name: str, count: int) -> None:
        now = time.monotonic()
        if now - last.setdefault(name, now) >= TOLD_EVERY:
            last[name] = now
            tell(sentence.format(name=name, count=count))

    return progress
