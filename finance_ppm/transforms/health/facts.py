"""What a project is judged by: its money, its time, its open risks, what is wrong with its data, and how it stood.

Belongs here: bringing these together, one row per live project, and deciding what of them can be known. Does not belong
here: what is made of them (``scores``, ``conditions``).
"""

from datetime import date, timedelta

import narwhals.stable.v2 as nw

from finance_ppm.currencies import ISO_4217
from finance_ppm.transforms.calendar import ordinal
from finance_ppm.transforms.health.figures import tenths
from finance_ppm.transforms.health.thresholds import HealthThresholds, Probabilities, RiskThresholds, Severities
from finance_ppm.transforms.portfolio import Frame
from finance_ppm.transforms.shares import NO_CURRENCY, UNASSIGNED

RISK_DIGITS = 4
RISK_UNITS = 10**RISK_DIGITS
"""Exposure is counted in ten-thousandths: severity and probability have two digits after the point each."""

_FORECAST = (
    *("bac", "reserve", "ac", "oc", "available", "vac", "eac"),
    *("run_rate_eac", "methods_disagree", "unspent_planned"),
)
_COUNTED = ("open_risks", "critical_risks", "exposure", "error_findings", "warn_findings", "snapshots", "tenths_before")


def facts_of(
    projects: Frame,
    forecast: Frame,
    risks: Frame,
    findings: Frame,
    snapshots: Frame,
    *,
    thresholds: HealthThresholds,
    as_of: date,
) -> Frame:
    """One row per live project.

    Besides columns of the forecast: ``budget`` (BAC; null where its currency is not known, so that nothing is compared
    with it), ``duration`` and ``passed`` (days from start to end, and of them until ``as_of``; null without a valid
    span), ``exposure`` in ``RISK_UNITS``, ``critical_risks`` (critical and of high probability), and of earlier
    snapshots the number and the sum of their scores in tenths.
    """
    rows = (
        projects.filter(~nw.col("is_archived"))
        .select(
            *("project_id", "status", "currency", "start_date", "end_date"),
            project_name=nw.col("name"),
            unit=nw.col("currency").fill_null(NO_CURRENCY),
            is_completed=(nw.col("status") == "Completed").fill_null(False),
        )
        .join(_of_forecast(forecast), on=["project_id", "unit"], how="left")
        .join(_of_risks(risks, thresholds.risk), on="project_id", how="left")
        .join(_of_findings(findings), on="project_id", how="left")
        .join(_of_snapshots(snapshots, thresholds, as_of), on="project_id", how="left")
    )
    return _with_span(rows, as_of).with_columns(
        nw.col("program_id").fill_null(UNASSIGNED),
        nw.col("has_actuals").fill_null(False),
        nw.col(*_COUNTED).fill_null(0),
        knows_currency=nw.col("unit").is_in(ISO_4217),
        budget=nw.when(nw.col("unit").is_in(ISO_4217)).then(nw.col("bac")),
        days_late=nw.when(~nw.col("is_reversed")).then(nw.col("days_late")),
    )


def _of_forecast(forecast: Frame) -> Frame:
    # The mean of three months is there as soon as any actual counts, be it one of 0.
    return forecast.select(
        *("project_id", "unit", "program_id", "days_late"), *_FORECAST, has_actuals=~nw.col("burn").is_null()
    )


def _of_risks(risks: Frame, thresholds: RiskThresholds) -> Frame:
    """Open risks of each project: all that are not Closed, those without a status among them."""
    is_open = (nw.col("status") != "Closed").fill_null(True)
    severity, probability = nw.col("severity"), nw.col("probability")
    bad, likely = thresholds.severity, thresholds.probability
    is_critical = ((severity == "Critical") & (probability == "High")).fill_null(False)
    return (
        risks.filter(~nw.col("is_archived"), is_open, ~nw.col("project_id").is_null())
        .select(
            "project_id",
            is_critical=is_critical.cast(nw.Int64),
            weight=_hundredths(severity, bad) * _hundredths(probability, likely),
        )
        .group_by("project_id")
        .agg(
            open_risks=nw.len().cast(nw.Int64),
            critical_risks=nw.col("is_critical").sum().cast(nw.Int64),
            exposure=nw.col("weight").sum().cast(nw.Int64),
        )
    )


def _hundredths(word: nw.Expr, values: Severities | Probabilities) -> nw.Expr:
    """What a word counts, in hundredths; one that is missing or not known counts as medium."""
    counts = {name: nw.lit(int(value * 100), nw.Int64) for name, value in values}
    found = counts.pop("medium")
    for name, count in counts.items():
        found = nw.when(word == name.capitalize()).then(count).otherwise(found)
    return found


def _of_findings(findings: Frame) -> Frame:
    """Findings of each project; those of gold would close a circle."""
    severity = nw.col("severity")
    return (
        findings.filter(~nw.col("project_id").is_null(), ~nw.col("table_name").str.starts_with("gold/"))
        .select(
            "project_id",
            error_findings=(severity == "ERROR").cast(nw.Int64),
            warn_findings=(severity == "WARN").cast(nw.Int64),
        )
        .group_by("project_id")
        .agg(nw.col("error_findings", "warn_findings").sum().cast(nw.Int64))
    )


def _of_snapshots(snapshots: Frame, thresholds: HealthThresholds, as_of: date) -> Frame:
    """Scores of the days before ``as_of`` that are looked back on, however many there are."""
    since = as_of - timedelta(days=thresholds.trend.days)
    day = nw.col("as_of_date")
    return (
        snapshots.filter(day >= nw.lit(since), day < nw.lit(as_of), ~nw.col("score").is_null())
        .select("project_id", tenths_before=tenths(nw.col("score")))
        .group_by("project_id")
        .agg(snapshots=nw.len().cast(nw.Int64), tenths_before=nw.col("tenths_before").sum().cast(nw.Int64))
    )


def _with_span(rows: Frame, as_of: date) -> Frame:
    """``duration`` and ``passed`` in days, and whether the project ends before it starts."""
    rows = rows.with_columns(
        starts=ordinal(nw.col("start_date")),
        ends=ordinal(nw.col("end_date")),
        is_reversed=(nw.col("end_date") < nw.col("start_date")).fill_null(False),
    )
    duration = nw.col("ends") - nw.col("starts") + 1
    rows = rows.with_columns(duration=nw.when(~nw.col("is_reversed")).then(duration))
    passed = nw.lit(as_of.toordinal() + 1, nw.Int64) - nw.col("starts")
    none = nw.lit(0, nw.Int64)
    bounded = (
        nw.when(passed < 0).then(none).when(passed > nw.col("duration")).then(nw.col("duration")).otherwise(passed)
    )
    return rows.with_columns(passed=nw.when(~nw.col("duration").is_null()).then(bounded))
