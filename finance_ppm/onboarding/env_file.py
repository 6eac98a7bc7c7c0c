"""The user's ``.env``: the ids of the databases are written into it, and nothing else is touched.

Belongs here: changing the file. Reading settings is ``settings``' business; the token is never written.
"""

from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values, set_key

ENV_FILE = Path(".env")


def pending(path: Path, ids: Mapping[str, str | None]) -> dict[str, str | None]:
    """Settings of ``ids`` that ``path`` does not hold, each with what stands there now; None where nothing does.

    An id is the same with dashes and without; one that is not known yet (None) is held by no file.
    """
    told = dotenv_values(path)
    return {name: told.get(name) or None for name, identity in ids.items() if not _same(told.get(name), identity)}


def write_ids(path: Path, ids: Mapping[str, str]) -> None:
    """Set these in ``path``, each in its place; every other line stays as it is.

    The file is replaced as a whole for each, so that a kill leaves it whole; where there is none it is made, readable
    by its owner alone. Raises ``OSError``.
    """
    for name, identity in ids.items():
        # A link stays a link: others may read what it leads to.
        set_key(path, name, identity, quote_mode="never", follow_symlinks=True)


def _same(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and one.replace("-", "").lower() == other.replace("-", "").lower()
