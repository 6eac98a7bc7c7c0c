"""Project health: every rule and boundary worked out by hand, and random portfolios against a second computation.

The examples are one portfolio, a project each, computed once on each engine.
"""

from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance_ppm.contracts.finance import PpmProjectHealth
from finance_ppm.transforms.health import HealthThresholds, project_health
from finance_ppm.transforms.health.conditions import conditions
from finance_ppm.transforms.health.thresholds import CostThresholds, ScheduleThresholds, TrendThresholds, Weights
from finance_ppm_tests.engines import Engine, PolarsEngine, in_process
from finance_ppm_tests.transforms.health.health_by_hand import (
    AS_OF,
    THRESHOLDS,
    Row,
    World,
    computed,
    finding,
    project,
    random_world,
    recomputed,
    risk,
    snapshot,
    together,
)

WORST_FIRST = ("red", "grey", "amber", "green")
DIMENSIONS = ("cost", "schedule", "risk", "data_quality")
CRITICAL = risk("Critical", "High")


def half_way(name: str, ac: str | None, *, status: str = "In Progress") -> World:
    """A project on the 50th of its 100 days: 2026-10-03 to 2027-01-10."""
    start = AS_OF - timedelta(days=49)
    return project(name, start=start, end=start + timedelta(days=99), ac=ac, status=status)


def idle(name: str, day: int, **cells: Any) -> World:
    """A project on the given one of its 100 days, of which nothing is spent."""
    start = AS_OF - timedelta(days=day - 1)
    return project(name, start=start, end=start + timedelta(days=99), ac=None, eac="900.00", **cells)


def late(name: str, duration: int, days: int, **cells: Any) -> World:
    """A project of so many days that ended so many days ago."""
    end = AS_OF - timedelta(days=days)
    return project(name, start=end - timedelta(days=duration - 1), end=end, **cells)


def expected(rag: str, *rules: str, **cells: Any) -> Row:
    return {"rag": rag, "rag_rules": list(rules), **cells}


