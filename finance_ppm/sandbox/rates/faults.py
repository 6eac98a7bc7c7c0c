"""What the sandbox does on order: misbehave on the Nth request of a kind.

Belongs here: the vocabulary. ``orders`` counts down to it, ``app`` carries it out.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from finance_ppm.sandbox.orders import Occasion


class FaultKind(StrEnum):
    """What goes wrong."""

    ERROR = "error"
    """An answer with that status and no file in it."""
    HTML = "html"
    """A page in HTML with that status: with 200 a success in all but its body."""
    TRUNCATED = "truncated"
    """The first half of the file; as HTTP the answer is whole."""
    MOVED = "moved"
    """The way to ``location``, with status 301."""
    DELAY = "delay"
    """The file after ``delay`` seconds."""
    DROP = "drop"
    """The connection is dropped without an answer."""


@dataclass(frozen=True)
class Fault(Occasion):
    """Something that goes wrong with a request. Times are seconds; ``retry_after`` 0 is left out of the answer."""

    kind: FaultKind
    status: int = 503
    retry_after: int = 0
    location: str = ""
    delay: float = 0.0

    @classmethod
    def unavailable(cls, retry_after: int = 0, **others: Any) -> Self:
        """503, with its seconds to wait."""
        return cls(FaultKind.ERROR, status=503, retry_after=retry_after, **others)

    @classmethod
    def error(cls, status: int, **others: Any) -> Self:
        """An error answer."""
        return cls(FaultKind.ERROR, status=status, **others)

    @classmethod
    def html(cls, status: int = 200, **others: Any) -> Self:
        """A page in HTML instead of the file."""
        return cls(FaultKind.HTML, status=status, **others)

    @classmethod
    def of(cls, told: dict[str, Any]) -> Self:
        """A fault from JSON. Raises TypeError or ValueError for what is none."""
        return cls(**{**told, "kind": FaultKind(told.get("kind", ""))})
