"""What happened in a Notion workspace: databases, and every edit of their pages with its moment.

Belongs here: the vocabulary shared by whoever tells a history (``sandbox.portfolio``) and the server that
replays it up to its clock (``sandbox.notion.workspace``).
"""

from collections.abc import Callable, Mapping, Sequence
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
class DataSource:
    """One more data source of a database: edits and rows name it by its own short name, unlike any other."""

    name: str
    title: str
    properties: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Database:
    """A database: its short name (``budget_lines``), its title, and the properties of its first data source.

    ``properties`` is what ``POST /v1/databases`` takes: property name to ``{"number": {"format": "dollar"}}``,
    ``{"relation": {"database": "projects"}}`` (a short name here, in place of an id), and so on. The first data source
    has the database's short name. ``wiki`` is the short name of the database in whose results this one is a row.
    """

    name: str
    title: str
    properties: dict[str, dict[str, Any]]
    more_sources: tuple[DataSource, ...] = ()
    wiki: str = ""


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
class Rows:
    """Many rows of one database, told by number (from 0, in order of creation) and made up whenever they are read.

    A million of them take a few hundred megabytes, a million edits as many gigabytes. ``created`` and ``edited`` are
    aware and in UTC, and one of each for every row; ``created`` ascends. ``columns`` gives a row's value of a property
    as an edit would, without its type: ``Decimal("12.50")``, ``[{"id": "..."}]``, ``{"name": "..."}``. The options it
    chooses must be among the property's own, and its relations must be one-way.
    """

    database: str
    page_id: Callable[[int], str]
    created: Sequence[datetime]
    edited: Sequence[datetime]
    columns: Mapping[str, Callable[[int], Any]]


@dataclass(frozen=True)
class History:
    """A workspace's whole story: its people, its databases, and its edits in order of time, none before the rows."""

    people: tuple[Person, ...]
    databases: tuple[Database, ...]
    edits: tuple[Edit, ...] = ()
    rows: tuple[Rows, ...] = ()
