"""Somebody changes the databases in Notion: what the tables say, and what the findings say."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from finance_ppm import SyncEngine
from finance_ppm.contracts.bronze import NotionSyncWatermarks
from finance_ppm.contracts.gold import DataQualityIssues
from finance_ppm.contracts.silver import NotionBudgetLines, NotionProjects, NotionRisks, Quarantine
from finance_ppm.pipeline.engine import SyncSummary
from finance_ppm.pipeline.point_in_time import PointInTime
from finance_ppm_tests.world import MONDAY, World, choice, number, world

TUESDAY = MONDAY + timedelta(days=1)
TELLING = ("property_map", "synced_at", "last_modified", "issues", "notion_url")
"""Columns that tell how a row was read, and not what it holds."""


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, pages=60, dirty=False) as built:
        yield built


def sync(here: World, at: datetime | None = None, *, full: bool = False, **settings: Any) -> SyncSummary:
    if at:
        here.go_to(at)
    config = here.config.model_copy(update=settings)
    return SyncEngine(config, clock=here.clock, lake=here.lake).sync_all(full)


def lines(here: World) -> pl.DataFrame:
    return here.rows(NotionBudgetLines).drop(TELLING)


def findings(here: World) -> dict[str, str]:
    """The rules on the databases that are broken today, and the messages."""
    here.run(only={"gold/data_quality_issues"})
    found = here.rows(DataQualityIssues).filter(pl.col("table_name") == "bronze/notion_sync_watermarks")
    return {row["rule"]: row["message"] for row in found.iter_rows(named=True)}


def test_an_unshared_database_costs_nobody_their_relation_to_it(here: World) -> None:
    """Notion shows the relation still, and empty: taken at its word, no budget line would belong to a project."""
    sync(here)
    before = lines(here)
    assert before["project_id"].null_count() < before.height
    here.sandbox.unshare("projects")
    summary = sync(here, TUESDAY, full=True)
    assert {found.name for found in summary.databases if found.error} == {"projects"}
    assert lines(here).equals(before)
    assert here.rows(NotionProjects).height > 0
    assert "Project" in findings(here)["property_removed"]

    edited = before["budget_line_id"][0]
    here.edit("budget_lines", edited, Amount=number("321.00"))
    sync(here, TUESDAY + timedelta(hours=1))
    row = lines(here).filter(pl.col("budget_line_id") == edited)
    assert row["amount"].item() == 321
    assert row["project_id"].equals(before.filter(pl.col("budget_line_id") == edited)["project_id"])

    here.sandbox.share("projects")
    emptied = before.filter(pl.col("project_id").is_not_null())["budget_line_id"][1]
    here.edit("budget_lines", emptied, Project={"relation": []})
    assert sync(here, TUESDAY + timedelta(hours=2), full=True).succeeded
    after = lines(here)
    assert after.filter(pl.col("budget_line_id") == emptied)["project_id"].item() is None, "what people empty is empty"
    others = ~pl.col("budget_line_id").is_in([edited, emptied])
    assert after.filter(others).equals(before.filter(others))
    assert "property_removed" not in findings(here)


def test_a_page_emptied_while_its_column_was_hidden_is_empty_once_the_column_is_back(here: World) -> None:
    """Its content did not change when the column came back: it must be read again all the same."""
    sync(here)
    line = lines(here).filter(pl.col("project_id").is_not_null())["budget_line_id"][0]
    here.sandbox.unshare("projects")
    here.edit("budget_lines", line, Project={"relation": []})
    sync(here, TUESDAY, full=True)
    assert lines(here).filter(pl.col("budget_line_id") == line)["project_id"].item() is not None
    here.sandbox.share("projects")
    sync(here, TUESDAY + timedelta(hours=1), full=True)
    assert lines(here).filter(pl.col("budget_line_id") == line)["project_id"].item() is None


def test_a_renamed_column_is_read_as_before_and_told(here: World) -> None:
    sync(here)
    before = lines(here)
    here.sandbox.alter("budget_lines", {"Amount": {"name": "Betrag"}})
    summary = sync(here, TUESDAY, full=True)
    assert lines(here).equals(before)
    assert any("'Betrag'" in told for found in summary.databases for told in found.drift)
    assert "'Betrag'" in findings(here)["property_renamed"]


@pytest.mark.parametrize("change", [None, {"rich_text": {}}], ids=["removed", "retyped"])
def test_a_column_that_is_gone_keeps_its_values_and_is_an_error(here: World, change: dict[str, object] | None) -> None:
    sync(here)
    before = lines(here)
    here.sandbox.alter("budget_lines", {"Amount": change})
    sync(here, TUESDAY, full=True)
    assert lines(here).equals(before)
    assert here.rows(Quarantine).is_empty()
    found = findings(here)
    assert "'Amount'" in found["property_removed" if change is None else "property_retyped"]


def test_a_wrong_id_costs_nobody_what_is_known_of_the_right_one(here: World, tmp_path: Path) -> None:
    here.sandbox.alter("budget_lines", {"Amount": {"name": "Betrag"}})
    (tmp_path / "mapping.yaml").write_text("budget_lines:\n  Amount: Betrag\n")
    settings: dict[str, Any] = {"ppm_notion_mapping": tmp_path / "mapping.yaml"}
    sync(here, **settings)
    before = lines(here)
    assert before["amount"].null_count() < before.height
    typo = "00000000-0000-4000-8000-00000000dead"
    assert not sync(here, TUESDAY, notion_budget_lines_db_id=typo, **settings).succeeded
    assert lines(here).equals(before)
    assert sync(here, TUESDAY + timedelta(minutes=5), **settings).succeeded
    assert lines(here).equals(before)


def test_a_slip_in_the_mapping_file_costs_no_values(here: World, tmp_path: Path) -> None:
    here.sandbox.alter("budget_lines", {"Amount": {"name": "Betrag"}})
    mapping = tmp_path / "mapping.yaml"
    settings: dict[str, Any] = {"ppm_notion_mapping": mapping}
    for hour, name in enumerate(("Betrag", "Betragg", "Betrag")):
        mapping.write_text(f"budget_lines:\n  Amount: {name}\n")
        summary = sync(here, TUESDAY + timedelta(hours=hour), full=True, **settings)
        assert lines(here)["amount"].null_count() < lines(here).height / 2
        told = [message for found in summary.databases for message in found.drift]
        assert bool(told) is (name == "Betragg")


def test_what_a_hidden_column_was_stays_known_of_the_days_it_was_hidden(here: World) -> None:
    sync(here)
    before = lines(here)
    here.sandbox.unshare("projects")
    line = before.filter(pl.col("project_id").is_not_null())["budget_line_id"][0]
    here.edit("budget_lines", line, Vendor={"rich_text": [{"text": {"content": "Another"}}]})
    sync(here, MONDAY + timedelta(minutes=12))
    sync(here, TUESDAY, full=True)
    kept = before.sort("budget_line_id")["project_id"]
    assert lines(here)["project_id"].equals(kept), "edited before anybody knew that the column is hidden"
    here.sandbox.share("projects")
    sync(here, TUESDAY + timedelta(days=1), full=True)
    assert lines(here)["project_id"].equals(kept)
    for day in (MONDAY.date(), TUESDAY.date()):
        seen = PointInTime(here.lake, here.clock)(NotionBudgetLines, day).collect().sort("budget_line_id")
        assert seen["project_id"].equals(kept), day


def test_a_new_option_is_news_for_a_week(here: World) -> None:
    sync(here)
    risk = here.rows(NotionRisks)["risk_id"][0]
    here.go_to(TUESDAY)
    here.edit("risks", risk, Status=choice("Somehow"))
    sync(here, TUESDAY, full=True)
    assert "'Somehow'" in findings(here)["option_added"]
    sync(here, TUESDAY + timedelta(days=8), full=True)
    assert "option_added" not in findings(here)


GERMAN = """
budget_lines:
  Amount: Betrag
  Project: Projekt
  Category:
    property: Art
    values:
      CapEx: Investition
