"""The one error of this source: which file could not be read, why, and what the user can do.

Belongs here: the sentences. Whether it is tried again is told by the error (``retryable``) and done by ``retry``.
A single bad row is no error: it is refused (``rows``).
"""

import math
import re
from collections.abc import Mapping

from finance_ppm.errors import FinancePpmError

UNAVAILABLE = frozenset({408, 429, 500, 502, 503, 504})
"""Statuses after which the same request may succeed."""

LONGEST_PAUSE = 60.0
"""Seconds: the longest that a capture waits because it was told to. Another capture waits for it meanwhile."""

_NUMBER = re.compile(r"[0-9]{1,7}")

_SETTING = "check the address in PPM_FX_RATES"
_SENTENCES = {
    401: "{about} asks for a login ({told}): " + _SETTING + ", or name a copy of the file in its place.",
    403: "{about} may not be read from here ({told}): " + _SETTING + ", or name a copy of the file in its place.",
    404: (
        "{about} is not there ({told}): " + _SETTING + "; it is that of a folder with the European Central Bank's "
        "files, or of a file whose name ends in .csv, .zip or .xml."
    ),
    407: "A proxy asks for a login ({told}) before {about} can be read: write it into HTTPS_PROXY.",
    **dict.fromkeys(UNAVAILABLE, "{about} cannot be read at the moment ({told}): try again later."),
}


class FxError(FinancePpmError):
    """Exchange rates could not be read. The message says what, where and what to do.

    ``status`` is the HTTP status, or None where no answer came or none was asked for. ``retryable`` says that the same
    read may succeed later: what is wrong is passing, not the setting or the file. ``retry_after`` is in seconds.
    """

    def __init__(
        self, message: str, *, status: int | None = None, retryable: bool = False, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.retryable = retryable
        self.retry_after = retry_after


def error_of_answer(status: int, headers: Mapping[str, str], *, about: str) -> FxError:
    """The error told by an answer that is no success. A wait of more than a minute is no wait: not retryable then."""
    told = f"status {status}"
    found = _NUMBER.fullmatch(headers.get("retry-after", "").strip())
    wait = float(found.group()) if found else None
    passing = status in UNAVAILABLE
    sentence = _SENTENCES.get(status, "{about} cannot be read ({told}): " + _SETTING + ".")
    if too_long := passing and wait is not None and wait > LONGEST_PAUSE:
        told += f", to be tried again after {math.ceil((wait or 0) / 60)} minutes"
    return FxError(
        sentence.format(about=about, told=told), status=status, retryable=passing and not too_long, retry_after=wait
    )


def no_connection(reason: str, *, about: str) -> FxError:
    """The request was never sent: nobody listens there, or the name or the certificate is wrong."""
    return FxError(
        f"Nothing answers where {about} should be ({reason}): start the sandbox with `finance-ppm sandbox` if that is "
        f"where it should be, else {_SETTING} and the network.",
        retryable=True,
    )


def no_answer(reason: str, *, about: str) -> FxError:
    """The request was sent, and no whole answer came."""
    return FxError(
        f"{about} did not arrive whole ({reason}): try again, and check the network if it stays so.", retryable=True
    )


def web_page(about: str) -> FxError:
    """HTML came, whatever the status said: a portal's page, or that of another address."""
    return FxError(
        f"{about} is a web page and no file of exchange rates: {_SETTING}, and whether a proxy or a sign-in page "
        "answers in its place.",
        retryable=True,
    )


def damaged(reason: str, *, about: str) -> FxError:
    """A file of a known kind that cannot be opened; over the network it may be whole the next time."""
    return FxError(
        f"{about} is damaged or breaks off ({reason}): try again, and fetch it anew if it is a copy.", retryable=True
    )


def not_rates(reason: str, *, about: str) -> FxError:
    """A whole file, and none of ours."""
    return FxError(
        f"{about} is no file of exchange rates that is known here ({reason}): PPM_FX_RATES takes the European Central "
        "Bank's files as .zip, .csv or .xml, or a CSV with the columns date, currency and rate, with commas between "
        "them."
    )


def too_large(limit: int, *, about: str) -> FxError:
    """More than any file of rates holds."""
    return FxError(f"{about} holds more than {limit // 2**20} MiB, which is no file of exchange rates: {_SETTING}.")
