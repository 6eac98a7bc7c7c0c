"""Virtual machines, with the disks and network interfaces that come and go with them.

Belongs here: what becomes of a machine, and the rows that show it. What Advisor says of it is ``advice``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum, auto
from random import Random
from typing import Any, Final

from finance_ppm.sandbox.azure.estate import Row
from finance_ppm.sandbox.estate import services, tagging, vocabulary, wire
from finance_ppm.sandbox.estate.landscape import Group, Landscape
from finance_ppm.sandbox.estate.recommendation import VIRTUAL_MACHINE
from finance_ppm.sandbox.estate.tales import DAYS_AHEAD, DAYS_BEHIND, EVER, Span, Told, guid, in_turn
from finance_ppm.sandbox.portfolio.timeline import dice

INTERFACE: Final = "Microsoft.Network/networkInterfaces"


class Role(Enum):
    """What Advisor has to say about a machine's use."""

    WELL_USED = auto()
    OVERSIZED = auto()
    """Another size would do."""
    IDLE = auto()
    """It could be shut down."""
    OVERSIZED_OR_IDLE = auto()
    """Advisor says both."""
    TOLD_TWICE = auto()
    """Two sources say that another size would do."""
    FOLLOWED = auto()
    """It is resized, as Advisor said."""


_U = Role.WELL_USED
ROLES: Final = (
    _U, Role.OVERSIZED, _U, _U, Role.IDLE, _U, Role.FOLLOWED, _U, _U, Role.OVERSIZED_OR_IDLE, _U, _U, Role.OVERSIZED,
    _U, Role.TOLD_TWICE, _U, _U, Role.IDLE, _U, Role.FOLLOWED, _U, Role.OVERSIZED, _U,
)  # fmt: skip
"""In turn from machine to machine."""


@dataclass(frozen=True)
class Machine:
    """A virtual machine and what becomes of it."""

    group: Group
    name: str
    size: str
    span: Span
    role: Role
    resized: datetime = EVER
    """When it takes the next smaller size."""
    disk_left_until: datetime | None = None
    """Its disk is left behind until then."""
    tags: tagging.Tags | None = None

    @property
    def id(self) -> str:
        """Its id."""
        return wire.arm_id(self.group.subscription.id, self.group.name, VIRTUAL_MACHINE, self.name)

    @property
    def disk_id(self) -> str:
        """Id of the disk it starts from."""
        return wire.arm_id(self.group.subscription.id, self.group.name, services.DISK, f"{self.name}-osdisk")

    @property
    def disk_span(self) -> Span:
        """How long its disk lives."""
        return Span(self.span.since, self.disk_left_until or self.span.until)


def monthly_price(size: str, currency: str) -> Decimal:
    """What a machine costs a month by the price list."""
    return (vocabulary.MONTHLY_PRICE[size] * vocabulary.RATE[currency]).quantize(Decimal("0.01"))


def machines(landscape: Landscape) -> list[Machine]:
    """Every machine of the story."""
    found: list[Machine] = []
    for group in landscape.groups:
        if group.workload in vocabulary.NETWORK_WORKLOADS | vocabulary.DATA_WORKLOADS:
            continue
        rng = dice(landscape.seed, "machines", group.id)
        sizes = vocabulary.SIZES[group.subscription.billed.environment]
        size = rng.choice(sizes[:2])
        single = group.subscription.name == vocabulary.SINGLE_MACHINE
        for number in range(1, 2 if single else rng.randint(3, 6)):
            if single:
                name = f"vm-{group.slug}-01"
                found.append(Machine(group, name, "Standard_D4s_v5", group.span, Role.WELL_USED))
            else:
                role = ROLES[len(found) % len(ROLES)]
                wanted = size if rng.random() < 0.8 else rng.choice(sizes)
                found.append(_machine(landscape, group, rng, number=number, size=wanted, role=role))
    return [machine for machine in found if machine.span]


