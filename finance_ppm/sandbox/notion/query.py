"""Queries: which rows of a data source, in which order, in pages of at most 100.

Belongs here: order and paging. Results stop at 10,000 as Notion's do, trashed pages are never among them, and
without a sort the order is nothing to lean on (newest first here). A cursor names the row to go on with; where that
has left the results, the first one after it is next, so that rows that leave make no other row be skipped. Only a row
that is edited under a sort by ``last_edited_time`` takes the cursor along: never read in that order.
https://developers.notion.com/reference/query-a-data-source
"""

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final
from uuid import UUID

from finance_ppm.sandbox.notion.errors import UNDEFINED, ApiError, invalid, invalid_value
from finance_ppm.sandbox.notion.filters import ALL, TIMESTAMPS, Filter, FilterCompiler, find_property
from finance_ppm.sandbox.notion.pages import Page, by_creation
from finance_ppm.sandbox.notion.reading import Reader
from finance_ppm.sandbox.notion.schema import DataSource, Property
from finance_ppm.sandbox.notion.values import floored

RESULT_CAP: Final = 10_000
"""Results a query can ever give."""
MAX_PAGE_SIZE: Final = 100
INCOMPLETE: Final = {"type": "incomplete", "incomplete_reason": "query_result_limit_reached"}
"""The ``request_status`` of every answer of a query that never shows all that match."""
_REMEMBERED_QUERIES: Final = 64


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
    _found: OrderedDict[tuple[Any, ...], list[Page]] = field(default_factory=OrderedDict)

    def run(self, source: DataSource, body: dict[str, Any]) -> Results:
        """Answer the body of a query. Raises ApiError where Notion refuses it."""
        size = page_size(body.get("page_size", MAX_PAGE_SIZE), "body")
        sorts = _sorts(source, body.get("sorts", []))
        found = self._matching(source, body, sorts)
        shown = min(len(found), RESULT_CAP)
        start = self._start(source, found, sorts, body["start_cursor"]) if "start_cursor" in body else 0
        end = min(start + size, shown)
        cursor = cursor_to(end, found[end].id) if end < shown else None
        return Results(found[start:end], cursor, len(found) > RESULT_CAP)

    def _matching(self, source: DataSource, body: dict[str, Any], sorts: list[Sort]) -> list[Page]:
        """Matching pages in order, one more than can be shown; remembered until something changes."""
        workspace = self.reader.workspace
        wanted, kind = body.get("filter", UNDEFINED), body.get("result_type")
        if kind not in {None, "page", "data_source"}:
            raise invalid_value("body.result_type", '`"page"` or `"data_source"`', kind)
        asked = repr((wanted, body.get("sorts"), kind))
        key = (source.id, workspace.revision, floored(workspace.clock.now()), asked)
        if key in self._found:
            self._found.move_to_end(key)
        else:
            test = ALL if wanted is UNDEFINED else FilterCompiler(self.reader, source).compile(wanted)
            pages = self._in_order(source, test, sorts)
            alive = (page for page in pages if page.is_listed and test.matches(page) and _is_wanted(page, kind))
            self._found[key] = list(islice(alive, RESULT_CAP + 1))
            if len(self._found) > _REMEMBERED_QUERIES:
                self._found.popitem(last=False)
        return self._found[key]

    def _in_order(self, source: DataSource, test: Filter, sorts: list[Sort]) -> Iterable[Page]:
        """Pages among which are all that match. What the tables keep in order is not sorted again."""
        table = self.reader.workspace.tables[source.id]
        first = sorts[0] if sorts else _NEWEST_FIRST
        if first.by == "last_edited_time":
            newest_first = table.edited_since(test.edited.start)
            pages = newest_first if first.descending else reversed(list(newest_first))
            return pages if len(sorts) == 1 else self._sorted(pages, test, sorts)
        if first.by == "created_time" and len(sorts) < 2:
            return table.created_between(*test.created, newest_first=first.descending)
        return self._sorted(table.created_between(*test.created), test, sorts)

    def _sorted(self, pages: Iterable[Page], test: Filter, sorts: list[Sort]) -> list[Page]:
        return self._by_value([page for page in pages if page.is_listed and test.matches(page)], sorts)

    def _by_value(self, ordered: list[Page], sorts: list[Sort]) -> list[Page]:
        """Stable; empty values come last either way."""
        for sort in reversed(sorts):
            valued = [(self._sort_value(page, sort.by), page) for page in ordered]
            filled = [pair for pair in valued if pair[0] is not None]
            filled.sort(key=_first, reverse=sort.descending)
            ordered = [page for _, page in filled] + [page for value, page in valued if value is None]
        return ordered

    def _start(self, source: DataSource, found: list[Page], sorts: list[Sort], cursor: Any) -> int:
        """Where to go on: at the page the cursor names; where that has left the results, at the first one after it."""
        place, page_id = _named(cursor)
        if place < len(found) and found[place].id == page_id:
            return place
        at = next((at for at, page in enumerate(found) if page.id == page_id), None)
        if at is not None:
            return at
        gone = self.reader.workspace.tables[source.id].edited.get(page_id)
        if gone is None:
            raise bad_cursor(cursor)
        if any(sort.by == "last_edited_time" for sort in sorts):  # nobody knows where it was
            return place
        if not sorts or (len(sorts) == 1 and sorts[0].by == "created_time"):
            descending = (sorts or [_NEWEST_FIRST])[0].descending
            oldest_first = found[::-1] if descending else found
            older = bisect_left(oldest_first, by_creation(gone), key=by_creation)
            return len(found) - older if descending else older
        return self._by_value(sorted([*found, gone], key=by_creation), sorts).index(gone)

    def _sort_value(self, page: Page, by: str | Property) -> Any:
        if isinstance(by, str):
            return page.created if by == "created_time" else page.edited
        value = self.reader.plain(page, by)
        if isinstance(value, list):
            return ", ".join(map(str, value)) or None
        if isinstance(value, str):
            return list(by.options).index(value) if value in by.options else value.casefold()
        return value


_NEWEST_FIRST: Final = Sort("created_time", descending=True)
"""The order of a query without sorts."""


def _is_wanted(page: Page, kind: str | None) -> bool:
    return kind is None or (page.contained is None) == (kind == "page")


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


def cursor_to(place: int, page_id: str) -> str:
    """The cursor that names the page at a place of the results."""
    return f"s:{UUID(int=place)}:{page_id}"


def bad_cursor(cursor: Any) -> ApiError:
    """What Notion answers to a cursor it never gave."""
    return invalid(f"The start_cursor provided is invalid: {cursor}")


def _named(cursor: Any) -> tuple[int, str]:
    """The place and the page that a cursor names. Raises ApiError for one that was never given."""
    if not isinstance(cursor, str):
        raise invalid_value("body.start_cursor", "a string", cursor)
    try:
        mark, place, page_id = cursor.split(":")
        offset = UUID(place).int
    except ValueError:
        raise bad_cursor(cursor) from None
    if mark != "s" or offset > RESULT_CAP:
        raise bad_cursor(cursor)
    return offset, page_id
