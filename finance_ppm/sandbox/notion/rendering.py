"""Shows pages and users as JSON, in each version of the API.

Belongs here: the shape of pages, users and property items in answers. Page JSON is kept as
bytes for as long as it cannot have changed, so that a query costs little more than joining them.
"""

from collections import OrderedDict
from collections.abc import Callable, Collection
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

import msgspec

from finance_ppm.sandbox.notion.pages import Page, Verbatim
from finance_ppm.sandbox.notion.reading import Reader, rollup_kind
from finance_ppm.sandbox.notion.schema import Database, DataSource, Property
from finance_ppm.sandbox.notion.schema_rendering import show_data_source, show_database
from finance_ppm.sandbox.notion.values import (
    LIST_TYPES,
    PAGE_LIMIT,
    empty_value,
    page_time,
    plain_text,
    shown_date,
    shown_file,
    shown_option,
    shown_person,
    shown_run,
    shown_runs,
)
from finance_ppm.sandbox.notion.versions import Version
from finance_ppm.sandbox.notion.workspace import Workspace

ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
"""Writes a Decimal as the exact JSON number."""

PAGINATED_TYPES: Final = frozenset({"title", "rich_text", "people", "relation", "rollup"})
"""Types that the property endpoint answers as a list."""

_REMEMBERED_PAGES: Final = 30_000


class _Remembered(NamedTuple):
    state: tuple[int, int]
    """Revisions of the page and of the schemas."""
    workspace_revision: int | None
    """The only revision of the workspace it is good for, where it shows more than the page itself."""
    encoded: bytes


