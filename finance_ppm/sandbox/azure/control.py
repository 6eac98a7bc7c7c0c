"""Control of a running sandbox over HTTP, under ``/_sandbox/``: its clock, faults, requests and state.

Belongs here: what a demo or a person at a shell needs. Tests in the same process use ``AzureSandbox``.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from finance_ppm.sandbox.azure.answers import ENCODER
from finance_ppm.sandbox.azure.calls import Service
from finance_ppm.sandbox.azure.faults import Fault
from finance_ppm.sandbox.azure.wire import CONTROL_PREFIX
from finance_ppm.sandbox.orders import Orders
from finance_ppm.sandbox.request_log import RequestLog


def control_routes(service: Service, faults: Orders[Fault], log: RequestLog) -> list[BaseRoute]:
    """The control routes of one sandbox."""
    sandbox_clock = service.clock

    def clock(_: Any) -> Any:
        return {"now": sandbox_clock.now().isoformat()}

    def put_clock(told: Any) -> Any:
        sandbox_clock.put_forward(datetime.fromisoformat(told["now"]))
        return clock(told)

    def waiting(_: Any) -> Any:
        return {"faults": [fault.as_json() for fault in faults.waiting()]}

    def add_fault(told: Any) -> Any:
        faults.add(Fault.of(told))
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

    def state(told: Any) -> Any:
        subscriptions = service.estate.subscriptions(sandbox_clock.now())
        statuses = Counter(str(request.status) for request in log.all())
        return {**clock(told), "requests": statuses, "tenant_id": service.estate.tenant_id} | {
            "subscriptions": dict(subscriptions)
        }

    table: list[tuple[str, str, Callable[[Any], Any]]] = [
        ("GET", "clock", clock),
        ("PUT", "clock", put_clock),
        ("GET", "faults", waiting),
        ("POST", "faults", add_fault),
        ("DELETE", "faults", clear_faults),
        ("GET", "requests", requests),
        ("DELETE", "requests", reset_requests),
        ("GET", "state", state),
    ]
    return [Route(f"{CONTROL_PREFIX}{name}", _endpoint(action), methods=[method]) for method, name, action in table]


def _endpoint(action: Callable[[Any], Any]) -> Any:
    async def respond(request: Request) -> Response:
        body = await request.body()
        try:
            answer, status = action(msgspec.json.decode(body) if body else {}), 200
        except (KeyError, TypeError, ValueError) as error:
            answer, status = {"error": f"{type(error).__name__}: {error}"}, 400
        return Response(ENCODER.encode(answer), status, media_type="application/json")

    return respond
