"""The whole backtest, over a small story and a real lake."""

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import typer
from polars.testing import assert_frame_equal
from typer.testing import CliRunner

from finance_ppm.backtest.lake import NothingToJudgeError, captured
from finance_ppm.backtest.methods import AUTO_ETS, HOW_TO_GET_AUTO_ETS, methods
from finance_ppm.backtest.replay import Past, replay
from finance_ppm.backtest.scores import Backtest, backtest
from finance_ppm.backtest.story import days_of, told
from finance_ppm.backtest.tables import show
from finance_ppm.backtest_command import register
from finance_ppm.clock import SystemClock
from finance_ppm.settings import Config

PAGES, MONTHS, SEED = 120, 4, 7


@pytest.fixture(scope="module")
def past() -> Iterator[Past]:
    with told(pages=PAGES, seed=SEED, months=MONTHS, captured=lambda _: None) as found:
        yield found


@pytest.fixture(scope="module")
def done(past: Past) -> Backtest:
    return backtest(past, computed=lambda _: None)


def test_a_forecast_of_a_month_end_knows_nothing_of_what_came_after(past: Past) -> None:
    """The first two month ends, replayed as if the third were today, are as they are when all of it is known."""
    whole = replay(past, computed=lambda _: None)
    short = replay(replace(past, month_ends=past.month_ends[:2], today=past.month_ends[2]), computed=lambda _: None)
    for early, late in zip((*short.month_ends, short.today), whole.month_ends, strict=False):
        assert early.day == late.day
        for ours, theirs, key in (
            (early.projects, late.projects, ["project_id", "unit"]),
            (early.months, late.months, ["project_id", "unit", "period"]),
        ):
            assert_frame_equal(ours.sort(key), theirs.sort(key))
            assert not ours.is_empty()


def test_every_method_is_judged_by_the_same_forecasts(done: Backtest) -> None:
    assert done.month_ends == MONTHS == len(days_of(MONTHS)) - 1
    for of, months in {(score.of, score.months) for score in done.scores}:
        alike = [score for score in done.scores if (score.of, score.months) == (of, months)]
        assert len({(score.forecasts, score.projects) for score in alike}) == 1
        assert len(alike) == len({score.method for score in alike}) == len(methods()) + 1
    assert any(score.forecasts for score in done.scores)


def test_what_is_shown_names_the_methods_and_how_to_get_those_that_are_missing(
    done: Backtest, capsys: pytest.CaptureFixture[str]
) -> None:
    show(replace(done, missing={AUTO_ETS: HOW_TO_GET_AUTO_ETS}))
    shown = capsys.readouterr().out
    assert "AutoETS is missing: pip install 'finance-ppm[forecasting]'" in shown
    assert "this forecast" in shown
    assert "nothing at all" in shown


def test_without_statsforecast_there_is_no_auto_ets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("finance_ppm.backtest.methods.find_spec", lambda _: None)
    assert AUTO_ETS not in methods()


def test_the_command_prints_one_json_object_and_the_same_one_each_time(done: Backtest) -> None:
    app = typer.Typer()
    register(app)
    app.command()(lambda: None)
    asked = ["backtest", "--pages", str(PAGES), "--months", str(MONTHS), "--seed", str(SEED), "--json"]
    found = CliRunner().invoke(app, asked, catch_exceptions=False)
    assert found.exit_code == 0
    assert json.loads(found.stdout) == json.loads(json.dumps(asdict(done), default=str))


def test_a_lake_without_two_month_ends_is_too_young(tmp_path: Path) -> None:
    with pytest.raises(NothingToJudgeError, match="was captured never"):
        captured(Config(ppm_lakehouse_uri=str(tmp_path)), SystemClock())
