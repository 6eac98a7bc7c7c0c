"""The lake as a day saw it: the present for today, an exact rebuild from bronze for any day before.

A past day's silver is rebuilt from the page versions captured before its end, and from Azure's snapshots until then,
so it does not depend on commit clocks or on retention; Delta's own time travel goes by wall clock and is kept for
restoring. Which property feeds a column is known for today alone, and so is the tag that names the project: a past day
is rebuilt with today's, and shows what was mapped otherwise then as it is mapped now.
"""

from collections.abc import Collection, Iterable
from collections.abc import Set as AbstractSet
from datetime import date, datetime

import narwhals.stable.v2 as nw
import polars as pl

from finance_ppm.clock import Clock
from finance_ppm.contracts import Layer, Table, full_name, history_of
from finance_ppm.contracts.azure import (
    AZURE_BRONZE_TABLES,
    AZURE_SILVER_TABLES,
    AdvisorSummary,
    AzureAdvisorAllocations,
    AzureAdvisorRecommendations,
    AzureAdvisorRecs,
    AzureResources,
    AzureSnapshots,
)
from finance_ppm.contracts.bronze import NotionRawPages, NotionSyncWatermarks
from finance_ppm.contracts.finance import PpmForecast, PpmForecastMonthly, PpmProjectHealth
from finance_ppm.contracts.fx import FxRates
from finance_ppm.contracts.gold import DataQualityIssues, PpmBudgetVsActual
from finance_ppm.contracts.silver import PAGE_TABLES, SILVER_TABLES, Quarantine
from finance_ppm.errors import NeverCapturedError
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.pipeline.azure_silver import azure_inventory, azure_recommendations
from finance_ppm.pipeline.silver import day_end, typed_newest, unsettled_pages
from finance_ppm.sources.azure.rows import Dataset
from finance_ppm.transforms.portfolio import Portfolio
from finance_ppm.transforms.silver import Silver


def first_capture(lake: Lake) -> datetime | None:
    """When the first page version was captured; None where nothing ever was."""
    first: datetime | None = lake.scan(NotionRawPages).select(pl.col("captured_at").min()).collect().item()
    return first


def require_captured(lake: Lake, day: date) -> None:
    """Raise :class:`NeverCapturedError`, naming the first day there is, where nothing was captured by ``day``."""
    first = first_capture(lake)
    if first is not None and first < day_end(day):
        return
    if first is not None:
        raise NeverCapturedError(
            f"Nothing was captured on or before {day}: the first day there is, is {first.date()}; "
            "ask for that day or a later one."
        )
    if lake.scan(NotionSyncWatermarks).select(pl.len()).collect().item() == 0:
        raise NeverCapturedError(
            f"Nothing was ever captured in {lake.uri}: run `notion-sync sync`, or materialise "
            "bronze/notion_raw_pages for today, first."
        )


_PORTFOLIO: dict[str, type[Table]] = {
    **PAGE_TABLES,
    "quarantine": Quarantine,
    "raw_pages": NotionRawPages,
    "watermarks": NotionSyncWatermarks,
    "azure_resources": AzureResources,
    "azure_recommendations": AzureAdvisorRecommendations,
    "azure_snapshots": AzureSnapshots,
    "fx_rates": FxRates,
    "budget_vs_actual": PpmBudgetVsActual,
    "forecast": PpmForecast,
    "forecast_monthly": PpmForecastMonthly,
    "project_health": PpmProjectHealth,
    "issues": DataQualityIssues,
    "advisor_recs": AzureAdvisorRecs,
    "advisor_allocations": AzureAdvisorAllocations,
    "advisor_summary": AdvisorSummary,
}

_MADE_FROM: dict[type[Table], Dataset] = {
    AzureResources: Dataset.RESOURCES,
    AzureAdvisorRecommendations: Dataset.ADVISOR,
}
"""The dataset whose snapshots a silver table of Azure's waits for."""


