"""Everything that stands in the resource groups, with its life.

Belongs here: how long each resource is there and which tags it has, and the rows of ``resources``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from finance_ppm.sandbox.estate import machines, tagging, vocabulary, wire
from finance_ppm.sandbox.estate.landscape import Group, Landscape, Subscription
from finance_ppm.sandbox.estate.machines import Machine
from finance_ppm.sandbox.estate.services import Service, services
from finance_ppm.sandbox.estate.tales import DAYS_AHEAD, DAYS_BEHIND, Span, Told
from finance_ppm.sandbox.portfolio.timeline import dice

_JOINED = ("Microsoft.Sql/", "Microsoft.Web/")
"""Providers whose resources are parts of each other, and so stay as long as their group."""


@dataclass(frozen=True)
class Placed:
    """A service in its resource group."""

    group: Group
    service: Service
    span: Span
    tags: tagging.Tags

    @property
    def id(self) -> str:
        """Its id."""
        return wire.arm_id(self.group.subscription.id, self.group.name, self.service.resource_type, self.service.name)

    def tale(self, tenant_id: str) -> Told:
        """Its row."""
        row = wire.row(
            resource_id=self.id,
            resource_type=self.service.resource_type,
            tenant_id=tenant_id,
            location=self.service.location or self.group.region,
            kind=self.service.kind,
            sku=self.service.sku,
            tags=self.tags,
            properties=self.service.properties,
        )
        return Told.of(row, self.span)


@dataclass(frozen=True)
class Inventory:
    """Everything that is ever there."""

    landscape: Landscape
    machines: tuple[Machine, ...]
    placed: tuple[Placed, ...]

    @classmethod
    def of(cls, landscape: Landscape) -> "Inventory":
        """What stands in a landscape."""
        placed = tuple(each for group in landscape.groups for each in _placed(landscape, group))
        return cls(landscape, tuple(machines.machines(landscape)), placed)

    def tales(self, subscription: Subscription) -> Iterator[Told]:
        """The rows of ``resources`` of a subscription."""
        tenant_id = self.landscape.tenant_id
        for machine in self.machines:
            if machine.group.subscription is subscription:
                yield from machines.tales(machine, tenant_id)
        for placed in self.placed:
            if placed.group.subscription is subscription:
                yield placed.tale(tenant_id)


def _placed(landscape: Landscape, group: Group) -> Iterator[Placed]:
    rng = dice(landscape.seed, "services", group.id)
    environment = group.subscription.billed.environment
    for index, service in enumerate(services(group, rng)):
        life = Span(group.span.since + timedelta(minutes=1 + index))
        if group.subscription.name != vocabulary.SINGLE_MACHINE and not service.resource_type.startswith(_JOINED):
            if rng.random() < 0.14:
                life = Span(landscape.calendar.moment(rng, -DAYS_BEHIND, DAYS_AHEAD - 10))
            if rng.random() < 0.12:
                gone = landscape.calendar.moment(rng, -190, DAYS_AHEAD - 15)
                life = Span(life.since, max(life.since + timedelta(9), gone))
        tags = tagging.ordinary(environment, rng) | tagging.of_resource(group.style, group.project, group.others, rng)
        span = life.within(group.span)
        if span:
            yield Placed(group, service, span, tags)
