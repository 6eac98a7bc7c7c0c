"""What Azure Advisor's rows look like: recommendations, suppressions and configurations, as Resource Graph tells them.

Belongs here: types of recommendations, the keys of their ``extendedProperties`` (every value is a string), and rows.
Does not belong here: who is told what, and when (``advice``, ``commitments``, ``suppressions``).

Types, names and impacts: https://github.com/microsoft/finops-toolkit/blob/main/src/open-data/RecommendationTypes.csv
and https://learn.microsoft.com/azure/advisor/advisor-reference-cost-recommendations. Those of the category Security are
assessment keys of Defender for Cloud: https://learn.microsoft.com/azure/defender-for-cloud/recommendations-reference.
Query of Microsoft's that reads these rows: https://learn.microsoft.com/azure/advisor/advisor-azure-resource-graph.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from finance_ppm.sandbox.azure.estate import Row
from finance_ppm.sandbox.estate import wire

VIRTUAL_MACHINE: Final = "Microsoft.Compute/virtualMachines"
SCALE_SET: Final = "Microsoft.Compute/virtualMachineScaleSets"
SUBSCRIPTION: Final = "Microsoft.Subscriptions/subscriptions"

NEW: Final = {"recommendationStatus": "New"}
COMPLETED: Final = {"recommendationStatus": "Completed", "completionType": "SystemVerified"}
DISMISSED: Final = {"recommendationStatus": "Dismissed"}
"""What a row says of its own state; a completed one stays among the others."""


@dataclass(frozen=True)
class Kind:
    """A type of recommendation."""

    type_id: str
    category: str
    impact: str
    impacted_field: str
    problem: str
    solution: str = ""
    """Mostly the same as the problem."""


RIGHT_SIZE: Final = Kind(
    "e10b1381-5f0a-47ff-8c7b-37bd13d7c974", "Cost", "High", VIRTUAL_MACHINE,
    "Right-size or shutdown underutilized virtual machines",
)  # fmt: skip
RIGHT_SIZE_SCALE_SET: Final = Kind(
    "94aea435-ef39-493f-a547-8408092c22a7", "Cost", "High", SCALE_SET,
    "Right-size or shutdown underutilized virtual machine scale sets",
)  # fmt: skip
RESERVE_MACHINES: Final = Kind(
    "84b1a508-fc21-49da-979e-96894f1665df", "Cost", "High", SUBSCRIPTION,
    "Consider virtual machine reserved instance to save over your on-demand costs",
)  # fmt: skip
RESERVE_SQL: Final = Kind(
    "885cd4f5-dfa0-4d68-bbfd-00f89fc2b69c", "Cost", "High", SUBSCRIPTION,
    "Consider SQL PaaS DB reserved instance to save over your pay-as-you-go costs",
)  # fmt: skip
RESERVE_COSMOS_DB: Final = Kind(
    "a205074f-8049-48b3-903f-556f5e530ae3", "Cost", "High", SUBSCRIPTION,
    "Consider Cosmos DB reserved instance to save over your pay-as-you-go costs",
)  # fmt: skip
RESERVE_APP_SERVICE: Final = Kind(
    "5b8ddf04-be28-44ec-ab2c-a63a34d1de13", "Cost", "High", SUBSCRIPTION,
    "Consider App Service reserved instance to save over your on-demand costs",
)  # fmt: skip
SAVINGS_PLAN: Final = Kind(
    "89515250-1243-43d1-b4e7-f9437cedffd8", "Cost", "High", SUBSCRIPTION,
    "Consider purchasing a savings plan to unlock lower prices",
)  # fmt: skip
UNATTACHED_DISK: Final = Kind(
    "48eda464-1485-4dcf-a674-d0905df5054a", "Cost", "Medium", "Microsoft.Compute/disks",
    "Review disks that aren't attached to a VM and evaluate if you still need the disks",
)  # fmt: skip
EMPTY_PLAN: Final = Kind(
    "39a8510f-5bbf-4304-9bcd-4106c996473b", "Cost", "High", "Microsoft.Web/serverfarms",
    "Unused/Empty App Service plan", "Delete the App Service plan, or put apps in it",
)  # fmt: skip
REPLICATION: Final = Kind(
    "ed651749-cd37-4fd5-9897-01b416926745", "HighAvailability", "Medium", VIRTUAL_MACHINE,
    "Enable virtual machine replication to protect your applications from regional outage",
)  # fmt: skip
ACTIVE_GATEWAYS: Final = Kind(
    "c249dc0e-9a17-423e-838a-d72719e8c5dd", "HighAvailability", "Medium", "Microsoft.Network/virtualNetworkGateways",
    "Enable Active-Active gateways for redundancy",
)  # fmt: skip
ACCELERATED_NETWORKING: Final = Kind(
    "3a3c1a2a-8597-4d3a-981a-0a24a0ee9de4", "Performance", "Medium", VIRTUAL_MACHINE,
    "Enable Accelerated Networking to improve network performance and latency",
)  # fmt: skip
PREMIUM_BLOBS: Final = Kind(
    "c6b94711-f1f5-4e7e-9c89-c17ed4190969", "Performance", "Medium", "Microsoft.Storage/storageAccounts",
    "Use premium performance block blob storage",
)  # fmt: skip
DEPLOYMENT_SLOTS: Final = Kind(
    "1d3b5a51-62d4-4b77-96f6-40ed0a3aa21f", "OperationalExcellence", "Low", "Microsoft.Web/sites",
    "Set up staging environments in Azure App Service",
)  # fmt: skip
TRAFFIC_ANALYTICS: Final = Kind(
    "7c27d589-c7ed-47e1-8fe9-fe12ea81634a", "OperationalExcellence", "High", "Microsoft.Network/networkSecurityGroups",
    "Enable Traffic Analytics to view insights into traffic patterns across Azure resources",
)  # fmt: skip
TAG_POLICY: Final = Kind(
    "bbd39b95-99d9-4b7e-b66b-8813081307c1", "OperationalExcellence", "Medium", SUBSCRIPTION,
    "Enforce 'Add or replace a tag on resources' using Azure Policy",
)  # fmt: skip
JUST_IN_TIME: Final = Kind(
    "805651bc-6ecd-4c73-9b55-97a19d0582d0", "Security", "High", VIRTUAL_MACHINE,
    "Management ports of virtual machines should be protected with just-in-time network access control",
)  # fmt: skip
VULNERABILITIES: Final = Kind(
    "1195afff-c881-495e-9bc5-1486211ae03f", "Security", "Low", VIRTUAL_MACHINE,
    "Machines should have vulnerability findings resolved",
)  # fmt: skip
PUBLIC_BLOBS: Final = Kind(
    "51fd8bb1-0db4-bbf1-7e2b-cfcba7eb66a6", "Security", "Medium", "Microsoft.Storage/storageAccounts",
    "Storage account public access should be disallowed",
)  # fmt: skip
SECURE_TRANSFER: Final = Kind(
    "1c5de8e1-f68d-6a17-e0d2-ec259c42768c", "Security", "High", "Microsoft.Storage/storageAccounts",
    "Secure transfer to storage accounts should be enabled",
)  # fmt: skip


def recommendation(
    kind: Kind,
    *,
    resource_id: str,
    name: str,
    tenant_id: str,
    last_updated: datetime,
    extended: dict[str, str] | None = None,
    impacted_field: str | None = None,
    impacted_value: str | None = None,
    source: str | None = None,
    tracked: bool | None = None,
    lower_id: bool = False,
    status: Mapping[str, str] = NEW,
) -> Row:
    """A row of ``microsoft.advisor/recommendations`` on a resource, or on a subscription (``/subscriptions/{id}``).

    ``extended`` is its ``extendedProperties``, absent where None. ``lower_id`` writes the id of the resource in lower
    case within the recommendation's id, as newer ones do. ``status`` is :data:`NEW`, :data:`COMPLETED` or
    :data:`DISMISSED`.
    """
    hung_on = resource_id.lower() if lower_id else resource_id
    metadata = {"resourceId": resource_id} if source is None else {"resourceId": resource_id, "source": source}
    properties: dict[str, Any] = {
        "category": kind.category,
        "impact": kind.impact,
        "impactedField": kind.impacted_field if impacted_field is None else impacted_field,
        "impactedValue": resource_id.rsplit("/", 1)[-1] if impacted_value is None else impacted_value,
        "lastUpdated": timestamp(last_updated),
        "recommendationTypeId": kind.type_id,
        "shortDescription": {"problem": kind.problem, "solution": kind.solution or kind.problem},
        "resourceMetadata": metadata,
        **status,
    }
    if extended is not None:
        properties["extendedProperties"] = extended
    if tracked is not None:
        properties["tracked"] = tracked
    return wire.row(
        resource_id=f"{hung_on}/providers/Microsoft.Advisor/recommendations/{name}",
        resource_type="microsoft.advisor/recommendations",
        tenant_id=tenant_id,
        location="global",
        properties=properties,
    )


def suppression(
    recommendation_id: str, *, name: str, suppression_id: str, tenant_id: str, created: datetime, days: int
) -> Row:
    """A row of ``microsoft.advisor/suppressions``; ``days`` is its time to live, -1 for ever.

    ``ttl`` and ``expirationTimeStamp`` as in Microsoft's example:
    https://learn.microsoft.com/rest/api/advisor/suppressions/list. One for ever has no meaningful expiration.
    """
    properties = {"suppressionId": suppression_id, "ttl": "-1" if days < 0 else f"{days}.00:00:00"}
    if days >= 0:
        properties["expirationTimeStamp"] = timestamp(created + timedelta(days))
    return wire.row(
        resource_id=f"{recommendation_id}/suppressions/{name}",
        resource_type="microsoft.advisor/suppressions",
        tenant_id=tenant_id,
        location="global",
        properties=properties,
    )


def configuration(scope_id: str, *, tenant_id: str, exclude: bool = False, low_cpu_threshold: str | None = None) -> Row:
    """A row of ``microsoft.advisor/configurations`` of a subscription, or of a resource group, which has no threshold.

    ``low_cpu_threshold`` is percent as a string, one of 0, 5, 10, 15, 20:
    https://learn.microsoft.com/rest/api/advisor/configurations/list-by-subscription.
    """
    properties: dict[str, Any] = {"exclude": exclude}
    if low_cpu_threshold is not None:
        properties["lowCpuThreshold"] = low_cpu_threshold
    return wire.row(
        resource_id=f"{scope_id}/providers/Microsoft.Advisor/configurations/default",
        resource_type="microsoft.advisor/configurations",
        tenant_id=tenant_id,
        properties=properties,
    )


def amounts(annual: Decimal | None, currency: str) -> dict[str, str]:
    """Savings as Advisor tells them: a month's amount is cut to whole units; nothing at all where there is none."""
    if annual is None:
        return {}
    return {"annualSavingsAmount": f"{annual:f}", "savingsAmount": str(int(annual / 12)), "savingsCurrency": currency}


