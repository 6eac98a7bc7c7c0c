"""The state machine against what a record's whole history says, told without going day by day."""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any, NamedTuple

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from finance_ppm.transforms.azure.lifecycle import LIVES, lived_on, no_lives, state
from finance_ppm_tests.transforms.azure.advice_by_hand import OTHER, SUBSCRIPTION, day

RECORDS: Mapping[str, str] = {"a": SUBSCRIPTION, "b": SUBSCRIPTION, "c": OTHER}


class Snapshot(NamedTuple):
    """A day: which subscriptions were read completely, which records are there, and which of them are completed."""

    on: date
    complete: frozenset[str] = frozenset()
    there: frozenset[str] = frozenset()
    completed: frozenset[str] = frozenset()

    @property
    def open(self) -> frozenset[str]:
        return self.there - self.completed


def lives(history: Sequence[Snapshot]) -> pl.DataFrame:
    told = no_lives()
    for snapshot in history:
        seen = pl.DataFrame(
            [(record, RECORDS[record]) for record in sorted(snapshot.open)],
            schema={"record_id": pl.String, "subscription_id": pl.String},
            orient="row",
        )
        complete, completed = (
            pl.Series(sorted(names), dtype=pl.String)
            for names in (snapshot.complete, snapshot.there & snapshot.completed)
        )
        told = lived_on(told, snapshot.on, seen, complete, completed)
    return told


class Day(NamedTuple):
    """A day of record a's."""

    there: bool = False
    complete: bool = True
    completed: bool = False


def lived(*days: Day) -> list[dict[str, Any]]:
    """The life of record a; none where it was never seen."""
    history = [
        Snapshot(
            day(number),
            frozenset({SUBSCRIPTION} if told.complete else ()),
            frozenset({"a"} if told.there else ()),
            frozenset({"a"} if told.completed else ()),
        )
        for number, told in enumerate(days)
    ]
    return lives(history).rows(named=True)


def life(*days: Day) -> dict[str, Any]:
    (found,) = lived(*days)
    return found


THERE, PARTLY_THERE = Day(there=True), Day(there=True, complete=False)
GONE, UNREAD = Day(), Day(complete=False)
DONE, PARTLY_DONE = THERE._replace(completed=True), PARTLY_THERE._replace(completed=True)


def test_a_record_that_stands() -> None:
    assert life(THERE, THERE, THERE) == {
        "record_id": "a",
        "subscription_id": SUBSCRIPTION,
        "first_seen": day(0),
        "last_seen": day(2),
        "resolved_on": None,
        "reopened_on": None,
        "completed_on": None,
    }


def test_the_first_complete_snapshot_without_it_resolves_a_record() -> None:
    found = life(THERE, UNREAD, GONE, GONE)
    assert (found["last_seen"], found["resolved_on"]) == (day(0), day(2))


def test_an_incomplete_snapshot_shows_a_record_but_resolves_none() -> None:
    found = life(PARTLY_THERE, UNREAD, PARTLY_THERE, UNREAD)
    assert (found["first_seen"], found["last_seen"], found["resolved_on"]) == (day(0), day(2), None)


def test_a_record_that_comes_back_keeps_its_first_day() -> None:
    found = life(THERE, GONE, PARTLY_THERE, THERE)
    assert (found["first_seen"], found["reopened_on"], found["resolved_on"]) == (day(0), day(2), None)


def test_a_record_that_was_only_unread_was_never_reopened() -> None:
    assert life(THERE, UNREAD, THERE)["reopened_on"] is None


def test_the_last_return_counts_and_is_remembered_once_resolved_again() -> None:
    found = life(THERE, GONE, THERE, GONE, THERE, GONE)
    assert (found["reopened_on"], found["resolved_on"]) == (day(4), day(5))


def test_a_complete_snapshot_that_marks_a_record_completed_resolves_it() -> None:
    found = life(THERE, DONE, DONE, GONE)
    assert (found["last_seen"], found["resolved_on"], found["completed_on"]) == (day(0), day(1), day(1))


def test_an_incomplete_snapshot_that_marks_a_record_completed_resolves_nothing_and_is_remembered() -> None:
    found = life(THERE, PARTLY_DONE, GONE)
    assert (found["last_seen"], found["resolved_on"], found["completed_on"]) == (day(0), day(2), day(1))
    assert life(THERE, PARTLY_DONE)["resolved_on"] is None


