"""What a look makes of what goes wrong and well again, on a real Dagster, and what arrives in Slack."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.storage.runs.schema import RunsTable
from deltalake.exceptions import DeltaError
from pydantic import SecretStr

from finance_ppm.alerting.alert import Alert, Outcome
from finance_ppm.alerting.records import every_alert, outstanding
from finance_ppm.contracts.alerts import ALERT_TABLES
from finance_ppm.contracts.bronze import NotionSyncWatermarks
from finance_ppm.quality.asking import NOT_ASKED
from finance_ppm_tests.alerting.receivers import SECRET_PATH, WebReceiver, web_receiver
from finance_ppm_tests.automation.alerts.stage import Stage

CHECK = "check silver/lines amounts_hold"


def subjects(scene: Stage) -> set[str]:
    """What is open."""
    return {alert.subject for alert in every_alert(scene.lake) if alert.is_open}


def only(scene: Stage) -> Alert:
    (alert,) = every_alert(scene.lake)
    return alert


def headlines(slack: WebReceiver) -> list[str]:
    return [post.json["text"] for post in slack.posts]


def versions(scene: Stage) -> list[int | None]:
    return [scene.lake.version(table) for table in ALERT_TABLES]


# --- the file of thresholds -----------------------------------------------------------------------


@pytest.mark.parametrize("wrong", ["above: 2026-02-30", "above: 1, above: 2", "above: " + "[" * 3000])
def test_a_file_that_cannot_be_used_is_told_and_so_is_all_else(watched: Stage, wrong: str) -> None:
    file = watched.config.ppm_alert_thresholds
    file.write_text(f"thresholds:\n  - {{name: n, table: gold/alerts, take: count, {wrong}}}\n")
    watched.check("amounts_hold", passed=False)
    watched.look()
    assert subjects(watched) == {CHECK, f"file {file}"}
    file.write_text("thresholds: []")
    watched.check("amounts_hold", passed=True)
    watched.look()
    assert subjects(watched) == set()


# --- checks ---------------------------------------------------------------------------------------


def test_a_check_that_fails_is_told_once_and_once_when_it_passes(watched: Stage, slack: WebReceiver) -> None:
    for passed in (False, False, False, True, True):
        watched.check("amounts_hold", passed=passed)
        watched.look()
    assert headlines(slack) == [
        "ERROR: amounts_hold fails on silver/lines",
        "Over: amounts_hold fails on silver/lines",
    ]
    first = slack.posts[0].body.decode()
    assert "5 rows: amounts_hold." in first
    assert "Mend it." in first
    assert "http://127.0.0.1:3000/assets/silver/lines?view=checks&amp;checkDetail=amounts_hold" not in first
    assert "http://127.0.0.1:3000/assets/silver/lines?view=checks&checkDetail=amounts_hold|Check" in first


def test_a_check_that_flaps_is_told_at_each_turn(watched: Stage, slack: WebReceiver) -> None:
    for passed in (False, True, False, True):
        watched.check("amounts_hold", passed=passed)
        watched.look()
    assert [line.partition(":")[0] for line in headlines(slack)] == ["ERROR", "Over", "ERROR", "Over"]
    assert len({post.json["blocks"][-1]["elements"][0]["text"] for post in slack.posts}) == 4


def test_a_quiet_look_writes_nothing_and_tells_nothing(watched: Stage, slack: WebReceiver) -> None:
    watched.check("amounts_hold", passed=False)
    watched.run(fails=True)
    watched.look()
    before, posts = versions(watched), len(slack.posts)
    watched.look()
    watched.runs_until = None
    watched.look()
    assert (versions(watched), len(slack.posts)) == (before, posts)


def test_a_check_that_is_deleted_ends_its_alert(watched: Stage, slack: WebReceiver) -> None:
    watched.check("amounts_hold", passed=False)
    watched.look()
    watched.checks = ("names_hold",)
    watched.look()
    assert only(watched).outcome is Outcome.GONE
    assert headlines(slack)[-1] == "No longer watched: amounts_hold fails on silver/lines"


def test_a_check_that_is_planned_or_was_skipped_says_nothing_new(watched: Stage) -> None:
    """A run whose step failed leaves its checks planned for ever: the last finished result counts."""
    watched.check("amounts_hold", passed=False)
    watched.look()
    watched.run("__ASSET_JOB", fails=True)
    watched.look()
    assert CHECK in subjects(watched)


def test_a_check_that_could_not_be_asked_ends_no_alert(watched: Stage) -> None:
    """It passes, so that nothing waits for it; but nobody looked."""
    watched.check("amounts_hold", passed=False)
    watched.look()
    watched.check("amounts_hold", passed=True, **{NOT_ASKED: "gold/ppm_forecast was not made for the day."})
    watched.look()
    assert subjects(watched) == {CHECK}
    watched.check("amounts_hold", passed=True)
    watched.look()
    assert subjects(watched) == set()


def test_a_check_of_a_past_day_says_nothing_of_the_present(watched: Stage) -> None:
    today = datetime.now(UTC).date()
    past = (today - timedelta(days=40)).isoformat()
    watched.check("amounts_hold", passed=True, **{"as of": today.isoformat()})
    watched.check("names_hold", passed=False, **{"as of": today.isoformat()})
    for _ in range(3):
        watched.check("amounts_hold", passed=False, **{"as of": past})
        watched.check("names_hold", passed=True, **{"as of": past})
    watched.look()
    assert subjects(watched) == {"check silver/lines names_hold"}


def test_the_failing_rows_are_linked_without_their_titles(watched: Stage, slack: WebReceiver) -> None:
    page = "1429989fe8ac4effbc8f57f56486db54"
    record = dg.TableRecord(
        {"notion_url": f"https://www.notion.so/Secret-project-{page}", "row_name": "Secret project"}
    )
    nowhere = dg.TableRecord({"notion_url": "", "row_name": "A database"})
    rows: dict[str, Any] = {"failing rows": dg.MetadataValue.table([record, nowhere])}
    watched.check("amounts_hold", passed=False, **rows)
    watched.look()
    assert f"https://www.notion.so/{page}|Row 1 in Notion" in slack.posts[0].body.decode()
    assert "Secret" not in str(only(watched)) + slack.posts[0].body.decode()


def test_a_first_look_at_an_old_instance_is_one_message(watched: Stage, slack: WebReceiver) -> None:
    watched.checks = tuple(f"rule_{number}" for number in range(60))
    for name in watched.checks:
        watched.check(name, passed=False)
    watched.look()
    assert headlines(slack) == ["Finance PPM: 60 alerts began"]
    assert "And 40 more" in slack.posts[0].body.decode()
    watched.look()
    assert len(slack.posts) == 1


def test_only_what_is_grave_enough_is_told_and_all_is_kept(watched: Stage, slack: WebReceiver) -> None:
    watched.check("amounts_hold", passed=False, severity="WARN")
    watched.look(ppm_alert_minimum_severity="ERROR")
    assert slack.posts == []
    assert only(watched).is_open


# --- runs -----------------------------------------------------------------------------------------


def test_a_failed_run_is_told_at_its_first_attempt_and_ends_with_a_later_one(
    watched: Stage, slack: WebReceiver
) -> None:
    watched.look()
    first = watched.run(fails=True)
    watched.look()
    for fails in (True, False):
        watched.run(root=first, fails=fails)
        watched.look()
    assert headlines(slack) == ["ERROR: The job nightly failed", "Over: The job nightly failed"]
    text = slack.posts[0].body.decode()
    assert "silver__lines: The lines could not be read." in text
    assert f"http://127.0.0.1:3000/runs/{first}|Run" in text


def test_a_run_that_failed_and_was_cured_between_two_looks_is_told(watched: Stage, slack: WebReceiver) -> None:
    watched.look()
    watched.run(fails=True)
    watched.run()
    watched.look()
    assert only(watched).outcome is Outcome.RESOLVED
    watched.look()
    assert len(every_alert(watched.lake)) == 1
    assert headlines(slack) == ["Over: The job nightly failed"]


def test_a_table_that_cannot_be_read_fails_the_look_and_all_else_is_told(watched: Stage, slack: WebReceiver) -> None:
    broken = Path(watched.lake.path(NotionSyncWatermarks), "_delta_log")
    broken.mkdir(parents=True)
    (broken / f"{0:020}.json").write_text("no commit")
    watched.run(fails=True)
    watched.check("amounts_hold", passed=False)
    for _ in range(2):
        with pytest.raises(DeltaError):
            watched.look()
    assert headlines(slack) == ["Finance PPM: 2 alerts began"]


def test_what_failed_and_was_cured_before_the_first_look_is_no_news(watched: Stage, slack: WebReceiver) -> None:
    watched.run(fails=True)
    watched.run()
    watched.look()
    assert every_alert(watched.lake) == []


def test_a_job_that_fails_every_few_minutes_is_one_alert(watched: Stage, slack: WebReceiver) -> None:
    for _ in range(3):
        watched.run(fails=True)
        watched.look()
    assert len(slack.posts) == 1
    watched.run()
    watched.look()
    assert headlines(slack)[-1] == "Over: The job nightly failed"


def test_a_past_day_that_is_run_again_stands_for_itself(watched: Stage) -> None:
    watched.look()
    watched.run(day="2026-01-31", fails=True)
    watched.look()
    watched.run()
    watched.look()
    assert subjects(watched) == {"job nightly for 2026-01-31"}
    watched.run(day="2026-01-31")
    watched.look()
    assert subjects(watched) == set()


def test_without_a_job_the_alert_is_about_the_step_and_any_run_that_makes_it_ends_it(watched: Stage) -> None:
    watched.look()
    watched.run("__ASSET_JOB", fails=True)
    watched.look()
    assert subjects(watched) == {"step silver__lines"}
    watched.run("nightly")
    watched.look()
    assert subjects(watched) == set()


def test_a_run_that_never_began_is_told(watched: Stage) -> None:
    watched.look()
    watched.broken_off("The machine is full.")
    watched.look()
    assert only(watched).detail == "The machine is full."
    watched.run()
    watched.look()
    assert subjects(watched) == set()


def test_a_run_that_is_cancelled_is_no_failure(watched: Stage) -> None:
    watched.look()
    run = watched.instance.create_run_for_job(watched.graph().get_job("nightly"))
    watched.instance.report_run_canceled(run)
    watched.look()
    assert every_alert(watched.lake) == []


def test_tagging_an_old_run_tells_nothing_again(watched: Stage) -> None:
    """Whoever tags a run changes it: it is looked at again."""
    watched.look()
    failed = watched.run(fails=True)
    watched.run()
    watched.look()
    before = versions(watched)
    watched.instance.add_run_tags(failed, {"looked at by": "me"})
    watched.look()
    assert versions(watched) == before


def test_a_run_that_is_tried_again_on_the_next_day_is_still_the_jobs(watched: Stage) -> None:
    """Yesterday's partition is a past day by now; it was none when the first attempt began."""
    watched.look()
    yesterday = datetime.now(UTC) - timedelta(days=1)
    first = watched.run(day=yesterday.date().isoformat(), fails=True)
    with watched.instance.run_storage.connect() as connection:  # type: ignore[attr-defined]  # of SQL
        begun = RunsTable.update().where(RunsTable.c.run_id == first)
        connection.execute(begun.values(create_timestamp=yesterday.replace(tzinfo=None)))
    watched.look()
    assert subjects(watched) == {"job nightly"}
    watched.run(day=yesterday.date().isoformat(), root=first)
    watched.look()
    assert subjects(watched) == set()


