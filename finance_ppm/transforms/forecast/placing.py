"""When what is planned and what is to come falls due: the months of PV and of ETC.

Belongs here: what goes to which month or days. Does not belong here: how days make months (``spreading``), nor how long
an invoice takes (``lags``).
"""

from datetime import date

import narwhals.stable.v2 as nw

from finance_ppm.transforms.calendar import first_of, month_number, ordinal, with_month
from finance_ppm.transforms.forecast.outcomes import committed_outcome
from finance_ppm.transforms.forecast.spreading import spread
from finance_ppm.transforms.forecast.states import KEY, NOTHING, is_true
from finance_ppm.transforms.numeric import MONEY
from finance_ppm.transforms.portfolio import Frame

PV, ETC = "pv", "etc"


def expected_invoices(shares: Frame, pages: Frame, as_of: date) -> Frame:
    """What committed ``shares`` still come to (``etc``), by project and ``month`` of their commitment and ``lag``.

    None of a project that is past its end, none without a lag, and nothing before next month.
    """
    next_month = month_number(as_of) + 1
    expected = (
        shares.join(pages.select(KEY, "end_date"), on=KEY, how="left")
        .filter(~is_true(nw.col("end_date") < nw.lit(as_of)) & ~nw.col("lag").is_null())
        .with_columns(invoiced_on=ordinal(nw.col("committed_date")) + nw.col("lag"))
    )
    month = nw.col("month")
    return (
        with_month(expected, of="invoiced_on")
        .select(
            KEY,
            month=nw.when(month < next_month).then(nw.lit(next_month, nw.Int64)).otherwise(month),
            etc=committed_outcome() - nw.col("counted").fill_null(NOTHING),
        )
        .group_by(KEY, "month")
        .agg(nw.col("etc").sum().cast(MONEY))
    )


def straight_lines(projects: Frame, invoices: Frame, as_of: date) -> Frame:
    """By project and ``month``: BAC over its planned days (``pv``); and what ``invoices`` leave of ETC (``etc``), over
    the days from next month to the end, or in next month where there are none.
    """
    start, end, kind = nw.col("start_date"), nw.col("end_date"), nw.col("kind")
    next_month = nw.lit(first_of(month_number(as_of) + 1))
    placed = invoices.group_by(KEY).agg(placed=nw.col("etc").sum().cast(MONEY))
    plans = (
        projects.join(placed, on=KEY, how="left")
        .select(
            *(KEY, "start_date", "end_date"),
            pv=nw.when(start <= end).then(nw.col("bac")).fill_null(NOTHING).cast(MONEY),
            etc=(nw.col("etc") - nw.col("placed").fill_null(NOTHING)).cast(MONEY),
        )
        .unpivot(on=[PV, ETC], index=[KEY, "start_date", "end_date"], variable_name="kind", value_name="amount")
        .filter(nw.col("amount") != 0)
    )
    has_days = (kind == PV) | (is_true(end >= next_month) & ~is_true(start > end))
    dated = plans.select(
        *(KEY, "kind", "amount"),
        first=nw.when(kind == PV).then(start).otherwise(next_month),
        last=nw.when(has_days).then(end).otherwise(next_month),
    )
    part = nw.col("part")
    return spread(dated, by=(KEY, "kind")).select(
        *(KEY, "month"),
        pv=nw.when(kind == PV).then(part).otherwise(NOTHING),
        etc=nw.when(kind == ETC).then(part).otherwise(NOTHING),
    )