COST: dict[str, tuple[World, Row]] = {
    # BAC 1000. VAC 0: 100 points. VAC above 0 is no more than 100.
    "on-budget": (project("on-budget"), expected("green", "on_track", cost_score=100.0, vac_ratio=0.0)),
    "under": (project("under", eac="950.00"), expected("green", "on_track", cost_score=100.0, vac_ratio=0.05)),
    # VAC -50 is -5 % exactly, which is green still: 100 - 5/20 x 100 = 75. A cent more is beyond 5 %.
    "at-5": (project("at-5", eac="1050.00"), expected("green", "on_track", cost_score=75.0, vac_ratio=-0.05)),
    "over-5": (project("over-5", eac="1050.01"), expected("amber", "over_budget", cost_score=75.0, vac_ratio=-0.05001)),
    # -10 % exactly is amber still: 100 - 10/20 x 100 = 50. A cent more is red.
    "at-10": (project("at-10", eac="1100.00"), expected("amber", "over_budget", cost_score=50.0)),
    "over-10": (project("over-10", eac="1100.01"), expected("red", "far_over_budget", cost_score=50.0)),
    # -20 % is 0 points, and so is everything beyond; -12.345 % is 100 - 61.725 = 38.275, shown 38.3.
    "over-12": (project("over-12", eac="1123.45"), expected("red", "far_over_budget", cost_score=38.3)),
    "over-20": (project("over-20", eac="1200.00"), expected("red", "far_over_budget", cost_score=0.0)),
    "over-300": (
        project("over-300", eac="4000.00"),
        expected("red", "far_over_budget", cost_score=0.0, vac_ratio=-3.0),
    ),
    # -6.25 % is 100 - 31.25 = 68.75, a tie, which goes up.
    "tie": (project("tie", eac="1062.50"), expected("amber", "over_budget", cost_score=68.8)),
    # A double cannot hold these amounts: -5 % of 123456789012345678.00 is 6172839450617283.90.
    "huge-at-5": (
        project("huge-at-5", total="123456789012345678.00", eac="129629628462962961.90"),
        expected("green", "on_track", cost_score=75.0),
    ),
    "huge-over-5": (
        project("huge-over-5", total="123456789012345678.00", eac="129629628462962961.91"),
        expected("amber", "over_budget", cost_score=75.0),
    ),
    # 1000 - 800 - 200 leaves 0 to commit, which is fine; a cent less is red.
    "none-left": (project("none-left", oc="200.00"), expected("green", "on_track")),
    "overcommitted": (
        project("overcommitted", oc="200.01"),
        expected("red", "overcommitted", cost_score=100.0),
    ),
    # Lines of 1005.00 are 0.5 % above a total of 1000, the tolerance; 1100.00 are 10 %.
    "lines-at-tolerance": (project("lines-at-tolerance", lines="1005.00"), expected("green", "on_track")),
    "lines-over": (project("lines-over", lines="1005.01"), expected("amber", "lines_over_budget")),
    "lines-at-10": (project("lines-at-10", lines="1100.00"), expected("amber", "lines_over_budget")),
    "lines-over-10": (project("lines-over-10", lines="1100.01"), expected("red", "lines_far_over_budget")),
    # Of a total of 5, half a percent is 0.03: the tolerance is 1.00, which is 20 %; a cent beyond it is red.
    "small-lines": (
        project("small-lines", total="5.00", lines="6.00", ac="4.00", oc="0.00", eac="5.00"),
        expected("green", "on_track"),
    ),
    "small-lines-over": (
        project("small-lines-over", total="5.00", lines="6.01", ac="4.00", oc="0.00", eac="5.00"),
        expected("red", "lines_far_over_budget"),
    ),
    # Without a total the lines are the budget, and exceed nothing.
    "lines-alone": (
        project("lines-alone", total=None, lines="1000.00"),
        expected("green", "on_track", cost_score=100.0),
    ),
    # No budget at all: not assessable, and red as soon as anything is spent. A net credit is no spending.
    "no-budget": (
        project("no-budget", total="0.00", lines="0.00", ac="0.00", oc="0.00", eac="0.00"),
        expected("grey", "no_budget", cost_score=None, vac_ratio=None, spend_ahead=None, coverage=0.55, score=100.0),
    ),
    "unbudgeted": (
        project("unbudgeted", total=None, lines="0.00", ac="0.01", oc="0.00", eac="0.01"),
        expected("red", "unbudgeted_spend", "no_budget", cost_score=None, vac_ratio=None),
    ),
    "credit": (
        project("credit", total=None, lines="0.00", ac="-5.00", oc="0.00", eac="-5.00"),
        expected("grey", "no_budget"),
    ),
    # Of an unknown currency nothing is compared with the budget, which may be red: grey hides amber, and never red.
    "no-currency": (
        project("no-currency", currency=None, eac="2000.00", oc="900.00", lines="2000.00"),
        expected("grey", "unknown_currency", unit="XXX", cost_score=None, vac_ratio=None, cost_rag="grey"),
    ),
    "no-such-currency": (
        project("no-such-currency", currency="ABC", findings=["ERROR"] * 3),
        expected("grey", "unknown_currency", "poor_data", unit="ABC", data_quality_rag="amber"),
    ),
    "unknown-and-red": (
        project("unknown-and-red", currency=None, risks=[CRITICAL]),
        expected("red", "critical_risk", "unknown_currency", "risk_exposure", cost_rag="grey", risk_rag="red"),
    ),
    # Completed: what is still committed is flagged, and what was planned and never spent is told.
    "completed": (
        project("completed", status="Completed", oc="0.00", unspent_planned="100.00"),
        expected("green", "on_track", "unspent_planned"),
    ),
    "completed-under": (
        project("completed-under", status="Completed", ac="818.00", oc="0.00", eac="818.00"),
        expected("green", "on_track", cost_score=100.0, vac_ratio=0.182),
    ),
    "completed-over": (
        project(
            "completed-over", status="Completed", total=None, lines="1000.00", ac="1060.00", oc="0.00", eac="1060.00"
        ),
        expected("red", "overcommitted", "over_budget", cost_score=70.0),
    ),
    "completed-committed": (
        project("completed-committed", status="Completed", oc="0.01"),
        expected("amber", "completed_with_commitments"),
    ),
    "disagreeing": (
        project("disagreeing", methods_disagree=True, run_rate_eac="1200.00"),
        expected("green", "on_track", "methods_disagree", cost_score=100.0),
    ),
}

