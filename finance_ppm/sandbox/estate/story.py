"""The demo's Azure: everything put together and told as of any moment.

Belongs here: the estate itself. What happens in it is told by the modules beside.
"""

from bisect import bisect_right
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from finance_ppm.sandbox.azure.estate import Row
from finance_ppm.sandbox.estate.advice import advice
from finance_ppm.sandbox.estate.commitments import commitments
from finance_ppm.sandbox.estate.inventory import Inventory
from finance_ppm.sandbox.estate.landscape import Landscape, Subscription
from finance_ppm.sandbox.estate.suppressions import configurations, suppressions
from finance_ppm.sandbox.estate.tales import Calendar, Tale, hour_of
from finance_ppm.sandbox.portfolio import planned_projects


@dataclass(frozen=True)
class ToldEstate:
    """An estate that a story tells: each table of each subscription, as rows that live for a while."""

    tenant_id: str
    told_subscriptions: tuple[Subscription, ...]
    groups: Mapping[str, list[str]]
    tables: Mapping[tuple[str, str], tuple[Tale, ...]]
    """By table and subscription."""

    def subscriptions(self, now: datetime) -> Mapping[str, str]:
        """Subscription id to name, of those that exist."""
        return {each.id: each.name for each in self.told_subscriptions if now in each.span}

    def management_groups(self) -> Mapping[str, Iterable[str]]:
        """Management group to the ids of its subscriptions."""
        return self.groups

    def rows(self, table: str, subscription_id: str, now: datetime) -> Iterable[Row]:
        """One subscription's rows of a table at ``now``."""
        tales = self.tables.get((table.lower(), subscription_id.lower()), ())
        return [tale.row(now) for tale in tales if tale.lives(now)]

    def version(self, now: datetime) -> Hashable:
        """Rows come and go at their own moments, and are refreshed by the hour."""
        return bisect_right(self._turns, now), hour_of(now)

    @cached_property
    def _turns(self) -> list[datetime]:
        """Every moment at which a row comes or goes."""
        spans = (span for tales in self.tables.values() for tale in tales for span in tale.spans_told())
        return sorted({moment for span in spans for moment in (span.since, span.until)})


def estate(*, anchor: date, pages: int = 2000, seed: int = 7) -> ToldEstate:
    """The Azure that belongs to ``portfolio(anchor=anchor, pages=pages, seed=seed)``: its tags name that one's
    projects.

    Twelve subscriptions in three management groups, two of them billed in EUR, about 900 resources and 450
    recommendations on the anchor day. It changes from 220 days before the anchor until a little over a year after it,
    and then comes to rest. The same arguments give the same estate.
    """
    landscape = Landscape(Calendar(anchor), planned_projects(anchor=anchor, pages=pages, seed=seed), seed)
    inventory = Inventory.of(landscape)
    tables = {
        (table, subscription.id): tuple(tales)
        for subscription in landscape.subscriptions
        for table, tales in _tables(landscape, inventory, subscription)
    }
    return ToldEstate(landscape.tenant_id, landscape.subscriptions, landscape.management_groups(), tables)


def _tables(
    landscape: Landscape, inventory: Inventory, subscription: Subscription
) -> Iterator[tuple[str, Iterable[Tale]]]:
    yield "resources", inventory.tales(subscription)
    yield "resourcecontainers", landscape.tales(subscription)
    said = [*advice(inventory, subscription), *commitments(inventory, subscription)]
    hushed = suppressions(said, landscape, subscription)
    yield "advisorresources", [*said, *hushed, *configurations(landscape, subscription)]
