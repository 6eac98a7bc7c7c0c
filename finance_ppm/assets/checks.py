"""Asset checks: every data-quality rule on the asset it judges, in four steps that read the portfolio once each.

Belongs here: how a rule is shown as a check. What the rules are, and running them, is ``quality``.
"""

from collections.abc import Iterator, Sequence
from datetime import date

import dagster as dg

from finance_ppm.assets.spec import key
from finance_ppm.clock import Clock
from finance_ppm.contracts import Table, full_name
from finance_ppm.contracts.azure import AZURE_SILVER_TABLES, AzureSnapshots
from finance_ppm.contracts.bronze import NotionSyncWatermarks
from finance_ppm.contracts.silver import SILVER_TABLES, Quarantine
from finance_ppm.pipeline.point_in_time import PointInTime
from finance_ppm.quality.evaluation import Evaluation, evaluate
from finance_ppm.quality.rule import Rule, Severity
from finance_ppm.quality.rules import RECONCILIATIONS, RULES

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
        unmade = {table for rule in selected for table in rule.reads if not point_in_time.is_of(table, day)}
        if unmade:  # of a day's gold only a part was asked for: what compares it with the rest cannot be asked
            context.log.info("Not made for %s: %s.", day, ", ".join(sorted(map(full_name, unmade))))
        askable = [rule for rule in selected if not unmade & set(rule.reads)]
        gold = {table for rule in askable for table in rule.reads}
        for evaluation in evaluate(point_in_time.portfolio(day, beside=gold), askable):
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


def asset_checks(own: Sequence[Rule] = ()) -> list[dg.AssetChecksDefinition]:
    """The steps of our rules and of a finance team's ``own``."""
    of_data = (*RULES, *(rule for rule in own if not rule.reads))
    of_gold = (*RECONCILIATIONS, *(rule for rule in own if rule.reads))
    blocking = tuple(rule for rule in of_data if rule.blocking)
    return [
        # Blocking rules first, and apart: what waits for a table waits for these, so none of them may wait for it.
        _checks("keys_hold", tuple(rule for rule in blocking if rule.table is not Quarantine)),
        _checks("nothing_is_lost", tuple(rule for rule in blocking if rule.table is Quarantine), after=SILVER_TABLES),
        # A rule of one table looks at its neighbours (does the project exist?), so all of them come first.
        _checks(
            "rules_hold",
            tuple(rule for rule in of_data if not rule.blocking),
            after=(*SILVER_TABLES, *AZURE_SILVER_TABLES, NotionSyncWatermarks, AzureSnapshots),
        ),
        _checks("totals_agree", of_gold, after=tuple(dict.fromkeys(table for rule in of_gold for table in rule.reads))),
    ]
