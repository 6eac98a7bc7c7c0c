"""What a write of a page must look like; what is wrong is refused as Notion refuses it.

Belongs here: checking requests, and nothing else; a history is trusted and never comes here.
Sizes: https://developers.notion.com/reference/request-limits#size-limits
"""

import re
from collections.abc import Callable, Collection
from decimal import Decimal
from typing import Any, Final
from uuid import RFC_4122, UUID

from finance_ppm.sandbox.notion.errors import UNDEFINED, invalid, invalid_value, not_found
from finance_ppm.sandbox.notion.schema import (
    READ_ONLY_TYPES,
    DataSource,
    Property,
)
from finance_ppm.sandbox.notion.values import as_time
from finance_ppm.sandbox.notion.workspace import Workspace

MAX_ITEMS: Final = 100
MAX_TEXT: Final = 2_000
MAX_EQUATION: Final = 1_000
MAX_URL: Final = 2_000
MAX_ADDRESS: Final = 200
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}(T.*)?")


# Bodies and ids


def only_keys(body: dict[str, Any], known: Collection[str], path: str = "body") -> None:
    """Raises ApiError for a key that the request does not have."""
    for key, value in body.items():
        if key not in known:
            raise invalid_value(f"{path}.{key}", "not present", value)


def as_object(value: Any, path: str) -> dict[str, Any]:
    """An object, else ApiError."""
    if not isinstance(value, dict):
        raise invalid_value(path, "an object" if value is not UNDEFINED else "defined", value)
    return value


def as_array(value: Any, path: str) -> list[Any]:
    """An array of at most 100 items, else ApiError."""
    if not isinstance(value, list):
        raise invalid_value(path, "an array", value)
    if len(value) > MAX_ITEMS:
        raise invalid_value(f"{path}.length", f"≤ `{MAX_ITEMS}`", len(value))
    return value


def as_string(value: Any, path: str, longest: int | None = None) -> str:
    """A string of at most ``longest`` characters, else ApiError."""
    if not isinstance(value, str):
        raise invalid_value(path, "a string" if value is not UNDEFINED else "defined", value)
    if longest is not None and len(value) > longest:
        raise invalid_value(f"{path}.length", f"≤ `{longest}`", len(value))
    return value


def as_uuid(value: Any, path: str, known: Collection[str] = ()) -> str:
    """An id with dashes. Notion takes it without them too, and refuses what is no UUID of a known variant."""
    text = as_string(value, path)
    try:
        found = UUID(text)
    except ValueError:
        raise invalid_value(path, "a valid uuid", value) from None
    proper = found.int == 0 or (found.variant == RFC_4122 and found.version in range(1, 9))
    if len(text) not in {32, 36} or (not proper and str(found) not in known):
        raise invalid_value(path, "a valid uuid", value)
    return str(found)


# Values of pages


class Values:
    """Checks the values of a page of ``source`` in a write request."""

    def __init__(self, workspace: Workspace, source: DataSource) -> None:
        self._workspace = workspace
        self._source = source

    def checked(self, wanted: Any) -> dict[str, Any]:
        """Values by property id, from ``properties`` of a request. Raises ApiError for the first that is wrong."""
        values: dict[str, Any] = {}
        for name, told in as_object(wanted, "body.properties").items():
            prop = self._source.find(name)
            if prop is None:
                raise invalid(f"{name} is not a property that exists.")
            path = f"body.properties.{name}"
            if prop.type in READ_ONLY_TYPES:
                raise invalid_value(path, "not present", told)
            if prop.type not in as_object(told, path):
                raise invalid(f"{name} is expected to be {prop.type}.")
            only_keys(told, {prop.type, "type", "id", "name", "has_more"}, path)
            values[prop.id] = self._value(prop, told[prop.type], f"{path}.{prop.type}")
        return values

    def _value(self, prop: Property, value: Any, path: str) -> Any:
        if prop.type in _CHECKS:
            return _CHECKS[prop.type](value, path)
        if prop.type in {"select", "status"}:
            return value if value is None else self._option(prop, value, path)
        if prop.type == "multi_select":
            return [self._option(prop, item, f"{path}[{at}]") for at, item in enumerate(as_array(value, path))]
        return self._references(value, path, "user" if prop.type == "people" else "page")

    def _option(self, prop: Property, told: Any, path: str) -> dict[str, Any]:
        chosen = as_object(told, path)
        if "id" in chosen and "name" not in chosen:
            known = next((option for option in prop.options.values() if option.id == chosen["id"]), None)
            if known is None:
                raise invalid(f'Invalid {prop.type} option. {prop.type} option "{chosen["id"]}" does not exist".')
            return {"name": known.name}
        name = as_string(chosen.get("name", UNDEFINED), f"{path}.name", 100)
        if prop.type == "status" and name not in prop.options:
            raise invalid(f'Invalid status option. Status option "{name}" does not exist".')
        if "," in name:
            raise invalid(f"Invalid select option, commas not allowed: {name}")
        return {"name": name}

    def _references(self, value: Any, path: str, kind: str) -> list[dict[str, Any]]:
        known = self._workspace.pages if kind == "page" else self._workspace.people | {self._workspace.bot_id: None}
        references = []
        for at, item in enumerate(as_array(value, path)):
            told = as_object(item, f"{path}[{at}]").get("id", UNDEFINED)
            identifier = as_uuid(told, f"{path}[{at}].id", known)
            if identifier not in known:
                raise not_found(kind, identifier, self._workspace.bot_id)
            references.append({"id": identifier})
        return references


