"""The file of thresholds: what stands in it, what is wrong with it, and one to start from."""

from decimal import Decimal
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from finance_ppm import quality_commands
from finance_ppm.errors import FinancePpmError, SettingsError
from finance_ppm.health_thresholds import default_thresholds_yaml, health_thresholds, thresholds_in
from finance_ppm.quality.thresholds import THRESHOLDS
from finance_ppm.settings import Config
from finance_ppm.transforms.health import HealthThresholds
from finance_ppm_tests.engines import Engine, in_process
from finance_ppm_tests.transforms.health.health_by_hand import computed, project

PATH = Path("health.yaml")
app = typer.Typer()
quality_commands.register(app)


def told(tmp_path: Path, text: str) -> HealthThresholds:
    path = tmp_path / "own.yaml"
    path.write_text(text)
    return health_thresholds(Config(ppm_health_thresholds=path))


def test_ours_are_those_of_the_definition() -> None:
    ours = HealthThresholds()
    assert dict(ours.weights) == {"cost": 45, "schedule": 20, "risk": 25, "data_quality": 10}
    cost, schedule, risk = dict(ours.cost), dict(ours.schedule), ours.risk
    assert [cost[name] for name in ("score_0_at", "amber_beyond", "red_beyond")] == [20, 5, 10]
    assert schedule == {"points_per_percent_late": 2, "spend_ahead_beyond": 10, "no_actuals_from": 25}
    assert [float(risk.severity.low), float(risk.severity.critical)] == [0.2, 1]
    assert [float(risk.probability.low), float(risk.probability.high)] == [0.1, 0.9]
    assert dict(ours.data_quality) == {"points_per_error": 15, "points_per_warning": 5, "amber_below": 70}
    assert dict(ours.trend) == {"dead_band": 3, "days": 92, "fewest": 3}


def test_the_rule_on_lines_over_budget_and_the_colour_have_one_limit() -> None:
    cost = HealthThresholds().cost
    assert cost.lines_tolerance == THRESHOLDS.lines_tolerance
    assert cost.lines_amber_beyond == THRESHOLDS.lines_tolerance_share * 100
    assert cost.lines_red_beyond == THRESHOLDS.lines_far_over_share * 100


def test_the_file_to_start_from_holds_every_threshold_explained_and_changes_none() -> None:
    text = default_thresholds_yaml()
    assert thresholds_in(text, PATH) == HealthThresholds()
    lines = text.splitlines()
    assert all(len(line) <= 100 for line in lines)
    for name in ("amber_beyond", "no_actuals_from", "dead_band", "severity"):
        (at,) = (i for i, line in enumerate(lines) if line.strip().startswith(f"{name}:"))
        assert lines[at - 1].strip().startswith("# ")


def called(monkeypatch: pytest.MonkeyPatch, path: Path, *arguments: str) -> Result:
    """What `finance-ppm thresholds` does where that is the team's file."""
    monkeypatch.setenv("PPM_HEALTH_THRESHOLDS", str(path))
    monkeypatch.chdir(path.parent)
    return CliRunner().invoke(app, ["thresholds", *arguments])


