"""Dagster's way into the lake: stores what an asset returns as its contract says, and loads what it asks for.

An asset never says how it is stored. Its key is ``layer/table``, its partition the as-of day.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import dagster as dg
import narwhals.stable.v2 as nw
import polars as pl

from finance_ppm.clock import Clock
from finance_ppm.contracts import ALL_TABLES, Table, Write, asset_key, full_name, history_of
from finance_ppm.errors import FinancePpmError
from finance_ppm.lakehouse.errors import LakeBusyError, WriteConflictError
from finance_ppm.lakehouse.lake import Lake, Upsert, Written

DAY = "as_of_date"
MADE_AT = "made at"
"""Metadata: when the table was made, by our own clock, be it that it came out the same and was not written."""
PREVIEW_ROWS = 5
PREVIEW_WIDTH = 60

Reader = Callable[[type[Table], date | None], pl.LazyFrame]
"""Gives a table as of a day; None where the asset that asks is not partitioned."""


class LakeIOManager(dg.IOManager):
    """Stores and loads the tables of a lake.

    After a write the asset's data version is the lake's content version, so that
    ``AutomationCondition.data_version_changed()`` is true only where data changed, not of each materialisation.
    """

    def __init__(self, lake: Lake, clock: Clock, reader: Reader, *, tables: Iterable[type[Table]] = ALL_TABLES) -> None:
        self._lake = lake
        self._clock = clock
        self._reader = reader
        self._tables = {dg.AssetKey(asset_key(table)): table for table in tables}

    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        """Write what the asset returned (a frame, or an ``Upsert`` for a keyed table) as its contract says."""
        table = self._table(context.asset_key)
        day = date.fromisoformat(context.asset_partition_key) if context.has_asset_partitions else self._clock.today()
        if isinstance(obj, Upsert) and table.info.write is not Write.KEYED:
            raise TypeError(f"{full_name(table)} is not merged by key: return a frame, not an Upsert.")
        upsert = obj if isinstance(obj, Upsert) else Upsert(_collected(table, obj))
        with _retried_only_where_it_helps():
            stored = self._store(table, upsert, day)
        told = _metadata(stored, self._lake.path(stored.table), upsert.rows)
        context.add_output_metadata({**told, MADE_AT: dg.MetadataValue.timestamp(self._clock.now())})
        context.step_context.set_data_version(context.asset_key, dg.DataVersion(stored.content_version))

    def load_input(self, context: dg.InputContext) -> Any:
        """Read the upstream table as of the upstream partition's day, as the kind of frame the input is typed as.

        ``pl.LazyFrame`` (also where nothing is said), ``pl.DataFrame`` or ``nw.LazyFrame``, without parameters:
        Dagster takes no generic types.
        """
        table = self._table(context.asset_key)
        day = date.fromisoformat(context.asset_partition_key) if context.has_asset_partitions else None
        with _retried_only_where_it_helps():
            frame = self._reader(table, day)
        match context.dagster_type.typing_type:
            case nw.LazyFrame:
                return nw.from_native(frame)
            case pl.DataFrame:
                return frame.collect()
        return frame

    def _store(self, table: type[Table], upsert: Upsert, day: date) -> "_Stored":
        match table.info.write:
            case Write.LOG:
                written = self._lake.append(table, upsert.rows)
            case Write.KEYED:
                written = self._lake.merge(table, upsert.rows, upsert.touched)
            case Write.DAILY:
                written = self._lake.replace_partition(table, upsert.rows, {table.info.partition_by[0]: day})
            case Write.SNAPSHOT if table.info.history:
                return self._store_day(table, upsert.rows, day)
            case Write.SNAPSHOT:
                written = self._lake.replace(table, upsert.rows)
        return _Stored(table, written, self._lake.content_version(table))

    def _store_day(self, table: type[Table], rows: pl.DataFrame, day: date) -> "_Stored":
        """The day's snapshot into the history, and into the latest table where no later day is there.

        History first: rows of another day are refused there before anything is written.
        """
        history, partition = history_of(table), {DAY: day}
        written = self._lake.replace_partition(history, rows, partition)
        content_version = self._lake.content_version(history, partition)
        if day == self._clock.today():
            latest = self._lake.scan(table).select(pl.col(DAY).max()).collect().item()
            if latest is None or latest <= day:
                return _Stored(table, self._lake.replace(table, rows), content_version)
        return _Stored(history, written, content_version)

    def _table(self, key: dg.AssetKey) -> type[Table]:
        if key not in self._tables:
            raise dg.DagsterInvariantViolationError(
                f"No contract describes {key.to_user_string()}: add one to finance_ppm.contracts, or give the asset "
                "another IO manager."
            )
        return self._tables[key]


@dataclass(frozen=True)
class _Stored:
    table: type[Table]
    """The table a reader finds the rows in: the asset's own, or its history."""
    written: Written
    content_version: str


@contextmanager
def _retried_only_where_it_helps() -> Iterator[None]:
    """Tell Dagster which errors no retry can cure: all of ours, but that others were writing."""
    try:
        yield
    except (WriteConflictError, LakeBusyError):
        raise
    except FinancePpmError as error:
        raise dg.Failure(str(error), allow_retries=False) from error


def _collected(table: type[Table], obj: object) -> pl.DataFrame:
    native = nw.to_native(obj, pass_through=True)
    if isinstance(native, pl.LazyFrame):
        native = native.collect()
    if not isinstance(native, pl.DataFrame):
        raise TypeError(f"{full_name(table)}: the asset returned a {type(obj).__name__}, not a Polars frame.")
    return native


def written_metadata(written: Written, path: str) -> dict[str, dg.MetadataValue[Any]]:
    """What Dagster shows of a write to the table at ``path``."""
    found: dict[str, dg.MetadataValue[Any]] = {
        "dagster/row_count": dg.MetadataValue.int(written.rows),
        "path": dg.MetadataValue.path(path),
        "inserted": dg.MetadataValue.int(written.inserted),
        "updated": dg.MetadataValue.int(written.updated),
        "deleted": dg.MetadataValue.int(written.deleted),
        "changed": dg.MetadataValue.bool(written.changed),
    }
    if written.version is not None:
        found["delta_version"] = dg.MetadataValue.int(written.version)
    return found


def _metadata(stored: _Stored, path: str, rows: pl.DataFrame) -> dict[str, dg.MetadataValue[Any]]:
    found = written_metadata(stored.written, path)
    # Gold alone is shown: what `forget` erases from bronze and silver must not live on in Dagster's event log.
    if stored.table.info.write is Write.SNAPSHOT:
        found["preview"] = dg.MetadataValue.md(_preview(rows.head(PREVIEW_ROWS)))
    return found


def _preview(rows: pl.DataFrame) -> str:
    """A Markdown table, cells cut short."""

    def line(cells: Iterable[object]) -> str:
        texts = ("" if cell is None else " ".join(str(cell).split()).replace("|", "\\|") for cell in cells)
        return f"| {' | '.join(text if len(text) <= PREVIEW_WIDTH else f'{text[:PREVIEW_WIDTH]}…' for text in texts)} |"

    return "\n".join([line(rows.columns), line("---" for _ in rows.columns), *map(line, rows.iter_rows())])
