"""Savings summed up: cases worked out by hand, and random estates against an independent recomputation."""

from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from finance_ppm.contracts.azure import AdvisorSummary
from finance_ppm.transforms.savings.summary import summed
from finance_ppm_tests.engines import Engine, PolarsEngine, in_process
from finance_ppm_tests.transforms.budget_by_hand import Row
from finance_ppm_tests.transforms.savings.projects_by_hand import (
    AMOUNTS,
    AS_OF,
    Estate,
    allocations,
    is_unknown,
    judged_at_random,
    many_estates,
    random_estate,
    summary,
)

COUNTS = ("open_count", "new_count", "suppressed_count", "resolved_count", "unknown_count")
SUMS = ("gross_annual_savings", "achievable_conservative", "achievable_maximum")
LONG_AGO = AS_OF - timedelta(days=40)


def allocation(
    recommendation_id: str, project: str, annual: str | None, low: str, high: str, *, once: int = 1, **cells: Any
) -> Row:
    """A row as ``allocation.allocated`` makes it, so far as sums are made of it."""
    return {
        "recommendation_id": recommendation_id,
        "project_id": project,
        "project_name": {"p1": "Warehouse", "p|2": "Ledger"}.get(project, "Unallocated"),
        "subscription_id": "s1",
        "subscription_name": "Production",
        "category": "Cost",
        "impact": "High",
        "state": "active",
        "currency": "USD",
        "annual_savings": None if annual is None else Decimal(annual),
        "achievable_conservative": Decimal(low),
        "achievable_maximum": Decimal(high),
        "unknown": False,
        "once": once,
        "snapshot_on": AS_OF,
    } | cells


NOTHING = "(unallocated)"
BY_HAND = [
    # A commitment spread over two projects and nobody: one recommendation, 100.00 + 50.00 + 50.00.
    allocation("r1", "p1", "100.00", "40.00", "80.00", once=0),
    allocation("r1", "p|2", "50.00", "20.00", "40.00", once=0),
    allocation("r1", NOTHING, "50.00", "20.00", "40.00"),
    # Unknown savings, seen for the first time; suppressed; resolved, long ago, in a subscription without a name.
    allocation("r2", "p1", None, "0.00", "0.00", state="new", currency="XXX", unknown=True),
    allocation("r3", "p1", "7.00", "0.00", "0.00", state="suppressed", impact="Low"),
    allocation("r4", NOTHING, "9.00", "0.00", "0.00", state="resolved", subscription_id="s2", subscription_name=None)
    | {"snapshot_on": LONG_AGO},
    # Not about cost: without an amount it is not unknown. Reopened is open.
    allocation("r5", NOTHING, None, "0.00", "0.00", state="reopened", category=None, impact=None, currency="XXX")
    | {"snapshot_on": None},
    allocation("r6", "p|2", "3.00", "3.00", "3.00", currency="E%R", category="A|B"),
    # Suppressed or resolved, an unknown amount is no open question.
    allocation("r7", "p1", None, "0.00", "0.00", state="suppressed", currency="XXX"),
    # 500.00 of no currency, and 300.00 of maybe another, are no sum.
    allocation("r8", "p1", "500.00", "0.00", "0.00", currency="XXX", unknown=True),
    allocation("r9", NOTHING, "300.00", "0.00", "0.00", currency="XXX", unknown=True),
]

EXPECTED: dict[str, tuple[str, list[int], list[str]]] = {
    # Its id, and then: its name; its counts and its sums, in the order of COUNTS and SUMS above.
    "all|all|USD": ("All", [1, 0, 1, 1, 0], ["200.00", "80.00", "160.00"]),
    "all|all|XXX": ("All", [4, 1, 1, 0, 3], ["0.00", "0.00", "0.00"]),
    "all|all|E%25R": ("All", [1, 0, 0, 0, 0], ["3.00", "3.00", "3.00"]),
    "category|Cost|USD": ("Cost", [1, 0, 1, 1, 0], ["200.00", "80.00", "160.00"]),
    "category|Cost|XXX": ("Cost", [3, 1, 1, 0, 3], ["0.00", "0.00", "0.00"]),
    "category|(none)|XXX": ("(none)", [1, 0, 0, 0, 0], ["0.00", "0.00", "0.00"]),
    "category|A%7CB|E%25R": ("A|B", [1, 0, 0, 0, 0], ["3.00", "3.00", "3.00"]),
    "impact|High|USD": ("High", [1, 0, 0, 1, 0], ["200.00", "80.00", "160.00"]),
    "impact|Low|USD": ("Low", [0, 0, 1, 0, 0], ["0.00", "0.00", "0.00"]),
    "impact|High|XXX": ("High", [3, 1, 1, 0, 3], ["0.00", "0.00", "0.00"]),
    "impact|(none)|XXX": ("(none)", [1, 0, 0, 0, 0], ["0.00", "0.00", "0.00"]),
    "impact|High|E%25R": ("High", [1, 0, 0, 0, 0], ["3.00", "3.00", "3.00"]),
    "project|p1|USD": ("Warehouse", [1, 0, 1, 0, 0], ["100.00", "40.00", "80.00"]),
    "project|p1|XXX": ("Warehouse", [2, 1, 1, 0, 2], ["0.00", "0.00", "0.00"]),
    "project|p%7C2|USD": ("Ledger", [1, 0, 0, 0, 0], ["50.00", "20.00", "40.00"]),
    "project|p%7C2|E%25R": ("Ledger", [1, 0, 0, 0, 0], ["3.00", "3.00", "3.00"]),
    "project|(unallocated)|USD": ("Unallocated", [1, 0, 0, 1, 0], ["50.00", "20.00", "40.00"]),
    "project|(unallocated)|XXX": ("Unallocated", [2, 0, 0, 0, 1], ["0.00", "0.00", "0.00"]),
    "subscription|s1|USD": ("Production", [1, 0, 1, 0, 0], ["200.00", "80.00", "160.00"]),
    "subscription|s1|XXX": ("Production", [4, 1, 1, 0, 3], ["0.00", "0.00", "0.00"]),
    "subscription|s1|E%25R": ("Production", [1, 0, 0, 0, 0], ["3.00", "3.00", "3.00"]),
    "subscription|s2|USD": ("s2", [0, 0, 0, 1, 0], ["0.00", "0.00", "0.00"]),
}