SCHEDULE: dict[str, tuple[World, Row]] = {
    "last-day": (project("last-day", end=AS_OF), expected("green", "on_track", schedule_score=100.0, days_late=None)),
    # A day of 324 is 0.3086 %, at two points each: 99.383.
    "late-by-a-day": (
        project("late-by-a-day", end=date(2026, 11, 20)),
        expected("red", "past_end", schedule_score=99.4, days_late=1),
    ),
    # 10 of 30 days are 33.33 %: 66.67 points. 16 of 10 days are more than there are points.
    "late": (late("late", 30, 10), expected("red", "past_end", schedule_score=33.3, days_late=10)),
    "very-late": (late("very-late", 10, 16), expected("red", "past_end", schedule_score=0.0, days_late=16)),
    # Completed in time, as far as anybody can tell: the source does not say when.
    "over": (
        late("over", 30, 10, status="Completed", oc="0.00"),
        expected("green", "on_track", schedule_score=100.0, days_late=None, spend_ahead=None),
    ),
    "late-without-start": (
        project("late-without-start", start=None, end=AS_OF - timedelta(days=1)),
        expected("red", "past_end", "dates_missing", schedule_score=None, schedule_rag="red", coverage=0.8),
    ),
    # Half the days: 60 % spent is ten points ahead, which is free; a cent more is amber, and 75 % costs 15 points.
    "at-10-ahead": (
        half_way("at-10-ahead", "600.00"),
        expected("green", "on_track", schedule_score=100.0, spend_ahead=0.1),
    ),
    "over-10-ahead": (
        half_way("over-10-ahead", "600.01"),
        expected("amber", "spend_ahead", schedule_score=100.0, spend_ahead=0.10001),
    ),
    "far-ahead": (half_way("far-ahead", "750.00"), expected("amber", "spend_ahead", schedule_score=85.0)),
    "early": (
        half_way("early", "900.00", status="Completed"),
        expected("amber", "completed_with_commitments", schedule_score=100.0, schedule_rag="green", spend_ahead=None),
    ),
    # 24 of 100 days without any spending: not started. From the 25th day on it should have been.
    "not-started": (
        idle("not-started", 24),
        expected("green", "on_track", "not_started", schedule_score=100.0, spend_ahead=None),
    ),
    "not-begun": (idle("not-begun", -5), expected("green", "on_track", "not_started", schedule_score=100.0)),
    "no-actuals": (
        idle("no-actuals", 25),
        expected("amber", "no_actuals", schedule_score=100.0, schedule_rag="amber", spend_ahead=None),
    ),
    "completed-idle": (
        idle("completed-idle", 24, status="Completed", oc="0.00"),
        expected("amber", "no_actuals", schedule_rag="amber"),
    ),
    # An actual of 0 is an actual: nothing is spent ahead, 0 % of the money after 50 % of the days.
    "zero": (half_way("zero", "0.00"), expected("green", "on_track", spend_ahead=-0.5)),
    "no-dates": (
        project("no-dates", start=None, end=None),
        expected("grey", "dates_missing", schedule_score=None, schedule_rag="grey", cost_rag="green", coverage=0.8),
    ),
    "no-dates-idle": (
        project("no-dates-idle", start=None, end=None, ac=None),
        expected("grey", "dates_missing", "no_actuals", schedule_rag="grey"),
    ),
    # Which of the two dates is wrong nobody knows: it is neither late nor ahead.
    "reversed": (
        project("reversed", start=date(2026, 12, 1), end=date(2026, 11, 1)),
        expected("grey", "dates_reversed", schedule_score=None, days_late=None, spend_ahead=None),
    ),
}

