"""Tables that cannot be read: what the libraries raise of them, as one sentence.

Belongs here: telling damage, and telling it from what the operating system refuses, such as to write on a full disk,
which the libraries raise as the same errors. Does not belong here: tables of another contract (``delta``), which can be
read.
"""

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

from deltalake.exceptions import CommitFailedError, DeltaError
from polars.exceptions import PanicException, PolarsError

from finance_ppm.contracts import Table, full_name
from finance_ppm.errors import FinancePpmError

DAMAGES = (DeltaError, PolarsError, PanicException, FileNotFoundError)
"""What is raised where the log or a data file is missing, cut off, or none."""

LONGEST = 200
"""Signs of a library's error that are told."""

_NUMBERED = re.compile(r"\(os error (\d+)\)")
"""How a library in Rust tells what the operating system said."""


class DamagedTableError(FinancePpmError):
    """A stored table cannot be read."""


@contextmanager
def damage_told(table: type[Table]) -> Iterator[None]:
    """Raise :class:`DamagedTableError` for what says that ``table`` cannot be read.

    What the operating system refuses is raised as ``OSError`` with its number, and a commit that came second as it is.
    """
    try:
        yield
    except CommitFailedError:
        raise
    except (*DAMAGES, OSError) as error:
        if number := _refused(error):
            raise OSError(number, os.strerror(number), _place(error) or full_name(table)) from error
        if not isinstance(error, DAMAGES):
            raise
        raise DamagedTableError(
            f"{full_name(table)} is damaged ({reason(error)}): put a backup back, or move its folder away and make it "
            "again where it is made from the layer below."
        ) from error


def reason(error: BaseException) -> str:
    """The first line of what a library says: some put traces of other languages below."""
    return next(iter(str(error).splitlines()), type(error).__name__)[:LONGEST]


def _refused(error: BaseException) -> int | None:
    """The number of the operating system's refusal; None where it was none, or only that a file is missing."""
    told = _NUMBERED.search(str(error))
    number = int(told[1]) if told else getattr(error, "errno", None)
    return None if number == errno.ENOENT else number


def _place(error: BaseException) -> str | None:
    return error.filename if isinstance(error, OSError) else None
