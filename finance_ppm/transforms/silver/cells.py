"""Properties into cells: where a column finds its property, how it reads it, and which rule a bad value breaks.

Belongs here: the readings of each kind of column, told from the contract alone. Does not belong here: Notion's
types (``sources.notion.properties``), nor whole pages (``pages``).
"""

from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Context, Decimal
from operator import methodcaller
from typing import Any, NamedTuple

import dataframely as dy

from finance_ppm.contracts import NotionProperty, notion_properties
from finance_ppm.contracts.silver import Page
from finance_ppm.sources.notion.properties import (
    PROPERTY_TYPES,
    InvalidValueError,
    Property,
    UnfitTypeError,
    Unread,
)
from finance_ppm.transforms.silver.cell_rules import (
    AMOUNT_NOT_A_NUMBER,
    AMOUNT_OUT_OF_RANGE,
    AMOUNT_ROUNDED,
    DATE_INVALID,
    PROPERTY_MISSING,
    PROPERTY_TYPE_CHANGED,
    CellRule,
)

UNTITLED = "(untitled)"
QUOTED_LENGTH = 200
"""Characters of a value that an issue quotes."""

_TITLE = "title"
_CENT = Decimal("0.01")
_LIMIT = Decimal(10) ** 16
_NEGATIVE_LIMIT = -_LIMIT
"""The amounts nearest to zero that do not fit ``DECIMAL(18, 2)``."""
_TO_THE_CENT = Context(prec=20, rounding=ROUND_HALF_UP)

Properties = Mapping[str, Property]
Read = Callable[[Property], Any]


class Issue(NamedTuple):
    """What is wrong with a cell, in the fields of ``contracts.silver.Issue``."""

    rule: str
    column: str | None
    value: str | None
    message: str


class BrokenRuleError(Exception):
    """A cell breaks a rule, and holds ``mended`` all the same. The message completes "The property ..."."""

    def __init__(self, rule: CellRule, message: str, mended: object = None) -> None:
        super().__init__(message)
        self.rule = rule
        self.mended = mended


class Column:
    """One silver column that is read from a property.

    ``silent`` columns report nothing: another column of the same property does.
    """

    def __init__(
        self, name: str, contract: dy.Column, source: NotionProperty, property_id: str | None, *, silent: bool
    ) -> None:
        self.name = name
        self._source = source
        self._silent = silent
        self._fitting = frozenset(PROPERTY_TYPES[kind] for kind in source.types)
        self._key = source.name
        self._id = None if source.types == (_TITLE,) else property_id
        self._read, self._unfit, self._invalid = _reading(name, contract, source)
        self._empty = _empty(contract, source)

    def cell(self, properties: Properties, issues: list[Issue]) -> Any:
        """The column's value on a page; adds to ``issues`` what is wrong with it."""
        found = properties.get(self._key)
        # Nearly every page is like the one before: its property has the same name, the right id and a fitting type.
        if found is None or type(found) not in self._fitting or (self._id is not None and found.id != self._id):
            found = self._search(properties, issues)
        if found is None:
            return self._empty
        try:
            value = self._read(found)
        except UnfitTypeError as error:
            self._report(issues, self._unfit, str(error), found)
            value = None
        except InvalidValueError as error:
            self._report(issues, self._invalid, str(error), found)
            value = None
        except BrokenRuleError as error:
            self._report(issues, error.rule, str(error), found)
            value = error.mended
        return self._empty if value is None else value

    def _search(self, properties: Properties, issues: list[Issue]) -> Property | None:
        """The property wherever it is, if it is of a type that fits; else None and an issue."""
        for name, found in properties.items():
            if self._is_it(name, found):
                self._key = name
                break
        else:
            if self._source.required:
                self._report(issues, PROPERTY_MISSING, "is missing", None)
            return None
        if type(found) in self._fitting:
            return found
        if isinstance(found, Unread) and found.type in self._source.types:
            self._report(issues, self._invalid, f"cannot be read as {found.type}", found)
        else:
            wanted = " or ".join(self._source.types)
            self._report(issues, self._unfit, f"is of type {found.type or 'unknown'}, where {wanted} is needed", found)
        return None

    def _is_it(self, name: str, found: Property) -> bool:
        """A title is told by its type; another property by its id, or where none is known by its name."""
        if self._source.types == (_TITLE,):
            return found.type == _TITLE
        return name == self._source.name if self._id is None else found.id == self._id

    def _report(self, issues: list[Issue], rule: CellRule, message: str, found: Property | None) -> None:
        if not self._silent:
            value = found.as_text() if found is not None else None
            quoted = value and value[:QUOTED_LENGTH]
            issues.append(Issue(rule.name, self.name, quoted, f"The property {self._source.name} {message}."))


def columns_of(table: type[Page], property_ids: Mapping[str, str]) -> list[Column]:
    """The columns of ``table`` that are read from properties, in the contract's order.

    ``property_ids`` gives column to property id; a column without one goes by its property's configured name.
    """
    columns: list[Column] = []
    reported: set[NotionProperty] = set()
    for name, source in notion_properties(table).items():
        contract = table.columns()[name]
        columns.append(Column(name, contract, source, property_ids.get(name), silent=source in reported))
        reported.add(source)
    return columns


def _empty(contract: dy.Column, source: NotionProperty) -> object:
    if source.types == (_TITLE,):
        return UNTITLED
    return [] if isinstance(contract, dy.List) else None


def _reading(name: str, contract: dy.Column, source: NotionProperty) -> tuple[Read, CellRule, CellRule]:
    """How a column is read, and the rules that an unfit type and an invalid value break."""
    match contract:
        case dy.Decimal():
            return _money, AMOUNT_NOT_A_NUMBER, AMOUNT_NOT_A_NUMBER
        case dy.Date():
            return methodcaller("as_date"), PROPERTY_TYPE_CHANGED, DATE_INVALID
        case dy.List():
            return methodcaller("as_relation_ids"), PROPERTY_TYPE_CHANGED, PROPERTY_TYPE_CHANGED
    read = (
        _first_relation if "relation" in source.types else _currency if name == "currency" else methodcaller("as_text")
    )
    return read, PROPERTY_TYPE_CHANGED, PROPERTY_TYPE_CHANGED


def _money(found: Property) -> Decimal | None:
    amount = found.as_decimal()
    if amount is None:
        return None
    if not _NEGATIVE_LIMIT < amount < _LIMIT:
        raise BrokenRuleError(AMOUNT_OUT_OF_RANGE, "has more than sixteen digits before the decimal point")
    cents = _TO_THE_CENT.quantize(amount, _CENT)
    if cents == amount:
        return cents
    if abs(cents) >= _LIMIT:
        raise BrokenRuleError(AMOUNT_OUT_OF_RANGE, "has more than sixteen digits once rounded to the cent")
    raise BrokenRuleError(AMOUNT_ROUNDED, f"has more than two decimals; it counts as {cents}", cents)


def _first_relation(found: Property) -> str | None:
    ids = found.as_relation_ids()
    return ids[0] if ids else None


def _currency(found: Property) -> str | None:
    code = found.as_text()
    return code.strip().upper() or None if code else None
