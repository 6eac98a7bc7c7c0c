"""Allocated savings summed up: by category, impact, project and subscription, and all together.

Belongs here: grouping, names and identifiers. Does not belong here: what of an amount may be added up (``verdicts``).

Amounts of different currencies are never added: a row speaks of one. The SQL engines plan every use of a frame anew,
so rows are multiplied by ``unpivot``, not by a union of several queries on one frame.
"""

from datetime import date

import narwhals.stable.v2 as nw

from finance_ppm.transforms.keys import escaped
from finance_ppm.transforms.numeric import MONEY
from finance_ppm.transforms.portfolio import Frame
from finance_ppm.transforms.savings.active import OPEN_STATES
from finance_ppm.transforms.savings.offers import NO_CURRENCY

_ALL = "all"
_MEMBERS = (_ALL, "category", "impact", "project", "subscription")
_TOLD_OF_MEMBERS = ("currency", "project_name", "subscription_name")
_KEY = ("dimension", "dimension_id", "currency")
_COUNTS = ("open_count", "new_count", "suppressed_count", "resolved_count", "unknown_count")
_SUMS = ("gross_annual_savings", "achievable_conservative", "achievable_maximum")
_NONE = "(none)"
_NO_MONEY = nw.lit(0).cast(MONEY)


def summed(allocations: Frame, as_of: date) -> Frame:
    """The content columns of ``AdvisorSummary``, from rows of ``allocation.allocated`` with ``subscription_name``.

    Each dimension adds up to ``all`` in its amounts, and in its counts but for projects: a recommendation counts once
    in each of its projects.
    """
    sums = (
        _of_each_dimension(_alike(_told(allocations)))
        .group_by(*_KEY)
        .agg(
            nw.col("dimension_value").max(),
            nw.col(*_COUNTS).sum().cast(nw.Int64),
            nw.col(*_SUMS).sum().cast(MONEY),
            nw.col("oldest_snapshot_on").min(),
        )
    )
    key = [nw.col("dimension"), escaped(nw.col("dimension_id")), escaped(nw.col("currency"))]
    return sums.select(
        nw.concat_str(key, separator="|").alias("summary_id"),
        *("dimension", "dimension_id", "dimension_value", "currency"),
        *(*_COUNTS, *_SUMS, "oldest_snapshot_on"),
        nw.lit(as_of).alias("as_of_date"),
    )


def _told(allocations: Frame) -> Frame:
    """What each row tells: its members, what it is counted as (yes or no), and its amounts."""
    state, annual = nw.col("state"), nw.col("annual_savings")
    is_open = state.is_in(OPEN_STATES)
    is_money = ~annual.is_null() & (nw.col("currency") != NO_CURRENCY)  # of no currency it is like no other amount
    return allocations.select(
        *(*_TOLD_OF_MEMBERS, "once"),
        nw.lit(_ALL).alias(_ALL),
        _named("category"),
        _named("impact"),
        nw.col("project_id").alias("project"),
        nw.col("subscription_id").alias("subscription"),
        is_open.alias("open_count"),
        (state == "new").alias("new_count"),
        (state == "suppressed").alias("suppressed_count"),
        (state == "resolved").alias("resolved_count"),
        nw.col("unknown").alias("unknown_count"),
        nw.when(is_open & is_money).then(annual.cast(MONEY)).otherwise(_NO_MONEY).alias(_SUMS[0]),
        *(nw.col(name).cast(MONEY) for name in _SUMS[1:]),
        nw.col("snapshot_on").alias("oldest_snapshot_on"),
    )


def _alike(told: Frame) -> Frame:
    """Rows that tell the same are one, with their number (``rows``): there are far fewer before each is multiplied."""
    alike = [*_MEMBERS, *_TOLD_OF_MEMBERS, *_COUNTS, "once"]
    return told.group_by(*alike).agg(
        nw.col(*_SUMS).sum().cast(MONEY), nw.col("oldest_snapshot_on").min(), rows=nw.len().cast(nw.Int64)
    )


def _of_each_dimension(rows: Frame) -> Frame:
    """``rows`` once for each dimension, with the member they belong to, its name, and what they count there."""
    index = [*_TOLD_OF_MEMBERS, *_COUNTS, "once", "rows", *_SUMS, "oldest_snapshot_on"]
    dimension, member, number = nw.col("dimension"), nw.col("dimension_id"), nw.col("rows")
    is_project = dimension == "project"
    name = (
        nw.when(dimension == _ALL)
        .then(nw.lit("All"))
        .when(is_project)
        .then(nw.col("project_name"))
        .when(dimension == "subscription")
        .then(nw.coalesce(nw.col("subscription_name"), member))
        .otherwise(member)
    )
    counted = nw.when(is_project).then(number).otherwise(number * nw.col("once"))
    none = nw.lit(0, nw.Int64)
    return rows.unpivot(
        on=list(_MEMBERS), index=index, variable_name="dimension", value_name="dimension_id"
    ).with_columns(
        dimension_value=name,
        **{count: nw.when(nw.col(count)).then(counted).otherwise(none) for count in _COUNTS},
    )


def _named(column: str) -> nw.Expr:
    name = nw.col(column).fill_null(_NONE)
    return nw.when(name == "").then(nw.lit(_NONE)).otherwise(name).alias(column)
