"""What is sent again and what is not, over real connections to a sandbox that fails on order."""

import asyncio
import logging
import socket
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import httpx
import pytest
from pydantic import SecretStr

from finance_ppm.sandbox.notion.faults import Fault, FaultKind
from finance_ppm.sandbox.notion.server import NotionSandbox, serve_notion
from finance_ppm.sources.notion.client import NotionClient, QueryPage
from finance_ppm.sources.notion.errors import NotionError
from finance_ppm.sources.notion.limiter import RESUME_SPREAD, Limiter
from finance_ppm.sources.notion.retry import ATTEMPTS, FIRST_CONTACT_ATTEMPTS, LONGEST_WAIT
from finance_ppm.sources.notion.transport import Errand
from finance_ppm_tests.sources.notion.conftest import NOW, ClientOf, InstantTime, items, page_id, workspace

pytestmark = pytest.mark.usefixtures("no_faults")

QUERY = {"sorts": [{"timestamp": "created_time", "direction": "ascending"}]}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[NotionSandbox]:
    """One for all tests here: what each needs is its faults."""
    with serve_notion(workspace(*items(3)), now=NOW) as served:
        yield served


@pytest.fixture
def no_faults(sandbox: NotionSandbox) -> None:
    httpx.delete(f"{sandbox.base_url}/_sandbox/faults", trust_env=False).raise_for_status()


def queried(client: NotionClient, sandbox: NotionSandbox, errand: Errand | None = None) -> QueryPage:
    async def read() -> QueryPage:
        async with client:
            return await client.query_page(sandbox.database_ids["items"], QUERY, errand=errand)

    return asyncio.run(read())


def _patience(fault: Fault) -> float:
    """Seconds: short where the sandbox is late on purpose, else so long that a slow machine is no fault."""
    return 1.0 if fault.kind is FaultKind.DELAY else 60.0


CURED_BY_TRYING_AGAIN = {
    "409": Fault.error(409),
    "429": Fault.rate_limited(3),
    "429 of the workspace": Fault.rate_limited(95, "public_api_space_request_rate_limit"),
    "429 of an unknown kind": Fault.rate_limited(1, "something_new"),
    "429 without a wait": Fault.error(429),
    "500": Fault.error(500),
    "502": Fault.error(502),
    "503": Fault.error(503),
    "504": Fault.error(504),
    "529": Fault.overloaded(2),
    "HTML 502": Fault.html(502),
    "HTML 403": Fault.html(403),
    "HTML 200": Fault.html(200),
    "half of an answer": Fault(FaultKind.MALFORMED),
    "dropped before": Fault(FaultKind.DROP_BEFORE),
    "dropped after": Fault(FaultKind.DROP_AFTER),
    "timeout": Fault(FaultKind.DELAY, delay=2.0),
}


@pytest.mark.parametrize("fault", CURED_BY_TRYING_AGAIN.values(), ids=CURED_BY_TRYING_AGAIN.keys())
def test_a_query_is_asked_again(fault: Fault, sandbox: NotionSandbox, client_of: ClientOf) -> None:
    sandbox.add_fault(replace(fault, times=2))
    errand = Errand("items")
    answer = queried(client_of(sandbox, timeout=_patience(fault)), sandbox, errand)
    assert len(answer.results) >= 3
    assert errand.requests == 3


def test_five_disturbances_in_a_row_are_outlived(
    sandbox: NotionSandbox, client_of: ClientOf, waiting: InstantTime
) -> None:
    sandbox.add_fault(Fault.error(502, times=5))
    assert len(queried(client_of(sandbox), sandbox).results) >= 3
    assert len(waiting.slept) == 5
    assert waiting.slept == sorted(waiting.slept)
    assert all(0 < seconds <= LONGEST_WAIT for seconds in waiting.slept)


NOT_CURED = {
    "400": (
        Fault.error(400, message="body.sorts should be an array"),
        "refuses the request for .*body.sorts should be",
    ),
    "401": (Fault.error(401), "check NOTION_TOKEN"),
    "403": (Fault.error(403), "allow it in the integration's capabilities"),
    "404": (Fault.error(404), "the database items .*share the database with the integration"),
    "blocked": (Fault.rate_limited(1, "public_api_request_blocked"), "blocks this integration's requests"),
    "too old": (
        Fault.error(400, additional_data={"minimum_api_version": "2025-09-03"}),
        "only from API version 2025-09-03 on: set NOTION_VERSION",
    ),
}


