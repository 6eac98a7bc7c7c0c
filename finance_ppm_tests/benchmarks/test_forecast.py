import polars as pl
import pytest

from finance_ppm.benchmarks.budget_vs_actual import AS_OF, portfolio
from finance_ppm.benchmarks.forecast import computed, run


def test_what_is_measured_counts_the_amounts_of_the_portfolio() -> None:
    generated = portfolio(2_000, seed=7)
    invoiced = generated.budget_lines.filter(pl.col("invoice_date") <= AS_OF)
    of_projects, of_months = computed(generated)
    assert of_projects["ac"].sum() == of_months["ac"].sum() == invoiced["actual_amount"].sum()
    assert of_projects["etc"].sum() == of_months["etc"].sum() > 0


def test_some_projects_are_converted_and_some_have_no_rate() -> None:
    of_projects, _ = computed(portfolio(20_000, seed=7))
    assert set(of_projects["unconverted_reason"]) == {None, "no_budget_rate"}
    assert of_projects.filter(pl.col("fx_variance") != 0).height > 10


@pytest.mark.usefixtures("in_one_process")
def test_the_stages_are_measured() -> None:
    measured = list(run(2_000))
    assert [(one.stage, one.rows) for one in measured] == [("forecast, with months", 2_000)]
    assert all(one.seconds > 0 for one in measured)
