"""Tables that cannot be read: what the libraries raise of them, as one sentence.

Belongs here: telling damage. Does not belong here: tables of another contract (``delta``), which can be read.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from deltalake.exceptions import DeltaError
from polars.exceptions import PanicException, PolarsError

from finance_ppm.contracts import Table, full_name
from finance_ppm.errors import FinancePpmError

DAMAGES = (DeltaError, PolarsError, PanicException, FileNotFoundError)
"""What is raised where the log or a data file is missing, cut off, or none."""

LONGEST = 200
"""Signs of a library's error that are told."""


class DamagedTableError(FinancePpmError):
    """A stored table cannot be read."""


@contextmanager
def damage_told(table: type[Table]) -> Iterator[None]:
    """Raise :class:`DamagedTableError` for what says that ``table`` cannot be read."""
    try:
        yield
    except DAMAGES as error:
        # Some libraries put traces of other languages below.
        reason = next(iter(str(error).splitlines()), type(error).__name__)[:LONGEST]
        raise DamagedTableError(
            f"{full_name(table)} is damaged ({reason}): put a backup back, or move its folder away and make it again "
            "where it is made from the layer below."
        ) from error
