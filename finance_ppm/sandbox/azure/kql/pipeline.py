"""What a query's operators do with rows.

Belongs here: streams of rows, and the query that joins them. How they are written is ``parser``'s.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from itertools import islice
from typing import Any, Final, TypeVar

from finance_ppm.sandbox.azure.kql.combining import Aggregation, Expression, Row
from finance_ppm.sandbox.azure.kql.values import Type, group_key, sort_key

Source = Callable[[str], Iterable[Row]]
"""Gives the rows of a table; each has all of the table's columns."""

Stage = Callable[[Iterable[Row], Source], Iterable[Row]]
Named = tuple[str, Expression]
Direction = tuple[Expression, bool]
"""A key to sort by, and whether downwards."""

T = TypeVar("T")


@dataclass(frozen=True)
class Order:
    """The order that ``order by`` asks for."""

    directions: tuple[Direction, ...]

    def keys(self, row: Row) -> tuple[Any, ...]:
        """What a row is sorted by."""
        return tuple(sort_key(key.of(row)) for key, _ in self.directions)

    def arrange(self, items: list[tuple[tuple[Any, ...], T]]) -> None:
        """Sort items, each behind the keys of its row, in place; equal ones stay in their order."""
        for number, (_, down) in reversed(list(enumerate(self.directions))):
            items.sort(key=partial(_nth_key, number), reverse=down)


def _nth_key(number: int, item: tuple[tuple[Any, ...], Any]) -> Any:
    return item[0][number]


@dataclass
class Query:
    """A query: a table, what is done with its rows, and what comes out."""

    table: str
    columns: dict[str, Type]
    stages: list[Stage] = field(default_factory=list)
    order: Order | None = None
    """The order of the result, where the query ends with one: apart from the stages, so that rows can be sorted by
    whoever keeps them."""
    limited: bool = False
    """Whether it has a ``limit``, which Azure does not page."""
    uses_clock: bool = False

    def then(self, stage: "Stage | Order") -> None:
        """Add an operator."""
        if self.order is not None:
            self.stages.append(_sorting(self.order))
            self.order = None
        if isinstance(stage, Order):
            self.order = stage
        else:
            self.stages.append(stage)

    def unordered(self, source: Source) -> Iterable[Row]:
        """The result but for its ``order``."""
        rows = source(self.table)
        for stage in self.stages:
            rows = stage(rows, source)
        return rows

    def run(self, source: Source) -> Iterable[Row]:
        """The result."""
        rows = self.unordered(source)
        return rows if self.order is None else _sorting(self.order)(rows, source)


def _sorting(order: Order) -> Stage:
    def stage(rows: Iterable[Row], _: Source) -> Iterable[Row]:
        items = [(order.keys(row), row) for row in rows]
        order.arrange(items)
        return (row for _, row in items)

    return stage


def sorted_by(directions: tuple[Direction, ...]) -> Order:
    """``order by``."""
    return Order(directions)


def kept(condition: Expression) -> Stage:
    """``where``."""
    return lambda rows, _: filter(condition.of, rows)


def extended(added: Sequence[Named]) -> Stage:
    """``extend``: each sees the columns before it, not its neighbours."""

    def stage(rows: Iterable[Row], _: Source) -> Iterable[Row]:
        return (row | {name: value.of(row) for name, value in added} for row in rows)

    return stage


def projected(chosen: Sequence[Named]) -> Stage:
    """``project``."""

    def stage(rows: Iterable[Row], _: Source) -> Iterable[Row]:
        return ({name: value.of(row) for name, value in chosen} for row in rows)

    return stage


def distinct(chosen: Sequence[Named]) -> Stage:
    """``distinct``."""

    def stage(rows: Iterable[Row], source: Source) -> Iterable[Row]:
        return {
            tuple(group_key(value) for value in row.values()): row for row in projected(chosen)(rows, source)
        }.values()

    return stage


def limited(amount: int) -> Stage:
    """``limit``."""
    return lambda rows, _: islice(rows, amount)


def counted(rows: Iterable[Row], _: Source) -> Iterable[Row]:
    """``count``."""
    return [{"Count": sum(1 for _ in rows)}]


def summarized(groups: Sequence[Named], told: Sequence[Named], aggregations: Sequence[Aggregation]) -> Stage:
    """``summarize``: without groups there is one, even of no rows."""

    def stage(rows: Iterable[Row], _: Source) -> Iterator[Row]:
        found: dict[Any, tuple[Row, list[list[Any]]]] = {}
        if not groups:
            found[()] = {}, [[] for _ in aggregations]
        for row in rows:
            own = {name: value.of(row) for name, value in groups}
            key = tuple(group_key(value) for value in own.values())
            values = found.setdefault(key, (own, [[] for _ in aggregations]))[1]
            for aggregation, into in zip(aggregations, values, strict=True):
                into.append(aggregation.argument.of(row) if aggregation.argument else None)
        for own, values in found.values():
            results = {
                aggregation.column: aggregation.aggregate.of(of)
                for aggregation, of in zip(aggregations, values, strict=True)
            }
            yield own | {name: value.of(own | results) for name, value in told}

    return stage


class JoinKind(StrEnum):
    """Which rows a join gives."""

    INNERUNIQUE = "innerunique"
    INNER = "inner"
    LEFTOUTER = "leftouter"


@dataclass(frozen=True)
class Join:
    """A join: pairs of columns that must be equal, and what the columns on the right are called in the result."""

    kind: JoinKind
    right: Query
    keys: tuple[tuple[str, str], ...]
    named: dict[str, str]


_NOTHING: Final = {Type.STRING: ""}
"""What stands in a column where there is nothing to tell: null, but the empty text in one of texts."""


def joined(join: Join) -> Stage:
    """``join``."""
    absent = {join.named[name]: _NOTHING.get(kind) for name, kind in join.right.columns.items()}

    def stage(rows: Iterable[Row], source: Source) -> Iterator[Row]:
        matches: dict[Any, list[Row]] = {}
        for other in join.right.run(source):
            key = tuple(group_key(other[right]) for _, right in join.keys)
            matches.setdefault(key, []).append({join.named[name]: value for name, value in other.items()})
        seen: set[Any] = set()
        for row in rows:
            key = tuple(group_key(row[left]) for left, _ in join.keys)
            if join.kind is JoinKind.INNERUNIQUE and key in seen:
                continue
            seen.add(key)
            yield from (row | match for match in matches.get(key, ()))
            if key not in matches and join.kind is JoinKind.LEFTOUTER:
                yield row | absent

    return stage
