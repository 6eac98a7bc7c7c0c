"""Rules of the sync itself: is what we look at recent, is it complete, and are the databases still as configured?

What a schema departs in is found where it is read (``sources.notion.drift``); here its words are quoted.
"""

from datetime import UTC, datetime, time, timedelta

import narwhals.stable.v2 as nw

from finance_ppm.contracts import PAGE_TABLES, full_name
from finance_ppm.contracts.bronze import NotionSyncWatermarks
from finance_ppm.contracts.silver import Quarantine
from finance_ppm.quality.rule import NOTHING, Identity, Rule, Rulebook, Severity, silver_table
from finance_ppm.quality.thresholds import THRESHOLDS
from finance_ppm.quality.vocabulary import broken, either, pages_of
from finance_ppm.sources.notion.schema import Drift
from finance_ppm.transforms.portfolio import Frame, Portfolio

PAGE = ("database_name", "page_id")

NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def _databases(portfolio: Portfolio) -> Frame:
    """The state of each database; where its name stood for several Notion databases, of the one tried last."""
    tried_at = nw.coalesce("last_attempt_at", "last_read_at").fill_null(nw.lit(NEVER))
    states = portfolio.watermarks.with_columns(tried_at=tried_at)
    return states.filter(nw.col("tried_at") == nw.col("tried_at").max().over("database_name"))


def _drifts(portfolio: Portfolio, kind: Drift) -> Frame:
    """One marked row per drift of a kind that the databases' states remember."""
    states = _databases(portfolio)
    drifts = states.filter(nw.col("drift").list.len() > 0).with_columns(each=nw.col("drift")).explode("each")
    each = nw.col("each").struct
    return broken(
        drifts.filter(each.field("kind") == kind.value),
        each.field("property"),
        each.field("message"),
        value=each.field("found"),
    ).drop("each")


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
    Severity.ERROR,
    remedy="Do what the message says, or look at the last run of bronze/notion_raw_pages in Dagster, and sync again.",
)
def database_not_read(portfolio: Portfolio) -> Frame:
    """The last read of every database came to its end."""
    failed = _databases(portfolio).filter(~nw.col("last_error").is_null())
    return broken(
        failed, "last_error", "The last read of the database {database_name} did not come to its end: {last_error}"
    )


@databases.rule(
    Severity.WARN, remedy="Look at the last runs of bronze/notion_raw_pages in Dagster, mend the cause, and sync again."
)
def database_read_stale(portfolio: Portfolio) -> Frame:
    """Every database was read completely, at the earliest {read_within_hours} hours before the end of the as-of day."""
    day_end = datetime.combine(portfolio.as_of + timedelta(days=1), time.min, UTC)
    limit = day_end - timedelta(hours=THRESHOLDS.read_within_hours)
    last_read_at = nw.col("last_read_at")
    late = _databases(portfolio).filter(last_read_at.is_null() | (last_read_at < nw.lit(limit)))
    readable = late.with_columns(last_read_at=last_read_at.dt.to_string("%Y-%m-%d %H:%M"))
    return broken(
        readable,
        "last_read_at",
        either(
            last_read_at.is_null(),
            "The database {database_name} was never read completely.",
            "The database {database_name} was last read at {last_read_at} UTC.",
        ),
    )


@databases.rule(
    Severity.WARN,
    remedy="Do what the message says; meanwhile no page of the database is taken for deleted.",
)
def deletions_held_back(portfolio: Portfolio) -> Frame:
    """The last full read of every database could tell what became of each known page that was missing from it."""
    held_back = _databases(portfolio).filter(~nw.col("sweep_note").is_null())
    return broken(
        held_back,
        "sweep_note",
        "Nothing was taken for deleted in the last full read of the database {database_name}: {sweep_note}",
    )


@databases.rule(
    Severity.WARN,
    remedy="Give the property its name back in Notion, or write its new name into the mapping file; "
    "meanwhile it is read as before.",
)
def property_renamed(portfolio: Portfolio) -> Frame:
    """Every property that a column is read from still has the name it is expected under."""
    return _drifts(portfolio, Drift.RENAMED)


@databases.rule(
    Severity.ERROR,
    remedy="Restore the property in Notion; until then the last good values stay. One that is added anew counts at "
    "once, and is empty until it is filled in.",
)
def property_removed(portfolio: Portfolio) -> Frame:
    """Every property that a column is read from is in its database, in each data source of it."""
    return _drifts(portfolio, Drift.MISSING)


@databases.rule(
    Severity.ERROR,
    remedy="Give the property a type that can be read, as the message says; meanwhile the last good values stay.",
)
def property_retyped(portfolio: Portfolio) -> Frame:
    """Every property that a column is read from has a type that the column can be read from."""
    return _drifts(portfolio, Drift.RETYPED)


@databases.rule(
    Severity.INFO,
    remedy="Remove the option in Notion if it was added by mistake; if it is meant, nothing need be done, "
    "and this finding leaves after a week.",
)
def option_added(portfolio: Portfolio) -> Frame:
    """No property that a column is read from was given a new option to choose from in the last week."""
    return _drifts(portfolio, Drift.OPTION_ADDED)


@databases.rule(
    Severity.ERROR,
    remedy="Restore the data source in Notion, or share it with the integration again; if it is meant to be gone, run "
    "`notion-sync sync --full-sync --accept-deletions`; meanwhile its pages stay as they were last read.",
)
def data_source_lost(portfolio: Portfolio) -> Frame:
    """Every data source that a database once had is still listed in it."""
    return _drifts(portfolio, Drift.SOURCE_LOST)


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
