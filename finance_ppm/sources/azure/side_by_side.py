"""Doing a few jobs at once, and handing over what each came to as it comes.

Belongs here: threads. What a job is, is not known here.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Event
from typing import Any, TypeVar

from finance_ppm.sources.azure.reading import Seen

AT_ONCE = 4
"""Jobs at once: with answers after a second, enough to spend three queries a second."""

T = TypeVar("T")
R = TypeVar("R")


class _AbandonedError(Exception):
    """Nobody waits for the job any more."""


def side_by_side(
    job: Callable[[T, Seen], R], items: Iterable[T], progress: Callable[[int], None] | None
) -> Iterator[R]:
    """Do a job for each item, a few at once, and yield the results as they come.

    ``progress`` is told, in the caller's thread, the sum of what the jobs tell of themselves, where it has grown. A
    job is begun when another is done and about to be taken, so no more than one result more exists than jobs are
    done at once. What a job raises is raised here; the others end the next time they tell how far they are.
    """
    waiting = enumerate(items)
    inbox: SimpleQueue[Future[R] | tuple[int, int]] = SimpleQueue()
    stopped = Event()

    def begin() -> int:
        for number, item in waiting:
            future = pool.submit(job, item, _Post(number, inbox, stopped))
            future.add_done_callback(inbox.put)
            return 1
        return 0

    read: dict[int, int] = {}
    told = 0
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="azure") as pool:
        try:
            under_way = sum(begin() for _ in range(AT_ONCE))
            while under_way:
                news = inbox.get()
                if isinstance(news, tuple):
                    read[news[0]] = news[1]
                    if progress is not None and sum(read.values()) > told:
                        told = sum(read.values())
                        progress(told)
                    continue
                results = [news.result()]
                del news
                under_way += begin() - 1
                # Popped, so that nothing here keeps what was handed over.
                yield results.pop()
        finally:
            stopped.set()


@dataclass(frozen=True)
class _Post:
    """Tells the thread that waits how far a job is; ends the job where nobody waits any more."""

    number: int
    inbox: SimpleQueue[Any]
    stopped: Event

    def __call__(self, rows: int) -> None:
        if self.stopped.is_set():
            raise _AbandonedError
        self.inbox.put((self.number, rows))
