"""Between which amounts a project will end."""

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from finance_ppm.contracts.finance import PpmForecast
from finance_ppm.transforms.forecast.intervals import with_intervals
from finance_ppm_tests.engines import Engine, PolarsEngine, in_process
from finance_ppm_tests.transforms.accuracy.forecasts_by_hand import T, forecasts, told

HALFWAY = date(2025, 9, 30)
COMPLETED: dict[str, Any] = {"status": "Completed", "elapsed": 1.0}
MONEY = st.integers(-10_000, 200_000).map(lambda cents: str(Decimal(cents).scaleb(-2)))


def intervals(on: Engine, rows: list[dict[str, Any]], snapshots: list[dict[str, Any]]) -> pl.DataFrame:
    """The rows with their intervals, in order of the project."""
    now, before = forecasts(*rows, without_intervals=True), forecasts(*snapshots)
    return on.collect(with_intervals(on.lazy(now), on.lazy(before), as_of=T), PpmForecast)


def past(
    errors: list[str], *, at: float = 0.5, day: date = HALFWAY
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Projects of 1,000 that were forecast to come to 1,000, and came to so much more: today's rows, and snapshots."""
    names = [f"done {number:03}" for number in range(len(errors))]
    return (
        [told(name, T, ac=str(1000 + Decimal(error)), **COMPLETED) for name, error in zip(names, errors, strict=True)],
        [told(name, day, eac="1000", elapsed=at) for name in names],
    )


def bounds(frame: pl.DataFrame, project: str = "running") -> list[Decimal | None]:
    """Low and high of 80 %, low and high of 90 %."""
    row = frame.row(by_predicate=pl.col("project_id") == project, named=True)
    return [row[name] for name in LIMITS]


def reason(frame: pl.DataFrame, project: str = "running") -> str:
    found: str = frame.row(by_predicate=pl.col("project_id") == project, named=True)["interval_reason"]
    return found


LIMITS = ("eac_low_80", "eac_high_80", "eac_low_90", "eac_high_90")


def test_nine_errors_give_an_interval_of_80_percent_from_the_least_to_the_largest(engine: Engine) -> None:
    """k = (9 + 1) / 10 = 1: the least error is -40 of 1,000, the largest 120 of 1,000. Of a BAC of 5,000.01 that is
    -200.0004 and 600.0012, so EAC 4,000 lies between 3,800.00 and 4,600.00. 90 % needs (n + 1) / 20 >= 1.
    """
    done, before = past(["-40", "-30", "0", "0", "5", "10", "20", "90", "120"])
    found = intervals(engine, [told("running", T, eac="4000", ac="100", bac="5000.01"), *done], before)
    assert bounds(found) == [Decimal("3800.00"), Decimal("4600.00"), None, None]
    assert found.filter(project_id="running")["interval_n"].to_list() == [9]
    assert (
        reason(found)
        == "9 completed projects have a forecast from about 50 % of their time; an interval of 90 % needs 19."
    )


def test_nineteen_errors_give_90_percent_and_leave_one_on_either_side_of_80(engine: Engine) -> None:
    """Errors 1 to 19 of 1,000: for 90 %, k = 20 / 20 = 1: 1 and 19. For 80 %, k = 20 / 10 = 2: 2 and 18. Of a BAC of
    1,000 and an EAC of 500: 501 to 519, and 502 to 518.
    """
    done, before = past([str(error) for error in range(1, 20)])
    found = intervals(engine, [told("running", T, eac="500"), *done], before)
    assert bounds(found) == [Decimal(502), Decimal(518), Decimal(501), Decimal(519)]


@in_process
def test_too_few_errors_are_said_in_words(engine: Engine) -> None:
    done, before = past(["1", "2", "3"])
    found = intervals(engine, [told("running", T), *done], before)
    assert bounds(found) == [None] * 4
    assert (
        reason(found)
        == "3 completed projects have a forecast from about 50 % of their time; an interval of 80 % needs 9."
    )
    assert found.filter(project_id="running")["interval_n"].to_list() == [3]


@in_process
def test_who_archives_a_completed_project_takes_no_interval_away(engine: Engine) -> None:
    """Nine are known; of one that is gone since, its last snapshot tells that it was completed, and at what cost. One
    that is gone and was not completed tells nothing.
    """
    done, before = past([str(error) for error in range(10, 100, 10)])
    last = [told("done 000", date(2026, 5, 31), ac="1010", **COMPLETED), told("given up", date(2026, 5, 31), ac="7")]
    found = intervals(engine, [told("running", T, eac="500"), *done[1:]], [*before, *last])
    assert bounds(found)[:2] == [Decimal(510), Decimal(590)]
    without = intervals(engine, [told("running", T, eac="500"), *done[1:]], before)
    assert bounds(without) == [None] * 4


@in_process
def test_a_project_that_is_there_in_another_currency_is_not_gone(engine: Engine) -> None:
    """What was completed in euros and runs on in dollars is no completed project, and is not one twice."""
    done, before = past([str(error) for error in range(10, 90, 10)])
    euros = [
        told("moved", day, eac="1000", unit="EUR", **more)
        for day, more in ((HALFWAY, {}), (date(2026, 5, 31), COMPLETED))
    ]
    rows = [told("running", T, eac="500"), told("moved", T, unit="USD"), *done]
    assert bounds(intervals(engine, rows, [*before, *euros])) == [None] * 4


@in_process
def test_of_two_snapshots_as_near_a_stage_the_earlier_speaks_whatever_doubles_make_of_it(engine: Engine) -> None:
    """Day 16 and day 44 of 120 are both 14 days from a quarter: 13.33... and 36.66... percent. The earlier one was
    off by 100 of 1,000.
    """
    done = [told(f"done {number}", T, ac="1000", **COMPLETED) for number in range(9)]
    before = [
        told(f"done {number}", day, eac=eac, elapsed=passed / 120)
        for number in range(9)
        for day, eac, passed in ((date(2026, 1, 31), "900", 16), (date(2026, 2, 28), "500", 44))
    ]
    found = intervals(engine, [told("running", T, eac="2000", elapsed=0.25), *done], before)
    assert bounds(found)[:2] == [Decimal(2100), Decimal(2100)]


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ({}, "1 completed project has a forecast from about 50 % of its time; an interval of 80 % needs 9."),
        (
            {"elapsed": 0.3},
            "No completed project has a forecast from about 25 % of its time; an interval of 80 % needs 9.",
        ),
        ({"status": "Completed"}, "The project is completed: there is nothing left to expect."),
        ({"bac": None}, "There is no budget at completion by which errors could be measured."),
        ({"bac": "10000000000000.01"}, "The budget at completion is too large for errors to be measured by."),
        ({"elapsed": None}, "Without a start date and an end date after it nobody knows how far it is."),
        (
            {"elapsed": 1.0, "end_date": date(2026, 6, 14)},
            "It is past its end date, where no earlier forecast tells how it ends.",
        ),
        ({"elapsed": 0.12}, "12.0 % of its time has passed; intervals are known from 12.5 to below 87.5 % only."),
        ({"elapsed": 0.875}, "87.5 % of its time has passed; intervals are known from 12.5 to below 87.5 % only."),
        (
            {"elapsed": 1.0, "end_date": T},
            "100.0 % of its time has passed; intervals are known from 12.5 to below 87.5 % only.",
        ),
    ],
)
@in_process
def test_the_reason_fits_the_project(engine: Engine, others: dict[str, Any], said: str) -> None:
    done, before = past(["1"])
    found = intervals(engine, [told("running", T, **others), *done], before)
    assert reason(found) == said
    assert bounds(found) == [None] * 4


