"""What happened in a Notion workspace: databases, and every edit of their pages with its moment.

Belongs here: the vocabulary shared by whoever tells a history (``sandbox.portfolio``) and the server that
replays it up to its clock (``sandbox.notion.workspace``).
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Change(StrEnum):
    """What an edit does to a page."""

    CREATE = "create"
    UPDATE = "update"
    TRASH = "trash"
    RESTORE = "restore"


@dataclass(frozen=True)
class Person:
    """A member of the workspace."""

    id: str
    name: str
    email: str


@dataclass(frozen=True)
class Database:
    """A database: its short name (``budget_lines``), its title, and its properties.

    ``properties`` is what ``POST /v1/databases`` takes: property name to ``{"number": {"format": "dollar"}}``,
    ``{"relation": {"database": "projects"}}`` (a short name here, in place of an id), and so on.
    """

    name: str
    title: str
    properties: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Edit:
    """One edit of one page at one moment (aware, UTC).

    ``properties`` is what ``PATCH /v1/pages/{id}`` takes: property name to ``{"number": Decimal("12.50")}``,
    ``{"title": [{"text": {"content": "..."}}]}``, ``{"relation": [{"id": "..."}]}``,
    ``{"select": {"name": "..."}}``, ``{"date": {"start": "2026-01-31"}}``, ``{"people": [{"id": "..."}]}``.
    ``override`` is laid over the page as the server answers it, to show pages that are broken on the wire.
    """

    at: datetime
    database: str
    page_id: str
    change: Change
    properties: dict[str, Any] = field(default_factory=dict)
    override: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class History:
    """A workspace's whole story: its people, its databases, and its edits in order of time."""

    people: tuple[Person, ...]
    databases: tuple[Database, ...]
    edits: tuple[Edit, ...]