def rich_text_value(value: Any, path: str) -> list[Any]:
    """Rich text, else ApiError."""
    runs = as_array(value, path)
    for at, told in enumerate(runs):
        where = f"{path}[{at}]"
        run = as_object(told, where)
        kind = run.get("type") or next((name for name in ("text", "mention", "equation") if name in run), "text")
        if kind not in {"text", "mention", "equation"} or kind not in run:
            raise invalid_value(f"{where}.text", "defined")
        inner = as_object(run[kind], f"{where}.{kind}")
        if kind == "text":
            as_string(inner.get("content", UNDEFINED), f"{where}.text.content", MAX_TEXT)
            link = inner.get("link")
            if link is not None:
                as_string(
                    as_object(link, f"{where}.text.link").get("url", UNDEFINED), f"{where}.text.link.url", MAX_URL
                )
        elif kind == "equation":
            as_string(inner.get("expression", UNDEFINED), f"{where}.equation.expression", MAX_EQUATION)
    return runs


def _number(value: Any, path: str) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise invalid_value(path, "a number", value)
    return value


def _date(told: dict[str, Any], path: str) -> dict[str, Any]:
    only_keys(told, {"start", "end", "time_zone"}, path)
    for key in ("start", "end"):
        value = told.get(key, UNDEFINED if key == "start" else None)
        if value is None and key == "end":
            continue
        if not isinstance(value, str) or not _DATE.fullmatch(value) or as_time(value) is None:
            raise invalid_value(f"{path}.{key}", "a valid ISO 8601 date string", value)
    return told


def _file(told: Any, path: str) -> dict[str, Any]:
    item = as_object(told, path)
    if item.get("name") is not None:
        as_string(item["name"], f"{path}.name", MAX_ITEMS)
    kind = next((kind for kind in ("external", "file", "file_upload") if kind in item), None)
    if kind is None:
        raise invalid_value(f"{path}.external", "defined")
    inner = as_object(item[kind], f"{path}.{kind}")
    if kind != "file_upload":
        as_string(inner.get("url", UNDEFINED), f"{path}.{kind}.url", MAX_URL)
    return item


def _files(value: Any, path: str) -> list[Any]:
    return [_file(item, f"{path}[{at}]") for at, item in enumerate(as_array(value, path))]


def _checkbox(value: Any, path: str) -> bool:
    if not isinstance(value, bool):
        raise invalid_value(path, "a boolean", value)
    return value


def _or_null(check: Callable[[Any, str], Any]) -> Callable[[Any, str], Any]:
    return lambda value, path: None if value is None else check(value, path)


def _at_most(longest: int) -> Callable[[Any, str], str]:
    return lambda value, path: as_string(value, path, longest)


_CHECKS: Final[dict[str, Callable[[Any, str], Any]]] = {
    "title": rich_text_value,
    "rich_text": rich_text_value,
    "number": _or_null(_number),
    "checkbox": _checkbox,
    "url": _or_null(_at_most(MAX_URL)),
    "email": _or_null(_at_most(MAX_ADDRESS)),
    "phone_number": _or_null(_at_most(MAX_ADDRESS)),
    "date": _or_null(lambda value, path: _date(as_object(value, path), path)),
    "files": _files,
    "place": _or_null(as_object),
    "verification": as_object,
}
"""Checks of the types that need nothing but the value."""
