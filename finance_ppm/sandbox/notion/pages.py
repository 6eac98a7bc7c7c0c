"""Pages, and the pages of one data source in the two orders that queries need.

Belongs here: what a page is and keeping it in order. Values stay in the shape they were written in; ``values``
and ``rendering`` turn them into what answers show.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from finance_ppm.sandbox.notion.schema import Database, DataSource


@dataclass(slots=True, frozen=True)
class Verbatim:
    """A value that does not have its property's type: shown as it was told."""

    json: Any


@dataclass(slots=True, eq=False)
class ToldValues(MutableMapping[str, Any]):
    """Values by property id that are made up whenever they are read, but for those written since."""

    columns: Mapping[str, Callable[[int], Any]]
    row: int
    written: dict[str, Any] | None = None

    def __getitem__(self, identifier: str) -> Any:
        if self.written is not None and identifier in self.written:
            return self.written[identifier]
        return self.columns[identifier](self.row)

    def __setitem__(self, identifier: str, value: Any) -> None:
        self.written = {**(self.written or {}), identifier: value}

    def __delitem__(self, identifier: str) -> None:
        self[identifier] = None

    def __iter__(self) -> Iterator[str]:
        return iter({**self.columns, **(self.written or {})})

    def __len__(self) -> int:
        return len({**self.columns, **(self.written or {})})


@dataclass(slots=True, eq=False)
class Page:
    """A page: a row of a data source, or a page of its own (``source`` is None). Times are floored to the minute."""

    id: str
    source: DataSource | None
    created: datetime
    edited: datetime
    created_by: str
    edited_by: str
    values: MutableMapping[str, Any]
    """By property id, in the shape ``PATCH /v1/pages`` takes."""
    number: int = 0
    """Its running number in the data source: what a unique_id property shows."""
    parent: dict[str, Any] | None = None
    override: dict[str, Any] = field(default_factory=dict)
    in_trash: bool = False
    icon: Any = None
    cover: Any = None
    moved: bool = False
    """Whether this row has become a page elsewhere: what stays here is its place, for cursors that name it."""
    contained: Database | None = None
    """The database that stands in this row of a wiki: then it is no page, and has no values but its title."""
    revision: int = 0
    """Grows with every change of the page itself."""

    @property
    def is_listed(self) -> bool:
        """Whether it can be among the results of a query."""
        if self.contained is None:
            return not self.in_trash and not self.moved
        return bool(self.contained.visible_sources) and not self.contained.in_trash


@dataclass(slots=True, eq=False)
class Table:
    """The pages of one data source, in order of creation and in order of their last edit, trashed ones among them.

    The workspace's time never runs backwards, so both orders are kept by appending; only a page that was moved here
    is older than others.
    """

    created: list[Page] = field(default_factory=list)
    edited: dict[str, Page] = field(default_factory=dict)

    def add(self, page: Page) -> None:
        """Take in a new page and number it."""
        page.number = len(self.created) + 1
        if self.created and page.created < self.created[-1].created:
            insort(self.created, page, key=by_creation)
        else:
            self.created.append(page)
        self.edited[page.id] = page

    def touch(self, page: Page) -> None:
        """Note that ``page`` is now the one edited last."""
        del self.edited[page.id]
        self.edited[page.id] = page

    def created_between(self, start: datetime, end: datetime, *, newest_first: bool = False) -> Iterator[Page]:
        """Pages with ``start <= created < end``, oldest first unless told otherwise."""
        low = bisect_left(self.created, start, key=_created)
        places = range(low, bisect_left(self.created, end, lo=low, key=_created))
        return map(self.created.__getitem__, reversed(places) if newest_first else places)

    def edited_since(self, start: datetime) -> Iterator[Page]:
        """Pages with ``edited >= start``, newest edit first."""
        for page in reversed(self.edited.values()):
            if page.edited < start:
                return
            yield page


def by_creation(page: Page) -> tuple[datetime, int]:
    """The order of creation: of pages of one minute, the one that came into the table first."""
    return page.created, page.number


def _created(page: Page) -> datetime:
    return page.created
