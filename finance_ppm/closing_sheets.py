"""Tables of figures that are never cut or folded, however narrow the terminal: a part of a figure is another figure.

Belongs here: how such a table is laid out. Does not belong here: what is in one (``closing_tables``).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from finance_ppm import terminal

_WHOLE, _LEAST = 10, 8
"""Texts of so many columns stay on one line (a date has ten); longer ones may be folded to the least."""
_GAP = 2


@dataclass
class Sheet:
    """Rows of texts, which may be folded, and of figures, which may not. What people wrote is no markup."""

    title: str
    texts: Sequence[str]
    """Headings of the texts."""
    figures: Sequence[str]
    """Headings of the figures."""
    _rows: list[tuple[Sequence[str], Sequence[str]] | None] = field(default_factory=list)
    """None is a line between two sections."""

    def add(self, texts: Sequence[str], figures: Sequence[str]) -> None:
        """A row; a figure may be empty."""
        self._rows.append((texts, figures))

    def add_section(self) -> None:
        """What follows is apart from what was before."""
        self._rows.append(None)

    def show(self) -> None:
        """Print it: a column for each figure where there is room, else a line for each."""
        widths = [self._longest(0, place, name) for place, name in enumerate(self.texts)]
        has_room = self._has_room(widths)
        table = Table(box=box.SIMPLE_HEAD, padding=(0, _GAP - 1, 0, 0), show_edge=False, pad_edge=False)
        table.title = Text(self.title)
        for name, width in zip(self.texts, widths, strict=True):
            table.add_column(name, overflow="fold", no_wrap=width <= _WHOLE)
        if not has_room:
            table.add_column("Figure", no_wrap=True)
        for name in self.figures if has_room else ["Amount"]:
            table.add_column(name, justify="right", no_wrap=True)
        for row in self._rows:
            if row is None:
                table.add_section()
                continue
            for line in self._lines(*row, stacked=not has_room):
                table.add_row(*map(Text, line))
        terminal.out.print(table)

    def _has_room(self, widths: Sequence[int]) -> bool:
        """Whether every figure of a row can stand beside the others, and each text has the least it needs."""
        texts = sum(width if width <= _WHOLE else _LEAST for width in widths)
        figures = sum(self._longest(1, place, name) for place, name in enumerate(self.figures))
        gaps = _GAP * (len(self.texts) + len(self.figures) - 1)
        return len(self.figures) == 1 or texts + figures + gaps <= terminal.out.width

    def _lines(self, texts: Sequence[str], figures: Sequence[str], *, stacked: bool) -> list[tuple[str, ...]]:
        if not stacked:
            return [(*texts, *figures)]
        told = [(name, figure) for name, figure in zip(self.figures, figures, strict=True) if figure]
        blank = [""] * len(texts)
        return [(*(blank if place else texts), *of) for place, of in enumerate(told)]

    def _longest(self, side: int, place: int, heading: str) -> int:
        """Columns that the longest cell takes, or its heading."""
        cells = (row[side][place] for row in self._rows if row is not None)
        return max(cell_len(line) for cell in (heading, *cells) for line in cell.split("\n"))