class Renderer:
    """Renders one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.reader = Reader(workspace)
        self._remembered: OrderedDict[tuple[str, Version], _Remembered] = OrderedDict()

    # Pages

    def page_bytes(self, page: Page, version: Version, only: Collection[str] | None = None) -> bytes:
        """A page as JSON, or what stands in a wiki's row; ``only`` limits a page's properties to those ids."""
        if page.contained is not None:
            return ENCODER.encode(self._contained(page.contained, version))
        if only is not None:
            return ENCODER.encode(self.page(page, version, only))
        key, state = (page.id, version), (page.revision, self.workspace.schema_revision)
        found = self._remembered.get(key)
        if found is not None and found.state == state and found.workspace_revision in {None, self.workspace.revision}:
            return found.encoded
        self.reader.hung_on_clock = self.reader.hung_on_others = False
        encoded = ENCODER.encode(self.page(page, version))
        if not self.reader.hung_on_clock:
            if len(self._remembered) >= _REMEMBERED_PAGES:
                self._remembered.popitem(last=False)
            revision = self.workspace.revision if self.reader.hung_on_others else None
            self._remembered[key] = _Remembered(state, revision, encoded)
        return encoded

    def page(self, page: Page, version: Version, only: Collection[str] | None = None) -> dict[str, Any]:
        """A page as an answer shows it, its override laid over it."""
        properties = {
            prop.name: self.property_value(page, prop)
            for prop in (page.source.properties.values() if page.source else ())
            if only is None or prop.id in only
        }
        if page.source is None:
            properties["title"] = {"id": "title", "type": "title", "title": shown_runs(page.values.get("title"))}
        shown: dict[str, Any] = {
            "object": "page",
            "id": page.id,
            "created_time": page_time(page.created),
            "last_edited_time": page_time(page.edited),
            "created_by": {"object": "user", "id": page.created_by},
            "last_edited_by": {"object": "user", "id": page.edited_by},
            "cover": page.cover,
            "icon": page.icon,
            "parent": _row_parent(page.source, version) if page.source else page.parent,
            "in_trash": page.in_trash,
            "is_archived": False,
            "is_locked": False,
            "properties": properties,
            "url": self._page_url(page),
            "public_url": None,
        }
        if version.has_archived:
            shown["archived"] = page.in_trash
        return _laid_over(shown, page.override, None if only is None else set(properties))

    def _contained(self, database: Database, version: Version) -> dict[str, Any]:
        if version.has_data_sources:
            return show_data_source(self.workspace, database.visible_sources[0], version)
        return show_database(self.workspace, database, version)

    def _page_url(self, page: Page) -> str:
        identifier = page.source.title_property.id if page.source else "title"
        value = page.values.get(identifier)
        words = "".join(letter if letter.isascii() and letter.isalnum() else " " for letter in plain_text(value) or "")
        return "https://www.notion.so/" + "-".join([*words.split(), page.id.replace("-", "")])

    # Property values

    def property_value(self, page: Page, prop: Property) -> Any:
        """A property in a page object: relations, people and rich text stop at 25 entries."""
        value = page.values.get(prop.id)
        if isinstance(value, Verbatim):
            told = value.json
            return {"id": prop.id, "type": next(iter(told), prop.type), **told} if isinstance(told, dict) else told
        if prop.type == "relation":
            ids = self.reader.related(page, prop)
            if not ids and page.source is not None and not self.workspace.is_visible(prop, page.source):
                value = None
            entries: Any = [{"id": identifier} for identifier in ids[:PAGE_LIMIT]]
            if value is not None and not (isinstance(value, list) and len(ids) == len(value)):
                entries = value  # broken: shown as it was told
            return {"id": prop.id, "type": "relation", "relation": entries, "has_more": len(ids) > PAGE_LIMIT}
        shown = self._value(page, prop)
        if prop.type in {"people", "rich_text", "title"} and isinstance(shown, list):
            shown = shown[:PAGE_LIMIT]
        return {"id": prop.id, "type": prop.type, prop.type: shown}

    def _value(self, page: Page, prop: Property) -> Any:
        """The value under the type's key, in full."""
        if prop.type == "formula":
            kind, result = self.reader.formula(page, prop)
            return {"type": kind, kind: _computed(kind, result)}
        if prop.type == "rollup":
            return self.rollup(prop, self.reader.rolled_up(page, prop))
        if prop.type in {"created_by", "last_edited_by"}:
            return self.user(page.created_by if prop.type == "created_by" else page.edited_by)
        if prop.type in {"created_time", "last_edited_time"}:
            return page_time(page.created if prop.type == "created_time" else page.edited)
        if prop.type == "unique_id":
            return {"prefix": prop.prefix, "number": page.number}
        return self._written(prop, page.values.get(prop.id))

    def _written(self, prop: Property, value: Any) -> Any:
        """What was written, as answers show it; what is broken, as it was told."""
        if value is None:
            return empty_value(prop.type)
        if prop.type in {"select", "status"}:
            return shown_option(prop, value)
        if prop.type == "date":
            return shown_date(value)
        if prop.type not in LIST_TYPES or not isinstance(value, list):
            return value
        show: dict[str, Callable[[Any], Any]] = {
            "multi_select": lambda chosen: shown_option(prop, chosen),
            "people": self._person,
            "files": self._file,
        }
        return [show.get(prop.type, shown_run)(item) for item in value]

    def _person(self, told: Any) -> Any:
        return self.user(told["id"]) if isinstance(told, dict) and isinstance(told.get("id"), str) else told

    def _file(self, item: Any) -> Any:
        hosted = isinstance(item, dict) and "file" in item
        return shown_file(item, self.reader.now() if hosted else self.workspace.clock.now())

    def rollup(self, prop: Property, rolled_up: list[tuple[Page, Property]]) -> dict[str, Any]:
        """A rollup's value over ``rolled_up``."""
        kind = rollup_kind(prop)
        if kind == "array":
            shown: Any = [self._rollup_entry(other, looked_up) for other, looked_up in rolled_up]
            if prop.function == "show_unique":
                shown = [entry for at, entry in enumerate(shown) if entry not in shown[:at]]
        else:
            shown = _computed(kind, self.reader.rollup(prop, rolled_up))
        return {"type": kind, kind: shown, "function": prop.function}

    def _rollup_entry(self, page: Page, prop: Property) -> dict[str, Any]:
        shown = self.property_value(page, prop)
        if not isinstance(shown, dict):
            return {"type": prop.type, prop.type: shown}
        return {key: value for key, value in shown.items() if key not in {"id", "has_more"}}

    # Property items

    def property_entries(self, page: Page, prop: Property) -> list[Any]:
        """All entries of a property that the property endpoint answers as a list, rollups excepted."""
        if prop.type == "relation":
            return [{"id": identifier} for identifier in self.workspace.related(page, prop)]
        value = self._value(page, prop)
        return value if isinstance(value, list) else []

    def property_item(self, page: Page, prop: Property) -> dict[str, Any]:
        """A property that the property endpoint answers as a single value."""
        return {"object": "property_item", "type": prop.type, "id": prop.id, prop.type: self._value(page, prop)}

    def rolled_up_item(self, page: Page, prop: Property) -> dict[str, Any]:
        """One entry of a rollup that shows values, as a property item."""
        return {"object": "property_item", "id": prop.id} | self._rollup_entry(page, prop)

    # Users

    def user(self, identifier: str) -> dict[str, Any]:
        """A user in full; one that the integration cannot see has only an id."""
        if identifier == self.workspace.bot_id:
            return self.bot()
        person = self.workspace.people.get(identifier)
        return shown_person(person) if person else {"object": "user", "id": identifier}

    def bot(self) -> dict[str, Any]:
        """The integration itself."""
        return {
            "object": "user",
            "id": self.workspace.bot_id,
            "name": "Sandbox",
            "avatar_url": None,
            "type": "bot",
            "bot": {"owner": {"type": "workspace", "workspace": True}, "workspace_name": "Sandbox"},
        }


def _row_parent(source: DataSource, version: Version) -> dict[str, Any]:
    if version.has_data_sources:
        return {"type": "data_source_id", "data_source_id": source.id, "database_id": source.database.id}
    return {"type": "database_id", "database_id": source.database.id}


def _computed(kind: str, value: Any) -> Any:
    """A computed value as JSON; a value that is not of its kind is empty."""
    if kind == "string":
        return None if value is None else ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    if kind == "number":
        return value if isinstance(value, Decimal) else None
    if kind == "boolean":
        return bool(value)
    if not isinstance(value, datetime):
        return None
    return {"start": value.isoformat(timespec="milliseconds"), "end": None, "time_zone": None}


def _laid_over(shown: dict[str, Any], override: dict[str, Any], only: set[str] | None) -> dict[str, Any]:
    """``override`` over ``shown``: by top-level key, and properties by name. None takes a key away."""
    if not override:
        return shown
    laid = shown | override
    properties = override.get("properties")
    if isinstance(properties, dict):
        chosen = {name: value for name, value in properties.items() if only is None or name in only}
        laid["properties"] = _without_none(shown["properties"] | chosen, chosen)
    return _without_none(laid, override)


def _without_none(laid: dict[str, Any], override: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in laid.items() if value is not None or key not in override}
