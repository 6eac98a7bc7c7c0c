"""What the contracts of gold's money declare as inputs is all that can change a column: one input column at a time."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache
from random import Random
from types import MappingProxyType
from typing import Any

import narwhals.stable.v2 as nw
import polars as pl
import pytest

from finance_ppm.contracts import Table, content_columns, full_name, lineage
from finance_ppm.contracts.finance import PpmForecast, PpmForecastMonthly, PpmProjectHealth
from finance_ppm.contracts.gold import DataQualityIssues
from finance_ppm.contracts.silver import NotionBudgetLines, NotionPrograms, NotionProjects, NotionRisks
from finance_ppm.transforms.forecast import forecast_with_months
from finance_ppm.transforms.forecast.intervals import with_intervals
from finance_ppm.transforms.health import HealthThresholds, project_health
from finance_ppm.transforms.portfolio import Frame
from finance_ppm_tests.engines import PolarsEngine
from finance_ppm_tests.transforms.altered import Change, changed_columns, changes_of
from finance_ppm_tests.transforms.budget_by_hand import AS_OF
from finance_ppm_tests.transforms.forecast.random_portfolios import many_portfolios
from finance_ppm_tests.transforms.forecast.world import FISCAL_YEAR_START, rates_on

Given = Mapping[type[Table], pl.DataFrame]
Made = dict[type[Table], pl.DataFrame]
DAYS_AGO = (40, 70, 100, 130)


def lazy(frame: pl.DataFrame) -> Any:
    return nw.from_native(frame.lazy())


def silver_forecast(given: Given) -> tuple[Frame, Frame]:
    programs, projects, lines = (lazy(given[table]) for table in (NotionPrograms, NotionProjects, NotionBudgetLines))
    rates = rates_on(PolarsEngine())
    return forecast_with_months(programs, projects, lines, rates, as_of=AS_OF, fiscal_year_start=FISCAL_YEAR_START)


def forecasts_of(given: Given) -> Made:
    projects, months = silver_forecast(given)
    forecast = with_intervals(projects, lazy(given[PpmForecast]), as_of=AS_OF)
    return {PpmForecast: forecast.collect().to_native(), PpmForecastMonthly: months.collect().to_native()}


def health_of(given: Given) -> Made:
    """Of the forecast as it is given: what that is made of is declared there."""
    inputs = (lazy(given[table]) for table in HEALTH)
    rows = project_health(*inputs, thresholds=HealthThresholds(), as_of=AS_OF)
    return {PpmProjectHealth: rows.collect().to_native()}


MONEY = (NotionPrograms, NotionProjects, NotionBudgetLines, PpmForecast)
HEALTH = (NotionProjects, PpmForecast, NotionRisks, DataQualityIssues, PpmProjectHealth)
STEPS: dict[Callable[[Given], Made], tuple[type[Table], ...]] = {forecasts_of: MONEY, health_of: HEALTH}


@cache
def of_money() -> Given:
    """A portfolio, and earlier forecasts of it, in some of which completed projects were still running."""
    programs, projects, lines = many_portfolios(60).frames()
    given: dict[type[Table], pl.DataFrame] = {
        NotionPrograms: programs,
        NotionProjects: projects,
        NotionBudgetLines: lines,
    }
    now, _ = silver_forecast(given)
    rows = with_intervals(now, lazy(PpmForecast.create_empty()), as_of=AS_OF).collect().to_native()
    rows = rows.sort(PpmForecast.primary_key())
    random = Random(3)
    snapshots = [
        rows.with_columns(
            as_of_date=pl.lit(AS_OF - timedelta(days=days)),
            status=pl.lit("In Progress"),
            elapsed=pl.Series([random.choice([0.3, 0.5, 0.7]) for _ in range(rows.height)]),
        )
        for days in DAYS_AGO
    ]
    return MappingProxyType(given | {PpmForecast: pl.concat(snapshots)})


@cache
def of_health() -> Given:
    """The same portfolio with risks and findings, its forecast, and how it stood."""
    random = Random(5)
    projects = of_money()[NotionProjects]
    named = projects["project_id"].to_list()
    risks = pl.DataFrame(
        {
            "project_id": [random.choice([*named, None]) for _ in range(200)],
            "status": [random.choice(["Open", "Closed", None]) for _ in range(200)],
            "severity": [random.choice(["Low", "High", "Critical", None]) for _ in range(200)],
            "probability": [random.choice(["Low", "High", None]) for _ in range(200)],
            "is_archived": [random.random() < 0.2 for _ in range(200)],
        }
    )
    findings = pl.DataFrame(
        {
            "project_id": [random.choice([*named, None]) for _ in range(200)],
            "severity": [random.choice(["ERROR", "WARN", "INFO"]) for _ in range(200)],
            "table_name": [random.choice(["silver/notion_risks", "gold/ppm_forecast"]) for _ in range(200)],
        }
    )
    given = {
        NotionProjects: projects,
        PpmForecast: forecasts_of(of_money())[PpmForecast],
        NotionRisks: risks,
        DataQualityIssues: findings,
        PpmProjectHealth: PpmProjectHealth.create_empty().select(content_columns(PpmProjectHealth)),
    }
    rows = health_of(given)[PpmProjectHealth].sort("project_id")
    before = [
        rows.with_columns(
            as_of_date=pl.lit(AS_OF - timedelta(days=days)),
            score=pl.Series([random.choice([20.0, 50.0, 90.0]) for _ in range(rows.height)]),
        )
        for days in (5, 20, 50, 80)
    ]
    return MappingProxyType(given | {PpmProjectHealth: pl.concat(before)})


def given_to(step: Callable[[Given], Made]) -> Given:
    return of_money() if step is forecasts_of else of_health()


@cache
def before(step: Callable[[Given], Made]) -> Made:
    return step(given_to(step))


@pytest.mark.parametrize(
    ("step", "table", "column", "change"),
    [
        pytest.param(step, table, name, change, id=f"{step.__name__}-{table.__name__}.{name}-{change.__name__}")
        for step, tables in STEPS.items()
        for table in tables
        for name, column in table.columns().items()
        if name in given_to(step)[table].columns
        for change in changes_of(column)
    ],
)
def test_an_input_column_changes_only_outputs_that_declare_it(
    step: Callable[[Given], Made], table: type[Table], column: str, change: Change
) -> None:
    given = given_to(step)
    altered = given[table].with_columns(change(given[table][column]).alias(column))
    later = step({**given, table: altered})
    for made, earlier in before(step).items():
        declared = {name for name, sources in lineage(made).items() if f"{full_name(table)}.{column}" in sources}
        assert changed_columns(made, earlier, later[made]) <= declared, full_name(made)


def test_intervals_and_trends_are_among_what_can_change() -> None:
    assert before(forecasts_of)[PpmForecast]["eac_low_80"].drop_nulls().len() > 0
    assert before(health_of)[PpmProjectHealth]["trend"].n_unique() >= 3
