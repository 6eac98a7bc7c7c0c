"""Every rule, one module per database, one each for what all pages share, for the sync itself and for Azure,
and one for each kind of gold's totals that must agree.

To add a rule, write one decorated function in the module of its table; nothing else names it.
"""

from finance_ppm.contracts import Table
from finance_ppm.quality.rule import Rule
from finance_ppm.quality.rules import (
    actions,
    azure,
    azure_reads,
    budget_lines,
    cells,
    counted,
    forecasts,
    healths,
    months,
    pages,
    programs,
    projects,
    risks,
    savings,
    sync,
)

RULES: tuple[Rule, ...] = (
    *programs.book.rules,
    *projects.book.rules,
    *budget_lines.book.rules,
    *risks.book.rules,
    *actions.book.rules,
    *pages.RULES,
    *sync.RULES,
    *azure_reads.book.rules,
    *azure.RULES,
)
"""The rules of bronze and silver: what they find is a finding about somebody's data."""

RECONCILIATIONS: tuple[Rule, ...] = (
    *cells.RULES,
    *counted.RULES,
    *forecasts.RULES,
    *months.RULES,
    *healths.RULES,
    *savings.RULES,
)
"""The rules of gold: what they find is a fault in our figures."""

EVERY_RULE: tuple[Rule, ...] = (*RULES, *RECONCILIATIONS)
"""All rules; names are unique."""


def rules_of(table: type[Table]) -> tuple[Rule, ...]:
    """The rules that look at ``table``: its asset checks."""
    return tuple(rule for rule in EVERY_RULE if rule.table is table)
