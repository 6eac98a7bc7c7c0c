"""A look that is killed between any two of its steps: nothing is lost, nothing storms, nothing starts twice."""

import multiprocessing
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from pydantic import SecretStr

from finance_ppm.alerting.records import every_alert, outstanding
from finance_ppm.lakehouse import lake
from finance_ppm.lakehouse.delta import overwrite_rows
from finance_ppm_tests.alerting.receivers import WebReceiver
from finance_ppm_tests.automation.alerts.stage import Stage, stage

COMMITS = ("create_delta", "overwrite_rows")
"""What the lake calls to make a new version of one of the two tables."""


class Killed(BaseException):
    """Nobody catches this, as nobody catches SIGKILL."""


@contextmanager
def killed_at(nth: int, *, after: bool) -> Iterator[None]:
    """The process ends before or after its ``nth`` commit (from 0); messages are sent between commits."""
    numbers = count()

    def counted(commit: Any) -> Any:
        def blow(*arguments: Any) -> Any:
            number = next(numbers)
            if number == nth and not after:
                raise Killed
            done = commit(*arguments)
            if number == nth:
                raise Killed
            return done

        return blow

    with pytest.MonkeyPatch.context() as patch:
        for name in COMMITS:
            patch.setattr(lake, name, counted(getattr(lake, name)))
        yield


def identities(slack: WebReceiver) -> list[str]:
    return [post.json["blocks"][-1]["elements"][0]["text"] for post in slack.posts]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("nth", range(6))
def test_killed_at_any_commit_everything_is_told_in_the_end(
    watched: Stage, slack: WebReceiver, nth: int, after: bool
) -> None:
    """A look at two failures, and one at their end; either is killed at each of its commits in turn."""
    watched.look()
    blows = 0
    for passed in (False, True):
        watched.check("amounts_hold", passed=passed)
        watched.run(fails=not passed)
        until = watched.runs_until
        try:
            with killed_at(nth, after=after):
                watched.look()
        except Killed:
            blows += 1
            watched.runs_until = until  # Dagster keeps the cursor of a tick that came to its end alone
        for _ in range(2):
            watched.wait(minutes=2)
            watched.look()
    assert blows > 0, "there are as many commits"
    alerts = every_alert(watched.lake)
    assert sorted(alert.subject for alert in alerts) == ["check silver/lines amounts_hold", "job nightly"]
    assert not any(alert.is_open for alert in alerts)
    assert outstanding(watched.lake) == []
    told = {post.json["text"]: post for post in slack.posts}
    assert list(told) == ["Finance PPM: 2 alerts began", "Finance PPM: 2 alerts ended"]
    assert len(set(identities(slack))) == 2, "what comes twice comes under the same id"
    assert len(slack.posts) <= 2 + blows


def test_what_was_noted_by_a_look_that_was_killed_is_told_though_it_is_over_by_then(
    watched: Stage, slack: WebReceiver
) -> None:
    """Both are told by what is over: it began, it ended. One line says so."""
    watched.check("amounts_hold", passed=False)
    with pytest.raises(Killed), killed_at(1, after=True):  # the table is made, and has the alert
        watched.look()
    watched.check("amounts_hold", passed=True)
    watched.look()
    assert [post.json["text"] for post in slack.posts] == ["Over: amounts_hold fails on silver/lines"]


def test_killed_whenever_it_sends_it_still_waits_longer_each_time(
    watched: Stage, slack: WebReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A daemon that never lives to note what came of a message, and is started again each minute for an hour."""
    posts = 0

    def blow(*arguments: Any) -> None:
        if len(slack.posts) > posts:
            raise Killed
        overwrite_rows(*arguments)

    monkeypatch.setattr(lake, "overwrite_rows", blow)
    watched.check("amounts_hold", passed=False)
    for _ in range(60):
        posts = len(slack.posts)
        try:
            watched.look()
        except Killed:
            watched.wait(minutes=1)
    assert 4 <= len(slack.posts) <= 7, "after 0, 1, 3, 7, 15, 31 and 63 minutes"
    assert len(set(identities(slack))) == 1


def _look(folder: Path, url: str) -> None:
    """A look in a process of its own, at a Dagster and a lake in ``folder``."""
    instance = dg.DagsterInstance.from_config(str(folder))
    with stage(folder, instance, ppm_alert_slack_webhook=SecretStr(url)) as scene:
        scene.look()


def test_a_process_that_is_killed_while_slack_takes_the_message(tmp_path: Path, slack: WebReceiver) -> None:
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}")
    instance = dg.DagsterInstance.from_config(str(tmp_path))
    slack.posts.clear()
    with stage(tmp_path, instance, ppm_alert_slack_webhook=SecretStr(slack.url)) as scene:
        scene.check("amounts_hold", passed=False)
        process = multiprocessing.get_context("spawn").Process(target=_look, args=(tmp_path, slack.url))
        process.start()
        slack.before = process.kill
        process.join()
        slack.before = lambda: None
        assert process.exitcode == -signal.SIGKILL
        assert len(slack.posts) == 1
        (delivery,) = outstanding(scene.lake)
        assert delivery.attempts == 1

        scene.clock.moment = datetime.now(UTC)
        scene.look()
        assert len(slack.posts) == 1, "it is not sent again at once"
        scene.clock.moment += timedelta(minutes=2)
        scene.look()
    assert len(slack.posts) == 2
    assert len(set(identities(slack))) == 1
    assert outstanding(scene.lake) == []
