"""The user's ``.env``: the ids of the databases are written into it, and nothing else is touched.

Belongs here: changing the file. Reading settings is ``settings``' business; the token is never written.
"""

import os
import re
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from tempfile import NamedTemporaryFile

from dotenv import dotenv_values
from dotenv.parser import Binding, parse_stream

from finance_ppm.errors import SettingsError
from finance_ppm.masking import MASK
from finance_ppm.settings import is_token

ENV_FILE = Path(".env")

_BOM = "\ufeff"
"""What editors on Windows put first."""

_ASSIGNMENT = re.compile(
    # Of a line that is well formed: its name; "=" and the space before a value; the value, in quotes or up to a space
    # and "#"; the comment and the line's end.
    r"(?P<name>\s*(?:export[^\S\r\n]+)?(?:'[^']+'|[^=#\s]+))"
    r"(?:(?P<equals>[^\S\r\n]*=(?:[^\S\r\n]*(?=[^\s#]))?)"
    r"""(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|(?!['"])[^\r\n]*?(?=\s|\Z)))?"""
    r"(?P<rest>[^\S\r\n]*(?:#[^\r\n]*)?(?:\r\n|\n|\r|\Z))",
    re.DOTALL,
)


def pending(path: Path, ids: Mapping[str, str | None]) -> dict[str, str | None]:
    """Settings of ``ids`` that ``path`` does not hold, each with what stands there now; None where nothing does.

    An id is the same with dashes and without; one that is not known yet (None) is held by no file. A token that was
    written in an id's place is not shown.
    """
    told = dotenv_values(path)
    return {name: _shown(told.get(name)) for name, identity in ids.items() if not _same(told.get(name), identity)}


def write_ids(path: Path, ids: Mapping[str, str]) -> None:
    """Set these in ``path``, each in its place with the comment behind it; all else stays, byte for byte.

    The file is replaced as a whole, so that a kill leaves it whole; where there is none it is made, readable by its
    owner alone. Raises :class:`SettingsError` where it cannot be written.
    """
    if not ids:
        return
    try:
        # A link stays a link: others may read what it leads to.
        _replace(Path(os.path.realpath(path)), ids)
    except OSError as error:
        lines = ", ".join(f"{name}={identity}" for name, identity in ids.items())
        raise SettingsError(
            f"{path} cannot be written ({error.strerror or error}): make it and its folder writable and do this again, "
            f"or write into it yourself {lines}."
        ) from error


def with_ids(text: str, ids: Mapping[str, str]) -> str:
    """The text of a ``.env`` with these set; new ones stand at its end, in lines that end as its first one does."""
    mark, text = text[: text.startswith(_BOM)], text.removeprefix(_BOM)
    bindings = list(parse_stream(StringIO(text, newline="")))
    changed = "".join(_with_id(binding, ids) for binding in bindings)
    first = re.search(r"\r\n|\n|\r", text)
    newline = first[0] if first else "\n"
    there = {binding.key for binding in bindings}
    new = [f"{name}={identity}{newline}" for name, identity in ids.items() if name not in there]
    if new and changed and not changed.endswith(("\n", "\r")):
        changed += newline
    return mark + changed + "".join(new)


def _with_id(binding: Binding, ids: Mapping[str, str]) -> str:
    line = binding.original.string
    found = _ASSIGNMENT.fullmatch(line) if binding.key in ids else None
    if binding.key is None or found is None:
        return line
    space = " " if found["rest"].startswith("#") else ""  # behind quotes a comment needs none
    return f"{found['name']}{found['equals'] or '='}{ids[binding.key]}{space}{found['rest']}"


def _replace(path: Path, ids: Mapping[str, str]) -> None:
    there = path.exists()
    text = path.read_bytes().decode() if there else ""
    with NamedTemporaryFile(dir=path.parent, prefix=f"{path.name}.", delete=False) as beside:
        new = Path(beside.name)
        try:
            beside.write(with_ids(text, ids).encode())
            beside.close()
            if there:
                new.chmod(path.stat().st_mode & 0o7777)
            new.replace(path)
        except BaseException:
            new.unlink(missing_ok=True)
            raise


def _shown(told: str | None) -> str | None:
    return MASK if told and is_token(told) else told or None


def _same(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and one.replace("-", "").lower() == other.replace("-", "").lower()
