"""Control of a running sandbox over HTTP, under ``/_sandbox/``: its clock, faults, requests and state.

Belongs here: what a demo or a person at a shell needs. Tests in the same process use ``AzureSandbox``.
"""

from collections import Counter
from typing import Any

import msgspec
from starlette.routing import BaseRoute

from finance_ppm.sandbox.azure.answers import ENCODER
from finance_ppm.sandbox.azure.calls import Service
from finance_ppm.sandbox.azure.faults import Fault
from finance_ppm.sandbox.control import common_orders, routes_of
from finance_ppm.sandbox.orders import Orders
from finance_ppm.sandbox.request_log import RequestLog


def control_routes(service: Service, faults: Orders[Fault], log: RequestLog) -> list[BaseRoute]:
    """The control routes of one sandbox."""
    clock = service.clock

    def state(_: Any) -> Any:
        subscriptions = service.estate.subscriptions(clock.now())
        statuses = Counter(str(request.status) for request in log.all())
        return {"now": clock.now().isoformat(), "requests": statuses, "tenant_id": service.estate.tenant_id} | {
            "subscriptions": dict(subscriptions)
        }

    orders = [
        *common_orders(clock.now, clock.put_forward, faults, Fault.of, log),
        ("GET", "state", state),
    ]
    return routes_of(orders, decode=msgspec.json.decode, encoder=ENCODER)
