"""Signing in that fails: for a moment, for good, or because of a setting."""

from collections.abc import Callable
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError
from azure.core.pipeline.transport import RequestsTransport
from azure.identity import ClientSecretCredential

from finance_ppm.errors import SettingsError
from finance_ppm.settings import Config
from finance_ppm.sources.azure.credentials import GivenToken, SignIn, SignInError, Tokens, credential_of
from finance_ppm_tests.sandbox.azure.estates import ONE
from finance_ppm_tests.sources.azure.conftest import ConnectionOf, InstantTime, answered, page, serving
from finance_ppm_tests.sources.azure.test_connection import asked, refused

TENANT = "11111111-1111-1111-1111-111111111111"
PRINCIPAL = {"azure_tenant_id": TENANT, "azure_client_id": TENANT, "azure_client_secret": "a-secret"}
BLIP = "Failed to resolve 'login.microsoftonline.com' ([Errno -3] Temporary failure in name resolution)"


class Scripted:
    """Gives tokens, or raises, one after the other."""

    def __init__(self, clock: Callable[[], float], *told: str | Exception, lasts: float = 3600.0) -> None:
        self.asked = 0
        self._clock, self._told, self._lasts = clock, list(told), lasts

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        self.asked += 1
        told = self._told.pop(0)
        if isinstance(told, Exception):
            raise told
        return AccessToken(told, int(self._clock() + self._lasts))


class Unresolved(RequestsTransport):  # type: ignore[misc]  # azure-core does not say of what class it is
    """A network in which the sign-in's host is not found."""

    def send(self, request: Any, **options: Any) -> Any:
        raise ServiceRequestError(BLIP)


def unanswered() -> ClientAuthenticationError:
    """As azure-identity raises it."""
    error = ClientAuthenticationError("Authentication failed: it did not work")
    error.__cause__ = ServiceRequestError(BLIP)
    return error


def test_a_token_is_used_while_it_lasts_where_no_other_is_given(waiting: InstantTime) -> None:
    failing = [ClientAuthenticationError("not now")] * 3
    credential = Scripted(waiting.time, "old", *failing, "new")
    tokens = Tokens(lambda: credential, "scope", time=waiting.time)
    assert tokens.current() == "old"
    waiting.now += 3350
    assert [tokens.current() for _ in range(5)] == ["old"] * 5
    assert credential.asked == 2
    waiting.now += 31
    assert tokens.current() == "old"
    assert credential.asked == 3
    waiting.now += 31
    assert tokens.current() == "old"
    waiting.now += 31
    assert tokens.current() == "new"


def test_a_token_that_ends_is_not_used_any_more(waiting: InstantTime) -> None:
    credential = Scripted(waiting.time, "old", ClientAuthenticationError("not now"), "new")
    tokens = Tokens(lambda: credential, "scope", time=waiting.time)
    tokens.current()
    waiting.now += 3570
    with pytest.raises(SignInError):
        tokens.current()
    assert tokens.current() == "new"


@pytest.mark.parametrize(
    "blip",
    [
        unanswered(),
        ServiceRequestError(BLIP),
        ClientAuthenticationError(f"DefaultAzureCredential failed.\n\tEnvironmentCredential: {BLIP}"),
    ],
    ids=["as a cause", "as it is", "in the text of a chain"],
)
def test_a_sign_in_that_nobody_answered_is_tried_again(
    blip: Exception, connection_of: ConnectionOf, waiting: InstantTime
) -> None:
    credential = Scripted(waiting.time, blip, "a-token")
    tokens = Tokens(lambda: credential, "scope", time=waiting.time)
    with serving(lambda *_: answered(page([]))) as address, connection_of(address, tokens=tokens) as connection:
        assert len(asked(connection, ONE)) == 0
    assert credential.asked == 2
    assert waiting.slept


def test_a_sign_in_that_nobody_answers_names_the_host_and_the_network(connection_of: ConnectionOf) -> None:
    """With azure-identity's own credential."""
    made: list[ClientSecretCredential] = []

    def make() -> ClientSecretCredential:
        made.append(ClientSecretCredential(TENANT, "client", "a-secret", transport=Unresolved(), retry_total=0))
        return made[-1]

    tokens = Tokens(SignIn(make, "do nothing", "login.microsoftonline.com"), "https://management.azure.com/.default")
    with serving(lambda *_: answered(page([]))) as address:
        connection = connection_of(address, tokens=tokens)
        error = refused(connection)
    assert connection.requests_sent == 0
    assert error.retryable
    assert error.concerns_everything
    assert str(error).startswith("login.microsoftonline.com, where Azure signs in, does not answer (")
    assert "DNS" in str(error)
    assert "do nothing" not in str(error)
    assert "AZURE_CLIENT_SECRET" not in str(error)