def test_a_run_on_a_machine_whose_clock_is_behind_is_not_overlooked(watched: Stage) -> None:
    watched.look()
    watched.runs_until = datetime.now(UTC) + timedelta(minutes=2)
    watched.run(fails=True)
    watched.look()
    assert subjects(watched) == {"job nightly"}


def test_no_secret_of_the_settings_is_told_in_the_words_of_a_run(watched: Stage, slack: WebReceiver) -> None:
    watched.look()
    watched.broken_off(f"Could not post to {slack.url}")
    watched.look()
    assert SECRET_PATH not in slack.posts[0].body.decode() + str(only(watched))


# --- receivers ------------------------------------------------------------------------------------


def test_a_receiver_that_is_down_delays_no_other_and_is_told_everything_once_it_is_up(
    watched: Stage, slack: WebReceiver
) -> None:
    with web_receiver() as other:
        both: dict[str, Any] = {"ppm_alert_webhook": SecretStr(other.url)}
        slack.says(503)
        watched.check("amounts_hold", passed=False)
        seen = watched.look(**both)
        assert list(seen.errors) == ["slack"]
        assert len(other.posts) == 1
        watched.check("amounts_hold", passed=True)
        watched.check("names_hold", passed=False)
        watched.wait(minutes=-0.5)
        watched.look(**both)
        assert len(other.posts) == 2
        assert len(slack.posts) == 1, "it is left alone for a minute"
        slack.takes_it()
        watched.wait(minutes=5)
        watched.look(**both)
    assert headlines(slack)[1:] == [
        "ERROR: amounts_hold fails on silver/lines",
        "Finance PPM: 1 alert began, 1 alert ended",
    ]
    assert outstanding(watched.lake) == []


def test_a_receiver_that_refuses_is_not_hammered_and_what_it_refused_stays_visible(
    watched: Stage, slack: WebReceiver
) -> None:
    slack.says(404, "no_service")
    watched.check("amounts_hold", passed=False)
    for _ in range(5):
        watched.look()
        watched.wait(hours=3)
    assert len(slack.posts) == 1
    (delivery,) = outstanding(watched.lake)
    assert delivery.undelivered
    assert "404 no_service" in (delivery.last_error or "")


def test_without_a_receiver_alerts_are_kept_and_told_to_the_one_that_comes(watched: Stage, slack: WebReceiver) -> None:
    watched.check("amounts_hold", passed=False)
    watched.look(ppm_alert_slack_webhook=None)
    assert only(watched).is_open
    watched.look()
    assert headlines(slack) == ["ERROR: amounts_hold fails on silver/lines"]


@pytest.fixture(autouse=True)
def nothing_secret_is_kept(watched: Stage) -> Iterator[None]:
    yield
    assert SECRET_PATH not in "".join(str(watched.lake.scan(table).collect().to_dicts()) for table in ALERT_TABLES)