RISK: dict[str, tuple[World, Row]] = {
    "no-risk": (project("no-risk"), expected("green", "on_track", risk_score=100.0, risk_exposure=0.0, open_risks=0)),
    # 0.2 x 0.1 = 0.02: 100 x exp(-0.02) = 98.0199.
    "low": (
        project("low", risks=[risk("Low", "Low")]),
        expected("green", "on_track", risk_score=98.0, risk_exposure=0.02, open_risks=1),
    ),
    # 1 x 0.9 = 0.9: 100 x exp(-0.9) = 40.6570, and red whatever the points.
    "critical": (
        project("critical", risks=[CRITICAL]),
        expected("red", "critical_risk", "risk_exposure", risk_score=40.7, risk_exposure=0.9),
    ),
    # 1 x 0.5 = 0.5: 60.6531, amber from 0.5 on. 0.8 x 0.5 + 0.5 x 0.1 = 0.45: 63.7628.
    "critical-medium": (
        project("critical-medium", risks=[risk("Critical", "Medium")]),
        expected("amber", "risk_exposure", risk_score=60.7, risk_exposure=0.5),
    ),
    "below-amber": (
        project("below-amber", risks=[risk("High", "Medium"), risk("Medium", "Low", "Mitigating")]),
        expected("green", "on_track", risk_score=63.8, risk_exposure=0.45, open_risks=2),
    ),
    # What is closed or archived is no risk any more; what has no status is open: 0.8 x 0.1 = 0.08, 92.3116.
    "closed": (
        project(
            "closed",
            risks=[risk("Critical", "High", "Closed"), CRITICAL | {"is_archived": True}, risk("High", "Low", None)],
        ),
        expected("green", "on_track", risk_score=92.3, risk_exposure=0.08, open_risks=1),
    ),
    # A word that is missing or not known counts as medium: 0.5 x 0.5 + 0.5 x 0.1 + 1 x 0.5 = 0.8, 44.9329; never red.
    "unknown-words": (
        project("unknown-words", risks=[risk(None, "Certain"), risk("Severe", "Low"), risk("Critical", None)]),
        expected("amber", "risk_exposure", risk_score=44.9, risk_exposure=0.8, open_risks=3),
    ),
}

DATA_QUALITY: dict[str, tuple[World, Row]] = {
    # 100 - 2 x 15 = 70 is not below 70; 100 - 15 - 4 x 5 = 65 is. Nothing is below 0, and INFO costs nothing.
    "at-70": (
        project("at-70", findings=["ERROR", "ERROR", "INFO"]),
        expected("green", "on_track", data_quality_score=70.0, error_findings=2, warn_findings=0),
    ),
    "below-70": (
        project("below-70", findings=["ERROR", *["WARN"] * 4]),
        expected("amber", "poor_data", data_quality_score=65.0, error_findings=1, warn_findings=4),
    ),
    "at-0": (
        project("at-0", findings=["ERROR"] * 7),
        expected("amber", "poor_data", data_quality_score=0.0, error_findings=7),
    ),
    # Findings of gold would judge the project by what was made of it; those of no project are nobody's.
    "gold-findings": (
        together(
            [
                project("gold-findings", findings=["WARN"]),
                World(findings=[finding("gold-findings", "ERROR", "gold/ppm_forecast"), finding(None, "ERROR")]),
            ]
        ),
        expected("green", "on_track", data_quality_score=95.0, error_findings=0, warn_findings=1),
    ),
}

BEFORE: Row = {"eac": "1050.00", "risks": [risk("Low", "Medium")], "findings": ["ERROR"]}
"""Cost 75, schedule 100, risk 100 x exp(-0.1) = 90.5, data quality 85: 33.75 + 20 + 22.625 + 8.5 = 84.875, so 84.9."""

