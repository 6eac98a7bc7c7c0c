"""Gold assets: what the portfolio comes to, as of the partition's day. A module for each kind of figure."""

import dagster as dg

from finance_ppm.assets.gold.hindsight import ppm_forecast_accuracy, ppm_forecast_intervals, ppm_restatements
from finance_ppm.assets.gold.money import (
    ppm_budget_vs_actual,
    ppm_forecasts,
    ppm_project_health,
)
from finance_ppm.assets.gold.quality import data_quality_issues, data_quality_metrics
from finance_ppm.assets.gold.savings import (
    advisor_summary_by_dimension,
    azure_advisor_allocations,
    azure_advisor_recs,
)
from finance_ppm.assets.gold.status import control_room_status

GOLD_ASSETS: list[dg.AssetsDefinition] = [
    ppm_budget_vs_actual,
    ppm_forecasts,
    ppm_project_health,
    ppm_forecast_accuracy,
    ppm_forecast_intervals,
    ppm_restatements,
    azure_advisor_recs,
    azure_advisor_allocations,
    advisor_summary_by_dimension,
    data_quality_issues,
    data_quality_metrics,
    control_room_status,
]
