"""Alerts: what somebody was, or is to be, told of the pipeline, and how far each message has come."""

from datetime import timedelta

import dataframely as dy

from finance_ppm.contracts.base import Freshness, Layer, Table, TableInfo, Write, stamp

FRESHNESS = Freshness(warn=timedelta(hours=24), fail=timedelta(hours=48))


class Alerts(Table):
    """One episode of something being wrong: from when it was seen to when it was over.

    What is told of it is as it was at its start; a row changes once, when it ends.
    """

    info = TableInfo(
        layer=Layer.GOLD, name="alerts", write=Write.KEYED, freshness=FRESHNESS, owner="team:data-platform"
    )

    alert_id = dy.String(primary_key=True, description="Hash of what is wrong and when it began; in every message.")
    kind = dy.String(description="check, run, freshness, metric, source or settings.")
    subject = dy.String(description="What it is about: an asset check, a job, a table, a threshold, a source, a file.")
    severity = dy.String(description="ERROR, WARN or INFO.")
    title = dy.String(description="What is wrong, in a few words.")
    detail = dy.String(description="The same in a sentence or two.")
    remedy = dy.String(nullable=True, description="What to do about it, where that is known.")
    tables = dy.List(dy.String(), description="Tables concerned, `layer/table`.")
    links = dy.List(
        dy.Struct({"label": dy.String(), "url": dy.String()}),
        description="Where to look: the run, the check, the rows. The link to a row holds its id, and no words of it.",
    )
    run_id = dy.String(nullable=True, description="The run of Dagster's that showed it, where one did.")
    started_at = dy.Datetime(time_zone="UTC", description="When it was first seen; of a run, when that ended.")
    ended_at = dy.Datetime(nullable=True, time_zone="UTC", description="When it was over; null while it lasts.")
    outcome = dy.String(
        nullable=True,
        description="How it ended: resolved (it is well again), eased (it is less grave now, which is an alert of its "
        "own), gone (what it was about is there no more); null while it lasts.",
    )
    written_at = dy.Datetime(time_zone="UTC", description="When the row was written.", metadata=stamp())


class AlertDeliveries(Table):
    """What one receiver is told of one alert: that it started, or that it ended."""

    info = TableInfo(
        layer=Layer.GOLD, name="alert_deliveries", write=Write.KEYED, freshness=FRESHNESS, owner="team:data-platform"
    )

    alert_id = dy.String(primary_key=True, description="The alert.")
    event = dy.String(primary_key=True, description="started or ended.")
    receiver = dy.String(primary_key=True, description="slack, teams, webhook or email.")
    queued_at = dy.Datetime(time_zone="UTC", description="When it became due.")
    status = dy.String(
        description="waiting (to be sent, or sent again), sent (the receiver took it), refused (the receiver will "
        "never take it as it is; `finance-ppm alerts resend` tries again)."
    )
    message_id = dy.String(
        nullable=True,
        description="The message it is told in, the same at each attempt; several may share one. Null until the first "
        "attempt.",
    )
    attempts = dy.Int32(description="Attempts so far, one that is under way included.")
    last_attempt_at = dy.Datetime(nullable=True, time_zone="UTC", description="When the last attempt began.")
    next_attempt_at = dy.Datetime(
        nullable=True, time_zone="UTC", description="When it is tried again at the earliest; null unless it waits."
    )
    sent_at = dy.Datetime(nullable=True, time_zone="UTC", description="When the receiver took it.")
    last_error = dy.String(
        nullable=True, description="Why the last attempt failed; null where it did not. Holds no address."
    )
    written_at = dy.Datetime(time_zone="UTC", description="When the row was written.", metadata=stamp())


ALERT_TABLES: tuple[type[Table], ...] = (Alerts, AlertDeliveries)
