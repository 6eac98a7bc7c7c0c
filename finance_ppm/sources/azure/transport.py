"""Sockets: sending a request, and reading its answer while it is worth waiting for.

Belongs here: what azure-core's transport does not do. It may not be shared among threads; it waits for ever for an
answer that comes byte by byte, because a socket's timeout is that of one piece; and the requests library below it
puts a login of ``~/.netrc`` in place of the token where it may read the environment.
"""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from azure.core.pipeline.transport import HttpTransport, RequestsTransport
from azure.core.rest import HttpRequest, HttpResponse
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from requests.exceptions import ReadTimeout

from finance_ppm.sources.azure.stopping import raise_if_stopped


class TransportOfEachThread(HttpTransport[HttpRequest, HttpResponse]):
    """A transport for each thread. ``deadline``: seconds that an answer may take from the request to its last byte.

    Its head may take longer, where it drips: http.client reads that in one piece. ``options`` are those of azure-core's
    ``RequestsTransport``; proxies and certificates of the environment are used where ``use_env_settings`` says so.
    """

    def __init__(self, *, deadline: float, time: Callable[[], float] = time.monotonic, **options: Any) -> None:
        self._deadline = deadline
        self._time = time
        self._options = options
        self._local = threading.local()
        self._opened: list[RequestsTransport] = []
        self._lock = threading.Lock()

    def send(self, request: HttpRequest, **options: Any) -> HttpResponse:
        """The whole answer. Raises what azure-core raises."""
        transport: RequestsTransport | None = getattr(self._local, "transport", None)
        if transport is None:
            transport = self._local.transport = self._made()
            with self._lock:
                self._opened.append(transport)
        response: HttpResponse = transport.send(request, **options)
        return response

    def open(self) -> None:
        """Each thread's is opened by its first request."""

    def close(self) -> None:
        """Close all of them."""
        with self._lock:
            while self._opened:
                self._opened.pop().close()

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _made(self) -> RequestsTransport:
        transport = RequestsTransport(**self._options)
        transport.open()
        assert transport.session is not None
        # Where a session has a login of its own, netrc is not asked for one; this one leaves the request as it is.
        transport.session.auth = _as_it_is
        transport.session.mount("http://", _InTime(self._deadline, self._time))
        transport.session.mount("https://", _InTime(self._deadline, self._time))
        return transport


def _as_it_is(request: PreparedRequest) -> PreparedRequest:
    return request


class _InTime(HTTPAdapter):
    """Gives an answer whose body must be whole in time."""

    def __init__(self, deadline: float, time: Callable[[], float]) -> None:
        super().__init__()
        self._deadline = deadline
        self._time = time

    def send(self, request: PreparedRequest, *arguments: Any, **options: Any) -> Response:
        until = self._time() + self._deadline
        response = super().send(request, *arguments, **options)

        def in_time() -> None:
            raise_if_stopped()
            if self._time() > until:
                raise ReadTimeout(f"it was not whole after {self._deadline:g} seconds")

        response.raw = _Watched(response.raw, in_time)
        return response


class _Watched:
    """A body that is handed on in the pieces in which it comes, each after a ``check``, which may raise."""

    def __init__(self, body: Any, check: Callable[[], None]) -> None:
        self._body = body
        self._check = check

    def stream(self, size: int | None = None, decode_content: bool | None = None) -> Iterator[bytes]:
        """The pieces, of at most ``size`` bytes. urllib3's own would wait until each of them has that size."""
        try:
            while piece := self._body.read1(size, decode_content=decode_content):
                self._check()
                yield piece
        finally:
            # Nobody may go on to read from a connection whose answer was not read to its end.
            if not self._body.closed:
                self._body.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._body, name)
