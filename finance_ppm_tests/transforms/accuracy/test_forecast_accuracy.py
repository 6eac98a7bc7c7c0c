"""What one month's forecast was worth, month by month, and against the final cost."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from finance_ppm.contracts.accuracy import PORTFOLIO, PpmForecastAccuracy
from finance_ppm.transforms.accuracy import forecast_accuracy
from finance_ppm_tests.engines import Engine, PolarsEngine, in_process
from finance_ppm_tests.transforms.accuracy.forecasts_by_hand import T, forecasts, month, monthly, told

FEBRUARY, MARCH, APRIL = date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30)
MADE = date(2026, 3, 1)
Rows = list[dict[str, Any]]
POLARS = PolarsEngine()
"""Quick enough for many examples."""


def accuracy(on: Engine, *frames: Rows) -> pl.DataFrame:
    """Of snapshots, their months, the forecast of :data:`T`, and its months."""
    snapshots, monthly_snapshots, now, monthly_now = frames
    built = (forecasts(*snapshots), monthly(*monthly_snapshots), forecasts(*now), monthly(*monthly_now))
    return on.collect(forecast_accuracy(*map(on.lazy, built), as_of=T), PpmForecastAccuracy)


def of(period: int) -> date:
    """The first of that month of 2026."""
    return date(2026, period, 1)


def row(frame: pl.DataFrame, project: str = "bridge", made: date = MADE, unit: str = "USD") -> dict[str, Any]:
    return frame.row(
        by_predicate=(pl.col("project_id") == project) & (pl.col("forecast_month") == made) & (pl.col("unit") == unit),
        named=True,
    )


def figures(found: dict[str, Any]) -> list[Any]:
    return [found[name] for name in ("months", "forecast", "actual", "error", "bias", "mean_absolute_error", "mase")]


def test_the_closed_months_since_a_forecast_are_compared_one_by_one_and_together(engine: Engine) -> None:
    """Made on 31 March: 100 for April, 50 for May, 70 for June. As of 15 June April came to 80, May to 90; June is
    open. Forecast 150, actual 170, error -20, bias -20/170. Off by 20 and 40: a mean of 30.

    Costs known then: January 10, February 40 (March, the month it was made in, was open). 'As last month' was off by
    30 in one change, so MASE is 30 / 30 = 1.
    """
    found = accuracy(
        engine,
        [told("bridge", MARCH)],
        [
            month("bridge", MARCH, of(1), ac="10"),
            month("bridge", MARCH, of(2), ac="40"),
            month("bridge", MARCH, of(3), ac="999"),
            *(month("bridge", MARCH, of(number), etc=etc) for number, etc in ((4, "100"), (5, "50"), (6, "70"))),
        ],
        [told("bridge", T)],
        [*(month("bridge", T, of(number), ac=ac) for number, ac in ((2, "7"), (4, "80"), (5, "90"), (6, "5")))],
    )
    expected = [2, Decimal(150), Decimal(170), Decimal(-20), -20 / 170, Decimal(30), 1.0]
    assert figures(row(found)) == expected
    assert figures(row(found, PORTFOLIO)) == expected
    assert found.height == 2
    assert row(found)["forecast_date"] == MARCH


@in_process
def test_months_without_costs_count_in_the_scale_and_in_the_errors_up_to_the_last_that_has_any(engine: Engine) -> None:
    """Made on 30 April; closed then: January 60, February and March nothing. Changes: -60, 0 over two months, a mean
    of 30. May: forecast nothing, came 45.01: off by 45.01. MASE 45.01 / 30.

    Made on 28 February, closed then: January 60 alone: no change, no scale. March and April forecast nothing, and
    nothing came; May is the last of three months that has any: 45.01 / 3 = 15.00 each.
    """
    costs = [month("bridge", APRIL, of(1), ac="60"), month("bridge", APRIL, date(1900, 1, 1), ac="500")]
    found = accuracy(
        engine,
        [told("bridge", APRIL), told("bridge", FEBRUARY)],
        [*costs, month("bridge", FEBRUARY, of(1), ac="60")],
        [told("bridge", T)],
        [month("bridge", T, of(5), ac="45.01"), month("bridge", T, date(1900, 1, 1), ac="500")],
    )
    assert figures(row(found, made=of(4))) == [
        1, Decimal(0), Decimal("45.01"), Decimal("-45.01"), -1.0, Decimal("45.01"), pytest.approx(45.01 / 30, rel=1e-12)
    ]  # fmt: skip
    assert figures(row(found, made=of(2)))[5:] == [Decimal("15.00"), None]
    assert row(found, made=of(2))["months"] == 3


def test_the_portfolio_is_of_the_projects_that_the_forecast_knew_and_that_are_still_there(engine: Engine) -> None:
    """April: bridge 100 forecast, 60 came; tower 20 and 50: together 120 and 110, off by 10 in that month, though
    the two were off by 70. `gone` is no longer there, `new` was not yet, and `moved` is in euros now; `lake`, in pesos,
    is a portfolio of its own.
    """
    found = accuracy(
        engine,
        [told(name, MARCH) for name in ("bridge", "tower", "gone", "moved")] + [told("lake", MARCH, unit="PHP")],
        [
            month("bridge", MARCH, of(4), etc="100"),
            month("tower", MARCH, of(4), etc="20"),
            month("gone", MARCH, of(4), etc="1000"),
            month("moved", MARCH, of(4), etc="1000"),
            month("lake", MARCH, of(4), etc="5", unit="PHP"),
        ],
        [told(name, T) for name in ("bridge", "tower", "new")]
        + [told("lake", T, unit="PHP"), told("moved", T, unit="EUR")],
        [
            month("bridge", T, of(4), ac="60"),
            month("tower", T, of(4), ac="50"),
            month("new", T, of(4), ac="7000"),
            month("lake", T, of(4), ac="5", unit="PHP"),
        ],
    )
    assert found.select("project_id", "unit").rows() == [
        (PORTFOLIO, "PHP"), (PORTFOLIO, "USD"), ("bridge", "USD"), ("lake", "PHP"), ("tower", "USD")
    ]  # fmt: skip
    total = row(found, PORTFOLIO)
    assert figures(total) == [1, Decimal(120), Decimal(110), Decimal(10), 10 / 110, Decimal(10), None]
    assert (total["projects"], row(found, PORTFOLIO, unit="PHP")["projects"]) == (2, 1)


def test_the_eac_of_a_project_that_is_completed_since_is_held_against_its_final_cost(engine: Engine) -> None:
    """EAC then 1,100, BAC 1,000, final AC 1,000: 100 too much, a tenth of BAC. 900 to 1,000 held, 1,000.01 did not.
    In April it was completed already: nothing left to be judged, and no month to compare.
    """
    intervals: dict[str, Any] = {"eac_low_80": Decimal(900), "eac_high_80": Decimal(1000)}
    wide: dict[str, Any] = {"eac_low_90": Decimal("1000.01"), "eac_high_90": Decimal(2000)}
    found = accuracy(
        engine,
        [
            told("bridge", MARCH, eac="1100", **intervals, **wide),
            told("bridge", APRIL, status="Completed", elapsed=1.0),
        ],
        [month("bridge", MARCH, of(3), ac="1"), month("bridge", APRIL, of(3), ac="1")],
        [told("bridge", T, ac="1000", status="Completed")],
        [],
    )
    assert found.height == 1
    judged = row(found)
    assert [judged[name] for name in ("eac", "final_ac", "eac_error", "eac_error_ratio")] == [
        Decimal(1100), Decimal(1000), Decimal(100), 0.1
    ]  # fmt: skip
    assert [judged[name] for name in ("stage", "within_80", "within_90", "months")] == [50, True, False, 0]
    assert figures(judged)[4:] == [None, None, None]


@in_process
def test_only_the_last_day_of_a_month_that_both_tables_have_is_judged(engine: Engine) -> None:
    """The forecast has snapshots of 10 and 31 March, its months only of the 10th."""
    early = date(2026, 3, 10)
    found = accuracy(
        engine,
        [told("bridge", early), told("bridge", MARCH)],
        [month("bridge", early, of(4), etc="3")],
        [told("bridge", T)],
        [month("bridge", T, of(4), ac="4")],
    )
    assert row(found)["forecast_date"] == early
    assert found["forecast_month"].unique().to_list() == [of(3)]


@in_process
def test_without_snapshots_there_is_nothing_to_say(engine: Engine) -> None:
    assert accuracy(engine, [], [], [told("bridge", T)], [month("bridge", T, of(4), ac="4")]).is_empty()


CENTS = st.integers(-500, 20_000).map(lambda cents: str(Decimal(cents).scaleb(-2)))
MONTHS = st.dictionaries(st.integers(1, 6), CENTS, max_size=6)
BOOK = st.lists(st.tuples(MONTHS, MONTHS, MONTHS), min_size=1, max_size=4)


@settings(max_examples=15, deadline=None)
@given(book=BOOK, shuffled=st.randoms(use_true_random=False))
def test_it_is_what_plain_python_finds_whatever_the_order_and_whatever_comes_later(
    book: list[tuple[dict[int, str], dict[int, str], dict[int, str]]], shuffled: Any
) -> None:
    """Each project: what it had cost by month, what was forecast, what came."""
    names = [f"project {number}" for number in range(len(book))]
    frames: list[Rows] = [[], [], [], []]
    for name, (costs, ahead, came) in zip(names, book, strict=True):
        frames[0].append(told(name, MARCH))
        frames[1] += (
            month(name, MARCH, of(number), ac=costs.get(number, "0"), etc=ahead.get(number, "0"))
            for number in range(1, 7)
        )
        frames[2].append(told(name, T))
        frames[3] += [month(name, T, of(number), ac=ac) for number, ac in came.items()]
    found = accuracy(POLARS, *frames)
    for name, (costs, ahead, came) in [*zip(names, book, strict=True), (PORTFOLIO, _together(book))]:
        pairs = [(Decimal(ahead.get(number, "0")), Decimal(came.get(number, "0"))) for number in (4, 5)]
        while pairs and not any(pairs[-1]):
            pairs.pop()
        rows = found.filter(pl.col("project_id") == name)
        assert rows.height == bool(pairs)
        if pairs:
            off = sum((abs(told_ - came_) for told_, came_ in pairs), Decimal(0))
            assert rows.select("months", "forecast", "actual").row(0) == (
                len(pairs),
                *map(sum, zip(*pairs, strict=True)),
            )
            assert abs(rows["mean_absolute_error"].item() - off / len(pairs)) <= Decimal("0.005")
            change = (
                abs(Decimal(costs.get(2, "0")) - Decimal(costs.get(1, "0")))
                if Decimal(costs.get(1, "0"))
                else Decimal(0)
            )
            mase = rows["mase"].item()
            assert (mase is None) == (change == 0)
            assert mase is None or mase == pytest.approx(float(off / len(pairs) / change))
    for rows_of in frames:
        shuffled.shuffle(rows_of)
    later = [told(name, date(2026, 6, 20), eac="9") for name in names]
    of_later = [month(name, date(2026, 6, 20), of(5), etc="9", ac="9") for name in names]
    assert_frame_equal(accuracy(POLARS, [*frames[0], *later], [*frames[1], *of_later], frames[2], frames[3]), found)


def _together(book: Sequence[tuple[dict[int, str], ...]]) -> tuple[dict[int, str], ...]:
    return tuple(
        {
            number: str(sum((Decimal(part[place].get(number, "0")) for part in book), Decimal(0)))
            for number in range(1, 7)
        }
        for place in range(3)
    )
