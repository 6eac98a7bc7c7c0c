"""How often intervals held."""

from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from finance_ppm.contracts.accuracy import PpmForecastIntervals
from finance_ppm.transforms.accuracy import forecast_intervals
from finance_ppm.transforms.forecast.intervals import with_intervals
from finance_ppm_tests.engines import Engine, PolarsEngine
from finance_ppm_tests.transforms.accuracy.forecasts_by_hand import T, forecasts, told

MARCH = date(2026, 3, 31)


def hits(on: Engine, snapshots: list[dict[str, Any]], now: list[dict[str, Any]]) -> pl.DataFrame:
    return on.collect(
        forecast_intervals(on.lazy(forecasts(*snapshots)), on.lazy(forecasts(*now)), as_of=T), PpmForecastIntervals
    )


def at(frame: pl.DataFrame, stage: int, level: int) -> dict[str, Any]:
    return frame.row(by_predicate=(pl.col("stage") == stage) & (pl.col("level") == level), named=True)


def limits(low: str, high: str, level: int = 80) -> dict[str, Any]:
    return {f"eac_low_{level}": Decimal(low), f"eac_high_{level}": Decimal(high)}


def test_every_stage_and_level_has_its_row_even_before_anything_is_known(engine: Engine) -> None:
    found = hits(engine, [], [])
    assert found.select("stage", "level").rows() == [(25, 80), (25, 90), (50, 80), (50, 90), (75, 80), (75, 90)]
    first = at(found, 25, 90)
    assert (first["completed"], first["needed"], first["judged"], first["held"]) == (0, 19, 0, 0)
    assert (first["low"], first["high"], first["observed"]) == (None, None, None)
    assert first["reason"] == (
        "No completed project has a forecast from about 25 % of its time; an interval of 90 % needs 19."
    )


def test_a_completed_project_is_judged_by_the_interval_that_was_published(engine: Engine) -> None:
    """Ten projects came to 1,000 to 1,009, and were forecast to come to 1,000 of 1,000: errors 0 to 0.009. Of
    ten, k = 11 / 10 = 1: from 0 to 0.009. Four had an interval of 80 % then: 990 to 1,002 held the first three (1,000,
    1,001, 1,002, its end being in it), and not the fourth (1,003). One of them had one of 90 % too. A running project
    is not judged, whatever it was promised.
    """
    names = [f"done {number}" for number in range(10)]
    now = [told(name, T, ac=str(1000 + number), status="Completed") for number, name in enumerate(names)]
    before = [told(name, MARCH, eac="1000", **(limits("990", "1002") if name < "done 4" else {})) for name in names]
    before[3] |= limits("990", "1003", 90)
    running = limits("0", "1")
    found = hits(engine, [*before, told("running", MARCH, **running)], [*now, told("running", T, ac="5000")])
    half = at(found, 50, 80)
    assert (half["completed"], half["low"], half["high"]) == (10, Decimal(0), Decimal("0.009"))
    assert (half["judged"], half["held"], half["observed"], half["reason"]) == (4, 3, 0.75, None)
    half = at(found, 50, 90)
    assert (half["judged"], half["held"], half["observed"], half["low"]) == (1, 1, 1.0, None)
    assert (
        half["reason"]
        == "10 completed projects have a forecast from about 50 % of their time; an interval of 90 % needs 19."
    )
    assert at(found, 25, 80)["completed"] == at(found, 75, 80)["completed"] == 0


@settings(max_examples=15, deadline=None)
@given(
    projects=st.lists(st.tuples(st.integers(0, 3000), st.floats(0, 1), st.booleans()), max_size=25),
)
def test_counts_add_up_and_coverage_is_a_share(projects: list[tuple[int, float, bool]]) -> None:
    now = [told(f"p{number}", T, ac=str(ac), status="Completed") for number, (ac, _, _) in enumerate(projects)]
    before = [
        told(f"p{number}", MARCH, eac="1000", elapsed=elapsed, **(limits("500", "1500") if promised else {}))
        for number, (_, elapsed, promised) in enumerate(projects)
    ]
    found = hits(PolarsEngine(), before, now)
    assert found.filter(level=80)["completed"].sum() == sum(0.125 <= elapsed < 0.875 for _, elapsed, _ in projects)
    for row in found.iter_rows(named=True):
        assert 0 <= row["held"] <= row["judged"] <= row["completed"]
        assert (row["observed"] is None) == (row["judged"] == 0)
        assert row["observed"] is None or 0 <= row["observed"] <= 1
        assert (row["low"] is None) == (row["completed"] < row["needed"]) == (row["reason"] is not None)


def test_of_projects_that_are_like_each_other_about_as_many_lie_in_it_as_promised() -> None:
    """200 projects, ten beginning and ten ending each month, all as far off as the dice say. Each is judged by
    what its predecessors told. Of some 170 judged by 80 % the share lies within nine points of it, three standard
    deviations.
    """
    rng, on = Random(4), PolarsEngine()
    months = [date(2023 + number // 12, number % 12 + 1, 28) for number in range(24)]
    costs = [str(1000 + round(rng.gauss(50, 100), 2)) for _ in range(200)]
    published = forecasts()
    for number, day in enumerate(months):
        rows = []
        for project, cost in enumerate(costs):
            halfway = project // 10
            if number >= halfway:
                state = {"status": "Completed", "elapsed": 1.0} if number > halfway + 1 else {"elapsed": 0.5}
                rows.append(told(f"p{project}", day, eac="1000", ac=cost if "status" in state else "0", **state))
        today = forecasts(*rows, without_intervals=True)
        now = on.collect(with_intervals(on.lazy(today), on.lazy(published), as_of=day))
        published = pl.concat([published, now.select(published.columns)])
    found = on.collect(
        forecast_intervals(on.lazy(published), on.lazy(now.select(published.columns)), as_of=T), PpmForecastIntervals
    )
    for level in (80, 90):
        row = at(found, 50, level)
        assert row["completed"] == 200
        assert row["judged"] > 150
        assert abs(row["observed"] - level / 100) < 0.09
