"""One-to-one pairs between two lists of postings.

Belongs here: who belongs to whom. Does not belong here: where postings come from, nor sums (``reconciliation``).
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Posting:
    """What a pair must agree in, and when it was posted."""

    key: Hashable
    """Project, currency and amount; None where nothing can agree with it."""
    day: date | None
    """None for no day, which agrees with none."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two postings that belong together, by their places in the lists."""

    there: int
    here: int
    days_apart: int


def pairs(there: Sequence[Posting], here: Sequence[Posting], *, days: int) -> list[Pair]:
    """Pairs of postings of one key: of the same day first, then of the same month and at most ``days`` apart.

    Each posting is in one pair at most. Of several that are alike the first there goes with the first here. Those left
    are paired in the order of their days, which leaves as few of them alone as can be.
    """
    same_day = _zipped(
        _grouped(there, range(len(there)), lambda posting: posting.day),
        _grouped(here, range(len(here)), lambda posting: posting.day),
    )
    exact = [Pair(one, other, 0) for ours, theirs in same_day for one, other in zip(ours, theirs, strict=False)]
    taken_there, taken_here = {pair.there for pair in exact}, {pair.here for pair in exact}
    same_month = _zipped(
        _grouped(there, (place for place in range(len(there)) if place not in taken_there), _month),
        _grouped(here, (place for place in range(len(here)) if place not in taken_here), _month),
    )
    near = [pair for ours, theirs in same_month for pair in _in_order(there, ours, here, theirs, days)]
    return sorted([*exact, *near], key=lambda pair: pair.there)


Groups = dict[tuple[Hashable, date], list[int]]


def _grouped(postings: Sequence[Posting], places: Iterable[int], when: Callable[[Posting], date | None]) -> Groups:
    groups: Groups = defaultdict(list)
    for place in places:
        posting = postings[place]
        moment = when(posting)
        if posting.key is not None and moment is not None:
            groups[posting.key, moment].append(place)
    return groups


def _zipped(there: Groups, here: Groups) -> list[tuple[list[int], list[int]]]:
    return [(places, here[key]) for key, places in there.items() if key in here]


def _month(posting: Posting) -> date | None:
    return posting.day and posting.day.replace(day=1)


def _in_order(
    there: Sequence[Posting], ours: list[int], here: Sequence[Posting], theirs: list[int], days: int
) -> list[Pair]:
    def by_day(postings: Sequence[Posting], places: list[int]) -> list[tuple[date, int]]:
        return sorted((day, place) for place in places if (day := postings[place].day) is not None)

    found, left, right = [], by_day(there, ours), by_day(here, theirs)
    i = j = 0
    while i < len(left) and j < len(right):
        apart = (left[i][0] - right[j][0]).days
        if abs(apart) <= days:
            found.append(Pair(left[i][1], right[j][1], abs(apart)))
            i, j = i + 1, j + 1
        elif apart < 0:
            i += 1
        else:
            j += 1
    return found
