"""The limiter against a clock that moves only when everybody waits."""

import asyncio
import heapq
from collections.abc import Awaitable, Callable
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from finance_ppm.sources.notion.limiter import RESUME_SPREAD, Limiter, limiter_of


class FakeTime:
    """Seconds that pass only by sleeping: when every task sleeps, the next one to wake is woken at its moment."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = count()

    def time(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + seconds, next(self._order), woken))
        await woken

    async def run(self, *jobs: Awaitable[None]) -> None:
        """Let time pass until all jobs are done."""
        tasks = [asyncio.ensure_future(job) for job in jobs]
        while not all(task.done() for task in tasks):
            for _ in range(3):
                await asyncio.sleep(0)
            if self._sleepers:
                moment, _, woken = heapq.heappop(self._sleepers)
                self.now = max(self.now, moment)
                woken.set_result(None)
        await asyncio.gather(*tasks)


def granted_at(
    requests_per_minute: int,
    arrivals: list[float],
    pauses: list[tuple[float, float]] | None = None,
) -> list[float]:
    """When each request is granted that arrives after so many seconds, with pauses (moment, seconds) between."""
    clock = FakeTime()
    limiter = Limiter(requests_per_minute, time=clock.time, sleep=clock.sleep)
    granted: list[float] = []

    async def request(after: float) -> None:
        await clock.sleep(after)
        await limiter.acquire()
        granted.append(clock.now - 1000.0)

    async def pause(after: float, seconds: float) -> None:
        await clock.sleep(after)
        limiter.pause(seconds)

    async def story() -> None:
        await clock.run(*[pause(*told) for told in pauses or []], *[request(after) for after in arrivals])

    asyncio.run(story())
    return granted


arrival_times = st.lists(st.floats(0, 200), min_size=1, max_size=40)
pauses = st.lists(st.tuples(st.floats(0, 200), st.floats(0, 150)), max_size=3)


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 7), arrival_times, pauses)
def test_no_minute_sees_more_than_the_budget_and_everybody_is_served(
    budget: int, arrivals: list[float], paused: list[tuple[float, float]]
) -> None:
    granted = granted_at(budget, arrivals, paused)
    assert len(granted) == len(arrivals)
    for first, one_too_many in zip(granted, granted[budget:], strict=False):
        assert one_too_many - first > 60


@settings(deadline=None, max_examples=60)
@given(arrival_times, pauses)
def test_nobody_is_served_during_a_pause(arrivals: list[float], paused: list[tuple[float, float]]) -> None:
    for moment in granted_at(100, arrivals, paused):
        assert not any(start < moment < start + seconds - 1e-9 for start, seconds in paused)


def test_a_burst_spends_the_whole_budget_at_once() -> None:
    assert granted_at(180, [0.0] * 180) == [0.0] * 180


def test_after_a_pause_requests_resume_one_by_one_within_a_second() -> None:
    granted = granted_at(100, [1.0] * 20, [(0.5, 10.0)])
    assert len(set(granted)) == 20
    assert min(granted) >= 10.5
    assert max(granted) <= 10.5 + RESUME_SPREAD


def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    assert granted_at(5, [1.0], [(0.0, 90.0), (0.5, 1.0)])[0] >= 90.0


def test_a_limiter_needs_a_budget() -> None:
    with pytest.raises(ValueError, match="at least one request"):
        Limiter(0)


def test_a_connection_has_one_limiter_in_the_process() -> None:
    one = limiter_of("http://one", SecretStr("secret"), 180)
    assert limiter_of("http://one", SecretStr("secret"), 180) is one
    assert limiter_of("http://one", SecretStr("other"), 180) is not one
    assert limiter_of("http://two", SecretStr("secret"), 180) is not one


def test_one_limiter_serves_several_event_loops_one_after_the_other() -> None:
    """Each run of a sync has an event loop of its own; the budget goes on."""
    clock = FakeTime()
    limiter = Limiter(2, time=clock.time, sleep=clock.sleep)
    take: Callable[[], None] = lambda: asyncio.run(clock.run(limiter.acquire(), limiter.acquire()))  # noqa: E731
    take()
    take()
    assert clock.now > 1060.0
