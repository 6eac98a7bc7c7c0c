"""Pairs between two lists: by hand, and against the most that could be had."""

from datetime import date, timedelta
from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from finance_ppm.closing.ledger.matching import Pair, Posting, pairs

FIRST = date(2026, 10, 1)


def on(day: int | None, key: str | None = "k") -> Posting:
    return Posting(key, None if day is None else FIRST + timedelta(days=day - 1))


def test_the_same_day_goes_before_a_nearer_turn() -> None:
    """There 3 and 5, here 5 and 9: 5 goes with 5, though 3 with 5 and 5 with 9 would be in order."""
    assert pairs([on(3), on(5)], [on(5), on(9)], days=31) == [Pair(0, 1, 6), Pair(1, 0, 0)]


def test_of_several_alike_the_first_goes_with_the_first() -> None:
    assert pairs([on(3), on(3), on(3)], [on(3), on(3)], days=31) == [Pair(0, 0, 0), Pair(1, 1, 0)]


def test_nothing_goes_beyond_its_month_its_key_or_the_days() -> None:
    assert pairs([on(31)], [on(32)], days=31) == []
    assert pairs([on(1, "a")], [on(1, "b")], days=31) == []
    assert pairs([on(1)], [on(9)], days=7) == []
    assert pairs([on(1)], [on(8)], days=7) == [Pair(0, 0, 7)]
    assert pairs([on(None)], [on(None)], days=31) == []
    assert pairs([on(1, None)], [on(1, None)], days=31) == []


def test_as_few_as_can_be_are_left_alone() -> None:
    """There 1, 6 and here 4, 9 within 4 days: 1-4 and 6-9, although 6 is as near to 4."""
    assert pairs([on(6), on(1)], [on(4), on(9)], days=4) == [Pair(0, 1, 3), Pair(1, 0, 3)]


postings = st.lists(
    st.builds(on, st.one_of(st.none(), st.integers(1, 40)), st.sampled_from(["a", "b", None])), max_size=7
)


@settings(deadline=None, max_examples=300)
@given(postings, postings, st.integers(0, 31))
def test_pairs_are_one_to_one_and_as_many_as_can_be(there: list[Posting], here: list[Posting], days: int) -> None:
    found = pairs(there, here, days=days)
    assert len({pair.there for pair in found}) == len({pair.here for pair in found}) == len(found)
    for pair in found:
        one, other = there[pair.there], here[pair.here]
        assert one.key == other.key is not None
        assert one.day is not None
        assert other.day is not None
        assert one.day.replace(day=1) == other.day.replace(day=1)
        assert abs((one.day - other.day).days) == pair.days_apart <= days
    exact = [pair for pair in found if pair.days_apart == 0]
    assert len(exact) == len(pairs(there, here, days=0))
    left = [place for place in range(len(there)) if place not in {pair.there for pair in exact}]
    others = [place for place in range(len(here)) if place not in {pair.here for pair in exact}]
    assert len(found) - len(exact) == most(there, left, here, others, days)


def most(there: list[Posting], left: list[int], here: list[Posting], others: list[int], days: int) -> int:
    """The most pairs there could be, by trying every order."""

    def fit(one: Posting, other: Posting) -> bool:
        if one.key is None or one.key != other.key or one.day is None or other.day is None:
            return False
        return one.day.replace(day=1) == other.day.replace(day=1) and abs((one.day - other.day).days) <= days

    fits = [[fit(there[i], here[j]) for j in others] for i in left]
    return _largest(fits, frozenset())


def _largest(fits: list[list[bool]], taken: frozenset[int]) -> int:
    if not fits:
        return 0
    first, *rest = fits
    without = _largest(rest, taken)
    return max([without, *(1 + _largest(rest, taken | {j}) for j, ok in enumerate(first) if ok and j not in taken)])


@settings(deadline=None, max_examples=50)
@given(postings, postings)
def test_the_order_of_the_lists_changes_no_sum(there: list[Posting], here: list[Posting]) -> None:
    counted = {len(pairs(list(order), here, days=9)) for order in list(permutations(there))[:24]}
    assert len(counted) == 1
