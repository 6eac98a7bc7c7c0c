"""A window that is read, and shared with others on the way: every page comes once, however it was shared."""

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance_ppm.sources.notion import windows
from finance_ppm.sources.notion.spans import BEGINNING, END, MINUTE, WHOLE, Span, minute_of, union
from finance_ppm.sources.notion.windows import WORTH_A_WINDOW, Window

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def minute(number: int) -> datetime:
    return START + number * MINUTE


@dataclass
class Reading:
    """Pages by the minute of their creation, read as the reader does: by answers of ``size``, in any interleaving."""

    pages: Sequence[int]
    """The minute of each page, in order."""
    size: int
    random: Random
    at_most: int
    """Windows that a share may make, the shared one included."""
    covered: list[Span] = field(default_factory=list)
    delivered: list[tuple[int, Span]] = field(default_factory=list)
    """Number of a page, and the window in which it came."""
    shares: list[int] = field(default_factory=list)
    opened: int = 1

    def run(self) -> None:
        newest = minute(self.pages[-1] if self.pages else 0)
        waiting = deque([(Window(WHOLE), 0)])
        while waiting:
            waiting.rotate(self.random.randrange(len(waiting)))
            window, place = waiting.popleft()
            place = self._answer(window, place)
            if window.is_complete:
                continue
            if self.random.random() < 0.5 and window.is_worth_sharing(newest=newest):
                given = window.share(self.at_most, newest=newest)
                assert len(given) < self.at_most
                assert all(window.reached < span.start < span.end for span in given)
                assert [window.end, *(span.end for span in given[:-1])] == [span.start for span in given]
                self.opened += len(given)
                waiting.extend((Window(span), 0) for span in given)
            waiting.append((window, place))

    def _answer(self, window: Window, place: int) -> int:
        """The next answer of a query that began at the window's start, however its end has moved since."""
        rows = [at for at, number in enumerate(self.pages) if at >= place and minute(number) >= window.reached]
        shown = rows[: self.size]
        created = [minute(self.pages[at]) for at in shown]
        own = [at for at in shown if minute(self.pages[at]) < window.end]
        at_end = len(rows) <= self.size or any(moment >= window.end for moment in created)
        span = window.advance(created, complete=at_end)
        self.delivered += [(at, span) for at in own]
        self.covered.append(span)
        return shown[-1] + 1 if shown else place


@settings(deadline=None, max_examples=120)
@given(
    st.lists(st.integers(0, 90), max_size=160).map(sorted),
    st.integers(1, 12),
    st.integers(2, 6),
    st.randoms(use_true_random=False),
)
def test_a_window_shared_at_random_delivers_every_page_once_and_covers_all_time(
    pages: list[int], size: int, at_most: int, random: Random
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(windows, "WORTH_A_WINDOW", 4)
        reading = Reading(pages, size, random, at_most)
        reading.run()
    assert Counter(at for at, _ in reading.delivered) == Counter(range(len(pages)))
    spans = sorted(span for span in reading.covered if span.start < span.end)
    assert all(before.end == after.start for before, after in pairwise(spans)), "disjoint, no gap"
    assert union(spans) == (WHOLE,)


def test_sharing_happens_in_these_stories() -> None:
    """Else the test above would show nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(windows, "WORTH_A_WINDOW", 4)
        reading = Reading(sorted(Random(1).choices(range(90), k=160)), 5, Random(1), 4)
        reading.run()
    assert reading.opened > 5


def after(window: Window, count: int, *, minutes: int) -> Window:
    """The window after ``count`` pages that were created evenly within so many minutes."""
    window.advance([START + timedelta(minutes=minutes) * at / count for at in range(count)], complete=False)
    return window


def test_a_page_of_the_last_minute_is_not_the_last_of_it() -> None:
    window = Window(WHOLE)
    assert window.advance([minute(0), minute(3), minute(3)], complete=False) == Span(BEGINNING, minute(3))
    assert window.advance([minute(3), minute(4)], complete=True) == Span(minute(3), END)
    assert window.is_complete


def test_seconds_do_not_divide_a_minute() -> None:
    window = Window(WHOLE)
    covered = window.advance([minute(0), minute(3) + timedelta(seconds=40)], complete=False)
    assert covered == Span(BEGINNING, minute(3))


def test_pages_that_do_not_say_when_they_were_created_move_nothing() -> None:
    window = Window(WHOLE)
    assert window.advance([None, None], complete=False) == Span(BEGINNING, BEGINNING)
    assert window.advance([minute(2), None], complete=False) == Span(BEGINNING, minute(2))
    assert not Window(WHOLE).is_worth_sharing(newest=minute(10**6))


def test_a_window_comes_to_nothing_beyond_its_end() -> None:
    window = Window(Span(minute(0), minute(5)))
    assert window.advance([minute(1), minute(9)], complete=False) == Span(minute(0), minute(5))
    assert window.is_complete


def test_only_as_many_windows_are_given_as_there_are_pages_for() -> None:
    """A hundred pages in a hundred minutes: so many minutes are left as there will be pages."""
    for left, windows_in_all in ((2 * WORTH_A_WINDOW, 2), (3 * WORTH_A_WINDOW, 3), (50 * WORTH_A_WINDOW, 8)):
        window = after(Window(WHOLE), 100, minutes=100)
        newest = window.reached + left * MINUTE
        assert window.is_worth_sharing(newest=newest)
        assert len(window.share(8, newest=newest)) == windows_in_all - 1
    window = after(Window(WHOLE), 100, minutes=100)
    too_near = window.reached + (2 * WORTH_A_WINDOW - 2) * MINUTE
    assert not window.is_worth_sharing(newest=too_near)
    assert window.share(1, newest=too_near) == ()
    assert window.end == END


def test_the_last_window_given_ends_where_the_shared_one_did() -> None:
    """Pages may be created after the newest that is known."""
    window = after(Window(WHOLE), 100, minutes=100)
    given = window.share(3, newest=window.reached + 900 * MINUTE)
    assert given[-1].end == END
    bounded = after(Window(Span(BEGINNING, minute(2000))), 100, minutes=100)
    given = bounded.share(3, newest=minute(5000))
    assert given[-1].end == minute(2000)
    assert bounded.end == given[0].start
    assert minute_of(given[0].start) == given[0].start
