"""The sandbox in a process of its own, so that what is measured beside it is the client alone.

Belongs here: starting and stopping that process. Whoever holds it asks and controls it over HTTP only.
"""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection

from pydantic import SecretStr

from finance_ppm.sandbox.azure.estate import Estate
from finance_ppm.sandbox.azure.server import TOKEN, environment, serve_azure


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
    processes = get_context("spawn")
    ours, theirs = processes.Pipe()
    process = processes.Process(
        target=_serve, args=(theirs, story, now, queries_per_window, latency), name="azure-sandbox", daemon=True
    )
    process.start()
    theirs.close()  # so that the process's end is the end of the pipe
    try:
        try:
            base_url = ours.recv()
        except EOFError:
            process.join()
            raise RuntimeError(f"The sandbox's process ended with code {process.exitcode} before it served.") from None
        assert process.pid is not None  # it has started
        yield AzureProcess(base_url, TOKEN, process.pid)
    finally:
        ours.close()
        process.join()


def _serve(
    parent: Connection, story: Callable[[], Estate], now: datetime, queries_per_window: int | None, latency: float
) -> None:
    with serve_azure(story(), now=now, queries_per_window=queries_per_window, latency=latency) as sandbox:
        gc.freeze()  # the estate stays: no collection need ever look through it again
        parent.send(sandbox.base_url)
        parent.poll(None)  # until the other end is closed, by the context's end or with its process
