"""Running rules: findings and metrics as their contracts want them, whatever the portfolio holds."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import narwhals.stable.v2 as nw
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from finance_ppm.contracts import stamp_columns
from finance_ppm.contracts.gold import DataQualityIssues, DataQualityMetrics
from finance_ppm.quality import RULES, Severity, evaluate, findings, metrics
from finance_ppm.quality.evaluation import SAMPLE
from finance_ppm.sources.azure.rows import Dataset
from finance_ppm.sources.notion.schema import Drift
from finance_ppm.transforms.portfolio import Portfolio
from finance_ppm_tests.engines import PolarsEngine
from finance_ppm_tests.quality.cases import CASES, drift, line, program
from finance_ppm_tests.quality.portfolios import AS_OF, BASE, CONTRACTS, SOUND, Rows, portfolio_of

NOW = pl.lit(datetime(2026, 11, 21, 10, tzinfo=UTC))
BY_NAME = {rule.name: rule for rule in RULES}


@pytest.fixture(scope="module")
def dirty() -> Portfolio:
    return portfolio_of(PolarsEngine(), BASE, *(case.rows for case in CASES))


def assert_valid_issues(issues: pl.DataFrame) -> None:
    (stamp,) = stamp_columns(DataQualityIssues)
    DataQualityIssues.validate(issues.with_columns(NOW.alias(stamp)))
    assert issues["row_id"].null_count() == 0


def test_findings_are_rows_of_their_contract(dirty: Portfolio) -> None:
    issues = findings(dirty)
    assert_valid_issues(issues)
    assert set(issues["rule"]) == set(BY_NAME)
    assert set(issues["as_of_date"]) == {AS_OF}


def test_metrics_are_rows_of_their_contract(dirty: Portfolio) -> None:
    (stamp,) = stamp_columns(DataQualityMetrics)
    fared = metrics(dirty)
    DataQualityMetrics.validate(fared.with_columns(NOW.alias(stamp)))
    assert fared["rule"].to_list() == [rule.name for rule in RULES]
    assert not fared["passed"].any()


def test_findings_that_are_told_are_counted_and_not_looked_for_again(dirty: Portfolio) -> None:
    """A row that breaks a rule in two columns has two findings, and is one row."""
    issues = findings(dirty).with_columns(NOW.alias(*stamp_columns(DataQualityIssues)))
    told = replace(dirty, issues=nw.from_native(issues.lazy()))
    assert_frame_equal(metrics(told, found=BY_NAME), metrics(dirty))
    some = [*BY_NAME][::2]
    assert_frame_equal(metrics(told, found=some), metrics(dirty))
    untold = metrics(dirty, found=some)
    assert untold.filter(pl.col("rule").is_in(some))["rows_failing"].sum() == 0
    assert not untold.filter(~pl.col("rule").is_in(some))["passed"].any()


def test_rows_failing_are_the_distinct_rows_of_the_findings(dirty: Portfolio) -> None:
    counted = findings(dirty).group_by("rule").agg(rows=pl.struct("table_name", "row_id").n_unique())
    assert dict(counted.iter_rows()) == {fared.rule.name: fared.rows_failing for fared in evaluate(dirty)}


def test_rows_checked_are_the_live_rows_of_the_table() -> None:
    rows = {"budget_lines": [line("1"), line("2"), line("3", is_archived=True)]}
    checked = {fared.rule.name: fared.rows_checked for fared in evaluate(portfolio_of(PolarsEngine(), rows))}
    assert checked["line_vendor_missing"] == 2
    assert checked["line_property_missing"] == 2
    assert checked["notion_budget_lines_key_unique"] == 3
    assert checked["program_name_missing"] == 0


def test_an_evaluation_shows_the_first_failing_rows() -> None:
    rows = {"programs": [program(f"{number:02}", status=None) for number in range(SAMPLE + 2)]}
    (fared,) = evaluate(portfolio_of(PolarsEngine(), rows), [BY_NAME["program_status_missing"]])
    assert (fared.rows_checked, fared.rows_failing, fared.passed) == (SAMPLE + 2, SAMPLE + 2, False)
    assert [row["row_id"] for row in fared.sample] == ["00", "01", "02", "03", "04"]
    assert fared.sample[0]["message"] == "The program has no status."
    assert fared.sample[0]["table_name"] == "silver/notion_programs"


def test_no_rules_no_findings() -> None:
    portfolio = portfolio_of(PolarsEngine(), BASE)
    assert evaluate(portfolio, []) == []
    assert findings(portfolio, []).is_empty()
    assert metrics(portfolio, []).is_empty()


def test_an_issue_keeps_its_id_until_what_it_is_about_changes() -> None:
    def issue_id(**cells: Any) -> str:
        rows = {"programs": [{"program_id": "1", "status": "?", **cells}]}
        (found,) = findings(portfolio_of(PolarsEngine(), rows), [BY_NAME["program_status_unknown"]])["issue_id"]
        assert isinstance(found, str)
        return found

    assert issue_id() == issue_id(name="Renamed", notion_url=None)
    assert len({issue_id(), issue_id(status="??"), issue_id(program_id="2")}) == 3


def test_a_rule_reports_with_its_own_words() -> None:
    (row,) = findings(
        portfolio_of(PolarsEngine(), {"projects": [{"currency": None}], "programs": [{}]}),
        [BY_NAME["project_currency_missing"]],
    ).to_dicts()
    rule = BY_NAME["project_currency_missing"]
    assert (row["severity"], row["remedy"], row["owner"]) == (Severity.ERROR, rule.remedy, rule.owner)
    assert (row["table_name"], row["row_id"], row["project_id"]) == ("silver/notion_projects", "P", "P")
    assert (row["row_name"], row["notion_url"], row["quarantined"]) == (
        "Warehouse",
        "https://www.notion.so/page",
        False,
    )


IDS = ("1", "2", "3")
TEXTS = ("", " ", "(untitled)", "Completed", "CapEx", "EUR", "Critical", "Open", "x ", "\N{ROCKET}", "{name}", "ä\x00")


def cells_of(table: str) -> st.SearchStrategy[dict[str, Any]]:
    """A row of ``table`` with any cell drawn at random, null where the contract allows it."""
    contract = CONTRACTS[table]

    def cell(name: str, column: Any) -> st.SearchStrategy[Any]:
        dtype = column.dtype
        drawn: st.SearchStrategy[Any]
        if name == "issues":
            names = st.sampled_from(["date_invalid", "amount_rounded", "amount_not_a_number", "page_malformed", "?"])
            texts = st.none() | st.sampled_from(TEXTS)
            drawn = st.lists(
                st.fixed_dictionaries({"rule": names, "column": texts, "value": texts, "message": st.just("So.")}),
                max_size=2,
            )
        elif name == "drift":
            drawn = st.lists(
                st.builds(
                    drift,
                    st.sampled_from([*Drift, "?"]).map(str),
                    st.sampled_from(TEXTS),
                    st.none() | st.sampled_from(TEXTS),
                ),
                max_size=3,
            )
        elif name == "project_ids":
            drawn = st.lists(st.sampled_from(IDS), unique=True)
        elif name == "database_name":
            drawn = st.sampled_from(["programs", "projects", "budget_lines"])
        elif name.endswith("_id"):
            drawn = st.sampled_from(IDS)
        elif dtype == pl.Boolean:
            drawn = st.booleans()
        elif name == "tags":
            tag = {field: st.sampled_from(TEXTS) for field in ("key", "value", "source")}
            drawn = st.lists(st.fixed_dictionaries(tag), max_size=2)
        elif name == "dataset":
            drawn = st.sampled_from(list(Dataset)).map(str)
        elif name == "state":
            drawn = st.sampled_from(["new", "active", "reopened", "suppressed", "resolved"])
        elif dtype.is_integer():
            drawn = st.integers(0, 9)
        elif dtype == pl.Date:
            drawn = st.dates(date(2026, 11, 19), date(2026, 11, 23)) | st.dates()
        elif isinstance(dtype, pl.Datetime):
            drawn = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1), timezones=st.just(UTC))  # noqa: DTZ001
        elif isinstance(dtype, pl.Decimal):
            whole = 10 ** ((dtype.precision or 0) - dtype.scale)
            drawn = st.decimals(-whole + 1, whole - 1, places=dtype.scale) | st.sampled_from([Decimal("0.00")])
        else:
            drawn = st.sampled_from(TEXTS)
        return st.none() | drawn if column.nullable else drawn

    return st.fixed_dictionaries({name: cell(name, column) for name, column in contract.columns().items()})


PORTFOLIOS = st.fixed_dictionaries({table: st.lists(cells_of(table), max_size=4) for table in SOUND})


@given(PORTFOLIOS)
@settings(max_examples=15, deadline=None)
def test_any_portfolio_can_be_judged(rows: Rows) -> None:
    portfolio = portfolio_of(PolarsEngine(), rows)
    issues = findings(portfolio)
    assert_valid_issues(issues)
    fared = {each.rule.name: each for each in evaluate(portfolio)}
    counted = issues.group_by("rule").agg(rows=pl.struct("table_name", "row_id").n_unique())
    assert dict(counted.iter_rows()) == {name: each.rows_failing for name, each in fared.items() if not each.passed}
    assert all(each.rows_failing <= each.rows_checked for each in fared.values())


@given(PORTFOLIOS)
@settings(max_examples=12, deadline=None)
def test_archived_rows_are_never_judged(rows: Rows) -> None:
    """Only the count of captured pages speaks of them."""
    keyed = {table: contract.primary_key()[-1] for table, contract in CONTRACTS.items()}
    marked = {
        table: [
            {**row, keyed[table]: f"gone {number}"} if row.get("is_archived") else row
            for number, row in enumerate(told)
        ]
        for table, told in rows.items()
    }
    issues = findings(
        portfolio_of(PolarsEngine(), marked), [rule for rule in RULES if rule.name != "pages_accounted_for"]
    )
    assert not issues["row_id"].str.starts_with("gone").any()
