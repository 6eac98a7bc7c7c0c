"""Azure in the graph: read once a day, typed, added up; what cannot be read stops nothing else and resolves nothing."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import msgspec
import polars as pl
import pytest

from finance_ppm.assets.spec import key
from finance_ppm.automation.run_log import TO_STEPS
from finance_ppm.contracts import AZURE_TABLES, Table, full_name, history_of
from finance_ppm.contracts.azure import (
    AZURE_BRONZE_TABLES,
    UNALLOCATED,
    AdvisorSummary,
    AzureAdvisorAllocations,
    AzureAdvisorRaw,
    AzureAdvisorRecommendations,
    AzureAdvisorRecs,
    AzureResources,
    AzureResourcesRaw,
    AzureSnapshots,
)
from finance_ppm.contracts.gold import DataQualityMetrics, PpmBudgetVsActual
from finance_ppm.contracts.silver import NotionProjects
from finance_ppm.dagster_home import step_words
from finance_ppm.sandbox.azure.faults import Fault
from finance_ppm.sandbox.estate import estate
from finance_ppm_tests.world import MONDAY, World, world

TODAY = MONDAY.date()
AMOUNTS = ("gross_annual_savings", "achievable_conservative", "achievable_maximum")
GRAPH = "ResourceGraph"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, pages=50, cloud=estate(anchor=TODAY, pages=50, seed=11)) as built:
        yield built


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world in which every table was made once. Tests only look."""
    folder = tmp_path_factory.mktemp("azure")
    with world(folder, pages=50, cloud=estate(anchor=TODAY, pages=50, seed=11)) as built:
        built.run()
        yield built


def run_job(here: World, name: str, day: date | None = None) -> dg.ExecuteInProcessResult:
    return (
        here.defs()
        .resolve_job_def(name)
        .execute_in_process(
            run_config=TO_STEPS,
            instance=here.instance,
            partition_key=(day or here.clock.today()).isoformat(),
            raise_on_error=False,
        )
    )


def read_azure(here: World, *, raise_on_error: bool = True) -> dg.ExecuteInProcessResult:
    return here.run(only=[full_name(table) for table in AZURE_BRONZE_TABLES], raise_on_error=raise_on_error)


def wire(here: World, table: str) -> dict[str, object]:
    """The rows that the estate tells now, by lower-cased id."""
    assert here.azure is not None
    cloud, now = here.azure.estate, here.clock.now()
    return {
        str(row["id"]).lower(): row
        for subscription in cloud.subscriptions(now)
        for row in cloud.rows(table, subscription, now)
    }


def stored(here: World, table: type[Table], key: str) -> dict[str, object]:
    rows = here.rows(table)
    return {identity: msgspec.json.decode(text) for identity, text in rows.select(key, "raw_payload").iter_rows()}


def test_bronze_holds_every_row_of_the_estate_as_it_came(made: World) -> None:
    assert stored(made, AzureResourcesRaw, "resource_id") == wire(made, "resources") | wire(made, "resourcecontainers")
    assert stored(made, AzureAdvisorRaw, "record_id") == wire(made, "advisorresources")
    marks = made.rows(AzureSnapshots)
    assert marks["complete"].all()
    assert marks["row_count"].sum() == made.rows(AzureResourcesRaw).height + made.rows(AzureAdvisorRaw).height


def test_silver_holds_the_inventory_and_the_recommendations(made: World) -> None:
    assert set(made.rows(AzureResources)["resource_id"]) == set(made.rows(AzureResourcesRaw)["resource_id"])
    recommended = made.rows(AzureAdvisorRaw).filter(record_type="recommendation")
    assert set(made.rows(AzureAdvisorRecommendations)["recommendation_id"]) == set(recommended["record_id"])


