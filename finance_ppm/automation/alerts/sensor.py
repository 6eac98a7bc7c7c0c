"""The sensor that looks for what is alert-worthy, every half minute, and tells whom it concerns.

Open-source Dagster alerts on nothing itself. The sensor asks for no run; what it did stands beside its tick. Its cursor
is only how far the runs were looked at: without it they are looked at again.
"""

from datetime import datetime

import dagster as dg

from finance_ppm.alerting.receivers import Alerting
from finance_ppm.automation.alerts.watch import Memory, Seen, Watch, Watched
from finance_ppm.clock import Clock
from finance_ppm.lakehouse.errors import LakeBusyError
from finance_ppm.lakehouse.lake import Lake

EVERY = 30
"""Seconds from one look to the next."""


def alerts_sensor() -> dg.SensorDefinition:
    """The sensor. It asks for the resources ``lake``, ``clock`` and ``alerting``."""
    memory = Memory()
    watched: list[Watched] = []

    @dg.sensor(
        name="alerts_sensor",
        minimum_interval_seconds=EVERY,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Looks for failed checks and runs, stale tables and sources, and figures beyond their thresholds; "
        "tells the configured receivers once when each starts and once when it ends.",
    )
    def alerts(
        context: dg.SensorEvaluationContext,
        lake: dg.ResourceParam[Lake],
        clock: dg.ResourceParam[Clock],
        alerting: dg.ResourceParam[Alerting],
    ) -> dg.SkipReason:
        repository = context.repository_def
        assert repository is not None  # whoever evaluates a sensor of a repository gives it
        if not watched:
            watched.append(Watched.of(repository))
        watch = Watch(context.instance, lake, clock, alerting, watched[0], memory)
        try:
            seen = watch.look(datetime.fromisoformat(context.cursor) if context.cursor else None)
        except LakeBusyError as error:
            return dg.SkipReason(str(error))
        context.update_cursor(seen.runs_until.isoformat())
        return dg.SkipReason(_told(seen))

    return alerts


def _told(seen: Seen) -> str:
    told = f"{seen.open} open alerts; {seen.started} started, {seen.ended} ended, {seen.sent} messages sent."
    errors = " ".join(f"{receiver}: {error}" for receiver, error in seen.errors.items())
    return f"{told} Not delivered: {errors}" if errors else told
