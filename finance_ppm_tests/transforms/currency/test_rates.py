"""Which rate applies: cases worked out by hand, and random publications against a recomputation in fractions."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random

import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from finance_ppm.transforms.currency.rates import Rates, rates_of
from finance_ppm_tests.engines import Engine, in_process
from finance_ppm_tests.transforms.currency.rates_by_hand import Market, Published, Rate, fx_frame, random_rates

AS_OF = date(2026, 11, 20)
Known = dict[tuple[str, date], tuple[Decimal, bool]]


def computed(published: Iterable[Published], reporting: str, *units: str, as_of: date = AS_OF) -> Rates:
    return rates_of(fx_frame(published), reporting=reporting, as_of=as_of, units=units)


def collected(frame: object) -> pl.DataFrame:
    found = frame.collect(backend="polars").to_native()  # type: ignore[attr-defined] # any engine's lazy frame
    assert isinstance(found, pl.DataFrame)
    return found


def known(frame: object, day: str) -> Known:
    """Rate and staleness by unit and day or month; every rate is held with nine digits."""
    rows = collected(frame)
    assert rows.columns == ["unit", day, "mantissa", "exponent", "is_stale"]
    assert rows.dtypes == [pl.String, pl.Date, pl.Int64, pl.Int64, pl.Boolean]
    assert rows.filter(~pl.col("mantissa").is_between(10**8, 10**9 - 1)).is_empty()
    assert rows.filter(~pl.col("exponent").is_between(0, 18)).is_empty()
    assert rows.select("unit", day).is_unique().all()
    return {
        (row["unit"], row[day]): (Decimal(row["mantissa"]).scaleb(-row["exponent"]), row["is_stale"])
        for row in rows.to_dicts()
    }


def days(rates: Rates) -> Known:
    return known(rates.daily, "day")


def months(rates: Rates) -> Known:
    return known(rates.monthly, "period")


def ago(number: int) -> date:
    return AS_OF - timedelta(days=number)


def test_a_cross_rate_goes_by_way_of_the_euro_on_one_day() -> None:
    """A euro is 1.10 dollars and 64 pesos: a peso is 1.10/64 = 0.0171875 dollars, a euro 1.10, a dollar is itself.

    A pound is 1.10/0.86 = 1.27906976744..., so 1.27906977. The next day has no dollar, so no rate of its own.
    """
    published: list[Published] = [
        ("USD", ago(1), Decimal("1.10")),
        ("PHP", ago(1), Decimal(64)),
        ("GBP", ago(1), Decimal("0.86")),
        ("PHP", AS_OF, Decimal(32)),
    ]
    found = days(computed(published, "USD", "USD", "EUR", "PHP", "GBP", "CHF"))
    expected = {"EUR": "1.10", "PHP": "0.0171875", "GBP": "1.27906977"}
    assert found == {(unit, day): (Decimal(rate), False) for unit, rate in expected.items() for day in (ago(1), AS_OF)}


def test_to_the_euro_a_rate_is_the_other_way_round() -> None:
    """1/3 is 0.333333333; 1/1.1 is 0.909090909."""
    rates = computed([("AAA", AS_OF, Decimal(3)), ("BBB", AS_OF, Decimal("1.1"))], "EUR", "AAA", "BBB", "EUR")
    assert days(rates) == {
        ("AAA", AS_OF): (Decimal("0.333333333"), False),
        ("BBB", AS_OF): (Decimal("0.909090909"), False),
    }


def test_a_rate_applies_for_35_days_and_is_stale_after_7() -> None:
    """Published 36 days before T and never again: that day to the 7th after it fresh, to the 35th stale, then none."""
    found = days(computed([("AAA", ago(36), Decimal(2))], "EUR", "AAA"))
    assert found == {("AAA", ago(36 - age)): (Decimal("0.5"), age > 7) for age in range(36)}
    assert ("AAA", AS_OF) not in found


def test_the_newest_rate_on_or_before_a_day_applies_and_none_of_later_days() -> None:
    published: list[Published] = [
        ("AAA", ago(10), Decimal(2)),
        ("AAA", ago(3), Decimal(4)),
        ("AAA", AS_OF + timedelta(days=1), Decimal(8)),
    ]
    found = days(computed(published, "EUR", "AAA"))
    assert [found["AAA", ago(age)] for age in (4, 3, 0)] == [
        (Decimal("0.5"), False),
        (Decimal("0.25"), False),
        (Decimal("0.25"), False),
    ]
    assert max(day for _, day in found) == AS_OF


def test_the_average_is_the_mean_of_the_cross_rates_of_the_days() -> None:
    """Of 2 and 4 units a euro: (1/2 + 1/4) / 2 = 0.375, and not 1/3; of T's month as far as T."""
    published: list[Published] = [
        ("AAA", date(2026, 3, 2), Decimal(2)),
        ("AAA", date(2026, 3, 31), Decimal(4)),
        ("AAA", AS_OF, Decimal(8)),
        ("AAA", AS_OF + timedelta(days=1), Decimal(2)),
    ]
    found = months(computed(published, "EUR", "AAA"))
    assert found["AAA", date(2026, 3, 1)] == (Decimal("0.375"), False)
    assert found["AAA", date(2026, 11, 1)] == (Decimal("0.125"), False)


