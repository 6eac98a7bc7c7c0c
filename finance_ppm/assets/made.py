"""Whether gold was made for a day, when last, and of what.

Belongs here: asking the lake, and Dagster's log of what was materialised. A day without a row leaves no trace in the
lake; a day whose rows have left it, as snapshots do, was made and is no longer there; and what is made again and comes
out the same is not written.

Gold notes the content version of each table it is made of, read before their rows are: what is written in between is
taken for newer than gold, never for what gold was made of.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import dagster as dg

from finance_ppm.assets.spec import key
from finance_ppm.contracts import ALL_TABLES, Table, full_name
from finance_ppm.lakehouse.io_manager import MADE_AT
from finance_ppm.pipeline.point_in_time import PointInTime

ROWS = "dagster/row_count"
MADE_OF = "made of"
"""Metadata: the content version of each table that gold was made of, by name."""

Versions = Mapping[type[Table], str]
"""Content versions of tables."""


@dataclass(frozen=True)
class MadeOf:
    """What gold was made of, and by which run."""

    versions: Versions
    run_id: str


def is_made(instance: dg.DagsterInstance, point_in_time: PointInTime, table: type[Table], day: date) -> bool:
    """Whether there is a snapshot of ``day``, be it one without a row."""
    if point_in_time.is_of(table, day):
        return True
    rows = _metadata(instance, table, day).get(ROWS)
    return rows is not None and rows.value == 0 and point_in_time.is_empty(table, day)


def last_made(instance: dg.DagsterInstance, tables: Iterable[type[Table]], day: date) -> dict[type[Table], datetime]:
    """When each of ``tables`` was last made for ``day`` by our own clock, as far as Dagster knows."""
    told = {table: _metadata(instance, table, day).get(MADE_AT) for table in tables}
    return {table: datetime.fromtimestamp(float(at.value), UTC) for table, at in told.items() if at is not None}


def noted(versions: Versions) -> dict[str, dg.MetadataValue[Any]]:
    """The note of what gold is made of, for its materialisation."""
    return {MADE_OF: dg.MetadataValue.json({full_name(table): version for table, version in versions.items()})}


def made_of(instance: dg.DagsterInstance, tables: Iterable[type[Table]], day: date) -> dict[type[Table], MadeOf]:
    """What each of ``tables`` was last made of for ``day``, as far as it was noted.

    To be read before their rows are: newer rows beside an older note are taken for made of what is no longer there, and
    older rows beside a newer note would be taken for made of what is.
    """
    newest = ((table, _newest(instance, table, day)) for table in tables)
    return {table: made for table, record in newest if record is not None for made in _noted_in(record)}


def rewritten(
    made: Mapping[type[Table], MadeOf], point_in_time: PointInTime, day: date
) -> dict[type[Table], frozenset[type[Table]]]:
    """Of each table ``made`` tells of, what it was made of that was written anew since. To be asked after the rows of
    all of them were read.
    """
    present = point_in_time.content_versions({source for of in made.values() for source in of.versions}, day)
    return {
        table: frozenset(source for source, version in of.versions.items() if present.get(source, version) != version)
        for table, of in made.items()
    }


_BY_NAME = {full_name(table): table for table in ALL_TABLES}


def _noted_in(record: dg.EventLogRecord) -> Iterator[MadeOf]:
    """One, or none where nothing was noted: the table was made for a past day, or by an earlier release."""
    note = record.asset_materialization.metadata.get(MADE_OF) if record.asset_materialization else None
    if isinstance(note, dg.JsonMetadataValue) and isinstance(note.value, Mapping) and note.value:
        told = {_BY_NAME[name]: version for name, version in note.value.items() if name in _BY_NAME}
        yield MadeOf(told, record.run_id)


def _metadata(instance: dg.DagsterInstance, table: type[Table], day: date) -> Mapping[str, dg.MetadataValue[Any]]:
    """Of the newest materialisation; none where there is none."""
    newest = _newest(instance, table, day)
    made = newest.asset_materialization if newest is not None else None
    return made.metadata if made else {}


def _newest(instance: dg.DagsterInstance, table: type[Table], day: date) -> dg.EventLogRecord | None:
    of_the_day = dg.AssetRecordsFilter(asset_key=key(table), asset_partitions=[day.isoformat()])
    return next(iter(instance.fetch_materializations(of_the_day, limit=1).records), None)