@pytest.mark.parametrize(
    ("elapsed", "stage"), [(0.125, 25), (0.374, 25), (0.375, 50), (0.624, 50), (0.625, 75), (0.874, 75)]
)
@in_process
def test_a_project_is_at_the_nearest_stage(engine: Engine, elapsed: float, stage: int) -> None:
    found = intervals(engine, [told("running", T, elapsed=elapsed)], [])
    assert f"about {stage} %" in reason(found)


def test_of_several_snapshots_the_nearest_to_the_stage_speaks_and_of_two_the_earlier(engine: Engine) -> None:
    """At 40 % (10 points away), 45 % (5), 60 % (10) and 55 % (5): the second. It said 990; at 1,000 that is an
    error of 10.
    """
    done, before = past(["0"] * 9)
    for row in list(before):
        before += [row | {"as_of_date": day, "elapsed": at, "eac": Decimal(eac)} for day, at, eac in SEVERAL]
    before = [row for row in before if row["as_of_date"] != HALFWAY]
    found = intervals(engine, [told("running", T, eac="500"), *done], before)
    assert bounds(found)[:2] == [Decimal(510), Decimal(510)]
    assert found.filter(project_id="running")["interval_n"].to_list() == [9]


SEVERAL = (
    (date(2025, 6, 30), 0.40, "600"),
    (date(2025, 7, 31), 0.45, "990"),
    (date(2025, 8, 31), 0.60, "800"),
    (date(2025, 10, 31), 0.55, "700"),
)


