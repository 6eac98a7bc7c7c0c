"""What arrives of one database on its way into bronze: in batches, each durable before it counts as read.

Belongs here: when a page's version is new, which known pages did not come, and the order of writes (pages first,
then the note that they are there). Does not belong here: what to read, and when a read is complete.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import anyio
import anyio.to_thread
import polars as pl

from finance_ppm.clock import Clock
from finance_ppm.contracts.bronze import NotionRawPages
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.pipeline.known import Known
from finance_ppm.pipeline.unfinished import Unfinished
from finance_ppm.sources.notion.pages import RawPage
from finance_ppm.sources.notion.spans import BEGINNING, WHOLE, Span, union

BATCH_PAGES = 2_000
"""Pages written at once: what is held in memory, and what a read that is cut short may have to read again."""

BATCH_CHARACTERS = 32_000_000

NOWHERE = Span(BEGINNING, BEGINNING)
"""The span of pages that were asked for one by one."""


class Intake:
    """Takes the pages of one read and adds to bronze what is new of them.

    ``began`` is the read as it stood when this one took it up. ``note`` is told how far the read has come, each time
    that is durable. Without ``write`` everything is compared, and nothing is written or noted.
    """

    def __init__(
        self,
        lake: Lake,
        clock: Clock,
        *,
        database_id: str,
        database_name: str,
        began: Unfinished,
        note: Callable[[Unfinished], Awaitable[None]],
        progress: Callable[[int], None],
        write: bool,
        turn: anyio.Lock,
    ) -> None:
        self.began = began
        self.new_versions = 0
        self.pages = began.pages
        self._lake = lake
        self._clock = clock
        self._database_id = database_id
        self._database_name = database_name
        self._note = note
        self._progress = progress
        self._write = write
        self._turn = turn
        self._known: Known | None = None
        self._done = began.done
        self._missing = set(began.missing)
        self._waiting: dict[str, RawPage] = {}
        self._characters = 0
        self._spans: list[Span] = []
        self._ahead: dict[str, datetime | None] = {}
        """Pages that have come before the span they lie in."""

    async def known(self) -> Known:
        """What bronze knew when this read began."""
        if self._known is None:
            self._known = await anyio.to_thread.run_sync(Known, self._lake, self._database_name)
        return self._known

    async def deliver(self, pages: Sequence[RawPage], span: Span) -> None:
        """Take pages, and the span of which all pages have come with them. Returns when there is room for more."""
        self.pages += sum(page.page_id not in self._waiting and page.page_id not in self._ahead for page in pages)
        for page in pages:
            self._waiting[page.page_id] = page
            self._ahead[page.page_id] = page.created_time
            self._characters += len(page.payload)
        self._spans.append(span)
        self._progress(self.pages)
        if len(self._waiting) >= BATCH_PAGES or self._characters >= BATCH_CHARACTERS:
            await self.flush()
            await self._note(self.came_to)

    async def bury(self, page_ids: Sequence[str]) -> None:
        """Take pages that are gone for good."""
        await self.flush()
        known = await self.known()
        tombstones = await anyio.to_thread.run_sync(known.gone, page_ids)
        async with self._turn:
            await anyio.to_thread.run_sync(self._store, known, tombstones, 1)

    async def flush(self) -> None:
        """Make durable what has come so far."""
        pages, spans = list(self._waiting.values()), union(self._spans)
        came = frozenset(self._ahead)
        if spans:
            self._ahead = {
                page_id: created
                for page_id, created in self._ahead.items()
                if created is None or not any(span.holds(created) for span in spans)
            }
        self._waiting, self._spans, self._characters = {}, [], 0
        with anyio.CancelScope(shield=True):  # whatever ends the read meanwhile: what has come is not read again
            async with self._turn:  # the batches of a database in their order; of all databases, one at a time
                if pages or (spans and self._everything):
                    known = await self.known()
                    await anyio.to_thread.run_sync(self._store, known, pages)
                    if self._everything:
                        self._missing |= set(known.alive_in(spans)) - came
            self._done = union([*self._done, *spans])

    async def missing(self) -> set[str]:
        """Ids of known pages that should have come with a read of everything, and did not."""
        await self.flush()
        known = await self.known()
        # A read that was taken up may have found some of them gone already; and nobody knows any more which of those
        # that do not say when they were created it had brought: the next sweep will.
        missing = self._missing & set(known.alive_in([WHOLE]))
        return missing if self.began.done else missing | (set(known.alive_undated()) - self._ahead.keys())

    @property
    def came_to(self) -> Unfinished:
        """How far the read has come, durably."""
        return Unfinished(
            started_at=self.began.started_at,
            edited_since=self.began.edited_since,
            property_ids=self.began.property_ids,
            data_source_ids=self.began.data_source_ids,
            done=self._done,
            pages=self.pages,
            missing=tuple(sorted(self._missing)),
        )

    @property
    def _everything(self) -> bool:
        return self.began.edited_since is None

    def _store(self, known: Known, pages: Sequence[RawPage], after: int = 0) -> None:
        rows = self._new_versions(known, pages, after)
        if self._write:
            self._lake.append(NotionRawPages, rows)
        known.add(rows)
        self.new_versions += rows.height

    def _new_versions(self, known: Known, pages: Sequence[RawPage], after: int) -> pl.DataFrame:
        """Those among the pages whose content differs from the newest version, as rows of bronze.

        A version is captured strictly after the page's previous one, whatever the clock says, so that versions of one
        page always have an order; and a tombstone (``after``) after the page's arrival in another database.
        """
        now = self._clock.now()
        rows = pl.DataFrame(
            [
                {
                    "page_id": page.page_id,
                    "captured_at": now,
                    "database_id": self._database_id,
                    "database_name": self._database_name,
                    "created_time": page.created_time,
                    "last_edited_time": page.last_edited_time,
                    "content_hash": page.content_hash,
                    "is_deleted": page.is_deleted,
                    "raw_payload": page.payload,
                    "_ingestion_timestamp": now,
                }
                for page in pages
            ],
            schema=NotionRawPages.create_empty().schema,
        )
        before = known.newest(rows["page_id"]).rename(
            {"captured_at": "before_at", "content_hash": "before_hash", "is_deleted": "before_deleted"}
        )
        microsecond = pl.duration(microseconds=1)
        return (
            rows.join(before, on="page_id", how="left", maintain_order="left")
            .filter(
                pl.col("before_hash").ne_missing(pl.col("content_hash"))
                | pl.col("before_deleted").ne_missing(pl.col("is_deleted"))
            )
            .with_columns(
                captured_at=pl.max_horizontal(
                    pl.col("captured_at") + after * microsecond, pl.col("before_at") + microsecond
                )
            )
            .select(rows.columns)
        )
