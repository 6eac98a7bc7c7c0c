"""Cells as a reader sees them: named, identified, and in the contract's columns.

Does not belong here: any figure (``cells``).
"""

from datetime import date

import narwhals.stable.v2 as nw

from finance_ppm.transforms.budget_vs_actual.cells import PORTFOLIO
from finance_ppm.transforms.budget_vs_actual.facts import UNDATED
from finance_ppm.transforms.budget_vs_actual.reporting import REASONS
from finance_ppm.transforms.keys import escaped
from finance_ppm.transforms.portfolio import Frame
from finance_ppm.transforms.shares import UNASSIGNED


def presented(
    cells: Frame, live_programs: Frame, live_projects: Frame, *, reporting: str, as_of: date, fiscal_year_start: int
) -> Frame:
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
    reasons = [nw.when(nw.col(reason) > 0).then(nw.lit(reason)) for reason in REASONS.values()]
    excluded_count = nw.sum_horizontal(*REASONS.values())
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
        nw.when(period != UNDATED).then(_fiscal_year(period, fiscal_year_start)).alias("fiscal_year"),
        nw.lit(reporting).alias("reporting_unit"),
        *("reporting_value", "constant_value"),
        (nw.col("reporting_value") - nw.col("constant_value")).alias("fx_value"),
        "reporting_excluded_value",
        excluded_count.alias("reporting_excluded_count"),
        nw.when(excluded_count > 0)
        .then(nw.concat_str(reasons, separator=", ", ignore_nulls=True))
        .alias("reporting_excluded_reasons"),
        "stale_rate_count",
        nw.lit(as_of).alias("as_of_date"),
    )


def _fiscal_year(period: nw.Expr, starts_in: int) -> nw.Expr:
    """The year that the fiscal year of ``period`` ends in."""
    year = period.dt.year()
    if starts_in == 1:
        return year.cast(nw.Int32)
    return (year + nw.when(period.dt.month() >= starts_in).then(nw.lit(1)).otherwise(nw.lit(0))).cast(nw.Int32)
