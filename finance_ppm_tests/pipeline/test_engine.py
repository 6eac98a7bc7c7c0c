"""SyncEngine: what a program gets that syncs without Dagster, and what its summary says."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from finance_ppm import Config, SyncEngine, SyncSummary
from finance_ppm.contracts import Table
from finance_ppm.contracts.bronze import NotionRawPages, NotionSyncWatermarks
from finance_ppm.contracts.silver import PAGE_TABLES, NotionBudgetLines, NotionRisks, Quarantine
from finance_ppm.errors import SettingsError
from finance_ppm.sandbox.notion.faults import Fault
from finance_ppm.sandbox.notion.history import Change
from finance_ppm.settings import DATABASES
from finance_ppm_tests.world import MONDAY, World, number, world

LATER = MONDAY + timedelta(minutes=5)

Rows = dict[type[Table], pl.DataFrame]
SILVER: list[type[Table]] = [*PAGE_TABLES.values(), Quarantine]
BRONZE_AND_SILVER: list[type[Table]] = [NotionRawPages, *SILVER]


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, pages=60) as built:
        yield built


def engine(here: World) -> SyncEngine:
    return SyncEngine(here.config, clock=here.clock, lake=here.lake)


def written(here: World) -> set[str]:
    return {name for name, version in here.versions().items() if version is not None}


def numbers(summary: SyncSummary) -> dict[str, tuple[int, int]]:
    """Pages read and synced of each database."""
    return {found.name: (found.pages_read, found.pages_synced) for found in summary.databases}


def test_the_summary_counts_what_was_read_and_what_was_new(here: World) -> None:
    arrived: dict[str, int] = {}
    first = engine(here).sync_all(progress=lambda name, count: arrived.update({name: count}))
    in_bronze = dict(here.rows(NotionRawPages).group_by("database_name").len().iter_rows())
    assert tuple(found.name for found in first.databases) == DATABASES
    assert numbers(first) == {name: (count, count) for name, count in in_bronze.items()}
    assert arrived == in_bronze
    assert first.total_pages_synced == here.rows(NotionRawPages).height > 60
    assert first.succeeded
    assert not first.dry_run
    assert all(found.full for found in first.databases), "a database that was never read is read whole"
    assert first.started_at == first.finished_at == MONDAY
    assert first.requests == len(here.sandbox.requests())

    line = here.rows(NotionBudgetLines)["budget_line_id"][0]
    here.go_to(LATER)
    here.edit("budget_lines", line, Amount=number("12.34"))
    here.sandbox.reset_requests()
    second = engine(here).sync_all(full_sync=False)
    assert numbers(second) == dict.fromkeys(DATABASES, (0, 0)) | {"budget_lines": (1, 1)}
    assert second.total_pages_synced == 1
    assert not any(found.full for found in second.databases)
    assert second.requests == len(here.sandbox.requests()) == 5


def test_a_second_sync_of_nothing_new_makes_no_new_version(here: World) -> None:
    engine(here).sync_all()
    before = here.versions("silver"), here.lake.version(NotionRawPages)
    assert engine(here).sync_all().total_pages_synced == 0
    assert engine(here).sync_all(full_sync=True).total_pages_synced == 0
    assert (here.versions("silver"), here.lake.version(NotionRawPages)) == before


def test_the_engine_makes_what_the_graph_makes(here: World, tmp_path: Path) -> None:
    engine(here).sync_all()
    made: Rows = {table: here.rows(table) for table in BRONZE_AND_SILVER}
    config = here.config.model_copy(update={"ppm_lakehouse_uri": str(tmp_path / "graph")})
    other = World(here.sandbox, config, here.clock, type(here.lake)(config.ppm_lakehouse_uri), here.instance)
    other.run(only={"bronze", "silver"})
    assert [table for table, rows in made.items() if not rows.equals(other.rows(table))] == []
    assert {name.split("/")[0] for name in written(here)} == {"bronze", "silver"}


def test_a_dry_run_counts_and_writes_nothing(here: World) -> None:
    tried = engine(here).sync_all(dry_run=True)
    assert tried.dry_run
    assert written(here) == set()
    assert not (Path(here.lake.uri) / ".locks").exists()
    assert numbers(tried) == numbers(engine(here).sync_all())

    line = here.rows(NotionBudgetLines)["budget_line_id"][0]
    here.go_to(LATER)
    here.edit("budget_lines", line, Amount=number("12.34"))
    before = here.versions()
    assert engine(here).sync_all(dry_run=True).total_pages_synced == 1
    assert here.versions() == before
    assert engine(here).sync_all().total_pages_synced == 1, "the dry run moved no watermark"


def test_only_a_full_sync_finds_a_page_in_the_trash_and_its_return(here: World) -> None:
    engine(here).sync_all()
    risk = here.rows(NotionRisks).filter(~pl.col("is_archived"))["risk_id"][0]

    def is_archived() -> bool:
        return bool(here.rows(NotionRisks).filter(pl.col("risk_id") == risk)["is_archived"].item())

    here.go_to(LATER)
    here.edit("risks", risk, Change.TRASH)
    assert engine(here).sync_all().total_pages_synced == 0
    assert not is_archived()
    full = engine(here).sync_all(full_sync=True)
    assert all(found.full for found in full.databases)
    assert full.total_pages_synced == 1
    assert is_archived()
    assert engine(here).sync_all(full_sync=True).total_pages_synced == 0, "a tombstone is written once"
    here.go_to(LATER + timedelta(minutes=5))
    here.edit("risks", risk, Change.RESTORE)
    assert engine(here).sync_all().total_pages_synced == 1
    assert not is_archived()


def test_a_full_refresh_makes_silver_again_from_bronze(here: World) -> None:
    engine(here).sync_all()
    whole: Rows = {table: here.rows(table) for table in SILVER}
    spoilt = whole[NotionBudgetLines].head(1).with_columns(amount=pl.lit("0.01").cast(pl.Decimal(18, 2)))
    here.lake.merge(NotionBudgetLines, spoilt)
    here.lake.replace(Quarantine, Quarantine.create_empty())
    here.go_to(LATER + timedelta(days=1))
    engine(here).sync_all(full_sync=True)
    assert here.rows(NotionBudgetLines).filter(pl.col("amount") == spoilt["amount"][0]).height == 1
    engine(here).sync_all(full_refresh=True)
    assert [table for table, rows in whole.items() if not rows.equals(here.rows(table))] == []


def test_only_the_databases_asked_for_are_read(here: World) -> None:
    one = engine(here).sync_database("risks")
    assert [found.name for found in one.databases] == ["risks"]
    assert set(here.rows(NotionSyncWatermarks)["database_name"]) == {"risks"}
    two = engine(here).sync_all(only=["programs", "actions"])
    assert [found.name for found in two.databases] == ["programs", "actions"]
    assert set(here.rows(NotionRawPages)["database_name"]) == {"risks", "programs", "actions"}


def test_a_database_that_fails_is_in_the_summary_and_the_others_are_synced(here: World) -> None:
    here.sandbox.add_fault(Fault.error(404, path=here.sandbox.database_ids["projects"], times=100))
    summary = engine(here).sync_all()
    errors = {found.name: found.error for found in summary.databases if found.error}
    assert not summary.succeeded
    assert set(errors) == {"projects"}
    assert "projects" in errors["projects"]
    assert here.sandbox.token.get_secret_value() not in errors["projects"]
    states = here.rows(NotionSyncWatermarks)
    assert set(states.filter(pl.col("last_edited_time").is_not_null())["database_name"]) == set(DATABASES) - {
        "projects"
    }
    assert states.filter(pl.col("last_error").is_not_null())["last_error"].to_list() == [errors["projects"]]
    assert here.rows(NotionBudgetLines).height > 0


def test_a_database_that_failed_is_read_whole_once_it_answers(here: World) -> None:
    here.sandbox.add_fault(Fault.error(404, path=here.sandbox.database_ids["projects"], nth=2, times=1))
    assert not engine(here).sync_all().succeeded
    again = engine(here).sync_all()
    (projects,) = (found for found in again.databases if found.name == "projects")
    assert projects.full
    assert projects.pages_synced == projects.pages_read > 0


def test_the_use_in_the_readme_works_with_settings_from_the_environment(
    here: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in here.sandbox.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PPM_LAKEHOUSE_URI", str(tmp_path / "own"))
    monkeypatch.setenv("NOTION_REQUESTS_PER_MINUTE", "6000")
    summary = SyncEngine(Config.from_env()).sync_all(full_sync=False)
    assert summary.total_pages_synced > 60
    assert (tmp_path / "own" / "silver" / "notion_projects" / "_delta_log").is_dir()


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        ({"notion_token": None}, "NOTION_TOKEN is not set"),
        ({"notion_risks_db_id": None}, "NOTION_RISKS_DB_ID is not set"),
        (
            {"notion_token": None, "notion_programs_db_id": None},
            "NOTION_TOKEN and NOTION_PROGRAMS_DB_ID are not set",
        ),
    ],
)
def test_a_missing_setting_is_one_sentence_that_says_what_to_do(
    here: World, missing: dict[str, None], sentence: str
) -> None:
    config = here.config.model_copy(update=missing)
    with pytest.raises(SettingsError, match=rf"^{sentence}: write .* into \.env .*\.$") as told:
        SyncEngine(config, clock=here.clock, lake=here.lake).sync_all()
    assert "\n" not in str(told.value)
    assert here.sandbox.requests() == []
    assert written(here) == set()


def test_without_an_actions_database_the_others_are_synced(here: World) -> None:
    config = here.config.model_copy(update={"notion_actions_db_id": None})
    summary = SyncEngine(config, clock=here.clock, lake=here.lake).sync_all()
    assert [found.name for found in summary.databases] == [name for name in DATABASES if name != "actions"]
    assert summary.succeeded


def test_a_database_nobody_knows_is_refused(here: World) -> None:
    with pytest.raises(SettingsError, match=r"^There is no database budget_line: choose from programs, .*"):
        engine(here).sync_database("budget_line")
