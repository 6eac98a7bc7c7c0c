"""Signing in, and where a token goes and does not go."""

import logging
import socket
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError
from starlette.requests import Request
from starlette.responses import Response

from finance_ppm.errors import SettingsError
from finance_ppm.sandbox.azure.server import AzureSandbox
from finance_ppm.sources.azure.advisor import Advisor
from finance_ppm.sources.azure.connection import Connection
from finance_ppm.sources.azure.credentials import Tokens
from finance_ppm.sources.azure.errors import AzureError
from finance_ppm.sources.azure.graph import Graph, Scope
from finance_ppm.sources.azure.limiter import QUERIES, WINDOW, Budgets, Limiter
from finance_ppm.sources.azure.reading import Reading
from finance_ppm.sources.azure.retry import FIRST_CONTACT_ATTEMPTS
from finance_ppm_tests.sandbox.azure.estates import ONE
from finance_ppm_tests.sources.azure.conftest import (
    TOKEN,
    ConnectionOf,
    Credential,
    InstantTime,
    answered,
    page,
    serving,
)

ADVICE = {"id": f"/subscriptions/{ONE}/providers/Microsoft.Advisor/recommendations/r1"}
ROW = {"id": f"/subscriptions/{ONE}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm"}


def asked(connection: Connection, *subscriptions: str) -> Reading:
    """One small query."""
    return Graph(connection).read("resources", Scope(subscriptions), about="a test", seen=lambda _: None)


def refused(connection: Connection) -> AzureError:
    """What went wrong with it."""
    with connection:
        try:
            reading = asked(connection, ONE)
        except AzureError as error:
            return error
    assert reading.error is not None
    return reading.error


@pytest.mark.parametrize("address", ["http://management.azure.com", "http://10.0.0.1:8080", "ftp://127.0.0.2.example"])
def test_a_token_is_sent_over_https_or_to_this_machine_alone(address: str, connection_of: ConnectionOf) -> None:
    with pytest.raises(SettingsError, match=r"^AZURE_RESOURCE_MANAGER_URL .* is not https"):
        connection_of(address)