def test_the_command_prints_what_is_in_force(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "own.yaml"
    path.write_text("cost:\n  amber_beyond: 3\nrisk:\n  severity:\n    high: 0.9\n")
    shown = called(monkeypatch, path).stdout
    assert thresholds_in(shown, PATH) == health_thresholds(Config(ppm_health_thresholds=path)) != HealthThresholds()
    assert "\n  amber_beyond: 3  # ours: 5\n" in shown
    assert "\n  red_beyond: 10\n" in shown
    assert f"{path}, and ours where it says nothing." in " ".join(shown.replace("# ", "").split())
    assert called(monkeypatch, path, "--default").stdout == default_thresholds_yaml()


def test_the_command_tells_a_file_that_cannot_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "own.yaml"
    path.write_text("cost:\n  ambr: 3\n")
    done = called(monkeypatch, path)
    assert isinstance(done.exception, SettingsError)
    assert "own.yaml, line 2 (cost > ambr): there is no such threshold" in str(done.exception)
    assert done.stdout == ""
    assert called(monkeypatch, path, "--default").exit_code == 0


@pytest.mark.parametrize("text", ["", "# nothing\n", "cost:\n", "cost:\n  # amber_beyond: 3\n", "\ufeffcost:\n"])
def test_what_is_not_told_is_ours(tmp_path: Path, text: str) -> None:
    assert told(tmp_path, text) == HealthThresholds()


def test_what_is_told_is_exact_and_stands_above_ours(tmp_path: Path) -> None:
    own = told(tmp_path, "cost:\n  amber_beyond: 0.1\nrisk:\n  severity:\n    high: 0.9\n")
    assert own.cost.amber_beyond == Decimal("0.1")
    assert own.risk.severity.high == Decimal("0.9")
    assert own.cost.red_beyond == HealthThresholds().cost.red_beyond
    assert own.risk.severity.low == HealthThresholds().risk.severity.low


def test_there_need_be_no_file_but_the_one_that_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert health_thresholds(Config()) == HealthThresholds()
    with pytest.raises(
        FinancePpmError, match=r"^strict.yaml does not exist: write it, or remove PPM_HEALTH_THRESHOLDS"
    ):
        health_thresholds(Config(ppm_health_thresholds=Path("strict.yaml")))


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(FinancePpmError, match=r"cannot be read \(Is a directory\): mend the file"):
        health_thresholds(Config(ppm_health_thresholds=tmp_path))
    (tmp_path / "latin.yaml").write_bytes("# Grün\n".encode("latin-1"))
    with pytest.raises(FinancePpmError, match=r"cannot be read \(it is not UTF-8 text\)"):
        health_thresholds(Config(ppm_health_thresholds=tmp_path / "latin.yaml"))


SHAPE = "write one number here, or `name: number` lines indented below it"
WRONG = {
    "cost:\n  ambr: 3": "line 2 (cost > ambr): there is no such threshold; name one of score_0_at, amber_beyond, "
    "red_beyond, lines_tolerance, lines_amber_beyond, lines_red_beyond.",
    "costs:\n  amber_beyond: 3": "line 1 (costs): there is no such threshold; name one of weights, cost, schedule, "
    "risk, data_quality, trend.",
    "risk:\n  severity:\n    severe: 1": "line 3 (risk > severity > severe): there is no such threshold; name one of "
    "low, medium, high, critical.",
    "# ours\ncost:\n  amber_beyond: 12": "line 2 (cost): red_beyond is 10, below amber_beyond (12); make it no less.",
    "cost:\n  lines_red_beyond: 0": "line 1 (cost): lines_red_beyond is 0, below lines_amber_beyond (0.5); make it no "
    "less.",
    "risk:\n  probability: {high: 0.4}": "line 2 (risk > probability): high is 0.4, below medium (0.5); "
    "make it no less.",
    "weights:\n  cost: 50": "line 1 (weights): the four weights add up to 105; make it 100.",
    "trend:\n  days: 2\n  fewest: 3": "line 1 (trend): fewest is 3, above days (2), so that there never is a trend; "
    "make it no more.",
    "cost: 5": "line 1 (cost): write `name: number` lines indented below it.",
    "cost:\n  amber_beyond: five": "line 2 (cost > amber_beyond): five is not a number that fits: input should be a "
    "valid decimal.",
    "cost:\n  amber_beyond: -1": "line 2 (cost > amber_beyond): -1 is not a number that fits: input should be greater "
    "than or equal to 0.",
    "cost:\n  score_0_at: 0": "line 2 (cost > score_0_at): 0 is not a number that fits: input should be "
    "greater than 0.",
    "cost:\n  red_beyond: .nan": "line 2 (cost > red_beyond): .nan is not a number that fits: input should be a valid "
    "decimal.",
    "cost:\n  amber_beyond:": "line 2 (cost > amber_beyond): write a number behind it.",
    "cost:\n  amber_beyond: {x: 1}": "line 2 (cost > amber_beyond): write a number behind it.",
    "cost:\n  amber_beyond: [1]": f"line 2 (cost > amber_beyond): {SHAPE}.",
    "cost:\n  amber_beyond: 1\n  amber_beyond: 2": "line 2 (cost > amber_beyond): it is named again on line 3; "
    "keep one.",
    "? [a]\n: 1": "line 1: write a name before each colon.",
    "everything": "line 1: write `section:` with `name: number` lines indented below it.",
    "a: b: c": "line 1 is not YAML (mapping values are not allowed here): mend that line; a text with a : or # in it "
    "needs quotes.",
    "cost: &a {cost: *a}": "line 1 (cost > cost): it stands within itself; write it out.",
}


@pytest.mark.parametrize(("text", "sentence"), WRONG.items(), ids=range(len(WRONG)))
def test_what_is_wrong_is_one_sentence_that_says_where(text: str, sentence: str) -> None:
    with pytest.raises(FinancePpmError) as raised:
        thresholds_in(text, PATH)
    assert str(raised.value) == f"health.yaml, {sentence}"


@in_process
def test_a_number_may_be_written_as_it_likes(engine: Engine) -> None:
    own = thresholds_in("cost: {amber_beyond: 1e0, red_beyond: 2.50E+1, lines_tolerance: 1E+2}", PATH)
    row = computed(engine, project("p", eac="1240.00", lines="1100.00"), own)["p"]
    assert row["rag_reason"] == (
        "Cost is amber: it is forecast to end 24.0 % over its budget of 1000.00 EUR "
        "(amber beyond 1 %, red beyond 25 %)."
    )
