"""Who signs in to Azure: a token as it is, a service principal, or whatever this machine is signed in as.

Belongs here: choosing the credential from the settings, and keeping its token. How a request carries the token is
told in ``connection``.
"""

import logging
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from azure.core.credentials import AccessToken, TokenCredential
from azure.core.exceptions import AzureError as CoreError
from azure.core.exceptions import ServiceRequestError, ServiceResponseError

from finance_ppm.errors import SettingsError
from finance_ppm.masking import MASK
from finance_ppm.settings import Config

_EARLIER = 300.0
"""Seconds before its end at which a token is fetched anew."""

_LEAST = 60.0
"""Seconds before its end at which a token is no longer used, should no other one be given."""

_PAUSE = 30.0
"""Seconds after which fetching one anew is tried again, while the old one lasts."""

_AUTHORITIES = {
    "management.chinacloudapi.cn": "login.chinacloudapi.cn",
    "management.usgovcloudapi.net": "login.microsoftonline.us",
}
"""Where the national clouds sign in (https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud);
elsewhere azure-identity knows."""

_PUBLIC = "login.microsoftonline.com"

_TENANT = re.compile(r"[0-9A-Za-z.-]+")

_GIVEN = (
    "set AZURE_ACCESS_TOKEN to a new token, because one lasts for about an hour; `az account get-access-token --query "
    "accessToken --output tsv` prints one"
)
_PRINCIPAL = (
    "check AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, which must be the secret's value and not have "
    "expired"
)
_MACHINE = (
    "sign in with `az login`, or check the managed identity of this machine, and that AZURE_TENANT_ID, where it is "
    "set, is the tenant to be read; or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET"
)
_ANY = "check AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or set a new AZURE_ACCESS_TOKEN"

logger = logging.getLogger(__name__)

Credential = Callable[[], TokenCredential]
"""Makes the credential anew, so that nothing remembers a token that Azure refused."""


class GivenToken:
    """The token of AZURE_ACCESS_TOKEN, used as it is. It is not known when it ends."""

    def __init__(self, token: str) -> None:
        self._token = token

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:  # noqa: ARG002 - the protocol's
        """The token."""
        return AccessToken(self._token, 2**62)


@dataclass(frozen=True)
class SignIn:
    """A way to sign in: how its credential is made, at which host it asks, and what to do where it is refused."""

    make: Credential
    remedy: str = _ANY
    host: str = _PUBLIC

    def __call__(self) -> TokenCredential:
        """A new credential. Raises SettingsError where azure-identity takes none of the settings for possible."""
        try:
            return self.make()
        except ValueError as error:
            raise SettingsError(
                f"The settings that sign in to Azure cannot be right ({error}): check AZURE_TENANT_ID, "
                "AZURE_CLIENT_ID and, where they are set, AZURE_AUTHORITY_HOST and AZURE_TOKEN_CREDENTIALS."
            ) from None


class SignInError(Exception):
    """No token was given. ``unanswered`` says that nobody was reached who might have given one."""

    def __init__(self, reason: str, *, unanswered: bool) -> None:
        super().__init__(reason)
        self.unanswered = unanswered


def credential_of(config: Config) -> SignIn:
    """How the settings sign in.

    Raises :class:`~finance_ppm.errors.SettingsError` where a part of a service principal is missing or impossible.
    """
    if config.azure_access_token is not None:
        token = config.azure_access_token.get_secret_value()
        # Checked here, because the HTTP library quotes a header that it refuses.
        if not token.isascii() or not token.isprintable() or " " in token:
            raise SettingsError("AZURE_ACCESS_TOKEN holds characters that no token has: copy it again.")
        return SignIn(lambda: GivenToken(token), _GIVEN)
    if config.azure_tenant_id and not _TENANT.fullmatch(config.azure_tenant_id):
        raise SettingsError(
            f"AZURE_TENANT_ID ({config.azure_tenant_id}) is neither a tenant's id nor its domain: copy the tenant ID "
            "from the overview of Microsoft Entra ID, or from `az account show`."
        )
    cloud = urlsplit(str(config.azure_resource_manager_url)).hostname or ""
    authority = config.azure_authority_host or _AUTHORITIES.get(cloud)
    options: dict[str, Any] = {"authority": authority} if authority else {}
    tenant, client = config.azure_tenant_id, config.azure_client_id
    told = authority or _PUBLIC
    host = urlsplit(told if "://" in told else f"https://{told}").hostname or told
    if config.azure_client_secret is None:
        return SignIn(lambda: _machine(client, **options), _MACHINE, host)
    secret = config.azure_client_secret.get_secret_value()
    if not tenant or not client:
        missing = " and ".join(
            name for name, value in (("AZURE_TENANT_ID", tenant), ("AZURE_CLIENT_ID", client)) if not value
        )
        raise SettingsError(
            f"AZURE_CLIENT_SECRET is set, but not {missing}: a service principal needs all three, so write them into "
            ".env, or leave the secret out to sign in as this machine does."
        )
    return SignIn(lambda: _service_principal(tenant, client, secret, **options), _PRINCIPAL, host)


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
        self.sign_in = credential if isinstance(credential, SignIn) else SignIn(credential)
        self._credential = self.sign_in()
        # Where several ways to sign in were tried, only the text tells what became of each.
        self._unreached_host = re.compile(rf"(?:resolve |host=)\W?{re.escape(self.sign_in.host)}\b")
        self._scope = scope
        # A machine signed in to several tenants is asked for the one that is read.
        self._tenant = tenant or None
        self._time = time
        self._token: AccessToken | None = None
        self._not_before = float("-inf")
        self._lock = threading.Lock()

    def current(self) -> str:
        """The token to send. Raises SignInError where there is none; an old one is used while it lasts."""
        with self._lock:
            now = self._time()
            left = self._token.expires_on - now if self._token else 0.0
            if self._token is None or left < _LEAST:
                self._token = self._fetched()
            elif left < _EARLIER and now >= self._not_before:
                try:
                    self._token = self._fetched()
                except SignInError:
                    # Not told why: a reason may quote what no log should hold, and comes up again if it lasts.
                    logger.warning("Azure's token could not be renewed; the old one is used for %.0f s more", left)
                    self._not_before = now + _PAUSE
            return self._token.token

    def renewed(self, refused: str) -> str | None:
        """Another token in place of one that Azure refused; None where there is no other. Raises SignInError."""
        with self._lock:
            if self._token is not None and self._token.token == refused:
                self._credential = self.sign_in()
                self._token = self._fetched()
            token = self._token.token if self._token else None
        return token if token != refused else None

    def masked(self, text: str) -> str:
        """``text`` without the token, should it quote it."""
        with self._lock:
            return text.replace(self._token.token, MASK) if self._token else text

    def _fetched(self) -> AccessToken:
        try:
            return self._credential.get_token(self._scope, tenant_id=self._tenant)
        # MSAL, beneath azure-identity, raises ValueError for what it does not understand, and OSError for files of its.
        except (CoreError, ValueError, OSError) as error:
            reason = str(error.message if isinstance(error, CoreError) else error)
            unanswered = _unreached(error) or self._unreached_host.search(reason) is not None
            raise SignInError(reason, unanswered=unanswered) from error


def _unreached(error: BaseException | None) -> bool:
    """Whether an error came of nobody being reached: azure-identity calls that a failed sign-in, too."""
    while error is not None and not isinstance(error, ServiceRequestError | ServiceResponseError):
        error = error.__cause__
    return error is not None
