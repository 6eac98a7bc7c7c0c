"""Whether gold was made for a day, when last, and of what.

Belongs here: asking the lake, and Dagster's log of what was materialised. A day without a row leaves no trace in the
lake; a day whose rows have left it, as snapshots do, was made and is no longer there; and what is made again and comes
out the same is not written.

Gold notes the content version of each table it is made of, read before their rows are: what is written in between is
taken for newer than gold, never for what gold was made of.
"""

from collections.abc import Iterable, Mapping
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
MADE_WITH = "made with"
"""Metadata: a name for the settings that gold was made with."""

Versions = Mapping[type[Table], str]
"""Content versions of tables."""


@dataclass(frozen=True)
class Made:
    """How gold was last made for a day, as far as Dagster knows."""

    at: datetime | None
    """By our own clock."""
    of: Versions
    """Empty where the day was past by then: what a past day saw is rebuilt, and is no version of a table."""
    settings: str | None
    run_id: str


def is_made(instance: dg.DagsterInstance, point_in_time: PointInTime, table: type[Table], day: date) -> bool:
    """Whether there is a snapshot of ``day``, be it one without a row."""
    if point_in_time.is_of(table, day):
        return True
    newest = _newest(instance, table, day)
    made = newest.asset_materialization if newest is not None else None
    rows = made.metadata.get(ROWS) if made else None
    return rows is not None and rows.value == 0 and point_in_time.is_empty(table, day)


def noted(versions: Versions, settings: str) -> dict[str, dg.MetadataValue[Any]]:
    """The note of what gold is made of, for its materialisation."""
    of = {full_name(table): version for table, version in versions.items()}
    return {MADE_OF: dg.MetadataValue.json(of), MADE_WITH: dg.MetadataValue.text(settings)}


def last_made(instance: dg.DagsterInstance, tables: Iterable[type[Table]], day: date) -> dict[type[Table], Made]:
    """How each of ``tables`` that was made for ``day`` was made last.

    To be read before their rows are: newer rows beside an older note are taken for made of what is no longer there, and
    older rows beside a newer note would be taken for made of what is.
    """
    newest = ((table, _newest(instance, table, day)) for table in tables)
    return {table: _made(record) for table, record in newest if record is not None}


def superseded(made: Mapping[type[Table], Made], point_in_time: PointInTime, day: date) -> dict[type[Table], str]:
    """Of which tables it is known that what they were made of is no longer what there is, with the reason. To be asked
    after the rows of all of them were read.
    """
    present = point_in_time.versions({source for each in made.values() for source in each.of}, day)
    reasons = {}
    for table, each in made.items():
        rewritten = sorted(full_name(source) for source, version in each.of.items() if present.get(source) != version)
        if rewritten and not present:  # it was made while the day was today, and what a past day saw is rebuilt
            reasons[table] = f"{day} had not ended when {full_name(table)} was computed"
        elif rewritten:
            reasons[table] = f"{rewritten[0]} was written anew since {full_name(table)} was computed"
    return reasons


_BY_NAME = {full_name(table): table for table in ALL_TABLES}


def _made(record: dg.EventLogRecord) -> Made:
    metadata = record.asset_materialization.metadata if record.asset_materialization else {}
    at, of, settings = (metadata.get(name) for name in (MADE_AT, MADE_OF, MADE_WITH))
    noted = of.value if isinstance(of, dg.JsonMetadataValue) and isinstance(of.value, Mapping) else {}
    return Made(
        at=datetime.fromtimestamp(at.value, UTC) if isinstance(at, dg.TimestampMetadataValue) else None,
        of={_BY_NAME[name]: str(version) for name, version in noted.items() if name in _BY_NAME},
        settings=str(settings.value) if settings is not None else None,
        run_id=record.run_id,
    )


def _newest(instance: dg.DagsterInstance, table: type[Table], day: date) -> dg.EventLogRecord | None:
    of_the_day = dg.AssetRecordsFilter(asset_key=key(table), asset_partitions=[day.isoformat()])
    return next(iter(instance.fetch_materializations(of_the_day, limit=1).records), None)