def test_a_mean_is_rounded_once() -> None:
    """2/3 and 1 have the mean 0.8333..., held as 0.833333333. Of 0.666666667 and 1 it would be 0.833333334."""
    march: list[Published] = [("AAA", date(2026, 3, 2), Decimal("1.5")), ("AAA", date(2026, 3, 3), Decimal(1))]
    assert months(computed(march, "EUR", "AAA"))["AAA", date(2026, 3, 1)] == (Decimal("0.833333333"), False)


def test_half_a_digit_in_a_mean_of_endless_rates_is_rounded_up() -> None:
    """4/3, 4/3, 0.100000006/3 and 0.1 add up to 2.800000002, a quarter of which is 0.7000000005: held as 0.700000001.

    Cut off after any number of digits, they would add up to a little less, and be held as 0.700000000.
    """
    dollars = {2: ("4", "3"), 3: ("4", "3"), 4: ("0.100000006", "3"), 5: ("0.1", "1")}
    published: list[Published] = [
        (currency, date(2026, 3, day), Decimal(rate))
        for day, rates in dollars.items()
        for currency, rate in zip(("USD", "AAA"), rates, strict=True)
    ]
    assert months(computed(published, "USD", "AAA"))["AAA", date(2026, 3, 1)] == (Decimal("0.700000001"), False)


def test_a_month_without_rates_takes_that_of_its_last_day_and_is_stale() -> None:
    """Published on January 25th: 34 days old on February 28th, so that is February's; March has none.

    Published on October 31st: November's, so far, is T's, 20 days old. December is not yet.
    """
    published: list[Published] = [("AAA", date(2026, 1, 25), Decimal(2)), ("AAA", date(2026, 10, 31), Decimal(4))]
    assert months(computed(published, "EUR", "AAA")) == {
        ("AAA", date(2026, 1, 1)): (Decimal("0.5"), False),
        ("AAA", date(2026, 2, 1)): (Decimal("0.5"), True),
        ("AAA", date(2026, 10, 1)): (Decimal("0.25"), False),
        ("AAA", date(2026, 11, 1)): (Decimal("0.25"), True),
    }


@pytest.mark.parametrize(
    ("published", "reporting", "units"),
    [
        pytest.param([], "EUR", ["AAA", "EUR"], id="nothing was published"),
        pytest.param([], "USD", ["EUR", "XXX"], id="nor of the euro"),
        pytest.param([("AAA", AS_OF, Decimal(2))], "USD", ["AAA", "EUR", "USD"], id="the reporting currency never"),
        pytest.param([("AAA", AS_OF, Decimal(2))], "EUR", ["BBB", "EUR"], id="another currency only"),
        pytest.param([("AAA", AS_OF, Decimal(2))], "EUR", [], id="no currency is asked for"),
        pytest.param([("AAA", AS_OF, None)], "EUR", ["AAA"], id="withdrawn"),
        pytest.param([("AAA", AS_OF, Decimal(0))], "EUR", ["AAA"], id="zero"),
        pytest.param([("AAA", AS_OF, Decimal(-2))], "EUR", ["AAA"], id="negative"),
        pytest.param([("XXX", AS_OF, Decimal(2))], "EUR", ["XXX"], id="no currency at all"),
        pytest.param([("AAA", AS_OF, Decimal("0.000000001"))], "EUR", ["AAA"], id="10^9 or more"),
        pytest.param([("AAA", AS_OF, Decimal(10) ** 11)], "EUR", ["AAA"], id="below 10^-10"),
        pytest.param(
            [("AAA", AS_OF, Decimal(2)), ("USD", ago(1), Decimal(2))], "USD", ["AAA"], id="never on the same day"
        ),
    ],
)
def test_there_is_no_rate(published: list[Published], reporting: str, units: list[str]) -> None:
    rates = computed(published, reporting, *units)
    assert rates.reporting == reporting
    assert days(rates) == months(rates) == {}


