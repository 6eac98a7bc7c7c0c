"""Kusto's functions, as far as they are supported: of values, and of the rows of a group.

Belongs here: what each gives for values, and the type of it.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from finance_ppm.sandbox.azure.kql.values import Type, group_key, moment_of, number_of, sort_key, text_of


@dataclass(frozen=True)
class Function:
    """A function of values. ``type`` None is the type of the argument numbered ``like``."""

    of: Callable[..., Any]
    type: Type | None
    fewest: int = 1
    most: int = 1
    like: int = 0


def _whole(value: Any) -> int | None:
    number = number_of(value)
    return None if number is None or not math.isfinite(number) else int(number)


def _truth(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False, "1": True, "0": False}.get(text_of(value).lower())


def _is_empty(value: Any) -> bool:
    return value is None or value in ("", [], {})


def _split(text: Any, delimiter: str) -> list[str]:
    return text_of(text).split(delimiter)


def _array_length(value: Any) -> int | None:
    return len(value) if isinstance(value, list) else None


def _case(*arguments: Any) -> Any:
    *pairs, otherwise = arguments
    return next((then for when, then in zip(pairs[::2], pairs[1::2], strict=True) if when), otherwise)


def _bin(value: Any, size: Any) -> Any:
    number = number_of(value)
    if number is None or not size:
        return None
    return round(math.floor(number / size) * size, 10)


def _parsed(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return msgspec.json.decode(value)
    except msgspec.DecodeError:
        return value


def _compared(left: Any, right: Any) -> int:
    one, other = text_of(left), text_of(right)
    return (one > other) - (one < other)


def _first_told(*values: Any) -> Any:
    return next((value for value in values if value is not None and value != ""), None)


_MANY: Final = 64

_REAL: Final = Function(number_of, Type.NUMBER)
_INT: Final = Function(_whole, Type.INTEGER)
_IFF: Final = Function(lambda when, then, otherwise: then if when else otherwise, None, 3, 3, like=1)
_IS_NOT_EMPTY: Final = Function(lambda value: not _is_empty(value), Type.BOOLEAN)
_DYNAMIC: Final = Function(_parsed, Type.OBJECT)

FUNCTIONS: Final[Mapping[str, Function]] = {
    "tostring": Function(text_of, Type.STRING),
    "tolower": Function(lambda value: text_of(value).lower(), Type.STRING),
    "toupper": Function(lambda value: text_of(value).upper(), Type.STRING),
    "toint": _INT,
    "tolong": _INT,
    "toreal": _REAL,
    "todouble": _REAL,
    "tobool": Function(_truth, Type.BOOLEAN),
    "todatetime": Function(moment_of, Type.DATETIME),
    "todynamic": _DYNAMIC,
    "parse_json": _DYNAMIC,
    "isnull": Function(lambda value: value is None, Type.BOOLEAN),
    "isnotnull": Function(lambda value: value is not None, Type.BOOLEAN),
    "isempty": Function(_is_empty, Type.BOOLEAN),
    "isnotempty": _IS_NOT_EMPTY,
    "notempty": _IS_NOT_EMPTY,
    "not": Function(lambda value: None if value is None else not value, Type.BOOLEAN),
    "iff": _IFF,
    "iif": _IFF,
    "case": Function(_case, None, 3, _MANY, like=1),
    "coalesce": Function(_first_told, None, 1, _MANY),
    "strcat": Function(lambda *parts: "".join(text_of(part) for part in parts), Type.STRING, 1, _MANY),
    "strcmp": Function(_compared, Type.INTEGER, 2, 2),
    "strlen": Function(lambda value: len(text_of(value)), Type.INTEGER),
    "split": Function(_split, Type.OBJECT, 2, 2),
    "array_length": Function(_array_length, Type.INTEGER),
    "bin": Function(_bin, Type.NUMBER, 2, 2),
    "round": Function(lambda value, digits=0: round(number_of(value) or 0.0, digits), Type.NUMBER, 1, 2),
}


@dataclass(frozen=True)
class Aggregate:
    """A function of a group: of its argument's values, one for each row (its rows, where it takes none)."""

    of: Callable[[Sequence[Any]], Any]
    type: Type | None
    arguments: int = 1


def _numbers(values: Sequence[Any]) -> list[float | int]:
    return [value for value in values if isinstance(value, int | float)]


def _told(values: Sequence[Any]) -> list[Any]:
    return [value for value in values if value is not None]


def _mean(values: Sequence[Any]) -> float | None:
    numbers = _numbers(values)
    return sum(numbers) / len(numbers) if numbers else None


AGGREGATES: Final[Mapping[str, Aggregate]] = {
    "count": Aggregate(len, Type.INTEGER, arguments=0),
    "countif": Aggregate(lambda values: sum(value is True for value in values), Type.INTEGER),
    "dcount": Aggregate(lambda values: len({group_key(value) for value in _told(values)}), Type.INTEGER),
    "sum": Aggregate(lambda values: sum(_numbers(values)), Type.NUMBER),
    "avg": Aggregate(_mean, Type.NUMBER),
    "min": Aggregate(lambda values: min(_told(values), key=sort_key, default=None), None),
    "max": Aggregate(lambda values: max(_told(values), key=sort_key, default=None), None),
}
