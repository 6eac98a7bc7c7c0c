"""Sending what the outbox holds: every receiver at the same time, none waiting for another, and none able to fail us.

Belongs here: noting and sending, in that order. Does not belong here: its rules (``outbox``) and wires (``channels``).
"""

import logging
import threading
from collections.abc import Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass
from functools import partial

from finance_ppm.alerting.channels.channel import Channel, NotTakenError
from finance_ppm.alerting.message import Message, message
from finance_ppm.alerting.outbox import Delivery, failed, next_message, refused, sent
from finance_ppm.alerting.records import Records
from finance_ppm.clock import Clock

WITHIN = 20.0
"""Seconds in which a receiver takes a message, or has not: a sensor is given 60 for all it does."""

ROUNDS = 2
"""A message that had failed before, and what came meanwhile."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Attempt:
    """What became of one message to one receiver."""

    receiver: str
    error: NotTakenError | None = None
    """Why it did not arrive; None where it did."""
    note: str | None = None
    """What did not arrive of it."""


def deliver(
    records: Records, channels: Mapping[str, Channel], clock: Clock, *, within: float = WITHIN
) -> list[Attempt]:
    """Send what is due to each receiver, and note what came of it. What does not arrive is left for a later call.

    An attempt is noted before it is made.
    """
    attempts: list[Attempt] = []
    left = set(channels)
    for _ in range(ROUNDS):
        due = {name: next_message(records.deliveries, name, clock.now()) for name in sorted(left)}
        due = {name: deliveries for name, deliveries in due.items() if deliveries}
        if not due:
            break
        records.note_deliveries(each for deliveries in due.values() for each in deliveries)
        messages = {name: message(deliveries, records.alerts) for name, deliveries in due.items()}
        made = send_all({name: channels[name] for name in due}, messages, within=within)
        records.note_deliveries(each for attempt in made for each in _outcome(attempt, due[attempt.receiver], clock))
        attempts += made
        left = {attempt.receiver for attempt in made if attempt.error is None}
    return attempts


def send_all(
    channels: Mapping[str, Channel], messages: Mapping[str, Message], *, within: float = WITHIN
) -> list[Attempt]:
    """Send each receiver its message, all at the same time, and wait no longer than ``within`` seconds.

    What goes on after that may still arrive; it counts as not taken.
    """
    sending: dict[str, Future[str | None]] = {name: Future() for name in messages}
    for name, future in sending.items():
        target = partial(_fulfil, future, channels[name], messages[name])
        # A thread of its own, that nobody need wait for: a pool would, when the process ends.
        threading.Thread(target=target, name=f"alert-{name}", daemon=True).start()
    wait(sending.values(), timeout=within)
    return [_attempt(name, future, within) for name, future in sending.items()]


def _fulfil(future: "Future[str | None]", channel: Channel, told: Message) -> None:
    try:
        future.set_result(channel.send(told))
    except BaseException as error:  # noqa: BLE001 - it is handed over to whoever waits
        future.set_exception(error)


def _attempt(name: str, future: "Future[str | None]", within: float) -> Attempt:
    if not future.done():
        return Attempt(name, NotTakenError(f"It did not take the message within {within:g} seconds.", for_good=False))
    error = future.exception()
    if error is None:
        return Attempt(name, note=future.result())
    if isinstance(error, NotTakenError):
        return Attempt(name, error)
    logger.error("This should not happen; please report it with what follows.", exc_info=error)
    return Attempt(name, NotTakenError(f"It failed for no known reason ({type(error).__name__}).", for_good=False))


def _outcome(attempt: Attempt, deliveries: list[Delivery], clock: Clock) -> list[Delivery]:
    error = attempt.error
    if error is None:
        return sent(deliveries, clock.now(), attempt.note)
    logger.warning("An alert did not reach %s: %s", attempt.receiver, error)
    if error.for_good:
        return refused(deliveries, str(error))
    return failed(deliveries, str(error), clock.now(), error.wait)
