"""Small portfolios by hand: each row told by what matters in it, everything else sound.

Belongs here: rows of silver tables, and a portfolio of them on an engine. Does not belong here: pages as Notion
sends them.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl

from finance_ppm.contracts import PAGE_TABLES, Table
from finance_ppm.contracts.azure import (
    AdvisorSummary,
    AzureAdvisorAllocations,
    AzureAdvisorRecommendations,
    AzureAdvisorRecs,
    AzureResources,
    AzureSnapshots,
)
from finance_ppm.contracts.bronze import NotionRawPages, NotionSyncWatermarks
from finance_ppm.contracts.finance import PpmForecast, PpmForecastMonthly, PpmProjectHealth
from finance_ppm.contracts.fx import FxRates
from finance_ppm.contracts.gold import DataQualityIssues, PpmBudgetVsActual
from finance_ppm.contracts.silver import Quarantine
from finance_ppm.transforms.portfolio import Portfolio
from finance_ppm_tests.engines import Engine

AS_OF = date(2026, 11, 21)
EDITED = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)

Row = Mapping[str, Any]
Rows = Mapping[str, Sequence[Row]]
"""Rows by table."""

CONTRACTS: dict[str, type[Table]] = {
    **PAGE_TABLES,
    "quarantine": Quarantine,
    "raw_pages": NotionRawPages,
    "watermarks": NotionSyncWatermarks,
    "azure_resources": AzureResources,
    "azure_recommendations": AzureAdvisorRecommendations,
    "azure_snapshots": AzureSnapshots,
    "fx_rates": FxRates,
    "budget_vs_actual": PpmBudgetVsActual,
    "forecast": PpmForecast,
    "forecast_monthly": PpmForecastMonthly,
    "project_health": PpmProjectHealth,
    "issues": DataQualityIssues,
    "advisor_recs": AzureAdvisorRecs,
    "advisor_allocations": AzureAdvisorAllocations,
    "advisor_summary": AdvisorSummary,
}

_PAGE: Row = {
    "is_archived": False,
    "created_time": datetime(2026, 1, 5, tzinfo=UTC),
    "created_quarter": "2026-Q1",
    "last_modified": EDITED,
    "synced_at": EDITED,
    "notion_url": "https://www.notion.so/page",
    "issues": [],
}
_MACHINE = "/subscriptions/s/resourcegroups/g/providers/microsoft.compute/virtualmachines/vm"
_YEAR: Row = {"start_date": date(2026, 1, 1), "end_date": date(2026, 12, 31)}

SOUND: dict[str, Row] = {
    "programs": {**_PAGE, **_YEAR, "program_id": "G", "name": "Growth", "owner": "Ada", "status": "Active"},
    "projects": {
        **_PAGE,
        **_YEAR,
        "project_id": "P",
        "program_id": "G",
        "name": "Warehouse",
        "budget_total": Decimal("1000.00"),
        "currency": "EUR",
        "status": "In Progress",
        "owner": "Ada",
    },
    "budget_lines": {
        **_PAGE,
        "budget_line_id": "L",
        "name": "Racks",
        "project_id": "P",
        "project_ids": ["P"],
        "category": "CapEx",
        "vendor": "Acme",
        "amount": Decimal("100.00"),
        "committed_date": date(2026, 3, 1),
        "invoice_date": date(2026, 4, 1),
        "paid_date": date(2026, 5, 1),
        "actual_amount": Decimal("100.00"),
    },
    "risks": {
        **_PAGE,
        "risk_id": "R",
        "project_id": "P",
        "title": "Delay",
        "severity": "Critical",
        "probability": "Low",
        "status": "Open",
    },
    "actions": {
        **_PAGE,
        "action_id": "A",
        "project_id": "P",
        "title": "Call Acme",
        "assignee": "Ada",
        "due_date": date(2026, 12, 1),
        "source": "manual",
        "status": "In progress",
    },
    "quarantine": {
        **_PAGE,
        "database_name": "budget_lines",
        "page_id": "Q",
        "rule": "page_malformed",
        "reason": "The payload is not a page.",
    },
    "raw_pages": {
        "database_id": "D",
        "database_name": "projects",
        "page_id": "P",
        "captured_at": EDITED,
        "content_hash": "0",
        "is_deleted": False,
        "raw_payload": "{}",
        "_ingestion_timestamp": EDITED,
    },
    "watermarks": {
        "database_id": "D",
        "database_name": "budget_lines",
        "last_edited_time": EDITED,
        "last_read_at": datetime(2026, 11, 21, 9, 30, tzinfo=UTC),
        "schema_json": "{}",
        "schema_read_at": EDITED,
        "property_ids": "{}",
    },
    "azure_resources": {
        "resource_id": _MACHINE,
        "name": "vm",
        "resource_type": "microsoft.compute/virtualmachines",
        "subscription_id": "s",
        "subscription_name": "Production",
        "resource_group": "g",
        "location": "westeurope",
        "sku": "standard_d4s_v5",
        "tags": [{"key": "ppm-project", "value": "Warehouse", "source": "resource"}],
        "project_tag": "Warehouse",
        "project_tag_source": "resource",
        "snapshot_on": AS_OF,
        "issues": [],
    },
    "azure_recommendations": {
        "recommendation_id": f"{_MACHINE}/providers/microsoft.advisor/recommendations/r",
        "name": "r",
        "subscription_id": "s",
        "category": "Cost",
        "impact": "High",
        "problem": "The machine is idle.",
        "resource_id": _MACHINE,
        "kind": "shutdown",
        "annual_savings": Decimal("120.00"),
        "savings_currency": "EUR",
        "excluded": False,
        "suppressed": False,
        "state": "active",
        "first_seen": date(2026, 11, 1),
        "last_seen": AS_OF,
        "source": "resource_graph",
        "snapshot_on": AS_OF,
        "issues": [],
    },
    "azure_snapshots": {
        "captured_on": AS_OF,
        "dataset": "resources",
        "subscription_id": "s",
        "subscription_name": "Production",
        "complete": True,
        "row_count": 100,
        "expected_count": 100,
        "captured_at": datetime(2026, 11, 21, 6, tzinfo=UTC),
    },
}
"""One row of each table. But for the page in quarantine they break no rule."""

BASE: Rows = {
    **{table: [{}] for table in SOUND if table != "quarantine"},
    "raw_pages": [
        {"database_name": database, "page_id": SOUND[database][table.primary_key()[0]]}
        for database, table in PAGE_TABLES.items()
    ],
}
"""A portfolio of the sound rows."""


def frame_of(table: str, rows: Sequence[Row]) -> pl.DataFrame:
    """Each of ``rows`` laid over the sound row; a project id alone stands for the list of them, and the other way."""
    whole = [{**SOUND[table], **_with_projects(row)} for row in rows]
    columns = CONTRACTS[table].columns()
    return pl.DataFrame(
        [pl.Series(name, [row.get(name) for row in whole], column.dtype) for name, column in columns.items()]
    )


def portfolio_of(engine: Engine, *told: Rows) -> Portfolio:
    """A portfolio of the rows of several tellings, one after the other."""
    rows = {table: [row for rows in told for row in rows.get(table, ())] for table in CONTRACTS}
    return Portfolio(as_of=AS_OF, **{table: engine.lazy(frame_of(table, rows[table])) for table in CONTRACTS})


def _with_projects(row: Row) -> Row:
    if "project_ids" in row:
        return {"project_id": next(iter(row["project_ids"]), None), **row}
    if "project_id" in row:
        return {"project_ids": [row["project_id"]] if row["project_id"] else [], **row}
    return row
