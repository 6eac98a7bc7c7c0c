"""Values as Azure writes them, read one by one: what cannot be read is told, and stops nothing.

Belongs here: the readings that every row of Azure shares. Does not belong here: which column is read from where
(``inventory``, ``recommendations``).
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any, TypeVar

import msgspec

from finance_ppm.transforms.silver.cells import QUOTED_LENGTH, Issue

AZURE_VALUE_UNREADABLE = "azure_value_unreadable"
"""The one rule that a value of Azure's can break by being read."""

NOTHING = msgspec.Raw(b"null")
"""A part that the row does not have."""

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)
_LIMIT = Decimal(10) ** 16
"""The smallest amount that does not fit ``DECIMAL(18, 2)``."""
_CENT = Decimal("0.01")
_DIGITS = Context(prec=20)
_TRUTH = {"true": True, "false": False}

T = TypeVar("T")


def decoder(shape: type[T]) -> msgspec.json.Decoder[T]:
    """A decoder of one shape. A number with a fraction stays the text it is: nothing passes through a float."""
    return msgspec.json.Decoder(shape, float_hook=str)


class Wire:
    """Reads the values of one row, and gathers what is wrong with them in ``issues``.

    Every reading takes the column it is for, the path that the message names, and the value as JSON told it. Null,
    and a text of blanks, are absent: that is no issue.
    """

    __slots__ = ("issues",)

    def __init__(self) -> None:
        self.issues: list[Issue] = []

    def unreadable(self, column: str | None, path: str, value: object, wanted: str) -> None:
        """Tell that ``value`` is not what is wanted: "a number"."""
        self.issues.append(Issue(AZURE_VALUE_UNREADABLE, column, _quoted(value), f"{path} is not {wanted}."))

    def part(
        self, decoder: msgspec.json.Decoder[T], column: str | None, path: str, part: msgspec.Raw | str
    ) -> T | None:
        """A part of the row, decoded; None where it is absent or of another shape."""
        if part == NOTHING:
            return None
        try:
            return decoder.decode(part)
        except (msgspec.DecodeError, RecursionError):
            text = part if isinstance(part, str) else bytes(part).decode(errors="replace")
            self.unreadable(column, path, text, "a JSON object that can be read")
            return None

    def text(self, column: str, path: str, value: object) -> str | None:
        """A text, trimmed."""
        if isinstance(value, str):
            return value.strip() or None
        if value is not None:
            self.unreadable(column, path, value, "a text")
        return None

    def lower(self, column: str, path: str, value: object) -> str | None:
        """A text that Azure compares without case."""
        text = self.text(column, path, value)
        return text and text.lower()

    def region(self, column: str, path: str, value: object) -> str | None:
        """A region however it is written: ``West Europe`` is ``westeurope``."""
        text = self.text(column, path, value)
        return text and "".join(text.lower().split())

    def table(self, column: str, path: str, value: object) -> Mapping[str, Any]:
        """An object's members; none where it is absent."""
        if isinstance(value, dict):
            return value
        if value is not None:
            self.unreadable(column, path, value, "a JSON object")
        return {}

    def flag(self, column: str, path: str, value: object) -> bool | None:
        """True or false, as JSON tells them or as a text."""
        if isinstance(value, bool) or value is None:
            return value
        if isinstance(value, str):
            text = value.strip().lower()
            if text in _TRUTH or not text:
                return _TRUTH.get(text)
        self.unreadable(column, path, value, "true or false")
        return None

    def amount(
        self, column: str, path: str, value: object, *, limit: Decimal = _LIMIT, rounding: str = ROUND_HALF_UP
    ) -> Decimal | None:
        """A number rounded to the cent, half up unless told otherwise, from its digits: no float comes between."""
        number = _number(value)
        if number is not None and abs(number) < limit:
            cents = number.quantize(_CENT, rounding, _DIGITS)
            if abs(cents) < limit:
                return cents
        if not is_blank(value):
            self.unreadable(column, path, value, "a number" if number is None else f"a number below {limit}")
        return None

    def whole(self, column: str, path: str, value: object, *, limit: int) -> int | None:
        """A whole number from 0 to below ``limit``; ``6.0`` is one."""
        number = _number(value)
        if number is not None and 0 <= number < limit and number == int(number):
            return int(number)
        if not is_blank(value):
            self.unreadable(column, path, value, f"a whole number below {limit}")
        return None

    def moment(self, column: str, path: str, value: object) -> datetime | None:
        """A time in UTC, to the microsecond: Azure writes seven digits of a second. Without a zone it is UTC."""
        text = self.text(column, path, value)
        if text is None:
            return None
        try:
            told = datetime.fromisoformat(text)
            return (told if told.tzinfo else told.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            self.unreadable(column, path, value, "a time in ISO 8601")
            return None

    def matching(
        self, column: str, path: str, value: object, reading: Callable[[str], T | None], what: str
    ) -> T | None:
        """What ``reading`` makes of a text; ``what`` says what it knows."""
        text = self.text(column, path, value)
        if text is None:
            return None
        found = reading(text)
        if found is None:
            self.unreadable(column, path, value, what)
        return found


def _number(value: object) -> Decimal | None:
    if isinstance(value, str):
        text = value.strip()
        return Decimal(text) if _NUMBER.fullmatch(text) else None
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else None


def is_blank(value: object) -> bool:
    """Whether nothing is told: null, or a text of blanks."""
    return value is None or (isinstance(value, str) and not value.strip())


def _quoted(value: object) -> str:
    """At most :data:`QUOTED_LENGTH` characters of a value; of an object or a list, only that it is one."""
    match value:
        case dict():
            return "{...}"
        case list():
            return "[...]"
        case bool():
            return str(value).lower()
        case _:
            return str(value)[:QUOTED_LENGTH]
