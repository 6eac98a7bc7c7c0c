"""The one way to Azure: a pipeline of azure-core that both SDK clients send their requests through.

Belongs here: what happens to a request and its answer. Who signs in is told by ``credentials``, when a request may go
by ``limiter``, whether it goes again by ``retry``, how it goes by ``transport``; what is asked for is the business of
``graph`` and ``advisor``.

The SDK's own policies are left out on purpose. Its retries are replaced. Its decoding takes 0.15 s of processor time
for a page of 1,000 rows (0.9 MB), and drops what its models do not know; here a page takes a hundredth of a second,
from the socket to its rows, and keeps every byte.
It registers resource providers on its own, which is a write. Its logging writes two records for each request. And no
redirect is followed: Resource Manager sends none for what is asked here, and a token goes nowhere else.
"""

import logging
import threading
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any, Self, TypeAlias, cast
from urllib.parse import urlsplit

from azure.core.exceptions import AzureError as CoreError
from azure.core.exceptions import ServiceRequestError, ServiceResponseTimeoutError
from azure.core.pipeline import Pipeline, PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import (
    ContentDecodePolicy,
    CustomHookPolicy,
    HTTPPolicy,
    RequestIdPolicy,
    UserAgentPolicy,
)
from azure.core.rest import HttpRequest, HttpResponse

from finance_ppm.errors import SettingsError
from finance_ppm.masking import Masker
from finance_ppm.sources.azure.answers import ListAnswer, decode_answer
from finance_ppm.sources.azure.credentials import SignInError, Tokens
from finance_ppm.sources.azure.errors import (
    AzureError,
    error_of_answer,
    no_answer,
    no_answer_to_sign_in,
    no_connection,
    no_sign_in,
    resets_after,
    whole_number,
)
from finance_ppm.sources.azure.limiter import Budgets
from finance_ppm.sources.azure.retry import Patience, retrying
from finance_ppm.sources.azure.stopping import raise_if_stopped
from finance_ppm.sources.azure.transport import TransportOfEachThread

ANSWER = "finance_ppm_answer"
"""Where a response's context holds the decoded answer, for calls that say ``answer=`` (its shape)."""

_PAUSE_AT_ZERO = 5.0
"""Seconds without requests after Resource Manager says that none is left; when there will be, it does not say."""

_REMAINING = "x-ms-ratelimit-remaining-subscription-"

Request: TypeAlias = PipelineRequest[HttpRequest]
Response: TypeAlias = PipelineResponse[HttpRequest, HttpResponse]

logger = logging.getLogger(__name__)


