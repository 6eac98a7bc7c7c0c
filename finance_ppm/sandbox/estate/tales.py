"""What a story is made of: rows that are told for a while.

Belongs here: spans of time, and whatever says when a row is told and how it reads at a moment.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from hashlib import blake2b
from random import Random
from typing import Protocol, Self
from uuid import UUID

from finance_ppm.sandbox.azure.estate import Row

EVER = datetime.max.replace(tzinfo=UTC)

DAYS_BEHIND, DAYS_AHEAD = 220, 380
"""How far the story tells of changes, around its anchor."""


@dataclass(frozen=True)
class Span:
    """From ``since`` up to ``until``, which is no longer part of it. Aware, UTC."""

    since: datetime
    until: datetime = EVER

    def __contains__(self, moment: datetime) -> bool:
        return self.since <= moment < self.until

    def within(self, other: "Span") -> "Span":
        """The part that lies in ``other``; it may be empty."""
        return Span(max(self.since, other.since), min(self.until, other.until))

    def __bool__(self) -> bool:
        """Whether any moment lies in it."""
        return self.since < self.until


NEVER = Span(EVER)


class Tale(Protocol):
    """A row over time."""

    def lives(self, now: datetime) -> bool:
        """Whether the row is told at ``now``."""
        ...

    def row(self, now: datetime) -> Row:
        """The row as of ``now``, the same throughout an hour: the caller's own, to be changed at will."""
        ...

    def spans_told(self) -> Iterable[Span]:
        """When it is told."""
        ...


@dataclass(frozen=True)
class Told:
    """A row that reads the same as long as it is told."""

    span: Span
    text: str
    """The row as JSON: reading it anew gives every caller a row of its own."""

    @classmethod
    def of(cls, row: Row, span: Span) -> Self:
        """The row, told during ``span``."""
        return cls(span, json.dumps(row))

    def lives(self, now: datetime) -> bool:
        """Whether the row is told at ``now``."""
        return now in self.span

    def row(self, now: datetime) -> Row:  # noqa: ARG002 - reads the same at any moment
        """The row."""
        told: Row = json.loads(self.text)
        return told

    def spans_told(self) -> Iterable[Span]:
        """When it is told."""
        return (self.span,)


@dataclass(frozen=True)
class Calendar:
    """The days of the story, and moments in them."""

    anchor: date

    def moment(self, rng: Random, first: int, last: int) -> datetime:
        """A moment on one of the days from ``first`` to ``last``, counted from the anchor."""
        midnight = datetime.combine(self.anchor + timedelta(rng.randint(first, last)), time(), UTC)
        return midnight + timedelta(seconds=rng.randrange(86_400))

    @property
    def noon(self) -> datetime:
        """The middle of the anchor day."""
        return datetime.combine(self.anchor, time(12), UTC)


def hour_of(moment: datetime) -> datetime:
    """The full hour before: what Advisor finds out in the course of an hour is told from the next one on."""
    return moment.replace(minute=0, second=0, microsecond=0)


def guid(*of: object) -> str:
    """A GUID that is always the same for the same thing."""
    return str(UUID(bytes=blake2b("/".join(map(str, of)).encode(), digest_size=16).digest(), version=4))


def in_turn(rows: Iterable[tuple[Row, Span]], whole: Span) -> Iterator[Told]:
    """The rows of one thing, each told in its part of ``whole``; what is empty is not told."""
    for row, span in rows:
        if part := span.within(whole):
            yield Told.of(row, part)
