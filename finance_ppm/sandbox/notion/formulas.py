"""Formulas: a small part of Notion's formula language, enough for the arithmetic, text and logic of a portfolio.

Belongs here: parsing and computing. Numbers are Decimal; an empty number counts as nothing in arithmetic, and an
operation on nothing but empty values is empty. https://www.notion.com/help/formula-syntax
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, DivisionByZero, InvalidOperation
from typing import Any, Final

Lookup = Callable[[str], Any]
"""Gives a property's value by name (``now`` has the empty name): Decimal, str, bool, datetime, list or None."""

_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<text>"(?:[^"\\]|\\.)*")|(?P<name>[A-Za-z_]\w*)"""
    r"""|(?P<sign>==|!=|>=|<=|[-+*/%^()<>,.?:]))"""
)
_BINDING: Final = {
    "?": 1, "or": 2, "and": 3, "==": 4, "!=": 4, ">": 5, "<": 5, ">=": 5, "<=": 5, "+": 6, "-": 6, "*": 7, "/": 7,
    "%": 7, "^": 8, ".": 10,
}  # fmt: skip
_PREFIX_BINDING: Final = 9


class FormulaError(ValueError):
    """The expression is none of the language understood here."""


@dataclass(frozen=True)
class Formula:
    """A parsed formula: the kind of its result (string, number, boolean or date) and how to compute it."""

    kind: str
    compute: Callable[[Lookup], Any]


def parse(expression: str, kind_of: Callable[[str], str | None]) -> Formula:
    """Parse ``expression``; ``kind_of`` gives the kind of a property's value, None for an unknown property.

    Raises FormulaError with what is wrong.
    """
    parser = _Parser(_tokens(expression), kind_of)
    formula = parser.expression(0)
    if parser.peek():
        raise FormulaError(f"{parser.peek()!r} is not expected")
    return formula


def _tokens(expression: str) -> list[str]:
    tokens, position, text = [], 0, expression.rstrip()
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise FormulaError(f"{text[position:]!r} is not understood")
        tokens.append(found[0].strip())
        position = found.end()
    return tokens


class _Parser:
    def __init__(self, tokens: list[str], kind_of: Callable[[str], str | None]) -> None:
        self._tokens, self._kind_of, self._at = tokens, kind_of, 0

    def peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def take(self, expected: str | None = None) -> str:
        word = self.peek()
        if not word or (expected is not None and word != expected):
            raise FormulaError(f"{expected or 'a value'!r} is missing")
        self._at += 1
        return word

    def expression(self, binding: int) -> Formula:
        left = self._operand()
        while _BINDING.get(self.peek(), 0) > binding:
            left = self._operation(left, self.take())
        return left

    def _operand(self) -> Formula:
        word = self.take()
        if word == "(":
            inner = self.expression(0)
            self.take(")")
            return inner
        if word in {"-", "not"}:
            return _call("negate" if word == "-" else "not", [self.expression(_PREFIX_BINDING)])
        return _literal(word) or self._named(word, [])

    def _named(self, name: str, first: list[Formula]) -> Formula:
        if name == "prop":
            self.take("(")
            wanted = self._operand().compute(lambda _: None)
            self.take(")")
            kind = self._kind_of(str(wanted))
            if kind is None:
                raise FormulaError(f"there is no property {wanted!r}")
            return Formula(kind, lambda lookup: lookup(str(wanted)))
        arguments = list(first)
        if self.peek() == "(":
            self.take("(")
            while self.peek() != ")":
                arguments.append(self.expression(0))
                if self.peek() != ")":
                    self.take(",")
            self.take(")")
        return _call(name, arguments)

    def _operation(self, left: Formula, sign: str) -> Formula:
        if sign == ".":
            return self._named(self.take(), [left])
        if sign == "?":
            then = self.expression(0)
            self.take(":")
            return _call("if", [left, then, self.expression(0)])
        return _call(sign, [left, self.expression(_BINDING[sign])])


def _literal(word: str) -> Formula | None:
    if word[0].isdigit():
        return _constant("number", Decimal(word))
    if word[0] == '"':
        return _constant("string", re.sub(r"\\(.)", r"\1", word[1:-1]))
    return _constant("boolean", word == "true") if word in {"true", "false"} else None


def _constant(kind: str, value: Any) -> Formula:
    return Formula(kind, lambda _: value)


def _call(name: str, arguments: list[Formula]) -> Formula:
    if name in {"now", "today"} and not arguments:
        return Formula("date", lambda lookup: lookup(""))
    if name == "if" and len(arguments) == 3:
        test, then, otherwise = arguments
        return Formula(then.kind, lambda lookup: (then if test.compute(lookup) else otherwise).compute(lookup))
    if name == "+" and any(argument.kind == "string" for argument in arguments):
        name = "concat"
    if name not in _FUNCTIONS:
        raise FormulaError(f"{name!r} is no function known here")
    kind, function = _FUNCTIONS[name]

    def compute(lookup: Lookup) -> Any:
        try:
            return function(*(argument.compute(lookup) for argument in arguments))
        except (TypeError, InvalidOperation, DivisionByZero):
            return None  # what cannot be computed is empty, as in Notion

    return Formula(kind, compute)


def _arithmetic(operation: Callable[[Decimal, Decimal], Decimal]) -> Callable[[Any, Any], Decimal | None]:
    def compute(left: Decimal | None, right: Decimal | None) -> Decimal | None:
        if left is None and right is None:
            return None
        return operation(left or Decimal(0), right or Decimal(0))

    return compute


def text_of(value: Any) -> str:
    """A value as text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(map(text_of, value))
    return value.isoformat() if isinstance(value, datetime) else str(value)


_FUNCTIONS: Final[dict[str, tuple[str, Callable[..., Any]]]] = {
    "+": ("number", _arithmetic(lambda left, right: left + right)),
    "-": ("number", _arithmetic(lambda left, right: left - right)),
    "*": ("number", _arithmetic(lambda left, right: left * right)),
    "/": ("number", _arithmetic(lambda left, right: left / right)),
    "%": ("number", _arithmetic(lambda left, right: left % right)),
    "^": ("number", _arithmetic(lambda left, right: left**right)),
    "negate": ("number", lambda value: -value),
    "==": ("boolean", lambda left, right: left == right),
    "!=": ("boolean", lambda left, right: left != right),
    ">": ("boolean", lambda left, right: left > right),
    "<": ("boolean", lambda left, right: left < right),
    ">=": ("boolean", lambda left, right: left >= right),
    "<=": ("boolean", lambda left, right: left <= right),
    "and": ("boolean", lambda left, right: bool(left and right)),
    "or": ("boolean", lambda left, right: bool(left or right)),
    "not": ("boolean", lambda value: not value),
    "empty": ("boolean", lambda value: not value),
    "contains": ("boolean", lambda text, part: part in text),
    "includes": ("boolean", lambda items, item: item in items),
    "concat": ("string", lambda *values: "".join(map(text_of, values))),
    "format": ("string", text_of),
    "length": ("number", lambda value: Decimal(len(value or ""))),
    "toNumber": ("number", Decimal),
    "round": ("number", lambda value, digits=Decimal(0): round(value, int(digits))),
    "abs": ("number", abs),
    "min": ("number", lambda *values: min(value for value in values if value is not None)),
    "max": ("number", lambda *values: max(value for value in values if value is not None)),
}