def test_a_machine_that_is_signed_in_nowhere_is_no_blip(connection_of: ConnectionOf, waiting: InstantTime) -> None:
    """Its managed identity was not reached, of course."""
    told = (
        "DefaultAzureCredential failed.\n\tManagedIdentityCredential authentication unavailable, no response from the "
        "IMDS endpoint.\n\tAzureCliCredential: Please run 'az login' to set up an account"
    )
    credential = Scripted(waiting.time, ClientAuthenticationError(told))
    with serving(lambda *_: answered(page([]))) as address:
        error = refused(connection_of(address, tokens=Tokens(lambda: credential, "scope", time=waiting.time)))
    assert credential.asked == 1
    assert not error.retryable
    assert error.code == "sign_in"


@pytest.mark.parametrize(
    "raised", [ValueError("Unable to get authority configuration"), OSError("cache")], ids=["ValueError", "OSError"]
)
def test_what_lies_beneath_azure_identity_is_an_error_of_azure(
    raised: Exception, connection_of: ConnectionOf, waiting: InstantTime
) -> None:
    tokens = Tokens(lambda: Scripted(waiting.time, raised), "scope", time=waiting.time)
    with serving(lambda *_: answered(page([]))) as address:
        error = refused(connection_of(address, tokens=tokens))
    assert str(error).startswith(f"Signing in to Azure failed ({raised}): check AZURE_TENANT_ID")


@pytest.mark.parametrize("told", [PRINCIPAL, {}], ids=["service principal", "machine"])
@pytest.mark.parametrize("tenant", ["Contoso Ltd", "contoso/ltd", "t\u00e9nant"])
def test_a_tenant_that_is_none_is_a_setting_to_correct(tenant: str, told: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=r"^AZURE_TENANT_ID \(") as raised:
        credential_of(Config(**(told | {"azure_tenant_id": tenant})))  # type: ignore[arg-type]  # texts, as from .env
    assert tenant in str(raised.value)


@pytest.mark.parametrize("tenant", [TENANT, "contoso.onmicrosoft.com"])
def test_a_tenant_is_named_by_its_id_or_its_domain(tenant: str) -> None:
    credential_of(Config(**(PRINCIPAL | {"azure_tenant_id": tenant})))()  # type: ignore[arg-type]  # texts, as from .env


def test_settings_that_azure_identity_refuses_are_settings_to_correct(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", "http://login.example")
    with pytest.raises(SettingsError, match="AZURE_AUTHORITY_HOST") as raised:
        Tokens(credential_of(Config(**PRINCIPAL)), "scope")  # type: ignore[arg-type]  # texts, as from .env
    assert "a-secret" not in str(raised.value)


def test_the_host_that_is_asked_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_AUTHORITY_HOST", raising=False)
    assert credential_of(Config()).host == "login.microsoftonline.com"
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", "https://login.example/")
    assert credential_of(Config()).host == "login.example"
    monkeypatch.delenv("AZURE_AUTHORITY_HOST")
    china = Config(azure_resource_manager_url="https://management.chinacloudapi.cn")
    assert credential_of(china).host == "login.chinacloudapi.cn"


@pytest.mark.parametrize(
    ("told", "named", "unnamed"),
    [
        ({"azure_access_token": "a-token"}, ["AZURE_ACCESS_TOKEN", "hour", "az account get-access-token"], "SECRET"),
        (PRINCIPAL, ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "expired"], "az account"),
        ({}, ["az login", "managed identity", "AZURE_TENANT_ID"], "az account"),
    ],
    ids=["token", "service principal", "machine"],
)
def test_whoever_is_refused_is_told_what_they_can_do(
    told: dict[str, str], named: list[str], unnamed: str, connection_of: ConnectionOf
) -> None:
    """The remedy is that of the way in which the settings sign in."""
    remedy = credential_of(Config(**told)).remedy  # type: ignore[arg-type]  # texts, as from .env
    tokens = Tokens(SignIn(lambda: GivenToken("refused"), remedy), "scope")
    with serving(lambda *_: answered({"error": {"code": "ExpiredAuthenticationToken"}}, 401)) as address:
        error = refused(connection_of(address, tokens=tokens))
    assert str(error).startswith(
        "Azure does not accept the credentials (status 401, ExpiredAuthenticationToken), asked for a test: "
    )
    assert all(name in str(error) for name in named)
    assert unnamed not in str(error)
