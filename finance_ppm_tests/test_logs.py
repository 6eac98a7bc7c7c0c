"""Logs: what a line holds, whose run it belongs to, and that every writer of the process writes that way."""

import asyncio
import io
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio.to_thread
import dagster as dg
import pytest
from pydantic import SecretStr
from rich.console import Console

from finance_ppm import cli, dagster_home, logs, terminal
from finance_ppm.automation import run_log
from finance_ppm.errors import FinancePpmError
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.masking import Masker
from finance_ppm.pipeline.engine import SyncEngine
from finance_ppm.sandbox.notion.faults import Fault
from finance_ppm.sandbox.notion.server import NotionSandbox, serve_notion
from finance_ppm.sandbox.portfolio import portfolio
from finance_ppm.settings import DATABASES, Config
from finance_ppm.sources.notion import retry

SECRET = "correct horse battery staple"
log = logging.getLogger("finance_ppm.somewhere")


@contextmanager
def logging_of_its_own() -> Iterator[None]:
    """Whatever is set up inside ends with it."""
    root, kind, levels = logging.getLogger(), logging.getLoggerClass(), {}
    handlers, level = list(root.handlers), root.level
    for name in logs.CHATTY:
        levels[name] = logging.getLogger(name).level
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        logging.setLoggerClass(kind)
        logging.captureWarnings(capture=False)
        for name, before in levels.items():
            logging.getLogger(name).setLevel(before)


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Logging as JSON at INFO with a secret known to it; gives what was written so far."""
    written: list[str] = []

    def so_far() -> list[dict[str, Any]]:
        written.extend(capsys.readouterr().err.splitlines())
        return [json.loads(line) for line in written]

    with logging_of_its_own():
        run_log.set_up(Config(log_format="json", log_level="INFO", notion_token=SecretStr(SECRET)))
        yield so_far


def fail() -> None:
    raise ValueError(f"no luck with {SECRET}")


Lines = Callable[[], list[dict[str, Any]]]


def test_a_line_is_one_object_with_time_level_logger_message_run_and_the_fields_given(lines: Lines) -> None:
    with logs.correlated("run-1"):
        log.warning("%s of %d", "one", 3, extra={"database": "risks", "status": 502, "waits": [0.5, float("nan")]})
    (line,) = lines()
    assert datetime.fromisoformat(line.pop("time")).utcoffset() == datetime.now(UTC).utcoffset()
    assert line == {
        "level": "WARNING",
        "logger": "finance_ppm.somewhere",
        "message": "one of 3",
        "run": "run-1",
        "database": "risks",
        "status": 502,
        "waits": [0.5, "nan"],
    }


def test_an_exception_is_one_field_of_one_line(lines: Lines) -> None:
    try:
        fail()
    except ValueError:
        log.exception("It\u2028failed\nbadly", stack_info=True)
    (line,) = lines()
    assert line["message"] == "It\u2028failed\nbadly"
    assert line["exception"].startswith("Traceback")
    assert line["exception"].endswith("ValueError: no luck with ***")
    assert "test_logs.py" in line["stack"]


def test_a_secret_is_masked_in_every_part_of_a_record(lines: Lines) -> None:
    log.error(f"{SECRET} %(x)s", {"x": SECRET}, extra={SECRET: {SECRET: [{SECRET}]}})
    logging.getLogger(f"finance_ppm.{SECRET}").error("of us", extra={"a": Path(SECRET), "b": SecretStr(SECRET)})
    warnings.warn(SECRET, stacklevel=1)
    assert len(lines()) == 3
    assert SECRET not in json.dumps(lines())


@pytest.mark.parametrize("kind", [logs.JsonFormatter, logs.TextFormatter])
def test_a_log_call_whose_arguments_do_not_fit_is_told_masked(kind: type[logs.JsonFormatter]) -> None:
    """The standard library would print the arguments as they are."""
    record = logging.makeLogRecord({"msg": "%d pages", "args": (SECRET,)})
    assert "%d pages % ('***',)" in kind(Masker([SECRET])).format(record)


def test_the_level_counts_and_a_second_set_up_replaces_the_first(lines: Lines) -> None:
    log.debug("unheard")
    log.info("heard")
    logs.set_up(Config(log_format="json", log_level="ERROR"))
    log.warning("unheard")
    log.error("heard once")
    assert [line["message"] for line in lines()] == ["heard", "heard once"]


def test_without_settings_warnings_come_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    with logging_of_its_own(), logs.correlated("0123456789"):
        logs.set_up()
        log.info("unheard")
        log.warning("heard by anna.lee@example.com")
        fields = capsys.readouterr().err.split(" ", 1)
    assert datetime.fromisoformat(fields[0])
    assert fields[1] == "WARNING finance_ppm.somewhere [01234567]: heard by a…@example.com\n"


def test_the_run_is_known_in_tasks_and_threads_and_no_longer_afterwards(lines: Lines) -> None:
    async def work() -> None:
        await asyncio.gather(asyncio.create_task(asyncio.sleep(0)), anyio.to_thread.run_sync(log.info, "thread"))
        log.info("task")

    with logs.correlated("outer"), logs.correlated() as run_id:
        asyncio.run(work())
    log.info("after")
    assert [line.get("run") for line in lines()] == [run_id, run_id, None]
    assert len(run_id) == 36


def test_two_runs_at_once_are_told_apart(lines: Lines) -> None:
    meet = threading.Barrier(2)

    def run(name: str) -> None:
        with logs.correlated(name):
            meet.wait(10)
            log.info(name)

    threads = [threading.Thread(target=run, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(line["run"] for line in lines()) == sorted(line["message"] for line in lines()) == ["one", "two"]


def test_what_a_library_writes_for_itself_comes_our_way_and_once(lines: Lines) -> None:
    library = logging.getLogger("a_library_that_is_new")
    library.addHandler(logging.StreamHandler())
    library.warning("with a handler of %s", SECRET)
    apart = logging.getLoggerClass()("in no tree")
    apart.addHandler(logging.StreamHandler(sys.stderr))
    apart.warning("in no tree, with %s", SECRET)
    assert [line["message"] for line in lines()] == ["with a handler of ***", "in no tree, with ***"]


def test_a_library_that_was_there_before_comes_our_way_too(capsys: pytest.CaptureFixture[str]) -> None:
    file = io.StringIO()
    library = logging.getLogger("a_library_that_was_there")
    library.addHandler(logging.StreamHandler(sys.stdout))
    library.addHandler(logging.StreamHandler(file))
    with logging_of_its_own():
        logs.set_up(Config(log_format="json", notion_token=SecretStr(SECRET)))
        library.warning(SECRET)
    written = capsys.readouterr()
    assert json.loads(written.err)["message"] == "***"
    assert written.out == ""
    assert file.getvalue() == f"{SECRET}\n", "a log of their own"


@dg.asset
def troubled(context: dg.AssetExecutionContext) -> None:
    async def work() -> None:
        await anyio.to_thread.run_sync(log.info, "from a thread")

    asyncio.run(work())
    raise ValueError(f"no luck with {SECRET}")


def test_in_a_run_of_dagsters_both_our_lines_and_its_own_carry_its_id(lines: Lines) -> None:
    with logs.correlated("the command"):
        log.info("before")
        result = dg.materialize([troubled], raise_on_error=False)
        log.info("after")
    before, ours, *dagsters, after = lines()
    assert (before["run"], after["run"]) == ("the command", "the command")
    assert (ours["message"], ours["run"]) == ("from a thread", result.run_id)
    step = next(line for line in dagsters if line.get("event") == "STEP_FAILURE")
    assert (step["run"], step["step"], step["level"]) == (result.run_id, "troubled", "ERROR")
    assert "ValueError: no luck with ***" in step["exception"]
    assert {line["run"] for line in dagsters} == {result.run_id}
    assert SECRET not in json.dumps(lines())


def test_each_command_is_a_run_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = {f"NOTION_{name.upper()}_DB_ID": f"{number}" * 32 for number, name in enumerate(DATABASES)}
    settings |= {"NOTION_TOKEN": SECRET, "NOTION_BASE_URL": "http://127.0.0.1:9", "LOG_FORMAT": "json"}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(retry, "FIRST_WAIT", 0.001)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    runs = []
    for _ in range(2):
        monkeypatch.setattr(sys, "argv", ["notion-sync", "sync-database", "programs", "--quiet"])
        with logging_of_its_own(), pytest.raises(SystemExit):
            cli.notion_sync()
        told = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
        assert "finance_ppm.sources.notion.transport" in {line["logger"] for line in told}
        runs.append({line["run"] for line in told})
    assert [len(run) for run in runs] == [1, 1]
    assert runs[0] != runs[1]


def test_a_process_of_dagsters_logs_as_the_settings_say(tmp_path: Path) -> None:
    shutil.copy(dagster_home.PROJECT / "dagster.yaml", tmp_path)
    now = datetime.now(UTC)
    what = ["--select", "key:bronze/*", "--partition", str(now.date())]
    with serve_notion(portfolio(anchor=now.date(), pages=50), now=now) as sandbox:
        sandbox.add_fault(Fault.error(502, times=1))
        done = subprocess.run(
            [sys.executable, "-m", "dagster", "asset", "materialize", "-m", "finance_ppm.definitions", *what],
            cwd=tmp_path,
            env={
                **os.environ,
                **sandbox.environment(),
                "DAGSTER_HOME": str(tmp_path),
                "LOG_FORMAT": "json",
                "LOG_LEVEL": "WARNING",
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )
    assert done.returncode == 0, done.stderr
    begin = done.stderr.index("{")  # what Dagster says of itself before it loads our code
    told = [json.loads(line) for line in done.stderr[begin:].splitlines()]
    failed = next(line for line in told if line["logger"] == "finance_ppm.sources.notion.transport")
    assert failed["level"] == "WARNING"
    assert len(failed["run"]) == 36
    assert {line["level"] for line in told} <= {"WARNING", "ERROR"}, "LOG_LEVEL counts for Dagster's own messages"
    assert "RUN_START" not in done.stdout


def test_dagsters_other_programs_are_told_by_their_own_options(monkeypatch: pytest.MonkeyPatch) -> None:
    """The options are read by Dagster from the environment: their names are asked of Dagster itself."""
    from dagster._cli import ENV_PREFIX, cli

    known: dict[str, Any] = {}

    def walk(command: Any, prefix: str) -> None:
        for name, sub in getattr(command, "commands", {}).items():
            walk(sub, f"{prefix}_{name}".upper().replace("-", "_"))
        known.update({f"{prefix}_{option.name}".upper(): option.type for option in command.params})

    walk(cli, ENV_PREFIX)
    for config in (Config(log_format="json", log_level="ERROR"), Config(log_format="text", log_level="DEBUG")):
        for name, value in dagster_home.log_options(config).items():
            assert value in known[name].choices


@pytest.fixture(scope="module")
def notion() -> Iterator[NotionSandbox]:
    now = datetime.now(UTC)
    with serve_notion(portfolio(anchor=now.date(), pages=50), now=now) as served:
        yield served


def test_a_program_that_syncs_logs_each_sync_from_beginning_to_end_as_a_run(
    lines: Lines, notion: NotionSandbox, tmp_path: Path
) -> None:
    """As the README's program does, without the command that gives its runs an id."""
    config = Config.model_validate({**settings_of(notion), "ppm_lakehouse_uri": str(tmp_path / "lake")})
    engine = SyncEngine(config, lake=Lake(config.ppm_lakehouse_uri))
    notion.clear_faults()
    notion.add_fault(Fault.error(404, path=notion.database_ids["risks"], times=9))
    first = engine.sync_all()
    notion.clear_faults()
    with logs.correlated("another"):
        engine.sync_all(dry_run=True)
    run_ids = [line.get("run") for line in lines()]
    assert len(set(run_ids)) == 2
    assert len(run_ids[0] or "") == 36
    assert run_ids[-1] == "another"
    told = [line for line in lines() if line["run"] == run_ids[0]]
    assert told[0]["databases"] == list(DATABASES)
    read = {line["database"]: line for line in told if line["level"] == "INFO" and "pages" in line}
    assert read.keys() == set(DATABASES) - {"risks"}
    for database in first.databases:
        if database.name in read:
            line = read[database.name]
            assert (line["pages"], line["new_versions"]) == (database.pages_read, database.pages_synced)
            assert (line["full"], line["resumed"]) == (True, False)
            assert line["requests"] >= 2
            assert line["seconds"] >= 0
            assert f"pages {database.pages_read}," in line["message"]
    end = next(line for line in told if "failed" in line)
    assert (end["failed"], end["new_versions"]) == (["risks"], first.total_pages_synced)
    assert end["requests"] == first.requests
    assert told[-1]["message"].startswith("Silver is up to date")


