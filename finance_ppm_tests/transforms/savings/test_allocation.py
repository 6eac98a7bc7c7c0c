"""The split of amounts to the cent: cases worked out by hand, and any amounts against an independent recomputation."""

from decimal import Decimal
from random import Random
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance_ppm.transforms.savings.allocation import allocated
from finance_ppm_tests.engines import Engine, PolarsEngine, in_process
from finance_ppm_tests.transforms.budget_by_hand import Row
from finance_ppm_tests.transforms.savings.projects_by_hand import AMOUNTS, judged_frame, recommendation, split

Weights = dict[str, int]
Cents = int | None

LARGEST = 10**18 - 1
"""The largest amount in cents that ``DECIMAL(18, 2)`` holds."""

CASES: dict[str, tuple[Cents, Weights, dict[str, Cents]]] = {
    # 33.333..., three times: the first in order has the odd cent.
    "equal parts": (10000, {"c": 1, "a": 1, "b": 1}, {"a": 3334, "b": 3333, "c": 3333}),
    # 3.333... and 6.666...: b loses more by rounding down.
    "the odd cent goes to who lost most": (1000, {"a": 1, "b": 2}, {"a": 333, "b": 667}),
    # 1.4, 1.4 and 4.2 cents of 7, by 1, 1 and 3 machines of 5: a and b lost 0.4 each, c 0.2. One cent is over.
    "of equals the first": (7, {"b": 1, "a": 1, "c": 3}, {"a": 2, "b": 1, "c": 4}),
    # Each machine has half a cent; the first 500 in some order must not have it all.
    "fewer cents than machines": (500, {"a": 500, "b": 500}, {"a": 250, "b": 250}),
    "one cent of many": (1, {"a": 1, "b": 99}, {"a": 0, "b": 1}),
    # The opposite of 10.00 by 1 and 2.
    "a negative amount": (-1000, {"a": 1, "b": 2}, {"a": -333, "b": -667}),
    "nothing": (0, {"a": 1, "b": 2}, {"a": 0, "b": 0}),
    "unknown": (None, {"a": 1, "b": 2}, {"a": None, "b": None}),
    "one home": (12345, {"a": 7}, {"a": 12345}),
    # 10**18 - 1 is divisible by 9; 53 bits do not hold it.
    "the largest amount": (LARGEST, {"a": 4, "b": 5}, {"a": 444444444444444444, "b": 555555555555555555}),
    # a sixth is 166666666666666666.5: a and c lose half a cent each, b nothing.
    "the largest amount, not divisible": (
        LARGEST,
        {"a": 1, "b": 2, "c": 3},
        {"a": 166666666666666667, "b": 333333333333333333, "c": 499999999999999999},
    ),
}


def money(cents: Cents) -> Decimal | None:
    return None if cents is None else Decimal(cents).scaleb(-2)


def judged(recommendation_id: str, annual: Cents, conservative: int, maximum: int) -> Row:
    told = zip(AMOUNTS, map(money, (annual, conservative, maximum)), strict=True)
    return recommendation(recommendation_id) | {"currency": "USD"} | dict(told)


def homes_frame(homes: dict[str, Weights], order: Random | None = None) -> pl.DataFrame:
    rows: list[Row] = [
        {
            "recommendation_id": key,
            "project_id": home,
            "project_name": home.upper(),
            "project_link": "machines",
            "machines": weight if len(weights) > 1 else None,
        }
        for key, weights in homes.items()
        for home, weight in weights.items()
    ]
    if order:
        order.shuffle(rows)
    schema: dict[str, Any] = dict.fromkeys(
        ["recommendation_id", "project_id", "project_name", "project_link"], pl.String
    )
    return pl.DataFrame(rows, schema | {"machines": pl.Int64})


def shares(engine: Engine, rows: list[Row], homes: dict[str, Weights], order: Random | None = None) -> pl.DataFrame:
    found = allocated(engine.lazy(judged_frame(rows)), engine.lazy(homes_frame(homes, order)))
    return engine.collect(found.select("recommendation_id", "project_id", "once", *AMOUNTS))


