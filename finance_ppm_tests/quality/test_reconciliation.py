"""Rules of gold: sound figures break none, and each figure that is off is found by the rule that speaks of it."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import polars as pl
import pytest

from finance_ppm.quality import findings
from finance_ppm.quality.rules import RECONCILIATIONS
from finance_ppm.transforms.portfolio import Portfolio
from finance_ppm_tests.engines import Engine, PolarsEngine, engine, spark_session  # noqa: F401 - fixtures
from finance_ppm_tests.quality.marts import Marts, marts_of, with_marts
from finance_ppm_tests.quality.portfolios import BASE, Rows, portfolio_of

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
    ],
}


@pytest.fixture(scope="module")
def sound() -> tuple[Portfolio, Marts]:
    return marts_of(PolarsEngine(), BASE, PORTFOLIO)


def test_sound_figures_break_no_rule_on_any_engine(
    engine: Engine,  # noqa: F811 - the fixture
    sound: tuple[Portfolio, Marts],
) -> None:
    silver = portfolio_of(engine, BASE, PORTFOLIO)
    assert findings(with_marts(engine, silver, sound[1]), RECONCILIATIONS).is_empty()


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
        ("forecast_agrees_with_cells", row("forecast", "oc", project_id="Q")),
        ("forecast_budget_agrees_with_cells", row("forecast", "bac", project_id="Q")),
        ("forecast_is_complete", row("forecast", "eac", project_id="Q")),
        ("every_project_has_a_forecast", without_last("forecast")),
        ("months_add_up", row("forecast_monthly", "etc", project_id="Q")),
        ("planned_months_add_up", row("forecast_monthly", "pv", project_id="Q")),
        ("converted_months_add_up", row("forecast_monthly", "etc_reporting", project_id="Q")),
        ("nothing_is_forecast_before_next_month", forecast_too_early),
        ("every_project_is_judged", without_last("project_health")),
        ("unknown_money_is_never_green", green_all_over),
        ("savings_are_allocated_whole", row("advisor_allocations", "achievable_maximum")),
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
