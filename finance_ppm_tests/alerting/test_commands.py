"""``finance-ppm alerts``: what is wrong, what did not arrive, and whether it would."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from finance_ppm import terminal
from finance_ppm.alert_commands import alerts_app
from finance_ppm.alerting.alert import Severity
from finance_ppm.alerting.outbox import due, next_message, refused
from finance_ppm.alerting.records import Records, outstanding
from finance_ppm.errors import SettingsError
from finance_ppm.lakehouse.lake import Lake
from finance_ppm_tests.alerting.alerts import NOW, alert
from finance_ppm_tests.alerting.receivers import SECRET_PATH, WebReceiver, web_receiver


@pytest.fixture
def slack() -> Iterator[WebReceiver]:
    with web_receiver() as receiver:
        yield receiver


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PPM_LAKEHOUSE_URI", str(tmp_path / "lake"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(terminal.out, "_file", None)
    monkeypatch.setattr(terminal.err, "_file", None)
    return Lake(str(tmp_path / "lake"))


def call(*command: str) -> Result:
    found = CliRunner().invoke(alerts_app, command)
    assert SECRET_PATH not in found.output
    return found


def fill(lake: Lake) -> None:
    """One open alert that Slack refused, and one that is over."""
    records = Records(lake, since=NOW, receivers=["slack"])
    records.note_alerts({each.alert_id: each for each in (alert(1), alert(2, Severity.WARN, ended=True))})
    records.note_deliveries(due([alert(1)], [], ["slack"], Severity.WARN, NOW))
    records.note_deliveries(refused(next_message(records.deliveries, "slack", NOW), "There is no webhook."))


def test_where_nothing_is_wrong_it_says_so_and_how_to_be_told(lake: Lake) -> None:
    said = call().output
    assert "Nothing is wrong." in said
    assert "PPM_ALERT_SLACK_WEBHOOK" in said


def test_it_lists_what_is_wrong_what_was_and_what_did_not_arrive(
    lake: Lake, slack: WebReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(lake)
    monkeypatch.setenv("PPM_ALERT_SLACK_WEBHOOK", slack.url)
    said = call().output
    assert "ERROR rule_1 fails on silver/lines, since 2026-06-15 09:31 UTC" in said
    assert "checkDetail=rule" in said
    assert "WARN  rule_2 fails on silver/lines, 2026-06-15 09:32 UTC to 2026-06-15 10:30 UTC" in said
    assert "refused to slack, 1 attempt: rule_1 fails on silver/lines (started). There is no webhook." in said
    assert "rule_2" not in call("--past", "0").output


def test_it_lists_them_for_a_program(lake: Lake) -> None:
    fill(lake)
    told = json.loads(call("--json").output)
    assert [one["title"] for one in told["open"]] == ["rule_1 fails on silver/lines"]
    assert [one["status"] for one in told["not_delivered"]] == ["refused"]
    assert told["receivers"] == []


def test_what_was_refused_is_sent_again_on_request(lake: Lake) -> None:
    fill(lake)
    assert "1 message will be sent again." in call("resend").output
    (delivery,) = outstanding(lake)
    assert (delivery.status, delivery.attempts, delivery.message_id) == ("waiting", 0, None)


def test_a_test_goes_to_every_receiver_and_says_what_came_of_it(
    lake: Lake, slack: WebReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PPM_ALERT_SLACK_WEBHOOK", slack.url)
    assert call("test").exit_code == 0
    monkeypatch.setenv("PPM_ALERT_TEAMS_WEBHOOK", f"http://127.0.0.1:9/{SECRET_PATH}")
    found = call("test")
    assert found.exit_code == 1
    assert "✓ slack: it took the message." in found.output
    assert "✗ teams: Microsoft Teams was not reached" in found.output
    told = json.loads(call("test", "--json").stdout)
    assert [(one["receiver"], one["arrived"]) for one in told["receivers"]] == [("slack", True), ("teams", False)]
    assert len(slack.posts) == 3
    assert not lake.uri or not Path(lake.uri, "gold").exists(), "a test is no alert"


def test_without_a_receiver_a_test_names_the_settings(lake: Lake) -> None:
    error = call("test").exception
    assert isinstance(error, SettingsError)
    assert "PPM_ALERT_SMTP_HOST" in str(error)


def test_an_alert_keeps_what_it_says(lake: Lake) -> None:
    """Through the lake and back, with every field."""
    full = replace(alert(3, ended=True), remedy=None, run_id=None)
    records = Records(lake, since=NOW, receivers=[])
    records.note_alerts({full.alert_id: full})
    assert Records(lake, since=NOW, receivers=[]).alerts == {full.alert_id: full}
