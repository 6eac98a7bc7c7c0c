"""Properties into cells: where a column finds its property, how it reads it, and which rule a bad value breaks.

Belongs here: the readings of each kind of column, told from the contract alone, and the last good value where the
property is gone or retyped. Does not belong here: Notion's types (``sources.notion.properties``), nor whole pages
(``pages``).
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from operator import methodcaller
from typing import Any, NamedTuple

import dataframely as dy

from finance_ppm.column_mapping import fold_word
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
    LAST_GOOD_VALUE_KEPT,
    PROPERTY_MISSING,
    PROPERTY_TYPE_CHANGED,
    CellRule,
)
from finance_ppm.transforms.silver.property_map import PropertyMap

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
Earlier = Iterable[tuple[datetime, Properties]]
"""Earlier versions of a page, newest first: when each was captured, and its properties."""
Read = Callable[[Property], Any]


class Issue(NamedTuple):
    """What is wrong with a cell, in the fields of ``contracts.silver.Issue``."""

    rule: str
    column: str | None
    value: str | None
    message: str


class BrokenRuleError(Exception):
    """A cell breaks ``rule`` (None: nobody need know), and holds ``mended`` all the same; None where nothing was read.

    The message completes "The property ...".
    """

    def __init__(self, rule: CellRule | None, message: str, found: Property | None, mended: object = None) -> None:
        super().__init__(message)
        self.rule = rule
        self.found = found
        self.mended = mended


class DriftedError(BrokenRuleError):
    """The property is not as it once was: it is gone, or of a type the column cannot be read from."""


class Column:
    """One silver column that is read from a property.

    ``silent`` columns report nothing: another column of the same property does.
    """

    def __init__(
        self, name: str, contract: dy.Column, source: NotionProperty, properties: PropertyMap, *, silent: bool
    ) -> None:
        self.name = name
        self._source = source
        self._silent = silent
        self._fitting = frozenset(PROPERTY_TYPES[kind] for kind in source.types)
        self._property_name = self._key = properties.names.get(name, source.name)
        self._ids = properties.ids.get(name, ())
        self._id = self._ids[0] if self._ids and source.types != (_TITLE,) else None
        read, self._unfit, self._invalid = _reading(name, contract, source)
        words = properties.words.get(name)
        self._read = _in_our_words(read, words) if words else read
        self._empty = _empty(contract, source)

    def cell(self, properties: Properties, earlier: Earlier, issues: list[Issue]) -> Any:
        """The column's value on a page; adds to ``issues`` what is wrong with it.

        ``earlier`` is looked at only where the page's property is gone or of an unfit type: the cell stays as it was
        in the newest version in which it could be read.
        """
        try:
            value = self._value(properties)
        except DriftedError as drift:
            value = self._last_good(earlier, drift, issues)
        except BrokenRuleError as error:
            self._report(issues, error.rule, str(error), error.found)
            value = error.mended
        return self._empty if value is None else value

    def _value(self, properties: Properties) -> Any:
        """The column's value on a page, None where it is empty. Raises :class:`BrokenRuleError`."""
        found = properties.get(self._key)
        # Nearly every page is like the one before: its property has the same name, the right id and a fitting type.
        if found is None or type(found) not in self._fitting or (self._id is not None and found.id != self._id):
            found = self._search(properties)
        try:
            return self._read(found)
        except UnfitTypeError as error:
            raise BrokenRuleError(self._unfit, str(error), found) from None
        except InvalidValueError as error:
            raise BrokenRuleError(self._invalid, str(error), found) from None

    def _search(self, properties: Properties) -> Property:
        """The property wherever it is on a page, if it is of a type that fits. Raises :class:`BrokenRuleError`."""
        name = self._name_on(properties)
        if name is None:
            error = DriftedError if self._ids else BrokenRuleError
            raise error(PROPERTY_MISSING if self._source.required else None, "is missing", None)
        self._key = name
        found = properties[name]
        if type(found) in self._fitting:
            return found
        if isinstance(found, Unread) and found.type in self._source.types:
            raise BrokenRuleError(self._invalid, f"cannot be read as {found.type}", found)
        wanted = " or ".join(self._source.types)
        raise DriftedError(self._unfit, f"is of type {found.type or 'unknown'}, where {wanted} is needed", found)

    def _name_on(self, properties: Properties) -> str | None:
        """What the property is called on a page.

        A title is told by its type; another property by its id, or where none is known by its name.
        """
        if self._source.types == (_TITLE,):
            return next((name for name, found in properties.items() if found.type == _TITLE), None)
        if self._ids:
            names = {found.id: name for name, found in properties.items()}
            return next((names[each] for each in self._ids if each in names), None)
        return self._property_name if self._property_name in properties else None

    def _last_good(self, earlier: Earlier, drift: DriftedError, issues: list[Issue]) -> Any:
        """The column's value on the newest of the earlier versions in which it can be read; else None."""
        for captured_at, properties in earlier:
            try:
                value = self._value(properties)
            except BrokenRuleError as error:
                if error.mended is None:
                    continue
                value = error.mended
            message = f"{drift}; its cell stays as it was on {captured_at.date()}"
            self._report(issues, LAST_GOOD_VALUE_KEPT, message, drift.found)
            return value
        self._report(issues, drift.rule, str(drift), drift.found)
        return None

    def _report(self, issues: list[Issue], rule: CellRule | None, message: str, found: Property | None) -> None:
        if rule and not self._silent:
            value = found.as_text() if found is not None else None
            quoted = value and value[:QUOTED_LENGTH]
            issues.append(Issue(rule.name, self.name, quoted, f"The property {self._property_name} {message}."))


def columns_of(table: type[Page], properties: PropertyMap) -> list[Column]:
    """The columns of ``table`` that are read from properties, in the contract's order."""
    columns: list[Column] = []
    reported: set[NotionProperty] = set()
    for name, source in notion_properties(table).items():
        contract = table.columns()[name]
        columns.append(Column(name, contract, source, properties, silent=source in reported))
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


def _in_our_words(read: Read, words: Mapping[str, str]) -> Read:
    """As ``read``, with a team's words in ours."""

    def read_ours(found: Property) -> Any:
        text = read(found)
        return words.get(fold_word(text), text) if isinstance(text, str) else text

    return read_ours


def _money(found: Property) -> Decimal | None:
    amount = found.as_decimal()
    if amount is None:
        return None
    if not _NEGATIVE_LIMIT < amount < _LIMIT:
        raise BrokenRuleError(AMOUNT_OUT_OF_RANGE, "has more than sixteen digits before the decimal point", found)
    cents = _TO_THE_CENT.quantize(amount, _CENT)
    if cents == amount:
        return cents
    if abs(cents) >= _LIMIT:
        raise BrokenRuleError(AMOUNT_OUT_OF_RANGE, "has more than sixteen digits once rounded to the cent", found)
    raise BrokenRuleError(AMOUNT_ROUNDED, f"has more than two decimals; it counts as {cents}", found, cents)


def _first_relation(found: Property) -> str | None:
    ids = found.as_relation_ids()
    return ids[0] if ids else None


def _currency(found: Property) -> str | None:
    code = found.as_text()
    return code.strip().upper() or None if code else None
