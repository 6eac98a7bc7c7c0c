"""What a recommendation says: a row of ``microsoft.advisor/recommendations`` into typed columns.

Belongs here: the columns that the row alone decides. Does not belong here: what became of the recommendation
(``lifecycle``), and whether it is suppressed or excluded (``suppressions``, ``configurations``).

The shape of a row: https://learn.microsoft.com/rest/api/advisor/recommendations/list. What stands in
``extendedProperties`` is documented nowhere (https://github.com/Azure/azure-cli/issues/13994): texts, under keys that
differ from kind to kind and in case, any of which may be missing.
"""

import re
from collections.abc import Mapping
from decimal import ROUND_DOWN, Decimal
from typing import Any

import msgspec
import polars as pl

from finance_ppm.contracts.azure import AzureAdvisorRecommendations
from finance_ppm.transforms.azure.issues import issues_series
from finance_ppm.transforms.azure.kinds import MACHINE_RESERVATION, SHUTDOWN, kind_of
from finance_ppm.transforms.azure.wire import NOTHING, Wire, decoder, is_blank

BRONZE_COLUMNS = ("record_id", "source", "status", "captured_at", "raw_payload")
"""What is read of ``bronze/azure_advisor``."""

CONTENT = (
    "category",
    "impact",
    "risk",
    "recommendation_type_id",
    "problem",
    "solution",
    "impacted_field",
    "impacted_value",
    "resource_id",
    "kind",
    "annual_savings",
    "savings_currency",
    "term",
    "lookback_days",
    "scope",
    "reserved_resource_type",
    "sku",
    "target_sku",
    "region",
    "quantity",
    "max_cpu",
    "tracked",
    "last_updated",
)
"""The columns that are read from the payload."""

