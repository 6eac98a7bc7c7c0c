"""Doing a few jobs at once, and handing over what each came to as it comes.

Belongs here: threads. What a job is, is not known here.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Event, Thread
from typing import Any, TypeVar

from finance_ppm.sources.azure.reading import Seen
from finance_ppm.sources.azure.stopping import AbandonedError, ended_by

AT_ONCE = 4
"""Jobs at once: with answers after a second, enough to spend three queries a second."""

_GRACE = 1.0
"""Seconds for which jobs of nobody are waited for. One that waits for a silent socket ends later, on its own."""

T = TypeVar("T")
R = TypeVar("R")


def side_by_side(
    job: Callable[[T, Seen], R], items: Iterable[T], progress: Callable[[int], None] | None
) -> Iterator[R]:
    """Do a job for each item, a few at once, and yield the results as they come.

    ``progress`` is told, in the caller's thread, the sum of what the jobs tell of themselves, where it has grown. A
    job is begun when another is done and about to be taken, so no more than one result more exists than jobs are
    done at once. What a job raises is raised here; the others end soon after that, as they do where the caller is
    interrupted or wants no more: with their next request, wait, or word of how far they are.
    """
    waiting = enumerate(items)
    tasks: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
    inbox: SimpleQueue[Future[R] | tuple[int, int]] = SimpleQueue()
    stopped = Event()
    # Threads of our own, because the interpreter does not end before those of a ThreadPoolExecutor have.
    threads = [Thread(target=_work, args=(tasks, stopped), name=f"azure_{n}", daemon=True) for n in range(AT_ONCE)]

    def begin() -> int:
        for number, item in waiting:
            tasks.put(_Task(job, item, _Post(number, inbox, stopped)))
            return 1
        return 0

    read: dict[int, int] = {}
    told = 0
    try:
        for thread in threads:
            thread.start()
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
        _leave(threads, tasks)


def _work(tasks: SimpleQueue[Callable[[], None] | None], stopped: Event) -> None:
    """Do tasks until there is none."""
    with ended_by(stopped):
        while (task := tasks.get()) is not None:
            task()
            # What it came to is another's now.
            del task


def _leave(threads: list[Thread], tasks: SimpleQueue[Callable[[], None] | None]) -> None:
    for _ in threads:
        tasks.put(None)
    until = time.monotonic() + _GRACE
    for thread in threads:
        if thread.ident is not None:
            thread.join(max(0.0, until - time.monotonic()))


@dataclass(frozen=True)
class _Post:
    """Tells the thread that waits how far a job is; ends the job where nobody waits any more."""

    number: int
    inbox: SimpleQueue[Any]
    stopped: Event

    def __call__(self, rows: int) -> None:
        if self.stopped.is_set():
            raise AbandonedError
        self.inbox.put((self.number, rows))


@dataclass(frozen=True)
class _Task:
    """One job; what it comes to, or raises, is posted."""

    job: Callable[[Any, Seen], Any]
    item: Any
    post: _Post

    def __call__(self) -> None:
        done: Future[Any] = Future()
        try:
            done.set_result(self.job(self.item, self.post))
        except BaseException as error:  # noqa: BLE001 - raised anew in the thread that waits
            done.set_exception(error)
        self.post.inbox.put(done)
