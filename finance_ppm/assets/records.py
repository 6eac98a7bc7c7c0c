"""Assets of tables that the graph does not write: what people did, and what they were told.

Each adds nothing. It tells what happened on the day, and gives the table its place in the catalogue.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import dagster as dg
import polars as pl

from finance_ppm.assets.spec import table_asset
from finance_ppm.contracts import Table
from finance_ppm.contracts.alerts import AlertDeliveries, Alerts
from finance_ppm.contracts.bronze import Erasures
from finance_ppm.contracts.closes import PpmMonthCloseLines, PpmMonthCloses
from finance_ppm.lakehouse.lake import Lake


def _record(table: type[Table], told: Callable[[date], Mapping[str, pl.Expr]]) -> dg.AssetsDefinition:
    """The asset of ``table``; ``told`` are the figures that it shows of a day."""

    @table_asset(table)
    def record(context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake]) -> pl.DataFrame:
        figures = lake.scan(table).select(**told(date.fromisoformat(context.partition_key))).collect()
        shown: dict[str, Any] = {name.replace("_", " "): value for name, value in figures.row(0, named=True).items()}
        context.add_output_metadata(shown)
        return table.create_empty()

    return record


def _on(column: str, day: date) -> pl.Expr:
    return (pl.col(column).dt.date() == day).sum()


erasures = _record(
    Erasures,
    lambda day: {
        "pages_forgotten_on_the_day": _on("forgotten_at", day),
        "erasures_not_completed": pl.col("forgotten_at").is_null().sum(),
    },
)
month_closes = _record(
    PpmMonthCloses,
    lambda day: {"months_closed_on_the_day": _on("closed_at", day), "months_closed": pl.col("period").n_unique()},
)
month_close_lines = _record(
    PpmMonthCloseLines,
    lambda day: {"figures_closed_on_the_day": _on("closed_at", day), "figures": pl.len()},
)
alerts = _record(
    Alerts,
    lambda day: {"alerts_of_the_day": _on("started_at", day), "alerts_open": pl.col("ended_at").is_null().sum()},
)
alert_deliveries = _record(
    AlertDeliveries,
    lambda day: {
        "messages_of_the_day": _on("queued_at", day),
        "messages_not_delivered": (pl.col("status") != "sent").sum(),
    },
)

RECORDS: list[dg.AssetsDefinition] = [erasures, month_closes, month_close_lines, alerts, alert_deliveries]
