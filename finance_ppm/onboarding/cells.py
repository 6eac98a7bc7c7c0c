"""What the cells of a page hold, apart from how Notion writes it: as text, a number, or the ids of pages.

Belongs here: the types of properties that the sample writes. Everything else that Notion has is decoded in
``sources.notion.properties``.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from operator import itemgetter
from typing import Any

PIECE = 2_000
"""Characters that one piece of rich text holds (https://developers.notion.com/reference/request-limits)."""

Plain = str | Decimal | tuple[str, ...]
"""What a cell holds: text, a number, or the ids of pages."""

Cells = Mapping[str, Plain]
"""Property name to what the cell holds; an empty cell is left out."""


def cells_of(properties: Mapping[str, Mapping[str, Any]]) -> Cells:
    """What the properties of a page hold, but for its title."""
    cells = {name: plain(value) for name, value in properties.items() if "title" not in value}
    return {name: cell for name, cell in cells.items() if cell is not None}


def plain(value: Mapping[str, Any]) -> Plain | None:
    """What a property value holds, as a request tells it or an answer shows it; None where it is empty.

    None too for types that the sample does not write.
    """
    kind = value.get("type") or next(iter(value))
    held = value.get(kind)
    read = _READERS.get(kind)
    return read(held) if read and held is not None and held != [] else None


def written(cell: Plain, kind: str) -> dict[str, Any] | None:
    """A cell as a request tells it, in a property of type ``kind``; None where that type cannot hold it."""
    write = _WRITERS[type(cell)].get(kind)
    return {kind: write(cell)} if write else None


def _read_text(runs: Any) -> Plain | None:
    return "".join(run["plain_text"] if "plain_text" in run else run["text"]["content"] for run in runs) or None


def _write_text(cell: Any) -> Any:
    return [{"text": {"content": cell[start : start + PIECE]}} for start in range(0, len(cell), PIECE)]


_READERS: dict[str, Callable[[Any], Plain | None]] = {
    "title": _read_text,
    "rich_text": _read_text,
    "select": itemgetter("name"),
    "status": itemgetter("name"),
    "date": itemgetter("start"),
    "number": Decimal,
    "relation": lambda entries: tuple(entry["id"] for entry in entries),
}

_WRITERS: dict[type, dict[str, Callable[[Any], Any]]] = {
    str: {
        "title": _write_text,
        "rich_text": _write_text,
        "select": lambda cell: {"name": cell},
        "status": lambda cell: {"name": cell},
        "date": lambda cell: {"start": cell},
    },
    Decimal: {"number": lambda cell: cell},
    tuple: {"relation": lambda cell: [{"id": page_id} for page_id in cell]},
}