@pytest.fixture(scope="module")
def cases(engine: Engine) -> pl.DataFrame:
    """Every case twice: as annual savings, and as the achievable amounts (unknown ones are nothing there)."""
    rows = [judged(name, cents, 0, 1) for name, (cents, _, _) in CASES.items()]
    rows += [judged(f"{name}, achievable", 2, cents or 0, cents or 0) for name, (cents, _, _) in CASES.items()]
    homes = {row["recommendation_id"]: CASES[row["recommendation_id"].removesuffix(", achievable")][1] for row in rows}
    return shares(engine, rows, homes)


@pytest.mark.parametrize("name", CASES)
def test_case_worked_out_by_hand(cases: pl.DataFrame, name: str) -> None:
    expected = {home: money(cents) for home, cents in CASES[name][2].items()}
    nothing = dict.fromkeys(expected, Decimal("0.00"))

    def found(recommendation_id: str, amount: str) -> dict[str, Decimal | None]:
        rows = cases.filter(pl.col("recommendation_id") == recommendation_id)
        return dict(rows.select("project_id", amount).iter_rows())

    assert found(name, "annual_savings") == expected
    assert found(name, "achievable_conservative") == nothing
    for amount in AMOUNTS[1:]:
        assert found(f"{name}, achievable", amount) == (expected if CASES[name][0] is not None else nothing)


def test_each_recommendation_is_counted_once(cases: pl.DataFrame) -> None:
    counted = cases.group_by("recommendation_id").agg(pl.col("once").sum())
    assert counted["once"].to_list() == [1] * (2 * len(CASES))


def test_shares_are_money(cases: pl.DataFrame) -> None:
    assert [cases.schema[amount] for amount in AMOUNTS] == [pl.Decimal(18, 2)] * 3


amounts = st.one_of(st.integers(-LARGEST, LARGEST), st.integers(-100, 100))
weights = st.dictionaries(
    st.sampled_from(["(unallocated)", *"abcdef"]), st.one_of(st.integers(1, 5), st.integers(1, 10**6)), min_size=1
)


@settings(deadline=None, max_examples=30)
@given(
    rows=st.lists(st.tuples(st.one_of(st.none(), amounts), amounts, amounts, weights), min_size=1, max_size=12),
    random=st.randoms(use_true_random=False),
)
def test_any_amounts_equal_the_recomputation_in_any_order(
    rows: list[tuple[Cents, int, int, Weights]], random: Random
) -> None:
    told = [judged(str(i), annual, low, high) for i, (annual, low, high, _) in enumerate(rows)]
    homes = {str(i): row[-1] for i, row in enumerate(rows)}
    found = shares(PolarsEngine(), random.sample(told, k=len(told)), homes, random)
    for whole in told:
        parts = found.filter(pl.col("recommendation_id") == whole["recommendation_id"])
        for amount in AMOUNTS:
            of_home = dict(parts.select("project_id", amount).iter_rows())
            assert of_home == split(whole[amount], homes[whole["recommendation_id"]])
            if whole[amount] is not None:
                assert sum(of_home.values()) == whole[amount]


@in_process
def test_many_amounts_equal_the_recomputation(engine: Engine) -> None:
    random = Random(17)
    told, homes = [], {}
    for i in range(400):
        cents = [random.choice([random.randint(-LARGEST, LARGEST), random.randint(0, 99)]) for _ in AMOUNTS]
        told.append(judged(str(i), cents[0], cents[1], cents[2]))
        chosen = random.sample("abcdefgh", k=random.randint(1, 8))
        homes[str(i)] = {home: random.choice([1, 2, random.randint(1, 10**5)]) for home in chosen}
    whole = {row["recommendation_id"]: row for row in told}
    for row in shares(engine, told, homes).to_dicts():
        key = row["recommendation_id"]
        for amount in AMOUNTS:
            assert row[amount] == split(whole[key][amount], homes[key])[row["project_id"]]
