"""Sending one request to Notion: when it may go, how it may fail, and whether it goes again.

Belongs here: HTTP. What is asked for, and in which words, is the client's business.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import httpx
from pydantic import SecretStr

from finance_ppm.sources.notion.errors import (
    OVERLOADED,
    NotionError,
    error_of_answer,
    maybe_done,
    no_answer,
    no_connection,
)
from finance_ppm.sources.notion.json_text import decode_answer, write_json
from finance_ppm.sources.notion.limiter import Limiter
from finance_ppm.sources.notion.retry import ATTEMPTS, FIRST_CONTACT_ATTEMPTS, retrying

PAGE_SIZE = 100
"""The most that one answer holds."""

SMALLEST_PAGE_SIZE = 25

CONCURRENCY = 16
"""Requests under way at once: at 350 ms each, enough to spend 600 a minute several times over."""

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

logger = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass
class Errand:
    """What a series of requests is about, as messages name it; what it has cost; how much it may ask for at once."""

    about: str
    requests: int = 0
    page_size: int = PAGE_SIZE
    in_part: list[str] = field(default_factory=list)
    """Sentences on values that Notion did not tell whole."""

    def read_in_part(self, page_id: str, property_name: str, why: str) -> None:
        """Note that a value stays as its page shows it."""
        self.in_part.append(f"The property {property_name!r} of page {page_id} was read in part: {why}")
        logger.warning("%s", self.in_part[-1])

    def ask_for_less(self) -> None:
        """Halve what one query asks for, from now on."""
        self.page_size = min(self.page_size, max(SMALLEST_PAGE_SIZE, self.page_size // 2))


@dataclass(frozen=True)
class Request:
    """A request: ``path`` below the base URL, percent-encoded; ``body`` is sent as JSON."""

    method: str
    path: str
    params: Mapping[str, str] | None = None
    body: Mapping[str, Any] | None = None


class Transport:
    """Sends requests within the limiter's budget. An async context manager."""

    def __init__(self, *, token: SecretStr, base_url: str, version: str, limiter: Limiter, timeout: float) -> None:
        secret = token.get_secret_value()
        # Checked here, because the HTTP library quotes a header that it refuses.
        if not secret.isascii() or not secret.isprintable():
            raise NotionError("NOTION_TOKEN holds characters that no token has: copy it again from Notion.")
        self.requests_sent = 0
        self._secret = secret.encode()
        self._base_url = base_url.rstrip("/")
        self._limiter = limiter
        self._reached = False
        self._slots = asyncio.Semaphore(CONCURRENCY)
        self._http = httpx.AsyncClient(
            base_url=self._base_url,
            headers={"Authorization": f"Bearer {secret}", "Notion-Version": version, "User-Agent": "finance-ppm"},
            timeout=timeout,
            limits=httpx.Limits(max_connections=CONCURRENCY, max_keepalive_connections=CONCURRENCY),
            # A proxy of the environment leads away from this machine, not back to it.
            trust_env=urlsplit(self._base_url).hostname not in _LOOPBACK,
        )

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self._http.aclose()

    async def read(self, request: Callable[[], Request], kind: type[T], errand: Errand) -> T:
        """The answer, of the shape ``kind``. ``request`` is asked anew for each attempt: it may ask for less then."""

        async def attempt() -> T:
            try:
                return await self._send(request(), kind, errand)
            except NotionError as error:
                if error.ask_for_less:
                    errand.ask_for_less()
                raise

        return await self._retried(attempt)

    async def write(self, request: Request, errand: Errand) -> dict[str, Any]:
        """The answer to a write. A POST is sent again only where it was certainly not done."""

        async def attempt() -> dict[str, Any]:
            try:
                return await self._send(request, dict[str, Any], errand)
            except NotionError as error:
                not_done = error.code == "unreachable" or error.status in {409, *OVERLOADED}
                if request.method == "POST" and error.retryable and not not_done:
                    raise maybe_done(error, about=errand.about) from error
                raise

        return await self._retried(attempt)

    async def _retried(self, attempt: Callable[[], Awaitable[T]]) -> T:
        loop = retrying(self._limiter, attempts=lambda: ATTEMPTS if self._reached else FIRST_CONTACT_ATTEMPTS)
        return await loop(attempt)

    async def _send(self, request: Request, kind: type[T], errand: Errand) -> T:
        try:
            # A slot before a grant: a request that is granted goes at once, so that grants count what is sent.
            async with self._slots:
                await self._limiter.acquire()
                self.requests_sent += 1
                errand.requests += 1
                response = await self._answer(request, errand.about)
            self._reached = True
            if not response.is_success:
                # An error may quote what was sent, and is stored and shown: not the token with it.
                body = response.content.replace(self._secret, b"***")
                raise error_of_answer(response.status_code, response.headers, body, about=errand.about)
            logger.debug(
                "%s %s: %s",
                request.method,
                request.path,
                response.status_code,
                extra={"about": errand.about, "request_id": response.headers.get("x-notion-request-id")},
            )
            return decode_answer(response.content, kind, about=errand.about)
        except NotionError as error:
            logger.warning(
                "%s %s failed: status %s, %s, request id %s",
                request.method,
                request.path,
                error.status,
                error.code,
                error.request_id,
                extra={
                    "about": errand.about,
                    "method": request.method,
                    "path": request.path,
                    "status": error.status,
                    "code": error.code,
                    "request_id": error.request_id,
                },
            )
            raise

    async def _answer(self, request: Request, about: str) -> httpx.Response:
        try:
            return await self._http.request(
                request.method,
                request.path,
                params=request.params,
                content=None if request.body is None else write_json(request.body),
                headers=None if request.body is None else {"Content-Type": "application/json"},
            )
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise no_connection(_reason(error), base_url=self._base_url, about=about) from error
        except httpx.RequestError as error:
            code = "timeout" if isinstance(error, httpx.TimeoutException) else "dropped"
            raise no_answer(_reason(error), code=code, base_url=self._base_url, about=about) from error


def _reason(error: httpx.RequestError) -> str:
    return str(error) or type(error).__name__
