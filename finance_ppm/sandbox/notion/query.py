"""Queries: which rows of a data source, in which order, in pages of at most 100.

Belongs here: order and paging. Results stop at 10,000 as Notion's do, trashed pages are never among them, and
without a sort the order is nothing to lean on (newest first here).
https://developers.notion.com/reference/query-a-data-source
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final
from uuid import UUID

from finance_ppm.sandbox.notion.errors import UNDEFINED, ApiError, invalid, invalid_value
from finance_ppm.sandbox.notion.filters import ALL, TIMESTAMPS, Filter, FilterCompiler, find_property
from finance_ppm.sandbox.notion.pages import Page
from finance_ppm.sandbox.notion.reading import Reader
from finance_ppm.sandbox.notion.schema import DataSource, Property
from finance_ppm.sandbox.notion.workspace import floored

RESULT_CAP: Final = 10_000
"""Results a query can ever give."""
MAX_PAGE_SIZE: Final = 100
_REMEMBERED_QUERIES: Final = 32


@dataclass(frozen=True)
class Results:
    """One page of results."""

    pages: list[Page]
    next_cursor: str | None
    capped: bool
    """Whether more than 10,000 pages match, so that the query never shows them all."""


@dataclass(frozen=True)
class Sort:
    """One criterion: a timestamp's name or a property."""

    by: str | Property
    descending: bool


@dataclass
class Queries:
    """Runs queries over the workspace that ``reader`` reads."""

    reader: Reader
    _found: dict[tuple[Any, ...], list[Page]] = field(default_factory=dict)

    def run(self, source: DataSource, body: dict[str, Any]) -> Results:
        """Answer the body of a query. Raises ApiError where Notion refuses it."""
        size = page_size(body.get("page_size", MAX_PAGE_SIZE), "body")
        found = self._matching(source, body)
        shown = min(len(found), RESULT_CAP)
        start = _start(found, body["start_cursor"]) if "start_cursor" in body else 0
        end = min(start + size, shown)
        cursor = f"s:{UUID(int=end)}:{found[end].id}" if end < shown else None
        return Results(found[start:end], cursor, len(found) > RESULT_CAP)

    def _matching(self, source: DataSource, body: dict[str, Any]) -> list[Page]:
        """Matching pages in order, one more than can be shown; remembered until something changes."""
        workspace = self.reader.workspace
        wanted, sorts = body.get("filter", UNDEFINED), body.get("sorts", [])
        key = (source.id, workspace.revision, floored(workspace.clock.now()), repr((wanted, sorts)))
        if key not in self._found:
            test = ALL if wanted is UNDEFINED else FilterCompiler(self.reader, source).compile(wanted)
            pages = self._in_order(source, test, _sorts(source, sorts))
            alive = (page for page in pages if not page.in_trash and test.matches(page))
            if len(self._found) >= _REMEMBERED_QUERIES:
                self._found.clear()
            self._found[key] = list(islice(alive, RESULT_CAP + 1))
        return self._found[key]

    def _in_order(self, source: DataSource, test: Filter, sorts: list[Sort]) -> Iterable[Page]:
        """Pages among which are all that match. What the tables keep in order is not sorted again."""
        table = self.reader.workspace.tables[source.id]
        first = sorts[0] if sorts else Sort("created_time", descending=True)
        if first.by == "last_edited_time":
            newest_first = table.edited_since(test.edited.start)
            pages = newest_first if first.descending else reversed(list(newest_first))
            return pages if len(sorts) == 1 else self._sorted(pages, test, sorts)
        oldest_first = table.created_between(*test.created)
        if first.by == "created_time" and len(sorts) < 2:
            return reversed(oldest_first) if first.descending else oldest_first
        return self._sorted(oldest_first, test, sorts)

    def _sorted(self, pages: Iterable[Page], test: Filter, sorts: list[Sort]) -> list[Page]:
        """Stable; empty values come last either way."""
        ordered = [page for page in pages if not page.in_trash and test.matches(page)]
        for sort in reversed(sorts):
            valued = [(self._sort_value(page, sort.by), page) for page in ordered]
            filled = [pair for pair in valued if pair[0] is not None]
            filled.sort(key=_first, reverse=sort.descending)
            ordered = [page for _, page in filled] + [page for value, page in valued if value is None]
        return ordered

    def _sort_value(self, page: Page, by: str | Property) -> Any:
        if isinstance(by, str):
            return page.created if by == "created_time" else page.edited
        value = self.reader.plain(page, by)
        if isinstance(value, list):
            return ", ".join(map(str, value)) or None
        if isinstance(value, str):
            return list(by.options).index(value) if value in by.options else value.casefold()
        return value


def _first(pair: tuple[Any, Page]) -> tuple[bool, Any]:
    """A key that never compares text with anything else: broken values stand behind the others."""
    return isinstance(pair[0], str), pair[0]


def _sorts(source: DataSource, wanted: Any) -> list[Sort]:
    if not isinstance(wanted, list):
        raise invalid_value("body.sorts", "an array", wanted)
    return [_sort(source, part, f"body.sorts[{at}]") for at, part in enumerate(wanted)]


def _sort(source: DataSource, wanted: Any, path: str) -> Sort:
    if not isinstance(wanted, dict):
        raise invalid_value(path, "an object", wanted)
    direction = wanted.get("direction", "ascending")
    if direction not in {"ascending", "descending"}:
        raise invalid_value(f"{path}.direction", '`"ascending"` or `"descending"`', direction)
    if "timestamp" in wanted:
        if wanted["timestamp"] not in TIMESTAMPS:
            raise invalid_value(f"{path}.timestamp", '`"created_time"` or `"last_edited_time"`', wanted["timestamp"])
        return Sort(wanted["timestamp"], direction == "descending")
    if "property" not in wanted:
        raise invalid_value(f"{path}.property", "defined")
    return Sort(find_property(source, wanted["property"]), direction == "descending")


def page_size(value: Any, where: str) -> int:
    """A valid page size. Raises ApiError for anything but 1 to 100."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise invalid_value(f"{where}.page_size", "a number", value)
    if value < 1:
        raise invalid_value(f"{where}.page_size", "≥ `1`", value)
    if value > MAX_PAGE_SIZE:
        raise invalid_value(f"{where}.page_size", f"≤ `{MAX_PAGE_SIZE}`", value)
    return value


def bad_cursor(cursor: Any) -> ApiError:
    """What Notion answers to a cursor it never gave."""
    return invalid(f"The start_cursor provided is invalid: {cursor}")


def _start(found: list[Page], cursor: Any) -> int:
    """Where to go on: at the page the cursor names; where that has left the results, at the place it had."""
    if not isinstance(cursor, str):
        raise invalid_value("body.start_cursor", "a string", cursor)
    try:
        mark, place, page_id = cursor.split(":")
        offset = UUID(place).int
    except ValueError:
        raise bad_cursor(cursor) from None
    if mark != "s" or offset > RESULT_CAP:
        raise bad_cursor(cursor)
    if offset < len(found) and found[offset].id == page_id:
        return offset
    return next((at for at, page in enumerate(found) if page.id == page_id), offset)
