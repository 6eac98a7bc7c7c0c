"""One request as its handler sees it, and what every handler needs of it.

Belongs here: the version spoken, parameters, the JSON body, paging of short lists. Handlers are plain functions from
a ``Call`` to an answer; HTTP is ``wire``'s and ``app``'s.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from finance_ppm.sandbox.notion.errors import UNDEFINED, invalid, invalid_value, not_found
from finance_ppm.sandbox.notion.pages import Page
from finance_ppm.sandbox.notion.query import MAX_PAGE_SIZE, Queries, bad_cursor, page_size
from finance_ppm.sandbox.notion.rendering import Renderer
from finance_ppm.sandbox.notion.schema import Database, DataSource
from finance_ppm.sandbox.notion.validation import as_object, as_uuid
from finance_ppm.sandbox.notion.versions import Version
from finance_ppm.sandbox.notion.workspace import Workspace


@dataclass(frozen=True)
class Encoded:
    """An answer that is JSON text already."""

    text: bytes


Answer = dict[str, Any] | Encoded


@dataclass(frozen=True)
class Service:
    """The workspace and what reads it."""

    workspace: Workspace
    renderer: Renderer
    queries: Queries

    @classmethod
    def of(cls, workspace: Workspace) -> "Service":
        """The service of a workspace."""
        renderer = Renderer(workspace)
        return cls(workspace, renderer, Queries(renderer.reader))


@dataclass(frozen=True)
class Call:
    """A request that is authorised and whose body is JSON."""

    service: Service
    version: Version
    path: dict[str, str]
    query: Sequence[tuple[str, str]] = ()
    json: Any = UNDEFINED
    url: str = ""
    """Where the request went, without its query."""

    @property
    def workspace(self) -> Workspace:
        """The workspace."""
        return self.service.workspace

    @property
    def body(self) -> dict[str, Any]:
        """The body, an object. Raises ApiError for anything else."""
        return as_object(self.json, "body")

    @property
    def optional_body(self) -> dict[str, Any]:
        """The body, an object; no body at all is an empty one."""
        return {} if self.json is UNDEFINED else self.body

    def identifier(self, kind: str, known: dict[str, Any]) -> str:
        """The id in the path, with dashes."""
        return as_uuid(self.path["id"], f"path.{kind}_id", known)

    def page(self) -> Page:
        """The page in the path. Raises ApiError when there is none."""
        identifier = self.identifier("page", self.workspace.pages)
        found = self.workspace.visible_page(identifier)
        if found is None:
            raise not_found("page", identifier, self.workspace.bot_id)
        return found

    def database(self) -> Database:
        """The database in the path. Raises ApiError when there is none."""
        identifier = self.identifier("database", self.workspace.pages)
        if identifier in self.workspace.pages:
            raise invalid(
                f"Provided ID {identifier} is a page, not a database. Use the retrieve page API instead, or find a "
                "child database within the page."
            )
        found = self.workspace.visible_database(identifier)
        if found is None:
            raise not_found("database", identifier, self.workspace.bot_id)
        return found

    def data_source(self) -> DataSource:
        """The data source in the path. Raises ApiError when there is none."""
        identifier = self.identifier("data_source", self.workspace.sources)
        found = self.workspace.visible_source(identifier)
        if found is None:
            raise not_found("database", identifier, self.workspace.bot_id)
        return found

    def only_source(self, database: Database) -> DataSource:
        """The one data source of a database, where the version or the request knows of no others."""
        sources = database.visible_sources
        if len(sources) == 1:
            return sources[0]
        if not sources:
            raise invalid(
                f"Database with ID {database.id} does not contain any data sources accessible by this API bot."
            )
        raise invalid(
            f"Databases with multiple data sources are not supported in this API version: {database.id}.",
            error_type="multiple_data_sources_for_database",
            database_id=database.id,
            child_data_source_ids=[source.id for source in sources],
            minimum_api_version=Version.V2025_09_03.value,
        )

    def parameters(self, name: str) -> list[str]:
        """The values of a query parameter, given once or more, with or without brackets."""
        return [value for key, value in self.query if key in {name, f"{name}[]"}]

    def parameter(self, name: str) -> str | None:
        """The value of a query parameter."""
        return next(iter(self.parameters(name)), None)

    def window(self) -> tuple[str | None, int]:
        """``start_cursor`` and ``page_size`` of a GET."""
        told = self.parameter("page_size")
        if told is None:
            return self.parameter("start_cursor"), MAX_PAGE_SIZE
        if not told.lstrip("-").isdigit():
            raise invalid_value("query.page_size", "a number", told)
        return self.parameter("start_cursor"), page_size(int(told), "query")


Handler = Callable[[Call], Answer]


def paged(items: Sequence[Any], key: Callable[[Any], str], cursor: Any, size: int) -> tuple[list[Any], str | None]:
    """``size`` of ``items`` from where the cursor points, and the next cursor: the key of the item it points to."""
    start = 0
    if cursor is not None:
        found = next((at for at, item in enumerate(items) if key(item) == cursor), None)
        if found is None:
            raise bad_cursor(cursor)
        start = found
    following = items[start + size : start + size + 1]
    return list(items[start : start + size]), key(following[0]) if following else None


def listing(results: list[Any], cursor: str | None, kind: str, **more: Any) -> dict[str, Any]:
    """The envelope of a list."""
    return {
        "object": "list",
        "results": results,
        "next_cursor": cursor,
        "has_more": cursor is not None,
        "type": kind,
        kind: {},
        **more,
    }
