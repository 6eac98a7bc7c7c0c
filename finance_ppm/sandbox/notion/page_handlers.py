"""Endpoints of pages: reading, creating and changing them, their properties one by one, and queries of rows."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from finance_ppm.sandbox.notion.calls import Answer, Call, Encoded, listing
from finance_ppm.sandbox.notion.errors import UNDEFINED, invalid, invalid_value, not_found, unknown_property
from finance_ppm.sandbox.notion.moving import move_page
from finance_ppm.sandbox.notion.pages import Page
from finance_ppm.sandbox.notion.query import INCOMPLETE, bad_cursor
from finance_ppm.sandbox.notion.reading import ARRAY_FUNCTIONS
from finance_ppm.sandbox.notion.rendering import ENCODER, PAGINATED_TYPES
from finance_ppm.sandbox.notion.schema import DataSource, Property
from finance_ppm.sandbox.notion.validation import Values, as_array, as_object, as_uuid, only_keys, rich_text_value

_QUERY_KEYS = ("filter", "sorts", "start_cursor", "page_size", "archived", "in_trash", "is_archived", "result_type")
_CREATE_KEYS = ("parent", "properties", "icon", "cover", "children", "position", "template", "markdown")
_UPDATE_KEYS = ("properties", "icon", "cover", "in_trash", "is_locked", "is_archived", "template", "erase_content")


def get_page(call: Call) -> Answer:
    """GET /v1/pages/{id}; a trashed page is answered, marked as such."""
    page = call.page()
    return Encoded(call.service.renderer.page_bytes(page, call.version, _chosen(call, page.source)))


def post_page(call: Call) -> Answer:
    """POST /v1/pages: a row of a data source, or a page under a page."""
    body = call.body
    only_keys(body, _CREATE_KEYS)
    as_array(body.get("children", []), "body.children")
    source, parent = _parent(call, as_object(body.get("parent", UNDEFINED), "body.parent"))
    workspace = call.workspace
    wanted = body.get("properties", {})
    if source is None:
        page = workspace.create_standalone(_title_only(wanted), parent, author=workspace.bot_id)
    else:
        values = Values(workspace, source).checked(wanted)
        for prop in source.properties.values():
            if prop.type == "status" and prop.options:
                values.setdefault(prop.id, {"name": next(iter(prop.options))})
        page_id, now = workspace.new_id(), workspace.clock.now()
        page = workspace.create_page(source, page_id, values, author=workspace.bot_id, at=now)
    page.icon, page.cover = body.get("icon"), body.get("cover")
    return Encoded(call.service.renderer.page_bytes(page, call.version))


def patch_page(call: Call) -> Answer:
    """PATCH /v1/pages/{id}: values, icon and cover, into the trash and out of it."""
    page, body = call.page(), call.body
    only_keys(body, (*_UPDATE_KEYS, "archived") if call.version.has_archived else _UPDATE_KEYS)
    in_trash = trash_wish(body)
    if page.in_trash and in_trash is not False:
        raise invalid("Can't edit block that is archived. You must unarchive the block before editing.")
    wanted = body.get("properties", {})
    values = Values(call.workspace, page.source).checked(wanted) if page.source else _title_only(wanted)
    page.icon, page.cover = body.get("icon", page.icon), body.get("cover", page.cover)
    workspace = call.workspace
    workspace.update_page(page, values, author=workspace.bot_id, at=workspace.clock.now(), in_trash=in_trash)
    return Encoded(call.service.renderer.page_bytes(page, call.version))


def post_move(call: Call) -> Answer:
    """POST /v1/pages/{id}/move: into a data source, or under a page. https://developers.notion.com/reference/move-page"""
    page, body = call.page(), call.body
    only_keys(body, ("parent",))
    source, parent = _parent(call, as_object(body.get("parent", UNDEFINED), "body.parent"))
    moved = move_page(call.workspace, page, source, parent, author=call.workspace.bot_id)
    return Encoded(call.service.renderer.page_bytes(moved, call.version))


def trash_wish(body: dict[str, Any]) -> bool | None:
    """What a request says of the trash, in either word; None where it says nothing."""
    for word in ("in_trash", "archived"):
        if word in body:
            if not isinstance(body[word], bool):
                raise invalid_value(f"body.{word}", "a boolean", body[word])
            return bool(body[word])
    return None


def _parent(call: Call, told: dict[str, Any]) -> tuple[DataSource | None, dict[str, Any]]:
    workspace = call.workspace
    if "data_source_id" in told and call.version.has_data_sources:
        identifier = as_uuid(told["data_source_id"], "body.parent.data_source_id")
        source = workspace.visible_source(identifier)
        if source is None:
            raise not_found("database", identifier, workspace.bot_id)
        return source, {}
    if "database_id" in told:
        identifier = as_uuid(told["database_id"], "body.parent.database_id")
        database = workspace.visible_database(identifier)
        if database is None:
            raise not_found("database", identifier, workspace.bot_id)
        return call.only_source(database), {}
    identifier = as_uuid(told.get("page_id", UNDEFINED), "body.parent.page_id", workspace.pages)
    if workspace.visible_page(identifier) is None:
        raise not_found("page", identifier, workspace.bot_id)
    return None, {"type": "page_id", "page_id": identifier}


