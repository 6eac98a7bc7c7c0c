"""Replacing one partition leaves the others, whatever the type of the partition column or the value in it.

The published Dagster IO managers for Polars and Delta replace the whole table for month partitions on string,
naive-datetime and integer columns (https://github.com/dagster-io/dagster/issues/34064) or break on a quote.
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import dataframely as dy
import polars as pl
import pytest

from finance_ppm.contracts import Table, Write
from finance_ppm.lakehouse import Lake, OutsidePartitionError
from finance_ppm.lakehouse.partitions import literal
from finance_ppm_tests.lakehouse.tables import info

COLUMNS: dict[str, tuple[dy.Column, list[Any]]] = {
    "month as text": (dy.String(primary_key=True), ["2026-09", "2026-10", "2026-11"]),
    "quotes": (dy.String(primary_key=True), ["it's", "its", "' OR '1' = '1", '"', "--", ";"]),
    "odd text": (dy.String(primary_key=True), ["a/b=c d%20", "a\\b", "é🙂", "x\ny", " lead", "null", "%", "01"]),
    "month as date": (dy.Date(primary_key=True), [date(2026, 9, 1), date(2026, 10, 1), date(1, 1, 1)]),
    "integer": (dy.Int64(primary_key=True), [202609, 202610, -1, 2**53 + 1]),
    "boolean": (dy.Bool(primary_key=True), [True, False]),
    "time": (
        dy.Datetime(primary_key=True, time_zone="UTC"),
        [
            datetime(2026, 9, 1, tzinfo=UTC),
            datetime(2026, 9, 1, 0, 0, 0, 1, tzinfo=UTC),
            datetime(1960, 1, 1, tzinfo=UTC),
        ],
    ),
}


def table_by(column: dy.Column) -> type[Table]:
    contract = info("partitioned", Write.SNAPSHOT, by=("part",))
    members = {"info": contract, "part": column, "name": dy.String(primary_key=True), "value": dy.Int64()}
    return type("Partitioned", (Table,), members)


def rows(table: type[Table], part: object, value: int) -> pl.DataFrame:
    names = ["part", "name", "value"]
    return pl.DataFrame([(part, "n", value)], {name: table.columns()[name].dtype for name in names}, orient="row")


@pytest.mark.parametrize("kind", COLUMNS)
def test_each_partition_is_replaced_alone(lake: Lake, kind: str) -> None:
    column, parts = COLUMNS[kind]
    table = table_by(column)
    lake.replace(table, pl.concat(rows(table, part, 0) for part in parts))
    expected = dict.fromkeys(parts, 0)
    for at, part in enumerate(parts, start=1):
        written = lake.replace_partition(table, rows(table, part, at), {"part": part})
        assert (written.updated, written.inserted, written.deleted, written.rows) == (1, 0, 0, 1)
        expected[part] = at
        assert dict(lake.scan(table).select("part", "value").collect().iter_rows()) == expected
    versions = {lake.content_version(table, {"part": part}) for part in parts}
    assert len(versions) == len(parts)


@pytest.mark.parametrize("kind", COLUMNS)
def test_rows_of_another_partition_are_refused(lake: Lake, kind: str) -> None:
    column, (first, second, *_) = COLUMNS[kind]
    table = table_by(column)
    lake.replace(table, rows(table, first, 0))
    with pytest.raises(OutsidePartitionError):
        lake.replace_partition(table, rows(table, second, 1), {"part": first})
    assert lake.version(table) == 1


@pytest.mark.parametrize("kind", COLUMNS)
def test_a_merge_rewrites_such_partitions_too(lake: Lake, kind: str) -> None:
    column, parts = COLUMNS[kind]
    table = table_by(column)
    lake.merge(table, pl.concat(rows(table, part, 0) for part in parts))
    assert lake.merge(table, rows(table, parts[0], 1)).updated == 1
    assert dict(lake.scan(table).select("part", "value").collect().iter_rows()) == dict.fromkeys(parts, 0) | {
        parts[0]: 1
    }


@pytest.mark.parametrize("value", [1.5, Decimal(1), None, datetime(2026, 1, 1), b"x"])  # noqa: DTZ001 - naive on purpose
def test_a_value_without_an_exact_literal_is_refused(lake: Lake, value: object) -> None:
    with pytest.raises(TypeError, match="cannot be the value of a partition"):
        literal(value)
    table = table_by(dy.Datetime(primary_key=True, time_zone="UTC"))
    with pytest.raises(TypeError, match="cannot be the value of a partition"):
        lake.replace_partition(table, rows(table, datetime(2026, 1, 1, tzinfo=UTC), 1), {"part": value})
