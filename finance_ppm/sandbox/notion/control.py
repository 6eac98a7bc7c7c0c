"""Control of a running sandbox over HTTP, under ``/_sandbox/``: its clock, faults, requests, edits and state.

Belongs here: what a demo or a person at a shell needs. Tests in the same process use ``NotionSandbox``.
"""

from collections import Counter
from decimal import Decimal
from typing import Any

import msgspec
from starlette.routing import BaseRoute

from finance_ppm.sandbox.control import common_orders, routes_of
from finance_ppm.sandbox.notion.faults import Fault
from finance_ppm.sandbox.notion.history import Change, Edit
from finance_ppm.sandbox.notion.rendering import ENCODER
from finance_ppm.sandbox.notion.workspace import Workspace
from finance_ppm.sandbox.orders import Orders
from finance_ppm.sandbox.request_log import RequestLog

_DECODER = msgspec.json.Decoder(float_hook=Decimal)


def control_routes(workspace: Workspace, faults: Orders[Fault], log: RequestLog) -> list[BaseRoute]:
    """The control routes of one sandbox."""

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

    orders = [
        *common_orders(workspace.clock.now, workspace.set_clock, faults, Fault.of, log),
        ("POST", "edits", edit),
        ("PUT", "sharing", share),
        ("GET", "state", state),
    ]
    return routes_of(orders, decode=_DECODER.decode, encoder=ENCODER)
