"""Delta tables by contract: read, append, merge, replace.

Every write is validated before it starts, compared with what is stored, and committed as the next version of what
was read: if another writer came first, it starts again from the new version. A write that changes nothing commits
nothing. Belongs here: the ways a table changes. Does not belong here: which way is taken (``io_manager``).
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from finance_ppm.clock import Clock, SystemClock
from finance_ppm.contracts import Table, full_name
from finance_ppm.lakehouse.conformity import conform, dtypes
from finance_ppm.lakehouse.delta import (
    append_rows,
    create_delta,
    open_delta,
    overwrite_from,
    overwrite_rows,
    require_match,
    scan_delta,
)
from finance_ppm.lakehouse.difference import among, difference
from finance_ppm.lakehouse.errors import WriteConflictError
from finance_ppm.lakehouse.fingerprints import tally
from finance_ppm.lakehouse.location import normalised
from finance_ppm.lakehouse.partitions import Partition, inside, require_inside

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

ATTEMPTS = 30
"""Each attempt is lost to another writer's success; thirty writers at once are more than any deployment has."""


@dataclass(frozen=True)
class Written:
    """What a write did. ``rows`` is the number of rows afterwards, in the table or in the partition replaced."""

    inserted: int
    updated: int
    deleted: int
    rows: int
    version: int | None
    """Delta version afterwards; None where the table does not exist."""
    changed: bool
    """Whether the write made a new version."""


@dataclass(frozen=True)
class Upsert:
    """Rows for :meth:`Lake.merge`, and the keys they were computed for: a touched key without a row is deleted."""

    rows: pl.DataFrame
    touched: pl.Series | pl.DataFrame | None = None


