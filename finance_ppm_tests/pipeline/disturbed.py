"""A small portfolio to be disturbed while it is read: a Notion, a lake that knows it, and waiting that takes no time.

Belongs here: building it, and asking it questions. Does not belong here: what goes wrong, and expectations.
"""

import shutil
import ssl
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from finance_ppm.clock import FrozenClock
from finance_ppm.contracts import PAGE_TABLES, Table, content_columns, full_name
from finance_ppm.contracts.bronze import NotionRawPages, NotionSyncWatermarks
from finance_ppm.contracts.silver import Quarantine
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.pipeline import bronze
from finance_ppm.pipeline.bronze import DatabaseSync, Sync, sync_notion
from finance_ppm.pipeline.engine import SyncEngine, SyncSummary
from finance_ppm.sandbox.notion.history import Change, Edit, History
from finance_ppm.sandbox.notion.server import NotionSandbox, serve_notion
from finance_ppm.sandbox.request_log import RecordedRequest
from finance_ppm.settings import DATABASES, Config
from finance_ppm.sources.notion import transport
from finance_ppm.sources.notion.client import NotionClient
from finance_ppm.sources.notion.limiter import Limiter
from finance_ppm.sources.notion.transport import Errand
from finance_ppm_tests.sources.notion.conftest import InstantTime
from finance_ppm_tests.world import MONDAY, config_for, databases, number, title

FOUNDED = MONDAY - timedelta(days=30)
"""When the first page was created; two more follow every fifteen hours, so few that no window would pay."""

TITLES = {"programs": "Name", "projects": "Name", "budget_lines": "Line", "risks": "Title", "actions": "Action"}
TABLES: list[type[Table]] = [NotionRawPages, NotionSyncWatermarks, *PAGE_TABLES.values(), Quarantine]

REQUEST_ID = r',"request_id":"[^"]*"'

Tables = dict[str, pl.DataFrame]

certificates = cache(ssl.create_default_context)
"""Read once for all tests: they are what making a client costs."""


def page_id(database: str, number_of: int) -> str:
    """The id of a database's page with that number."""
    return f"{DATABASES.index(database):08x}-0000-4000-8000-{number_of:012x}"


def titled(database: str, text: str) -> dict[str, Any]:
    """The property that holds the title of a page."""
    return {TITLES[database]: title(text)}


def long_title(database: str, text: str) -> dict[str, Any]:
    """A title in thirty pieces, of which a page shows twenty-five."""
    return {TITLES[database]: {"title": [{"text": {"content": f"{text}{piece} "}} for piece in range(30)]}}


