"""The spine: one daily partition, bronze as a log, silver as the present, gold as of a day. A test per sentence."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import dagster as dg
import httpx
import polars as pl
import pytest

from finance_ppm.automation.run_log import TO_STEPS
from finance_ppm.contracts import ALL_TABLES, Table, full_name, history_of
from finance_ppm.contracts.azure import AZURE_BRONZE_TABLES
from finance_ppm.contracts.bronze import NotionRawPages, NotionSyncWatermarks
from finance_ppm.contracts.closes import PpmMonthCloseLines, PpmMonthCloses
from finance_ppm.contracts.finance import PpmForecast, PpmProjectHealth
from finance_ppm.contracts.fx import FX_TABLES
from finance_ppm.contracts.gold import ControlRoomStatus, PpmBudgetVsActual
from finance_ppm.contracts.silver import NotionActions, NotionBudgetLines, NotionProjects, NotionRisks, Quarantine
from finance_ppm.dagster_home import step_words
from finance_ppm.lakehouse.retention import remove_expired
from finance_ppm.parameters import Parameters
from finance_ppm.pipeline.silver import unsettled_pages
from finance_ppm.resources import NotionSource
from finance_ppm.sandbox.notion.faults import Fault
from finance_ppm.sandbox.notion.history import Change, Database, History
from finance_ppm.sandbox.portfolio import portfolio
from finance_ppm_tests.world import MONDAY, World, databases, number, title, world

TODAY = MONDAY.date()


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as built:
        yield built


def failure(result: dg.ExecuteInProcessResult) -> str:
    """What the one failed step said."""
    (event,) = result.get_step_failure_events()
    return step_words(event)


def a_line(here: World) -> str:
    """A live line of a live project, with an amount."""
    lines = here.rows(NotionBudgetLines).filter(
        pl.col("amount").is_not_null() & ~pl.col("is_archived") & pl.col("project_id").is_not_null()
    )
    projects = here.rows(NotionProjects).filter(~pl.col("is_archived"))
    return str(lines.filter(pl.col("project_id").is_in(projects["project_id"].implode()))["budget_line_id"][0])


def test_every_table_is_made_in_one_run(here: World) -> None:
    here.run()
    # Neither Azure nor exchange rates are configured here, and no month was closed.
    unwritten: tuple[type[Table], ...] = (*AZURE_BRONZE_TABLES, *FX_TABLES, PpmMonthCloses, PpmMonthCloseLines)
    unread = {full_name(table) for table in unwritten}
    assert {name for name, version in here.versions().items() if version is None} == unread
    assert here.rows(NotionRawPages).height >= 120
    assert here.rows(PpmBudgetVsActual).height > 100


def test_a_second_run_on_unchanged_data_costs_five_requests_and_writes_nothing(here: World) -> None:
    here.run()
    before, rows = here.versions("silver", "gold"), here.rows(NotionRawPages).height
    here.sandbox.reset_requests()
    here.run()
    assert len(here.sandbox.requests()) == 5
    assert here.versions("silver", "gold") == before
    assert here.rows(NotionRawPages).height == rows


def test_an_edited_page_changes_its_own_rows_alone(here: World) -> None:
    here.run()
    line, before = a_line(here), {table: here.rows(table) for table in ALL_TABLES}
    here.go_to(MONDAY + timedelta(minutes=5))
    here.edit("budget_lines", line, Amount=number("4321.09"))
    here.run()
    raw = here.rows(NotionRawPages)
    assert raw.height == before[NotionRawPages].height + 1
    assert raw.sort("captured_at")["page_id"][-1] == line
    lines = here.rows(NotionBudgetLines)
    assert lines.join(before[NotionBudgetLines], on="budget_line_id", how="anti").is_empty()
    changed = lines.filter(pl.struct(pl.all()).is_in(before[NotionBudgetLines].to_struct().implode()).not_())
    assert changed["budget_line_id"].to_list() == [line]
    assert changed["amount"].to_list() == [Decimal("4321.09")]
    assert here.rows(NotionProjects).equals(before[NotionProjects])


def test_edited_to_b_and_back_to_a_ends_at_a_even_if_the_clock_stands(here: World) -> None:
    here.run()
    line = a_line(here)
    (first,) = here.rows(NotionBudgetLines).filter(pl.col("budget_line_id") == line)["amount"]
    for amount in ("1.11", str(first)):
        here.edit("budget_lines", line, Amount=number(amount))
        here.run()
    versions = here.rows(NotionRawPages).filter(pl.col("page_id") == line)
    assert versions.height == 3
    assert versions["captured_at"].is_sorted()
    (last,) = here.rows(NotionBudgetLines).filter(pl.col("budget_line_id") == line)["amount"]
    assert last == first


def test_a_past_partition_of_bronze_reports_what_was_captured_and_asks_nobody(here: World) -> None:
    here.run()
    rows = here.rows(NotionRawPages)
    here.go_to(MONDAY + timedelta(days=1))
    here.sandbox.reset_requests()
    result = here.run(TODAY, only={"bronze"})
    assert here.sandbox.requests() == []
    assert here.rows(NotionRawPages).equals(rows)
    (event,) = result.asset_materializations_for_node("notion_sync")[:1]
    assert event.metadata["page versions captured on the day"].value == rows.height


def test_gold_of_gold_waits_for_the_gold_of_its_day(here: World) -> None:
    """Be it today's, which is still yesterday's, or a past day's, of which there is no snapshot."""
    here.run()
    missed, today = TODAY + timedelta(days=1), TODAY + timedelta(days=2)
    here.go_to(MONDAY + timedelta(days=2))
    for day in (today, missed):
        refused = here.run(day, only={"gold/ppm_forecast_intervals"}, raise_on_error=False)
        assert failure(refused) == f"There is no gold/ppm_forecast of {day}: materialise it for that day first."
        here.run(day, only={"gold/ppm_forecast"})
        assert here.run(day, only={"gold/ppm_forecast_intervals"}).success


