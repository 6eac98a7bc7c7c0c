"""Every condition of a project's health, the worst first, and what is said where there is none.

Belongs here: their order, and those of risks and data quality. Money is ``cost``, time ``schedule``. Does not belong
here: points (``scores``), and how the colours of a project's conditions become its own (``gold``).

A sentence ends with the threshold it was judged by.
"""

import narwhals.stable.v2 as nw

from finance_ppm.transforms.health.condition import Colour, Condition, Dimension
from finance_ppm.transforms.health.cost import against_budget, cost_conditions, stands
from finance_ppm.transforms.health.facts import RISK_UNITS
from finance_ppm.transforms.health.figures import counted, in_words, plain, said
from finance_ppm.transforms.health.schedule import schedule_conditions
from finance_ppm.transforms.health.scores import whole_tenths
from finance_ppm.transforms.health.thresholds import DataQualityThresholds, HealthThresholds, RiskThresholds


def conditions(thresholds: HealthThresholds) -> tuple[Condition, ...]:
    """Every condition, the worst colour first, within a colour by dimension."""
    told = [
        *cost_conditions(thresholds.cost),
        *schedule_conditions(thresholds.schedule),
        *_risk(thresholds.risk),
        *_data_quality(thresholds.data_quality),
    ]
    worst_first = list(Colour)
    return tuple(sorted(told, key=lambda condition: worst_first.index(condition.colour)))


def on_track(thresholds: HealthThresholds) -> nw.Expr:
    """The sentence for a project of which nothing worse than green can be said: of one that is completed, nothing of
    what is to come.
    """
    cost, schedule, risk = thresholds.cost, thresholds.schedule, thresholds.risk
    pace = (
        "it is not past its end, and its spending not more than "
        f"{plain(schedule.spend_ahead_beyond)} points ahead of its time; "
    )
    is_completed = nw.col("is_completed")
    return said(
        nw.when(is_completed).then(nw.lit("In order: ")).otherwise(nw.lit("On track: ")),
        stands(),
        " ",
        against_budget(),
        f" (amber beyond {plain(cost.amber_beyond)} % over); ",
        nw.when(~is_completed).then(nw.lit(pace)),
        "its open risks come to ",
        _exposure(),
        f" (amber from {plain(risk.amber_from)}), and its data quality to ",
        in_words(nw.col("data_quality")),
        f" points (amber below {plain(thresholds.data_quality.amber_below)}).",
    )


def _risk(thresholds: RiskThresholds) -> list[Condition]:
    critical = nw.col("critical_risks")
    amber = int(thresholds.amber_from * RISK_UNITS)
    return [
        Condition(
            "critical_risk",
            Dimension.RISK,
            Colour.RED,
            critical > 0,
            said(
                "it has ",
                counted(critical, "open risk", "open risks"),
                " of critical severity and high probability (red from 1)",
            ),
        ),
        Condition(
            "risk_exposure",
            Dimension.RISK,
            Colour.AMBER,
            nw.col("exposure") >= amber,
            said(
                *("its ", counted(nw.col("open_risks"), "open risk comes", "open risks come"), " to an exposure of "),
                *(_exposure(), f" (amber from {plain(thresholds.amber_from)})"),
            ),
        ),
    ]


def _data_quality(thresholds: DataQualityThresholds) -> list[Condition]:
    errors, warnings = nw.col("error_findings"), nw.col("warn_findings")
    return [
        Condition(
            "poor_data",
            Dimension.DATA_QUALITY,
            Colour.AMBER,
            nw.col("data_quality") < whole_tenths(thresholds.amber_below),
            said(
                *(counted(errors, "error", "errors"), " and ", counted(warnings, "warning", "warnings"), " leave it "),
                *(in_words(nw.col("data_quality")), f" points (amber below {plain(thresholds.amber_below)})"),
            ),
        )
    ]


def _exposure() -> nw.Expr:
    """The exposure with two digits after the point, the next below: what is not amber yet does not read so."""
    hundredths = nw.col("exposure") // (RISK_UNITS // 100)
    return said((hundredths // 100).cast(nw.String), ".", (hundredths % 100).cast(nw.String).str.zfill(2))
