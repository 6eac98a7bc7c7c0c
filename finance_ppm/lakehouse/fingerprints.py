"""What a stream of rows would change in a table, where neither side is held in memory: rows told by their hashes.

A row is 128 bits of its key and 64 of its content, stamps left out: 24 MB for a million rows, whatever they hold.
Two among ten million keys are taken for one with a chance of one in ten to the 24.

Belongs here: counting the difference. Does not belong here: finding its rows (``difference`` does, in memory).
"""

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from finance_ppm.contracts import Table, content_columns, full_name
from finance_ppm.lakehouse.errors import ContractViolationError

KEY = ["key", "more_of_the_key"]
CONTENT = "content"


@dataclass(frozen=True)
class Tally:
    """How many rows a replacement inserts, updates and deletes, and how many there are then."""

    inserted: int
    updated: int
    deleted: int
    rows: int

    def __bool__(self) -> bool:
        """Whether anything changes."""
        return bool(self.inserted or self.updated or self.deleted)


def tally(table: type[Table], stored: pl.LazyFrame, rows: Iterable[pl.DataFrame]) -> Tally:
    """Compare all of ``rows`` with all that is ``stored``, and hold them against the key as a whole.

    Raises :class:`~finance_ppm.lakehouse.errors.ContractViolationError` where a key comes twice.
    """
    hashes = _hashes(table)
    empty = pl.DataFrame(schema=dict.fromkeys([*KEY, CONTENT], pl.UInt64))
    new = pl.concat([empty, *(some.select(hashes) for some in rows)])
    if doubled := int(new.select(pl.struct(KEY).is_duplicated().sum()).item()):
        raise ContractViolationError(full_name(table), {"primary_key": doubled}, {})
    old = stored.select(hashes).collect(engine="streaming")
    both = new.join(old, on=KEY, suffix="_before")
    updated = int((both[CONTENT] != both[f"{CONTENT}_before"]).sum())
    return Tally(new.height - both.height, updated, old.height - both.height, new.height)


def _hashes(table: type[Table]) -> list[pl.Expr]:
    key = table.primary_key()
    content = [name for name in content_columns(table) if name not in key]
    return [
        *(_hash(key, seed).alias(name) for seed, name in enumerate(KEY, start=1)),
        (_hash(content, 0) if content else pl.lit(0, pl.UInt64)).alias(CONTENT),
    ]


def _hash(names: list[str], seed: int) -> pl.Expr:
    """One hash of several columns. Of their hashes, because a struct of long texts would be copied first."""
    return pl.struct(pl.col(name).hash(seed).alias(name) for name in names).hash(seed)
