"""The quota of Resource Graph: so many queries in each window of 5 seconds, at any pace.

https://learn.microsoft.com/en-us/azure/governance/resource-graph/concepts/guidance-for-throttled-requests
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

WINDOW_SECONDS: Final = 5.0
QUERIES_PER_WINDOW: Final = 15


@dataclass(frozen=True)
class Standing:
    """Where a caller stands after a query: ``remaining`` None was over the quota."""

    remaining: int | None
    resets_after: int
    """Whole seconds until the window ends, rounded up: whoever waits so long is not refused."""

    def headers(self) -> dict[str, str]:
        """Azure's headers."""
        resets_after = str(timedelta(seconds=self.resets_after)).zfill(8)
        return {
            "x-ms-user-quota-remaining": str(self.remaining or 0),
            "x-ms-user-quota-resets-after": resets_after,
            "x-ms-ratelimit-remaining-tenant-resource-requests": str(self.remaining or 0),
        }


class Quota:
    """Counts queries by monotonic time. ``queries_per_window`` None is no limit."""

    def __init__(self, queries_per_window: int | None, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._limit = queries_per_window
        self._monotonic = monotonic
        self._window_start = -math.inf
        self._spent = 0

    def spend(self) -> Standing:
        """Spend one query, if one is left."""
        if self._limit is None:
            return Standing(QUERIES_PER_WINDOW - 1, int(WINDOW_SECONDS))
        now = self._monotonic()
        if now - self._window_start >= WINDOW_SECONDS:
            self._window_start, self._spent = now, 0
        resets_after = max(1, math.ceil(self._window_start + WINDOW_SECONDS - now))
        if self._spent >= self._limit:
            return Standing(None, resets_after)
        self._spent += 1
        return Standing(self._limit - self._spent, resets_after)
