"""A query's text, cut into tokens that know where they stand.

Belongs here: spelling. What tokens mean together is told by ``expressions`` and ``parser``.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from finance_ppm.sandbox.azure.kql.errors import parser_failure
from finance_ppm.sandbox.azure.kql.values import moment_of


class Kind(StrEnum):
    """What a token is."""

    NAME = "name"
    VALUE = "value"
    """A text, a number, a time or a timespan."""
    SYMBOL = "symbol"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """A token. ``line`` counts from 1 and ``column`` from 0, as Azure's errors do."""

    kind: Kind
    text: str
    line: int
    column: int
    value: Any = None


_TOKEN: Final = re.compile(
    r"""
      (?P<space>     \s+ | //[^\n]* )
    | (?P<timespan>  \d+(?:\.\d+)?(?:ms|[dhms])\b )
    | (?P<number>    \d+(?:\.\d+)?\b )
    | (?P<verbatim>  @'[^'\n]*' | @"[^"\n]*" )
    | (?P<string>    '(?:\\.|[^'\\\n])*' | "(?:\\.|[^"\\\n])*" )
    | (?P<moment>    datetime\([^)\n]*\) )
    | (?P<symbol>    !?in~ | ![A-Za-z_]+ | [=!<>]= | [=!]~ | [|(),.\[\]=<>+\-*/%] )
    | (?P<name>      (?:project-(?:away|keep|rename|reorder)|mv-(?:expand|apply)|make-series)\b | \$?[A-Za-z_]\w* )
    """,
    re.VERBOSE | re.ASCII,
)
_UNITS: Final = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t"}


def tokenize(text: str) -> list[Token]:
    """The tokens of a query; the last is its end. Raises QueryError at a character that begins none."""
    tokens: list[Token] = []
    place, line, line_start = 0, 1, 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            raise parser_failure(line, place - line_start, text[place])
        if found.lastgroup != "space":
            tokens.append(_token(str(found.lastgroup), found[0], line, place - line_start))
        place = found.end()
        if breaks := found[0].count("\n"):
            line, line_start = line + breaks, found.start() + found[0].rindex("\n") + 1
    return [*tokens, Token(Kind.END, "<EOF>", line, place - line_start)]


def _token(group: str, text: str, line: int, column: int) -> Token:
    match group:
        case "name" | "symbol":
            return Token(Kind(group), text, line, column)
        case "string":
            value: Any = re.sub(r"\\(.)", lambda escape: _ESCAPES.get(escape[1], escape[1]), text[1:-1])
        case "verbatim":
            value = text[2:-1]
        case "moment":
            value = moment_of(text[len("datetime(") : -1].strip("\"' "))
        case "number":
            value = float(text) if "." in text else int(text)
        case _:
            amount = text.rstrip("dhms")
            value = timedelta(seconds=float(amount) * _UNITS[text[len(amount) :]])
    return Token(Kind.VALUE, text, line, column, value)