def test_savings_are_of_projects_of_the_portfolio_and_every_dimension_adds_up(made: World) -> None:
    summary = made.rows(AdvisorSummary)
    whole = summary.filter(dimension="all").sort("currency").select("currency", *AMOUNTS)
    assert set(whole["currency"]) >= {"USD", "EUR"}
    assert (whole.filter(currency="USD")["achievable_maximum"] > 0).all()
    for dimension in ("category", "impact", "project", "subscription"):
        parts = summary.filter(dimension=dimension).group_by("currency").agg(pl.col(AMOUNTS).sum()).sort("currency")
        assert parts.select("currency", *AMOUNTS).equals(whole), dimension
    projects = set(made.rows(NotionProjects)["project_id"])
    linked = set(summary.filter(dimension="project")["dimension_id"]) - {UNALLOCATED}
    assert linked
    assert linked <= projects


def test_every_recommendation_has_a_verdict_and_shares_that_add_up(made: World) -> None:
    verdicts, shares = made.rows(AzureAdvisorRecs), made.rows(AzureAdvisorAllocations)
    assert set(verdicts["recommendation_id"]) == set(made.rows(AzureAdvisorRecommendations)["recommendation_id"])
    assert (verdicts["reason"].str.len_chars() > 0).all()
    sums = shares.group_by("recommendation_id").agg(pl.col("achievable_maximum", "achievable_conservative").sum())
    both = verdicts.join(sums, on="recommendation_id", suffix="_shared")
    assert both.height == verdicts.height
    assert both["achievable_maximum"].equals(both["achievable_maximum_shared"])
    assert both["achievable_conservative"].equals(both["achievable_conservative_shared"])


def test_reading_again_on_the_same_day_moves_nothing(here: World) -> None:
    here.run()
    before = here.versions()
    here.clock.moment += timedelta(minutes=10)
    here.run()
    azure = [full_name(table) for table in AZURE_TABLES]
    assert {name: here.versions()[name] for name in azure} == {name: before[name] for name in azure}


def test_a_day_later_what_is_gone_is_resolved_and_what_stays_is_older(here: World) -> None:
    here.run()
    first = here.rows(AzureAdvisorRecommendations)
    here.go_to(MONDAY + timedelta(days=40))
    here.run()
    now = here.rows(AzureAdvisorRecommendations)
    gone = now.filter(state="resolved")
    assert 0 < gone.height < first.height
    assert set(gone["recommendation_id"]) <= set(first["recommendation_id"])
    told = set(wire(here, "advisorresources"))
    assert not set(gone["recommendation_id"]) & told
    assert (gone["resolved_on"] == here.clock.today()).all()
    stays = here.rows(AzureAdvisorRecs).filter(pl.col("first_seen") == TODAY)
    assert stays["age_days"].unique().to_list() == [40]


def test_a_past_day_is_computed_from_the_snapshot_that_day_had(here: World) -> None:
    here.run()
    then = here.rows(AdvisorSummary)
    here.go_to(MONDAY + timedelta(days=40))
    here.run()
    assert not here.rows(AdvisorSummary).equals(then)
    for table in (AzureAdvisorRecs, AzureAdvisorAllocations, AdvisorSummary):
        history = here.lake.scan(history_of(table)).filter(pl.col("as_of_date") == TODAY).collect()
        here.run(TODAY, only=[full_name(table)])
        again = here.lake.scan(history_of(table)).filter(pl.col("as_of_date") == TODAY).collect()
        key = table.primary_key()
        assert again.drop("computed_at").sort(key).equals(history.drop("computed_at").sort(key)), full_name(table)


def test_a_day_between_two_snapshots_has_the_earlier_ones_figures_and_says_how_old_they_are(here: World) -> None:
    here.run()
    here.go_to(MONDAY + timedelta(days=3))
    here.run(only=["silver", "gold"])
    recommended = here.rows(AzureAdvisorRecs)
    assert recommended["snapshot_on"].unique().to_list() == [TODAY]
    assert recommended["snapshot_age_days"].unique().to_list() == [3]


