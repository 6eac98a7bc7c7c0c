"""How the scheduled jobs fared, from Dagster's own run records.

Belongs here: reading run storage. Only runs of the scheduled jobs count: materialising a table by hand is not
a job, and leaves the status as it is.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime

import dagster as dg
import polars as pl
from dagster._core.events import JobFailureData

from finance_ppm.automation.jobs import ScheduledJob, next_tick
from finance_ppm.contracts import content_columns
from finance_ppm.contracts.gold import ControlRoomStatus
from finance_ppm.pipeline.silver import day_end

STATUSES = {
    dg.DagsterRunStatus.SUCCESS: "SUCCESS",
    dg.DagsterRunStatus.FAILURE: "FAILED",
    dg.DagsterRunStatus.CANCELED: "FAILED",
    dg.DagsterRunStatus.STARTED: "RUNNING",
    dg.DagsterRunStatus.CANCELING: "RUNNING",
}
"""Dagster's run status to the plan's; a run that waits to start is PENDING."""


def job_status(instance: dg.DagsterInstance, jobs: Iterable[ScheduledJob], as_of: date, now: datetime) -> pl.DataFrame:
    """One row per job: its last run created before the end of ``as_of``. Columns: the contract's, without stamps."""
    rows = [_row(instance, job, as_of, now) for job in jobs]
    schema = ControlRoomStatus.create_empty().select(content_columns(ControlRoomStatus)).schema
    return pl.DataFrame(rows, schema=schema)


def _row(instance: dg.DagsterInstance, job: ScheduledJob, as_of: date, now: datetime) -> dict[str, object]:
    records = instance.get_run_records(
        dg.RunsFilter(job_name=job.name, created_before=day_end(as_of)), limit=1, order_by="id"
    )
    last = records[0] if records else None
    started = _moment(last.start_time) if last else None
    ended = _moment(last.end_time) if last else None
    failed = last is not None and last.dagster_run.is_failure
    return {
        "job_id": job.name,
        "job_name": job.title,
        "last_run_id": last.dagster_run.run_id if last else None,
        "last_run_status": STATUSES.get(last.dagster_run.status, "PENDING") if last else "PENDING",
        "last_run_time": started,
        "last_run_duration_seconds": round((ended - started).total_seconds()) if started and ended else None,
        "next_run_time": None if _is_stopped(instance, f"{job.name}_schedule") else next_tick(job.cron, now),
        "error_message": _first_line_of_error(instance, last.dagster_run.run_id) if last and failed else None,
        "as_of_date": as_of,
    }


def _moment(timestamp: float | None) -> datetime | None:
    return None if timestamp is None else datetime.fromtimestamp(timestamp, UTC)


def _is_stopped(instance: dg.DagsterInstance, schedule_name: str) -> bool:
    """Somebody switched the schedule off; without a record it runs, as it does by default."""
    if instance.schedule_storage is None:  # an instance in memory, which runs no schedules
        return False
    states = [state for state in instance.all_instigator_state() if state.instigator_name == schedule_name]
    return any(not state.is_running for state in states)


def _first_line_of_error(instance: dg.DagsterInstance, run_id: str) -> str | None:
    """The failed step's own words where there are any, else the run's."""
    for kind in (dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.RUN_FAILURE):
        for record in instance.get_records_for_run(run_id, of_type=kind, limit=1).records:
            event = record.event_log_entry.dagster_event
            if event is None:
                continue
            if event.is_step_failure:
                data = event.step_failure_data
                error = data.user_failure_data.description if data.user_failure_data else None
                error = error or (data.error.cause or data.error).message if data.error else error
            else:
                data_of_run = event.event_specific_data  # none where the run never began, or was broken off
                failed = data_of_run if isinstance(data_of_run, JobFailureData) else None
                error = failed.error.message if failed and failed.error else event.message
            if error:
                return next((line.strip() for line in error.splitlines() if line.strip()), None)
    return None
