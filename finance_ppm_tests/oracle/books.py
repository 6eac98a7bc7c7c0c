"""What the oracle is given: a portfolio's pages and the rates that were published, as of one day."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

UNASSIGNED = "(unassigned)"
NO_CURRENCY = "XXX"


@dataclass(frozen=True)
class Program:
    """A page of Programs."""

    program_id: str
    name: str
    is_archived: bool = False


@dataclass(frozen=True)
class Project:
    """A page of Projects."""

    project_id: str
    name: str
    program_id: str | None = None
    currency: str | None = None
    budget_total: Decimal | None = None
    start: date | None = None
    end: date | None = None
    status: str | None = None
    is_archived: bool = False


@dataclass(frozen=True)
class Line:
    """A page of Budget Lines."""

    line_id: str
    project_ids: tuple[str, ...] = ()
    category: str | None = None
    vendor: str | None = None
    amount: Decimal | None = None
    committed: date | None = None
    invoiced: date | None = None
    paid: date | None = None
    actual: Decimal | None = None
    is_archived: bool = False


@dataclass(frozen=True)
class Quote:
    """A published rate: units of ``currency`` for one euro on ``day``; None where it was withdrawn."""

    currency: str
    day: date
    rate: Decimal | None


class Quotes(tuple[Quote, ...]):
    """Published rates. They are many: a failing example says how many, and not which."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{len(self)} rates>"


@dataclass(frozen=True)
class Books:
    """Everything a figure may depend on."""

    as_of: date
    reporting: str = "USD"
    fiscal_start: int = 1
    programs: tuple[Program, ...] = ()
    projects: tuple[Project, ...] = ()
    lines: tuple[Line, ...] = ()
    quotes: Quotes = field(default_factory=Quotes)
