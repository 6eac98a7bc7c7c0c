"""The names of the story's Azure, all invented: subscriptions and what runs in them, sizes of machines and prices."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

PRODUCTION, NONPRODUCTION, PLATFORM = "mg-finance-production", "mg-finance-nonproduction", "mg-finance-platform"


@dataclass(frozen=True)
class Billed:
    """A subscription: where it hangs, what it is for, where it runs and what it is billed in."""

    name: str
    management_group: str
    environment: str
    currency: str
    regions: tuple[str, ...]
    workloads: tuple[str, ...]
    """One resource group each."""
    since_days: int = 900
    """Days before the anchor on which it was made."""


EXCLUDED: Final = "Finance Training"
"""The subscription that Advisor is configured to leave out."""

SINGLE_MACHINE: Final = "Close Calendar Pilot"
"""The subscription that holds one machine and nothing else: the need that was measured."""

SUBSCRIPTIONS: Final = (
    Billed(
        "Finance Production", PRODUCTION, "prod", "USD", ("eastus2", "centralus"),
        ("ledger", "payables", "receivables", "consolidation", "closing", "archive", "matching"),
    ),
    Billed(
        "Finance Production Europe", PRODUCTION, "prod", "EUR", ("westeurope", "northeurope"),
        ("ledger", "invoicing", "tax", "payables", "banking", "statutory"),
    ),
    Billed(
        "Reporting Production", PRODUCTION, "prod", "USD", ("eastus2",),
        ("reporting", "planning", "dashboards", "warehouse", "forecasting", "disclosure"), 100,
    ),
    Billed(
        "Treasury Production", PRODUCTION, "prod", "USD", ("eastus2", "westeurope"),
        ("cash", "payments", "hedging", "liquidity"),
    ),
    Billed(
        "Manila Service Centre", PRODUCTION, "prod", "USD", ("southeastasia",),
        ("helpdesk", "expenses", "payroll", "scanning", "onboarding", "collections"),
    ),
    Billed(
        "Finance Test", NONPRODUCTION, "test", "USD", ("eastus2",),
        ("ledger", "payables", "reporting", "closing", "cash", "migration"),
    ),
    Billed(
        "Finance Test Europe", NONPRODUCTION, "test", "EUR", ("westeurope",),
        ("ledger", "invoicing", "tax", "banking"),
    ),
    Billed(
        "Finance Development", NONPRODUCTION, "dev", "USD", ("eastus2", "centralus"),
        ("ledger", "payables", "reporting", "planning", "prototypes", "integration", "automation"),
    ),
    Billed(EXCLUDED, NONPRODUCTION, "train", "USD", ("southeastasia",), ("courses", "playground", "rehearsal")),
    Billed(
        "Shared Platform", PLATFORM, "prod", "USD", ("eastus2", "westeurope"),
        ("network", "identity", "monitoring", "backup", "build", "gateway", "secrets"),
    ),
    Billed(
        "Data Platform", PLATFORM, "prod", "USD", ("eastus2",),
        ("lake", "pipelines", "governance", "streaming", "models", "catalogue"),
    ),
    Billed(SINGLE_MACHINE, PLATFORM, "prod", "USD", ("northeurope",), ("workflow",), 400),
)  # fmt: skip

NETWORK_WORKLOADS: Final = frozenset({"network", "gateway"})
"""Resource groups of networks: no machines."""

DATA_WORKLOADS: Final = frozenset({"lake", "streaming", "warehouse", "pipelines", "playground"})
"""Resource groups of data services: scale sets and clusters in place of machines."""

MONTHLY_PRICE: Final = {
    "Standard_B2ms": Decimal("60.74"),
    "Standard_B2s": Decimal("30.37"),
    "Standard_D2s_v5": Decimal("70.08"),
    "Standard_D4s_v5": Decimal("140.16"),
    "Standard_D8s_v5": Decimal("280.32"),
    "Standard_E2s_v5": Decimal("91.98"),
    "Standard_E4s_v5": Decimal("183.96"),
    "Standard_E8s_v5": Decimal("367.92"),
}
"""Size to what a machine of it costs a month, USD, without commitment; roughly the list price of a region in the US."""

SMALLER: Final = {
    "Standard_B2ms": "Standard_B2s",
    "Standard_D2s_v5": "Standard_B2ms",
    "Standard_D4s_v5": "Standard_D2s_v5",
    "Standard_D8s_v5": "Standard_D4s_v5",
    "Standard_E4s_v5": "Standard_E2s_v5",
    "Standard_E8s_v5": "Standard_E4s_v5",
}
"""Size to the one Advisor recommends in its place."""

SIZES: Final = {
    "prod": ("Standard_D4s_v5", "Standard_E4s_v5", "Standard_D8s_v5", "Standard_E8s_v5"),
    "test": ("Standard_D2s_v5", "Standard_D4s_v5", "Standard_B2ms"),
    "dev": ("Standard_B2ms", "Standard_D2s_v5", "Standard_D4s_v5"),
    "train": ("Standard_B2ms", "Standard_D2s_v5"),
}
"""Environment to the sizes its machines have, the usual first."""

RATE: Final = {"USD": Decimal(1), "EUR": Decimal("0.92")}
"""Currency to what a dollar of the price list costs in it."""

OWNERS: Final = ("record-to-report", "procure-to-pay", "order-to-cash", "treasury", "tax", "platform")
