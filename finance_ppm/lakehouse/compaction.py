"""Compaction: many small data files become few, and the rows stay what they are.

Not by the library's own ``optimize.compact``. Two of those at once both commit, and every row is there twice
(deltalake 1.6.6, each time); it hands neither ``max_commit_retries=0`` nor a transaction's id on to its commit, so
only a lock would keep them apart, and object stores have none. A partition that is overwritten by its own rows,
strictly on the version they were read from, cannot double or lose any: whoever commits second has to begin again.
Content is compared all the same, before and after, and the version before put back where it differs.

Belongs here: which files are worth it, and rewriting them. Does not belong here: when (``maintenance``).
"""

import polars as pl
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError

from finance_ppm.contracts import Table, full_name
from finance_ppm.errors import FinancePpmError
from finance_ppm.lakehouse.delta import STRICT, extend, overwrite_from, scan_delta
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.lakehouse.partitions import Partition, inside
from finance_ppm.lakehouse.versions import data_files

SMALL = 32 * 2**20
"""Bytes below which a data file is worth joining with others."""

MANY = 8
"""Small files of one partition that are worth a compaction."""

BATCH_ROWS = 20_000
"""Rows held in memory at once, as in a row group."""


class RowsChangedError(FinancePpmError):
    """Maintenance changed rows that were to stay."""


def crowded(delta: DeltaTable) -> list[Partition | None]:
    """The partitions with many small files; ``None`` stands for the whole of a table without partitions."""
    by = delta.metadata().partition_columns
    small = data_files(delta).filter(pl.col("size_bytes") < SMALL)
    if not by or small.is_empty():
        return [None] if small.height >= MANY else []
    named = [pl.col(f"partition.{name}").alias(name) for name in by]
    counted = small.group_by(named).len().filter(pl.col("len") >= MANY)
    return list(counted.drop("len").sort(by).iter_rows(named=True))


def compact(lake: Lake, table: type[Table], partition: Partition | None) -> None:
    """Write the rows of a partition anew, as few files, in one commit.

    Raises deltalake's ``CommitFailedError`` where another writer came first,
    :class:`~finance_ppm.lakehouse.errors.TableMismatchError`, and :class:`RowsChangedError`, after which the table is
    as it was.
    """
    delta = lake.delta(table)
    if delta is None:
        return
    rows = scan_delta(delta, table)
    extend(delta, table)
    before, others, content = delta.version(), _others(delta, partition), _content(_of(rows, partition))
    overwrite_from(delta, table, _of(rows, partition).collect_batches(chunk_size=BATCH_ROWS), partition)
    now = lake.delta_at(table, before + 1)
    if _content(_of(scan_delta(now, table), partition)) != content or _others(now, partition) != others:
        raise RowsChangedError(put_back(lake, table, before, "compaction changed rows"))


def put_back(lake: Lake, table: type[Table], version: int, harm: str) -> str:
    """Restore ``version``, unless others have written on top of what came after it; returns a sentence that says so."""
    delta = lake.delta_at(table, version + 1)
    try:
        delta.restore(version, commit_properties=STRICT)
    except CommitFailedError:
        return (
            f"{full_name(table)}: {harm} in version {version + 1}, and others have written since, so that version "
            f"{version} could not be put back: stop every run, restore the table or a backup, and report this."
        )
    return f"{full_name(table)}: {harm}, so version {version} was put back, and nothing is lost: report this."


def _of(rows: pl.LazyFrame, partition: Partition | None) -> pl.LazyFrame:
    return rows if partition is None else rows.filter(inside(partition))


def _content(rows: pl.LazyFrame) -> tuple[int, ...]:
    """Number of rows, and a digest of all their columns, whatever their order."""
    # Hashes are summed in halves, which no number of rows makes overflow. Of columns one by one, because a struct of
    # long texts would be copied first.
    digest = rows.select(pl.struct(pl.all().hash()).hash().alias("row"))
    halves = digest.select(pl.len(), (pl.col("row") // 2**32).sum(), (pl.col("row") % 2**32).sum().alias("low"))
    return halves.collect(engine="streaming").row(0)


def _others(delta: DeltaTable, partition: Partition | None) -> set[str]:
    """The data files of all other partitions."""
    if partition is None:
        return set()
    here = inside({f"partition.{name}": value for name, value in partition.items()})
    return set(data_files(delta).filter(~here)["path"])
