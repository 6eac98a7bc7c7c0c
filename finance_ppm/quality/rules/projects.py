"""Rules of projects."""

import narwhals.stable.v2 as nw

from finance_ppm.contracts.silver import NotionProjects
from finance_ppm.currencies import ISO_4217
from finance_ppm.quality.rule import Rulebook, Severity, page_identity
from finance_ppm.quality.thresholds import THRESHOLDS
from finance_ppm.quality.vocabulary import (
    any_of,
    broken,
    either,
    live,
    missing,
    namesakes,
    not_found,
    share,
    stale,
    unlisted,
    untitled,
)
from finance_ppm.transforms.numeric import MONEY
from finance_ppm.transforms.portfolio import Frame, Portfolio
from finance_ppm.transforms.shares import homes_of, shares_of

STATUSES = ("Planning", "In Progress", "Completed")


def _projects(portfolio: Portfolio) -> Frame:
    return live(portfolio.projects)


book = Rulebook(NotionProjects, identity=page_identity(NotionProjects), checked=_projects)


@book.rule(Severity.WARN, remedy="Give the project's page a title in Notion.")
def project_name_missing(portfolio: Portfolio) -> Frame:
    """A project has a name."""
    return broken(_projects(portfolio).filter(untitled("name")), "name", "The project has no name.")


@book.rule(Severity.WARN, remedy="Rename one of the projects, or merge them and move one to the trash.")
def project_name_duplicate(portfolio: Portfolio) -> Frame:
    """No two projects bear the same name, however capitals are set."""
    return broken(namesakes(_projects(portfolio)), "name", "{bearers} projects are called {name}.")


@book.rule(Severity.WARN, remedy="Choose the project's Program in Notion.")
def project_without_program(portfolio: Portfolio) -> Frame:
    """A project belongs to a program."""
    orphans = _projects(portfolio).filter(missing("program_id"))
    return broken(orphans, "program_id", "The project belongs to no program.")


@book.rule(
    Severity.ERROR, remedy="Choose another Program in Notion, restore the program, or mend it if it is in quarantine."
)
def project_program_not_found(portfolio: Portfolio) -> Frame:
    """The program a project names is in the programs database."""
    return not_found(portfolio, _projects(portfolio), "program_id", "programs")


@book.rule(Severity.ERROR, remedy="Correct Start Date or End Date in Notion.")
def project_dates_reversed(portfolio: Portfolio) -> Frame:
    """A project does not end before it starts."""
    reversed_ = _projects(portfolio).filter(nw.col("end_date") < nw.col("start_date"))
    return broken(reversed_, "end_date", "The project ends on {end_date}, before it starts on {start_date}.")


@book.rule(
    Severity.WARN, remedy="Fill in Start Date and End Date in Notion; without both nothing can be said of its schedule."
)
def project_dates_missing(portfolio: Portfolio) -> Frame:
    """A project has a start date and an end date."""
    projects = _projects(portfolio)
    return any_of(
        broken(projects.filter(nw.col("start_date").is_null()), "start_date", "The project has no start date."),
        broken(projects.filter(nw.col("end_date").is_null()), "end_date", "The project has no end date."),
    )


@book.rule(Severity.ERROR, remedy="Choose the project's Currency in Notion; none is assumed.")
def project_currency_missing(portfolio: Portfolio) -> Frame:
    """A project names its currency."""
    return broken(_projects(portfolio).filter(missing("currency")), "currency", "The project names no currency.")


@book.rule(
    Severity.ERROR,
    remedy="Choose the three-letter code of a currency in use (EUR, USD, PHP, ...) as Currency in Notion.",
)
def project_currency_unknown(portfolio: Portfolio) -> Frame:
    """A project's currency is an active ISO 4217 code."""
    unknown = _projects(portfolio).filter(unlisted("currency", ISO_4217))
    return broken(unknown, "currency", "The project's currency {currency} is not an active ISO 4217 code.")


