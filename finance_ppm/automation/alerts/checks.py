"""Failed asset checks, as they stand now.

A check counts by its last result. One that is planned or under way has none yet; one of a past day that was computed
again says nothing of the present, nor does one that could not be asked.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import dagster as dg
from dagster._core.storage.asset_check_execution_record import (
    COMPLETED_ASSET_CHECK_EXECUTION_RECORD_STATUSES as FINISHED,
)
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecord

from finance_ppm.alerting.alert import Kind, Severity
from finance_ppm.automation.alerts.episodes import Condition, Survey
from finance_ppm.automation.alerts.links import check_link, row_links, run_link
from finance_ppm.quality.asking import NOT_ASKED

BACK = 50
"""Results that are looked through for one of the present."""

AGAIN_AFTER = timedelta(minutes=2)
"""A run that was planned before another may end after it; how soon that is noticed."""

Result = AssetCheckExecutionRecord | None


@dataclass
class Results:
    """The last results of checks. Dagster is asked once for all of them.

    Where the newest row is no result of the present, a check's history is asked, which takes long where that is long:
    the answer is remembered for a while.
    """

    _known: dict[dg.AssetCheckKey, tuple[int, datetime, Result]] = field(default_factory=dict)

    def of(
        self, instance: dg.DagsterInstance, keys: Sequence[dg.AssetCheckKey], now: datetime
    ) -> dict[dg.AssetCheckKey, Result]:
        """The last result of each; None where there is none."""
        newest = instance.event_log_storage.get_latest_asset_check_execution_by_key(keys)
        return {key: self._result(instance, row, now) if (row := newest.get(key)) else None for key in keys}

    def _result(self, instance: dg.DagsterInstance, newest: AssetCheckExecutionRecord, now: datetime) -> Result:
        if _is_present(newest, now.date()):
            return newest
        row, asked_at, result = self._known.get(newest.key, (None, now, None))
        if row != newest.id or now - asked_at >= AGAIN_AFTER:
            result = next((one for one in _history(instance, newest.key) if _is_present(one, now.date())), None)
            self._known[newest.key] = (newest.id, now, result)
        return result


def survey_checks(
    instance: dg.DagsterInstance, specs: Iterable[dg.AssetCheckSpec], results: Results, dagster_url: str, now: datetime
) -> Survey:
    """What each check said last. A check without a result is unclear, one that is no more is gone."""
    by_key = {spec.key: spec for spec in specs}
    active, well, unclear = [], set(), set()
    for key, result in results.of(instance, list(by_key), now).items():
        if result is None or result.evaluation is None:
            unclear.add(_subject(key))
        elif result.evaluation.passed:
            well.add(_subject(key))
        else:
            active.append(_condition(by_key[key], result, dagster_url))
    return Survey(now, tuple(active), frozenset(well), frozenset(unclear), covers=frozenset({Kind.CHECK}))


def _history(instance: dg.DagsterInstance, key: dg.AssetCheckKey) -> Iterator[AssetCheckExecutionRecord]:
    """The newest first; mostly the first will do, and each is a large text."""
    history = instance.event_log_storage.get_asset_check_execution_history
    yield from history(key, limit=1, status=FINISHED)
    yield from history(key, limit=BACK, status=FINISHED)


def _is_present(row: AssetCheckExecutionRecord, today: date) -> bool:
    """Whether it is a result, and not one of a day that was past by then, nor of a check that was not asked."""
    if row.status not in FINISHED or row.evaluation is None or NOT_ASKED in row.evaluation.metadata:
        return False
    told = row.evaluation.metadata.get("as of")
    judged_on = datetime.fromtimestamp(row.create_timestamp, UTC).date()
    return told is None or date.fromisoformat(str(told.value)) >= min(judged_on, today)


def _condition(spec: dg.AssetCheckSpec, row: AssetCheckExecutionRecord, dagster_url: str) -> Condition:
    evaluation = row.evaluation
    assert evaluation is not None  # the caller looked
    table = "/".join(spec.asset_key.path)
    run = (run_link(dagster_url, row.run_id),) if row.run_id else ()
    return Condition(
        kind=Kind.CHECK,
        subject=_subject(spec.key),
        severity=_severity(spec, evaluation.severity),
        title=f"{spec.name} fails on {table}",
        detail=evaluation.description or spec.description or f"The check {spec.name} of {table} failed.",
        remedy=_text(spec.metadata.get("remedy")),
        tables=(table,),
        links=(check_link(dagster_url, spec.asset_key.path, spec.name), *run, *row_links(_rows(evaluation.metadata))),
        run_id=row.run_id or None,
    )


def _severity(spec: dg.AssetCheckSpec, found: dg.AssetCheckSeverity) -> Severity:
    """The rule's own, which knows INFO too; else Dagster's."""
    own = _text(spec.metadata.get("severity"))
    return Severity(own) if own in set(Severity) else Severity(found.value)


def _rows(metadata: Mapping[str, dg.MetadataValue]) -> list[str]:
    """Addresses of the failing rows that stand beside the result."""
    table = metadata.get("failing rows")
    if not isinstance(table, dg.TableMetadataValue):
        return []
    return [str(record.data["notion_url"]) for record in table.records if record.data.get("notion_url")]


def _text(value: Any) -> str | None:
    told = value.value if isinstance(value, dg.MetadataValue) else value
    return told if isinstance(told, str) else None


def _subject(key: dg.AssetCheckKey) -> str:
    return f"check {'/'.join(key.asset_key.path)} {key.name}"
