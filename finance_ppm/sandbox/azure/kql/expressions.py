"""Expressions of a query, read into functions of a row.

Belongs here: the grammar from ``or`` down to a name. Operators on tables are ``parser``'s.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from operator import add, ge, gt, le, lt, mod, mul, sub, truediv
from typing import Final, NoReturn

from finance_ppm.sandbox.azure.kql.combining import (
    Aggregation,
    Compared,
    Expression,
    all_of,
    among,
    any_of,
    applied,
    column,
    compared,
    computed,
    constant,
    item_of,
    member_of,
)
from finance_ppm.sandbox.azure.kql.errors import not_supported, parser_failure, unknown_column
from finance_ppm.sandbox.azure.kql.functions import AGGREGATES, FUNCTIONS
from finance_ppm.sandbox.azure.kql.tokens import Kind, Token
from finance_ppm.sandbox.azure.kql.values import (
    Type,
    different,
    equal,
    has_term,
    negated,
    ordered,
    without_case,
)

_contains = without_case(lambda left, right: right in left)
_starts = without_case(str.startswith)
_ends = without_case(str.endswith)
_same = without_case(str.__eq__)

COMPARISONS: Final[Mapping[str, Compared]] = {
    "==": equal,
    "!=": different,
    "=~": _same,
    "!~": negated(_same),
    "<": ordered(lt),
    "<=": ordered(le),
    ">": ordered(gt),
    ">=": ordered(ge),
    "contains": _contains,
    "!contains": negated(_contains),
    "has": has_term,
    "!has": negated(has_term),
    "startswith": _starts,
    "!startswith": negated(_starts),
    "endswith": _ends,
    "!endswith": negated(_ends),
}
MEMBERSHIPS: Final[Mapping[str, tuple[Compared, bool]]] = {
    "in": (equal, True),
    "!in": (equal, False),
    "in~": (_same, True),
    "!in~": (_same, False),
}
_SUMS: Final = {"+": add, "-": sub}
_PRODUCTS: Final = {"*": mul, "/": truediv, "%": mod}
RESERVED: Final = frozenset({"where", "project", "extend", "join", "summarize", "distinct", "order", "sort"})
"""Names of operators that are no names of columns."""


@dataclass
class ExpressionParser:
    """Reads tokens from where it stands. ``columns`` are those that the expression may name, with their types."""

    tokens: Sequence[Token]
    now: datetime
    columns: dict[str, Type] = field(default_factory=dict)
    uses_clock: bool = False
    """Whether what was read depends on the present moment."""
    aggregations: list[Aggregation] | None = None
    """Where aggregates are collected; None where there may be none."""
    place: int = 0

    # Tokens

    @property
    def token(self) -> Token:
        """The token it stands before."""
        return self.tokens[self.place]

    def advance(self) -> Token:
        """Pass the token, and give it."""
        token = self.token
        self.place += 1
        return token

    def at(self, *texts: str) -> bool:
        """Whether it stands before one of these words or symbols."""
        return self.token.kind in (Kind.NAME, Kind.SYMBOL) and self.token.text in texts

    def accept(self, *texts: str) -> str:
        """Pass one of these words or symbols if it stands before it; else the empty text."""
        return self.advance().text if self.at(*texts) else ""

    def expect(self, *texts: str) -> str:
        """Pass one of these words or symbols. Raises QueryError where it stands before another."""
        return self.accept(*texts) or self.fail(" or ".join(texts))

    def name(self) -> str:
        """Pass a name. Raises QueryError where it stands before something else."""
        return self.advance().text if self.token.kind is Kind.NAME else self.fail("a name")

    def fail(self, expected: str) -> NoReturn:
        """Refuse the token it stands before."""
        raise parser_failure(self.token.line, self.token.column, self.token.text, expected)

    # Expressions, the loosest first

    def expression(self) -> Expression:
        """An expression. Raises QueryError where there is none."""
        left = self._conjunction()
        while self.accept("or"):
            left = any_of(left, self._conjunction())
        return left

    def _conjunction(self) -> Expression:
        left = self._comparison()
        while self.accept("and"):
            left = all_of(left, self._comparison())
        return left

    def _comparison(self) -> Expression:
        left = self._sum()
        if operator := self.accept(*COMPARISONS):
            return compared(COMPARISONS[operator], left, self._sum())
        if operator := self.accept(*MEMBERSHIPS):
            self.expect("(")
            return among(*MEMBERSHIPS[operator], left, self._arguments())
        if self.token.kind is Kind.SYMBOL and self.token.text.startswith("!"):
            raise not_supported(self.token.text)
        return left

    def _sum(self) -> Expression:
        left = self._product()
        while operator := self.accept(*_SUMS):
            left = computed(_SUMS[operator], left, self._product())
        return left

    def _product(self) -> Expression:
        left = self._negation()
        while operator := self.accept(*_PRODUCTS):
            left = computed(_PRODUCTS[operator], left, self._negation())
        return left

    def _negation(self) -> Expression:
        if self.accept("-"):
            return computed(sub, Expression(lambda _: 0, Type.INTEGER), self._negation())
        return self._path()

    def _path(self) -> Expression:
        value = self._primary()
        while step := self.accept(".", "["):
            if step == ".":
                value = member_of(value, self.name())
            else:
                key = self.token.value
                value = item_of(value, self.expression(), key if isinstance(key, str) else "")
                self.expect("]")
        return value

    def _primary(self) -> Expression:
        token = self.advance()
        if token.kind is Kind.VALUE:
            return constant(token.value)
        if token.text == "(" and token.kind is Kind.SYMBOL:
            inner = self.expression()
            self.expect(")")
            return inner
        if token.kind is not Kind.NAME:
            self.place -= 1
            self.fail("an expression")
        if self.at("("):
            self.advance()
            return self._call(token)
        if token.text in RESERVED:  # Azure, too, stumbles over what follows
            self.fail("an expression")
        if token.text in ("true", "false"):
            return constant(token.text == "true")
        if token.text not in self.columns:
            raise unknown_column(token.text, token.line, token.column)
        return column(token.text, self.columns[token.text])

    def _call(self, called: Token) -> Expression:
        name = called.text.lower()
        arguments = self._arguments()
        if name in ("now", "ago"):
            return self._clock(called, arguments)
        if name in AGGREGATES and self.aggregations is not None:
            return self._aggregate(called, arguments, self.aggregations)
        if name not in FUNCTIONS:
            raise not_supported(called.text)
        function = FUNCTIONS[name]
        if not function.fewest <= len(arguments) <= function.most:
            raise parser_failure(called.line, called.column, called.text, f"{function.fewest} or more arguments")
        return applied(function, arguments)

    def _arguments(self) -> list[Expression]:
        """Expressions up to the closing parenthesis."""
        found: list[Expression] = []
        while not self.accept(")"):
            if found:
                self.expect(",")
            found.append(self.expression())
        return found

    def _clock(self, called: Token, arguments: list[Expression]) -> Expression:
        if len(arguments) != (called.text.lower() == "ago"):
            raise parser_failure(called.line, called.column, called.text, "now() or ago(1d)")
        self.uses_clock = True
        moment = constant(self.now.astimezone(UTC))
        return computed(sub, moment, arguments[0], Type.DATETIME) if arguments else moment

    def _aggregate(self, called: Token, arguments: list[Expression], into: list[Aggregation]) -> Expression:
        name = called.text.lower()
        aggregate = AGGREGATES[name]
        if len(arguments) != aggregate.arguments:
            raise parser_failure(called.line, called.column, called.text, f"{aggregate.arguments} arguments")
        argument = arguments[0] if arguments else None
        result = f"$aggregate{len(into)}"
        into.append(Aggregation(aggregate, argument, result))
        kind = aggregate.type or (argument.type if argument else Type.OBJECT)
        return replace(column(result, kind), name=f"{name}_{argument.name if argument else ''}")
