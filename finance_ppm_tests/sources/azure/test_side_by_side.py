"""Jobs side by side: as many as are wanted, and none for nobody."""

import threading
import time
from collections.abc import Generator

import pytest

from finance_ppm.sources.azure.reading import Seen
from finance_ppm.sources.azure.side_by_side import AT_ONCE, side_by_side


def test_every_item_is_done_once_and_progress_only_grows() -> None:
    told: list[int] = []

    def job(item: int, seen: Seen) -> int:
        for rows in (2, 1, 3):  # a table that is read again begins anew
            seen(rows)
        return item

    assert sorted(side_by_side(job, range(20), told.append)) == list(range(20))
    assert told == sorted(set(told))
    assert told[-1] == 60


def test_progress_is_told_in_the_thread_that_waits() -> None:
    threads = set()
    list(side_by_side(lambda _, seen: seen(1), range(9), lambda _: threads.add(threading.current_thread())))
    assert threads == {threading.current_thread()}


def test_no_more_is_begun_than_is_taken() -> None:
    """So that no more results wait than jobs are done at once, and one is in the taker's hands."""
    begun: list[int] = []

    def job(item: int, _: Seen) -> int:
        begun.append(item)
        return item

    for taken, _ in enumerate(side_by_side(job, range(30), None), start=1):
        assert len(begun) <= taken + AT_ONCE


def test_jobs_of_nobody_end() -> None:
    ended: list[int] = []

    def job(item: int, seen: Seen) -> int:
        for number in range(2000 if item else 1):
            seen(number)
            time.sleep(0.001 if item else 0)
        ended.append(item)
        return item

    results = side_by_side(job, range(20), None)
    assert isinstance(results, Generator)
    assert next(results) == 0
    results.close()
    assert ended == [0]


def test_what_a_job_raises_is_raised_and_ends_the_others() -> None:
    ended: list[int] = []

    def job(item: int, seen: Seen) -> int:
        if item == 0:
            raise LookupError("nothing there")
        for number in range(2000):
            seen(number)
            time.sleep(0.001)
        ended.append(item)
        return item

    with pytest.raises(LookupError, match="nothing there"):
        list(side_by_side(job, range(20), None))
    assert not ended