def test_a_snapshot_that_has_left_is_no_empty_one(here: World) -> None:
    """Dagster remembers that it was made; what is made of it is not made of nothing for that."""
    here.run()
    here.go_to(MONDAY + timedelta(days=1))
    here.run(only={"gold/ppm_forecast"})  # the last of its month is kept
    here.go_to(MONDAY + timedelta(days=60))
    remove_expired(here.lake, history_of(PpmForecast), here.clock.today(), set)
    refused = here.run(TODAY, only={"gold/ppm_project_health"}, raise_on_error=False)
    assert failure(refused) == f"There is no gold/ppm_forecast of {TODAY}: materialise it for that day first."


def test_a_day_on_which_there_was_nothing_was_made_all_the_same(tmp_path: Path) -> None:
    with world(tmp_path, History((), databases(), ())) as nothing:
        nothing.run()
        nothing.go_to(MONDAY + timedelta(days=1))
        nothing.run()
        assert nothing.rows(PpmForecast).is_empty()
        assert nothing.run(TODAY, only={"gold/ppm_forecast_intervals"}).success


def test_thresholds_that_cannot_be_used_stop_what_is_judged_by_them_and_no_figure(here: World) -> None:
    told = "health.yaml, line 3 (cost > amber_beyond): write a number."
    here.overrides["parameters"] = Parameters(health_mistake=told)
    assert failure(here.run(raise_on_error=False)) == told
    assert here.rows(PpmBudgetVsActual).height > 100
    assert here.lake.version(PpmProjectHealth) is None


def test_one_of_the_tables_made_together_can_be_made_alone(here: World) -> None:
    here.run()
    result = here.run(only={"gold/ppm_forecast_monthly"})
    assert [event.asset_key.path[-1] for event in result.get_asset_materialization_events() if event.asset_key] == [
        "ppm_forecast_monthly"
    ]


def test_a_day_without_a_capture_is_refused_by_name(here: World) -> None:
    here.run()
    here.go_to(MONDAY + timedelta(days=2))
    missed = TODAY + timedelta(days=1)
    result = here.run(missed, only={"bronze"}, raise_on_error=False)
    assert not result.success
    assert f"never captured on {missed}" in failure(result)


