"""The one error of this source: what Notion answered, about what, and what the user can do.

Belongs here: turning an answer, or the lack of one, into a sentence. Whether it is tried again is told by the
error (``retryable``) and done by ``retry``.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from finance_ppm.errors import FinancePpmError

OVERLOADED = frozenset({429, 529})
"""Statuses that ask everybody to pause: too many requests, and a service overload, which is handled alike."""

UNAVAILABLE = frozenset({500, 502, 503, 504})
"""Statuses after which a read is tried again, and a write may have been done."""

BLOCKED = "public_api_request_blocked"
"""The one reason for a 429 that no waiting cures (https://developers.notion.com/reference/request-limits)."""

_REFUSED = "Notion refuses the request for {about} (status {status}, {code}): {reason}."
_BLOCKED = "Notion blocks this integration's requests ({about}); waiting does not help: ask Notion's support."
_TOO_OLD = "Notion serves {about} only from API version {version} on: set NOTION_VERSION to it."
_OVER_LIMIT = (
    "Notion is over its request limit (status {status}) and did not serve {about} in time: lower "
    "NOTION_REQUESTS_PER_MINUTE, or let nothing else use this integration meanwhile."
)
_DISTURBED = "Notion is disturbed (status {status}, {code}) and did not serve {about}: try again later."
_SENTENCES = {
    401: "Notion does not accept the token: check NOTION_TOKEN (https://www.notion.so/my-integrations).",
    403: "The Notion integration may not do this with {about} ({code}): allow it in the integration's capabilities.",
    404: (
        "Notion does not find {about}: check its id, and share the database with the integration (in Notion: "
        "... > Connections)."
    ),
    409: _DISTURBED,
    **dict.fromkeys(OVERLOADED, _OVER_LIMIT),
    **dict.fromkeys(UNAVAILABLE, _DISTURBED),
}

T = TypeVar("T")
D = TypeVar("D")


class NotionError(FinancePpmError):
    """Notion could not be read or written. The message says what, where and what to do.

    ``status`` is the HTTP status, or None where no answer came; ``code`` is Notion's own, or names what happened to
    the connection (``unreachable``, ``timeout``, ``dropped``, ``malformed``). ``retryable`` says that the same
    request may succeed later. ``retry_after`` is in seconds. ``ask_for_less`` says that a query with a smaller
    ``page_size`` may succeed.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
        retryable: bool = False,
        retry_after: float | None = None,
        ask_for_less: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.request_id = request_id
        self.retryable = retryable
        self.retry_after = retry_after
        self.ask_for_less = ask_for_less

    @property
    def overloaded(self) -> bool:
        """Whether Notion asked for a pause of everybody."""
        return self.status in OVERLOADED and self.retryable

    @property
    def lost_its_place(self) -> bool:
        """Whether a cursor leads nowhere, or in a circle: the same query may succeed from its beginning."""
        refused = self.status == 400 and "start_cursor" in str(self)
        return refused or self.code in {"repeated_cursor", "no_cursor"}


def error_of_answer(status: int, headers: Mapping[str, str], body: bytes, *, about: str) -> NotionError:
    """The error told by an answer that is no success."""
    told = _json_object(body)
    if told is None:
        return NotionError(
            f"Notion's address answered for {about} with status {status} and something that is not Notion's JSON, "
            "perhaps a proxy's page; try again, and check NOTION_BASE_URL and the network if it stays so.",
            status=status,
            code="malformed",
            retryable=True,
            retry_after=_seconds(headers.get("retry-after")),
            ask_for_less=status == 504,
        )
    more: dict[str, Any] = _of_type(told.get("additional_data"), dict, {})
    code = _of_type(told.get("code"), str, "no code")
    message = _of_type(told.get("message"), str, "")[:300]
    blocked = more.get("rate_limit_reason") == BLOCKED
    return NotionError(
        _sentence(status, code, message, more.get("minimum_api_version"), blocked=blocked, about=about),
        status=status,
        code=code,
        request_id=_of_type(told.get("request_id"), str, None) or headers.get("x-notion-request-id"),
        retryable=(status in OVERLOADED and not blocked) or status == 409 or status in UNAVAILABLE,
        retry_after=_seconds(headers.get("retry-after")),
        ask_for_less=status == 504 or (status == 503 and ("retry_guidance" in told or "retry_guidance" in more)),
    )


def malformed_answer(reason: str, *, about: str, request_id: str | None = None) -> NotionError:
    """A success whose body is not what Notion documents: HTML, cut off, or of another shape."""
    return NotionError(
        f"Notion's answer for {about} could not be read ({reason}); try again, and check NOTION_BASE_URL if it stays "
        "so.",
        code="malformed",
        request_id=request_id,
        retryable=True,
    )


def no_connection(reason: str, *, base_url: str, about: str) -> NotionError:
    """The request was never sent: nobody listens there, or the name or the certificate is wrong."""
    return NotionError(
        f"Nothing answers at {base_url}, asked for {about} ({reason}): start the sandbox with `finance-ppm sandbox` "
        "if that is where it should be, else check NOTION_BASE_URL and the network.",
        code="unreachable",
        retryable=True,
    )


def no_answer(reason: str, *, code: str, base_url: str, about: str) -> NotionError:
    """The request was sent, and no whole answer came."""
    return NotionError(
        f"{base_url} did not finish its answer for {about} ({reason}); try again, and check the network if it stays "
        "so.",
        code=code,
        retryable=True,
    )


def maybe_done(error: NotionError, *, about: str) -> NotionError:
    """``error`` of a write that must not be sent again, as nobody knows whether it was done."""
    return NotionError(
        f"Notion may have done the write to {about}, or not ({error.code}): look for it in Notion before sending it "
        "again.",
        status=error.status,
        code=error.code,
        request_id=error.request_id,
    )


def _sentence(status: int, code: str, message: str, minimum_version: object, *, blocked: bool, about: str) -> str:
    template = _SENTENCES.get(status, _REFUSED)
    if blocked:
        template = _BLOCKED
    elif minimum_version is not None:
        template = _TOO_OLD
    reason = message.rstrip(".") or "it gives no reason"
    return template.format(status=status, code=code, reason=reason, version=minimum_version, about=about)


def _json_object(body: bytes) -> dict[str, Any] | None:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _of_type(value: object, kind: type[T], default: D) -> T | D:
    return value if isinstance(value, kind) else default


def _seconds(retry_after: str | None) -> float | None:
    """``Retry-After`` is whole seconds here; anything else is as good as absent."""
    return float(retry_after) if retry_after is not None and retry_after.strip().isdecimal() else None
