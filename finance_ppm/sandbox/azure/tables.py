"""Resource Graph's tables: their columns, and the rows of a scope.

Belongs here: what every row has, whatever the estate tells. What is asked of the rows is told in ``kql``.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from finance_ppm.sandbox.azure.estate import Estate, Row
from finance_ppm.sandbox.azure.kql.values import Type

COLUMNS: Final[dict[str, Type]] = {
    "id": Type.STRING,
    "name": Type.STRING,
    "type": Type.STRING,
    "tenantId": Type.STRING,
    "kind": Type.STRING,
    "location": Type.STRING,
    "resourceGroup": Type.STRING,
    "subscriptionId": Type.STRING,
    "managedBy": Type.STRING,
    "sku": Type.OBJECT,
    "plan": Type.OBJECT,
    "properties": Type.OBJECT,
    "tags": Type.OBJECT,
    "identity": Type.OBJECT,
    "zones": Type.OBJECT,
    "extendedLocation": Type.OBJECT,
}
"""Columns of every table. Texts are never null, and nothing else is shown of a row: as in Azure."""

DEFAULT_TABLE: Final = "resources"
TABLES: Final = dict.fromkeys((DEFAULT_TABLE, "resourcecontainers", "advisorresources"), COLUMNS)

_ABSENT: Final[tuple[tuple[str, Any], ...]] = tuple(
    (name, "" if kind is Type.STRING else None) for name, kind in COLUMNS.items()
)


def rows_of(estate: Estate, table: str, subscriptions: Sequence[str], now: datetime) -> Iterator[Row]:
    """A table's rows in some subscriptions, each with all columns in their order."""
    for subscription in subscriptions:
        for row in estate.rows(table, subscription, now):
            yield {name: _told(row.get(name), absent) for name, absent in _ABSENT}


def _told(value: Any, absent: Any) -> Any:
    return absent if value is None else value