_MADE_BY_ADVISOR = "/providers/microsoft.advisor/"
_MACHINES_LOOKBACK = 30
"""Days behind a reservation of machines that does not say: Microsoft's own query takes it so
(https://learn.microsoft.com/azure/advisor/advisor-azure-resource-graph)."""
_MOST_PERCENT = Decimal(10) ** 7
"""The smallest that does not fit ``DECIMAL(9, 2)``."""
_LOOKBACK = re.compile(r"(?:last)?(\d{1,4})(?:days)?", re.IGNORECASE | re.ASCII)
_TERM = re.compile(r"P\d{1,2}Y", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_WORDS = {
    word.lower(): word
    for word in (
        *("Cost", "HighAvailability", "Security", "Performance", "OperationalExcellence"),
        *("High", "Medium", "Low"),
        *("Error", "Warning", "None"),
    )
}
"""Advisor's own words of category, impact and risk; another word stays as it is."""


class _Row(msgspec.Struct):
    properties: msgspec.Raw = NOTHING


class _Properties(msgspec.Struct, rename="camel"):
    category: Any = None
    impact: Any = None
    risk: Any = None
    recommendation_type_id: Any = None
    short_description: Any = None
    impacted_field: Any = None
    impacted_value: Any = None
    resource_metadata: Any = None
    extended_properties: Any = None
    tracked: Any = None
    last_updated: Any = None


_ROW = decoder(_Row)
_PROPERTIES = decoder(_Properties)
_EMPTY = _Properties()


def type_recommendations(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of ``bronze/azure_advisor`` (:data:`BRONZE_COLUMNS`), recommendations all of them, in order.

    Columns: recommendation_id, name, source, status, seen_at, resource_group, issues and the :data:`CONTENT`. Nothing
    is raised, whatever the payloads hold: what cannot be read is null and told in ``issues``.
    """
    wires = [Wire() for _ in range(rows.height)]
    told = zip(wires, rows["record_id"].to_list(), rows["raw_payload"].to_list(), strict=True)
    cells = [_cells(wire, record_id, text) for wire, record_id, text in told]
    schema = {name: AzureAdvisorRecommendations.columns()[name].dtype for name in CONTENT}
    typed = pl.DataFrame(cells, schema=schema, orient="row", strict=True)
    return typed.with_columns(
        rows["record_id"].alias("recommendation_id"),
        rows["record_id"].str.split("/").list.last().alias("name"),
        rows["source"],
        rows["status"],
        rows["captured_at"].alias("seen_at"),
        pl.col("resource_id").str.extract(r"/resourcegroups/([^/]+)").alias("resource_group"),
        issues_series([wire.issues for wire in wires]),
    )


def _cells(wire: Wire, record_id: str, text: str) -> tuple[Any, ...]:
    """The :data:`CONTENT` of one row."""
    row = wire.part(_ROW, None, "The row", text)
    told = (row and wire.part(_PROPERTIES, None, "properties", row.properties)) or _EMPTY
    described = wire.table("problem", "properties.shortDescription", told.short_description)
    problem = wire.text("problem", "properties.shortDescription.problem", described.get("problem"))
    solution = wire.text("solution", "properties.shortDescription.solution", described.get("solution"))
    type_id = wire.lower("recommendation_type_id", "properties.recommendationTypeId", told.recommendation_type_id)
    extended = Extended(wire, told.extended_properties)
    kind = kind_of(type_id, extended.values, f"{problem or ''} {solution or ''}")
    return (
        _word(wire, "category", told.category),
        _word(wire, "impact", told.impact),
        _word(wire, "risk", told.risk),
        type_id,
        problem,
        solution,
        wire.lower("impacted_field", "properties.impactedField", told.impacted_field),
        wire.text("impacted_value", "properties.impactedValue", told.impacted_value),
        _resource_id(wire, record_id, told.resource_metadata),
        kind.value,
        wire.amount("annual_savings", *extended.first("annualSavingsAmount")),
        _currency(wire, extended),
        _term(wire, extended),
        _lookback_days(wire, extended, type_id),
        wire.lower("scope", *extended.first("scope")),
        _reserved_resource_type(wire, extended, type_id),
        wire.lower("sku", *extended.first(*_SKU_KEYS[kind.is_commitment])),
        _target_sku(wire, extended),
        wire.region("region", *extended.first("region", "location", "regionId")),
        _quantity(wire, extended) if kind.is_commitment else None,
        _max_cpu(wire, extended),
        wire.flag("tracked", "properties.tracked", told.tracked),
        wire.moment("last_updated", "properties.lastUpdated", told.last_updated),
    )


_SKU_KEYS = {True: ("sku", "vmSize", "displaySKU"), False: ("currentSku", "sku", "vmSize")}
"""Where the size stands: what is to be reserved, or what the machine has now."""


class Extended:
    """A row's ``extendedProperties``, whatever the case of their keys, but for those that tell nothing."""

    def __init__(self, wire: Wire, told: object) -> None:
        self.values: Mapping[str, Any] = {
            key.lower(): value
            for key, value in wire.table("annual_savings", "properties.extendedProperties", told).items()
            if not is_blank(value)
        }

    def first(self, *keys: str) -> tuple[str, Any]:
        """The path and the value of the first of ``keys`` that tells anything; of the first key where none does."""
        key = next((key for key in keys if key.lower() in self.values), keys[0])
        return f"properties.extendedProperties.{key}", self.values.get(key.lower())


def _word(wire: Wire, column: str, value: object) -> str | None:
    text = wire.text(column, f"properties.{column}", value)
    return text and _WORDS.get(text.lower(), text)


def _resource_id(wire: Wire, record_id: str, metadata: object) -> str | None:
    """The id of what is impacted; that of the subscription where the recommendation is for no one resource."""
    path = "properties.resourceMetadata"
    told = wire.table("resource_id", path, metadata).get("resourceId")
    found = wire.lower("resource_id", f"{path}.resourceId", told) or record_id.partition(_MADE_BY_ADVISOR)[0]
    return found.rstrip("/") or None


def _currency(wire: Wire, extended: Extended) -> str | None:
    def reading(text: str) -> str | None:
        return text.upper() if _CURRENCY.fullmatch(text.upper()) else None

    return wire.matching("savings_currency", *extended.first("savingsCurrency"), reading, "an ISO 4217 code")


def _term(wire: Wire, extended: Extended) -> str | None:
    def reading(text: str) -> str | None:
        return text.upper() if _TERM.fullmatch(text.upper()) else None

    return wire.matching("term", *extended.first("term"), reading, "a term in years (P1Y)")


def _lookback_days(wire: Wire, extended: Extended, type_id: str | None) -> int | None:
    def reading(text: str) -> int | None:
        found = _LOOKBACK.fullmatch(text)
        return int(found[1]) if found else None

    path, value = extended.first("lookbackPeriod")
    if value is None:
        return _MACHINES_LOOKBACK if type_id == MACHINE_RESERVATION else None
    return wire.matching("lookback_days", path, str(value), reading, "a number of days")


def _reserved_resource_type(wire: Wire, extended: Extended, type_id: str | None) -> str | None:
    found = wire.lower("reserved_resource_type", *extended.first("reservedResourceType"))
    return found or ("virtualmachines" if type_id == MACHINE_RESERVATION else None)


def _target_sku(wire: Wire, extended: Extended) -> str | None:
    found = wire.lower("target_sku", *extended.first("targetSku"))
    return None if found == SHUTDOWN else found


def _max_cpu(wire: Wire, extended: Extended) -> Decimal | None:
    """Rounded down: what is below a threshold of whole percents stays below it."""
    return wire.amount("max_cpu", *extended.first("MaxCpuP95"), limit=_MOST_PERCENT, rounding=ROUND_DOWN)


def _quantity(wire: Wire, extended: Extended) -> int | None:
    told = extended.first("qty", "displayQty", "targetResourceCount", "recommendedQuantity")
    return wire.whole("quantity", *told, limit=2**63)
