"""What a rule of a finance team's own may ask of a cell, and asking it.

Belongs here: conditions. The rules they stand in are ``own_rules``; what no cell could ever answer is
``own_objections``.

A text of nothing but blanks is empty, and so is a list without entries, of which nothing else can be asked. A moment is
compared by its day in UTC.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import reduce
from operator import and_, eq, ge, gt, le, lt, ne
from typing import Annotated, Any

import dataframely as dy
import narwhals.stable.v2 as nw
from pydantic import BaseModel, ConfigDict, Field, PlainValidator, StrictBool, model_validator

from finance_ppm.contracts import Table
from finance_ppm.quality.vocabulary import text

_BLANKS = "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000\u200b\ufeff" + "".join(
    map(chr, range(0x2000, 0x200B))
)
"""Every sign that is not seen: what Unicode calls white space, and two of no width."""

Text = Annotated[str, Field(pattern=r"\S")]


@dataclass(frozen=True)
class OtherColumn:
    """A column of the same row, to compare with."""

    column: str


def _value(told: Any) -> Any:
    if not isinstance(told, dict | list):
        return told
    if isinstance(told, dict) and told.keys() == {"column"} and isinstance(told["column"], str):
        return OtherColumn(told["column"])
    raise ValueError("write one value, or {column: NAME} for another column of the row; for several words, one_of")


Value = Annotated[OtherColumn | bool | int | Decimal | date | str, PlainValidator(_value)]
Words = Annotated[tuple[str, ...], Field(min_length=1)]


class Condition(BaseModel):
    """What is asked of one cell; of several, all."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    present: StrictBool | None = None
    one_of: Words | None = None
    none_of: Words | None = None
    matches: str | None = None
    """A regular expression that is found in the text."""
    equals: Value | None = None
    differs_from: Value | None = None
    at_least: Value | None = None
    at_most: Value | None = None
    above: Value | None = None
    below: Value | None = None

    @model_validator(mode="before")
    @classmethod
    def _asks_something(cls, told: Any) -> Any:
        if told == {}:
            raise ValueError(f"it asks nothing; name one of {', '.join(cls.model_fields)}")
        if isinstance(told, dict) and (nothing := next((name for name, value in told.items() if value is None), None)):
            raise ValueError(f"{nothing} has nothing behind it; write a value there, or remove it")
        return told


COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "equals": eq,
    "differs_from": ne,
    "at_least": ge,
    "at_most": le,
    "above": gt,
    "below": lt,
}
"""What compares a cell with a value."""

LISTS = ("one_of", "none_of")
"""What looks for a cell among words."""


def holds(conditions: Mapping[str, Condition], table: type[Table], *, of_nothing: bool) -> nw.Expr:
    """Whether a row meets all conditions; ``of_nothing`` is what is said of an empty cell."""
    met = (each.fill_null(of_nothing) for column, told in conditions.items() for each in _met(column, told, table))
    return reduce(and_, met)


def _met(column: str, condition: Condition, table: type[Table]) -> Iterator[nw.Expr]:
    cell = nw.col(column)
    if condition.present is not None:
        yield _present(column, table) if condition.present else ~_present(column, table)
    if condition.one_of is not None:
        yield cell.is_in(condition.one_of)
    if condition.none_of is not None:
        yield ~cell.is_in(condition.none_of)
    if condition.matches is not None:
        yield cell.str.contains(condition.matches)
    for name, compare in COMPARISONS.items():
        value = getattr(condition, name)
        if isinstance(value, OtherColumn):
            yield compare(cell, nw.col(value.column))
        elif value is not None:
            yield compare(*_alike(cell, value, table.columns()[column]))


def _present(column: str, table: type[Table]) -> nw.Expr:
    cell, kind = nw.col(column), table.columns()[column]
    if isinstance(kind, dy.String):
        return (cell.str.strip_chars(_BLANKS) != "").fill_null(False)
    return (cell.list.len() > 0).fill_null(False) if isinstance(kind, dy.List) else ~cell.is_null()


def _alike(cell: nw.Expr, value: Any, kind: dy.Column) -> tuple[nw.Expr, nw.Expr]:
    """A cell and a value that engines compare alike."""
    if isinstance(kind, dy.Decimal):
        return cell, nw.lit(Decimal(value))
    return (cell.dt.date() if isinstance(kind, dy.Datetime) else cell), nw.lit(value)


def shown(column: str, table: type[Table]) -> nw.Expr:
    """What a finding quotes of the cell; of a list, how many entries it has."""
    return text(nw.col(column).list.len() if isinstance(table.columns()[column], dy.List) else column)
