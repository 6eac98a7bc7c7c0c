"""Months of earlier forecasts beside what came, and how much a forecast 'as last month' would have been off.

Belongs here: sums over months, of projects and of the portfolio. Does not belong here: ratios of them (``gold``).
Months are numbers (``transforms.calendar``); ``made`` is the month in which a forecast was made.
"""

from datetime import date

import narwhals.stable.v2 as nw

from finance_ppm.contracts.accuracy import PORTFOLIO
from finance_ppm.transforms.calendar import UNDATED, month_number, month_of
from finance_ppm.transforms.forecast.stages import MEMBER
from finance_ppm.transforms.forecast.states import NOTHING
from finance_ppm.transforms.numeric import MONEY
from finance_ppm.transforms.portfolio import Frame

_ROW = (*MEMBER, "made")
_CELL = (*_ROW, "month")


def compared(members: Frame, monthly: Frame, monthly_now: Frame, as_of: date) -> Frame:
    """By project or portfolio, and ``made``: ``forecast`` and ``actual`` over the closed months since, ``off``, the sum
    of the months' errors without their signs, and the number of ``months``, up to the last that has any of both.

    ``members`` names the projects of each forecast, ``monthly`` holds its months.
    """
    forecast = monthly.select(*_ROW, month=month_of(nw.col("period")), forecast="etc", actual=NOTHING)
    actual = monthly_now.select(*MEMBER, month=month_of(nw.col("period")), forecast=NOTHING, actual="ac")
    row, member = list(_ROW), list(MEMBER)
    since = (nw.col("month") > nw.col("made")) & (nw.col("month") < month_number(as_of))
    cells = nw.concat(
        [
            forecast.join(members, on=row, how="inner").select(*_CELL, "forecast", "actual"),
            actual.join(members, on=member, how="inner").select(*_CELL, "forecast", "actual"),
        ]
    ).filter(since)
    each = _summed(_with_portfolio(cells, "forecast", "actual"), "forecast", "actual")
    has_any = (nw.col("forecast") != 0) | (nw.col("actual") != 0)
    return (
        each.filter(has_any)
        .with_columns(off=(nw.col("forecast") - nw.col("actual")).abs().cast(MONEY))
        .group_by(*_ROW)
        .agg(nw.col("forecast", "actual", "off").sum().cast(MONEY), last=nw.col("month").max())
        .select(*_ROW, "forecast", "actual", "off", months=(nw.col("last") - nw.col("made")).cast(nw.Int64))
    )


def scales(members: Frame, monthly: Frame) -> Frame:
    """By project or portfolio, and ``made``: how much the actual cost ``changed`` from month to month, without signs,
    and in how many ``changes``, in the months that were closed when the forecast was made, from the first that has any.

    A month that has a cost adds it to its own change and takes it from the next month's: so the months that have none,
    of which there are no rows, count as they should.
    """
    month, ac = nw.col("month"), nw.col("ac")
    known = (
        monthly.select(*_ROW, month=month_of(nw.col("period")), ac="ac")
        .join(members, on=list(_ROW), how="inner")
        .filter((month != UNDATED) & (month < nw.col("made")))
        .select(*_CELL, "ac")
    )
    costs = _summed(_with_portfolio(known, "ac"), "ac").filter(ac != 0)
    firsts = costs.group_by(*_ROW).agg(first=month.min())
    steps = nw.concat([costs, costs.select(*_ROW, month=month + 1, ac=-ac).select(*_CELL, "ac")])
    return (
        _summed(steps, "ac")
        .join(firsts, on=list(_ROW), how="inner")
        .filter((month > nw.col("first")) & (month < nw.col("made")))
        .with_columns(changed=ac.abs().cast(MONEY))
        .group_by(*_ROW, "first")
        .agg(nw.col("changed").sum().cast(MONEY))
        .select(*_ROW, "changed", changes=(nw.col("made") - 1 - nw.col("first")).cast(nw.Int64))
    )


def _with_portfolio(cells: Frame, *amounts: str) -> Frame:
    columns = (*_CELL, *amounts)
    return nw.concat([cells.select(columns), cells.with_columns(project_id=nw.lit(PORTFOLIO)).select(columns)])


def _summed(cells: Frame, *amounts: str) -> Frame:
    return cells.group_by(*_CELL).agg(nw.col(*amounts).sum().cast(MONEY)).select(*_CELL, *amounts)
