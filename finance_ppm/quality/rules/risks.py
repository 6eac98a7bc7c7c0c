"""Rules of risks."""

import narwhals.stable.v2 as nw

from finance_ppm.contracts.silver import NotionRisks
from finance_ppm.quality.rule import Rulebook, Severity, page_identity
from finance_ppm.quality.vocabulary import broken, live, missing, not_found, stale, unlisted
from finance_ppm.transforms.portfolio import Frame, Portfolio

SEVERITIES = ("Critical", "High", "Medium", "Low")
PROBABILITIES = ("High", "Medium", "Low")


def _risks(portfolio: Portfolio) -> Frame:
    return live(portfolio.risks)


book = Rulebook(NotionRisks, identity=page_identity(NotionRisks), checked=_risks)


@book.rule(Severity.WARN, remedy="Choose the risk's Project in Notion.")
def risk_without_project(portfolio: Portfolio) -> Frame:
    """A risk belongs to a project."""
    return broken(_risks(portfolio).filter(missing("project_id")), "project_id", "The risk belongs to no project.")


@book.rule(
    Severity.ERROR, remedy="Choose another Project in Notion, restore the project, or mend it if it is in quarantine."
)
def risk_project_not_found(portfolio: Portfolio) -> Frame:
    """The project a risk names is in the projects database."""
    return not_found(portfolio, _risks(portfolio), "project_id", "projects")


@book.rule(Severity.WARN, remedy="Choose the risk's Severity in Notion.")
def risk_severity_missing(portfolio: Portfolio) -> Frame:
    """A risk has a severity."""
    return broken(_risks(portfolio).filter(missing("severity")), "severity", "The risk has no severity.")


@book.rule(Severity.WARN, remedy="Choose Critical, High, Medium or Low as Severity in Notion.")
def risk_severity_unknown(portfolio: Portfolio) -> Frame:
    """A risk's severity is Critical, High, Medium or Low."""
    unknown = _risks(portfolio).filter(unlisted("severity", SEVERITIES))
    return broken(unknown, "severity", "The risk's severity {severity} is not one that is known.")


@book.rule(Severity.WARN, remedy="Choose the risk's Probability in Notion.")
def risk_probability_missing(portfolio: Portfolio) -> Frame:
    """A risk has a probability."""
    return broken(_risks(portfolio).filter(missing("probability")), "probability", "The risk has no probability.")


@book.rule(Severity.WARN, remedy="Choose High, Medium or Low as Probability in Notion.")
def risk_probability_unknown(portfolio: Portfolio) -> Frame:
    """A risk's probability is High, Medium or Low."""
    unknown = _risks(portfolio).filter(unlisted("probability", PROBABILITIES))
    return broken(unknown, "probability", "The risk's probability {probability} is not one that is known.")


@book.rule(Severity.WARN, remedy="Choose the risk's Status in Notion; until then it counts as open.")
def risk_status_missing(portfolio: Portfolio) -> Frame:
    """A risk has a status."""
    return broken(_risks(portfolio).filter(missing("status")), "status", "The risk has no status.")


@book.rule(Severity.WARN, remedy="Review the risk in Notion: change its Severity, or close it.")
def risk_critical_stale(portfolio: Portfolio) -> Frame:
    """A critical risk that is not Closed was edited within the last {stale_after_days} days."""
    open_ = (nw.col("status") != "Closed") | nw.col("status").is_null()
    critical = _risks(portfolio).filter(open_, nw.col("severity") == "Critical")
    return stale(portfolio, critical, "The risk is critical, and was last edited on {last_modified}.")
