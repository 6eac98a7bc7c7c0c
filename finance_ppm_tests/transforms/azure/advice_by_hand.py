"""Rows of Azure written by hand, and a bronze to put them into."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl

from finance_ppm.contracts import Table
from finance_ppm.contracts.azure import AzureAdvisorRaw, AzureResourcesRaw, AzureSnapshots
from finance_ppm.lakehouse.lake import Lake

Row = Mapping[str, Any]

SUBSCRIPTION = "aaaaaaaa-0000-0000-0000-000000000001"
OTHER = "bbbbbbbb-0000-0000-0000-000000000002"
MONDAY = date(2026, 6, 15)
MACHINES = "e10b1381-5f0a-47ff-8c7b-37bd13d7c974"


def day(number: int) -> date:
    """Day 0 is a Monday."""
    return MONDAY + timedelta(days=number)


def machine_id(name: str = "vm1", *, group: str = "RG-One", subscription: str = SUBSCRIPTION) -> str:
    return f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines/{name}"


def recommendation(name: str = "rec", *, on: str | None = None, **properties: Any) -> Row:
    """A row on a machine; ``properties`` in Azure's spelling replace those of the row."""
    resource = machine_id() if on is None else on
    told = {
        "category": "Cost",
        "impact": "High",
        "impactedField": "MICROSOFT.COMPUTE/VIRTUALMACHINES",
        "impactedValue": "vm1",
        "lastUpdated": "2026-06-15T04:11:12.3341749Z",
        "recommendationTypeId": MACHINES,
        "shortDescription": {"problem": "Little used", "solution": "Right-size it"},
        "resourceMetadata": {"resourceId": resource},
        "extendedProperties": {"annualSavingsAmount": "575", "savingsCurrency": "USD"},
    }
    return {
        "id": f"{resource}/providers/Microsoft.Advisor/recommendations/{name}",
        "name": name,
        "type": "microsoft.advisor/recommendations",
        "properties": told | properties,
    }


def suppression(of: Row, *, ttl: str = "-1", until: str | None = None, name: str = "s") -> Row:
    properties: dict[str, Any] = {"suppressionId": name, "ttl": ttl}
    if until is not None:
        properties["expirationTimeStamp"] = until
    return {
        "id": f"{of['id']}/suppressions/{name}",
        "type": "microsoft.advisor/suppressions",
        "properties": properties,
    }


def configuration(on: str, **properties: Any) -> Row:
    return {
        "id": f"{on}/providers/Microsoft.Advisor/configurations/default",
        "type": "microsoft.advisor/configurations",
        "properties": properties,
    }


def resource(resource_id: str, resource_type: str | None = None, **told: Any) -> Row:
    kind = resource_type or "/".join(resource_id.split("/")[6:8])
    return {"id": resource_id, "name": resource_id.rsplit("/", 1)[-1], "type": kind, **told}


def subscription(subscription_id: str = SUBSCRIPTION, name: str = "Finance", **told: Any) -> Row:
    row = resource(f"/subscriptions/{subscription_id}", "microsoft.resources/subscriptions", **told)
    return {**row, "name": name}


def group(name: str = "RG-One", *, subscription_id: str = SUBSCRIPTION, **told: Any) -> Row:
    kind = "microsoft.resources/subscriptions/resourcegroups"
    return resource(f"/subscriptions/{subscription_id}/resourceGroups/{name}", kind, **told)


def advisor_rows(rows: Iterable[Row], on: date = MONDAY) -> pl.DataFrame:
    """Rows as bronze keeps them."""
    return _frame(
        AzureAdvisorRaw,
        (
            {
                "captured_on": on,
                "record_id": row["id"].lower(),
                "record_type": row["type"].rsplit("/", 1)[-1].removesuffix("s"),
                "subscription_id": row["id"].split("/")[2].lower(),
                "source": "resource_graph",
                "status": _status(row),
                "raw_payload": json.dumps(row),
            }
            for row in rows
        ),
    )


def _status(row: Row) -> str | None:
    told = row["properties"].get("recommendationStatus") if isinstance(row["properties"], dict) else None
    return told and str(told).lower()


def resource_rows(rows: Iterable[Row], on: date = MONDAY) -> pl.DataFrame:
    """Rows as bronze keeps them."""
    return _frame(
        AzureResourcesRaw,
        (
            {
                "captured_on": on,
                "resource_id": row["id"].lower(),
                "resource_type": row["type"].lower(),
                "resource_group": (row["id"].lower().split("/") + [None] * 5)[4],
                "subscription_id": row["id"].split("/")[2].lower(),
                "raw_payload": json.dumps(row),
            }
            for row in rows
        ),
    )


def capture_advisor(lake: Lake, on: date, rows: Iterable[Row] = (), **complete: bool) -> None:
    """A day's snapshot; ``complete`` says of ``first`` and ``other`` subscription whether theirs is."""
    frame = advisor_rows(rows, on)
    if not frame.is_empty():
        lake.replace_partition(AzureAdvisorRaw, frame, {"captured_on": on})
    _mark(lake, "advisor", on, complete or {"first": True})


def capture_resources(lake: Lake, on: date, rows: Iterable[Row] = (), **complete: bool) -> None:
    """As :func:`capture_advisor`, of resources."""
    frame = resource_rows(rows, on)
    if not frame.is_empty():
        lake.replace_partition(AzureResourcesRaw, frame, {"captured_on": on})
    _mark(lake, "resources", on, complete or {"first": True})


def _mark(lake: Lake, dataset: str, on: date, complete: Mapping[str, bool]) -> None:
    ids = {"first": SUBSCRIPTION, "other": OTHER}
    marks = (
        {
            "captured_on": on,
            "dataset": dataset,
            "subscription_id": ids[which],
            "complete": whole,
            "row_count": 0,
        }
        for which, whole in complete.items()
    )
    lake.merge(AzureSnapshots, _frame(AzureSnapshots, marks))


def _frame(table: type[Table], rows: Iterable[Row]) -> pl.DataFrame:
    schema = {name: column.dtype for name, column in table.columns().items()}
    at = datetime(2026, 6, 15, 6, tzinfo=UTC)
    stamps = dict.fromkeys(("captured_at", "_ingestion_timestamp"), at)
    return pl.DataFrame([{**stamps, **row} for row in rows], schema=schema)