def _machine(landscape: Landscape, group: Group, rng: Random, *, number: int, size: str, role: Role) -> Machine:
    calendar = landscape.calendar
    life = Span(group.span.since + timedelta(minutes=2 + 3 * number))
    if rng.random() < 0.22:
        life = Span(calendar.moment(rng, -DAYS_BEHIND, DAYS_AHEAD - 10))
    if rng.random() < 0.20 and role is not Role.FOLLOWED:
        life = Span(life.since, max(life.since + timedelta(9), calendar.moment(rng, -190, DAYS_AHEAD - 15)))
    span = life.within(group.span)
    left_until = None
    if span.until < group.span.until and rng.random() < 0.6:
        left_until = min(span.until + timedelta(rng.randint(40, 250)), group.span.until)
    return Machine(
        group=group,
        name=f"vm-{group.slug}-{number:02}",
        size=size,
        span=span,
        role=role,
        resized=calendar.moment(rng, -150, DAYS_AHEAD - 40) if role is Role.FOLLOWED else EVER,
        disk_left_until=left_until,
        tags=tagging.ordinary(group.subscription.billed.environment, rng)
        | tagging.of_resource(group.style, group.project, group.others, rng),
    )


def tales(machine: Machine, tenant_id: str) -> Iterator[Told]:
    """The rows of a machine, its disk and its network interface."""
    before, after = Span(machine.span.since, machine.resized), Span(machine.resized, machine.span.until)
    resized = vocabulary.SMALLER.get(machine.size, machine.size)
    rows = [
        (_machine_row(machine, machine.size, tenant_id), before),
        (_machine_row(machine, resized, tenant_id), after),
    ]
    yield from in_turn(rows, machine.span)
    used, left = machine.span, Span(machine.span.until, machine.disk_span.until)
    rows = [(_disk_row(machine, tenant_id, attached=True), used), (_disk_row(machine, tenant_id, attached=False), left)]
    yield from in_turn(rows, machine.disk_span)
    yield from in_turn([(_interface_row(machine, tenant_id), machine.span)], machine.span)


def _machine_row(machine: Machine, size: str, tenant_id: str) -> Row:
    group = machine.group
    interface = wire.arm_id(group.subscription.id, group.name, INTERFACE, f"nic-{machine.name}")
    return wire.row(
        resource_id=machine.id,
        resource_type=VIRTUAL_MACHINE,
        tenant_id=tenant_id,
        location=group.region,
        tags=machine.tags or None,
        identity={"type": "SystemAssigned", "principalId": guid(machine.id, "principal"), "tenantId": tenant_id},
        zones=["1"] if group.subscription.billed.environment == "prod" else None,
        properties={
            "vmId": guid(machine.id, "vm"),
            "hardwareProfile": {"vmSize": size.lower() if machine.name.endswith("4") else size},
            "storageProfile": {
                "imageReference": {"publisher": "Canonical", "offer": "ubuntu-24_04-lts", "sku": "server"},
                "osDisk": {
                    "osType": "Linux", "name": f"{machine.name}-osdisk", "createOption": "FromImage",
                    "managedDisk": {"id": machine.disk_id, "storageAccountType": "Premium_LRS"}, "diskSizeGB": 64,
                },
                "dataDisks": [],
            },
            "osProfile": {"computerName": machine.name, "adminUsername": "operator"},
            "networkProfile": {"networkInterfaces": [{"id": interface}]},
            "provisioningState": "Succeeded",
            "timeCreated": machine.span.since.isoformat(),
            "extended": {"instanceView": {"powerState": {"code": "PowerState/running", "displayStatus": "VM running"}}},
        },
    )  # fmt: skip


def _disk_row(machine: Machine, tenant_id: str, *, attached: bool) -> Row:
    properties: dict[str, Any] = {
        "osType": "Linux",
        "creationData": {"createOption": "FromImage"},
        "diskSizeGB": 64,
        "diskIOPSReadWrite": 240,
        "provisioningState": "Succeeded",
        "timeCreated": machine.span.since.isoformat(),
        "diskState": "Attached" if attached else "Unattached",
    }
    return wire.row(
        resource_id=machine.disk_id,
        resource_type=services.DISK,
        tenant_id=tenant_id,
        location=machine.group.region,
        managed_by=machine.id if attached else "",
        sku={"name": "Premium_LRS", "tier": "Premium"},
        tags=machine.tags or None,
        properties=properties,
    )


def _interface_row(machine: Machine, tenant_id: str) -> Row:
    group = machine.group
    return wire.row(
        resource_id=wire.arm_id(group.subscription.id, group.name, INTERFACE, f"nic-{machine.name}"),
        resource_type=INTERFACE,
        tenant_id=tenant_id,
        location=group.region,
        properties={
            "primary": True,
            "enableAcceleratedNetworking": False,
            "virtualMachine": {"id": machine.id},
            "provisioningState": "Succeeded",
        },
    )
