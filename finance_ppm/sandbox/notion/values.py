"""Values of properties: from the shape they are written in to a plain value, and to the shape answers show.

Belongs here: what is known from the value alone. What needs other pages (rollups, formulas) is in ``reading``.
A history may tell values that are wrong; those are shown as they were told and have no plain value.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from finance_ppm.sandbox.notion.history import Person
from finance_ppm.sandbox.notion.schema import PLAIN_ANNOTATIONS, Property, rich_text

LIST_TYPES: Final = frozenset({"title", "rich_text", "multi_select", "people", "files", "relation"})
PAGE_LIMIT: Final = 25
"""Entries of a relation, people or rich text property that a page object shows."""


def empty_value(kind: str) -> Any:
    """What a page shows where nothing was ever written."""
    if kind in LIST_TYPES:
        return []
    if kind == "verification":
        return {"state": "unverified", "verified_by": None, "date": None}
    return {"checkbox": False, "button": {}}.get(kind)


def is_empty(value: Any) -> bool:
    """Whether a plain value is nothing at all; zero and an unchecked box are something."""
    return value is None or (isinstance(value, str | list) and not value)


def plain_text(value: Any) -> str | None:
    """The text of a title or rich text value; None for a broken one."""
    if not isinstance(value, list):
        return None
    return "".join(_run_text(run) for run in value)


def _run_text(run: Any) -> str:
    if not isinstance(run, dict):
        return ""
    text = run.get("text")
    content = text.get("content") if isinstance(text, dict) else None
    plain = run.get("plain_text", content)
    return plain if isinstance(plain, str) else ""


def as_number(value: Any) -> Decimal | None:
    """A number, exactly; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    return Decimal(str(value))


def as_time(value: Any) -> datetime | None:
    """An ISO 8601 date or time; a date is its first moment in UTC. None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def plain_value(kind: str, value: Any) -> Any:
    """Decimal, str, bool, datetime, or list of names, ids or files; None where empty or broken."""
    plain = _PLAIN.get(kind)
    if plain is not None:
        return plain(value)
    if kind in LIST_TYPES:
        key = "name" if kind in {"multi_select", "files"} else "id"
        return [item.get(key) for item in value if isinstance(item, dict)] if isinstance(value, list) else []
    return value if isinstance(value, str) and value else None


def _member(key: str) -> Callable[[Any], Any]:
    return lambda value: value.get(key) if isinstance(value, dict) else None


_PLAIN: Final[dict[str, Callable[[Any], Any]]] = {
    "title": lambda value: plain_text(value) or None,
    "rich_text": lambda value: plain_text(value) or None,
    "number": as_number,
    "checkbox": lambda value: value is True,
    "date": lambda value: as_time(_member("start")(value)),
    "select": _member("name"),
    "status": _member("name"),
    "verification": _member("state"),
}


def floored(moment: datetime) -> datetime:
    """Notion's page times are floored to the minute."""
    return moment - timedelta(seconds=moment.second, microseconds=moment.microsecond)


def page_time(moment: datetime) -> str:
    """A time as pages show it."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def date_text(value: Any) -> Any:
    """A date as answers show it: days stay days, times get milliseconds and an offset."""
    if not isinstance(value, str) or "T" not in value:
        return value
    moment = as_time(value)
    return value if moment is None else moment.isoformat(timespec="milliseconds")


def shown_date(value: Any) -> Any:
    """A date value as answers show it."""
    if not isinstance(value, dict):
        return value
    return {
        "start": date_text(value.get("start")),
        "end": date_text(value.get("end")),
        "time_zone": value.get("time_zone"),
    }


def shown_run(run: Any) -> Any:
    """One run of rich text as answers show it."""
    if not isinstance(run, dict):
        return run
    annotations = PLAIN_ANNOTATIONS | run.get("annotations", {})
    if isinstance(run.get("text"), dict):
        link = run["text"].get("link")
        shown = rich_text(run["text"].get("content", ""), link.get("url") if isinstance(link, dict) else None)
        return shown | {"annotations": annotations}
    kind = run.get("type") or next((name for name in ("mention", "equation") if name in run), "text")
    text = run.get("plain_text") or (run.get("equation") or {}).get("expression", "Untitled")
    return {
        "type": kind,
        kind: run.get(kind),
        "annotations": annotations,
        "plain_text": text,
        "href": run.get("href"),
    }


def shown_runs(value: Any) -> Any:
    """Rich text as answers show it."""
    return [shown_run(run) for run in value] if isinstance(value, list) else value or []


def shown_option(prop: Property, chosen: Any) -> Any:
    """A chosen option as pages show it."""
    if not isinstance(chosen, dict):
        return chosen
    option = prop.options.get(chosen.get("name", ""))
    if option is None:
        option = next((known for known in prop.options.values() if known.id == chosen.get("id")), None)
    return option.as_value() if option else chosen


def shown_person(person: Person) -> dict[str, Any]:
    """A member of the workspace."""
    return {
        "object": "user",
        "id": person.id,
        "name": person.name,
        "avatar_url": None,
        "type": "person",
        "person": {"email": person.email},
    }


def shown_file(item: Any, now: datetime) -> Any:
    """A file as pages show it. A file that Notion hosts has a signed address that changes and expires in an hour."""
    if not isinstance(item, dict):
        return item
    if "external" in item:
        return {"name": item.get("name"), "type": "external", "external": item["external"]}
    if not isinstance(item.get("file"), dict):
        return item
    address = str(item["file"].get("url", "")).split("?", 1)[0]
    expiry = now + timedelta(hours=1)
    signed = {"url": f"{address}?X-Amz-Expires=3600&X-Amz-Date={now:%Y%m%dT%H%M%SZ}", "expiry_time": page_time(expiry)}
    return {"name": item.get("name"), "type": "file", "file": signed}
