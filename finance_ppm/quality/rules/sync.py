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
from finance_ppm.quality.vocabulary import broken, either, live, pages_of, sentence
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


def _in_silver(portfolio: Portfolio, *, live_only: bool = False) -> Frame:
    """Pages in the five tables, with the moment at which the version they are read from was captured."""
    tables = [(name, pages_of(portfolio, name), table.primary_key()[0]) for name, table in PAGE_TABLES.items()]
    return nw.concat(
        [
            (live(rows) if live_only else rows).select(
                database_name=nw.lit(name), page_id=nw.col(page_key), captured_at=nw.col("synced_at")
            )
            for name, rows, page_key in tables
        ],
        how="vertical",
    )


def _all_pages(portfolio: Portfolio) -> Frame:
    """Every page that is anywhere: its newest version in bronze (``captured_at``), the newest and the oldest that
    silver and quarantine hold (``held_at``, ``oldest_at``), and in how many places they do.
    """
    captured_at = nw.col("captured_at")
    no_time = nw.when(captured_at.is_null()).then(captured_at)
    refused = portfolio.quarantine.select(*PAGE, captured_at=nw.col("synced_at"))
    rows = [
        portfolio.raw_pages.select(*PAGE, "captured_at", held_at=no_time),
        *(
            held.select(*PAGE, no_time.alias("captured_at"), held_at=captured_at)
            for held in (_in_silver(portfolio), refused)
        ),
    ]
    held_at = nw.col("held_at")
    return (
        nw.concat(rows, how="vertical")
        .group_by(*PAGE)
        .agg(captured_at.max(), held_at.max(), oldest_at=held_at.min(), places=held_at.count())
    )


def _newest_moment(portfolio: Portfolio) -> Frame:
    """One row: the latest ``moment`` that anything is known of, and not before the as-of day."""
    first = datetime.combine(portfolio.as_of, time.min, UTC)
    tried = portfolio.watermarks.select(moment=nw.coalesce("last_attempt_at", "last_read_at"))
    moments = nw.concat([portfolio.raw_pages.select(moment=nw.col("captured_at")), tried])
    return moments.select(moment=nw.max_horizontal(nw.col("moment").max().fill_null(nw.lit(first)), nw.lit(first)))


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
    checked=_all_pages,
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
    """Every page in bronze is once in its silver table or in quarantine, in its newest version {settled_within_hours}
    hour after its capture at the latest, and no other page is.
    """
    pages, places = _all_pages(portfolio), nw.col("places")
    captured_at, held_at = nw.col("captured_at"), nw.col("held_at")
    # The sync runs on while silver is made. What is captured no later than a page that silver holds is due at once.
    settled = pages.group_by("database_name").agg(settled_until=held_at.max())
    is_late = captured_at.dt.offset_by(f"{THRESHOLDS.settled_within_hours}h") <= nw.col("moment")
    is_due = captured_at.is_null() | (captured_at <= nw.col("settled_until")).fill_null(False) | is_late
    # A page moves between silver and quarantine in two steps: meanwhile an older version of it lies in one of them.
    is_moving = ((nw.col("oldest_at") < held_at) & ~is_late).fill_null(False)
    is_amiss = ((places != 1) | (captured_at != held_at)).fill_null(True)
    wrong = (
        pages.join(settled, on="database_name", how="left")
        .join(_newest_moment(portfolio), how="cross")
        .filter(is_amiss, is_due.fill_null(False), ~is_moving)
        .with_columns(captured=captured_at.dt.to_string("%Y-%m-%d %H:%M"), held=held_at.dt.to_string("%Y-%m-%d %H:%M"))
    )
    message = (
        nw.when(captured_at.is_null())
        .then(sentence("The page {page_id} is in silver or in quarantine, but not in bronze."))
        .when(places == 0)
        .then(sentence("The page {page_id} is in bronze, but neither in silver nor in quarantine."))
        .when(places > 1)
        .then(sentence("The page {page_id} is in silver and quarantine at once, or several times in one of them."))
        .otherwise(sentence("The page {page_id} was captured on {captured} UTC; silver holds it as of {held} UTC."))
    )
    return broken(wrong, "page_id", message)


@captures.rule(
    Severity.ERROR,
    remedy="Rebuild the silver table from bronze; if the page still counts, report it.",
)
def deleted_pages_are_archived(portfolio: Portfolio) -> Frame:
    """A page that was captured as deleted is archived in silver, and counts nowhere."""
    deleted, version = portfolio.raw_pages.filter(nw.col("is_deleted")), [*PAGE, "captured_at"]
    once_deleted = portfolio.raw_pages.join(deleted.select(*PAGE).unique(), on=list(PAGE), how="semi")
    newest = once_deleted.group_by(*PAGE).agg(nw.col("captured_at").max())
    gone = deleted.join(newest, on=version, how="semi")
    wrong = _in_silver(portfolio, live_only=True).join(gone.select(*version), on=version, how="semi")
    return broken(wrong, "page_id", "The page {page_id} was deleted in Notion, and silver counts it.")


RULES: tuple[Rule, ...] = (*databases.rules, *captures.rules)