@book.rule(
    Severity.WARN, remedy="Fill in Budget Total in Notion; until then the sum of its budget lines stands in for it."
)
def project_budget_missing(portfolio: Portfolio) -> Frame:
    """A project has a budget other than zero."""
    unfunded = _projects(portfolio).filter(nw.col("budget_total").is_null() | (nw.col("budget_total") == 0))
    message = either(nw.col("budget_total").is_null(), "The project has no budget.", "The project's budget is zero.")
    return broken(unfunded, "budget_total", message)


@book.rule(Severity.ERROR, remedy="Correct Budget Total in Notion: it is never negative.")
def project_budget_negative(portfolio: Portfolio) -> Frame:
    """A project's budget is not negative."""
    negative = _projects(portfolio).filter(nw.col("budget_total") < 0)
    return broken(negative, "budget_total", "The project's budget is negative: {budget_total}.")


@book.rule(Severity.WARN, remedy="Set Status to Completed in Notion, or move End Date.")
def project_overdue(portfolio: Portfolio) -> Frame:
    """A project past its end date is Completed."""
    open_ = (nw.col("status") != "Completed") | nw.col("status").is_null()
    overdue = _projects(portfolio).filter(open_, nw.col("end_date") < portfolio.as_of)
    return broken(overdue, "end_date", "The project was to end on {end_date} and is not completed.")


@book.rule(Severity.WARN, remedy="Bring the project up to date in Notion, or set its Status.")
def project_stale(portfolio: Portfolio) -> Frame:
    """A project In Progress was edited within the last {stale_after_days} days."""
    running = _projects(portfolio).filter(nw.col("status") == "In Progress")
    return stale(portfolio, running, "The project is in progress and was last edited on {last_modified}.")


@book.rule(Severity.WARN, remedy="Raise Budget Total or lower the lines in Notion.")
def project_lines_over_budget(portfolio: Portfolio) -> Frame:
    """The budget lines of a project add up to no more than its Budget Total.

    Tolerated is an excess of {lines_tolerance}, or of {lines_tolerance_share:.1%} if that is more. A line of several
    projects counts in each with its share.
    """
    homes = homes_of(portfolio.projects, portfolio.programs)
    borne = shares_of(live(portfolio.budget_lines), homes).group_by("home").agg(planned=nw.col("amount").sum())
    planned = homes.select("project_id", "home").join(borne, on="home")
    budget = nw.col("budget_total")
    over = (
        _projects(portfolio)
        .filter(budget > 0)
        .join(planned, on="project_id")
        .with_columns(planned=nw.col("planned").cast(MONEY))
        .with_columns(excess=nw.col("planned") - budget)
        .filter(
            nw.col("excess") > THRESHOLDS.lines_tolerance,
            nw.col("excess") > share(budget, THRESHOLDS.lines_tolerance_share),
        )
    )
    sums = "The budget lines add up to {planned}, {excess} more than Budget Total {budget_total}"
    message = either(
        nw.col("excess") > share(budget, THRESHOLDS.lines_far_over_share),
        f"{sums} and more than {THRESHOLDS.lines_far_over_share:.0%} above it.",
        f"{sums}.",
    )
    return broken(over, "budget_total", message)


@book.rule(Severity.WARN, remedy="Choose a Status in Notion.")
def project_status_missing(portfolio: Portfolio) -> Frame:
    """A project has a status."""
    return broken(_projects(portfolio).filter(missing("status")), "status", "The project has no status.")


@book.rule(Severity.WARN, remedy="Choose Planning, In Progress or Completed as Status in Notion.")
def project_status_unknown(portfolio: Portfolio) -> Frame:
    """A project's status is Planning, In Progress or Completed."""
    unknown = _projects(portfolio).filter(unlisted("status", STATUSES))
    return broken(unknown, "status", "The project's status {status} is not one that is known.")
