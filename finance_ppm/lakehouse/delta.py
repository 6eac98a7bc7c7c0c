"""A contract as a Delta table: created, opened, checked against what is stored, extended by new columns.

Belongs here: everything the deltalake library is asked for. Does not belong here: deciding what to write (``lake``).
"""

from collections.abc import Iterable, Mapping
from inspect import getdoc
from typing import Any
from urllib.parse import unquote

import polars as pl
from deltalake import CommitProperties, DeltaTable, Field, WriterProperties, write_deltalake
from deltalake import Schema as DeltaSchema
from deltalake.exceptions import DeltaError, TableNotFoundError

from finance_ppm.contracts import Layer, Table, full_name
from finance_ppm.lakehouse.conformity import dtypes
from finance_ppm.lakehouse.errors import TableMismatchError
from finance_ppm.lakehouse.partitions import Partition, predicate

KEY_PROPERTY = "finance_ppm.key"
"""Table property that holds the key the table was written by."""

COMPRESSION = WriterProperties(compression="ZSTD", compression_level=1)
"""Faster to write and smaller than the library's default (snappy); page JSON shrinks ten to one."""

STREAMED = WriterProperties(compression="ZSTD", compression_level=1, max_row_group_size=20_000)
"""The same for rows that come as a stream. Who reads them decodes whole row groups, several at once: by a million rows
each, the library's default, that is the whole table."""

STRICT = CommitProperties(max_commit_retries=0)
"""Commit as the next version of the table that was read, or not at all.

The library would otherwise place a commit after those of other writers wherever it sees no conflict between files;
it knows nothing of keys, and two writers may insert one key into two partitions.
"""


class LocalTable(DeltaTable):
    """A table in a local folder whose path may hold blanks and other characters that an address cannot.

    deltalake tells them percent-encoded, and Polars looks for a folder of that very name.
    """

    @property
    def table_uri(self) -> str:
        """The folder's address, as the file system spells it."""
        return unquote(super().table_uri)

    def file_uris(self, *args: Any, **kwargs: Any) -> list[str]:
        """The data files. What lies below the table's folder is spelt as it is."""
        told, spelt = (uri.removeprefix("file://") for uri in (super().table_uri, self.table_uri))
        return [spelt + path.removeprefix(told) for path in super().file_uris(*args, **kwargs)]


def delta_schema(table: type[Table]) -> DeltaSchema:
    """The contract as a Delta schema, descriptions as column comments. Nulls are refused by the contract, before."""
    columns = table.columns()
    plain = DeltaSchema.from_arrow(pl.Schema(dtypes(table)))
    return DeltaSchema(
        [Field(field.name, field.type, metadata=_comment(columns[field.name].description)) for field in plain.fields]
    )


def _properties(table: type[Table]) -> dict[str, str]:
    """Table properties. Statistics are kept of the key, dates and times alone.

    Never of decimals: Delta writes statistics as JSON numbers through a double, and a reader then skips the file that
    holds 90071992547409.93 because its statistics say 90071992547409.94. And names or page texts have no place in
    the log.
    """
    columns = table.columns()
    sortable = [
        name
        for name, dtype in dtypes(table).items()
        if (columns[name].primary_key or dtype.is_temporal())
        and not (dtype.is_decimal() or name in table.info.partition_by)
    ]
    return {
        "delta.logRetentionDuration": "interval 30 days",
        "delta.deletedFileRetentionDuration": "interval 30 days",
        "delta.checkpointInterval": "20",
        "delta.dataSkippingStatsColumns": ",".join(sortable),
        KEY_PROPERTY: ",".join(table.primary_key()),
    }


def _comment(description: str | None) -> dict[str, str]:
    return {"comment": description} if description else {}


def open_delta(path: str, storage_options: Mapping[str, str]) -> DeltaTable | None:
    """The table at ``path`` in its present version, or None."""
    try:
        kind = DeltaTable if "://" in path else LocalTable
        return kind(path, storage_options=dict(storage_options) or None)
    except TableNotFoundError:
        return None


