"""Expressions as functions of a row, and how they are put together.

Belongs here: what an expression is and does. How it is spelt is told by ``expressions``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from operator import truediv
from typing import Any

from finance_ppm.sandbox.azure.kql.functions import Aggregate, Function
from finance_ppm.sandbox.azure.kql.values import Type, text_of

Row = dict[str, Any]
Compared = Callable[[Any, Any], bool | None]


@dataclass(frozen=True)
class Expression:
    """A value of a row. ``name`` is the column it makes where the query names none."""

    of: Callable[[Row], Any]
    type: Type = Type.OBJECT
    name: str = ""


@dataclass(frozen=True)
class Aggregation:
    """An aggregate in a ``summarize``: computed for each group and put into its row under ``column``, for a moment."""

    aggregate: Aggregate
    argument: Expression | None
    column: str


def constant(value: Any) -> Expression:
    """The same value for every row."""
    kinds = {str: Type.STRING, bool: Type.BOOLEAN, int: Type.INTEGER, float: Type.NUMBER, datetime: Type.DATETIME}
    return Expression(lambda _: value, kinds.get(type(value), Type.OBJECT))


def column(name: str, kind: Type) -> Expression:
    """A column."""
    return Expression(lambda row: row[name], kind, name)


def member_of(owner: Expression, key: str) -> Expression:
    """``owner.key``: null where the owner is no object or has no such key."""

    def found(row: Row) -> Any:
        value = owner.of(row)
        return value.get(key) if isinstance(value, dict) else None

    return Expression(found, Type.OBJECT, f"{owner.name}_{key}")


def item_of(owner: Expression, index: Expression, key: str) -> Expression:
    """``owner[index]``, an object's key or an array's position; ``key`` is the index where the query spells it out."""

    def found(row: Row) -> Any:
        value, at = owner.of(row), index.of(row)
        if isinstance(value, dict):
            return value.get(text_of(at))
        inside = isinstance(value, list) and isinstance(at, int) and -len(value) <= at < len(value)
        return value[at] if inside else None

    return Expression(found, Type.OBJECT, f"{owner.name}_{key}")


def compared(compare: Compared, left: Expression, right: Expression) -> Expression:
    """Two values compared."""
    return Expression(lambda row: compare(left.of(row), right.of(row)), Type.BOOLEAN)


def all_of(left: Expression, right: Expression) -> Expression:
    """``and``."""
    return Expression(lambda row: bool(left.of(row) and right.of(row)), Type.BOOLEAN)


def any_of(left: Expression, right: Expression) -> Expression:
    """``or``."""
    return Expression(lambda row: bool(left.of(row) or right.of(row)), Type.BOOLEAN)


def among(same: Compared, wanted: bool, left: Expression, choices: list[Expression]) -> Expression:
    """``in`` and its kin."""

    def found(row: Row) -> bool:
        value = left.of(row)
        return any(same(value, choice.of(row)) for choice in choices) is wanted

    return Expression(found, Type.BOOLEAN)


def computed(
    compute: Callable[[Any, Any], Any], left: Expression, right: Expression, kind: Type | None = None
) -> Expression:
    """Arithmetic: null where the two cannot be reckoned with. ``kind`` None is told by the operands."""

    def found(row: Row) -> Any:
        try:
            return compute(left.of(row), right.of(row))
        except (TypeError, ZeroDivisionError, OverflowError):
            return None

    if kind is None:
        whole = left.type is right.type is Type.INTEGER and compute is not truediv
        kind = Type.DATETIME if left.type is Type.DATETIME else Type.INTEGER if whole else Type.NUMBER
    return Expression(found, kind)


def applied(function: Function, arguments: list[Expression]) -> Expression:
    """A function of values."""
    of, parts = function.of, [argument.of for argument in arguments]
    kind = function.type or arguments[min(function.like, len(arguments) - 1)].type
    name = arguments[0].name
    if len(parts) == 1:
        only = parts[0]
        return Expression(lambda row: of(only(row)), kind, name)
    return Expression(lambda row: of(*(part(row) for part in parts)), kind, name)
