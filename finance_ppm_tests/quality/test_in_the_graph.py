"""Rules in the real graph, where runs overlap and silver loses what it had."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from finance_ppm.assets.gold import quality
from finance_ppm.automation.run_log import TO_STEPS
from finance_ppm.contracts import history_of
from finance_ppm.contracts.gold import DataQualityMetrics, PpmBudgetVsActual
from finance_ppm.contracts.silver import NotionBudgetLines
from finance_ppm.parameters import Parameters
from finance_ppm.quality.evaluation import findings
from finance_ppm.quality.rules import EVERY_RULE
from finance_ppm.sandbox.estate import estate
from finance_ppm.transforms.savings.policy import SavingsPolicy
from finance_ppm_tests.world import MONDAY, World, number, table_key, title, world

RULES = {rule.name: rule for rule in EVERY_RULE}
OF_SAVINGS = (
    "savings_are_allocated_whole",
    "every_recommendation_is_allocated",
    "savings_are_those_of_recommendations",
)
OF_LINES = ("every_amount_is_counted", "every_vendor_is_counted", "lines_count_in_their_project")


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, dirty=False, pages=60, with_rates=True) as found:
        yield found


def checks(here: World, *names: str) -> dict[str, dg.AssetCheckEvaluation]:
    """What these rules' checks say now."""
    keys = [dg.AssetCheckKey(table_key(RULES[name].table), name) for name in names]
    job = dg.define_asset_job("asked", selection=dg.AssetSelection.checks(*keys))
    asked = dg.Definitions.merge(here.defs(), dg.Definitions(jobs=[job])).resolve_job_def("asked")
    result = asked.execute_in_process(instance=here.instance, raise_on_error=False, run_config=TO_STEPS)
    return {each.check_name: each for each in result.get_asset_check_evaluations()}


def lines(here: World) -> list[str]:
    return here.rows(NotionBudgetLines).filter(~pl.col("is_archived"))["budget_line_id"].to_list()


def test_silver_that_is_newer_than_gold_is_no_fault_of_gold(here: World) -> None:
    here.run()
    asked = checks(here, *OF_LINES)
    assert all(asked[name].passed and "not asked" not in asked[name].metadata for name in OF_LINES)
    here.go_to(MONDAY + timedelta(minutes=5))
    here.edit("budget_lines", lines(here)[0], Amount=number("777777.77"))
    here.run(only=["bronze", "silver"])  # another run, beside the one that made gold
    found = checks(here, *OF_LINES)
    for name in OF_LINES:
        assert found[name].passed
        assert "silver/notion_budget_lines holds what was captured at" in str(found[name].metadata["not asked"].value)
    here.run(only=["gold/data_quality_metrics"])
    assert not set(OF_LINES) & set(here.rows(DataQualityMetrics)["rule"])
    here.run(only=["gold"])
    assert set(OF_LINES) <= set(here.rows(DataQualityMetrics).filter("passed")["rule"])


def test_a_page_that_was_captured_before_gold_was_made_and_came_to_silver_after_is_no_fault_of_gold(
    here: World,
) -> None:
    """By the clock gold is newer than all that it is compared with."""
    here.run()
    here.go_to(MONDAY + timedelta(minutes=5))
    here.edit("budget_lines", lines(here)[0], Amount=number("777777.77"))
    here.run(only=["bronze"])
    here.go_to(MONDAY + timedelta(minutes=6))
    here.run(only=["gold"])  # one run, of what silver was
    here.run(only=["silver"])  # another run, meanwhile
    found = checks(here, *OF_LINES, "forecast_agrees_with_cells")
    for name, check in found.items():
        assert check.passed
        assert "silver/notion_budget_lines was written anew since gold/ppm_" in str(
            check.metadata["not asked"].value
        ), name
    here.run(only=["gold/data_quality_metrics"])
    assert not set(OF_LINES) & set(here.rows(DataQualityMetrics)["rule"])
    assert "projects_add_up" in set(here.rows(DataQualityMetrics)["rule"])
    here.run(only=["gold"])
    assert set(OF_LINES) <= set(here.rows(DataQualityMetrics).filter("passed")["rule"])
    assert all("not asked" not in check.metadata for check in checks(here, *OF_LINES).values())


def test_gold_of_yesterday_is_not_compared_with_yesterday_as_it_is_rebuilt(here: World) -> None:
    """A page was captured before midnight, and came to silver after gold was made: nobody can tell by then."""
    here.run()
    late = MONDAY.replace(hour=23, minute=50)
    here.go_to(late)
    here.edit("budget_lines", lines(here)[0], Amount=number("777777.77"))
    here.run(only=["bronze"])
    here.go_to(late + timedelta(minutes=2))
    here.run(only=["gold"])
    here.run(only=["silver"])
    here.go_to(late + timedelta(minutes=15))
    here.run(MONDAY.date(), only=["gold/data_quality_metrics"])
    of_monday = here.lake.scan(history_of(DataQualityMetrics)).filter(pl.col("as_of_date") == MONDAY.date()).collect()
    assert not set(OF_LINES) & set(of_monday["rule"])
    assert of_monday.filter(~pl.col("passed"), pl.col("table_name").str.starts_with("gold/")).is_empty()
    result = here.run(MONDAY.date(), only=["gold"])
    asked = {each.check_name: each for each in result.get_asset_check_evaluations()}
    assert all(asked[name].passed and "not asked" not in asked[name].metadata for name in OF_LINES)


