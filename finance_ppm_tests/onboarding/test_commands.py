"""``finance-ppm notion init`` as a user meets it."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from finance_ppm.cli import product
from finance_ppm_tests.onboarding.fresh_notion import FreshNotion


@pytest.fixture
def at_home(one_notion: FreshNotion, monkeypatch: pytest.MonkeyPatch) -> FreshNotion:
    """The user's folder, with a token in ``.env`` and nothing else."""
    monkeypatch.chdir(one_notion.folder)
    monkeypatch.setenv("COLUMNS", "200")
    one_notion.env_file.write_text(
        f"NOTION_TOKEN={one_notion.sandbox.token.get_secret_value()}\nNOTION_BASE_URL={one_notion.sandbox.base_url}\n"
        f"NOTION_VERSION={one_notion.version}\nNOTION_REQUESTS_PER_MINUTE=6000\n"
    )
    return one_notion


def call(arguments: Sequence[str]) -> Result:
    return CliRunner().invoke(product, ["notion", "init", *arguments], catch_exceptions=False)


def test_it_says_what_it_made_and_wrote_and_what_comes_next(at_home: FreshNotion) -> None:
    result = call(["--parent-page", at_home.page, "--sample", "20"])
    assert result.exit_code == 0, result.output
    told = " ".join(result.stdout.split())
    assert "Budget Lines" in told
    assert "NOTION_RISKS_DB_ID was written to .env" in told
    assert "Sample pages made: 1 programs" in told
    assert "notion-sync health" in told
    again = call(["--parent-page", at_home.page, "--sample", "20", "--quiet"])
    assert "stands as it should" in again.stdout
    assert "none, all are there" in again.stdout
    assert "was written" not in again.stdout
    assert again.stderr == ""


def test_json_is_one_object(at_home: FreshNotion) -> None:
    result = call(["--parent-page", f"https://www.notion.so/Home-{at_home.page.replace('-', '')}", "--json"])
    told = json.loads(result.stdout)
    assert [database["made"] for database in told["databases"]] == [True] * 5
    assert list(told["written"].values()) == [None] * 5
    assert result.stderr == ""


def test_a_dry_run_says_so(at_home: FreshNotion) -> None:
    result = call(["--parent-page", at_home.page, "--dry-run", "--sample", "30"])
    assert result.exit_code == 0
    assert "Dry run: nothing was made or written" in result.stdout
    assert "would be made" in result.stdout
    assert at_home.titles() == []
    assert "DB_ID" not in at_home.env_file.read_text()


def test_what_stands_in_the_way_is_told_and_the_exit_code_one(at_home: FreshNotion) -> None:
    at_home.make_database("Risks", {"Name": {"title": {}}, "Severity": {"number": {}}})
    result = call(["--parent-page", at_home.page])
    assert result.exit_code == 1
    assert "'Severity' of Risks is of type number" in " ".join(result.stderr.split())


def in_a_process(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    own = ("NOTION_", "PPM_", "DAGSTER_", "LOG_")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    command = [str(Path(sys.executable).parent / "finance-ppm"), *arguments]
    environment = {**inherited, "COLUMNS": "300"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60)


def test_an_env_file_that_is_wrong_is_one_sentence_and_leaves_the_help(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes("NOTION_TOKEN=ntn_ours # für uns".encode("latin-1"))
    assert "Commands" in in_a_process(tmp_path, "--help").stdout
    result = in_a_process(tmp_path, "notion", "init", "--parent-page", "1" * 32)
    assert result.returncode == 2
    assert ".env is not UTF-8 (line 1): save it as UTF-8 in your editor." in result.stderr
    assert "Traceback" not in result.stderr
    assert "ntn_ours" not in result.stderr
