"""What holds of every portfolio, whatever it is made of."""

from datetime import date, timedelta
from decimal import Decimal
from random import Random

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from finance_ppm_tests.engines import Engine, PolarsEngine, in_process
from finance_ppm_tests.transforms.budget_by_hand import AS_OF, Rows
from finance_ppm_tests.transforms.forecast.random_portfolios import many_portfolios
from finance_ppm_tests.transforms.forecast.world import forecast_of, money, months_of, one, usual_lines

POLARS = PolarsEngine()
KEY = ["project_id", "unit"]
OF_MONTHS = {
    *("etc_reporting", "eac_reporting", "vac_reporting", "eac_constant", "fx_variance"),
    *("unconverted_reason", "bac_reporting", "ac_reporting", "oc_reporting", "stale_rate"),
}
"""Columns of a project that depend on which months its ETC falls to, and so on the lags of others."""

portfolios = st.integers(0, 10**9).map(lambda seed: many_portfolios(15, seed))
"""Fifteen side by side, since a query costs about the same for one as for all of them."""
days = st.one_of(
    st.sampled_from([AS_OF, date(2024, 2, 29), date(2026, 12, 31), date(2027, 1, 1)]),
    st.integers(-800, 800).map(lambda number: AS_OF + timedelta(days=number)),
)


@settings(deadline=None, max_examples=5)
@given(rows=portfolios, as_of=days)
def test_months_add_up_to_the_cent(rows: Rows, as_of: date) -> None:
    projects, months = forecast_of(POLARS, rows, as_of), months_of(POLARS, rows, as_of)
    sums = months.group_by(KEY).agg(pl.col("pv", "ac", "etc").sum())
    for row in projects.join(sums, on=KEY, how="left", suffix="_of_months").to_dicts():
        has_span = row["start_date"] and row["end_date"] and row["start_date"] <= row["end_date"]
        assert (row["pv_of_months"] or 0) == (row["bac"] if has_span and row["bac"] else 0)
        assert (row["ac_of_months"] or 0) == row["ac"]
        assert (row["etc_of_months"] or 0) == row["etc"]
        assert row["etc"] >= row["oc"] >= 0


@settings(deadline=None, max_examples=5)
@given(rows=portfolios, as_of=days)
def test_time_passes_no_further_than_today(rows: Rows, as_of: date) -> None:
    months = months_of(POLARS, rows, as_of).filter(pl.col("period_label") != "undated")
    first_of_month = as_of.replace(day=1)
    assert months.filter(pl.col("etc") != 0, pl.col("period") <= first_of_month).is_empty()
    assert months.filter(pl.col("ac") != 0, pl.col("period") > first_of_month).is_empty()
    assert months.filter(pl.col("is_closed") != (pl.col("period") < first_of_month)).is_empty()


@settings(deadline=None, max_examples=3)
@given(rows=portfolios, random=st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(rows: Rows, random: Random) -> None:
    programs, projects, lines = (random.sample(told, len(told)) for told in (rows.programs, rows.projects, rows.lines))
    shuffled = Rows(programs, projects, lines)
    assert_frame_equal(forecast_of(POLARS, shuffled), forecast_of(POLARS, rows))
    assert_frame_equal(months_of(POLARS, shuffled), months_of(POLARS, rows))


@settings(deadline=None, max_examples=3)
@given(rows=portfolios)
def test_what_is_archived_changes_nothing(rows: Rows) -> None:
    live = Rows(rows.programs, rows.projects, [row for row in rows.lines if not row["is_archived"]])
    assert_frame_equal(forecast_of(POLARS, live), forecast_of(POLARS, rows))
    assert_frame_equal(months_of(POLARS, live), months_of(POLARS, rows))


@settings(deadline=None, max_examples=3)
@given(rows=portfolios, others=portfolios)
def test_a_project_does_not_depend_on_others(rows: Rows, others: Rows) -> None:
    """But by the lags that are learnt from all lines: they move its ETC from month to month, and so its conversion."""
    for page in (*others.programs, *others.projects, *others.lines):
        for name in ("program_id", "project_id", "budget_line_id"):
            if page.get(name):
                page[name] = f"other-{page[name]}"
        page["project_ids"] = [f"other-{told}" for told in page.get("project_ids", [])]
    alone, beside = (forecast_of(POLARS, told).drop(OF_MONTHS) for told in (rows, rows + others))
    mine = pl.col("project_id").is_in([page["project_id"] for page in rows.projects])
    assert_frame_equal(beside.filter(mine), alone.filter(mine))


@in_process
def test_an_empty_portfolio_has_no_forecast(engine: Engine) -> None:
    assert forecast_of(engine, Rows()).is_empty()
    assert months_of(engine, Rows()).is_empty()


@in_process
def test_the_longest_of_spans(engine: Engine) -> None:
    """From the first day of the calendar to its last but one month, as of a leap day."""
    as_of = date(2024, 2, 29)
    longest = one(
        "longest",
        {"amount": money("120000.00"), "committed_date": date(1, 1, 1)},
        start_date=date(1, 1, 1),
        end_date=date(9999, 11, 30),
    )
    (row,) = forecast_of(engine, longest, as_of).to_dicts()
    months = months_of(engine, longest, as_of)
    assert months["pv"].sum() == row["bac"] == Decimal("120000.00")
    assert months["etc"].sum() == row["etc"] == Decimal("120000.00")
    assert (months["period"].min(), months["period"].max()) == (date(1, 1, 1), date(9999, 11, 1))


@settings(deadline=None, max_examples=8)
@given(lags=st.lists(st.integers(0, 900), min_size=5, max_size=40))
def test_a_lag_is_the_lower_median(lags: list[int]) -> None:
    """A commitment of today is expected after the median of its vendor's lags, whatever their categories."""
    start = date(2020, 1, 1)
    history = one(
        "history",
        *(
            {
                "committed_date": start,
                "invoice_date": start + timedelta(days=lag),
                "vendor": "Slow",
                "category": sort,
            }
            for lag, sort in zip(lags, ["A", "B", None] * len(lags), strict=False)
        ),
    )
    new = one("new", {"amount": money("1.00"), "committed_date": AS_OF, "vendor": "Slow", "category": "C"})
    expected = AS_OF + timedelta(days=sorted(lags)[(len(lags) - 1) // 2])
    months = months_of(POLARS, history + usual_lines() + new).filter(pl.col("project_id") == "new", pl.col("etc") != 0)
    assert months["period"].to_list() == [max(expected.replace(day=1), date(2026, 12, 1))]
