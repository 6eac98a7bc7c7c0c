"""What Advisor says of single resources: resize it, shut it down, delete it, protect it.

Belongs here: which resource gets which recommendation, and when it is said. Reservations and savings plans, which are
said of whole subscriptions, are ``commitments``.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final

from finance_ppm.sandbox.azure.estate import Row
from finance_ppm.sandbox.estate import recommendation, services, vocabulary
from finance_ppm.sandbox.estate.inventory import Inventory, Placed
from finance_ppm.sandbox.estate.landscape import Subscription
from finance_ppm.sandbox.estate.machines import Machine, Role, monthly_price
from finance_ppm.sandbox.estate.recommendation import Kind
from finance_ppm.sandbox.estate.tales import DAYS_AHEAD, DAYS_BEHIND, EVER, NEVER, Calendar, Span, guid, hour_of
from finance_ppm.sandbox.portfolio.timeline import dice

PATIENCE: Final = timedelta(30)
"""How long a disk hangs on nothing before Advisor mentions it."""

REMEMBERED: Final = timedelta(90)
"""How long what was followed is still told, as completed."""

_CPU: Final = tuple(map(Decimal, ("2.64", "3.42", "5", "4.5", "7.2", "10", "5", "12.4", "10", "17.35")))
_IDLE_CPU: Final = tuple(map(Decimal, ("0.31", "0.8", "1.42", "2.2", "2.9")))
"""Advisor recommends a shutdown below 3 percent: https://learn.microsoft.com/azure/advisor/advisor-cost-recommendations."""

_LOSSES: Final = ("regionId", "MaxMemoryP95", "savingsAmount", "recommendationMessage", "MaxCpuP95", "targetSku")
"""Keys that are missing here and there."""

_OF_MACHINES: Final = (
    (recommendation.ACCELERATED_NETWORKING, 0.8),
    (recommendation.REPLICATION, 0.8),
    (recommendation.JUST_IN_TIME, 0.65),
    (recommendation.VULNERABILITIES, 0.75),
)
_OF_SERVICES: Final = {
    services.STORAGE: (
        (recommendation.PUBLIC_BLOBS, 0.7),
        (recommendation.SECURE_TRANSFER, 0.6),
        (recommendation.PREMIUM_BLOBS, 0.4),
    ),
    services.APP: ((recommendation.DEPLOYMENT_SLOTS, 0.9),),
    services.SECURITY_GROUP: ((recommendation.TRAFFIC_ANALYTICS, 0.8),),
    services.GATEWAY: ((recommendation.ACTIVE_GATEWAYS, 1.0),),
}


@dataclass(frozen=True)
class Advice:
    """A recommendation over time. Its id stays the same when it returns."""

    kind: Kind
    resource_id: str
    name: str
    tenant_id: str
    spans: tuple[Span, ...]
    """When there is something to be done."""
    extended: dict[str, str] | None = None
    impacted_field: str | None = None
    impacted_value: str | None = None
    source: str | None = None
    tracked: bool | None = None
    lower_id: bool = False
    lag: timedelta = timedelta()
    """How far behind Advisor's refresh of it is."""
    completed: Span = NEVER
    """When it is still told, though it is done."""
    dismissed: Span = NEVER
    """When nobody wants to hear of it."""

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.row(self.spans[0].since)["id"])

    @property
    def life(self) -> Span:
        """From the first time that there is something to be done to the last."""
        return Span(self.spans[0].since, self.spans[-1].until)

    def is_open(self, now: datetime) -> bool:
        """Whether there is something to be done at ``now``."""
        return any(now in span for span in self.spans)

    def lives(self, now: datetime) -> bool:
        """Whether it is told at ``now``."""
        return self.is_open(now) or now in self.completed

    def row(self, now: datetime) -> Row:
        """The row: the same at any moment but for its status and the time of its last refresh."""
        return recommendation.recommendation(
            self.kind,
            resource_id=self.resource_id,
            name=self.name,
            tenant_id=self.tenant_id,
            last_updated=self._refreshed(now),
            extended=None if self.extended is None else dict(self.extended),
            impacted_field=self.impacted_field,
            impacted_value=self.impacted_value,
            source=self.source,
            tracked=self.tracked,
            lower_id=self.lower_id,
            status=self._status(now),
        )

    def spans_told(self) -> Iterable[Span]:
        """When it is told, and when with another status."""
        return (*self.spans, self.completed, self.dismissed)

    def _status(self, now: datetime) -> Mapping[str, str]:
        if now in self.completed:
            return recommendation.COMPLETED
        return recommendation.DISMISSED if now in self.dismissed else recommendation.NEW

    def _refreshed(self, now: datetime) -> datetime:
        """Advisor looks at everything once a day, at a time of its own."""
        after_midnight = timedelta(microseconds=int(self.name[:8], 16) * 20)
        today = datetime.combine(now.date(), time(), UTC) + after_midnight
        return (today if today <= hour_of(now) else today - timedelta(1)) - self.lag


