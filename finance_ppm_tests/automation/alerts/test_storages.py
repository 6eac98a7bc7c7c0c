"""One long story, on every storage that Dagster has: SQLite and PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml  # type: ignore[import-untyped]  # PyYAML carries no types
from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluationPlanned
from dagster._core.definitions.freshness import FreshnessState, FreshnessStateChange
from dagster._core.events import DagsterEvent, DagsterEventType
from pydantic import SecretStr

from finance_ppm.alerting.records import every_alert
from finance_ppm_tests.alerting.receivers import WebReceiver
from finance_ppm_tests.automation.alerts.stage import Stage, stage

LINES = dg.AssetKey(["silver", "lines"])


@pytest.fixture(params=["sqlite", "postgres"])
def somewhere(request: pytest.FixtureRequest, tmp_path: Path, slack: WebReceiver) -> Iterator[Stage]:
    storage: dict[str, Any] = request.getfixturevalue("postgres") if request.param == "postgres" else {}
    told = {"telemetry": {"enabled": False}, **({"storage": storage} if storage else {})}
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(told))
    instance = dg.DagsterInstance.from_config(str(tmp_path))
    with stage(tmp_path, instance, ppm_alert_slack_webhook=SecretStr(slack.url)) as built:
        yield built


def freshness(scene: Stage, state: FreshnessState) -> None:
    """As Dagster's daemon notes it."""
    scene.instance._report_runless_asset_event(
        FreshnessStateChange(
            key=LINES,
            previous_state=FreshnessState.UNKNOWN,
            new_state=state,
            state_change_timestamp=scene.clock.now().timestamp(),
        )
    )


def planned(scene: Stage, check: str) -> None:
    """A run is about to ask the check."""
    run = scene.instance.create_run_for_job(scene.graph().get_job("nightly"))
    event = DagsterEvent(
        event_type_value=DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED.value,
        job_name="nightly",
        event_specific_data=AssetCheckEvaluationPlanned(asset_key=LINES, check_name=check),
    )
    scene.instance.report_dagster_event(event, run.run_id)


def still_open(scene: Stage) -> set[str]:
    return {alert.subject for alert in every_alert(scene.lake) if alert.is_open}


def test_each_kind_starts_once_and_ends_once(somewhere: Stage) -> None:
    scene = somewhere
    assert scene.look().open == 0

    scene.check("amounts_hold", passed=False)
    freshness(scene, FreshnessState.FAIL)
    failed = scene.execute(fails=True)
    assert scene.look().started == 3
    check, table, job = "check silver/lines amounts_hold", "freshness silver/lines", "job nightly"
    assert still_open(scene) == {check, table, job}

    for _ in range(2):
        planned(scene, "amounts_hold")
    scene.execute(root=failed, fails=True)
    assert (scene.look().started, scene.look().ended) == (0, 0), "one is planned, one is tried again: nothing new"

    scene.execute(root=failed)
    assert scene.look().ended == 1
    assert still_open(scene) == {check, table}

    scene.check("amounts_hold", passed=True)
    freshness(scene, FreshnessState.PASS)
    assert scene.look().ended == 2
    assert still_open(scene) == set()
    assert len(every_alert(scene.lake)) == 3

    scene.runs_until = None
    assert scene.look().started == 0, "whoever forgets how far it looked begins nothing again"
