"""Bad input, all at once in one portfolio: a finding each, the good rows go on, and nothing is lost."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from finance_ppm.contracts import PAGE_TABLES, Table
from finance_ppm.contracts.bronze import NotionRawPages
from finance_ppm.contracts.gold import DataQualityIssues, PpmBudgetVsActual
from finance_ppm.contracts.silver import NotionBudgetLines, NotionProjects, Quarantine
from finance_ppm.sandbox.notion.history import Change, Edit, History
from finance_ppm_tests.world import MONDAY, World, choice, databases, day, number, relation, title, world

BEFORE = MONDAY - timedelta(days=30)


def page(number_of: int) -> str:
    return f"00000000-0000-4000-8000-{number_of:012d}"


PROGRAM, PROJECT, TWIN, MISSING = page(1), page(2), page(3), page(99)
GOOD, LAST = page(10), page(60)
WITHOUT_PROPERTIES, PARTIAL, WITHOUT_VENDOR, AS_TEXT = page(11), page(12), page(13), page(14)
TWENTY_DIGITS, EMOJI, THIRTEENTH_MONTH, ORPHAN = page(15), page(16), page(17), page(18)
TWICE, ITS_DOUBLE, NULL_PROJECT, MINUS_SEVENTEEN = page(19), page(20), page(21), page(22)


def line(page_id: str, override: dict[str, Any] | None = None, **properties: Any) -> Edit:
    """A sound line of 100.00 but for what is told."""
    sound: dict[str, Any] = {
        "Line": title("Licences"),
        "Project": relation(PROJECT),
        "Category": choice("OpEx"),
        "Vendor": {"rich_text": [{"text": {"content": f"Vendor {page_id[-2:]}"}}]},
        "Amount": number("100.00"),
        "Committed Date": day("2026-05-04"),
    }
    told = {name.replace("_", " "): value for name, value in properties.items()}
    return Edit(BEFORE, "budget_lines", page_id, Change.CREATE, sound | told, override or {})


def project(page_id: str) -> Edit:
    properties = {
        "Name": title("Ledger renewal"),
        "Program": relation(PROGRAM),
        "Budget Total": number("50000.00"),
        "Currency": choice("EUR"),
        "Status": choice("In Progress"),
        "Start Date": day("2026-01-01"),
        "End Date": day("2026-12-31"),
    }
    return Edit(BEFORE, "projects", page_id, Change.CREATE, properties)


TEXT = {"type": "text", "text": {"content": "1,200.00", "link": None}, "plain_text": "1,200.00", "href": None}

EDITS = (
    Edit(BEFORE, "programs", PROGRAM, Change.CREATE, {"Name": title("Finance"), "Status": choice("Active")}),
    project(PROJECT),
    project(TWIN),
    line(GOOD),
    line(WITHOUT_PROPERTIES, {"properties": None}),
    line(PARTIAL, dict.fromkeys(("properties", "parent", "url", "created_time", "last_edited_time"))),
    line(WITHOUT_VENDOR, {"properties": {"Vendor": None}}),
    line(AS_TEXT, Amount={"rich_text": [TEXT]}),
    line(TWENTY_DIGITS, Amount=number("12345678901234567890")),
    line(EMOJI, Line=title("Cloud \N{ROCKET} 2026")),
    line(THIRTEENTH_MONTH, Committed_Date={"date": {"start": "2024-13-01"}}),
    line(ORPHAN, Project=relation(MISSING)),
    line(TWICE, Amount=number("1.00")),
    line(ITS_DOUBLE, {"id": TWICE}, Amount=number("2.00")),
    line(NULL_PROJECT, Project={"relation": None}),
    line(MINUS_SEVENTEEN, Amount=number("-12345678901234567.89")),
    line(LAST, Amount=number("0.07")),
)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("bad"), History((), databases(), EDITS)) as built:
        built.run()
        yield built


FINDINGS = {
    "a page without properties": ("page_malformed", WITHOUT_PROPERTIES, "quarantine"),
    "a page with an id and nothing else": ("page_malformed", PARTIAL, "quarantine"),
    "a missing property": ("line_property_missing", WITHOUT_VENDOR, "silver"),
    "a number as text": ("amount_not_a_number", AS_TEXT, "quarantine"),
    "a 20-digit amount": ("amount_out_of_range", TWENTY_DIGITS, "quarantine"),
    "a negative one of 17 digits": ("amount_out_of_range", MINUS_SEVENTEEN, "quarantine"),
    "an emoji": ("line_text_unusual_characters", EMOJI, "silver"),
    "2024-13-01": ("line_date_invalid", THIRTEENTH_MONTH, "silver"),
    "a project that does not exist": ("line_project_not_found", ORPHAN, "silver"),
    "two projects of one name, this one": ("project_name_duplicate", PROJECT, "silver"),
    "two projects of one name, that one": ("project_name_duplicate", TWIN, "silver"),
}


def ids(here: World, table: type[Table]) -> list[str]:
    rows = here.rows(table)
    return rows["page_id" if table is Quarantine else table.primary_key()[0]].to_list()


@pytest.mark.parametrize(("rule", "page_id", "place"), FINDINGS.values(), ids=FINDINGS)
def test_there_is_a_finding_and_the_page_is_where_it_belongs(here: World, rule: str, page_id: str, place: str) -> None:
    found = here.rows(DataQualityIssues).filter((pl.col("row_id") == page_id) & (pl.col("rule") == rule)).to_dicts()
    assert len(found) == 1, f"one finding of {rule}"
    assert found[0]["message"].endswith(".")
    assert found[0]["remedy"]
    assert found[0]["quarantined"] is (place == "quarantine")
    table = NotionProjects if page_id in {PROJECT, TWIN} else NotionBudgetLines
    assert (page_id in ids(here, table)) is (place == "silver")
    assert (page_id in ids(here, Quarantine)) is (place == "quarantine")


def test_sound_rows_carry_no_finding(here: World) -> None:
    concerned = set(here.rows(DataQualityIssues)["row_id"])
    assert concerned.isdisjoint({GOOD, LAST, PROGRAM})
    assert {GOOD, LAST} <= set(ids(here, NotionBudgetLines))


def test_every_page_of_bronze_is_in_silver_or_else_in_quarantine(here: World) -> None:
    captured = here.rows(NotionRawPages).select("database_name", "page_id").unique().rows()
    held = [(name, key) for name, table in PAGE_TABLES.items() for key in ids(here, table)]
    held += list(here.rows(Quarantine).select("database_name", "page_id").rows())
    assert sorted(held) == sorted(captured)
    assert len(captured) == len(EDITS) - 1, "two pages came under one id"


def test_what_silver_mends_it_leaves_empty_and_nothing_else(here: World) -> None:
    lines = {row["budget_line_id"]: row for row in here.rows(NotionBudgetLines).to_dicts()}
    assert lines[THIRTEENTH_MONTH]["committed_date"] is None
    assert lines[THIRTEENTH_MONTH]["amount"] == Decimal("100.00")
    assert lines[WITHOUT_VENDOR]["vendor"] is None
    assert lines[EMOJI]["name"] == "Cloud \N{ROCKET} 2026"
    assert lines[ORPHAN]["project_id"] == MISSING
    assert lines[NULL_PROJECT]["project_ids"] == []


def test_a_page_that_comes_twice_in_one_listing_is_there_once_as_it_came_last(here: World) -> None:
    versions = here.rows(NotionRawPages).filter(pl.col("page_id") == TWICE)
    assert versions.height == 1
    rows = here.rows(NotionBudgetLines).filter(pl.col("budget_line_id") == TWICE)
    assert rows["amount"].to_list() == [Decimal("2.00")]


def test_the_good_rows_are_in_the_figures_and_the_refused_ones_are_not(here: World) -> None:
    cells = here.rows(PpmBudgetVsActual).filter(
        (pl.col("metric_name") == "budget") & (pl.col("dimension") == "project")
    )
    totals = cells.group_by("dimension_id", "unit").agg(pl.col("value").sum())
    sums = {(member, unit): value for member, unit, value in totals.iter_rows()}
    assert sums[PROJECT, "EUR"] == Decimal("50000.00"), "lines and reserve"
    assert sums["(unassigned)", "XXX"] == Decimal("200.00"), "the orphan, and the line that names none"
    of_lines = cells.filter(pl.col("dimension_id") == PROJECT, pl.col("period_label") == "2026-05")["value"]
    assert of_lines.to_list() == [Decimal("302.07")]  # GOOD, WITHOUT_VENDOR, EMOJI, TWICE, LAST


def test_bad_pages_stay_whole_in_bronze_and_mended_ones_come_back(here: World) -> None:
    """The last test here: it edits."""
    (payload,) = here.rows(NotionRawPages).filter(pl.col("page_id") == TWENTY_DIGITS)["raw_payload"]
    assert "12345678901234567890" in payload
    here.go_to(MONDAY + timedelta(minutes=5))
    here.edit("budget_lines", TWENTY_DIGITS, Amount=number("20.00"))
    here.run(only={"bronze", "silver", "gold/data_quality_issues"})
    assert TWENTY_DIGITS in ids(here, NotionBudgetLines)
    assert TWENTY_DIGITS not in ids(here, Quarantine)
    assert TWENTY_DIGITS not in set(here.rows(DataQualityIssues)["row_id"])