def test_findings_that_are_older_than_the_metrics_are_not_counted(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one run: a sync between them moves no page, but when a database was read; midnight lies between them."""

    def failing(rule: str, day: date) -> int:
        of_day = here.lake.scan(history_of(DataQualityMetrics)).filter(pl.col("as_of_date") == day).collect()
        (rows,) = of_day.filter(pl.col("rule") == rule)["rows_failing"]
        return int(rows)

    def and_then(happens: Callable[[], object]) -> None:
        def findings_and_then(*asked: Any) -> pl.DataFrame:
            found = findings(*asked)
            happens()
            return found

        monkeypatch.setattr(quality, "findings", findings_and_then)

    both = ["gold/data_quality_issues", "gold/data_quality_metrics"]
    here.run(only=["bronze", "silver"])
    here.go_to(MONDAY + timedelta(days=3))
    and_then(lambda: here.run(only=["bronze"]))
    here.run(only=both)
    assert failing("database_read_stale", here.clock.today()) == 0

    day = here.clock.today()
    here.edit("budget_lines", lines(here)[0], Amount=number("-1.00"))
    here.run(only=["bronze"])  # silver knows nothing of it yet; of a past day it is rebuilt
    and_then(lambda: here.go_to(MONDAY + timedelta(days=4)))
    before = failing("line_amount_negative", day)
    here.run(day, only=both)
    assert failing("line_amount_negative", day) == before + 1


def test_azures_gold_is_not_compared_where_its_silver_or_the_policy_came_between(tmp_path: Path) -> None:
    cloud = estate(anchor=MONDAY.date(), pages=50, seed=11)
    with world(tmp_path, pages=50, dirty=False, cloud=cloud) as here:
        here.run()
        here.go_to(MONDAY + timedelta(hours=15))
        here.run(only=["silver", "gold"])
        here.go_to(MONDAY + timedelta(hours=21))
        here.run(only=["bronze"])
        here.run(only=["gold/azure_advisor_recs"])
        here.run(only=["silver"])  # another run, between two steps of gold
        here.run(only=["gold/azure_advisor_allocations", "gold/advisor_summary"])
        for name, check in checks(here, *OF_SAVINGS).items():
            assert check.passed
            assert "was written anew since gold/azure_advisor_recs" in str(check.metadata["not asked"].value), name
        here.run(only=["gold"])
        assert not any("not asked" in check.metadata for check in checks(here, *OF_SAVINGS).values())
        policy = SavingsPolicy(conservative_term="P3Y", conservative_lookback_days=7)
        here.overrides["parameters"] = replace(Parameters.of(here.config), savings=policy)
        here.run(only=["gold/azure_advisor_recs"])
        for name, check in checks(here, *OF_SAVINGS).items():
            assert check.passed
            assert "were made with different settings" in str(check.metadata["not asked"].value), name


def test_metrics_are_of_silver_as_it_is_and_not_of_earlier_findings(here: World) -> None:
    """In one run with the findings they are counted there; by themselves, asked anew."""

    def negative() -> int:
        (rows,) = here.rows(DataQualityMetrics).filter(pl.col("rule") == "line_amount_negative")["rows_failing"]
        return int(rows)

    here.run()
    in_one_run, before = here.rows(DataQualityMetrics), negative()
    here.run(only=["gold/data_quality_metrics"])
    assert_frame_equal(here.rows(DataQualityMetrics), in_one_run)
    here.go_to(MONDAY + timedelta(minutes=5))
    here.edit("budget_lines", lines(here)[0], Amount=number("-1.00"))
    here.run(only=["bronze", "silver"])
    here.run(only=["gold/data_quality_metrics"])
    assert negative() == before + 1
    here.run(only=["gold/data_quality_issues", "gold/data_quality_metrics"])
    assert negative() == before + 1


def test_gold_that_came_out_the_same_is_compared_with_newer_silver(here: World) -> None:
    """Another name of a line is no reason to write gold anew, nor to ask nothing of it until somebody is."""
    here.run()
    here.go_to(MONDAY + timedelta(minutes=5))
    here.edit("budget_lines", lines(here)[0], Line=title("Another name"))
    version = here.lake.version(PpmBudgetVsActual)
    result = here.run()
    assert here.lake.version(PpmBudgetVsActual) == version
    assert not [each for each in result.get_asset_check_evaluations() if "not asked" in each.metadata]
    assert set(OF_LINES) <= set(here.rows(DataQualityMetrics).filter("passed")["rule"])


def test_a_version_that_silver_lost_is_found_within_an_hour_or_two(here: World) -> None:
    here.run()
    delta = here.lake.delta(NotionBudgetLines)
    assert delta is not None
    before = delta.version()
    here.go_to(MONDAY + timedelta(minutes=20))
    here.edit("budget_lines", lines(here)[0], Amount=number("9.99"))
    here.run(only=["bronze", "silver"])
    assert checks(here, "pages_accounted_for")["pages_accounted_for"].passed
    lost = here.lake.delta(NotionBudgetLines)
    assert lost is not None
    lost.restore(before)
    here.go_to(MONDAY + timedelta(minutes=90))
    here.run(only=["bronze"])  # nothing is new: the sync alone tells how late it is
    found = checks(here, "pages_accounted_for")["pages_accounted_for"]
    assert not found.passed
    assert "silver holds it as of 2026-06-15 09:30 UTC" in str(found.metadata["failing rows"].value)
