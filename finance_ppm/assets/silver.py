"""Silver assets: the pages that a day touched, typed, and beside them what the tables refuse; Azure as it is now."""

from datetime import date

import dagster as dg
import polars as pl

from finance_ppm.assets.spec import table_asset
from finance_ppm.automation.conditions import on_changed_data_or_after_failure
from finance_ppm.clock import Clock
from finance_ppm.contracts import PAGE_TABLES
from finance_ppm.contracts.azure import (
    AzureAdvisorRaw,
    AzureAdvisorRecommendations,
    AzureResources,
    AzureResourcesRaw,
    AzureSnapshots,
)
from finance_ppm.contracts.bronze import NotionRawPages, NotionSyncWatermarks
from finance_ppm.contracts.silver import Quarantine
from finance_ppm.lakehouse.lake import Lake, Upsert
from finance_ppm.pipeline.azure_silver import azure_inventory, azure_recommendations
from finance_ppm.pipeline.silver import quarantine_upsert, silver_upsert, touched_pages
from finance_ppm.resources import AzureSource

FROM_BRONZE = (NotionRawPages, NotionSyncWatermarks)


def _page_asset(database: str) -> dg.AssetsDefinition:
    table = PAGE_TABLES[database]

    @table_asset(table, deps=FROM_BRONZE, automation=on_changed_data_or_after_failure())
    def typed_pages(
        context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake], clock: dg.ResourceParam[Clock]
    ) -> Upsert:
        day = date.fromisoformat(context.partition_key)
        return silver_upsert(lake, database, touched_pages(lake, database, day, clock.today()))

    return typed_pages


@table_asset(Quarantine, deps=FROM_BRONZE, automation=on_changed_data_or_after_failure())
def quarantine(
    context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake], clock: dg.ResourceParam[Clock]
) -> Upsert:
    """The complement of the five tables: the same validating function over the same pages, keeping what they refuse."""
    day = date.fromisoformat(context.partition_key)
    touched = {name: touched_pages(lake, name, day, clock.today()) for name in PAGE_TABLES}
    return quarantine_upsert(lake, touched)


@table_asset(AzureResources, deps=(AzureResourcesRaw, AzureSnapshots), automation=on_changed_data_or_after_failure())
def azure_resources(
    lake: dg.ResourceParam[Lake],
    azure: dg.ResourceParam[AzureSource],
    clock: dg.ResourceParam[Clock],
) -> pl.DataFrame:
    """The present inventory, whichever day's partition asks: a past day's is rebuilt where it is needed."""
    return azure_inventory(lake, clock.today(), project_tag=azure.config.ppm_azure_project_tag)


@table_asset(
    AzureAdvisorRecommendations,
    deps=(AzureAdvisorRaw, AzureResourcesRaw, AzureSnapshots),
    automation=on_changed_data_or_after_failure(),
)
def azure_advisor_recommendations(lake: dg.ResourceParam[Lake], clock: dg.ResourceParam[Clock]) -> pl.DataFrame:
    """Every recommendation that was ever seen, with what became of it until today."""
    return azure_recommendations(lake, clock.today())


SILVER_ASSETS: list[dg.AssetsDefinition] = [
    *(_page_asset(name) for name in PAGE_TABLES),
    quarantine,
    azure_resources,
    azure_advisor_recommendations,
]
