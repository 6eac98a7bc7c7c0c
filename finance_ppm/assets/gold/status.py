"""Gold of the pipeline itself: how its jobs fared."""

from datetime import date

import dagster as dg
import polars as pl

from finance_ppm.assets.gold.computed import stamped
from finance_ppm.assets.spec import table_asset
from finance_ppm.automation.jobs import SCHEDULED_JOBS
from finance_ppm.automation.status import job_status
from finance_ppm.clock import Clock
from finance_ppm.contracts.gold import ControlRoomStatus


@table_asset(ControlRoomStatus)
def control_room_status(context: dg.AssetExecutionContext, clock: dg.ResourceParam[Clock]) -> pl.DataFrame:
    """From Dagster's own runs: how each scheduled job fared by the end of the day."""
    day = date.fromisoformat(context.partition_key)
    return stamped(ControlRoomStatus, job_status(context.instance, SCHEDULED_JOBS, day, clock.now()), clock)
