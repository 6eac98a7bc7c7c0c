"""What Advisor says to buy ahead: reservations and savings plans, in all the variants it tells of one need.

Belongs here: offers on a subscription. One need appears in two terms, three look-backs and often two scopes, and a
savings plan would cover the same machines: none of it may be added up.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from itertools import product
from random import Random
from typing import Final

from finance_ppm.sandbox.estate import recommendation, services, vocabulary
from finance_ppm.sandbox.estate.advice import Advice
from finance_ppm.sandbox.estate.inventory import Inventory
from finance_ppm.sandbox.estate.landscape import Subscription
from finance_ppm.sandbox.estate.machines import Machine, monthly_price
from finance_ppm.sandbox.estate.recommendation import Kind
from finance_ppm.sandbox.estate.tales import DAYS_AHEAD, EVER, Span, guid
from finance_ppm.sandbox.portfolio.timeline import dice

TERMS: Final = ("P1Y", "P3Y")
LOOKBACKS: Final = (7, 30, 60)

FEWEST_MACHINES: Final = 4
"""Machines of one size in one region that are worth a reservation."""

MOST_OFFERS: Final = 2
"""Sizes and regions for which one subscription has offers."""

MEASURED_RESERVATIONS: Final = {
    ("P3Y", 7): 903, ("P3Y", 30): 903, ("P3Y", 60): 869,
    ("P1Y", 7): 598, ("P1Y", 30): 598, ("P1Y", 60): 575,
}  # fmt: skip
MEASURED_PLANS: Final = {("P3Y", 30): 651, ("P1Y", 30): 444}
"""One need for one machine: eight rows that add up to 5,541 USD a year. 903 can be had with a term of three years, 598
with one year and 30 days of usage. The sums are those of a recorded need; how they fall on the rows is invented."""

_FEWEST_SERVICES: Final = {services.SQL_DATABASE: 6, services.COSMOS_DB: 1, services.APP: 6}
_DISCOUNT: Final = {"P1Y": Decimal("0.37"), "P3Y": Decimal("0.58")}
_PLAN_DISCOUNT: Final = {"P1Y": Decimal("0.21"), "P3Y": Decimal("0.42")}
_DISPLAYED: Final = {
    "eastus2": "East US 2",
    "centralus": "Central US",
    "westeurope": "West Europe",
    "northeurope": "North Europe",
    "southeastasia": "Southeast Asia",
}
"""Region to the name people read, which some rows tell."""


@dataclass(frozen=True)
class Offer:
    """Something to reserve, and what it costs a year without a commitment."""

    kind: Kind
    reserved: str
    sku: str
    region: str
    quantity: int
    annual_cost: Decimal
    span: Span


def commitments(inventory: Inventory, subscription: Subscription) -> Iterator[Advice]:
    """Every reservation and savings plan that Advisor ever recommends to the subscription."""
    if subscription.name == vocabulary.SINGLE_MACHINE:
        yield from _measured(inventory, subscription)
        return
    rng = dice(inventory.landscape.seed, "commitments", subscription.name)
    offers = [*_machine_offers(inventory, subscription, rng), *_service_offers(inventory, subscription, rng)]
    for number, offer in enumerate(offers, 2 * inventory.landscape.subscriptions.index(subscription)):
        yield from _variants(inventory, subscription, offer, number, rng)
    yield from _plans(inventory, subscription, rng)


def _machine_offers(inventory: Inventory, subscription: Subscription, rng: Random) -> Iterator[Offer]:
    """For the sizes and regions with the most machines, where there are enough."""
    standing = _standing(inventory, subscription)
    counts = Counter((machine.size, machine.group.region) for machine in standing)
    for (size, region), count in counts.most_common(MOST_OFFERS):
        if count >= FEWEST_MACHINES:
            quantity = max(1, count * 3 // 4)
            cost = 12 * quantity * monthly_price(size, subscription.billed.currency)
            span = _lasting(inventory, rng).within(subscription.span)
            yield Offer(recommendation.RESERVE_MACHINES, "virtualmachines", size, region, quantity, cost, span)


def _service_offers(inventory: Inventory, subscription: Subscription, rng: Random) -> Iterator[Offer]:
    """Databases and apps, where there are enough: outside compute."""
    region, rate = subscription.billed.regions[0], vocabulary.RATE[subscription.billed.currency]
    found = Counter(
        placed.service.resource_type for placed in inventory.placed if placed.group.subscription is subscription
    )
    sold = (
        (services.SQL_DATABASE, recommendation.RESERVE_SQL, "SQLDatabases", "SQLDB_GP_Compute_Gen5", region, 2, 1960),
        (services.COSMOS_DB, recommendation.RESERVE_COSMOS_DB, "CosmosDb", "Cosmos_DB_10000_RUs", "", 1, 7008),
        (services.APP, recommendation.RESERVE_APP_SERVICE, "AppService", "Standard_P1_v3_Linux", region, 1, 1498),
    )
    for resource_type, kind, reserved, sku, where, quantity, cost in sold:
        if found[resource_type] >= _FEWEST_SERVICES[resource_type]:
            yield Offer(kind, reserved, sku, where, quantity, quantity * cost * rate, _lasting(inventory, rng))


def _variants(
    inventory: Inventory, subscription: Subscription, offer: Offer, number: int, rng: Random
) -> Iterator[Advice]:
    """The rows of an offer: not every one comes in every scope, term and look-back."""
    scopes = ("Single", "Shared") if number % 4 == 0 else ("Single",)
    terms = ("P3Y",) if number % 5 == 3 else TERMS
    seen = {lookback: 1 - Decimal(rng.randint(-3, 6)) / 100 for lookback in LOOKBACKS}
    for scope, term, lookback in product(scopes, terms, LOOKBACKS):
        wider = Decimal("1.08") if scope == "Shared" else Decimal(1)
        extended = recommendation.reservation(
            subscription_id=subscription.id,
            reserved=offer.reserved,
            sku=offer.sku,
            region=_DISPLAYED.get(offer.region, "") if number % 4 == 1 else offer.region,
            quantity=offer.quantity,
            term=term,
            lookback=lookback,
            scope=scope,
            annual=(offer.annual_cost * _DISCOUNT[term] * seen[lookback] * wider).quantize(Decimal(1)),
            currency=subscription.billed.currency,
        )
        if not offer.region:
            del extended["region"]
        if number % 4 == 2 and lookback == LOOKBACKS[-1]:
            del extended["lookbackPeriod"]
        if number % 6 == 5 and lookback == LOOKBACKS[0]:
            for key in ("annualSavingsAmount", "savingsAmount"):
                del extended[key]
        variant = (offer.reserved, offer.sku, offer.region, scope, term, lookback)
        yield _advice(inventory, subscription, offer.kind, variant, span=offer.span, extended=extended)


def _plans(inventory: Inventory, subscription: Subscription, rng: Random) -> Iterator[Advice]:
    """Savings plans for what the machines cost."""
    currency = subscription.billed.currency
    cost = 12 * sum((monthly_price(each.size, currency) for each in _standing(inventory, subscription)), Decimal())
    covered = Decimal(rng.randint(55, 95)) / 100
    if not cost:
        return
    span = _lasting(inventory, rng).within(subscription.span)
    lookbacks = LOOKBACKS if rng.random() < 0.3 else (30,)
    for scope, term, lookback in product(("Single", "Shared")[: rng.randint(1, 2)], TERMS, lookbacks):
        annual = cost * covered * _PLAN_DISCOUNT[term] * (1 + Decimal(lookback % 9) / 100)
        extended = recommendation.savings_plan(
            subscription_id=subscription.id,
            term=term,
            lookback=lookback,
            scope=scope,
            annual=annual.quantize(Decimal(1)),
            currency=currency,
        )
        variant = ("plan", scope, term, lookback)
        yield _advice(inventory, subscription, recommendation.SAVINGS_PLAN, variant, span=span, extended=extended)


def _measured(inventory: Inventory, subscription: Subscription) -> Iterator[Advice]:
    """The need that was measured, as long as its machine is there."""
    (machine,) = (each for each in inventory.machines if each.group.subscription is subscription)
    span = Span(machine.span.since + timedelta(31))
    for (term, lookback), amount in MEASURED_RESERVATIONS.items():
        extended = recommendation.reservation(
            subscription_id=subscription.id,
            reserved="virtualmachines",
            sku=machine.size,
            region=machine.group.region,
            quantity=1,
            term=term,
            lookback=lookback,
            scope="Single",
            annual=Decimal(amount),
            currency="USD",
        )
        variant = ("measured", term, lookback)
        yield _advice(inventory, subscription, recommendation.RESERVE_MACHINES, variant, span=span, extended=extended)
    for (term, lookback), amount in MEASURED_PLANS.items():
        extended = recommendation.savings_plan(
            subscription_id=subscription.id,
            term=term,
            lookback=lookback,
            scope="Single",
            annual=Decimal(amount),
            currency="USD",
        )
        variant = ("measured plan", term, lookback)
        yield _advice(inventory, subscription, recommendation.SAVINGS_PLAN, variant, span=span, extended=extended)


def _advice(
    inventory: Inventory,
    subscription: Subscription,
    kind: Kind,
    variant: tuple[object, ...],
    *,
    span: Span,
    extended: dict[str, str],
) -> Advice:
    landscape = inventory.landscape
    on = f"/subscriptions/{subscription.id}"
    name = guid(landscape.seed, kind.type_id, on, *variant)
    told = Advice(kind, on, name, landscape.tenant_id, (span,), extended)
    return replace(told, impacted_field=kind.impacted_field.lower()) if int(name[0], 16) % 3 == 1 else told


def _standing(inventory: Inventory, subscription: Subscription) -> list[Machine]:
    """The subscription's machines that are there on the anchor day."""
    noon = inventory.landscape.calendar.noon
    return [each for each in inventory.machines if each.group.subscription is subscription and noon in each.span]


def _lasting(inventory: Inventory, rng: Random) -> Span:
    """Offers stay for long; a few come late, a few are bought."""
    moment = inventory.landscape.calendar.moment
    chance = rng.random()
    if chance < 0.12:
        return Span(moment(rng, 10, 150))
    if chance < 0.40:
        return Span(moment(rng, -800, -60), moment(rng, 20, DAYS_AHEAD - 40))
    return Span(moment(rng, -800, -3), EVER)
