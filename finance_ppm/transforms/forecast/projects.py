"""The rows of the forecast: which projects there are, and which shares are whose.

Belongs here: who bears what. Does not belong here: any figure.

A project is told apart by a number, its ``bearer``: the engines sum by a number in a fraction of the time that two
names take. What is unassigned has one bearer for each currency.
"""

import narwhals.stable.v2 as nw

from finance_ppm.transforms.forecast.budgets import COMPLETED
from finance_ppm.transforms.forecast.factor import NEUTRAL
from finance_ppm.transforms.forecast.states import KEY, NOTHING, is_true
from finance_ppm.transforms.forecast.sums import AMOUNTS, COUNTS
from finance_ppm.transforms.numeric import MONEY
from finance_ppm.transforms.portfolio import Frame
from finance_ppm.transforms.shares import NO_CURRENCY, UNASSIGNED

_PAGELESS = nw.lit(-1, nw.Int64)
"""The bearer of what is unassigned and of no currency, be it of a page without one or of no page at all."""
_OWN = {"program": nw.String, "name": nw.String, "status": nw.String, "start_date": nw.Date, "end_date": nw.Date}


def bearers_of(homes: Frame) -> Frame:
    """``homes`` (of ``transforms.shares``) with their ``bearer``."""
    is_nobodys = (nw.col("project") == UNASSIGNED) & (nw.col("unit") == NO_CURRENCY)
    first = nw.col("home").min().over("project", "unit")
    return homes.with_columns(nw.when(is_nobodys).then(_PAGELESS).otherwise(first).alias(KEY))


def borne(shares: Frame, bearers: Frame) -> Frame:
    """``shares`` with their ``bearer``."""
    known = bearers.select("home", KEY)
    return shares.join(known, on="home", how="left").with_columns(nw.col(KEY).fill_null(_PAGELESS))


def members_of(bearers: Frame) -> Frame:
    """The ``project`` and ``unit`` of each bearer; one that is missing is of no page."""
    return bearers.group_by(KEY).agg(nw.col("project", "unit").min())


def named(rows: Frame, members: Frame) -> Frame:
    """``rows`` of bearers with the ``project`` and ``unit`` they stand for."""
    return rows.join(members, on=KEY, how="left").with_columns(
        nw.col("project").fill_null(UNASSIGNED), nw.col("unit").fill_null(NO_CURRENCY)
    )


def pages_of(projects: Frame, bearers: Frame) -> Frame:
    """What the page of each live project says of it; ``total`` is its Budget Total."""
    live = bearers.filter(nw.col("project") != UNASSIGNED).select("project_id", KEY, "program")
    return projects.join(live, on="project_id", how="inner").select(
        *(KEY, *_OWN),
        total=nw.col("budget_total").cast(MONEY),
        is_completed=is_true(nw.col("status") == COMPLETED),
    )


def projects_of(pages: Frame, members: Frame, sums: Frame) -> Frame:
    """A row for each live project, whether it has lines or not, and for ``(unassigned)`` in each currency it has lines
    in: who it is, and its ``sums`` (of ``sums.sums_of``).
    """
    nobody = {column: nw.lit(None, dtype()) for column, dtype in _OWN.items()}
    known = {"program": nw.lit(UNASSIGNED), "name": nw.lit("Unassigned")}
    unassigned = sums.join(pages.select(KEY), on=KEY, how="anti").select(
        KEY, **(nobody | known), total=nw.lit(None, MONEY), is_completed=nw.lit(False)
    )
    rows = nw.concat([pages, unassigned]).join(sums, on=KEY, how="left")
    return named(rows, members).with_columns(
        nw.col(*AMOUNTS).fill_null(NOTHING),
        nw.col(*COUNTS).fill_null(nw.lit(0, nw.Int64)),
        k=nw.col("k").fill_null(NEUTRAL),
    )
