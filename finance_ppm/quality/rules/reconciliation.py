"""Rules of gold: totals that must agree, whatever the portfolio holds.

A finding here is a fault of ours and no mistake of a page's, so it is an ERROR, and it never enters project health.
Belongs here: what two tables, or two ways of adding up one, must have in common. Differences are taken by adding one
side to the other's opposite, so that a group that only one side knows is found too.
"""

from collections.abc import Sequence
from decimal import Decimal

import narwhals.stable.v2 as nw

from finance_ppm.contracts import Table
from finance_ppm.contracts.azure import AdvisorSummary, AzureAdvisorAllocations, AzureAdvisorRecs
from finance_ppm.contracts.finance import PpmForecast, PpmForecastMonthly, PpmProjectHealth
from finance_ppm.contracts.gold import PpmBudgetVsActual
from finance_ppm.quality.rule import NOTHING, Identity, Rows, Rule, Rulebook, Severity
from finance_ppm.quality.vocabulary import broken, live, text
from finance_ppm.transforms.numeric import MONEY
from finance_ppm.transforms.portfolio import Frame, Portfolio

REMEDY = "Report it: our figures do not agree. Compute gold anew (finance-ppm run), and compare what differs."

VIEWS = ("value", "reporting_value", "constant_value", "fx_value", "excluded_value", "reporting_excluded_value")
"""The amounts of a cell: each must add up alike in every dimension."""
DIMENSIONS = {"program": "programs", "project": "projects", "category": "categories", "vendor": "vendors"}
_OF_PROJECTS = (PpmForecast, PpmForecastMonthly, PpmProjectHealth)
_ZERO = nw.lit(Decimal(0)).cast(MONEY)


def _book(table: type[Table], row_id: nw.Expr, checked: Rows, *, beside: tuple[type[Table], ...] = ()) -> Rulebook:
    """``row_id`` names what differs, in text; ``beside`` are the gold tables that ``table`` is compared with."""
    identity = Identity(
        table_name=nw.lit("/".join((table.info.layer.value, table.info.name))),
        row_id=row_id,
        row_name=row_id,
        project_id=nw.col("project_id") if table in _OF_PROJECTS else NOTHING,
        notion_url=NOTHING,
    )
    return Rulebook(table, identity, checked=checked, reads=(table, *beside))


def _joined(*columns: str) -> nw.Expr:
    return nw.concat_str([text(column) for column in columns], separator=" | ")


def _differing(one: Frame, other: Frame, by: Sequence[str], figures: Sequence[str]) -> Frame:
    """The groups in which a figure of ``one`` does not come to what it does in ``other``, with the differences."""
    both = nw.concat(
        [
            one.select(*by, *(nw.col(name).cast(MONEY) for name in figures)),
            other.select(*by, *((-nw.col(name)).cast(MONEY).alias(name) for name in figures)),
        ]
    )
    differences = both.group_by(*by).agg(nw.col(*figures).sum().cast(MONEY))
    return differences.filter(nw.any_horizontal(*(nw.col(name) != _ZERO for name in figures), ignore_nulls=True))


def _told(rows: Frame, figures: Sequence[str], message: str) -> Frame:
    """``rows`` marked as differing, the differences as their value."""
    shown = nw.concat_str(
        [piece for name in figures for piece in (nw.lit(f"{name} "), text(name), nw.lit("; "))], separator=""
    )
    return broken(rows, figures[0], message, value=shown)


cells = _book(
    PpmBudgetVsActual,
    _joined("metric_name", "unit", "period"),
    checked=lambda portfolio: portfolio.budget_vs_actual,
)


def _dimension_rule(dimension: str, plural: str) -> None:
    """The members of a dimension add up to the portfolio."""
    by = ("metric_name", "unit", "period")

    @cells.rule(
        Severity.ERROR,
        name=f"{plural}_add_up",
        description=f"In every month, currency and currency view, the {plural} add up to the portfolio.",
        remedy=REMEDY,
    )
    def _(portfolio: Portfolio) -> Frame:
        table, of = portfolio.budget_vs_actual, nw.col("dimension")
        differing = _differing(table.filter(of == dimension), table.filter(of == "portfolio"), by, VIEWS)
        return _told(differing, VIEWS, f"The {plural} do not add up to the portfolio: {{metric_name}} in {{unit}}.")


