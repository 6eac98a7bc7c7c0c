"""What the sandbox does on order: misbehave on the Nth request of a kind, or have something happen just before it.

Belongs here: the vocabulary. ``orders`` counts down to it, ``wire`` carries it out.
"""

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self

from finance_ppm.sandbox.orders import Occasion


class FaultKind(StrEnum):
    """What goes wrong."""

    ERROR = "error"
    """An error with Notion's body; the request is not carried out."""
    HTML = "html"
    """A proxy's page in HTML with that status; the request is not carried out."""
    MALFORMED = "malformed"
    """The request is carried out, and the JSON of its answer breaks off; as HTTP the answer is whole."""
    EMPTY = "empty"
    """The request is carried out, and its answer has no body."""
    DELAY = "delay"
    """The request is carried out after ``delay`` seconds."""
    DROP_BEFORE = "drop_before"
    """The connection is dropped and the request is not carried out."""
    DROP_AFTER = "drop_after"
    """The request is carried out and the connection is dropped without an answer."""
    DROP_DURING = "drop_during"
    """The request is carried out and the connection is dropped in the middle of its answer."""
    REPEATED_CURSOR = "repeated_cursor"
    """A query that leads back to the ``start_cursor`` it was asked with; a first page that has more leads to itself."""
    LOST_CURSOR = "lost_cursor"
    """A list whose ``has_more`` is true and whose ``next_cursor`` is null."""
    TRUNCATED = "truncated"
    """A list that ends with this answer and says that it is incomplete, as at the limit of 10,000 results."""


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
class Fault(Occasion):
    """Something that goes wrong with a request. Times are seconds; ``retry_after`` 0 is left out of the answer."""

    kind: FaultKind
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
    def rate_limited(cls, retry_after: int = 0, reason: str = "public_api_request_rate_limit", **others: Any) -> Self:
        """429 with its seconds to wait, which may be more than a minute; 0 leaves them out."""
        data = {"retry_after": str(retry_after)} if retry_after else {}
        data["rate_limit_reason"] = reason
        return cls(FaultKind.ERROR, status=429, retry_after=retry_after, additional_data=data, **others)

    @classmethod
    def blocked(cls, retry_after: int = 60, **others: Any) -> Self:
        """429 for the one reason that no waiting cures."""
        return cls.rate_limited(retry_after, reason="public_api_request_blocked", **others)

    @classmethod
    def invalid_cursor(cls, cursor: str = "6601e719-a39a-460c-908e-8909467fcccf", **others: Any) -> Self:
        """400 to a cursor that was given and is no longer taken: let it strike a request that has one.

        Cursors are good for a session only, and a slow reader may see one refused.
        """
        return cls.error(400, message=f"The start_cursor provided is invalid: {cursor}", **others)

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
        """A proxy's page instead of JSON; with ``status`` 200 it is a success in all but its body."""
        return cls(FaultKind.HTML, status=status, **others)

    @classmethod
    def of(cls, told: dict[str, Any]) -> Self:
        """A fault from JSON. Raises TypeError or ValueError for what is none."""
        return cls(**{**told, "kind": FaultKind(told.get("kind", ""))})

    def as_json(self) -> dict[str, Any]:
        """The fault as JSON."""
        return asdict(self)
