"""Arithmetic of spans: nothing of time is lost by it, and nothing is there twice."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from finance_ppm.sources.notion.spans import BEGINNING, END, MINUTE, WHOLE, Span, cut, gaps, minute_of, parts, union

START = datetime(2026, 3, 1, tzinfo=UTC)
MINUTES = 60
"""The minutes after ``START`` in which everything here happens."""

moments = st.integers(0, MINUTES).map(lambda minute: START + minute * MINUTE)
bounds = moments | st.sampled_from([BEGINNING, END])
spans = st.builds(Span, bounds, bounds)
"""Of any direction: what ends before it begins holds nothing."""
some_spans = st.lists(spans, max_size=8)
examples = settings(deadline=None, max_examples=150)

PROBES = [BEGINNING, *(START + minute * MINUTE for minute in range(-1, MINUTES + 2)), END - MINUTE]
"""Minutes that tell any two sets of spans apart."""


def held(among: Iterable[Span]) -> list[int]:
    """How many of the spans hold each probe."""
    told = list(among)
    return [sum(span.holds(probe) for span in told) for probe in PROBES]


def held_at_all(among: Iterable[Span]) -> list[bool]:
    return [count > 0 for count in held(among)]


@examples
@given(some_spans)
def test_a_union_holds_the_same_moments_once_in_as_few_spans_as_possible(some: list[Span]) -> None:
    found = union(some)
    assert held(found) == [int(is_held) for is_held in held_at_all(some)]
    assert all(span.start < span.end for span in found)
    assert all(before.end < after.start for before, after in pairwise(found)), "apart, in order"
    assert union(reversed(found)) == found


@examples
@given(some_spans)
def test_gaps_are_what_is_left_of_all_time(done: list[Span]) -> None:
    left = gaps(done)
    assert held([*union(done), *left]) == [1] * len(PROBES)
    assert union([*done, *left]) == (WHOLE,)
    assert gaps(left) == union(done)


def test_all_time_is_a_gap_where_nothing_is_done_and_none_where_all_is() -> None:
    assert gaps([]) == (WHOLE,)
    assert gaps([WHOLE]) == ()


@examples
@given(some_spans, st.lists(moments, max_size=8))
def test_a_cut_parts_spans_at_the_moments_and_loses_nothing(some: list[Span], at: list[datetime]) -> None:
    whole = union(some)
    found = cut(whole, at)
    assert held(found) == held(whole)
    assert list(found) == sorted(found)
    assert not any(span.start < moment < span.end for span in found for moment in at)
    assert len(found) <= len(whole) + len(set(at))


@examples
@given(moments, st.integers(1, 2 * MINUTES), st.integers(-1, 12))
def test_parts_make_up_the_span_and_are_alike_to_the_minute(start: datetime, minutes: int, many: int) -> None:
    whole = Span(start, start + minutes * MINUTE)
    found = parts(whole, many)
    assert 1 <= len(found) <= max(1, many)
    assert [span.start for span in found] == [whole.start, *(span.end for span in found[:-1])]
    assert found[-1].end == whole.end
    lengths = [span.end - span.start for span in found]
    assert all(length % MINUTE == timedelta() for length in lengths), "Notion tells no less than a minute"
    assert max(lengths) - min(lengths) <= MINUTE
    assert len(found) == min(max(1, many), minutes)


@examples
@given(moments, st.integers(0, 59), st.integers(-12, 14))
def test_the_minute_of_a_moment_is_its_minute_in_utc(minute: datetime, seconds: int, hours: int) -> None:
    moment = (minute + timedelta(seconds=seconds)).astimezone(timezone(timedelta(hours=hours)))
    assert minute_of(moment) == minute
    assert minute_of(moment).tzinfo is UTC
