"""Each rule finds what breaks it, and nothing that only nearly does; on every engine alike."""

import polars as pl
import pytest

from finance_ppm.contracts import NotionProperty
from finance_ppm.quality import RULES, Rule, evaluate, findings
from finance_ppm.sources.notion.drift import remembered, schema_drift
from finance_ppm.sources.notion.schema import DatabaseSchema, DataSource, Drift, Property
from finance_ppm.transforms.silver.cell_rules import CELL_RULES
from finance_ppm_tests.engines import Engine, PolarsEngine, engine, spark_session  # noqa: F401 - fixtures
from finance_ppm_tests.quality.case import Case, Finding
from finance_ppm_tests.quality.cases import CASES
from finance_ppm_tests.quality.portfolios import BASE, CONTRACTS, EDITED, SOUND, Row, Rows, portfolio_of

BY_NAME = {rule.name: rule for rule in RULES}


def found(rule: Rule, *rows: Rows) -> pl.DataFrame:
    return findings(portfolio_of(PolarsEngine(), *rows), [rule])


def told(frame: pl.DataFrame) -> set[Finding]:
    return set(frame.select("row_id", "column_name", "value").iter_rows())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_a_rule_finds_what_breaks_it_and_nothing_else(case: Case) -> None:
    frame = found(BY_NAME[case.rule], BASE, case.rows)
    assert told(frame) == set(case.broken)
    assert len(frame) == len(case.broken)


def test_every_rule_has_a_case() -> None:
    assert sorted(case.rule for case in CASES) == sorted(BY_NAME)


def test_a_sound_portfolio_breaks_no_rule() -> None:
    assert findings(portfolio_of(PolarsEngine(), BASE)).is_empty()


def test_an_empty_portfolio_breaks_no_rule() -> None:
    fared = evaluate(portfolio_of(PolarsEngine()))
    assert [(each.rows_checked, each.rows_failing, each.passed) for each in fared] == [(0, 0, True)] * len(RULES)


def test_a_row_of_nulls_breaks_only_the_rules_that_ask_for_a_value() -> None:
    rows: dict[str, list[Row]] = {
        table: [{name: None for name, column in contract.columns().items() if column.nullable}]
        for table, contract in CONTRACTS.items()
        if table in SOUND
    }
    captured = [{"database_name": "budget_lines", "page_id": key} for key in ("Q", "L2")]
    rows["raw_pages"] = [*BASE["raw_pages"], *captured]
    frame = findings(
        portfolio_of(PolarsEngine(), rows, {"budget_lines": [{"budget_line_id": "L2", "project_ids": []}]})
    )
    assert set(frame["rule"]) == {
        "program_status_missing",
        "project_without_program",
        "project_dates_missing",
        "project_currency_missing",
        "project_budget_missing",
        "project_status_missing",
        "line_without_project",
        "line_amount_missing",
        "line_category_missing",
        "line_vendor_missing",
        "risk_without_project",
        "risk_severity_missing",
        "risk_probability_missing",
        "risk_status_missing",
        "action_without_project",
        "action_assignee_missing",
        "page_malformed",
        "database_read_stale",
        "azure_resource_unlinked",
    }


def apart(rows: Rows, name: str) -> Rows:
    """The same rows with ids of their own, so that many cases fit into one portfolio."""

    def renamed(row: Row) -> Row:
        return {
            column: f"{value}@{name}"
            if column.endswith("_id") and value is not None
            else [f"{each}@{name}" for each in value]
            if column == "project_ids"
            else value
            for column, value in row.items()
        }

    return {table: [renamed(row) for row in told] for table, told in rows.items()}


@pytest.fixture(scope="module")
def all_cases() -> list[Rows]:
    return [BASE, *(apart(case.rows, case.rule) for case in CASES)]


@pytest.fixture(scope="module")
def expected(all_cases: list[Rows]) -> pl.DataFrame:
    return findings(portfolio_of(PolarsEngine(), *all_cases))


