"""An estate of any size: as large as asked, made on demand, the same every time."""

import json
import pickle
from collections import Counter
from datetime import timedelta
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance_ppm.sandbox.azure.estate import Estate
from finance_ppm.sandbox.estate import bulk_estate
from finance_ppm_tests.sandbox.estate.reading import NOON, advisor, extended, recommendations, resource_id, rows

sizes = st.integers(0, 700)


@given(resources=sizes, advised=sizes, subscriptions=st.integers(1, 23))
@settings(deadline=None, max_examples=25)
def test_it_has_the_asked_sizes_with_unique_ids(resources: int, advised: int, subscriptions: int) -> None:
    of = bulk_estate(resources=resources, recommendations=advised, subscriptions=subscriptions)
    assert len(of.subscriptions(NOON)) == subscriptions
    assert len(rows(of, "resources", NOON)) == resources
    assert len(recommendations(of, NOON)) == advised
    for table in ("resources", "resourcecontainers", "advisorresources"):
        ids = [row["id"].lower() for row in rows(of, table, NOON)]
        assert len(ids) == len(set(ids))
    members = [member for group in of.management_groups().values() for member in group]
    assert members == list(of.subscriptions(NOON))


def test_a_million_resources_are_spread_evenly_and_never_all_made() -> None:
    of = bulk_estate(resources=1_000_000, recommendations=200_000, subscriptions=2_000)
    first, *_, last = of.subscriptions(NOON)
    for subscription in (first, last):
        assert len(list(of.rows("resources", subscription, NOON))) == 500
        types = Counter(row["type"].split("/")[1] for row in of.rows("advisorresources", subscription, NOON))
        assert types["recommendations"] == 100
        assert types["configurations"] == 1
        assert types["suppressions"] in (2, 3)
    assert len(pickle.dumps(of)) < 500


def test_rows_are_as_long_as_real_ones() -> None:
    of = bulk_estate(resources=3_000, recommendations=3_000, subscriptions=3)
    lengths = [len(json.dumps(row, separators=(",", ":"))) for row in rows(of, "resources", NOON)]
    assert 400 < sum(lengths) / len(lengths) < 700
    advice = [len(json.dumps(row, separators=(",", ":"))) for row in recommendations(of, NOON)]
    assert 400 < sum(advice) / len(advice) < 1500


def test_it_is_told_the_same_in_another_process() -> None:
    make = partial(bulk_estate, resources=50, recommendations=50, subscriptions=5, seed=3)
    again: Estate = pickle.loads(pickle.dumps(make))()
    assert rows(again, "advisorresources", NOON) == rows(make(), "advisorresources", NOON)
    assert rows(again, "resources", NOON) == rows(make(), "resources", NOON)


def test_rows_stay_as_they_are_all_day() -> None:
    of = bulk_estate(resources=90, recommendations=90, subscriptions=3)
    evening, tomorrow = NOON + timedelta(hours=11), NOON + timedelta(hours=13)
    assert rows(of, "advisorresources", NOON) == rows(of, "advisorresources", evening)
    assert rows(of, "advisorresources", NOON) != rows(of, "advisorresources", tomorrow)
    assert of.version(NOON) == of.version(evening) != of.version(tomorrow)


def test_another_seed_has_other_ids() -> None:
    first, second = (bulk_estate(resources=9, recommendations=9, subscriptions=3, seed=seed) for seed in (1, 2))
    assert not set(first.subscriptions(NOON)) & set(second.subscriptions(NOON))


def test_what_is_recommended_is_said_of_something_that_is_there() -> None:
    of = bulk_estate(resources=400, recommendations=400, subscriptions=4)
    there = {row["id"].lower() for table in ("resources", "resourcecontainers") for row in rows(of, table, NOON)}
    assert {resource_id(row) for row in recommendations(of, NOON)} <= there


def test_it_holds_commitments_oversized_machines_and_suppressions() -> None:
    of = bulk_estate(resources=400, recommendations=400, subscriptions=4)
    keys = {key for row in recommendations(of, NOON) for key in extended(row)}
    assert {"reservedResourceType", "term", "lookbackPeriod", "targetSku", "MaxCpuP95"} <= keys
    assert {row["properties"]["ttl"] for row in advisor(of, "suppressions", NOON)} == {"-1", "90.00:00:00"}


@pytest.mark.parametrize("subscription", ["nobody", "00000000-0000-0000-0000-0000000000ff", ""])
def test_a_subscription_that_is_not_there_has_no_rows(subscription: str) -> None:
    of = bulk_estate(resources=9, recommendations=9, subscriptions=3)
    assert not list(of.rows("resources", subscription, NOON))


@pytest.mark.parametrize(("resources", "subscriptions"), [(1, 0), (-1, 1)])
def test_impossible_sizes_are_refused(resources: int, subscriptions: int) -> None:
    with pytest.raises(ValueError, match="needs a subscription"):
        bulk_estate(resources=resources, recommendations=1, subscriptions=subscriptions)