def test_watermarks_never_move_backwards_and_only_after_a_complete_read(here: World) -> None:
    here.run()
    before = here.rows(NotionSyncWatermarks)
    here.go_to(MONDAY + timedelta(minutes=10))
    here.sandbox.add_fault(Fault.error(404, path=here.sandbox.database_ids["projects"], times=100))
    result = here.run(only={"bronze"}, raise_on_error=False)
    assert not result.success
    moved = here.rows(NotionSyncWatermarks).filter(pl.col("last_read_at") > MONDAY)["database_name"].to_list()
    assert sorted(moved) == ["actions", "budget_lines", "programs", "risks"]
    kept = here.rows(NotionSyncWatermarks).filter(pl.col("database_name") == "projects")
    assert "projects" in kept["last_error"].item()
    assert kept.drop("last_error", "last_attempt_at").row(0) in before.drop("last_error", "last_attempt_at").rows()


def test_a_failed_database_does_not_keep_the_others_from_arriving(here: World) -> None:
    here.sandbox.add_fault(Fault.error(404, path=here.sandbox.database_ids["risks"], times=100))
    result = here.run(only={"bronze"}, raise_on_error=False)
    told = failure(result)
    assert "Read 4 of 5 databases" in told
    assert "risks" in told
    assert set(here.rows(NotionRawPages)["database_name"]) == {"actions", "budget_lines", "programs", "projects"}


def test_a_past_day_of_gold_shows_what_that_day_saw(here: World) -> None:
    here.run()
    seen = here.rows(PpmBudgetVsActual)
    here.go_to(MONDAY + timedelta(days=1))
    here.edit("budget_lines", a_line(here), Amount=number("999999.99"))
    here.run()
    latest = here.rows(PpmBudgetVsActual)
    assert not latest.drop("as_of_date").equals(seen.drop("as_of_date"))
    here.lake.replace_partition(
        history_of(PpmBudgetVsActual), history_of(PpmBudgetVsActual).create_empty(), {"as_of_date": TODAY}
    )
    here.run(TODAY, only={"gold"})
    history = here.rows(history_of(PpmBudgetVsActual)).filter(pl.col("as_of_date") == TODAY)
    assert history.select(seen.columns).sort("metric_id").equals(seen)
    assert here.rows(PpmBudgetVsActual).equals(latest), "a backfill of a past day touches history alone"


def test_a_day_before_the_first_capture_is_refused_with_the_first_day_there_is(here: World) -> None:
    here.run()
    result = here.run(TODAY - timedelta(days=1), only={"gold/ppm_budget_vs_actual"}, raise_on_error=False)
    assert f"the first day there is, is {TODAY}" in failure(result)


def test_an_empty_lake_is_refused_with_what_to_do(here: World) -> None:
    result = here.run(only={"gold/ppm_budget_vs_actual"}, raise_on_error=False)
    assert "run `notion-sync sync`" in failure(result)


def test_days_can_be_replayed_in_any_order_and_any_number_of_times(here: World) -> None:
    line = None
    for days in range(3):
        here.go_to(MONDAY + timedelta(days=days))
        if line:
            here.edit("budget_lines", line, Amount=number(f"{days}00.00"))
        here.run()
        line = line or a_line(here)
    expected = {table: here.rows(table) for table in ALL_TABLES if table.info.layer in {"silver", "bronze"}}
    versions = here.versions("silver")
    for days in (0, 2, 1, 0, 1):
        here.run(TODAY + timedelta(days=days), only={"silver"})
    assert {table: here.rows(table).equals(rows) for table, rows in expected.items()} == dict.fromkeys(expected, True)
    assert here.versions("silver") == versions


def test_a_quiet_midnight_still_gives_the_new_day_its_gold(here: World) -> None:
    here.run()
    tomorrow = TODAY + timedelta(days=1)
    here.go_to(MONDAY.replace(hour=0, minute=5) + timedelta(days=1))
    here.run()
    assert here.rows(PpmBudgetVsActual)["as_of_date"].unique().to_list() == [tomorrow]
    days = here.rows(history_of(PpmBudgetVsActual))["as_of_date"].unique().sort().to_list()
    assert days == [TODAY, tomorrow]


def test_a_day_on_which_silver_never_ran_leaves_nothing_behind(here: World) -> None:
    here.run()
    line = a_line(here)
    here.go_to(MONDAY + timedelta(hours=14))
    here.edit("budget_lines", line, Amount=number("77.77"))
    here.run(only={"bronze"})
    here.go_to(MONDAY + timedelta(days=1))
    here.run()
    (amount,) = here.rows(NotionBudgetLines).filter(pl.col("budget_line_id") == line)["amount"]
    assert amount == Decimal("77.77")


