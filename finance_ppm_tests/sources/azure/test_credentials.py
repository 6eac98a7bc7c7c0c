"""Which credential the settings choose; nobody is signed in."""

import sys
from typing import Any

import pytest
from azure.identity import ClientSecretCredential, DefaultAzureCredential

from finance_ppm.errors import SettingsError
from finance_ppm.settings import Config
from finance_ppm.sources.azure.credentials import GivenToken, credential_of

TENANT = "11111111-1111-1111-1111-111111111111"
CLIENT = "22222222-2222-2222-2222-222222222222"


def config(**told: Any) -> Config:
    return Config(**told)


def test_a_token_is_used_as_it_is_before_anything_else() -> None:
    chosen = credential_of(
        config(
            azure_access_token="a-token",
            azure_tenant_id=TENANT,
            azure_client_id=CLIENT,
            azure_client_secret="a-secret",
        )
    )()
    assert isinstance(chosen, GivenToken)
    assert chosen.get_token("any/.default", tenant_id=TENANT).token == "a-token"


def test_a_service_principal_signs_in_with_all_three_parts() -> None:
    chosen = credential_of(config(azure_tenant_id=TENANT, azure_client_id=CLIENT, azure_client_secret="a-secret"))
    assert isinstance(chosen(), ClientSecretCredential)
    assert chosen() is not chosen()


@pytest.mark.parametrize("told", [{}, {"azure_client_id": CLIENT}, {"azure_tenant_id": TENANT}], ids=str)
def test_elsewhere_this_machine_signs_in(told: dict[str, str]) -> None:
    assert isinstance(credential_of(config(**told))(), DefaultAzureCredential)


@pytest.mark.parametrize(
    ("told", "missing"),
    [
        ({"azure_client_id": CLIENT}, "but not AZURE_TENANT_ID:"),
        ({"azure_tenant_id": TENANT}, "but not AZURE_CLIENT_ID:"),
        ({}, "but not AZURE_TENANT_ID and AZURE_CLIENT_ID:"),
    ],
)
def test_a_missing_part_is_named(told: dict[str, str], missing: str) -> None:
    with pytest.raises(SettingsError, match=missing) as raised:
        credential_of(config(azure_client_secret="a-secret", **told))
    assert "a-secret" not in str(raised.value)


@pytest.mark.parametrize("token", ["two words", "line\nbreak", "caf\u00e9"])
def test_a_token_that_is_none_is_not_quoted(token: str) -> None:
    with pytest.raises(SettingsError, match="AZURE_ACCESS_TOKEN holds characters") as raised:
        credential_of(config(azure_access_token=token))
    assert token not in str(raised.value)


@pytest.mark.parametrize(
    ("manager", "authority"),
    [
        ("https://management.azure.com", "login.microsoftonline.com"),
        ("https://management.usgovcloudapi.net", "login.microsoftonline.us"),
        ("https://management.chinacloudapi.cn/", "login.chinacloudapi.cn"),
    ],
)
def test_a_national_cloud_signs_in_at_its_own_place(
    manager: str, authority: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AZURE_AUTHORITY_HOST", raising=False)
    chosen: Any = credential_of(
        config(
            azure_resource_manager_url=manager,
            azure_tenant_id=TENANT,
            azure_client_id=CLIENT,
            azure_client_secret="a-secret",
        )
    )()
    assert authority in str(chosen.__dict__)


def test_a_given_token_needs_nothing_of_azure_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "azure.identity", None)
    assert credential_of(config(azure_access_token="a-token"))().get_token("s").token == "a-token"
