"""Data versions: what a table's content is called, so that whoever depends on it can tell whether it changed.

Belongs here: the versions of the tables that come from outside. Those of derived tables follow from their
inputs and their code, which Dagster works out by itself.
"""

import hashlib

import polars as pl

from finance_ppm.contracts.bronze import NotionRawPages, NotionSyncWatermarks
from finance_ppm.lakehouse.lake import Lake


def raw_pages_version(lake: Lake, arriving: pl.DataFrame) -> str:
    """Version of the log once ``arriving`` is in it: how many page versions there are, and when the last was captured.

    The log only grows, so that nothing can change without changing this.
    """
    stored = lake.scan(NotionRawPages).select("captured_at")
    both = pl.concat([stored, arriving.lazy().select("captured_at")])
    count, last = both.select(pl.len().alias("count"), pl.col("captured_at").max().alias("last")).collect().row(0)
    return f"{count} versions, last {last.isoformat()}" if last else "empty"


def watermarks_version(lake: Lake, arriving: pl.DataFrame) -> str:
    """Version of what silver takes from the watermarks: the property ids. The times move with every quiet read."""
    stored = lake.scan(NotionSyncWatermarks).select("database_id", "property_ids").collect()
    kept = stored.join(arriving.select("database_id"), on="database_id", how="anti")
    both = pl.concat([kept, arriving.select("database_id", "property_ids")]).sort("database_id")
    return hashlib.sha256(repr(both.rows()).encode()).hexdigest()[:16]
