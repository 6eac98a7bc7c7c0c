"""Rules of actions."""

import narwhals.stable.v2 as nw

from finance_ppm.contracts.silver import NotionActions
from finance_ppm.quality.rule import Rulebook, Severity, page_identity
from finance_ppm.quality.vocabulary import broken, live, missing, not_found, unlisted
from finance_ppm.transforms.portfolio import Frame, Portfolio

SOURCES = ("advisor", "dq", "manual")
DONE = ("done", "complete", "completed", "closed", "cancelled", "canceled")
"""Words for an action nobody need do any more, in small letters: the status is the team's own in Notion."""


def _actions(portfolio: Portfolio) -> Frame:
    return live(portfolio.actions)


def _open(portfolio: Portfolio) -> Frame:
    return _actions(portfolio).filter(nw.col("status").is_null() | ~nw.col("status").str.to_lowercase().is_in(DONE))


book = Rulebook(NotionActions, identity=page_identity(NotionActions), checked=_actions)


@book.rule(Severity.WARN, remedy="Choose the action's Project in Notion.")
def action_without_project(portfolio: Portfolio) -> Frame:
    """An action belongs to a project."""
    return broken(_actions(portfolio).filter(missing("project_id")), "project_id", "The action belongs to no project.")


@book.rule(
    Severity.ERROR, remedy="Choose another Project in Notion, restore the project, or mend it if it is in quarantine."
)
def action_project_not_found(portfolio: Portfolio) -> Frame:
    """The project an action names is in the projects database."""
    return not_found(portfolio, _actions(portfolio), "project_id", "projects")


@book.rule(Severity.WARN, remedy="Finish the action, or move its Due Date in Notion.")
def action_overdue(portfolio: Portfolio) -> Frame:
    """An action is done by its due date."""
    overdue = _open(portfolio).filter(nw.col("due_date") < portfolio.as_of)
    return broken(overdue, "due_date", "The action was due on {due_date} and is not done.")


@book.rule(Severity.WARN, remedy="Choose advisor, dq or manual as Source in Notion.")
def action_source_unknown(portfolio: Portfolio) -> Frame:
    """An action's source is advisor, dq or manual."""
    unknown = _actions(portfolio).filter(unlisted("source", SOURCES))
    return broken(unknown, "source", "The action's source {source} is not one that is known.")


@book.rule(Severity.WARN, remedy="Choose the action's Assignee in Notion.")
def action_assignee_missing(portfolio: Portfolio) -> Frame:
    """An action that is not done has an assignee."""
    return broken(_open(portfolio).filter(missing("assignee")), "assignee", "Nobody is assigned to the action.")
