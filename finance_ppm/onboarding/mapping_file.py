"""Writing the mapping file: what stands in it stays as its author wrote it, comments included; what is new is added.

Belongs here: the text, and putting it in the file's place. Does not belong here: what is proposed (``mapping``), or
reading the file (``column_mapping``).
"""

import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finance_ppm.column_mapping import ColumnMapping, Entry, fold, our_name
from finance_ppm.errors import SettingsError

HEAD = """\
# Which of your Notion columns feeds which column of Finance PPM: on the left our names, on the right yours.
# What is not named here goes by its usual name, and titles are found by themselves. Where a choice has other words
# than ours, `values:` says what they mean. Change what you like, then ask `finance-ppm notion map --check`.
"""

_WIDE = 1_000_000
"""Characters in a line, so that none is broken."""


_MARK = "\ufeff".encode()
"""What some editors put at the beginning of a file."""


@dataclass(frozen=True)
class Addition:
    """What is new of one of our properties: its name there, words, or both; and what a reader should know."""

    database: str
    ours: str
    theirs: str | None
    words: Mapping[str, Sequence[str]]
    comments: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Edit:
    start: int
    end: int
    text: str


def save(path: Path, text: str) -> None:
    """Make ``text`` the file's, whole or not at all; a link stays one, and mode and line ends stay what they were.

    Raises :class:`SettingsError` where it cannot be written.
    """
    file = path.resolve()
    beside = file.with_name(f".{file.name}.new")
    try:
        before = file.read_bytes() if file.exists() else b""
        newline = "\r\n" if before.count(b"\r\n") * 2 > before.count(b"\n") else "\n"
        encoding = "utf-8-sig" if before.startswith(_MARK) else "utf-8"
        beside.write_text(text, encoding=encoding, newline=newline)
        if file.exists():
            beside.chmod(stat.S_IMODE(file.stat().st_mode))
        beside.replace(file)
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be written ({error.strerror}): set PPM_NOTION_MAPPING to a file that can."
        ) from None


def with_additions(text: str, additions: Sequence[Addition], path: Path) -> str:
    """``text``, which is a valid mapping file, with ``additions``; where there are none, as it is.

    Raises :class:`SettingsError` where the file is written in a way that nothing can be added to.
    """
    if not additions:
        return text
    blocks = dict(_blocks(text))
    edits: list[_Edit] = []
    fresh: list[str] = []
    for database in dict.fromkeys(addition.database for addition in additions):
        of_it = [addition for addition in additions if addition.database == database]
        if database in blocks:
            edits += _edits(text, database, *blocks[database], of_it)
        else:
            fresh.append("\n".join([f"{database}:", *_lines(of_it, "  ")]) + "\n")
    added = text
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        added = added[: edit.start] + edit.text + added[edit.end :]
    before = added.rstrip("\n") + "\n" if added.strip() else HEAD
    added = "\n".join([before if fresh else added, *fresh])
    if not _holds(added, text, additions, path):
        lines = [f"{addition.database}: {line.strip()}" for addition in additions for line in _lines([addition], "")]
        raise SettingsError(
            f"{path} is written in a way that nothing can be added to: write every entry on a line of its own, or add "
            f"yourself what is new ({'; '.join(lines)})."
        )
    return added


def _blocks(text: str) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """Database name to its key and its value, as YAML nodes."""
    import yaml  # type: ignore[import-untyped]  # PyYAML carries no types

    root = yaml.compose(text, Loader=yaml.BaseLoader)
    for key, value in root.value if root is not None and root.value else ():
        yield fold(key.value), (key, value)


def _edits(text: str, database: str, key: Any, value: Any, additions: Sequence[Addition]) -> Iterator[_Edit]:
    """What to change in the block of a database. A block in one line, in braces, is left alone."""
    if value.id == "mapping" and value.flow_style:
        return
    standing = {our_name(database, inner.value): (inner, told) for inner, told in value.value or ()}
    indent = " " * (value.value[0][0].start_mark.column if standing else 2)
    new = [addition for addition in additions if addition.ours not in standing]
    end = _line_end(text, value if standing else key)
    yield _Edit(end, end, "".join(f"\n{line}" for line in _lines(new, indent)))
    for addition in additions:
        if addition.ours in standing:
            yield from _extended(text, *standing[addition.ours], addition, indent)


def _extended(text: str, key: Any, value: Any, addition: Addition, indent: str) -> Iterator[_Edit]:
    """Words below an entry that had none."""
    if value.id == "scalar":
        name = text[value.start_mark.index : value.end_mark.index]
        lines = [f"{indent}  property: {name}", *_values(addition, indent + "  ")]
        yield _Edit(key.end_mark.index, value.end_mark.index, "".join([":", *(f"\n{line}" for line in lines)]))
    elif not value.flow_style:
        end = _line_end(text, value)
        column = " " * value.value[0][0].start_mark.column
        yield _Edit(end, end, "".join(f"\n{line}" for line in _values(addition, column)))


def _lines(additions: Iterable[Addition], indent: str) -> Iterator[str]:
    for addition in additions:
        for comment in addition.comments:
            printable = "".join(sign if sign.isprintable() else " " for sign in comment)
            yield f"{indent}# {' '.join(printable.split())}"
        if addition.words:
            yield f"{indent}{_scalar(addition.ours)}:"
            if addition.theirs:
                yield f"{indent}  property: {_scalar(addition.theirs)}"
            yield from _values(addition, indent + "  ")
        elif addition.theirs:
            yield f"{indent}{_scalar(addition.ours)}: {_scalar(addition.theirs)}"


def _values(addition: Addition, indent: str) -> Iterator[str]:
    yield f"{indent}values:"
    for ours, theirs in addition.words.items():
        told = _scalar(theirs[0]) if len(theirs) == 1 else _inline(list(theirs))
        yield f"{indent}  {_scalar(ours)}: {told}"


def _scalar(text: str) -> str:
    """A text as YAML, with quotes where other readers of YAML would take it for something else."""
    return _inline([text])[1:-1]


def _inline(texts: list[str]) -> str:
    import yaml

    style = None if all(map(str.isprintable, texts)) else '"'  # only there are line breaks of any kind written out
    told: str = yaml.safe_dump(texts, allow_unicode=True, width=_WIDE, default_flow_style=True, default_style=style)
    return told.removesuffix("\n")


def _line_end(text: str, node: Any) -> int:
    """Where the last line of a node ends."""
    while node.id != "scalar" and not node.flow_style and node.value:
        node = node.value[-1][1] if node.id == "mapping" else node.value[-1]
    end = text.find("\n", node.end_mark.index)
    return len(text) if end < 0 else end


def _holds(added: str, text: str, additions: Sequence[Addition], path: Path) -> bool:
    """Whether ``added`` says what ``text`` says, and what is new, and nothing else."""
    wanted = {database: dict(entries) for database, entries in ColumnMapping.from_text(text, path).entries.items()}
    for addition in additions:
        entries = wanted.setdefault(addition.database, {})
        before = entries.get(addition.ours, Entry())
        entries[addition.ours] = Entry(
            property=before.property or addition.theirs,
            values=before.values or {ours: list(theirs) for ours, theirs in addition.words.items()},
        )
    try:
        return ColumnMapping.from_text(added, path).entries == wanted
    except SettingsError:
        return False
