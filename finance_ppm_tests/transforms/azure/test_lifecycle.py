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
    """A day: which subscriptions were read completely, and which records are there."""

    on: date
    complete: frozenset[str] = frozenset()
    there: frozenset[str] = frozenset()


def lives(history: Sequence[Snapshot]) -> pl.DataFrame:
    told = no_lives()
    for snapshot in history:
        seen = pl.DataFrame(
            [(record, RECORDS[record]) for record in sorted(snapshot.there)],
            schema={"record_id": pl.String, "subscription_id": pl.String},
            orient="row",
        )
        told = lived_on(told, snapshot.on, seen, pl.Series(sorted(snapshot.complete), dtype=pl.String))
    return told


def life(*snapshots: tuple[bool, bool]) -> dict[str, Any]:
    """The life of record a, by days: is it there, and is the snapshot complete?"""
    history = [
        Snapshot(day(number), frozenset({SUBSCRIPTION} if complete else ()), frozenset({"a"} if there else ()))
        for number, (there, complete) in enumerate(snapshots)
    ]
    (found,) = lives(history).iter_rows(named=True)
    return found


THERE, GONE, UNREAD, PARTLY_THERE = (True, True), (False, True), (False, False), (True, False)


def test_a_record_that_stands() -> None:
    assert life(THERE, THERE, THERE) == {
        "record_id": "a",
        "subscription_id": SUBSCRIPTION,
        "first_seen": day(0),
        "last_seen": day(2),
        "resolved_on": None,
        "reopened_on": None,
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
    ),
    max_size=9,
)


def told(drawn: Sequence[tuple[int, frozenset[str], frozenset[str]]]) -> list[Snapshot]:
    """Days in their order, some of them without any snapshot between them."""
    history, number = [], 0
    for step, complete, there in drawn:
        number += step
        history.append(Snapshot(day(number), complete, there))
    return history


def expected(history: Sequence[Snapshot], record: str) -> dict[str, Any] | None:
    """A record's life, from all its days at once."""
    seen = [snapshot.on for snapshot in history if record in snapshot.there]
    if not seen:
        return None
    missing = [
        snapshot.on for snapshot in history if RECORDS[record] in snapshot.complete and record not in snapshot.there
    ]
    returns = [back for before, back in pairwise(seen) if any(before < gone < back for gone in missing)]
    return {
        "record_id": record,
        "subscription_id": RECORDS[record],
        "first_seen": min(seen),
        "last_seen": max(seen),
        "resolved_on": min((gone for gone in missing if gone > max(seen)), default=None),
        "reopened_on": max(returns, default=None),
    }


@given(HISTORIES)
@settings(max_examples=150, deadline=None)
def test_the_fold_over_days_is_what_the_whole_history_says(
    drawn: Sequence[tuple[int, frozenset[str], frozenset[str]]],
) -> None:
    history = told(drawn)
    found = lives(history)
    assert found.schema == LIVES
    wanted = [each for record in sorted(RECORDS) if (each := expected(history, record))]
    assert found.sort("record_id").rows(named=True) == wanted


@given(HISTORIES)
@settings(max_examples=60, deadline=None)
def test_without_a_complete_snapshot_nothing_is_ever_resolved_or_reopened(
    drawn: Sequence[tuple[int, frozenset[str], frozenset[str]]],
) -> None:
    incomplete = [snapshot._replace(complete=frozenset()) for snapshot in told(drawn)]
    found = lives(incomplete)
    assert found["resolved_on"].null_count() == found["reopened_on"].null_count() == found.height


def test_states_in_their_order() -> None:
    rows = pl.DataFrame(
        {
            "first_seen": [day(0), day(0), day(0), day(3), day(0), day(3)],
            "resolved_on": [day(3), None, None, None, None, None],
            "reopened_on": [day(2), day(2), day(2), None, None, None],
            "suppressed": [True, True, False, False, False, True],
        },
        schema_overrides={"resolved_on": pl.Date, "reopened_on": pl.Date},
    )
    found = rows.select(state(suppressed=pl.col("suppressed"), newest_on=pl.lit(day(3)))).to_series()
    assert found.to_list() == ["resolved", "suppressed", "reopened", "new", "active", "suppressed"]
