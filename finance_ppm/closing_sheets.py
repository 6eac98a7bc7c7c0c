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

_LEAST = 10
"""Texts of so many columns stay on one line (a date has ten); longer ones are folded to no less."""
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
        """Print it: a column for each figure where there is room, else a line for each, else one for each text too."""
        texts = [min(self._longest(0, place, name), _LEAST) for place, name in enumerate(self.texts)]
        figures = [self._longest(1, place, name) for place, name in enumerate(self.figures)]
        if self._has_room(*texts, *figures):
            table = self._beside()
        elif len(figures) > 1 and self._has_room(*texts, _longest("Figure", *self.figures), _longest(*self._amounts())):
            table = self._stacked()
        else:
            table = self._upright()
        table.title = Text(self.title)
        terminal.out.print(table, crop=False)

    def _beside(self) -> Table:
        table = self._with_texts()
        for name in self.figures:
            table.add_column(name, justify="right", no_wrap=True)
        for row in self._rows:
            if row is None:
                table.add_section()
            else:
                table.add_row(*map(Text, (*row[0], *row[1])))
        return table

    def _stacked(self) -> Table:
        table = self._with_texts()
        table.add_column("Figure", no_wrap=True)
        table.add_column("Amount", justify="right", no_wrap=True)
        for row in self._rows:
            if row is None:
                table.add_section()
                continue
            texts, figures = row
            for place, of in enumerate(_told(self.figures, figures)):
                table.add_row(*map(Text, (*([""] * len(texts) if place else texts), *of)))
        return table

    def _upright(self) -> Table:
        """A line for everything that is told, each row of the sheet a section."""
        table = _table(show_header=False)
        names, amount = _longest(*self.texts, *self.figures), _longest(*self._amounts())
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold", min_width=max(amount, _LEAST))
        if not self._has_room(names, max(amount, _LEAST)):
            table.width = names + _GAP + max(amount, _LEAST)  # beyond the terminal, which breaks lines and loses none
        for texts, figures in filter(None, self._rows):
            for name, text in _told(self.texts, texts):
                table.add_row(Text(name), Text(text))
            for name, figure in _told(self.figures, figures):
                table.add_row(Text(name), Text(figure, justify="right"))
            table.add_section()
        return table

    def _with_texts(self) -> Table:
        table = _table()
        for place, name in enumerate(self.texts):
            width = self._longest(0, place, name)
            table.add_column(name, overflow="fold", no_wrap=width <= _LEAST, min_width=min(width, _LEAST))
        return table

    def _amounts(self) -> list[str]:
        return ["Amount", *(figure for row in self._rows if row is not None for figure in row[1])]

    def _longest(self, side: int, place: int, heading: str) -> int:
        """Columns that the longest cell takes, or its heading."""
        return _longest(heading, *(row[side][place] for row in self._rows if row is not None))

    @staticmethod
    def _has_room(*widths: int) -> bool:
        return sum(widths) + _GAP * (len(widths) - 1) <= terminal.out.width


def _table(*, show_header: bool = True) -> Table:
    return Table(
        box=box.SIMPLE_HEAD, padding=(0, _GAP - 1, 0, 0), show_edge=False, pad_edge=False, show_header=show_header
    )


def _told(headings: Sequence[str], cells: Sequence[str]) -> list[tuple[str, str]]:
    return [(heading, cell) for heading, cell in zip(headings, cells, strict=True) if cell]


def _longest(*cells: str) -> int:
    return max(cell_len(line) for cell in cells for line in cell.split("\n"))
