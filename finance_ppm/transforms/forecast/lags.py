"""How long after its commitment a line is invoiced: the median lag of its vendor, its category, the portfolio.

Belongs here: the medians, and which of them speaks for a share. Does not belong here: what is done with it
(``placing``).
"""

from datetime import date

import narwhals.stable.v2 as nw

from finance_ppm.transforms.calendar import ordinal
from finance_ppm.transforms.portfolio import Frame
from finance_ppm.transforms.shares import NONE

ENOUGH = 5
"""Lines that a median needs to speak for others."""
_PORTFOLIO = "portfolio"


def with_lag(shares: Frame, lines: Frame, as_of: date) -> Frame:
    """``shares`` with the ``lag`` in days that live ``lines`` lead to expect; null where these are too few."""
    return shares.join(_lags(_counted(lines, as_of)), on=["vendor", "category"], how="left")


def _counted(lines: Frame, as_of: date) -> Frame:
    """How many ``lines`` there are by vendor, category and the ``days`` from commitment to invoice: none where these
    are unknown.
    """
    committed, invoiced = nw.col("committed_date"), nw.col("invoice_date")
    is_telling = (invoiced <= nw.lit(as_of)) & (invoiced >= committed)
    return (
        lines.select(
            vendor=_named("vendor"),
            category=_named("category"),
            days=nw.when(is_telling).then(ordinal(invoiced) - ordinal(committed)),
        )
        .group_by("vendor", "category", "days")
        .agg(lines=nw.len().cast(nw.Int64))
        .with_columns(
            portfolio=nw.lit(_PORTFOLIO),
            lines=nw.when(~nw.col("days").is_null()).then(nw.col("lines")).otherwise(nw.lit(0, nw.Int64)),
        )
    )


def _lags(counted: Frame) -> Frame:
    """The ``lag`` of each vendor and category: the median of the vendor, else the category, else the portfolio."""
    levels = ("vendor", "category", _PORTFOLIO)
    lines = nw.col("lines")
    order = ["days", "vendor", "category"]
    running = counted.with_columns(
        *(lines.cum_sum().over(level, order_by=order).alias(f"until_{level}") for level in levels),
        *(lines.sum().over(level).alias(f"all_{level}") for level in levels),
    )
    # The first days that half of the lines do not exceed: of an even number the lower middle one.
    return (
        running.with_columns(
            nw.when(
                (nw.col(f"all_{level}") >= ENOUGH)
                & (2 * nw.col(f"until_{level}") >= nw.col(f"all_{level}"))
                & (nw.col(level) != NONE)
            )
            .then(nw.col("days"))
            .alias(f"from_{level}")
            for level in levels
        )
        .with_columns(nw.col(f"from_{level}").min().over(level).alias(f"median_{level}") for level in levels)
        .group_by("vendor", "category")
        .agg(nw.col(f"median_{level}").min() for level in levels)
        .select("vendor", "category", lag=nw.coalesce(*(f"median_{level}" for level in levels)))
    )


def _named(column: str) -> nw.Expr:
    name = nw.col(column).fill_null(NONE)
    return nw.when(name == "").then(nw.lit(NONE)).otherwise(name)
