"""What people tell Advisor not to say: postponed and dismissed recommendations, and what its configuration leaves out.

https://learn.microsoft.com/azure/advisor/view-recommendations (postpone and dismiss),
https://learn.microsoft.com/azure/advisor/advisor-get-started (configuration).
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

from finance_ppm.sandbox.estate import recommendation, vocabulary, wire
from finance_ppm.sandbox.estate.advice import Advice
from finance_ppm.sandbox.estate.landscape import Landscape, Subscription
from finance_ppm.sandbox.estate.tales import EVER, Span, Told, guid, in_turn
from finance_ppm.sandbox.portfolio.timeline import dice

KEPT: Final = timedelta(20)
"""How long a suppression is still told after it has expired."""

FOR_EVER: Final = -1

_AROUND_THE_ANCHOR: Final = ((-10, 30), (-25, FOR_EVER), (-12, 7), (-40, 90), (-28, FOR_EVER))
"""In turn: days from the anchor on which it is made, and its time to live in days."""

THRESHOLDS: Final = {
    "Finance Production": "20",
    "Finance Production Europe": "10",
    "Reporting Production": "5",
    "Finance Test": "10",
    "Finance Test Europe": "5",
}
"""Subscription to the CPU use, in percent, below which its machines are told to be oversized."""

EXCLUDED_WORKLOAD: Final = "automation"
"""The resource group that is left out."""


def suppressions(said: Sequence[Advice], landscape: Landscape, subscription: Subscription) -> Iterator[Told]:
    """Suppressions of some of a subscription's recommendations; none of those of the need that was measured."""
    if subscription.name == vocabulary.SINGLE_MACHINE:
        return
    noon = landscape.calendar.noon
    told_for_long = [advice for advice in said if advice.is_open(noon) and advice.life.since < noon - timedelta(45)]
    for number, advice in enumerate(told_for_long[4::11]):
        day, days = _AROUND_THE_ANCHOR[number % len(_AROUND_THE_ANCHOR)]
        yield from _suppressed(advice, landscape, day, days, upper=number % 4 == 3)
    told_later = [advice for advice in said if not advice.is_open(noon)]
    for advice in told_later[2::19]:
        rng = dice(landscape.seed, "suppression", advice.name)
        begins = (advice.life.since - noon).days + rng.randint(1, 25)
        yield from _suppressed(advice, landscape, begins, rng.choice((7, 30, 90, FOR_EVER)), upper=False)


def _suppressed(advice: Advice, landscape: Landscape, day: int, days: int, *, upper: bool) -> Iterator[Told]:
    """It is made on the ``day``, or soon after the recommendation, which it does not outlive."""
    created = max(landscape.calendar.noon + timedelta(day), advice.life.since + timedelta(hours=5))
    until = EVER if days == FOR_EVER else created + timedelta(days) + KEPT
    identity = guid(landscape.seed, "suppression", advice.name)
    on = advice.id.replace(advice.name, advice.name.upper()) if upper else advice.id
    row = recommendation.suppression(
        on, name=identity, suppression_id=identity, tenant_id=landscape.tenant_id, created=created, days=days
    )
    yield from in_turn([(row, Span(created, until))], advice.life)


def configurations(landscape: Landscape, subscription: Subscription) -> Iterator[Told]:
    """The subscription's configuration, where somebody made one, and those of its resource groups."""
    rng = dice(landscape.seed, "configuration", subscription.name)
    on = f"/subscriptions/{subscription.id}"
    changed = landscape.calendar.moment(rng, -100, -60)
    if subscription.name == vocabulary.EXCLUDED:
        rows = [
            (recommendation.configuration(on, tenant_id=landscape.tenant_id, exclude=exclude), span)
            for exclude, span in ((False, Span(subscription.span.since, changed)), (True, Span(changed)))
        ]
        yield from in_turn(rows, subscription.span)
    elif threshold := THRESHOLDS.get(subscription.name):
        row = recommendation.configuration(on, tenant_id=landscape.tenant_id, low_cpu_threshold=threshold)
        yield from in_turn([(row, Span(changed))], subscription.span)
    for group in landscape.groups:
        if group.subscription is subscription and group.workload in (EXCLUDED_WORKLOAD, "integration"):
            row = recommendation.configuration(
                wire.group_id(subscription.id, group.name),
                tenant_id=landscape.tenant_id,
                exclude=group.workload == EXCLUDED_WORKLOAD,
            )
            yield from in_turn([(row, group.span)], group.span)