def _title_only(wanted: Any) -> dict[str, Any]:
    """The values of a page that is no row: it has a title and nothing else."""
    values = {}
    for name, told in as_object(wanted, "body.properties").items():
        if name != "title":
            raise invalid(f"{name} is not a property that exists.")
        runs = told.get("title", UNDEFINED) if isinstance(told, dict) else told
        values["title"] = rich_text_value(runs, "body.properties.title.title")
    return values


def _chosen(call: Call, source: DataSource | None) -> set[str] | None:
    """The ids that ``filter_properties`` asks for; None where it asks for all."""
    wanted = call.parameters("filter_properties")
    if not wanted or source is None:
        return None
    chosen = set()
    for name in wanted:
        prop = source.find(name)
        if prop is None:
            raise unknown_property(name)
        chosen.add(prop.id)
    return chosen


# Queries


def query_database(call: Call) -> Answer:
    """POST /v1/databases/{id}/query, in the version that has it."""
    return _query(call, call.only_source(call.database()))


def query_data_source(call: Call) -> Answer:
    """POST /v1/data_sources/{id}/query."""
    source = call.data_source()
    if source.in_trash:
        raise not_found("database", source.id, call.workspace.bot_id)
    return _query(call, source)


def _query(call: Call, source: DataSource) -> Answer:
    body = call.optional_body
    only_keys(body, _QUERY_KEYS)
    chosen = _chosen(call, source)
    results = call.service.queries.run(source, body)
    rows = b",".join(call.service.renderer.page_bytes(page, call.version, chosen) for page in results.pages)
    envelope: dict[str, Any] = {
        "next_cursor": results.next_cursor,
        "has_more": results.next_cursor is not None,
        "type": "page_or_data_source" if call.version.has_data_sources else "page_or_database",
    }
    envelope[envelope["type"]] = {}
    if results.capped and call.version.has_data_sources:
        envelope["request_status"] = INCOMPLETE
    return Encoded(b'{"object":"list","results":[' + rows + b"]," + ENCODER.encode(envelope)[1:])


# Properties one by one


def get_page_property(call: Call) -> Answer:
    """GET /v1/pages/{id}/properties/{property}: a single value, or a list in pages."""
    page = call.page()
    if page.source is None:
        prop = Property("title", "title", "title") if call.path["property"] == "title" else None
    else:
        prop = page.source.find(call.path["property"])
    if prop is None:
        raise unknown_property(call.path["property"])
    if prop.type not in PAGINATED_TYPES:
        return call.service.renderer.property_item(page, prop)
    return _rollup_items(call, page, prop) if prop.type == "rollup" else _property_items(call, page, prop)


def _property_items(call: Call, page: Page, prop: Property) -> Answer:
    entries = call.service.renderer.property_entries(page, prop)
    window = _Window.of(call, prop, len(entries))
    results = [
        {"object": "property_item", "type": prop.type, "id": prop.id, prop.type: entry}
        for entry in entries[window.start : window.end]
    ]
    return window.answer(results, {})


def _rollup_items(call: Call, page: Page, prop: Property) -> Answer:
    """A rollup: entries of the pages it looks at. A computed one is incomplete until the last page of the list."""
    renderer = call.service.renderer
    rolled_up = renderer.reader.rolled_up(page, prop, limit=None)
    window = _Window.of(call, prop, len(rolled_up))
    shown = rolled_up[window.start : window.end]
    if prop.function in ARRAY_FUNCTIONS:
        value = {"type": "array", "array": [], "function": prop.function}
        return window.answer([renderer.rolled_up_item(*pair) for pair in shown], value)
    incomplete = {"type": "incomplete", "incomplete": {}, "function": prop.function}
    results = [
        {"object": "property_item", "type": "relation", "id": prop.relation_id, "relation": {"id": other.id}}
        for other, _ in shown
    ]
    return window.answer(results, incomplete if window.cursor else renderer.rollup(prop, rolled_up))


@dataclass(frozen=True)
class _Window:
    """The part of a property's entries that one answer shows."""

    call: Call
    prop: Property
    start: int
    end: int
    cursor: str | None

    @classmethod
    def of(cls, call: Call, prop: Property, length: int) -> "_Window":
        """The part that ``start_cursor`` and ``page_size`` ask for. Raises ApiError for a cursor never given."""
        cursor, size = call.window()
        marks = {_mark(prop, at): at for at in range(1, length)} if cursor else {}
        if cursor is not None and cursor not in marks:
            raise bad_cursor(cursor)
        start = marks[cursor] if cursor else 0
        end = min(start + size, length)
        return cls(call, prop, start, end, _mark(prop, end) if end < length else None)

    def answer(self, results: list[Any], value: dict[str, Any]) -> Answer:
        """The list of ``results``, and beside it what the property is as a whole."""
        query = {"start_cursor": self.cursor, "page_size": self.end - self.start}
        prop = self.prop
        answer = listing(results, self.cursor, "property_item")
        answer["property_item"] = {
            "id": prop.id,
            "next_url": f"{self.call.url}?{urlencode(query)}" if self.cursor else None,
            "type": prop.type,
            prop.type: value,
        }
        return answer


def _mark(prop: Property, at: int) -> str:
    return f"{quote(prop.id, safe='')}-{at:x}"
