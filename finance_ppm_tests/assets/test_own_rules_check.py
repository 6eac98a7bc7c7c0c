"""A mistake in a finance team's own rules: it stops nothing, and a check tells what and where."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from finance_ppm.assets.checks import asset_checks
from finance_ppm.assets.spec import key
from finance_ppm.automation.alerts.checks import Results, survey_checks
from finance_ppm.contracts.gold import DataQualityMetrics
from finance_ppm.definitions import build_defs
from finance_ppm.parameters import Parameters
from finance_ppm.quality.own_rules import OwnRules, read_own_rules
from finance_ppm.settings import Config

HEAD = "severity: WARN, asks: Something is so., remedy: Mend it."
RULE = "  - {{name: {name}, table: silver/notion_budget_lines, " + HEAD + ", must: {{{must}}}}}\n"
ONE_SLIP = "rules:\n" + RULE.format(name="good_one", must="vendor: {present: true}")
ONE_SLIP += RULE.format(name="bad_one", must="amuont: {at_least: 3}")


def told(own: OwnRules) -> dg.AssetCheckEvaluation:
    """What the check says where that became of the file."""

    @dg.asset(key=key(DataQualityMetrics))
    def made() -> None:
        """The table, as far as the check needs it."""

    check = asset_checks(own)[-1]
    (evaluation,) = dg.materialize([made, check]).get_asset_check_evaluations()
    return evaluation


@pytest.mark.parametrize(
    ("content", "left"),
    [
        (ONE_SLIP, {"good_one"}),
        ("rules: [", set()),
        ("rules: " + "[" * 3000, set()),
        (RULE.format(name="x_x", must="paid_date: {at_least: 2026-02-30}"), set()),
        (None, set()),
    ],
    ids=["a column", "no YAML", "levels", "a day", "no file"],
)
def test_the_graph_loads_whatever_the_file_and_what_is_sound_in_it_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, left: set[str]
) -> None:
    file = tmp_path / "mine.yaml"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv("PPM_RULES", str(file))
    monkeypatch.chdir(tmp_path)
    checks = {found.name for found in build_defs().resolve_asset_graph().asset_check_keys}
    assert {"own_rules_are_readable"} | left <= checks
    assert "bad_one" not in checks
    assert {rule.name for rule in Parameters.of(Config(ppm_rules=file)).own_rules} == left
    evaluation = told(read_own_rules(Config(ppm_rules=file)))
    assert not evaluation.passed
    assert (evaluation.description or "").startswith(str(file))


def test_the_check_names_every_mistake_and_passes_where_there_is_none(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(ONE_SLIP + RULE.format(name="worse_one", must="amount: {at_least: }"))
    evaluation = told(read_own_rules(Config(ppm_rules=file)))
    assert not evaluation.passed
    assert evaluation.severity is dg.AssetCheckSeverity.ERROR
    description = evaluation.description or ""
    assert "line 3 (rules > bad_one > must > amuont)" in description
    assert "line 4 (rules > worse_one > must > amount)" in description
    assert told(OwnRules()).passed


def test_an_alert_tells_it_by_itself() -> None:
    spec = next(iter(asset_checks(OwnRules())[-1].check_specs))
    with dg.DagsterInstance.ephemeral() as instance:
        sentence = "rules.yaml, line 3: it is wrong; mend it."
        instance.report_runless_asset_event(
            dg.AssetCheckEvaluation(
                asset_key=spec.asset_key, check_name=spec.name, passed=False, description=sentence, metadata={}
            )
        )
        survey = survey_checks(instance, [spec], Results(), "http://dagster", datetime.now(UTC))
    (condition,) = survey.active
    assert condition.detail == sentence
    assert condition.severity == "ERROR"
    assert "Mend the file" in (condition.remedy or "")


def test_dagster_starts_with_a_file_that_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(ONE_SLIP)
    subprocess.run([sys.executable, "-c", "import finance_ppm.definitions"], cwd=tmp_path, check=True, timeout=120)
