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
from finance_ppm.sandbox.notion.values import floored, page_time, plain_text
from finance_ppm.sandbox.notion.workspace import Workspace

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
    """GET /v1/blocks/{id}/children: the databases and pages below a page; pages here have no other content.

    https://developers.notion.com/reference/get-block-children
    """
    identifier = as_uuid(call.path["id"], "path.block_id", call.workspace.pages)
    if call.workspace.visible_page(identifier) is None:
        raise not_found("block", identifier, call.workspace.bot_id)
    cursor, size = call.window()
    shown, following = paged(_below(call.workspace, identifier), lambda thing: thing.id, cursor, size)
    return listing([_block(call, thing) for thing in shown], following, "block")


def _below(workspace: Workspace, page_id: str) -> list[Database | Page]:
    """What lies on a page, oldest first: what is in the trash or not shared is on no list."""
    databases = (found for found in workspace.databases.values() if found.shared and not found.in_trash)
    pages = (found for found in workspace.pages.values() if found.source is None and not found.in_trash)
    things: list[Database | Page] = [*databases, *pages]
    below = [thing for thing in things if (thing.parent or {}).get("page_id") == page_id]
    return sorted(below, key=lambda thing: floored(thing.created))


def _block(call: Call, thing: Database | Page) -> dict[str, Any]:
    """A database or a page as a block: it has the same id. https://developers.notion.com/reference/block"""
    author = call.workspace.author
    if isinstance(thing, Page):
        kind, created_by, edited_by = "child_page", thing.created_by, thing.edited_by
    else:
        kind, created_by, edited_by = "child_database", author, author
    shown = {
        "object": "block",
        "id": thing.id,
        "parent": thing.parent,
        "created_time": page_time(floored(thing.created)),
        "last_edited_time": page_time(floored(thing.edited)),
        "created_by": {"object": "user", "id": created_by},
        "last_edited_by": {"object": "user", "id": edited_by},
        "has_children": kind == "child_page" and bool(_below(call.workspace, thing.id)),
        "in_trash": False,
        "type": kind,
        kind: {"title": _title(thing)},
    }
    return shown | ({"archived": False} if call.version.has_archived else {})