for _dimension, _plural in DIMENSIONS.items():
    _dimension_rule(_dimension, _plural)

_cell = _book(PpmBudgetVsActual, nw.col("metric_id"), checked=lambda portfolio: portfolio.budget_vs_actual)


@_cell.rule(Severity.ERROR, remedy=REMEDY)
def cell_constant_and_fx_are_reporting(portfolio: Portfolio) -> Frame:
    """What a cell comes to at constant currency and what exchange rates did to it add up to its reporting value."""
    difference = nw.col("constant_value") + nw.col("fx_value") - nw.col("reporting_value")
    wrong = portfolio.budget_vs_actual.filter(difference != _ZERO)
    return broken(wrong, "fx_value", "{constant_value} and {fx_value} are not {reporting_value}.")


@_cell.rule(Severity.ERROR, remedy=REMEDY)
def cell_own_currency_needs_no_rate(portfolio: Portfolio) -> Frame:
    """A cell in the reporting currency itself is worth the same in every view."""
    own = portfolio.budget_vs_actual.filter(nw.col("unit") == nw.col("reporting_unit"))
    wrong = own.filter(
        (nw.col("reporting_value") != nw.col("value"))
        | (nw.col("fx_value") != _ZERO)
        | (nw.col("reporting_excluded_count") > 0)
    )
    return broken(wrong, "reporting_value", "{value} {unit} are told as {reporting_value} in the same currency.")


variances = _book(
    PpmBudgetVsActual,
    _joined("dimension", "dimension_id", "unit", "period"),
    checked=lambda portfolio: portfolio.budget_vs_actual.filter(nw.col("metric_name") == "variance"),
)


@variances.rule(Severity.ERROR, remedy=REMEDY)
def variance_is_budget_less_actual(portfolio: Portfolio) -> Frame:
    """In every cell the variance is the budget less what was spent, in every currency view."""
    views = ("value", "reporting_value", "constant_value")
    table, metric = portfolio.budget_vs_actual, nw.col("metric_name")
    by = ("dimension", "dimension_id", "unit", "period")
    signed = nw.concat(
        [
            table.filter(metric == "budget").select(*by, *views),
            table.filter(metric == "actual").select(*by, *((-nw.col(name)).cast(MONEY).alias(name) for name in views)),
        ]
    )
    differing = _differing(table.filter(metric == "variance"), signed, by, views)
    return _told(differing, views, "The variance of {dimension} {dimension_id} is not budget less actual.")


_silver = _book(PpmBudgetVsActual, nw.col("metric_name"), checked=lambda portfolio: live(portfolio.budget_lines))


@_silver.rule(Severity.ERROR, remedy=REMEDY)
def every_amount_is_counted(portfolio: Portfolio) -> Frame:
    """What the live budget lines plan and spent is in the portfolio's cells or counted as excluded, to the cent."""
    lines = live(portfolio.budget_lines)
    cells_of_all = portfolio.budget_vs_actual.filter(nw.col("dimension") == "category")
    metric = nw.col("metric_name")
    of_lines = nw.concat(
        [
            lines.select(metric_name=nw.lit(name), value=nw.col(column).cast(MONEY))
            for name, column in (("budget", "amount"), ("actual", "actual_amount"))
        ]
    ).filter(~nw.col("value").is_null())
    reached = cells_of_all.filter(metric.is_in(["budget", "actual"]), nw.col("dimension_id") != "(reserve)").select(
        "metric_name", value=(nw.col("value") + nw.col("excluded_value")).cast(MONEY)
    )
    differing = _differing(of_lines, reached, ("metric_name",), ("value",))
    return _told(differing, ("value",), "Of the lines' {metric_name} {value} did not reach the cells.")


forecasts = _book(
    PpmForecast,
    _joined("project_id", "unit"),
    checked=lambda portfolio: portfolio.forecast,
    beside=(PpmBudgetVsActual,),
)


@forecasts.rule(Severity.ERROR, remedy=REMEDY)
def forecast_agrees_with_cells(portfolio: Portfolio) -> Frame:
    """A project's actual cost and open commitments are those of its cells in budget_vs_actual."""
    projects = portfolio.budget_vs_actual.filter(nw.col("dimension") == "project")

    def cell(metric: str) -> nw.Expr:
        return nw.when(nw.col("metric_name") == metric).then(nw.col("value")).otherwise(_ZERO).cast(MONEY)

    of_cells = projects.select("unit", project_id=nw.col("dimension_id"), ac=cell("actual"), oc=cell("committed"))
    differing = _differing(portfolio.forecast, of_cells, ("project_id", "unit"), ("ac", "oc"))
    return _told(differing, ("ac", "oc"), "The forecast of {project_id} starts from other figures than its cells.")


