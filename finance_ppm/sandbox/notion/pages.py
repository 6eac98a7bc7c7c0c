"""Pages, and the pages of one data source in the two orders that queries need.

Belongs here: what a page is and keeping it in order. Values stay in the shape they were written in; ``values``
and ``rendering`` turn them into what answers show.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from finance_ppm.sandbox.notion.schema import DataSource


@dataclass(slots=True, frozen=True)
class Verbatim:
    """A value that does not have its property's type: shown as it was told."""

    json: Any


@dataclass(slots=True, eq=False)
class Page:
    """A page: a row of a data source, or a page of its own (``source`` is None). Times are floored to the minute."""

    id: str
    source: DataSource | None
    created: datetime
    edited: datetime
    created_by: str
    edited_by: str
    values: dict[str, Any]
    """By property id, in the shape ``PATCH /v1/pages`` takes."""
    number: int = 0
    """Its running number in the data source: what a unique_id property shows."""
    parent: dict[str, Any] | None = None
    override: dict[str, Any] = field(default_factory=dict)
    in_trash: bool = False
    icon: Any = None
    cover: Any = None
    revision: int = 0
    """Grows with every change of the page itself."""


@dataclass(slots=True, eq=False)
class Table:
    """The pages of one data source, in order of creation and in order of their last edit, trashed ones among them.

    The workspace's time never runs backwards, so both orders are kept by appending.
    """

    created: list[Page] = field(default_factory=list)
    edited: dict[str, Page] = field(default_factory=dict)

    def add(self, page: Page) -> None:
        """Take in a new page and number it."""
        self.created.append(page)
        self.edited[page.id] = page
        page.number = len(self.created)

    def touch(self, page: Page) -> None:
        """Note that ``page`` is now the one edited last."""
        del self.edited[page.id]
        self.edited[page.id] = page

    def created_between(self, start: datetime, end: datetime) -> list[Page]:
        """Pages with ``start <= created < end``, oldest first."""
        low = bisect_left(self.created, start, key=_created)
        return self.created[low : bisect_left(self.created, end, lo=low, key=_created)]

    def edited_since(self, start: datetime) -> Iterator[Page]:
        """Pages with ``edited >= start``, newest edit first."""
        for page in reversed(self.edited.values()):
            if page.edited < start:
                return
            yield page


def _created(page: Page) -> datetime:
    return page.created
