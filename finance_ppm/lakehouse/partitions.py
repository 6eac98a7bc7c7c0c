"""Partitions by value: typed SQL for the writer, typed expressions for the reader, rows held against both.

Strings with quotes, dates, integers, booleans and UTC timestamps are written as literals of the column's own
type, so that a predicate can never mean another partition, or the whole table.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime

import polars as pl

from finance_ppm.contracts import Table, full_name
from finance_ppm.lakehouse.errors import OutsidePartitionError

Partition = Mapping[str, object]


def literal(value: object) -> str:
    """``value`` as a SQL literal of its own type.

    Raises ``TypeError`` for a type no partition can have, such as a float or a time without a zone.
    """
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case str():
            return "'" + value.replace("'", "''") + "'"
        case datetime() if value.tzinfo is not None:
            return (
                f"""arrow_cast('{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}', 'Timestamp(Microsecond, Some("UTC"))')"""
            )
        case date() if not isinstance(value, datetime):
            return f"arrow_cast('{value.isoformat()}', 'Date32')"
    raise TypeError(f"{value!r} cannot be the value of a partition; use a string, date, integer, boolean or UTC time.")


def predicate(partitions: pl.DataFrame) -> str:
    """SQL that is true in just the partitions listed, one a row."""
    return " OR ".join(
        "(" + " AND ".join(f'"{name}" = {literal(value)}' for name, value in row.items()) + ")"
        for row in partitions.iter_rows(named=True)
    )


def inside(partition: Partition) -> pl.Expr:
    """An expression that is true of the rows in ``partition``."""
    return pl.all_horizontal(pl.col(name) == pl.lit(value) for name, value in partition.items())


def require_inside(table: type[Table], rows: pl.DataFrame, partition: Partition) -> None:
    """Raise :class:`OutsidePartitionError` unless every row lies in ``partition``.

    Raises ``ValueError`` where ``partition`` does not name the table's own partition columns, and ``TypeError`` for
    a value no partition can have.
    """
    if tuple(partition) != table.info.partition_by or not partition:
        named, expected = ", ".join(partition) or "nothing", ", ".join(table.info.partition_by) or "nothing"
        raise ValueError(f"{full_name(table)} is partitioned by {expected}, not by {named}.")
    for value in partition.values():
        literal(value)
    outside = rows.filter(inside(partition).not_())
    if not outside.is_empty():
        key = outside.select(table.primary_key()).row(0, named=True)
        described = " and ".join(f"{name} = {value!r}" for name, value in partition.items())
        raise OutsidePartitionError(
            f"{full_name(table)}: {outside.height} of {rows.height} rows lie outside the partition {described}, "
            f"for example {key!r}; nothing was written: compute the rows for that partition alone."
        )
