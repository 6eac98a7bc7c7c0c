"""Rules of programs."""

import narwhals.stable.v2 as nw

from finance_ppm.contracts.silver import NotionPrograms
from finance_ppm.quality.rule import Rulebook, Severity, page_identity
from finance_ppm.quality.vocabulary import broken, live, missing, namesakes, unlisted, untitled
from finance_ppm.transforms.portfolio import Frame, Portfolio

STATUSES = ("Active", "On Hold", "Completed")


def _programs(portfolio: Portfolio) -> Frame:
    return live(portfolio.programs)


book = Rulebook(NotionPrograms, identity=page_identity(NotionPrograms), checked=_programs)


@book.rule(Severity.WARN, remedy="Give the program's page a title in Notion.")
def program_name_missing(portfolio: Portfolio) -> Frame:
    """A program has a name."""
    return broken(_programs(portfolio).filter(untitled("name")), "name", "The program has no name.")


@book.rule(Severity.WARN, remedy="Rename one of the programs, or merge them and move one to the trash.")
def program_name_duplicate(portfolio: Portfolio) -> Frame:
    """No two programs bear the same name, however capitals are set."""
    return broken(namesakes(_programs(portfolio)), "name", "{bearers} programs are called {name}.")


@book.rule(Severity.WARN, remedy="Correct Start Date or End Date in Notion.")
def program_dates_reversed(portfolio: Portfolio) -> Frame:
    """A program does not end before it starts."""
    reversed_ = _programs(portfolio).filter(nw.col("end_date") < nw.col("start_date"))
    return broken(reversed_, "end_date", "The program ends on {end_date}, before it starts on {start_date}.")


@book.rule(Severity.WARN, remedy="Choose a Status in Notion.")
def program_status_missing(portfolio: Portfolio) -> Frame:
    """A program has a status."""
    return broken(_programs(portfolio).filter(missing("status")), "status", "The program has no status.")


@book.rule(Severity.WARN, remedy="Choose Active, On Hold or Completed as Status in Notion.")
def program_status_unknown(portfolio: Portfolio) -> Frame:
    """A program's status is Active, On Hold or Completed."""
    unknown = _programs(portfolio).filter(unlisted("status", STATUSES))
    return broken(unknown, "status", "The program's status {status} is not one that is known.")
