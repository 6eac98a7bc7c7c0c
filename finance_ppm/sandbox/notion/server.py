"""Runs the sandbox: a web server on loopback in a thread of its own, and the handle by which tests hold it.

Belongs here: starting, stopping, and the handle. What is served is ``app``'s.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydantic import SecretStr

from finance_ppm.sandbox.clock import SandboxClock
from finance_ppm.sandbox.notion.app import build_app
from finance_ppm.sandbox.notion.budget import Budget
from finance_ppm.sandbox.notion.calls import Service
from finance_ppm.sandbox.notion.control import control_routes
from finance_ppm.sandbox.notion.faults import Fault
from finance_ppm.sandbox.notion.history import Edit, History
from finance_ppm.sandbox.notion.moving import move_page
from finance_ppm.sandbox.notion.schema_handlers import change_properties
from finance_ppm.sandbox.notion.wire import Wire
from finance_ppm.sandbox.notion.workspace import Workspace
from finance_ppm.sandbox.orders import Interruption, Orders
from finance_ppm.sandbox.request_log import RecordedRequest, RequestLog
from finance_ppm.sandbox.serving import listening, running

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
    _faults: Orders[Fault]
    _interruptions: Orders[Interruption]
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

    def alter(self, data_source: str, properties: dict[str, Any]) -> None:
        """Change the schema of a data source (the first one has its database's short name) as a member would.

        ``properties`` is what ``PATCH /v1/data_sources`` takes: name or id to ``{"name": "New name"}``, to another type
        (``{"rich_text": {}}``), to ``None`` to remove it, or a new name to a new type. Raises ApiError for what Notion
        would refuse.
        """
        with self.workspace.lock:
            change_properties(self.workspace, self.workspace.named[data_source], properties)

    def move(self, page_id: str, data_source: str | None) -> None:
        """Move a page into the data source of that short name, or out of any. Raises KeyError for an unknown one."""
        workspace = self.workspace
        with workspace.lock:
            target = workspace.named[data_source] if data_source else None
            parent = {} if target else {"type": "page_id", "page_id": workspace.root.id}
            move_page(workspace, workspace.pages[page_id], target, parent, author=workspace.author)

    def unshare(self, database: str, *, data_source: str | None = None) -> None:
        """Hide the database of that short name from the integration, or one of its data sources alone.

        Then it is not found, nor are its pages; relations to it are left out of schemas and look empty in pages.
        """
        self.workspace.share(database, shared=False, data_source=data_source)

    def share(self, database: str, *, data_source: str | None = None) -> None:
        """Undo ``unshare``."""
        self.workspace.share(database, shared=True, data_source=data_source)

    @property
    def data_source_ids(self) -> dict[str, str]:
        """Short name to data source id; a database's first one has the database's name."""
        return {name: source.id for name, source in self.workspace.named.items()}

    def add_fault(self, fault: Fault) -> None:
        """Order a fault; it counts requests from now on."""
        self._faults.add(fault)

    def clear_faults(self) -> None:
        """Cancel the faults and interruptions that have not happened yet."""
        self._faults.clear()
        self._interruptions.clear()

    def before_request(
        self, nth: int, action: Callable[[], object], *, method: str = "", path: str = "", times: int = 1
    ) -> None:
        """Call ``action`` just before the ``nth`` matching request from now on (from 1) is carried out.

        ``method`` and ``path`` are regular expressions; with ``times`` the requests that follow it are interrupted
        too. The action runs in a thread of its own and may edit the workspace or send requests; other requests are
        served meanwhile. What it raises is raised when the sandbox ends.
        """
        self._interruptions.add(Interruption(action, method=method, path=path, nth=nth, times=times))

    def environment(self) -> dict[str, str]:
        """The settings that point the product here, as in a ``.env`` file. The token opens only the sandbox."""
        return environment(self.base_url, self.token, self.database_ids)


def environment(base_url: str, token: SecretStr, database_ids: Mapping[str, str]) -> dict[str, str]:
    """The settings that point the product at a sandbox, as in a ``.env`` file."""
    ids = {f"NOTION_{name.upper()}_DB_ID": identifier for name, identifier in database_ids.items()}
    return {"NOTION_BASE_URL": base_url, "NOTION_TOKEN": token.get_secret_value(), **ids}


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
    What went wrong in the sandbox itself meanwhile, or in an interruption, is raised at the end.
    """
    workspace = Workspace(history, SandboxClock(now, moving=moving))
    faults, interruptions, log = Orders[Fault](), Orders[Interruption](), RequestLog()
    app = build_app(Service.of(workspace), TOKEN, control_routes(workspace, faults, log))
    wire = Wire(app, Budget(requests_per_minute), faults, interruptions, log, latency)
    with listening(port) as (listener, address), running(wire, listener):
        yield NotionSandbox(address, TOKEN, dict(workspace.database_ids), workspace, faults, interruptions, log)
    for failure in wire.failures:
        raise failure
