"""Which amounts a share carries, and in which month.

Belongs here: the definitions of budget, committed, actual and reserve. Does not belong here: how they are
summed (``cells``).

A fact is a kind, a month, the members it counts under, a value, and the line it counts (``once_in_*``). Kinds
are finer than metrics: an actual is MATCHED where its line's budget is in the same month, so that variance
counts the line once, and EXCLUDED where it lies after the as-of day.
"""

from datetime import date
from decimal import Decimal

import narwhals.stable.v2 as nw

from finance_ppm.transforms.numeric import MONEY
from finance_ppm.transforms.portfolio import Frame
from finance_ppm.transforms.shares import MEMBERS, ONCE

BUDGET, COMMITTED, ACTUAL, MATCHED, EXCLUDED = "budget", "committed", "actual", "matched", "excluded"
KINDS = (BUDGET, COMMITTED, ACTUAL, MATCHED, EXCLUDED)
RESERVE = "(reserve)"
UNDATED = date(1900, 1, 1)
"""The period of amounts that belong to no month."""

_TAKEN = "taken"
"""What a share takes from its project's reserve: a budget fact of its own."""


def facts_of(shares: Frame, homes: Frame, as_of: date) -> Frame:
    """Every fact of ``shares``, and the reserves of the projects in ``homes``, as ``as_of`` saw them."""
    return nw.concat([_of_shares(shares, as_of), _of_totals(homes)])


def _of_shares(shares: Frame, as_of: date) -> Frame:
    """A row for each kind that a share has an amount of.

    - budget: the amount, in the month of the commitment, else the invoice, else the payment;
    - committed: what is still to come, by ``as_of``, of a line committed and neither invoiced nor paid;
    - actual: what was spent, in the month of the invoice, else the payment. Spent on no day it counts to date, in
      no month; on a day after ``as_of`` it is excluded.
    """
    committed_date, invoice_date, paid_date = nw.col("committed_date"), nw.col("invoice_date"), nw.col("paid_date")
    recognised = nw.coalesce(invoice_date, paid_date)
    is_future = _is_true(nw.lit(as_of) < recognised)
    is_open = _is_true(committed_date <= as_of) & ~_is_true(invoice_date <= as_of) & ~_is_true(paid_date <= as_of)
    dated = shares.with_columns(
        planned_month=_month(nw.coalesce(committed_date, invoice_date, paid_date)),
        recognised_month=_month(recognised),
        is_open=is_open,
        is_future=is_future,
    )

    amount, actual, zero = nw.col("amount"), nw.col("actual_amount"), nw.lit(Decimal(0)).cast(MONEY)
    is_matched = ~amount.is_null() & (nw.col("planned_month") == nw.col("recognised_month"))
    still_to_come = nw.max_horizontal(amount - nw.max_horizontal(actual, zero), zero)
    values = {  # null: no fact of this kind
        BUDGET: amount,
        COMMITTED: nw.when(nw.col("is_open") & (amount > 0)).then(still_to_come),
        ACTUAL: nw.when(~nw.col("is_future") & ~is_matched).then(actual),
        MATCHED: nw.when(~nw.col("is_future") & is_matched).then(actual),
        EXCLUDED: nw.when(nw.col("is_future")).then(actual),
        _TAKEN: nw.when(nw.col("has_total")).then(-amount),
    }
    months = ("planned_month", "recognised_month")
    facts = (
        dated.select(*MEMBERS, *ONCE, *months, *(value.cast(MONEY).alias(kind) for kind, value in values.items()))
        .unpivot(on=list(values), index=[*MEMBERS, *ONCE, *months], variable_name="kind", value_name="value")
        .filter(~nw.col("value").is_null())
    )

    kind = nw.col("kind")
    is_taken = kind == _TAKEN
    return facts.select(
        *("project", "program", "unit"),
        *(
            nw.when(is_taken).then(nw.lit(RESERVE)).otherwise(nw.col(name)).alias(name)
            for name in ("category", "vendor")
        ),
        *(nw.when(is_taken).then(nw.lit(0, nw.Int64)).otherwise(nw.col(name)).alias(name) for name in ONCE),
        nw.when(is_taken).then(nw.lit(BUDGET)).otherwise(kind).alias("kind"),
        nw.when(is_taken)
        .then(nw.lit(UNDATED))
        .when(kind.is_in([BUDGET, COMMITTED]))
        .then(nw.col("planned_month"))
        .otherwise(nw.col("recognised_month"))
        .alias("period"),
        "value",
    )


def _of_totals(homes: Frame) -> Frame:
    """The totals that reserves are left of: budget that is undated and of no line."""
    return homes.filter(nw.col("has_total")).select(
        *("project", "program", "unit"),
        *(nw.lit(RESERVE).alias(name) for name in ("category", "vendor")),
        *(nw.lit(0, nw.Int64).alias(name) for name in ONCE),
        nw.lit(BUDGET).alias("kind"),
        nw.lit(UNDATED).alias("period"),
        nw.col("budget_total").cast(MONEY).alias("value"),
    )


def _month(day: nw.Expr) -> nw.Expr:
    """First of the month of ``day``; a cast, since some engines truncate a date to a timestamp."""
    return day.dt.truncate("1mo").cast(nw.Date).fill_null(UNDATED)


def _is_true(condition: nw.Expr) -> nw.Expr:
    return condition.fill_null(False)
