"""What the five databases hold when they are new: derived from the contracts, in the team's own names.

Belongs here: titles, properties and their options. Does not belong here: talking to Notion (``databases``).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from finance_ppm.column_mapping import ColumnMapping
from finance_ppm.contracts import PAGE_TABLES, notion_properties
from finance_ppm.sandbox.portfolio.databases import DATABASES as TOLD

TITLE, RELATION = "title", "relation"

NEW_STATUS = ("Not started", "In progress", "Done")
"""What Notion itself gives a new status property; such a property cannot be made through the API, a select can."""

_TOLD = {told.name: told for told in TOLD}


@dataclass(frozen=True)
class PropertyPlan:
    """A property: what it is called, and what it is made of where it is missing."""

    ours: str
    """Its name in the contracts."""
    name: str
    """Its name in this team's Notion."""
    fitting: tuple[str, ...]
    """Types that every column reading it can be read from; the first is the one it is made of."""
    config: Mapping[str, Any]
    """What Notion is told beside the type: options, a number format."""
    target: str | None
    """The database that a relation leads to."""

    @property
    def type(self) -> str:
        """The type it is made of."""
        return self.fitting[0]


@dataclass(frozen=True)
class DatabasePlan:
    """A database: its name in the settings, its title in Notion, its properties."""

    name: str
    title: str
    properties: tuple[PropertyPlan, ...]

    @property
    def setting(self) -> str:
        """The setting that holds its id."""
        return f"NOTION_{self.name.upper()}_DB_ID"


def plans(mapping: ColumnMapping) -> tuple[DatabasePlan, ...]:
    """The five databases, each after those its relations lead to."""
    return tuple(DatabasePlan(name, _TOLD[name].title, tuple(_properties(name, mapping))) for name in PAGE_TABLES)


def _properties(name: str, mapping: ColumnMapping) -> Iterator[PropertyPlan]:
    theirs = mapping.properties(name)
    readers: dict[str, list[str]] = {}
    for column, prop in notion_properties(PAGE_TABLES[name]).items():
        readers.setdefault(prop.name, []).append(column)
    for ours, columns in readers.items():
        first = theirs[columns[0]]
        fitting = tuple(kind for kind in first.types if all(kind in theirs[column].types for column in columns))
        target = _target(columns[0]) if fitting[0] == RELATION else None
        yield PropertyPlan(ours, first.name, fitting, _config(name, ours, fitting[0], mapping), target)


def _target(column: str) -> str:
    """``project_id`` and ``project_ids`` lead to ``projects``."""
    return column.removesuffix("s").removesuffix("_id") + "s"


def _config(name: str, ours: str, kind: str, mapping: ColumnMapping) -> dict[str, Any]:
    """The options and formats that the sandbox's databases have."""
    told = _TOLD[name].properties.get(ours, {})
    if kind != "select":
        return dict(told.get(kind, {})) if kind != RELATION else {}
    options = told["select"]["options"] if "select" in told else [{"name": word} for word in NEW_STATUS]
    return {"options": [{**option, "name": their_word(mapping, name, ours, option["name"])} for option in options]}


def their_word(mapping: ColumnMapping, name: str, ours: str, word: str) -> str:
    """The first word a team has for one of ours; else ours."""
    entry = mapping.entries.get(name, {}).get(ours)
    return entry.values.get(word, [word])[0] if entry else word
