"""What methods are worth, by hand."""

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance_ppm.backtest.methods import (
    AUTO_ETS,
    NAIVE,
    NOTHING,
    OURS,
    RUN_RATE,
    as_last_month,
    auto_ets,
    methods,
    nothing,
    run_rate,
)
from finance_ppm.backtest.replay import Made, Past, Replayed, Silver, lazy, month_ends, replay
from finance_ppm.backtest.scores import PROJECTS, Score, portfolio_score, project_score
from finance_ppm.backtest.windows import Window, portfolios, windows
from finance_ppm_tests.transforms import budget_by_hand as silver
from finance_ppm_tests.transforms.accuracy.forecasts_by_hand import T, forecasts, month, monthly, told

JANUARY = date(2026, 1, 31)
BY_HAND = {NAIVE: as_last_month, RUN_RATE: run_rate, NOTHING: nothing}


def amounts(*texts: str) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, texts))


def in_2026(number: int) -> date:
    return date(2026, number, 1)


def test_methods_go_by_the_months_before_alone() -> None:
    """The mean of 10, 0.05 and 0 is 3.35; of 10 alone, two months without cost before it, 3.33."""
    costs = amounts("99", "10", "0.05", "0")
    assert as_last_month(costs, 2) == [0, 0]
    assert run_rate(costs, 2) == list(amounts("3.35", "3.35"))
    assert run_rate(amounts("10"), 1) == list(amounts("3.33"))
    assert nothing(costs, 3) == [0, 0, 0]
    assert as_last_month((), 2) == run_rate((), 2) == [0, 0]


def test_auto_ets_goes_by_the_last_month_where_six_are_too_few() -> None:
    assert auto_ets(amounts("1", "2", "3", "4", "5", "6"), 2) == list(amounts("6", "6"))


def test_auto_ets_of_even_costs_goes_on_evenly() -> None:
    pytest.importorskip("statsforecast")
    assert auto_ets(amounts(*["5"] * 8), 3) == list(amounts("5", "5", "5"))
    assert AUTO_ETS in methods()


def replayed(now: list[dict[str, Any]], months_now: list[dict[str, Any]], **made: Any) -> Replayed:
    rows = {"projects": [told("bridge", JANUARY)], "months": [], **made}
    return Replayed(
        (Made(JANUARY, forecasts(*rows["projects"]), monthly(*rows["months"])),),
        Made(T, forecasts(*now), monthly(*months_now)),
    )


def test_a_window_lays_forecasts_beside_what_came() -> None:
    """As of 31 January: 30 in November, nothing in December, 6 in January. To come: 8 in February, 4 in July, one too
    far. The project ends in March, as was known: methods stop there. Today is 15 June: February to May are over.
    """
    (window,) = windows(
        replayed(
            [told("bridge", T)],
            [month("bridge", T, in_2026(2), ac="7"), month("bridge", T, in_2026(6), ac="1000")],
            projects=[told("bridge", JANUARY, end_date=date(2026, 3, 2))],
            months=[
                month("bridge", JANUARY, date(1900, 1, 1), ac="500"),
                month("bridge", JANUARY, date(2025, 11, 1), ac="30"),
                month("bridge", JANUARY, in_2026(1), ac="6"),
                month("bridge", JANUARY, in_2026(2), etc="8"),
                month("bridge", JANUARY, in_2026(7), etc="4"),
            ],
        ),
        BY_HAND,
    )
    assert window.costs == amounts("30", "0", "6")
    assert window.actual == amounts("7", "0", "0", "0")
    assert window.forecasts == {
        OURS: amounts("8", "0", "0", "0", "0", "4"),
        NAIVE: amounts("6", "6", "0", "0", "0", "0"),
        RUN_RATE: amounts("12", "12", "0", "0", "0", "0"),
        NOTHING: amounts(*["0"] * 6),
    }


@pytest.mark.parametrize(
    ("then", "now"),
    [
        ({"status": "Completed"}, {}),
        ({"bac": None}, {}),
        ({}, {"unit": "EUR"}),
        ({}, {"project_id": "tower"}),
    ],
    ids=["completed then", "no BAC", "another currency now", "no longer there"],
)
def test_what_cannot_be_judged_has_no_window(then: dict[str, Any], now: dict[str, Any]) -> None:
    judged = [told("bridge", JANUARY, **{"status": None, **then})]
    assert windows(replayed([told("bridge", T) | now], [], projects=judged), BY_HAND) == []
    assert windows(replayed([told("bridge", T)], [], projects=[told("bridge", JANUARY, status=None)]), BY_HAND)


def test_a_project_past_its_end_goes_on_for_those_who_do_not_know_better() -> None:
    rows = [told("bridge", JANUARY, end_date=date(2026, 1, 30))]
    costs = [month("bridge", JANUARY, in_2026(1), ac="6")]
    (window,) = windows(replayed([told("bridge", T)], [], projects=rows, months=costs), BY_HAND)
    assert window.forecasts[NAIVE] == amounts(*["6"] * 6)


def window(bac: str, costs: tuple[Decimal, ...], ours: tuple[Decimal, ...], actual: tuple[Decimal, ...]) -> Window:
    return Window(JANUARY, "USD", Decimal(bac), costs, {OURS: ours, NOTHING: amounts("0", "0")}, actual)


BRIDGE = window("100", amounts("10", "30", "0"), amounts("8", "4"), amounts("10", "12"))
TOWER = window("1000", (), amounts("0", "100"), amounts("0", "50"))


