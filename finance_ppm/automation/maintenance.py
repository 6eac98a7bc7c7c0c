"""The nightly job that looks after the lake.

Belongs here: how maintenance looks in Dagster. What it does is ``lakehouse.maintenance``.
"""

from functools import partial

import dagster as dg

from finance_ppm.clock import Clock
from finance_ppm.closing.closes import closed_days
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.lakehouse.maintenance import maintain


@dg.op(pool="lake_maintenance", out=dg.Out(dg.Nothing))
def maintain_lake(context: dg.OpExecutionContext, lake: dg.ResourceParam[Lake], clock: dg.ResourceParam[Clock]) -> None:
    """Old snapshots, small files, files of older versions, the log: of each table under its lock. A table that others
    keep writing to is left for next time; one whose rows would have changed ends the run red.
    """
    report = maintain(lake, clock, closed_days=partial(closed_days, lake), progress=context.log.debug)
    rows = [
        dg.TableRecord(
            {
                "table": table.table_name,
                "snapshots removed": table.days_expired,
                "partitions compacted": table.partitions_compacted,
                "files removed": table.files_removed,
                "note": table.note or "",
            }
        )
        for table in report.tables
        if table.touched
    ]
    if rows:
        context.add_output_metadata({"tables": dg.MetadataValue.table(rows)})
    if not report.succeeded:
        failed = "; ".join(f"{table.table_name}: {table.error}" for table in report.tables if table.error)
        raise dg.Failure(f"Not every table could be maintained. {failed}", allow_retries=False)


@dg.job(
    description="Keeps the lake small and fast: gold's old snapshots but for month ends and closes, small files, files "
    "of versions older than 30 days.",
    tags={"title": "[PPM] Lake Maintenance"},
)
def lake_maintenance() -> None:
    """One step over every table."""
    maintain_lake()
