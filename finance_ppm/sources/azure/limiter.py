"""The request budget of one identity, shared by everything in the process that uses it.

Belongs here: when the next request may be sent. What a request is, and whether it is sent again, is not known here.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from random import Random

from pydantic import SecretStr

QUERIES = 15
"""Queries of Resource Graph that an identity may send in any five seconds.

https://learn.microsoft.com/azure/governance/resource-graph/concepts/guidance-for-throttled-requests
"""

WINDOW = 5.2
"""Seconds over which requests are counted: a little more than Azure's own five, because requests take unequal times
to arrive."""

_LONGEST_RESET = 6.0
"""A quota of five seconds is whole again within so many, told in whole seconds."""

OTHER_REQUESTS = 100
"""Other requests in the same time. Resource Manager refills 25 reads a second for each identity and subscription
(https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling)."""


GRAPH = "/providers/microsoft.resourcegraph/"
"""What the path of a query holds, in lower case."""


class Limiter:
    """Grants at most ``requests`` requests in any window of five seconds; a burst may spend them at once.

    What Azure says of the quota counts where it tells more than our own count: that somebody else uses the identity,
    or that the quota is another than the documented one. Safe to share among threads.
    """

    def __init__(
        self,
        requests: int,
        *,
        time: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        seed: int = 0,
    ) -> None:
        if requests < 1:
            raise ValueError(f"A limiter needs at least one request in its window, not {requests}.")
        self.time = time
        self.sleep = sleep
        self.random = Random(seed)  # noqa: S311 - spreads requests out, keeps no secret
        self._requests = requests
        self._granted: deque[float] = deque()
        self._paused_until = float("-inf")
        self._observed = float("-inf")
        self._left = 0
        self._left_until = float("-inf")
        self._lock = threading.Lock()

    def acquire(self) -> float:
        """Return when a request may be sent, with that moment; it must be sent at once."""
        while True:
            wait, now = self._try()
            if wait <= 0:
                return now
            self.sleep(wait)

    def pause(self, seconds: float) -> None:
        """Grant nothing to anybody for ``seconds``. A longer pause already in force stays."""
        with self._lock:
            self._paused_until = max(self._paused_until, self.time() + seconds)

    def observe(self, granted: float, remaining: int, resets_after: float) -> None:
        """What the answer to a request, granted at that moment, says of the quota."""
        with self._lock:
            if granted < self._observed:
                return
            self._observed = granted
            own = sum(moment > granted - WINDOW for moment in self._granted)
            if remaining >= self._requests - own and resets_after <= _LONGEST_RESET:
                self._left_until = float("-inf")
                return
            later = sum(moment > granted for moment in self._granted)
            self._left = remaining - later
            self._left_until = self.time() + resets_after

    def _try(self) -> tuple[float, float]:
        """Seconds until it is worth trying again, 0 where the request was granted; and the present moment."""
        with self._lock:
            now = self.time()
            wait = self._wait(now)
            if wait <= 0:
                self._granted.append(now)
                self._left -= 1
            return wait, now

    def _wait(self, now: float) -> float:
        # Twice the window, because the answer to a request is observed some time after its grant.
        while self._granted and self._granted[0] <= now - 2 * WINDOW:
            self._granted.popleft()
        until = self._paused_until
        if self._left <= 0:
            until = max(until, self._left_until)
        if len(self._granted) >= self._requests:
            until = max(until, self._granted[-self._requests] + WINDOW)
        return until - now


@dataclass(frozen=True)
class Budgets:
    """The limiters of one identity: of Resource Graph, and of everything else."""

    graph: Limiter
    others: Limiter

    def of(self, url: str) -> Limiter:
        """The one that a request draws on."""
        return self.graph if GRAPH in url.lower() else self.others


@cache
def budgets_of(base_url: str, identity: tuple[SecretStr | str | None, ...]) -> Budgets:  # noqa: ARG001 - the cache's key
    """The process's one set of budgets for a connection: an address and who signs in there."""
    return Budgets(Limiter(QUERIES), Limiter(OTHER_REQUESTS))
