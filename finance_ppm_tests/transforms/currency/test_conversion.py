"""An amount at a rate: the same cents on every engine, and Python's."""

from decimal import ROUND_HALF_UP, Context, Decimal

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from finance_ppm.transforms.currency.conversion import with_converted
from finance_ppm_tests.engines import Engine, in_process

Case = tuple[Decimal | None, int | None, int | None]
"""Amount, mantissa, exponent."""

MOST = Decimal(9) * 10**16
LARGEST = Decimal("9999999999999999.99")
EXACT = Context(prec=80, rounding=ROUND_HALF_UP)


def found(engine: Engine, cases: list[Case]) -> list[Decimal | None]:
    """Every case converted; and once more beside it, at a rate of 1."""
    schema = {"row": pl.Int64(), "amount": pl.Decimal(38, 2), "a_mantissa": pl.Int64(), "a_exponent": pl.Int64()}
    frame = pl.DataFrame([(row, *case) for row, case in enumerate(cases)], schema=schema, orient="row").with_columns(
        b_mantissa=pl.lit(10**8, pl.Int64), b_exponent=pl.lit(8, pl.Int64)
    )
    lazy = with_converted(engine.lazy(frame), "amount", {"at_rate": "a", "same": "b"})
    rows = engine.collect(lazy).sort("row")
    assert rows.columns == [*frame.columns, "at_rate", "same"]
    assert rows["at_rate"].dtype == rows["same"].dtype == pl.Decimal(38, 2)
    assert rows["same"].to_list() == [
        None if amount is None or abs(amount) > MOST else amount for amount, _, _ in cases
    ]
    converted: list[Decimal | None] = rows["at_rate"].to_list()
    return converted


def by_hand(amount: Decimal | None, mantissa: int | None, exponent: int | None) -> Decimal | None:
    if amount is None or mantissa is None or exponent is None or abs(amount) > MOST:
        return None
    product = EXACT.scaleb(EXACT.multiply(amount, Decimal(mantissa)), -exponent)
    return None if abs(product) > MOST else EXACT.quantize(product, Decimal("0.01"))


def test_cents_worked_out_by_hand(engine: Engine) -> None:
    """0.01 at 0.5 is half a cent: away from zero. 3.00 at 0.333333333 is 0.999999999, so 1.00; 0.04 of it is 0.0133."""
    cases: dict[Case, str | None] = {
        (Decimal("100.00"), 125000000, 8): "125.00",
        (Decimal("0.01"), 500000000, 9): "0.01",
        (Decimal("-0.01"), 500000000, 9): "-0.01",
        (Decimal("0.01"), 499999999, 9): "0.00",
        (Decimal("-0.03"), 500000000, 9): "-0.02",
        (Decimal("3.00"), 333333333, 9): "1.00",
        (Decimal("0.04"), 333333333, 9): "0.01",
        (Decimal("0.00"), 999999999, 0): "0.00",
        (Decimal("0.01"), 999999999, 0): "9999999.99",
        (LARGEST, 100000000, 18): "1000000.00",
        (LARGEST, 999999999, 18): "9999999.99",
        (LARGEST, 100000000, 8): str(LARGEST),
        (-LARGEST, 899999999, 8): "-89999999899999999.91",
        (None, 100000000, 8): None,
        (Decimal("1.00"), None, None): None,
    }
    assert found(engine, list(cases)) == [None if cents is None else Decimal(cents) for cents in cases.values()]


def test_what_is_too_large_is_null_and_nothing_overflows(engine: Engine) -> None:
    """Ninety quadrillion is the most, and a cent more is too much; so is what no integer could hold."""
    cases: dict[Case, Decimal | None] = {
        (Decimal(9) * 10**15, 100000000, 7): MOST,
        (-Decimal(9) * 10**15, 100000000, 7): -MOST,
        (Decimal("9000000000000000.01"), 100000000, 7): None,
        (MOST, 100000000, 8): MOST,
        (MOST + Decimal("0.01"), 100000000, 18): None,
        (LARGEST, 999999999, 0): None,
        (Decimal(10) ** 30, 100000000, 8): None,
        (-(Decimal(10) ** 35), 999999999, 0): None,
    }
    assert found(engine, list(cases)) == list(cases.values())


amounts = st.integers(0, 18).flatmap(lambda digits: st.integers(-(10**digits) + 1, 10**digits - 1))
mantissas = st.one_of(st.integers(10**8, 10**9 - 1), st.sampled_from([10**8, 125 * 10**6, 5 * 10**8, 10**9 - 1]))
some = st.tuples(amounts.map(lambda cents: Decimal(cents).scaleb(-2)), mantissas, st.integers(0, 18))


@in_process
@settings(deadline=None, max_examples=25)
@given(cases=st.lists(some, min_size=1, max_size=100))
def test_any_amount_at_any_rate_is_pythons(engine: Engine, cases: list[Case]) -> None:
    assert found(engine, cases) == [by_hand(*case) for case in cases]


@in_process
@settings(deadline=None, max_examples=10)
@given(
    cents=st.lists(st.integers(10**15, 9 * 10**18), min_size=1, max_size=50),
    mantissa=mantissas,
    exponent=st.integers(0, 18),
    nudge=st.integers(-2, 2),
)
def test_amounts_that_come_out_next_to_half_a_cent_are_pythons(
    engine: Engine, cents: list[int], mantissa: int, exponent: int, nudge: int
) -> None:
    """A product next to a whole number of half cents, large enough for a double to miss it by some hundreds."""
    unit = 10**exponent
    near = [min(wanted * unit // mantissa, 9 * 10**18) + nudge for wanted in cents]
    cases: list[Case] = [(Decimal(amount).scaleb(-2), mantissa, exponent) for amount in near]
    assert found(engine, cases) == [by_hand(*case) for case in cases]


def test_wide_samples_are_pythons(engine: Engine) -> None:
    """Every exponent with amounts of every size, on every engine."""
    cases: list[Case] = [
        (Decimal(sign * (7 * 10**digits + 123456789 % 10**digits)).scaleb(-2), mantissa, exponent)
        for exponent in range(19)
        for digits in range(18)
        for sign in (1, -1)
        for mantissa in (100000000, 123456789, 987654321)
    ]
    assert found(engine, cases) == [by_hand(*case) for case in cases]
