"""One read of the sandbox's ``items``, collected."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import anyio

from finance_ppm.contracts import NotionProperty
from finance_ppm.sandbox.notion.server import NotionSandbox
from finance_ppm.sources.notion.client import NotionClient
from finance_ppm.sources.notion.pages import RawPage
from finance_ppm.sources.notion.reader import KnownSchema, Survey, incremental_floor, read_pages, survey
from finance_ppm.sources.notion.spans import WHOLE, Span, union
from finance_ppm.sources.notion.transport import CONCURRENCY, Errand
from finance_ppm_tests.sources.notion.conftest import NOW, WANTED


@dataclass
class Read:
    """What a read delivered."""

    surveyed: Survey
    pages: list[RawPage]
    """Each page as it came last, oldest first."""
    spans: tuple[Span, ...]
    """The spans whose pages had come."""
    requests: int
    in_part: list[str]
    """Sentences on values that were not told whole."""


def read(
    client: NotionClient,
    sandbox: NotionSandbox,
    *,
    now: datetime = NOW,
    since: datetime | None = None,
    known: KnownSchema | None = None,
    on_page: Callable[[int], None] | None = None,
    windows: tuple[Span, ...] = (WHOLE,),
    at_once: int = CONCURRENCY,
    wanted: Mapping[str, NotionProperty] = WANTED,
) -> Read:
    """Read ``items``, since a watermark or whole."""
    pages: dict[str, RawPage] = {}
    spans: list[Span] = []

    async def deliver(answer: Sequence[RawPage], span: Span) -> None:
        pages.update((page.page_id, page) for page in answer)
        spans.append(span)
        if on_page:
            on_page(len(pages))

    async def once() -> Read:
        async with client:
            errand = Errand(f"the database items ({sandbox.database_ids['items']})")
            afresh = since is None
            surveyed = await survey(
                client,
                sandbox.database_ids["items"],
                wanted=wanted,
                known=known,
                now=now,
                afresh=afresh,
                errand=errand,
            )
            await read_pages(
                client,
                sandbox.database_ids["items"],
                surveyed,
                deliver,
                edited_since=since and incremental_floor(since),
                now=now,
                windows=windows,
                slots=anyio.CapacityLimiter(at_once),
                errand=errand,
            )
        oldest = sorted(pages.values(), key=lambda page: (page.created_time or NOW, page.page_id))
        return Read(surveyed, oldest, union(spans), errand.requests, errand.in_part)

    return asyncio.run(once())
