"""Exchange rates in the graph: read today, reported on past days, and no reason to stop anything."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from finance_ppm.assets.arrival import NOT_READ
from finance_ppm.contracts.fx import FxRates
from finance_ppm.sandbox.rates.faults import Fault
from finance_ppm_tests.world import World, table_key, world

TODAY = datetime(2026, 6, 15, 16, 0, tzinfo=UTC)
FX = "bronze/fx_rates"


@pytest.fixture
def markets(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, now=TODAY, pages=50, with_rates=True) as made:
        yield made


def test_the_first_run_brings_the_history_and_the_second_nothing(markets: World) -> None:
    markets.run(only=[FX])
    version, rows = markets.lake.version(FxRates), markets.rows(FxRates)
    assert rows["rate_date"].min() == date(2024, 1, 2)
    assert rows["rate_date"].max() == date(2026, 6, 15)
    markets.run(only=[FX])
    assert markets.lake.version(FxRates) == version


def test_rates_that_cannot_be_read_end_the_run_red_and_stop_nothing(markets: World) -> None:
    assert markets.rates is not None
    markets.run()
    markets.go_to(datetime(2026, 6, 16, 16, 0, tzinfo=UTC))
    markets.rates.add_fault(Fault.html(times=9))
    result = markets.run(raise_on_error=False)
    assert not result.success
    assert [event.step_key for event in result.get_step_failure_events()] == ["rates_arrived"]
    told = markets.instance.get_latest_materialization_event(table_key(FxRates))
    assert told is not None
    assert told.asset_materialization is not None
    assert "web page" in str(told.asset_materialization.metadata[NOT_READ].value)
    checks = {check.check_name: check.passed for check in result.get_asset_check_evaluations()}
    assert checks["rates_arrived"] is False
    markets.rates.clear_faults()
    assert markets.run(only=[FX]).success


def test_a_past_day_reports_its_rates_and_asks_nobody(markets: World) -> None:
    assert markets.rates is not None
    markets.run()
    markets.rates.reset_requests()
    result = markets.run(date(2026, 6, 12), only=[FX])
    assert markets.rates.requests() == []
    (event,) = result.get_asset_materialization_events()
    assert event.materialization.metadata["currencies with a rate of the day"].value == len(
        markets.rates.rates(date(2026, 6, 12))
    )
