"""Rules of the cells of budget against actual: what they must have in common with each other.

Does not belong here: what they must have in common with the lines they are of (``counted``), and with forecasts.
"""

import narwhals.stable.v2 as nw

from finance_ppm.contracts.gold import PpmBudgetVsActual
from finance_ppm.quality.rule import Rule, Severity
from finance_ppm.quality.rules.reconciliation import (
    NONE,
    PORTFOLIO,
    REMEDY,
    differing,
    gold_book,
    groups,
    joined,
    told,
)
from finance_ppm.quality.vocabulary import broken, live
from finance_ppm.transforms.numeric import MONEY
from finance_ppm.transforms.portfolio import Frame, Portfolio
from finance_ppm.transforms.shares import UNASSIGNED

VIEWS = ("value", "reporting_value", "constant_value", "fx_value", "excluded_value", "reporting_excluded_value")
"""The amounts of a cell: each must add up alike in every dimension."""
COUNTS = ("reporting_excluded_count", "stale_rate_count")
"""What counts amounts, and adds up as they do. Lines do not: one that is split counts in each of its projects."""
_OF_SOURCE = ("value", "excluded_value")
"""What of a cell's own currency adds up to the source."""
DIMENSIONS = {"program": "programs", "project": "projects", "category": "categories", "vendor": "vendors"}

_TOTAL = ("metric_name", "unit", "period")
_VARIANCE = ("dimension", "dimension_id", "unit", "period")
_PROGRAM = ("metric_name", "program", "unit")

cells = gold_book(
    PpmBudgetVsActual, joined(*_TOTAL), checked=lambda portfolio: groups(_TOTAL, portfolio.budget_vs_actual)
)


def _dimension_rule(dimension: str, plural: str) -> None:
    """The members of a dimension add up to the portfolio."""
    figures = (*VIEWS, *COUNTS)

    @cells.rule(
        Severity.ERROR,
        name=f"{plural}_add_up",
        description=f"In every month, currency and currency view, the {plural} add up to the portfolio.",
        remedy=REMEDY,
    )
    def _(portfolio: Portfolio) -> Frame:
        table, of = portfolio.budget_vs_actual, nw.col("dimension")
        rows = differing(table.filter(of == dimension), table.filter(of == "portfolio"), _TOTAL, figures)
        return told(rows, figures, f"The {plural} do not add up to the portfolio: {{metric_name}} in {{unit}}.")


for _dimension, _plural in DIMENSIONS.items():
    _dimension_rule(_dimension, _plural)

cell = gold_book(PpmBudgetVsActual, nw.col("metric_id"), checked=lambda portfolio: portfolio.budget_vs_actual)


@cell.rule(Severity.ERROR, remedy=REMEDY)
def cell_constant_and_fx_are_reporting(portfolio: Portfolio) -> Frame:
    """What a cell comes to at constant currency and what exchange rates did to it add up to its reporting value."""
    difference = nw.col("constant_value") + nw.col("fx_value") - nw.col("reporting_value")
    wrong = portfolio.budget_vs_actual.filter(difference != NONE)
    return broken(wrong, "fx_value", "{constant_value} and {fx_value} are not {reporting_value}.")


@cell.rule(Severity.ERROR, remedy=REMEDY)
def cell_own_currency_needs_no_rate(portfolio: Portfolio) -> Frame:
    """A cell in the reporting currency itself is worth the same in every view."""
    own = portfolio.budget_vs_actual.filter(nw.col("unit") == nw.col("reporting_unit"))
    wrong = own.filter(
        (nw.col("reporting_value") != nw.col("value"))
        | (nw.col("fx_value") != NONE)
        | (nw.col("reporting_excluded_count") > 0)
    )
    return broken(wrong, "reporting_value", "{value} {unit} are told as {reporting_value} in the same currency.")


variances = gold_book(
    PpmBudgetVsActual,
    joined(*_VARIANCE),
    checked=lambda portfolio: groups(
        _VARIANCE, portfolio.budget_vs_actual.filter(nw.col("metric_name").is_in(["budget", "actual", "variance"]))
    ),
)


@variances.rule(Severity.ERROR, remedy=REMEDY)
def variance_is_budget_less_actual(portfolio: Portfolio) -> Frame:
    """In every cell the variance is the budget less what was spent, in every currency view."""
    views = ("value", "reporting_value", "constant_value")
    table, metric = portfolio.budget_vs_actual, nw.col("metric_name")
    signed = nw.concat(
        [
            table.filter(metric == "budget").select(*_VARIANCE, *views),
            table.filter(metric == "actual").select(
                *_VARIANCE, *((-nw.col(name)).cast(MONEY).alias(name) for name in views)
            ),
        ]
    )
    rows = differing(table.filter(metric == "variance"), signed, _VARIANCE, views)
    return told(rows, views, "The variance of {dimension} {dimension_id} is not budget less actual.")


def _programs(portfolio: Portfolio) -> tuple[Frame, Frame]:
    """What programs come to by their own cells, and by those of the projects whose pages name them."""
    table, of = portfolio.budget_vs_actual, nw.col("dimension")
    known = live(portfolio.programs).select("program_id", program=nw.col("program_id"))
    pages = live(portfolio.projects).join(known, on="program_id", how="left")
    summed = (
        table.filter(of == "project").group_by("metric_name", "dimension_id", "unit").agg(nw.col(*_OF_SOURCE).sum())
    )
    of_projects = summed.join(
        pages.select("program", dimension_id=nw.col("project_id")), on="dimension_id", how="left"
    ).with_columns(nw.col("program").fill_null(UNASSIGNED))
    return table.filter(of == "program").with_columns(program=nw.col("dimension_id")), of_projects


programs = gold_book(
    PpmBudgetVsActual,
    joined(*_PROGRAM),
    checked=lambda portfolio: groups(_PROGRAM, *_programs(portfolio)),
    made_from=PORTFOLIO,
)


@programs.rule(Severity.ERROR, remedy=REMEDY)
def programs_are_of_their_projects(portfolio: Portfolio) -> Frame:
    """What a program comes to is what the projects whose pages name it come to."""
    rows = differing(*_programs(portfolio), _PROGRAM, _OF_SOURCE)
    return told(rows, _OF_SOURCE, "The {metric_name} of the program {program} is not that of its projects.")


RULES: tuple[Rule, ...] = (*cells.rules, *cell.rules, *variances.rules, *programs.rules)