AZURE_WANTED = frozenset((*AZURE_SILVER_TABLES, AzureSnapshots))
"""Tables that say something without Notion."""


def _is_wanted(table: type[Table], of: Collection[type[Table]] | None) -> bool:
    return table.info.layer is not Layer.GOLD if of is None else table in of


def _count(rows: pl.LazyFrame) -> int:
    return int(rows.select(pl.len()).collect().item())


class PointInTime:
    """Reads any table as of a day. ``day`` None means today.

    ``project_tag`` is the Azure tag that names a resource's project (PPM_AZURE_PROJECT_TAG).
    """

    def __init__(self, lake: Lake, clock: Clock, *, project_tag: str = "ppm-project") -> None:
        self._lake = lake
        self._clock = clock
        self._project_tag = project_tag

    def __call__(self, table: type[Table], day: date | None = None) -> pl.LazyFrame:
        """The table's rows as ``day`` saw them, with the contract's columns.

        Raises :class:`NeverCapturedError` for a day before the first capture of Notion's pages. Before the first
        snapshot of Azure, which may be younger, its tables are empty.
        """
        today = self._clock.today()
        day = day or today
        if table.info.layer is Layer.SILVER and day < today and table not in AZURE_SILVER_TABLES:
            require_captured(self._lake, day)
        return self._seen(table, day)

    def _seen(self, table: type[Table], day: date) -> pl.LazyFrame:
        """The table as ``day`` saw it, be it that nothing was captured by then."""
        layer = table.info.layer
        if layer is Layer.BRONZE:
            return self._bronze(table, day)
        if day >= self._clock.today():
            return self._lake.scan(table)
        if layer is Layer.SILVER:
            return self._rebuilt(table, day)
        if layer is Layer.GOLD and table.info.history:
            return self._lake.scan(history_of(table)).filter(pl.col("as_of_date") == day)
        return self._lake.scan(table)

    def portfolio(
        self,
        day: date | None = None,
        *,
        of: Collection[type[Table]] | None = None,
        beside: Collection[type[Table]] = (),
    ) -> Portfolio:
        """Everything gold is computed from, as ``day`` saw it, held in memory: many rules look at it many times.

        ``of`` names the tables that are wanted, which must have been made; the others are empty, so that nobody leans
        on a table undeclared. Without it all are there but gold's; ``beside`` names those of gold that are wanted too.
        """
        day = day or self._clock.today()
        if not self._is_of_azure_alone(of):
            require_captured(self._lake, day)
        if of is not None and day >= self._clock.today():
            self._require_made(set(of))
        # Gold first, and bronze after silver: another run may be at work, and what it is made from is never older.
        ordered = sorted(_PORTFOLIO.items(), key=lambda told: told[1].info.layer is not Layer.GOLD)
        frames = {
            name: self._held(table, day) if table in beside or _is_wanted(table, of) else table.create_empty()
            for name, table in ordered
        }
        return Portfolio(as_of=day, **{name: nw.from_native(frame.lazy()) for name, frame in frames.items()})

    def earlier(self, table: type[Table], day: date) -> pl.LazyFrame:
        """The snapshots that a gold table keeps of the days before ``day``."""
        return self._lake.scan(history_of(table)).filter(pl.col("as_of_date") < day)

    def versions(self, tables: Iterable[type[Table]], day: date) -> dict[type[Table], str]:
        """A name for what each of ``tables`` holds of ``day``, another one once it was written anew.

        Of today alone: what a past day saw is rebuilt.
        """
        if day < self._clock.today():
            return {}
        return {table: self._version(table, day) for table in tables}

    def _version(self, table: type[Table], day: date) -> str:
        if table.info.history:
            return self._lake.stored_version(history_of(table), {"as_of_date": day})
        return self._lake.stored_version(table)

    def is_of(self, table: type[Table], day: date) -> bool:
        """Whether a gold table that keeps its days was made for ``day``. One that never held a row is of any day since
        it was first made.
        """
        made: date | None = self._seen(table, day).select(pl.col("as_of_date").max()).collect().item()
        if made is None:
            return self._lake.exists(table) and not self._lake.count(history_of(table))
        return made == day

    def is_empty(self, table: type[Table], day: date) -> bool:
        """Whether the table holds no row, as ``day`` saw it."""
        return not _count(self._seen(table, day))

    def _is_of_azure_alone(self, tables: Collection[type[Table]] | None) -> bool:
        """Whether Azure is wanted and Notion was never read: then there are no projects, and nobody's savings."""
        if tables is not None and not AZURE_WANTED & set(tables):
            return False
        return first_capture(self._lake) is None and bool(_count(self._lake.scan(AzureSnapshots)))

    def _require_made(self, tables: AbstractSet[type[Table]]) -> None:
        """Raise where a silver table was never made though pages, or Azure's snapshots, wait for it: an empty one would
        look like a figure.
        """
        never_made = [table for table in SILVER_TABLES if table in tables and not self._lake.exists(table)]
        pages = PAGE_TABLES.items() if never_made else ()
        waiting = {table for name, table in pages if not unsettled_pages(self._lake, name).is_empty()}
        for table in never_made:
            if table in waiting or (table is Quarantine and waiting):
                raise NeverCapturedError(
                    f"{full_name(table)} was never made, though pages were captured: materialise the silver tables for "
                    "today first, or run `notion-sync sync`."
                )
        for table in tables & _MADE_FROM.keys():
            of_dataset = self._lake.scan(AzureSnapshots).filter(pl.col("dataset") == _MADE_FROM[table])
            if not self._lake.exists(table) and _count(of_dataset):
                raise NeverCapturedError(
                    f"{full_name(table)} was never made, though Azure was captured: materialise the silver tables for "
                    "today first."
                )

    def _held(self, table: type[Table], day: date) -> pl.DataFrame:
        rows = self._seen(table, day)
        return (rows.drop("raw_payload") if table is NotionRawPages else rows).collect()

    def _bronze(self, table: type[Table], day: date) -> pl.LazyFrame:
        rows = self._lake.scan(table)
        if table is FxRates:
            return _rates_known(rows, day)
        if table in AZURE_BRONZE_TABLES:
            return rows.filter(pl.col("captured_on") <= day)
        return rows.filter(pl.col("captured_at") < day_end(day)) if table is NotionRawPages else rows

    def _rebuilt(self, table: type[Table], day: date) -> pl.LazyFrame:
        if table is AzureResources:
            return azure_inventory(self._lake, day, project_tag=self._project_tag).lazy()
        if table is AzureAdvisorRecommendations:
            return azure_recommendations(self._lake, day).lazy()
        if table is Quarantine:
            return pl.concat([self._typed(name, day).refused for name in PAGE_TABLES]).lazy()
        for name, page_table in PAGE_TABLES.items():
            if page_table is table:
                return self._typed(name, day).rows.lazy()
        raise ValueError(f"{full_name(table)} is not made of pages and cannot be rebuilt for a past day.")

    def _typed(self, name: str, day: date) -> Silver:
        return typed_newest(self._lake, name, before=day_end(day))


def _rates_known(versions: pl.LazyFrame, day: date) -> pl.LazyFrame:
    """The rate of each currency and day until ``day``, as ``day`` knew it: its newest version by then. A rate that was
    first read later, the history that comes with the first read, is as it was read first. Withdrawn ones are left out.
    """
    came_later = pl.col("captured_at") >= day_end(day)
    return (
        versions.filter(pl.col("rate_date") <= day)
        .sort(came_later, pl.when(came_later).then(1).otherwise(-1) * pl.col("captured_at").dt.epoch("us"))
        .unique(["currency", "rate_date"], keep="first", maintain_order=True)
        .filter(pl.col("rate").is_not_null())
    )
