"""Where things stand: subscriptions and resource groups, their lives, their tags, and the projects they serve.

Belongs here: containers. What they hold is ``inventory``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from random import Random

from finance_ppm.sandbox.estate import tagging, vocabulary, wire
from finance_ppm.sandbox.estate.tales import DAYS_AHEAD, DAYS_BEHIND, EVER, Calendar, Span, Told, guid
from finance_ppm.sandbox.estate.vocabulary import Billed
from finance_ppm.sandbox.portfolio.projects import Project
from finance_ppm.sandbox.portfolio.timeline import dice

SUBSCRIPTION_STYLES: Mapping[str, str] = {
    "Treasury Production": "name",
    "Manila Service Centre": "id",
    vocabulary.SINGLE_MACHINE: "name",
    vocabulary.EXCLUDED: "empty",
}
"""Subscriptions that carry the project's tag themselves."""


@dataclass(frozen=True)
class Subscription:
    """A subscription of the story."""

    id: str
    billed: Billed
    span: Span
    tags: tagging.Tags

    @property
    def name(self) -> str:
        """Its name."""
        return self.billed.name


@dataclass(frozen=True)
class Group:
    """A resource group, with the project that what is in it serves."""

    subscription: Subscription
    name: str
    workload: str
    region: str
    span: Span
    style: tagging.Style
    project: Project
    others: Sequence[Project]
    tags: tagging.Tags

    @property
    def id(self) -> str:
        """Its id."""
        return wire.group_id(self.subscription.id, self.name)

    @property
    def slug(self) -> str:
        """What the names of its resources are made of."""
        return f"{self.workload}-{self.subscription.billed.environment}-{REGION_CODES[self.region]}"


REGION_CODES = {
    "eastus2": "eus2",
    "centralus": "cus",
    "westeurope": "weu",
    "northeurope": "neu",
    "southeastasia": "sea",
}


@dataclass(frozen=True)
class Landscape:
    """Every container of the story."""

    calendar: Calendar
    projects: Sequence[Project]
    seed: int

    @cached_property
    def tenant_id(self) -> str:
        """The tenant."""
        return guid(self.seed, "tenant")

    @cached_property
    def subscriptions(self) -> tuple[Subscription, ...]:
        """Every subscription, in the order of the vocabulary."""
        return tuple(self._subscription(billed) for billed in vocabulary.SUBSCRIPTIONS)

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """Every resource group that ever is."""
        return tuple(self._groups())

    def management_groups(self) -> dict[str, list[str]]:
        """Management group to the ids of its subscriptions."""
        groups: dict[str, list[str]] = {}
        for subscription in self.subscriptions:
            groups.setdefault(subscription.billed.management_group, []).append(subscription.id)
        return groups

    def tales(self, subscription: Subscription) -> Iterator[Told]:
        """The rows of ``resourcecontainers``: the subscription and its resource groups."""
        row = wire.row(
            resource_id=f"/subscriptions/{subscription.id}",
            resource_type="microsoft.resources/subscriptions",
            tenant_id=self.tenant_id,
            tags=subscription.tags or None,
            properties={
                "state": "Enabled",
                "managementGroupAncestorsChain": [{"name": subscription.billed.management_group}],
                "subscriptionPolicies": {"quotaId": "EnterpriseAgreement_2014-09-01", "spendingLimit": "Off"},
            },
        )
        yield Told.of({**row, "name": subscription.name}, subscription.span)
        for group in self.groups:
            if group.subscription is subscription:
                row = wire.row(
                    resource_id=group.id,
                    resource_type="microsoft.resources/subscriptions/resourcegroups",
                    tenant_id=self.tenant_id,
                    location=group.region,
                    tags=group.tags or None,
                    properties={"provisioningState": "Succeeded"},
                )
                yield Told.of(row, group.span)

    def _subscription(self, billed: Billed) -> Subscription:
        rng = dice(self.seed, "subscription", billed.name)
        since = self.calendar.moment(rng, -billed.since_days, -billed.since_days)
        project = self._serving(rng)
        value = {"name": project.name, "id": project.page_id, "empty": ""}.get(SUBSCRIPTION_STYLES.get(billed.name, ""))
        tags = tagging.ordinary(billed.environment, rng) | ({} if value is None else {tagging.PROJECT_KEYS[0]: value})
        return Subscription(guid(self.seed, "subscription", billed.name), billed, Span(since), tags)

    def _groups(self) -> Iterator[Group]:
        number = 0
        for subscription in self.subscriptions:
            billed = subscription.billed
            for index, workload in enumerate(billed.workloads):
                region = billed.regions[0 if index % 3 else index // 3 % len(billed.regions)]
                yield self._group(subscription, workload, region, number)
                number += 1
                if billed.environment == "prod" and index == 1 and len(billed.regions) > 1:
                    yield self._group(subscription, workload, billed.regions[1], number)
                    number += 1

    def _group(self, subscription: Subscription, workload: str, region: str, number: int) -> Group:
        rng = dice(self.seed, "group", subscription.name, workload, region)
        style = tagging.STYLES[number % len(tagging.STYLES)]
        if subscription.name == vocabulary.SINGLE_MACHINE:
            style, span = tagging.Style.NEITHER, subscription.span
        else:
            span = self._life(rng, number).within(subscription.span)
        project = self._serving(dice(self.seed, "workload", workload))
        environment = subscription.billed.environment
        return Group(
            subscription=subscription,
            name=f"{'RG' if number % 5 == 3 else 'rg'}-{workload}-{environment}-{REGION_CODES[region]}",
            workload=workload,
            region=region,
            span=span,
            style=style,
            project=project,
            others=[self._serving(rng) for _ in range(3)],
            tags=tagging.ordinary(environment, rng) | tagging.of_group(style, project, rng),
        )

    def _life(self, rng: Random, number: int) -> Span:
        """Most are there throughout; some come, some go with all that is in them."""
        since = self.calendar.moment(rng, -880, -DAYS_BEHIND)
        until = EVER
        if number % 12 == 5:
            since = self.calendar.moment(rng, -DAYS_BEHIND, -30)
        if number % 12 == 8:
            since = self.calendar.moment(rng, 15, 200)
        if number % 12 == 10:
            until = self.calendar.moment(rng, -160, -20)
        if number % 12 == 1:
            until = self.calendar.moment(rng, 10, DAYS_AHEAD - 30)
        return Span(since, until)

    def _serving(self, rng: Random) -> Project:
        """A project that runs around the anchor."""
        anchor = self.calendar.anchor
        running = [
            project
            for project in self.projects
            if project.created <= anchor - timedelta(30) and project.finish >= anchor - timedelta(60)
        ]
        return rng.choice(running or list(self.projects))
