"""JSON as Notion sends it: numbers keep their digits, pages keep their bytes, one broken text does not break the rest.

Belongs here: reading and writing JSON text without ever passing a number through a binary float.
"""

import re
from typing import Any, TypeVar

import msgspec

from finance_ppm.sources.notion.errors import malformed_answer

T = TypeVar("T")

_ESCAPES = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a pair, which is one character
    rb"|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"  # half of one
    rb"|\\."  # any other escape, an escaped backslash among them
)
_HALF_LENGTH = 6

_decoder = msgspec.json.Decoder(float_hook=msgspec.Raw)
_canonical_encoder = msgspec.json.Encoder(order="sorted")
_encoder = msgspec.json.Encoder(decimal_format="number")


def decode_answer(body: bytes, kind: type[T], *, about: str) -> T:
    """The body of a success, of the shape ``kind``.

    Half a surrogate pair (what is left of an emoji that was cut in two) becomes U+FFFD: such a text is JSON to the
    sender and to nobody else. Raises a retryable :class:`~finance_ppm.sources.notion.errors.NotionError` where the
    body is not UTF-8, not JSON, or of another shape.
    """
    try:
        body.decode()
        return msgspec.json.decode(_ESCAPES.sub(_whole, body) if rb"\ud" in body.lower() else body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise malformed_answer(str(error), about=about) from None


def parse(text: bytes | str) -> Any:
    """JSON text as Python values; a number that is not an integer is its own text (``msgspec.Raw``)."""
    return _decoder.decode(text)


def canonical(value: Any) -> bytes:
    """JSON text with sorted keys and without blanks. Numbers are written digit by digit as they were parsed."""
    return _canonical_encoder.encode(value)


def write_json(value: Any) -> bytes:
    """JSON text of a request: decimals as numbers, digit by digit; ``msgspec.Raw`` as it stands."""
    return _encoder.encode(value)


def _whole(escape: re.Match[bytes]) -> bytes:
    text = escape.group()
    return rb"\ufffd" if len(text) == _HALF_LENGTH else text
