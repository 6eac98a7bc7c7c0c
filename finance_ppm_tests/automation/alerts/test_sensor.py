"""The sensor as Dagster evaluates it: with its resources, its cursor, and what stands beside its tick."""

from datetime import UTC, datetime
from typing import Any

import dagster as dg
from pydantic import SecretStr

from finance_ppm.alerting.receivers import Alerting
from finance_ppm.automation.alerts.sensor import alerts_sensor
from finance_ppm.lakehouse.locks import writer_lock
from finance_ppm_tests.alerting.receivers import SECRET_PATH, WebReceiver
from finance_ppm_tests.automation.alerts.stage import Stage


def tick(scene: Stage, sensor: dg.SensorDefinition, cursor: str | None = None) -> tuple[str | None, str]:
    """The cursor afterwards, and the words."""
    resources: dict[str, Any] = {
        "lake": scene.lake,
        "clock": scene.clock,
        "alerting": Alerting(scene.config, scene.clock),
    }
    context = dg.build_sensor_context(
        scene.instance, cursor=cursor, repository_def=scene.graph(), resources=resources, sensor_name=sensor.name
    )
    found = sensor.evaluate_tick(context)
    assert not found.run_requests
    return found.cursor, found.skip_message or ""


def test_it_runs_without_being_switched_on_twice_a_minute() -> None:
    sensor = alerts_sensor()
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    assert sensor.minimum_interval_seconds == 30


def test_a_tick_says_what_it_did_and_goes_on_from_its_cursor(watched: Stage, slack: WebReceiver) -> None:
    sensor = alerts_sensor()
    cursor, words = tick(watched, sensor)
    assert words == "0 open alerts; 0 started, 0 ended, 0 messages sent."
    watched.run(fails=True)
    cursor, words = tick(watched, sensor, cursor)
    assert words == "1 open alerts; 1 started, 0 ended, 1 messages sent."
    assert cursor
    assert datetime.fromisoformat(cursor) <= datetime.now(UTC)
    assert tick(watched, sensor, cursor) == (cursor, "1 open alerts; 0 started, 0 ended, 0 messages sent.")


def test_a_dead_receiver_fails_no_tick_and_its_address_stands_nowhere(watched: Stage) -> None:
    told = SecretStr(f"http://127.0.0.1:9/{SECRET_PATH}")
    watched.config = watched.config.model_copy(update={"ppm_alert_slack_webhook": told})
    watched.check("amounts_hold", passed=False)
    cursor, words = tick(watched, alerts_sensor())
    assert "Not delivered: slack: Slack was not reached" in words
    assert SECRET_PATH not in f"{cursor} {words}"


def test_a_tick_beside_another_passes_over(watched: Stage) -> None:
    with writer_lock(watched.lake.uri, "alerts"), dg.DagsterInstance.ephemeral():
        from finance_ppm.automation.alerts import watch

        patience, watch.LOCK_PATIENCE = watch.LOCK_PATIENCE, watch.LOCK_PATIENCE / 100
        cursor, words = tick(watched, alerts_sensor(), "2026-06-15T09:30:00+00:00")
        watch.LOCK_PATIENCE = patience
    assert cursor == "2026-06-15T09:30:00+00:00"
    assert "another process" in words
