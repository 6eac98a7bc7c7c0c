"""What Azure's answers hold, with every row byte for byte.

Belongs here: shapes of bodies, and decoding them. What a row says is read in ``identities``.
"""

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec
from msgspec import Raw

from finance_ppm.sources.azure.errors import malformed_answer

T = TypeVar("T")

_ESCAPES = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a pair, which is one character
    rb"|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"  # half of one
    rb"|\\."  # any other escape, an escaped backslash among them
)
_HALF_LENGTH = 6


class Column(msgspec.Struct, frozen=True):
    """A column of the ``table`` format."""

    name: str


class Table(msgspec.Struct, frozen=True):
    """Rows in the ``table`` format, which was the only one before API version 2021-03-01."""

    columns: list[Column]
    rows: list[list[Raw]]

    def __post_init__(self) -> None:
        """Refuse a row that is shorter or longer than the columns."""
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError("a row has not one value for each column")


class GraphAnswer(msgspec.Struct, frozen=True):
    """A page of Resource Graph.

    https://learn.microsoft.com/rest/api/azureresourcegraph/resourcegraph/resources/resources
    """

    total_records: int = msgspec.field(name="totalRecords")
    count: int
    data: list[Raw] | Table
    result_truncated: str | bool = msgspec.field(name="resultTruncated", default="false")
    skip_token: str | None = msgspec.field(name="$skipToken", default=None)

    def __post_init__(self) -> None:
        """Refuse a page that holds another number of rows than it says."""
        held = len(self.data.rows if isinstance(self.data, Table) else self.data)
        if held != self.count:
            raise ValueError(f"it says that it holds {self.count} rows, and holds {held}")

    @property
    def truncated(self) -> bool:
        """Whether Azure says that it left rows out. It does not say so while there are further pages."""
        return str(self.result_truncated).lower() == "true"

    def rows(self) -> list[bytes]:
        """Each row's JSON. Of the ``table`` format, an object of the columns' names and the values as they came."""
        if not isinstance(self.data, Table):
            return [bytes(row) for row in self.data]
        names = [msgspec.json.encode(column.name) for column in self.data.columns]
        return [
            b"{" + b",".join(name + b":" + bytes(value) for name, value in zip(names, row, strict=True)) + b"}"
            for row in self.data.rows
        ]


class ListAnswer(msgspec.Struct, frozen=True):
    """A page of one of Resource Manager's lists."""

    value: list[Raw]
    next_link: str | None = msgspec.field(name="nextLink", default=None)

    def rows(self) -> list[bytes]:
        """Each row's JSON."""
        return [bytes(row) for row in self.value]


def decode_answer(
    body: bytes, kind: type[T], *, about: str, headers: Mapping[str, str], mask: Callable[[str], str]
) -> T:
    """The body of a success, of the shape ``kind``.

    Half a surrogate pair becomes U+FFFD: such a text is JSON to the sender and to nobody else. Raises a retryable
    :class:`~finance_ppm.sources.azure.errors.AzureError` where the body is not UTF-8, not JSON, or of another shape.
    """
    try:
        body.decode()
        whole = _ESCAPES.sub(_whole, body) if b"\\ud" in body or b"\\uD" in body else body
        return msgspec.json.decode(whole.removeprefix(b"\xef\xbb\xbf"), type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise malformed_answer(str(error), about=about, headers=headers, mask=mask) from None


def _whole(escape: re.Match[bytes]) -> bytes:
    text = escape.group()
    return rb"\ufffd" if len(text) == _HALF_LENGTH else text
