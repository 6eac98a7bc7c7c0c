"""A line's shares in the projects it names, each treated as a line of its project."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from finance_ppm_tests.oracle.arithmetic import ZERO, of_cents
from finance_ppm_tests.oracle.books import NO_CURRENCY, UNASSIGNED, Books, Line, Project


@dataclass(frozen=True)
class Home:
    """Where figures belong: a live project with its currency, or one currency of what belongs to none."""

    project: Project | None
    unit: str
    program_id: str
    program_name: str

    @property
    def project_id(self) -> str:
        return self.project.project_id if self.project else UNASSIGNED

    @property
    def project_name(self) -> str:
        return self.project.name if self.project else "Unassigned"


@dataclass(frozen=True)
class Share:
    """One project's part of a live line."""

    line: Line
    home: Home
    amount: Decimal | None
    actual: Decimal | None
    as_of: date

    @property
    def recognised(self) -> date | None:
        """R."""
        return self.line.invoiced or self.line.paid

    @property
    def state(self) -> str:
        """Settled, committed or planned, at T."""
        if self._by_now(self.line.paid) or self._by_now(self.line.invoiced):
            return "settled"
        return "committed" if self._by_now(self.line.committed) else "planned"

    @property
    def is_future(self) -> bool:
        """There is an actual, and it is of a day after T."""
        return self.actual is not None and self.recognised is not None and self.recognised > self.as_of

    @property
    def counts(self) -> bool:
        """There is an actual, and it counts by T."""
        return self.actual is not None and not self.is_future

    @property
    def counted(self) -> Decimal:
        """The actual where it counts, else 0."""
        return self.actual if self.actual is not None and self.counts else ZERO

    @property
    def is_paid(self) -> bool:
        return self._by_now(self.line.paid)

    @property
    def unspent(self) -> Decimal:
        """max(A - max(X, 0), 0) of an X that counts."""
        return max((self.amount or ZERO) - max(self.counted, ZERO), ZERO)

    @property
    def is_open(self) -> bool:
        """It is a commitment of which something may be open."""
        return self.state == "committed" and (self.amount or ZERO) > 0

    def _by_now(self, day: date | None) -> bool:
        return day is not None and day <= self.as_of


def parts(amount: Decimal | None, count: int) -> list[Decimal | None]:
    """``amount`` in equal parts to the cent; the cents left over go one each to the first."""
    if amount is None:
        return [None] * count
    whole, left_over = divmod(abs(int(amount * 100)), count)
    sign = -1 if amount < 0 else 1
    return [of_cents(sign * (whole + (position < left_over))) for position in range(count)]


def homes_of(books: Books) -> dict[str, Home]:
    """Where what names a project's page belongs, by the page's id."""
    programs = {program.program_id: program for program in books.programs if not program.is_archived}
    homes = {}
    for project in books.projects:
        unit = project.currency or NO_CURRENCY
        program = programs.get(project.program_id or "")
        if project.is_archived:
            homes[project.project_id] = nowhere(unit)
        elif program is None:
            homes[project.project_id] = Home(project, unit, UNASSIGNED, "Unassigned")
        else:
            homes[project.project_id] = Home(project, unit, program.program_id, program.name)
    return homes


def nowhere(unit: str) -> Home:
    """The home of what belongs to no live project."""
    return Home(None, unit, UNASSIGNED, "Unassigned")


def in_turn(named: tuple[str, ...]) -> list[str]:
    """The projects of a line in the order in which cents left over are given out: the first two that it names, then
    the others by their ids.
    """
    return [*named[:2], *sorted(named[2:])]


def shares_of(books: Books) -> list[Share]:
    """Every share of every live line."""
    homes, of_none = homes_of(books), nowhere(NO_CURRENCY)
    shares = []
    for line in books.lines:
        if not line.is_archived:
            where = [homes.get(named, of_none) for named in in_turn(line.project_ids)] or [of_none]
            split = zip(where, parts(line.amount, len(where)), parts(line.actual, len(where)), strict=True)
            shares += [Share(line, home, amount, actual, books.as_of) for home, amount, actual in split]
    return shares
