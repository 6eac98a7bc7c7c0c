"""How fast project health, findings and metrics of a large portfolio are computed, on Polars.

Measured in processes of their own over the portfolio of ``budget_vs_actual``. What that does not hold, such as titles,
is the same in every row, so most rules look at every line and few find anything. As in a run of the graph, health and
metrics come after the findings.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, time
from time import perf_counter
from typing import Any

import dataframely as dy
import narwhals.stable.v2 as nw
import polars as pl

from finance_ppm.benchmarks.budget_vs_actual import AS_OF, cells, portfolio
from finance_ppm.benchmarks.forecast import computed as forecasts_of
from finance_ppm.benchmarks.measure import Measurement, measure
from finance_ppm.contracts import PAGE_TABLES, Table
from finance_ppm.contracts.azure import (
    AdvisorSummary,
    AzureAdvisorAllocations,
    AzureAdvisorRecommendations,
    AzureAdvisorRecs,
    AzureResources,
    AzureSnapshots,
)
from finance_ppm.contracts.bronze import NotionRawPages, NotionSyncWatermarks
from finance_ppm.contracts.finance import PpmForecast, PpmForecastMonthly, PpmProjectHealth
from finance_ppm.contracts.fx import FxRates
from finance_ppm.contracts.gold import DataQualityIssues, PpmBudgetVsActual
from finance_ppm.contracts.silver import (
    NotionActions,
    NotionBudgetLines,
    NotionPrograms,
    NotionProjects,
    NotionRisks,
    Quarantine,
)
from finance_ppm.quality.evaluation import findings, metrics
from finance_ppm.quality.rules import EVERY_RULE, RULES
from finance_ppm.transforms.health import HealthThresholds, project_health
from finance_ppm.transforms.portfolio import Portfolio

_SEEN = datetime.combine(AS_OF, time(), UTC)
_EMPTY: dict[str, type[Table]] = {
    "risks": NotionRisks,
    "actions": NotionActions,
    "quarantine": Quarantine,
    "watermarks": NotionSyncWatermarks,
    "azure_resources": AzureResources,
    "azure_recommendations": AzureAdvisorRecommendations,
    "azure_snapshots": AzureSnapshots,
    "fx_rates": FxRates,
    "project_health": PpmProjectHealth,
    "issues": DataQualityIssues,
    "advisor_recs": AzureAdvisorRecs,
    "advisor_allocations": AzureAdvisorAllocations,
    "advisor_summary": AdvisorSummary,
}
"""Tables that are not there, or not yet."""


def run(rows: int = 1_000_000, *, seed: int = 7) -> Iterator[Measurement]:
    """Measure the three tables over ``rows`` generated budget lines, in seconds on the clock, on every core."""
    yield measure("project_health", rows, _seconds, rows, seed, _health)
    yield measure("data_quality_issues", rows, _seconds, rows, seed, findings)
    yield measure("data_quality_metrics", rows, _seconds, rows, seed, _metrics)


def whole_portfolio(lines: int, seed: int) -> Portfolio:
    """The portfolio with every column of silver, the pages it is of, and gold's money computed from it."""
    generated = portfolio(lines, seed)
    projects, months = forecasts_of(generated)
    told: dict[str, pl.DataFrame] = {
        "programs": completed(generated.programs, NotionPrograms),
        "projects": completed(generated.projects, NotionProjects),
        "budget_lines": completed(
            generated.budget_lines.with_columns(project_id=pl.col("project_ids").list.first()), NotionBudgetLines
        ),
        "budget_vs_actual": completed(cells(generated), PpmBudgetVsActual),
        "forecast": completed(projects, PpmForecast),
        "forecast_monthly": completed(months, PpmForecastMonthly),
        **{name: table.create_empty() for name, table in _EMPTY.items()},
    }
    told["raw_pages"] = pl.concat(
        completed(
            told[name].select(pl.lit(name).alias("database_name"), pl.col(table.primary_key()[0]).alias("page_id")),
            NotionRawPages,
        )
        for name, table in PAGE_TABLES.items()
    )
    whole = Portfolio(as_of=AS_OF, **{name: nw.from_native(frame.lazy()) for name, frame in told.items()})
    issues: Any = nw.from_native(completed(findings(whole), DataQualityIssues).lazy())
    whole = replace(whole, issues=issues)
    health: Any = nw.from_native(completed(_health(whole), PpmProjectHealth).lazy())
    return replace(whole, project_health=health)


def _metrics(of: Portfolio) -> pl.DataFrame:
    return metrics(of, EVERY_RULE, found=[rule.name for rule in RULES])


def _health(of: Portfolio) -> pl.DataFrame:
    nothing: Any = nw.from_native(PpmProjectHealth.create_empty().lazy())
    rows = project_health(
        of.projects, of.forecast, of.risks, of.issues, nothing, thresholds=HealthThresholds(), as_of=AS_OF
    )
    computed: pl.DataFrame = rows.collect(backend="polars").to_native()
    return computed


def completed(rows: pl.DataFrame, table: type[Table]) -> pl.DataFrame:
    """``rows`` with every column of the contract; what they do not have is null, or says nothing."""
    columns = table.columns()
    return rows.select(
        (pl.col(name) if name in rows.columns else pl.lit(_nothing(column), dtype=column.dtype))
        .cast(column.dtype)
        .alias(name)
        for name, column in columns.items()
    )


def _nothing(column: dy.Column) -> Any:
    if column.nullable:
        return None
    match column:
        case dy.Bool():
            return False
        case dy.Datetime():
            return _SEEN
        case dy.List():
            return []
    return "Text" if isinstance(column, dy.String) else 0


def _seconds(lines: int, seed: int, compute: Callable[[Portfolio], pl.DataFrame]) -> float:
    generated = whole_portfolio(lines, seed)
    started = perf_counter()
    compute(generated)
    return perf_counter() - started
