"""The token is written down nowhere: every way the product can end, and everything it leaves behind, searched for it.

Commands run in this process as they would in their own, with the most talkative log. What they print, log, raise and
keep (the lake, Dagster's storage and pages) is searched for the token as it is, percent-encoded and in base64.
"""

import json
import os
import signal
import sqlite3
import string
import sys
import traceback
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote

import anyio
import dagster as dg
import httpx
import pytest
from pydantic import SecretStr, ValidationError

from finance_ppm import cli, terminal
from finance_ppm.automation import run_log
from finance_ppm.dagster_home import RunFailedError, log_options
from finance_ppm.day import run_graph
from finance_ppm.errors import SettingsError
from finance_ppm.sandbox.notion import server
from finance_ppm.sandbox.notion.faults import Fault
from finance_ppm.sandbox.notion.server import NotionSandbox, serve_notion
from finance_ppm.sandbox.portfolio import portfolio
from finance_ppm.settings import Config
from finance_ppm.sources.notion import retry
from finance_ppm.sources.notion.transport import Transport
from finance_ppm_tests.test_logs import logging_of_its_own

TOKEN = "ntn_" + "".join(Random(20260615).choices(string.ascii_letters + string.digits, k=40)) + "+/ü"[:2]
"""Recognisable, and such that its percent-encoded form differs from it."""


def forms(secret: str) -> set[bytes]:
    """The secret as bytes, and as it looks within a percent-encoded text or one in base64, wherever it begins there."""
    data = secret.encode()
    found = {data, quote(secret, safe="").encode(), quote(secret).encode()}
    for shift in range(3):
        for encode in (b64encode, urlsafe_b64encode):
            inner = encode(bytes(shift) + data)
            found.add(inner[4 * (shift > 0) : len(inner) - 4])
    return found


FORMS = forms(TOKEN)


def found_in(content: str | bytes) -> bool:
    data = content.encode() if isinstance(content, str) else content
    return any(form in data for form in FORMS)


def search(text: str) -> None:
    """Fail with the lines that hold the token, and no others."""
    lines = [line for line in text.splitlines() if found_in(line)]
    assert lines == []
    assert not found_in(text), "broken over two lines"


