"""SQL of the contracts: column types and ``CREATE TABLE`` as Databricks takes them."""

import polars as pl

from finance_ppm.contracts.base import Table, full_name, physical_columns


def sql_type(table: type[Table], column: str) -> str:
    """The column's type in Databricks SQL: ``DECIMAL(18, 2)``."""
    return _sql_type(table.columns()[column].dtype)


def create_table(table: type[Table], catalog: str = "main") -> str:
    """``CREATE TABLE`` for Unity Catalog, with comments, key and partitioning."""
    columns = table.columns()
    lines = []
    for name in physical_columns(table):
        not_null = "" if columns[name].nullable else " NOT NULL"
        comment = f" COMMENT {_quoted(columns[name].description or '')}" if columns[name].description else ""
        lines.append(f"  {name} {sql_type(table, name)}{not_null}{comment}")
    lines.append(f"  PRIMARY KEY ({', '.join(table.primary_key())})")
    body = ",\n".join(lines)
    partitioning = f"\nPARTITIONED BY ({', '.join(table.info.partition_by)})" if table.info.partition_by else ""
    name = f"{catalog}.{full_name(table).replace('/', '.')}"
    return (
        f"CREATE TABLE IF NOT EXISTS {name} (\n{body}\n)\nUSING DELTA{partitioning}\n"
        f"COMMENT {_quoted((table.__doc__ or '').strip())}\n"
        "TBLPROPERTIES ('delta.logRetentionDuration' = 'interval 30 days', "
        "'delta.deletedFileRetentionDuration' = 'interval 30 days');"
    )


def _quoted(text: str) -> str:
    escaped = " ".join(text.split()).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


_SIMPLE: dict[type[pl.DataType], str] = {
    pl.String: "STRING",
    pl.Boolean: "BOOLEAN",
    pl.Date: "DATE",
    pl.Int64: "BIGINT",
    pl.Float64: "DOUBLE",
    pl.Int32: "INT",
    pl.Datetime: "TIMESTAMP",
}


def _sql_type(dtype: pl.DataType) -> str:
    if isinstance(dtype, pl.Decimal):
        return f"DECIMAL({dtype.precision}, {dtype.scale})"
    if isinstance(dtype, pl.List):
        return f"ARRAY<{_sql_type(dtype.inner)}>"  # type: ignore[arg-type]  # an instance, by construction of the contract
    if isinstance(dtype, pl.Struct):
        return f"STRUCT<{', '.join(f'{field.name}: {_sql_type(field.dtype)}' for field in dtype.fields)}>"  # type: ignore[arg-type]  # as above
    return _SIMPLE[type(dtype)]
