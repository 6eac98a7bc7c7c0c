"""What the sandbox does on order: misbehave on the Nth request of a kind, or have something happen just before it.

Belongs here: the vocabulary. ``orders`` counts down to it, ``wire`` carries it out.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from finance_ppm.sandbox.orders import Occasion


class FaultKind(StrEnum):
    """What goes wrong. The last seven befall Resource Graph's pages and leave other answers as they are."""

    ERROR = "error"
    """An error with Azure's body; the request is not carried out."""
    HTML = "html"
    """A gateway's page in HTML with that status; the request is not carried out."""
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
    REPEATED_TOKEN = "repeated_token"  # noqa: S105 - a place in a result, no secret
    """A page whose token leads to that page again."""
    LOST_TOKEN = "lost_token"  # noqa: S105 - a place in a result, no secret
    """A page without a token though rows remain; everything else says that the result goes on."""
    UNPAGED = "unpaged"
    """A page without a token that says ``"resultTruncated": "true"``, as for a query that cannot be paged."""
    SHORT_PAGE = "short_page"
    """A page without its last row, which ``count`` and ``totalRecords`` still count."""
    DUPLICATE_ROW = "duplicate_row"
    """A page whose first row, or first that is new, gives way to the last row of the page before; the first page
    repeats a row of its own."""
    CHANGED_TOTAL = "changed_total"
    """A page whose ``totalRecords`` is one more than there are."""
    LIMIT_HIT = "limit_hit"
    """A page whose header says that the tenant has more subscriptions than a query reaches."""


CODES = {
    400: "BadRequest",
    401: "ExpiredAuthenticationToken",
    403: "AuthorizationFailed",
    404: "ResourceNotFound",
    408: "RequestTimeout",
    409: "Conflict",
    429: "TooManyRequests",
    500: "InternalServerError",
    502: "BadGateway",
    503: "ServiceUnavailable",
    504: "GatewayTimeout",
}
"""Azure's code of each status, unless the fault says another."""


@dataclass(frozen=True)
class Fault(Occasion):
    """Something that goes wrong with a request. Times are seconds; ``retry_after`` 0 is left out of the answer."""

    kind: FaultKind
    status: int = 500
    code: str = ""
    message: str = "Something went wrong."
    retry_after: int = 0
    delay: float = 0.0

    @classmethod
    def error(cls, status: int, **others: Any) -> Self:
        """An error answer with Azure's body."""
        return cls(FaultKind.ERROR, status=status, **others)

    @classmethod
    def throttled(cls, retry_after: int = 0, **others: Any) -> Self:
        """429 in Resource Graph's words, with its seconds to wait; 0 leaves them out."""
        return cls(FaultKind.ERROR, status=429, code="RateLimiting", retry_after=retry_after, **others)

    @classmethod
    def html(cls, status: int = 502, **others: Any) -> Self:
        """A gateway's page instead of JSON; with ``status`` 200 it is a success in all but its body."""
        return cls(FaultKind.HTML, status=status, **others)

    @classmethod
    def of(cls, told: dict[str, Any]) -> Self:
        """A fault from JSON. Raises TypeError or ValueError for what is none."""
        return cls(**{**told, "kind": FaultKind(told.get("kind", ""))})
