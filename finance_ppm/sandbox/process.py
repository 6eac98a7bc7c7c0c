"""A sandbox in a process of its own, so that what is measured beside it is the client alone.

Belongs here: starting and stopping that process. Whoever holds it asks and controls it over HTTP only.
"""

import gc
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

Serve = Callable[[], AbstractContextManager[Any]]
"""Serves a sandbox until the context ends; called in the new process, hence picklable."""


@contextmanager
def in_a_process(serve: Serve, told: Callable[[Any], Any]) -> Iterator[tuple[Any, int]]:
    """What ``told`` says of the sandbox that ``serve`` serves in a new process, and the process's id.

    Both are called over there and must be picklable. The new process imports the main module, which therefore does its
    work under ``if __name__ == "__main__"``. Raises RuntimeError when the process ends before it serves; what went
    wrong there stands on its stderr.
    """
    processes = get_context("spawn")
    ours, theirs = processes.Pipe()
    process = processes.Process(target=_serve, args=(theirs, serve, told), name="sandbox", daemon=True)
    process.start()
    theirs.close()  # so that the process's end is the end of the pipe
    try:
        try:
            answer = ours.recv()
        except EOFError:
            process.join()
            raise RuntimeError(f"The sandbox's process ended with code {process.exitcode} before it served.") from None
        assert process.pid is not None  # it has started
        yield answer, process.pid
    finally:
        ours.close()
        process.join()


def _serve(parent: Connection, serve: Serve, told: Callable[[Any], Any]) -> None:
    with serve() as sandbox:
        gc.freeze()  # what is served stays: no collection need ever look through it again
        parent.send(told(sandbox))
        parent.poll(None)  # until the other end is closed, by the context's end or with its process