def settings_of(notion: NotionSandbox) -> dict[str, Any]:
    return {**notion.environment(), "notion_requests_per_minute": 6000}


class Screen(io.StringIO):
    """A terminal, as far as a log can tell."""

    def isatty(self) -> bool:
        return True


TOLD = [
    (logging.INFO, "finance_ppm.pipeline.engine", "done"),
    (logging.WARNING, "finance_ppm.sources.notion.transport", "a request failed"),
    (logging.ERROR, "finance_ppm.pipeline.bronze", "a database failed"),
    (logging.WARNING, "finance_ppm.sources.notion.reader", "a row is left out"),
    (logging.CRITICAL, "finance_ppm.pipeline.bronze", "it broke"),
]
ALL = [message for _, _, message in TOLD]


@pytest.mark.parametrize(
    ("settings", "screen", "heard"),
    [
        ({}, True, ["a row is left out", "it broke"]),
        ({}, False, ALL),
        ({"log_format": "json"}, True, ALL),
        ({"log_level": "INFO"}, True, ALL),
        ({"log_level": "ERROR"}, True, ["a database failed", "it broke"]),
    ],
)
def test_a_person_shown_the_result_is_not_told_it_twice(
    settings: dict[str, str], *, screen: bool, heard: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    written = Screen() if screen else io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)

    def tell() -> None:  # in a thread without our context, as Dagster's steps are
        for level, name, message in TOLD:
            logging.getLogger(name).log(level, message)

    with logging_of_its_own():
        logs.set_up(Config.model_validate(settings))
        with logs.beside_display():
            thread = threading.Thread(target=tell)
            thread.start()
            thread.join()
        assert [message for message in ALL if message in written.getvalue()] == heard
        log.info("afterwards")
    assert ("afterwards" in written.getvalue()) == (settings.get("log_level") != "ERROR")


