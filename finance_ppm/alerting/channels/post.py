"""Posting JSON to a webhook whose address is a secret.

What goes wrong is told by the kind of error and the number of the answer alone: an error of the library's, a redirect
and the page of a server may all quote the address.
"""

import re
from collections.abc import Mapping
from datetime import timedelta

import httpx
from pydantic import SecretStr

from finance_ppm.alerting.channels.channel import PATIENCE, NotTakenError

LATER = frozenset({408, 425, 429})
"""Refusals that pass by themselves; errors of the server (5xx) do as well."""

LONGEST_WAIT = timedelta(days=1)

MEANINGS = {
    400: "it does not understand the message, or the webhook was switched off",
    401: "the address is not, or no longer, entitled to post",
    403: "the address is not, or no longer, entitled to post",
    404: "there is no webhook at the address",
    405: "there is no webhook at the address",
    410: "the webhook, or where it led to, is gone",
    413: "the message is too long for it",
    429: "it asks for more time between messages",
}

_CODE = re.compile(r"[a-z]+(?:_[a-z]+){1,5}")
"""What Slack says beside the number, as in ``no_service``: no secret looks like that."""


def post(name: str, setting: str, url: SecretStr, body: bytes, headers: Mapping[str, str] | None = None) -> None:
    """Post ``body`` to the webhook of ``name``, whose address is the setting ``setting``.

    Raises :class:`NotTakenError`.
    """
    sent = {"Content-Type": "application/json", **(headers or {})}
    try:
        answer = httpx.post(
            url.get_secret_value(), content=body, headers=sent, timeout=PATIENCE, follow_redirects=False
        )
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        raise NotTakenError(f"{setting} is no address of a webhook: copy it again.", for_good=True) from None
    except httpx.TimeoutException:
        raise NotTakenError(f"{name} did not answer within {PATIENCE:g} seconds.", for_good=False) from None
    except httpx.HTTPError as error:
        raise NotTakenError(
            f"{name} was not reached ({type(error).__name__}): check {setting} and the network.", for_good=False
        ) from None
    if answer.is_success:
        return
    status = answer.status_code
    for_good = status < 500 and status not in LATER
    told = answer.text.strip() if len(answer.content) < 200 else ""
    code = f" {told}" if _CODE.fullmatch(told) else ""
    meaning = "it leads elsewhere" if answer.has_redirect_location else MEANINGS.get(status, "it is disturbed")
    remedy = f"; check {setting}, then `finance-ppm alerts resend`" if for_good else ""
    raise NotTakenError(f"{name} answered {status}{code}: {meaning}{remedy}.", for_good=for_good, wait=_wait(answer))


def _wait(answer: httpx.Response) -> timedelta:
    """What the answer asks for in whole seconds; a date is passed over."""
    told = answer.headers.get("Retry-After", "")
    return min(timedelta(seconds=int(told)), LONGEST_WAIT) if re.fullmatch(r"\d{1,6}", told) else timedelta()
