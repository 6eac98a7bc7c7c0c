"""The one error of this source: what Azure answered, about what, and what the user can do.

Belongs here: turning an answer, or the lack of one, into a sentence. Whether it is tried again is told by the
error (``retryable``) and done by ``retry``.
"""

import math
import re
from collections.abc import Callable, Mapping

import msgspec

from finance_ppm.errors import FinancePpmError
from finance_ppm.sources.azure.limiter import LONGEST_PAUSE

OVERLOADED = 429
"""Too many requests: everybody of this identity has to pause."""

UNAVAILABLE = frozenset({408, 500, 502, 503, 504})
"""Statuses after which the same request may succeed. Everything that is asked here may be asked twice."""

NO_SUBSCRIPTIONS = "NoValidSubscriptionsInQueryRequest"
"""None of the subscriptions of a query can be seen (https://github.com/Azure/aztfexport/issues/491)."""

PAYLOAD_TOO_LARGE = "ResponsePayloadTooLarge"
"""A page of more than 16 MiB (https://github.com/microsoft/ARI/issues/199)."""

UNREACHABLE = "unreachable"
SIGN_IN = "sign_in"
TRUNCATED_TENANT = "truncated_tenant"
UNSOUND = "unsound"
NOT_PAGEABLE = "not_pageable"

_EVERYBODY = frozenset({UNREACHABLE, SIGN_IN, TRUNCATED_TENANT})

_NUMBER = re.compile(r"[0-9]{1,7}")

_NO_REASON = "without a reason"
_REFUSED = (
    "Azure refuses the request for {about} ({told}), {reason}: check AZURE_RESOURCE_MANAGER_URL and whether a proxy "
    "answers in Azure's place, and show Azure's support the correlation id if it stays so."
)
_ELSEWHERE = (
    "Azure leads the request for {about} to another address ({told}), to which no token is sent: check "
    "AZURE_RESOURCE_MANAGER_URL, and whether a proxy answers in Azure's place."
)
_ACTION = (
    "Azure does not allow {about} ({told}): give the identity a role with the action {action} on the subscription, "
    "which is Contributor or a custom role."
)
_TOO_LONG = (
    "Azure asks to wait {wait} before it serves {about} ({told}), and that is longer than a run waits: run it again "
    "after that time, and let nothing else use this identity meanwhile."
)
_DISTURBED = "Azure is disturbed ({told}) and did not serve {about}: try again later."
_SENTENCES = {
    401: ("Azure does not accept the credentials ({told}), asked for {about}: {remedy}."),
    403: (
        "Azure does not allow {about} to be read ({told}): give the identity the Reader role on the management group "
        "or the subscription."
    ),
    404: (
        "Azure does not find {about} ({told}): check AZURE_SUBSCRIPTIONS, AZURE_MANAGEMENT_GROUPS and "
        "AZURE_RESOURCE_MANAGER_URL."
    ),
    407: (
        "A proxy asks for a login ({told}) before it lets the request for {about} through: write it into HTTPS_PROXY, "
        "or name Azure's host in NO_PROXY."
    ),
    409: (
        "Azure is busy with another change ({told}), {reason}, and did not serve {about}: run it again in a few "
        "minutes."
    ),
    OVERLOADED: (
        "Azure is over its request limit ({told}) and did not serve {about} in time: let nothing else use this "
        "identity meanwhile."
    ),
    **dict.fromkeys(UNAVAILABLE, _DISTURBED),
}


