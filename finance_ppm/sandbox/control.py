"""Control of a running sandbox over HTTP, under ``/_sandbox/``: what every sandbox can be told.

Belongs here: the clock, faults and requests, and how an order becomes a route. What one sandbox alone can be told is
its own ``control``'s.
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from finance_ppm.sandbox.orders import Occasion, Orders
from finance_ppm.sandbox.request_log import RequestLog

CONTROL_PREFIX: Final = "/_sandbox/"

Action = Callable[[Any], Any]
"""Carries out an order, given its decoded JSON; returns what is answered."""

T = TypeVar("T", bound=Occasion)


def common_orders(
    now: Callable[[], datetime],
    put_clock: Callable[[datetime], object],
    faults: Orders[T],
    fault_of: Callable[[dict[str, Any]], T],
    log: RequestLog,
) -> list[tuple[str, str, Action]]:
    """Method, name and action of what every sandbox can be told."""

    def clock(_: Any) -> Any:
        return {"now": now().isoformat()}

    def put(told: Any) -> Any:
        put_clock(datetime.fromisoformat(told["now"]))
        return clock(told)

    def waiting(_: Any) -> Any:
        return {"faults": [asdict(fault) for fault in faults.waiting()]}

    def add_fault(told: Any) -> Any:
        faults.add(fault_of(told))
        return waiting(told)

    def clear_faults(told: Any) -> Any:
        faults.clear()
        return waiting(told)

    def requests(_: Any) -> Any:
        recorded = log.all()
        return {"count": len(recorded), "requests": [asdict(request) for request in recorded]}

    def reset_requests(told: Any) -> Any:
        log.reset()
        return requests(told)

    return [
        ("GET", "clock", clock),
        ("PUT", "clock", put),
        ("GET", "faults", waiting),
        ("POST", "faults", add_fault),
        ("DELETE", "faults", clear_faults),
        ("GET", "requests", requests),
        ("DELETE", "requests", reset_requests),
    ]


def routes_of(
    orders: Iterable[tuple[str, str, Action]], *, decode: Callable[[bytes], Any], encoder: msgspec.json.Encoder
) -> list[BaseRoute]:
    """A route for each order; one that cannot be understood is answered with 400 and why."""

    def endpoint(action: Action) -> Any:
        async def respond(request: Request) -> Response:
            body = await request.body()
            try:
                answer, status = action(decode(body) if body else {}), 200
            except (KeyError, TypeError, ValueError) as error:
                answer, status = {"error": f"{type(error).__name__}: {error}"}, 400
            return Response(encoder.encode(answer), status, media_type="application/json")

        return respond

    return [Route(f"{CONTROL_PREFIX}{name}", endpoint(action), methods=[method]) for method, name, action in orders]
