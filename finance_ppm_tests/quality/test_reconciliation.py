"""Rules of gold: sound figures break none, and each figure that is off is found by the rule that speaks of it."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings

from finance_ppm.quality import evaluate, findings
from finance_ppm.quality.rules import RECONCILIATIONS
from finance_ppm.transforms.portfolio import Portfolio
from finance_ppm_tests.engines import Engine, PolarsEngine, engine, in_process, spark_session  # noqa: F401 - fixtures
from finance_ppm_tests.oracle.books import Books
from finance_ppm_tests.oracle.portfolios import books
from finance_ppm_tests.quality.marts import Marts, marts_of, marts_of_books, with_marts
from finance_ppm_tests.quality.portfolios import BASE, Rows, portfolio_of

UNDATED = {"committed_date": None, "invoice_date": None, "paid_date": None}
CENT = pl.lit(Decimal("0.01"))
PORTFOLIO: Rows = {
    "projects": [
        {"project_id": "Q", "name": "Depot", "currency": "PHP"},
        {"project_id": "U", "name": "Unknown", "currency": None, "budget_total": None},
    ],
    "budget_lines": [
        {"budget_line_id": "L2", "project_ids": ["P", "Q"], "amount": Decimal("99.99"), "vendor": "Bolt"},
        {"budget_line_id": "L3", "project_ids": ["Q"], "invoice_date": None, "paid_date": None, "actual_amount": None},
        {"budget_line_id": "L4", "project_ids": [], "category": None},
        {"budget_line_id": "L5", "project_ids": ["P"], "invoice_date": date(2026, 12, 24), "paid_date": None},
        {"budget_line_id": "L6", "project_ids": ["P"], "category": "(reserve)", "vendor": "(reserve)"},
        {"budget_line_id": "L7", "project_ids": ["Q"], "category": "(reserve)", "vendor": "(reserve)", **UNDATED},
    ],
}


@pytest.fixture(scope="module")
def sound() -> tuple[Portfolio, Marts]:
    return marts_of(PolarsEngine(), BASE, PORTFOLIO)


def test_every_engine_finds_the_same(
    engine: Engine,  # noqa: F811 - the fixture
    sound: tuple[Portfolio, Marts],
) -> None:
    """What is off in one place or another, and nothing that is sound, cell by cell, messages included."""
    wrong = dict(sound[1])
    for change in (row("forecast", "ac", project_id="P"), row("forecast_monthly", "pv", project_id="Q")):
        change(wrong)
    expected = findings(with_marts(PolarsEngine(), sound[0], wrong), RECONCILIATIONS)
    assert {"forecast_agrees_with_cells", "planned_months_add_up"} <= set(expected["rule"])
    silver = portfolio_of(engine, BASE, PORTFOLIO)
    found = findings(with_marts(engine, silver, wrong), RECONCILIATIONS)
    assert found.sort("issue_id").equals(expected.sort("issue_id"))


@in_process
def test_every_engine_looks_at_as_many_rows(engine: Engine, sound: tuple[Portfolio, Marts]) -> None:  # noqa: F811
    """Groups that only one side of a comparison knows included."""
    half = {name: frame.head(frame.height // 2) for name, frame in sound[1].items()}
    expected = evaluate(with_marts(PolarsEngine(), sound[0], half), RECONCILIATIONS)
    fared = evaluate(with_marts(engine, portfolio_of(engine, BASE, PORTFOLIO), half), RECONCILIATIONS)
    assert [(each.rows_checked, each.rows_failing) for each in fared] == [
        (each.rows_checked, each.rows_failing) for each in expected
    ]


@in_process
def test_sound_figures_break_no_rule(engine: Engine, sound: tuple[Portfolio, Marts]) -> None:  # noqa: F811
    silver = portfolio_of(engine, BASE, PORTFOLIO)
    assert findings(with_marts(engine, silver, sound[1]), RECONCILIATIONS).is_empty()


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(told=books(portfolio_count=6))
def test_sound_figures_of_any_books_break_no_rule(told: Books) -> None:
    silver, made = marts_of_books(PolarsEngine(), told)
    found = findings(with_marts(PolarsEngine(), silver, made), RECONCILIATIONS)
    assert found.select("rule", "row_id", "value", "message").rows() == []


def test_an_actual_of_january_1900_is_told_from_none_that_is_dated() -> None:
    """In the cells they are of one month."""
    old = {"budget_line_id": "old", "project_ids": ["Q"], "invoice_date": date(1900, 1, 1), "paid_date": None}
    of_nobody = {**old, "budget_line_id": "older", "project_ids": []}
    silver, made = marts_of(PolarsEngine(), BASE, PORTFOLIO, {"budget_lines": [old, of_nobody]})
    assert findings(with_marts(PolarsEngine(), silver, made), RECONCILIATIONS).is_empty()


def test_nothing_at_all_breaks_no_rule() -> None:
    silver, made = marts_of(PolarsEngine())
    assert findings(with_marts(PolarsEngine(), silver, made), RECONCILIATIONS).is_empty()


def cell(column: str, **where: str) -> Callable[[Marts], None]:
    """One cent more in the first cell there is of ``where``."""

    def change(marts: Marts) -> None:
        marts["budget_vs_actual"] = _one_cent_more(marts["budget_vs_actual"], column, **where)

    return change


def row(frame: str, column: str, **where: str) -> Callable[[Marts], None]:
    """One cent more in the first row there is of ``where``."""

    def change(marts: Marts) -> None:
        marts[frame] = _one_cent_more(marts[frame], column, **where)

    return change


def moved(frame: str, column: str, to: object, **where: str) -> Callable[[Marts], None]:
    """All rows there are of ``where`` with another value."""

    def change(marts: Marts) -> None:
        rows = marts[frame]
        chosen = pl.all_horizontal(*(pl.col(name) == value for name, value in where.items()))
        told = pl.when(chosen).then(pl.lit(to)).otherwise(column).cast(rows.schema[column]).alias(column)
        marts[frame] = rows.with_columns(told)
        assert not marts[frame].equals(rows), "There is no such row."

    return change


def empty(frame: str) -> Callable[[Marts], None]:
    def change(marts: Marts) -> None:
        marts[frame] = marts[frame].clear()

    return change


def without_last(frame: str) -> Callable[[Marts], None]:
    def change(marts: Marts) -> None:
        marts[frame] = marts[frame].sort("project_id").filter(pl.col("project_id") != "Q")

    return change


def forecast_too_early(marts: Marts) -> None:
    to_come = pl.col("etc") > 0
    marts["forecast_monthly"] = marts["forecast_monthly"].with_columns(
        period=pl.when(to_come).then(pl.lit(date(2026, 11, 1))).otherwise("period")
    )


def green_all_over(marts: Marts) -> None:
    marts["project_health"] = marts["project_health"].with_columns(rag=pl.lit("green"))


def _one_cent_more(rows: pl.DataFrame, column: str, **where: str) -> pl.DataFrame:
    found = pl.all_horizontal(*(pl.col(name) == value for name, value in where.items()), pl.col(column).is_not_null())
    first = found & (found.cum_sum() == 1)
    changed = rows.with_columns(
        pl.when(first).then((pl.col(column) + CENT).cast(rows.schema[column])).otherwise(column).alias(column)
    )
    assert not changed.equals(rows), "There is no such row."
    return changed


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("programs_add_up", cell("value", dimension="program", metric_name="committed")),
        ("projects_add_up", cell("excluded_value", dimension="project", metric_name="actual")),
        ("categories_add_up", cell("reporting_excluded_value", dimension="category", metric_name="committed")),
        ("vendors_add_up", cell("reporting_value", dimension="vendor", metric_name="committed")),
        ("cell_constant_and_fx_are_reporting", cell("fx_value", dimension="vendor", metric_name="actual")),
        ("cell_own_currency_needs_no_rate", cell("fx_value", dimension="vendor", unit="USD")),
        ("variance_is_budget_less_actual", cell("constant_value", dimension="vendor", metric_name="variance")),
        ("every_amount_is_counted", cell("value", dimension="category", metric_name="actual", dimension_id="CapEx")),
        ("every_vendor_is_counted", moved("budget_vs_actual", "dimension_id", "Bolt", dimension_id="Acme")),
        ("lines_count_in_their_project", row("forecast", "line_total", project_id="P")),
        ("programs_are_of_their_projects", moved("budget_vs_actual", "dimension_id", "G2", dimension_id="G")),
        ("forecast_is_of_its_page", moved("forecast", "unit", "USD", project_id="Q")),
        ("forecast_agrees_with_cells", row("forecast", "oc", project_id="Q")),
        ("forecast_budget_agrees_with_cells", row("forecast", "bac", project_id="Q")),
        ("forecast_is_complete", row("forecast", "eac", project_id="Q")),
        ("forecast_parts_add_up", row("forecast", "available", project_id="Q")),
        ("forecast_ratios_follow", row("forecast", "pv", project_id="Q")),
        ("forecast_is_converted_as_cells", row("forecast", "bac_reporting", project_id="Q")),
        ("forecast_is_converted_whole", row("forecast", "vac_reporting", project_id="Q")),
        ("every_project_has_a_forecast", without_last("forecast")),
        ("months_add_up", row("forecast_monthly", "etc", project_id="Q")),
        ("planned_months_add_up", row("forecast_monthly", "pv", project_id="Q")),
        ("converted_months_add_up", row("forecast_monthly", "etc_reporting", project_id="Q")),
        ("nothing_is_forecast_before_next_month", forecast_too_early),
        ("actual_months_are_those_of_cells", row("forecast_monthly", "ac_reporting", project_id="Q")),
        ("run_rate_is_of_the_last_months", row("forecast", "run_rate_eac", project_id="P")),
        ("health_is_of_its_forecast", moved("project_health", "vac_ratio", 0.5, project_id="Q")),
        ("every_project_is_judged", without_last("project_health")),
        ("unknown_money_is_never_green", green_all_over),
        ("savings_are_allocated_whole", row("advisor_allocations", "achievable_maximum")),
        ("every_recommendation_is_allocated", empty("advisor_allocations")),
        ("savings_are_those_of_recommendations", empty("advisor_summary")),
        ("savings_dimensions_agree", row("advisor_summary", "achievable_maximum", dimension="project")),
    ],
)
def test_a_cent_that_is_off_is_found(
    sound: tuple[Portfolio, Marts], rule: str, change: Callable[[Marts], None]
) -> None:
    silver, marts = sound
    wrong = dict(marts)
    if rule == "cell_own_currency_needs_no_rate":
        own = pl.col("unit") == "PHP"
        wrong["budget_vs_actual"] = wrong["budget_vs_actual"].with_columns(
            unit=pl.when(own).then(pl.lit("USD")).otherwise("unit")
        )
    change(wrong)
    assert rule in set(findings(with_marts(PolarsEngine(), silver, wrong), RECONCILIATIONS)["rule"])


def test_each_rule_has_a_figure_that_is_off() -> None:
    (marked,) = (
        mark
        for mark in test_a_cent_that_is_off_is_found.pytestmark  # type: ignore[attr-defined]  # pytest sets it
        if mark.name == "parametrize"
    )
    assert sorted(rule for rule, _ in marked.args[1]) == sorted(rule.name for rule in RECONCILIATIONS)
