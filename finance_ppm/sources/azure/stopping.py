"""Ending what a thread does as soon as nobody waits for it any more.

Belongs here: the one signal that says so, and the sleep that it ends. Who gives it is told in ``side_by_side``; it is
heeded before each attempt of a request, between the pieces of an answer, and in every wait.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Event

_stopped: ContextVar[Event | None] = ContextVar("stopped", default=None)
"""Set where the work of this thread is to end; None where it ends as the caller does, by an exception."""


class AbandonedError(Exception):
    """Nobody waits for the work any more."""


@contextmanager
def ended_by(stopped: Event) -> Iterator[None]:
    """What this thread does inside ends when ``stopped`` is set."""
    before = _stopped.set(stopped)
    try:
        yield
    finally:
        _stopped.reset(before)


def raise_if_stopped() -> None:
    """Raise AbandonedError where nobody waits for this thread's work any more."""
    stopped = _stopped.get()
    if stopped is not None and stopped.is_set():
        raise AbandonedError


def sleep(seconds: float) -> None:
    """Sleep. Raises AbandonedError as soon as nobody waits for this thread's work any more."""
    stopped = _stopped.get()
    if stopped is None:
        time.sleep(seconds)
    elif stopped.wait(seconds):
        raise AbandonedError
