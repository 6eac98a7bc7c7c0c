"""The request budget of one Notion connection, shared by everything in the process that uses it.

Belongs here: when the next request may be sent. What a request is, and whether it is sent again, is not known here.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable
from functools import cache
from random import Random

from pydantic import SecretStr

WINDOW = 61.0
"""Seconds over which requests are counted: a second more than Notion's own window, because requests take unequal
times to arrive (https://developers.notion.com/reference/request-limits)."""

RESUME_SPREAD = 1.0
"""After a pause, everybody resumes within this many seconds, not all at once."""


class Limiter:
    """Grants at most ``requests_per_minute`` requests in any window of 60 seconds; a burst may spend them at once.

    It belongs to no event loop, and may be shared by several in different threads.
    """

    def __init__(
        self,
        requests_per_minute: int,
        *,
        time: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        seed: int = 0,
    ) -> None:
        if requests_per_minute < 1:
            raise ValueError(f"A limiter needs at least one request a minute, not {requests_per_minute}.")
        self.sleep = sleep
        self.random = Random(seed)  # noqa: S311 - spreads requests out, keeps no secret
        self._time = time
        self._granted: deque[float] = deque(maxlen=requests_per_minute)
        self._paused_until = float("-inf")
        self._lock = threading.Lock()

    async def acquire(self) -> None:
        """Return when a request may be sent; it must be sent at once."""
        while (wait := self._try()) > 0:
            await self.sleep(wait)

    def pause(self, seconds: float) -> None:
        """Grant nothing to anybody for ``seconds``. A longer pause already in force stays."""
        with self._lock:
            self._paused_until = max(self._paused_until, self._time() + seconds)

    def _try(self) -> float:
        """Seconds until it is worth trying again; 0 where the request was granted."""
        with self._lock:
            now = self._time()
            if self._paused_until > now:
                return self._paused_until - now + self.random.uniform(0, RESUME_SPREAD)
            if len(self._granted) == self._granted.maxlen and (wait := self._granted[0] + WINDOW - now) > 0:
                return wait
            self._granted.append(now)
            return 0.0


@cache
def limiter_of(base_url: str, token: SecretStr, requests_per_minute: int) -> Limiter:  # noqa: ARG001 - the cache's key
    """The process's one limiter for a connection: an address and a token."""
    return Limiter(requests_per_minute)
