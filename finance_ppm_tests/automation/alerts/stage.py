"""A small graph on a real Dagster instance, an empty lake, and what it takes to look at both for alerts.

Belongs here: making things go wrong and well again. Does not belong here: expectations.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.events import DagsterEvent, DagsterEventType
from dagster._core.execution.plan.objects import StepFailureData, StepSuccessData, UserFailureData
from dagster._core.storage.tags import PARTITION_NAME_TAG

from finance_ppm.alerting.receivers import Alerting
from finance_ppm.automation.alerts.watch import Seen, Watch, Watched
from finance_ppm.clock import FrozenClock
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.settings import Config

DAYS = dg.DailyPartitionsDefinition("2024-01-01", end_offset=1)
FRESH = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=24), warn_window=timedelta(hours=1))


@dataclass
class Weather:
    """What the graph's steps do: those named here fail."""

    failing: set[str] = field(default_factory=set)


@dataclass
class Stage:
    """Everything a test holds in its hands."""

    instance: dg.DagsterInstance
    lake: Lake
    clock: FrozenClock
    config: Config
    weather: Weather = field(default_factory=Weather)
    checks: tuple[str, ...] = ("amounts_hold", "names_hold")
    runs_until: datetime | None = None

    def graph(self) -> dg.RepositoryDefinition:
        """The graph with its present checks."""
        return definitions(self.weather, self.checks).get_repository_def()

    def look(self, **config: Any) -> Seen:
        """As the sensor does, at the moment the clock stands at; the clock goes on a minute."""
        told = self.config.model_copy(update=config)
        watch = Watch(self.instance, self.lake, self.clock, Alerting(told, self.clock), Watched.of(self.graph()))
        seen = watch.look(self.runs_until)
        self.runs_until = seen.runs_until
        self.wait(minutes=1)
        return seen

    def wait(self, **time: float) -> None:
        """The clock goes on."""
        self.clock.moment += timedelta(**time)

    def check(self, name: str, *, passed: bool, severity: str = "ERROR", **metadata: Any) -> None:
        """A check has a result."""
        self.instance.report_runless_asset_event(
            dg.AssetCheckEvaluation(
                asset_key=dg.AssetKey(["silver", "lines"]),
                check_name=name,
                passed=passed,
                severity=dg.AssetCheckSeverity(severity),
                description=None if passed else f"5 rows: {name}.",
                metadata=metadata,
            )
        )

    def execute(self, *, fails: bool = False, root: str | None = None) -> str:
        """A run of the job, from beginning to end; its id."""
        self.weather.failing = {"lines"} if fails else set()
        tags = {"dagster/root_run_id": root, "dagster/parent_run_id": root} if root else {}
        job = definitions(self.weather, self.checks).resolve_job_def("nightly")
        day = datetime.now(UTC).date().isoformat()
        result = job.execute_in_process(instance=self.instance, raise_on_error=False, partition_key=day, tags=tags)
        assert result.success is not fails
        return result.run_id

    def run(self, job: str = "nightly", *, day: str | None = None, root: str | None = None, fails: bool = False) -> str:
        """The events that a run of the job would leave; its id."""
        partition = {PARTITION_NAME_TAG: day or datetime.now(UTC).date().isoformat()}
        run = self.instance.create_run_for_job(
            self.graph().get_job(job), tags=partition, root_run_id=root, parent_run_id=root
        )
        words = UserFailureData("intentional-failure", "The lines could not be read.", {})  # type: ignore[no-untyped-call]  # Dagster's
        step, end = (
            (DagsterEventType.STEP_FAILURE, DagsterEventType.RUN_FAILURE)
            if fails
            else (DagsterEventType.STEP_SUCCESS, DagsterEventType.RUN_SUCCESS)
        )
        data = StepFailureData(None, words) if fails else StepSuccessData(1.0)  # type: ignore[no-untyped-call]  # Dagster's
        for event in (
            DagsterEvent(step.value, job, step_key="silver__lines", event_specific_data=data),
            DagsterEvent(end.value, job),
        ):
            self.instance.report_dagster_event(event, run.run_id)
        return run.run_id

    def broken_off(self, words: str) -> str:
        """A run ends before any of its steps; its id."""
        run = self.instance.create_run_for_job(self.graph().get_job("nightly"))
        self.instance.report_run_failed(run, words)
        return run.run_id


def definitions(weather: Weather, checks: tuple[str, ...]) -> dg.Definitions:
    """One table with checks, and a job that makes it."""

    @dg.asset(key=["silver", "lines"], partitions_def=DAYS, freshness_policy=FRESH)
    def lines() -> None:
        if "lines" in weather.failing:
            raise dg.Failure("The lines could not be read.", allow_retries=False)

    @dg.multi_asset_check(
        name="rules_hold",
        specs=[dg.AssetCheckSpec(name, asset=["silver", "lines"], metadata={"remedy": "Mend it."}) for name in checks],
        can_subset=True,
    )
    def rules_hold(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        for key in context.selected_asset_check_keys:
            yield dg.AssetCheckResult(asset_key=key.asset_key, check_name=key.name, passed=True)

    nightly = dg.define_asset_job("nightly", selection=dg.AssetSelection.assets(lines).without_checks())
    return dg.Definitions(assets=[lines], asset_checks=[rules_hold], jobs=[nightly], executor=dg.in_process_executor)


@contextmanager
def stage(folder: Path, instance: AbstractContextManager[dg.DagsterInstance], **config: Any) -> Iterator[Stage]:
    """A stage with nothing on it yet."""
    clock = FrozenClock(datetime.now(UTC))
    (folder / "alerts.yaml").touch()
    settings = Config(
        ppm_lakehouse_uri=str(folder / "lake"),
        ppm_alert_thresholds=folder / "alerts.yaml",
        ppm_fx_rates="none",
        **config,
    )
    with instance as opened:
        yield Stage(opened, Lake(settings.ppm_lakehouse_uri, clock=clock), clock, settings)
