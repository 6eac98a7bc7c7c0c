"""Sending to several receivers at once: none waits for another, none fails us, and what cannot be told is kept."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from finance_ppm.alerting.channels.channel import NotTakenError
from finance_ppm.alerting.delivery import deliver, send_all
from finance_ppm.alerting.message import Message
from finance_ppm.alerting.outbox import due
from finance_ppm.alerting.records import Records, every_alert, outstanding
from finance_ppm.clock import FrozenClock
from finance_ppm.lakehouse.lake import Lake
from finance_ppm_tests.alerting.alerts import NOW, alert, message


@dataclass
class Does:
    """A channel that does this with a message."""

    what: Callable[[Message], str | None]

    def send(self, told: Message) -> str | None:
        return self.what(told)


def breaks(told: Message) -> str | None:
    raise LookupError(f"https://hooks.example/secret {told.message_id}")


def test_one_that_never_answers_and_one_that_breaks_keep_nothing_from_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    held, done = threading.Event(), list[str]()

    def wait(_: Message) -> None:
        held.wait(10)

    def keep(told: Message) -> None:
        done.append(told.message_id)

    channels = {
        "slow": Does(wait),
        "broken": Does(breaks),
        "well": Does(keep),
    }
    with caplog.at_level(logging.ERROR):
        attempts = {each.receiver: each for each in send_all(channels, dict.fromkeys(channels, message()), within=0.3)}
    held.set()
    assert done == ["0123456789abcdef"]
    assert attempts["well"].error is None
    assert "did not take the message within 0.3 seconds" in str(attempts["slow"].error)
    assert str(attempts["broken"].error) == "It failed for no known reason (LookupError)."
    assert "please report it" in caplog.text


def refuse(_: Message) -> None:
    raise NotTakenError("Never.", for_good=True)


def test_what_becomes_of_each_is_kept(tmp_path: Path) -> None:
    lake, clock = Lake(str(tmp_path)), FrozenClock(NOW)
    channels = {"email": Does(lambda _: "1 of 2 mailboxes were refused."), "slack": Does(refuse)}
    records = Records(lake, since=NOW, receivers=channels)
    records.note_alerts({alert().alert_id: alert()})
    records.note_deliveries(due([alert()], [], channels, alert().severity, NOW))
    deliver(records, channels, clock)
    assert every_alert(lake) == [alert()]
    (delivery,) = outstanding(lake)
    assert (delivery.receiver, delivery.status, delivery.last_error) == ("slack", "refused", "Never.")
    again = Records(lake, since=NOW, receivers=channels)
    assert again.alerts == records.alerts
    assert set(again.deliveries) == set(records.deliveries)
    assert next(each for each in again.deliveries if each.receiver == "email").last_error is not None
