"""Rules of the sync itself: is what we look at recent, and is it complete?"""

from datetime import UTC, datetime, time, timedelta

import narwhals.stable.v2 as nw

from finance_ppm.contracts import PAGE_TABLES, full_name
from finance_ppm.contracts.bronze import NotionSyncWatermarks
from finance_ppm.contracts.silver import Quarantine
from finance_ppm.quality.rule import NOTHING, Identity, Rule, Rulebook, Severity, silver_table
from finance_ppm.quality.thresholds import THRESHOLDS
from finance_ppm.quality.vocabulary import broken, either, pages_of
from finance_ppm.transforms.portfolio import Frame, Portfolio

PAGE = ("database_name", "page_id")


def _databases(portfolio: Portfolio) -> Frame:
    """The newest read of each database, whatever Notion databases its name stood for."""
    return portfolio.watermarks.group_by("database_name").agg(last_read_at=nw.col("last_read_at").max())


def _captured_pages(portfolio: Portfolio) -> Frame:
    """Every page in bronze, with the moment it was first captured."""
    return portfolio.raw_pages.group_by(*PAGE).agg(first_captured_at=nw.col("captured_at").min())


databases = Rulebook(
    NotionSyncWatermarks,
    Identity(
        table_name=nw.lit(full_name(NotionSyncWatermarks)),
        row_id=nw.col("database_name"),
        row_name=nw.col("database_name"),
        project_id=NOTHING,
        notion_url=NOTHING,
    ),
    checked=_databases,
)

captures = Rulebook(
    # The quarantine is what completes the five tables: with it nothing may be missing.
    Quarantine,
    Identity(
        table_name=silver_table(),
        row_id=nw.col("page_id"),
        row_name=NOTHING,
        project_id=NOTHING,
        notion_url=NOTHING,
    ),
    checked=_captured_pages,
)


@databases.rule(
    Severity.WARN, remedy="Look at the last runs of bronze/notion_raw_pages in Dagster, mend the cause, and sync again."
)
def database_read_stale(portfolio: Portfolio) -> Frame:
    """No database was last read completely more than {read_within_hours} hours before the end of the as-of day."""
    day_end = datetime.combine(portfolio.as_of + timedelta(days=1), time.min, UTC)
    limit = day_end - timedelta(hours=THRESHOLDS.read_within_hours)
    late = _databases(portfolio).filter(nw.col("last_read_at") < nw.lit(limit))
    readable = late.with_columns(last_read_at=nw.col("last_read_at").dt.to_string("%Y-%m-%d %H:%M"))
    return broken(readable, "last_read_at", "The database {database_name} was last read at {last_read_at} UTC.")


@captures.rule(
    Severity.ERROR,
    remedy="Rebuild the silver table and the quarantine from bronze; if the page is still amiss, report it.",
    blocking=True,
)
def pages_accounted_for(portfolio: Portfolio) -> Frame:
    """Every page in bronze is in its silver table or in quarantine, in one of them only, and once."""
    held = nw.concat(
        [
            portfolio.quarantine.select(*PAGE, "synced_at"),
            *(
                pages_of(portfolio, name).select(
                    database_name=nw.lit(name), page_id=nw.col(table.primary_key()[0]), synced_at=nw.col("synced_at")
                )
                for name, table in PAGE_TABLES.items()
            ),
        ],
        how="vertical",
    )
    places = held.group_by(*PAGE).agg(places=nw.len())
    # The sync runs on while silver is made: pages captured since are not due yet.
    settled = held.group_by("database_name").agg(settled_until=nw.col("synced_at").max())
    pages = (
        _captured_pages(portfolio)
        .join(settled, on="database_name", how="left")
        .filter(nw.col("settled_until").is_null() | (nw.col("first_captured_at") <= nw.col("settled_until")))
        .join(places, on=list(PAGE), how="left")
        .with_columns(places=nw.col("places").fill_null(0))
    )
    return broken(
        pages.filter(nw.col("places") != 1),
        "page_id",
        either(
            nw.col("places") == 0,
            "The page {page_id} is in bronze, but neither in silver nor in quarantine.",
            "The page {page_id} is in silver and quarantine at once, or several times in one of them.",
        ),
    )


RULES: tuple[Rule, ...] = (*databases.rules, *captures.rules)