@forecasts.rule(Severity.ERROR, remedy=REMEDY)
def forecast_budget_agrees_with_cells(portfolio: Portfolio) -> Frame:
    """A project's budget at completion is what its lines and its reserve come to in budget_vs_actual."""
    known = portfolio.forecast.filter(~nw.col("bac").is_null()).select("project_id", "unit", "bac")
    cells_of = portfolio.budget_vs_actual.filter(
        nw.col("dimension") == "project", nw.col("metric_name") == "budget"
    ).select("unit", project_id=nw.col("dimension_id"), bac=nw.col("value"))
    of_known = cells_of.join(known.select("project_id", "unit"), on=["project_id", "unit"], how="semi")
    differing = _differing(known, of_known, ("project_id", "unit"), ("bac",))
    return _told(differing, ("bac",), "The budget of {project_id} is not what its cells come to.")


@forecasts.rule(Severity.ERROR, remedy=REMEDY)
def forecast_is_complete(portfolio: Portfolio) -> Frame:
    """EAC is AC and ETC, VAC is BAC less EAC, and nothing that was spent or committed is missing from EAC."""
    eac, ac, etc = nw.col("eac"), nw.col("ac"), nw.col("etc")
    wrong = portfolio.forecast.filter(
        (eac != ac + etc)
        | (eac < ac + nw.col("oc"))
        | (nw.col("vac") != nw.col("bac") - eac).fill_null(False)
        | (nw.col("eac_reporting") != nw.col("ac_reporting") + nw.col("etc_reporting")).fill_null(False)
    )
    return broken(wrong, "eac", "EAC {eac} does not go with AC {ac}, OC {oc}, ETC {etc} and VAC {vac}.")


@forecasts.rule(Severity.ERROR, remedy=REMEDY, checked=lambda portfolio: live(portfolio.projects))
def every_project_has_a_forecast(portfolio: Portfolio) -> Frame:
    """Every live project has a forecast, and no other one has."""
    return _unmatched(portfolio, portfolio.forecast, "forecast")


months = _book(
    PpmForecastMonthly,
    _joined("project_id", "unit"),
    checked=lambda portfolio: portfolio.forecast_monthly,
    beside=(PpmForecast,),
)


@months.rule(Severity.ERROR, remedy=REMEDY)
def months_add_up(portfolio: Portfolio) -> Frame:
    """The months of a project add up to its actual cost and to what is still to come, to the cent."""
    differing = _differing(portfolio.forecast_monthly, portfolio.forecast, ("project_id", "unit"), ("ac", "etc"))
    return _told(differing, ("ac", "etc"), "The months of {project_id} do not add up to the project.")


@months.rule(Severity.ERROR, remedy=REMEDY)
def planned_months_add_up(portfolio: Portfolio) -> Frame:
    """The planned values of a project's months add up to its budget, where it has one and a valid span."""
    spanned = portfolio.forecast.filter(~nw.col("bac").is_null(), ~nw.col("elapsed").is_null())
    totals = spanned.select("project_id", "unit", pv=nw.col("bac"))
    differing = _differing(portfolio.forecast_monthly, totals, ("project_id", "unit"), ("pv",))
    return _told(differing, ("pv",), "The planned months of {project_id} do not add up to its budget.")


@months.rule(Severity.ERROR, remedy=REMEDY)
def converted_months_add_up(portfolio: Portfolio) -> Frame:
    """In the reporting currency, too, the months of a project add up to it."""
    figures = ("ac_reporting", "etc_reporting")
    whole = portfolio.forecast.filter(nw.col("unconverted_reason").is_null())
    of_whole = portfolio.forecast_monthly.join(
        whole.select("project_id", "unit"), on=["project_id", "unit"], how="semi"
    )
    differing = _differing(of_whole, whole, ("project_id", "unit"), figures)
    return _told(differing, figures, "The converted months of {project_id} do not add up to the project.")


