"""An Azure of any size at once, for measuring rather than for showing: each row is a function of its number.

Belongs here: what such a row holds. There is no story behind it: it stands still but for Advisor's daily refresh.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from finance_ppm.sandbox.azure.estate import Row
from finance_ppm.sandbox.estate import recommendation, wire
from finance_ppm.sandbox.estate.recommendation import VIRTUAL_MACHINE

GROUP_SIZE: Final = 50
"""Resources in a resource group."""

SUPPRESSED_EVERY: Final = 40
"""One recommendation in so many is suppressed."""

_MANAGEMENT_GROUP: Final = 100
"""Subscriptions in a management group."""
_REGIONS: Final = ("eastus2", "westeurope", "southeastasia")
_SIZES: Final = ("Standard_D2s_v5", "Standard_D4s_v5", "Standard_E4s_v5", "Standard_B2ms")
_KINDS: Final = (
    recommendation.RIGHT_SIZE,
    recommendation.RESERVE_MACHINES,
    recommendation.JUST_IN_TIME,
    recommendation.SAVINGS_PLAN,
    recommendation.REPLICATION,
    recommendation.VULNERABILITIES,
)


@dataclass(frozen=True)
class BulkEstate:
    """So many resources and recommendations, spread evenly over subscriptions. It holds four numbers and no rows."""

    resources: int
    recommendations: int
    subscription_count: int
    seed: int

    @property
    def tenant_id(self) -> str:
        """The tenant."""
        return self._guid(0, 0)

    def subscriptions(self, now: datetime) -> Mapping[str, str]:  # noqa: ARG002 - stands still
        """Subscription id to name."""
        return {self._guid(1, index): f"Bulk {index:05}" for index in range(self.subscription_count)}

    def management_groups(self) -> Mapping[str, Iterable[str]]:
        """A hundred subscriptions in each."""
        return {
            f"mg-bulk-{first // _MANAGEMENT_GROUP:03}": [
                self._guid(1, index) for index in range(first, min(first + _MANAGEMENT_GROUP, self.subscription_count))
            ]
            for first in range(0, self.subscription_count, _MANAGEMENT_GROUP)
        }

    def rows(self, table: str, subscription_id: str, now: datetime) -> Iterable[Row]:
        """One subscription's rows, made while they are read.

        ``advisorresources`` holds, beside the recommendations, a suppression of one in ``SUPPRESSED_EVERY`` and one
        configuration of the subscription.
        """
        index = self._index(subscription_id)
        tables = {"resources": self._resources, "resourcecontainers": self._containers}
        if index is None:
            return ()
        if table.lower() == "advisorresources":
            return self._advice(subscription_id.lower(), index, _midnight(now))
        return tables[table.lower()](subscription_id.lower(), index) if table.lower() in tables else ()

    def version(self, now: datetime) -> Hashable:
        """The rows are the same throughout a day."""
        return _midnight(now)

    def _guid(self, what: int, number: int) -> str:
        return f"{self.seed % (1 << 32):08x}-{what:04x}-4000-8000-{number:012x}"

    def _index(self, subscription_id: str) -> int | None:
        """The number in a subscription's id; None for one that is not ours."""
        try:
            index = int(subscription_id.rsplit("-", 1)[-1], 16)
        except ValueError:
            return None
        known = index < self.subscription_count and self._guid(1, index) == subscription_id.lower()
        return index if known else None

    def _share(self, total: int, index: int) -> range:
        """The numbers that fall to one subscription."""
        return range(total * index // self.subscription_count, total * (index + 1) // self.subscription_count)

    def _containers(self, subscription_id: str, index: int) -> Iterator[Row]:
        row = wire.row(
            resource_id=f"/subscriptions/{subscription_id}",
            resource_type="microsoft.resources/subscriptions",
            tenant_id=self.tenant_id,
            tags={"environment": "prod", "ppm-project": f"Bulk project {index % 200}"} if index % 3 == 0 else None,
            properties={"state": "Enabled"},
        )
        yield {**row, "name": f"Bulk {index:05}"}
        for number in sorted({number // GROUP_SIZE for number in self._share(self.resources, index)}):
            yield wire.row(
                resource_id=wire.group_id(subscription_id, f"rg-bulk-{number:06}"),
                resource_type="microsoft.resources/subscriptions/resourcegroups",
                tenant_id=self.tenant_id,
                location=_REGIONS[index % 3],
                tags={"PPM-Project": f"Bulk project {number % 200}"} if number % 2 else None,
                properties={"provisioningState": "Succeeded"},
            )

    def _resources(self, subscription_id: str, index: int) -> Iterator[Row]:
        region = _REGIONS[index % 3]
        for number in self._share(self.resources, index):
            group = f"rg-bulk-{number // GROUP_SIZE:06}"
            tags = {"environment": "prod", "owner": "platform"}
            if number % 4 == 0:
                tags["ppm-project"] = f"Bulk project {number % 200}"
            if number % 3 == 0:
                yield wire.row(
                    resource_id=wire.arm_id(subscription_id, group, VIRTUAL_MACHINE, f"vm-bulk-{number:08}"),
                    resource_type=VIRTUAL_MACHINE,
                    tenant_id=self.tenant_id,
                    location=region,
                    tags=tags,
                    properties={
                        "hardwareProfile": {"vmSize": _SIZES[number // 3 % 4]},
                        "provisioningState": "Succeeded",
                        "vmId": self._guid(2, number),
                        "timeCreated": "2024-03-11T08:41:27.1830456Z",
                    },
                )
            else:
                disk = "Microsoft.Compute/disks"
                yield wire.row(
                    resource_id=wire.arm_id(subscription_id, group, disk, f"disk-bulk-{number:08}"),
                    resource_type=disk,
                    tenant_id=self.tenant_id,
                    location=region,
                    sku={"name": "Premium_LRS", "tier": "Premium"},
                    tags=tags,
                    properties={
                        "diskSizeGB": 64 << number % 4,
                        "diskState": "Attached",
                        "provisioningState": "Succeeded",
                    },
                )

    def _advice(self, subscription_id: str, index: int, today: datetime) -> Iterator[Row]:
        on = f"/subscriptions/{subscription_id}"
        yield recommendation.configuration(on, tenant_id=self.tenant_id, low_cpu_threshold="20")
        machines = [number for number in self._share(self.resources, index) if number % 3 == 0]
        for number in self._share(self.recommendations, index):
            row = self._recommendation(subscription_id, index, number, machines, today)
            yield row
            if number % SUPPRESSED_EVERY == 0:
                identity = self._guid(4, number)
                yield recommendation.suppression(
                    row["id"],
                    name=identity,
                    suppression_id=identity,
                    tenant_id=self.tenant_id,
                    created=today - timedelta(3),
                    days=-1 if number % 3 else 90,
                )

    def _recommendation(
        self, subscription_id: str, index: int, number: int, machines: list[int], today: datetime
    ) -> Row:
        kind, region = _KINDS[number % len(_KINDS)], _REGIONS[index % 3]
        turn = number // len(_KINDS)
        on, extended = f"/subscriptions/{subscription_id}", None
        size, annual = _SIZES[turn % 4], Decimal(100 + number * 37 % 4000)
        term, lookback = ("P1Y", "P3Y")[turn % 2], (7, 30, 60)[turn % 3]
        if kind is recommendation.RESERVE_MACHINES:
            extended = recommendation.reservation(
                subscription_id=subscription_id, reserved="virtualmachines", sku=size, region=region, quantity=3,
                term=term, lookback=lookback, scope="Single", annual=annual, currency="USD",
            )  # fmt: skip
        elif kind is recommendation.SAVINGS_PLAN:
            extended = recommendation.savings_plan(
                subscription_id=subscription_id, term=term, lookback=lookback, scope="Shared", annual=annual,
                currency="USD",
            )  # fmt: skip
        elif machines:
            machine = machines[turn % len(machines)]
            group = f"rg-bulk-{machine // GROUP_SIZE:06}"
            on = wire.arm_id(subscription_id, group, VIRTUAL_MACHINE, f"vm-bulk-{machine:08}")
        if kind is recommendation.RIGHT_SIZE:
            extended = recommendation.sku_change(
                current="Standard_D4s_v5", target="Standard_D2s_v5", region=region,
                max_cpu=Decimal(number % 30), annual=annual, currency="USD",
            )  # fmt: skip
        return recommendation.recommendation(
            kind,
            resource_id=on,
            name=self._guid(3, number),
            tenant_id=self.tenant_id,
            last_updated=today - timedelta(hours=6, microseconds=number % 1_000_000),
            extended=extended,
        )


def _midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def bulk_estate(*, resources: int, recommendations: int, subscriptions: int, seed: int = 7) -> BulkEstate:
    """An estate with exactly so many resources and recommendations; resource groups and suppressions come beside.

    Rows are made on demand. Raises ValueError for negative numbers or without a subscription.
    """
    if subscriptions < 1 or resources < 0 or recommendations < 0:
        raise ValueError("A bulk estate needs a subscription, and no negative number of anything.")
    return BulkEstate(resources, recommendations, subscriptions, seed)
