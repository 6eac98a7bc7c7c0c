"""The Notion API: one method per endpoint that the product uses.

Belongs here: paths, bodies, API versions. Sending is done by ``transport``; what a page means is read elsewhere
(``reader``, ``properties``). https://developers.notion.com/reference/intro
"""

from collections.abc import Mapping
from typing import Any, Self, TypeVar
from urllib.parse import quote

import msgspec
from msgspec import Raw
from pydantic import SecretStr

from finance_ppm.sources.notion.errors import NotionError
from finance_ppm.sources.notion.limiter import Limiter, limiter_of
from finance_ppm.sources.notion.schema import DatabaseSchema, DataSource, SchemaAnswer
from finance_ppm.sources.notion.transport import PAGE_SIZE, Errand, Request, Transport

_FIRST_VERSION_WITH_DATA_SOURCES = "2025-09-03"

T = TypeVar("T")


class RequestStatus(msgspec.Struct, frozen=True):
    """Whether a query gave everything: ``type`` is ``complete`` or ``incomplete``."""

    type: str | None = None


class QueryPage(msgspec.Struct, frozen=True):
    """One answer of a query; ``results`` are pages, byte for byte."""

    results: list[Raw]
    has_more: bool
    next_cursor: str | None = None
    request_status: RequestStatus | None = None


class PropertyValue(msgspec.Struct, frozen=True):
    """A property's whole value: the entries of a list, and the result of a formula or rollup, byte for byte."""

    items: list[dict[str, Raw]]
    result: Raw


class Cursors:
    """The cursors of one paged answer: each leads to the next, and none comes twice."""

    def __init__(self, about: str) -> None:
        self._about = about
        self._seen: set[str] = set()

    def following(self, cursor: str | None) -> str:
        """``cursor``, if it leads on. Raises :class:`NotionError` where it is absent or has come before."""
        if cursor is None or cursor in self._seen:
            raise NotionError(
                f"Notion says that there is more of {self._about}, and not where it goes on: try again later.",
                code="no_cursor" if cursor is None else "repeated_cursor",
                retryable=True,
            )
        self._seen.add(cursor)
        return cursor


class _PropertyAnswer(msgspec.Struct, frozen=True):
    """A list of property items, or the one item of a formula."""

    results: list[dict[str, Raw]] = []
    has_more: bool = False
    next_cursor: str | None = None
    property_item: dict[str, Raw] = {}
    formula: Raw = Raw()


class _Children(msgspec.Struct, frozen=True):
    results: list[dict[str, Any]]
    has_more: bool = False
    next_cursor: str | None = None


