"""Fetching one file over HTTP: how it may fail, and how much of it is taken.

Belongs here: HTTP. Whether it is fetched again is decided in ``retry``, what is in it is read by ``files``.
"""

import time
from collections.abc import Callable
from typing import Self
from urllib.parse import urlsplit

import httpx

from finance_ppm.sources.fx.errors import FxError, error_of_answer, no_answer, no_connection, too_large
from finance_ppm.sources.fx.files import LIMIT

MOST_REDIRECTS = 5

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Downloads:
    """Fetches files from one host. A context manager.

    ``timeout``: seconds until a connection stands, and between two pieces of an answer; ``deadline``: seconds that a
    whole answer may take.
    """

    def __init__(
        self,
        base_url: str,
        *,
        timeout: float = 30.0,
        deadline: float = 120.0,
        limit: int = LIMIT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.requests = 0
        self._deadline = deadline
        self._limit = limit
        self._clock = clock
        self._http = httpx.Client(
            headers={"User-Agent": "finance-ppm"},
            timeout=timeout,
            follow_redirects=True,
            # A proxy of the environment leads away from this machine, not back to it.
            trust_env=urlsplit(base_url).hostname not in _LOOPBACK,
            event_hooks={"request": [self._count]},
        )
        self._http.max_redirects = MOST_REDIRECTS

    def __enter__(self) -> Self:
        self._http.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._http.close()

    def fetch(self, url: str, *, about: str) -> bytes:
        """The file, by one attempt. Redirects are followed, but never from https to http.

        Raises :class:`FxError`.
        """
        until = self._clock() + self._deadline
        try:
            with self._http.stream("GET", url) as response:
                if any(one.url.scheme == "https" for one in response.history) and response.url.scheme != "https":
                    raise FxError(
                        f"{about} leads from https to http, where anybody on the way could change the rates: check the "
                        "address in PPM_FX_RATES."
                    )
                if not response.is_success:
                    raise error_of_answer(response.status_code, response.headers, about=about)
                content = bytearray()
                for piece in response.iter_bytes():
                    content += piece
                    if len(content) > self._limit:
                        raise too_large(self._limit, about=about)
                    if self._clock() > until:
                        raise no_answer(f"it was not whole after {self._deadline:g} seconds", about=about)
                return bytes(content)
        except (httpx.TooManyRedirects, httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            raise FxError(f"{about} leads nowhere ({error}): check the address in PPM_FX_RATES.") from error
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise no_connection(_reason(error), about=about) from error
        except httpx.RequestError as error:
            raise no_answer(_reason(error), about=about) from error

    def _count(self, _: httpx.Request) -> None:
        self.requests += 1


def _reason(error: httpx.RequestError) -> str:
    return str(error) or type(error).__name__
