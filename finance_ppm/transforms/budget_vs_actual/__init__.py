"""Gold ``ppm_budget_vs_actual``: what was planned, committed and spent, by month, as of a day.

Lines become shares (``transforms.shares``: one per project a line names), shares become facts (``facts``: one amount
of one metric in one month), and facts are summed into cells (``cells``: once per dimension). What does not belong
here: conversion to a reporting currency, forecasts, ratios.
"""

from datetime import date

import narwhals.stable.v2 as nw

from finance_ppm.transforms.budget_vs_actual.cells import cells_of, present
from finance_ppm.transforms.budget_vs_actual.facts import facts_of
from finance_ppm.transforms.portfolio import Frame
from finance_ppm.transforms.shares import homes_of, shares_of

__all__ = ["budget_vs_actual"]


def budget_vs_actual(programs: Frame, projects: Frame, budget_lines: Frame, *, as_of: date) -> Frame:
    """Every cell as ``as_of`` saw it: the content columns of the contract ``PpmBudgetVsActual``.

    The frames are silver as of that day (contracts ``NotionPrograms``, ``NotionProjects``,
    ``NotionBudgetLines``). Archived lines do not count. A line of no live project counts under
    ``(unassigned)``, in its project's currency where there is such a page. A line that names several projects
    is split among them to the cent; ``line_count`` counts it once in every cell it reaches.
    """
    live_programs = programs.filter(~nw.col("is_archived"))
    live_projects = projects.filter(~nw.col("is_archived"))
    live_lines = budget_lines.filter(~nw.col("is_archived"))
    homes = homes_of(projects, live_programs)
    facts = facts_of(shares_of(live_lines, homes), homes, as_of)
    return present(cells_of(facts), live_programs, live_projects, as_of)
