import polars as pl
import pytest

from finance_ppm.benchmarks.budget_vs_actual import AS_OF, cells, portfolio, run


def test_the_portfolio_has_split_lines_every_currency_and_every_kind_of_line() -> None:
    _, projects, lines = portfolio(3_000, seed=7)
    assert projects["currency"].n_unique() == 3
    assert 0 < lines.filter(pl.col("project_ids").list.len() == 2).height < 300
    assert 0 < lines["invoice_date"].null_count() < lines["paid_date"].null_count() < 1_500


def test_the_same_seed_makes_the_same_portfolio_and_another_seed_another() -> None:
    first, again, other = (portfolio(500, seed)[2] for seed in (7, 7, 8))
    assert first.equals(again)
    assert not first.equals(other)


def test_what_is_measured_counts_the_amounts_of_the_portfolio() -> None:
    frames = portfolio(2_000, seed=7)
    computed = cells(*frames)
    by_vendor = computed.filter(pl.col("dimension") == "vendor", pl.col("metric_name") == "actual")
    invoiced = frames[2].filter(pl.col("invoice_date") <= AS_OF)
    assert by_vendor["value"].sum() == invoiced["actual_amount"].sum()


@pytest.mark.usefixtures("in_one_process")
def test_the_stage_is_measured() -> None:
    (measured,) = run(2_000)
    assert (measured.stage, measured.rows) == ("budget_vs_actual", 2_000)
    assert measured.seconds > 0
