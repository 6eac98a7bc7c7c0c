"""The request budget of one identity, shared by everything in the process that uses it.

Belongs here: when the next request may be sent. What a request is, and whether it is sent again, is not known here.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import count
from random import Random

from pydantic import SecretStr

from finance_ppm.sources.azure import stopping

QUERIES = 15
"""Queries of Resource Graph that an identity may send in any five seconds.

https://learn.microsoft.com/azure/governance/resource-graph/concepts/guidance-for-throttled-requests
"""

QUOTA_SECONDS = 5.0

WINDOW = 5.2
"""Seconds for which a request counts at least: a little more than Azure's own, because requests take unequal times to
arrive."""

_LONGEST_RESET = 6.0
"""The quota is whole again within so many seconds, told in whole ones."""

LONGEST_PAUSE = 300.0
"""Seconds: the longest that anybody is held back, whatever an answer says. Azure's own pauses take seconds."""

OTHER_REQUESTS = 100
"""Other requests in the same time. Resource Manager refills 25 reads a second for each identity and subscription
(https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling)."""


GRAPH = "/providers/microsoft.resourcegraph/"
"""What the path of a query holds, in lower case."""


@dataclass
class Grant:
    """Leave to send one request: the how manieth, when it was given, until when it counts against the budget."""

    number: int
    moment: float
    counts_until: float


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
        sleep: Callable[[float], None] = stopping.sleep,
        seed: int = 0,
    ) -> None:
        if requests < 1:
            raise ValueError(f"A limiter needs at least one request in its window, not {requests}.")
        self.time = time
        self.sleep = sleep
        self.random = Random(seed)  # noqa: S311 - spreads requests out, keeps no secret
        self._requests = requests
        self._grants: list[Grant] = []
        self._fastest = float("inf")
        self._paused_until = float("-inf")
        self._numbers = count(1)
        self._observed = 0
        self._left = 0
        self._left_until = float("-inf")
        self._lock = threading.Lock()

    def acquire(self) -> Grant:
        """Return when a request may be sent; it must be sent at once, and what came of it ``answered``."""
        while True:
            with self._lock:
                now = self.time()
                wait = self._wait(now)
                if wait <= 0:
                    grant = Grant(next(self._numbers), now, now + WINDOW)
                    self._grants.append(grant)
                    self._left -= 1
                    return grant
            self.sleep(wait)

    def answered(self, grant: Grant) -> None:
        """The answer to a granted request has come, or never will.

        One that took longer than others may have arrived late, so that Azure counts it longer.
        """
        with self._lock:
            now = self.time()
            self._fastest = min(self._fastest, now - grant.moment)
            grant.counts_until = max(grant.counts_until, now - self._fastest + QUOTA_SECONDS)

    def observe(self, grant: Grant, remaining: int, resets_after: float) -> None:
        """What the answer to a granted request says of the quota: requests left, and seconds until it is whole."""
        with self._lock:
            if grant.number < self._observed:
                return
            self._observed = grant.number
            own = sum(one.counts_until > grant.moment for one in self._grants)
            if remaining >= self._requests - own and resets_after <= _LONGEST_RESET:
                self._left_until = float("-inf")
                return
            self._left = remaining - sum(one.number > grant.number for one in self._grants)
            self._left_until = self.time() + min(resets_after, LONGEST_PAUSE)

    def pause(self, seconds: float) -> None:
        """Grant nothing to anybody for ``seconds``. A longer pause already in force stays."""
        with self._lock:
            self._paused_until = max(self._paused_until, self.time() + min(seconds, LONGEST_PAUSE))

    def _wait(self, now: float) -> float:
        """Seconds until it is worth trying again; none where a request may be sent."""
        # Kept for a while longer, because the answer to a request is observed some time after its grant.
        self._grants = [grant for grant in self._grants if grant.counts_until > now - 2 * WINDOW]
        until = self._paused_until
        if self._left <= 0:
            until = max(until, self._left_until)
        counted = sorted(grant.counts_until for grant in self._grants if grant.counts_until > now)
        if len(counted) >= self._requests:
            until = max(until, counted[-self._requests])
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
