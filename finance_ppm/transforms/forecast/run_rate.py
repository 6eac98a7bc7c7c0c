"""The cross-check of the forecast: what a project comes to if it goes on spending as it lately did.

Belongs here: burn, runway and the run-rate EAC. Does not belong here: the forecast proper (``outcomes``).
"""

from datetime import date
from decimal import Decimal

import narwhals.stable.v2 as nw

from finance_ppm.transforms.calendar import first_of, month_number, month_of
from finance_ppm.transforms.forecast.states import NOTHING, is_true
from finance_ppm.transforms.numeric import MONEY, multiple, ratio, whole_division
from finance_ppm.transforms.portfolio import Frame

MONTHS = 3
"""Closed months that burn is the mean of."""
APART_PERCENT = 15
"""Beyond so many percent of BAC the two methods disagree."""
_CENT = nw.lit(Decimal("0.01")).cast(MONEY)


def in_burn(day: nw.Expr, as_of: date) -> nw.Expr:
    """Whether ``day`` is in one of the closed months that burn is the mean of."""
    this_month = month_number(as_of)
    return is_true((day >= nw.lit(first_of(this_month - MONTHS))) & (day < nw.lit(first_of(this_month))))


def with_run_rate(projects: Frame, as_of: date) -> Frame:
    """``projects`` with ``burn``, ``runway_months``, ``run_rate_eac`` and ``methods_disagree``."""
    recent, bac, burn, eac, run_rate = (nw.col(name) for name in ("recent_ac", "bac", "burn", "eac", "run_rate_eac"))
    months = month_of(nw.col("end_date")) - month_number(as_of)
    divided = whole_division(projects, recent, by=nw.lit(MONTHS, nw.Int64))
    third = nw.col("quotient") + nw.when(2 * nw.col("remainder") > MONTHS).then(_CENT).otherwise(NOTHING)
    with_burn = divided.with_columns(
        burn=nw.when(nw.col("actual_count") > 0).then(nw.when(recent < 0).then(-third).otherwise(third)).cast(MONEY)
    ).drop("quotient", "remainder")
    return with_burn.with_columns(
        runway_months=nw.when(burn > 0).then(ratio(nw.col("available"), burn)),
        run_rate_eac=nw.when((nw.col("end_date") >= nw.lit(as_of)) & ~nw.col("is_completed"))
        .then(nw.col("ac") + multiple(burn, months))
        .cast(MONEY),
    ).with_columns(methods_disagree=multiple((run_rate - eac).abs(), 100) > multiple(bac, APART_PERCENT))