def test_a_record_may_be_marked_completed_after_it_was_gone() -> None:
    found = life(THERE, GONE, PARTLY_DONE)
    assert (found["resolved_on"], found["completed_on"]) == (day(1), day(2))


def test_a_record_that_is_no_longer_completed_is_reopened_and_forgets_it() -> None:
    found = life(THERE, DONE, THERE)
    assert (found["reopened_on"], found["resolved_on"], found["completed_on"]) == (day(2), None, None)
    assert life(THERE, DONE, THERE, GONE)["completed_on"] is None


def test_a_record_that_was_only_ever_completed_has_no_life() -> None:
    assert lived(DONE, PARTLY_DONE, DONE) == []
    later = life(DONE, THERE)
    assert (later["first_seen"], later["reopened_on"]) == (day(1), None)


def test_one_subscription_says_nothing_of_another() -> None:
    history = [
        Snapshot(day(0), frozenset({SUBSCRIPTION, OTHER}), frozenset({"a", "c"})),
        Snapshot(day(1), frozenset({OTHER})),
    ]
    found = {row["record_id"]: row["resolved_on"] for row in lives(history).iter_rows(named=True)}
    assert found == {"a": None, "c": day(1)}


HISTORIES = st.lists(
    st.tuples(
        st.integers(1, 3),
        st.frozensets(st.sampled_from([SUBSCRIPTION, OTHER])),
        st.frozensets(st.sampled_from(sorted(RECORDS))),
        st.frozensets(st.sampled_from(sorted(RECORDS))),
    ),
    max_size=9,
)
Drawn = Sequence[tuple[int, frozenset[str], frozenset[str], frozenset[str]]]


def told(drawn: Drawn) -> list[Snapshot]:
    """Days in their order, some of them without any snapshot between them."""
    history, number = [], 0
    for step, *sets in drawn:
        number += step
        history.append(Snapshot(day(number), *sets))
    return history


def expected(history: Sequence[Snapshot], record: str) -> dict[str, Any] | None:
    """A record's life, from all its days at once."""
    seen = [snapshot.on for snapshot in history if record in snapshot.open]
    if not seen:
        return None
    missing = [
        snapshot.on for snapshot in history if RECORDS[record] in snapshot.complete and record not in snapshot.open
    ]
    completed = [snapshot.on for snapshot in history if record in snapshot.there & snapshot.completed]
    returns = [back for before, back in pairwise(seen) if any(before < gone < back for gone in missing)]
    return {
        "record_id": record,
        "subscription_id": RECORDS[record],
        "first_seen": min(seen),
        "last_seen": max(seen),
        "resolved_on": min((gone for gone in missing if gone > max(seen)), default=None),
        "reopened_on": max(returns, default=None),
        "completed_on": min((done for done in completed if done > max(seen)), default=None),
    }


@given(HISTORIES)
@settings(max_examples=150, deadline=None)
def test_the_fold_over_days_is_what_the_whole_history_says(drawn: Drawn) -> None:
    history = told(drawn)
    found = lives(history)
    assert found.schema == LIVES
    wanted = [each for record in sorted(RECORDS) if (each := expected(history, record))]
    assert found.sort("record_id").rows(named=True) == wanted


@given(HISTORIES)
@settings(max_examples=60, deadline=None)
def test_without_a_complete_snapshot_nothing_is_ever_resolved_or_reopened(drawn: Drawn) -> None:
    incomplete = [snapshot._replace(complete=frozenset()) for snapshot in told(drawn)]
    found = lives(incomplete)
    assert found["resolved_on"].null_count() == found["reopened_on"].null_count() == found.height


def test_states_in_their_order() -> None:
    rows = pl.DataFrame(
        {
            "first_seen": [day(0), day(0), day(0), day(3), day(0), day(3)],
            "last_seen": [day(2), *[day(3)] * 5],
            "resolved_on": [day(3), None, None, None, None, None],
            "reopened_on": [day(2), day(2), day(2), None, None, None],
            "suppressed": [True, True, False, False, False, True],
        },
        schema_overrides={"resolved_on": pl.Date, "reopened_on": pl.Date},
    )
    found = rows.select(state(suppressed=pl.col("suppressed"))).to_series()
    assert found.to_list() == ["resolved", "suppressed", "reopened", "new", "active", "suppressed"]
