"""Filters: from the JSON of a query to a test of pages.

Belongs here: compound, timestamp and property filters, two levels deep. The operators are in ``conditions``.
https://developers.notion.com/reference/filter-data-source-entries
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from finance_ppm.sandbox.notion.conditions import EVER, Condition, Interval, condition
from finance_ppm.sandbox.notion.errors import invalid, invalid_value, unknown_property
from finance_ppm.sandbox.notion.pages import Page
from finance_ppm.sandbox.notion.reading import Reader, rollup_kind
from finance_ppm.sandbox.notion.schema import DataSource, Property

TIMESTAMPS: Final = ("created_time", "last_edited_time")
MAX_PARTS: Final = 100
_DEEPEST: Final = 2
_TEXTUAL: Final = frozenset({"title", "rich_text", "url", "email", "phone_number"})
_COMPARED_LIKE: Final = {
    **dict.fromkeys(_TEXTUAL, "rich_text"),
    **dict.fromkeys(TIMESTAMPS, "date"),
    **dict.fromkeys(("people", "created_by", "last_edited_by", "relation"), "multi_select"),
    **dict.fromkeys(("status", "verification"), "select"),
    "unique_id": "number",
    "string": "rich_text",
}
"""Types that are compared like another one."""
_FORMULA_KINDS: Final = ("string", "number", "checkbox", "date")


def _none(held: Iterable[bool]) -> bool:
    return not any(held)


_QUANTIFIERS: Final[dict[str, Callable[[Iterable[bool]], bool]]] = {"any": any, "every": all, "none": _none}


@dataclass(frozen=True)
class Filter:
    """A compiled filter, and the times outside of which no page can match."""

    matches: Callable[[Page], bool]
    created: Interval = EVER
    edited: Interval = EVER


ALL: Final = Filter(lambda _: True)


def find_property(source: DataSource, name: Any) -> Property:
    """The property of that name or id, else ApiError."""
    found = source.find(name) if isinstance(name, str) else None
    if found is None:
        raise unknown_property(str(name))
    return found


@dataclass(frozen=True)
class FilterCompiler:
    """Compiles filters over the pages of ``source``. Raises ApiError where Notion refuses one."""

    reader: Reader
    source: DataSource

    def compile(self, wanted: Any, path: str = "body.filter", depth: int = 0) -> Filter:
        """A filter of any kind; ``path`` is where it stands in the request."""
        if not isinstance(wanted, dict):
            raise invalid_value(path, "an object", wanted)
        for word in ("and", "or"):
            if word in wanted:
                return self._compound(word, wanted[word], f"{path}.{word}", depth)
        if "timestamp" in wanted:
            return self._timestamp(wanted, path)
        if "property" not in wanted:
            raise invalid_value(f"{path}.property", "defined")
        return self._property(wanted, path)

    def _compound(self, word: str, wanted: Any, path: str, depth: int) -> Filter:
        if depth >= _DEEPEST:
            raise invalid_value(path, "not present", wanted)
        if not isinstance(wanted, list):
            raise invalid_value(path, "an array", wanted)
        if len(wanted) > MAX_PARTS:
            raise invalid_value(f"{path}.length", f"≤ `{MAX_PARTS}`", len(wanted))
        parts = [self.compile(part, f"{path}[{at}]", depth + 1) for at, part in enumerate(wanted)]
        if not parts:
            return ALL
        if word == "or":
            return Filter(lambda page: any(part.matches(page) for part in parts))
        created, edited = EVER, EVER
        for part in parts:
            created, edited = created & part.created, edited & part.edited
        return Filter(lambda page: all(part.matches(page) for part in parts), created, edited)

    def _timestamp(self, wanted: dict[str, Any], path: str) -> Filter:
        name = wanted["timestamp"]
        if name not in TIMESTAMPS:
            raise invalid_value(f"{path}.timestamp", '`"created_time"` or `"last_edited_time"`', name)
        if name not in wanted:
            raise invalid_value(f"{path}.{name}", "defined")
        test = self._condition("date", wanted[name], f"{path}.{name}")
        interval = test.interval or EVER
        if name == "created_time":
            return Filter(lambda page: test.holds(page.created), created=interval)
        return Filter(lambda page: test.holds(page.edited), edited=interval)

    def _property(self, wanted: dict[str, Any], path: str) -> Filter:
        prop = find_property(self.source, wanted["property"])
        kinds = [key for key in wanted if key not in {"property", "type"}]
        if len(kinds) != 1:
            raise invalid_value(f"{path}.{prop.type}", "defined")
        kind = kinds[0]
        if kind != prop.type and not {kind, prop.type} <= _TEXTUAL:
            raise invalid(f"database property {prop.type} does not match filter {kind}")
        where, inner = f"{path}.{kind}", wanted[kind]
        if prop.type == "rollup":
            return self._rollup(prop, inner, where)
        if prop.type == "formula":
            kind, inner = _single(inner, where, _FORMULA_KINDS)
            where = f"{where}.{kind}"
        test = self._condition(kind, inner, where)
        return Filter(lambda page: test.holds(self.reader.plain(page, prop)))

    def _rollup(self, prop: Property, wanted: Any, path: str) -> Filter:
        word, inner = _single(wanted, path, (*_QUANTIFIERS, "number", "date"))
        if word not in _QUANTIFIERS:
            if word != rollup_kind(prop):
                raise invalid(f"database property rollup does not match filter {word}")
            computed = self._condition(word, inner, f"{path}.{word}")
            return Filter(lambda page: computed.holds(self.reader.plain(page, prop)))
        kind, operation = _single(inner, f"{path}.{word}", ())
        test = self._condition(kind, operation, f"{path}.{word}.{kind}")
        holds = _QUANTIFIERS[word]

        def matches(page: Page) -> bool:
            rolled_up = self.reader.rolled_up(page, prop)
            return holds(test.holds(self.reader.plain(other, looked_up)) for other, looked_up in rolled_up)

        return Filter(matches)

    def _condition(self, kind: str, wanted: Any, path: str) -> Condition:
        return condition(_COMPARED_LIKE.get(kind, kind), wanted, path, self.reader.now())


def _single(wanted: Any, path: str, known: tuple[str, ...]) -> tuple[str, Any]:
    """The one entry of an object, its key among ``known`` if those are given; else ApiError."""
    if not isinstance(wanted, dict) or len(wanted) != 1:
        raise invalid_value(path, "an object with one condition", wanted)
    key, value = next(iter(wanted.items()))
    if known and key not in known:
        raise invalid_value(f"{path}.{known[0]}", "defined")
    return key, value