@pytest.mark.parametrize(
    "address", ["https://management.azure.com", "http://localhost:1", "http://127.0.0.2:1", "http://[::1]:1"]
)
def test_this_machine_and_https_are_allowed(address: str, connection_of: ConnectionOf) -> None:
    assert connection_of(address).base_url == address


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(
    monkeypatch: pytest.MonkeyPatch, connection_of: ConnectionOf
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with serving(lambda _, __: answered(page([ROW]))) as address, connection_of(address) as connection:
        assert len(asked(connection, ONE)) == 1


def test_nobody_listening_is_told_within_a_few_attempts(connection_of: ConnectionOf) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{nobody.getsockname()[1]}"
    connection = connection_of(address)
    error = refused(connection)
    assert error.code == "unreachable"
    assert str(error).startswith(f"Nothing answers at {address}, asked for a test (")
    assert "finance-ppm sandbox" in str(error)
    assert connection.requests_sent == FIRST_CONTACT_ATTEMPTS


def test_a_token_that_is_refused_is_fetched_anew_once(connection_of: ConnectionOf) -> None:
    seen: list[str] = []
    credentials = [Credential("stale"), Credential("fresh"), Credential("never")]
    made = iter(credentials)

    def handler(request: Request, body: Any) -> Response:
        seen.append(request.headers["authorization"])
        return answered(page([ROW])) if len(seen) > 1 else answered({"error": {"code": "ExpiredToken"}}, 401)

    with serving(handler) as address:
        tokens = Tokens(lambda: next(made), f"{address}/.default", tenant="a-tenant")
        with connection_of(address, tokens=tokens) as connection:
            assert len(asked(connection, ONE)) == 1
            assert len(asked(connection, ONE)) == 1
            assert connection.requests_sent == 3
    assert seen == ["Bearer stale", "Bearer fresh", "Bearer fresh"]
    assert credentials[0].asked == credentials[1].asked == [(f"{address}/.default",)]
    assert credentials[0].tenants == ["a-tenant"]


def test_a_second_refusal_is_an_error(connection_of: ConnectionOf) -> None:
    with serving(lambda _, __: answered({"error": {"code": "InvalidToken"}}, 401)) as address:
        made = iter([Credential("one"), Credential("two")])
        tokens = Tokens(lambda: next(made), f"{address}/.default")
        connection = connection_of(address, tokens=tokens)
        error = refused(connection)
    assert error.status == 401
    assert error.concerns_everything
    assert connection.requests_sent == 2


def test_a_token_is_fetched_once_and_anew_before_it_ends(waiting: InstantTime) -> None:
    credential = Credential("first", "second", lasts=3600, clock=waiting.time)
    tokens = Tokens(lambda: credential, "scope", time=waiting.time)
    assert [tokens.current(), tokens.current()] == ["first", "first"]
    waiting.now += 3200
    assert tokens.current() == "first"
    waiting.now += 200
    assert tokens.current() == "second"


def test_signing_in_that_fails_is_one_sentence(connection_of: ConnectionOf) -> None:
    class Refusing:
        def get_token(self, *scopes: str, **options: Any) -> Any:
            raise ClientAuthenticationError(f"AADSTS7000215: Invalid client secret.\nTrace: {TOKEN}")

    with serving(lambda _, __: answered(page([]))) as address:
        connection = connection_of(address, tokens=Tokens(Refusing, "scope"))
        error = refused(connection)
    assert connection.requests_sent == 0
    assert error.concerns_everything
    assert not error.retryable
    assert str(error).startswith("Signing in to Azure failed (AADSTS7000215: Invalid client secret. Trace: ***)")
    assert "AZURE_CLIENT_SECRET" in str(error)


QUOTING = {
    "an error": answered({"error": {"code": f"Bad{TOKEN}", "message": f"Bearer {TOKEN} is not allowed"}}, 403),
    "its detail": answered({"error": {"details": [{"code": "Detail", "message": f"token {TOKEN}"}]}}, 400),
    "its correlation id": answered({"error": {}}, 403, {"x-ms-correlation-request-id": TOKEN}),
    "a body that is no JSON": answered(f"<html>{TOKEN}</html>".encode(), 404),
    "a page of another shape": answered({"totalRecords": TOKEN}),
    "a list of another shape": answered({"value": TOKEN}),
}


@pytest.mark.parametrize("answer", QUOTING.values(), ids=QUOTING.keys())
def test_a_token_that_azure_quotes_is_not_passed_on(
    answer: Response, connection_of: ConnectionOf, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(lambda _, __: answer) as address:
        connection = connection_of(address)
        error = refused(connection)
    assert TOKEN not in str(error)
    assert TOKEN not in repr(error)
    assert TOKEN not in repr(connection.__dict__)
    assert error.__cause__ is None
    assert TOKEN not in caplog.text
    assert all(TOKEN not in str(record.__dict__) for record in caplog.records)


def test_the_first_detail_and_the_correlation_id_are_told(sandbox: AzureSandbox, connection_of: ConnectionOf) -> None:
    connection = connection_of(sandbox.base_url, sandbox.token.get_secret_value())
    with connection, pytest.raises(AzureError) as raised:
        Graph(connection).counts("resources | where where", [ONE], about="a test")
    assert raised.value.status == 400
    assert raised.value.code == "InvalidQuery"
    assert raised.value.request_id
    assert f"(status 400, InvalidQuery, correlation id {raised.value.request_id})" in str(raised.value)


def test_a_wrong_token_names_the_credentials(sandbox: AzureSandbox, connection_of: ConnectionOf) -> None:
    error = refused(connection_of(sandbox.base_url, "another-token"))
    assert error.status == 401
    assert error.code == "InvalidAuthenticationToken"
    assert error.request_id
    assert "AZURE_ACCESS_TOKEN" in str(error)


def test_a_list_that_leads_to_another_address_gets_no_token(connection_of: ConnectionOf, waiting: InstantTime) -> None:
    reached: list[str] = []

    def elsewhere(request: Request, body: Any) -> Response:
        reached.append(request.headers["authorization"])
        return answered({"value": []})

    with serving(elsewhere) as other:
        link = f"{other}/subscriptions/{ONE}/providers/Microsoft.Advisor/recommendations?page=2"
        first = answered({"value": [ADVICE], "nextLink": link})
        with serving(lambda _, __: first) as address, connection_of(address) as connection:
            reading = Advisor(connection, time=waiting.time, sleep=waiting.sleep).read(ONE, seen=lambda _: None)
    assert not reached
    assert len(reading) == 1
    assert "leads to another address" in str(reading.reason)


def test_no_redirect_is_followed(connection_of: ConnectionOf) -> None:
    with serving(lambda _, __: answered(b"", 307, {"location": "http://127.0.0.1:9/"})) as address:
        connection = connection_of(address)
        error = refused(connection)
    assert error.status == 307
    assert connection.requests_sent == 1


def test_the_quota_is_kept_over_all_threads_and_told_by_the_headers(
    connection_of: ConnectionOf, waiting: InstantTime
) -> None:
    """With the real budget: 16 queries take longer than one window; and nothing left means waiting."""
    budgets = Budgets(
        Limiter(QUERIES, time=waiting.time, sleep=waiting.sleep), Limiter(1, time=waiting.time, sleep=waiting.sleep)
    )
    told = {"x-ms-user-quota-remaining": "14", "x-ms-user-quota-resets-after": "00:00:05"}
    with (
        serving(lambda _, __: answered(page([ROW]), headers=told)) as address,
        connection_of(address, budgets=budgets) as connection,
    ):
        start = waiting.now
        for _ in range(QUERIES + 1):
            asked(connection, ONE)
        assert waiting.now - start == pytest.approx(WINDOW)
        told |= {"x-ms-user-quota-remaining": "0", "x-ms-user-quota-resets-after": "00:01:20"}
        asked(connection, ONE)
        start = waiting.now
        asked(connection, ONE)
        assert waiting.now - start == pytest.approx(80)


def test_too_many_requests_wait_until_the_quota_is_whole_again(
    connection_of: ConnectionOf, waiting: InstantTime
) -> None:
    """Where Azure does not say for how long, but says that."""
    quota = {"x-ms-user-quota-remaining": "0", "x-ms-user-quota-resets-after": "00:00:04"}
    answers = iter([answered({"error": {"code": "RateLimiting"}}, 429, quota), answered(page([ROW]))])
    budgets = Budgets(*(Limiter(10_000, time=waiting.time, sleep=waiting.sleep) for _ in range(2)))
    start = waiting.now
    with serving(lambda *_: next(answers)) as address, connection_of(address, budgets=budgets) as connection:
        assert len(asked(connection, ONE)) == 1
    assert waiting.now - start == 4


def test_a_limit_of_resource_manager_that_is_spent_pauses_its_requests(
    connection_of: ConnectionOf, waiting: InstantTime
) -> None:
    header = {"x-ms-ratelimit-remaining-subscription-resource-requests": "0"}
    with (
        serving(lambda _, __: answered({"value": []}, headers=header)) as address,
        connection_of(address) as connection,
    ):
        start = waiting.now
        Advisor(connection, time=waiting.time, sleep=waiting.sleep).read(ONE, seen=lambda _: None)
    assert waiting.now - start >= 2 * 5
