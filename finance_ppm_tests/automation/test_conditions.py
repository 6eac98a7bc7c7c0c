"""When tables are asked for: a change asks once, a quiet sync asks for nothing, a failure is tried again.

The conditions are evaluated as Dagster's daemon does, over runs of the real graph.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from finance_ppm.contracts import SILVER_TABLES, Table, full_name
from finance_ppm.contracts.azure import AZURE_BRONZE_TABLES, AZURE_GOLD_TABLES, AZURE_SILVER_TABLES
from finance_ppm.contracts.bronze import NotionRawPages
from finance_ppm.contracts.silver import NotionBudgetLines, NotionRisks
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.sandbox.estate import estate
from finance_ppm_tests.world import MONDAY, World, number, world

SILVER = {full_name(table) for table in SILVER_TABLES}
AZURE_SILVER = {full_name(table) for table in AZURE_SILVER_TABLES}
AZURE_GOLD = {full_name(table) for table in AZURE_GOLD_TABLES}
FINDINGS = {"gold/data_quality_issues", "gold/data_quality_metrics"}
GOLD = {
    "gold/ppm_budget_vs_actual",
    "gold/ppm_forecast",
    "gold/ppm_forecast_monthly",
    "gold/ppm_project_health",
    "gold/ppm_restatements",
    *FINDINGS,
}
LOOKING_BACK = {"gold/ppm_forecast_accuracy", "gold/ppm_forecast_intervals"}
"""Made of gold alone: asked for once that has changed."""


@dataclass
class Daemon:
    """The automation sensor's part: evaluates every condition, and remembers what it has asked for."""

    here: World
    cursor: Any = None
    days: set[str] = field(default_factory=set)

    def tick(self, at: datetime | None = None) -> set[str]:
        """The tables asked for, by name; their days are added to ``days``."""
        defs = self.here.defs()
        result = dg.evaluate_automation_conditions(
            defs, self.here.instance, cursor=self.cursor, evaluation_time=at or self.here.clock.now()
        )
        self.cursor = result.cursor
        asked = set()
        for key in defs.resolve_asset_graph().materializable_asset_keys:
            days = result.get_requested_partitions(key)
            if days:
                asked.add("/".join(key.path))
                self.days |= {str(day) for day in days}
        return asked


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, pages=50, dirty=False) as built:
        yield built


def edit_a_line(here: World, amount: str) -> str:
    """The id of the line that was edited."""
    here.go_to(here.clock.now() + timedelta(minutes=5))
    line = str(here.rows(NotionRawPages).filter(pl.col("database_name") == "budget_lines")["page_id"].min())
    here.edit("budget_lines", line, Amount=number(amount))
    return line


def test_a_change_asks_for_silver_once_then_for_gold_once_and_a_quiet_sync_for_nothing(here: World) -> None:
    daemon = Daemon(here)
    assert daemon.tick() == set(), "nothing was ever captured"

    here.run(only={"bronze"})
    assert daemon.tick() == SILVER | AZURE_SILVER, "gold waits for what silver makes of it"
    assert daemon.days == {MONDAY.date().isoformat()}, "today's partition alone"
    assert daemon.tick() == set(), "asked for once"
    here.run(only={"silver"})
    assert daemon.tick() == GOLD | AZURE_GOLD
    assert daemon.tick() == set(), "asked for once"
    here.run(only=GOLD | AZURE_GOLD)
    assert daemon.tick() == LOOKING_BACK
    here.run(only=LOOKING_BACK)
    assert daemon.tick() == set(), "all is made"

    here.go_to(MONDAY + timedelta(minutes=5))
    here.run(only={"bronze"})
    assert daemon.tick() == set(), "the sync brought nothing new"
    assert daemon.tick(here.clock.now() + timedelta(minutes=30)) == set(), "and no minute changes that"

    edit_a_line(here, "4321.09")
    here.run(only={"bronze"})
    assert daemon.tick() == SILVER
    here.run(only={"silver"})
    assert daemon.tick() >= {"gold/ppm_budget_vs_actual"}
    here.run(only=GOLD)
    assert daemon.tick() <= LOOKING_BACK
    here.run(only=LOOKING_BACK)
    assert daemon.tick() == set()


