"""The two tables, put together.

Belongs here: the order of the steps, and the columns as a reader sees them. Does not belong here: any one step.

Both are pure functions of silver as of a day (contracts ``NotionPrograms``, ``NotionProjects``, ``NotionBudgetLines``)
and of the exchange rates as that day knew them. SQL engines plan every use of a frame anew, so that what comes of the
lines is used as seldom as can be: rows are multiplied by ``unpivot``, and summed with others in one ``group_by``.
"""

from datetime import date

import narwhals.stable.v2 as nw

from finance_ppm.contracts import content_columns
from finance_ppm.contracts.finance import PpmForecast, PpmForecastMonthly
from finance_ppm.transforms.calendar import UNDATED, first_date, fiscal_year, month_number
from finance_ppm.transforms.currency.rates import Rates
from finance_ppm.transforms.forecast.budgets import budgeted
from finance_ppm.transforms.forecast.factor import with_factor
from finance_ppm.transforms.forecast.lags import with_lag
from finance_ppm.transforms.forecast.measures import measured
from finance_ppm.transforms.forecast.months import months_of
from finance_ppm.transforms.forecast.placing import expected_invoices, straight_lines
from finance_ppm.transforms.forecast.projects import bearers_of, borne, members_of, named, pages_of, projects_of
from finance_ppm.transforms.forecast.reporting import in_reporting, is_told, parts_of, terms_of, with_reporting
from finance_ppm.transforms.forecast.run_rate import with_run_rate
from finance_ppm.transforms.forecast.states import KEY, stated
from finance_ppm.transforms.forecast.sums import sums_of
from finance_ppm.transforms.portfolio import Frame, held
from finance_ppm.transforms.shares import homes_of, shares_of

INTERVAL = ("eac_low_80", "eac_high_80", "eac_low_90", "eac_high_90", "interval_n", "interval_reason")
"""Columns of ``PpmForecast`` that only earlier forecasts can tell."""


def forecast(programs: Frame, projects: Frame, budget_lines: Frame, rates: Rates, *, as_of: date) -> Frame:
    """Every project, live or ``(unassigned)``, as ``as_of`` saw it: the content columns of ``PpmForecast`` but for
    :data:`INTERVAL`.
    """
    found, months, _ = _computed(programs, projects, budget_lines, rates, as_of)
    return _by_project(found, months, rates, as_of)


def forecast_monthly(
    programs: Frame, projects: Frame, budget_lines: Frame, rates: Rates, *, as_of: date, fiscal_year_start: int
) -> Frame:
    """The months of every project in which anything is planned, spent or to come: the content columns of
    ``PpmForecastMonthly``. All of a project's months lack reporting figures where ``forecast`` lacks them.
    """
    _, months, members = _computed(programs, projects, budget_lines, rates, as_of)
    return _by_month(months, members, rates, as_of, fiscal_year_start)


def forecast_with_months(
    programs: Frame, projects: Frame, budget_lines: Frame, rates: Rates, *, as_of: date, fiscal_year_start: int
) -> tuple[Frame, Frame]:
    """Both tables in little more than the time of one, on an engine that holds frames in memory."""
    found, months, members = held(_computed(programs, projects, budget_lines, rates, as_of))
    return _by_project(found, months, rates, as_of), _by_month(months, members, rates, as_of, fiscal_year_start)


def _by_project(found: Frame, months: Frame, rates: Rates, as_of: date) -> Frame:
    told = with_reporting(found, months, reporting=rates.reporting).with_columns(
        project_id=nw.col("project"),
        program_id=nw.col("program"),
        project_name=nw.col("name"),
        as_of_date=nw.lit(as_of),
    )
    return told.select(name for name in content_columns(PpmForecast) if name not in INTERVAL)


def _by_month(months: Frame, members: Frame, rates: Rates, as_of: date, fiscal_year_start: int) -> Frame:
    month, period, is_undated = nw.col("month"), nw.col("period"), nw.col("month") == UNDATED
    has_any = (nw.col("pv") != 0) | (nw.col("spent") > 0) | (nw.col("etc") != 0)
    told = months.with_columns(is_told=is_told()).filter(has_any)
    return (
        named(told, members)
        .with_columns(period=first_date(month))
        .with_columns(
            *(nw.when(nw.col("is_told")).then(nw.col(name)).alias(name) for name in ("ac_reporting", "etc_reporting")),
            project_id=nw.col("project"),
            period_label=nw.when(is_undated).then(nw.lit("undated")).otherwise(period.dt.to_string("%Y-%m")),
            fiscal_year=nw.when(~is_undated).then(fiscal_year(month, starts_in=fiscal_year_start)),
            is_closed=~is_undated & (month < month_number(as_of)),
            reporting_unit=nw.lit(rates.reporting),
            as_of_date=nw.lit(as_of),
        )
        .select(content_columns(PpmForecastMonthly))
    )


def _computed(
    programs: Frame, projects: Frame, budget_lines: Frame, rates: Rates, as_of: date
) -> tuple[Frame, Frame, Frame]:
    """Every project in its own currency; every month of it, in the reporting currency too; and who the bearers are."""
    lines = budget_lines.filter(~nw.col("is_archived"))
    homes = homes_of(projects, programs.filter(~nw.col("is_archived")))
    bearers = bearers_of(homes)
    pages, members = pages_of(projects, bearers), members_of(bearers)
    shares = stated(borne(shares_of(lines, homes), bearers), as_of)

    told = shares.join(pages.select(KEY, "total", "is_completed"), on=KEY, how="left")
    sums = sums_of(with_factor(told), as_of)
    found = with_run_rate(measured(budgeted(projects_of(pages, members, sums), as_of), as_of), as_of)
    invoices = expected_invoices(with_lag(shares.filter(nw.col("is_committed")), lines, as_of), pages, as_of)
    plans = straight_lines(found, invoices, as_of)
    terms = terms_of(pages, members, rates, as_of)
    months = months_of(plans, invoices, parts_of(shares, pages, terms, rates))
    return found, in_reporting(months, terms, rates), members