SCORE: dict[str, tuple[World, Row]] = {
    "whole": (project("whole", **BEFORE), expected("green", "on_track", score=84.9, coverage=1.0, trend=None)),
    # Without cost: (20 x 100 + 25 x 90.5 + 10 x 85) / 55 = 92.9545.
    "without-cost": (
        project("without-cost", currency=None, **BEFORE),
        expected("grey", "unknown_currency", score=93.0, coverage=0.55),
    ),
    # Without a schedule: (45 x 75 + 25 x 90.5 + 10 x 85) / 80 = 81.09375.
    "without-schedule": (
        project("without-schedule", end=None, **BEFORE),
        expected("grey", "dates_missing", score=81.1, coverage=0.8),
    ),
}


def with_scores(name: str, *scores: float | None) -> World:
    return project(name, scores=scores, **BEFORE)


TREND: dict[str, tuple[World, Row]] = {
    # 84.9 against the mean of three: 81.9 is three points below, within the band; 81.8 is not.
    "flat": (with_scores("flat", 80.0, 81.9, 83.8), expected("green", "on_track", trend="flat", score_before=81.9)),
    "up": (with_scores("up", 80.0, 81.6, 83.8), expected("green", "on_track", trend="up", score_before=81.8)),
    "flat-below": (with_scores("flat-below", 87.9, 87.9, 87.9), expected("green", "on_track", trend="flat")),
    "down": (with_scores("down", 88.0, 88.0, 88.0), expected("green", "on_track", trend="down", score_before=88.0)),
    # The mean of 84.0, 84.1, 84.1 is 84.0667, and of 84.0, 84.1 twice, 84.05, a tie, which goes up.
    "mean": (with_scores("mean", 84.0, 84.1, 84.1), expected("green", "on_track", score_before=84.1)),
    "mean-tie": (with_scores("mean-tie", 84.0, 84.1, 84.0, 84.1), expected("green", "on_track", score_before=84.1)),
    # Days without a score are none, and two are too few.
    "too-few": (with_scores("too-few", 80.0, None, 80.0), expected("green", "on_track", trend=None, score_before=None)),
    # Of the last 92 days, before today.
    "long-ago": (
        together(
            [
                with_scores("long-ago", 50.0, 50.0),
                World(
                    snapshots=[
                        snapshot("long-ago", 50.0, AS_OF - timedelta(days=92)),
                        snapshot("long-ago", 100.0, AS_OF - timedelta(days=93)),
                        snapshot("long-ago", 100.0, AS_OF),
                        snapshot("long-ago", 100.0, AS_OF + timedelta(days=1)),
                    ]
                ),
            ]
        ),
        expected("green", "on_track", trend="up", score_before=50.0),
    ),
}

CASES = COST | SCHEDULE | RISK | DATA_QUALITY | SCORE | TREND

