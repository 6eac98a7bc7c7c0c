"""The network between client and sandbox: it records, delays, limits, and breaks what it was told to break.

Belongs here: everything that happens to a request outside of its handler. Control requests pass untouched.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from threading import Lock
from typing import Any, Final

import msgspec

from finance_ppm.sandbox.notion.budget import Budget
from finance_ppm.sandbox.notion.errors import ApiError, rate_limited
from finance_ppm.sandbox.notion.faults import CODES, Fault, FaultKind, Faults
from finance_ppm.sandbox.notion.rendering import ENCODER
from finance_ppm.sandbox.notion.schema import deterministic_id

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

CONTROL_PREFIX: Final = "/_sandbox/"
_DECODER: Final = msgspec.json.Decoder(float_hook=Decimal)
_JSON: Final = b"application/json; charset=utf-8"
_HTML: Final = b"<html>\r\n<head><title>%d</title></head>\r\n<body><center><h1>%d</h1></center></body>\r\n</html>\r\n"


@dataclass(frozen=True)
class RecordedRequest:
    """A request as it arrived, and the status it was answered with (None: the connection was dropped)."""

    method: str
    path: str
    status: int | None
    body: Any
    """The decoded JSON; the raw bytes of what is none; None for no body."""
    query: str = ""
    version: str = ""


@dataclass
class RequestLog:
    """The requests since the last reset, in the order in which they were answered."""

    _requests: list[RecordedRequest] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def add(self, request: RecordedRequest) -> None:
        """Record a request."""
        with self._lock:
            self._requests.append(request)

    def all(self) -> list[RecordedRequest]:
        """Everything recorded."""
        with self._lock:
            return list(self._requests)

    def reset(self) -> None:
        """Forget everything recorded."""
        with self._lock:
            self._requests.clear()


@dataclass
class _Reply:
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Wire:
    """An ASGI application around the API. ``latency`` is in seconds and added to every request."""

    def __init__(self, app: App, budget: Budget, faults: Faults, log: RequestLog, latency: float) -> None:
        self._app, self._budget, self._faults, self._log, self._latency = app, budget, faults, log, latency
        self._numbers = count(1)

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Carry one request to the API and its answer back."""
        if scope["type"] != "http" or scope["path"].startswith(CONTROL_PREFIX):
            await self._app(scope, receive, send)
            return
        body = await _body(receive)
        if self._latency:
            await asyncio.sleep(self._latency)
        reply = await self._reply(scope, body)
        self._record(scope, body, reply.status if reply else None)
        if reply is None:
            scope["state"]["transport"].abort()
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        await send({"type": "http.response.start", "status": reply.status, "headers": reply.headers})
        await send({"type": "http.response.body", "body": reply.body})

    async def _reply(self, scope: MutableMapping[str, Any], body: bytes) -> _Reply | None:
        """The answer, or None where the connection is to be dropped."""
        request_id = deterministic_id("unanswered", str(next(self._numbers)))
        wait = self._budget.spend()
        if wait:
            return _error(rate_limited(wait), request_id)
        fault = self._faults.strike(scope["method"], scope["path"])
        if fault is None:
            return await self._carry_out(scope, body)
        if fault.kind in _INSTEAD:
            return _INSTEAD[fault.kind](fault, request_id)
        await asyncio.sleep(fault.delay)
        return _AFTERWARDS[fault.kind](await self._carry_out(scope, body), body)

    async def _carry_out(self, scope: MutableMapping[str, Any], body: bytes) -> _Reply:
        reply = _Reply(500, [], b"")

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                reply.status, reply.headers = message["status"], list(message["headers"])
            else:
                reply.body += message.get("body", b"")

        await self._app(scope, receive, send)
        return reply

    def _record(self, scope: MutableMapping[str, Any], body: bytes, status: int | None) -> None:
        headers = dict(scope["headers"])
        self._log.add(
            RecordedRequest(
                scope["method"],
                scope["path"],
                status,
                _decoded(body),
                scope["query_string"].decode(),
                headers.get(b"notion-version", b"").decode(),
            )
        )


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
        return _DECODER.decode(body)
    except msgspec.DecodeError:
        return body


def _headers(body: bytes, kind: bytes) -> list[tuple[bytes, bytes]]:
    return [(b"content-type", kind), (b"content-length", str(len(body)).encode())]


def _error(error: ApiError, request_id: str) -> _Reply:
    text = ENCODER.encode(error.body() | {"request_id": request_id})
    headers = _headers(text, _JSON)
    more = [(name.encode(), value.encode()) for name, value in error.headers.items()]
    return _Reply(error.status, [*headers, *more, (b"x-notion-request-id", request_id.encode())], text)


def _fault_error(fault: Fault) -> ApiError:
    code = fault.code or CODES.get(fault.status, "internal_server_error")
    additional = fault.additional_data or None
    return ApiError(fault.status, code, fault.message, additional=additional, retry_after=fault.retry_after)


def _html(fault: Fault, _: str) -> _Reply:
    page = _HTML % (fault.status, fault.status)
    return _Reply(fault.status, _headers(page, b"text/html"), page)


def _broken_off(reply: _Reply, _: bytes) -> _Reply:
    text = reply.body[: len(reply.body) // 2]
    return _Reply(reply.status, _headers(text, _JSON), text)


def _repeated_cursor(reply: _Reply, asked: bytes) -> _Reply:
    """The answer, pointing back to where it was asked to start (to its own next cursor on a first page)."""
    shown, told = _decoded(reply.body), _decoded(asked)
    cursor = (told.get("start_cursor") if isinstance(told, dict) else None) or shown.get("next_cursor")
    text = ENCODER.encode(shown | {"next_cursor": cursor, "has_more": cursor is not None})
    return _Reply(reply.status, _headers(text, _JSON), text)


_INSTEAD: Final[dict[FaultKind, Callable[[Fault, str], _Reply | None]]] = {
    FaultKind.ERROR: lambda fault, request_id: _error(_fault_error(fault), request_id),
    FaultKind.HTML: _html,
    FaultKind.DROP_BEFORE: lambda *_: None,
}
"""Faults that come instead of the answer."""

_AFTERWARDS: Final[dict[FaultKind, Callable[[_Reply, bytes], _Reply | None]]] = {
    FaultKind.DELAY: lambda reply, _: reply,
    FaultKind.MALFORMED: _broken_off,
    FaultKind.DROP_AFTER: lambda *_: None,
    FaultKind.REPEATED_CURSOR: _repeated_cursor,
}
"""Faults that befall the answer of a request that was carried out."""