@months.rule(Severity.ERROR, remedy=REMEDY)
def nothing_is_forecast_before_next_month(portfolio: Portfolio) -> Frame:
    """What is still to come lies after the month of the as-of day."""
    wrong = portfolio.forecast_monthly.filter(nw.col("etc") != _ZERO, nw.col("period") <= nw.lit(portfolio.as_of))
    return broken(wrong, "etc", "{etc} are forecast in {period_label}, which is not to come.")


healths = _book(PpmProjectHealth, nw.col("project_id"), checked=lambda portfolio: portfolio.project_health)


@healths.rule(Severity.ERROR, remedy=REMEDY, checked=lambda portfolio: live(portfolio.projects))
def every_project_is_judged(portfolio: Portfolio) -> Frame:
    """Every live project has a colour, and no other one has."""
    return _unmatched(portfolio, portfolio.project_health, "colour")


@healths.rule(Severity.ERROR, remedy=REMEDY)
def unknown_money_is_never_green(portfolio: Portfolio) -> Frame:
    """A project without a budget or a known currency is not shown as green."""
    wrong = portfolio.project_health.filter(
        nw.col("rag") == "green", nw.col("vac_ratio").is_null() | (nw.col("unit") == "XXX")
    )
    return broken(wrong, "rag", "{project_name} is green, and what it costs is not known.")


allocations = _book(
    AzureAdvisorAllocations,
    _joined("category", "currency"),
    checked=lambda portfolio: portfolio.advisor_allocations,
    beside=(AzureAdvisorRecs,),
)


@allocations.rule(Severity.ERROR, remedy=REMEDY)
def savings_are_allocated_whole(portfolio: Portfolio) -> Frame:
    """The savings of projects and of nobody add up to those of the recommendations, in every currency."""
    figures = ("annual_savings", "achievable_conservative", "achievable_maximum")
    shares = portfolio.advisor_allocations.with_columns(nw.col("category").fill_null("(none)"))
    whole = portfolio.advisor_recs.with_columns(
        nw.col("category").fill_null("(none)"), nw.col("currency").fill_null("XXX")
    )
    allocated = shares.select("recommendation_id").unique()
    of_allocated = whole.join(allocated, on="recommendation_id", how="semi")
    differing = _differing(_filled(shares, figures), _filled(of_allocated, figures), ("category", "currency"), figures)
    return _told(differing, figures, "The shares of {category} savings in {currency} do not add up.")


summaries = _book(AdvisorSummary, _joined("dimension", "currency"), checked=lambda portfolio: portfolio.advisor_summary)


@summaries.rule(Severity.ERROR, remedy=REMEDY)
def savings_dimensions_agree(portfolio: Portfolio) -> Frame:
    """By category, impact, project and subscription the savings add up to the same total, in every currency."""
    figures = ("achievable_conservative", "achievable_maximum")
    dimension = nw.col("dimension")
    parts = portfolio.advisor_summary.filter(dimension != "all")
    total = portfolio.advisor_summary.filter(dimension == "all").drop("dimension")
    expected = parts.select("dimension", "currency").unique().join(total, on="currency", how="left")
    differing = _differing(_filled(parts, figures), _filled(expected, figures), ("dimension", "currency"), figures)
    return _told(differing, figures, "Savings by {dimension} in {currency} do not add up to the total.")


def _filled(rows: Frame, figures: Sequence[str]) -> Frame:
    return rows.with_columns(nw.col(name).cast(MONEY).fill_null(_ZERO).alias(name) for name in figures)


def _unmatched(portfolio: Portfolio, rows: Frame, noun: str) -> Frame:
    """Live projects without a row, and rows of projects that are not live."""
    projects = live(portfolio.projects).select("project_id")
    have = rows.filter(nw.col("project_id") != "(unassigned)").select("project_id").unique()
    without = projects.join(have, on="project_id", how="anti")
    beyond = have.join(projects, on="project_id", how="anti")
    marked = nw.concat(
        [
            without.with_columns(message=nw.lit(f"The project has no {noun}.")),
            beyond.with_columns(message=nw.lit(f"There is a {noun} of a project that is not live.")),
        ]
    ).with_columns(unit=nw.lit(""))
    return broken(marked, "project_id", nw.col("message"))


RECONCILIATIONS: tuple[Rule, ...] = tuple(
    rule
    for book in (cells, _cell, variances, _silver, forecasts, months, healths, allocations, summaries)
    for rule in book.rules
)
