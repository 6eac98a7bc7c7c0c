"""A CSV's cells, line by line: no cell of ours holds a line break, and a stray quotation mark spoils one line only.

Belongs here: lines and cells. What they mean is told by ``ecb_csv`` and ``own_csv``.
"""

import csv
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from finance_ppm.sources.fx.rows import UnsoundError


class Line(NamedTuple):
    """A line that is not blank."""

    where: str
    text: str

    def cells(self) -> list[str]:
        """Its cells without blanks around them. Raises :class:`UnsoundError`."""
        try:
            [cells] = csv.reader([self.text], skipinitialspace=True, strict=True)
        except csv.Error as error:
            raise UnsoundError(f"it cannot be divided into cells ({error})") from None
        return [cell.strip() for cell in cells]

    def cells_below(self, header: Sequence[str]) -> list[str]:
        """Its cells, as many as ``header`` has. Raises :class:`UnsoundError` where a cell is missing or too many."""
        cells = self.cells()
        if len(cells) < len(header) or any(cells[len(header) :]):
            raise UnsoundError(f"it has {len(cells)} cells, and the header {len(header)}")
        return cells[: len(header)]


def lines_of(content: bytes) -> Iterator[Line]:
    """The lines. What is no UTF-8 stays in its cell as a sign that no rate holds."""
    text = content.decode("utf-8-sig", errors="replace")
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            yield Line(f"line {number}", line)


def without_empty_end(cells: Sequence[str]) -> list[str]:
    """The European Central Bank ends each line with a comma."""
    last = max((place for place, cell in enumerate(cells, 1) if cell), default=0)
    return list(cells[:last])
