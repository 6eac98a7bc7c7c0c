"""The sandbox as an ASGI application: a folder of files, and what goes wrong with a request for one.

Belongs here: HTTP. What a file says is ``walk``'s, how it looks is ``files``'s.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Final

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from finance_ppm.sandbox.clock import SandboxClock
from finance_ppm.sandbox.control import common_orders, routes_of
from finance_ppm.sandbox.orders import Orders
from finance_ppm.sandbox.rates.faults import Fault, FaultKind
from finance_ppm.sandbox.rates.files import day_csv, history_csv, xml, zipped
from finance_ppm.sandbox.rates.walk import Published
from finance_ppm.sandbox.request_log import RecordedRequest, RequestLog

FOLDER: Final = "/stats/eurofxref"
"""Where the files lie, as at the European Central Bank."""

_PAGE: Final = b"<!DOCTYPE html>\r\n<html><head><title>%d</title></head><body><h1>%d</h1></body></html>\r\n"
_KINDS: Final = {"zip": "application/zip", "xml": "text/xml"}
_NINETY_DAYS: Final = timedelta(days=90)


@dataclass
class Shelf:
    """The files. The history is made anew only when it says something new."""

    published: Published
    _history: tuple[tuple[object, ...], bytes] | None = None
    _lock: Lock = field(default_factory=Lock)

    def file(self, name: str, now: datetime) -> bytes | None:
        """The file of that name as it is at ``now``; None where there is none."""
        published = self.published
        newest = published.newest(now)
        match name:
            case "eurofxref-daily.xml":
                return xml(published.days(now, since=newest)).encode()
            case "eurofxref.zip":
                [(day, rates)] = published.days(now, since=newest)
                return zipped("eurofxref.csv", day_csv(day, rates))
            case "eurofxref-hist-90d.xml":
                return xml(published.days(now, since=newest - _NINETY_DAYS)).encode()
            case "eurofxref-hist.xml":
                return xml(published.days(now)).encode()
            case "eurofxref-hist.zip":
                return self._history_zip(now)
        return None

    def _history_zip(self, now: datetime) -> bytes:
        state = (self.published.newest(now), self.published.edits)
        with self._lock:
            if self._history is None or self._history[0] != state:
                self._history = state, zipped("eurofxref-hist.csv", history_csv(self.published.days(now)))
            return self._history[1]


def build_app(shelf: Shelf, clock: SandboxClock, faults: Orders[Fault], log: RequestLog) -> Starlette:
    """The folder and, beside it, the sandbox's own control routes."""

    async def respond(request: Request) -> Response:
        fault = faults.strike(request.method, request.url.path)
        if fault is not None and fault.kind is FaultKind.DROP:
            _record(log, request, None)
            request.scope["state"]["transport"].abort()
            return Response()
        response = await _answer(request, fault)
        _record(log, request, response.status_code)
        return response

    async def _answer(request: Request, fault: Fault | None) -> Response:
        if fault is not None:
            await asyncio.sleep(fault.delay)
            if (instead := _instead(fault)) is not None:
                return instead
        name = request.path_params["name"]
        body = await asyncio.to_thread(shelf.file, name, clock.now())
        if body is None:
            return Response(_PAGE % (404, 404), 404, media_type="text/html")
        if fault is not None and fault.kind is FaultKind.TRUNCATED:
            body = body[: len(body) // 2]
        return Response(body, media_type=_KINDS[name.rpartition(".")[2]])

    orders = common_orders(clock.now, clock.put_forward, faults, Fault.of, log)
    control = routes_of(orders, decode=msgspec.json.decode, encoder=msgspec.json.Encoder())
    return Starlette(routes=[*control, Route(f"{FOLDER}/{{name}}", respond)])


def _instead(fault: Fault) -> Response | None:
    """The answer that comes in place of the file, where one does."""
    headers: dict[str, Any] = {"retry-after": str(fault.retry_after)} if fault.retry_after else {}
    match fault.kind:
        case FaultKind.ERROR:
            return Response(status_code=fault.status, headers=headers)
        case FaultKind.HTML:
            return Response(_PAGE % (fault.status, fault.status), fault.status, headers, "text/html")
        case FaultKind.MOVED:
            return Response(status_code=301, headers={"location": fault.location})
    return None


def _record(log: RequestLog, request: Request, status: int | None) -> None:
    log.add(RecordedRequest(request.method, request.url.path, status, None, request.url.query))