@pytest.mark.parametrize(("fault", "sentence"), NOT_CURED.values(), ids=NOT_CURED.keys())
def test_what_another_attempt_cannot_cure_is_told_at_once(
    fault: Fault, sentence: str, sandbox: NotionSandbox, client_of: ClientOf, waiting: InstantTime
) -> None:
    sandbox.add_fault(replace(fault, times=100))
    errand = Errand(f"the database items ({sandbox.database_ids['items']})")
    with pytest.raises(NotionError, match=sentence) as raised:
        queried(client_of(sandbox), sandbox, errand)
    assert raised.value.status == fault.status
    assert raised.value.request_id
    assert not raised.value.retryable
    assert errand.requests == 1
    assert waiting.slept == []


@pytest.mark.parametrize("status", [409, 429, 500, 502, 503, 504, 529])
def test_attempts_are_finite_and_the_last_error_is_told(
    status: int, sandbox: NotionSandbox, client_of: ClientOf
) -> None:
    sandbox.add_fault(Fault.error(status, times=100))
    errand = Errand("the database items")
    with pytest.raises(NotionError, match="the database items") as raised:
        queried(client_of(sandbox), sandbox, errand)
    assert raised.value.status == status
    assert errand.requests == ATTEMPTS


@pytest.mark.parametrize("fault", [Fault.rate_limited(95), Fault.overloaded(95)], ids=["429", "529"])
def test_a_pause_is_kept_however_long_it_is(
    fault: Fault, sandbox: NotionSandbox, client_of: ClientOf, waiting: InstantTime
) -> None:
    sandbox.add_fault(fault)
    queried(client_of(sandbox), sandbox)
    assert 95.0 <= waiting.now <= 95.0 + RESUME_SPREAD


def test_a_pause_holds_for_every_client_of_the_limiter(
    sandbox: NotionSandbox, client_of: ClientOf, waiting: InstantTime
) -> None:
    limiter = Limiter(10_000, time=waiting.time, sleep=waiting.sleep)
    paused = client_of(sandbox, limiter=limiter)
    sandbox.add_fault(Fault.rate_limited(95, times=ATTEMPTS))
    with pytest.raises(NotionError, match="over its request limit"):
        queried(paused, sandbox)
    assert waiting.now >= 95.0 * (ATTEMPTS - 1)
    limiter.pause(50.0)
    before = waiting.now
    queried(client_of(sandbox, limiter=limiter), sandbox)
    assert waiting.now >= before + 50.0


def test_a_budget_smaller_than_configured_is_told(client_of: ClientOf, waiting: InstantTime) -> None:
    with serve_notion(workspace(*items(3)), now=NOW, requests_per_minute=2) as sandbox:

        async def ask() -> None:
            async with client_of(sandbox) as client:
                for _ in range(3):
                    await client.me()

        with pytest.raises(NotionError, match="lower NOTION_REQUESTS_PER_MINUTE"):
            asyncio.run(ask())
        assert waiting.now > ATTEMPTS


def test_a_query_asks_for_less_when_notion_says_so_and_keeps_to_it(client_of: ClientOf) -> None:
    with serve_notion(workspace(*items(130)), now=NOW) as sandbox:
        sandbox.add_fault(Fault.too_large(times=1))
        sandbox.add_fault(Fault.error(504, nth=2, times=3))
        errand = Errand("items")
        answer = queried(client_of(sandbox), sandbox, errand)
        assert len(answer.results) == errand.page_size == 25


def test_a_plain_503_does_not_make_the_query_smaller(sandbox: NotionSandbox, client_of: ClientOf) -> None:
    sandbox.add_fault(Fault.error(503))
    errand = Errand("items")
    queried(client_of(sandbox), sandbox, errand)
    assert errand.page_size == 100


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def test_an_address_where_nobody_listens_is_told_soon_and_with_the_remedy(
    sandbox: NotionSandbox, client_of: ClientOf
) -> None:
    address = f"http://127.0.0.1:{free_port()}"
    errand = Errand("the database items")
    with pytest.raises(NotionError, match=f"Nothing answers at {address}.*finance-ppm sandbox.*NOTION_BASE_URL"):
        queried(client_of(sandbox, base_url=address), sandbox, errand)
    assert errand.requests == FIRST_CONTACT_ATTEMPTS


