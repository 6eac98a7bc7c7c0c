"""Runs the sandbox: a web server on loopback in a thread of its own, and the handle by which tests hold it.

Belongs here: starting, stopping, and the handle. What is served is ``app``'s.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydantic import SecretStr

from finance_ppm.sandbox.azure.app import build_app
from finance_ppm.sandbox.azure.calls import Service
from finance_ppm.sandbox.azure.control import control_routes
from finance_ppm.sandbox.azure.estate import Estate
from finance_ppm.sandbox.azure.faults import Fault
from finance_ppm.sandbox.azure.quota import Quota
from finance_ppm.sandbox.azure.wire import Wire
from finance_ppm.sandbox.azure.written import WrittenEstate
from finance_ppm.sandbox.clock import SandboxClock
from finance_ppm.sandbox.orders import Interruption, Orders
from finance_ppm.sandbox.request_log import RecordedRequest, RequestLog
from finance_ppm.sandbox.serving import listening, running

TOKEN: Final = SecretStr("azure-sandbox-token")
"""What the sandbox takes for a token. It opens nothing else."""


@dataclass
class AzureSandbox:
    """A running sandbox."""

    base_url: str
    token: SecretStr
    estate: Estate
    _service: Service
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
        """Put the clock forward. Raises ValueError for a moment that has passed."""
        self._service.clock.put_forward(moment)

    def limit_subscriptions(self, most: int) -> None:
        """How many subscriptions a query of the whole tenant reaches: 10,000 unless told otherwise."""
        self._service.subscription_limit = most

    def ignore_skip(self) -> None:
        """From now on ``$skip`` beside a ``$skipToken`` changes nothing."""
        self._service.skips = False

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
        too. The action runs in a thread of its own and may change the estate or send requests; other requests are
        served meanwhile. What it raises is raised when the sandbox ends.
        """
        self._interruptions.add(Interruption(action, method=method, path=path, nth=nth, times=times))

    def environment(self) -> dict[str, str]:
        """The settings that point the product here, as in a ``.env`` file. The token opens only the sandbox."""
        return environment(self.base_url, self.token)


def environment(base_url: str, token: SecretStr) -> dict[str, str]:
    """The settings that point the product at a sandbox, as in a ``.env`` file."""
    return {"AZURE_RESOURCE_MANAGER_URL": base_url, "AZURE_ACCESS_TOKEN": token.get_secret_value()}


@contextmanager
def serve_azure(
    estate: Estate,
    *,
    now: datetime,
    port: int = 0,
    queries_per_window: int | None = None,
    latency: float = 0.0,
    moving: bool = False,
) -> Iterator[AzureSandbox]:
    """Serve an estate as it is at ``now`` (aware), until the context ends.

    ``port`` 0 takes a free one. ``queries_per_window`` is how many queries Resource Graph takes in each 5 seconds
    (Azure: 15); None is no limit. ``latency`` is added to every request, in seconds. The clock stands at ``now`` until
    it is put forward; with ``moving`` it runs on from there.
    What went wrong in the sandbox itself meanwhile, or in an interruption, is raised at the end.
    """
    service = Service(WrittenEstate(estate), SandboxClock(now, moving=moving))
    faults, interruptions, log = Orders[Fault](), Orders[Interruption](), RequestLog()
    app = build_app(service, TOKEN, control_routes(service, faults, log))
    wire = Wire(app, Quota(queries_per_window), service.clock.now, faults, interruptions, log, latency)
    try:
        with listening(port) as (listener, address), running(wire, listener):
            yield AzureSandbox(address, TOKEN, estate, service, faults, interruptions, log)
    finally:
        service.shelf.close()
    for failure in wire.failures:
        raise failure
