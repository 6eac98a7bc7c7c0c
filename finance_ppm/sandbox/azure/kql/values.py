"""What Kusto does with values: texts, order, equality, and what becomes of nulls.

Belongs here: values two at a time at most. Null is None, and a comparison with it may be None in turn, which ``where``
takes for false. https://learn.microsoft.com/en-us/kusto/query/scalar-data-types/null-values
"""

import re
from collections.abc import Callable, Hashable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

import msgspec


class Type(StrEnum):
    """A column's type, as Resource Graph's tables name it."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATETIME = "datetime"
    OBJECT = "object"


def text_of(value: Any) -> str:
    """``tostring``: JSON for what is no text, and the empty text for null."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, datetime):
        return written(value)
    if isinstance(value, timedelta):
        return str(value)
    return msgspec.json.encode(value).decode()


def written(moment: datetime) -> str:
    """A moment as Azure writes it: UTC with seven digits of a second."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}0Z"


def moment_of(value: Any) -> datetime | None:
    """``todatetime``: null for what is no time. Fractions of a second may have any number of digits."""
    if isinstance(value, datetime):
        return value
    try:
        moment = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text_of(value)))
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def number_of(value: Any) -> float | int | None:
    """``toreal``: null for what is no number."""
    if isinstance(value, bool | int | float):
        return value
    try:
        return float(text_of(value))
    except ValueError:
        return None


def equal(left: Any, right: Any) -> bool | None:
    """``==``: two nulls are neither equal nor different. What stands beside a text is compared as text."""
    if left is None or right is None:
        return None if left is right else False
    if isinstance(left, str) != isinstance(right, str) and not isinstance(left, datetime) | isinstance(right, datetime):
        return text_of(left) == text_of(right)
    return bool(left == right)


def different(left: Any, right: Any) -> bool | None:
    """``!=``."""
    same = equal(left, right)
    return None if same is None else not same


def ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool | None]:
    """``<`` and its like: null where the two have no common order."""

    def compared(left: Any, right: Any) -> bool | None:
        try:
            return compare(left, right)
        except TypeError:
            return None

    return compared


def has_term(left: Any, right: Any) -> bool:
    """``has``: the text on the right stands on the left as a whole term, in any case."""
    return _term(text_of(right)).search(text_of(left)) is not None


@lru_cache(maxsize=256)
def _term(text: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![A-Za-z0-9]){re.escape(text)}(?![A-Za-z0-9])", re.IGNORECASE)


def without_case(compare: Callable[[str, str], bool]) -> Callable[[Any, Any], bool]:
    """A comparison of texts that takes no notice of case."""
    return lambda left, right: compare(text_of(left).lower(), text_of(right).lower())


def negated(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """The opposite of a comparison."""
    return lambda left, right: not compare(left, right)


_RANKS: Final[tuple[tuple[type | tuple[type, ...], int], ...]] = (
    ((bool, int, float), 1),
    (datetime, 2),
    (timedelta, 3),
    (str, 4),
)


def sort_key(value: Any) -> tuple[int, Any]:
    """By this any two values have an order: nulls first, then numbers, times and texts."""
    if value is None:
        return 0, 0
    for kind, rank in _RANKS:
        if isinstance(value, kind):
            return rank, value
    return 5, text_of(value)


def group_key(value: Any) -> Hashable:
    """Equal values have equal keys; 1 and true have not."""
    return type(value), text_of(value) if isinstance(value, dict | list) else value
