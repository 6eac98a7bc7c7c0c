"""Gold of the data's quality: what breaks a rule, and how each rule fared."""

import polars as pl

from finance_ppm.assets.gold.computed import Inputs, computed_asset
from finance_ppm.assets.made import superseded
from finance_ppm.contracts import Table
from finance_ppm.contracts.azure import AZURE_SILVER_TABLES, AzureSnapshots
from finance_ppm.contracts.bronze import NotionRawPages, NotionSyncWatermarks
from finance_ppm.contracts.gold import DataQualityIssues, DataQualityMetrics
from finance_ppm.contracts.silver import SILVER_TABLES
from finance_ppm.quality.asking import not_askable
from finance_ppm.quality.evaluation import findings, metrics
from finance_ppm.quality.rules import RECONCILIATIONS, RULES

JUDGED: tuple[type[Table], ...] = (
    *SILVER_TABLES,
    *AZURE_SILVER_TABLES,
    NotionRawPages,
    NotionSyncWatermarks,
    AzureSnapshots,
)
"""What the rules of bronze and silver look at."""

COMPARED: tuple[type[Table], ...] = tuple(
    dict.fromkeys(table for rule in RECONCILIATIONS for table in (*rule.reads, *rule.made_from) if table not in JUDGED)
)
"""What the rules of gold look at besides."""


def _metrics(inputs: Inputs) -> pl.DataFrame:
    """Of every rule; but of none that compares gold which was not made for the day, or is older than silver.

    What this very run found of the same silver is counted, and not looked for again. A team's own rules are: their file
    may have been changed meanwhile.
    """
    portfolio, rules = inputs.portfolio, (*RULES, *RECONCILIATIONS, *inputs.parameters.own_rules)
    gold = {table for rule in rules for table in rule.reads}
    unmade = {table for table in gold if not inputs.has(table)}
    outdated = superseded(inputs.made, inputs.point_in_time, portfolio.as_of)
    unasked = not_askable(portfolio, rules, unmade, made=inputs.made, superseded=outdated)
    issues = inputs.made.get(DataQualityIssues)
    is_found = (
        issues is not None
        and issues.run_id == inputs.run_id
        and set(issues.of) == {*JUDGED}
        and DataQualityIssues not in outdated
    )
    return metrics(
        portfolio,
        [rule for rule in rules if rule.name not in unasked],
        found=[rule.name for rule in RULES] if is_found else [],
    )


data_quality_issues = computed_asset(
    DataQualityIssues,
    made_from=JUDGED,
    # Of bronze and silver alone: project health is made from them, and the rules of gold look at that.
    compute=lambda inputs: findings(
        inputs.portfolio, [*RULES, *(rule for rule in inputs.parameters.own_rules if not rule.reads)]
    ),
)
data_quality_metrics = computed_asset(
    DataQualityMetrics, made_from=JUDGED, compared=(*COMPARED, DataQualityIssues), compute=_metrics
)
