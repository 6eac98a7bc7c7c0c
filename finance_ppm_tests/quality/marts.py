"""A portfolio with the gold that belongs to it: by hand in silver, computed by the product from there on."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl

from finance_ppm.contracts import Table, content_columns
from finance_ppm.contracts.azure import AdvisorSummary, AzureAdvisorAllocations, AzureAdvisorRecs
from finance_ppm.contracts.finance import PpmForecast, PpmForecastMonthly, PpmProjectHealth
from finance_ppm.contracts.gold import PpmBudgetVsActual
from finance_ppm.transforms.budget_vs_actual import budget_vs_actual
from finance_ppm.transforms.currency.rates import Rates, rates_of
from finance_ppm.transforms.forecast import forecast_with_months
from finance_ppm.transforms.forecast.intervals import with_intervals
from finance_ppm.transforms.health.gold import project_health
from finance_ppm.transforms.health.thresholds import HealthThresholds
from finance_ppm.transforms.portfolio import Frame, Portfolio
from finance_ppm.transforms.savings.gold import advisor_allocations, advisor_recs, advisor_summary
from finance_ppm.transforms.savings.policy import SavingsPolicy
from finance_ppm_tests.engines import Engine
from finance_ppm_tests.oracle import frames
from finance_ppm_tests.oracle.books import Books
from finance_ppm_tests.quality.portfolios import AS_OF, Rows, portfolio_of

Marts = dict[str, pl.DataFrame]
"""The portfolio's gold frames by name."""

GOLD: dict[str, type[Table]] = {
    "budget_vs_actual": PpmBudgetVsActual,
    "forecast": PpmForecast,
    "forecast_monthly": PpmForecastMonthly,
    "project_health": PpmProjectHealth,
    "advisor_recs": AzureAdvisorRecs,
    "advisor_allocations": AzureAdvisorAllocations,
    "advisor_summary": AdvisorSummary,
}


def rates_of_the_euro() -> pl.DataFrame:
    """One euro is 1.10 dollars and 60 pesos on every day of the year."""
    days = pl.date_range(date(2026, 1, 1), AS_OF, eager=True)
    frames = [
        pl.DataFrame({"rate_date": days}).with_columns(
            currency=pl.lit(currency), rate=pl.lit(Decimal(rate)).cast(pl.Decimal(28, 12))
        )
        for currency, rate in (("USD", "1.10"), ("PHP", "60"))
    ]
    return pl.concat(frames)


def marts_of(engine: Engine, *told: Rows) -> tuple[Portfolio, Marts]:
    """Silver of these tellings, and the gold made of it."""
    silver = portfolio_of(engine, *told)
    rates = rates_of(rates_of_the_euro(), reporting="USD", as_of=AS_OF, units={"EUR", "PHP", "USD"})
    return silver, computed(engine, silver, rates, fiscal_year_start=1)


def marts_of_books(engine: Engine, told: Books) -> tuple[Portfolio, Marts]:
    """The same of an oracle's books, in which there is nothing of Azure's."""
    pages = {
        "programs": frames.programs(told),
        "projects": frames.projects(told),
        "budget_lines": frames.budget_lines(told),
    }
    silver = replace(
        portfolio_of(engine), as_of=told.as_of, **{name: engine.lazy(frame) for name, frame in pages.items()}
    )
    units = set(pages["projects"]["currency"].drop_nulls())
    rates = rates_of(frames.rates(told), reporting=told.reporting, as_of=told.as_of, units=units)
    return silver, computed(engine, silver, rates, fiscal_year_start=told.fiscal_start)


def computed(engine: Engine, silver: Portfolio, rates: Rates, *, fiscal_year_start: int) -> Marts:
    """Gold as the product makes it."""
    as_of = silver.as_of
    money = (silver.programs, silver.projects, silver.budget_lines, rates.on(engine.lazy))
    azure = (silver.azure_recommendations, silver.azure_resources, silver.projects)
    policy = SavingsPolicy()
    projects, months = forecast_with_months(*money, as_of=as_of, fiscal_year_start=fiscal_year_start)
    forecasts = _held(with_intervals(projects, _none(engine, PpmForecast), as_of=as_of))
    return {
        "budget_vs_actual": _held(budget_vs_actual(*money, as_of=as_of, fiscal_year_start=fiscal_year_start)),
        "forecast": forecasts,
        "forecast_monthly": _held(months),
        "project_health": _held(
            project_health(
                silver.projects,
                engine.lazy(forecasts),
                silver.risks,
                silver.issues,
                _none(engine, PpmProjectHealth),
                thresholds=HealthThresholds(),
                as_of=as_of,
            )
        ),
        "advisor_recs": _held(advisor_recs(*azure, as_of=as_of, policy=policy)),
        "advisor_allocations": _held(advisor_allocations(*azure, as_of=as_of, policy=policy)),
        "advisor_summary": _held(advisor_summary(*azure, as_of=as_of, policy=policy)),
    }


def with_marts(engine: Engine, silver: Portfolio, marts: Marts) -> Portfolio:
    """The portfolio with these gold frames in it."""
    frames: dict[str, Any] = {name: engine.lazy(frame) for name, frame in marts.items()}
    return replace(silver, **frames)


def _held(frame: Frame) -> pl.DataFrame:
    collected = frame.collect(backend="polars").to_native()
    assert isinstance(collected, pl.DataFrame)
    return collected


def _none(engine: Engine, table: type[Table]) -> Frame:
    return engine.lazy(table.create_empty().select(content_columns(table)))
