"""A window of a database, read from its oldest page to its newest: how far it has come, and when it is shared.

Creation times never change, so windows of them can be read at once, each by its own query. Belongs here: where a
window ends, and how much of it may be left. The queries are the reader's.
"""

from collections.abc import Sequence
from datetime import datetime

from finance_ppm.sources.notion.spans import MINUTE, Span, minute_of, parts

WORTH_A_WINDOW = 300
"""Pages: a window costs half a request more on average, so that one for fewer pages would not pay."""


class Window:
    """What is left of a span: all pages created before ``reached`` have come.

    ``end`` comes nearer when the rest is given to other windows.
    """

    def __init__(self, span: Span) -> None:
        self.reached, self.end = span
        self._rows = 0
        self._first: datetime | None = None

    def advance(self, created: Sequence[datetime | None], *, complete: bool) -> Span:
        """Note pages that have come, in their order; the span of which all pages have come now, and had not before.

        ``complete`` says that no more will come. Otherwise others of the last page's minute may.
        """
        known = [moment for moment in created if moment is not None]
        self._rows += len(known)
        self._first = self._first or (minute_of(known[0]) if known else None)
        came_to = self.end if complete else min(max([self.reached, *map(minute_of, known[-1:])]), self.end)
        covered = Span(self.reached, came_to)
        self.reached = came_to
        return covered

    @property
    def is_complete(self) -> bool:
        """Whether all of its pages have come."""
        return self.reached >= self.end

    def is_worth_sharing(self, *, newest: datetime) -> bool:
        """Whether enough pages may be left for another window. ``newest``: hardly a page was created later."""
        return self._expected(self._rest(newest)) >= 2 * WORTH_A_WINDOW

    def share(self, among: int, *, newest: datetime) -> tuple[Span, ...]:
        """Give the rest, but for a first part, to others: at most ``among`` parts in all, if there is enough of it."""
        rest = self._rest(newest)
        given = parts(rest, min(among, int(self._expected(rest) / WORTH_A_WINDOW)))[1:] if rest else ()
        if not given:
            return ()
        end, self.end = self.end, given[0].start
        return (*given[:-1], Span(given[-1].start, end))

    def _rest(self, newest: datetime) -> Span | None:
        rest = Span(self.reached + MINUTE, min(self.end, minute_of(newest) + MINUTE))
        return rest if self._first and rest.start < rest.end else None

    def _expected(self, rest: Span | None) -> float:
        """Pages in the rest, if they lie as densely as those that have come."""
        if rest is None or self._first is None:
            return 0.0
        a_minute = self._rows / ((self.reached - self._first) / MINUTE + 1)
        return a_minute * ((rest.end - rest.start) / MINUTE)
