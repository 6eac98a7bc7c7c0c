"""Bronze into silver: which pages a step must look at, and what becomes of them.

Belongs here: the touched keys of a day, and the complement between silver and quarantine. Does not belong
here: what a column means (``transforms.silver``).
"""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import narwhals.stable.v2 as nw
import polars as pl

from finance_ppm.contracts import PAGE_TABLES
from finance_ppm.contracts.bronze import NotionRawPages, NotionSyncWatermarks
from finance_ppm.contracts.silver import Page, Quarantine
from finance_ppm.lakehouse.lake import Lake, Upsert
from finance_ppm.transforms.silver import newest_versions, quarantine_rows, silver_rows
from finance_ppm.transforms.silver.pages import property_map


def day_end(day: date) -> datetime:
    """The first moment after ``day``, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)


def property_ids(lake: Lake, database_name: str) -> Mapping[str, str]:
    """Silver column to Notion property id, as resolved when the database's schema was last read."""
    stored = lake.scan(NotionSyncWatermarks).filter(pl.col("database_name") == database_name)
    found: dict[str, str] = {}
    for text in stored.sort("last_read_at").select("property_ids").collect()["property_ids"]:
        found.update(json.loads(text))
    return found


def raw_pages(lake: Lake, database_name: str, *, before: datetime | None = None) -> pl.LazyFrame:
    """Every version of a database's pages, or those captured before a moment."""
    versions = lake.scan(NotionRawPages).filter(pl.col("database_name") == database_name)
    return versions if before is None else versions.filter(pl.col("captured_at") < before)


def newest_pages(lake: Lake, database_name: str, page_ids: pl.Series) -> pl.DataFrame:
    """The newest version of each of these pages: the present, whatever day asks."""
    versions = raw_pages(lake, database_name).filter(pl.col("page_id").is_in(page_ids.implode()))
    return newest(versions)


def newest(versions: pl.LazyFrame) -> pl.DataFrame:
    """The newest of each page's versions, collected."""
    native: pl.LazyFrame = newest_versions(nw.from_native(versions)).to_native()
    return native.collect()


def touched_pages(lake: Lake, database_name: str, day: date, today: date) -> pl.Series:
    """Ids of the pages that silver must look at for ``day``: those captured on it.

    For today also those that are unsettled, so that a day on which silver never ran leaves nothing behind.
    """
    captured_at = pl.col("captured_at")
    on_day = (captured_at >= day_end(day - timedelta(days=1))) & (captured_at < day_end(day))
    touched = raw_pages(lake, database_name).filter(on_day).select("page_id").collect()["page_id"]
    if day >= today:
        touched = pl.concat([touched, unsettled_pages(lake, database_name)])
    return touched.unique().sort()


def unsettled_pages(lake: Lake, database_name: str) -> pl.Series:
    """Ids of the pages of which silver and quarantine do not hold the newest version, as it is read now.

    That is: it is missing, an older version is still there, or it was read by other property ids than today's.
    """
    captured_at = pl.col("captured_at")
    last = raw_pages(lake, database_name).group_by("page_id").agg(captured_at.max())
    held = last.join(_held(lake, database_name), on="page_id", how="left")
    read_by = property_map(property_ids(lake, database_name))
    settled = captured_at.eq_missing(pl.col("held_at")) & pl.col("property_map").eq_missing(pl.lit(read_by))
    return held.filter(~settled).select("page_id").unique().collect()["page_id"]


def all_pages(lake: Lake, database_name: str) -> pl.Series:
    """Ids of every page ever captured: what a rebuild looks at."""
    return raw_pages(lake, database_name).select("page_id").unique().sort("page_id").collect()["page_id"]


def _held(lake: Lake, database_name: str) -> pl.LazyFrame:
    """Of the versions that silver and quarantine hold: ``page_id``, capture time ``held_at``, ``property_map``."""
    table = PAGE_TABLES[database_name]
    held = pl.col("synced_at").alias("held_at"), pl.col("property_map")
    accepted = lake.scan(table).select(pl.col(page_key(table)).alias("page_id"), *held)
    refused = lake.scan(Quarantine).filter(pl.col("database_name") == database_name).select("page_id", *held)
    return pl.concat([accepted, refused])


def page_key(table: type[Page]) -> str:
    """The key column of a silver table: ``project_id``."""
    (key,) = table.primary_key()
    return key


def captured_on(lake: Lake, day: date) -> int:
    """How many page versions were captured on a day."""
    start, end = day_end(day - timedelta(days=1)), day_end(day)
    captured_at = pl.col("captured_at")
    versions = lake.scan(NotionRawPages).filter((captured_at >= start) & (captured_at < end))
    return int(versions.select(pl.len()).collect().item())


def silver_upsert(lake: Lake, database_name: str, touched: pl.Series) -> Upsert:
    """What becomes of the touched pages in their silver table: accepted rows stay, every other touched key leaves."""
    table = PAGE_TABLES[database_name]
    rows = silver_rows(table, newest_pages(lake, database_name, touched), property_ids(lake, database_name))
    return Upsert(rows, touched.rename(page_key(table)).to_frame())


def quarantine_upsert(lake: Lake, touched: Mapping[str, pl.Series]) -> Upsert:
    """What becomes of the touched pages in quarantine: refused rows stay, every other touched key leaves."""
    rows = [
        quarantine_rows(name, PAGE_TABLES[name], newest_pages(lake, name, page_ids), property_ids(lake, name))
        for name, page_ids in touched.items()
    ]
    keys = [
        page_ids.rename("page_id").to_frame().select(pl.lit(name).alias("database_name"), "page_id")
        for name, page_ids in touched.items()
    ]
    return Upsert(pl.concat(rows), pl.concat(keys))
