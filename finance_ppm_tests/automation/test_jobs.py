"""What runs by the clock: each schedule asks for its tick's UTC day, or says why it does not."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import dagster as dg
import pytest

from finance_ppm.automation.jobs import SCHEDULED_JOBS, ScheduledJob, next_tick
from finance_ppm.clock import FrozenClock
from finance_ppm.definitions import build_defs
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.pipeline.bronze import sync_notion
from finance_ppm.pipeline.engine import SyncEngine
from finance_ppm.resources import default_resources
from finance_ppm.settings import Config
from finance_ppm_tests.world import MONDAY, World, world

BY_NAME = {scheduled.name: scheduled for scheduled in SCHEDULED_JOBS}
NEED_NOTION = ("notion_sync_bronze", "new_day")
NEED_AZURE = ("azure_rg_ingest_bronze", "azure_advisor_transform")


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("jobs"), pages=50) as built:
        yield built


@pytest.fixture(scope="module")
def defs(here: World) -> dg.Definitions:
    return here.defs()


def schedule_of(defs: dg.Definitions, name: str) -> dg.ScheduleDefinition:
    found = defs.resolve_schedule_def(f"{name}_schedule")
    assert isinstance(found, dg.ScheduleDefinition)
    return found


def ticked(
    defs: dg.Definitions, name: str, config: Config, lake: Lake, at: datetime
) -> tuple[list[dg.RunRequest], str | None]:
    """What the schedule asks for at its tick, and why it does not."""
    resources = default_resources(config, clock=FrozenClock(at))
    context = dg.build_schedule_context(
        scheduled_execution_time=at,
        resources={"notion": resources["notion"], "azure": resources["azure"], "lake": lake},
        repository_def=defs.get_repository_def(),
    )
    found = schedule_of(defs, name).evaluate_tick(context)
    return list(found.run_requests or []), found.skip_message


@pytest.mark.parametrize("scheduled", SCHEDULED_JOBS, ids=lambda scheduled: scheduled.name)
def test_every_job_is_scheduled_in_utc_and_runs_without_being_switched_on(
    defs: dg.Definitions, scheduled: ScheduledJob
) -> None:
    schedule = schedule_of(defs, scheduled.name)
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    assert schedule.execution_timezone == "UTC"
    assert schedule.cron_schedule == scheduled.cron
    assert schedule.job_name == scheduled.name
    assert (defs.resolve_job_def(scheduled.name).partitions_def is None) is (scheduled.selection is None)


def test_the_sensor_that_watches_the_tables_runs_without_being_switched_on(defs: dg.Definitions) -> None:
    watching, alerting = defs.sensors or ()
    assert isinstance(watching, dg.AutomationConditionSensorDefinition)
    assert {sensor.default_status for sensor in (watching, alerting)} == {dg.DefaultSensorStatus.RUNNING}


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (datetime(2026, 6, 15, 9, 30, tzinfo=UTC), "2026-06-15"),
        (datetime(2026, 6, 15, 0, 5, tzinfo=UTC), "2026-06-15"),
        (datetime(2026, 6, 14, 23, 59, 59, tzinfo=UTC), "2026-06-14"),
        (datetime(2026, 6, 15, 1, 0, tzinfo=timezone(timedelta(hours=2))), "2026-06-14"),
    ],
)
@pytest.mark.parametrize(
    "name", [name for name in BY_NAME if name not in {"notion_transform_silver", "lake_maintenance", *NEED_AZURE}]
)
def test_a_tick_asks_for_its_own_utc_day(here: World, defs: dg.Definitions, name: str, at: datetime, day: str) -> None:
    (request,), _ = ticked(defs, name, here.config, here.lake, at)
    assert request.partition_key == day
    (again,), _ = ticked(defs, name, here.config, here.lake, at)
    assert request.run_key == again.run_key, "one run for one tick"


@pytest.mark.parametrize("name", NEED_NOTION)
def test_without_settings_what_reads_notion_passes_its_ticks_over_and_says_what_is_missing(
    here: World, defs: dg.Definitions, name: str
) -> None:
    requests, reason = ticked(defs, name, here.config.model_copy(update={"notion_token": None}), here.lake, MONDAY)
    assert requests == []
    assert reason is not None
    assert "NOTION_TOKEN is not set" in reason


@pytest.mark.parametrize("name", NEED_AZURE)
def test_without_settings_what_reads_azure_passes_its_ticks_over_and_says_how_to_configure_it(
    here: World, defs: dg.Definitions, name: str
) -> None:
    requests, reason = ticked(defs, name, here.config, here.lake, MONDAY)
    assert requests == []
    assert reason is not None
    assert "AZURE_TENANT_ID" in reason
    configured = here.config.model_copy(update={"azure_tenant_id": "72f988bf-0000-0000-0000-00000000d011"})
    (request,), _ = ticked(defs, name, configured, here.lake, datetime(2026, 6, 15, 6, 0, tzinfo=UTC))
    assert request.partition_key == "2026-06-15"


def test_silver_is_passed_over_while_it_holds_every_newest_version(
    here: World, defs: dg.Definitions, tmp_path: Path
) -> None:
    lake = Lake(str(tmp_path / "lake"), clock=here.clock)

    def tick() -> tuple[int, str | None]:
        requests, reason = ticked(defs, "notion_transform_silver", here.config, lake, MONDAY)
        return len(requests), reason

    assert tick()[0] == 0, "there is nothing to type yet"
    sync_notion(here.config, lake, here.clock)
    assert tick() == (1, None)
    SyncEngine(here.config, clock=here.clock, lake=lake).sync_all(full_refresh=True)
    requests, reason = tick()
    assert requests == 0
    assert reason is not None
    assert reason.startswith("Silver and quarantine hold the newest version")


@pytest.mark.parametrize(
    ("cron", "after", "then"),
    [
        ("*/5 * * * *", "2026-06-15T09:30:00+00:00", "2026-06-15T09:35:00+00:00"),
        ("*/5 * * * *", "2026-06-15T09:34:59.999999+00:00", "2026-06-15T09:35:00+00:00"),
        ("0 * * * *", "2026-12-31T23:30:00+00:00", "2027-01-01T00:00:00+00:00"),
        ("5 0 * * *", "2026-06-15T00:04:00+00:00", "2026-06-15T00:05:00+00:00"),
        ("5 0 * * *", "2026-06-15T00:05:00+00:00", "2026-06-16T00:05:00+00:00"),
        ("5 0 * * *", "2026-06-15T01:00:00+02:00", "2026-06-15T00:05:00+00:00"),
    ],
)
def test_the_next_tick_is_the_first_after_the_moment_in_utc(cron: str, after: str, then: str) -> None:
    assert next_tick(cron, datetime.fromisoformat(after)) == datetime.fromisoformat(then)


def test_a_graph_without_any_setting_can_be_loaded() -> None:
    dg.Definitions.validate_loadable(build_defs())
