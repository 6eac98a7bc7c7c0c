"""One class per table: columns, units, key, owner, freshness. Everything else about a table is derived from it.

Belongs here: what tables are. Does not belong here: how they are computed (``transforms``), kept
(``lakehouse``) or judged (``quality``).
"""

from finance_ppm.contracts.accuracy import ACCURACY_TABLES
from finance_ppm.contracts.alerts import ALERT_TABLES
from finance_ppm.contracts.azure import AZURE_BRONZE_TABLES, AZURE_GOLD_TABLES, AZURE_SILVER_TABLES
from finance_ppm.contracts.base import (
    Layer,
    NotionProperty,
    Table,
    TableInfo,
    Write,
    asset_key,
    content_columns,
    full_name,
    history_of,
    lineage,
    notion_properties,
    physical_columns,
    stamp_columns,
)
from finance_ppm.contracts.bronze import BRONZE_TABLES
from finance_ppm.contracts.closes import CLOSE_TABLES
from finance_ppm.contracts.finance import FINANCE_TABLES
from finance_ppm.contracts.fx import FX_TABLES
from finance_ppm.contracts.gold import GOLD_TABLES
from finance_ppm.contracts.silver import PAGE_TABLES, SILVER_TABLES

AZURE_TABLES: tuple[type[Table], ...] = (*AZURE_BRONZE_TABLES, *AZURE_SILVER_TABLES, *AZURE_GOLD_TABLES)
ALL_TABLES: tuple[type[Table], ...] = (
    *BRONZE_TABLES,
    *AZURE_BRONZE_TABLES,
    *FX_TABLES,
    *SILVER_TABLES,
    *AZURE_SILVER_TABLES,
    *GOLD_TABLES,
    *FINANCE_TABLES,
    *ACCURACY_TABLES,
    *CLOSE_TABLES,
    *ALERT_TABLES,
    *AZURE_GOLD_TABLES,
)

__all__ = [
    "ALL_TABLES",
    "AZURE_TABLES",
    "BRONZE_TABLES",
    "GOLD_TABLES",
    "PAGE_TABLES",
    "SILVER_TABLES",
    "Layer",
    "NotionProperty",
    "Table",
    "TableInfo",
    "Write",
    "asset_key",
    "content_columns",
    "full_name",
    "history_of",
    "lineage",
    "notion_properties",
    "physical_columns",
    "stamp_columns",
]