def test_a_new_snapshot_of_azure_asks_for_its_silver_once_then_for_its_gold_once(tmp_path: Path) -> None:
    bronze = {full_name(table) for table in AZURE_BRONZE_TABLES}
    with world(tmp_path, pages=50, dirty=False, cloud=estate(anchor=MONDAY.date(), pages=50, seed=11)) as here:
        here.run()
        daemon = Daemon(here)
        daemon.tick()
        here.go_to(MONDAY + timedelta(minutes=5))
        here.run(only=bronze)
        assert daemon.tick() == set(), "the same snapshot once more"
        here.go_to(MONDAY + timedelta(days=1))
        here.run(only={"gold"})
        daemon.tick()
        here.run(only=bronze)
        assert daemon.tick() == AZURE_SILVER
        assert daemon.tick() == set(), "asked for once"
        here.run(only=AZURE_SILVER)
        assert daemon.tick() == AZURE_GOLD | FINDINGS
        here.run(only=AZURE_GOLD | FINDINGS)
        assert daemon.tick() == set(), "all is made"


def test_an_old_day_asks_for_nothing(here: World) -> None:
    here.run(only={"bronze", "silver"})
    daemon = Daemon(here)
    tomorrow = MONDAY + timedelta(days=1)
    here.go_to(tomorrow)
    daemon.tick()
    here.run(MONDAY.date(), only={"bronze", "silver"})
    assert daemon.tick() == set()
    assert daemon.days <= {tomorrow.date().isoformat()}


class Broken(Lake):
    """A lake in which one silver table cannot be looked at."""

    def scan(self, table: type[Table]) -> pl.LazyFrame:
        if table is NotionRisks:
            raise OSError("the disk is gone")
        return super().scan(table)


def test_a_failed_silver_run_is_asked_for_again_at_the_next_tenth_minute(here: World) -> None:
    daemon = Daemon(here)
    at = MONDAY.replace(minute=31)
    daemon.tick(at)
    here.run(only={"bronze"})
    assert "silver/notion_risks" in daemon.tick(at)
    here.overrides = {"lake": Broken(here.lake.uri, clock=here.clock)}
    assert not here.run(only={"silver/notion_risks"}, raise_on_error=False).success
    here.overrides = {}
    risks = {"silver/notion_risks"}
    assert daemon.tick(at + timedelta(minutes=1)) & risks == set(), "not at once"
    assert daemon.tick(MONDAY.replace(minute=40, second=10)) & risks == risks
    assert daemon.tick(MONDAY.replace(minute=41)) & risks == set(), "once for each tenth minute"
    here.run(only=risks)
    assert daemon.tick(MONDAY.replace(minute=50, second=10)) & risks == set(), "it succeeded"


def test_nothing_is_asked_for_while_a_blocking_check_of_an_input_fails(here: World) -> None:
    daemon = Daemon(here)
    daemon.tick()
    here.run(only={"bronze", "silver"})
    others = here.lake.scan(NotionBudgetLines).filter(pl.col("budget_line_id") != edit_a_line(here, "1.23"))
    here.lake.append(NotionBudgetLines, others.head(1).collect())  # a key twice
    here.run(only={"bronze"})
    result = here.run(only={"silver/notion_budget_lines"}, raise_on_error=False)
    failed = {check.check_name for check in result.get_asset_check_evaluations() if check.blocking and not check.passed}
    assert "notion_budget_lines_key_unique" in failed
    assert "gold/ppm_budget_vs_actual" not in daemon.tick()
    here.lake.replace(NotionBudgetLines, here.lake.scan(NotionBudgetLines).unique("budget_line_id").collect())
    here.run(only={"silver/notion_budget_lines"})
    assert "gold/ppm_budget_vs_actual" in daemon.tick(), "once it holds again, nothing is forgotten"


def test_nothing_is_asked_for_while_it_is_being_made(here: World) -> None:
    daemon = Daemon(here)
    daemon.tick()
    here.run(only={"bronze"})
    day = MONDAY.date().isoformat()
    job = here.defs().resolve_implicit_global_asset_job_def()
    run = here.instance.create_run_for_job(
        job,
        asset_selection=frozenset({dg.AssetKey(["silver", "notion_risks"])}),
        tags={"dagster/partition": day},
        status=dg.DagsterRunStatus.STARTED,
    )
    asked = daemon.tick()
    assert "silver/notion_risks" not in asked
    assert "silver/notion_projects" in asked
    here.instance.delete_run(run.run_id)