def test_a_subscription_that_is_not_read_keeps_its_figures_and_resolves_nothing(here: World) -> None:
    here.run()
    before = here.rows(AzureAdvisorRecommendations)
    here.go_to(MONDAY + timedelta(days=40))
    assert here.azure is not None
    here.azure.add_fault(Fault.error(403, path=GRAPH, nth=2, times=10**6))
    read_azure(here, raise_on_error=False)
    marks = here.rows(AzureSnapshots).filter(captured_on=here.clock.today(), dataset="resources")
    assert marks.height
    assert not marks["complete"].any()
    assert marks["reason"].null_count() == 0
    here.azure.clear_faults()
    assert run_job(here, "azure_advisor_transform").success
    after = here.rows(AzureAdvisorRecommendations)
    assert set(before["recommendation_id"]) <= set(after["recommendation_id"])
    assert after.filter(resolution="resource_deleted").is_empty()
    assert here.rows(AzureResources)["snapshot_on"].unique().to_list() == [TODAY]


def test_an_azure_that_refuses_ends_the_run_red_and_leaves_all_else_alone(here: World) -> None:
    """In a run of everything, on a lake's first day: budgets and findings are there, and so is the reason."""
    assert here.azure is not None
    here.azure.add_fault(Fault.error(401, times=10**6))
    result = here.run(raise_on_error=False)
    assert not result.success
    (event,) = result.get_step_failure_events()
    assert event.step_key == "azure_arrived"
    assert "Azure was not read (advisor, resources)" in step_words(event)
    assert "AZURE_ACCESS_TOKEN" in step_words(event)
    assert here.azure.token.get_secret_value() not in step_words(event)
    assert here.rows(PpmBudgetVsActual).height
    assert here.rows(DataQualityMetrics).height
    assert here.rows(AdvisorSummary).is_empty()
    assert not run_job(here, "azure_rg_ingest_bronze").success
    here.azure.clear_faults()
    assert run_job(here, "azure_rg_ingest_bronze").success


def test_each_day_asks_how_azure_was_read_whatever_became_of_it(here: World) -> None:
    assert here.azure is not None
    here.run()
    here.go_to(MONDAY + timedelta(days=3))
    here.azure.add_fault(Fault.error(401, times=10**6))
    run_job(here, "azure_rg_ingest_bronze")
    checks = {check.check_name: check.passed for check in run_job(here, "new_day").get_asset_check_evaluations()}
    assert not checks["azure_snapshot_incomplete"]
    assert not checks["azure_snapshot_stale"]


def test_azure_is_worked_on_before_notion_was_ever_read(here: World) -> None:
    """Then there are no projects, and all savings are unallocated."""
    here.run(only=[full_name(table) for table in AZURE_TABLES])
    projects = here.rows(AdvisorSummary).filter(dimension="project")
    assert projects.height
    assert set(projects["dimension_id"]) == {UNALLOCATED}


def test_only_today_asks_azure_and_a_day_never_captured_says_so(here: World) -> None:
    here.run()
    here.go_to(MONDAY + timedelta(days=2))
    assert here.azure is not None
    here.azure.reset_requests()
    bronze = [full_name(table) for table in AZURE_BRONZE_TABLES]
    reported = here.run(TODAY, only=bronze)
    assert reported.success
    missed = here.run(TODAY + timedelta(days=1), only=bronze, raise_on_error=False)
    (event,) = missed.get_step_failure_events()
    assert "Azure was not read on 2026-06-16" in step_words(event)
    assert here.azure.requests() == []


def test_without_a_configured_azure_nothing_is_read_and_everything_else_is_made(tmp_path: Path) -> None:
    with world(tmp_path, pages=50) as there:
        result = there.run()
        assert there.rows(AdvisorSummary).is_empty()
        assert there.lake.version(AzureResourcesRaw) is None
        (told,) = result.asset_materializations_for_node("azure_capture")[:1]
        assert "No Azure is configured" in str(told.metadata["not read because"].value)


