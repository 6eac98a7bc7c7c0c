"""The asset of ``bronze/erasures``: it adds nothing, `finance-ppm forget` writes the table."""

from datetime import date

import dagster as dg
import polars as pl

from finance_ppm.assets.spec import table_asset
from finance_ppm.contracts.bronze import Erasures
from finance_ppm.lakehouse.lake import Lake


@table_asset(Erasures)
def erasures(context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake]) -> pl.DataFrame:
    """Tells how many pages were forgotten on the day, and how many erasures were begun and never completed."""
    day = date.fromisoformat(context.partition_key)
    told = lake.scan(Erasures).select(
        forgotten=(pl.col("forgotten_at").dt.date() == day).sum(), unfinished=pl.col("forgotten_at").is_null().sum()
    )
    forgotten, unfinished = told.collect().row(0)
    context.add_output_metadata({"pages forgotten on the day": forgotten, "erasures not completed": unfinished})
    return Erasures.create_empty()
