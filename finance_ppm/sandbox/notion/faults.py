"""Faults on order: the sandbox misbehaves on the Nth request of a kind, exactly as it was told.

Belongs here: the vocabulary of faults and counting down to them. ``wire`` carries them out.
"""

import re
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from threading import Lock
from typing import Any, Self


class FaultKind(StrEnum):
    """What goes wrong."""

    ERROR = "error"
    """An error with Notion's body; the request is not carried out."""
    HTML = "html"
    """A proxy's page in HTML with that status; the request is not carried out."""
    MALFORMED = "malformed"
    """The request is carried out, and the JSON of its answer breaks off."""
    DELAY = "delay"
    """The request is carried out after ``delay`` seconds."""
    DROP_BEFORE = "drop_before"
    """The connection is dropped and the request is not carried out."""
    DROP_AFTER = "drop_after"
    """The request is carried out and the connection is dropped without an answer."""
    REPEATED_CURSOR = "repeated_cursor"
    """A list whose ``next_cursor`` is the ``start_cursor`` it was asked with, and ``has_more`` true."""


CODES = {
    400: "validation_error",
    401: "unauthorized",
    403: "restricted_resource",
    404: "object_not_found",
    409: "conflict_error",
    429: "rate_limited",
    500: "internal_server_error",
    502: "bad_gateway",
    503: "service_unavailable",
    504: "gateway_timeout",
    529: "service_overload",
}
"""Notion's code of each status, unless the fault says another."""


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong ``times`` times, from the ``nth`` matching request (from 1) since it was added.

    ``method`` and ``path`` are regular expressions, searched in the request's method and path. Times are seconds.
    """

    kind: FaultKind
    method: str = ""
    path: str = ""
    nth: int = 1
    times: int = 1
    status: int = 500
    code: str = ""
    message: str = "Something went wrong."
    retry_after: int = 0
    delay: float = 0.0
    additional_data: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def error(cls, status: int, **others: Any) -> Self:
        """An error answer with Notion's body."""
        return cls(FaultKind.ERROR, status=status, **others)

    @classmethod
    def rate_limited(cls, retry_after: int, reason: str = "public_api_request_rate_limit", **others: Any) -> Self:
        """429 with its seconds to wait; ``public_api_request_blocked`` is the reason that no waiting cures."""
        data = {"retry_after": str(retry_after), "rate_limit_reason": reason}
        return cls(FaultKind.ERROR, status=429, retry_after=retry_after, additional_data=data, **others)

    @classmethod
    def overloaded(cls, retry_after: int = 1, **others: Any) -> Self:
        """529: the whole service is overloaded, with its seconds to wait."""
        return cls(FaultKind.ERROR, status=529, retry_after=retry_after, **others)

    @classmethod
    def too_large(cls, **others: Any) -> Self:
        """503 whose guidance is to ask for fewer results at a time."""
        return cls(FaultKind.ERROR, status=503, additional_data={"retry_guidance": "reduce_page_size"}, **others)

    @classmethod
    def html(cls, status: int = 502, **others: Any) -> Self:
        """A proxy's page instead of JSON."""
        return cls(FaultKind.HTML, status=status, **others)

    @classmethod
    def of(cls, told: dict[str, Any]) -> Self:
        """A fault from JSON. Raises TypeError or ValueError for what is none."""
        return cls(**{**told, "kind": FaultKind(told.get("kind", ""))})

    def as_json(self) -> dict[str, Any]:
        """The fault as JSON."""
        return asdict(self)


@dataclass
class _Order:
    fault: Fault
    seen: int = 0
    struck: int = 0


class Faults:
    """The faults on order."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._orders: list[_Order] = []

    def add(self, fault: Fault) -> None:
        """Order a fault. Raises ValueError when its method or path is no regular expression."""
        for pattern in (fault.method, fault.path):
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern!r} is no regular expression: {error}.") from None
        with self._lock:
            self._orders.append(_Order(fault))

    def clear(self) -> None:
        """Cancel all that have not happened yet."""
        with self._lock:
            self._orders.clear()

    def waiting(self) -> list[Fault]:
        """The faults that have not happened as often as ordered."""
        with self._lock:
            return [order.fault for order in self._orders]

    def strike(self, method: str, path: str) -> Fault | None:
        """Count a request; the fault that hits it, if one does. Where several would, the one ordered first."""
        hit: _Order | None = None
        with self._lock:
            for order in self._orders:
                if re.search(order.fault.method, method) and re.search(order.fault.path, path):
                    order.seen += 1
                    if hit is None and order.seen >= order.fault.nth:
                        hit = order
            if hit is None:
                return None
            hit.struck += 1
            if hit.struck >= hit.fault.times:
                self._orders.remove(hit)
            return hit.fault
