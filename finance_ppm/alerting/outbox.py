"""The outbox: which receiver is still to be told what, in which message, and when it is tried again.

Pure: rows in, rows out. An attempt is noted *before* it is made, with the id of its message. So whoever is killed while
sending comes back to the same message under the same id, after the same wait; and nothing is sent twice in a row.

Belongs here: the rules of that. Does not belong here: keeping the rows (``records``) and sending (``delivery``).
"""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from finance_ppm.alerting.alert import Alert, Event, Severity

FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)
"""A receiver that is down is asked once an hour at last, for as long as it takes."""

UNDELIVERED_AFTER = 5
"""Attempts after which a message counts as undelivered; it is tried on."""


class Status(StrEnum):
    """How far a delivery has come."""

    WAITING = "waiting"
    SENT = "sent"
    REFUSED = "refused"


@dataclass(frozen=True)
class Delivery:
    """One row of ``gold/alert_deliveries``, whose contract tells what each field means."""

    alert_id: str
    event: Event
    receiver: str
    queued_at: datetime
    status: Status = Status.WAITING
    message_id: str | None = None
    attempts: int = 0
    last_attempt_at: datetime | None = None
    next_attempt_at: datetime | None = None
    sent_at: datetime | None = None
    last_error: str | None = None

    @property
    def undelivered(self) -> bool:
        """Whether somebody should look at the receiver."""
        return self.status is Status.REFUSED or (
            self.status is Status.WAITING and self.last_error is not None and self.attempts >= UNDELIVERED_AFTER
        )


def due(
    alerts: Iterable[Alert],
    deliveries: Iterable[Delivery],
    receivers: Collection[str],
    minimum: Severity,
    now: datetime,
) -> list[Delivery]:
    """What is to be told and is not queued yet.

    Every open alert of at least ``minimum`` is told to every receiver, to one that was configured later too. Its end
    is told to whoever was told of its start.
    """
    queued = {(each.alert_id, each.event, each.receiver) for each in deliveries}
    found = []
    for alert in alerts:
        for receiver in receivers:
            started = (alert.alert_id, Event.STARTED, receiver) in queued
            if alert.is_open and not started and alert.severity.rank >= minimum.rank:
                found.append(Delivery(alert.alert_id, Event.STARTED, receiver, now, next_attempt_at=now))
            ended = (alert.alert_id, Event.ENDED, receiver) in queued
            if not alert.is_open and started and not ended:
                found.append(Delivery(alert.alert_id, Event.ENDED, receiver, now, next_attempt_at=now))
    return found


def next_message(deliveries: Iterable[Delivery], receiver: str, now: datetime) -> list[Delivery]:
    """What the receiver is sent now in one message, with the attempt noted; nothing while it is to be left alone.

    A message that failed is tried again as it was before anything else is sent; what came meanwhile waits for it, and
    is one message after it.
    """
    waiting = [each for each in deliveries if each.receiver == receiver and each.status is Status.WAITING]
    tried = [each for each in waiting if each.message_id is not None]
    if tried:
        first = min(tried, key=lambda each: (each.queued_at, each.message_id or ""))
        waiting = [each for each in tried if each.message_id == first.message_id]
    if not waiting or any(each.next_attempt_at and each.next_attempt_at > now for each in waiting):
        return []
    message_id = waiting[0].message_id or _message_id(waiting)
    return [
        replace(
            each,
            message_id=message_id,
            attempts=each.attempts + 1,
            last_attempt_at=now,
            next_attempt_at=now + wait_after(each.attempts + 1),
        )
        for each in waiting
    ]


def sent(message: Iterable[Delivery], now: datetime, note: str | None = None) -> list[Delivery]:
    """The receiver took it; ``note`` is what it did not take of it."""
    return [replace(each, status=Status.SENT, sent_at=now, next_attempt_at=None, last_error=note) for each in message]


def failed(message: Iterable[Delivery], reason: str, now: datetime, wait: timedelta = timedelta()) -> list[Delivery]:
    """It is tried again, not before the ``wait`` that the receiver asked for."""
    return [
        replace(each, last_error=reason, next_attempt_at=max(each.next_attempt_at or now, now + wait))
        for each in message
    ]


def refused(message: Iterable[Delivery], reason: str) -> list[Delivery]:
    """The receiver will never take it as it is."""
    return [replace(each, status=Status.REFUSED, last_error=reason, next_attempt_at=None) for each in message]


def again(deliveries: Iterable[Delivery], now: datetime) -> list[Delivery]:
    """What has not arrived, to be tried at once, as if it never had been; an alert told together with others then."""
    return [
        replace(each, status=Status.WAITING, message_id=None, attempts=0, next_attempt_at=now)
        for each in deliveries
        if each.status is not Status.SENT
    ]


def wait_after(attempts: int) -> timedelta:
    """How long after so many attempts, the last of which failed: twice as long each time, up to an hour."""
    doublings = min(attempts - 1, 10)
    return min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)


def _message_id(message: Sequence[Delivery]) -> str:
    told = sorted(f"{each.alert_id} {each.event} {each.receiver}" for each in message)
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:32]
