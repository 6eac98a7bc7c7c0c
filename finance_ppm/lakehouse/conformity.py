"""Holding a frame against its contract before anything is written.

Belongs here: what a frame must be to enter a table. Does not belong here: writing it.
"""

from datetime import datetime

import dataframely as dy
import polars as pl
from polars.datatypes import DataTypeClass

from finance_ppm.contracts import Table, full_name, physical_columns, stamp_columns
from finance_ppm.lakehouse.errors import ContractViolationError

AnyDataType = pl.DataType | DataTypeClass


def dtypes(table: type[Table]) -> dict[str, pl.DataType]:
    """The contract's columns and types, in the order they are stored."""
    columns = table.columns()
    return {name: columns[name].dtype for name in physical_columns(table)}


def conform(table: type[Table], rows: pl.DataFrame, moment: datetime) -> pl.DataFrame:
    """``rows`` as the table stores them: contract columns in physical order, types exact, every rule kept.

    Time stamps the frame lacks become ``moment``. Types are cast only where no value changes (an integer that
    fits, an all-null column).

    Raises :class:`ContractViolationError`.
    """
    rows = _stamped(table, rows, moment)
    expected = dtypes(table)
    breaches = {f"{name}|missing": rows.height for name in expected if name not in rows.columns}
    breaches |= {f"{name}|unknown": rows.height for name in rows.columns if name not in expected}
    if breaches:
        raise ContractViolationError(full_name(table), breaches, {})
    casts: list[pl.Series] = []
    for name, dtype in expected.items():
        cast, lossy = _cast(rows[name], dtype)
        if lossy.any():
            raise ContractViolationError(
                full_name(table), {f"{name}|dtype": int(lossy.sum())}, _key(table, rows.filter(lossy))
            )
        casts.append(cast)
    return _valid(table, pl.DataFrame(casts))


def _stamped(table: type[Table], rows: pl.DataFrame, moment: datetime) -> pl.DataFrame:
    columns = table.columns()
    absent = [name for name in stamp_columns(table) if name not in rows.columns]
    return rows.with_columns(
        pl.lit(moment, columns[name].dtype).alias(name) for name in absent if columns[name].dtype.is_temporal()
    )


def _cast(column: pl.Series, target: pl.DataType) -> tuple[pl.Series, pl.Series]:
    """The column as ``target``, and which of its values cannot be had in that type."""
    nothing = pl.repeat(False, len(column), dtype=pl.Boolean, eager=True)
    if column.dtype == target:
        return column, nothing
    if _only_nulls_to_fill(column.dtype, target):
        return column.cast(target), nothing
    if not _comparable(column.dtype, target):
        return column, nothing.not_()
    cast = column.cast(target, strict=False)
    return cast, cast.cast(column.dtype, strict=False).ne_missing(column)


def _only_nulls_to_fill(source: AnyDataType, target: AnyDataType) -> bool:
    """Whether the types differ only where ``source`` never saw a value, as in the element type of empty lists."""
    match source, target:
        case pl.List(), pl.List():
            return _only_nulls_to_fill(source.inner, target.inner)
        case pl.Struct(), pl.Struct():
            mine, theirs = source.to_schema(), target.to_schema()
            return list(mine) == list(theirs) and all(_only_nulls_to_fill(mine[name], theirs[name]) for name in mine)
    return source in (pl.Null, target)


def _comparable(source: pl.DataType, target: pl.DataType) -> bool:
    """Whether casting there and back shows what is lost. A float is no source of money or counts."""
    if isinstance(source, pl.Datetime) and isinstance(target, pl.Datetime):
        return source.time_zone == target.time_zone
    exact = source.is_integer() or source.is_decimal()
    return (exact and (target.is_integer() or target.is_decimal())) or (source.is_float() and target.is_float())


def _valid(table: type[Table], rows: pl.DataFrame) -> pl.DataFrame:
    try:
        table.validate(rows)
    except dy.exc.ValidationError as error:
        failure = table.filter(rows)[1]
        breaches = failure.counts()
        rule = next(iter(breaches))
        example = _key(table, failure.details().filter(pl.col(rule) == "invalid"))
        raise ContractViolationError(full_name(table), breaches, example) from error
    for name in table.info.partition_by:
        # Delta reads an empty partition value back as null.
        blank = rows[name].is_null() if rows[name].dtype != pl.String else rows[name].fill_null("") == ""
        if blank.any():
            raise ContractViolationError(
                full_name(table), {f"{name}|partition value": int(blank.sum())}, _key(table, rows.filter(blank))
            )
    return rows


def _key(table: type[Table], rows: pl.DataFrame) -> dict[str, object]:
    names = [name for name in table.primary_key() if name in rows.columns]
    return rows.select(names).row(0, named=True) if names and rows.height else {}