SENTENCES: dict[str, tuple[World, str]] = {
    name: (CASES[name][0], sentence)
    for name, sentence in {
        "over-5": "Cost is amber: it is forecast to end 5.1 % over its budget of 1000.00 EUR "
        "(amber beyond 5 %, red beyond 10 %).",
        "over-12": "Cost is red: it is forecast to end 12.4 % over its budget of 1000.00 EUR (red beyond 10 %).",
        "overcommitted": "Cost is red: what is spent and committed is 0.01 EUR more than its budget of 1000.00 EUR "
        "(red where available is below 0).",
        "lines-over": "Cost is amber: its budget lines add up to 5.01 EUR more than its Budget Total of 1000.00 EUR "
        "(amber beyond 0.5 % and 1.00, red beyond 10 %).",
        "lines-over-10": "Cost is red: its budget lines add up to 100.01 EUR more than its Budget Total of 1000.00 EUR "
        "(amber beyond 0.5 % and 1.00, red beyond 10 %).",
        "no-budget": "Cost is not assessable: the project has no budget, in Budget Total or in its lines.",
        "unbudgeted": "Cost is red: there is unbudgeted spend: 0.01 EUR, and no budget (red beyond 0). "
        "Cost is not assessable: the project has no budget, in Budget Total or in its lines.",
        "no-currency": "Cost is not assessable: the project names no currency.",
        "no-such-currency": "Cost is not assessable: the project's currency ABC is not an active ISO 4217 code. "
        "Data quality is amber: 3 errors and 0 warnings leave it 55.0 points (amber below 70).",
        "completed": "In order: it is completed, 0.0 % under its budget of 1000.00 EUR (amber beyond 5 % over); "
        "its open risks come to 0.00 (amber from 0.5), and its data quality to 100.0 points (amber below 70). "
        "Note: it is completed, and 100.00 EUR of what was planned is not spent.",
        "completed-under": "In order: it is completed, 18.2 % under its budget of 1000.00 EUR (amber beyond 5 % over); "
        "its open risks come to 0.00 (amber from 0.5), and its data quality to 100.0 points (amber below 70).",
        "completed-over": "Cost is red: what is spent and committed is 60.00 EUR more than its budget of 1000.00 EUR "
        "(red where available is below 0). Cost is amber: it is completed, 6.0 % over its budget of 1000.00 EUR "
        "(amber beyond 5 %, red beyond 10 %).",
        "completed-committed": "Cost is amber: it is completed, and 0.01 EUR is still committed (amber beyond 0).",
        "disagreeing": "On track: it is forecast to end 0.0 % under its budget of 1000.00 EUR (amber beyond 5 % over); "
        "it is not past its end, and its spending not more than 10 points ahead of its time; its open risks come to "
        "0.00 (amber from 0.5), and its data quality to 100.0 points (amber below 70). "
        "Note: at the rate of the last three months it would end at 1200.00 EUR, far from the forecast of 1000.00 EUR "
        "(told beyond 15 % of its budget).",
        "whole": "On track: it is forecast to end 5.0 % over its budget of 1000.00 EUR (amber beyond 5 % over); "
        "it is not past its end, and its spending not more than 10 points ahead of its time; its open risks come to "
        "0.10 (amber from 0.5), and its data quality to 85.0 points (amber below 70).",
        "late-by-a-day": "Schedule is red: it is 1 day past its end and not completed (red past its end).",
        "late-without-start": "Schedule is red: it is 1 day past its end and not completed (red past its end). "
        "Schedule is not assessable: the project has no start date.",
        "very-late": "Schedule is red: it is 16 days past its end and not completed (red past its end).",
        "over-10-ahead": "Schedule is amber: 60.0 % of its budget is spent after 50.0 % of its time, 10.1 points ahead "
        "(amber beyond 10).",
        "no-actuals": "Schedule is amber: nothing is spent after 25.0 % of its time (amber from 25 %).",
        "completed-idle": "Schedule is amber: it is completed, and nothing is spent (amber where nothing is).",
        "no-dates-idle": "Schedule is not assessable: the project has neither a start date nor an end date. Schedule "
        "is amber: nothing is spent, and nothing tells that it is early (amber from 25 % of its time).",
        "without-schedule": "Schedule is not assessable: the project has no end date.",
        "reversed": "Schedule is not assessable: the project ends on 2026-11-01, before it starts on 2026-12-01.",
        "critical": "Risk is red: it has 1 open risk of critical severity and high probability (red from 1). "
        "Risk is amber: its 1 open risk comes to an exposure of 0.90 (amber from 0.5).",
        "unknown-words": "Risk is amber: its 3 open risks come to an exposure of 0.80 (amber from 0.5).",
        "below-70": "Data quality is amber: 1 error and 4 warnings leave it 65.0 points (amber below 70).",
    }.items()
}

_computed: dict[str, dict[str, Row]] = {}


def health_of(engine: Engine) -> dict[str, Row]:
    """The examples, computed once on each engine."""
    if engine.name not in _computed:
        _computed[engine.name] = computed(engine, together(world for world, _ in CASES.values()))
    return _computed[engine.name]


def wrong(told: dict[str, tuple[World, Row]], found: dict[str, Row]) -> dict[str, Row]:
    """What of each example is not as expected: column to what was expected and what was found."""
    differing = {
        name: {column: (value, found[name][column]) for column, value in row.items() if found[name][column] != value}
        for name, (_, row) in told.items()
    }
    return {name: columns for name, columns in differing.items() if columns}


