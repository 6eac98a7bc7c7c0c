"""What a fact comes to in the reporting currency, at the rate it goes by and at its project's budget rate.

Belongs here: which rate a fact goes by, and why one is left out. Does not belong here: which rates there are
(``currency.rates``), the multiplication (``currency.conversion``), what a fact is (``facts``).
"""

from datetime import date

import narwhals.stable.v2 as nw

from finance_ppm.transforms.currency.conversion import with_converted
from finance_ppm.transforms.currency.rates import Rates
from finance_ppm.transforms.portfolio import Frame

CONVERTED, UNKNOWN_CURRENCY, NO_BUDGET_RATE, NO_RATE, TOO_LARGE, CONVERTED_STALE = range(6)
"""Verdicts: what became of a fact."""
REASONS = {
    UNKNOWN_CURRENCY: "unknown_currency",
    NO_BUDGET_RATE: "no_budget_rate",
    NO_RATE: "no_rate",
    TOO_LARGE: "too_large",
}
"""Why a fact is left out of the reporting figures, in order of precedence."""

BUDGET_RATE, CLOSING_RATE = date(9999, 1, 1), date(9999, 2, 1)
"""Stand in ``rated_in`` for the month whose average a fact goes by."""

_BUDGET, _OWN = "budget", "own"
_RATE = ("mantissa", "exponent", "is_stale")


def in_reporting_currency(facts: Frame, homes: Frame, rates: Rates, as_of: date) -> Frame:
    """``facts`` with ``reporting_value``, at their own rate, ``constant_value``, at the budget rate, and ``verdict``.

    A fact has a ``home``, a ``unit``, a ``value``, and ``rated_in``: the first of the month whose average it goes by,
    :data:`BUDGET_RATE` or :data:`CLOSING_RATE`. Both values are null where the verdict is a reason.
    """
    is_at_budget = nw.col("rated_in") == BUDGET_RATE
    rated = (
        facts.join(_budget_rates(homes, rates, as_of), on="home", how="left")
        .join(_own_rates(rates, as_of), on=["unit", "rated_in"], how="left")
        .with_columns(
            nw.when(is_at_budget)
            .then(nw.col(f"{_BUDGET}_{cell}"))
            .otherwise(nw.col(f"{_OWN}_{cell}"))
            .alias(f"{_OWN}_{cell}")
            for cell in _RATE
        )
    )
    return _judged(with_converted(rated, "value", {"reporting_value": _OWN, "constant_value": _BUDGET}), rates)


def _budget_rates(homes: Frame, rates: Rates, as_of: date) -> Frame:
    """The rate of every home at its start, or on ``as_of`` where that is earlier.

    ``is_known`` is true where there was any rate of its currency yet, and null elsewhere.
    """
    start, today = nw.col("start_date"), nw.lit(as_of)
    known = rates.daily.select("unit").unique().with_columns(is_known=nw.lit(value=True))
    return (
        homes.select("home", "unit", day=nw.when(start > today).then(today).otherwise(start))
        .join(rates.daily.select("unit", "day", *_named(_BUDGET)), on=["unit", "day"], how="left")
        .join(known, on="unit", how="left")
        .drop("unit", "day")
    )


def _own_rates(rates: Rates, as_of: date) -> Frame:
    """The averages of every month, and the closing rates."""
    closing = rates.daily.filter(nw.col("day") == nw.lit(as_of))
    return nw.concat(
        [
            rates.monthly.select("unit", nw.col("period").alias("rated_in"), *_named(_OWN)),
            closing.select("unit", nw.lit(CLOSING_RATE).alias("rated_in"), *_named(_OWN)),
        ]
    )


def _named(rate: str) -> list[nw.Expr]:
    return [nw.col(cell).alias(f"{rate}_{cell}") for cell in _RATE]


def _judged(facts: Frame, rates: Rates) -> Frame:
    is_stale = (nw.col(f"{_OWN}_is_stale") | nw.col(f"{_BUDGET}_is_stale")).fill_null(value=False)
    values = ("reporting_value", "constant_value")
    is_too_large = nw.col(values[0]).is_null() | nw.col(values[1]).is_null()
    is_own, verdict = nw.col("unit") == rates.reporting, nw.col("verdict")
    judged = facts.with_columns(
        verdict=nw.when(is_own)
        .then(nw.lit(CONVERTED))
        .when(nw.col("is_known").is_null())
        .then(nw.lit(UNKNOWN_CURRENCY))
        .when(nw.col(f"{_BUDGET}_mantissa").is_null())
        .then(nw.lit(NO_BUDGET_RATE))
        .when(nw.col(f"{_OWN}_mantissa").is_null())
        .then(nw.lit(NO_RATE))
        .when(is_too_large)
        .then(nw.lit(TOO_LARGE))
        .when(is_stale)
        .then(nw.lit(CONVERTED_STALE))
        .otherwise(nw.lit(CONVERTED))
        .cast(nw.Int64)
    )
    is_left_out = verdict.is_in(list(REASONS))
    return judged.with_columns(
        nw.when(is_own).then(nw.col("value")).when(~is_left_out).then(nw.col(name)).alias(name) for name in values
    )
