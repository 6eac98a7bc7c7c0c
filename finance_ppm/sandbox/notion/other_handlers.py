"""Endpoints of users, search and blocks: only as much of them as a reader of databases meets."""

from itertools import islice
from typing import Any
from uuid import UUID

from finance_ppm.sandbox.notion.calls import Answer, Call, listing, paged
from finance_ppm.sandbox.notion.errors import ApiError, invalid_value, not_found
from finance_ppm.sandbox.notion.pages import Page
from finance_ppm.sandbox.notion.query import page_size
from finance_ppm.sandbox.notion.schema import Database, DataSource
from finance_ppm.sandbox.notion.schema_rendering import show_data_source, show_database
from finance_ppm.sandbox.notion.validation import as_uuid, only_keys
from finance_ppm.sandbox.notion.values import plain_text

_SEARCHED_ROWS = 1_000
"""Search looks no further than this many rows, and of those it misses every third: it is never an inventory."""


def list_users(call: Call) -> Answer:
    """GET /v1/users."""
    ids = [*call.workspace.people, call.workspace.bot_id]
    shown, cursor = paged(ids, str, *call.window())
    return listing([call.service.renderer.user(identifier) for identifier in shown], cursor, "user")


def get_me(call: Call) -> Answer:
    """GET /v1/users/me."""
    return call.service.renderer.bot()


def get_user(call: Call) -> Answer:
    """GET /v1/users/{id}."""
    workspace = call.workspace
    identifier = as_uuid(call.path["id"], "path.user_id", workspace.people)
    if identifier not in workspace.people and identifier != workspace.bot_id:
        raise ApiError(
            404,
            "object_not_found",
            f"Could not find user with ID: {identifier}. Make sure your integration has capabilities to read user "
            "information. With those capabilities, only members and guests in the integration's workspace are visible.",
            additional={"integration_id": workspace.bot_id},
        )
    return call.service.renderer.user(identifier)


def search(call: Call) -> Answer:
    """POST /v1/search: by title. Some rows are missing, as they are in Notion."""
    body = call.optional_body
    only_keys(body, ("query", "filter", "sort", "start_cursor", "page_size"))
    wanted = (body.get("filter") or {}).get("value")
    container = "data_source" if call.version.has_data_sources else "database"
    if wanted not in {None, "page", container}:
        raise invalid_value("body.filter.value", f'`"page"` or `"{container}"`', wanted)
    text = str(body.get("query", "")).casefold()
    found = [thing for thing in _searchable(call, wanted) if text in _title(thing).casefold()]
    size = page_size(body.get("page_size", 100), "body")
    shown, cursor = paged(found, lambda thing: thing.id, body.get("start_cursor"), size)
    return listing([_shown(call, thing) for thing in shown], cursor, f"page_or_{container}")


def _searchable(call: Call, wanted: str | None) -> list[Any]:
    workspace = call.workspace
    things: list[Any] = []
    if wanted != "page":
        sources = [source for database in workspace.databases.values() for source in database.visible_sources]
        things += sources if call.version.has_data_sources else [source.database for source in sources]
    if wanted in {None, "page"}:
        alive = (page for page in workspace.pages.values() if not page.in_trash and workspace.visible_page(page.id))
        things += [page for page in islice(alive, _SEARCHED_ROWS) if page.source is None or UUID(page.id).int % 3]
    return things


def _title(thing: Database | DataSource | Page) -> str:
    if isinstance(thing, Page):
        return plain_text(thing.values.get(thing.source.title_property.id if thing.source else "title")) or ""
    return plain_text(thing.title) or ""


def _shown(call: Call, thing: Database | DataSource | Page) -> dict[str, Any]:
    if isinstance(thing, Page):
        return call.service.renderer.page(thing, call.version)
    if isinstance(thing, DataSource):
        return show_data_source(call.workspace, thing, call.version)
    return show_database(call.workspace, thing, call.version)


def get_block_children(call: Call) -> Answer:
    """GET /v1/blocks/{id}/children: pages here have no content."""
    identifier = as_uuid(call.path["id"], "path.block_id", call.workspace.pages)
    if call.workspace.visible_page(identifier) is None:
        raise not_found("block", identifier, call.workspace.bot_id)
    return listing([], None, "block")