@pytest.mark.parametrize(
    "told",
    [COST, SCHEDULE, RISK, DATA_QUALITY, SCORE, TREND],
    ids=["cost", "schedule", "risk", "data_quality", "score", "trend"],
)
def test_each_rule_at_and_beside_its_boundary(engine: Engine, told: dict[str, tuple[World, Row]]) -> None:
    assert wrong(told, health_of(engine)) == {}


def test_the_reason_says_the_figure_and_the_threshold(engine: Engine) -> None:
    found = health_of(engine)
    assert {name: found[name]["rag_reason"] for name in SENTENCES} == {
        name: said for name, (_, said) in SENTENCES.items()
    }


def test_every_condition_has_an_example() -> None:
    shown = {rule for _, row in CASES.values() for rule in row["rag_rules"]}
    assert shown == {condition.name for condition in conditions(THRESHOLDS)} | {"on_track"}


def test_a_random_portfolio_is_as_recomputed_by_other_means(engine: Engine) -> None:
    assert_as_recomputed(engine, random_world(Random(7), size=60), THRESHOLDS)


@cache
def other_thresholds() -> HealthThresholds:
    return HealthThresholds.model_validate(
        {
            "weights": {"cost": 70, "schedule": 30, "risk": 0, "data_quality": 0},
            "cost": {"score_0_at": "12.5", "amber_beyond": "2.5", "red_beyond": 7, "lines_tolerance": 0},
            "schedule": {"points_per_percent_late": "0.5", "spend_ahead_beyond": "33.33", "no_actuals_from": 50},
            "risk": {"severity": {"medium": "0.33"}, "probability": {"low": 0}, "amber_from": "0.0101"},
            "data_quality": {"points_per_error": "7.5", "points_per_warning": "0.1", "amber_below": 99},
            "trend": {"dead_band": 0, "days": 2, "fewest": 1},
        }
    )


@in_process
@settings(deadline=None, max_examples=6)
@given(seed=st.integers(0, 10**9), own=st.booleans())
def test_any_portfolio_is_as_recomputed_by_other_means(engine: Engine, seed: int, own: bool) -> None:
    assert_as_recomputed(engine, random_world(Random(seed), 40), other_thresholds() if own else THRESHOLDS)


def assert_as_recomputed(engine: Engine, world: World, thresholds: HealthThresholds) -> None:
    found, wanted = computed(engine, world, thresholds), recomputed(world, thresholds)
    assert found.keys() == wanted.keys()
    for name, row in found.items():
        colours = wanted[name].pop("rag_rules")
        rules, reason = row.pop("rag_rules"), row.pop("rag_reason")
        assert row == wanted[name]
        assert sorted(rules) == sorted(colours)
        ranks = [WORST_FIRST.index(colours[rule]) for rule in rules]
        assert ranks == sorted(ranks)
        assert reason.startswith(
            {"red": f"{_first(row, 'red')} is red: ", "grey": f"{_first(row, 'grey')} is not assessable: "}.get(
                row["rag"], _green(row) if row["rag"] == "green" else f"{_first(row, 'amber')} is amber: "
            )
        )


def _green(row: Row) -> str:
    return "In order: it is completed, " if row["status"] == "Completed" else "On track: it is forecast to end "


def _first(row: Row, colour: str) -> str:
    named = [name for name in DIMENSIONS if row[f"{name}_rag"] == colour]
    return named[0].replace("_", " ").capitalize() if named else ""


@settings(deadline=None, max_examples=12)
@given(seed=st.integers(0, 10**9))
def test_what_holds_of_every_row(seed: int) -> None:
    """Worst dimension; never green where cost cannot be assessed; 0 to 100; in whatever order rows come."""
    rng = Random(seed)
    world = random_world(rng, 30)
    found = computed(PolarsEngine(), world)
    assert computed(PolarsEngine(), world.shuffled(rng)) == found
    money = {(row["project_id"], row["unit"]): row for row in world.forecast}
    for row in found.values():
        assert row["rag"] == min((row[f"{name}_rag"] for name in DIMENSIONS), key=WORST_FIRST.index)
        if row["unit"] in {"XXX", "ABC"} or money[row["project_id"], row["unit"]]["bac"] is None:
            assert row["rag"] in {"red", "grey"}
            assert "not assessable" in row["rag_reason"]
        points = [row["score"], row["score_before"], *(row[f"{name}_score"] for name in DIMENSIONS)]
        assert all(each is None or 0 <= each <= 100 for each in points)
        assert 0 <= row["coverage"] <= 1
        assert (row["trend"] is None) == (row["score"] is None or row["score_before"] is None)


