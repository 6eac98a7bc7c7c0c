"""Tables that were not made in time, by Dagster's freshness policies.

Open-source Dagster judges freshness (its daemon does, every half minute) and tells nobody. A table that was never made
is UNKNOWN to it, which is no failure.
"""

from collections.abc import Mapping
from datetime import datetime

import dagster as dg
from dagster._core.definitions.freshness import FreshnessState

from finance_ppm.alerting.alert import Kind, Severity
from finance_ppm.automation.alerts.episodes import Condition, Survey
from finance_ppm.automation.alerts.links import table_link

SEVERITIES = {FreshnessState.WARN: Severity.WARN, FreshnessState.FAIL: Severity.ERROR}


def survey_freshness(
    instance: dg.DagsterInstance,
    policies: Mapping[dg.AssetKey, dg.FreshnessPolicy],
    dagster_url: str,
    now: datetime,
) -> Survey:
    """The state of each table that has a policy."""
    records = instance.get_freshness_state_records(list(policies)) if policies else {}
    states = {key: records[key].freshness_state if key in records else FreshnessState.UNKNOWN for key in policies}
    return Survey(
        now,
        active=tuple(
            _condition(key, policies[key], SEVERITIES[state], dagster_url)
            for key, state in states.items()
            if state in SEVERITIES
        ),
        well=frozenset(_subject(key) for key, state in states.items() if state is FreshnessState.PASS),
        unclear=frozenset(_subject(key) for key, state in states.items() if state is FreshnessState.UNKNOWN),
        covers=frozenset({Kind.FRESHNESS}),
    )


def _condition(key: dg.AssetKey, policy: dg.FreshnessPolicy, severity: Severity, dagster_url: str) -> Condition:
    table = "/".join(key.path)
    return Condition(
        kind=Kind.FRESHNESS,
        subject=_subject(key),
        severity=severity,
        title=f"{table} is not fresh",
        detail=f"{table} was not made in time{_limit(policy, severity)}.",
        remedy="Look at its last runs, and whether Dagster's daemon, the schedules and the sensors run.",
        tables=(table,),
        links=(table_link(dagster_url, key.path),),
    )


def _limit(policy: dg.FreshnessPolicy, severity: Severity) -> str:
    window = getattr(policy, "fail_window" if severity is Severity.ERROR else "warn_window", None)
    return f": {window.to_timedelta()} have passed since it last was (hours:minutes:seconds)" if window else ""


def _subject(key: dg.AssetKey) -> str:
    return f"freshness {'/'.join(key.path)}"