def framed(rows: list[Row]) -> pl.DataFrame:
    money = pl.Decimal(18, 2)
    schema: dict[str, Any] = dict.fromkeys(BY_HAND[0], pl.String)
    return pl.DataFrame(
        rows,
        schema | dict.fromkeys(AMOUNTS, money) | {"unknown": pl.Boolean, "once": pl.Int64, "snapshot_on": pl.Date},
        infer_schema_length=None,
    )


def sums_of(engine: Engine, rows: list[Row]) -> pl.DataFrame:
    return engine.collect(summed(engine.lazy(framed(rows)), AS_OF), AdvisorSummary)


def recomputed_allocations(estate: Estate, judged: list[Row]) -> list[Row]:
    """The rows that sums are made of, by the recomputation of allocations."""
    told = {row["recommendation_id"]: row for row in judged}
    names = {row["subscription_id"]: row["subscription_name"] for row in estate.resources}
    rows, seen = [], set()
    for row in allocations(estate, judged).to_dicts():
        key = row["recommendation_id"]
        whole = {column: told[key].get(column) for column in ("impact", "state", "snapshot_on")}
        whole |= {"unknown": is_unknown(told[key])}
        whole |= {"subscription_name": names.get(row["subscription_id"]), "once": int(key not in seen)}
        seen.add(key)
        rows.append({column: (row | whole)[column] for column in BY_HAND[0]})
    return rows


@pytest.fixture(scope="module")
def by_hand(engine: Engine) -> pl.DataFrame:
    return sums_of(engine, BY_HAND)


def test_every_row_worked_out_by_hand(by_hand: pl.DataFrame) -> None:
    found = {
        row["summary_id"]: (
            row["dimension_value"],
            [row[count] for count in COUNTS],
            [str(row[amount]) for amount in SUMS],
        )
        for row in by_hand.to_dicts()
    }
    assert found == EXPECTED


def test_a_row_shows_its_oldest_snapshot(by_hand: pl.DataFrame) -> None:
    oldest = dict(by_hand.select("summary_id", "oldest_snapshot_on").iter_rows())
    assert oldest["all|all|USD"] == LONG_AGO
    assert oldest["all|all|E%25R"] == AS_OF
    assert oldest["category|(none)|XXX"] is None
    assert oldest["all|all|XXX"] == AS_OF


def assert_adds_up(sums: pl.DataFrame) -> None:
    """Every dimension adds up to ``all``, in each currency, in every amount and in all counts but those of projects."""

    def whole(dimension: str, *columns: str) -> pl.DataFrame:
        of_dimension = sums.filter(pl.col("dimension") == dimension)
        return of_dimension.group_by("currency").agg(pl.col(*columns).sum()).sort("currency")

    for dimension in ("category", "impact", "subscription"):
        assert_frame_equal(whole(dimension, *COUNTS, *SUMS), whole("all", *COUNTS, *SUMS))
    assert_frame_equal(whole("project", *SUMS), whole("all", *SUMS))
    by_project, whole_counts = whole("project", *COUNTS), whole("all", *COUNTS)
    assert all((by_project[count] >= whole_counts[count]).all() for count in COUNTS)


def test_the_dimensions_add_up(by_hand: pl.DataFrame) -> None:
    assert_adds_up(by_hand)


@in_process
def test_many_estates_equal_the_recomputation_and_add_up(engine: Engine) -> None:
    estate = many_estates(60)
    judged = judged_at_random(estate, Random(1))
    found = sums_of(engine, recomputed_allocations(estate, judged))
    assert_frame_equal(found, summary(estate, judged))
    assert_adds_up(found)


@settings(deadline=None, max_examples=25)
@given(random=st.randoms(use_true_random=False))
def test_any_estate_equals_the_recomputation_in_any_order(random: Random) -> None:
    estate = random_estate(random)
    judged = judged_at_random(estate, random)
    rows = recomputed_allocations(estate, judged)
    random.shuffle(rows)
    found = sums_of(PolarsEngine(), rows)
    assert_frame_equal(found, summary(estate, judged))
    assert_adds_up(found)


@in_process
def test_without_recommendations_there_is_nothing_to_sum(engine: Engine) -> None:
    assert sums_of(engine, []).is_empty()
