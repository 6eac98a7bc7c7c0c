"""Running rules: every finding, and how each rule fared.

Belongs here: asking all rules at once, and giving findings an id. Does not belong here: what the rules are.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import narwhals.stable.v2 as nw
import polars as pl

from finance_ppm.contracts import content_columns, full_name
from finance_ppm.contracts.gold import DataQualityIssues, DataQualityMetrics
from finance_ppm.quality.rule import FINDING, Rule
from finance_ppm.quality.rules import RULES
from finance_ppm.transforms.portfolio import Frame, Portfolio

SAMPLE = 5
"""Findings shown beside a check."""

IDENTITY = ("rule", "table_name", "row_id", "column_name", "value")
"""What makes a finding the same finding on another day."""


@dataclass(frozen=True)
class Evaluation:
    """How one rule fared: what an asset check reports."""

    rule: Rule
    rows_checked: int
    rows_failing: int
    sample: tuple[Mapping[str, str | None], ...]
    """The first findings, each with the columns of ``FINDING``."""

    @property
    def passed(self) -> bool:
        """No row breaks the rule."""
        return self.rows_failing == 0


def evaluate(portfolio: Portfolio, rules: Sequence[Rule] = RULES) -> list[Evaluation]:
    """How each of ``rules`` fares, in their order. Two queries, however many rules there are."""
    found = _found(portfolio, rules).partition_by("rule", as_dict=True)
    none = pl.DataFrame(schema=dict.fromkeys(FINDING, pl.String))
    return [
        Evaluation(
            rule=rule,
            rows_checked=checked,
            rows_failing=rows.select(pl.struct("table_name", "row_id").n_unique()).item(),
            sample=tuple(rows.select(FINDING).head(SAMPLE).to_dicts()),
        )
        for rule, checked in zip(rules, _rows_checked(portfolio, rules), strict=True)
        for rows in [found.get((rule.name,), none)]
    ]


def findings(portfolio: Portfolio, rules: Sequence[Rule] = RULES) -> pl.DataFrame:
    """Rows of ``gold/data_quality_issues``, without its stamps: one per row, column and value that breaks a rule."""
    told = pl.DataFrame(
        [(rule.name, rule.severity.value, rule.remedy, rule.owner, rule.hard) for rule in rules],
        schema={
            "rule": pl.String,
            "severity": pl.String,
            "remedy": pl.String,
            "owner": pl.String,
            "quarantined": pl.Boolean,
        },
        orient="row",
    )
    found = _found(portfolio, rules)
    return (
        found.join(told, on="rule", maintain_order="left")
        .with_columns(
            issue_id=_issue_ids(found),
            as_of_date=pl.lit(portfolio.as_of, pl.Date),
        )
        .select(content_columns(DataQualityIssues))
    )


def metrics(portfolio: Portfolio, rules: Sequence[Rule] = RULES, *, found: Collection[str] = ()) -> pl.DataFrame:
    """Rows of ``gold/data_quality_metrics``, without its stamps: one per rule.

    ``found`` names rules whose findings are in ``portfolio.issues`` already, and are counted there.
    """
    columns = content_columns(DataQualityMetrics)
    told = [portfolio.issues.filter(nw.col("rule").is_in([*found]))] if found else []
    failing = _rows_by_rule([*told, *_failing(portfolio, [rule for rule in rules if rule.name not in found])])
    rows = [
        {
            "rule": rule.name,
            "description": rule.description,
            "severity": rule.severity.value,
            "table_name": full_name(rule.table),
            "owner": rule.owner,
            "rows_checked": checked,
            "rows_failing": failing.get(rule.name, 0),
            "passed": rule.name not in failing,
            "as_of_date": portfolio.as_of,
        }
        for rule, checked in zip(rules, _rows_checked(portfolio, rules), strict=True)
    ]
    return pl.DataFrame(rows, schema={name: DataQualityMetrics.columns()[name].dtype for name in columns})


def _found(portfolio: Portfolio, rules: Sequence[Rule]) -> pl.DataFrame:
    """The rows that break any of ``rules``, each once, in an order of their own: ``rule`` and ``FINDING``."""
    if not rules:
        return pl.DataFrame(schema=dict.fromkeys(("rule", *FINDING), pl.String))
    found = _collected(nw.concat(_failing(portfolio, rules), how="vertical"))
    return found.sort(*IDENTITY, "message", "row_name").unique(IDENTITY, keep="first", maintain_order=True)


def _rows_by_rule(found: Sequence[Frame]) -> dict[str, int]:
    """How many rows break each rule that is broken. What findings say of them is not worked out."""
    if not found:
        return {}
    rows = nw.concat([rows.select("rule", "table_name", "row_id") for rows in found], how="vertical").unique()
    return dict(_collected(rows.group_by("rule").agg(rows=nw.len())).select("rule", "rows").iter_rows())


def _failing(portfolio: Portfolio, rules: Sequence[Rule]) -> list[Frame]:
    """What breaks each of ``rules``: ``rule`` and ``FINDING``."""
    return [rule.failing(portfolio).with_columns(rule=nw.lit(rule.name)).select("rule", *FINDING) for rule in rules]


def _rows_checked(portfolio: Portfolio, rules: Sequence[Rule]) -> list[int]:
    """How many rows each rule looks at. Rules that share their rows share the count."""
    asked = list(dict.fromkeys(rule.checked for rule in rules))
    if not asked:
        return []
    counts = [
        rows(portfolio).select(rows=nw.len()).with_columns(asked=nw.lit(position))
        for position, rows in enumerate(asked)
    ]
    counted = dict(_collected(nw.concat(counts, how="vertical")).select("asked", "rows").iter_rows())
    return [counted[asked.index(rule.checked)] for rule in rules]


def _collected(frame: Frame) -> pl.DataFrame:
    collected = frame.collect(backend="polars").to_native()
    assert isinstance(collected, pl.DataFrame)
    return collected


def _issue_ids(found: pl.DataFrame) -> pl.Series:
    """A name for each finding: the SHA-256 of its ``IDENTITY`` as a JSON array, in hexadecimal digits."""
    texts = found.select(pl.format(f"[{', '.join('{}' for _ in IDENTITY)}]", *map(_as_json, IDENTITY))).to_series()
    return pl.Series([hashlib.sha256(text.encode()).hexdigest() for text in texts], dtype=pl.String)


def _as_json(column: str) -> pl.Expr:
    """A text as JSON tells it. Only objects are written natively, and much faster than by Python: ``{"":...}``."""
    told = pl.struct(pl.col(column).alias("")).struct.json_encode()
    return pl.when(pl.col(column).is_null()).then(pl.lit("null")).otherwise(told.str.slice(4).str.head(-1))
