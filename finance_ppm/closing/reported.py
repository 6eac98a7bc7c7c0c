"""Whether gold, which is what people saw, says of a month what is about to be closed.

Belongs here: gold's cells of the month beside the figures, of every member of every dimension. Does not belong here:
the figures (``transforms.restatement``), nor recording them (``month``).
"""

from datetime import date
from typing import Any

import polars as pl

from finance_ppm.contracts import history_of
from finance_ppm.contracts.gold import PpmBudgetVsActual
from finance_ppm.errors import FinancePpmError
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.transforms.restatement import METRICS

_MEMBERS = {
    "portfolio": pl.lit("portfolio"),
    "program": pl.col("program_id"),
    "project": pl.col("project_id"),
    "category": pl.col("category"),
    "vendor": pl.col("vendor"),
}
"""Dimension to what a figure counts under in it; where they differ, the first of these is told."""

_CELL = ("dimension", "dimension_id", "metric_name", "unit")
_MEASURES = ("value", "reporting_value")


class NotReportedError(FinancePpmError):
    """Gold does not say of the month what would be closed."""


def require_reported(
    lake: Lake, period: date, figures: pl.DataFrame, *, as_of: date, reporting: str, not_before: date
) -> None:
    """Raise :class:`NotReportedError` where gold of the day is missing, is in another reporting currency, or says of a
    member what ``figures``, those of the month that begins on ``period``, do not.

    ``not_before`` is the first day that the month can be closed as of.
    """
    remedy = f"run `finance-ppm run --as-of {as_of}`, look at it, and close the month then"
    history = lake.scan(history_of(PpmBudgetVsActual))
    of_day = history.filter(pl.col("as_of_date") == as_of)
    units = of_day.select("reporting_unit").unique().collect()["reporting_unit"].to_list()
    if not units:
        newest = history.filter(pl.col("as_of_date").is_between(not_before, as_of)).select(pl.col("as_of_date").max())
        day = newest.collect().item()
        instead = f", or close by the newest there is with `--as-of {day}`" if day else ""
        raise NotReportedError(f"There is no gold of {as_of}, so nothing was reported: {remedy}{instead}.")
    if other := next((unit for unit in units if unit not in (None, reporting)), None):
        raise NotReportedError(
            f"The reporting currency of gold of {as_of} is {other}, and PPM_REPORTING_CURRENCY is {reporting}: set it "
            f"to {other}, or {remedy}."
        )
    cells = of_day.filter(pl.col("period") == period, pl.col("metric_name").is_in(METRICS))
    differing = _differing(cells.collect(), figures)
    if not differing.is_empty():
        first = differing.row(0, named=True)
        more = f" ({differing.height - 1:,} more cells differ)" if differing.height > 1 else ""
        unit, metric = first["unit"], first["metric_name"]
        raise NotReportedError(
            f"Gold of {as_of} reports {first['value']:,} {unit} ({first['reporting_value']:,} {reporting}) of {metric} "
            f"in {period:%Y-%m}{_of_member(first)}, and it comes to {first['value_now']:,} {unit} "
            f"({first['reporting_value_now']:,} {reporting}) now{more}: {remedy}."
        )


def _differing(cells: pl.DataFrame, figures: pl.DataFrame) -> pl.DataFrame:
    """Every cell of which the two tell different amounts: the portfolio's first, a project's before a vendor's."""
    counted = pl.concat(
        figures.select(pl.lit(dimension).alias("dimension"), member.alias("dimension_id"), *_CELL[2:], *_MEASURES)
        for dimension, member in _MEMBERS.items()
    )
    is_now = counted.group_by(_CELL).agg(pl.col(name).sum().alias(f"{name}_now") for name in _MEASURES)
    amounts = [*_MEASURES, *(f"{name}_now" for name in _MEASURES)]
    both = (
        cells.select(*_CELL, "dimension_value", *_MEASURES)
        .join(is_now, on=_CELL, how="full", coalesce=True)
        .with_columns(pl.col(amounts).fill_null(0))
    )
    order = pl.col("dimension").replace_strict({name: place for place, name in enumerate(_MEMBERS)})
    differs = [pl.col(name) != pl.col(f"{name}_now") for name in _MEASURES]
    return both.filter(pl.any_horizontal(differs)).sort(order, "metric_name", "unit", "dimension_id")


def _of_member(cell: dict[str, Any]) -> str:
    """`` of the project 'Warehouse'``; nothing for the whole portfolio. What gold has not is told by its id."""
    if cell["dimension"] == "portfolio":
        return ""
    return f" of the {cell['dimension']} {cell['dimension_value'] or cell['dimension_id']!r}"