class NotionClient:
    """A connection to Notion, or to a sandbox: only ``base_url`` and ``token`` tell them apart.

    An async context manager. All connections of the process with one address and token share one limiter, unless
    one is given. Every method raises :class:`NotionError`; an ``Errand`` given to it names what it is about and
    counts what it costs.
    """

    def __init__(
        self,
        *,
        token: SecretStr,
        base_url: str,
        version: str,
        requests_per_minute: int,
        limiter: Limiter | None = None,
        timeout: float = 60.0,
    ) -> None:
        limiter = limiter or limiter_of(base_url, token, requests_per_minute)
        self._transport = Transport(token=token, base_url=base_url, version=version, limiter=limiter, timeout=timeout)
        self._version = version

    async def __aenter__(self) -> Self:
        await self._transport.__aenter__()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self._transport.__aexit__(*exception)

    @property
    def requests_sent(self) -> int:
        """Requests sent so far, repeated ones included."""
        return self._transport.requests_sent

    @property
    def has_data_sources(self) -> bool:
        """Whether a database of this API version is a container of data sources, which hold the rows."""
        return self._version >= _FIRST_VERSION_WITH_DATA_SOURCES

    async def me(self) -> dict[str, Any]:
        """The integration's own user: the cheapest proof that address and token are right."""
        return await self._get("/v1/users/me", dict[str, Any], Errand("the integration itself"))

    async def retrieve_database(self, database_id: str, errand: Errand | None = None) -> DatabaseSchema:
        """A database's properties, and its data sources where the version has them, each with its own.

        One request, and one more for each data source. Raises :class:`NotionError` also where no data source is
        accessible.
        """
        errand = errand or Errand(f"database {database_id}")
        database = await self._get(f"/v1/databases/{_step(database_id)}", SchemaAnswer, errand)
        if not self.has_data_sources:
            return DatabaseSchema(database.schema())
        if not database.data_sources:
            raise NotionError(
                f"Notion shows no data source of {errand.about}: share the database with the integration (in Notion: "
                "... > Connections).",
                code="no_data_source",
            )
        sources = []
        for listed in database.data_sources:
            answer = await self._get(f"/v1/data_sources/{_step(listed.id)}", SchemaAnswer, errand)
            sources.append(DataSource(listed.id, listed.name or "", answer.schema()))
        return DatabaseSchema.of_sources(sources)

    async def query_page(
        self, source_id: str, query: Mapping[str, Any], *, cursor: str | None = None, errand: Errand | None = None
    ) -> QueryPage:
        """One answer of a query (``filter`` and ``sorts``) of a data source, or of a database before there were any.

        Where Notion asks for less, ``errand.page_size`` shrinks, and stays so.
        """
        errand = errand or Errand(f"database {source_id}")
        path = f"/v1/{'data_sources' if self.has_data_sources else 'databases'}/{_step(source_id)}/query"
        place = {"start_cursor": cursor} if cursor else {}
        return await self._transport.read(
            lambda: Request("POST", path, body={**query, **place, "page_size": errand.page_size}), QueryPage, errand
        )

    async def retrieve_page(self, page_id: str, errand: Errand | None = None) -> Raw:
        """A page, byte for byte."""
        return await self._get(f"/v1/pages/{_step(page_id)}", Raw, errand or Errand(f"page {page_id}"))

    async def page_property(self, page_id: str, property_id: str, errand: Errand | None = None) -> PropertyValue:
        """A property's whole value, however many entries it has. ``property_id`` is percent-encoded already."""
        errand = errand or Errand(f"page {page_id}")
        path = f"/v1/pages/{_step(page_id)}/properties/{property_id}"
        params = {"page_size": str(PAGE_SIZE)}
        answer = await self._get(path, _PropertyAnswer, errand, params)
        items, cursors = list(answer.results), Cursors(errand.about)
        while answer.has_more:
            following = {**params, "start_cursor": cursors.following(answer.next_cursor)}
            answer = await self._get(path, _PropertyAnswer, errand, following)
            items += answer.results
        # Until there is no more, the result of a rollup is that of a part.
        return PropertyValue(items, answer.property_item.get("rollup", answer.formula))

    async def create_page(
        self, database_id: str, schema: DatabaseSchema, properties: Mapping[str, Any], errand: Errand | None = None
    ) -> dict[str, Any]:
        """Create a page in a database, in its first data source. Decimals are sent digit by digit.

        Sent again only where it was certainly not done; otherwise the error says to look for the page first.
        """
        sources = schema.data_source_ids
        parent = {"data_source_id": sources[0]} if sources else {"database_id": database_id}
        return await self._transport.write(
            Request("POST", "/v1/pages", body={"parent": parent, "properties": properties}),
            errand or Errand(f"a new page of database {database_id}"),
        )

    async def update_page(
        self, page_id: str, properties: Mapping[str, Any], errand: Errand | None = None
    ) -> dict[str, Any]:
        """Set properties of a page. Doing it twice is doing it once, so it is sent again like a read."""
        request = Request("PATCH", f"/v1/pages/{_step(page_id)}", body={"properties": properties})
        return await self._transport.write(request, errand or Errand(f"page {page_id}"))

    async def can_read_users(self) -> bool:
        """Whether the integration may see who people are: without it, a person is an id without a name."""
        try:
            await self._get("/v1/users", dict[str, Any], Errand("the members of the workspace"), {"page_size": "1"})
        except NotionError as error:
            if error.status != 403:
                raise
            return False
        return True

    async def children(self, block_id: str, errand: Errand | None = None) -> list[dict[str, Any]]:
        """The blocks below a page or a block, in order; not what is below those."""
        errand = errand or Errand(f"the content of {block_id}")
        path, params = f"/v1/blocks/{_step(block_id)}/children", {"page_size": str(PAGE_SIZE)}
        answer = await self._get(path, _Children, errand, params)
        blocks, cursors = list(answer.results), Cursors(errand.about)
        while answer.has_more:
            following = {**params, "start_cursor": cursors.following(answer.next_cursor)}
            answer = await self._get(path, _Children, errand, following)
            blocks += answer.results
        return blocks

    async def describe_page(self, page_id: str, errand: Errand | None = None) -> dict[str, Any]:
        """A page of any kind as Notion describes it."""
        return await self._get(f"/v1/pages/{_step(page_id)}", dict[str, Any], errand or Errand(f"page {page_id}"))

    async def describe_database(self, database_id: str, errand: Errand | None = None) -> dict[str, Any]:
        """A database as Notion describes it; its properties are its data sources' where the version has them."""
        errand = errand or Errand(f"database {database_id}")
        return await self._get(f"/v1/databases/{_step(database_id)}", dict[str, Any], errand)

    async def describe_data_source(self, source_id: str, errand: Errand | None = None) -> dict[str, Any]:
        """A data source as Notion describes it."""
        errand = errand or Errand(f"data source {source_id}")
        return await self._get(f"/v1/data_sources/{_step(source_id)}", dict[str, Any], errand)

    async def create_database(
        self, page_id: str, title: str, properties: Mapping[str, Any], errand: Errand | None = None
    ) -> dict[str, Any]:
        """Create a database with these properties below a page.

        Sent again only where it was certainly not done; otherwise the error says to look for the database first.
        """
        held = {"properties": properties}
        body = {
            "parent": {"type": "page_id", "page_id": page_id},
            "title": [{"type": "text", "text": {"content": title}}],
            **({"initial_data_source": held} if self.has_data_sources else held),
        }
        request = Request("POST", "/v1/databases", body=body)
        return await self._transport.write(request, errand or Errand(f"a new database {title!r}"))

    async def set_properties(
        self, source_id: str, properties: Mapping[str, Any], errand: Errand | None = None
    ) -> dict[str, Any]:
        """Add or change properties of a data source, or of a database before there were any; others stay.

        Doing it twice is doing it once, so it is sent again like a read.
        """
        path = f"/v1/{'data_sources' if self.has_data_sources else 'databases'}/{_step(source_id)}"
        request = Request("PATCH", path, body={"properties": properties})
        return await self._transport.write(request, errand or Errand(f"database {source_id}"))

    async def _get(self, path: str, kind: type[T], errand: Errand, params: Mapping[str, str] | None = None) -> T:
        return await self._transport.read(lambda: Request("GET", path, params=params), kind, errand)


def _step(identifier: str) -> str:
    """An id as one step of a path, whatever the settings hold."""
    return quote(identifier, safe="")
