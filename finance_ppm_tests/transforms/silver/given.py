"""Pages and bronze rows to type: ``bronze(budget_line(Amount=number("12.50")))``."""

import json
from datetime import UTC, datetime
from typing import Any

import polars as pl

PAGE_ID = "01234567-89ab-cdef-0123-456789abcdef"
PROJECT = "aaaaaaaa-0000-0000-0000-000000000001"
SECOND = "aaaaaaaa-0000-0000-0000-000000000002"
CREATED = datetime(2026, 10, 1, 8, 30, tzinfo=UTC)
EDITED = datetime(2026, 10, 30, 16, 42, tzinfo=UTC)
CAPTURED = datetime(2026, 11, 1, 9, 0, 1, 250_000, tzinfo=UTC)

Json = dict[str, Any]


class Verbatim(str):
    """JSON text that goes into a page as it is."""

    __slots__ = ()


def prop(kind: str, value: Any, identity: str | None = None) -> Json:
    return {"id": identity or f"id-{kind}", "type": kind, kind: value}


def number(text: str | None) -> Json:
    return prop("number", Verbatim(text or "null"))


def day(start: str | None) -> Json:
    return prop("date", {"start": start, "end": None, "time_zone": None} if start is not None else None)


def text(value: str, kind: str = "rich_text") -> Json:
    return prop(kind, [{"type": "text", "text": {"content": value}, "plain_text": value}] if value else [])


def choice(name: str | None) -> Json:
    return prop("select", {"name": name} if name is not None else None)


def relation(*ids: str) -> Json:
    return prop("relation", [{"id": page_id} for page_id in ids])


def people(*names: str) -> Json:
    return prop("people", [{"object": "user", "id": f"id of {name}", "name": name} for name in names])


def title(value: str) -> Json:
    return text(value, "title")


BUDGET_LINE: Json = {
    "Line": title("Roof"),
    "Project": relation(PROJECT),
    "Category": choice("CapEx"),
    "Vendor": text("Holcim"),
    "Amount": number("1250.10"),
    "Committed Date": day("2026-01-31"),
    "Invoice Date": day("2026-02-28"),
    "Paid Date": day(None),
    "Actual Amount": number(None),
    "Notes": text(""),
}

PROJECT_PAGE: Json = {
    "Name": title("Harbour"),
    "Program": relation(SECOND),
    "Budget Total": number("5000000"),
    "Currency": choice("EUR"),
    "Start Date": day("2026-01-01"),
    "End Date": day("2026-12-31"),
    "Status": prop("status", {"name": "In Progress"}),
    "Priority": choice("High"),
    "Owner": people("Ann", "Bo"),
}


def page(properties: Json, **more: Any) -> str:
    """A page as Notion sends it; a property that is ``...`` is left out."""
    kept = {name: value for name, value in properties.items() if value is not ...}
    url = f"https://www.notion.so/{PAGE_ID}"
    return to_json({"object": "page", "id": PAGE_ID, "url": url, "in_trash": False, "properties": kept, **more})


def budget_line(**properties: Any) -> str:
    """A good budget line, but for these properties (``Actual_Amount`` is Actual Amount)."""
    return page(BUDGET_LINE | {name.replace("_", " "): value for name, value in properties.items()})


def project(**properties: Any) -> str:
    """A good project, but for these properties."""
    return page(PROJECT_PAGE | {name.replace("_", " "): value for name, value in properties.items()})


def to_json(value: Any) -> str:
    """JSON in which a :class:`Verbatim` stands as it is."""
    match value:
        case Verbatim():
            return str(value)
        case dict():
            return "{" + ",".join(f"{json.dumps(key)}:{to_json(item)}" for key, item in value.items()) + "}"
        case list():
            return "[" + ",".join(map(to_json, value)) + "]"
    return json.dumps(value)


def bronze(*payloads: str, **columns: Any) -> pl.DataFrame:
    """Newest versions in the columns of bronze, one for each payload: ids ``page-0``, ``page-1``, ..."""
    rows = {
        "page_id": [f"page-{index}" for index in range(len(payloads))],
        "database_name": "budget_lines",
        "created_time": CREATED,
        "last_edited_time": EDITED,
        "captured_at": CAPTURED,
        "is_deleted": False,
        "raw_payload": list(payloads),
    }
    schema = {
        "page_id": pl.String(),
        "database_name": pl.String(),
        "created_time": pl.Datetime("us", "UTC"),
        "last_edited_time": pl.Datetime("us", "UTC"),
        "captured_at": pl.Datetime("us", "UTC"),
        "is_deleted": pl.Boolean(),
        "raw_payload": pl.String(),
    }
    values = {
        name: value if isinstance(value, list) else [value] * len(payloads) for name, value in (rows | columns).items()
    }
    return pl.DataFrame(values, schema=schema)
