"""Gold assets: what the portfolio comes to, as of the partition's day."""

from collections.abc import Callable
from datetime import date
from typing import Protocol

import dagster as dg
import narwhals.stable.v2 as nw
import polars as pl

from finance_ppm.assets.spec import table_asset
from finance_ppm.automation.conditions import on_changed_data
from finance_ppm.automation.jobs import SCHEDULED_JOBS
from finance_ppm.automation.status import job_status
from finance_ppm.clock import Clock
from finance_ppm.contracts import Table, stamp_columns
from finance_ppm.contracts.azure import (
    AZURE_SILVER_TABLES,
    AdvisorSummary,
    AzureAdvisorAllocations,
    AzureAdvisorRecommendations,
    AzureAdvisorRecs,
    AzureResources,
    AzureSnapshots,
)
from finance_ppm.contracts.bronze import NotionRawPages, NotionSyncWatermarks
from finance_ppm.contracts.gold import ControlRoomStatus, DataQualityIssues, DataQualityMetrics, PpmBudgetVsActual
from finance_ppm.contracts.silver import SILVER_TABLES, NotionBudgetLines, NotionPrograms, NotionProjects
from finance_ppm.errors import NeverCapturedError
from finance_ppm.pipeline.point_in_time import PointInTime
from finance_ppm.quality.evaluation import findings, metrics
from finance_ppm.transforms.budget_vs_actual import budget_vs_actual
from finance_ppm.transforms.portfolio import Frame, Portfolio
from finance_ppm.transforms.savings.gold import advisor_allocations, advisor_recs, advisor_summary
from finance_ppm.transforms.savings.policy import SavingsPolicy

BRONZE = dg.AssetSelection.groups("bronze")
"""A change there reaches gold through silver: reacting to both would compute everything twice."""

JUDGED: tuple[type[Table], ...] = (
    *SILVER_TABLES,
    *AZURE_SILVER_TABLES,
    NotionRawPages,
    NotionSyncWatermarks,
    AzureSnapshots,
)
"""What the rules look at."""


class Advised(Protocol):
    """Computes a table from the recommendations, the inventory and the projects."""

    def __call__(
        self, recommendations: Frame, resources: Frame, projects: Frame, *, as_of: date, policy: SavingsPolicy
    ) -> Frame:
        """The table's rows."""
        ...


def _gold_asset(
    table: type[Table],
    *,
    made_from: tuple[type[Table], ...],
    compute: Callable[[Portfolio, SavingsPolicy], Frame | pl.DataFrame],
) -> dg.AssetsDefinition:
    """The asset of a gold table whose rows are a pure function of the portfolio as of the partition's day."""

    @table_asset(table, deps=made_from, automation=on_changed_data(ignoring=BRONZE))
    def gold_table(
        context: dg.AssetExecutionContext,
        point_in_time: dg.ResourceParam[PointInTime],
        savings_policy: dg.ResourceParam[SavingsPolicy],
        clock: dg.ResourceParam[Clock],
    ) -> pl.DataFrame:
        try:
            portfolio = point_in_time.portfolio(date.fromisoformat(context.partition_key), of=made_from)
        except NeverCapturedError as error:
            raise dg.Failure(str(error), allow_retries=False) from error
        rows = compute(portfolio, savings_policy)
        return stamped(table, rows, clock)

    return gold_table


def stamped(table: type[Table], rows: Frame | pl.DataFrame, clock: Clock) -> pl.DataFrame:
    """The rows, collected, with the contract's stamp column set to now."""
    native = rows if isinstance(rows, pl.DataFrame) else nw.to_native(rows).collect()
    (stamp,) = stamp_columns(table)
    return native.with_columns(pl.lit(clock.now()).alias(stamp))


ppm_budget_vs_actual = _gold_asset(
    PpmBudgetVsActual,
    made_from=(NotionPrograms, NotionProjects, NotionBudgetLines),
    compute=lambda portfolio, _: budget_vs_actual(
        portfolio.programs, portfolio.projects, portfolio.budget_lines, as_of=portfolio.as_of
    ),
)
data_quality_issues = _gold_asset(DataQualityIssues, made_from=JUDGED, compute=lambda portfolio, _: findings(portfolio))
data_quality_metrics = _gold_asset(
    DataQualityMetrics, made_from=JUDGED, compute=lambda portfolio, _: metrics(portfolio)
)


def _advisor_asset(table: type[Table], compute: Advised) -> dg.AssetsDefinition:
    return _gold_asset(
        table,
        made_from=(AzureAdvisorRecommendations, AzureResources, NotionProjects),
        compute=lambda portfolio, policy: compute(
            portfolio.azure_recommendations,
            portfolio.azure_resources,
            portfolio.projects,
            as_of=portfolio.as_of,
            policy=policy,
        ),
    )


azure_advisor_recs = _advisor_asset(AzureAdvisorRecs, advisor_recs)
azure_advisor_allocations = _advisor_asset(AzureAdvisorAllocations, advisor_allocations)
advisor_summary_by_dimension = _advisor_asset(AdvisorSummary, advisor_summary)


@table_asset(ControlRoomStatus)
def control_room_status(context: dg.AssetExecutionContext, clock: dg.ResourceParam[Clock]) -> pl.DataFrame:
    """From Dagster's own runs: how each scheduled job fared by the end of the day."""
    day = date.fromisoformat(context.partition_key)
    return stamped(ControlRoomStatus, job_status(context.instance, SCHEDULED_JOBS, day, clock.now()), clock)


GOLD_ASSETS: list[dg.AssetsDefinition] = [
    ppm_budget_vs_actual,
    azure_advisor_recs,
    azure_advisor_allocations,
    advisor_summary_by_dimension,
    data_quality_issues,
    data_quality_metrics,
    control_room_status,
]
