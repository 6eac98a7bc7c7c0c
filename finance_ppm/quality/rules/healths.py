"""Rules of project health: every project is judged once, by the forecast it has."""

import narwhals.stable.v2 as nw

from finance_ppm.contracts.finance import PpmForecast, PpmProjectHealth
from finance_ppm.currencies import ISO_4217
from finance_ppm.quality.rule import Rule, Severity
from finance_ppm.quality.rules.reconciliation import (
    PORTFOLIO,
    REMEDY,
    far,
    gold_book,
    projects_with,
    unlike,
    unmatched,
)
from finance_ppm.quality.vocabulary import broken
from finance_ppm.transforms.numeric import ratio
from finance_ppm.transforms.portfolio import Frame, Portfolio
from finance_ppm.transforms.shares import UNASSIGNED

_OF_PAGE = ("project_name", "program_id", "status", "unit")
_SHOWN = 2e-6
"""Ratios are shown with six digits after the point."""

alone = gold_book(PpmProjectHealth, nw.col("project_id"), checked=lambda portfolio: portfolio.project_health)
compared = gold_book(
    PpmProjectHealth,
    nw.col("project_id"),
    checked=lambda portfolio: portfolio.project_health,
    beside=(PpmForecast,),
    made_from=PORTFOLIO,
)
projects = gold_book(
    PpmProjectHealth,
    nw.col("project_id"),
    checked=lambda portfolio: projects_with(portfolio, portfolio.project_health),
    made_from=PORTFOLIO,
)


@projects.rule(Severity.ERROR, remedy=REMEDY)
def every_project_is_judged(portfolio: Portfolio) -> Frame:
    """Every live project has one colour, and no other one has."""
    return unmatched(portfolio, portfolio.project_health, "colour")


@alone.rule(Severity.ERROR, remedy=REMEDY)
def unknown_money_is_never_green(portfolio: Portfolio) -> Frame:
    """A project without a budget or a known currency is not shown as green."""
    wrong = portfolio.project_health.filter(
        nw.col("rag") == "green", nw.col("vac_ratio").is_null() | (nw.col("unit") == "XXX")
    )
    return broken(wrong, "rag", "{project_name} is green, and what it costs is not known.")


@compared.rule(Severity.ERROR, remedy=REMEDY)
def health_is_of_its_forecast(portfolio: Portfolio) -> Frame:
    """A project is judged under the name, program, status and currency of its forecast, by the VAC and BAC in it."""
    is_currency = nw.col("unit").is_in(ISO_4217)
    of_forecast = portfolio.forecast.filter(nw.col("project_id") != UNASSIGNED).select(
        "project_id",
        *(nw.col(name).alias(f"forecast_{name}") for name in _OF_PAGE),
        margin=nw.when(is_currency).then(ratio(nw.col("vac"), nw.col("bac"))),
    )
    rows = portfolio.project_health.join(of_forecast, on="project_id", how="left")
    wrong = rows.filter(
        nw.any_horizontal(
            *(unlike(nw.col(name), nw.col(f"forecast_{name}")) for name in _OF_PAGE),
            far(nw.col("vac_ratio"), nw.col("margin"), digits=_SHOWN),
            ignore_nulls=True,
        )
    )
    return broken(wrong, "vac_ratio", "{project_name} is judged by {vac_ratio} of its budget, not by its forecast.")


RULES: tuple[Rule, ...] = (*projects.rules, *alone.rules, *compared.rules)
