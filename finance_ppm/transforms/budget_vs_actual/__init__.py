"""Gold ``ppm_budget_vs_actual``: what was planned, committed and spent, by month, as of a day.

Lines become shares (``transforms.shares``: one per project a line names), shares become facts (``facts``: one amount
of one metric in one month), facts get their value in the reporting currency (``reporting``), and are summed into cells
(``cells``: once per dimension), which are named (``presentation``). What does not belong here: exchange rates
(``transforms.currency``), forecasts, ratios.
"""

from datetime import date

import narwhals.stable.v2 as nw

from finance_ppm.transforms.budget_vs_actual.cells import cells_of
from finance_ppm.transforms.budget_vs_actual.facts import facts_of, totals_of
from finance_ppm.transforms.budget_vs_actual.presentation import presented
from finance_ppm.transforms.budget_vs_actual.reporting import in_reporting_currency
from finance_ppm.transforms.currency.rates import Rates
from finance_ppm.transforms.portfolio import Frame
from finance_ppm.transforms.shares import homes_of, shares_of

__all__ = ["budget_vs_actual"]


def budget_vs_actual(
    programs: Frame, projects: Frame, budget_lines: Frame, rates: Rates, *, as_of: date, fiscal_year_start: int = 1
) -> Frame:
    """Every cell as ``as_of`` saw it: the content columns of the contract ``PpmBudgetVsActual``.

    The frames are silver as of that day (contracts ``NotionPrograms``, ``NotionProjects``,
    ``NotionBudgetLines``), and ``rates`` are of that day too. Archived lines do not count. A line of no live project
    counts under ``(unassigned)``, in its project's currency where there is such a page. A line that names several
    projects is split among them to the cent; ``line_count`` counts it once in every cell it reaches.

    ``fiscal_year_start`` is the month, 1 to 12, that a fiscal year begins with.
    """
    live_programs = programs.filter(~nw.col("is_archived"))
    live_projects = projects.filter(~nw.col("is_archived"))
    live_lines = budget_lines.filter(~nw.col("is_archived"))
    homes = homes_of(projects, live_programs)
    facts = nw.concat([facts_of(shares_of(live_lines, homes), as_of), totals_of(homes)])
    facts = in_reporting_currency(facts, homes, rates, as_of)
    return presented(
        cells_of(facts, homes),
        live_programs,
        live_projects,
        reporting=rates.reporting,
        as_of=as_of,
        fiscal_year_start=fiscal_year_start,
    )
