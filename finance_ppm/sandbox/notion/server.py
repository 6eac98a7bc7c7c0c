"""Runs the sandbox: a web server on loopback in a thread of its own, and the handle by which tests hold it.

Belongs here: starting, stopping, and the handle. What is served is ``app``'s.
"""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from threading import Thread
from typing import Any, Final

import uvicorn
from pydantic import SecretStr
from uvicorn.protocols.http.h11_impl import H11Protocol

from finance_ppm.sandbox.notion.app import build_app
from finance_ppm.sandbox.notion.budget import Budget
from finance_ppm.sandbox.notion.calls import Service
from finance_ppm.sandbox.notion.clock import SandboxClock
from finance_ppm.sandbox.notion.control import control_routes
from finance_ppm.sandbox.notion.faults import Fault, Faults
from finance_ppm.sandbox.notion.history import Edit, History
from finance_ppm.sandbox.notion.wire import RecordedRequest, RequestLog, Wire
from finance_ppm.sandbox.notion.workspace import Workspace

TOKEN: Final = SecretStr("ntn_sandbox")
"""What the sandbox takes for a token. It opens nothing else."""


@dataclass
class NotionSandbox:
    """A running sandbox."""

    base_url: str
    token: SecretStr
    database_ids: dict[str, str]
    """Short name to database id."""
    workspace: Workspace
    _faults: Faults
    _log: RequestLog

    def requests(self) -> list[RecordedRequest]:
        """The requests since the last reset, control requests excluded, in the order of their answers."""
        return self._log.all()

    def reset_requests(self) -> None:
        """Forget the requests so far."""
        self._log.reset()

    def set_clock(self, moment: datetime) -> None:
        """Put the clock forward and replay the history up to it. Raises ValueError for a moment that has passed."""
        self.workspace.set_clock(moment)

    def edit(self, edit: Edit) -> None:
        """Make one edit now, whatever ``edit.at`` says. Raises ValueError when it does not fit the workspace."""
        self.workspace.edit(edit)

    def add_fault(self, fault: Fault) -> None:
        """Order a fault; it counts requests from now on."""
        self._faults.add(fault)

    def environment(self) -> dict[str, str]:
        """The settings that point the product here, as in a ``.env`` file. The token opens only the sandbox."""
        ids = {f"NOTION_{name.upper()}_DB_ID": identifier for name, identifier in self.database_ids.items()}
        return {"NOTION_BASE_URL": self.base_url, "NOTION_TOKEN": self.token.get_secret_value(), **ids}


@contextmanager
def serve_notion(
    history: History,
    *,
    now: datetime,
    port: int = 0,
    requests_per_minute: int | None = None,
    latency: float = 0.0,
    moving: bool = False,
) -> Iterator[NotionSandbox]:
    """Serve a workspace as ``history`` leaves it at ``now`` (aware), until the context ends.

    ``port`` 0 takes a free one. ``requests_per_minute`` None is no limit. ``latency`` is added to every request, in
    seconds. The clock stands at ``now`` until it is put forward; with ``moving`` it runs on from there.
    """
    workspace = Workspace(history, SandboxClock(now, moving=moving))
    faults, log = Faults(), RequestLog()
    app = build_app(Service.of(workspace), TOKEN, control_routes(workspace, faults, log))
    wire = Wire(app, Budget(requests_per_minute), faults, log, latency)
    with _listening(port) as (listener, address), _running(wire, listener):
        yield NotionSandbox(address, TOKEN, dict(workspace.database_ids), workspace, faults, log)


@contextmanager
def _listening(port: int) -> Iterator[tuple[socket.socket, str]]:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(1024)  # clients may connect before the server's loop runs
        yield listener, f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextmanager
def _running(app: Any, listener: socket.socket) -> Iterator[None]:
    config = uvicorn.Config(
        app,
        http=_Protocol,
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = Thread(target=lambda: asyncio.run(server.serve([listener])), name="notion-sandbox", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


class _Protocol(H11Protocol):
    """Hands its transport to the application, so that a fault can drop the connection without an answer."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as the parent's
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}
