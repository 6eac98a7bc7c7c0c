"""The sandbox in a process of its own, so that what is measured beside it is the client alone.

Belongs here: what is served there. Starting and stopping the process is ``sandbox.process``'s.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from operator import attrgetter

from pydantic import SecretStr

from finance_ppm.sandbox.azure.estate import Estate
from finance_ppm.sandbox.azure.server import TOKEN, AzureSandbox, environment, serve_azure
from finance_ppm.sandbox.process import in_a_process


@dataclass(frozen=True)
class AzureProcess:
    """A sandbox that runs in another process."""

    base_url: str
    token: SecretStr
    pid: int

    def environment(self) -> dict[str, str]:
        """The settings that point the product here, as in a ``.env`` file. The token opens only the sandbox."""
        return environment(self.base_url, self.token)


@contextmanager
def azure_in_a_process(
    story: Callable[[], Estate], *, now: datetime, queries_per_window: int | None = None, latency: float = 0.0
) -> Iterator[AzureProcess]:
    """Serve what ``story`` tells, as ``serve_azure`` does, from a new process until the context ends.

    ``story`` is called over there and must be picklable: ``functools.partial`` of a module's function. The new
    process imports the main module, which therefore does its work under ``if __name__ == "__main__"``. Raises
    RuntimeError when the process ends before it serves; what went wrong there stands on its stderr.
    """
    serve = partial(_served, story, now, queries_per_window, latency)
    with in_a_process(serve, attrgetter("base_url")) as (base_url, pid):
        yield AzureProcess(base_url, TOKEN, pid)


@contextmanager
def _served(
    story: Callable[[], Estate], now: datetime, queries_per_window: int | None, latency: float
) -> Iterator[AzureSandbox]:
    with serve_azure(story(), now=now, queries_per_window=queries_per_window, latency=latency) as sandbox:
        yield sandbox
