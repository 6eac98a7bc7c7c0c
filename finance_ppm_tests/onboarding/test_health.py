"""Health: each thing is looked at by itself, and what is not well says what to do."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import HttpUrl, SecretStr

from finance_ppm.clock import FrozenClock
from finance_ppm.contracts.bronze import NotionSyncWatermarks
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.onboarding.finding import Finding
from finance_ppm.onboarding.health import Health, _limits
from finance_ppm.pipeline.engine import SyncEngine
from finance_ppm.pipeline.unfinished import Unfinished
from finance_ppm.pipeline.watermarks import Watermark, stored_watermarks
from finance_ppm.sandbox.notion.faults import Fault
from finance_ppm.settings import DATABASES
from finance_ppm_tests.onboarding.fresh_notion import NOW, FreshNotion


def by_name(health: Health) -> dict[str, Finding]:
    return {finding.what: finding for finding in health.findings}


def remember(notion: FreshNotion, name: str, **state: Any) -> None:
    """What the lake holds of a database's reads."""
    lake, clock = Lake(notion.config().ppm_lakehouse_uri), FrozenClock(NOW)
    stored = stored_watermarks(lake).get(name) or Watermark(notion.config().database_ids[name], name)
    lake.merge(NotionSyncWatermarks, replace(stored, last_attempt_at=clock.now(), **state).rows())


def change(notion: FreshNotion, name: str, properties: Mapping[str, Any]) -> None:
    """What somebody does to the properties of a database."""
    database = notion.sandbox.workspace.databases[notion.config().database_ids[name]]
    old = notion.version == "2022-06-28"
    path = f"/v1/databases/{database.id}" if old else f"/v1/data_sources/{database.sources[0].id}"
    notion.ask("PATCH", path, {"properties": properties})


def test_drift_is_told_against_what_was_read_before(notion: FreshNotion) -> None:
    notion.set_up()
    config = notion.config()
    SyncEngine(config, clock=FrozenClock(NOW)).sync_all()
    change(notion, "budget_lines", {"Vendor": {"name": "Supplier"}})
    change(notion, "risks", {"Severity": {"checkbox": {}}, "Status": None})
    health = notion.health()
    found = by_name(health)
    assert not health.well
    assert found["budget_lines"].well, "a renamed property is read as before"
    assert "'Vendor' is called 'Supplier' now" in found["budget_lines"].told
    assert not found["risks"].well
    assert "'Severity' is of type checkbox now" in found["risks"].told
    assert "'Status' is not in" in found["risks"].told
    assert all(found[name].well for name in ("programs", "projects", "actions"))


def test_before_the_first_read_a_renamed_property_is_missing(one_notion: FreshNotion) -> None:
    one_notion.set_up()
    change(one_notion, "budget_lines", {"Vendor": {"name": "Supplier"}})
    found = by_name(one_notion.health())["budget_lines"]
    assert not found.well
    assert "'Vendor' is not in" in found.told
    assert "notion map" in found.told


def test_one_database_that_fails_leaves_the_others_looked_at(one_notion: FreshNotion) -> None:
    one_notion.set_up()
    one_notion.sandbox.add_fault(Fault.error(404, path=one_notion.config().database_ids["projects"], times=9))
    found = by_name(one_notion.health())
    assert not found["projects"].well
    assert "share the database with the integration" in found["projects"].told
    assert all(found[name].well for name in DATABASES if name != "projects")
    assert found["lake"].well


def test_who_the_integration_is_and_what_it_may_do(one_notion: FreshNotion) -> None:
    one_notion.set_up()
    assert "'Sandbox' in the workspace 'Sandbox'" in by_name(one_notion.health())["token"].told
    one_notion.sandbox.add_fault(Fault.error(403, path="^/v1/users$"))
    capabilities = by_name(one_notion.health())["capabilities"]
    assert capabilities.well
    assert "Read user information" in capabilities.told


