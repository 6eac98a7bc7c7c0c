"""How far off earlier forecasts of completed projects were, at a quarter, half and three quarters of their time.

Belongs here: which snapshot speaks of which stage, and its error. Does not belong here: what follows from errors
(``intervals``). What is defined, and why: docs/decisions/forecast-accuracy.md.
"""

from datetime import date
from decimal import Decimal
from itertools import pairwise

import narwhals.stable.v2 as nw

from finance_ppm.transforms.calendar import first_of, month_number, month_of
from finance_ppm.transforms.forecast.budgets import COMPLETED
from finance_ppm.transforms.forecast.states import is_true
from finance_ppm.transforms.numeric import MONEY, Digits, in_cents, multiple, product, quotient
from finance_ppm.transforms.portfolio import Frame

STAGES = (25, 50, 75)
"""Percent of a project's time."""
FROM, UNTIL = 12.5, 87.5
"""Percent of its time from which on, and before which, a project is at a stage: the nearest."""
MEMBER = ("project_id", "unit")
SHARE = nw.Decimal(10, 6)
"""A share of BAC: six digits after the point, and at most :data:`_MOST` in size."""
LARGEST = 10**13
"""A BAC beyond it scales nothing: 1,000 times its cents are what an ``Int64`` holds."""

_MOST = 1_000
_SURE = 9
"""Digits of a percentage that a double is sure of: beyond them two as near would not be."""
_STEPS = nw.lit(1_000, nw.Int64)


def last_of_months(snapshots: Frame, as_of: date) -> Frame:
    """Of each month before that of ``as_of`` its last snapshot: what the history keeps for ever."""
    past = snapshots.filter(nw.col("as_of_date") < nw.lit(first_of(month_number(as_of))))
    days = past.group_by(month_of(nw.col("as_of_date")).alias("month")).agg(nw.col("as_of_date").max())
    return past.join(days.select("as_of_date"), on="as_of_date", how="inner")


def is_completed() -> nw.Expr:
    """Whether the project has come to its end."""
    return is_true(nw.col("status") == COMPLETED)


def has_scale() -> nw.Expr:
    """Whether there is a BAC that errors can be measured by."""
    return is_true((nw.col("bac") > 0) & (nw.col("bac") <= nw.lit(Decimal(LARGEST)).cast(MONEY)))


def stage() -> nw.Expr:
    """The stage that is nearest to ``elapsed``; null where there is none within 12.5 points. A point between two
    belongs to the later.
    """
    elapsed = nw.col("elapsed")
    found = nw.when(is_true(elapsed < FROM / 100) | is_true(elapsed >= UNTIL / 100)).then(nw.lit(None, nw.Int64))
    for here, following in pairwise(STAGES):
        found = found.when(elapsed < (here + following) / 200).then(nw.lit(here, nw.Int64))
    return found.when(~elapsed.is_null()).then(nw.lit(STAGES[-1], nw.Int64))


def finals_of(now: Frame, month_ends: Frame) -> Frame:
    """``final_ac`` of each project that is completed ``now``; and of each that is no longer there, in any currency, and
    was completed at the last month end that saw it: who tidies up takes nothing away from what is known.
    """
    gone = month_ends.join(now.select("project_id").unique(), on="project_id", how="anti")
    last = gone.with_columns(_last=nw.col("as_of_date").max().over("project_id")).filter(
        nw.col("as_of_date") == nw.col("_last")
    )
    seen = nw.concat([frame.select(*MEMBER, "status", "ac") for frame in (now, last)])
    return seen.filter(is_completed()).select(*MEMBER, final_ac="ac")


def errors_at_stages(now: Frame, month_ends: Frame) -> Frame:
    """For each project that is completed ``now`` and each stage that a snapshot of it speaks of, that snapshot, with
    its ``stage``, the ``final_ac`` of now, and its ``error``: (final AC - EAC) / BAC, as a :data:`SHARE`.

    ``month_ends`` are those of :func:`last_of_months`. Of several the nearest to the stage speaks, of two as near the
    earlier one; those of a project already completed say nothing, nor those without a BAC.
    """
    finals = finals_of(now, month_ends)
    told = (
        month_ends.filter(~is_completed() & has_scale())
        .with_columns(stage=stage())
        .filter(~nw.col("stage").is_null())
        .join(finals, on=list(MEMBER), how="inner")
        .with_columns(_away=(nw.col("elapsed") * 100 - nw.col("stage").cast(nw.Float64)).abs().round(_SURE))
        .with_columns(_rank=nw.col("stage").cum_count().over(*MEMBER, "stage", order_by=["_away", "as_of_date"]))
        .filter(nw.col("_rank") == 1)
        .drop("_away", "_rank")
    )
    return _with_error(told)


def _with_error(told: Frame) -> Frame:
    """``told`` with ``error``, rounded half away from zero to six digits, one after the other as on paper."""
    missed, bac = nw.col("final_ac") - nw.col("eac"), nw.col("bac")
    size, whole, rest = (nw.col(name) for name in ("_size", "_whole", "_rest"))
    ones, thousandths = nw.col("_ones"), nw.col("_thousandths")
    digits = (
        told.with_columns(
            _size=in_cents(
                nw.when(missed.abs() > multiple(bac, _MOST)).then(multiple(bac, _MOST)).otherwise(missed.abs())
            ),
            _whole=in_cents(bac),
        )
        .with_columns(_ones=quotient(size, whole))
        .with_columns(_rest=(size - ones * whole) * _STEPS)
        .with_columns(_thousandths=quotient(rest, whole))
        .with_columns(_rest=(rest - thousandths * whole) * _STEPS)
        .with_columns(_millionths=quotient(rest, whole))
        .with_columns(_rest=rest - nw.col("_millionths") * whole)
    )
    millionths = (ones * _STEPS + thousandths) * _STEPS + nw.col("_millionths") + (2 * rest >= whole).cast(nw.Int64)
    share = product(
        nw.when(missed < 0).then(-millionths).otherwise(millionths),
        nw.lit(Decimal("0.000001")),
        left_digits=Digits(10, 0),
        right_digits=Digits(7, 6),
    )
    return digits.with_columns(error=share.cast(SHARE)).drop(
        "_size", "_whole", "_ones", "_thousandths", "_millionths", "_rest"
    )
