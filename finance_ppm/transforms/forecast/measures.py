"""What a project will come to, and what follows from it: EAC, ETC, VAC, and the measures beside them.

Belongs here: figures of a project at T. Does not belong here: months (``phasing``), the run rate (``run_rate``).
"""

from datetime import date

import narwhals.stable.v2 as nw

from finance_ppm.transforms.calendar import ordinal
from finance_ppm.transforms.forecast.states import NOTHING, is_true
from finance_ppm.transforms.numeric import MONEY, multiple, ratio
from finance_ppm.transforms.portfolio import Frame

_ONE_IN = 10
"""Settled lines tell something of the rest from one in so many on, by amount."""


def measured(projects: Frame, as_of: date) -> Frame:
    """``projects``, with budgets, sums and what planned shares come to, with what follows from these."""
    bac, ac, oc, eac = (nw.col(name) for name in ("bac", "ac", "oc", "eac"))
    settled, spent, lines = nw.col("ev_line"), nw.col("ac_settled"), nw.col("line_total")
    has_spent = nw.col("actual_count") > 0
    is_telling = (lines > 0) & (spent > 0) & (multiple(settled, _ONE_IN) >= lines)
    is_late = is_true(nw.col("end_date") < nw.lit(as_of)) & ~nw.col("is_completed")
    return projects.with_columns(
        eac=nw.max_horizontal(nw.col("of_shares"), ac + oc).cast(MONEY),
        accrued=(ac - nw.col("paid")).cast(MONEY),
        available=(bac - ac - oc).cast(MONEY),
        spent_ratio=nw.when(has_spent).then(ratio(ac, bac)),
        consumed_ratio=nw.when(has_spent).then(ratio((ac + oc).cast(MONEY), bac)),
        settled_coverage=nw.when(lines > 0).then(ratio(settled, lines)),
        cpi_line_proxy=nw.when(is_telling).then(ratio(settled, spent)),
        days_late=nw.when(is_late).then(nw.lit(as_of.toordinal(), nw.Int64) - ordinal(nw.col("end_date"))),
    ).with_columns(
        etc=(eac - ac).cast(MONEY),
        vac=(bac - eac).cast(MONEY),
        eac_if_reserve_used=nw.when(~bac.is_null())
        .then(eac + nw.max_horizontal(nw.col("reserve"), NOTHING))
        .cast(MONEY),
    )
