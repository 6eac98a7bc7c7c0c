"""Contracts: complete, consistent, and the only place where tables are described."""

import duckdb
import pytest

from finance_ppm.contracts import (
    ALL_TABLES,
    GOLD_TABLES,
    PAGE_TABLES,
    Layer,
    Table,
    Write,
    content_columns,
    full_name,
    history_of,
    lineage,
    notion_properties,
    physical_columns,
)
from finance_ppm.contracts.ddl import create_table, sql_type
from finance_ppm.documents import DOCS, documents

BY_NAME = {full_name(table): table for table in ALL_TABLES}
each_table = pytest.mark.parametrize("table", ALL_TABLES, ids=full_name)


@each_table
def test_a_contract_says_all_there_is_to_say(table: type[Table]) -> None:
    assert (table.__doc__ or "").strip()
    assert table.primary_key()
    assert all(column.description for column in table.columns().values())
    assert table.info.freshness.warn < table.info.freshness.fail
    assert set(physical_columns(table)) == set(table.column_names())
    assert physical_columns(table)[: len(table.primary_key())] == table.primary_key()


@each_table
def test_lineage_names_columns_that_exist(table: type[Table]) -> None:
    for column, sources in lineage(table).items():
        assert column in content_columns(table)
        for source in sources:
            name, _, source_column = source.partition(".")
            assert source_column in BY_NAME[name].column_names(), source


def test_every_silver_column_of_a_page_says_where_it_comes_from() -> None:
    for table in PAGE_TABLES.values():
        assert set(lineage(table)) == set(table.column_names())
        assert notion_properties(table)


@pytest.mark.parametrize("table", GOLD_TABLES, ids=full_name)
def test_history_is_the_same_table_by_day(table: type[Table]) -> None:
    history = history_of(table)
    assert history.info.layer is Layer.GOLD_HISTORY
    assert set(history.primary_key()) == {*table.primary_key(), "as_of_date"}
    assert set(history.column_names()) == set(table.column_names())


def test_a_table_without_history_has_none() -> None:
    with pytest.raises(ValueError, match="keeps no history"):
        history_of(PAGE_TABLES["projects"])


@each_table
def test_the_ddl_is_sql(table: type[Table]) -> None:
    """DuckDB reads it, once what is Databricks' own (comments, Delta's clauses, type names) is said its way."""
    ddl = create_table(table)
    columns = [f'"{name}" {_in_duckdb(sql_type(table, name))}' for name in physical_columns(table)]
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE t ({', '.join(columns)}, PRIMARY KEY ({', '.join(table.primary_key())}))")
    for name in physical_columns(table):
        assert f"  {name} {sql_type(table, name)}" in ddl
    assert ("PARTITIONED BY" in ddl) == bool(table.info.partition_by)


def _in_duckdb(kind: str) -> str:
    kind = kind.replace("ARRAY<STRING>", "VARCHAR[]").replace("STRING", "VARCHAR")
    if kind.startswith("ARRAY<STRUCT<"):
        fields = kind.removeprefix("ARRAY<STRUCT<").removesuffix(">>").replace(": ", " ")
        quoted = ", ".join('"' + field.split()[0] + '" ' + field.split()[1] for field in fields.split(", "))
        return f"STRUCT({quoted})[]"
    return kind


def test_only_what_was_said_once_and_for_all_is_appended_to() -> None:
    assert [full_name(table) for table in ALL_TABLES if table.info.write is Write.LOG] == [
        "bronze/notion_raw_pages",
        "bronze/fx_rates",
        "gold/ppm_month_closes",
        "gold/ppm_month_close_lines",
    ]


@pytest.mark.parametrize("name", documents())
def test_the_pages_derived_from_the_code_are_up_to_date(name: str) -> None:
    assert (DOCS / name).read_text() == documents()[name], "run `make docs`"
