"""Both tables of the forecast: cases worked out by hand, on every engine, amid random portfolios."""

from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from finance_ppm_tests.engines import Engine, PolarsEngine
from finance_ppm_tests.transforms.budget_by_hand import AS_OF
from finance_ppm_tests.transforms.forecast.cases import CASES
from finance_ppm_tests.transforms.forecast.random_portfolios import many_portfolios
from finance_ppm_tests.transforms.forecast.world import FISCAL_YEAR_START, forecast_of, months_of, usual_lines

EVERYTHING = sum((case.rows for case in CASES.values()), usual_lines()) + many_portfolios(60)


@pytest.fixture(scope="module")
def projects(engine: Engine) -> pl.DataFrame:
    """Every project's row, computed once on each engine."""
    return forecast_of(engine, EVERYTHING)


@pytest.fixture(scope="module")
def months(engine: Engine) -> pl.DataFrame:
    """Every month, computed once on each engine."""
    return months_of(engine, EVERYTHING)


def exact(value: Any) -> Any:
    return Decimal(value) if isinstance(value, str) and value.strip("-0123456789.") == "" else value


@pytest.mark.parametrize("name", CASES)
def test_figures_worked_out_by_hand(projects: pl.DataFrame, name: str) -> None:
    case = CASES[name]
    page = case.rows.projects[0]
    project_id, unit = case.key or (page["project_id"], page["currency"] or "XXX")
    (row,) = projects.filter(pl.col("project_id") == project_id, pl.col("unit") == unit).to_dicts()
    for column, expected in case.figures.items():
        value = exact(expected)
        assert row[column] == (pytest.approx(value, rel=1e-15) if isinstance(value, float) else value), column


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.months])
def test_months_worked_out_by_hand(months: pl.DataFrame, name: str) -> None:
    case = CASES[name]
    page = case.rows.projects[0]
    project_id, unit = case.key or (page["project_id"], page["currency"] or "XXX")
    rows = months.filter(pl.col("project_id") == project_id, pl.col("unit") == unit).to_dicts()
    found = {row["period_label"]: row for row in rows}
    for label, expected in case.months.items():
        if expected is None:
            assert label not in found
        else:
            assert {column: found[label][column] for column in expected} == {
                column: exact(value) for column, value in expected.items()
            }, label


def test_the_engines_agree_in_every_cell(projects: pl.DataFrame, months: pl.DataFrame) -> None:
    """With Polars, which agrees with itself when it computes the same again."""
    assert_frame_equal(projects, forecast_of(PolarsEngine(), EVERYTHING), check_exact=True)
    assert_frame_equal(months, months_of(PolarsEngine(), EVERYTHING), check_exact=True)


def test_months_add_up_to_their_project(projects: pl.DataFrame, months: pl.DataFrame) -> None:
    """To the cent: PV to BAC, AC to AC, ETC to ETC; and the same in the reporting currency, where there is one."""
    key = ["project_id", "unit"]
    metrics = ("pv", "ac", "etc", "ac_reporting", "etc_reporting")
    sums = months.group_by(key).agg(pl.col(*metrics).sum(), open=pl.col("ac_reporting").null_count())
    both = projects.join(sums, on=key, how="left", suffix="_of_months").with_columns(
        pl.col("pv_of_months", *(f"{metric}_of_months" for metric in metrics[1:])).fill_null(0)
    )
    spanned = both.filter(pl.col("elapsed").is_not_null(), pl.col("bac").is_not_null())
    assert spanned.filter(pl.col("pv_of_months") != pl.col("bac")).is_empty()
    assert both.join(spanned, on=key, how="anti").filter(pl.col("pv_of_months") != 0).is_empty()
    for metric in ("ac", "etc"):
        assert both.filter(pl.col(metric) != pl.col(f"{metric}_of_months")).is_empty()
    told = both.filter(pl.col("unconverted_reason").is_null())
    for metric in ("ac_reporting", "etc_reporting"):
        assert told.filter(pl.col(metric) != pl.col(f"{metric}_of_months")).is_empty()
        assert both.filter(pl.col("unconverted_reason").is_not_null(), pl.col(f"{metric}_of_months") != 0).is_empty()
    assert told.filter(pl.col("open") > 0).is_empty()
    assert told.height > 80
    assert spanned.height > 50


def test_what_is_spent_and_ordered_is_the_least_to_expect(projects: pl.DataFrame) -> None:
    assert projects.filter(pl.col("eac") < pl.col("ac") + pl.col("oc")).is_empty()
    assert projects.filter(pl.col("etc") < pl.col("oc")).is_empty()
    assert projects.filter(pl.col("k").is_between(Decimal("0.8"), Decimal("1.5")).not_()).is_empty()


def test_nothing_is_forecast_before_next_month(months: pl.DataFrame) -> None:
    assert months.filter(pl.col("etc") != 0)["period"].min() == AS_OF.replace(month=12, day=1)


def test_nothing_is_spent_after_this_month(months: pl.DataFrame) -> None:
    assert months.filter(pl.col("period") > AS_OF, pl.col("ac") != 0).is_empty()


def test_months_say_whether_they_are_over_and_of_which_fiscal_year(months: pl.DataFrame) -> None:
    """The fiscal year starts in July. November is open. What has no month is neither closed nor of a year."""
    told = {
        label: (is_closed, year)
        for label, is_closed, year in months.select("period_label", "is_closed", "fiscal_year").unique().iter_rows()
    }
    assert FISCAL_YEAR_START == 7
    assert told["2026-06"] == (True, 2026)
    assert told["2026-07"] == (True, 2027)
    assert told["2026-10"] == (True, 2027)
    assert told["2026-11"] == (False, 2027)
    assert told["2027-07"] == (False, 2028)
    assert told["undated"] == (False, None)


def test_every_live_project_has_a_row_and_nobody_else_but_the_unassigned(projects: pl.DataFrame) -> None:
    live = {page["project_id"] for page in EVERYTHING.projects if not page["is_archived"]}
    assert set(projects["project_id"]) == live | {"(unassigned)"}


def test_lines_count_once_in_each_of_their_projects(projects: pl.DataFrame) -> None:
    assert projects["line_total"].sum() == sum(
        row.get("amount") or Decimal(0) for row in EVERYTHING.lines if not row["is_archived"]
    )
