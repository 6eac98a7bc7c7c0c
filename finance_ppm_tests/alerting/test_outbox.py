"""The rules of the outbox: nothing is lost, nothing is sent twice in a row, nobody is hammered."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from finance_ppm.alerting.alert import Alert, Event, Outcome, Severity
from finance_ppm.alerting.outbox import (
    FIRST_WAIT,
    LONGEST_WAIT,
    UNDELIVERED_AFTER,
    Delivery,
    Status,
    again,
    due,
    failed,
    next_message,
    refused,
    sent,
    wait_after,
)
from finance_ppm_tests.alerting.alerts import NOW, alert

RECEIVERS = ("slack", "email")


def queued(*alerts: Alert, receivers: Iterable[str] = ("slack",), known: Iterable[Delivery] = ()) -> list[Delivery]:
    return due(alerts, known, list(receivers), Severity.WARN, NOW)


def told(deliveries: Iterable[Delivery]) -> set[tuple[str, Event]]:
    return {(each.alert_id, each.event) for each in deliveries}


def test_an_open_alert_is_told_to_every_receiver_once() -> None:
    first = queued(alert(), receivers=RECEIVERS)
    assert {each.receiver for each in first} == set(RECEIVERS)
    assert queued(alert(), receivers=RECEIVERS, known=first) == []


def test_what_is_less_grave_than_wished_is_told_to_nobody_and_neither_is_its_end() -> None:
    assert queued(alert(severity=Severity.INFO)) == []
    assert queued(alert(severity=Severity.INFO, ended=True)) == []


def test_the_end_is_told_to_whoever_was_told_of_the_start_however_grave_alerts_must_be_by_now() -> None:
    start = queued(alert(severity=Severity.WARN))
    ended = alert(severity=Severity.WARN, ended=True)
    (end,) = due([ended], start, list(RECEIVERS), Severity.ERROR, NOW)
    assert (end.receiver, end.event) == ("slack", Event.ENDED)


def test_a_receiver_that_is_configured_later_is_told_of_what_is_still_open() -> None:
    start = queued(alert(1), alert(2))
    (late,) = queued(alert(1), alert(2, ended=True), receivers=["email"], known=start)
    assert (late.alert_id, late.receiver) == (alert(1).alert_id, "email")


def test_what_comes_at_once_is_one_message() -> None:
    message = next_message(queued(*(alert(number) for number in range(200))), "slack", NOW)
    assert len(message) == 200
    assert len({each.message_id for each in message}) == 1
    assert {each.attempts for each in message} == {1}


def test_a_message_that_failed_comes_again_as_it_was_and_what_came_meanwhile_after_it() -> None:
    first = next_message(queued(alert(1)), "slack", NOW)
    box = failed(first, "It is down.", NOW)
    box += queued(alert(2), known=box)
    assert next_message(box, "slack", NOW) == [], "it is left alone for a minute"
    (second,) = next_message(box, "slack", NOW + FIRST_WAIT)
    assert (second.message_id, second.attempts) == (first[0].message_id, 2)
    (third,) = next_message([*sent([second], NOW), box[1]], "slack", NOW + FIRST_WAIT)
    assert third.alert_id == alert(2).alert_id
    assert third.message_id != second.message_id


def test_a_receiver_that_asks_for_more_time_is_given_it() -> None:
    box = failed(next_message(queued(alert()), "slack", NOW), "Not now.", NOW, timedelta(minutes=30))
    assert next_message(box, "slack", NOW + timedelta(minutes=29)) == []
    assert next_message(box, "slack", NOW + timedelta(minutes=30)) != []


def test_what_is_refused_is_not_sent_again_until_somebody_asks_for_it() -> None:
    box = refused(next_message(queued(alert()), "slack", NOW), "There is no such webhook.")
    assert box[0].undelivered
    assert next_message(box, "slack", NOW + timedelta(days=365)) == []
    (once_more,) = next_message(again(box, NOW), "slack", NOW)
    assert once_more.attempts == 1


def test_the_waits_grow_to_an_hour_and_stay_there() -> None:
    minutes = [wait_after(attempts) // timedelta(minutes=1) for attempts in range(1, 12)]
    assert minutes == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60]
    assert wait_after(10**9) == LONGEST_WAIT


def test_what_fails_again_and_again_counts_as_undelivered_and_is_tried_on() -> None:
    box = queued(alert())
    now = NOW
    for attempt in range(1, 30):
        message = next_message(box, "slack", now)
        assert len(message) == 1, "it is tried on"
        box = failed(message, "It is down.", now)
        assert box[0].undelivered == (attempt >= UNDELIVERED_AFTER)
        now += LONGEST_WAIT


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("opens"), st.integers(1, 6)),
        st.tuples(st.just("ends"), st.integers(1, 6)),
        st.tuples(st.just("waits"), st.integers(1, 90)),
        st.tuples(st.just("down"), st.sampled_from(RECEIVERS)),
        st.tuples(st.just("up"), st.sampled_from(RECEIVERS)),
        st.tuples(st.just("killed"), st.sampled_from(["before", "after"])),
    ),
    max_size=40,
)


@settings(deadline=None, max_examples=200)
@given(STEPS)
def test_whatever_happens_everybody_is_told_everything_and_of_nothing_twice(steps: list[tuple[str, str | int]]) -> None:
    """A world with receivers that go down, and a sender that is killed before or after sending.

    What arrived is held by message id, as a receiver does that passes over what comes twice. Nobody is asked more than
    once before the wait is over.
    """
    alerts: dict[str, Alert] = {}
    box: dict[tuple[str, Event, str], Delivery] = {}
    arrived: dict[str, dict[str, set[tuple[str, Event]]]] = {name: {} for name in RECEIVERS}
    asked: dict[str, list[tuple[datetime, str]]] = {name: [] for name in RECEIVERS}
    down: set[str] = set()
    now, killed = NOW, None

    def put(deliveries: Iterable[Delivery]) -> None:
        box.update({(each.alert_id, each.event, each.receiver): each for each in deliveries})

    def look() -> None:
        put(due(alerts.values(), box.values(), RECEIVERS, Severity.WARN, now))
        for name in RECEIVERS:
            for _ in range(2):
                message = next_message(box.values(), name, now)
                if not message:
                    break
                put(message)
                if killed == "before":
                    return
                asked[name].append((now, message[0].message_id or ""))
                if name in down:
                    put(failed(message, "It is down.", now))
                    break
                arrived[name].setdefault(message[0].message_id or "", set()).update(told(message))
                if killed == "after":
                    return
                put(sent(message, now))

    for what, which in [*steps, ("up", "slack"), ("up", "email"), ("waits", 90), ("waits", 90)]:
        killed = str(which) if what == "killed" else None
        match what:
            case "opens" if (opened := alert(int(which))).alert_id not in alerts:
                alerts[opened.alert_id] = replace(opened, started_at=now)
            case "ends" if (known := alerts.get(alert(int(which)).alert_id)) and known.is_open:
                # Written after what was due by then had been queued, as `watch` does.
                put(due(alerts.values(), box.values(), RECEIVERS, Severity.WARN, now))
                alerts[known.alert_id] = replace(known, ended_at=now, outcome=Outcome.RESOLVED)
            case "waits":
                now += timedelta(minutes=int(which))
            case "down":
                down.add(str(which))
            case "up":
                down.discard(str(which))
        look()

    expected = {(each.alert_id, Event.STARTED) for each in alerts.values()}
    expected |= {(each.alert_id, Event.ENDED) for each in alerts.values() if not each.is_open}
    for name in RECEIVERS:
        parts = list(arrived[name].values())
        assert set().union(*parts) == expected, "everything arrives"
        assert sum(map(len, parts)) == len(expected), "nothing is in two messages"
        for (before, one), (after, other) in zip(asked[name], asked[name][1:], strict=False):
            assert one != other or after - before >= FIRST_WAIT, "nobody is hammered"
    assert all(each.status is Status.SENT for each in box.values())
