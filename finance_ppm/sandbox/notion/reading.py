"""Reads values of pages that take more than the page itself: relations, rollups, formulas.

Belongs here: computing. The reader also notes what an answer hung on, so that the renderer knows how long it may
remember it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from statistics import median
from typing import Any, Final

from finance_ppm.sandbox.notion.formulas import Formula, FormulaError, parse
from finance_ppm.sandbox.notion.pages import Page, Verbatim
from finance_ppm.sandbox.notion.schema import DataSource, Property
from finance_ppm.sandbox.notion.values import PAGE_LIMIT, is_empty, plain_value
from finance_ppm.sandbox.notion.workspace import Workspace

_KINDS: Final = {
    "number": "number", "unique_id": "number", "checkbox": "boolean", "date": "date", "created_time": "date",
    "last_edited_time": "date",
}  # fmt: skip
_OF_THE_PAGE: Final[dict[str, Callable[[Page], Any]]] = {
    "created_time": lambda page: page.created,
    "last_edited_time": lambda page: page.edited,
    "created_by": lambda page: [page.created_by],
    "last_edited_by": lambda page: [page.edited_by],
    "unique_id": lambda page: Decimal(page.number),
}
ARRAY_FUNCTIONS: Final = frozenset({"show_original", "show_unique"})
DATE_FUNCTIONS: Final = frozenset({"earliest_date", "latest_date", "date_range"})
_DEEPEST: Final = 8
"""Formulas and rollups that lean on each other further than this are taken for a circle and shown empty."""


@dataclass
class Reader:
    """Reads a workspace. ``hung_on_clock`` and ``hung_on_others`` grow true as values are read."""

    workspace: Workspace
    hung_on_clock: bool = False
    hung_on_others: bool = False

    def __post_init__(self) -> None:
        self._parsed: dict[tuple[str, str, str, int], Formula | None] = {}
        self._depth = 0

    def now(self) -> datetime:
        """The present; whoever asks cannot be remembered."""
        self.hung_on_clock = True
        return self.workspace.clock.now()

    def related(self, page: Page, prop: Property) -> list[str]:
        """Ids of the pages a relation holds."""
        self.hung_on_others |= prop.mirrored
        return self.workspace.related(page, prop)

    def plain(self, page: Page, prop: Property) -> Any:
        """A property's plain value: Decimal, str, bool, datetime, list, or None."""
        if prop.type in _OF_THE_PAGE:
            return _OF_THE_PAGE[prop.type](page)
        if prop.type == "relation":
            return self.related(page, prop)
        if prop.type == "formula":
            return self.formula(page, prop)[1]
        if prop.type == "rollup":
            return self.rollup(prop, self.rolled_up(page, prop))
        value = page.values.get(prop.id)
        return None if isinstance(value, Verbatim) else plain_value(prop.type, value)

    # Formulas

    def formula(self, page: Page, prop: Property) -> tuple[str, Any]:
        """A formula's kind (string, number, boolean, date) and value."""
        source = page.source
        assert source is not None
        formula = self._formula(source, prop)
        if formula is None or self._depth >= _DEEPEST:
            return "string", None

        def lookup(name: str) -> Any:
            found = source.named(name)
            return self.plain(page, found) if found else self.now()

        self._depth += 1
        value = formula.compute(lookup)
        self._depth -= 1
        return formula.kind, value

    def _formula(self, source: DataSource, prop: Property) -> Formula | None:
        key = (source.id, prop.id, prop.expression, self.workspace.schema_revision)
        if key not in self._parsed:
            self._parsed[key] = None  # while it is being parsed: a circle is shown empty
            try:
                self._parsed[key] = parse(prop.expression, lambda name: self._kind(source, name))
            except FormulaError:
                self._parsed[key] = None
        return self._parsed[key]

    def _kind(self, source: DataSource, name: str) -> str | None:
        prop = source.named(name)
        if prop is None:
            return None
        if prop.type == "formula":
            formula = self._formula(source, prop)
            return formula.kind if formula else "string"
        if prop.type == "rollup":
            return rollup_kind(prop)
        return _KINDS.get(prop.type, "string")

    # Rollups

    def rolled_up(self, page: Page, prop: Property, limit: int | None = PAGE_LIMIT) -> list[tuple[Page, Property]]:
        """The pages and the property a rollup looks at. Page objects follow only the first 25 related pages."""
        self.hung_on_others = True
        assert page.source is not None
        relation = page.source.properties.get(prop.relation_id)
        target = self.workspace.sources.get(relation.target) if relation else None
        looked_up = target.properties.get(prop.rollup_id) if target else None
        if relation is None or looked_up is None or self._depth >= _DEEPEST:
            return []
        pages = (self.workspace.pages.get(identifier) for identifier in self.related(page, relation)[:limit])
        return [(other, looked_up) for other in pages if other is not None and not other.in_trash]

    def rollup(self, prop: Property, rolled_up: list[tuple[Page, Property]]) -> Any:
        """A rollup's value over ``rolled_up``: Decimal, datetime or None; a list for functions that show values."""
        self._depth += 1
        values = [self.plain(other, looked_up) for other, looked_up in rolled_up]
        self._depth -= 1
        if prop.function in ARRAY_FUNCTIONS:
            return values
        aggregate = AGGREGATES.get(prop.function)
        return aggregate(values) if aggregate else None


