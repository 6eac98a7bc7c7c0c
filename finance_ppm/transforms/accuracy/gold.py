"""The two tables, put together.

Belongs here: the columns as a reader sees them. Does not belong here: comparing months (``months``), errors and bounds
(``transforms.forecast.stages``, ``transforms.forecast.intervals``).

Both are pure functions of the forecast of a day and of its earlier snapshots (contracts ``PpmForecast`` and
``PpmForecastMonthly``). Snapshots of the day or after it are not looked at.
"""

from datetime import date

import narwhals.stable.v2 as nw

from finance_ppm.contracts import content_columns
from finance_ppm.contracts.accuracy import PORTFOLIO, PpmForecastAccuracy, PpmForecastIntervals
from finance_ppm.transforms.accuracy.months import compared, scales
from finance_ppm.transforms.calendar import first_date, month_of
from finance_ppm.transforms.forecast.intervals import LEVELS, error_bounds, too_few
from finance_ppm.transforms.forecast.stages import (
    MEMBER,
    SHARE,
    STAGES,
    errors_at_stages,
    is_completed,
    last_of_months,
)
from finance_ppm.transforms.forecast.states import NOTHING, count, is_true
from finance_ppm.transforms.numeric import MONEY, from_cents, ratio, whole_division
from finance_ppm.transforms.portfolio import Frame

_ROW = (*MEMBER, "made")


def forecast_accuracy(
    snapshots: Frame, monthly_snapshots: Frame, forecast_now: Frame, monthly_now: Frame, *, as_of: date
) -> Frame:
    """Each month's forecast of each project held against what came: the content columns of ``PpmForecastAccuracy``.

    A project that is no longer there, or in another currency now, is left out, of the portfolio too.
    """
    month_ends = last_of_months(_of_days(snapshots, monthly_snapshots), as_of)
    monthly = _of_days(monthly_snapshots, month_ends).with_columns(made=month_of(nw.col("as_of_date")))
    then = _then(month_ends, forecast_now)
    row = list(_ROW)
    with_totals = nw.concat([then.select(_SUBJECT), _totals(then).select(_SUBJECT)])
    cells = compared(then.select(row), monthly, monthly_now, as_of)
    found = (
        with_totals.join(cells, on=row, how="left")
        .join(scales(then.select(row), monthly), on=row, how="left")
        .join(_stages(forecast_now, snapshots, as_of), on=[*MEMBER, "forecast_date"], how="left")
        .with_columns(
            nw.col("forecast", "actual").fill_null(NOTHING).cast(MONEY),
            nw.col("months").fill_null(nw.lit(0, nw.Int64)),
        )
        .filter((nw.col("months") > 0) | ~nw.col("final_ac").is_null())
    )
    return _measured(found).with_columns(as_of_date=nw.lit(as_of)).select(content_columns(PpmForecastAccuracy))


def forecast_intervals(snapshots: Frame, forecast_now: Frame, *, as_of: date) -> Frame:
    """How often intervals held, by stage and level: the content columns of ``PpmForecastIntervals``."""
    errors = errors_at_stages(forecast_now, last_of_months(snapshots, as_of))
    judged = nw.concat(
        [
            errors.select(
                "stage",
                level=nw.lit(level.percent, nw.Int64),
                judged=count(~_within(level.percent).is_null()),
                held=count(_within(level.percent)),
            )
            for level in LEVELS
        ]
    )
    by = ["stage", "level"]
    n, needed = nw.col("completed"), nw.col("needed")
    return (
        _each_stage_and_level(forecast_now)
        .join(error_bounds(errors), on="stage", how="left")
        .join(judged.group_by(*by).agg(nw.col("judged", "held").sum()), on=by, how="left")
        .with_columns(
            low=_of_level([nw.col(level.low) for level in LEVELS]).cast(SHARE),
            high=_of_level([nw.col(level.high) for level in LEVELS]).cast(SHARE),
            needed=_of_level([nw.lit(level.needed, nw.Int64) for level in LEVELS]),
            completed=nw.col("n").fill_null(nw.lit(0, nw.Int64)),
            judged=nw.col("judged").fill_null(nw.lit(0, nw.Int64)).cast(nw.Int64),
            held=nw.col("held").fill_null(nw.lit(0, nw.Int64)).cast(nw.Int64),
            as_of_date=nw.lit(as_of),
        )
        .with_columns(
            observed=ratio(nw.col("held"), nw.col("judged")),
            reason=too_few(n, nw.col("stage"), nw.col("level"), needed),
        )
        .select(content_columns(PpmForecastIntervals))
    )