class Lake:
    """The tables at ``uri``, a folder or an object store. Holds no state but its address: safe to share."""

    def __init__(
        self, uri: str, *, storage_options: Mapping[str, str] | None = None, clock: Clock | None = None
    ) -> None:
        self.uri = normalised(uri)
        self._storage_options = dict(storage_options or {})
        self._clock = clock or SystemClock()

    def path(self, table: type[Table]) -> str:
        """Where the table lives, whether it exists or not."""
        return f"{self.uri}/{full_name(table)}"

    def delta(self, table: type[Table]) -> DeltaTable | None:
        """The Delta table in its present version, opened with the lake's own credentials; None where there is none."""
        return open_delta(self.path(table), self._storage_options)

    def delta_at(self, table: type[Table], version: int) -> DeltaTable:
        """The Delta table as it was in ``version``, which must be in its log."""
        delta = self.delta(table)
        assert delta is not None
        delta.load_as_version(version)
        return delta

    def files(self, table: type[Table]) -> "FileSystem":
        """The table's folder with all that lies in it, through the library that writes it, a folder or an object store
        alike.
        """
        from deltalake.fs import DeltaStorageHandler
        from pyarrow.fs import PyFileSystem

        return PyFileSystem(DeltaStorageHandler(self.path(table), self._storage_options))

    def exists(self, table: type[Table]) -> bool:
        """Whether the table was ever written."""
        return self.delta(table) is not None

    def version(self, table: type[Table]) -> int | None:
        """The table's Delta version; None where it does not exist."""
        delta = self.delta(table)
        return None if delta is None else delta.version()

    def count(self, table: type[Table]) -> int:
        """Rows of the table; 0 where it does not exist."""
        delta = self.delta(table)
        return 0 if delta is None else delta.count()

    def content_version(self, table: type[Table], partition: Partition | None = None) -> str:
        """A name for what the table (or the partition) tells others: it changes when data is rewritten, of the columns
        that are ``news`` where the contract names some.
        """
        if not table.info.news:
            return self.stored_version(table, partition)
        told = self.scan(table).select(*table.primary_key(), *table.info.news).collect()
        return _digest(sorted(map(repr, told.iter_rows())))

    def stored_version(self, table: type[Table], partition: Partition | None = None) -> str:
        """A name for what the table (or the partition) holds: it changes when, and only when, data is rewritten.

        It is a digest of the names of the data files, so that it costs no reading of rows.
        """
        delta = self.delta(table)
        if delta is None:
            return _digest([])
        files = pl.DataFrame(delta.get_add_actions(flatten=True))
        if partition is not None and not files.is_empty():
            files = files.filter(inside({f"partition.{name}": value for name, value in partition.items()}))
        return _digest(sorted(files["path"].to_list()))

    def scan(self, table: type[Table]) -> pl.LazyFrame:
        """The table as it stands now, with the contract's columns and types, in physical order.

        A table that does not exist is empty; a column added to the contract since is null.

        Raises :class:`~finance_ppm.lakehouse.errors.TableMismatchError`.
        """
        delta = self.delta(table)
        return pl.LazyFrame(schema=dtypes(table)) if delta is None else scan_delta(delta, table)

    def append(self, table: type[Table], rows: pl.DataFrame) -> Written:
        """Add rows. None at all commits nothing.

        Raises, as every write does, ``ContractViolationError``, ``TableMismatchError`` and ``WriteConflictError``;
        nothing is written then.
        """
        rows = conform(table, rows, self._clock.now())
        if rows.is_empty():
            return _unchanged(self.delta(table))
        attempts = 0

        def write(delta: DeltaTable) -> Written:
            nonlocal attempts
            attempts += 1
            missing = rows
            if attempts > 1:  # a store may take a commit and lose the answer: rows already there are not added twice
                key = table.primary_key()
                alike = scan_delta(delta, table).join(rows.lazy().select(key), on=key, how="semi").collect()
                new = difference(table, alike, rows)
                missing = pl.concat([new.inserted, new.updated])
            if not missing.is_empty():
                append_rows(delta, table, missing)
            return Written(rows.height, 0, 0, delta.count(), delta.version(), changed=True)

        return self._commit(table, write)

    def merge(self, table: type[Table], rows: pl.DataFrame, touched: pl.Series | pl.DataFrame | None = None) -> Written:
        """Insert or update rows by primary key, where their content differs, and delete ``touched`` keys without a row.

        Only the partitions that change are rewritten; a row whose partition changed leaves the old one. Where the
        contract says what a row is ``newest_by``, an older row than the stored one does not replace it.
        """
        rows = conform(table, rows, self._clock.now())
        key = table.primary_key()
        keys = rows.select(key)
        if touched is not None:
            keys = pl.concat([keys, _keys(table, touched)]).unique()

        def write(delta: DeltaTable) -> Written:
            stored = self._neighbours(delta, table, keys, rows)
            concerned = stored.filter(among(stored, keys, key))
            change = difference(table, concerned, rows)
            changed = pl.concat([change.inserted, change.updated])
            leaving = concerned.filter(~among(concerned, rows, key))
            if changed.is_empty() and leaving.is_empty():
                return _unchanged(delta)
            displaced = among(stored, pl.concat([changed, leaving]), key)
            result = pl.concat([stored.filter(~displaced), changed])
            partitions = None
            if by := list(table.info.partition_by):
                partitions = pl.concat([changed.select(by), stored.filter(displaced).select(by)]).unique()
                result = result.filter(among(result, partitions, by))
            overwrite_rows(delta, table, result, partitions)
            return Written(
                change.inserted.height,
                change.updated.height,
                leaving.height,
                delta.count(),
                delta.version(),
                changed=True,
            )

        return self._commit(table, write)

    def replace(self, table: type[Table], rows: pl.DataFrame) -> Written:
        """Make ``rows`` the whole table, unless its content is the same already."""
        rows = conform(table, rows, self._clock.now())
        return self._commit(table, lambda delta: self._replace(delta, table, rows, None))

    def replace_partition(self, table: type[Table], rows: pl.DataFrame, partition: Partition) -> Written:
        """Make ``rows`` the whole of one partition, unless its content is the same already.

        Raises :class:`~finance_ppm.lakehouse.errors.OutsidePartitionError` for rows that lie elsewhere.
        """
        rows = conform(table, rows, self._clock.now())
        require_inside(table, rows, partition)
        return self._commit(table, lambda delta: self._replace(delta, table, rows, partition))

    def replace_partition_from(
        self, table: type[Table], rows: Callable[[pl.LazyFrame], Iterable[pl.DataFrame]], partition: Partition
    ) -> Written:
        """Make a stream of rows the whole of one partition, unless its content is the same already.

        ``rows`` is given the partition as it stands, and yields frames of any size; one of them is held at a time. It
        is asked twice, first to compare and then to write, and again each time another writer was first.

        Raises, before anything is written, :class:`~finance_ppm.lakehouse.errors.OutsidePartitionError` for rows that
        lie elsewhere and ``ContractViolationError`` for a key that comes twice, in whichever frames.
        """
        moment = self._clock.now()
        require_inside(table, pl.DataFrame(schema=dtypes(table)), partition)

        def stream(stored: pl.LazyFrame) -> Iterator[pl.DataFrame]:
            for some in rows(stored):
                conformed = conform(table, some, moment)
                require_inside(table, conformed, partition)
                yield conformed

        def write(delta: DeltaTable) -> Written:
            stored = scan_delta(delta, table).filter(inside(partition))
            change = tally(table, stored, stream(stored))
            if not change:
                return Written(0, 0, 0, change.rows, delta.version(), changed=False)
            overwrite_from(delta, table, stream(stored), partition)
            return Written(change.inserted, change.updated, change.deleted, change.rows, delta.version(), changed=True)

        return self._commit(table, write)

    def _replace(
        self, delta: DeltaTable, table: type[Table], rows: pl.DataFrame, partition: Partition | None
    ) -> Written:
        present = scan_delta(delta, table)
        stored = (present if partition is None else present.filter(inside(partition))).collect()
        change = difference(table, stored, rows)
        inserted, updated = change.inserted.height, change.updated.height
        deleted = stored.height - (rows.height - inserted)
        if not (inserted or updated or deleted):
            return Written(0, 0, 0, rows.height, delta.version(), changed=False)
        overwrite_rows(delta, table, rows, None if partition is None else pl.DataFrame([partition]))
        return Written(inserted, updated, deleted, rows.height, delta.version(), changed=True)

    def _neighbours(
        self, delta: DeltaTable, table: type[Table], keys: pl.DataFrame, rows: pl.DataFrame
    ) -> pl.DataFrame:
        """Every stored row of the partitions that hold one of ``keys`` now, or would hold one of ``rows``."""
        present = scan_delta(delta, table)
        by = list(table.info.partition_by)
        if not by:
            return present.collect()
        homes = present.select({*keys.columns, *by}).join(keys.lazy(), on=keys.columns, how="semi").select(by).collect()
        partitions = pl.concat([homes, rows.select(by)]).unique()
        if partitions.is_empty():
            return present.clear().collect()
        return present.filter(
            pl.any_horizontal(inside(partition) for partition in partitions.iter_rows(named=True))
        ).collect()

    def _commit(self, table: type[Table], write: Callable[[DeltaTable], Written]) -> Written:
        """Run ``write`` on the table's present version, and again each time another writer was first."""
        retrying = Retrying(
            retry=retry_if_exception_type(WriteConflictError),
            stop=stop_after_attempt(ATTEMPTS),
            wait=wait_random_exponential(multiplier=0.02, max=1),
            reraise=True,
        )
        return retrying(self._attempt, table, write)

    def _attempt(self, table: type[Table], write: Callable[[DeltaTable], Written]) -> Written:
        delta = self.delta(table)
        created = delta is None
        if delta is None:
            delta = create_delta(self.path(table), table, self._storage_options)
        require_match(delta, table)
        read = delta.version()
        try:
            written = write(delta)
        except CommitFailedError as error:
            if self.version(table) == read:  # nobody else wrote: trying again cannot help
                raise
            raise WriteConflictError(
                f"{full_name(table)}: other writers came first {ATTEMPTS} times in a row; nothing of this write was "
                "stored: run it again, with fewer writers at once (a Dagster pool of one)."
            ) from error
        return replace(written, changed=written.changed or created)


def _unchanged(delta: DeltaTable | None) -> Written:
    if delta is None:
        return Written(0, 0, 0, 0, None, changed=False)
    return Written(0, 0, 0, delta.count(), delta.version(), changed=False)


def _keys(table: type[Table], touched: pl.Series | pl.DataFrame) -> pl.DataFrame:
    """The touched keys, as columns of the key's types."""
    key = table.primary_key()
    columns = dtypes(table)
    frame = touched.to_frame(key[0]) if isinstance(touched, pl.Series) else touched
    return frame.select(pl.col(name).cast(columns[name]) for name in key)


def _digest(names: list[str]) -> str:
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:32]
