"""A row as Resource Graph tells it, and the ids in it: what all tables have in common.

Columns: https://learn.microsoft.com/azure/governance/resource-graph/concepts/query-language. A type is told in lower
case; an id keeps whatever case its maker wrote.
"""

from typing import Any

from finance_ppm.sandbox.azure.estate import Row


def arm_id(subscription_id: str, group: str, resource_type: str, name: str) -> str:
    """Id of a resource; ``server/database`` is the name of one that is part of another."""
    provider, *kinds = resource_type.split("/")
    path = "/".join(f"{kind}/{part}" for kind, part in zip(kinds, name.split("/"), strict=True))
    return f"/subscriptions/{subscription_id}/resourceGroups/{group}/providers/{provider}/{path}"


def group_id(subscription_id: str, group: str) -> str:
    """Id of a resource group."""
    return f"/subscriptions/{subscription_id}/resourceGroups/{group}"


def group_of(resource_id: str) -> str:
    """Resource group of a resource in lower case; empty where it is in none."""
    parts = resource_id.lower().split("/")
    return parts[4] if len(parts) > 4 and parts[3] == "resourcegroups" else ""


def row(
    *,
    resource_id: str,
    resource_type: str,
    tenant_id: str,
    properties: dict[str, Any],
    location: str = "",
    kind: str = "",
    managed_by: str = "",
    sku: dict[str, Any] | None = None,
    tags: dict[str, str] | None = None,
    identity: dict[str, Any] | None = None,
    zones: list[str] | None = None,
) -> Row:
    """The row of whatever has ``resource_id``, which names its subscription and its resource group."""
    return {
        "id": resource_id,
        "name": resource_id.rsplit("/", 1)[-1],
        "type": resource_type.lower(),
        "tenantId": tenant_id,
        "kind": kind,
        "location": location,
        "resourceGroup": group_of(resource_id),
        "subscriptionId": resource_id.split("/")[2],
        "managedBy": managed_by,
        "sku": sku,
        "plan": None,
        "properties": properties,
        "tags": tags,
        "identity": identity,
        "zones": zones,
        "extendedLocation": None,
    }
