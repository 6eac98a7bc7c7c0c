"""How fast Notion is read: a first sync of five databases at the API's pace, and of very many at the machine's.

The sandbox answers from a process of its own, as slowly as Notion and no more often than its budget. Beside it a
plain reader, one request after the other, as most tools read. Does not belong here: what becomes of the pages.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from tempfile import TemporaryDirectory
from time import perf_counter

import httpx
import polars as pl
from pydantic import HttpUrl

from finance_ppm.benchmarks.measure import Measurement, measure
from finance_ppm.clock import SystemClock
from finance_ppm.contracts.bronze import NotionRawPages
from finance_ppm.errors import FinancePpmError
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.pipeline.bronze import sync_notion
from finance_ppm.sandbox.notion.history import History
from finance_ppm.sandbox.notion.process import NotionProcess, notion_in_a_process
from finance_ppm.sandbox.portfolio.bulk import bulk_portfolio
from finance_ppm.settings import Config

LATENCY = 0.35
"""Seconds that Notion takes to answer, as measured."""
BUDGETS = (180, 600)
"""Requests a minute of most Notion plans, and of Business and Enterprise."""
PAGES = 20_000
MANY_PAGES = 1_000_000
UNLIMITED = 6_000
"""Requests a minute: more than one machine asks."""
NOW = datetime(2026, 6, 15, 9, tzinfo=UTC)
ANSWER = 100
"""Pages in one answer."""


@dataclass(frozen=True)
class Beside:
    """A measurement, and what it is held against."""

    measurement: Measurement
    floor: float | None = None
    """Seconds that the requests needed take at the budget: one for a hundred pages, and one for each schema."""


def run(pages: int = PAGES, many: int = MANY_PAGES, latency: float = LATENCY) -> Iterator[Beside]:
    """A first sync of ``pages`` at each budget, a plain reader beside it, and a first sync of ``many`` at no limit.

    Raises :class:`~finance_ppm.errors.FinancePpmError` where a page is missing in the lake.
    """
    for budget in BUDGETS:
        floor = requests_needed(pages) / budget * 60
        with notion_in_a_process(_story(pages), now=NOW, requests_per_minute=budget, latency=latency) as notion:
            yield Beside(measure(f"first sync, {budget} a minute", pages, first_sync, notion, budget, pages), floor)
        with notion_in_a_process(_story(pages), now=NOW, requests_per_minute=budget, latency=latency) as notion:
            yield Beside(measure(f"plain reader, {budget} a minute", pages, plain_read, notion), floor)
    with notion_in_a_process(_story(many), now=NOW) as notion:
        yield Beside(measure("first sync, no limit", many, first_sync, notion, UNLIMITED, many))


def requests_needed(pages: int) -> int:
    """The fewest requests that read so many pages: full answers, and a schema for each database."""
    return sum(-(-len(rows.created) // ANSWER) + 1 for rows in _story(pages)().rows)


def first_sync(notion: NotionProcess, requests_per_minute: int, pages: int) -> float:
    """Seconds that a sync into an empty lake takes, until bronze and watermarks are written."""
    with TemporaryDirectory(prefix="finance-ppm-bench-") as folder:
        lake = Lake(folder)
        config = Config(
            notion_token=notion.token,
            notion_base_url=HttpUrl(notion.base_url),
            notion_requests_per_minute=requests_per_minute,
            ppm_lakehouse_uri=folder,
            **{f"notion_{name}_db_id": identity for name, identity in notion.database_ids.items()},  # type: ignore[arg-type]  # names of settings
        )
        began = perf_counter()
        sync = sync_notion(config, lake, SystemClock())
        seconds = perf_counter() - began
        arrived = lake.scan(NotionRawPages).select(pl.col("page_id").n_unique()).collect().item()
        if sync.failures or arrived != pages:
            raise FinancePpmError(f"{arrived:,} of {pages:,} pages arrived: {sync.failures or 'report this'}.")
        return seconds


def plain_read(notion: NotionProcess) -> tuple[float, int]:
    """Seconds that one request after the other takes, and the pages it brings.

    It waits where Notion says so, and knows nothing of the limit of a query.
    """
    began, arrived = perf_counter(), 0
    headers = {"Authorization": f"Bearer {notion.token.get_secret_value()}", "Notion-Version": "2022-06-28"}
    with httpx.Client(base_url=notion.base_url, headers=headers, timeout=60, trust_env=False) as http:
        for database_id in notion.database_ids.values():
            cursor: dict[str, str] | None = {}
            while cursor is not None:
                answer = http.post(f"/v1/databases/{database_id}/query", json={"page_size": ANSWER, **cursor})
                if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
                    time.sleep(int(answer.headers["Retry-After"]))
                    continue
                told = answer.raise_for_status().json()
                arrived += len(told["results"])
                cursor = {"start_cursor": told["next_cursor"]} if told["has_more"] else None
    return perf_counter() - began, arrived


def _story(pages: int) -> Callable[[], History]:
    return partial(bulk_portfolio, anchor=NOW.date(), pages=pages)
