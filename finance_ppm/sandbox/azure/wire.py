"""The network between client and sandbox: it records, delays, counts queries, and breaks what it was told to break.

Belongs here: everything that happens to a request outside of its handler. Control requests pass untouched. What is done
to the pages of Resource Graph is told in ``spoiling``.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

import msgspec

from finance_ppm.sandbox.azure.answers import ENCODER
from finance_ppm.sandbox.azure.errors import ArmError, throttled
from finance_ppm.sandbox.azure.faults import CODES, Fault, FaultKind
from finance_ppm.sandbox.azure.quota import Quota, Standing
from finance_ppm.sandbox.azure.spoiling import SPOILT_PAGES, Page
from finance_ppm.sandbox.control import CONTROL_PREFIX
from finance_ppm.sandbox.orders import Interruption, Orders
from finance_ppm.sandbox.request_log import RecordedRequest, RequestLog

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

SIGN_IN: Final = "/oauth2/v2.0/token"
GRAPH: Final = "/providers/Microsoft.ResourceGraph/resources"
_JSON: Final = b"application/json; charset=utf-8"
_HTML: Final = b"<html>\r\n<head><title>%d</title></head>\r\n<body><center><h1>%d</h1></center></body>\r\n</html>\r\n"


@dataclass
class _Reply:
    status: int | None
    """None: no answer at all."""
    headers: Headers
    body: bytes
    dropped: bool = False
    """Whether the connection is dropped after ``body``."""


_SILENCE: Final = _Reply(None, [], b"", dropped=True)


@dataclass
class Wire:
    """An ASGI application around the API. ``latency`` is in seconds and added to every request."""

    app: App
    quota: Quota
    now: Callable[[], datetime]
    faults: Orders[Fault]
    interruptions: Orders[Interruption]
    log: RequestLog
    latency: float
    failures: list[Exception] = field(default_factory=list)
    """What went wrong in the sandbox itself, or in an interruption: never part of the play."""
    _last_row: Any = None
    """The last row of the last page: what a duplicate repeats."""
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Carry one request to the API and its answer back."""
        if scope["type"] != "http" or scope["path"].startswith(CONTROL_PREFIX):
            await self.app(scope, receive, send)
            return
        body = await _body(receive)
        standing = self.quota.spend() if scope["path"] == GRAPH else None
        await asyncio.sleep(self.latency)
        try:
            reply = await self._reply(scope, body, standing)
        except Exception as error:  # of any kind: the client sees only an answer 500, the test must hear of the cause
            self.failures.append(error)
            raise
        self._record(scope, body, None if reply.dropped else reply.status)
        if reply.status is not None:
            headers = [*reply.headers, *_encoded(standing.headers() if standing else {})]
            await send({"type": "http.response.start", "status": reply.status, "headers": headers})
            await send({"type": "http.response.body", "body": reply.body, "more_body": reply.dropped})
        if reply.dropped:
            scope["state"]["transport"].abort()
            while (await receive())["type"] != "http.disconnect":
                pass

    async def _reply(self, scope: MutableMapping[str, Any], body: bytes, standing: Standing | None) -> _Reply:
        if standing is not None and standing.remaining is None:
            return self._throttled(standing.resets_after)
        interruption = self.interruptions.strike(scope["method"], scope["path"])
        if interruption is not None:  # in a thread, so that it may send requests of its own
            await asyncio.to_thread(interruption.action)
        fault = self.faults.strike(scope["method"], scope["path"])
        if fault is None:
            return await self._carry_out(scope, body)
        if fault.kind in _INSTEAD:
            return _INSTEAD[fault.kind](self, fault)
        await asyncio.sleep(fault.delay)
        before = self._last_row
        reply = await self._carry_out(scope, body)
        if fault.kind in SPOILT_PAGES:
            return _spoilt(reply, fault.kind, body, before)
        return _AFTERWARDS[fault.kind](reply)

    async def _carry_out(self, scope: MutableMapping[str, Any], body: bytes) -> _Reply:
        reply = _Reply(500, [], b"")

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                reply.status, reply.headers = message["status"], list(message["headers"])
            else:
                reply.body += message.get("body", b"")

        await self.app(scope, receive, send)
        if scope["path"] == GRAPH and self.faults.waiting():  # else nobody will ask for it
            page = Page.read(reply.body)
            self._last_row = page.rows[-1] if page and page.rows else None
        return reply

    def _throttled(self, retry_after: int) -> _Reply:
        number = uuid5(NAMESPACE_URL, f"unanswered {next(self._numbers)}")
        return _error(throttled(retry_after).at(self.now(), number))

    def error(self, fault: Fault) -> _Reply:
        """An error on order."""
        if fault.code == "RateLimiting":
            return self._throttled(fault.retry_after)
        headers = {"retry-after": str(fault.retry_after)} if fault.retry_after else None
        code = fault.code or CODES.get(fault.status, "InternalServerError")
        return _error(ArmError(fault.status, code, fault.message, headers=headers))

    def _record(self, scope: MutableMapping[str, Any], body: bytes, status: int | None) -> None:
        query = scope["query_string"].decode()
        version = query.partition("api-version=")[2].partition("&")[0]
        told = None if scope["path"].endswith(SIGN_IN) else _decoded(body)  # a client's secret is not kept
        self.log.add(RecordedRequest(scope["method"], scope["path"], status, told, query, version))


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _decoded(body: bytes) -> Any:
    if not body:
        return None
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:
        return body


def _encoded(headers: dict[str, str]) -> Headers:
    return [(name.encode(), value.encode()) for name, value in headers.items()]


def _headers(body: bytes, kind: bytes) -> Headers:
    return [(b"content-type", kind), (b"content-length", str(len(body)).encode())]


def _error(error: ArmError) -> _Reply:
    text = ENCODER.encode(error.body())
    return _Reply(error.status, [*_headers(text, _JSON), *_encoded(error.headers)], text)


def _html(status: int) -> _Reply:
    page = _HTML % (status, status)
    return _Reply(status, _headers(page, b"text/html"), page)


def _of_text(reply: _Reply, text: bytes, more: Headers | None = None) -> _Reply:
    return _Reply(reply.status, [*_headers(text, _JSON), *(more or [])], text)


def _spoilt(reply: _Reply, kind: FaultKind, asked: bytes, before: Any) -> _Reply:
    page = Page.read(reply.body)
    if page is None:
        return reply
    more = SPOILT_PAGES[kind](page, _decoded(asked), before)
    return _of_text(reply, ENCODER.encode(page.told), _encoded(more or {}))


_INSTEAD: Final[dict[FaultKind, Callable[[Wire, Fault], _Reply]]] = {
    FaultKind.ERROR: Wire.error,
    FaultKind.HTML: lambda _, fault: _html(fault.status),
    FaultKind.DROP_BEFORE: lambda *_: _SILENCE,
}
"""Faults that come instead of the answer."""

_AFTERWARDS: Final[dict[FaultKind, Callable[[_Reply], _Reply]]] = {
    FaultKind.DELAY: lambda reply: reply,
    FaultKind.MALFORMED: lambda reply: _of_text(reply, reply.body[: len(reply.body) // 2]),
    FaultKind.EMPTY: lambda reply: _of_text(reply, b""),
    FaultKind.DROP_AFTER: lambda _: _SILENCE,
    FaultKind.DROP_DURING: lambda reply: replace(reply, body=reply.body[: len(reply.body) // 2], dropped=True),
}
"""Faults that befall the answer of a request that was carried out. Where the connection is dropped in the middle, the
headers still promise the whole body."""
