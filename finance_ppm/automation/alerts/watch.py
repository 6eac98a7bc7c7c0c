"""One look at everything: what is wrong, what starts or ends by it, who is told.

The order is what makes it safe to be killed at any moment: alerts are written before what is due to their receivers,
that before it is sent; and whatever a killed look had left undone of this is done first by the next one. A look at
which nothing has changed writes nothing.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import dagster as dg

from finance_ppm.alerting.alert import Alert, Kind
from finance_ppm.alerting.channels.channel import Channel
from finance_ppm.alerting.delivery import Attempt, deliver
from finance_ppm.alerting.outbox import due
from finance_ppm.alerting.receivers import Alerting
from finance_ppm.alerting.records import LOCK, Records, oldest_open
from finance_ppm.automation.alerts.checks import Results, survey_checks
from finance_ppm.automation.alerts.episodes import Survey, follow
from finance_ppm.automation.alerts.freshness import survey_freshness
from finance_ppm.automation.alerts.metrics import Figures, survey_metrics
from finance_ppm.automation.alerts.runs import LATE, Runs, survey_names
from finance_ppm.automation.alerts.sources import survey_sources
from finance_ppm.clock import Clock
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.lakehouse.locks import writer_lock

FIRST_LOOK = timedelta(days=1)
"""How far the first look looks back for failed runs; what was well again by then is not told."""

OVERLAP = timedelta(minutes=5)
"""Runs that changed so long before the newest change seen are looked at again: what is written last may bear an earlier
time. An episode that is known is not begun again by it."""

LOCK_PATIENCE = timedelta(seconds=5)


@dataclass(frozen=True)
class Watched:
    """What there is to watch in a graph: checks, freshness policies, and the names of jobs and steps."""

    checks: Sequence[dg.AssetCheckSpec]
    policies: Mapping[dg.AssetKey, dg.FreshnessPolicy]
    names: Collection[str]

    @classmethod
    def of(cls, repository: dg.RepositoryDefinition) -> "Watched":
        """All of a repository."""
        graph = repository.asset_graph
        policies = {key: graph.get(key).freshness_policy for key in graph.get_all_asset_keys()}
        steps = repository.get_implicit_global_asset_job_def().graph.node_names()
        return cls(
            checks=[graph.get_check_spec(key) for key in graph.asset_check_keys],
            policies={key: policy for key, policy in policies.items() if policy is not None},
            names=frozenset({*repository.job_names, *steps}),
        )


@dataclass(frozen=True)
class Memory:
    """What is remembered from one look to the next so that it costs less. Nothing is lost with it."""

    figures: Figures = field(default_factory=Figures)
    results: Results = field(default_factory=Results)


@dataclass(frozen=True)
class Seen:
    """What a look saw and did."""

    started: int
    ended: int
    open: int
    sent: int
    """Messages that arrived."""
    errors: Mapping[str, str]
    """Receiver to why its message did not arrive."""
    runs_until: datetime
    """Where the next look at the runs goes on from."""


@dataclass(frozen=True)
class Watch:
    """Everything a look needs."""

    instance: dg.DagsterInstance
    lake: Lake
    clock: Clock
    alerting: Alerting
    watched: Watched
    memory: Memory = field(default_factory=Memory)

    def look(self, runs_until: datetime | None = None) -> Seen:
        """Look at everything once, and tell whom it concerns. ``runs_until`` is what the look before returned.

        Raises :class:`~finance_ppm.lakehouse.errors.LakeBusyError` where another look is going on.
        """
        with writer_lock(self.lake.uri, LOCK, patience=LOCK_PATIENCE):
            now = self.clock.now()  # before anything is asked: what comes meanwhile is the next look's
            receivers = self.alerting.receivers()
            since = (runs_until or self._begin(now)) - OVERLAP
            records = Records(self.lake, since=since - LATE, receivers=receivers)
            before = dict(records.alerts)
            self._queue(records, receivers)
            runs, seen_until = Runs(self.instance, self.alerting.dagster_url, self.alerting.mask).changed_after(since)
            changed = follow(before, runs)
            if runs_until is None:
                changed = {name: alert for name, alert in changed.items() if alert.is_open or name in before}
            changed |= follow({**before, **changed}, self._of_dagster(now, {**before, **changed}))
            try:
                changed |= follow({**before, **changed}, self._of_the_lake(now))
            finally:  # a table that cannot be read fails the look, and keeps nobody from being told of all else
                attempts = self._tell(records, changed, receivers)
        return Seen(
            started=len(changed.keys() - before.keys()),
            ended=sum(not alert.is_open for alert in changed.values()),
            open=sum(alert.is_open for alert in records.alerts.values()),
            sent=sum(attempt.error is None for attempt in attempts),
            errors={attempt.receiver: str(attempt.error) for attempt in attempts if attempt.error},
            runs_until=max(seen_until, runs_until or seen_until),
        )

    def _begin(self, now: datetime) -> datetime:
        """From when on the first look looks at runs: none may have made an open alert well unseen."""
        return min(now - FIRST_LOOK, oldest_open(self.lake, Kind.RUN) or now)

    def _tell(self, records: Records, changed: Mapping[str, Alert], receivers: Mapping[str, Channel]) -> list[Attempt]:
        """Write what started or ended, and what is due by it, and send it.

        What began and ended since the last look is written as begun first, so that it is told like any other.
        """
        over = [alert for name, alert in changed.items() if name not in records.alerts and not alert.is_open]
        for news in ({alert.alert_id: replace(alert, ended_at=None, outcome=None) for alert in over}, changed):
            records.note_alerts(news)
            self._queue(records, receivers)
        return deliver(records, receivers, self.clock)

    def _queue(self, records: Records, receivers: Collection[str]) -> None:
        alerts, deliveries = records.alerts.values(), records.deliveries
        records.note_deliveries(due(alerts, deliveries, receivers, self.alerting.minimum, self.clock.now()))

    def _of_dagster(self, now: datetime, alerts: Mapping[str, Alert]) -> Iterator[Survey]:
        url = self.alerting.dagster_url
        still_open = (alert for alert in alerts.values() if alert.is_open)
        yield survey_names(still_open, self.watched.names, now)
        yield survey_checks(self.instance, self.watched.checks, self.memory.results, url, now)
        yield survey_freshness(self.instance, self.watched.policies, url, now)

    def _of_the_lake(self, now: datetime) -> Iterator[Survey]:
        url, config = self.alerting.dagster_url, self.alerting.config
        yield survey_metrics(self.lake, self.memory.figures, config, url, now)
        yield survey_sources(self.lake, config, now)
