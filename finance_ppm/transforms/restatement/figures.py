"""The amounts of budget_vs_actual down to the line: one row per metric, line, project and currency.

Belongs here: keeping the line apart, and its names. Which amounts there are, in which month, and what they come to in
the reporting currency, is asked of ``budget_vs_actual``, so that the figures of a month add up to its cells.
"""

from calendar import monthrange
from datetime import date

import narwhals.stable.v2 as nw

from finance_ppm.transforms.budget_vs_actual.cells import KINDS_OF
from finance_ppm.transforms.budget_vs_actual.facts import ACTUAL, Kind, facts_of
from finance_ppm.transforms.budget_vs_actual.reporting import REASONS, in_reporting_currency
from finance_ppm.transforms.currency.rates import Rates
from finance_ppm.transforms.numeric import MONEY
from finance_ppm.transforms.portfolio import Frame
from finance_ppm.transforms.shares import NONE, UNASSIGNED, homes_of, shares_of

METRICS = tuple(KINDS_OF)
_KINDS_HERE = {**KINDS_OF, ACTUAL: (*KINDS_OF[ACTUAL], Kind.EXCLUDED)}
"""The kinds of fact that are figures of a metric: those that make its value in a cell, and what is still to come."""

KEY = ("metric_name", "budget_line_id", "project_id", "unit")
"""What tells the figures of one month apart."""

MEMBERS = ("program_id", "category", "vendor")
"""What a figure counts under besides."""

NAMES = ("line_name", "project_name")

_UNASSIGNED_NAME = "Unassigned"


def native_figures_of(programs: Frame, projects: Frame, budget_lines: Frame, *, as_of: date) -> Frame:
    """Every figure as of a day: ``KEY``, ``period``, ``is_future``, ``MEMBERS``, ``NAMES`` and ``value``.

    ``period`` is the first of the month, 1900-01-01 for none. Actuals dated after ``as_of`` are there as well, marked
    ``is_future``: they tell where a line's amount is, and count nowhere. The frames are silver, archived pages and all.
    """
    homes = _homes(programs, projects)
    facts = _facts(budget_lines, homes, as_of)
    return _presented(_summed(facts, homes, "value"), projects, budget_lines, "value")


def figures_of(programs: Frame, projects: Frame, budget_lines: Frame, rates: Rates, *, as_of: date) -> Frame:
    """The same, and ``reporting_value``: null without a rate. ``rates`` are of that day too."""
    homes = _homes(programs, projects)
    facts = in_reporting_currency(_facts(budget_lines, homes, as_of), homes, rates, as_of).with_columns(
        converted=(~nw.col("verdict").is_in(list(REASONS))).cast(nw.Int64)
    )
    figures = _summed(facts, homes, "value", "reporting_value", "converted").with_columns(
        reporting_value=nw.when(nw.col("converted") > 0).then(nw.col("reporting_value"))
    )
    return _presented(figures, projects, budget_lines, "value", "reporting_value")


def dated_in(period: date) -> nw.Expr:
    """Whether a line has a date in the month which begins on ``period``: no other line can have a figure of it."""
    end = period.replace(day=monthrange(period.year, period.month)[1])
    dates = (nw.col(name) for name in ("committed_date", "invoice_date", "paid_date"))
    return nw.any_horizontal(*((day >= period) & (day <= end) for day in dates), ignore_nulls=True)


def of_month(figures: Frame, period: date) -> Frame:
    """The figures that the month which begins on ``period`` consists of."""
    return figures.filter((nw.col("period") == nw.lit(period)) & ~nw.col("is_future"))


def _homes(programs: Frame, projects: Frame) -> Frame:
    return homes_of(projects, programs.filter(~nw.col("is_archived")))


def _facts(budget_lines: Frame, homes: Frame, as_of: date) -> Frame:
    """Facts keep apart projects, categories and vendors: so each line is a vendor of its own."""
    lines = budget_lines.filter(~nw.col("is_archived")).with_columns(vendor=nw.col("budget_line_id"))
    return facts_of(shares_of(lines, homes), as_of)


def _summed(facts: Frame, homes: Frame, *amounts: str) -> Frame:
    """A row per figure. A line that names two projects that are not there has one of both."""
    kind = nw.col("kind")
    return (
        facts.join(homes.select("home", "project", "program"), on="home", how="left")
        .with_columns(
            nw.col("project", "program").fill_null(UNASSIGNED),
            metric_name=nw.coalesce(
                *(nw.when(kind.is_in(kinds)).then(nw.lit(metric)) for metric, kinds in _KINDS_HERE.items())
            ),
            is_future=kind == Kind.EXCLUDED,
        )
        .group_by("metric_name", "vendor", "project", "unit", "period", "is_future", "program", "category")
        .agg(nw.col(*amounts).sum())
        .rename({"vendor": "budget_line_id", "project": "project_id", "program": "program_id"})
    )


def _presented(figures: Frame, projects: Frame, budget_lines: Frame, *amounts: str) -> Frame:
    lines = budget_lines.select(
        "budget_line_id", line_name=nw.col("name"), vendor=nw.coalesce(_unless_empty("vendor"), nw.lit(NONE))
    )
    live_projects = projects.filter(~nw.col("is_archived"))
    return (
        figures.join(lines, on="budget_line_id", how="inner")
        .join(live_projects.select("project_id", project_name=nw.col("name")), on="project_id", how="left")
        .select(
            *KEY,
            *("period", "is_future"),
            *MEMBERS,
            "line_name",
            nw.coalesce(nw.col("project_name"), nw.lit(_UNASSIGNED_NAME)).alias("project_name"),
            *(nw.col(name).cast(MONEY) for name in amounts),
        )
    )


def _unless_empty(name: str) -> nw.Expr:
    return nw.when(nw.col(name) != "").then(nw.col(name))
