"""Alerts and messages to try things with."""

from datetime import UTC, datetime, timedelta

from finance_ppm.alerting.alert import Alert, Event, Kind, Link, Outcome, Severity
from finance_ppm.alerting.message import Item, Message

NOW = datetime(2026, 6, 15, 9, 30, tzinfo=UTC)


def alert(number: int = 1, severity: Severity = Severity.ERROR, *, ended: bool = False, title: str = "") -> Alert:
    return Alert(
        alert_id=f"{number:032x}",
        kind=Kind.CHECK,
        subject=f"check silver/lines rule_{number}",
        severity=severity,
        title=title or f"rule_{number} fails on silver/lines",
        detail=f"{number} rows: amounts are positive.",
        started_at=NOW + timedelta(minutes=number),
        remedy="Correct the rows.",
        tables=("silver/lines",),
        links=(Link("Check", "http://127.0.0.1:3000/assets/silver/lines?view=checks&checkDetail=rule"),),
        run_id="5b9d6f1e",
        ended_at=NOW + timedelta(hours=1) if ended else None,
        outcome=Outcome.RESOLVED if ended else None,
    )


def message(*alerts: Alert, message_id: str = "0123456789abcdef") -> Message:
    return Message(
        message_id, NOW, tuple(Item(each, Event.STARTED if each.is_open else Event.ENDED) for each in alerts)
    )
