"""Property values in the shapes that ``PATCH /v1/pages/{id}`` takes, one function per type.

https://developers.notion.com/reference/page-property-values. ``None`` or an empty text clears the property.
Every call returns a fresh object: nobody who edits one page's value edits another's.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

Value = dict[str, Any]
Properties = dict[str, Value]


def title(text: str) -> Value:
    """A title."""
    return {"title": _text(text)}


def rich_text(text: str) -> Value:
    """A text."""
    return {"rich_text": _text(text)}


def money(cents: int | None) -> Value:
    """A number, from a whole count of cents."""
    return number(None if cents is None else Decimal(cents).scaleb(-2))


def number(value: Decimal | None) -> Value:
    """A number."""
    return {"number": value}


def select(name: str | None) -> Value:
    """A choice."""
    return {"select": None if name is None else {"name": name}}


def status(name: str) -> Value:
    """A value of a status property; it is never empty."""
    return {"status": {"name": name}}


def day(value: date | None) -> Value:
    """A date without a time."""
    return {"date": None if value is None else {"start": value.isoformat()}}


def people(ids: Iterable[str]) -> Value:
    """Members of the workspace."""
    return {"people": [{"id": person} for person in ids]}


def relation(ids: Iterable[str]) -> Value:
    """Links to pages."""
    return {"relation": [{"id": page} for page in ids]}


def _text(text: str) -> list[Value]:
    return [{"text": {"content": text}}] if text else []