@pytest.mark.parametrize(("style", "screen"), [("json", True), ("json", False), ("text", False), ("text", True)])
def test_progress_is_shown_on_a_terminal_and_never_beside_json(
    style: str, *, screen: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = Screen() if screen else io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    monkeypatch.setattr(terminal, "err", Console(stderr=True))
    monkeypatch.setenv("TERM", "xterm")
    with logging_of_its_own():
        logs.set_up(Config.model_validate({"log_format": style, "log_level": "INFO"}))
        with terminal.reading_databases(["risks"], quiet=False) as progress:
            if progress:
                progress("risks", 12)
            log.info("beside it")
        with terminal.working("Making") as step_done:
            step_done("gold")
            log.info("beside it")
        with terminal.setting_up(quiet=False) as watcher:
            watcher.sample_begins(20, 180)
            log.info("beside it")
        terminal.mention("Serving [/x]")
        terminal.complain(FinancePpmError("No [/x] at ntn_abc123"))
    told = written.getvalue()
    shown = ["Reading risks", "Making: gold", "sample pages"]
    assert [words in told for words in shown] == [style == "text" and screen] * 3
    assert told.count("beside it") == 3
    assert "Serving [/x]" in told
    assert "No [/x] at ***" in told
    if style == "json":
        assert [json.loads(line)["level"] for line in told.splitlines()] == ["INFO"] * 4 + ["ERROR"]


def test_masking_costs_a_record_without_signs_next_to_nothing() -> None:
    """No timing: a text without a sign comes back as the very same object, as no rule has looked at it."""
    text = "Read 2,000 pages of budget lines in 12.5 s, 17 new versions"
    assert Masker([SECRET])(text) is text
