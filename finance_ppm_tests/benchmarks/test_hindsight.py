from decimal import Decimal

import narwhals.stable.v2 as nw
import polars as pl
import pytest

from finance_ppm.benchmarks.budget_vs_actual import portfolio
from finance_ppm.benchmarks.hindsight import MONTHS, closed_months, corrected, month_ends, restated, run
from finance_ppm.benchmarks.quality import completed, whole_portfolio
from finance_ppm.contracts.fx import FxRates
from finance_ppm.transforms.portfolio import Portfolio


def whole() -> Portfolio:
    rates = completed(portfolio(10_000, 7).fx_rates, FxRates)
    of = whole_portfolio(10_000, 7)
    return Portfolio(**{**vars(of), "fx_rates": nw.from_native(rates.lazy())})


def test_a_year_lies_behind_the_portfolio() -> None:
    assert len(month_ends()) == MONTHS
    assert all((day.month, day.day) >= (1, 28) for day in month_ends())


def test_what_was_corrected_since_is_all_that_differs() -> None:
    before = whole()
    closes, lines = closed_months(before)
    assert (closes.height, lines["period"].n_unique()) == (MONTHS, MONTHS)
    assert restated(before, closes, lines).is_empty()
    found = restated(corrected(before), closes, lines)
    assert set(found["difference"].abs()) == {Decimal("0.01")}
    assert set(found["reason"]) == {"amount"}
    assert found["metric_name"].unique().to_list() == ["actual"]
    assert found.filter(pl.col("difference_reporting") != 0).height > 3


@pytest.mark.usefixtures("in_one_process")
def test_the_stages_are_measured() -> None:
    measured = list(run(1_000))
    assert [one.stage for one in measured] == ["forecast_accuracy", "forecast_intervals", "restatements"]
    assert all(one.seconds > 0 for one in measured)