projects:
  Status:
    property: Zustand
    values:
      Completed: [Fertig]
"""


def test_a_team_with_names_and_words_of_its_own_has_the_same_tables(here: World, tmp_path: Path) -> None:
    sync(here)
    usual, projects = lines(here), here.rows(NotionProjects).drop(TELLING)
    here.sandbox.alter(
        "budget_lines", {"Amount": {"name": "Betrag"}, "Project": {"name": "Projekt"}, "Category": {"name": "Art"}}
    )
    here.sandbox.alter("projects", {"Status": {"name": "Zustand"}})
    line, project = usual["budget_line_id"][0], projects["project_id"][0]
    here.edit("budget_lines", line, Art=choice("investition "))
    here.edit("projects", project, Zustand=choice("FERTIG"))
    mapping = tmp_path / "notion-mapping.yaml"
    mapping.write_text(GERMAN)
    here.lake = type(here.lake)(str(tmp_path / "german"), clock=here.clock)
    settings: dict[str, Any] = {"ppm_lakehouse_uri": str(tmp_path / "german"), "ppm_notion_mapping": mapping}
    summary = sync(here, TUESDAY, **settings)
    assert summary.succeeded
    assert all(found.drift == () for found in summary.databases)
    mine, theirs = pl.col("budget_line_id") == line, pl.col("project_id") == project
    assert lines(here).filter(~mine).equals(usual.filter(~mine))
    assert lines(here).filter(mine)["category"].item() == "CapEx"
    assert here.rows(NotionProjects).filter(theirs)["status"].item() == "Completed"

    mapping.write_text(GERMAN.replace("CapEx: Investition", "OpEx: Investition"))
    sync(here, TUESDAY + timedelta(minutes=10), **settings)
    assert lines(here).filter(mine)["category"].item() == "OpEx", "other words: the rows are read again"
    mapping.write_text(GERMAN.replace("Amount: Betrag", "Amount: Actual Amount\n  Actual Amount: Betrag"))
    sync(here, TUESDAY + timedelta(minutes=20), **settings)
    swapped = lines(here).select(amount="actual_amount", actual_amount="amount")
    assert swapped.equals(usual.select("amount", "actual_amount")), "the mapping rules, not what was found before"


def test_what_a_read_leaves_behind_is_told_in_one_row_a_database(here: World) -> None:
    here.sandbox.unshare("risks")
    sync(here)
    states = {row["database_name"]: row for row in here.rows(NotionSyncWatermarks).iter_rows(named=True)}
    assert "share the database" in states["risks"]["last_error"]
    assert states["risks"]["last_edited_time"] is None
    assert all(row["last_error"] is None for name, row in states.items() if name != "risks")
    found = findings(here)
    assert "share the database" in found["database_not_read"]
