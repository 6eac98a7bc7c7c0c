"""What cells of a column can be: values of one kind, and in some columns one of a few words.

A finance team's own files choose rows by that, and judge them: rules (``quality.own_rules``) and thresholds
(``automation.alerts.thresholds``). What no cell ever is like is a mistake there.

Belongs here: words that the product itself writes. Words of Notion's and Azure's are not ours to know all of. What a
file may ask of a cell is its reader's.
"""

from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal

import dataframely as dy

from finance_ppm.alerting.alert import Event, Outcome, Severity
from finance_ppm.alerting.alert import Kind as AlertKind
from finance_ppm.alerting.outbox import Status
from finance_ppm.contracts import Table
from finance_ppm.contracts.alerts import AlertDeliveries, Alerts
from finance_ppm.contracts.azure import AdvisorSummary, AzureAdvisorRecommendations, AzureAdvisorRecs
from finance_ppm.contracts.finance import PpmForecast, PpmProjectHealth
from finance_ppm.contracts.gold import DataQualityIssues, DataQualityMetrics, PpmBudgetVsActual
from finance_ppm.quality.rule import Severity as RuleSeverity
from finance_ppm.sources.azure.rows import Source
from finance_ppm.transforms.azure.kinds import Kind
from finance_ppm.transforms.budget_vs_actual.cells import CATEGORY, PORTFOLIO, PROGRAM, PROJECT, VARIANCE, VENDOR
from finance_ppm.transforms.forecast.budgets import BUDGET_TOTAL, LINES
from finance_ppm.transforms.forecast.reporting import REASONS
from finance_ppm.transforms.health.condition import Colour, Dimension
from finance_ppm.transforms.restatement import METRICS
from finance_ppm.transforms.savings.active import OPEN_STATES
from finance_ppm.yaml_file import NUMBER, closest

_STATES = (*OPEN_STATES, "suppressed", "resolved")

WORDS: Mapping[tuple[type[Table], str], Collection[str]] = {
    (Alerts, "kind"): tuple(AlertKind),
    (Alerts, "severity"): tuple(Severity),
    (Alerts, "outcome"): tuple(Outcome),
    (AlertDeliveries, "event"): tuple(Event),
    (AlertDeliveries, "status"): tuple(Status),
    (DataQualityIssues, "severity"): tuple(RuleSeverity),
    (DataQualityMetrics, "severity"): tuple(RuleSeverity),
    (PpmBudgetVsActual, "dimension"): (PORTFOLIO, PROGRAM, PROJECT, CATEGORY, VENDOR),
    (PpmBudgetVsActual, "metric_name"): (*METRICS, VARIANCE),
    (PpmForecast, "bac_source"): (BUDGET_TOTAL, LINES),
    (PpmForecast, "unconverted_reason"): REASONS,
    (PpmProjectHealth, "rag"): tuple(Colour),
    **{(PpmProjectHealth, f"{dimension}_rag"): tuple(Colour) for dimension in Dimension},
    (PpmProjectHealth, "trend"): ("up", "down", "flat"),
    (AzureAdvisorRecommendations, "kind"): tuple(Kind),
    (AzureAdvisorRecommendations, "state"): _STATES,
    (AzureAdvisorRecommendations, "source"): tuple(Source),
    (AzureAdvisorRecs, "kind"): tuple(Kind),
    (AzureAdvisorRecs, "state"): _STATES,
    (AzureAdvisorRecs, "basis"): ("retail", "actual"),
    (AdvisorSummary, "dimension"): ("all", "category", "impact", "project", "subscription"),
}
"""Table and column, to the words."""

_KINDS: tuple[tuple[tuple[type[dy.Column], ...], tuple[type, ...], str], ...] = (
    ((dy.Decimal, dy.Float64), (int, Decimal), f"{NUMBER}, without quotes"),
    ((dy.Int64, dy.Int32), (int,), "a whole number, without quotes"),
    ((dy.Date, dy.Datetime), (date,), "a day (2026-11-01), without quotes"),
    ((dy.Bool,), (bool,), "true or false, without quotes"),
    ((dy.String,), (str,), "a text, in quotes where it looks like a number, a day, true or null"),
)
"""Kinds of columns of one value, and what they can be compared with."""


def comparable(kind: dy.Column, value: object) -> str | None:
    """What to write instead of a value that cells of a ``kind`` cannot be compared with; None where they can."""
    fitting, noun = next((fits, noun) for kinds, fits, noun in _KINDS if isinstance(kind, kinds))
    return None if isinstance(value, fitting) and (bool in fitting or not isinstance(value, bool)) else f"write {noun}"


def never(table: type[Table], column: str, value: object) -> str | None:
    """Why no cell of the column ever is ``value``, and what to write instead; None where one may be."""
    kind = table.columns()[column]
    if advice := comparable(kind, value):
        return f"{column} is never {shown(value)}; {advice}"
    if isinstance(kind, dy.Decimal) and isinstance(value, Decimal) and _places(value) > kind.scale:
        return f"{column} is never {value}; write a number of at most {kind.scale} digits behind the point"
    words = WORDS.get((table, column))
    return no_word(column, value, words) if isinstance(value, str) and words is not None else None


def _places(value: Decimal) -> int:
    """Digits behind the point, zeros at the end left out."""
    _, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)  # of a number; a file's reader takes nothing else
    zeros = len(digits) - len("".join(map(str, digits)).rstrip("0"))
    return max(0, -exponent - zeros)


def no_word(column: str, told: str, words: Collection[str]) -> str | None:
    """Why no cell is ``told`` where each is one of ``words``; None where it is one of these."""
    if told in words:
        return None
    likely = closest(told, words)
    return f"{column} is {listed(words)}, and never {told or shown(told)}; " + (
        f"did you mean {likely}?" if likely else "correct it"
    )


def listed(words: Collection[str]) -> str:
    """``red, amber or green``."""
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last


def shown(value: object) -> str:
    """A value as a file would tell it."""
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value) if isinstance(value, str) else str(value)
