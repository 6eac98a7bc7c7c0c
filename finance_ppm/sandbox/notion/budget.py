"""The request budget of a connection: so many requests in each window of 60 seconds, at any pace.

https://developers.notion.com/reference/request-limits
"""

import math
import time
from collections.abc import Callable
from typing import Final

WINDOW_SECONDS: Final = 60.0


class Budget:
    """Counts requests by monotonic time. ``requests_per_minute`` None is no limit."""

    def __init__(self, requests_per_minute: int | None, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._limit = requests_per_minute
        self._monotonic = monotonic
        self._window_start = -math.inf
        self._spent = 0

    def spend(self) -> int:
        """Spend one request: 0 when it is within the budget, else the whole seconds until the window ends (1 to 60)."""
        if self._limit is None:
            return 0
        now = self._monotonic()
        if now - self._window_start >= WINDOW_SECONDS:
            self._window_start, self._spent = now, 0
        if self._spent < self._limit:
            self._spent += 1
            return 0
        return max(1, math.ceil(self._window_start + WINDOW_SECONDS - now))
