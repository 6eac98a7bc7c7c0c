"""Rules of the months of each forecast: they add up to the project, and they are those of its cells."""

from decimal import Decimal

import narwhals.stable.v2 as nw

from finance_ppm.contracts.finance import PpmForecast, PpmForecastMonthly
from finance_ppm.contracts.gold import PpmBudgetVsActual
from finance_ppm.quality.rule import Rule, Severity
from finance_ppm.quality.rules.reconciliation import (
    CONVERTED,
    NONE,
    PORTFOLIO,
    REMEDY,
    differing,
    gold_book,
    groups,
    joined,
    told,
    unlike,
)
from finance_ppm.quality.vocabulary import broken
from finance_ppm.transforms.calendar import first_of, month_number, month_of
from finance_ppm.transforms.forecast.budgets import COMPLETED
from finance_ppm.transforms.numeric import MONEY, multiple
from finance_ppm.transforms.portfolio import Frame, Portfolio

_KEY = ("project_id", "unit")
_BURN_MONTHS = 3
_ROUNDED = nw.lit(Decimal("0.01")).cast(MONEY)
"""Three times what a mean is rounded by: a third of a cent at most."""


def _projects(portfolio: Portfolio) -> Frame:
    """What has a forecast, or months of one."""
    return groups(_KEY, portfolio.forecast, portfolio.forecast_monthly)


def _spent(portfolio: Portfolio) -> Frame:
    """What cells say that a project spent in a month."""
    actual = portfolio.budget_vs_actual.filter(nw.col("dimension") == "project", nw.col("metric_name") == "actual")
    return actual.select(
        "unit", "period", project_id=nw.col("dimension_id"), ac=nw.col("value"), ac_reporting=nw.col("reporting_value")
    )


months = gold_book(
    PpmForecastMonthly,
    joined(*_KEY),
    checked=_projects,
    beside=(PpmForecast,),
    made_from=PORTFOLIO,
)
converted = gold_book(
    PpmForecastMonthly,
    joined(*_KEY),
    checked=_projects,
    beside=(PpmForecast,),
    made_from=CONVERTED,
)
alone = gold_book(PpmForecastMonthly, joined(*_KEY), checked=lambda portfolio: groups(_KEY, portfolio.forecast_monthly))
cells = gold_book(
    PpmForecastMonthly,
    joined(*_KEY, "period"),
    checked=lambda portfolio: groups((*_KEY, "period"), portfolio.forecast_monthly, _spent(portfolio)),
    beside=(PpmForecast, PpmBudgetVsActual),
    made_from=CONVERTED,
)


@months.rule(Severity.ERROR, remedy=REMEDY)
def months_add_up(portfolio: Portfolio) -> Frame:
    """The months of a project add up to its actual cost and to what is still to come, to the cent."""
    wrong = differing(portfolio.forecast_monthly, portfolio.forecast, _KEY, ("ac", "etc"))
    return told(wrong, ("ac", "etc"), "The months of {project_id} do not add up to the project.")


@months.rule(Severity.ERROR, remedy=REMEDY)
def planned_months_add_up(portfolio: Portfolio) -> Frame:
    """The planned values of a project's months add up to its budget, where it has one and a valid span."""
    spanned = portfolio.forecast.filter(~nw.col("bac").is_null(), ~nw.col("elapsed").is_null())
    totals = spanned.select(*_KEY, pv=nw.col("bac"))
    wrong = differing(portfolio.forecast_monthly, totals, _KEY, ("pv",))
    return told(wrong, ("pv",), "The planned months of {project_id} do not add up to its budget.")


@converted.rule(Severity.ERROR, remedy=REMEDY)
def converted_months_add_up(portfolio: Portfolio) -> Frame:
    """In the reporting currency, too, the months of a project add up to it."""
    figures = ("ac_reporting", "etc_reporting")
    whole = portfolio.forecast.filter(nw.col("unconverted_reason").is_null())
    of_whole = portfolio.forecast_monthly.join(whole.select(*_KEY), on=list(_KEY), how="semi")
    wrong = differing(of_whole, whole, _KEY, figures)
    return told(wrong, figures, "The converted months of {project_id} do not add up to the project.")


@alone.rule(Severity.ERROR, remedy=REMEDY)
def nothing_is_forecast_before_next_month(portfolio: Portfolio) -> Frame:
    """What is still to come lies after the month of the as-of day."""
    wrong = portfolio.forecast_monthly.filter(nw.col("etc") != NONE, nw.col("period") <= nw.lit(portfolio.as_of))
    return broken(wrong, "etc", "{etc} are forecast in {period_label}, which is not to come.")


@cells.rule(Severity.ERROR, remedy=REMEDY)
def actual_months_are_those_of_cells(portfolio: Portfolio) -> Frame:
    """What a project spent in a month is what its cell of that month holds, in the reporting currency too."""
    by, figures = (*_KEY, "period"), ("ac", "ac_reporting")
    whole = portfolio.forecast.filter(nw.col("unconverted_reason").is_null()).select(*_KEY, is_whole=nw.lit(True))
    of_months, of_cells = (
        rows.join(whole, on=list(_KEY), how="left").with_columns(
            ac_reporting=nw.when(nw.col("is_whole").fill_null(False)).then(nw.col("ac_reporting")).otherwise(NONE)
        )
        for rows in (portfolio.forecast_monthly, _spent(portfolio))
    )
    wrong = differing(of_months, of_cells, by, figures)
    return told(wrong, figures, "What {project_id} spent in {period} is not what its cell holds.")


@months.rule(Severity.ERROR, remedy=REMEDY)
def run_rate_is_of_the_last_months(portfolio: Portfolio) -> Frame:
    """A project's burn is the mean of its last three closed months, and its run rate goes on at that until its end."""
    this_month = month_number(portfolio.as_of)
    period, burn, spent, end = nw.col("period"), nw.col("burn"), nw.col("spent"), nw.col("end_date")
    recent = portfolio.forecast_monthly.filter(
        period >= nw.lit(first_of(this_month - _BURN_MONTHS)), period < nw.lit(first_of(this_month))
    )
    sums = recent.group_by(*_KEY).agg(spent=nw.col("ac").sum())
    rows = portfolio.forecast.join(sums, on=list(_KEY), how="left").with_columns(
        nw.col("spent").cast(MONEY).fill_null(NONE)
    )
    apart = (multiple(burn, _BURN_MONTHS) - spent).abs() > _ROUNDED
    is_over = (nw.col("status") == COMPLETED).fill_null(False) | (end < nw.lit(portfolio.as_of))
    left = month_of(end) - this_month
    run_rate = nw.when(~is_over).then(nw.col("ac") + multiple(burn, left))
    wrong = rows.filter(
        nw.any_horizontal(
            apart,
            burn.is_null() & ((spent != NONE) | (nw.col("ac") != NONE)),
            unlike(nw.col("run_rate_eac"), run_rate),
            ignore_nulls=True,
        )
    )
    return broken(
        wrong, "burn", "Burn {burn} or run-rate EAC {run_rate_eac} does not go with {spent} in the last three months."
    )


RULES: tuple[Rule, ...] = (*months.rules, *converted.rules, *alone.rules, *cells.rules)
