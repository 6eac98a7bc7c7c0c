"""The table of project health, from what ``facts``, ``scores`` and ``conditions`` say of each project.

Belongs here: how colours become the project's, and the table's layout.
"""

from collections.abc import Sequence
from datetime import date

import narwhals.stable.v2 as nw

from finance_ppm.contracts import content_columns
from finance_ppm.contracts.finance import PpmProjectHealth
from finance_ppm.transforms.health.condition import Colour, Condition, Dimension
from finance_ppm.transforms.health.conditions import conditions, on_track
from finance_ppm.transforms.health.facts import RISK_DIGITS, facts_of
from finance_ppm.transforms.health.figures import scaled, shown_ratio
from finance_ppm.transforms.health.scores import with_scores
from finance_ppm.transforms.health.thresholds import HealthThresholds
from finance_ppm.transforms.portfolio import Frame

ON_TRACK = "on_track"
"""The condition of a project of which nothing worse than green can be said."""


def project_health(
    projects: Frame,
    forecast: Frame,
    risks: Frame,
    findings: Frame,
    snapshots: Frame,
    *,
    thresholds: HealthThresholds,
    as_of: date,
) -> Frame:
    """How every live project stands on ``as_of``: the content columns of the contract ``PpmProjectHealth``.

    ``projects`` and ``risks`` are silver as of that day, ``forecast`` the rows of ``PpmForecast`` and ``findings`` of
    ``DataQualityIssues`` of the same day (those of gold are left out), ``snapshots`` earlier rows of this table, of any
    days. No order of rows matters.
    """
    facts = facts_of(projects, forecast, risks, findings, snapshots, thresholds=thresholds, as_of=as_of)
    judged = _with_colours(with_scores(facts, thresholds), thresholds)
    return judged.select(
        *("project_id", "project_name", "program_id", "status", "unit"),
        "rag",
        "rag_reason",
        "rag_rules",
        *(f"{dimension}_rag" for dimension in Dimension),
        *("days_late", "open_risks", "error_findings", "warn_findings", "trend"),
        **{f"{dimension}_score": scaled(nw.col(dimension), 1) for dimension in Dimension},
        score=scaled(nw.col("total"), 1),
        score_before=scaled(nw.col("before"), 1),
        coverage=scaled(nw.col("weight"), 2),
        vac_ratio=shown_ratio(nw.col("margin")),
        spend_ahead=shown_ratio(nw.col("ahead")),
        risk_exposure=scaled(nw.col("exposure"), RISK_DIGITS),
        as_of_date=nw.lit(as_of),
    ).select(content_columns(PpmProjectHealth))


def _with_colours(rows: Frame, thresholds: HealthThresholds) -> Frame:
    """``rag``, each dimension's, and why."""
    told = conditions(thresholds)
    rows = rows.with_columns(**{_flag(condition): condition.holds.fill_null(False) for condition in told})
    rows = rows.with_columns(
        rag=_worst(told), **{f"{each}_rag": _worst([c for c in told if c.dimension is each]) for each in Dimension}
    )
    is_green = nw.col("rag") == Colour.GREEN
    names = [
        nw.when(is_green).then(nw.lit(ON_TRACK)),
        *(_if_so(condition, nw.lit(condition.name)) for condition in told),
    ]
    reasons = [nw.when(is_green).then(on_track(thresholds)), *(_if_so(each, each.sentence) for each in told)]
    return rows.with_columns(
        rag_rules=nw.concat_str(names, separator=",", ignore_nulls=True).str.split(","),
        rag_reason=nw.concat_str(reasons, separator=" ", ignore_nulls=True),
    )


def _worst(told: Sequence[Condition]) -> nw.Expr:
    """The colour of the first of ``told``, which has the worst first, that holds; green where none does."""
    found = nw.lit(Colour.GREEN.value)
    for condition in reversed(told):
        found = nw.when(nw.col(_flag(condition))).then(nw.lit(condition.colour.value)).otherwise(found)
    return found


def _if_so(condition: Condition, value: nw.Expr) -> nw.Expr:
    return nw.when(nw.col(_flag(condition))).then(value)


def _flag(condition: Condition) -> str:
    return f"is_{condition.name}"
