"""Asset checks: every data-quality rule on the asset it judges, in four steps that read the portfolio once each, and
one that tells whether a finance team's own rules could be read.

Belongs here: how a rule is shown as a check. What the rules are, and running them, is ``quality``.
"""

from collections.abc import Iterator, Sequence
from datetime import date

import dagster as dg

from finance_ppm.assets.made import is_made, last_made, superseded
from finance_ppm.assets.spec import key
from finance_ppm.clock import Clock
from finance_ppm.contracts import Table
from finance_ppm.contracts.azure import AZURE_SILVER_TABLES, AzureSnapshots
from finance_ppm.contracts.bronze import NotionSyncWatermarks
from finance_ppm.contracts.gold import DataQualityMetrics
from finance_ppm.contracts.silver import SILVER_TABLES, Quarantine
from finance_ppm.pipeline.point_in_time import PointInTime
from finance_ppm.quality.asking import NOT_ASKED, not_askable
from finance_ppm.quality.evaluation import Evaluation, evaluate
from finance_ppm.quality.own_rules import OwnRules
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
        gold = {table for rule in selected for table in rule.reads}
        unmade = {table for table in gold if not is_made(context.instance, point_in_time, table, day)}
        made = last_made(context.instance, gold - unmade, day)
        portfolio = point_in_time.portfolio(day, beside=gold - unmade)
        unasked = not_askable(portfolio, selected, unmade, made=made, superseded=superseded(made, point_in_time, day))
        for rule, why in unasked.items():
            yield _not_asked(by_name[rule], day, why)
        for evaluation in evaluate(portfolio, [rule for rule in selected if rule.name not in unasked]):
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


def _not_asked(rule: Rule, day: date, why: str) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=key(rule.table),
        check_name=rule.name,
        passed=True,
        severity=SEVERITIES[rule.severity],
        description=f"Not asked: {why}",
        metadata={"as of": dg.MetadataValue.text(day.isoformat()), NOT_ASKED: dg.MetadataValue.text(why)},
    )


def _own_rules_are_readable(mistakes: Sequence[str]) -> dg.AssetChecksDefinition:
    """There is always this one, so that a mistake in the file stops nothing and is told like anything else."""

    @dg.asset_check(
        asset=key(DataQualityMetrics),
        description="Every rule of the team's own file (PPM_RULES) can be asked.",
        metadata={
            "remedy": "Mend the file where it says; `finance-ppm rules` tells whether it is well. Until then the rules "
            "that are named, or all of a file that cannot be read, are not asked.",
            "owner": DataQualityMetrics.info.owner,
            "severity": Severity.ERROR.value,
        },
    )
    def own_rules_are_readable() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=not mistakes, description=" ".join(mistakes) or None)

    return own_rules_are_readable


def asset_checks(own: OwnRules) -> list[dg.AssetChecksDefinition]:
    """The steps of our rules and of a finance team's ``own``."""
    of_data = (*RULES, *(rule for rule in own.rules if not rule.reads))
    of_gold = (*RECONCILIATIONS, *(rule for rule in own.rules if rule.reads))
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
        _own_rules_are_readable(own.mistakes),
    ]
