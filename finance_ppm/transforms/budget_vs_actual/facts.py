"""Which amounts a share carries, and in which month.

Belongs here: the definitions of budget, committed, actual and reserve. Does not belong here: how they are
summed (``cells``), how they are converted (``reporting``).

A fact is a kind, a month, the members it counts under, a value, the line it counts (``once_in_*``), and which rate it
goes by. Kinds are finer than metrics: an actual is MATCHED where its line's budget is in the same month, so that
variance counts the line once, and EXCLUDED where it lies after the as-of day. A budget is TAKING where its project has
a total: what the lines leave of that is a reserve, and shows once they are summed (``cells``). So what such a project
has of budget comes to its total, to the cent, in the reporting currency too.
"""

from datetime import date
from decimal import Decimal
from enum import IntEnum

import narwhals.stable.v2 as nw

from finance_ppm.transforms.budget_vs_actual.reporting import BUDGET_RATE, CLOSING_RATE
from finance_ppm.transforms.numeric import MONEY
from finance_ppm.transforms.portfolio import Frame
from finance_ppm.transforms.shares import ONCE

BUDGET, COMMITTED, ACTUAL = "budget", "committed", "actual"
"""Metrics that are summed of facts."""
RESERVE = "(reserve)"
UNDATED = date(1900, 1, 1)
"""The period of amounts that belong to no month."""


class Kind(IntEnum):
    """What a fact is, by number: a million of them are told apart."""

    BUDGET, TAKING, COMMITTED, ACTUAL, MATCHED, EXCLUDED = range(6)


_BEARERS = ("home", "category", "vendor", "unit", *ONCE)


def facts_of(shares: Frame, as_of: date) -> Frame:
    """Every fact of ``shares`` as ``as_of`` saw it: a row for each kind that a share has an amount of.

    - budget: the amount, in the month of the commitment, else the invoice, else the payment;
    - committed: what is still to come, by ``as_of``, of a line committed and neither invoiced nor paid;
    - actual: what was spent, in the month of the invoice, else the payment. Spent on no day it counts to date, in
      no month; on a day after ``as_of`` it is excluded.
    """
    committed_date, invoice_date, paid_date = nw.col("committed_date"), nw.col("invoice_date"), nw.col("paid_date")
    recognised = nw.coalesce(invoice_date, paid_date)
    is_open = _is_true(committed_date <= as_of) & ~_is_true(invoice_date <= as_of) & ~_is_true(paid_date <= as_of)
    dated = shares.with_columns(
        planned_month=_month(nw.coalesce(committed_date, invoice_date, paid_date)),
        recognised_month=_month(recognised),
        is_open=is_open,
    )
    amount, zero = nw.col("amount"), nw.lit(Decimal(0)).cast(MONEY)
    spent = nw.when(~_is_true(recognised > as_of)).then(nw.col("actual_amount"))
    is_matched = ~amount.is_null() & (nw.col("planned_month") == nw.col("recognised_month"))
    still_to_come = nw.max_horizontal(amount - nw.max_horizontal(spent, zero), zero)
    values = {  # null: no fact of this kind
        BUDGET: amount,
        COMMITTED: nw.when(nw.col("is_open") & (amount > 0)).then(still_to_come),
        ACTUAL: nw.col("actual_amount"),
    }
    said = {
        "planned_month": nw.col("planned_month"),
        "recognised_month": nw.col("recognised_month"),
        "is_undated": recognised.is_null(),
        "budget_as": nw.when(nw.col("has_total")).then(_is(Kind.TAKING)).otherwise(_is(Kind.BUDGET)),
        "actual_as": nw.when(recognised > as_of)
        .then(_is(Kind.EXCLUDED))
        .when(is_matched)
        .then(_is(Kind.MATCHED))
        .otherwise(_is(Kind.ACTUAL)),
    }
    facts = (
        dated.select(*_BEARERS, **said, **{kind: value.cast(MONEY) for kind, value in values.items()})
        .unpivot(on=list(values), index=[*_BEARERS, *said], variable_name="metric", value_name="value")
        .filter(~nw.col("value").is_null())
    )
    is_budget, is_actual = nw.col("metric") == BUDGET, nw.col("metric") == ACTUAL
    return facts.select(
        *_BEARERS,
        "value",
        kind=nw.when(is_budget)
        .then(nw.col("budget_as"))
        .when(is_actual)
        .then(nw.col("actual_as"))
        .otherwise(_is(Kind.COMMITTED)),
        period=nw.when(is_actual).then(nw.col("recognised_month")).otherwise(nw.col("planned_month")),
        rated_in=nw.when(is_budget)
        .then(nw.lit(BUDGET_RATE))
        .when(~is_actual | nw.col("is_undated"))
        .then(nw.lit(CLOSING_RATE))
        .otherwise(nw.col("recognised_month")),
    )


def totals_of(homes: Frame) -> Frame:
    """The totals that reserves are left of: budget that is undated and of no line."""
    return homes.filter(nw.col("has_total")).select(
        "home",
        *(nw.lit(RESERVE).alias(name) for name in ("category", "vendor")),
        "unit",
        *(nw.lit(0, nw.Int8).alias(name) for name in ONCE),
        nw.col("budget_total").cast(MONEY).alias("value"),
        kind=_is(Kind.BUDGET),
        period=nw.lit(UNDATED),
        rated_in=nw.lit(BUDGET_RATE),
    )


def _is(kind: Kind) -> nw.Expr:
    return nw.lit(kind.value, nw.Int64)


def _month(day: nw.Expr) -> nw.Expr:
    """First of the month of ``day``; a cast, since some engines truncate a date to a timestamp."""
    return day.dt.truncate("1mo").cast(nw.Date).fill_null(UNDATED)


def _is_true(condition: nw.Expr) -> nw.Expr:
    return condition.fill_null(value=False)
