"""The pages of ``docs`` that are derived from the code, so that they cannot fall behind it.

Belongs here: rendering them. ``finance-ppm docs`` writes them, and a test fails where one is out of date.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from finance_ppm.contracts import ALL_TABLES, Layer, Table, full_name, lineage, notion_properties, physical_columns
from finance_ppm.contracts.ddl import create_table, sql_type
from finance_ppm.quality.catalogue import markdown as rules_page

DOCS = Path(__file__).resolve().parent.parent / "docs"


def documents() -> Mapping[str, str]:
    """File name under ``docs`` to its text."""
    return {
        "data-dictionary.md": data_dictionary(),
        "data-quality-rules.md": rules_page(),
        "unity-catalog.sql": unity_catalog(),
    }


def write_documents() -> Iterator[Path]:
    """Write every page; yields the files that changed."""
    for name, text in documents().items():
        path = DOCS / name
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            yield path


def data_dictionary() -> str:
    """Every table and column, in Markdown."""
    parts = [
        "# Data dictionary",
        "Derived from the contracts (`finance_ppm/contracts`) by `finance-ppm docs`; change it there.",
        "One name each: asset key `layer/table` = folder `{PPM_LAKEHOUSE_URI}/layer/table` = Unity Catalog "
        "`main.layer.table`. Money is decimal, in the currency its table names; times are UTC.",
    ]
    for layer in (Layer.BRONZE, Layer.SILVER, Layer.GOLD):
        parts.append(f"## {layer.value.capitalize()}")
        parts += [_table(table) for table in ALL_TABLES if table.info.layer is layer]
    return "\n\n".join(parts) + "\n"


def unity_catalog() -> str:
    """``CREATE TABLE`` of every table, for Databricks."""
    head = "-- Derived from the contracts by `finance-ppm docs`: the tables in Unity Catalog."
    schemas = "\n".join(f"CREATE SCHEMA IF NOT EXISTS main.{layer.value};" for layer in Layer)
    return "\n\n".join([head, schemas, *(create_table(table) for table in ALL_TABLES)]) + "\n"


def _table(table: type[Table]) -> str:
    info = table.info
    facts = [
        f"key: {', '.join(f'`{name}`' for name in table.primary_key())}",
        f"written as: {info.write.value}",
        f"owner: {info.owner.removeprefix('team:')}",
        f"fresh within: {info.freshness.warn} (warning), {info.freshness.fail} (failure)",
    ]
    if info.partition_by:
        facts.append(f"partitioned by: {', '.join(f'`{name}`' for name in info.partition_by)}")
    if info.history:
        facts.append(f"daily snapshots: `gold_history/{info.name}`, by `as_of_date`")
    if info.seed_names:
        facts.append(f"elsewhere called: {', '.join(f'`{name}`' for name in info.seed_names)}")
    parts = [f"### {full_name(table)}", (table.__doc__ or "").strip(), "; ".join(facts) + "."]
    if info.departures:
        parts.append(f"Parts from the plan: {info.departures}")
    rows = ["| column | type | null | what it is | from |", "| --- | --- | --- | --- | --- |"]
    columns = table.columns()
    for name in physical_columns(table):
        null = "yes" if columns[name].nullable else "no"
        description = (columns[name].description or "").replace("|", "\\|")
        rows.append(f"| `{name}` | {sql_type(table, name)} | {null} | {description} | {_origin(table, name)} |")
    return "\n\n".join([*parts, "\n".join(rows)])


def _origin(table: type[Table], column: str) -> str:
    properties = notion_properties(table)
    if column in properties:
        return f"Notion: {properties[column].name} ({', '.join(properties[column].types)})"
    return ", ".join(f"`{source}`" for source in lineage(table).get(column, ()))
