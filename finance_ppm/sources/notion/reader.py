"""Reading one Notion database: all of it, or what changed since a moment. A read is complete, or it raises.

Belongs here: the queries, their order, and what makes a read complete. How a request is sent is the client's
business; when a page counts as new is bronze's.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from msgspec import Raw

from finance_ppm.contracts import NotionProperty
from finance_ppm.sources.notion.client import Cursors, NotionClient, QueryPage
from finance_ppm.sources.notion.errors import NotionError
from finance_ppm.sources.notion.json_text import parse
from finance_ppm.sources.notion.pages import UNIDENTIFIED, RawPage, created_time, dashed_id, raw_page
from finance_ppm.sources.notion.schema import DatabaseSchema, SchemaDrift, resolve_properties
from finance_ppm.sources.notion.transport import Errand
from finance_ppm.sources.notion.truncation import completed, shown_in_part

__all__ = [
    "DatabaseRead",
    "KnownSchema",
    "RawPage",
    "confirm_deletions",
    "incremental_floor",
    "read_database",
]

OVERLAP = timedelta(minutes=2)
"""Edit times are floored to the minute, and an edit takes a moment to show: an incremental read begins earlier."""

SCHEMA_MAX_AGE = timedelta(hours=1)

QUERY_LIMIT = 10_000
"""Rows that one query gives at most (https://developers.notion.com/guides/data-apis/query-large-data-sources)."""

logger = logging.getLogger(__name__)
T = TypeVar("T")
Told = tuple[str, Any]
"""A page as it came: its JSON text, and the same parsed."""


@dataclass(frozen=True)
class KnownSchema:
    """What an earlier read learned of a database: its schema, and the property of each column."""

    schema: DatabaseSchema
    schema_read_at: datetime
    property_ids: Mapping[str, str]


@dataclass(frozen=True)
class DatabaseRead:
    """A complete read of one database."""

    database_name: str
    database_id: str
    pages: tuple[RawPage, ...]
    """One for each page id: where a page came twice, as it came last."""
    schema: DatabaseSchema
    schema_read_at: datetime
    property_ids: dict[str, str]
    """Silver column to property id; without the columns whose property is missing."""
    drift: tuple[SchemaDrift, ...]
    started_at: datetime
    full: bool
    requests: int
    """Requests sent for it, repeated ones included."""


def incremental_floor(watermark: datetime) -> datetime:
    """Where an incremental read begins, given the watermark: its minute, less the overlap."""
    return watermark.astimezone(UTC).replace(second=0, microsecond=0) - OVERLAP


async def read_database(
    client: NotionClient,
    *,
    database_name: str,
    database_id: str,
    wanted: Mapping[str, NotionProperty],
    now: datetime,
    edited_since: datetime | None,
    known: KnownSchema | None,
    on_page: Callable[[int], None] | None = None,
) -> DatabaseRead:
    """Read a database's pages: those edited since ``edited_since`` (see ``incremental_floor``), or all of them.

    ``wanted`` names the properties whose values must be whole. ``on_page`` is told how many pages have come so far.
    An unchanged database whose schema is known costs one request. A column that is found in another property than
    before has every page read. Raises :class:`NotionError`.
    """
    errand = Errand(f"the database {database_name} ({database_id})")
    full = edited_since is None
    if full or known is None or _is_stale(known, now, client):
        schema, schema_read_at = await client.retrieve_database(database_id, errand), now
    else:
        schema, schema_read_at = known.schema, known.schema_read_at
    resolved = resolve_properties(schema, wanted, known.property_ids if known else {})
    property_ids = frozenset(resolved.ids.values())
    if known and any(known.property_ids.get(column) != found for column, found in resolved.ids.items()):
        edited_since, full = None, True  # a column is read from another property now: of no page is its value known

    pages: dict[str, RawPage] = {}
    for source_id in schema.data_source_ids or (database_id,):
        async for answer in _answers(client, source_id, edited_since, errand):
            whole = await _all([_page(client, told, property_ids, errand) for told in answer])
            pages.update((page.page_id, page) for page in whole)
            if on_page:
                on_page(len(pages))
    return DatabaseRead(
        database_name=database_name,
        database_id=database_id,
        pages=tuple(pages.values()),
        schema=schema,
        schema_read_at=schema_read_at,
        property_ids=resolved.ids,
        drift=resolved.drift,
        started_at=now,
        full=full,
        requests=errand.requests,
    )


async def confirm_deletions(
    client: NotionClient,
    *,
    database_name: str,
    missing_ids: Collection[str],
    database_id: str | None = None,
    property_ids: Collection[str] = (),
) -> dict[str, RawPage | None]:
    """What became of pages that are known but were not in a complete read of the whole database.

    None: Notion does not find the page, or it is in another database than ``database_id`` now; it is gone from
    this one. Otherwise the page itself: in the trash (``is_deleted``), or alive after all, with the values of
    ``property_ids`` whole. An unidentified page cannot be asked for, and is gone. Raises :class:`NotionError`.
    """
    ordered = sorted(missing_ids)
    found = await _all([_confirmed(client, page_id, database_name, database_id, property_ids) for page_id in ordered])
    return dict(zip(ordered, found, strict=True))


async def _confirmed(
    client: NotionClient, page_id: str, database_name: str, database_id: str | None, property_ids: Collection[str]
) -> RawPage | None:
    if page_id.startswith(UNIDENTIFIED):
        return None
    errand = Errand(f"page {page_id} of the database {database_name}")
    try:
        told = _told(await client.retrieve_page(page_id, errand))
    except NotionError as error:
        if error.code == "object_not_found":
            return None
        raise
    if database_id is not None and not _lies_in(told[1], database_id):
        return None
    return await _page(client, told, property_ids, errand)


def _lies_in(page: Any, database_id: str) -> bool:
    """False where the page says that it is elsewhere. Before data sources, ``parent`` names the database as well."""
    parent = page.get("parent") if isinstance(page, dict) else None
    if not isinstance(parent, dict) or ("database_id" not in parent and parent.get("type") == "data_source_id"):
        return True
    return dashed_id(parent.get("database_id")) == dashed_id(database_id)


def _is_stale(known: KnownSchema, now: datetime, client: NotionClient) -> bool:
    """Too old, or read through an API version that asks for pages elsewhere."""
    other_version = bool(known.schema.data_source_ids) != client.has_data_sources
    return other_version or now - known.schema_read_at > SCHEMA_MAX_AGE


async def _answers(
    client: NotionClient, source_id: str, edited_since: datetime | None, errand: Errand
) -> AsyncIterator[list[Told]]:
    """All pages of a source, one answer after the other; a page may come more than once.

    The order is by creation, because that alone never changes while rows are read: a row edited meanwhile stays
    in its place, and in the answer. Where a query reaches Notion's limit, the next one begins in the minute in which
    the last row was created.
    """
    created_from: datetime | None = None
    while True:
        query = _query(edited_since, created_from)
        rows, cut_off, last_created = 0, False, None
        async for answer in _one_query(client, source_id, query, errand):
            told = [_told(result) for result in answer.results]
            rows += len(told)
            cut_off |= answer.request_status is not None and answer.request_status.type == "incomplete"
            last_created = next(filter(None, (created_time(page) for _, page in reversed(told))), last_created)
            yield [(payload, page) for payload, page in told if _is_page(page, errand)]
        # Before 2025-09-03 nothing but the number of rows may tell that a query was cut off.
        if not cut_off and rows < QUERY_LIMIT:
            return
        following = last_created and last_created.replace(second=0, microsecond=0)
        if following is None or following == created_from:
            raise _indivisible(rows, following, errand)
        created_from = following


def _indivisible(rows: int, minute: datetime | None, errand: Errand) -> NotionError:
    """A query that was cut off, and that no creation time divides."""
    when = f"in one minute ({minute:%Y-%m-%d %H:%M} UTC)" if minute else "at a time it does not say"
    return NotionError(
        f"Notion gives no more than {rows:,} pages of {errand.about} that were created {when}, and there may be more: "
        "move some of them to another database.",
        code="query_result_limit_reached",
    )


async def _one_query(
    client: NotionClient, source_id: str, query: Mapping[str, Any], errand: Errand
) -> AsyncIterator[QueryPage]:
    cursors, cursor = Cursors(errand.about), None
    while True:
        answer = await client.query_page(source_id, query, cursor=cursor, errand=errand)
        yield answer
        if not answer.has_more:
            return
        cursor = cursors.following(answer.next_cursor)


def _query(edited_since: datetime | None, created_from: datetime | None) -> dict[str, Any]:
    bounds = {"last_edited_time": edited_since, "created_time": created_from}
    filters = [
        {"timestamp": stamp, stamp: {"on_or_after": moment.astimezone(UTC).isoformat(timespec="milliseconds")}}
        for stamp, moment in bounds.items()
        if moment
    ]
    query: dict[str, Any] = {"sorts": [{"timestamp": "created_time", "direction": "ascending"}]}
    if filters:
        query["filter"] = filters[0] if len(filters) == 1 else {"and": filters}
    return query


def _told(result: Raw) -> Told:
    payload = bytes(result).decode()
    return payload, parse(payload)


def _is_page(page: Any, errand: Errand) -> bool:
    """A wiki's rows may be databases: they have no properties, and are read only where they are configured."""
    kind = page.get("object") if isinstance(page, dict) else None
    if kind in {"database", "data_source"}:
        logger.warning("A row of %s is a %s and no page: it is left out.", errand.about, kind)
        return False
    return True


async def _page(client: NotionClient, told: Told, property_ids: Collection[str], errand: Errand) -> RawPage:
    """The page with its wanted values whole."""
    payload, page = told
    found = raw_page(payload, page)
    names = shown_in_part(page, property_ids)
    if not names or found.page_id.startswith(UNIDENTIFIED):
        return found
    payload = await completed(client, payload, found.page_id, names, errand)
    return raw_page(payload, parse(payload))


async def _all(jobs: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """The results of jobs done at once, in their order. The first error stops the others, and is raised."""
    tasks = [asyncio.ensure_future(job) for job in jobs]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
