"""Points: 0 to 100 for each dimension, the score they make together, and where it is heading.

Belongs here: points. Does not belong here: colours, which are not made of points (``conditions``).

Points are kept as whole tenths, so that the score is made of what is shown, and comes out the same on every engine.
"""

from decimal import Decimal

import narwhals.stable.v2 as nw

from finance_ppm.transforms.health.facts import RISK_UNITS
from finance_ppm.transforms.health.figures import mean_of_tenths, tenths
from finance_ppm.transforms.health.thresholds import (
    CostThresholds,
    DataQualityThresholds,
    HealthThresholds,
    ScheduleThresholds,
    TrendThresholds,
    Weights,
)
from finance_ppm.transforms.numeric import ratio
from finance_ppm.transforms.portfolio import Frame

_FULL = nw.lit(1000, nw.Int64)
_NONE = nw.lit(0, nw.Int64)


def with_scores(facts: Frame, thresholds: HealthThresholds) -> Frame:
    """``facts`` with ``cost``, ``schedule``, ``risk``, ``data_quality``, ``total`` and ``before`` in tenths of points,
    null where they cannot be told; ``weight``, of 100, of what could be scored; ``trend``; and two doubles: ``margin``,
    VAC by budget, and ``ahead``, the share spent less the share of time that has passed.
    """
    exposure = nw.col("exposure").cast(nw.Float64) / RISK_UNITS
    rows = facts.with_columns(margin=ratio(nw.col("vac"), nw.col("budget")), ahead=_ahead())
    rows = rows.with_columns(
        cost=_cost(thresholds.cost),
        schedule=_schedule(thresholds.schedule),
        risk=tenths((-exposure).exp() * 100),
        data_quality=_data_quality(thresholds.data_quality),
        before=nw.when(nw.col("snapshots") >= thresholds.trend.fewest).then(
            mean_of_tenths(nw.col("tenths_before"), nw.col("snapshots"))
        ),
    )
    return _with_total(rows, thresholds.weights).with_columns(trend=_trend(thresholds.trend))


def _ahead() -> nw.Expr:
    """Null where nothing is spent, for there is no such share, and in a completed project, which is but early."""
    spent = ratio(nw.col("ac"), nw.col("budget"))
    return nw.when(nw.col("has_actuals"), ~nw.col("is_completed")).then(
        spent - ratio(nw.col("passed"), nw.col("duration"))
    )


def _cost(thresholds: CostThresholds) -> nw.Expr:
    """100 where the budget holds, and from there in a straight line to 0."""
    points = nw.lit(100.0) + nw.col("margin") * (100 * 100 / float(thresholds.score_0_at))
    return nw.when(nw.col("margin") >= 0).then(_FULL).when(nw.col("margin") < 0).then(_at_least_0(points))


def _schedule(thresholds: ScheduleThresholds) -> nw.Expr:
    late = ratio(nw.col("days_late").fill_null(0), nw.col("duration")) * 100
    ahead = nw.col("ahead") * 100 - float(thresholds.spend_ahead_beyond)
    excess = nw.when(ahead > 0).then(ahead).otherwise(nw.lit(0.0))
    points = nw.lit(100.0) - late * float(thresholds.points_per_percent_late) - excess
    return nw.when(~nw.col("duration").is_null()).then(_at_least_0(points))


def _at_least_0(points: nw.Expr) -> nw.Expr:
    return tenths(points.clip(lower_bound=0.0))


def _data_quality(thresholds: DataQualityThresholds) -> nw.Expr:
    points = (
        _FULL
        - nw.col("error_findings") * whole_tenths(thresholds.points_per_error)
        - nw.col("warn_findings") * whole_tenths(thresholds.points_per_warning)
    )
    return nw.when(points > 0).then(points).otherwise(_NONE)


def _with_total(rows: Frame, weights: Weights) -> Frame:
    """``total`` and ``weight``: the mean of what could be scored, by its weights."""
    weighted = {name: nw.col(name).fill_null(0) * weight for name, weight in weights}
    present = [
        nw.when(~nw.col(name).is_null()).then(nw.lit(weight, nw.Int64)).otherwise(_NONE) for name, weight in weights
    ]
    rows = rows.with_columns(
        weighted=nw.sum_horizontal(*weighted.values()).cast(nw.Int64), weight=nw.sum_horizontal(*present).cast(nw.Int64)
    )
    return rows.with_columns(total=mean_of_tenths(nw.col("weighted"), nw.col("weight")))


def _trend(thresholds: TrendThresholds) -> nw.Expr:
    change, band = nw.col("total") - nw.col("before"), whole_tenths(thresholds.dead_band)
    return (
        nw.when(change > band)
        .then(nw.lit("up"))
        .when(change < -band)
        .then(nw.lit("down"))
        .when(~change.is_null())
        .then(nw.lit("flat"))
    )


def whole_tenths(points: Decimal) -> int:
    """Points of a threshold, which have one digit after the point, in tenths."""
    return int(points * 10)
