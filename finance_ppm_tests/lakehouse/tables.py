"""Contracts for the lake's tests: small, but with every kind of column the real ones have."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import dataframely as dy
import polars as pl

from finance_ppm.contracts import Layer, Table, TableInfo, Write
from finance_ppm.contracts.base import Freshness, stamp

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
FRESHNESS = Freshness(warn=timedelta(hours=1), fail=timedelta(hours=2))


def info(name: str, write: Write, *, layer: Layer = Layer.SILVER, by: tuple[str, ...] = ()) -> TableInfo:
    return TableInfo(layer=layer, name=name, write=write, freshness=FRESHNESS, partition_by=by)


class Line(Table):
    """A line, kept by key, partitioned by quarter."""

    info = info("lines", Write.KEYED, by=("quarter",))

    line_id = dy.String(primary_key=True, description="Id.")
    name = dy.String(description="Its name.", nullable=True)
    amount = dy.Decimal(18, 2, nullable=True)
    total = dy.Decimal(38, 2, nullable=True)
    due = dy.Date(nullable=True)
    edited = dy.Datetime(time_zone="UTC", nullable=True)
    quarter = dy.String()
    issues = dy.List(dy.Struct({"rule": dy.String(), "value": dy.String(nullable=True)}))
    written_at = dy.Datetime(time_zone="UTC", metadata=stamp())


class Event(Table):
    """An event, appended for ever."""

    info = info("events", Write.LOG, layer=Layer.BRONZE)

    event_id = dy.Int64(primary_key=True)
    text = dy.String()
    written_at = dy.Datetime(time_zone="UTC", metadata=stamp())


class Figure(Table):
    """A figure of one day; its table is one result."""

    info = TableInfo(
        layer=Layer.GOLD, name="figures", write=Write.SNAPSHOT, freshness=FRESHNESS, history=True, owner="team:finance"
    )

    figure_id = dy.String(primary_key=True)
    value = dy.Decimal(38, 2)
    as_of_date = dy.Date()
    computed_at = dy.Datetime(time_zone="UTC", metadata=stamp())


def line(line_id: str, quarter: str = "2026-Q4", **values: object) -> dict[str, object]:
    return {
        "line_id": line_id,
        "name": None,
        "amount": None,
        "total": None,
        "due": None,
        "edited": None,
        "quarter": quarter,
        "issues": [],
        **values,
    }


def frame(table: type[Table], rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Rows in the contract's types; stamps stay out where the rows have none."""
    names = list(rows[0]) if rows else [name for name in table.column_names() if name != "written_at"]
    return pl.DataFrame(rows, schema={name: table.columns()[name].dtype for name in names}, orient="row")


def lines(*rows: dict[str, object]) -> pl.DataFrame:
    return frame(Line, list(rows))


def events(*ids: int, text: str = "text") -> pl.DataFrame:
    return frame(Event, [{"event_id": event_id, "text": text} for event_id in ids])


def figures(day: date, *values: str) -> pl.DataFrame:
    rows = [{"figure_id": f"f{at}", "value": Decimal(value), "as_of_date": day} for at, value in enumerate(values)]
    return pl.DataFrame(rows, schema={"figure_id": pl.String, "value": pl.Decimal(38, 2), "as_of_date": pl.Date})
