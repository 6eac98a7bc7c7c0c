"""The numeric rules hold on every engine, at the edges where the engines by themselves disagree."""

from decimal import ROUND_HALF_UP, Decimal

import narwhals.stable.v2 as nw
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance_ppm.transforms.numeric import AMOUNT, MONEY, Digits, cents, product, share_to_the_cent
from finance_ppm_tests.engines import Engine, in_process

RATE = Digits(12, 6)
LARGEST_AMOUNT = Decimal("9999999999999999.99")
LARGEST_RATE = Decimal("999999.999999")


def decimals(digits: Digits) -> st.SearchStrategy[Decimal]:
    largest = 10**digits.precision - 1
    return st.integers(-largest, largest).map(lambda unscaled: Decimal(unscaled).scaleb(-digits.scale))


def series(name: str, values: list[Decimal | None], digits: Digits) -> pl.Series:
    return pl.Series(name, values, dtype=pl.Decimal(digits.precision, digits.scale))


def computed(engine: Engine, expression: nw.Expr, *columns: pl.Series) -> pl.Series:
    """``expression`` over ``columns``, in their order."""
    frame = pl.DataFrame([pl.Series("row", range(len(columns[0])), dtype=pl.Int64), *columns])
    return engine.collect(engine.lazy(frame).with_columns(result=expression)).sort("row")["result"]


def products(engine: Engine, pairs: list[tuple[Decimal | None, Decimal | None]]) -> pl.Series:
    expression = product(nw.col("amount"), nw.col("rate"), left_digits=AMOUNT, right_digits=RATE)
    amounts, rates = zip(*pairs, strict=True)
    return computed(engine, expression, series("amount", list(amounts), AMOUNT), series("rate", list(rates), RATE))


def test_a_product_keeps_every_digit(engine: Engine) -> None:
    """0.05 x 0.999999 is 0.04999995, where Polars by itself keeps 0.05; the largest operands fit."""
    pairs = [
        (Decimal("0.05"), Decimal("0.999999")),
        (LARGEST_AMOUNT, LARGEST_RATE),
        (-LARGEST_AMOUNT, LARGEST_RATE),
        (None, Decimal(1)),
        (Decimal(1), None),
    ]
    result = products(engine, pairs)
    assert result.dtype == pl.Decimal(38, 8)
    assert result.to_list() == [
        Decimal("0.04999995"),
        Decimal("9999999999989999990000.00000001"),
        Decimal("-9999999999989999990000.00000001"),
        None,
        None,
    ]


def test_a_product_that_no_engine_could_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit 38 digits"):
        product(nw.col("a"), nw.col("b"), left_digits=Digits(28, 8), right_digits=Digits(10, 8))


TIES = {
    "0.005": "0.01",
    "-0.005": "-0.01",
    "0.015": "0.02",
    "0.025": "0.03",
    "-0.025": "-0.03",
    "0.0049999999": "0.00",
    "-0.0049999999": "0.00",
    "0.0050000001": "0.01",
    "2.675": "2.68",
    "0.99499999": "0.99",
    "0.995": "1.00",
    "0": "0.00",
    "1234567890123456.785": "1234567890123456.79",
}


def test_cents_round_half_away_from_zero(engine: Engine) -> None:
    values = series("value", [*(Decimal(value) for value in TIES), None], Digits(38, 10))
    result = computed(engine, cents(nw.col("value"), scale=10), values)
    assert result.dtype == pl.Decimal(38, 2)
    assert result.to_list() == [*(Decimal(expected) for expected in TIES.values()), None]


@in_process
@settings(deadline=None, max_examples=15)
@given(values=st.lists(decimals(Digits(20, 4)), min_size=1, max_size=200))
def test_cents_are_pythons_round_half_up(engine: Engine, values: list[Decimal]) -> None:
    result = computed(engine, cents(nw.col("value"), scale=4), series("value", list(values), Digits(20, 4)))
    assert result.to_list() == [value.quantize(Decimal("0.01"), ROUND_HALF_UP) for value in values]


def shares(engine: Engine, cases: list[tuple[Decimal | None, int]]) -> list[list[Decimal | None]]:
    """Every share of each (amount, parts)."""
    ranks = [(amount, parts, rank) for amount, parts in cases for rank in range(1, parts + 1)]
    result = computed(
        engine,
        share_to_the_cent(nw.col("amount"), parts=nw.col("parts"), rank=nw.col("rank")),
        series("amount", [amount for amount, _, _ in ranks], AMOUNT),
        pl.Series("parts", [parts for _, parts, _ in ranks], dtype=pl.Int64),
        pl.Series("rank", [rank for _, _, rank in ranks], dtype=pl.Int64),
    )
    assert result.dtype == pl.Decimal(38, 2)
    found = iter(result.to_list())
    return [[next(found) for _ in range(parts)] for _, parts in cases]


def test_shares_give_odd_cents_to_the_first(engine: Engine) -> None:
    """10.00 in three is 3.34, 3.33, 3.33; the largest amount in seven is exact although a double is 8 cents off."""
    cases: dict[tuple[Decimal | None, int], list[str | None]] = {
        (Decimal("10.00"), 3): ["3.34", "3.33", "3.33"],
        (Decimal("-10.00"), 3): ["-3.34", "-3.33", "-3.33"],
        (Decimal("0.02"), 3): ["0.01", "0.01", "0.00"],
        (Decimal("-0.01"), 2): ["-0.01", "0.00"],
        (Decimal("0.00"), 2): ["0.00", "0.00"],
        (Decimal("7.77"), 1): ["7.77"],
        (None, 2): [None, None],
        (LARGEST_AMOUNT, 1): [str(LARGEST_AMOUNT)],
        (LARGEST_AMOUNT, 7): ["1428571428571428.57"] * 7,
        (-LARGEST_AMOUNT, 2): ["-5000000000000000.00", "-4999999999999999.99"],
    }
    expected = [[None if part is None else Decimal(part) for part in parts] for parts in cases.values()]
    assert shares(engine, list(cases)) == expected


@in_process
@settings(deadline=None, max_examples=15)
@given(
    cases=st.lists(st.tuples(decimals(AMOUNT), st.integers(1, 40)), min_size=1, max_size=20),
)
def test_shares_add_up_differ_by_a_cent_and_mirror(engine: Engine, cases: list[tuple[Decimal, int]]) -> None:
    opposites = [(-amount, parts) for amount, parts in cases]
    found = shares(engine, [*cases, *opposites])
    for (amount, _), parts in zip(cases, found, strict=False):
        exact = [part for part in parts if part is not None]
        assert sum(exact) == amount
        assert max(exact) - min(exact) <= Decimal("0.01")
        assert sorted(exact, key=abs, reverse=True) == exact
    for given_out, taken_back in zip(found[: len(cases)], found[len(cases) :], strict=True):
        assert taken_back == [None if part is None else -part for part in given_out]


def test_money_is_wide_enough_for_a_sum_of_the_largest(engine: Engine) -> None:
    frame = pl.DataFrame([series("amount", [LARGEST_AMOUNT] * 1000, AMOUNT)])
    total = engine.collect(engine.lazy(frame).select(nw.col("amount").cast(MONEY).sum().cast(MONEY)))
    assert total["amount"].to_list() == [LARGEST_AMOUNT * 1000]