def found_under(folder: Path) -> list[Path]:
    """The files that hold the token in their bytes, or in their text where SQLite or compression hides it."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if found_in(path.read_bytes()) or any(map(found_in, _stored_texts(path)))]


def _stored_texts(path: Path) -> Iterator[str]:
    if path.suffix == ".db":
        with sqlite3.connect(path) as database:
            yield from database.iterdump()
    elif path.suffix == ".parquet" and "_delta_log" not in path.parts:
        import polars as pl

        yield str(pl.read_parquet(path).to_dicts())


@dataclass
class Product:
    """The product in a folder of its own, and what it has said there."""

    sandbox: NotionSandbox
    folder: Path
    capture: pytest.CaptureFixture[str]
    patch: pytest.MonkeyPatch

    def call(self, *command: str, **settings: str) -> tuple[int, str]:
        """Run a command; its exit code and all that it printed, which has been searched."""
        for name, value in settings.items():
            self.patch.setenv(name, value)
        self.patch.setattr(sys, "argv", list(command))
        with logging_of_its_own(), pytest.raises(SystemExit) as ended:
            cli.main() if command[0] == "finance-ppm" else cli.notion_sync()
        written = self.capture.readouterr()
        said = written.out + written.err
        assert said
        search(said)
        search("".join(traceback.format_exception(ended.value)))
        return int(ended.value.code or 0), said


@pytest.fixture(scope="module")
def sandbox() -> Iterator[NotionSandbox]:
    """Takes our token, and no other."""
    now = datetime.now(UTC)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server, "TOKEN", SecretStr(TOKEN))
        with serve_notion(portfolio(anchor=now.date(), pages=50), now=now) as served:
            yield served


@pytest.fixture
def product(
    sandbox: NotionSandbox, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Product]:
    sandbox.clear_faults()
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith(("NOTION_", "PPM_", "DAGSTER_", "LOG_")):
            monkeypatch.delenv(name)
    own = {"LOG_LEVEL": "DEBUG", "LOG_FORMAT": "json", "DAGSTER_HOME": str(tmp_path / "dagster"), "COLUMNS": "200"}
    own |= {"NOTION_REQUESTS_PER_MINUTE": "6000", "PPM_FX_RATES": "none"}
    for name, value in {**sandbox.environment(), **own, **log_options(Config())}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(retry, "FIRST_WAIT", 0.001)
    for console, stream in ((terminal.out, "stdout"), (terminal.err, "stderr")):
        monkeypatch.setattr(console, "_file", None)
        assert console.file is getattr(sys, stream)
    before = signal.getsignal(signal.SIGTERM)
    yield Product(sandbox, tmp_path, capfd, monkeypatch)
    signal.signal(signal.SIGTERM, before)
    assert found_under(tmp_path) == []


SYNC = ("notion-sync", "sync-database", "programs")


def test_the_search_finds_a_token_in_every_form(tmp_path: Path) -> None:
    for number, hidden in enumerate(
        (TOKEN, quote(TOKEN, safe=""), b64encode(f"user:{TOKEN}!".encode()).decode(), repr({"token": TOKEN}))
    ):
        (tmp_path / str(number)).write_text(f"so {hidden} so")
    with sqlite3.connect(tmp_path / "5.db") as database:
        database.execute("CREATE TABLE x AS SELECT ? AS y", (TOKEN,))
    database.close()
    assert len(found_under(tmp_path)) == 5
    assert not found_in(TOKEN[:-1])


def test_nothing_is_told_where_all_goes_well(product: Product) -> None:
    code, said = product.call("notion-sync", "sync", "--json")
    assert code == 0
    assert json.loads(next(line for line in said.splitlines() if line.startswith('{"started_at"')))
    assert product.call("notion-sync", "health")[0] == 0
    assert product.call("notion-sync", "sync", "--full-sync", LOG_FORMAT="text")[0] == 0


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault.error(400, times=99, message=f"Bearer {TOKEN} is no token of ours, {TOKEN}"), "refuses the request"),
        (Fault.error(401, times=99, message=f"API token {TOKEN} is invalid."), "check NOTION_TOKEN"),
        (Fault.error(403, times=99), "may not do this"),
        (Fault.error(404, times=99), "share the database"),
        (Fault.error(500, times=99), "is disturbed"),
        (Fault.blocked(times=99), "blocks"),
        (Fault.html(502, times=99), "not Notion's JSON"),
        (Fault.html(200, times=99), "could not be read"),
    ],
    ids=lambda value: f"{value.kind}-{value.status}" if isinstance(value, Fault) else "",
)
def test_nothing_is_told_where_notion_fails(product: Product, fault: Fault, words: str) -> None:
    product.sandbox.add_fault(fault)
    code, said = product.call(*SYNC, "--json")
    assert code == 1
    assert words in said
    product.sandbox.clear_faults()
    product.sandbox.add_fault(fault)
    assert product.call("notion-sync", "health", "--json")[0] == 1


def test_nothing_is_told_of_a_token_that_notion_does_not_take(product: Product) -> None:
    """Here it is the product that holds the secret one, and the sandbox another."""
    wrong = f"{TOKEN}x"
    code, said = product.call(*SYNC, NOTION_TOKEN=wrong)
    assert code == 1
    assert "check NOTION_TOKEN" in said


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"NOTION_BASE_URL": "http://127.0.0.1:9"}, "Nothing answers"),
        ({"NOTION_BASE_URL": f"http://user:{TOKEN}@127.0.0.1:9"}, "NOTION_BASE_URL"),
        ({"NOTION_BASE_URL": f"http://{quote(TOKEN, safe='')}@127.0.0.1:9"}, "NOTION_BASE_URL"),
        ({"NOTION_BASE_URL": f"http://127.0.0.1:9?token={TOKEN}"}, "NOTION_BASE_URL"),
        ({"NOTION_BASE_URL": f"http://user:{TOKEN}@ho st:99999999"}, "NOTION_BASE_URL"),
        ({"NOTION_BASE_URL": TOKEN}, "NOTION_BASE_URL"),
        ({"NOTION_REQUESTS_PER_MINUTE": TOKEN}, "NOTION_REQUESTS_PER_MINUTE"),
        ({"LOG_LEVEL": TOKEN}, "LOG_LEVEL"),
        ({"LOG_FORMAT": TOKEN}, "LOG_FORMAT"),
        ({"NOTION_TOKEN": f"{TOKEN}\x07"}, "copy it again"),
        ({"NOTION_TOKEN": f"{TOKEN}ü"}, "copy it again"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_nothing_is_told_where_a_setting_is_wrong(product: Product, settings: dict[str, str], words: str) -> None:
    for command in (SYNC, ("notion-sync", "health")):
        code, said = product.call(*command, **settings)
        assert code in {1, 2}
        assert words in said


def test_nothing_is_told_by_settings_or_their_errors(product: Product) -> None:
    config = Config.from_env()
    assert config.notion_token is not None
    assert config.notion_token.get_secret_value() == TOKEN
    for shown in (repr(config), str(config), f"{config.model_dump()}", config.model_dump_json(), repr(config.__dict__)):
        search(shown)
    wrong: list[Callable[[], object]] = [
        lambda: Config(notion_token=SecretStr(TOKEN), notion_requests_per_minute=-1),
        lambda: Config.model_validate({"notion_token": {TOKEN: TOKEN}, "log_level": TOKEN}),
        lambda: Config.model_validate({"notion_token": [TOKEN], "notion_base_url": f"x://{TOKEN}"}),
    ]
    for make in wrong:
        with pytest.raises(ValidationError) as error:
            make()
        # Not searched: error.errors(), which holds the input by its nature and is shown nowhere.
        search("".join(traceback.format_exception(error.value)) + repr(error.value) + str(error.value))
    product.patch.setenv("NOTION_VERSION", TOKEN)
    with pytest.raises(SettingsError) as told:
        Config.from_env()
    search("".join(traceback.format_exception(told.value)))


def test_nothing_is_told_by_a_run_of_dagsters_nor_by_its_pages(product: Product) -> None:
    assert "Error" not in run_bronze(product)
    product.sandbox.add_fault(Fault.error(400, times=99, message=f"Not with {TOKEN}"))
    assert "refuses the request" in run_bronze(product)
    product.sandbox.clear_faults()

    async def stumble(self: Transport) -> Transport:
        raise RuntimeError(f"an unforeseen error with {self._http.headers!r}")

    product.patch.setattr(Transport, "__aenter__", stumble)
    assert "an unforeseen error" in run_bronze(product)
    pages = pages_of_dagster(product)
    assert "an unforeseen error" in pages
    assert "RunSuccess" in pages
    search(pages)


def test_nothing_is_told_by_an_error_that_nobody_foresaw(product: Product) -> None:
    """Even one that quotes the token in its message and its cause: the command logs it, masked."""

    def explode(*_: object, **__: object) -> None:
        raise RuntimeError({"headers": TOKEN}) from LookupError(f"Bearer {TOKEN}")

    product.patch.setattr("finance_ppm.pipeline.engine.SyncEngine.__init__", explode)
    for style in ("json", "text"):
        product.patch.setattr(sys, "argv", list(SYNC))
        product.patch.setenv("LOG_FORMAT", style)
        with logging_of_its_own(), pytest.raises(SystemExit) as ended:
            cli.notion_sync()
        assert ended.value.code == 1
        said = product.capture.readouterr().err
        assert "RuntimeError" in said
        assert "please report it" in said
        search(said)


def run_bronze(product: Product) -> str:
    """A run of Dagster's in this folder, kept in its storage; what was written and raised, which has been searched."""
    config, told = Config.from_env(), ""
    with logging_of_its_own():
        run_log.set_up(config)
        try:
            run_graph(config, datetime.now(UTC).date(), layers=("bronze",))
        except RunFailedError as error:
            told = "".join(traceback.format_exception(error))
    written = product.capture.readouterr()
    told += written.out + written.err
    search(told)
    return told


