"""When things happen: the span of the story, working hours, one page's edits in order; and the dice for all of it."""

from calendar import monthrange
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any, Self
from uuid import UUID

from finance_ppm.sandbox.notion.history import Change, Edit
from finance_ppm.sandbox.portfolio.values import Properties

MONTHS_BEHIND = 36
_EARLIEST = datetime.min.replace(tzinfo=UTC)

PAUSE = timedelta(minutes=4)
"""Two edits of one page are at least this far apart: Notion's own times know only minutes."""


def dice(*of: object) -> Random:
    """Dice that fall the same way whenever they are asked for the same thing."""
    return Random(":".join(map(str, of)))  # noqa: S311 - a story is told with these, not a secret kept


def new_id(rng: Random) -> str:
    """A page id, random down to its last characters."""
    return str(UUID(int=rng.getrandbits(128), version=4))


def months_after(start: date, months: int) -> date:
    """The same day ``months`` later (or earlier), or the last one of a shorter month."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


def days(rng: Random, low: int, high: int) -> timedelta:
    """A number of days from ``low`` to ``high``, both included."""
    return timedelta(rng.randint(low, high))


def at_work(rng: Random, on: date) -> datetime:
    """A moment of the first working day from ``on``, while Manila or Europe is at work."""
    weekend = max(0, on.weekday() - 4)
    monday_or_day = on + timedelta(3 - weekend) if weekend else on
    return datetime.combine(monday_or_day, time(), UTC) + timedelta(seconds=rng.randint(3600, 17 * 3600))


@dataclass(frozen=True)
class Timeline:
    """The days of the story: from ``begin``, through ``anchor`` (the day it centres on), to ``end``."""

    begin: date
    anchor: date
    end: date

    @classmethod
    def around(cls, anchor: date, *, months_ahead: int) -> Self:
        """Three years before ``anchor``, and ``months_ahead`` months after it."""
        return cls(months_after(anchor, -MONTHS_BEHIND), anchor, months_after(anchor, months_ahead))

    @property
    def past(self) -> timedelta:
        """From the first day to the anchor."""
        return self.anchor - self.begin


@dataclass
class Diary:
    """One page's edits: each after the one before it, none after the end of the story."""

    database: str
    page_id: str
    end: date
    edits: list[Edit] = field(default_factory=list)
    _free_from: datetime = _EARLIEST

    def write(
        self,
        at: datetime,
        change: Change,
        properties: Properties | None = None,
        override: dict[str, Any] | None = None,
    ) -> None:
        """Note an edit at ``at``, or a little after the edit before it."""
        at = max(at, self._free_from)
        self._free_from = at + PAUSE
        if at.date() <= self.end:
            self.edits.append(Edit(at, self.database, self.page_id, change, properties or {}, override or {}))
