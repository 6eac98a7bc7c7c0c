"""Control of a running sandbox over HTTP, under ``/_sandbox/``: its clock, faults, requests, edits and state.

Belongs here: what a demo or a person at a shell needs. Tests in the same process use ``NotionSandbox``.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from finance_ppm.sandbox.notion.faults import Fault
from finance_ppm.sandbox.notion.history import Change, Edit
from finance_ppm.sandbox.notion.rendering import ENCODER
from finance_ppm.sandbox.notion.wire import CONTROL_PREFIX
from finance_ppm.sandbox.notion.workspace import Workspace
from finance_ppm.sandbox.orders import Orders
from finance_ppm.sandbox.request_log import RequestLog

_DECODER = msgspec.json.Decoder(float_hook=Decimal)


def control_routes(workspace: Workspace, faults: Orders[Fault], log: RequestLog) -> list[BaseRoute]:
    """The control routes of one sandbox."""

    def clock(_: Any) -> Any:
        return {"now": workspace.clock.now().isoformat()}

    def put_clock(told: Any) -> Any:
        workspace.set_clock(datetime.fromisoformat(told["now"]))
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

    def edit(told: Any) -> Any:
        workspace.edit(
            Edit(
                workspace.clock.now(),
                told["database"],
                told["page_id"],
                Change(told["change"]),
                told.get("properties", {}),
                told.get("override", {}),
            )
        )
        return {"page_id": told["page_id"]}

    def share(told: Any) -> Any:
        workspace.share(told["database"], shared=bool(told["shared"]), data_source=told.get("data_source"))
        return told

    def state(_: Any) -> Any:
        with workspace.lock:
            return {
                "now": workspace.clock.now().isoformat(),
                "requests": Counter(str(request.status) for request in log.all()),
                "databases": {
                    name: {
                        "database_id": identifier,
                        "data_source_ids": [source.id for source in workspace.databases[identifier].sources],
                        "pages": sum(
                            page.is_listed and page.contained is None
                            for source in workspace.databases[identifier].sources
                            for page in workspace.tables[source.id].created
                        ),
                    }
                    for name, identifier in workspace.database_ids.items()
                },
            }

    table: list[tuple[str, str, Callable[[Any], Any]]] = [
        ("GET", "clock", clock),
        ("PUT", "clock", put_clock),
        ("GET", "faults", waiting),
        ("POST", "faults", add_fault),
        ("DELETE", "faults", clear_faults),
        ("GET", "requests", requests),
        ("DELETE", "requests", reset_requests),
        ("POST", "edits", edit),
        ("PUT", "sharing", share),
        ("GET", "state", state),
    ]
    return [Route(f"{CONTROL_PREFIX}{name}", _endpoint(action), methods=[method]) for method, name, action in table]


def _endpoint(action: Callable[[Any], Any]) -> Any:
    async def respond(request: Request) -> Response:
        body = await request.body()
        try:
            answer, status = action(_DECODER.decode(body) if body else {}), 200
        except (KeyError, TypeError, ValueError) as error:
            answer, status = {"error": f"{type(error).__name__}: {error}"}, 400
        return Response(ENCODER.encode(answer), status, media_type="application/json")

    return respond
