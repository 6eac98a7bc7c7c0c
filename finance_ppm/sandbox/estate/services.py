"""What runs beside machines: storage, databases, apps, networks, clusters.

Belongs here: what a resource group of a kind holds, and how such a resource looks. Its life and its tags are
``inventory``.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from finance_ppm.sandbox.estate import vocabulary
from finance_ppm.sandbox.estate.landscape import Group

STORAGE: Final = "Microsoft.Storage/storageAccounts"
SQL_SERVER: Final = "Microsoft.Sql/servers"
SQL_DATABASE: Final = "Microsoft.Sql/servers/databases"
APP_PLAN: Final = "Microsoft.Web/serverfarms"
APP: Final = "Microsoft.Web/sites"
SECURITY_GROUP: Final = "Microsoft.Network/networkSecurityGroups"
GATEWAY: Final = "Microsoft.Network/virtualNetworkGateways"
PUBLIC_ADDRESS: Final = "Microsoft.Network/publicIPAddresses"
COSMOS_DB: Final = "Microsoft.DocumentDB/databaseAccounts"
SCALE_SET: Final = "Microsoft.Compute/virtualMachineScaleSets"
DISK: Final = "Microsoft.Compute/disks"
CLUSTER: Final = "Microsoft.ContainerService/managedClusters"


@dataclass(frozen=True)
class Service:
    """A resource that is no machine, before it is put in place."""

    resource_type: str
    name: str
    properties: dict[str, Any] = field(default_factory=dict)
    sku: dict[str, Any] | None = None
    kind: str = ""
    location: str | None = None
    """Where it is not in its group's region."""


def services(group: Group, rng: Random) -> Iterator[Service]:
    """What a resource group holds beside machines."""
    if group.subscription.name == vocabulary.SINGLE_MACHINE:
        yield _storage(group, 1)
    elif group.workload in vocabulary.NETWORK_WORKLOADS:
        yield from _network(group)
    elif group.workload in vocabulary.DATA_WORKLOADS:
        yield from _data(group, rng)
    else:
        yield from _application(group, rng)


def _application(group: Group, rng: Random) -> Iterator[Service]:
    slug = group.slug
    yield _public_address(f"pip-{slug}")
    yield _security_group(f"nsg-{slug}")
    for number in range(1, rng.randint(2, 3)):
        yield _storage(group, number)
    if rng.random() < 0.5:
        yield _vault(group)
    if rng.random() < 0.4:
        yield _disk(slug)
    if rng.random() < 0.55:
        yield from _sql(slug, databases=rng.randint(1, 3), tier=rng.choice(("GP_Gen5_2", "GP_Gen5_4", "BC_Gen5_2")))
    if rng.random() < 0.6:
        yield from _apps(slug, apps=rng.choice((0, 1, 2, 2, 3)), size=rng.choice(("P1v3", "P2v3", "S1")))


def _network(group: Group) -> Iterator[Service]:
    slug = group.slug
    for number in range(1, 5):
        yield Service(
            "Microsoft.Network/virtualNetworks",
            f"vnet-{slug}-{number:02}",
            {"addressSpace": {"addressPrefixes": [f"10.{number}0.0.0/16"]}, "provisioningState": "Succeeded"},
        )
        yield _security_group(f"nsg-{slug}-{number:02}")
        yield _public_address(f"pip-{slug}-{number:02}")
    yield Service(GATEWAY, f"vgw-{slug}", {"activeActive": False, "gatewayType": "Vpn", "vpnType": "RouteBased"})
    yield Service(
        "Microsoft.Network/trafficManagerProfiles",
        f"tm-{slug}",
        {"profileStatus": "Enabled", "dnsConfig": {"relativeName": slug, "ttl": 300}},
        location="global",
    )