def test_a_token_with_a_stray_character_is_refused_without_being_shown(
    sandbox: NotionSandbox, client_of: ClientOf
) -> None:
    for token in ("ntn_secret\n", "ntn_s\N{LATIN SMALL LETTER E WITH ACUTE}cret"):
        with pytest.raises(NotionError, match="NOTION_TOKEN") as raised:
            client_of(sandbox, token=SecretStr(token))
        assert "ntn" not in str(raised.value)


def test_request_ids_are_logged_and_the_token_is_not(
    sandbox: NotionSandbox, client_of: ClientOf, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    sandbox.add_fault(Fault.error(502))
    sandbox.add_fault(Fault.error(404, nth=2))
    client = client_of(sandbox)
    with pytest.raises(NotionError) as raised:
        queried(client, sandbox)
    assert f"request id {raised.value.request_id}" in caplog.text
    assert sandbox.token.get_secret_value() not in caplog.text + repr(client) + repr(vars(client)) + str(raised.value)


def test_a_wrong_token_is_told(sandbox: NotionSandbox, client_of: ClientOf) -> None:
    with pytest.raises(NotionError, match="does not accept the token: check NOTION_TOKEN") as raised:
        queried(client_of(sandbox, token=SecretStr("wrong")), sandbox)
    assert raised.value.status == 401


# Writes


def title_of(text: str) -> dict[str, object]:
    return {"Name": {"title": [{"text": {"content": text}}]}, "Amount": {"number": Decimal("12.50")}}


MAYBE_DONE = {
    "500": Fault.error(500),
    "502": Fault.error(502),
    "503": Fault.error(503),
    "504": Fault.error(504),
    "HTML 502": Fault.html(502),
    "half of an answer": Fault(FaultKind.MALFORMED),
    "dropped after": Fault(FaultKind.DROP_AFTER),
    "dropped before": Fault(FaultKind.DROP_BEFORE),
    "timeout": Fault(FaultKind.DELAY, delay=2.0),
}


@pytest.mark.parametrize("fault", MAYBE_DONE.values(), ids=MAYBE_DONE.keys())
def test_a_page_that_may_have_been_created_is_not_created_again(
    fault: Fault, sandbox: NotionSandbox, client_of: ClientOf
) -> None:
    async def create() -> int:
        async with client_of(sandbox, timeout=_patience(fault)) as client:
            database_id = sandbox.database_ids["items"]
            schema = await client.retrieve_database(database_id)
            sandbox.add_fault(fault)
            before = client.requests_sent
            with pytest.raises(NotionError, match="look for it in Notion before sending it again") as raised:
                await client.create_page(database_id, schema, title_of("new"))
            assert not raised.value.retryable
            return client.requests_sent - before

    assert asyncio.run(create()) == 1


@pytest.mark.parametrize(
    "fault", [Fault.error(409), Fault.rate_limited(1), Fault.overloaded()], ids=["409", "429", "529"]
)
@pytest.mark.parametrize("version", ["2022-06-28", "2025-09-03", "2026-03-11"])
def test_a_page_that_was_certainly_not_created_is_created_once(
    fault: Fault, version: str, sandbox: NotionSandbox, client_of: ClientOf
) -> None:
    async def create() -> int:
        async with client_of(sandbox, version=version) as client:
            database_id = sandbox.database_ids["items"]
            schema = await client.retrieve_database(database_id)
            source_id = schema.data_source_ids[0] if schema.data_source_ids else database_id
            title = f"{version} {fault.status}"  # the shared sandbox may be late with another test's page
            sandbox.add_fault(fault)
            page = await client.create_page(database_id, schema, title_of(title))
            await client.update_page(page["id"], {"Amount": {"number": Decimal("90071992547409.93")}})
            raw = bytes(await client.retrieve_page(page["id"])).decode()
            assert "90071992547409.93" in raw
            rows = (await client.query_page(source_id, QUERY)).results
            return sum(title in bytes(row).decode() for row in rows)

    assert asyncio.run(create()) == 1


def test_an_update_is_sent_again(sandbox: NotionSandbox, client_of: ClientOf) -> None:
    async def update() -> int:
        async with client_of(sandbox) as client:
            await client.me()
            sandbox.add_fault(Fault(FaultKind.DROP_AFTER, method="PATCH", times=2))
            before = client.requests_sent
            page = await client.update_page(page_id(1), {"Amount": {"number": Decimal("1.25")}})
            assert page["properties"]["Amount"]["number"] == 1.25
            return client.requests_sent - before

    assert asyncio.run(update()) == 3
