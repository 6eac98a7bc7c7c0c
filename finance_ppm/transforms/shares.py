"""Who bears a line: the project, program and currency it counts under, and its split among several projects.

Belongs here: where an amount goes. Does not belong here: which metric and month it is (``facts``).
"""

import narwhals.stable.v2 as nw

from finance_ppm.transforms.numeric import MONEY, share_to_the_cent
from finance_ppm.transforms.portfolio import Frame

UNASSIGNED = "(unassigned)"
NONE = "(none)"
NO_CURRENCY = "XXX"
"""ISO 4217's code for no currency."""

MEMBERS = ("project", "program", "category", "vendor", "unit")
ONCE = ("once_in_project", "once_in_program", "once_in_unit")
"""1 on one of a line's shares within the same project, program or currency, and 0 on its others: what counts lines."""

_COLUMNS = (
    "home",
    *MEMBERS,
    *ONCE,
    "has_total",
    "amount",
    "actual_amount",
    "committed_date",
    "invoice_date",
    "paid_date",
)


def homes_of(projects: Frame, live_programs: Frame) -> Frame:
    """For every project page, archived or not: the ``project``, ``program`` and ``unit`` that its lines count under.

    ``home`` numbers the pages: what is told apart by a number is summed in half the time. ``has_total`` says that the
    project is live and has a Budget Total to reserve from. ``start_date`` is a live project's: what is unassigned has
    none.
    """
    homes = projects.join(live_programs.select("program_id", program=nw.col("program_id")), on="program_id", how="left")
    is_live = ~nw.col("is_archived")
    unassigned = nw.lit(UNASSIGNED)
    return homes.with_row_index("home", order_by="project_id").select(
        "project_id",
        nw.col("home").cast(nw.Int64),
        "budget_total",
        project=nw.when(is_live).then(nw.col("project_id")).otherwise(unassigned),
        program=nw.when(is_live).then(nw.coalesce(nw.col("program"), unassigned)).otherwise(unassigned),
        unit=nw.col("currency").fill_null(NO_CURRENCY),
        has_total=is_live & (nw.col("budget_total") > 0).fill_null(False),
        start_date=nw.when(is_live).then(nw.col("start_date")),
    )


def shares_of(lines: Frame, homes: Frame) -> Frame:
    """One row for each project a line names (and one for a line that names none), with its part of the amounts.

    ``home`` is null where there is no page of the project.
    """
    lines = lines.with_columns(
        category=_named("category"),
        vendor=_named("vendor"),
        parts=nw.col("project_ids").list.len().cast(nw.Int64).fill_null(0),
    )
    whole = _placed(lines.filter(nw.col("parts") <= 1).explode("project_ids"), homes).with_columns(
        nw.col("amount", "actual_amount").cast(MONEY), *(nw.lit(1, nw.Int8).alias(name) for name in ONCE)
    )
    split = _placed(_ranked(lines.filter(nw.col("parts") > 1)), homes).with_columns(
        amount=share_to_the_cent(nw.col("amount"), parts=nw.col("parts"), rank=nw.col("rank")),
        actual_amount=share_to_the_cent(nw.col("actual_amount"), parts=nw.col("parts"), rank=nw.col("rank")),
        once_in_project=_first_in("unit", "program", "project"),
        once_in_program=_first_in("unit", "program"),
        once_in_unit=_first_in("unit"),
    )
    return nw.concat([whole.select(*_COLUMNS), split.select(*_COLUMNS)])


def _ranked(lines: Frame) -> Frame:
    """A row per project of each line, with its ``rank`` from 1: the first two in the line's order, the rest by id.

    SQL engines lose the order within an exploded list, so the first two are told apart beforehand.
    """
    ids = nw.col("project_ids")
    named = lines.with_columns(first=ids.list.get(0), second=ids.list.get(1)).explode("project_ids")
    return named.with_columns(
        position=nw.when(ids == nw.col("first"))
        .then(nw.lit(1))
        .when(ids == nw.col("second"))
        .then(nw.lit(2))
        .otherwise(nw.lit(3))
    ).with_columns(
        rank=nw.col("position").cum_count().over("budget_line_id", order_by=["position", "project_ids"]).cast(nw.Int64)
    )


def _first_in(*scope: str) -> nw.Expr:
    return (nw.col("rank") == nw.col("rank").min().over("budget_line_id", *scope)).cast(nw.Int8)


def _placed(shares: Frame, homes: Frame) -> Frame:
    homes = homes.drop("budget_total", "start_date")
    return shares.join(homes, left_on="project_ids", right_on="project_id", how="left").with_columns(
        nw.col("project", "program").fill_null(UNASSIGNED),
        nw.col("unit").fill_null(NO_CURRENCY),
        nw.col("has_total").fill_null(False),
    )


def _named(column: str) -> nw.Expr:
    name = nw.col(column).fill_null(NONE)
    return nw.when(name == "").then(nw.lit(NONE)).otherwise(name)
