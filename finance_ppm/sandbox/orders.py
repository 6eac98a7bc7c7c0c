"""Things on order: each befalls the Nth matching request, so many times.

Belongs here: counting requests down to what was ordered, from any thread. What may be ordered is told by ``faults``;
``wire`` carries it out.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Generic, TypeVar


@dataclass(frozen=True, kw_only=True)
class Occasion:
    """The requests something befalls: from the ``nth`` matching one (from 1) since it was ordered, ``times`` times.

    ``method`` and ``path`` are regular expressions, searched in the request's method and path.
    """

    method: str = ""
    path: str = ""
    nth: int = 1
    times: int = 1


@dataclass(frozen=True)
class Interruption(Occasion):
    """Something that happens in the sandbox while a client reads it: ``action`` is called before the request."""

    action: Callable[[], object]


T = TypeVar("T", bound=Occasion)


@dataclass
class _Order(Generic[T]):
    what: T
    seen: int = 0
    struck: int = 0


class Orders(Generic[T]):
    """What is on order."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._orders: list[_Order[T]] = []

    def add(self, what: T) -> None:
        """Order something. Raises ValueError when its method or path is no regular expression."""
        for pattern in (what.method, what.path):
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern!r} is no regular expression: {error}.") from None
        with self._lock:
            self._orders.append(_Order(what))

    def clear(self) -> None:
        """Cancel all that has not happened yet."""
        with self._lock:
            self._orders.clear()

    def waiting(self) -> list[T]:
        """What has not happened as often as ordered."""
        with self._lock:
            return [order.what for order in self._orders]

    def strike(self, method: str, path: str) -> T | None:
        """Count a request; what befalls it, if anything does. Of several, the one ordered first: the others wait."""
        hit: _Order[T] | None = None
        with self._lock:
            for order in self._orders:
                if re.search(order.what.method, method) and re.search(order.what.path, path):
                    order.seen += 1
                    if hit is None and order.seen >= order.what.nth:
                        hit = order
            if hit is None:
                return None
            hit.struck += 1
            if hit.struck >= hit.what.times:
                self._orders.remove(hit)
            return hit.what
