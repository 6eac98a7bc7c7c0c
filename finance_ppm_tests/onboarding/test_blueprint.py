"""What new databases hold: all that the contracts read, with every word that the rules know."""

import json
from pathlib import Path
from typing import Any

import pytest

from finance_ppm.column_mapping import ColumnMapping
from finance_ppm.contracts import PAGE_TABLES, notion_properties
from finance_ppm.currencies import ISO_4217
from finance_ppm.onboarding.blueprint import PropertyPlan, plans
from finance_ppm.onboarding.databases import Source, Standing, _requested
from finance_ppm.quality.rules import actions, budget_lines, programs, projects, risks
from finance_ppm_tests.onboarding.fresh_notion import NOW

RECORDED = Path(__file__).parents[3] / "shared" / "recorded" / "notion"

PLANS = {plan.name: plan for plan in plans(ColumnMapping())}


def prop(database: str, name: str) -> PropertyPlan:
    return next(one for one in PLANS[database].properties if one.name == name)


def options(database: str, name: str) -> list[str]:
    return [option["name"] for option in prop(database, name).config["options"]]


def test_every_property_a_column_reads_is_planned_once() -> None:
    for name, table in PAGE_TABLES.items():
        wanted = notion_properties(table)
        assert sorted(one.name for one in PLANS[name].properties) == sorted({found.name for found in wanted.values()})
        for one in PLANS[name].properties:
            assert all(one.type in found.types for found in wanted.values() if found.name == one.name)


@pytest.mark.parametrize(
    ("database", "name", "words"),
    [
        ("programs", "Status", programs.STATUSES),
        ("projects", "Status", projects.STATUSES),
        ("budget_lines", "Category", budget_lines.CATEGORIES),
        ("risks", "Severity", risks.SEVERITIES),
        ("risks", "Probability", risks.PROBABILITIES),
        ("actions", "Source", actions.SOURCES),
    ],
)
def test_the_options_are_the_words_the_rules_know(database: str, name: str, words: tuple[str, ...]) -> None:
    assert sorted(options(database, name)) == sorted(words)


def test_the_other_options_are_words_the_rules_accept() -> None:
    assert set(options("projects", "Currency")) <= set(ISO_4217)
    assert {word.lower() for word in options("actions", "Status")} & set(actions.DONE)


def test_amounts_are_shown_as_amounts() -> None:
    assert prop("budget_lines", "Amount").config == {"format": "number_with_commas"}


def test_relations_lead_to_databases_that_are_made_before() -> None:
    made: list[str] = []
    for name, plan in PLANS.items():
        assert all(one.target in made for one in plan.properties if one.target)
        made.append(name)
    assert prop("budget_lines", "Project").target == "projects"
    assert prop("projects", "Program").target == "programs"


@pytest.mark.skipif(not RECORDED.is_dir(), reason="no recorded answers beside this repository")
def test_a_relation_is_asked_for_as_in_requests_that_notion_accepted() -> None:
    recorded = [one for file in sorted(RECORDED.glob("*.json")) for one in json.loads(file.read_text())]
    accepted: list[dict[str, Any]] = [
        asked["relation"]
        for one in recorded
        if one["method"] == "POST" and one["status"] == 200 and (one["url"] or "").endswith("/v1/databases")
        for asked in (one["request_body"].get("initial_data_source") or {}).get("properties", {}).values()
        if asked.get("relation", {}).get("type") == "single_property"
    ]
    assert accepted
    target = Standing("d", NOW.date(), (Source("s", {}),))
    ours = _requested(prop("budget_lines", "Project"), {"projects": target}, newer=True)["relation"]
    assert all(asked.keys() == ours.keys() for asked in accepted)
