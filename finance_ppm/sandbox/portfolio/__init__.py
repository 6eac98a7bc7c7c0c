"""A finance team's workspace, invented: three years of programs, projects, budget lines, risks and actions.

``portfolio`` tells it as a history for the sandbox; ``dirty_pages`` says which pages break which data-quality rule.
Belongs here: what happens in the story. Does not belong here: how Notion shows it (``sandbox.notion``).
"""

from finance_ppm.sandbox.portfolio.dirt import DIRTY_RULES
from finance_ppm.sandbox.portfolio.story import dirty_pages, planned_projects, portfolio

__all__ = ["DIRTY_RULES", "dirty_pages", "planned_projects", "portfolio"]
