"""The network between client and sandbox: it records, delays, limits, and breaks what it was told to break.

Belongs here: everything that happens to a request outside of its handler. Control requests pass untouched.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import count
from typing import Any, Final

import msgspec

from finance_ppm.sandbox.control import CONTROL_PREFIX
from finance_ppm.sandbox.notion.budget import Budget
from finance_ppm.sandbox.notion.errors import ApiError, rate_limited
from finance_ppm.sandbox.notion.faults import CODES, Fault, FaultKind
from finance_ppm.sandbox.notion.query import INCOMPLETE, cursor_to
from finance_ppm.sandbox.notion.rendering import ENCODER
from finance_ppm.sandbox.notion.schema import deterministic_id
from finance_ppm.sandbox.orders import Interruption, Orders
from finance_ppm.sandbox.request_log import RecordedRequest, RequestLog

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

_DECODER: Final = msgspec.json.Decoder(float_hook=Decimal)
_JSON: Final = b"application/json; charset=utf-8"
_HTML: Final = b"<html>\r\n<head><title>%d</title></head>\r\n<body><center><h1>%d</h1></center></body>\r\n</html>\r\n"


@dataclass
class _Reply:
    status: int | None
    """None: no answer at all."""
    headers: list[tuple[bytes, bytes]]
    body: bytes
    dropped: bool = False
    """Whether the connection is dropped after ``body``."""


_SILENCE: Final = _Reply(None, [], b"", dropped=True)


@dataclass
class Wire:
    """An ASGI application around the API. ``latency`` is in seconds and added to every request."""

    app: App
    budget: Budget
    faults: Orders[Fault]
    interruptions: Orders[Interruption]
    log: RequestLog
    latency: float
    failures: list[Exception] = field(default_factory=list)
    """What went wrong in the sandbox itself, or in an interruption: never part of the play."""
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Carry one request to the API and its answer back."""
        if scope["type"] != "http" or scope["path"].startswith(CONTROL_PREFIX):
            await self.app(scope, receive, send)
            return
        body = await _body(receive)
        wait = self.budget.spend()
        await asyncio.sleep(self.latency)
        try:
            reply = await self._reply(scope, body, wait)
        except Exception as error:
            self.failures.append(error)
            raise
        self._record(scope, body, None if reply.dropped else reply.status)
        if reply.status is not None:
            await send({"type": "http.response.start", "status": reply.status, "headers": reply.headers})
            await send({"type": "http.response.body", "body": reply.body, "more_body": reply.dropped})
        if reply.dropped:
            scope["state"]["transport"].abort()
            while (await receive())["type"] != "http.disconnect":
                pass

    async def _reply(self, scope: MutableMapping[str, Any], body: bytes, wait: int) -> _Reply:
        request_id = deterministic_id("unanswered", str(next(self._numbers)))
        if wait:
            return _error(rate_limited(wait), request_id)
        interruption = self.interruptions.strike(scope["method"], scope["path"])
        if interruption is not None:  # in a thread, so that it may send requests of its own
            await asyncio.to_thread(interruption.action)
        fault = self.faults.strike(scope["method"], scope["path"])
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

        await self.app(scope, receive, send)
        return reply

    def _record(self, scope: MutableMapping[str, Any], body: bytes, status: int | None) -> None:
        headers = dict(scope["headers"])
        self.log.add(
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
    return _of_text(reply, reply.body[: len(reply.body) // 2])


def _empty(reply: _Reply, _: bytes) -> _Reply:
    return _of_text(reply, b"")


def _dropped_midway(reply: _Reply, _: bytes) -> _Reply:
    """Its headers still promise the whole body."""
    return replace(reply, body=reply.body[: len(reply.body) // 2], dropped=True)


def _of_text(reply: _Reply, text: bytes) -> _Reply:
    return _Reply(reply.status, _headers(text, _JSON), text)


def _retold(reply: _Reply, **told: Any) -> _Reply:
    """The answer with some of its keys told otherwise; one that is no list as it is."""
    shown = _decoded(reply.body)
    if not isinstance(shown, dict) or shown.get("object") != "list":
        return reply
    return _of_text(reply, ENCODER.encode(shown | told))


def _repeated_cursor(reply: _Reply, asked: bytes) -> _Reply:
    """The answer of a query, pointing back to where it began. A first page that is the last one stays as it is."""
    told, shown = _decoded(asked), _decoded(reply.body)
    cursor = told.get("start_cursor") if isinstance(told, dict) else None
    if cursor is None and shown.get("next_cursor"):
        cursor = cursor_to(0, shown["results"][0]["id"])
    return _retold(reply, next_cursor=cursor, has_more=True) if cursor else reply


def _lost_cursor(reply: _Reply, _: bytes) -> _Reply:
    return _retold(reply, next_cursor=None, has_more=True)


def _truncated(reply: _Reply, _: bytes) -> _Reply:
    return _retold(reply, next_cursor=None, has_more=False, request_status=INCOMPLETE)


_INSTEAD: Final[dict[FaultKind, Callable[[Fault, str], _Reply]]] = {
    FaultKind.ERROR: lambda fault, request_id: _error(_fault_error(fault), request_id),
    FaultKind.HTML: _html,
    FaultKind.DROP_BEFORE: lambda *_: _SILENCE,
}
"""Faults that come instead of the answer."""

_AFTERWARDS: Final[dict[FaultKind, Callable[[_Reply, bytes], _Reply]]] = {
    FaultKind.DELAY: lambda reply, _: reply,
    FaultKind.MALFORMED: _broken_off,
    FaultKind.EMPTY: _empty,
    FaultKind.DROP_AFTER: lambda *_: _SILENCE,
    FaultKind.DROP_DURING: _dropped_midway,
    FaultKind.REPEATED_CURSOR: _repeated_cursor,
    FaultKind.LOST_CURSOR: _lost_cursor,
    FaultKind.TRUNCATED: _truncated,
}
"""Faults that befall the answer of a request that was carried out."""
