"""Bronze into silver: which pages a step must look at, and what becomes of them.

Belongs here: the touched keys of a day, fetching page versions, and the complement between silver and quarantine.
Does not belong here: what a column means, and when a cell stays as it was (``transforms.silver``).
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import msgspec
import narwhals.stable.v2 as nw
import polars as pl

from finance_ppm.contracts import PAGE_TABLES
from finance_ppm.contracts.bronze import NotionRawPages, NotionSyncWatermarks
from finance_ppm.contracts.silver import Page, Quarantine
from finance_ppm.lakehouse.lake import Lake, Upsert
from finance_ppm.pipeline.watermarks import Hidden
from finance_ppm.transforms.silver import PropertyMap, Silver, newest_versions, type_pages, with_earlier

GROUP = 20_000
"""Pages typed together: about 50 MB of payload."""

EARLIER_VERSIONS = 20_000
"""Earlier versions of pages held at a time: about 50 MB of payload. A page's own are never parted."""


def day_end(day: date) -> datetime:
    """The first moment after ``day``, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)


def property_map(lake: Lake, database_name: str, *, before: datetime | None = None) -> PropertyMap:
    """How each silver column is read from a page, as resolved when the database's schema was last read.

    Asked for pages as they were ``before`` a moment, it knows what was missing from the schema then.
    """
    of_this_name = (pl.col("database_name") == database_name) & pl.col("schema_json").is_not_null()
    stored = lake.scan(NotionSyncWatermarks).filter(of_this_name)
    last = stored.sort("last_attempt_at", "last_read_at", "database_id").last()  # the database the name stands for now
    rows = last.select("property_ids", "property_names", "property_words", "hidden").collect().rows()
    ids, names, words, hidden = rows[0] if rows else ("{}", None, None, None)
    return PropertyMap(
        # In a lake of old a column has one id, as text.
        {column: (one,) if isinstance(one, str) else tuple(one) for column, one in json.loads(ids).items()},
        json.loads(names or "{}"),
        json.loads(words or "{}"),
        {
            each.property_id: each.since
            for each in msgspec.json.decode(hidden or "[]", type=list[Hidden])
            if each.until is None or (before is not None and before <= each.until)
        },
    )


def raw_pages(lake: Lake, database_name: str, *, before: datetime | None = None) -> pl.LazyFrame:
    """Every version of a database's pages, or those captured before a moment."""
    versions = lake.scan(NotionRawPages).filter(pl.col("database_name") == database_name)
    return versions if before is None else versions.filter(pl.col("captured_at") < before)


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
    read_by = property_map(lake, database_name).digest
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


def typed_newest(
    lake: Lake, database_name: str, page_ids: pl.Series | None = None, *, before: datetime | None = None
) -> Silver:
    """Silver and quarantine of the newest version of each page, or of each of ``page_ids``: the present, or as it was
    before a moment.

    Pages are typed a group after the other, in the order in which they were captured, so that neither all payloads
    nor all files are looked at together. Where a property of a page has drifted, and only there, its earlier versions
    are read as well.
    """
    versions = raw_pages(lake, database_name, before=before)
    if page_ids is not None:
        versions = versions.filter(pl.col("page_id").is_in(page_ids.implode()))
    chosen = newest(versions.select("page_id", "captured_at", "content_hash")).sort("captured_at", "page_id")
    properties = property_map(lake, database_name, before=before)
    found = [type_pages(database_name, PAGE_TABLES[database_name], NotionRawPages.create_empty(), properties)]
    for group in chosen.iter_slices(GROUP):
        captured = pl.col("captured_at").is_between(group["captured_at"][0], group["captured_at"][-1])
        pages = newest(versions.filter(captured).join(group.lazy(), on=group.columns, how="semi"))
        found.append(_typed(lake, database_name, pages, properties))
    return replace(found[0], typed=pl.concat(silver.typed for silver in found))


def _typed(lake: Lake, database_name: str, pages: pl.DataFrame, properties: PropertyMap) -> Silver:
    table = PAGE_TABLES[database_name]
    silver = type_pages(database_name, table, pages, properties)
    if silver.drifted.is_empty():
        return silver
    drifted = pages.filter(pl.col("page_id").is_in(silver.drifted.implode()))
    batches = _beside_earlier(raw_pages(lake, database_name), drifted)
    return silver.updated([type_pages(database_name, table, batch, properties) for batch in batches])


def _beside_earlier(versions: pl.LazyFrame, pages: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """``pages`` in batches, each with its earlier versions beside it; ``versions`` are those of every page."""
    of_these = pl.col("page_id").is_in(pages["page_id"].implode())
    counted = versions.filter(of_these).group_by("page_id").len().collect()
    for batch in counted.with_columns(batch=pl.col("len").cum_sum() // EARLIER_VERSIONS).partition_by("batch"):
        of_batch = pl.col("page_id").is_in(batch["page_id"].implode())
        told = versions.filter(of_batch).select("page_id", "captured_at", "raw_payload").collect()
        yield with_earlier(pages.filter(of_batch), told)


def silver_upsert(lake: Lake, database_name: str, touched: pl.Series) -> Upsert:
    """What becomes of the touched pages in their silver table: accepted rows stay, every other touched key leaves."""
    table = PAGE_TABLES[database_name]
    silver = typed_newest(lake, database_name, touched)
    return Upsert(silver.rows, touched.rename(page_key(table)).to_frame())


def quarantine_upsert(lake: Lake, touched: Mapping[str, pl.Series]) -> Upsert:
    """What becomes of the touched pages in quarantine: refused rows stay, every other touched key leaves."""
    rows = [typed_newest(lake, name, page_ids).refused for name, page_ids in touched.items()]
    keys = [
        page_ids.rename("page_id").to_frame().select(pl.lit(name).alias("database_name"), "page_id")
        for name, page_ids in touched.items()
    ]
    return Upsert(pl.concat(rows), pl.concat(keys))
