"""The commands, as a user meets them: in processes of their own, against a sandbox served by the test."""

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console

from finance_ppm import terminal
from finance_ppm.contracts.silver import NotionBudgetLines
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.pipeline.engine import DatabaseSummary, SyncSummary
from finance_ppm.sandbox.notion.faults import Fault
from finance_ppm.sandbox.notion.server import NotionSandbox, serve_notion
from finance_ppm.sandbox.portfolio import portfolio

BIN = Path(sys.executable).parent
OWN = ("NOTION_", "PPM_", "DAGSTER_", "LOG_")


@pytest.fixture
def sandbox() -> Iterator[NotionSandbox]:
    now = datetime.now(UTC)
    with serve_notion(portfolio(anchor=now.date(), pages=100), now=now) as served:
        yield served


def call(
    folder: Path, command: str, *arguments: str, sandbox: NotionSandbox | None = None, **settings: str
) -> "subprocess.CompletedProcess[str]":
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(OWN)}
    # Without the sandbox of a folder nobody serves exchange rates, and none are asked of the world outside.
    found = {**sandbox.environment(), "PPM_FX_RATES": "none"} if sandbox else {}
    return subprocess.run(
        [str(BIN / command), *arguments],
        cwd=folder,
        env={**inherited, "COLUMNS": "200", **found, **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


@pytest.mark.parametrize("command", ["finance-ppm", "notion-sync"])
def test_a_command_alone_shows_what_can_be_done(command: str, tmp_path: Path) -> None:
    result = call(tmp_path, command)
    assert "Commands" in result.stdout + result.stderr
    assert "Exit codes" in result.stdout + result.stderr


def test_a_sync_reads_tells_and_reads_no_more_than_it_must(sandbox: NotionSandbox, tmp_path: Path) -> None:
    first = json.loads(call(tmp_path, "notion-sync", "sync", "--json", sandbox=sandbox).stdout)
    assert first["databases"][0]["name"] == "programs"
    assert all(database["full"] and not database["error"] for database in first["databases"])
    lines = Lake(str(tmp_path / ".ppm" / "lake")).scan(NotionBudgetLines).select(pl.len()).collect().item()
    assert lines > 50
    again = call(tmp_path, "notion-sync", "sync", sandbox=sandbox)
    assert again.returncode == 0
    assert "0 page versions added, 5 requests" in again.stdout


def test_a_dry_run_writes_nothing(sandbox: NotionSandbox, tmp_path: Path) -> None:
    result = call(tmp_path, "notion-sync", "sync-database", "Budget Lines", "--dry-run", sandbox=sandbox)
    assert result.returncode == 0, result.stderr
    assert "Dry run: nothing was written" in result.stdout
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_database_that_fails_is_told_and_makes_the_exit_code_one(sandbox: NotionSandbox, tmp_path: Path) -> None:
    sandbox.add_fault(Fault.error(404, path=sandbox.database_ids["risks"], times=9))
    result = call(tmp_path, "notion-sync", "sync", "--quiet", sandbox=sandbox)
    assert result.returncode == 1
    assert "share the database" in " ".join(result.stdout.split())


def test_on_a_narrow_terminal_an_error_is_told_once_and_in_full(sandbox: NotionSandbox, tmp_path: Path) -> None:
    sandbox.add_fault(Fault.error(404, path=sandbox.database_ids["risks"], times=9))
    shown = on_a_terminal(tmp_path, "notion-sync", "sync", sandbox=sandbox)
    told = "share the database with the integration (in Notion: ... > Connections)."
    assert shown.count(told) == 1
    assert f"Notion does not find the database risks ({sandbox.database_ids['risks']})" in shown
    assert "WARNING" not in shown
    assert "ERROR" not in shown
    assert "INFO" not in shown
    assert "Reading risks" in shown
    loud = on_a_terminal(tmp_path, "notion-sync", "sync", "--full-sync", sandbox=sandbox, LOG_LEVEL="INFO")
    assert "INFO finance_ppm.pipeline.bronze" in loud


def on_a_terminal(folder: Path, command: str, *arguments: str, sandbox: NotionSandbox, **settings: str) -> str:
    """What a person sees who calls a command at 80 columns, without its colours."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(OWN)}
    screen, theirs = pty.openpty()
    with subprocess.Popen(
        [str(BIN / command), *arguments],
        cwd=folder,
        env={
            **inherited,
            "COLUMNS": "80",
            "TERM": "xterm",
            **sandbox.environment(),
            "PPM_FX_RATES": "none",
            **settings,
        },
        stdout=theirs,
        stderr=theirs,
    ):
        os.close(theirs)
        shown = b""
        try:
            while part := os.read(screen, 65536):
                shown += part
        except OSError:  # Linux's way to tell that the other side has ended
            pass
        finally:
            os.close(screen)
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())


def test_with_a_json_log_standard_error_holds_nothing_else(sandbox: NotionSandbox, tmp_path: Path) -> None:
    result = call(tmp_path, "notion-sync", "sync", sandbox=sandbox, LOG_FORMAT="json")
    told = [json.loads(line) for line in result.stderr.splitlines()]
    assert {line["database"] for line in told if "pages" in line} == set(sandbox.database_ids)
    assert "Synced from Notion" in result.stdout
    wrong = call(tmp_path, "finance-ppm", "run", "--as-of", "tomorrow", sandbox=sandbox, LOG_FORMAT="json")
    assert "is not a day" in json.loads(wrong.stderr)["message"]


def summary_of(*databases: DatabaseSummary, requests: int = 1) -> SyncSummary:
    now = datetime.now(UTC)
    return SyncSummary(now, now, databases, requests, dry_run=False)


def test_an_error_that_several_databases_share_is_told_once(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal, "out", Console(width=80))
    shared, own = "Notion does not accept [the token]: " + "do this, " * 20 + "and that.", "Something else."
    names = {"programs": shared, "projects": own, "risks": shared}
    terminal.show_sync(
        summary_of(*(DatabaseSummary(name, 0, 0, full=True, error=error) for name, error in names.items()))
    )
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert f"programs, risks: {shared}" in lines
    assert f"projects: {own}" in lines
    assert sum("accept" in line for line in lines) == 1
    assert sum("failed" in line for line in lines) == 3


def test_one_is_counted_as_one(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.show_sync(summary_of(DatabaseSummary("risks", pages_read=1, pages_synced=1, full=True)))
    assert "1 page version added, 1 request, 0.0 s." in capsys.readouterr().out
    terminal.show_sync(summary_of(DatabaseSummary("risks", pages_read=1, pages_synced=2000, full=True), requests=0))
    assert "2,000 page versions added, 0 requests" in capsys.readouterr().out


def test_health_says_what_is_well_and_what_to_do(sandbox: NotionSandbox, tmp_path: Path) -> None:
    well = call(tmp_path, "notion-sync", "health", sandbox=sandbox)
    assert well.returncode == 0, well.stdout
    assert "not well" not in well.stdout
    sandbox.add_fault(Fault.error(401, times=99))
    ill = call(tmp_path, "notion-sync", "health", "--json", sandbox=sandbox)
    assert ill.returncode == 1
    token = next(finding for finding in json.loads(ill.stdout)["findings"] if finding["what"] == "token")
    assert "check NOTION_TOKEN" in token["told"]


@pytest.mark.parametrize(
    ("command", "settings", "code", "words"),
    [
        (["notion-sync", "sync"], {}, 2, "NOTION_TOKEN and NOTION_PROGRAMS_DB_ID"),
        (["notion-sync", "sync"], {"NOTION_VERSION": "1"}, 2, "NOTION_VERSION"),
        (["notion-sync", "sync-database", "nope"], {}, 2, "There is no database 'nope'"),
        (["finance-ppm", "run", "--as-of", "tomorrow"], {}, 2, "is not a day"),
        (["finance-ppm", "run", "--as-of", "2024-01-01"], {}, 1, "Nothing was ever captured"),
        (["finance-ppm", "run", "--as-of", "2099-01-01"], {}, 2, "is not a day of this lake"),
        (["finance-ppm", "run", "--as-of", "[/x]"], {}, 2, "is not a day"),
        (["finance-ppm", "run"], {}, 2, "NOTION_TOKEN"),
    ],
)
def test_a_wrong_use_is_one_clear_sentence(
    command: list[str], settings: dict[str, str], code: int, words: str, tmp_path: Path
) -> None:
    result = call(tmp_path, *command, sandbox=None, **settings)
    assert result.returncode == code
    assert words in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr


def test_a_lake_that_cannot_be_written_is_one_clear_sentence(sandbox: NotionSandbox, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = call(tmp_path, "notion-sync", "sync", sandbox=sandbox, PPM_LAKEHOUSE_URI=str(tmp_path / "file" / "lake"))
    assert result.returncode == 2
    assert "check PPM_LAKEHOUSE_URI" in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr


def test_a_run_makes_a_day_and_shows_it(sandbox: NotionSandbox, tmp_path: Path) -> None:
    result = call(tmp_path, "finance-ppm", "run", sandbox=sandbox)
    assert result.returncode == 0, result.stderr
    assert "Portfolio as of" in result.stdout
    assert "Days in the history: 1" in result.stdout
    token = sandbox.token.get_secret_value()
    kept = [path for path in (tmp_path / ".ppm").rglob("*") if path.is_file()]
    assert [path for path in kept if token.encode() in path.read_bytes()] == []


def test_the_demo_fills_the_lake_and_its_sandbox_answers_afterwards(tmp_path: Path) -> None:
    result = call(tmp_path, "finance-ppm", "demo", "--once", "--pages", "60")
    assert result.returncode == 0, result.stderr
    assert "Days in the history: 7" in result.stdout
    settings = (tmp_path / ".ppm" / "sandbox.env").read_text()
    assert "PPM_SANDBOX_PAGES=60" in settings
    again = call(tmp_path, "notion-sync", "sync", "--quiet")
    assert again.returncode == 0, "the sandbox is served for as long as it is read"
