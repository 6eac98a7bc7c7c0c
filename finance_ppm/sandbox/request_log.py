"""What a sandbox was asked, as it arrived: by this tests count requests.

Belongs here: the record. Who writes it is the sandbox's wire.
"""

from dataclasses import dataclass, field
from threading import Lock
from typing import Any


@dataclass(frozen=True)
class RecordedRequest:
    """A request as it arrived, and the status it was answered with (None: the connection was dropped)."""

    method: str
    path: str
    status: int | None
    body: Any
    """The decoded JSON; the raw bytes of what is none; None for no body."""
    query: str = ""
    version: str = ""


@dataclass
class RequestLog:
    """The requests since the last reset, in the order in which they were answered."""

    _requests: list[RecordedRequest] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def add(self, request: RecordedRequest) -> None:
        """Record a request."""
        with self._lock:
            self._requests.append(request)

    def all(self) -> list[RecordedRequest]:
        """Everything recorded."""
        with self._lock:
            return list(self._requests)

    def reset(self) -> None:
        """Forget everything recorded."""
        with self._lock:
            self._requests.clear()
