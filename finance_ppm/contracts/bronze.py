"""Bronze: what the sources said, as they said it, for ever."""

from datetime import timedelta

import dataframely as dy

from finance_ppm.contracts.base import Freshness, Layer, Table, TableInfo, Write, stamp


class NotionRawPages(Table):
    """One version of a Notion page, appended when its content differs from the page's newest version.

    A confirmed deletion is a version too (``is_deleted``), and so is a restored page.
    """

    info = TableInfo(
        layer=Layer.BRONZE,
        name="notion_raw_pages",
        write=Write.LOG,
        partition_by=("database_name",),
        freshness=Freshness(warn=timedelta(minutes=10), fail=timedelta(hours=24)),
        owner="team:data-platform",
        departures=(
            "`synced_at` is `captured_at`, a part of the key. `properties MAP<STRING, STRING>` is left out: it repeats "
            "`raw_payload`, and cannot hold a relation or a person. The two autoOptimize table properties are left "
            "out: one table is compacted under one lock, by maintenance."
        ),
    )

    page_id = dy.String(
        primary_key=True,
        description="Notion page id; `unidentified:` and a hash where a page came without a usable one.",
    )
    captured_at = dy.Datetime(
        primary_key=True,
        time_zone="UTC",
        description="When this version was read; later than any earlier version of the page.",
    )
    database_id = dy.String(description="Notion database id.")
    database_name = dy.String(description="programs, projects, budget_lines, risks or actions.")
    created_time = dy.Datetime(
        nullable=True, time_zone="UTC", description="The page's creation, floored to the minute by Notion."
    )
    last_edited_time = dy.Datetime(
        nullable=True, time_zone="UTC", description="The page's last edit, floored to the minute by Notion."
    )
    content_hash = dy.String(
        description="SHA-256 of the page without what changes by itself (signed URLs, request ids, avatars)."
    )
    is_deleted = dy.Bool(description="True for a tombstone: the page was confirmed to be in the trash or gone.")
    raw_payload = dy.String(description="The page as Notion sent it, JSON text, unchanged.")
    ingestion_timestamp = dy.Datetime(
        alias="_ingestion_timestamp",
        time_zone="UTC",
        description="When the row was written.",
        metadata=stamp(),
    )


def _drift() -> dy.List:
    return dy.List(
        dy.Struct(
            {
                "kind": dy.String(),
                "property": dy.String(),
                "found": dy.String(nullable=True),
                "columns": dy.List(dy.String()),
                "message": dy.String(),
                "since": dy.Datetime(time_zone="UTC"),
            }
        ),
        nullable=True,
        description="How the schema departs from what is expected, each with the moment it was first seen; the "
        "findings quote it.",
    )


class NotionSyncWatermarks(Table):
    """The state of reading one Notion database: how far it was read completely, its schema as last seen, and how far
    a read that was cut short had come.
    """

    info = TableInfo(
        layer=Layer.BRONZE,
        name="notion_sync_watermarks",
        write=Write.KEYED,
        freshness=Freshness(warn=timedelta(minutes=10), fail=timedelta(hours=24)),
        owner="team:data-platform",
        # The times move with every quiet read; what is made from here is where each column is found, and findings.
        news=("property_ids", "property_names", "property_words", "hidden", "drift", "last_error", "sweep_note"),
        seed_names=("bronze.sync_watermarks",),
    )

    database_id = dy.String(primary_key=True, description="Notion database id.")
    database_name = dy.String(description="programs, projects, budget_lines, risks or actions.")
    last_edited_time = dy.Datetime(
        nullable=True,
        time_zone="UTC",
        description="The watermark: every edit before it has been read. The last complete read's start, to the minute; "
        "null until a first read is complete.",
    )
    last_read_at = dy.Datetime(nullable=True, time_zone="UTC", description="When the last complete read started.")
    last_full_read_at = dy.Datetime(
        nullable=True, time_zone="UTC", description="When the last complete read of every page started."
    )
    page_count = dy.Int64(nullable=True, description="Pages in the database at the last full read.")
    schema_json = dy.String(
        nullable=True, description="The database's properties as last seen: JSON, name to id, type and options."
    )
    schema_read_at = dy.Datetime(
        nullable=True, time_zone="UTC", description="When the schema was read; it is read at most hourly."
    )
    property_ids = dy.String(
        description="JSON: silver column to the ids of its Notion property, those of today first, one for each data "
        "source that has it, then earlier ones. An id survives a renamed property."
    )
    property_names = dy.String(
        nullable=True, description="JSON: silver column to the name its property is expected under, as messages say it."
    )
    property_words = dy.String(
        nullable=True, description="JSON: silver column to the team's words for ours, where the mapping file names any."
    )
    hidden = dy.String(
        nullable=True,
        description="JSON: the properties that were missing from the schema, each with the moment since which that may "
        "be so, and the moment until which it was; what pages show of them then, if it is empty, says nothing.",
    )
    drift = _drift()
    last_attempt_at = dy.Datetime(
        nullable=True, time_zone="UTC", description="When a read was last tried, whatever came of it."
    )
    last_error = dy.String(nullable=True, description="Why the last read did not come to its end; null where it did.")
    sweep_note = dy.String(
        nullable=True,
        description="Why the last full read did not take for deleted all of the known pages that were missing from it; "
        "null where nothing stood in the way.",
    )
    unfinished = dy.String(
        nullable=True,
        description="JSON: a read cut short, with the spans of creation times whose pages are durable: the next read "
        "goes on from there. Null where there is none.",
    )


class Erasures(Table):
    """A page that was forgotten on request: when, why and how much was erased, and never what it said.

    The row is written when erasing begins and completed once nothing is left; no row ever leaves.
    """

    info = TableInfo(
        layer=Layer.BRONZE,
        name="erasures",
        write=Write.KEYED,
        freshness=Freshness(warn=timedelta(hours=24), fail=timedelta(hours=48)),
        owner="team:data-platform",
    )

    page_id = dy.String(primary_key=True, description="Notion page id.")
    requested_at = dy.Datetime(primary_key=True, time_zone="UTC", description="When erasing began.")
    forgotten_at = dy.Datetime(
        nullable=True, time_zone="UTC", description="When nothing was left of it; null while erasing is not complete."
    )
    database_name = dy.String(
        nullable=True, description="The page's database; several are joined by `, `, null where none is known."
    )
    reason = dy.String(nullable=True, description="Why, in the words of whoever asked for it.")
    erased = dy.List(
        dy.Struct({"table_name": dy.String(), "rows_erased": dy.Int64(), "rows_blanked": dy.Int64()}),
        description="What was erased of each table: rows of the page, which left it, and rows that quoted it, which "
        "stay without its words.",
    )


BRONZE_TABLES: tuple[type[Table], ...] = (NotionRawPages, NotionSyncWatermarks, Erasures)
