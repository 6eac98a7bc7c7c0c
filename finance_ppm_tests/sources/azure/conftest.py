"""A small Azure in the sandbox, and a reader whose waiting takes no time."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from azure.core.credentials import AccessToken
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from finance_ppm.masking import Masker
from finance_ppm.sandbox.azure.estate import ListedEstate
from finance_ppm.sandbox.azure.server import AzureSandbox, serve_azure
from finance_ppm.sandbox.serving import listening, running
from finance_ppm.sources.azure.connection import Connection
from finance_ppm.sources.azure.credentials import GivenToken, Tokens
from finance_ppm.sources.azure.graph import Graph
from finance_ppm.sources.azure.limiter import Budgets, Limiter
from finance_ppm.sources.azure.reader import AzureReader
from finance_ppm.sources.azure.rows import Batch, Outcome, WireRow
from finance_ppm_tests.sandbox.azure.estates import NOW, ONE, THREE, TWO, advice, estate_of, resource

TOKEN = "eyJ-a-secret-token"


class InstantTime:
    """A clock that a sleep puts forward, without waiting."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []
        self._lock = threading.Lock()

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(seconds)
            self.now += seconds


class Credential:
    """Gives one token after the other, and counts how often it was asked."""

    def __init__(self, *tokens: str, lasts: float = 3600.0, clock: Callable[[], float] = time.time) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.tenants: list[str | None] = []
        self._tokens = iter(tokens)
        self._lasts = lasts
        self._clock = clock

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        self.asked.append(scopes)
        self.tenants.append(options.get("tenant_id"))
        return AccessToken(next(self._tokens), int(self._clock() + self._lasts))


ConnectionOf = Callable[..., Connection]
ReaderOf = Callable[..., AzureReader]


@pytest.fixture(autouse=True)
def no_settings_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a demo left in the folder the tests are run from is none of their settings."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def waiting() -> InstantTime:
    """The clock of limiters and retries."""
    return InstantTime()


@pytest.fixture
def budgets(waiting: InstantTime) -> Budgets:
    """More than any test spends."""
    graph = Limiter(10_000, time=waiting.time, sleep=waiting.sleep)
    return Budgets(graph, Limiter(10_000, time=waiting.time, sleep=waiting.sleep))


@pytest.fixture
def connection_of(budgets: Budgets) -> ConnectionOf:
    """Makes a connection to an address; keyword arguments replace the usual ones."""

    def make(base_url: str, token: str = TOKEN, **others: Any) -> Connection:
        usual: dict[str, Any] = {
            "base_url": base_url,
            "tokens": Tokens(lambda: GivenToken(token), f"{base_url}/.default"),
            "budgets": budgets,
            "masker": Masker([token]),
            "timeout": 60.0,
        }
        return Connection(**(usual | others))

    return make


@pytest.fixture
def reader_of(connection_of: ConnectionOf, budgets: Budgets) -> ReaderOf:
    """Makes a reader of a sandbox, with pages of ``page_rows`` rows; other keyword arguments are the reader's."""

    def make(sandbox: AzureSandbox, *, page_rows: int = 10, timeout: float = 60.0, **others: Any) -> AzureReader:
        connection = connection_of(sandbox.base_url, sandbox.token.get_secret_value(), timeout=timeout)
        reader = AzureReader(connection, budgets, **others)
        reader._graph = Graph(connection, page_rows=page_rows)
        return reader

    return make


def container(subscription: str, name: str) -> dict[str, Any]:
    """A subscription as a row of ``resourcecontainers``."""
    kind = "microsoft.resources/subscriptions"
    return {"id": f"/subscriptions/{subscription}", "name": name, "type": kind, "subscriptionId": subscription}


def small_estate() -> ListedEstate:
    """35 machines in ONE, 2 in TWO, none in THREE; advice on ONE and TWO."""
    return estate_of(
        *(resource(f"vm{number:02}") for number in range(35)),
        *(resource(f"other{number}", TWO) for number in range(2)),
        advisor=[
            *(advice(f"r{number:02}", risk="Warning", state="Active") for number in range(25)),
            advice("s1", kind="suppressions", ttl="-1"),
            advice("r1", TWO),
            advice("default", TWO, kind="configurations", exclude=False),
        ],
        containers=[container(ONE, "One"), container(TWO, "Two"), container(THREE, "Three")],
    )


@pytest.fixture
def sandbox() -> Iterator[AzureSandbox]:
    """The small estate."""
    with serve_azure(small_estate(), now=NOW) as served:
        yield served


def read(batches: Iterator[Batch]) -> tuple[dict[str, WireRow], dict[str, Outcome]]:
    """All rows and all outcomes of a snapshot; nothing may come twice."""
    rows: dict[str, WireRow] = {}
    outcomes: dict[str, Outcome] = {}
    for batch in batches:
        for row in batch.rows:
            assert row.id not in rows
            rows[row.id] = row
        for outcome in batch.outcomes:
            assert outcome.subscription_id not in outcomes
            outcomes[outcome.subscription_id] = outcome
    return rows, outcomes


Handler = Callable[[Request, Any], Response]


@contextmanager
def serving(handler: Handler) -> Iterator[str]:
    """An address where ``handler`` answers: it is told the request and its body, decoded."""

    async def respond(request: Request) -> Response:
        body = await request.body()
        return handler(request, msgspec.json.decode(body) if body else None)

    app = Starlette(routes=[Route("/{rest:path}", respond, methods=["GET", "POST"])])
    with listening(0) as (listener, address), running(app, listener):
        yield address


def answered(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """An answer in JSON; bytes are its text."""
    text = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return Response(text, status, {"content-type": "application/json; charset=utf-8"} | (headers or {}))


def page(rows: list[Any], *, total: int | None = None, token: str | None = None, **others: Any) -> dict[str, Any]:
    """A page of Resource Graph."""
    told = {"totalRecords": len(rows) if total is None else total, "count": len(rows), "data": rows, "facets": []}
    return told | {"resultTruncated": "false"} | ({"$skipToken": token} if token else {}) | others
