"""Data quality: the rules beyond the contracts, running them, and what they find.

Belongs here: what a sound portfolio looks like and how to say that it is not. Does not belong here: the types
of columns (``contracts``), reading a page's cells (``transforms.silver``), telling people (``automation``).
"""

from finance_ppm.quality.evaluation import Evaluation, evaluate, findings, metrics
from finance_ppm.quality.rule import Rule, Severity
from finance_ppm.quality.rules import RULES, rules_of

__all__ = ["RULES", "Evaluation", "Rule", "Severity", "evaluate", "findings", "metrics", "rules_of"]