def is_loopback(base_url: str) -> bool:
    """Whether an address leads to this machine."""
    host = urlsplit(base_url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def origin_of(url: str) -> tuple[str, str, int | None] | None:
    """Scheme, host and port of an address, however they are written; None where they are not plain."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return None
    # A login in front of the host is never Azure's, and programs do not agree where such a host begins.
    return None if "@" in parts.netloc else (parts.scheme, parts.hostname or "", port)


class Connection:
    """Sends requests within the budgets of the identity. A context manager; safe to share among threads.

    ``timeout`` is in seconds without a sign of the answer; ``deadline`` is for the whole of it.
    Raises :class:`~finance_ppm.errors.SettingsError` for an address to which no token may be sent.
    """

    def __init__(
        self,
        *,
        base_url: str,
        tokens: Tokens,
        budgets: Budgets,
        masker: Masker | None = None,
        timeout: float = 90.0,
        deadline: float = 300.0,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        parts = urlsplit(self.base_url)
        local = is_loopback(self.base_url)
        if parts.scheme != "https" and not local:
            raise SettingsError(
                f"AZURE_RESOURCE_MANAGER_URL ({self.base_url}) is not https, and a token is not sent where others may "
                "read it: correct it in the environment or in .env."
            )
        self._budget = _Budget(budgets)
        self._transport = TransportOfEachThread(
            deadline=deadline,
            connection_timeout=min(10.0, timeout),
            read_timeout=timeout,
            use_env_settings=not local,
        )
        sign_in = _SignIn(tokens, self.base_url)
        policies: list[Any] = [
            RequestIdPolicy(),
            UserAgentPolicy(base_user_agent="finance-ppm", user_agent_use_env=False),
            CustomHookPolicy(),
            _Attempts(self.base_url, budgets, masker or Masker(), tokens),
            sign_in,
            self._budget,
        ]
        self._pipeline: Pipeline[HttpRequest, HttpResponse] = Pipeline(self._transport, policies)
        # The SDK's clients insist on a credential; it is the pipeline that signs in.
        self.for_clients: Mapping[str, Any] = {
            "credential": tokens,
            "base_url": self.base_url,
            "pipeline": self._pipeline,
            "authentication_policy": sign_in,
        }

    @property
    def requests_sent(self) -> int:
        """Requests sent so far, those sent again included."""
        return self._budget.requests_sent

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._transport.close()


class _Attempts(HTTPPolicy[HttpRequest, HttpResponse]):
    """Sends a request until its answer is of use, decodes it, and tells in our words what went wrong.

    Options of a call are read here: ``about``, what it is for, as messages name it; ``answer``, the shape of the body,
    which is then found in the response's context under ``ANSWER``; ``action``, what must be allowed, if not reading;
    ``until``, by the limiter's clock, when it is not sent again.
    """

    def __init__(self, base_url: str, budgets: Budgets, masker: Masker, tokens: Tokens) -> None:
        super().__init__()
        self._base_url = base_url
        self._budgets = budgets
        self._masker = masker
        self._tokens = tokens
        self._patience = Patience()

    def send(self, request: Request) -> Response:
        options = request.context.options
        about, kind, action = options.pop("about"), options.pop("answer", None), options.pop("action", None)
        loop = retrying(
            self._budgets.of(request.http_request.url),
            attempts=self._patience.attempts,
            until=options.pop("until", float("inf")),
        )
        try:
            response = loop(lambda: self._attempt(request, about, kind, action))
        except AzureError as error:
            self._patience.ended(error)
            raise
        self._patience.ended(None)
        return response

    def _attempt(self, request: Request, about: str, kind: type[Any] | None, action: str | None) -> Response:
        raise_if_stopped()
        try:
            response = self._sent(request, about)
            self._patience.answered()
            http = response.http_response
            body = http.content
            if not 200 <= http.status_code < 300:
                raise error_of_answer(
                    http.status_code,
                    http.headers,
                    body,
                    about=about,
                    mask=self._mask,
                    remedy=self._tokens.sign_in.remedy,
                    action=action,
                )
            if kind is not None:
                response.context[ANSWER] = decode_answer(body, kind, about=about, headers=http.headers, mask=self._mask)
                response = _emptied(response)
        except AzureError as error:
            logger.warning(
                "%s failed: status %s, %s, correlation id %s",
                about,
                error.status,
                error.code,
                error.request_id,
                extra={"about": about, "status": error.status, "code": error.code, "request_id": error.request_id},
            )
            raise
        return response

    def _sent(self, request: Request, about: str) -> Response:
        try:
            return self.next.send(request)
        except SignInError as error:
            reason, sign_in = self._reason(str(error)), self._tokens.sign_in
            if error.unanswered:
                raise no_answer_to_sign_in(reason, host=sign_in.host, about=about) from None
            raise no_sign_in(reason, remedy=sign_in.remedy) from None
        except ServiceRequestError as error:
            raise no_connection(self._reason(error.message), base_url=self._base_url, about=about) from None
        except CoreError as error:
            code = "timeout" if isinstance(error, ServiceResponseTimeoutError) else "dropped"
            raise no_answer(self._reason(error.message), code=code, base_url=self._base_url, about=about) from None

    def _reason(self, told: object) -> str:
        return " ".join(self._mask(str(told)).split())[:400].rstrip(". ") or "for no reason that is told"

    def _mask(self, text: str) -> str:
        """An error may quote what was sent, and is stored and shown: not the token with it."""
        return self._masker(self._tokens.masked(text))


class _SignIn(HTTPPolicy[HttpRequest, HttpResponse]):
    """Lets a request carry the token, to nowhere but where it belongs; once more with another one after a 401."""

    def __init__(self, tokens: Tokens, base_url: str) -> None:
        super().__init__()
        self._tokens = tokens
        self._origin = origin_of(base_url)

    def send(self, request: Request) -> Response:
        origin = origin_of(request.http_request.url)
        if origin is None or origin != self._origin:
            where = "{}://{}:{}".format(*origin) if origin else "one that is not plain"
            raise AzureError(
                f"Azure's answer leads to another address ({where}), to which no token is sent: check "
                "AZURE_RESOURCE_MANAGER_URL, and whether a proxy answers in Azure's place.",
                code="elsewhere",
            )
        token = self._tokens.current()
        response = self._signed(request, token)
        if response.http_response.status_code == 401 and (other := self._tokens.renewed(token)) is not None:
            response = self._signed(request, other)
        return response

    def _signed(self, request: Request, token: str) -> Response:
        request.http_request.headers["Authorization"] = f"Bearer {token}"
        return self.next.send(request)


class _Budget(HTTPPolicy[HttpRequest, HttpResponse]):
    """Holds a request back until it may go, and listens to what the answer says of the next ones."""

    def __init__(self, budgets: Budgets) -> None:
        super().__init__()
        self.requests_sent = 0
        self._budgets = budgets
        self._lock = threading.Lock()

    def send(self, request: Request) -> Response:
        limiter = self._budgets.of(request.http_request.url)
        grant = limiter.acquire()
        with self._lock:
            self.requests_sent += 1
        try:
            response = self.next.send(request)
        finally:
            limiter.answered(grant)
        headers = response.http_response.headers
        remaining, resets = whole_number(headers.get("x-ms-user-quota-remaining")), resets_after(headers)
        if remaining is not None and resets is not None:
            limiter.observe(grant, remaining, resets)
        if any(name.lower().startswith(_REMAINING) and value.strip() == "0" for name, value in headers.items()):
            limiter.pause(_PAUSE_AT_ZERO)
        return response


def _emptied(response: Response) -> Response:
    """The response without its rows, so that the SDK does not decode them a second time.

    Its clients look for a body in two places: Resource Graph's in the response, Advisor's in the context, where
    azure-core's ContentDecodePolicy would leave it.
    """
    answer = response.context[ANSWER]
    next_link = answer.next_link if isinstance(answer, ListAnswer) else None
    response.context[ContentDecodePolicy.CONTEXT_NAME] = {"value": [], "nextLink": next_link}
    bare = cast(HttpResponse, _WithoutBody(response.http_response))
    return PipelineResponse(response.http_request, bare, response.context)


class _WithoutBody:
    """Status and headers of a response: as much of one as the SDK looks at."""

    body = b""

    def __init__(self, response: HttpResponse) -> None:
        self.status_code = response.status_code
        self.headers = response.headers

    def text(self) -> str:
        """No rows."""
        return ""
