"""Queries, read into operators on a table: where, extend, project, project-away, order, top, limit, distinct, count,
summarize and join.

Belongs here: the grammar of a pipeline. What its operators do with rows is ``pipeline``'s.
https://learn.microsoft.com/en-us/azure/governance/resource-graph/concepts/query-language
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from finance_ppm.sandbox.azure.kql.combining import column
from finance_ppm.sandbox.azure.kql.errors import not_supported, unknown_column, unknown_table
from finance_ppm.sandbox.azure.kql.expressions import ExpressionParser
from finance_ppm.sandbox.azure.kql.pipeline import (
    Direction,
    Join,
    JoinKind,
    Named,
    Query,
    counted,
    distinct,
    extended,
    joined,
    kept,
    limited,
    projected,
    sorted_by,
    summarized,
)
from finance_ppm.sandbox.azure.kql.tokens import Kind, tokenize
from finance_ppm.sandbox.azure.kql.values import Type

Tables = Mapping[str, Mapping[str, Type]]
"""Name of a table, in lower case, to its columns."""


def parse(text: str, tables: Tables, *, default: str, now: datetime) -> Query:
    """The query that ``text`` is; without a table's name it is one of the ``default`` table.

    ``now`` is what ``now()`` gives. Raises QueryError for what is no query, or asks for what is not supported.
    """
    parser = _Parser(tokenize(text), now)
    parser.tables, parser.default = tables, default
    query = parser.query()
    if parser.token.kind is not Kind.END:
        parser.fail("|")
    return query


class _Parser(ExpressionParser):
    tables: Tables
    default: str

    def query(self) -> Query:
        """A table and its operators, up to what is none."""
        query = self._table()
        self.columns = dict(query.columns)
        if self.token.kind is Kind.NAME:
            self._operator(query)
        while self.accept("|"):
            self._operator(query)
        query.columns, query.uses_clock = dict(self.columns), self.uses_clock
        return query

    def _table(self) -> Query:
        token = self.token
        name = token.text.lower()
        if token.kind is Kind.NAME and name not in _OPERATORS:
            self.advance()
            alone = self.at("|", ")") or self.token.kind is Kind.END
            if name not in self.tables:
                raise unknown_table(token.text) if alone else not_supported(token.text)
            if not alone:
                self.fail("|")
        else:
            name = self.default
        return Query(name, dict(self.tables[name]))

    def _operator(self, query: Query) -> None:
        name = self.name().lower()
        if name not in _OPERATORS:
            raise not_supported(name)
        _OPERATORS[name](self, query)

    def where(self, query: Query) -> None:
        query.then(kept(self.expression()))

    def extend(self, query: Query) -> None:
        added = self._named_list()
        query.then(extended(added))
        self.columns |= _types(added)

    def project(self, query: Query) -> None:
        chosen = self._named_list()
        query.then(projected(chosen))
        self.columns = _types(chosen)

    def project_away(self, query: Query) -> None:
        dropped = {self._own_column()}
        while self.accept(","):
            dropped.add(self._own_column())
        self.columns = {name: kind for name, kind in self.columns.items() if name not in dropped}
        query.then(projected(self._every_column()))

    def distinct(self, query: Query) -> None:
        chosen = self._every_column() if self.accept("*") else self._named_list()
        query.then(distinct(chosen))
        self.columns = _types(chosen)

    def order(self, query: Query) -> None:
        self.expect("by")
        query.then(sorted_by(self._directions()))

    def limit(self, query: Query) -> None:
        query.then(limited(self._amount()))
        query.limited = True

    def top(self, query: Query) -> None:
        amount = self._amount()
        self.expect("by")
        query.then(sorted_by(self._directions()))
        query.then(limited(amount))
        query.limited = True

    def count(self, query: Query) -> None:
        query.then(counted)
        self.columns = {"Count": Type.INTEGER}

    def summarize(self, query: Query) -> None:
        self.aggregations = []
        told = [] if self.at("by") else self._named_list()
        aggregations, self.aggregations = self.aggregations, None
        groups = self._named_list() if self.accept("by") else []
        query.then(summarized(groups, told, aggregations))
        self.columns = _types([*groups, *told])

    def join(self, query: Query) -> None:
        kind = JoinKind.INNERUNIQUE
        if self.accept("kind"):
            self.expect("=")
            kind = JoinKind(self.expect(*JoinKind))
        self.expect("(")
        left, right = self.columns, self.query()
        self.expect(")")
        self.expect("on")
        keys = [self._key(left, right.columns)]
        while self.accept(",", "and"):
            keys.append(self._key(left, right.columns))
        named = {name: _fresh(name, left) for name in right.columns}
        query.then(joined(Join(kind, right, tuple(keys), named)))
        self.columns = left | {named[name]: type_ for name, type_ in right.columns.items()}

    def _key(self, left: Mapping[str, Type], right: Mapping[str, Type]) -> tuple[str, str]:
        """``id``, or ``$left.id == $right.otherId``: the column on the left and the one on the right."""
        sides = {"$left": left, "$right": right}
        if not self.at(*sides):
            name = self._column_of(left)
            return name, name if name in right else self._refuse(name)
        found: dict[str, str] = {}
        for separator in ("==", ""):
            side = self.expect(*(side for side in sides if side not in found))
            self.expect(".")
            found[side] = self._column_of(sides[side])
            if separator:
                self.expect(separator)
        return found["$left"], found["$right"]

    def _named_list(self) -> list[Named]:
        """``a, b = expression, ...``; what has no name of its own is ``Column1`` and so on."""
        found: list[Named] = []
        while not found or self.accept(","):
            told = ""
            if self.token.kind is Kind.NAME and self.tokens[self.place + 1].text == "=":
                told = self.name()
                self.expect("=")
            value = self.expression()
            found.append((told or value.name or f"Column{len(found) + 1}", value))
        return found

    def _every_column(self) -> list[Named]:
        return [(name, column(name, kind)) for name, kind in self.columns.items()]

    def _directions(self) -> tuple[Direction, ...]:
        """Keys of an order: descending unless told otherwise."""
        found: list[Direction] = []
        while not found or self.accept(","):
            key = self.expression()
            found.append((key, self.accept("asc", "desc") != "asc"))
            if self.accept("nulls"):
                self.expect("first", "last")
        return tuple(found)

    def _amount(self) -> int:
        if self.token.kind is not Kind.VALUE or not isinstance(self.token.value, int):
            self.fail("a number")
        return int(self.advance().value)

    def _own_column(self) -> str:
        return self._column_of(self.columns)

    def _column_of(self, columns: Mapping[str, Type]) -> str:
        name = self.name()
        return name if name in columns else self._refuse(name)

    def _refuse(self, name: str) -> str:
        token = self.tokens[self.place - 1]
        raise unknown_column(name, token.line, token.column)


def _types(named: list[Named]) -> dict[str, Type]:
    return {name: value.type for name, value in named}


def _fresh(name: str, taken: Mapping[str, Type]) -> str:
    """``id`` beside another ``id`` is ``id1``."""
    number, fresh = 1, name
    while fresh in taken:
        fresh, number = f"{name}{number}", number + 1
    return fresh


_OPERATORS: Final[Mapping[str, Callable[[_Parser, Query], None]]] = {
    "where": _Parser.where,
    "filter": _Parser.where,
    "extend": _Parser.extend,
    "project": _Parser.project,
    "project-away": _Parser.project_away,
    "distinct": _Parser.distinct,
    "order": _Parser.order,
    "sort": _Parser.order,
    "limit": _Parser.limit,
    "take": _Parser.limit,
    "top": _Parser.top,
    "count": _Parser.count,
    "summarize": _Parser.summarize,
    "join": _Parser.join,
}
