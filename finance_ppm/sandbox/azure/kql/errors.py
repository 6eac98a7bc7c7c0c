"""What is wrong with a query, as Resource Graph says it.

Belongs here: the details of Azure's ``InvalidQuery``. The answer around them is made by ``graph``.
"""

from typing import Any


class QueryError(Exception):
    """A query that is refused; ``detail`` is Azure's about it. Lines count from 1, characters from 0."""

    def __init__(self, code: str, message: str, **where: Any) -> None:
        super().__init__(f"{message} {where}" if where else message)
        self.detail: dict[str, Any] = {"code": code, "message": message, **where}


def parser_failure(line: int, column: int, token: str, expected: str = "") -> QueryError:
    """The text is no query from there on."""
    told = {"expectedToken": expected} if expected else {}
    return QueryError("ParserFailure", "ParserFailure", line=line, characterPositionInLine=column, token=token, **told)


def not_supported(word: str) -> QueryError:
    """An operator or a function that is not there. https://github.com/Azure/azure-powershell/issues/13762"""
    return QueryError("InvalidQueryLanguage", "InvalidQueryLanguage", line=-1, characterPositionInLine=-1, token=word)


def unknown_column(name: str, line: int, column: int) -> QueryError:
    """No column of that name; names are told apart by case."""
    message = f"Invalid column names: [{name}]."
    return QueryError("InvalidColumnNames", message, line=line, characterPositionInLine=column, token=name)


def unknown_table(name: str) -> QueryError:
    """No table of that name."""
    return QueryError("DisallowedLogicalTableName", f"Table {name} is invalid, unsupported or disallowed.")