def _data(group: Group, rng: Random) -> Iterator[Service]:
    slug = group.slug
    for number in range(1, 5):
        yield _storage(group, number)
    yield _vault(group)
    yield Service(
        COSMOS_DB,
        f"cosmos-{slug}",
        {"databaseAccountOfferType": "Standard", "enableFreeTier": False, "provisioningState": "Succeeded"},
        kind="GlobalDocumentDB",
    )
    yield Service("Microsoft.Cache/Redis", f"redis-{slug}", {"sku": {"name": "Standard", "family": "C", "capacity": 2}})
    for number in range(1, 3):
        yield Service(
            SCALE_SET,
            f"vmss-{slug}-{number:02}",
            {"orchestrationMode": "Uniform", "provisioningState": "Succeeded"},
            sku={"name": "Standard_D4s_v5", "tier": "Standard", "capacity": rng.randint(2, 8)},
        )
    yield Service(
        CLUSTER,
        f"aks-{slug}",
        {"kubernetesVersion": "1.30.4", "powerState": {"code": "Running"}, "provisioningState": "Succeeded"},
        sku={"name": "Base", "tier": "Standard"},
    )
    yield Service(
        "Microsoft.EventHub/namespaces", f"evh-{slug}", {"status": "Active"}, {"name": "Standard", "capacity": 1}
    )


def _storage(group: Group, number: int) -> Service:
    return Service(
        STORAGE,
        f"st{group.slug.replace('-', '')[:18]}{number:02}",
        {
            "supportsHttpsTrafficOnly": number % 2 == 1,
            "accessTier": "Hot",
            "encryption": {"keySource": "Microsoft.Storage"},
            "networkAcls": {"bypass": "AzureServices", "defaultAction": "Allow", "ipRules": []},
            "provisioningState": "Succeeded",
        },
        sku={"name": "Standard_LRS" if number % 2 else "Standard_GRS", "tier": "Standard"},
        kind="StorageV2",
    )


def _vault(group: Group) -> Service:
    return Service(
        "Microsoft.KeyVault/vaults",
        f"kv-{group.slug}",
        {"sku": {"family": "A", "name": "standard"}, "enableSoftDelete": True, "accessPolicies": []},
    )


def _public_address(name: str) -> Service:
    return Service(
        PUBLIC_ADDRESS,
        name,
        {"publicIPAllocationMethod": "Static", "publicIPAddressVersion": "IPv4", "provisioningState": "Succeeded"},
        sku={"name": "Standard", "tier": "Regional"},
    )


def _security_group(name: str) -> Service:
    return Service(SECURITY_GROUP, name, {"securityRules": [], "provisioningState": "Succeeded"})


def _disk(slug: str) -> Service:
    """A disk that hangs on no machine."""
    return Service(
        DISK,
        f"disk-{slug}-old",
        {"diskSizeGB": 256, "diskState": "Unattached", "provisioningState": "Succeeded"},
        sku={"name": "StandardSSD_LRS", "tier": "Standard"},
    )


def _sql(slug: str, *, databases: int, tier: str) -> Iterator[Service]:
    yield Service(SQL_SERVER, f"sql-{slug}", {"version": "12.0", "state": "Ready"}, kind="v12.0")
    for number in range(1, databases + 1):
        yield Service(
            SQL_DATABASE,
            f"sql-{slug}/sqldb-{slug}-{number:02}",
            {"status": "Online", "maxSizeBytes": 34_359_738_368, "zoneRedundant": False},
            sku={
                "name": tier,
                "tier": "GeneralPurpose" if tier.startswith("GP") else "BusinessCritical",
                "family": "Gen5",
            },
            kind="v12.0,user,vcore",
        )


def _apps(slug: str, *, apps: int, size: str) -> Iterator[Service]:
    yield Service(
        APP_PLAN,
        f"asp-{slug}",
        {"numberOfSites": apps, "status": "Ready", "provisioningState": "Succeeded"},
        sku={"name": size, "tier": "PremiumV3" if size.endswith("v3") else "Standard", "capacity": 1},
        kind="linux",
    )
    for number in range(1, apps + 1):
        name = f"app-{slug}-{number:02}"
        yield Service(APP, name, {"state": "Running", "defaultHostName": f"{name}.azurewebsites.net"}, kind="app,linux")