def create_delta(path: str, table: type[Table], storage_options: Mapping[str, str]) -> DeltaTable:
    """Create the contract's table, empty; or open it, where another writer just has."""
    try:
        return DeltaTable.create(
            path,
            delta_schema(table),
            partition_by=list(table.info.partition_by),
            name=full_name(table),
            description=getdoc(table),
            configuration=_properties(table),
            storage_options=dict(storage_options) or None,
            raise_if_key_not_exists=False,
            commit_properties=STRICT,
        )
    except DeltaError:
        found = open_delta(path, storage_options)
        if found is None:
            raise
        return found


def stored_dtypes(delta: DeltaTable) -> pl.Schema:
    """Columns and types as stored."""
    return pl.Schema(delta.schema())


def require_match(delta: DeltaTable, table: type[Table]) -> None:
    """Raise :class:`TableMismatchError` where the stored table cannot hold the contract's rows.

    A column the contract has gained is no mismatch; one it has lost, or whose type, key or partitioning changed, is.
    """
    stored, expected = stored_dtypes(delta), pl.Schema(delta_schema(table))
    changes = [
        f"column {name} is {stored[name]}, not {dtype}"
        for name, dtype in expected.items()
        if name in stored and stored[name] != dtype
    ]
    changes += [f"column {name} is not in the contract" for name in stored if name not in expected]
    key = ",".join(table.primary_key())
    stored_key = delta.metadata().configuration.get(KEY_PROPERTY, key)
    if stored_key != key:
        changes.append(f"its key is {stored_key}, not {key}")
    partitioned = tuple(delta.metadata().partition_columns)
    if partitioned != table.info.partition_by:
        changes.append(f"it is partitioned by {partitioned}, not by {table.info.partition_by}")
    if changes:
        remedy = (
            "bronze cannot be computed again, so give the contract its old shape back or copy the rows into a new table"
            if table.info.layer is Layer.BRONZE
            else "rebuild the table: move its folder away and materialise it again from the layer below"
        )
        raise TableMismatchError(
            f"{full_name(table)} at {delta.table_uri} was written under another contract "
            f"({'; '.join(changes)}): {remedy}."
        )


def extend(delta: DeltaTable, table: type[Table]) -> None:
    """Add the columns the contract has gained; stored rows have null there."""
    stored = stored_dtypes(delta)
    gained = [field for field in delta_schema(table).fields if field.name not in stored]
    if gained:
        delta.alter.add_columns(gained, commit_properties=STRICT)


def scan_delta(delta: DeltaTable, table: type[Table]) -> pl.LazyFrame:
    """The version ``delta`` stands at, as the contract has it.

    Raises :class:`TableMismatchError`.
    """
    require_match(delta, table)
    stored = stored_dtypes(delta)
    return pl.scan_delta(delta).select(
        (pl.col(name) if name in stored else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in dtypes(table).items()
    )


def append_rows(delta: DeltaTable, table: type[Table], rows: pl.DataFrame) -> None:
    """Add rows as the next version.

    Raises deltalake's ``CommitFailedError`` where another writer has made that version.
    """
    extend(delta, table)
    write_deltalake(delta, rows, mode="append", commit_properties=STRICT, writer_properties=COMPRESSION)


def overwrite_rows(delta: DeltaTable, table: type[Table], rows: pl.DataFrame, partitions: pl.DataFrame | None) -> None:
    """Make ``rows`` the whole of the partitions listed, one a row (None: of the table), as the next version.

    Raises deltalake's ``CommitFailedError`` where another writer has made that version.
    """
    extend(delta, table)
    where = None if partitions is None else predicate(partitions)
    write_deltalake(
        delta, rows, mode="overwrite", predicate=where, commit_properties=STRICT, writer_properties=COMPRESSION
    )


def overwrite_from(
    delta: DeltaTable, table: type[Table], rows: Iterable[pl.DataFrame], partition: Partition | None
) -> None:
    """Make all of ``rows`` the whole of one partition (None: of the table), as the next version; they are written as
    they come.

    Raises deltalake's ``CommitFailedError`` where another writer has made that version.
    """
    import pyarrow as pa

    extend(delta, table)
    schema = pl.DataFrame(schema=dtypes(table)).to_arrow().schema
    batches = (batch for some in rows for batch in some.to_arrow().to_batches())
    write_deltalake(
        delta,
        pa.RecordBatchReader.from_batches(schema, batches),
        mode="overwrite",
        predicate=None if partition is None else predicate(pl.DataFrame([partition])),
        commit_properties=STRICT,
        writer_properties=STREAMED,
    )
