"""The exact arithmetic under the forecast: amounts too large for an integer, divided without a decimal division."""

from decimal import Decimal

import narwhals.stable.v2 as nw
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from finance_ppm.transforms.numeric import multiple, whole_division
from finance_ppm_tests.engines import Engine, in_process

LARGEST = 10**28 - 1
LONGEST = 3_652_059
"""Days from the first of the calendar to its last."""

EDGES = [
    (cents, divisor)
    for size in (0, 1, 99, 10**12 - 1, 10**12, 10**12 + 1, 2**63 - 1, 2**63, 10**24 - 1, 10**24, LARGEST)
    for cents in (size, -size)
    for divisor in (1, 2, 3, 92, 366, LONGEST, 9_000_000)
]


def agrees(engine: Engine, pairs: list[tuple[int, int]]) -> None:
    amounts = [Decimal(cents).scaleb(-2) for cents, _ in pairs]
    frame = pl.DataFrame(
        {
            "row": range(len(pairs)),
            "amount": pl.Series(amounts, dtype=pl.Decimal(38, 2)),
            "divisor": pl.Series([divisor for _, divisor in pairs], dtype=pl.Int64),
        }
    )
    divided = whole_division(engine.lazy(frame), nw.col("amount"), by=nw.col("divisor"))
    back = divided.with_columns(back=multiple(nw.col("quotient"), nw.col("divisor")))
    for row, (cents, divisor) in zip(engine.collect(back).sort("row").to_dicts(), pairs, strict=True):
        quotient, remainder = divmod(abs(cents), divisor)
        assert (row["quotient"], row["remainder"]) == (Decimal(quotient).scaleb(-2), remainder), (cents, divisor)
        assert row["back"] == Decimal(quotient * divisor).scaleb(-2)


def test_edges_divide_exactly(engine: Engine) -> None:
    agrees(engine, EDGES)


@in_process
@settings(deadline=None, max_examples=15)
@given(
    pairs=st.lists(st.tuples(st.integers(-LARGEST, LARGEST), st.integers(1, LONGEST)), min_size=1, max_size=100),
)
def test_any_amount_divides_exactly(engine: Engine, pairs: list[tuple[int, int]]) -> None:
    agrees(engine, pairs)