def test_a_wrong_token_is_told_once(one_notion: FreshNotion) -> None:
    one_notion.set_up()
    health = one_notion.health(notion_token=SecretStr("ntn_wrong"))
    assert [finding.what for finding in health.findings if not finding.well] == ["token"]


def test_without_settings_the_lake_is_looked_at_all_the_same(one_notion: FreshNotion) -> None:
    health = one_notion.health(notion_token=None)
    found = by_name(health)
    assert not found["settings"].well
    assert found["lake"].well


def test_a_broken_mapping_is_told(one_notion: FreshNotion) -> None:
    one_notion.set_up()
    mapping = one_notion.folder / "mapping.yaml"
    mapping.write_text("nothing: {Name: X}\n")
    found = by_name(one_notion.health(ppm_notion_mapping=mapping))
    assert not found["column names"].well
    assert "mapping.yaml" in found["column names"].told
    assert found["lake"].well


def test_a_word_in_the_mapping_that_is_none_of_ours_is_told(one_notion: FreshNotion) -> None:
    one_notion.set_up()
    mapping = one_notion.folder / "mapping.yaml"
    mapping.write_text("projects:\n  Currency:\n    values: {usd: Dollar}\n")
    health = one_notion.health(ppm_notion_mapping=mapping)
    (told,) = [finding.told for finding in health.findings if not finding.well]
    assert told.startswith(f"{mapping}, projects > Currency: 'usd' is no word of ours")
    assert "write USD" in told


def test_what_went_wrong_with_earlier_reads_is_told(one_notion: FreshNotion) -> None:
    one_notion.set_up()
    begun = Unfinished(started_at=NOW - timedelta(hours=1), edited_since=None, property_ids={}, pages=3_200)
    remember(one_notion, "risks", last_error="Notion was away.", unfinished=begun.to_json())
    remember(one_notion, "projects", last_read_at=NOW - timedelta(hours=30))
    remember(one_notion, "actions", last_read_at=NOW - timedelta(hours=1), sweep_note="Many pages are missing.")
    found = by_name(one_notion.health())
    assert not found["last attempt on risks"].well
    assert "Notion was away." in found["last attempt on risks"].told
    assert found["unfinished read of risks"].well
    assert "3,200 pages" in found["unfinished read of risks"].told
    assert not found["last read of risks"].well
    assert "never read to its end" in found["last read of risks"].told
    assert "more than 24 hours ago" in found["last read of projects"].told
    assert found["last read of actions"].well
    assert "Many pages are missing." in found["deletions in actions"].told


def test_a_full_read_is_reckoned_up(one_notion: FreshNotion) -> None:
    one_notion.set_up()
    remember(one_notion, "budget_lines", last_read_at=NOW, page_count=12_000)
    remember(one_notion, "projects", last_read_at=NOW, page_count=150)
    told = by_name(one_notion.health(notion_requests_per_minute=60))["full read"].told
    assert "12,150 pages take about 126 requests, at least 2 minutes" in told
    assert "budget lines (12,000)" in told
    assert "windows" in told


@pytest.mark.parametrize(
    ("rate", "well", "words"),
    [(180, True, ""), (600, True, "Business and Enterprise"), (700, False, "set NOTION_REQUESTS_PER_MINUTE")],
)
def test_the_budget_is_held_against_what_notion_grants(
    one_notion: FreshNotion, rate: int, well: bool, words: str
) -> None:
    config = one_notion.config(notion_base_url=HttpUrl("https://api.notion.com"), notion_requests_per_minute=rate)
    budget = next(iter(_limits(config, {})))
    assert budget.well is well
    assert words in budget.told


def test_a_lake_that_cannot_be_opened_is_told(one_notion: FreshNotion) -> None:
    one_notion.set_up()
    found = by_name(one_notion.health(ppm_lakehouse_uri="ftp://somewhere"))
    assert not found["lake"].well
    assert found["risks"].well