def advice(inventory: Inventory, subscription: Subscription) -> Iterator[Advice]:
    """Everything that Advisor ever says of the subscription's resources."""
    teller = _Teller(inventory)
    for number, machine in enumerate(inventory.machines):
        if machine.group.subscription is subscription:
            yield from teller.of_machine(machine, number)
    for number, placed in enumerate(inventory.placed):
        if placed.group.subscription is subscription:
            yield from teller.of_service(placed, number)
    yield from teller.of_subscription(subscription)


@dataclass(frozen=True)
class _Teller:
    inventory: Inventory

    @property
    def calendar(self) -> Calendar:
        return self.inventory.landscape.calendar

    def of_machine(self, machine: Machine, number: int) -> Iterator[Advice]:
        rng = dice(self.inventory.landscape.seed, "advice", machine.id)
        if machine.group.subscription.name == vocabulary.SINGLE_MACHINE:
            return
        yield from self._of_use(machine, number, rng)
        for kind, likelihood in _OF_MACHINES:
            if rng.random() < likelihood:
                yield from self._told(kind, machine.id, self._episodes(rng, number).of(machine.span), rng)
        if machine.disk_left_until is not None:
            lonely = Span(machine.span.until + PATIENCE, machine.disk_left_until)
            extended: dict[str, str] | None = {} if number % 2 else None
            yield from self._told(recommendation.UNATTACHED_DISK, machine.disk_id, (lonely,), rng, extended=extended)

    def _of_use(self, machine: Machine, number: int, rng: Random) -> Iterator[Advice]:
        """Resize it, shut it down, or both."""
        if machine.role is Role.WELL_USED or machine.size not in vocabulary.SMALLER:
            return
        spans = self._use_spans(machine, rng).of(machine.span)
        resize, stop = self._resize(machine, number, rng), self._stop(machine, rng)
        if machine.role is not Role.IDLE:
            done = Span(machine.resized, machine.resized + REMEMBERED) if machine.role is Role.FOLLOWED else NEVER
            done = done.within(machine.span)
            yield from self._told(recommendation.RIGHT_SIZE, machine.id, spans, rng, extended=resize, completed=done)
        if machine.role is Role.TOLD_TWICE:
            yield from self._told(
                recommendation.RIGHT_SIZE, machine.id, spans, rng, extended=resize, source="Microsoft.CostManagement"
            )
        if machine.role in (Role.IDLE, Role.OVERSIZED_OR_IDLE):
            yield from self._told(recommendation.RIGHT_SIZE, machine.id, spans, rng, extended=stop, variant="shutdown")

    def _use_spans(self, machine: Machine, rng: Random) -> "_Episodes":
        if machine.role is Role.FOLLOWED:
            return _Episodes((Span(machine.resized - timedelta(rng.randint(25, 110)), machine.resized),))
        if machine.role in (Role.OVERSIZED_OR_IDLE, Role.TOLD_TWICE):
            moment = self.calendar.moment
            return _Episodes((Span(moment(rng, -120, -30), moment(rng, 60, DAYS_AHEAD)),))
        return self._episodes(rng, rng.randrange(1000), typical=220)

    def _resize(self, machine: Machine, number: int, rng: Random) -> dict[str, str]:
        currency = machine.group.subscription.billed.currency
        target = vocabulary.SMALLER[machine.size]
        annual = 12 * (monthly_price(machine.size, currency) - monthly_price(target, currency))
        told = recommendation.sku_change(
            current=machine.size,
            target=target,
            region=machine.group.region,
            max_cpu=rng.choice(_CPU),
            annual=None if number % 5 == 3 else annual,
            currency=currency,
        )
        if number % 5 == 2:
            told.pop(_LOSSES[number // 5 % len(_LOSSES)], None)
        return told

    def _stop(self, machine: Machine, rng: Random) -> dict[str, str]:
        currency = machine.group.subscription.billed.currency
        return recommendation.shutdown(
            current=machine.size,
            region=machine.group.region,
            max_cpu=rng.choice(_IDLE_CPU),
            annual=12 * monthly_price(machine.size, currency),
            currency=currency,
        )

    def of_service(self, placed: Placed, number: int) -> Iterator[Advice]:
        rng = dice(self.inventory.landscape.seed, "advice", placed.id)
        if placed.group.subscription.name == vocabulary.SINGLE_MACHINE:
            return
        service = placed.service
        for kind, likelihood in _OF_SERVICES.get(service.resource_type, ()):
            if rng.random() < likelihood:
                yield from self._told(kind, placed.id, self._episodes(rng, number).of(placed.span), rng)
        unused = Span(placed.span.since + PATIENCE, placed.span.until)
        if service.resource_type == services.DISK:
            yield from self._told(recommendation.UNATTACHED_DISK, placed.id, (unused,), rng, extended={})
        currency = placed.group.subscription.billed.currency
        if service.resource_type == services.APP_PLAN and not service.properties["numberOfSites"]:
            annual = rng.randint(600, 2400) * vocabulary.RATE[currency]
            extended = recommendation.amounts(annual.quantize(Decimal("0.01")), currency)
            yield from self._told(recommendation.EMPTY_PLAN, placed.id, (unused,), rng, extended=extended)
        if service.sku is not None and service.resource_type == services.SCALE_SET:
            spans = self._episodes(rng, number, typical=260).of(placed.span)
            extended = self._shrink(placed, service.sku, rng)
            yield from self._told(recommendation.RIGHT_SIZE_SCALE_SET, placed.id, spans, rng, extended=extended)

    def _shrink(self, placed: Placed, sku: dict[str, Any], rng: Random) -> dict[str, str]:
        """Smaller machines for a scale set."""
        currency, current = placed.group.subscription.billed.currency, sku["name"]
        target = vocabulary.SMALLER[current]
        saved = monthly_price(current, currency) - monthly_price(target, currency)
        return recommendation.sku_change(
            current=current,
            target=target,
            region=placed.group.region,
            max_cpu=rng.choice(_CPU),
            annual=12 * sku["capacity"] * saved,
            currency=currency,
        )

    def of_subscription(self, subscription: Subscription) -> Iterator[Advice]:
        if subscription.name == vocabulary.SINGLE_MACHINE:
            return
        rng = dice(self.inventory.landscape.seed, "advice", subscription.id)
        on = f"/subscriptions/{subscription.id}"
        lasting = Span(self.calendar.moment(rng, -300, -100), EVER).within(subscription.span)
        is_for_tests = subscription.billed.environment == "test"  # nobody wants policies on tags there
        dismissed = Span(lasting.since + timedelta(20)).within(lasting) if is_for_tests else NEVER
        yield from self._told(recommendation.TAG_POLICY, on, (lasting,), rng, dismissed=dismissed)

    def _told(
        self,
        kind: Kind,
        resource_id: str,
        spans: tuple[Span, ...],
        rng: Random,
        *,
        extended: dict[str, str] | None = None,
        source: str | None = None,
        variant: str = "",
        completed: Span = NEVER,
        dismissed: Span = NEVER,
    ) -> Iterator[Advice]:
        """The recommendation, in one of the ways that rows are written."""
        if not (spans := tuple(span for span in spans if span)):
            return
        landscape = self.inventory.landscape
        way = rng.randrange(60)
        fields = {1: kind.impacted_field.lower(), 2: kind.impacted_field.upper()}
        yield Advice(
            kind,
            resource_id,
            guid(landscape.seed, kind.type_id, resource_id, variant, source or ""),
            landscape.tenant_id,
            spans,
            extended,
            impacted_field=fields.get(way % 3),
            impacted_value="" if way % 13 == 4 or kind is recommendation.TAG_POLICY else None,
            source=source,
            tracked={3: True, 4: False, 5: False}.get(way % 20),
            lower_id=way % 2 == 0,
            lag=timedelta(4 if way % 17 == 9 else 0),
            completed=completed,
            dismissed=dismissed,
        )

    def _episodes(self, rng: Random, number: int, typical: int = 190) -> "_Episodes":
        """When something is said, in days around the anchor; once in a while it is said again after a pause."""
        moment = self.calendar.moment
        if number % 17 == 6:
            first = Span(moment(rng, -210, -90), moment(rng, -74, -66))
            return _Episodes((first, Span(moment(rng, -20, -2), moment(rng, 70, DAYS_AHEAD))))
        since = moment(rng, -DAYS_BEHIND - 150, DAYS_AHEAD - 10)
        until = since + timedelta(rng.randint(typical // 3, typical * 5 // 3))
        if rng.random() < 0.10:
            again = until + timedelta(rng.randint(25, 60))
            return _Episodes((Span(since, until), Span(again, again + timedelta(rng.randint(30, typical)))))
        return _Episodes((Span(since, until),))


@dataclass(frozen=True)
class _Episodes:
    spans: tuple[Span, ...]

    def of(self, life: Span) -> tuple[Span, ...]:
        """What of them falls into the life of a resource."""
        return tuple(part for span in self.spans if (part := span.within(life)))