@settings(deadline=None, max_examples=12)
@given(
    seed=st.integers(0, 10**9),
    severity=st.sampled_from(["Critical", "High", "Medium", "Low", None]),
    probability=st.sampled_from(["High", "Medium", "Low", None]),
    finding_severity=st.sampled_from(["ERROR", "WARN", "INFO"]),
)
def test_a_new_risk_or_finding_never_raises_the_score_nor_mends_the_colour(
    seed: int, severity: str | None, probability: str | None, finding_severity: str
) -> None:
    world = random_world(Random(seed), 20)
    names = [row["project_id"] for row in world.projects]
    before = computed(PolarsEngine(), world)
    more_risks = [risk(severity, probability) | {"risk_id": f"new-{name}", "project_id": name} for name in names]
    for more in (World(risks=more_risks), World(findings=[finding(name, finding_severity) for name in names])):
        after = computed(PolarsEngine(), together([world, more]))
        for name, row in after.items():
            assert row["score"] <= before[name]["score"]
            assert WORST_FIRST.index(row["rag"]) <= WORST_FIRST.index(before[name]["rag"])


@in_process
def test_a_score_of_nothing_is_null_whatever_else_is_told(engine: Engine) -> None:
    """Risk and data quality weigh nothing here, and neither cost nor schedule can be told."""
    weights = HealthThresholds(
        weights=Weights(cost=80, schedule=20, risk=0, data_quality=0), trend=TrendThresholds(fewest=1)
    )
    world = project("nothing", currency=None, start=None, scores=[50.0])
    row = computed(engine, world, weights)["nothing"]
    assert (row["score"], row["coverage"], row["trend"]) == (None, 0.0, None)
    assert (row["risk_score"], row["score_before"]) == (100.0, 50.0)


def test_own_thresholds_are_those_that_judge_and_those_that_are_quoted() -> None:
    own = HealthThresholds(
        cost=CostThresholds(amber_beyond=Decimal("2.5"), red_beyond=Decimal(4)),
        schedule=ScheduleThresholds(no_actuals_from=Decimal(60)),
    )
    world = together([project("over", eac="1030.00"), project("far", eac="1050.00"), idle("idle", 50)])
    found = computed(PolarsEngine(), world, own)
    assert found["over"]["rag_reason"].endswith(" (amber beyond 2.5 %, red beyond 4 %).")
    assert found["far"]["rag_reason"].endswith(" (red beyond 4 %).")
    assert found["idle"]["rag_rules"] == ["on_track", "not_started"]
    assert "(amber beyond 2.5 % over)" in found["idle"]["rag_reason"]


@in_process
def test_archived_projects_have_no_health_and_unforecast_ones_are_grey(engine: Engine) -> None:
    """A forecast in another currency than the project's is none of it."""
    world = together([project("gone", is_archived=True), project("new")])
    world.forecast = [row | {"unit": unit} for row in world.forecast for unit in ("USD", "XXX")]
    found = computed(engine, world)
    assert found.keys() == {"new"}
    assert found["new"]["rag"] == "grey"
    assert (found["new"]["program_id"], found["new"]["rag_rules"]) == ("(unassigned)", ["no_budget", "no_actuals"])


@in_process
def test_an_empty_portfolio_has_no_rows(engine: Engine) -> None:
    frames = map(engine.lazy, World().frames())
    health = project_health(*frames, thresholds=THRESHOLDS, as_of=AS_OF)
    assert engine.collect(health, PpmProjectHealth).is_empty()
