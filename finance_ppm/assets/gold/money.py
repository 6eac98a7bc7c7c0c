"""Gold of the portfolio: budget against actual, where it will end, and how each project stands."""

import dagster as dg

from finance_ppm.assets.gold.computed import Inputs, computed_asset, computed_together
from finance_ppm.contracts.finance import PpmForecast, PpmForecastMonthly, PpmProjectHealth
from finance_ppm.contracts.fx import FxRates
from finance_ppm.contracts.gold import DataQualityIssues, PpmBudgetVsActual
from finance_ppm.contracts.silver import NotionBudgetLines, NotionPrograms, NotionProjects, NotionRisks
from finance_ppm.transforms.budget_vs_actual import budget_vs_actual
from finance_ppm.transforms.forecast import forecast_with_months
from finance_ppm.transforms.forecast.intervals import with_intervals
from finance_ppm.transforms.health.gold import project_health
from finance_ppm.transforms.portfolio import Frame

MONEY = (NotionPrograms, NotionProjects, NotionBudgetLines, FxRates)
"""What figures of money are made from."""


def _cells(inputs: Inputs) -> Frame:
    portfolio, year = inputs.portfolio, inputs.parameters.fiscal_year_start
    frames = (portfolio.programs, portfolio.projects, portfolio.budget_lines, inputs.rates)
    return budget_vs_actual(*frames, as_of=portfolio.as_of, fiscal_year_start=year)


def _forecast(inputs: Inputs) -> tuple[Frame, Frame]:
    portfolio, year = inputs.portfolio, inputs.parameters.fiscal_year_start
    frames = (portfolio.programs, portfolio.projects, portfolio.budget_lines, inputs.rates)
    projects, months = forecast_with_months(*frames, as_of=portfolio.as_of, fiscal_year_start=year)
    return with_intervals(projects, inputs.earlier(PpmForecast), as_of=portfolio.as_of), months


def _health(inputs: Inputs) -> Frame:
    if inputs.parameters.health_mistake:  # judged by other thresholds than theirs, a colour would mislead
        raise dg.Failure(inputs.parameters.health_mistake, allow_retries=False)
    portfolio = inputs.portfolio
    return project_health(
        portfolio.projects,
        portfolio.forecast,
        portfolio.risks,
        portfolio.issues,
        inputs.earlier(PpmProjectHealth),
        thresholds=inputs.parameters.health,
        as_of=portfolio.as_of,
    )


ppm_budget_vs_actual = computed_asset(PpmBudgetVsActual, made_from=MONEY, compute=_cells)
ppm_forecasts = computed_together(
    PpmForecast, PpmForecastMonthly, name="ppm_forecasts", made_from=MONEY, compute=_forecast
)
ppm_project_health = computed_asset(
    PpmProjectHealth,
    made_from=(NotionProjects, NotionRisks, PpmForecast, DataQualityIssues),
    compute=_health,
)