@in_process
def test_only_the_last_snapshot_of_a_month_speaks_and_none_of_this_month(engine: Engine) -> None:
    """Ours is of 30 September. One of the 10th is nearer to half, one of this June nearer too: neither is looked at."""
    done, before = past(["20"] * 9, at=0.45)
    daily = [
        row | {"as_of_date": day, "elapsed": 0.5, "eac": Decimal(1)} for row in before for day in (SEPTEMBER, JUNE)
    ]
    found = intervals(engine, [told("running", T, eac="500"), *done], [*before, *daily])
    assert bounds(found)[:2] == [Decimal(520), Decimal(520)]


SEPTEMBER, JUNE = date(2025, 9, 10), date(2026, 6, 10)


@in_process
def test_a_bound_is_never_below_what_is_spent(engine: Engine) -> None:
    """All came to 300 less than the 1,000 forecast. EAC 500 less 300 is 200, but 350 are spent."""
    done, before = past(["-300"] * 9)
    found = intervals(engine, [told("running", T, eac="500", ac="350"), *done], before)
    assert bounds(found)[:2] == [Decimal(350), Decimal(350)]


@in_process
def test_errors_are_held_with_six_digits_rounded_half_away_from_zero(engine: Engine) -> None:
    """1 cent of 20,000.00 is 0.0000005, held as 0.000001, and minus 1 cent as -0.000001; of a BAC of 5,000 these are
    half a cent: rounded away from zero, 1 cent.
    """
    names = [f"done {number}" for number in range(9)]
    missed = ["-0.01", *["0"] * 7, "0.01"]
    done = [told(name, T, ac=str(1 + Decimal(off)), **COMPLETED) for name, off in zip(names, missed, strict=True)]
    before = [told(name, HALFWAY, eac="1", bac="20000") for name in names]
    found = intervals(engine, [told("running", T, eac="500", bac="5000"), *done], before)
    assert bounds(found)[:2] == [Decimal("499.99"), Decimal("500.01")]


@in_process
def test_errors_beyond_a_thousand_budgets_are_held_at_that(engine: Engine) -> None:
    """A project of 0.01 that came to 10^13: an error of 1,000 BACs. Of one of 10^13 that is 10^16."""
    names = [f"done {number}" for number in range(9)]
    done = [told(name, T, ac="10000000000000", **COMPLETED) for name in names]
    before = [told(name, HALFWAY, eac="0.01", bac="0.01") for name in names]
    found = intervals(engine, [told("running", T, eac="0", bac="10000000000000"), *done], before)
    assert bounds(found)[:2] == [Decimal(10) ** 16, Decimal(10) ** 16]


@in_process
def test_snapshots_without_a_scale_or_of_the_completed_say_nothing(engine: Engine) -> None:
    done, before = past(["1", "2", "3"])
    before[0] |= {"bac": None}
    before[1] |= {"status": "Completed"}
    found = intervals(engine, [told("running", T), *done], before)
    assert found.filter(project_id="running")["interval_n"].to_list() == [1]


@settings(max_examples=15, deadline=None)
@given(
    errors=st.lists(MONEY, max_size=25),
    later=st.lists(MONEY, max_size=12),
    shuffled=st.randoms(use_true_random=False),
)
def test_what_comes_later_and_the_order_of_rows_change_nothing(
    errors: list[str], later: list[str], shuffled: Any
) -> None:
    done, before = past(errors)
    rows = [told("running", T, eac="1500", ac="20"), *done]
    found = intervals(PolarsEngine(), rows, before)
    _, after = past(later, day=T)
    _, this_month = past(later, day=date(2026, 6, 1))
    more = [*before, *after, *this_month]
    shuffled.shuffle(more)
    shuffled.shuffle(rows)
    assert_frame_equal(intervals(PolarsEngine(), rows, more), found)
    row = found.row(by_predicate=pl.col("project_id") == "running", named=True)
    assert row["interval_n"] == len(errors)
    assert (row["eac_low_80"] is None, row["eac_low_90"] is None) == (len(errors) < 9, len(errors) < 19)
    assert (row["interval_reason"] is None) == (len(errors) >= 19)
    if len(errors) >= 19:
        assert row["eac_low_90"] <= row["eac_low_80"] <= row["eac_high_80"] <= row["eac_high_90"]


@settings(max_examples=50, deadline=None)
@given(errors=st.lists(st.integers(-900, 5000), min_size=9, max_size=40))
def test_the_bounds_are_the_order_statistics_that_plain_python_finds(errors: list[int]) -> None:
    """Of whole amounts and a BAC of 1,000 nothing is rounded."""
    done, before = past([str(error) for error in errors])
    found = intervals(PolarsEngine(), [told("running", T, eac="1000"), *done], before)
    ordered = sorted(errors)
    k = (len(errors) + 1) // 10
    assert bounds(found)[:2] == [1000 + ordered[k - 1], 1000 + ordered[-k]]
