"""The one clock. Everything that asks for the time asks a clock it was given; tests freeze it.

What does not belong here: date arithmetic of the business (that takes the as-of date as an argument).
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time: aware, in UTC, to the microsecond."""

    def now(self) -> datetime:
        """The present moment, aware and in UTC."""
        ...

    def today(self) -> date:
        """The present day in UTC: the as-of date of everything computed now."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present moment, aware and in UTC."""
        return datetime.now(UTC)

    def today(self) -> date:
        """The present day in UTC."""
        return self.now().date()


@dataclass
class FrozenClock:
    """A clock that stands where it was put, until it is put elsewhere."""

    moment: datetime

    def __post_init__(self) -> None:
        if self.moment.tzinfo is None:
            raise ValueError(f"A clock needs an aware time; {self.moment.isoformat()} has no time zone.")
        self.moment = self.moment.astimezone(UTC)

    def now(self) -> datetime:
        """The moment the clock was put at."""
        return self.moment

    def today(self) -> date:
        """The day of that moment, in UTC."""
        return self.moment.date()
