"""The rules as a page for people: ``docs/data-quality-rules.md``, derived from the rules themselves.

Write it anew with ``python -m finance_ppm.quality.catalogue > docs/data-quality-rules.md``.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from finance_ppm.contracts import full_name
from finance_ppm.quality.rule import Rule
from finance_ppm.quality.rules import EVERY_RULE

_INTRODUCTION = """\
# Data-quality rules

Each rule is an asset check on the table it stands under, and the rows of bronze and silver that break one are in
`gold/data_quality_issues` with the value, what is wrong and what to do. How each rule fared every day is in
`gold/data_quality_metrics`.

- **ERROR**: figures are wrong or cannot be computed. **WARN**: they may be wrong. **INFO**: worth knowing.
- **hard**: the page is kept out of its silver table until it is mended; it is in `silver/quarantine`.
- **blocking**: what is downstream waits until no row breaks the rule.
- Rules of `gold/` tables compare our own figures with each other; what breaks one stands beside its check.
- Archived pages are not judged; only keys are compared over all rows, and every page in bronze is counted.

This page is derived from `finance_ppm/quality/rules`: add a rule there, then run
`python -m finance_ppm.quality.catalogue > docs/data-quality-rules.md`.
"""


def markdown(rules: Sequence[Rule] = EVERY_RULE) -> str:
    """The page: one section per table, one row per rule."""

    def table(rule: Rule) -> str:
        return full_name(rule.table)

    sections = (_section(name, listed) for name, listed in groupby(sorted(rules, key=table), key=table))
    return "\n".join([_INTRODUCTION, *sections])


def _section(table: str, rules: Iterable[Rule]) -> str:
    return "\n".join([f"## {table}\n", *_lines(rules), ""])


def _lines(rules: Iterable[Rule]) -> Iterator[str]:
    yield "| rule | severity | what it asks | what to do |"
    yield "|---|---|---|---|"
    for rule in rules:
        marks = [mark for mark, applies in (("hard", rule.hard), ("blocking", rule.blocking)) if applies]
        severity = ", ".join([rule.severity.value, *marks])
        yield f"| `{rule.name}` | {severity} | {rule.description} | {rule.remedy} |"


if __name__ == "__main__":
    sys.stdout.write(markdown())
