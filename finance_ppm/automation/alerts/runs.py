"""Failed runs: an alert starts with the first that fails, and ends with one that succeeds.

Of a job the alert is about the job: its retries, and its later runs that fail too, belong to the same episode. A run of
tables that are no job (what a sensor asks for, or a person) is judged by its steps: the alert is about the step that
failed, and ends as soon as that step succeeds in whichever run. A past day that was run again stands for itself: only a
run of that day can make it well.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster._core.events import JobFailureData
from dagster._core.storage.tags import PARTITION_NAME_TAG

from finance_ppm.alerting.alert import Alert, Kind, Severity
from finance_ppm.automation.alerts.episodes import Condition, Survey
from finance_ppm.automation.alerts.links import run_link
from finance_ppm.dagster_home import step_words

FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]
"""A run that somebody cancelled neither failed nor made anything well."""

STEP_EVENTS = {dg.DagsterEventType.STEP_SUCCESS, dg.DagsterEventType.STEP_FAILURE}

NO_JOB = "__ASSET_JOB"
"""Name of the runs of tables that are no job."""

LATE = timedelta(days=1)
"""A run that ended so long before it changed, as one does that somebody tags, was looked at then."""


@dataclass(frozen=True)
class Runs:
    """The runs of an instance, and how one is shown."""

    instance: dg.DagsterInstance
    dagster_url: str
    mask: Callable[[str], str]

    def changed_after(self, since: datetime) -> tuple[list[Survey], datetime]:
        """What the runs say that changed after ``since``, in the order in which they ended; and the newest change.

        Looking at one again does no harm.
        """
        records = self.instance.get_run_records(dg.RunsFilter(statuses=FINISHED, updated_after=since))
        seen_until = max((record.update_timestamp for record in records), default=since)
        ended = sorted((record for record in records if _ended_at(record) >= since - LATE), key=_ended_at)
        return [self._survey(record) for record in ended], seen_until

    def _survey(self, record: dg.RunRecord) -> Survey:
        run, day, steps = record.dagster_run, self._past_day(record), self._steps(record.dagster_run)
        failed = {name: event for name, event in steps.items() if event.is_step_failure}
        # A success speaks for the day that was run again, and for whatever its partition is a day of.
        days = {day, run.tags.get(PARTITION_NAME_TAG)}
        well = {_subject("step", name, each) for name in steps.keys() - failed.keys() for each in days}
        if run.is_success:
            well |= {_subject("job", run.job_name, each) for each in days}
        active: list[Condition] = []
        if run.job_name != NO_JOB:
            active += (
                [] if run.is_success else [self._condition(run, "job", run.job_name, day, self._words(run, failed))]
            )
        elif run.is_success or failed:  # it came to its end by itself
            active += [self._condition(run, "step", name, day, step_words(event)) for name, event in failed.items()]
            well.add(_subject("run", NO_JOB))
        else:
            active.append(self._condition(run, "run", NO_JOB, None, self._words(run, failed)))
        return Survey(_ended_at(record), tuple(active), frozenset(well))

    def _past_day(self, record: dg.RunRecord) -> str | None:
        """The run's partition, where it was a past day when the first of its attempts began."""
        run = record.dagster_run
        first = self.instance.get_run_record_by_id(run.root_run_id) if run.root_run_id else None
        partition = run.tags.get(PARTITION_NAME_TAG)
        return partition if partition and partition < f"{(first or record).create_timestamp:%Y-%m-%d}" else None

    def _condition(self, run: dg.DagsterRun, what: str, name: str, day: str | None, words: str) -> Condition:
        title = "A run was broken off, or never began" if what == "run" else f"The {what} {name} failed"
        return Condition(
            kind=Kind.RUN,
            subject=_subject(what, name, day),
            severity=Severity.ERROR,
            title=f"{title} for {day}" if day else title,
            detail=self.mask(
                next((line.strip() for line in words.splitlines() if line.strip()), "No reason was told.")
            ),
            remedy="Open the run: its events say what happened.",
            links=(run_link(self.dagster_url, run.run_id),),
            run_id=run.run_id,
        )

    def _steps(self, run: dg.DagsterRun) -> dict[str, dg.DagsterEvent]:
        """How each step of the run ended."""
        found = {}
        for record in self.instance.get_records_for_run(run.run_id, of_type=STEP_EVENTS).records:
            event = record.event_log_entry.dagster_event
            if event and event.step_key:
                found[event.step_key] = event
        return found

    def _words(self, run: dg.DagsterRun, failed: Mapping[str, dg.DagsterEvent]) -> str:
        """What the first failed step said, else what was said of the run."""
        for name, step in failed.items():
            return f"{name}: {step_words(step)}"
        failure = dg.DagsterEventType.RUN_FAILURE
        for record in self.instance.get_records_for_run(run.run_id, of_type=failure, limit=1).records:
            if event := record.event_log_entry.dagster_event:
                # Whoever notices a run that died, as run monitoring does, leaves words and no data.
                data = event.event_specific_data
                error = data.error if isinstance(data, JobFailureData) else None
                return error.message if error else event.message or ""
        return ""


def survey_names(alerts: Iterable[Alert], names: Collection[str], now: datetime) -> Survey:
    """Whether the jobs and steps that ``alerts`` are about still exist; of those that do, this says no more."""
    about = frozenset(alert.subject for alert in alerts if alert.kind is Kind.RUN)
    there = frozenset(subject for subject in about if subject.split()[1] in {*names, NO_JOB})
    return Survey(now, unclear=there, covers=frozenset({Kind.RUN}))


def _subject(what: str, name: str, day: str | None = None) -> str:
    return f"{what} {name} for {day}" if day else f"{what} {name}"


def _ended_at(record: dg.RunRecord) -> datetime:
    return datetime.fromtimestamp(record.end_time, UTC) if record.end_time else record.update_timestamp
