"""Whether gold was made for a day, and when last.

Belongs here: asking the lake, and Dagster's log of what was materialised. A day without a row leaves no trace in the
lake; a day whose rows have left it, as snapshots do, was made and is no longer there; and what is made again and comes
out the same is not written.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import dagster as dg

from finance_ppm.assets.spec import key
from finance_ppm.contracts import Table
from finance_ppm.lakehouse.io_manager import MADE_AT
from finance_ppm.pipeline.point_in_time import PointInTime

ROWS = "dagster/row_count"


def is_made(instance: dg.DagsterInstance, point_in_time: PointInTime, table: type[Table], day: date) -> bool:
    """Whether there is a snapshot of ``day``, be it one without a row."""
    if point_in_time.is_of(table, day):
        return True
    rows = _newest(instance, table, day).get(ROWS)
    return rows is not None and rows.value == 0 and point_in_time.is_empty(table, day)


def last_made(instance: dg.DagsterInstance, tables: Iterable[type[Table]], day: date) -> dict[type[Table], datetime]:
    """When each of ``tables`` was last made for ``day`` by our own clock, as far as Dagster knows."""
    told = {table: _newest(instance, table, day).get(MADE_AT) for table in tables}
    return {table: datetime.fromtimestamp(float(at.value), UTC) for table, at in told.items() if at is not None}


def _newest(instance: dg.DagsterInstance, table: type[Table], day: date) -> Mapping[str, dg.MetadataValue[Any]]:
    """Metadata of the newest materialisation; none where there is none."""
    of_the_day = dg.AssetRecordsFilter(asset_key=key(table), asset_partitions=[day.isoformat()])
    newest = instance.fetch_materializations(of_the_day, limit=1).records
    made = newest[0].asset_materialization if newest else None
    return made.metadata if made else {}