def test_quarantine_is_the_complement_and_a_mended_page_leaves_it(here: World) -> None:
    here.run()
    line = a_line(here)
    for amount, refused in (("12345678901234567890", True), ("55.50", False)):
        here.go_to(here.clock.now() + timedelta(minutes=5))
        here.edit("budget_lines", line, Amount=number(amount))
        here.run()
        in_silver = line in here.rows(NotionBudgetLines)["budget_line_id"].to_list()
        in_quarantine = line in here.rows(Quarantine)["page_id"].to_list()
        assert (in_silver, in_quarantine) == (not refused, refused)


def test_a_deletion_is_a_tombstone_and_a_restored_page_comes_back(here: World) -> None:
    here.run()
    line = a_line(here)
    for change, archived in ((Change.TRASH, True), (Change.RESTORE, False)):
        here.go_to(here.clock.now() + timedelta(minutes=5))
        here.edit("budget_lines", line, change)
        here.run(run_config={"ops": {"notion_sync": {"config": {"full": True}}}})
        (found,) = here.rows(NotionBudgetLines).filter(pl.col("budget_line_id") == line)["is_archived"]
        assert found is archived
    versions = here.rows(NotionRawPages).filter(pl.col("page_id") == line).sort("captured_at")
    assert versions["is_deleted"].to_list() == [False, True, False]


def test_which_databases_are_synced_is_run_configuration(here: World) -> None:
    here.run(only={"bronze"}, run_config={"ops": {"notion_sync": {"config": {"databases": ["risks"]}}}})
    assert set(here.rows(NotionRawPages)["database_name"]) == {"risks"}


def test_checks_say_what_fails_and_what_to_do(here: World) -> None:
    result = here.run()
    checks = {found.check_name: found for found in result.get_asset_check_evaluations()}
    assert len(checks) >= 25
    orphans = checks["line_project_not_found"]
    assert not orphans.passed
    assert orphans.severity is dg.AssetCheckSeverity.ERROR
    assert orphans.metadata["rows failing"] != dg.MetadataValue.int(0)
    assert orphans.metadata["remedy"].value
    assert checks["pages_accounted_for"].passed


def test_the_status_counts_scheduled_jobs_only(here: World) -> None:
    today = datetime.now(UTC).replace(microsecond=0)  # run records carry the machine's time
    here.go_to(today)
    here.run()
    status = here.rows(ControlRoomStatus)
    assert set(status["last_run_status"]) == {"PENDING"}
    assert status["next_run_time"].null_count() == 0
    here.defs().resolve_job_def("control_room_status_refresh").execute_in_process(
        instance=here.instance, partition_key=today.date().isoformat(), run_config=TO_STEPS
    )
    here.run()
    (counted,) = here.rows(ControlRoomStatus).filter(pl.col("job_id") == "control_room_status_refresh").to_dicts()
    assert (counted["last_run_status"], counted["error_message"]) == ("SUCCESS", None)
    assert counted["last_run_duration_seconds"] is not None


def test_an_untitled_page_and_an_emoji_survive(here: World) -> None:
    here.run()
    line = a_line(here)
    here.go_to(MONDAY + timedelta(minutes=5))
    here.edit("budget_lines", line, Line=title("Cloud ☁️ “2026” 🧾"))
    here.run()
    (name,) = here.rows(NotionBudgetLines).filter(pl.col("budget_line_id") == line)["name"]
    assert name == "Cloud ☁️ “2026” 🧾"


def test_a_day_is_a_utc_day(here: World) -> None:
    assert here.clock.today() == date(2026, 6, 15)


def test_a_deletion_is_noticed_within_a_day_without_being_asked_for(here: World) -> None:
    here.run()
    line = a_line(here)
    here.go_to(MONDAY + timedelta(hours=1))
    here.edit("budget_lines", line, Change.TRASH)
    here.run(only={"bronze", "silver"})
    assert line in live_lines(here)
    here.go_to(MONDAY + timedelta(hours=24))
    here.run(only={"bronze", "silver"})
    assert line not in live_lines(here)


def live_lines(here: World) -> list[str]:
    lines: list[str] = here.rows(NotionBudgetLines).filter(~pl.col("is_archived"))["budget_line_id"].to_list()
    return lines


