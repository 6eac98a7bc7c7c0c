"""The words that rules of gold are written in: totals that must agree, whatever the portfolio holds.

A finding here is a fault of ours and no mistake of a page's, so it is an ERROR, and it never enters project health.
Belongs here: books of such rules, and how two tables, or two ways of adding up one, are compared. Differences are taken
by adding one side to the other's opposite, so that a group that only one side knows is found too; such a rule looks at
the groups of both. Does not belong here: any one rule (``cells``, ``counted``, ``forecasts``, ``months``, ``healths``,
``savings``).
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import narwhals.stable.v2 as nw

from finance_ppm.contracts import Table
from finance_ppm.contracts.finance import PpmForecast, PpmForecastMonthly, PpmProjectHealth
from finance_ppm.contracts.fx import FxRates
from finance_ppm.contracts.silver import NotionBudgetLines, NotionPrograms, NotionProjects
from finance_ppm.quality.rule import NOTHING, Identity, Rows, Rulebook
from finance_ppm.quality.vocabulary import broken, live, text
from finance_ppm.transforms.numeric import MONEY
from finance_ppm.transforms.portfolio import Frame, Portfolio
from finance_ppm.transforms.shares import UNASSIGNED

REMEDY = "Report it: our figures do not agree. Compute gold anew (finance-ppm run), and compare what differs."

PORTFOLIO: tuple[type[Table], ...] = (NotionPrograms, NotionProjects, NotionBudgetLines)
"""What gold's amounts in their own currency are made from."""
CONVERTED: tuple[type[Table], ...] = (*PORTFOLIO, FxRates)
"""What its amounts in the reporting currency are made from."""

UNDATED = date(1900, 1, 1)
"""The month of amounts that belong to none."""

NONE = nw.lit(0).cast(MONEY)
CENT = nw.lit(Decimal("0.01")).cast(MONEY)

_OF_PROJECTS = (PpmForecast, PpmForecastMonthly, PpmProjectHealth)
_SLACK = 1e-9


def gold_book(
    table: type[Table],
    row_id: nw.Expr,
    checked: Rows,
    *,
    beside: tuple[type[Table], ...] = (),
    made_from: tuple[type[Table], ...] = (),
) -> Rulebook:
    """``row_id`` names what differs, in text; ``beside`` are the gold tables that ``table`` is compared with, and
    ``made_from`` what they are all made from.
    """
    identity = Identity(
        table_name=nw.lit("/".join((table.info.layer.value, table.info.name))),
        row_id=row_id,
        row_name=row_id,
        project_id=nw.col("project_id") if table in _OF_PROJECTS else NOTHING,
        notion_url=NOTHING,
    )
    return Rulebook(table, identity, checked=checked, reads=(table, *beside), made_from=made_from)


def joined(*columns: str) -> nw.Expr:
    """What differs, named by these columns."""
    return nw.concat_str([text(column) for column in columns], separator=" | ")


def groups(by: Sequence[str], *sides: Frame) -> Frame:
    """The groups that any of ``sides`` knows, each once: what a rule that compares them looks at."""
    return nw.concat([side.select(*by) for side in sides]).unique()


def differing(one: Frame, other: Frame, by: Sequence[str], figures: Sequence[str]) -> Frame:
    """The groups in which a figure of ``one`` does not come to what it does in ``other``, with the differences."""
    both = nw.concat(
        [
            one.select(*by, *(nw.col(name).cast(MONEY) for name in figures)),
            other.select(*by, *((-nw.col(name)).cast(MONEY).alias(name) for name in figures)),
        ]
    )
    differences = both.group_by(*by).agg(nw.col(*figures).sum().cast(MONEY))
    return differences.filter(nw.any_horizontal(*(nw.col(name) != NONE for name in figures), ignore_nulls=True))


def told(rows: Frame, figures: Sequence[str], message: str) -> Frame:
    """``rows`` marked as differing, the differences as their value."""
    shown = nw.concat_str(
        [piece for name in figures for piece in (nw.lit(f"{name} "), text(name), nw.lit("; "))], separator=""
    )
    return broken(rows, figures[0], message, value=shown)


def unlike(one: nw.Expr, other: nw.Expr) -> nw.Expr:
    """Whether they differ; null is like null alone."""
    is_missing = one.is_null() | other.is_null()
    return nw.when(is_missing).then(one.is_null() != other.is_null()).otherwise(one != other)


def far(one: nw.Expr, other: nw.Expr, *, digits: float = _SLACK) -> nw.Expr:
    """Whether two doubles are further apart than rounding brings them; null is like null alone."""
    is_missing = one.is_null() | other.is_null()
    is_apart = (one - other).abs() > digits + _SLACK * other.abs()
    return nw.when(is_missing).then(one.is_null() != other.is_null()).otherwise(is_apart)


def filled(rows: Frame, figures: Sequence[str]) -> Frame:
    """``rows`` with 0 where an amount is not known."""
    return rows.with_columns(nw.col(name).cast(MONEY).fill_null(NONE).alias(name) for name in figures)


def projects_with(portfolio: Portfolio, rows: Frame) -> Frame:
    """Live projects, and those that ``rows`` are of: what ``unmatched`` looks at."""
    return groups(("project_id",), live(portfolio.projects), rows.filter(nw.col("project_id") != UNASSIGNED))


def unmatched(portfolio: Portfolio, rows: Frame, noun: str) -> Frame:
    """Live projects without a row, or with several, and rows of projects that are not live."""
    projects = live(portfolio.projects).select("project_id")
    have = rows.filter(nw.col("project_id") != UNASSIGNED).group_by("project_id").agg(times=nw.len())
    of_project = have.select("project_id")
    marked = nw.concat(
        [
            projects.join(of_project, on="project_id", how="anti").with_columns(
                message=nw.lit(f"The project has no {noun}.")
            ),
            of_project.join(projects, on="project_id", how="anti").with_columns(
                message=nw.lit(f"There is a {noun} of a project that is not live.")
            ),
            have.filter(nw.col("times") > 1)
            .select("project_id")
            .with_columns(message=nw.lit(f"The project has more than one {noun}.")),
        ]
    ).with_columns(unit=nw.lit(""))
    return broken(marked, "project_id", nw.col("message"))