def test_the_largest_and_the_smallest_rate_are_held() -> None:
    """A dollar for 0.000000001001 of AAA is 999000999.000999...; 99.99999999999 by 0.0000001 is next to 10^9, and held
    below it. One of BBB is 10^-10.
    """
    published: list[Published] = [
        *(("USD", ago(age), Decimal(1)) for age in (1, 0)),
        ("AAA", ago(1), Decimal("0.000000001001")),
        ("BBB", AS_OF, Decimal(10) ** 10),
        ("CCC", ago(2), Decimal("0.0000001")),
        ("USD", ago(2), Decimal("99.99999999999")),
    ]
    found = days(computed(published, "USD", "AAA", "BBB", "CCC"))
    assert found["AAA", AS_OF] == (Decimal(999000999), False)
    assert found["BBB", AS_OF] == (Decimal("0.0000000001"), False)
    assert found["CCC", AS_OF] == (Decimal(999999999), False)


def test_a_rate_that_cannot_be_held_is_in_no_mean() -> None:
    """0.5, and 2,000,000,000 on the next day: the mean is 0.5, and the next day still goes by the first."""
    published: list[Published] = [("AAA", ago(1), Decimal(2)), ("AAA", AS_OF, Decimal("0.0000000005"))]
    rates = computed(published, "EUR", "AAA")
    assert months(rates) == {("AAA", date(2026, 11, 1)): (Decimal("0.5"), False)}
    assert days(rates) == {("AAA", day): (Decimal("0.5"), False) for day in (ago(1), AS_OF)}


def test_what_is_published_of_the_euro_itself_says_nothing() -> None:
    rates = computed([("EUR", AS_OF, Decimal(2)), ("AAA", AS_OF, Decimal(4))], "AAA", "EUR")
    assert days(rates) == {("EUR", AS_OF): (Decimal(4), False)}


@in_process
def test_rates_are_the_same_on_another_engine(engine: Engine) -> None:
    rates = computed([("AAA", ago(40), Decimal(3)), ("AAA", ago(20), Decimal(7))], "EUR", "AAA")
    moved = rates.on(engine.lazy)
    assert moved.reporting == "EUR"
    assert days(moved) == days(rates)
    assert months(moved) == months(rates)


CURRENCIES = ["USD", "PHP", "JPY"]


@settings(deadline=None, max_examples=60, phases=[Phase.generate])
@given(random=st.randoms(use_true_random=False), reporting=st.sampled_from(["EUR", "USD", "ABC"]))
def test_any_publication_equals_the_recomputation(random: Random, reporting: str) -> None:
    about = [ago(number) for number in (0, 1, 5, 30, 45, 80, 120)]
    published = random_rates(random, CURRENCIES, [*about, AS_OF + timedelta(days=3)])
    market, units = Market(published, reporting, AS_OF), [*CURRENCIES, "EUR", "XXX"]
    rates = computed(published, reporting, *units)
    asked = [AS_OF - timedelta(days=number) for number in range(-5, 260)]
    assert days(rates) == as_known(
        {(unit, day): market.on(unit, day) for unit in units for day in asked if day <= AS_OF}
    )
    assert months(rates) == as_known(
        {(unit, day.replace(day=1)): market.average(unit, day.replace(day=1)) for unit in units for day in asked}
    )


def as_known(rates: dict[tuple[str, date], Rate | None]) -> Known:
    return {key: (decimal(rate.value), rate.is_stale) for key, rate in rates.items() if rate}


def decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)