def pages_of_dagster(product: Product) -> str:
    """All that Dagster's web server answers about the runs: their events and errors, configuration, tags and logs."""
    from dagster._core.workspace.context import WorkspaceProcessContext
    from dagster._core.workspace.load_target import EmptyWorkspaceTarget
    from dagster_webserver.app import create_app_from_workspace_process_context

    query = """{ runsOrError { ... on Runs { results {
        runId status runConfigYaml tags { key value } stepStats { stepKey status }
        eventConnection(limit: 5000) { events { __typename
            ... on MessageEvent { message level stepKey }
            ... on ExecutionStepFailureEvent { error { message stack cause { message stack } } }
            ... on RunFailureEvent { error { message stack } }
            ... on MaterializationEvent { metadataEntries { label description
                ... on TextMetadataEntry { text } ... on JsonMetadataEntry { jsonString }
                ... on TableMetadataEntry { table { records } } } } } }
    } } } }"""

    async def ask(app: Any) -> str:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://dagster") as client:
            answer = await client.post("/graphql", json={"query": query})
            assert "errors" not in answer.json(), answer.text
            runs = [run["runId"] for run in answer.json()["data"]["runsOrError"]["results"]]
            assert len(runs) == 3
            return answer.text + "".join([(await client.get(f"/download_debug/{run}")).text for run in runs])

    with (
        dg.DagsterInstance.from_config(str(product.folder / "dagster")) as instance,
        WorkspaceProcessContext(instance, EmptyWorkspaceTarget()) as context,
    ):
        return anyio.run(ask, create_app_from_workspace_process_context(context))
