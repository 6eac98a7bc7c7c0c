"""Spans of creation times: which part of a database has been read, and into which windows the rest is cut.

Belongs here: arithmetic of half-open spans. No requests, and nothing of what a page is.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

MINUTE = timedelta(minutes=1)
BEGINNING = datetime.min.replace(tzinfo=UTC)
"""Before every page: no lower bound."""
END = datetime.max.replace(tzinfo=UTC)
"""After every page: no upper bound."""


class Span(NamedTuple):
    """From ``start`` (included) to ``end`` (excluded), in whole minutes of UTC, which is all that Notion tells."""

    start: datetime
    end: datetime

    def holds(self, moment: datetime) -> bool:
        """Whether the moment lies in the span."""
        return self.start <= moment < self.end


WHOLE = Span(BEGINNING, END)


def minute_of(moment: datetime) -> datetime:
    """The minute in which the moment lies, in UTC."""
    return moment.astimezone(UTC).replace(second=0, microsecond=0)


def union(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same moments in as few spans as possible, in order."""
    found: list[Span] = []
    for span in sorted(span for span in spans if span.start < span.end):
        if found and span.start <= found[-1].end:
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return tuple(found)


def gaps(done: Iterable[Span]) -> tuple[Span, ...]:
    """What ``done`` leaves of all time, in order."""
    ends = [BEGINNING, *(moment for span in union(done) for moment in span), END]
    return tuple(Span(start, end) for start, end in zip(ends[::2], ends[1::2], strict=True) if start < end)


def cut(spans: Iterable[Span], at: Iterable[datetime]) -> tuple[Span, ...]:
    """The same spans, parted in the minutes of the moments ``at``."""
    minutes = sorted({minute_of(moment) for moment in at})
    return tuple(part for span in spans for part in _parts(span, minutes))


def parts(span: Span, many: int) -> tuple[Span, ...]:
    """A bounded span in at most ``many`` parts, as long as one another to the minute."""
    step = (span.end - span.start) / max(1, many)
    return cut([span], (span.start + step * number for number in range(1, many)))


def _parts(span: Span, minutes: Sequence[datetime]) -> list[Span]:
    inside = [minute for minute in minutes if span.start < minute < span.end]
    return [Span(*ends) for ends in pairwise([span.start, *inside, span.end])]