def test_projects_count_alike_and_signs_cancel_in_the_bias_alone() -> None:
    """Bridge: 12 forecast, 22 came: -10 of 100. Tower: 100 and 50: 50 of 1,000. Bias (-0.1 + 0.05) / 2, off half of
    0.1 + 0.05. MASE of bridge alone, tower having no costs before: off by 2 and 8, a mean of 5, by a change of 20 in
    the months closed then, of which the last is none yet.
    """
    found = project_score([BRIDGE, TOWER], OURS, 2)
    assert (found.of, found.forecasts, found.projects) == (PROJECTS, 2, 2)
    assert [found.bias, found.miss, found.mase] == pytest.approx([-0.025, 0.075, 0.25])
    assert found.with_mase == 1


def test_a_portfolio_adds_up_before_it_is_judged() -> None:
    """Together 8 and 104 forecast, 10 and 62 came: 112 less 72 is 40 of 72. Off by 2 and 42, a mean of 22, by a
    change of 20: MASE 1.1.
    """
    (together,) = portfolios([BRIDGE, TOWER])
    assert (together.bac, together.costs, together.projects) == (Decimal(1100), amounts("10", "30", "0"), 2)
    found = portfolio_score([together], OURS, 2)
    assert (found.of, found.forecasts, found.projects) == ("USD", 1, 2)
    assert [found.bias, found.miss, found.mase] == pytest.approx([40 / 72, 40 / 72, 1.1])


def test_what_is_too_much_is_positive_where_credits_came_too() -> None:
    """50 were forecast and 100 came back: 150 too much, of 100."""
    credit = window("1000", (), amounts("50", "0"), amounts("-100", "0"))
    assert portfolio_score([credit], OURS, 2).bias == pytest.approx(1.5)


def test_costs_of_different_lengths_are_added_from_the_last_month_backwards() -> None:
    longer = window("1", amounts("1", "2", "3", "4"), amounts("0", "0"), amounts("0", "0"))
    (together,) = portfolios([BRIDGE, longer])
    assert together.costs == amounts("1", "12", "33", "4")


def test_only_windows_that_are_over_are_judged() -> None:
    young = window("100", (), amounts("8", "4"), amounts("10"))
    assert project_score([BRIDGE, young], OURS, 2).forecasts == 1
    assert project_score([young], OURS, 2) == Score(PROJECTS, OURS, 2, 0, 0, None, None, None, 0)
    assert portfolio_score([young], OURS, 2) == Score("USD", OURS, 2, 0, 0, None, None, None, 0)


def test_on_lumpy_invoices_forecasting_nothing_has_the_best_mase_and_the_worst_bias() -> None:
    """The trap: 100 come once in five months, and an honest mean of 20 a month is off by 20 four times and 80 once, 160
    in all; nothing at all is off by 100. Yet in sum the mean is right, and nothing at all misses everything.
    """
    lumpy = Window(
        JANUARY,
        "USD",
        Decimal(100),
        amounts("0", "100", "0", "0", "0"),
        {"the mean": amounts(*["20"] * 5), NOTHING: amounts(*["0"] * 5)},
        amounts("0", "0", "100", "0", "0"),
    )
    mean, zero = (project_score([lumpy], method, 5) for method in ("the mean", NOTHING))
    assert zero.mase is not None
    assert mean.mase is not None
    assert zero.mase < mean.mase
    assert (mean.bias, zero.bias) == (0, -1)


@given(first=st.dates(date(2000, 1, 1), date(2030, 1, 1)), days=st.integers(0, 2000))
def test_month_ends_are_the_last_days_of_months_that_are_over(first: date, days: int) -> None:
    today = date.fromordinal(first.toordinal() + days)
    every = (date.fromordinal(number) for number in range(first.toordinal(), today.toordinal() + 1))
    ends = [day for day in every if (date.fromordinal(day.toordinal() + 1)).day == 1]
    assert month_ends(first, today) == [day for day in ends if (day.year, day.month) < (today.year, today.month)]


def test_a_replay_hands_its_forecasts_on_as_the_history_would() -> None:
    found = replayed([told("bridge", T)], [])
    snapshots = found.snapshots.collect(backend="polars").to_native()
    assert isinstance(snapshots, pl.DataFrame)
    assert snapshots["as_of_date"].to_list() == [JANUARY]


def test_each_replayed_forecast_has_its_interval_from_the_ones_before() -> None:
    """Halfway through on 30 June, ten projects of 100 each were forecast to come to 100. By 31 July they are completed,
    and cost 90, and another one is halfway through: it lies between 100 - 10 and 100 - 10.
    """
    june, july = date(2026, 6, 30), date(2026, 7, 31)
    span: dict[str, Any] = {"currency": "USD", "budget_total": Decimal(100), "end_date": date(2026, 12, 31)}
    done = [f"done {number}" for number in range(10)]

    def seen(day: date) -> Silver:
        ended = day > june
        state: dict[str, Any] = {"status": "Completed" if ended else "In Progress", "start_date": date(2025, 12, 28)}
        spent: dict[str, Any] = {"actual_amount": Decimal(90), "invoice_date": july} if ended else {}
        rows = silver.Rows(
            projects=[silver.project(name, **span, **state) for name in done]
            + [silver.project("running", **span, start_date=date(2026, 3, 2))],
            lines=[silver.line(f"of {name}", name, amount=Decimal(100), **spent) for name in done]
            + [silver.line("of running", "running", amount=Decimal(100))],
        )
        programs, projects, lines = map(lazy, rows.frames())
        return programs, projects, lines

    found = replay(Past(seen, (june,), july), computed=lambda _: None)
    intervals = found.today.projects.filter(project_id="running").select("interval_n", "eac_low_80", "eac_high_80")
    assert intervals.row(0) == (10, Decimal(90), Decimal(90))
    assert found.month_ends[0].projects["interval_n"].sum() == 0
