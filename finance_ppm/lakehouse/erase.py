"""Erasing: rows leave a table for good, and so do the bytes of every older version that held them.

A Delta table keeps what it no longer holds: data files of earlier versions, files of writers that died, and in its log
the least and greatest key of each file. Vacuuming them all would cost every other row its time travel, so a file goes
only if it holds what is to be erased; then the older versions that refer to it can no longer be read, and no others.

Belongs here: rows, files and the log of one table. Does not belong here: which rows (``pipeline.erasure``), nor keeping
other writers off meanwhile, which the caller must: a file that a writer has not committed yet is erased like any other.
"""

from collections.abc import Callable, Iterator
from urllib.parse import unquote

import msgspec
import polars as pl
import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq
from deltalake.exceptions import CommitFailedError
from tenacity import retry, retry_if_exception_type, stop_after_attempt

from finance_ppm.contracts import Table, full_name
from finance_ppm.errors import FinancePpmError
from finance_ppm.lakehouse.conformity import dtypes
from finance_ppm.lakehouse.delta import COMPRESSION, STRICT, scan_delta
from finance_ppm.lakehouse.lake import ATTEMPTS, Lake
from finance_ppm.lakehouse.location import local_folder
from finance_ppm.lakehouse.partitions import literal

LOG = "_delta_log"
NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
"""What the folder of a partition without a value is called by."""


class RowsLostError(FinancePpmError):
    """Erasing changed rows that were to stay; the table was put back as it was."""


@retry(retry=retry_if_exception_type(CommitFailedError), stop=stop_after_attempt(ATTEMPTS), reraise=True)
def remove_rows(lake: Lake, table: type[Table], column: str, value: str) -> int:
    """Delete the rows in which ``column`` is ``value``, in one commit, and say how many there were.

    Only data files that hold such rows are written anew. Raises :class:`RowsLostError`.
    """
    delta, doomed = lake.delta(table), pl.col(column) == value
    leaving = _count(scan_delta(delta, table).filter(doomed)) if delta else 0
    if delta and leaving:
        delta.delete(f'"{column}" = {literal(value)}', writer_properties=COMPRESSION, commit_properties=STRICT)
        _require_the_rest(lake, table, delta.version(), apart=doomed)
    return leaving


def rewrite_rows(
    lake: Lake, table: type[Table], apart: pl.Expr, rewrite: Callable[[pl.DataFrame], pl.DataFrame]
) -> None:
    """Put ``rewrite`` of the rows that are ``apart`` in their place, in one commit; their keys may change.

    What is written must be ``apart`` as well. Raises :class:`RowsLostError`.
    """
    found = lake.scan(table).filter(apart).collect()
    if found.is_empty():
        return
    written = lake.merge(table, rewrite(found), touched=found.select(table.primary_key()))
    if written.changed and written.version is not None:
        _require_the_rest(lake, table, written.version, apart=apart)


def dead_files(lake: Lake, table: type[Table], holds: pl.Expr) -> list[str]:
    """Data files that are no part of the table as it stands and hold a row that ``holds`` is true of.

    As paths within the table's folder. A file that cannot be read, which only a writer that died leaves, is taken for
    one that does.
    """
    delta = lake.delta(table)
    if delta is None:
        return []
    live = {_file_name(uri) for uri in delta.file_uris()}
    store = lake.files(table)
    return [
        path
        for path in _paths(store)
        if path.endswith(".parquet")
        and not path.startswith(f"{LOG}/")
        and _file_name(path) not in live
        and _holds(store, path, table, holds)
    ]


def remove_dead_files(lake: Lake, table: type[Table], holds: pl.Expr) -> int:
    """Erase the files that :func:`dead_files` finds, wherever the lake lives, and say how many."""
    paths = dead_files(lake, table, holds)
    for path in paths:
        lake.files(table).delete_file(path)
    return len(paths)


def remove_leftovers(lake: Lake) -> int:
    """Erase what killed writers left half written (``part-*.parquet#1``), in every table, and say how many files.

    No listing by the library shows them, and no vacuum. Only local folders have them: in an object store an upload
    that was never completed is no object, and goes by the store's own rule for those.
    """
    folder = local_folder(lake.uri)
    leftovers = [path for path in folder.rglob("*#*") if path.is_file()] if folder else []
    for path in leftovers:
        path.unlink()
    return len(leftovers)


def begin_log_anew(lake: Lake, table: type[Table]) -> None:
    """Forget the log of every version but the present one, with the statistics in it. No older version can be read."""
    delta = lake.delta(table)
    if delta is None:
        return
    delta.create_checkpoint()
    store, present = lake.files(table), f"{delta.version():020}"
    for path in _paths(store, LOG):
        if _file_name(path)[:20] < present:
            store.delete_file(path)


def _require_the_rest(lake: Lake, table: type[Table], version: int, *, apart: pl.Expr) -> None:
    """Raise, and restore the version before, where ``version`` changed the keys of rows that are not ``apart``."""
    before, after = (_rest(lake, table, at, apart) for at in (version - 1, version))
    if before == after:
        return
    delta = lake.delta(table)
    assert delta is not None
    delta.restore(version - 1)
    raise RowsLostError(
        f"{full_name(table)}: erasing changed rows that were to stay ({before[0]} of them before, {after[0]} after); "
        "the table was restored, and nothing more was erased: report this."
    )


def _rest(lake: Lake, table: type[Table], version: int, apart: pl.Expr) -> tuple[int, int]:
    """Number of the rows that are not ``apart``, and a digest of their keys, whatever their order."""
    delta = lake.delta(table)
    assert delta is not None
    delta.load_as_version(version)
    rows = scan_delta(delta, table)
    staying = rows.filter(~apart.fill_null(value=False)).select(pl.struct(table.primary_key()).hash().alias("key"))
    # Summed in halves, which no number of rows makes overflow.
    halves = staying.select(pl.len(), (pl.col("key") // 2**32).sum(), (pl.col("key") % 2**32).sum().alias("low"))
    count, high, low = halves.collect().row(0)
    return count, high * 2**32 + low


def _holds(store: pafs.FileSystem, path: str, table: type[Table], holds: pl.Expr) -> bool:
    names = dict.fromkeys(holds.meta.root_names())
    try:
        with store.open_input_file(path) as opened, pq.ParquetFile(opened) as file:
            there = [name for name in names if name in file.schema_arrow.names]
            absent = [_by_path(path, table, name) for name in names if name not in there]
            return any(
                _count(pl.LazyFrame(pa.Table.from_batches([batch])).with_columns(absent).filter(holds))
                for batch in file.iter_batches(columns=there)
            )
    except pa.ArrowInvalid:
        return True


def _by_path(path: str, table: type[Table], name: str) -> pl.Expr:
    """A column that a data file lacks: the partition's value, which is told by the folder; null where there is none."""
    values = [folder.removeprefix(f"{name}=") for folder in path.split("/")[:-1] if folder.startswith(f"{name}=")]
    dtype = dtypes(table)[name]
    known = values and values[0] != NO_VALUE
    value = msgspec.convert(unquote(values[0]), dtype.to_python(), strict=False) if known else None
    return pl.lit(value, dtype).alias(name)


def _paths(store: pafs.FileSystem, folder: str = "") -> Iterator[str]:
    for found in store.get_file_info(pafs.FileSelector(folder, recursive=True)):
        if found.is_file:
            yield found.path


def _file_name(path: str) -> str:
    return path.rsplit("/", 1)[-1]


def _count(rows: pl.LazyFrame) -> int:
    return int(rows.select(pl.len()).collect().item())
