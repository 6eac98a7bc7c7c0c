"""What is budgeted of a project: BAC, the reserve, the straight line.

Belongs here: what follows from its total, its lines' total and its dates alone. Does not belong here: which projects
there are (``projects``), what they will come to (``measures``).
"""

from datetime import date

import narwhals.stable.v2 as nw

from finance_ppm.transforms.calendar import ordinal
from finance_ppm.transforms.numeric import MONEY, from_cents, multiple, ratio, whole_division
from finance_ppm.transforms.portfolio import Frame

COMPLETED = "Completed"
BUDGET_TOTAL, LINES = "budget_total", "lines"
"""Where a BAC comes from."""


def bac() -> nw.Expr:
    """The Budget Total if that is above 0, else what the lines add up to if that is."""
    total, lines = nw.col("total"), nw.col("line_total")
    return nw.when(total > 0).then(total).when(lines > 0).then(lines).cast(MONEY)


def budgeted(projects: Frame, as_of: date) -> Frame:
    """``projects`` with ``bac``, ``bac_source``, ``reserve``, ``elapsed`` and ``pv``; and, of those with a valid span,
    ``first_day``, ``last_day`` (ordinals), ``days``.
    """
    total, lines = nw.col("total"), nw.col("line_total")
    source = nw.when(total > 0).then(nw.lit(BUDGET_TOTAL)).when(lines > 0).then(nw.lit(LINES))
    start, end = nw.col("start_date"), nw.col("end_date")
    spans = projects.with_columns(
        bac_source=source,
        bac=bac(),
        first_day=nw.when(start <= end).then(ordinal(start)),
        last_day=nw.when(start <= end).then(ordinal(end)),
    ).with_columns(days=nw.col("last_day") - nw.col("first_day") + 1)
    passed = nw.lit(as_of.toordinal(), nw.Int64) - nw.col("first_day") + 1
    not_before = nw.when(passed < 0).then(nw.lit(0, nw.Int64)).otherwise(passed)
    spans = spans.with_columns(
        reserve=(nw.col("bac") - lines).cast(MONEY),
        passed=nw.when(passed > nw.col("days")).then(nw.col("days")).otherwise(not_before),
    ).with_columns(elapsed=ratio(nw.col("passed"), nw.col("days")))
    return _straight_line(spans)


def _straight_line(spans: Frame) -> Frame:
    """``spans`` with ``pv``: what of BAC falls to the days that have passed."""
    passed, days = nw.col("passed"), nw.col("days")
    part = nw.col("remainder") * passed  # of one cent, by days
    rounded = (2 * part + days) // (2 * days)
    return (
        whole_division(spans, nw.col("bac"), by=days)
        .with_columns(pv=(multiple(nw.col("quotient"), passed) + from_cents(rounded)).cast(MONEY))
        .drop("quotient", "remainder", "passed")
    )
