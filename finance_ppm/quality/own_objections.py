"""Why no cell of a column could ever answer what a rule of a finance team's own asks of it.

Belongs here: objections to a condition, each with what to write instead. What a column can hold is ``cell_values``.
"""

from collections.abc import Collection, Iterator
from typing import Any

import dataframely as dy
import polars as pl

from finance_ppm.cell_values import WORDS, comparable, listed, never, no_word, shown
from finance_ppm.contracts import Table, full_name, stamp_columns
from finance_ppm.quality.own_conditions import COMPARISONS, LISTS, Condition, OtherColumn
from finance_ppm.quality.own_contradictions import clash
from finance_ppm.yaml_file import Place, instead

_EQUALITIES = ("equals", "differs_from")


def objections(table: type[Table], column: str, condition: Condition) -> Iterator[tuple[Place, str]]:
    """What is wrong with a condition of the column, each with the part of it that it is about."""
    columns = table.columns()
    if column not in columns:
        yield (), f"{full_name(table)} has no column {column}; {instead(column, columns)}"
        return
    kind = columns[column]
    if column in stamp_columns(table):
        yield (), f"{column} says only when the row was written; name another column"
    for name in sorted(condition.model_fields_set - {"present"}):
        if kind.dtype.is_nested():
            yield (name,), f"{column} holds several values, and only present can be asked of it"
        elif name in COMPARISONS and (reason := _incomparable(table, column, name, getattr(condition, name))):
            yield (name,), reason
        elif name not in COMPARISONS and not isinstance(kind, dy.String):
            yield (name,), f"{column} holds no text, and {name} can be asked of texts only"
    if condition.matches is not None and not _is_pattern(condition.matches):
        yield ("matches",), f"{condition.matches!r} is no regular expression; correct it"
    words = WORDS.get((table, column))
    if words is not None:
        yield from _unknown_words(column, condition, words)
    yield from _impossible(column, kind, condition, words)


def _incomparable(table: type[Table], column: str, name: str, value: Any) -> str | None:
    columns = table.columns()
    if isinstance(value, OtherColumn):
        if value.column not in columns:
            return f"{full_name(table)} has no column {value.column}; {instead(value.column, columns)}"
        if value.column == column:
            return f"{column} is compared with itself; name another column"
        alike = type(columns[value.column]) is type(columns[column])
        return None if alike else f"{column} and {value.column} are of different kinds; name a column of the same"
    if advice := comparable(columns[column], value):
        return f"{column} cannot be compared with {shown(value)}; {advice}"
    return never(table, column, value) if name in _EQUALITIES else None


def _is_pattern(told: str) -> bool:
    try:
        pl.select(pl.lit("").str.contains(told))
    except pl.exceptions.ComputeError:
        return False
    return True


def _unknown_words(column: str, condition: Condition, words: Collection[str]) -> Iterator[tuple[Place, str]]:
    for name in LISTS:
        for index, told in enumerate(getattr(condition, name) or ()):
            if reason := no_word(column, told, words):
                yield (name, index), reason
    pattern = condition.matches
    if pattern is not None and not pl.Series([*map(str, words)]).str.contains(pattern).any():
        yield ("matches",), f"{column} is {listed(words)}, and {pattern!r} is found in none of them; correct it"


def _impossible(
    column: str, kind: dy.Column, condition: Condition, words: Collection[str] | None
) -> Iterator[tuple[Place, str]]:
    if condition.present is False and len(condition.model_fields_set) > 1 and not isinstance(kind, dy.String):
        yield ("present",), f"of an empty {column} nothing else can be asked; remove present: false, or the rest"
    names = clash(condition, is_whole=not isinstance(kind, dy.Decimal | dy.Float64), words=words)
    told = [f"{name}: {_told(getattr(condition, name))}" for name in names]
    if told:
        yield (names[-1],), f"no {column} meets {' and '.join(told)}{' together' if told[1:] else ''}; correct it"


def _told(asked: Any) -> str:
    """What is asked, as the file tells it."""
    if isinstance(asked, OtherColumn):
        return f"{{column: {asked.column}}}"
    return f"[{', '.join(asked)}]" if isinstance(asked, tuple) else shown(asked)
