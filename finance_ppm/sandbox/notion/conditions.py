"""Conditions of filters: one operator and what it compares with.

Belongs here: the operators of each kind of value. https://developers.notion.com/reference/filter-data-source-entries
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple

from finance_ppm.sandbox.notion.errors import UNDEFINED, invalid_value
from finance_ppm.sandbox.notion.values import as_number, as_time, is_empty

_TICK: Final = timedelta(microseconds=1)
_DAY: Final = timedelta(days=1)


class Interval(NamedTuple):
    """Times ``start <= t < end``."""

    start: datetime
    end: datetime

    def __and__(self, other: "Interval") -> "Interval":
        return Interval(max(self.start, other.start), min(self.end, other.end))


EVER: Final = Interval(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


@dataclass(frozen=True)
class Condition:
    """Whether a plain value meets a condition; for dates also the times that do."""

    holds: Callable[[Any], bool]
    interval: Interval | None = None


def condition(kind: str, wanted: Any, path: str, now: datetime) -> Condition:
    """Compile ``{operator: operand}`` for a kind of value. Raises ApiError where Notion refuses it.

    Kinds: rich_text, number, checkbox, select, multi_select, date, files.
    """
    if not isinstance(wanted, dict):
        raise invalid_value(path, "an object", wanted)
    if len(wanted) != 1:
        raise invalid_value(f"{path}.equals", "defined")
    operator, operand = next(iter(wanted.items()))
    where = f"{path}.{operator}"
    if operator in {"is_empty", "is_not_empty"} and kind != "checkbox":
        if operand is not True:
            raise invalid_value(where, "`true`", operand)
        return Condition(is_empty if operator == "is_empty" else lambda value: not is_empty(value))
    if kind == "date":
        return _date(operator, operand, where, now)
    operators = _OPERATORS.get(kind, {})
    if operator not in operators:
        raise invalid_value(f"{path}.{next(iter(operators), 'is_empty')}", "defined")
    comparable = _OPERAND[kind](operand)
    if comparable is None:
        raise invalid_value(where, _EXPECTED[kind], operand)
    test = operators[operator]
    return Condition(lambda value: test(value, comparable))


# Dates


def _date(operator: str, operand: Any, path: str, now: datetime) -> Condition:
    interval = _relative(operator, operand, now)
    if interval is None:
        moment = as_time(operand)
        if operator not in _DATE_OPERATORS:
            raise invalid_value(path.rsplit(".", 1)[0] + ".equals", "defined")
        if moment is None:
            raise invalid_value(path, "a valid ISO 8601 date string", UNDEFINED if operand is None else operand)
        # A day is compared as a day, a time as a time.
        length = _DAY if len(operand) == len("2026-01-31") else _TICK
        interval = _DATE_OPERATORS[operator](moment, moment + length)
    start, end = interval
    return Condition(lambda value: isinstance(value, datetime) and start <= value < end, interval)


_DATE_OPERATORS: Final[dict[str, Callable[[datetime, datetime], Interval]]] = {
    "equals": Interval,
    "before": lambda start, _: Interval(EVER.start, start),
    "after": lambda _, end: Interval(end, EVER.end),
    "on_or_before": lambda _, end: Interval(EVER.start, end),
    "on_or_after": lambda start, _: Interval(start, EVER.end),
}


def _relative(operator: str, operand: Any, now: datetime) -> Interval | None:
    """``{"past_week": {}}`` and its like: counted from the present day, weeks from Sunday."""
    if operand != {}:
        return None
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    tomorrow = today + _DAY
    sunday = today - timedelta(days=(today.weekday() + 1) % 7)
    lengths = {"week": timedelta(days=7), "month": timedelta(days=30), "year": timedelta(days=365)}
    direction, _, unit = operator.partition("_")
    if operator == "this_week":
        return Interval(sunday, sunday + lengths["week"])
    if unit in lengths and direction == "past":
        return Interval(today - lengths[unit], tomorrow)
    if unit in lengths and direction == "next":
        return Interval(today, tomorrow + lengths[unit])
    return None


# Everything else


def _text(operand: Any) -> str | None:
    return operand.casefold() if isinstance(operand, str) else None


def _names(operand: Any) -> list[str] | None:
    names = operand if isinstance(operand, list) else [operand]
    return names if all(isinstance(name, str) for name in names) else None


def _fold(value: Any) -> str:
    return value.casefold() if isinstance(value, str) else ""


def _number_test(test: Callable[[Decimal, Decimal], bool]) -> Callable[[Any, Decimal], bool]:
    return lambda value, operand: isinstance(value, Decimal) and test(value, operand)


def _holds_any(value: Any, names: list[str]) -> bool:
    return isinstance(value, list) and any(name in value for name in names)


_OPERAND: Final[dict[str, Callable[[Any], Any]]] = {
    "rich_text": _text,
    "number": as_number,
    "checkbox": lambda operand: operand if isinstance(operand, bool) else None,
    "select": _names,
    "multi_select": _names,
}
_EXPECTED: Final = {
    "rich_text": "a string",
    "number": "a number",
    "checkbox": "a boolean",
    "select": "a string",
    "multi_select": "a string",
}
_OPERATORS: Final[dict[str, dict[str, Callable[[Any, Any], bool]]]] = {
    "rich_text": {
        "equals": lambda value, text: _fold(value) == text,
        "does_not_equal": lambda value, text: _fold(value) != text,
        "contains": lambda value, text: text in _fold(value),
        "does_not_contain": lambda value, text: text not in _fold(value),
        "starts_with": lambda value, text: _fold(value).startswith(text),
        "ends_with": lambda value, text: _fold(value).endswith(text),
    },
    "number": {
        "equals": _number_test(lambda value, operand: value == operand),
        "does_not_equal": lambda value, operand: value != operand,
        "greater_than": _number_test(lambda value, operand: value > operand),
        "less_than": _number_test(lambda value, operand: value < operand),
        "greater_than_or_equal_to": _number_test(lambda value, operand: value >= operand),
        "less_than_or_equal_to": _number_test(lambda value, operand: value <= operand),
    },
    "checkbox": {
        "equals": lambda value, operand: bool(value) is operand,
        "does_not_equal": lambda value, operand: bool(value) is not operand,
    },
    "select": {
        "equals": lambda value, names: value in names,
        "does_not_equal": lambda value, names: value not in names,
    },
    "multi_select": {
        "contains": _holds_any,
        "does_not_contain": lambda value, names: not _holds_any(value, names),
    },
}
