"""What came of reading one table: its rows, and whether they are all.

Belongs here: gathering rows, whichever way they came. How pages follow each other is told in ``graph`` and ``advisor``.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import msgspec

from finance_ppm.sources.azure.errors import AzureError
from finance_ppm.sources.azure.identities import wire_row
from finance_ppm.sources.azure.rows import WireRow

Seen = Callable[[int], None]
"""Told after each page how many rows of the table were read so far. What it raises ends the reading."""


def behind(before: int, seen: Seen) -> Seen:
    """``seen`` for rows that are read behind so many others."""
    return lambda rows: seen(before + rows)


def unheard(rows: int) -> None:
    """Nobody asks how far it is."""


class _Named(msgspec.Struct):
    id: object = None


@dataclass
class Reading:
    """Rows by id. ``asked`` are the subscriptions they may belong to, in lower case; None is any."""

    asked: frozenset[str] | None
    about: str
    rows: dict[str, WireRow] = field(default_factory=dict)
    unidentified: int = 0
    """Rows that are not kept, because nothing tells whose they are, or because they were not asked for."""
    error: AzureError | None = None
    """Why the rows are not all."""
    alike: tuple[str, str] | None = None
    """Ids of two rows, as they came, that differ in case alone; the second row is not kept."""
    _shared: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def reason(self) -> str | None:
        """Why the rows are not all, in one sentence; None where they are."""
        if self.error is not None:
            return str(self.error)
        if self.unidentified:
            return (
                f"{self.unidentified} row(s) of {self.about} name no id, type or subscription that was asked for, and "
                "are not kept: look for them in Azure Resource Graph Explorer, and report an example."
            )
        return None

    def add(self, rows: Iterable[bytes]) -> int:
        """Keep rows; how many of them were not there before."""
        before = len(self)
        for raw in rows:
            row = wire_row(raw, self._shared)
            if row is None or (self.asked is not None and row.subscription_id not in self.asked):
                self.unidentified += 1
            else:
                kept = self.rows.setdefault(row.id, row)
                if kept is not row and self.alike is None:
                    first, second = (str(msgspec.json.decode(one.text, type=_Named).id) for one in (kept, row))
                    self.alike = (first, second) if first != second else None
        return len(self) - before

    def keep(self, earlier: "Reading") -> None:
        """Keep what an earlier reading of the same table had and this one has not."""
        self.rows = earlier.rows | self.rows

    def __len__(self) -> int:
        """Rows that were read, each id once."""
        return len(self.rows) + self.unidentified
