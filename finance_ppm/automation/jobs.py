"""Jobs and their schedules: the plan's names, one table of them.

Belongs here: what runs when by the clock. Running on changed data is ``conditions``; the tables of a job are
chosen by layer or key, so a new table joins by itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import dagster as dg

from finance_ppm.assets.spec import key
from finance_ppm.automation.maintenance import lake_maintenance
from finance_ppm.contracts.azure import AZURE_BRONZE_TABLES, AZURE_GOLD_TABLES, AZURE_SILVER_TABLES, AzureSnapshots
from finance_ppm.contracts.bronze import BRONZE_TABLES
from finance_ppm.contracts.fx import FX_TABLES
from finance_ppm.contracts.gold import ControlRoomStatus
from finance_ppm.contracts.silver import PAGE_TABLES, SILVER_TABLES
from finance_ppm.errors import SettingsError
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.pipeline.silver import unsettled_pages
from finance_ppm.quality.rules import RULES
from finance_ppm.resources import AzureSource, NotionSource
from finance_ppm.settings import HOW_TO_CONFIGURE_AZURE


@dataclass(frozen=True)
class ScheduledJob:
    """A job that runs by the clock."""

    name: str
    title: str
    """Its name for people, as in the plan."""
    cron: str
    """When it runs, in UTC."""
    selection: dg.AssetSelection | None
    """The tables it makes today's partition of; None for a job of its own kind."""
    description: str


NOTION_BRONZE = dg.AssetSelection.assets(*map(key, BRONZE_TABLES))
NOTION_SILVER = dg.AssetSelection.assets(*map(key, SILVER_TABLES))
AZURE_BRONZE = dg.AssetSelection.assets(*map(key, AZURE_BRONZE_TABLES))
FX_BRONZE = dg.AssetSelection.assets(*map(key, FX_TABLES))
AZURE_MADE = dg.AssetSelection.assets(*map(key, (*AZURE_SILVER_TABLES, *AZURE_GOLD_TABLES)))
HOW_AZURE_WAS_READ = dg.AssetSelection.checks(
    *(dg.AssetCheckKey(key(rule.table), rule.name) for rule in RULES if rule.table is AzureSnapshots)
)
"""Rules that speak of a read that did not come, too: they are asked each day, whatever became of it."""
SILVER = dg.AssetSelection.groups("silver")
STATUS = dg.AssetSelection.assets(key(ControlRoomStatus))
GOLD = dg.AssetSelection.groups("gold") - STATUS

SCHEDULED_JOBS: tuple[ScheduledJob, ...] = (
    ScheduledJob(
        "notion_sync_bronze",
        "[PPM] Notion Sync Bronze",
        "*/5 * * * *",
        NOTION_BRONZE,
        "Reads what changed in Notion. A quiet portfolio adds nothing, and moves nothing behind it.",
    ),
    ScheduledJob(
        "notion_transform_silver",
        "[PPM] Transform Silver",
        "*/10 * * * *",
        NOTION_SILVER,
        "Types the captured pages that silver does not hold yet; passes over the tick where it holds them all. "
        "Changed data starts the same work at once, by sensor.",
    ),
    ScheduledJob(
        "ppm_marts_gold",
        "[PPM] Compute Gold Marts",
        "0 * * * *",
        GOLD,
        "Computes gold for today. Changed data starts the same work at once, by sensor.",
    ),
    ScheduledJob(
        "azure_rg_ingest_bronze",
        "[PPM] Azure Resource Graph Ingest",
        "0 6 * * *",
        AZURE_BRONZE,
        "Reads Azure's inventory and Advisor's recommendations as the day's snapshot.",
    ),
    ScheduledJob(
        "azure_advisor_transform",
        "[PPM] Azure Advisor Transform",
        "30 6 * * *",
        AZURE_MADE,
        "Types the inventory and the recommendations, and adds up their savings. Changed data starts the same work at "
        "once, by sensor.",
    ),
    ScheduledJob(
        "fx_rates_ingest_bronze",
        "[PPM] Exchange Rates Ingest",
        "30 15 * * *",
        FX_BRONZE,
        "Reads the day's exchange rates, published at about 16:00 in Frankfurt, and what was corrected since.",
    ),
    ScheduledJob(
        "control_room_status_refresh",
        "[PPM] Control Room Status",
        "*/15 * * * *",
        STATUS,
        "Notes how each job fared last and when it runs next.",
    ),
    ScheduledJob(
        lake_maintenance.name,
        lake_maintenance.tags["title"],
        "15 2 * * *",
        None,
        "Keeps the lake small and fast: gold's old snapshots, small files, files of older versions.",
    ),
    ScheduledJob(
        "new_day",
        "[PPM] New Day",
        "5 0 * * *",
        NOTION_BRONZE | FX_BRONZE | SILVER | GOLD | STATUS | HOW_AZURE_WAS_READ,
        "Makes every table for the new day, so that a quiet day has its figures too. Azure is read at 06:00; until "
        "then the new day's figures come from the snapshot before.",
    ),
)


