"""Values that a page shows in part: which they are, and how the page looks with them whole.

Notion stops at 25 entries, with a flag for relations alone, and computes formulas and rollups from no more of a
relation than that (https://developers.notion.com/reference/retrieve-a-page).
"""

from collections.abc import Collection, Iterable
from typing import Any

import msgspec
from msgspec import Raw

from finance_ppm.sources.notion.client import NotionClient, PropertyValue
from finance_ppm.sources.notion.errors import NotionError
from finance_ppm.sources.notion.json_text import parse, write_json
from finance_ppm.sources.notion.transport import Errand

SHOWN = 25
"""Entries of a value that a page shows at most."""

REFUSED = frozenset({400, 403, 404})
"""Statuses of an answer that concerns one value, not the whole connection."""

_LISTS = frozenset({"relation", "people", "rich_text", "title"})
_COMPUTED = frozenset({"formula", "rollup"})


def shown_in_part(page: Any, property_ids: Collection[str]) -> list[str]:
    """Names of the properties among ``property_ids`` whose value a parsed page may not show whole."""
    properties = page.get("properties") if isinstance(page, dict) else None
    if not isinstance(properties, dict):
        return []
    known = {
        name: told
        for name, told in properties.items()
        if isinstance(told, dict) and isinstance(told.get("id"), str) and isinstance(told.get("type"), str)
    }
    misled = any(told["type"] == "relation" and told.get("has_more") is True for told in known.values())
    return [
        name
        for name, told in known.items()
        if told["id"] in property_ids and _is_in_part(told, computed_from_parts=misled)
    ]


async def completed(client: NotionClient, payload: str, page_id: str, names: Iterable[str], errand: Errand) -> str:
    """The page (JSON text) with the values of the properties ``names`` whole. Everything else keeps its bytes.

    A value that Notion refuses to tell whole stays as the page shows it, and ``errand`` notes it: one page does not
    stop the others. Raises :class:`~finance_ppm.sources.notion.errors.NotionError` where Notion is disturbed.
    """
    page = msgspec.json.decode(payload, type=dict[str, Raw])
    properties = msgspec.json.decode(page["properties"], type=dict[str, Raw])
    part = Errand(f"page {page_id} of {errand.about}")
    try:
        for name in names:
            shown = msgspec.json.decode(properties[name], type=dict[str, Raw])
            try:
                whole = await client.page_property(page_id, parse(shown["id"]), part)
                properties[name] = Raw(write_json(_with_value(shown, whole)))
            except NotionError as error:
                if error.retryable or error.status not in REFUSED:
                    raise
                errand.read_in_part(page_id, name, str(error))
            except (KeyError, msgspec.MsgspecError) as error:
                errand.read_in_part(page_id, name, f"its answer could not be read: {error!r}")
    finally:
        errand.requests += part.requests
    return write_json({**page, "properties": Raw(write_json(properties))}).decode()


def _is_in_part(told: dict[str, Any], *, computed_from_parts: bool) -> bool:
    kind = told["type"]
    value = told.get(kind)
    if kind in _LISTS:
        return isinstance(value, list) and (told.get("has_more") is True or len(value) == SHOWN)
    if kind == "rollup" and isinstance(value, dict):
        entries = value.get("array")
        if value.get("type") == "incomplete" or (isinstance(entries, list) and len(entries) == SHOWN):
            return True
    return kind in _COMPUTED and computed_from_parts


def _with_value(shown: dict[str, Raw], whole: PropertyValue) -> dict[str, Any]:
    """The property as the page shows it, with its whole value in place of the part."""
    kind = parse(shown["type"])
    if kind in _LISTS:
        flag = {"has_more": False} if "has_more" in shown else {}
        return {**shown, kind: [item[kind] for item in whole.items], **flag}
    result = msgspec.json.decode(whole.result, type=dict[str, Raw])
    if parse(result["type"]) == "array":
        return {**shown, kind: {**result, "array": [_rolled_up(item) for item in whole.items]}}
    return {**shown, kind: whole.result}


def _rolled_up(item: dict[str, Raw]) -> dict[str, Any]:
    """An item as a page shows it within a rollup: its type and value. A value of several entries is a list there."""
    kind = parse(item["type"])
    is_entry = kind in _LISTS and bytes(item[kind]).startswith(b"{")
    return {"type": item["type"], kind: [item[kind]] if is_entry else item[kind]}
