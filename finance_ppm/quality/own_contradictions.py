"""What a condition asks that no value meets together: ``{at_least: 5, at_most: 3}``.

Values are in order, so an answer changes only at a value that is named: whether any meets all is known by trying these,
their neighbours, and what lies between two.

Belongs here: conditions as such. Which columns there are, and what is said of it, is ``own_objections``.
"""

from collections.abc import Collection, Mapping
from datetime import date
from fractions import Fraction
from itertools import combinations, pairwise
from typing import Any

from finance_ppm.quality.own_conditions import COMPARISONS, LISTS, Condition, OtherColumn

_Values = frozenset[Any]


def clash(condition: Condition, *, is_whole: bool, words: Collection[str] | None = None) -> tuple[str, ...]:
    """The names of the fewest comparisons and lists of words that no value meets together; none where some meets all.

    Values are whole numbers or days where ``is_whole``, and no others than ``words`` where these are told. What is
    compared with another column is held against what is compared with that same one.
    """
    asked = {name: getattr(condition, name) for name in (*COMPARISONS, *LISTS) if name in condition.model_fields_set}
    fixed = {name: _named(told) for name, told in asked.items() if not isinstance(told, OtherColumn)}
    if names := _clash(fixed, words or _tried(fixed, is_whole=is_whole)):
        return names
    columns = dict.fromkeys(told.column for told in asked.values() if isinstance(told, OtherColumn))
    for column in columns:
        like_it = {name: frozenset({Fraction(0)}) for name, told in asked.items() if told == OtherColumn(column)}
        if names := _clash(like_it, _tried(like_it, is_whole=is_whole)):
            return names
    return ()


def _clash(asked: Mapping[str, _Values], tried: Collection[Any]) -> tuple[str, ...]:
    for count in range(1, len(asked) + 1):
        for names in combinations(asked, count):
            if not any(all(_meets(value, name, asked[name]) for name in names) for value in tried):
                return names
    return ()


def _named(told: Any) -> _Values:
    """What is named, as values that are in order."""
    if isinstance(told, tuple):
        return frozenset(told)
    if isinstance(told, bool | str):
        return frozenset({told})
    return frozenset({Fraction(told.toordinal() if isinstance(told, date) else told)})


def _tried(asked: Mapping[str, _Values], *, is_whole: bool) -> set[Any]:
    named = sorted({value for values in asked.values() for value in values})
    tried = {value for one in named for value in _neighbours(one)}
    between = ((one + other) / 2 for one, other in pairwise(named) if isinstance(one, Fraction) and not is_whole)
    return tried.union(between)


def _neighbours(value: Any) -> tuple[Any, ...]:
    if isinstance(value, bool):
        return False, True
    return ("", value, f"{value}\0") if isinstance(value, str) else (value - 1, value, value + 1)


def _meets(value: Any, name: str, named: _Values) -> bool:
    if name in LISTS:
        return (value in named) is (name == "one_of")
    (other,) = named
    return bool(COMPARISONS[name](value, other))