JOBS = [
    dg.define_asset_job(
        scheduled.name,
        selection=scheduled.selection,
        description=scheduled.description,
        tags={"title": scheduled.title},
    )
    for scheduled in SCHEDULED_JOBS
    if scheduled.selection is not None
]
"""Jobs that make tables; ``automation.maintenance`` has the one that makes none."""


TABLES_ALONE = "tables_alone"
JOBS.append(
    dg.define_asset_job(
        TABLES_ALONE,
        selection=dg.AssetSelection.all().without_checks(),
        description="Every table of a day without the asset checks; their figures are in gold/data_quality_metrics.",
    )
)


def schedule(scheduled: ScheduledJob) -> dg.ScheduleDefinition:
    """The job's schedule: today's partition at each tick, unless there is a reason to pass it over."""
    why_not = REASONS_TO_SKIP.get(scheduled.name)

    @dg.schedule(
        name=f"{scheduled.name}_schedule",
        cron_schedule=scheduled.cron,
        job_name=scheduled.name,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=scheduled.description,
    )
    def todays_partition(
        context: dg.ScheduleEvaluationContext,
        notion: dg.ResourceParam[NotionSource],
        azure: dg.ResourceParam[AzureSource],
        lake: dg.ResourceParam[Lake],
    ) -> dg.RunRequest | dg.SkipReason:
        reason = why_not(notion, azure, lake) if why_not else None
        if reason:
            return dg.SkipReason(reason)
        moment = context.scheduled_execution_time.astimezone(UTC)
        today = moment.date().isoformat() if scheduled.selection is not None else None
        return dg.RunRequest(run_key=moment.isoformat(), partition_key=today)

    return todays_partition


def next_tick(cron: str, after: datetime) -> datetime:
    """The first moment after ``after`` at which ``cron`` (UTC) fires."""
    from cronsim import CronSim

    return next(CronSim(cron, after.astimezone(UTC)))


def _notion_is_not_configured(notion: NotionSource, _azure: AzureSource, _lake: Lake) -> str | None:
    try:
        notion.config.require_notion()
    except SettingsError as error:
        return str(error)
    return None


def _azure_is_not_configured(_notion: NotionSource, azure: AzureSource, _lake: Lake) -> str | None:
    return None if azure.config.reads_azure else HOW_TO_CONFIGURE_AZURE


def _silver_is_up_to_date(_notion: NotionSource, _azure: AzureSource, lake: Lake) -> str | None:
    if any(len(unsettled_pages(lake, name)) for name in PAGE_TABLES):
        return None
    return "Silver and quarantine hold the newest version of every captured page."


REASONS_TO_SKIP: dict[str, Callable[[NotionSource, AzureSource, Lake], str | None]] = {
    "notion_sync_bronze": _notion_is_not_configured,
    "new_day": _notion_is_not_configured,
    "azure_rg_ingest_bronze": _azure_is_not_configured,
    "azure_advisor_transform": _azure_is_not_configured,
    "notion_transform_silver": _silver_is_up_to_date,
}
"""Job name to why a tick is passed over; None means that it is not."""
