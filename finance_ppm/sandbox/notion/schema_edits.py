"""Changes of a schema: properties added, renamed, reconfigured, retyped and removed.

Belongs here: carrying out a change. The request has been checked before (``validation``), the history is trusted.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from finance_ppm.sandbox.notion.schema import PROPERTY_TYPES, DataSource, Property, configure, property_id

Resolve = Callable[[dict[str, Any]], DataSource | None]
Kind = Literal["own", "relation", "rollup"]

KINDS: tuple[Kind, ...] = ("own", "relation", "rollup")
"""Kinds of properties in the order they must be made: a relation needs its target, a rollup its relation."""


def requested_type(wanted: dict[str, Any]) -> str | None:
    """The property type that a schema request names: by its key, or by ``type``."""
    return next((key for key in wanted if key in PROPERTY_TYPES), wanted.get("type"))


@dataclass(frozen=True)
class SchemaEditor:
    """Changes the properties of ``source``.

    ``resolve`` finds the data source that a relation's configuration points to. ``key`` seeds the ids of new
    properties: the same key and name always get the same id.
    """

    source: DataSource
    resolve: Resolve
    key: str

    def add(self, wanted: dict[str, dict[str, Any]], kinds: tuple[Kind, ...] = KINDS) -> None:
        """Add those of the ``wanted`` properties that are of one of ``kinds``.

        Raises ValueError when a reference leads nowhere.
        """
        for current in kinds:
            for name, config in wanted.items():
                kind = requested_type(config)
                if kind is None:
                    raise ValueError(f"The property {name!r} has no type.")
                if current == (kind if kind in {"relation", "rollup"} else "own"):
                    self._add(name, kind, config.get(kind) or {})

    def _add(self, name: str, kind: str, config: dict[str, Any]) -> None:
        existing = self.source.named(name)
        if existing is not None:
            if existing.mirrored and kind == "relation":  # told on both sides of a two-way relation
                return
            raise ValueError(f"The property {name!r} is declared twice.")
        prop = Property(_free_id(self.source, kind, self.key, name), name, kind)
        self._set_type(prop, kind, config)
        self.source.properties[prop.id] = prop

    def change(self, prop: Property, wanted: dict[str, Any]) -> bool:
        """Rename, describe, reconfigure or retype a property; True when its type changed.

        Raises ValueError when a reference leads nowhere.
        """
        prop.name = wanted.get("name", prop.name)
        prop.description = wanted.get("description", prop.description)
        kind = next((name for name in wanted if name in PROPERTY_TYPES), None)
        if kind is None:
            return False
        retyped = kind != prop.type
        self._set_type(prop, kind, wanted[kind] or {})
        return retyped

    def _set_type(self, prop: Property, kind: str, config: dict[str, Any]) -> None:
        prop.type = kind
        if kind == "relation":
            self._relate(prop, config)
        elif kind == "rollup":
            self._roll_up(prop, config)
        else:
            configure(prop, config)

    def _relate(self, prop: Property, config: dict[str, Any]) -> None:
        target = self.resolve(config)
        if target is None:
            raise ValueError(f"The relation {prop.name!r} points to no known data source.")
        prop.target, prop.synced_id, prop.mirrored = target.id, None, False
        if "dual_property" not in config and config.get("type") != "dual_property":
            return
        title = "".join(part["plain_text"] for part in self.source.title) or "New database"
        wanted = (config.get("dual_property") or {}).get("synced_property_name")
        name = wanted or f"Related to {title} ({prop.name})"
        other = target.named(name)
        if other is None:
            other = Property(_free_id(target, "relation", f"{self.key}/{prop.name}", name), name, "relation")
            target.properties[other.id] = other
        other.target, other.synced_id, other.mirrored = self.source.id, prop.id, True
        prop.synced_id = other.id

    def _roll_up(self, prop: Property, config: dict[str, Any]) -> None:
        named = config.get("relation_property_name") or config.get("relation_property_id") or ""
        relation = self.source.find(named)
        target = self.resolve({"data_source_id": relation.target}) if relation else None
        looked_up = config.get("rollup_property_name") or config.get("rollup_property_id") or ""
        other = target.find(looked_up) if target else None
        if relation is None or other is None:
            raise ValueError(f"The rollup {prop.name!r} finds no {looked_up!r} through {named!r}.")
        prop.relation_id, prop.rollup_id = relation.id, other.id
        prop.function = config.get("function", "show_original")


def _free_id(source: DataSource, kind: str, key: str, name: str) -> str:
    if kind in {"title", "verification"}:
        return kind
    parts = [key, name]
    while (identifier := property_id(*parts)) in source.properties:
        parts.append("again")
    return identifier
