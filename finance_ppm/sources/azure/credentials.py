"""Who signs in to Azure: a token as it is, a service principal, or whatever this machine is signed in as.

Belongs here: choosing the credential from the settings, and keeping its token. How a request carries the token is
told in ``connection``.
"""

import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from azure.core.credentials import AccessToken, TokenCredential

from finance_ppm.errors import SettingsError
from finance_ppm.masking import MASK
from finance_ppm.settings import Config

_EARLIER = 300.0
"""Seconds before its end at which a token is no longer used."""

_AUTHORITIES = {
    "management.chinacloudapi.cn": "login.chinacloudapi.cn",
    "management.usgovcloudapi.net": "login.microsoftonline.us",
}
"""Where the national clouds sign in (https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud);
elsewhere azure-identity knows."""

Credential = Callable[[], TokenCredential]
"""Makes the credential anew, so that nothing remembers a token that Azure refused."""


class GivenToken:
    """The token of AZURE_ACCESS_TOKEN, used as it is. It is not known when it ends."""

    def __init__(self, token: str) -> None:
        self._token = token

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:  # noqa: ARG002 - the protocol's
        """The token."""
        return AccessToken(self._token, 2**62)


def credential_of(config: Config) -> Credential:
    """How the settings sign in.

    Raises :class:`~finance_ppm.errors.SettingsError` where a part of a service principal is missing.
    """
    if config.azure_access_token is not None:
        token = config.azure_access_token.get_secret_value()
        # Checked here, because the HTTP library quotes a header that it refuses.
        if not token.isascii() or not token.isprintable() or " " in token:
            raise SettingsError("AZURE_ACCESS_TOKEN holds characters that no token has: copy it again.")
        return lambda: GivenToken(token)
    authority = _AUTHORITIES.get(urlsplit(str(config.azure_resource_manager_url)).hostname or "")
    options: dict[str, Any] = {"authority": authority} if authority else {}
    tenant, client = config.azure_tenant_id, config.azure_client_id
    if config.azure_client_secret is None:
        return lambda: _machine(client, **options)
    secret = config.azure_client_secret.get_secret_value()
    if not tenant or not client:
        missing = " and ".join(
            name for name, value in (("AZURE_TENANT_ID", tenant), ("AZURE_CLIENT_ID", client)) if not value
        )
        raise SettingsError(
            f"AZURE_CLIENT_SECRET is set, but not {missing}: a service principal needs all three, so write them into "
            ".env, or leave the secret out to sign in as this machine does."
        )
    return lambda: _service_principal(tenant, client, secret, **options)


def _service_principal(tenant: str, client: str, secret: str, **options: Any) -> TokenCredential:
    from azure.identity import ClientSecretCredential

    return ClientSecretCredential(tenant, client, secret, **options)


def _machine(client: str | None, **options: Any) -> TokenCredential:
    from azure.identity import DefaultAzureCredential

    return DefaultAzureCredential(managed_identity_client_id=client, **options)


class Tokens:
    """One credential's token, fetched once for all threads and anew before it ends."""

    def __init__(
        self,
        credential: Credential,
        scope: str,
        *,
        tenant: str | None = None,
        time: Callable[[], float] = time.time,
    ) -> None:
        self._make = credential
        self._credential = credential()
        self._scope = scope
        # A machine signed in to several tenants is asked for the one that is read.
        self._tenant = tenant or None
        self._time = time
        self._token: AccessToken | None = None
        self._lock = threading.Lock()

    def current(self) -> str:
        """The token to send. What azure-identity raises, where there is none, comes through."""
        with self._lock:
            if self._token is None or self._token.expires_on - self._time() < _EARLIER:
                self._token = self._credential.get_token(self._scope, tenant_id=self._tenant)
            return self._token.token

    def renewed(self, refused: str) -> str | None:
        """Another token in place of one that Azure refused; None where there is no other."""
        with self._lock:
            if self._token is not None and self._token.token == refused:
                self._credential = self._make()
                self._token = self._credential.get_token(self._scope, tenant_id=self._tenant)
            token = self._token.token if self._token else None
        return token if token != refused else None

    def masked(self, text: str) -> str:
        """``text`` without the token, should it quote it."""
        with self._lock:
            return text.replace(self._token.token, MASK) if self._token else text
