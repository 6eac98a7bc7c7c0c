"""What can be said of a project's time: its end, its dates, and its spending against the time that has passed."""

import narwhals.stable.v2 as nw

from finance_ppm.transforms.health.condition import Colour, Condition, Dimension
from finance_ppm.transforms.health.figures import TOTAL, counted, in_words, percent, plain, said, tenths_up
from finance_ppm.transforms.health.thresholds import ScheduleThresholds
from finance_ppm.transforms.numeric import Digits, product


def schedule_conditions(thresholds: ScheduleThresholds) -> list[Condition]:
    """Conditions of the schedule."""
    start, end = nw.col("start_date"), nw.col("end_date")
    passed, duration, ac, budget = nw.col("passed"), nw.col("duration"), nw.col("ac"), nw.col("budget")
    limit, due = thresholds.spend_ahead_beyond, thresholds.no_actuals_from
    is_idle, is_completed = ~nw.col("has_actuals"), nw.col("is_completed")
    is_early = (passed * 10_000 < duration * int(due * 100)).fill_null(False) & ~is_completed
    of_its_time = f" % of its time (amber from {plain(due)} %)"
    missing = (
        nw.when(start.is_null() & end.is_null())
        .then(nw.lit("the project has neither a start date nor an end date"))
        .when(start.is_null())
        .then(nw.lit("the project has no start date"))
        .otherwise(nw.lit("the project has no end date"))
    )
    return [
        Condition(
            "past_end",
            Dimension.SCHEDULE,
            Colour.RED,
            nw.col("days_late") > 0,
            said(
                "it is ",
                counted(nw.col("days_late"), "day", "days"),
                " past its end and not completed (red past its end)",
            ),
        ),
        Condition("dates_missing", Dimension.SCHEDULE, Colour.GREY, start.is_null() | end.is_null(), missing),
        Condition(
            "dates_reversed",
            Dimension.SCHEDULE,
            Colour.GREY,
            nw.col("is_reversed"),
            said("the project ends on ", end.cast(nw.String), ", before it starts on ", start.cast(nw.String)),
        ),
        Condition(
            "spend_ahead",
            Dimension.SCHEDULE,
            Colour.AMBER,
            ~nw.col("ahead").is_null() & _is_ahead(ac, budget, passed, duration, thresholds),
            said(
                percent(ac, budget),
                " % of its budget is spent after ",
                percent(passed, duration),
                " % of its time, ",
                in_words(tenths_up(nw.col("ahead") * 100)),
                f" points ahead (amber beyond {plain(limit)})",
            ),
        ),
        Condition(
            "no_actuals",
            Dimension.SCHEDULE,
            Colour.AMBER,
            is_idle & ~is_early,
            nw.when(is_completed)
            .then(nw.lit("it is completed, and nothing is spent (amber where nothing is)"))
            .when(duration.is_null())
            .then(
                nw.lit(f"nothing is spent, and nothing tells that it is early (amber from {plain(due)} % of its time)")
            )
            .otherwise(said("nothing is spent after ", percent(passed, duration), of_its_time)),
        ),
        Condition(
            "not_started",
            Dimension.SCHEDULE,
            Colour.GREEN,
            is_idle & is_early,
            said("it is not started: nothing is spent after ", percent(passed, duration), of_its_time),
        ),
    ]


def _is_ahead(
    ac: nw.Expr, budget: nw.Expr, passed: nw.Expr, duration: nw.Expr, thresholds: ScheduleThresholds
) -> nw.Expr:
    """AC / budget - passed / duration is more than the limit, exact: both sides by 10,000 x budget x duration."""
    limit = int(thresholds.spend_ahead_beyond * 100)
    days = Digits(11, 0)
    spent = (duration * 10_000).cast(nw.Decimal(days.precision, days.scale))
    allowed = (duration * limit + passed * 10_000).cast(nw.Decimal(days.precision, days.scale))
    return product(ac, spent, left_digits=TOTAL, right_digits=days) > product(
        budget, allowed, left_digits=TOTAL, right_digits=days
    )
