"""When an alert starts and when it ends: the alerts so far and what is seen now make the alerts from now on.

A pure function, and all there is to it: no clock, no lake, no Dagster. An alert is one episode. It starts when its
condition is first seen and ends when its subject is seen well, or is there no more; what cannot be judged at the
moment stays as it is.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from finance_ppm.alerting.alert import Alert, Kind, Link, Outcome, Severity


@dataclass(frozen=True)
class Condition:
    """Something is wrong with ``subject``, which says what it is as :class:`Alert` does."""

    kind: Kind
    subject: str
    severity: Severity
    title: str
    detail: str
    remedy: str | None = None
    tables: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    run_id: str | None = None


@dataclass(frozen=True)
class Survey:
    """What is known at a moment."""

    at: datetime
    active: tuple[Condition, ...] = ()
    well: frozenset[str] = frozenset()
    """Subjects that were looked at and are well. One that is also active is active."""
    unclear: frozenset[str] = frozenset()
    """Subjects of which nothing can be said."""
    covers: frozenset[Kind] = frozenset()
    """Kinds that were looked at as a whole: a subject of these that is named nowhere here is there no more."""


def follow(alerts: Mapping[str, Alert], surveys: Iterable[Survey]) -> dict[str, Alert]:
    """The alerts that start or end by what the surveys say, one after the other; by id, as they are at the end.

    ``alerts`` are those that are open, and those that ended after the first survey's moment, by id. A survey may be
    looked at again later: what it says of a time that is known already changes nothing.
    """
    known = dict(alerts)
    changed: dict[str, Alert] = {}
    for survey in surveys:
        news = _step(known, survey)
        known |= news
        changed |= news
    return changed


def alert_id(subject: str, severity: Severity, started_at: datetime) -> str:
    """The same for the same episode, whoever computes it."""
    return hashlib.sha256("\n".join((subject, severity, started_at.isoformat())).encode()).hexdigest()[:32]


def _step(known: Mapping[str, Alert], survey: Survey) -> dict[str, Alert]:
    gravest: dict[str, Condition] = {}
    for condition in sorted(survey.active, key=lambda one: one.severity.rank):
        gravest[condition.subject] = condition
    ended = {
        identity: replace(alert, ended_at=survey.at, outcome=outcome)
        for identity, alert in known.items()
        if alert.is_open and (outcome := _outcome(alert, gravest.get(alert.subject), survey))
    }
    told = {
        (alert.subject, alert.severity)
        for identity, alert in known.items()
        if (identity not in ended if alert.ended_at is None else alert.ended_at >= survey.at)
    }
    started = [
        _start(condition, survey.at)
        for condition in gravest.values()
        if (condition.subject, condition.severity) not in told
    ]
    return ended | {alert.alert_id: alert for alert in started}


def _outcome(alert: Alert, condition: Condition | None, survey: Survey) -> Outcome | None:
    """How the alert ends by this survey; None where it goes on."""
    if survey.at < alert.started_at:  # a word from before it began says nothing about it
        return None
    if condition is not None:
        # What is graver now is at least as grave as this; what is less grave now is no longer this.
        return Outcome.EASED if condition.severity.rank < alert.severity.rank else None
    if alert.subject in survey.well:
        return Outcome.RESOLVED
    if alert.subject in survey.unclear or alert.kind not in survey.covers:
        return None
    return Outcome.GONE


def _start(condition: Condition, at: datetime) -> Alert:
    return Alert(
        alert_id=alert_id(condition.subject, condition.severity, at),
        kind=condition.kind,
        subject=condition.subject,
        severity=condition.severity,
        title=condition.title,
        detail=condition.detail,
        started_at=at,
        remedy=condition.remedy,
        tables=condition.tables,
        links=condition.links,
        run_id=condition.run_id,
    )
