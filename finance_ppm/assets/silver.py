"""Silver assets: the pages that a day touched, typed; and beside them what the tables refuse."""

from datetime import date

import dagster as dg

from finance_ppm.assets.spec import table_asset
from finance_ppm.automation.conditions import on_changed_data_or_after_failure
from finance_ppm.clock import Clock
from finance_ppm.contracts import PAGE_TABLES
from finance_ppm.contracts.bronze import NotionRawPages, NotionSyncWatermarks
from finance_ppm.contracts.silver import Quarantine
from finance_ppm.lakehouse.lake import Lake, Upsert
from finance_ppm.pipeline.silver import quarantine_upsert, silver_upsert, touched_pages

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


SILVER_ASSETS: list[dg.AssetsDefinition] = [*(_page_asset(name) for name in PAGE_TABLES), quarantine]
