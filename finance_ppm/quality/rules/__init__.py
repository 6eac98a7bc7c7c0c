"""Every rule, one module per database, and one each for what all pages share, for the sync itself and for Azure.

To add a rule, write one decorated function in the module of its table; nothing else names it.
"""

from finance_ppm.contracts import Table
from finance_ppm.quality.rule import Rule
from finance_ppm.quality.rules import actions, azure, azure_reads, budget_lines, pages, programs, projects, risks, sync

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
"""All rules; names are unique."""


def rules_of(table: type[Table]) -> tuple[Rule, ...]:
    """The rules that look at ``table``: its asset checks."""
    return tuple(rule for rule in RULES if rule.table is table)
