"""Notion into bronze: read what changed, keep what is new, remember how far the read came.

Belongs here: the log's rules (a version is new when its content differs from the page's newest one; a
watermark moves only after a complete read, never backwards).
"""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import anyio
import polars as pl

from finance_ppm.clock import Clock
from finance_ppm.contracts import PAGE_TABLES, notion_properties
from finance_ppm.contracts.bronze import NotionRawPages, NotionSyncWatermarks
from finance_ppm.errors import SettingsError
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.settings import DATABASES, Config
from finance_ppm.sources.notion.client import NotionClient
from finance_ppm.sources.notion.errors import NotionError
from finance_ppm.sources.notion.reader import (
    DatabaseRead,
    KnownSchema,
    RawPage,
    confirm_deletions,
    incremental_floor,
    read_database,
)
from finance_ppm.sources.notion.schema import DatabaseSchema

logger = logging.getLogger(__name__)

FULL_READ_EVERY = timedelta(hours=24)
"""Only a read of every page sees deletions, and formulas that changed without their page being edited."""

Progress = Callable[[str, int], None]
"""Told the database's name and how many pages of it have arrived so far."""


@dataclass(frozen=True)
class Reading:
    """What one sync brought: the complete read of each database that could be read, and why the others could not."""

    started_at: datetime
    reads: dict[str, DatabaseRead] = field(default_factory=dict)
    failures: dict[str, NotionError] = field(default_factory=dict)
    requests: int = 0


@dataclass(frozen=True)
class Captured:
    """Rows a reading adds to bronze: new page versions, and the watermarks that may move once those are durable."""

    pages: pl.DataFrame
    """Contract ``NotionRawPages``."""
    watermarks: pl.DataFrame
    """Contract ``NotionSyncWatermarks``."""


