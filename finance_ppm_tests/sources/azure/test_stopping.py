"""Whoever is interrupted does not wait for what was asked of Azure."""

import signal
import subprocess
import sys
import threading

import pytest

from finance_ppm.sources.azure import stopping
from finance_ppm.sources.azure.graph import Graph
from finance_ppm.sources.azure.limiter import Limiter
from finance_ppm.sources.azure.reading import Seen
from finance_ppm.sources.azure.side_by_side import AT_ONCE, side_by_side
from finance_ppm.sources.azure.stopping import AbandonedError, ended_by, raise_if_stopped
from finance_ppm_tests.sandbox.azure.estates import ONE
from finance_ppm_tests.sources.azure.conftest import ConnectionOf, answered, serving

LONG = 60.0
"""Seconds that nobody waits for here."""


class Ended:
    """Counts the jobs that were ended from outside."""

    def __init__(self) -> None:
        self.begun = threading.Barrier(AT_ONCE)
        self.jobs: list[int] = []

    def sleeping(self, item: int, _: Seen) -> int:
        """A job that waits, as limiters and retries do."""
        try:
            self.begun.wait(LONG)
            stopping.sleep(LONG)
        except AbandonedError:
            self.jobs.append(item)
            raise
        return item


def test_an_interrupt_comes_through_and_ends_the_waits_of_the_jobs() -> None:
    ended = Ended()
    main = threading.main_thread().ident
    assert main is not None

    def job(item: int, seen: Seen) -> int:
        if item == AT_ONCE - 1:
            threading.Timer(0.1, signal.pthread_kill, (main, signal.SIGINT)).start()
        return ended.sleeping(item, seen)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            list(side_by_side(job, range(20), None))
    finally:
        signal.signal(signal.SIGINT, before)
    assert sorted(ended.jobs) == list(range(AT_ONCE))


def test_whoever_wants_no_more_ends_the_waits_of_the_jobs() -> None:
    ended = Ended()

    def job(item: int, seen: Seen) -> int:
        return item if item == 0 else ended.sleeping(item, seen)

    results = iter(side_by_side(job, range(20), None))
    assert next(results) == 0
    results.close()  # type: ignore[attr-defined]  # a generator, as an iterator
    assert len(ended.jobs) == AT_ONCE


def test_what_another_job_raises_ends_the_waits_of_the_jobs() -> None:
    ended = Ended()

    def job(item: int, seen: Seen) -> int:
        if item == AT_ONCE:
            raise LookupError("nothing there")
        return ended.sleeping(item, seen)

    ended.begun = threading.Barrier(AT_ONCE - 1)
    order = [*range(AT_ONCE - 1), AT_ONCE]
    with pytest.raises(LookupError, match="nothing there"):
        list(side_by_side(job, order, None))
    assert sorted(ended.jobs) == list(range(AT_ONCE - 1))


def test_a_job_that_cannot_be_ended_does_not_hold_up_whoever_wants_no_more() -> None:
    """One that waits for a socket, say. The process ends without it, too."""
    code = f"""
import threading
from finance_ppm.sources.azure.side_by_side import side_by_side
results = side_by_side(lambda item, _: item if item == 0 else threading.Event().wait({LONG}), range(9), None)
print(next(results))
results.close()
print("closed")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=LONG / 2, check=True)
    assert done.stdout.split() == ["0", "closed"]


def test_a_request_is_not_sent_for_nobody(connection_of: ConnectionOf) -> None:
    """Nor is one tried again: this is looked at before each attempt."""
    stopped = threading.Event()

    def failing(*_: object) -> object:
        stopped.set()
        return answered({}, 503)

    with serving(failing) as address, connection_of(address) as connection:  # type: ignore[arg-type]  # any answer
        with ended_by(stopped), pytest.raises(AbandonedError):
            Graph(connection).counts("resources", [ONE], about="a test")
        assert connection.requests_sent == 1
        with ended_by(stopped), pytest.raises(AbandonedError):
            Graph(connection).counts("resources", [ONE], about="a test")
        assert connection.requests_sent == 1


def test_outside_of_jobs_nothing_is_ended() -> None:
    raise_if_stopped()
    stopping.sleep(0.0)
    stopped = threading.Event()
    with ended_by(stopped):
        raise_if_stopped()
        stopping.sleep(0.0)
        stopped.set()
        with pytest.raises(AbandonedError):
            raise_if_stopped()
        with pytest.raises(AbandonedError):
            stopping.sleep(LONG)
    raise_if_stopped()


def test_a_pause_that_azure_asks_for_ends_with_whoever_reads() -> None:
    """With the clock and the sleep that a limiter has outside of tests."""
    limiter = Limiter(1)
    limiter.pause(LONG)
    stopped = threading.Event()
    threading.Timer(0.05, stopped.set).start()
    with ended_by(stopped), pytest.raises(AbandonedError):
        limiter.acquire()
