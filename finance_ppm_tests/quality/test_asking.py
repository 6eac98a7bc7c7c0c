"""A rule that compares gold with what it is made from is asked where gold is no older than that, or it is said why."""

from datetime import datetime, timedelta

import polars as pl
import pytest

from finance_ppm.assets.made import Made
from finance_ppm.contracts.finance import PpmForecast
from finance_ppm.contracts.gold import PpmBudgetVsActual
from finance_ppm.quality.asking import not_askable
from finance_ppm.quality.rules import RECONCILIATIONS
from finance_ppm.transforms.portfolio import Portfolio
from finance_ppm_tests.engines import Engine, PolarsEngine, engine, in_process  # noqa: F401 - fixtures
from finance_ppm_tests.quality.marts import GOLD, Marts, marts_of, with_marts
from finance_ppm_tests.quality.portfolios import BASE, EDITED, Rows, portfolio_of

RULES = {rule.name: rule for rule in RECONCILIATIONS}
EARLIER, LATER = EDITED - timedelta(seconds=1), EDITED + timedelta(days=1)
"""Before and after anything was captured."""
OF_LINES = {"every_amount_is_counted", "every_vendor_is_counted", "lines_count_in_their_project"}


@pytest.fixture(scope="module")
def made() -> Marts:
    _, marts = marts_of(PolarsEngine(), BASE)
    return marts


def portfolio(engine: Engine, marts: Marts, told: Rows, **computed_at: datetime) -> Portfolio:  # noqa: F811
    """Gold computed later than all else, but for the tables whose moment is told."""
    stamped = {
        name: frame.with_columns(
            computed_at=pl.lit(computed_at.get(name, LATER), GOLD[name].columns()["computed_at"].dtype)
        )
        for name, frame in marts.items()
    }
    return with_marts(engine, portfolio_of(engine, BASE, told), stamped)


@in_process
def test_every_rule_is_asked_of_gold_that_is_newer_than_silver(engine: Engine, made: Marts) -> None:  # noqa: F811
    assert not_askable(portfolio(engine, made, {}), RECONCILIATIONS, ()) == {}


@in_process
def test_what_compares_gold_with_a_newer_line_is_not_asked_and_says_why(engine: Engine, made: Marts) -> None:  # noqa: F811
    newer = {"budget_lines": [{"budget_line_id": "new", "synced_at": LATER + timedelta(seconds=1)}]}
    unasked = not_askable(portfolio(engine, made, newer), RECONCILIATIONS, ())
    assert unasked.keys() >= OF_LINES
    assert unasked["every_amount_is_counted"] == (
        "silver/notion_budget_lines holds what was captured at 2026-11-21 09:30:01 UTC, and gold/ppm_budget_vs_actual "
        "was computed before that, at 2026-11-21 09:30:00 UTC; it is asked once that is made anew."
    )
    assert {rule for rule in RULES if not RULES[rule].made_from}.isdisjoint(unasked)
    assert "projects_add_up" in RULES.keys() - unasked.keys()


def test_a_line_that_was_refused_since_counts_as_newer(made: Marts) -> None:
    refused = {"quarantine": [{"page_id": "new", "synced_at": LATER + timedelta(seconds=1)}]}
    assert not_askable(portfolio(PolarsEngine(), made, refused), RECONCILIATIONS, ()).keys() >= OF_LINES
    of_risks = {"quarantine": [{**refused["quarantine"][0], "database_name": "risks"}]}
    assert not_askable(portfolio(PolarsEngine(), made, of_risks), RECONCILIATIONS, ()) == {}


def test_one_table_that_is_older_than_silver_is_not_compared_with_another(made: Marts) -> None:
    unasked = not_askable(portfolio(PolarsEngine(), made, {}, forecast=EARLIER), RECONCILIATIONS, ())
    assert {name for name in unasked if not RULES[name].made_from} == set()
    assert {"forecast_agrees_with_cells", "months_add_up", "health_is_of_its_forecast"} <= unasked.keys()
    assert "every_amount_is_counted" not in unasked


def test_gold_that_was_not_made_for_the_day_is_not_looked_at(made: Marts) -> None:
    unasked = not_askable(portfolio(PolarsEngine(), made, {}), RECONCILIATIONS, {PpmForecast, PpmBudgetVsActual})
    assert unasked["forecast_agrees_with_cells"] == (
        "gold/ppm_budget_vs_actual and gold/ppm_forecast were not made for 2026-11-21."
    )
    assert "unknown_money_is_never_green" not in unasked


@in_process
def test_tables_of_two_reporting_currencies_are_not_compared(engine: Engine, made: Marts) -> None:  # noqa: F811
    """PPM_REPORTING_CURRENCY was changed, and the forecast alone was made since."""
    mixed = dict(made) | {"forecast": made["forecast"].with_columns(reporting_unit=pl.lit("EUR"))}
    unasked = not_askable(portfolio(engine, mixed, {}), RECONCILIATIONS, ())
    assert unasked["forecast_is_converted_as_cells"] == (
        "gold/ppm_budget_vs_actual is in USD and gold/ppm_forecast is in EUR: the reporting currency was changed; it "
        "is asked once both are made anew."
    )
    assert "every_amount_is_counted" not in unasked


def test_gold_of_which_something_was_written_since_is_compared_with_nothing(made: Marts) -> None:
    """Whatever that was: two tables of gold are made of more than a rule names."""
    why = "silver/notion_risks was written anew since gold/ppm_forecast was computed"
    unasked = not_askable(portfolio(PolarsEngine(), made, {}), RECONCILIATIONS, (), superseded={PpmForecast: why})
    assert unasked["forecast_agrees_with_cells"] == f"{why}; it is asked once that is made anew."
    assert unasked.keys() == {
        rule.name for rule in RECONCILIATIONS if PpmForecast in rule.reads and (rule.made_from or len(rule.reads) > 1)
    }
    assert {rule.name for rule in RECONCILIATIONS if rule.reads == (PpmForecast,) and not rule.made_from}


def test_tables_that_were_made_with_different_settings_are_not_compared(made: Marts) -> None:
    def unasked(of_cells: str | None, of_forecast: str | None) -> dict[str, str]:
        told = {PpmBudgetVsActual: of_cells, PpmForecast: of_forecast}
        makings = {table: Made(at=None, of={}, settings=settings, run_id="") for table, settings in told.items()}
        return not_askable(portfolio(PolarsEngine(), made, {}), RECONCILIATIONS, (), made=makings)

    assert unasked("a", "a") == unasked(None, "a") == {}
    assert unasked("a", "b")["forecast_agrees_with_cells"] == (
        "gold/ppm_budget_vs_actual and gold/ppm_forecast were made with different settings; it is asked once all of "
        "them are made anew."
    )
    assert "every_amount_is_counted" not in unasked("a", "b")
