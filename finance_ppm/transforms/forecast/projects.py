"""The rows of the forecast: which projects there are.

Belongs here: who they are. Does not belong here: any figure.
"""

import narwhals.stable.v2 as nw

from finance_ppm.transforms.forecast.budgets import COMPLETED
from finance_ppm.transforms.forecast.factor import NEUTRAL
from finance_ppm.transforms.forecast.states import KEY, NOTHING, is_true
from finance_ppm.transforms.forecast.sums import AMOUNTS, COUNTS
from finance_ppm.transforms.numeric import MONEY
from finance_ppm.transforms.portfolio import Frame
from finance_ppm.transforms.shares import UNASSIGNED

_OWN = {"program": nw.String, "name": nw.String, "status": nw.String, "start_date": nw.Date, "end_date": nw.Date}


def pages_of(projects: Frame, homes: Frame) -> Frame:
    """What the page of each live project says of it; ``total`` is its Budget Total."""
    live = homes.filter(nw.col("project") != UNASSIGNED).select("project_id", *KEY, "program")
    return projects.join(live, on="project_id", how="inner").select(
        *(*KEY, *_OWN),
        total=nw.col("budget_total").cast(MONEY),
        is_completed=is_true(nw.col("status") == COMPLETED),
    )


def projects_of(pages: Frame, sums: Frame) -> Frame:
    """A row for each live project, whether it has lines or not, and for ``(unassigned)`` in each currency it has lines
    in: who it is, and its ``sums`` (of ``sums.sums_of``).
    """
    nobody = {column: nw.lit(None, dtype()) for column, dtype in _OWN.items()}
    named = {"program": nw.lit(UNASSIGNED), "name": nw.lit("Unassigned")}
    unassigned = sums.filter(nw.col("project") == UNASSIGNED).select(
        *KEY, **(nobody | named), total=nw.lit(None, MONEY), is_completed=nw.lit(False)
    )
    return (
        nw.concat([pages, unassigned])
        .join(sums, on=list(KEY), how="left")
        .with_columns(
            nw.col(*AMOUNTS).fill_null(NOTHING),
            nw.col(*COUNTS).fill_null(nw.lit(0, nw.Int64)),
            k=nw.col("k").fill_null(NEUTRAL),
        )
    )
