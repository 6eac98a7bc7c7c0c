"""``finance-ppm rules``: what it shows, and what it refuses."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
import typer
from typer.testing import CliRunner, Result

from finance_ppm import quality_commands, terminal
from finance_ppm.contracts import history_of
from finance_ppm.contracts.gold import DataQualityMetrics
from finance_ppm.errors import SettingsError
from finance_ppm.lakehouse.lake import Lake

app = typer.Typer()
quality_commands.register(app)

ODD = """\
rules:
  - name: mine
    table: silver/notion_budget_lines
    severity: WARN
    asks: "[bold]Amounts[/] [/x] of :smile: and \\\\ [red]"
    remedy: "[/red]"
    owner: "a[/x]@b"
    must: {amount: {at_least: 1}}
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a lake in which the rule ``old_one`` was asked on two days."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PPM_LAKEHOUSE_URI", str(tmp_path / "lake"))
    monkeypatch.delenv("PPM_RULES", raising=False)
    lake = Lake(str(tmp_path / "lake"))
    told = {"rule": "old_one", "description": "It was [/so].", "severity": "INFO", "table_name": "silver/lines"}
    days = [
        {**told, "owner": "team:me", "rows_checked": 9, "rows_failing": failing, "passed": failing == 0, **when(day)}
        for day, failing in ((14, 3), (15, 0))
    ]
    for row in days:
        schema = DataQualityMetrics.create_empty().schema
        lake.replace_partition(
            history_of(DataQualityMetrics), pl.DataFrame([row], schema=schema), {"as_of_date": row["as_of_date"]}
        )
    return tmp_path


def when(day: int) -> dict[str, object]:
    return {"as_of_date": date(2026, 6, day), "computed_at": datetime(2026, 6, day, 12, tzinfo=UTC)}


def asked(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["rules", *arguments])


def test_words_of_the_file_are_shown_as_they_were_written(here: Path) -> None:
    (here / "rules.yaml").write_text(ODD)
    done = asked("mine")
    assert done.exception is None
    assert done.stdout.splitlines()[:3] == [
        "mine (WARN, a[/x]@b)",
        "[bold]Amounts[/] [/x] of :smile: and \\ [red]",
        "[/red]",
    ]


def test_a_rule_that_is_no_more_has_a_history_still(here: Path) -> None:
    done = asked("old_one")
    assert done.exception is None
    assert done.stdout.splitlines()[:3] == [
        "old_one (INFO, team:me)",
        "It was [/so].",
        "It is no longer asked, as it was last on 2026-06-15.",
    ]
    assert "2026-06-14" in done.stdout


def test_a_rule_that_never_was_is_refused(here: Path) -> None:
    done = asked("line_vendor_mising")
    assert isinstance(done.exception, SettingsError)
    assert "did you mean line_vendor_missing?" in str(done.exception)


def test_the_history_as_json_is_one_object(here: Path) -> None:
    rows = json.loads(asked("old_one", "--json").stdout)["history"]
    assert [(row["as_of_date"], row["rows_failing"]) for row in rows] == [("2026-06-14", 3), ("2026-06-15", 0)]
    assert json.loads(asked("--json").stdout)["history"] == rows


def test_rules_that_cannot_be_used_are_told_after_the_others_with_exit_code_2(here: Path) -> None:
    slip, other = ODD.replace("amount", "amuont"), ODD.replace("name: mine", "name: worse").replace("WARN", "WARM")
    (here / "rules.yaml").write_text(slip + other.removeprefix("rules:\n"))
    done = asked("old_one")
    assert "2026-06-14" in done.stdout
    assert isinstance(done.exception, SettingsError)
    assert "rules.yaml, line 8 (rules > mine > must > amuont): " in str(done.exception)
    assert "rules.yaml, line 11 (rules > worse > severity): " in str(done.exception)
    assert terminal.exit_code(done.exception) == 2
    assert "line_vendor_missing" in asked().stdout
