"""A database's properties, and which of them each of our columns is read from.

Belongs here: names, ids and types of properties, and how they drift. A property is found by its id once the id is
known: a renamed property keeps it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

import msgspec

from finance_ppm.contracts import NotionProperty

TITLE = "title"


class Property(msgspec.Struct, frozen=True):
    """A property: its id, which never changes, and its type."""

    id: str
    type: str


class DatabaseSchema(msgspec.Struct, frozen=True):
    """A database as Notion describes it: property name to id and type.

    ``data_source_ids`` is empty before API version 2025-09-03, where the database itself is queried.
    """

    properties: dict[str, Property]
    data_source_ids: tuple[str, ...] = ()

    def to_json(self) -> str:
        """JSON text that ``from_json`` reads."""
        return msgspec.json.encode(self, order="sorted").decode()

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The schema that ``to_json`` wrote. Raises ``msgspec.MsgspecError`` for anything else."""
        return msgspec.json.decode(text, type=cls)


class Drift(StrEnum):
    """How a property departs from what is wanted."""

    RENAMED = "renamed"
    MISSING = "missing"
    RETYPED = "retyped"


@dataclass(frozen=True)
class SchemaDrift:
    """A wanted property that is not there as configured. ``found`` is its name now, or its type now, or None."""

    kind: Drift
    columns: tuple[str, ...]
    """The columns that are read from the property."""
    property_name: str
    """The configured name."""
    found: str | None
    message: str


@dataclass(frozen=True)
class ResolvedProperties:
    """Column to property id, and what was found amiss. A missing property has no id; a retyped one has."""

    ids: dict[str, str]
    drift: tuple[SchemaDrift, ...]


def resolve_properties(
    schema: DatabaseSchema, wanted: Mapping[str, NotionProperty], stored: Mapping[str, str]
) -> ResolvedProperties:
    """Find the property of each wanted column: the title by its type, others by stored id, else by name.

    ``stored`` holds the ids found earlier. A missing property that is not required is no drift.
    """
    by_id = {found.id: name for name, found in schema.properties.items()}
    ids: dict[str, str] = {}
    columns: dict[tuple[Drift, str, str | None], tuple[str, ...]] = {}
    for column, prop in wanted.items():
        name = _name_now(schema, by_id, prop, stored.get(column))
        drifts: list[tuple[Drift, str | None]] = []
        if name is None:
            drifts += [(Drift.MISSING, None)] if prop.required else []
        else:
            ids[column] = schema.properties[name].id
            kind = schema.properties[name].type
            drifts += [(Drift.RENAMED, name)] if name != prop.name and kind != TITLE else []
            drifts += [(Drift.RETYPED, kind)] if kind not in prop.types else []
        for drift, found in drifts:
            key = (drift, prop.name, found)
            columns[key] = (*columns.get(key, ()), column)
    return ResolvedProperties(
        ids,
        tuple(
            SchemaDrift(kind, of, name, found, _message(kind, name, found, wanted[of[0]].types))
            for (kind, name, found), of in columns.items()
        ),
    )


def _name_now(schema: DatabaseSchema, by_id: Mapping[str, str], prop: NotionProperty, stored: str | None) -> str | None:
    if TITLE in prop.types:
        return next((name for name, found in schema.properties.items() if found.type == TITLE), None)
    if stored is not None and stored in by_id:
        return by_id[stored]
    return prop.name if prop.name in schema.properties else None


def _message(kind: Drift, name: str, found: str | None, types: tuple[str, ...]) -> str:
    if kind is Drift.RENAMED:
        return f"The property {name!r} is called {found!r} now; it is read as before: name it {name!r} again."
    if kind is Drift.RETYPED:
        return f"The property {name!r} is of type {found} now: make it {' or '.join(types)} again."
    return f"The property {name!r} is not in the database: add it, of type {' or '.join(types)}."
