"""A small workspace in the sandbox, and a client whose waiting takes no time."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from finance_ppm.contracts import NotionProperty
from finance_ppm.sandbox.notion.history import Change, Database, Edit, History, Person
from finance_ppm.sandbox.notion.server import NotionSandbox, serve_notion
from finance_ppm.sources.notion.client import NotionClient
from finance_ppm.sources.notion.limiter import Limiter

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
"""Where the sandbox's clock stands at first."""

ANN = Person("00000000-0000-4000-8000-0000000000a1", "Ann", "ann@example.com")

WANTED = {
    "name": NotionProperty("Name", ("title",)),
    "amount": NotionProperty("Amount", ("number",)),
    "notes": NotionProperty("Notes", ("rich_text",)),
    "owner": NotionProperty("Owner", ("people",)),
    "parent": NotionProperty("Parent", ("relation",)),
    "total": NotionProperty("Total", ("rollup",)),
    "amounts": NotionProperty("Amounts", ("rollup",)),
}


def page_id(number: int) -> str:
    """The id of the page with that number."""
    return f"{number:08x}-0000-4000-8000-000000000000"


def created(number: int, at: datetime, database: str = "items", **properties: Any) -> Edit:
    """The creation of the page with that number."""
    title = {"Name": {"title": [{"text": {"content": f"Item {number}"}}]}}
    return Edit(at, database, page_id(number), Change.CREATE, title | properties)


def updated(number: int, database: str = "items", **properties: Any) -> Edit:
    """An edit of a page, made when the sandbox is told it."""
    return Edit(NOW, database, page_id(number), Change.UPDATE, properties)


def trashed(number: int) -> Edit:
    """The page goes to the trash, when the sandbox is told so."""
    return Edit(NOW, "items", page_id(number), Change.TRASH)


def amount(text: str) -> dict[str, Any]:
    return {"number": Decimal(text)}


def relation(*numbers: int) -> dict[str, Any]:
    return {"relation": [{"id": page_id(number)} for number in numbers]}


def texts(*parts: str) -> list[dict[str, Any]]:
    """Rich text in as many pieces."""
    return [{"text": {"content": part}, "annotations": {"bold": at % 2 == 0}} for at, part in enumerate(parts)]


DATABASES = (
    Database("parents", "Parents", {"Name": {"title": {}}, "Amount": {"number": {"format": "dollar"}}}),
    Database(
        "items",
        "Items",
        {
            "Name": {"title": {}},
            "Amount": {"number": {"format": "dollar"}},
            "Notes": {"rich_text": {}},
            "Owner": {"people": {}},
            "Parent": {"relation": {"database": "parents", "type": "single_property", "single_property": {}}},
            "Total": {
                "rollup": {
                    "relation_property_name": "Parent",
                    "rollup_property_name": "Amount",
                    "function": "sum",
                }
            },
            "Amounts": {
                "rollup": {
                    "relation_property_name": "Parent",
                    "rollup_property_name": "Amount",
                    "function": "show_original",
                }
            },
        },
    ),
)


def workspace(*edits: Edit, people: tuple[Person, ...] = (ANN,)) -> History:
    """A workspace with two databases, ``items`` and ``parents``, and these edits."""
    return History(people, DATABASES, edits)


def items(
    count: int, *, start: datetime = NOW - timedelta(days=10), step: timedelta = timedelta(minutes=1)
) -> list[Edit]:
    """As many items, one created after the other."""
    return [created(number, start + number * step, Amount=amount(f"{number}.50")) for number in range(1, count + 1)]


class InstantTime:
    """A clock that a sleep puts forward, without waiting."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def time(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


ClientOf = Callable[..., NotionClient]


@pytest.fixture
def waiting() -> InstantTime:
    """The clock of the client's limiter and retries."""
    return InstantTime()


@pytest.fixture
def client_of(waiting: InstantTime) -> ClientOf:
    """Makes a client of a sandbox; keyword arguments replace the usual ones."""

    def make(sandbox: NotionSandbox, **others: Any) -> NotionClient:
        limiter = Limiter(10_000, time=waiting.time, sleep=waiting.sleep)
        usual: dict[str, Any] = {
            "token": sandbox.token,
            "base_url": sandbox.base_url,
            "version": "2022-06-28",
            "requests_per_minute": 10_000,
            "limiter": limiter,
        }
        return NotionClient(**(usual | others))

    return make


@pytest.fixture
def sandbox() -> Iterator[NotionSandbox]:
    """Three items, none of them cut short."""
    with serve_notion(workspace(*items(3)), now=NOW) as served:
        yield served