def test_every_engine_finds_the_same(engine: Engine, all_cases: list[Rows], expected: pl.DataFrame) -> None:  # noqa: F811
    """All rules over all cases at once, cell by cell, messages included."""
    assert set(expected["rule"]) == set(BY_NAME)
    portfolio = portfolio_of(engine, *all_cases)
    assert findings(portfolio).sort("issue_id").equals(expected.sort("issue_id"))


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("project_program_not_found", "The program kept out is in quarantine."),
        ("line_project_not_found", "The project nowhere is not in the projects database."),
        (
            "project_lines_over_budget",
            "The budget lines add up to 1100.01, 100.01 more than Budget Total 1000.00 and more than 10% above it.",
        ),
        (
            "project_lines_over_budget",
            "The budget lines add up to 1005.01, 5.01 more than Budget Total 1000.00.",
        ),
        ("line_outside_project_dates", "The line falls on 2026-11-20, before its project starts on 2026-11-21."),
        ("line_outside_project_dates", "The line falls on 2026-11-22, after its project ends on 2026-11-21."),
        ("database_read_stale", "The database risks was last read at 2026-11-20 23:59 UTC."),
        ("database_read_stale", "The database new was never read completely."),
        ("database_not_read", "The last read of the database unreachable did not come to its end: Notion is away."),
        ("property_renamed", "Status has drifted."),
        ("line_with_several_projects", "The line names 2 projects."),
    ],
)
def test_a_message_says_what_is_wrong_with_its_values(rule: str, message: str) -> None:
    (case,) = (case for case in CASES if case.rule == rule)
    assert message.replace("kept out", "Q") in set(found(BY_NAME[rule], BASE, case.rows)["message"])


def test_a_refused_page_is_named_under_the_table_it_is_kept_out_of() -> None:
    refused = [
        {"page_id": "1", "database_name": "projects", "name": "Cloud"},
        {"page_id": "2", "database_name": "budget_lines"},
    ]
    frame = found(BY_NAME["page_malformed"], {"quarantine": refused})
    assert frame.select("table_name", "row_id", "row_name", "project_id", "quarantined").rows() == [
        ("silver/notion_budget_lines", "2", None, None, True),
        ("silver/notion_projects", "1", "Cloud", "1", True),
    ]


def test_whatever_a_schema_departs_in_is_a_finding_in_its_own_words() -> None:
    """What the reader finds and remembers, judged as it stands in the lake: no kind of drift is without a rule."""

    def of(**properties: Property) -> DatabaseSchema:
        return DatabaseSchema.of_sources([DataSource("1", "Main", properties)])

    status = Property("s", "select", ("Open",))
    before = DatabaseSchema.of_sources([DataSource("0", "Old risks", {}), *of(Status=status).data_sources])
    now = of(Zustand=Property("s", "select", ("Open", "Gone")), Owner=Property("o", "date")).following(before)
    wanted = {name: NotionProperty(name, ("select",)) for name in ("Status", "Owner", "Severity")}
    drifts = schema_drift(before, now, wanted, {"Status": ("s",)}).drift
    assert {drift.kind for drift in drifts} == set(Drift)

    state = {"database_name": "risks", "drift": remembered(None, drifts, EDITED)}
    frame = findings(portfolio_of(PolarsEngine(), BASE, {"watermarks": [state]}))
    assert set(frame["message"]) == {drift.message for drift in drifts}
    assert set(frame.select("rule", "severity", "row_id", "column_name", "value").iter_rows()) == {
        ("property_renamed", "WARN", "risks", "Status", "Zustand"),
        ("property_retyped", "ERROR", "risks", "Owner", "date"),
        ("property_removed", "ERROR", "risks", "Severity", None),
        ("option_added", "INFO", "risks", "Status", "Gone"),
        ("data_source_lost", "ERROR", "risks", "Old risks", "0"),
    }


def test_every_cell_rule_is_quoted_somewhere() -> None:
    for cell_rule in CELL_RULES:
        names = [name for name in BY_NAME if name.endswith(cell_rule.name)]
        assert names
        assert {BY_NAME[name].hard for name in names} == {cell_rule.hard}