def test_a_past_day_of_everything_can_be_asked_for_where_azure_was_never_read(tmp_path: Path) -> None:
    with world(tmp_path, pages=50) as there:
        there.run()
        there.go_to(MONDAY + timedelta(days=1))
        assert there.run(TODAY).success


def test_one_dataset_may_be_read_alone(here: World) -> None:
    here.run(only=[full_name(AzureResourcesRaw), full_name(AzureSnapshots)])
    assert here.rows(AzureSnapshots)["dataset"].unique().to_list() == ["resources"]
    assert here.lake.version(AzureAdvisorRaw) is None


def test_a_changed_snapshot_is_another_data_version_and_the_same_one_is_not(here: World) -> None:
    def versions() -> list[str]:
        return [
            str((event.tags or {})["dagster/data_version"])
            for event in read_azure(here).asset_materializations_for_node("azure_capture")
        ]

    first = versions()
    here.clock.moment += timedelta(minutes=1)
    assert versions() == first
    here.go_to(datetime(2026, 8, 1, 6, 0, tzinfo=UTC))
    assert all(now != then for now, then in zip(versions(), first, strict=True))


def test_what_was_captured_before_a_failure_is_reported_and_the_rest_said(here: World) -> None:
    """The inventory is read; then Azure refuses the identity."""
    assert here.azure is not None
    here.run(only=[full_name(AzureResourcesRaw)])
    reads = sum("ResourceGraph" in request.path for request in here.azure.requests())
    here.go_to(MONDAY + timedelta(days=1))
    here.azure.add_fault(Fault.error(401, nth=reads + 1, times=10**6))
    result = read_azure(here, raise_on_error=False)
    (event,) = result.get_step_failure_events()
    assert "Azure was not read (advisor)" in step_words(event)
    told = {event.asset_key: event.materialization for event in result.get_asset_materialization_events()}
    assert told[key(AzureResourcesRaw)].metadata["changed"].value is True
    assert "AZURE_ACCESS_TOKEN" in str(told[key(AzureAdvisorRaw)].metadata["not read because"].value)


def test_a_read_in_which_no_subscription_was_whole_is_red(here: World) -> None:
    assert here.azure is not None
    here.run(only=[full_name(table) for table in AZURE_BRONZE_TABLES])
    here.go_to(MONDAY + timedelta(days=1))
    here.azure.add_fault(Fault.error(403, path=GRAPH, nth=2, times=10**6))
    result = here.run(only=[full_name(AzureResourcesRaw)], raise_on_error=False)
    (event,) = result.get_step_failure_events()
    assert "No subscription could be read whole" in step_words(event)


def test_what_is_read_across_midnight_is_the_snapshot_of_the_day_it_was_asked_for(here: World) -> None:
    assert here.azure is not None
    here.go_to(MONDAY.replace(hour=23, minute=59))
    reads: list[int] = []

    def midnight() -> None:
        reads.append(1)
        here.clock.moment = MONDAY + timedelta(days=1)

    here.azure.before_request(3, midnight)
    here.run(TODAY, only=[full_name(table) for table in AZURE_BRONZE_TABLES])
    assert reads == [1]
    for table in AZURE_BRONZE_TABLES:
        assert here.rows(table)["captured_on"].unique().to_list() == [TODAY], full_name(table)


def test_a_dataset_that_was_passed_over_on_a_past_day_is_not_reported_for_it(here: World) -> None:
    read_azure(here)
    here.go_to(MONDAY + timedelta(days=1))
    here.run(only=[full_name(AzureResourcesRaw), full_name(AzureSnapshots)])
    here.go_to(MONDAY + timedelta(days=2))
    passed_over = TODAY + timedelta(days=1)
    assert here.run(passed_over, only=[full_name(AzureResourcesRaw)]).success
    missed = here.run(passed_over, only=[full_name(AzureAdvisorRaw)], raise_on_error=False)
    (event,) = missed.get_step_failure_events()
    assert "bronze/azure_advisor: Azure was not read on 2026-06-16" in step_words(event)
