"""A workspace of any size at once: the five databases with rows told by number, for measuring rather than for showing.

Belongs here: what such a row holds and when it was made. Its values fit the contracts as the story's do; there is no
story behind them, each is a function of the row's number.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from hashlib import blake2b
from itertools import accumulate
from typing import Any, Final, TypeVar
from uuid import UUID

from finance_ppm.sandbox.notion.history import History, Person, Rows
from finance_ppm.sandbox.portfolio import vocabulary
from finance_ppm.sandbox.portfolio.databases import ACTIONS, BUDGET_LINES, DATABASES, PROGRAMS, PROJECTS, RISKS
from finance_ppm.sandbox.portfolio.programs import program_name
from finance_ppm.sandbox.portfolio.story import ACTION_SHARE, PROGRAM_SHARE, PROJECT_SHARE, RISK_SHARE
from finance_ppm.sandbox.portfolio.timeline import Timeline, dice
from finance_ppm.sandbox.portfolio.values import people, relation, rich_text

FEWEST_PAGES: Final = 500
LARGEST_IMPORT: Final = 9_000
"""Rows of one database that one minute holds at most: fewer than one query gives."""

_IMPORTED_SHARE: Final = 0.2
_WORKING_HOURS: Final = range(60, 17 * 60)
"""The minutes of a day in which people make rows; imports run in the hour before."""
_MASK: Final = (1 << 64) - 1

T = TypeVar("T")
Column = Callable[[int], Any]


def bulk_portfolio(*, anchor: date, pages: int, seed: int = 7) -> History:
    """``pages`` rows in the five databases, created in the three years before ``anchor``.

    They come as people make them, on working days and more so towards the end of a month; a fifth come in imports
    that put up to 9,000 rows of a database into one minute. One row in three has been edited since. The same
    arguments give the same rows. Raises ValueError for fewer than 500 pages.
    """
    if pages < FEWEST_PAGES:
        raise ValueError(f"A workspace told in bulk has at least {FEWEST_PAGES} pages, not {pages}.")
    shares = {PROGRAMS: PROGRAM_SHARE, PROJECTS: PROJECT_SHARE, RISKS: RISK_SHARE, ACTIONS: ACTION_SHARE}
    counts = {name: round(pages * share) for name, share in shares.items()}
    counts[BUDGET_LINES] = pages - sum(counts.values())
    timeline = Timeline.around(anchor, months_ahead=0)
    created = {name: _creations(timeline, count, f"{seed}:{name}") for name, count in counts.items()}
    crew = tuple(
        Person(_page_id(seed, "people", number), name, f"person.{number}@{vocabulary.EMAIL_DOMAIN}")
        for number, name in enumerate(vocabulary.PEOPLE)
    )
    columns = _Columns(anchor, seed, crew, created).by_database()
    rows = (
        Rows(name, _page_ids(seed, name), moments, _edits(moments, timeline, seed), columns[name])
        for name, moments in created.items()
    )
    return History(crew, DATABASES, rows=tuple(rows))


def _page_id(seed: int, database: str, number: int) -> str:
    return str(UUID(bytes=blake2b(f"{seed}/{database}/{number}".encode(), digest_size=16).digest(), version=4))


def _page_ids(seed: int, database: str) -> Callable[[int], str]:
    return lambda number: _page_id(seed, database, number)


# When


def _creations(timeline: Timeline, count: int, seed: str) -> list[datetime]:
    """The minutes in which ``count`` rows are made, in order."""
    rng = dice("bulk", seed)
    days = [datetime.combine(timeline.begin + timedelta(day), time(), UTC) for day in range(timeline.past.days)]
    made: list[datetime] = []
    imported = int(count * _IMPORTED_SHARE)
    for day in rng.sample(days, len(days)):
        size = min(rng.randint(LARGEST_IMPORT // 50, LARGEST_IMPORT), imported - len(made))
        made += [day + timedelta(minutes=rng.randrange(_WORKING_HOURS.start))] * size
    weights = list(accumulate(map(_busyness, days)))
    for day in rng.choices(days, cum_weights=weights, k=count - len(made)):
        made.append(day + timedelta(minutes=rng.choice(_WORKING_HOURS)))
    return sorted(made)


def _busyness(day: datetime) -> int:
    """How many rows are made on a day, next to others: few at weekends, many in the last days of a month."""
    if day.weekday() > 4:
        return 1
    return 24 if (day + timedelta(4)).month != day.month else 10


def _edits(created: Sequence[datetime], timeline: Timeline, seed: int) -> list[datetime]:
    later = _choice(seed, "edited", range(90 * 24 * 60))
    end = datetime.combine(timeline.anchor, time(), UTC)
    return [
        at if number % 3 else max(at, min(at + timedelta(minutes=later(number)), end))
        for number, at in enumerate(created)
    ]


# What


def _choice(seed: int, of: str, choices: Sequence[T]) -> Callable[[int], T]:
    """Row number to one of ``choices``, each about as often as the others."""
    salt = int.from_bytes(blake2b(f"{seed}/{of}".encode(), digest_size=8).digest(), "big")
    length = len(choices)

    def choose(number: int) -> T:
        mixed = ((number + 1) * 0x9E3779B97F4A7C15 ^ salt) & _MASK
        mixed = ((mixed ^ mixed >> 31) * 0xBF58476D1CE4E5B9) & _MASK
        return choices[(mixed >> 32) % length]

    return choose


@dataclass(frozen=True)
class _Columns:
    anchor: date
    seed: int
    crew: Sequence[Person]
    created: Mapping[str, Sequence[datetime]]

    def by_database(self) -> dict[str, dict[str, Column]]:
        """The columns of every database, by property name."""
        return {
            PROGRAMS: self._programs(),
            PROJECTS: self._projects(),
            BUDGET_LINES: self._budget_lines(),
            RISKS: self._risks(),
            ACTIONS: self._actions(),
        }

    def _programs(self) -> dict[str, Column]:
        return {
            "Name": _texts(program_name),
            "Owner": self._person("program owner"),
            "Start Date": lambda number: _day(self.created[PROGRAMS][number].date()),
            "End Date": lambda number: _day(self.created[PROGRAMS][number].date() + timedelta(900)),
            "Status": self._option("program status", ("Active", "Active", "On Hold", "Completed")),
            "Description": _texts(lambda number: vocabulary.PROGRAMS[number % len(vocabulary.PROGRAMS)][1]),
        }

    def _projects(self) -> dict[str, Column]:
        thousands = self._of("budget", range(120, 900))
        subjects, cycle = vocabulary.PROJECTS, vocabulary.CURRENCY_CYCLE
        return {
            "Name": _texts(lambda number: f"{subjects[number % len(subjects)]}, phase {number // len(subjects) + 1}"),
            "Program": self._parent(PROJECTS, PROGRAMS),
            "Budget Total": lambda number: Decimal(thousands(number) * 1000),
            "Currency": lambda number: {"name": cycle[number % len(cycle)]},
            "Status": self._option("project status", ("Planning", "In Progress", "In Progress", "Completed")),
            "Priority": self._option("priority", ("High", "Medium", "Low")),
            "Owner": self._person("project owner"),
            "Start Date": lambda number: _day(self._start(number)),
            "End Date": lambda number: _day(self._end(number)),
        }

    def _budget_lines(self) -> dict[str, Column]:
        trade = self._of("trade", vocabulary.TRADES)
        cents = self._of("amount", range(500_00, 18_000_00))
        percent = self._of("actual", range(80, 112))
        step, wait = self._of("committed", range(5, 90)), self._of("invoiced", range(10, 45))
        note = self._of("note", ("", "", "", "Split over two cost centres.", "Waiting for the purchase order."))

        def committed(number: int) -> date:
            return self._start(self._parent_number(number, BUDGET_LINES, PROJECTS)) + timedelta(step(number))

        def invoiced(number: int) -> date:
            return committed(number) + timedelta(wait(number))

        def actual(number: int) -> Decimal | None:
            spent = Decimal(cents(number) * percent(number) // 100).scaleb(-2)
            return spent if invoiced(number) <= self.anchor else None

        def name(number: int) -> str:
            names = trade(number).lines
            return f"{names[number % len(names)]} {number + 1}"

        return {
            "Line": _texts(name),
            "Project": self._parent(BUDGET_LINES, PROJECTS),
            "Category": lambda number: {"name": trade(number).category},
            "Vendor": _texts(lambda number: trade(number).vendors[number % len(trade(number).vendors)]),
            "Amount": lambda number: Decimal(cents(number)).scaleb(-2),
            "Actual Amount": actual,
            "Committed Date": lambda number: _day(committed(number)),
            "Invoice Date": lambda number: self._past_day(invoiced(number)),
            "Paid Date": lambda number: self._past_day(invoiced(number) + timedelta(wait(number))),
            "Notes": _texts(note),
        }

    def _risks(self) -> dict[str, Column]:
        return {
            "Title": _texts(lambda number: vocabulary.RISKS[number % len(vocabulary.RISKS)]),
            "Project": self._parent(RISKS, PROJECTS),
            "Severity": self._option("severity", ("High", "Medium", "Medium", "Low")),
            "Probability": self._option("probability", ("High", "Medium", "Low")),
            "Status": self._option("risk status", ("Open", "Mitigating", "Closed", "Closed")),
        }

    def _actions(self) -> dict[str, Column]:
        names = vocabulary.ACTIONS["manual"]
        due = self._of("due", range(7, 40))
        return {
            "Action": _texts(lambda number: names[number % len(names)]),
            "Project": self._parent(ACTIONS, PROJECTS),
            "Assignee": self._person("assignee"),
            "Due Date": lambda number: _day(self.created[ACTIONS][number].date() + timedelta(due(number))),
            "Source": lambda _: {"name": "manual"},
            "Source ID": _texts(lambda _: ""),
            "Status": self._option("action status", ("Not started", "In progress", "Done", "Done")),
        }

    def _of(self, column: str, choices: Sequence[T]) -> Callable[[int], T]:
        return _choice(self.seed, column, choices)

    def _option(self, column: str, names: Sequence[str]) -> Column:
        return self._of(column, [{"name": name} for name in names])

    def _person(self, column: str) -> Column:
        return self._of(column, [people([person.id])["people"] for person in self.crew])

    def _parent(self, child: str, parent: str) -> Column:
        def related(number: int) -> Any:
            return relation([_page_id(self.seed, parent, self._parent_number(number, child, parent))])["relation"]

        return related

    def _parent_number(self, number: int, child: str, parent: str) -> int:
        """Rows made at about the same time belong together."""
        return number * len(self.created[parent]) // len(self.created[child])

    def _start(self, project: int) -> date:
        return self.created[PROJECTS][project].date() + timedelta(10 + project % 30)

    def _end(self, project: int) -> date:
        return self._start(project) + timedelta(200 + project % 200)

    def _past_day(self, day: date) -> dict[str, str] | None:
        return _day(day) if day <= self.anchor else None


def _day(day: date) -> dict[str, str]:
    return {"start": day.isoformat()}


def _texts(text: Callable[[int], str]) -> Column:
    """A column of titles or texts: both hold runs of text."""
    return lambda number: rich_text(text(number))["rich_text"]
