"""Asset checks: every data-quality rule on the asset it judges, in three steps that read the portfolio once each.

Belongs here: how a rule is shown as a check. What the rules are, and running them, is ``quality``.
"""

from collections.abc import Iterator
from datetime import date

import dagster as dg

from finance_ppm.assets.spec import key
from finance_ppm.clock import Clock
from finance_ppm.contracts import Table
from finance_ppm.contracts.azure import AZURE_SILVER_TABLES, AzureSnapshots
from finance_ppm.contracts.bronze import NotionSyncWatermarks
from finance_ppm.contracts.silver import SILVER_TABLES, Quarantine
from finance_ppm.pipeline.point_in_time import PointInTime
from finance_ppm.quality.evaluation import Evaluation, evaluate
from finance_ppm.quality.rule import Rule, Severity
from finance_ppm.quality.rules import RULES

SHOWN = ("row_name", "message", "notion_url", "row_id", "column_name", "value")
"""What of a finding is shown beside a check; gold/data_quality_issues has all of it."""

SEVERITIES = {
    Severity.ERROR: dg.AssetCheckSeverity.ERROR,
    Severity.WARN: dg.AssetCheckSeverity.WARN,
    Severity.INFO: dg.AssetCheckSeverity.WARN,
}
"""Dagster knows two severities; the rule's own stands in the metadata."""


def _checks(name: str, rules: tuple[Rule, ...], *, after: tuple[type[Table], ...] = ()) -> dg.AssetChecksDefinition:
    """One step for all of ``rules``, once their own tables and those in ``after`` are made."""
    by_name = {rule.name: rule for rule in rules}

    @dg.multi_asset_check(specs=[_spec(rule, after) for rule in rules], name=name, can_subset=True)
    def rules_hold(
        context: dg.AssetCheckExecutionContext,
        point_in_time: dg.ResourceParam[PointInTime],
        clock: dg.ResourceParam[Clock],
    ) -> Iterator[dg.AssetCheckResult]:
        step = context.op_execution_context
        day = date.fromisoformat(step.partition_key) if step.has_partition_key else clock.today()
        selected = [by_name[check.name] for check in sorted(context.selected_asset_check_keys)]
        for evaluation in evaluate(point_in_time.portfolio(day), selected):
            yield _result(evaluation, day)

    return rules_hold


def _spec(rule: Rule, after: tuple[type[Table], ...]) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        rule.name,
        asset=key(rule.table),
        description=rule.description,
        additional_deps=[key(table) for table in after if table is not rule.table],
        blocking=rule.blocking,
        metadata={
            "remedy": rule.remedy,
            "owner": rule.owner,
            "severity": rule.severity.value,
            "keeps rows out of silver": rule.hard,
        },
    )


def _result(evaluation: Evaluation, day: date) -> dg.AssetCheckResult:
    rule = evaluation.rule
    metadata: dict[str, dg.MetadataValue] = {
        "as of": dg.MetadataValue.text(day.isoformat()),
        "rows checked": dg.MetadataValue.int(evaluation.rows_checked),
        "rows failing": dg.MetadataValue.int(evaluation.rows_failing),
    }
    if evaluation.sample:
        metadata["remedy"] = dg.MetadataValue.text(rule.remedy)
        metadata["failing rows"] = dg.MetadataValue.table(
            [dg.TableRecord({name: row[name] or "" for name in SHOWN}) for row in evaluation.sample]
        )
    return dg.AssetCheckResult(
        asset_key=key(rule.table),
        check_name=rule.name,
        passed=evaluation.passed,
        severity=SEVERITIES[rule.severity],
        description=rule.description if evaluation.passed else f"{evaluation.rows_failing} rows: {rule.description}",
        metadata=metadata,
    )


_OF_ONE_TABLE = tuple(rule for rule in RULES if rule.blocking and rule.table is not Quarantine)
_OF_ALL_TABLES = tuple(rule for rule in RULES if rule.blocking and rule.table is Quarantine)
_NOT_BLOCKING = tuple(rule for rule in RULES if not rule.blocking)

ASSET_CHECKS: list[dg.AssetChecksDefinition] = [
    # Blocking rules first, and apart: what waits for a table waits for these, so none of them may wait for it.
    _checks("keys_hold", _OF_ONE_TABLE),
    _checks("nothing_is_lost", _OF_ALL_TABLES, after=SILVER_TABLES),
    # A rule of one table looks at its neighbours (does the project exist?), so all of them come first.
    _checks(
        "rules_hold", _NOT_BLOCKING, after=(*SILVER_TABLES, *AZURE_SILVER_TABLES, NotionSyncWatermarks, AzureSnapshots)
    ),
]