def test_an_empty_database_takes_nothing_for_deleted_and_a_corrected_id_is_read_whole(
    here: World, tmp_path: Path
) -> None:
    here.run(only={"bronze", "silver"})
    before = here.rows(NotionRisks)
    with world(tmp_path / "empty", History((), databases(), ())) as empty:
        moved = here.config.model_copy(
            update={**empty.config.model_dump(), "ppm_lakehouse_uri": here.config.ppm_lakehouse_uri}
        )
        here.overrides["notion"] = NotionSource(moved.model_copy(update={"notion_token": here.config.notion_token}))
        here.go_to(MONDAY + timedelta(minutes=5))
        here.run(only={"bronze", "silver"}, run_config={"ops": {"notion_sync": {"config": {"full": True}}}})
    assert here.rows(NotionRisks).equals(before)


def test_swapped_ids_put_right_are_read_whole(here: World) -> None:
    ids = here.sandbox.database_ids
    swapped = {"notion_risks_db_id": ids["actions"], "notion_actions_db_id": ids["risks"]}
    here.overrides["notion"] = NotionSource(here.config.model_copy(update=swapped))
    here.run(only={"bronze", "silver"})
    wrong = here.rows(NotionRisks).filter(~pl.col("is_archived")).height
    here.overrides.clear()
    here.go_to(MONDAY + timedelta(minutes=10))
    here.run(only={"bronze", "silver"})
    right = here.rows(NotionRisks).filter(~pl.col("is_archived")).height
    assert right > wrong
    assert here.rows(NotionActions).filter(~pl.col("is_archived")).height == wrong


def test_a_repaired_property_reaches_the_rows_that_were_read_without_it(tmp_path: Path) -> None:
    story = portfolio(anchor=TODAY, pages=80, dirty=False)
    misnamed = tuple(renamed(database, "Budget Total", "Total Budget") for database in story.databases)
    edits = tuple(
        replace(
            edit,
            properties={
                "Total Budget" if name == "Budget Total" else name: value for name, value in edit.properties.items()
            },
        )
        for edit in story.edits
    )
    with world(tmp_path, History(story.people, misnamed, edits)) as here:
        here.run(only={"bronze", "silver"})
        assert here.rows(NotionProjects)["budget_total"].null_count() == here.rows(NotionProjects).height
        here.go_to(MONDAY + timedelta(days=1))
        headers = {"Authorization": f"Bearer {here.sandbox.token.get_secret_value()}", "Notion-Version": "2022-06-28"}
        url = f"{here.sandbox.base_url}/v1/databases/{here.sandbox.database_ids['projects']}"
        change = {"properties": {"Total Budget": {"name": "Budget Total"}}}
        httpx.patch(url, headers=headers, json=change).raise_for_status()
        here.run(only={"bronze", "silver"})
        assert here.rows(NotionProjects)["budget_total"].null_count() < here.rows(NotionProjects).height


def renamed(database: Database, old: str, new: str) -> Database:
    return replace(
        database, properties={new if name == old else name: kind for name, kind in database.properties.items()}
    )


def test_gold_waits_for_silver_where_silver_was_never_made(here: World) -> None:
    here.run(only={"bronze"})
    result = here.run(only={"gold/ppm_budget_vs_actual"}, raise_on_error=False)
    assert "was never made, though pages were captured" in failure(result)
    assert not here.lake.exists(PpmBudgetVsActual)


def test_rows_are_read_anew_where_their_columns_are_read_from_other_properties(here: World) -> None:
    """The pages themselves stay as they are, so that nothing new arrives in bronze."""
    here.run(only={"bronze", "silver"})
    assert unsettled_pages(here.lake, "projects").is_empty()
    other = pl.lit('{"budget_total": "elsewhere"}')
    is_projects = pl.col("database_name") == "projects"
    watermarks = here.rows(NotionSyncWatermarks).with_columns(
        property_ids=pl.when(is_projects).then(other).otherwise("property_ids")
    )
    here.lake.merge(NotionSyncWatermarks, watermarks)
    assert len(unsettled_pages(here.lake, "projects")) > 0
    here.run(only={"silver"})
    assert unsettled_pages(here.lake, "projects").is_empty()
    assert here.rows(NotionProjects)["budget_total"].null_count() == here.rows(NotionProjects).height