def rollup_kind(prop: Property) -> str:
    """array, date or number."""
    if prop.function in ARRAY_FUNCTIONS:
        return "array"
    return "date" if prop.function in DATE_FUNCTIONS else "number"


def _filled(values: list[Any]) -> list[Any]:
    return [value for value in values if not is_empty(value) and value is not False]


def _numbers(values: list[Any]) -> list[Decimal]:
    return [value for value in values if isinstance(value, Decimal)]


def _times(values: list[Any]) -> list[datetime]:
    return [value for value in values if isinstance(value, datetime)]


def _share(part: int, whole: int) -> Decimal | None:
    return Decimal(part) / Decimal(whole) if whole else None


def _over_numbers(function: Callable[[list[Decimal]], Decimal]) -> Callable[[list[Any]], Decimal | None]:
    return lambda values: function(_numbers(values)) if _numbers(values) else None


def _count(values: list[Any]) -> Decimal:
    return Decimal(len(values))


AGGREGATES: Final[dict[str, Callable[[list[Any]], Any]]] = {
    "count": _count,
    "count_values": lambda values: Decimal(len(_filled(values))),
    "not_empty": lambda values: Decimal(len(_filled(values))),
    "empty": lambda values: Decimal(len(values) - len(_filled(values))),
    "unique": lambda values: Decimal(len({str(value) for value in _filled(values)})),
    "percent_empty": lambda values: _share(len(values) - len(_filled(values)), len(values)),
    "percent_not_empty": lambda values: _share(len(_filled(values)), len(values)),
    "checked": lambda values: Decimal(sum(value is True for value in values)),
    "unchecked": lambda values: Decimal(sum(value is not True for value in values)),
    "percent_checked": lambda values: _share(sum(value is True for value in values), len(values)),
    "percent_unchecked": lambda values: _share(sum(value is not True for value in values), len(values)),
    "sum": lambda values: sum(_numbers(values), Decimal(0)),
    "average": _over_numbers(lambda numbers: sum(numbers, Decimal(0)) / len(numbers)),
    "median": _over_numbers(median),
    "min": _over_numbers(min),
    "max": _over_numbers(max),
    "range": _over_numbers(lambda numbers: max(numbers) - min(numbers)),
    "earliest_date": lambda values: min(_times(values), default=None),
    "latest_date": lambda values: max(_times(values), default=None),
    "date_range": lambda values: min(_times(values), default=None),
}
"""Rollup functions by name; the two that show values are not among them."""
