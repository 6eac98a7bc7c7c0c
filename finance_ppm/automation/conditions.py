"""Conditions under which a table is made again, by name.

All of them speak of today's partition alone: a past day changes only when somebody asks for it. They react to
a changed *data version*, not to a mere materialisation, so the sync may run every five minutes over a quiet
portfolio and nothing behind it moves.
"""

from typing import Any

import dagster as dg

Condition = dg.AutomationCondition[Any]

RETRY_CRON = "*/10 * * * *"


def on_changed_data(*, ignoring: dg.AssetSelection | None = None) -> Condition:
    """Today's partition, once for each change of an input's data, unless it is being made or an input is suspect.

    ``ignoring`` names inputs whose change alone is no reason: what they bring arrives by way of the others.
    ``eager`` would fire on every materialisation of an input; ``on_missing`` never fires for a partition that
    existed before the condition did.
    """
    any_input = dg.AutomationCondition.any_deps_match(dg.AutomationCondition.data_version_changed())
    changed: Condition = any_input.ignore(ignoring) if ignoring is not None else any_input
    return (_today() & changed.since_last_handled() & _safe()).with_label("changed data")


def on_changed_data_or_after_failure() -> Condition:
    """As :func:`on_changed_data`; and a failed attempt is made again at the next tenth minute.

    Changed data is asked for once: without this, a step that failed would wait for the next edit in Notion.
    """
    failed: Condition = dg.AutomationCondition.execution_failed()
    tenth_minute: Condition = dg.AutomationCondition.cron_tick_passed(RETRY_CRON)
    again = _today() & failed & tenth_minute.since_last_handled() & _safe()
    return on_changed_data() | again.with_label("failed before")


def _today() -> Condition:
    """The newest day's partition."""
    return dg.AutomationCondition.in_latest_time_window()


def _safe() -> Condition:
    """Nothing concerned is in progress, and no blocking check of an input has failed."""
    return (
        ~dg.AutomationCondition.in_progress()
        & ~dg.AutomationCondition.any_deps_in_progress()
        & dg.AutomationCondition.all_deps_blocking_checks_passed()
    )