def creation(database: str, number_of: int, at: datetime | None = None, **properties: Any) -> Edit:
    """The creation of a page, with a title and, of a budget line, an amount."""
    told = titled(database, f"{database} {number_of}")
    if database == "budget_lines":
        told["Amount"] = number(f"{number_of}.50")
    at = at or FOUNDED + timedelta(hours=15 * (number_of // 2))
    return Edit(at, database, page_id(database, number_of), Change.CREATE, told | properties)


def history(edits: Sequence[Edit]) -> History:
    """The five databases, and these edits."""
    return History((), databases(), tuple(sorted(edits, key=lambda edit: edit.at)))


@dataclass
class Site:
    """A Notion and a lake that reads it."""

    sandbox: NotionSandbox
    config: Config
    clock: FrozenClock

    @property
    def lake(self) -> Lake:
        """The lake."""
        return Lake(self.config.ppm_lakehouse_uri, clock=self.clock)

    def copy(self, folder: Path) -> "Site":
        """The same Notion, and a copy of the lake."""
        home = folder / "lake"
        if Path(self.config.ppm_lakehouse_uri).exists():
            shutil.copytree(self.config.ppm_lakehouse_uri, home)
        return Site(self.sandbox, self.config.model_copy(update={"ppm_lakehouse_uri": str(home)}), self.clock)

    def read(self, **how: Any) -> Sync:
        """One sync as far as bronze; arguments are those of ``sync_notion``."""
        self.sandbox.reset_requests()
        return sync_notion(self.config, self.lake, self.clock, **how)

    def sync(self, **how: Any) -> SyncSummary:
        """One sync, bronze and silver; arguments are those of ``SyncEngine.sync_all``."""
        self.sandbox.reset_requests()
        return SyncEngine(self.config, clock=self.clock, lake=self.lake).sync_all(**how)

    def go_to(self, moment: datetime) -> None:
        """Both clocks forward: the pipeline's and Notion's."""
        self.clock.moment = moment
        self.sandbox.set_clock(moment)

    def edit(self, database: str, number_of: int, change: Change = Change.UPDATE, **properties: Any) -> None:
        """One edit in Notion, now. Write underscores for blanks."""
        told = {name.replace("_", " "): value for name, value in properties.items()}
        self.sandbox.edit(Edit(self.clock.now(), database, page_id(database, number_of), change, told))

    def create(self, database: str, number_of: int, **properties: Any) -> None:
        """One page more, created now."""
        self.sandbox.edit(creation(database, number_of, self.clock.now(), **properties))

    def rows(self, table: type[Table]) -> pl.DataFrame:
        """What a table says, in order of its key; of the watermarks without what tells of attempts."""
        attempts = {"last_attempt_at", "last_error"} if table is NotionSyncWatermarks else set()
        told = [name for name in content_columns(table) if name not in attempts]
        rows = self.lake.scan(table).select(told).collect().sort(table.primary_key())
        if table is NotionRawPages:  # where a page was asked for by itself, its answer has a number of its own
            rows = rows.with_columns(pl.col("raw_payload").str.replace(REQUEST_ID, ""))
        return rows

    def tables(self, *layers: str) -> Tables:
        """What every table says, or every one of these layers."""
        return {
            full_name(table): self.rows(table) for table in TABLES if not layers or table.info.layer.value in layers
        }

    def asked(self, method: str, path: str) -> list[RecordedRequest]:
        """The requests since the last sync began whose path holds ``path``."""
        return [told for told in self.sandbox.requests() if told.method == method and path in told.path]

    def queries(self, database: str) -> list[RecordedRequest]:
        """The queries of a database since the last sync began."""
        return self.asked("POST", f"{self.sandbox.database_ids[database]}/query")

    def state(self, database: str) -> dict[str, Any]:
        """The watermark row of a database."""
        return self.lake.scan(NotionSyncWatermarks).filter(database_name=database).collect().row(0, named=True)

    def archived(self, database: str) -> set[int]:
        """Numbers of the pages whose newest version is a tombstone."""
        rows = self.lake.scan(NotionRawPages).filter(database_name=database).collect().sort("captured_at")
        newest = rows.unique("page_id", keep="last")
        return {int(told[-12:], 16) for told in newest.filter("is_deleted")["page_id"]}


def differing(found: Tables, expected: Tables) -> list[str]:
    """Names of the tables that are not alike."""
    return [name for name, rows in expected.items() if not rows.equals(found[name])]


def of_databases(tables: Tables, names: Collection[str]) -> Tables:
    """The rows that tell of these databases."""
    silver = {full_name(PAGE_TABLES[name]) for name in names}
    return {
        name: rows.filter(pl.col("database_name").is_in(names)) if "database_name" in rows.columns else rows
        for name, rows in tables.items()
        if not name.startswith("silver/notion_") or name in silver
    }


def told_of(sync: Sync, database: str) -> DatabaseSync:
    """What a sync did with one database."""
    (found,) = (one for one in sync.databases if one.name == database)
    return found


@contextmanager
def site(folder: Path, edits: Sequence[Edit], *, now: datetime = MONDAY, **settings: Any) -> Iterator[Site]:
    """A Notion with these edits in it, and a lake that has read nothing yet."""
    with serve_notion(history(edits), now=now) as sandbox:
        config = config_for(sandbox, folder).model_copy(update=settings)
        yield Site(sandbox, config, FrozenClock(now))


@contextmanager
def at_once(
    *, page_size: int = 10, timeout: float = 60.0, limiter: Limiter | None = None
) -> Iterator[pytest.MonkeyPatch]:
    """Syncs ask for ``page_size`` pages at a time, wait without taking time, and give up after ``timeout`` seconds."""
    waiting = InstantTime()
    limiter = limiter or Limiter(100_000, time=waiting.time, sleep=waiting.sleep)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bronze, "NotionClient", partial(NotionClient, limiter=limiter, timeout=timeout))
        patch.setattr(bronze, "Errand", partial(Errand, page_size=page_size))
        patch.setattr(transport, "SMALLEST_PAGE_SIZE", 1)
        patch.setattr(ssl, "create_default_context", certificates)
        yield patch
