"""Reading an estate's wire rows as a client would, without the modules that made them."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from finance_ppm.sandbox.azure.estate import Estate, Row

ANCHOR = date(2026, 11, 21)
NOON = datetime.combine(ANCHOR, time(12), UTC)

RIGHT_SIZE = "e10b1381-5f0a-47ff-8c7b-37bd13d7c974"
SAVINGS_PLAN = "89515250-1243-43d1-b4e7-f9437cedffd8"


def days(number: float) -> datetime:
    """A moment so many days from the anchor's noon."""
    return NOON + timedelta(number)


def rows(estate: Estate, table: str, now: datetime) -> list[Row]:
    return [row for subscription in estate.subscriptions(now) for row in estate.rows(table, subscription, now)]


def advisor(estate: Estate, kind: str, now: datetime) -> list[Row]:
    """Advisor's ``recommendations``, ``suppressions`` or ``configurations``."""
    return [row for row in rows(estate, "advisorresources", now) if row["type"] == f"microsoft.advisor/{kind}"]


def recommendations(estate: Estate, now: datetime) -> list[Row]:
    return advisor(estate, "recommendations", now)


def extended(row: Row) -> dict[str, Any]:
    return row["properties"].get("extendedProperties") or {}


def resource_id(row: Row) -> str:
    told: str = row["properties"]["resourceMetadata"]["resourceId"]
    return told.lower()


def status(row: Row) -> str:
    told: str = row["properties"]["recommendationStatus"]
    return told


def is_on_machine(row: Row) -> bool:
    return bool(row["properties"]["recommendationTypeId"] == RIGHT_SIZE)


def offers(told: Iterable[Row], *, compute: bool) -> list[Row]:
    return [
        row
        for row in told
        if "reservedResourceType" in extended(row)
        and (extended(row)["reservedResourceType"].lower() == "virtualmachines") is compute
    ]


def project_tags(row: Row) -> list[tuple[str, str]]:
    return [(key, value) for key, value in (row["tags"] or {}).items() if key.lower() == "ppm-project"]
