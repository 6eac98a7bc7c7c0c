"""Reading one Notion database: all of it, or what changed since a moment, in windows that are read at once.

Belongs here: the queries, their order, and what makes a read complete. How a request is sent is the client's
business; when a page counts as new is bronze's; what became of pages that are missing is asked in ``deletions``.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import anyio
import msgspec
from msgspec import Raw

from finance_ppm.contracts import NotionProperty
from finance_ppm.sources.notion.client import Cursors, NotionClient, QueryPage
from finance_ppm.sources.notion.drift import schema_drift
from finance_ppm.sources.notion.errors import NotionError
from finance_ppm.sources.notion.json_text import parse
from finance_ppm.sources.notion.pages import UNIDENTIFIED, RawPage, created_time, raw_page
from finance_ppm.sources.notion.schema import DatabaseSchema, SchemaDrift
from finance_ppm.sources.notion.spans import BEGINNING, END, WHOLE, Span, minute_of
from finance_ppm.sources.notion.transport import CONCURRENCY, Errand
from finance_ppm.sources.notion.truncation import completed, shown_in_part
from finance_ppm.sources.notion.windows import Window

OVERLAP = timedelta(minutes=2)
"""Edit times are floored to the minute, and an edit takes a moment to show: an incremental read begins earlier."""

SCHEMA_MAX_AGE = timedelta(hours=1)

QUERY_LIMIT = 10_000
"""Rows that one query gives at most (https://developers.notion.com/guides/data-apis/query-large-data-sources)."""

RESTARTS = 3
"""Times that a window is taken up again in the place it had come to, where a cursor leads nowhere."""

ROWS_A_QUERY = 1_000
"""After so many rows a new query goes on in the last row's minute, so that what one minute holds (an import may put
thousands of rows into it) is rarely cut off in its middle, and read twice."""

FEW_ROWS = 20
"""Rows that may be read again where one query ends and another goes on."""

ANSWERS_A_WINDOW = 10
"""A window more is opened for so many answers at most, so that answers that are not full stay few."""

FEW_ANSWERS = 3
"""So many answers of what was edited are read in one window."""

logger = logging.getLogger(__name__)
T = TypeVar("T")
Told = tuple[str, Any]
"""A page as it came: its JSON text, and the same parsed."""

Deliver = Callable[[Sequence[RawPage], Span], Awaitable[None]]
"""Takes pages as they come, and the span of creation times whose pages have all come with them, or before them.

A page may come more than once; as it came last is how it is.
"""


@dataclass(frozen=True)
class KnownSchema:
    """What an earlier read learned of a database: its schema, and the properties of each column."""

    schema: DatabaseSchema
    schema_read_at: datetime
    property_ids: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Survey:
    """What is known of a database before its pages are read."""

    schema: DatabaseSchema
    schema_read_at: datetime
    property_ids: Mapping[str, tuple[str, ...]]
    """Silver column to property ids; without the columns whose property is missing."""
    drift: tuple[SchemaDrift, ...]
    is_read_otherwise: bool
    """A column is found in other properties than before, so that of no page its value is known; or a data source is
    new, of which no page is."""


def incremental_floor(watermark: datetime) -> datetime:
    """Where an incremental read begins, given the watermark: its minute, less the overlap."""
    return minute_of(watermark) - OVERLAP


async def survey(
    client: NotionClient,
    database_id: str,
    *,
    wanted: Mapping[str, NotionProperty],
    known: KnownSchema | None,
    now: datetime,
    afresh: bool,
    forget_lost_sources: bool = False,
    errand: Errand,
) -> Survey:
    """The database's schema and where each wanted column is found in it; asked for where it is not known recently.

    A data source that is not listed any more stays known, unless ``forget_lost_sources``.

    Raises :class:`NotionError`.
    """
    stale = known is None or _is_stale(known, now, client)
    if afresh or stale or known is None:
        answer = await client.retrieve_database(database_id, errand)
        schema, read_at = answer.following(known.schema if known and not forget_lost_sources else None), now
    else:
        schema, read_at = known.schema, known.schema_read_at
    before = known.property_ids if known else {}
    resolved = schema_drift(known.schema if known else None, schema, wanted, before)
    otherwise = known is not None and (
        any(before.get(column) != found for column, found in resolved.ids.items())
        or not set(schema.data_source_ids) <= {*known.schema.data_source_ids, *_first_told(known, schema)}
    )
    return Survey(schema, read_at, resolved.ids, resolved.drift, is_read_otherwise=otherwise)


async def read_pages(
    client: NotionClient,
    database_id: str,
    surveyed: Survey,
    deliver: Deliver,
    *,
    edited_since: datetime | None,
    now: datetime,
    windows: Sequence[Span] = (WHOLE,),
    slots: anyio.CapacityLimiter | None = None,
    errand: Errand,
) -> None:
    """Deliver a database's pages: those edited since ``edited_since`` (see ``incremental_floor``), or all of them.

    ``windows`` are the spans to read, each by a query of its own. They are parted further while ``slots`` (windows
    read at once, of all databases that share them) are free and there is enough to read. An unchanged database costs
    one request.
    Where several data sources hold the pages they are read in turn, and a span has come when the last one gave it.
    Raises :class:`NotionError`; what was delivered by then is whole.
    """
    sources = surveyed.schema.data_source_ids or (database_id,)
    slots = slots or anyio.CapacityLimiter(CONCURRENCY)
    for source_id in sources:
        await _SourceRead(
            client=client,
            source_id=source_id,
            property_ids=frozenset(found for ids in surveyed.property_ids.values() for found in ids),
            deliver=deliver,
            edited_since=edited_since,
            now=now,
            slots=slots,
            errand=errand,
            is_last=source_id == sources[-1],
        ).run(windows)


@dataclass(kw_only=True)
class _SourceRead:
    """One read of one data source, in as many windows as pay."""

    client: NotionClient
    source_id: str
    property_ids: Collection[str]
    deliver: Deliver
    edited_since: datetime | None
    now: datetime
    slots: anyio.CapacityLimiter
    errand: Errand
    is_last: bool
    """Whether the other data sources of the database have been read."""

    def __post_init__(self) -> None:
        self._newest: datetime | None = None
        self._answers = 0
        self._opened = 0

    async def run(self, windows: Sequence[Span]) -> None:
        try:
            async with anyio.create_task_group() as self._tasks:
                for span in windows:
                    self._open(span)
        except BaseExceptionGroup as group:
            raise first_of(group) from None

    def _open(self, span: Span) -> None:
        self._opened += 1
        self._tasks.start_soon(self._read_window, Window(span))

    async def _read_window(self, window: Window) -> None:
        async with self.slots:
            restarts = 0
            while not window.is_complete:
                begun_at = window.reached
                try:
                    await self._read_query(window)
                except NotionError as error:
                    restarts = restarts + 1 if window.reached == begun_at else 1
                    if not error.lost_its_place or restarts > RESTARTS:
                        raise
                    logger.warning("%s is taken up again at %s: %s", self.errand.about, window.reached, error)

    async def _read_query(self, window: Window) -> None:
        """One query, from where the window has come to, until its end, or a place where another may go on.

        The order is by creation, because that alone never changes while rows are read: a row edited meanwhile stays
        in its place, and in the answer. Where a query reaches Notion's limit, the next one begins in the minute in
        which the last row was created.
        """
        begun_at, rows, cut_off = window.reached, 0, False
        async for answer in self._answers_to(_query(self.edited_since, Span(window.reached, window.end))):
            told = [_told(result) for result in answer.results]
            rows += len(told)
            cut_off |= answer.request_status is not None and answer.request_status.type == "incomplete"
            created = [created_time(page) for _, page in told]
            # Before 2025-09-03 nothing but the number of rows may tell that a query was cut off.
            at_end = not answer.has_more and not cut_off and (rows < QUERY_LIMIT or answer.request_status is not None)
            beyond = any(moment is not None and moment >= window.end for moment in created)
            own = [page for page, moment in zip(told, created, strict=True) if moment is None or moment < window.end]
            pages = await self._pages(own)
            span = window.advance(created, complete=at_end or beyond)
            await self.deliver(pages, span if self.is_last else Span(span.start, span.start))
            if window.is_complete:
                return
            again = sum(moment is not None and moment >= window.reached for moment in created)
            if rows >= ROWS_A_QUERY and window.reached > begun_at and (again <= FEW_ROWS or rows > QUERY_LIMIT / 2):
                return
            await self._share(window)
        if window.reached == begun_at:
            raise _indivisible(rows, begun_at, self.errand)

    async def _answers_to(self, query: Mapping[str, Any]) -> AsyncIterator[QueryPage]:
        cursors, cursor = Cursors(self.errand.about), None
        while True:
            answer = await self.client.query_page(self.source_id, query, cursor=cursor, errand=self.errand)
            self._answers += 1
            yield answer
            if not answer.has_more:
                return
            cursor = cursors.following(answer.next_cursor)

    async def _share(self, window: Window) -> None:
        """Part the rest of a window where others are free to read it."""
        if self.edited_since is not None and self._answers < FEW_ANSWERS:
            return
        # One, two, four: what an answer promises of the rest is a guess, and a wrong one costs a request a window.
        may_open = min(CONCURRENCY + self._answers // ANSWERS_A_WINDOW, 2 * self._answers) - self._opened
        among = 1 + min(may_open, int(self.slots.available_tokens))
        if among < 2 or not window.is_worth_sharing(newest=self.now):
            return
        newest = self.now if window.end < self.now else await self._newest_creation()
        for span in window.share(among, newest=newest):
            self._open(span)

    async def _newest_creation(self) -> datetime:
        """When the newest page was created: asked for once, where it is not known."""
        if self._newest is None:
            least = Errand(self.errand.about, page_size=1)
            query = {**_query(self.edited_since, WHOLE), "sorts": [_by_creation("descending")]}
            answer = await self.client.query_page(self.source_id, query, errand=least)
            self.errand.requests += least.requests
            newest = [created_time(_told(result)[1]) for result in answer.results]
            self._newest = next(filter(None, newest), BEGINNING)
        return self._newest

    async def _pages(self, told: Iterable[Told]) -> list[RawPage]:
        """The pages among rows, their wanted values whole. Only those that need it are asked for again."""
        rows = [row for row in told if self._is_page(row[1])]
        pages = [raw_page(*row) for row in rows]
        in_part = [place for place, row in enumerate(rows) if shown_in_part(row[1], self.property_ids)]
        whole = await all_of(whole_page(self.client, rows[place], self.property_ids, self.errand) for place in in_part)
        for place, page in zip(in_part, whole, strict=True):
            pages[place] = page
        return pages

    def _is_page(self, page: Any) -> bool:
        """A wiki's rows may be databases: they have no properties, and are read only where they are configured."""
        kind = page.get("object") if isinstance(page, dict) else None
        if kind in {"database", "data_source"}:
            logger.warning("A row of %s is a %s and no page: it is left out.", self.errand.about, kind)
            return False
        return True


async def whole_page(client: NotionClient, told: Told, property_ids: Collection[str], errand: Errand) -> RawPage:
    """The page with the values of ``property_ids`` whole. Raises :class:`NotionError`."""
    payload, page = told
    found = raw_page(payload, page)
    names = shown_in_part(page, property_ids)
    if not names or found.page_id.startswith(UNIDENTIFIED):
        return found
    payload = await completed(client, payload, found.page_id, names, errand)
    return raw_page(payload, parse(payload))


async def all_of(jobs: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """The results of jobs done at once, in their order. The first error stops the others, and is raised."""
    tasks = [asyncio.ensure_future(job) for job in jobs]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _is_stale(known: KnownSchema, now: datetime, client: NotionClient) -> bool:
    """Too old, or read through an API version that asks for pages elsewhere."""
    other_version = bool(known.schema.data_source_ids) != client.has_data_sources
    return other_version or not timedelta() <= now - known.schema_read_at <= SCHEMA_MAX_AGE


def _first_told(known: KnownSchema, schema: DatabaseSchema) -> tuple[str, ...]:
    """The data source of a database that was read before there were any: its only one holds the same pages."""
    return schema.data_source_ids if not known.schema.data_source_ids and len(schema.data_source_ids) == 1 else ()


def _query(edited_since: datetime | None, window: Span) -> dict[str, Any]:
    bounds = (
        ("last_edited_time", "on_or_after", edited_since),
        ("created_time", "on_or_after", None if window.start == BEGINNING else window.start),
        ("created_time", "before", None if window.end == END else window.end),
    )
    filters = [
        {"timestamp": stamp, stamp: {relation: moment.astimezone(UTC).isoformat(timespec="milliseconds")}}
        for stamp, relation, moment in bounds
        if moment
    ]
    query: dict[str, Any] = {"sorts": [_by_creation("ascending")]}
    if filters:
        query["filter"] = filters[0] if len(filters) == 1 else {"and": filters}
    return query


def _by_creation(direction: str) -> dict[str, str]:
    return {"timestamp": "created_time", "direction": direction}


def _indivisible(rows: int, minute: datetime, errand: Errand) -> NotionError:
    """A query that was cut off, and that no creation time divides."""
    when = f"in one minute ({minute:%Y-%m-%d %H:%M} UTC)" if minute > BEGINNING else "at a time it does not say"
    return NotionError(
        f"Notion gives no more than {rows:,} pages of {errand.about} that were created {when}, and there may be more: "
        "move some of them to another database.",
        code="query_result_limit_reached",
    )


def _told(result: Raw) -> Told:
    payload = bytes(result).decode()
    try:
        return payload, parse(payload)
    except (msgspec.MsgspecError, RecursionError):
        return payload, None  # kept as it came, and refused by silver: one page does not stop the others


def first_of(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error that ended a group of tasks; the others are of the same kind, or followed from it."""
    first = group.exceptions[0]
    return first_of(first) if isinstance(first, BaseExceptionGroup) else first
