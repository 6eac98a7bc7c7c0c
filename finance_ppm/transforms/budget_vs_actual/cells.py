"""Facts summed into cells, and cells laid out as a reader sees them.

Belongs here: grouping, the variance, names and identifiers. Does not belong here: what an amount means
(``facts``).

The SQL engines plan every use of a frame anew, so a frame is used once where that can be had: rows are
multiplied by ``unpivot``, not by a union of several queries on one frame.
"""

from datetime import date

import narwhals.stable.v2 as nw

from finance_ppm.transforms.budget_vs_actual.facts import ACTUAL, BUDGET, COMMITTED, EXCLUDED, KINDS, MATCHED, UNDATED
from finance_ppm.transforms.keys import escaped
from finance_ppm.transforms.numeric import MONEY
from finance_ppm.transforms.portfolio import Frame
from finance_ppm.transforms.shares import ONCE, UNASSIGNED

PORTFOLIO = "portfolio"
VARIANCE = "variance"
_KEY = ("dimension", "dimension_id", "period", "unit")
_NOTHING = nw.lit(0).cast(MONEY)
_NO_LINE = nw.lit(0, nw.Int64)


def cells_of(facts: Frame) -> Frame:
    """The cells of every metric in every dimension: metric, key and measures."""
    by_project = _summed(facts, "program", "project").with_columns(portfolio=nw.lit(PORTFOLIO))
    by_sort = _summed(facts, "category", "vendor")
    members = nw.concat(
        [_of_each(by_project, PORTFOLIO, "program", "project"), _of_each(by_sort, "category", "vendor")]
    )
    return _measured(_by_kind(members))


def _summed(facts: Frame, *members: str) -> Frame:
    return facts.group_by(*members, "unit", "period", "kind").agg(
        nw.col("value").sum().cast(MONEY), nw.col(*ONCE).sum().cast(nw.Int64)
    )


def _of_each(sums: Frame, *dimensions: str) -> Frame:
    """``sums`` once for each dimension, with the member they belong to and the lines they count in it."""
    dimension = nw.col("dimension")
    return sums.unpivot(
        on=list(dimensions),
        index=["unit", "period", "kind", "value", *ONCE],
        variable_name="dimension",
        value_name="dimension_id",
    ).select(
        *_KEY,
        "kind",
        "value",
        lines=nw.when(dimension == "project")
        .then(nw.col("once_in_project"))
        .when(dimension == "program")
        .then(nw.col("once_in_program"))
        .otherwise(nw.col("once_in_unit")),
    )


def _by_kind(members: Frame) -> Frame:
    """One row per dimension, member, month and currency, with the sum and the lines of each kind side by side."""
    of_kind = {kind: nw.col("kind") == kind for kind in KINDS}
    return (
        members.select(
            *_KEY,
            **{kind: nw.when(held).then(nw.col("value")).otherwise(_NOTHING) for kind, held in of_kind.items()},
            **{_lines(kind): nw.when(held).then(nw.col("lines")).otherwise(_NO_LINE) for kind, held in of_kind.items()},
        )
        .group_by(*_KEY)
        .agg(
            nw.col(*KINDS).sum().cast(MONEY),
            nw.col(*(_lines(kind) for kind in KINDS)).sum().cast(nw.Int64),
        )
    )


def _measured(sums: Frame) -> Frame:
    """The four metrics of each row of ``sums``; one in which nothing is summed, counted or excluded has no cell."""
    budget, committed, actual = nw.col(BUDGET), nw.col(COMMITTED), nw.col(ACTUAL) + nw.col(MATCHED)
    lines = {kind: nw.col(_lines(kind)) for kind in KINDS}
    has_budget = (budget != 0) | (lines[BUDGET] > 0)
    has_actual = lines[ACTUAL] + lines[MATCHED] + lines[EXCLUDED] > 0
    values = {
        BUDGET: nw.when(has_budget).then(budget),
        COMMITTED: nw.when(lines[COMMITTED] > 0).then(committed),
        ACTUAL: nw.when(has_actual).then(actual),
        VARIANCE: nw.when(has_budget | has_actual).then(budget - actual),
    }
    metric, counts = nw.col("metric_name"), [_lines(kind) for kind in KINDS]
    is_actual = metric == ACTUAL
    return (
        sums.select(
            *(*_KEY, *counts),
            nw.col(EXCLUDED).alias("excluded_value"),
            *(value.cast(MONEY).alias(name) for name, value in values.items()),
        )
        .unpivot(
            on=list(values), index=[*_KEY, *counts, "excluded_value"], variable_name="metric_name", value_name="value"
        )
        .filter(~nw.col("value").is_null())
        .select(
            *("metric_name", *_KEY, "value"),
            line_count=nw.when(metric == BUDGET)
            .then(lines[BUDGET])
            .when(metric == COMMITTED)
            .then(lines[COMMITTED])
            .when(is_actual)
            .then(lines[ACTUAL] + lines[MATCHED])
            .otherwise(lines[BUDGET] + lines[ACTUAL]),
            excluded_value=nw.when(is_actual).then(nw.col("excluded_value")).otherwise(_NOTHING),
            excluded_count=nw.when(is_actual).then(lines[EXCLUDED]).otherwise(_NO_LINE),
        )
    )


def _lines(kind: str) -> str:
    return f"{kind}_lines"


def present(cells: Frame, live_programs: Frame, live_projects: Frame, as_of: date) -> Frame:
    """``cells`` named and identified, with the contract's columns in its order."""
    names = nw.concat(
        [
            live.select(dimension=nw.lit(name), dimension_id=nw.col(f"{name}_id"), name=nw.col("name"))
            for name, live in (("program", live_programs), ("project", live_projects))
        ]
    )
    dimension, member, period = nw.col("dimension"), nw.col("dimension_id"), nw.col("period")
    month = period.dt.to_string("%Y-%m")
    first_day = nw.concat_str([month, nw.lit("-01")])
    key = [nw.col("metric_name"), dimension, escaped(member), first_day, escaped(nw.col("unit"))]
    return cells.join(names, on=["dimension", "dimension_id"], how="left").select(
        nw.concat_str(key, separator="|").alias("metric_id"),
        "metric_name",
        "dimension",
        "dimension_id",
        nw.when(dimension == PORTFOLIO)
        .then(nw.lit("Portfolio"))
        .when(dimension.is_in(["program", "project"]) & (member == UNASSIGNED))
        .then(nw.lit("Unassigned"))
        .otherwise(nw.coalesce(nw.col("name"), member))
        .alias("dimension_value"),
        "period",
        nw.when(period == UNDATED).then(nw.lit("undated")).otherwise(month).alias("period_label"),
        *("value", "unit", "line_count", "excluded_value", "excluded_count"),
        nw.lit(as_of).alias("as_of_date"),
    )