def sku_change(
    *, current: str, target: str, region: str, max_cpu: Decimal | None, annual: Decimal | None, currency: str
) -> dict[str, str]:
    """Extended properties that recommend another size. Amounts are retail prices."""
    return _usage(max_cpu) | {
        "recommendationType": "SkuChange",
        "recommendationMessage": f"Resize from {current} to {target}",
        "currentSku": current,
        "targetSku": target,
        "regionId": region,
    } | amounts(annual, currency)  # fmt: skip


def shutdown(
    *, current: str, region: str, max_cpu: Decimal | None, annual: Decimal | None, currency: str
) -> dict[str, str]:
    """Extended properties that recommend to shut a machine down."""
    return _usage(max_cpu) | {
        "recommendationType": "Shutdown",
        "recommendationMessage": "Shut down the virtual machine",
        "currentSku": current,
        "targetSku": "Shutdown",
        "regionId": region,
    } | amounts(annual, currency)  # fmt: skip


def reservation(
    *,
    subscription_id: str,
    reserved: str,
    sku: str,
    region: str,
    quantity: int,
    term: str,
    lookback: int,
    scope: str,
    annual: Decimal | None,
    currency: str,
) -> dict[str, str]:
    """Extended properties that recommend to reserve ``quantity`` of a SKU in a region.

    ``reserved`` is ``virtualmachines``, ``SQLDatabases``, ``CosmosDb``, ``AppService``; ``term`` P1Y or P3Y;
    ``lookback`` 7, 30 or 60 days; ``scope`` Single or Shared.
    """
    told = {
        "reservedResourceType": reserved,
        "subId": subscription_id,
        "scope": scope,
        "sku": sku,
        "term": term,
        **amounts(annual, currency),
        "qty": str(quantity),
        "region": region,
        "lookbackPeriod": str(lookback),
        "displayQty": str(quantity),
        "displaySKU": sku,
    }
    if reserved.lower() == "virtualmachines":
        told |= {"targetResourceCount": str(quantity), "location": region, "vmSize": sku}
    return told


def savings_plan(
    *, subscription_id: str, term: str, lookback: int, scope: str, annual: Decimal | None, currency: str
) -> dict[str, str]:
    """Extended properties that recommend a savings plan for compute."""
    return {
        "subId": subscription_id,
        "scope": scope,
        "sku": "Compute_Savings_Plan",
        "term": term,
        **amounts(annual, currency),
        "lookbackPeriod": str(lookback),
        "displaySKU": "Compute_Savings_Plan",
    }


def timestamp(moment: datetime) -> str:
    """A moment in .NET's way: seven digits of a second (a tenth of a microsecond), zeros at the end left out."""
    ticks = f"{moment.microsecond:06d}{(moment.microsecond * 7 + moment.second) % 10}".rstrip("0")
    return f"{moment:%Y-%m-%dT%H:%M:%S}{'.' if ticks else ''}{ticks}Z"


def _usage(max_cpu: Decimal | None) -> dict[str, str]:
    if max_cpu is None:
        return {}
    return {
        "MaxCpuP95": f"{max_cpu:f}",
        "MaxMemoryP95": f"{max_cpu * 3:f}",
        "MaxTotalNetworkP95": f"{max_cpu / 10:f}",
    }
