import polars as pl
import pytest

from finance_ppm.benchmarks.budget_vs_actual import AS_OF, REPORTING, cells, portfolio, run


def test_the_portfolio_has_split_lines_every_currency_and_every_kind_of_line() -> None:
    generated = portfolio(12_000, seed=7)
    projects, lines = generated.projects, generated.budget_lines
    assert projects["currency"].n_unique() == 3
    assert projects["status"].n_unique() == 3
    assert 0 < projects["start_date"].null_count() < 3
    assert (projects["start_date"] < projects["end_date"]).drop_nulls().any()
    assert 0 < lines.filter(pl.col("project_ids").list.len() == 2).height < 1_000
    assert 0 < lines["invoice_date"].null_count() < lines["paid_date"].null_count() < 6_000


def test_the_same_seed_makes_the_same_portfolio_and_another_seed_another() -> None:
    first, again, other = (portfolio(500, seed).budget_lines for seed in (7, 7, 8))
    assert first.equals(again)
    assert not first.equals(other)


def test_what_is_measured_counts_and_converts_the_amounts_of_the_portfolio() -> None:
    generated = portfolio(12_000, seed=7)
    computed = cells(generated)
    by_vendor = computed.filter(pl.col("dimension") == "vendor", pl.col("metric_name") == "actual")
    invoiced = generated.budget_lines.filter(pl.col("invoice_date") <= AS_OF)
    assert by_vendor["value"].sum() == invoiced["actual_amount"].sum()
    foreign = by_vendor.filter(pl.col("unit") != REPORTING)
    assert foreign["fx_value"].n_unique() > 100
    assert 0 < foreign["reporting_excluded_count"].sum() < foreign["line_count"].sum() / 5


@pytest.mark.usefixtures("in_one_process")
def test_the_stage_is_measured() -> None:
    (measured,) = run(2_000)
    assert (measured.stage, measured.rows) == ("budget_vs_actual", 2_000)
    assert measured.seconds > 0