_THEN = ("elapsed", "bac", "eac", "final_ac", "within_80", "within_90")
_SUBJECT = (*_ROW, "project_name", "forecast_date", "projects", *_THEN)


def _of_days(rows: Frame, of: Frame) -> Frame:
    """The ``rows`` of those days that ``of`` has as well."""
    return rows.join(of.select("as_of_date").unique(), on="as_of_date", how="inner")


def _then(month_ends: Frame, now: Frame) -> Frame:
    """What each month's forecast said of the projects that are still there, and what those completed since came to."""
    finals = now.select(*MEMBER, _final=nw.when(is_completed()).then(nw.col("ac")))
    return (
        month_ends.join(finals, on=list(MEMBER), how="inner")
        .with_columns(
            made=month_of(nw.col("as_of_date")),
            forecast_date=nw.col("as_of_date"),
            projects=nw.lit(1, nw.Int64),
            final_ac=nw.when(~is_completed()).then(nw.col("_final")).cast(MONEY),
        )
        .with_columns(within_80=_within(80), within_90=_within(90))
    )


def _totals(then: Frame) -> Frame:
    """The portfolio's row of each currency and month: of it alone the months are compared."""
    nothing = {
        "elapsed": nw.lit(None, nw.Float64),
        **{name: nw.lit(None, MONEY) for name in ("bac", "eac", "final_ac")},
        **{name: nw.lit(None, nw.Boolean) for name in ("within_80", "within_90")},
    }
    return (
        then.group_by("unit", "made", "forecast_date")
        .agg(nw.col("projects").sum().cast(nw.Int64))
        .with_columns(project_id=nw.lit(PORTFOLIO), project_name=nw.lit(PORTFOLIO), **nothing)
    )


def _stages(now: Frame, snapshots: Frame, as_of: date) -> Frame:
    errors = errors_at_stages(now, last_of_months(snapshots, as_of))
    return errors.select(*MEMBER, "stage", forecast_date="as_of_date")


def _within(percent: int) -> nw.Expr:
    """Whether ``final_ac`` lies in the interval that was published; null without either."""
    low, high, final = nw.col(f"eac_low_{percent}"), nw.col(f"eac_high_{percent}"), nw.col("final_ac")
    is_known = ~low.is_null() & ~high.is_null() & ~final.is_null()
    return nw.when(is_known).then((low <= final) & (final <= high))


def _measured(found: Frame) -> Frame:
    """``found`` with its errors."""
    error = (nw.col("forecast") - nw.col("actual")).cast(MONEY)
    missed = (nw.col("eac") - nw.col("final_ac")).cast(MONEY)
    months, missed_months, changes, changed = (nw.col(name) for name in ("months", "off", "changes", "changed"))
    divided = whole_division(found, missed_months, by=nw.when(months > 0).then(months))
    up = (2 * nw.col("remainder") >= months).cast(nw.Int64)
    mean, naive = ratio(missed_months, months), ratio(changed, changes)
    return divided.with_columns(
        forecast_month=first_date(nw.col("made")),
        error=error,
        bias=ratio(error, nw.col("actual").abs()),
        mean_absolute_error=nw.when(months > 0).then((nw.col("quotient") + from_cents(up)).cast(MONEY)),
        mase=nw.when(naive > 0).then(mean / naive),
        eac_error=missed,
        eac_error_ratio=nw.when(is_true(nw.col("bac") > 0)).then(ratio(missed, nw.col("bac"))),
    )


def _each_stage_and_level(frame: Frame) -> Frame:
    """``stage`` and ``level``, each pair once, on the engine of ``frame``."""
    rows = frame.select(rows=nw.len())
    for name, values in (("stage", STAGES), ("level", [level.percent for level in LEVELS])):
        text = nw.lit(",".join(map(str, values)))
        rows = (
            rows.with_columns(text.str.split(",").alias(name)).explode(name).with_columns(nw.col(name).cast(nw.Int64))
        )
    return rows.select("stage", "level")


def _of_level(values: list[nw.Expr]) -> nw.Expr:
    """The value that belongs to the row's ``level``; there is one for each of :data:`LEVELS`."""
    choices = [
        nw.when(nw.col("level") == level.percent).then(value) for level, value in zip(LEVELS, values, strict=True)
    ]
    return nw.coalesce(*choices)