def read_notion(
    config: Config,
    lake: Lake,
    clock: Clock,
    *,
    full: bool = False,
    only: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> Reading:
    """Read the configured databases at once, each since its watermark.

    A database is read whole if ``full``, if it was never read under its present name, or once a day.

    A database that cannot be read leaves its error in ``failures`` and does not stop the others. Raises
    :class:`~finance_ppm.errors.SettingsError` where a setting is missing, or ``only`` names no database of ours.
    """
    token = config.require_notion()
    if unknown := sorted(set(only or ()) - set(DATABASES)):
        raise SettingsError(f"There is no database {' or '.join(unknown)}: choose from {', '.join(DATABASES)}.")
    now = clock.now()
    stored = _stored_watermarks(lake)
    ids = {name: identity for name, identity in config.database_ids.items() if only is None or name in only}
    reading = Reading(started_at=now)

    async def read_one(client: NotionClient, name: str) -> None:
        state = stored.get(name)
        state = state if state and state["database_id"] == ids[name] else None
        try:
            read = await read_database(
                client,
                database_name=name,
                database_id=ids[name],
                wanted=notion_properties(PAGE_TABLES[name]),
                now=now,
                edited_since=_since(state, now, full=full),
                known=_known_schema(state),
                on_page=(lambda count: progress(name, count)) if progress else None,
            )
            if read.full:
                read = await _with_deletions(client, read, lake)
        except NotionError as error:
            logger.error("%s was not read: %s", name, error)  # noqa: TRY400 - the message is the whole story
            reading.failures[name] = error
        else:
            reading.reads[name] = read

    async def read_all() -> int:
        async with NotionClient(
            token=token,
            base_url=str(config.notion_base_url),
            version=config.notion_version,
            requests_per_minute=config.notion_requests_per_minute,
        ) as client:
            async with anyio.create_task_group() as tasks:
                for name in ids:
                    tasks.start_soon(read_one, client, name)
            return client.requests_sent

    requests = anyio.run(read_all)
    ordered = {name: reading.reads[name] for name in ids if name in reading.reads}
    return Reading(now, ordered, reading.failures, requests)


def captured(reading: Reading, lake: Lake, clock: Clock) -> Captured:
    """The rows that a reading adds to bronze. Nothing is written.

    A page's version is captured strictly after its previous one, whatever the clock says, so that versions
    of one page always have an order.
    """
    pages = [_new_versions(read, lake, clock) for read in reading.reads.values()]
    stored = _stored_watermarks(lake)
    watermarks = [_watermark(read, _of(read, stored)) for read in reading.reads.values()]
    return Captured(
        pages=_apart(pl.concat(pages)) if pages else NotionRawPages.create_empty(),
        watermarks=pl.DataFrame(watermarks, schema=NotionSyncWatermarks.create_empty().schema),
    )


def newest_in_bronze(lake: Lake, database_name: str) -> pl.LazyFrame:
    """``page_id``, ``captured_at``, ``content_hash``, ``is_deleted`` of each page's newest version."""
    return (
        lake.scan(NotionRawPages)
        .filter(pl.col("database_name") == database_name)
        .select("page_id", "captured_at", "content_hash", "is_deleted")
        .group_by("page_id")
        .agg(pl.all().sort_by("captured_at", "content_hash").last())
    )


def _new_versions(read: DatabaseRead, lake: Lake, clock: Clock) -> pl.DataFrame:
    now = clock.now()
    rows = pl.DataFrame(
        [
            {
                "page_id": page.page_id,
                "captured_at": now,
                "database_id": read.database_id,
                "database_name": read.database_name,
                "created_time": page.created_time,
                "last_edited_time": page.last_edited_time,
                "content_hash": page.content_hash,
                "is_deleted": page.is_deleted,
                "raw_payload": page.payload,
                "_ingestion_timestamp": now,
            }
            for page in read.pages
        ],
        schema=NotionRawPages.create_empty().schema,
    )
    if rows.is_empty():
        return rows
    before = newest_in_bronze(lake, read.database_name).rename(
        {"captured_at": "before_at", "content_hash": "before_hash", "is_deleted": "before_deleted"}
    )
    after_previous = pl.col("before_at") + pl.duration(microseconds=1)
    return (
        rows.lazy()
        .join(before, on="page_id", how="left")
        .filter(
            pl.col("before_hash").ne_missing(pl.col("content_hash"))
            | pl.col("before_deleted").ne_missing(pl.col("is_deleted"))
        )
        .with_columns(captured_at=pl.max_horizontal("captured_at", after_previous))
        .select(rows.columns)
        .collect()
    )


def _stored_watermarks(lake: Lake) -> dict[str, dict[str, Any]]:
    """Database name to the row of its last read, under whatever id that was.

    A name that was pointed elsewhere since, or an id that bore another name, has no watermark to go on from.
    """
    rows = lake.scan(NotionSyncWatermarks).sort("last_read_at", "database_id").collect()
    return {row["database_name"]: row for row in rows.iter_rows(named=True)}


def _since(state: Mapping[str, Any] | None, now: datetime, *, full: bool) -> datetime | None:
    """From when on edits are asked for; None where every page is: wished, never done before, or a day ago."""
    last: datetime | None = state["last_full_read_at"] if state else None
    if full or state is None or last is None or now - last >= FULL_READ_EVERY:
        return None
    return incremental_floor(state["last_edited_time"])


def _of(read: DatabaseRead, stored: Mapping[str, dict[str, Any]]) -> dict[str, Any] | None:
    """The stored row that the read went on from; None where it began anew."""
    state = stored.get(read.database_name)
    return state if state and state["database_id"] == read.database_id else None


def _known_schema(state: Mapping[str, Any] | None) -> KnownSchema | None:
    """What the stored watermark remembers of the database, so that its schema need not be asked for each time."""
    if state is None:
        return None
    return KnownSchema(
        schema=DatabaseSchema.from_json(state["schema_json"]),
        schema_read_at=state["schema_read_at"],
        property_ids=json.loads(state["property_ids"]),
    )


def _watermark(read: DatabaseRead, stored: Mapping[str, Any] | None) -> dict[str, Any]:
    """The database's row after a complete read. A watermark never moves backwards."""
    watermark = read.started_at.replace(second=0, microsecond=0)
    ids = {**(json.loads(stored["property_ids"]) if stored else {}), **read.property_ids}
    return {
        "database_id": read.database_id,
        "database_name": read.database_name,
        "last_edited_time": max(watermark, stored["last_edited_time"]) if stored else watermark,
        "last_read_at": max(read.started_at, stored["last_read_at"]) if stored else read.started_at,
        "last_full_read_at": read.started_at if read.full else stored and stored["last_full_read_at"],
        "page_count": sum(not page.is_deleted for page in read.pages) if read.full else stored and stored["page_count"],
        "schema_json": read.schema.to_json(),
        "schema_read_at": read.schema_read_at,
        "property_ids": json.dumps(ids, sort_keys=True),
    }


def _apart(pages: pl.DataFrame) -> pl.DataFrame:
    """Versions of one page from two databases (it moved from one to the other) captured a microsecond apart."""
    earlier = pl.int_range(pl.len()).over("page_id", "captured_at")
    return pages.with_columns(captured_at=pl.col("captured_at") + pl.duration(microseconds=earlier))


async def _with_deletions(client: NotionClient, read: DatabaseRead, lake: Lake) -> DatabaseRead:
    """A complete read of every page, with what became of the pages that are known but were not in it."""
    alive = newest_in_bronze(lake, read.database_name).filter(~pl.col("is_deleted")).select("page_id").collect()
    missing = set(alive["page_id"]) - {page.page_id for page in read.pages}
    if not missing:
        return read
    if not read.pages:
        logger.warning(
            "%s came back empty, though %d of its pages are known: nothing is taken for deleted. Is the database still "
            "shared, and NOTION_%s_DB_ID right?",
            read.database_name,
            len(missing),
            read.database_name.upper(),
        )
        return read
    confirmed = await confirm_deletions(
        client,
        database_name=read.database_name,
        missing_ids=missing,
        database_id=read.database_id,
        property_ids=read.property_ids.values(),
    )
    gone = {page_id for page_id, page in confirmed.items() if page is None}
    found = [page for page in confirmed.values() if page is not None]
    return replace(read, pages=(*read.pages, *found, *_tombstones(lake, read.database_name, gone)))


def _tombstones(lake: Lake, database_name: str, page_ids: set[str]) -> list[RawPage]:
    """Pages that are gone for good: their newest version, marked as deleted."""
    if not page_ids:
        return []
    newest = (
        lake.scan(NotionRawPages)
        .filter((pl.col("database_name") == database_name) & pl.col("page_id").is_in(sorted(page_ids)))
        .group_by("page_id")
        .agg(pl.all().sort_by("captured_at", "content_hash").last())
        .collect()
    )
    return [
        RawPage(
            page_id=row["page_id"],
            created_time=row["created_time"],
            last_edited_time=row["last_edited_time"],
            content_hash=row["content_hash"],
            payload=row["raw_payload"],
            is_deleted=True,
        )
        for row in newest.iter_rows(named=True)
    ]
