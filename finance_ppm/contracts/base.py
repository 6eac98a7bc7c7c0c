"""What a table contract is: a dataframely schema with a place in the lake, a key, an owner and a promise.

Belongs here: the vocabulary in which contracts are written. Does not belong here: any one table (see
``bronze``, ``silver``, ``gold``), nor anything that reads or writes tables.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any, ClassVar

import dataframely as dy


class Layer(StrEnum):
    """The layers of the lake; also the folder and the Unity Catalog schema a table lives in."""

    BRONZE = "bronze"
    SILVER = "silver"
    GOLD = "gold"
    GOLD_HISTORY = "gold_history"


class Write(StrEnum):
    """How a table changes. The IO manager reads this; no asset says how it is stored."""

    LOG = "log"
    """Rows are only ever appended."""
    KEYED = "keyed"
    """Rows are merged by key, where their content differs; touched keys without a row leave the table."""
    DAILY = "daily"
    """One snapshot for each day: replaced within its day, kept after it."""
    SNAPSHOT = "snapshot"
    """The whole table is one result: replaced when its content differs."""


@dataclass(frozen=True)
class Freshness:
    """How old the last successful materialisation of a table may be."""

    warn: timedelta
    fail: timedelta


@dataclass(frozen=True)
class TableInfo:
    """All there is to say of a table beyond its columns."""

    layer: Layer
    name: str
    write: Write
    freshness: Freshness
    owner: str = "team:finance-data"
    partition_by: tuple[str, ...] = ()
    """Physical partition columns, in order. A merge touches only the partitions of its rows."""
    history: bool = False
    """Keep the snapshot of every as-of day in ``gold_history``, partitioned by ``as_of_date``."""
    newest_by: str | None = None
    """Column of moments by which a row is out of date, and changes nothing, where the stored one is newer."""
    news: tuple[str, ...] = ()
    """Columns whose change is news to whoever depends on the table; all of them where none is named."""
    seed_names: tuple[str, ...] = ()
    """Names the table bears in the documents that asked for it."""
    departures: str = ""
    """Where and why the columns part from the plan's DDL."""


@dataclass(frozen=True)
class NotionProperty:
    """Where a silver column comes from: a property's configured name and the types that fit it."""

    name: str
    types: tuple[str, ...]
    required: bool = True
    """Whether a database without the property is worth a finding."""


def from_notion(name: str, *types: str, required: bool = True) -> dict[str, Any]:
    """Column metadata: the column is read from the Notion property ``name`` of one of ``types``."""
    return {
        "notion": NotionProperty(name, types, required),
        "lineage": ("bronze/notion_raw_pages.raw_payload",),
    }


def derived_from(*columns: str) -> dict[str, Any]:
    """Column metadata: lineage, as ``layer/table.column`` of every input that can change this column."""
    return {"lineage": columns}


def stamp() -> dict[str, Any]:
    """Column metadata: says when or by which run a row was written, and is no part of its content."""
    return {"stamp": True}


class Table(dy.Schema):
    """Base of every contract. A subclass declares its columns and ``info``; its docstring describes a row."""

    info: ClassVar[TableInfo]


def asset_key(table: type[Table]) -> list[str]:
    """``["silver", "notion_projects"]``."""
    return [table.info.layer.value, table.info.name]


def full_name(table: type[Table]) -> str:
    """``silver/notion_projects``: asset key, folder under the lake, and Unity Catalog name but for the separator."""
    return "/".join(asset_key(table))


def metadata_of(table: type[Table], column: str) -> dict[str, Any]:
    """A column's metadata as written in its contract; empty where there is none."""
    return table.columns()[column].metadata or {}


def stamp_columns(table: type[Table]) -> list[str]:
    """Columns that are no part of a row's content."""
    return [name for name in table.column_names() if metadata_of(table, name).get("stamp")]


def physical_columns(table: type[Table]) -> list[str]:
    """Columns in the order a reader meets them in the lake: the key, the table's own, those shared by its kind."""
    key = table.primary_key()
    inherited = {name for base in table.__bases__ if issubclass(base, dy.Schema) for name in base.column_names()}
    own = [name for name in table.column_names() if name not in key and name not in inherited]
    return [*key, *own, *(name for name in table.column_names() if name not in key and name in inherited)]


def content_columns(table: type[Table]) -> list[str]:
    """Columns that make up a row's content: all but the stamps."""
    return [name for name in table.column_names() if not metadata_of(table, name).get("stamp")]


def notion_properties(table: type[Table]) -> dict[str, NotionProperty]:
    """Column name to Notion property, for the columns that are read from one."""
    found = {name: metadata_of(table, name).get("notion") for name in table.column_names()}
    return {name: prop for name, prop in found.items() if prop is not None}


def lineage(table: type[Table]) -> dict[str, tuple[str, ...]]:
    """Column name to its inputs (``layer/table.column``), for the columns that declare them."""
    found = {name: metadata_of(table, name).get("lineage", ()) for name in table.column_names()}
    return {name: inputs for name, inputs in found.items() if inputs}


def history_of(table: type[Table]) -> type[Table]:
    """The contract of a gold table's daily snapshots: same columns, keyed by the as-of day as well.

    Raises ``ValueError`` for a table that keeps no history.
    """
    if not table.info.history:
        raise ValueError(f"{full_name(table)} keeps no history.")
    info = replace(
        table.info,
        layer=Layer.GOLD_HISTORY,
        write=Write.SNAPSHOT,
        partition_by=("as_of_date",),
        history=False,
        departures="",
    )
    day = table.columns()["as_of_date"].with_primary_key(True)
    return type(f"{table.__name__}History", (table,), {"info": info, "as_of_date": day, "__doc__": table.__doc__})