class AzureError(FinancePpmError):
    """Azure could not be read. The message says what, where and what to do.

    ``status`` is the HTTP status, or None where no answer came; ``code`` is Azure's own, or names what happened
    (``unreachable``, ``timeout``, ``dropped``, ``malformed``, ``unsound``, ...). ``retryable`` says that the same
    request may succeed later. ``retry_after`` is in seconds. ``request_id`` is what Azure's support asks for.
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
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.request_id = request_id
        self.retryable = retryable
        self.retry_after = retry_after

    @property
    def overloaded(self) -> bool:
        """Whether Azure asked for a pause of everybody."""
        return self.status == OVERLOADED

    @property
    def disturbed(self) -> bool:
        """Whether Azure, or the way to it, was out of order, whatever was asked."""
        return self.retryable or self.overloaded or self.status in UNAVAILABLE

    @property
    def concerns_everything(self) -> bool:
        """Whether no other request can succeed either: the credentials, the address, or the tenant as a whole."""
        return self.status == 401 or self.code in _EVERYBODY

    @property
    def no_access(self) -> bool:
        """Whether a part of the scope is closed to the identity, or is not there."""
        return self.status in {403, 404} or self.code == NO_SUBSCRIPTIONS


class _Detail(msgspec.Struct):
    code: object = None
    message: object = None
    details: object = None


class _Body(msgspec.Struct):
    error: _Detail


def error_of_answer(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    about: str,
    mask: Callable[[str], str],
    remedy: str,
    action: str | None = None,
) -> AzureError:
    """The error told by an answer that is no success. ``mask`` makes secrets unreadable, should Azure quote one.

    ``remedy`` is what to do where the credentials are not accepted; ``action`` what must be allowed, if not reading.
    A wait of more than five minutes is no wait: the error is not retryable then.

    https://github.com/Azure/azure-resource-manager-rpc/blob/master/v1.0/common-api-details.md tells
    the body: ``{"error": {"code", "message", "details": [{"code", "message"}]}}``.
    """
    code, reason = map(mask, _told(body))
    request_id = _request_id(headers, mask)
    facts = ", ".join([f"status {status}", code, *([f"correlation id {request_id}"] if request_id else [])])
    passing = status == OVERLOADED or status in UNAVAILABLE
    wait = _seconds_to_wait(status, headers)
    sentence = _SENTENCES.get(status, _ELSEWHERE if 300 <= status < 400 else _REFUSED)
    if status == 403 and action:
        sentence = _ACTION
    if too_long := passing and wait is not None and wait > LONGEST_PAUSE:
        sentence = _TOO_LONG
    return AzureError(
        sentence.format(
            about=about, told=facts, reason=reason, remedy=remedy, action=action, wait=_in_words(wait or 0.0)
        ),
        status=status,
        code=code,
        request_id=request_id,
        retryable=passing and not too_long,
        retry_after=wait,
    )


def malformed_answer(reason: str, *, about: str, headers: Mapping[str, str], mask: Callable[[str], str]) -> AzureError:
    """A success whose body is not what Azure documents: HTML, cut off, or of another shape."""
    return AzureError(
        f"Azure's answer for {about} could not be read ({mask(reason)}), perhaps because a proxy gave it; try again, "
        "and check AZURE_RESOURCE_MANAGER_URL and the network if it stays so.",
        code="malformed",
        request_id=_request_id(headers, mask),
        retryable=True,
    )


def no_connection(reason: str, *, base_url: str, about: str) -> AzureError:
    """The request was never sent: nobody listens there, or the name or the certificate is wrong."""
    return AzureError(
        f"Nothing answers at {base_url}, asked for {about} ({reason}): start the sandbox with `finance-ppm sandbox` "
        "if that is where it should be, else check AZURE_RESOURCE_MANAGER_URL and the network.",
        code=UNREACHABLE,
        retryable=True,
    )


def no_answer(reason: str, *, code: str, base_url: str, about: str) -> AzureError:
    """The request was sent, and no whole answer came."""
    return AzureError(
        f"{base_url} did not finish its answer for {about} ({reason}); try again, and check the network if it stays "
        "so.",
        code=code,
        retryable=True,
    )


def no_sign_in(reason: str, *, remedy: str) -> AzureError:
    """No token was given. ``remedy`` is what to do about it."""
    return AzureError(f"Signing in to Azure failed ({reason}): {remedy}.", code=SIGN_IN)


def no_answer_to_sign_in(reason: str, *, host: str, about: str) -> AzureError:
    """Nobody said whether a token is given."""
    return AzureError(
        f"{host}, where Azure signs in, does not answer ({reason}), so {about} was not asked for: try again, and check "
        "that this machine finds and reaches that host (network, DNS, HTTPS_PROXY) if it stays so.",
        code=UNREACHABLE,
        retryable=True,
    )


def truncated_tenant(about: str) -> AzureError:
    """More subscriptions than one query reaches, and all behind the first 10,000 left out without a word."""
    return AzureError(
        f"Azure left subscriptions out of its answer for {about}, because the identity sees more than 10,000 of them: "
        "name AZURE_MANAGEMENT_GROUPS, each with fewer, or AZURE_SUBSCRIPTIONS.",
        code=TRUNCATED_TENANT,
    )


def unsound_pages(reason: str, *, about: str) -> AzureError:
    """Pages that do not make up a whole; read again from the first one, they may."""
    return AzureError(
        f"The pages of {about} do not make up a whole ({reason}), perhaps because they changed while they were read: "
        "read again later.",
        code=UNSOUND,
        retryable=True,
    )


def ids_alike(first: str, second: str, *, about: str) -> AzureError:
    """Two rows whose ids are one to Azure, which compares them without case; read again, there may be only one."""
    return AzureError(
        f"Azure tells two rows of {about} whose ids differ in case alone ({first} and {second}), so that one of them "
        "cannot be kept: look at both in Azure Resource Graph Explorer, and ask Azure's support to mend them.",
        code=UNSOUND,
        retryable=True,
    )


def not_pageable(about: str, *, read: int, total: int) -> AzureError:
    """Resource Graph cut its answer and gave no token for the rest."""
    return AzureError(
        f"Azure cut its answer for {about} after {read} of {total} rows and offers no further page: read fewer "
        "subscriptions at once with AZURE_SUBSCRIPTIONS.",
        code=NOT_PAGEABLE,
    )


def resets_after(headers: Mapping[str, str]) -> float | None:
    """``x-ms-user-quota-resets-after``, ``hh:mm:ss``, in seconds.

    https://learn.microsoft.com/azure/governance/resource-graph/concepts/guidance-for-throttled-requests
    """
    parts = [whole_number(part) for part in headers.get("x-ms-user-quota-resets-after", "").split(":")]
    if len(parts) != 3 or None in parts:
        return None
    hours, minutes, seconds = (part or 0 for part in parts)
    return float(hours * 3600 + minutes * 60 + seconds)


def whole_number(told: str | None) -> int | None:
    """The number that a header tells; None where it is none, or longer than any that Azure means."""
    found = _NUMBER.fullmatch((told or "").strip())
    return int(found.group()) if found else None


def _request_id(headers: Mapping[str, str], mask: Callable[[str], str]) -> str | None:
    told = headers.get("x-ms-correlation-request-id") or headers.get("x-ms-request-id")
    return mask(told) if told else None


def _seconds_to_wait(status: int, headers: Mapping[str, str]) -> float | None:
    """``Retry-After``, in seconds; where too many requests came and it is missing, until the quota is whole again."""
    told = whole_number(headers.get("retry-after"))
    if told is not None:
        return float(told)
    return resets_after(headers) if status == OVERLOADED else None


def _in_words(seconds: float) -> str:
    hours = math.ceil(seconds / 3600)
    return f"{hours} hours" if hours > 2 else f"{math.ceil(seconds / 60)} minutes"


def _told(body: bytes) -> tuple[str, str]:
    """Code and reason of an error's body. The first detail is the more exact one: what is around it says BadRequest."""
    try:
        error = msgspec.json.decode(body, type=_Body).error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return "no code", _NO_REASON
    try:
        first = msgspec.convert(error.details, list[_Detail])[0]
    except (msgspec.ValidationError, IndexError):
        first = error
    code = next((told for told in (first.code, error.code) if isinstance(told, str) and told), "no code")
    reasons = dict.fromkeys(told for told in (first.message, error.message) if isinstance(told, str) and told)
    reason = " ".join(reasons)[:400].rstrip(". ")
    return code, f'saying "{reason}"' if reason else _NO_REASON
