"""Results of queries, encoded once and kept while their pages are fetched.

Belongs here: where the rows wait. What a page says besides its rows is ``graph``'s.
"""

from array import array
from collections import OrderedDict
from collections.abc import Callable, Hashable
from tempfile import SpooledTemporaryFile
from threading import Lock
from typing import IO, Final

import msgspec

from finance_ppm.sandbox.azure.kql.combining import Row
from finance_ppm.sandbox.azure.kql.pipeline import Query, Source
from finance_ppm.sandbox.azure.kql.values import Type, written

ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_IN_MEMORY_BYTES: Final = 16 << 20
_KEPT: Final = 16


class Answer:
    """The rows of a result as JSON, in a file where they are many: a page costs no more than its own rows."""

    def __init__(self, query: Query, source: Source, *, as_table: bool) -> None:
        self._file: IO[bytes] = SpooledTemporaryFile(_IN_MEMORY_BYTES)  # noqa: SIM115 - closed by ``close``
        moments = [name for name, kind in query.columns.items() if kind is Type.DATETIME]
        starts, ends = array("Q"), array("Q")
        keyed: list[tuple[tuple[object, ...], int]] = []
        place = 0
        for number, row in enumerate(query.unordered(source)):
            if query.order is not None:
                keyed.append((query.order.keys(row), number))
            text = ENCODER.encode(_cells(row, moments, as_table=as_table))
            self._file.write(text)
            starts.append(place)
            place += len(text)
            ends.append(place)
        if query.order is not None:
            query.order.arrange(keyed)
        self._order = array("Q", (number for _, number in keyed)) if query.order else array("Q", range(len(starts)))
        self._starts, self._ends = starts, ends

    def __len__(self) -> int:
        return len(self._order)

    def page(self, start: int, end: int) -> bytes:
        """The rows from ``start`` to before ``end``, with commas between."""
        return b",".join(self._row(number) for number in self._order[start:end])

    def _row(self, number: int) -> bytes:
        self._file.seek(self._starts[number])
        return self._file.read(self._ends[number] - self._starts[number])

    def close(self) -> None:
        """Let go of the rows."""
        self._file.close()


def _cells(row: Row, moments: list[str], *, as_table: bool) -> object:
    if moments:
        row = row | {name: written(row[name]) for name in moments if row[name] is not None}
    return list(row.values()) if as_table else row


class Shelf:
    """The answers of late."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._answers: OrderedDict[Hashable, Answer] = OrderedDict()

    def answer(self, key: Hashable, make: Callable[[], Answer]) -> Answer:
        """The answer kept under ``key``, or a new one. It is good until the shelf needs the room."""
        with self._lock:
            if key not in self._answers:
                self._answers[key] = make()
            self._answers.move_to_end(key)
            if len(self._answers) > _KEPT:
                self._answers.popitem(last=False)[1].close()
            return self._answers[key]

    def close(self) -> None:
        """Let go of everything."""
        with self._lock:
            while self._answers:
                self._answers.popitem()[1].close()
