"""Columns that hold one of a few words, and which: what a threshold may choose rows by.

Belongs here: words that the product itself writes. Words of Notion's and Azure's are not ours to know all of.
"""

from collections.abc import Collection, Mapping

from finance_ppm.alerting.alert import Event, Kind, Outcome, Severity
from finance_ppm.alerting.outbox import Status
from finance_ppm.contracts import Table
from finance_ppm.contracts.alerts import AlertDeliveries, Alerts
from finance_ppm.contracts.finance import PpmProjectHealth
from finance_ppm.contracts.gold import DataQualityIssues, DataQualityMetrics, PpmBudgetVsActual
from finance_ppm.quality.rule import Severity as RuleSeverity
from finance_ppm.transforms.budget_vs_actual.cells import CATEGORY, PORTFOLIO, PROGRAM, PROJECT, VARIANCE, VENDOR
from finance_ppm.transforms.health.condition import Colour, Dimension
from finance_ppm.transforms.restatement import METRICS

WORDS: Mapping[tuple[type[Table], str], Collection[str]] = {
    (Alerts, "kind"): tuple(Kind),
    (Alerts, "severity"): tuple(Severity),
    (Alerts, "outcome"): tuple(Outcome),
    (AlertDeliveries, "event"): tuple(Event),
    (AlertDeliveries, "status"): tuple(Status),
    (DataQualityIssues, "severity"): tuple(RuleSeverity),
    (DataQualityMetrics, "severity"): tuple(RuleSeverity),
    (PpmBudgetVsActual, "dimension"): (PORTFOLIO, PROGRAM, PROJECT, CATEGORY, VENDOR),
    (PpmBudgetVsActual, "metric_name"): (*METRICS, VARIANCE),
    (PpmProjectHealth, "rag"): tuple(Colour),
    **{(PpmProjectHealth, f"{dimension}_rag"): tuple(Colour) for dimension in Dimension},
}
"""Table and column, to the words."""
