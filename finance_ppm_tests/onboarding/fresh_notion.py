"""A Notion that is as good as new: one page, and an integration that sees it; set-ups in it, whole and killed."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from dotenv import dotenv_values
from pydantic import HttpUrl, SecretStr

from finance_ppm.clock import FrozenClock
from finance_ppm.onboarding.health import Health, examine
from finance_ppm.onboarding.initialise import SetUp, initialise
from finance_ppm.sandbox.notion.history import History
from finance_ppm.sandbox.notion.server import NotionSandbox, serve_notion
from finance_ppm.settings import DATABASES, Config
from finance_ppm.sources.notion.client import NotionClient
from finance_ppm.sources.notion.transport import Request, Transport

VERSIONS = ("2022-06-28", "2025-09-03", "2026-03-11")
NOW = datetime(2026, 6, 15, 9, 30, tzinfo=UTC)


class KilledError(Exception):
    """The process is gone."""


@dataclass
class Steps:
    """Hears a set-up."""

    said: list[str] = field(default_factory=list)
    to_make: int = 0
    made: list[int] = field(default_factory=list)

    def step(self, what: str) -> None:
        self.said.append(what)

    def sample_begins(self, total: int, requests_per_minute: int) -> None:
        self.to_make = total

    def sample_grows(self, made: int) -> None:
        self.made.append(made)


@dataclass
class FreshNotion:
    """The sandbox, and the folder the user works in."""

    sandbox: NotionSandbox
    folder: Path
    version: str
    watcher: Steps = field(default_factory=Steps)

    @property
    def page(self) -> str:
        """The one page there is."""
        return self.sandbox.workspace.root.id

    @property
    def env_file(self) -> Path:
        return self.folder / ".env"

    def new_page(self) -> str:
        """One more page."""
        workspace = self.sandbox.workspace
        return workspace.create_standalone({}, {"type": "page_id", "page_id": self.page}, author=workspace.author).id

    def config(self, **others: Any) -> Config:
        """What the user's ``.env`` says, and how to reach the sandbox."""
        told = {f"notion_{name}_db_id": dotenv_values(self.env_file).get(setting(name)) for name in DATABASES}
        return Config(
            **{
                "notion_token": self.sandbox.token,
                "notion_base_url": HttpUrl(self.sandbox.base_url),
                "notion_version": self.version,
                "notion_requests_per_minute": 6000,
                "ppm_lakehouse_uri": str(self.folder / "lake"),
                **told,
                **others,
            }
        )

    def set_up(self, parent: str | None = None, *, config: Config | None = None, **wishes: Any) -> SetUp:
        """What ``finance-ppm notion init`` does."""

        async def run() -> SetUp:
            return await initialise(
                config or self.config(),
                self.page if parent is None else parent,
                watcher=self.watcher,
                env_file=self.env_file,
                clock=FrozenClock(NOW),
                **wishes,
            )

        return anyio.run(run)

    def health(self, **others: Any) -> Health:
        return examine(self.config(**others), FrozenClock(NOW))

    def titles(self, page: str | None = None) -> list[str]:
        """Titles of the databases below a page."""
        databases = self.sandbox.workspace.databases.values()
        below = [found for found in databases if found.parent.get("page_id") == (page or self.page)]
        return sorted(found.title[0]["plain_text"] for found in below if not found.in_trash)

    def pages(self, name: str) -> list[Any]:
        """The live rows of the database that ``.env`` names."""
        database = self.sandbox.workspace.databases[self.config().database_ids[name]]
        table = self.sandbox.workspace.tables[database.sources[0].id]
        return [page for page in table.created if not page.in_trash]

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """One request, as anybody may send it."""
        headers = {"Authorization": f"Bearer {self.sandbox.token.get_secret_value()}", "Notion-Version": self.version}
        answer = httpx.request(method, f"{self.sandbox.base_url}{path}", json=body, headers=headers)
        assert answer.is_success, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def make_database(self, title: str, properties: Mapping[str, Any], parent: str | None = None) -> str:
        """A database that a user made, through the API of any version."""

        async def make() -> str:
            config = self.config()
            token = config.notion_token or SecretStr("")
            async with NotionClient(
                token=token, base_url=str(config.notion_base_url), version=self.version, requests_per_minute=6000
            ) as client:
                return str((await client.create_database(parent or self.page, title, properties))["id"])

        return anyio.run(make)

    def properties(self, database_id: str) -> dict[str, str]:
        """Property name to type of a database."""
        properties = self.sandbox.workspace.databases[database_id].sources[0].properties.values()
        return {prop.name: prop.type for prop in properties}


@contextmanager
def fresh_notion(version: str, folder: Path) -> Iterator[FreshNotion]:
    """A new workspace, served for as long as it is used."""
    with serve_notion(History((), (), ()), now=NOW) as sandbox:
        yield FreshNotion(sandbox, folder, version)


@contextmanager
def killed_after(number: int, methods: Collection[str]) -> Iterator[None]:
    """The process is killed once its request of that number, of these methods, was carried out.

    For Notion that is the same as being killed before the next one.
    """
    send, sent = Transport._answer, 0

    async def count(self: Transport, request: Request, about: str) -> httpx.Response:
        nonlocal sent
        sent += request.method in methods
        response = await send(self, request, about)
        if sent >= number:
            raise KilledError
        return response

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Transport, "_answer", count)
        yield


def setting(name: str) -> str:
    return f"NOTION_{name.upper()}_DB_ID"
