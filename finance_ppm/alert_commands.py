"""``finance-ppm alerts``: what is wrong, who was told, and whether they can be told. Each command is a few lines.

Belongs here: arguments, their help, and what is shown. The work is in the rooms.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from finance_ppm import terminal
from finance_ppm.clock import SystemClock
from finance_ppm.errors import SettingsError
from finance_ppm.options import AsJson
from finance_ppm.settings import Config

if TYPE_CHECKING:
    from finance_ppm.alerting.alert import Alert
    from finance_ppm.alerting.delivery import Attempt
    from finance_ppm.alerting.outbox import Delivery
    from finance_ppm.lakehouse.lake import Lake

NO_RECEIVER = (
    "No receiver of alerts is configured: set PPM_ALERT_SLACK_WEBHOOK, PPM_ALERT_TEAMS_WEBHOOK, PPM_ALERT_WEBHOOK or "
    "PPM_ALERT_SMTP_HOST in .env (.env.example explains each)."
)

COLOURS = {"ERROR": "bold red", "WARN": "yellow", "INFO": "blue"}

alerts_app = typer.Typer(help="What is wrong, who was told of it, and whether they can be told.")


@dataclass(frozen=True)
class Overview:
    """What there is to know of alerts."""

    receivers: tuple[str, ...]
    open: "Sequence[Alert]"
    past: "Sequence[Alert]"
    """The newest first."""
    not_delivered: "Sequence[Delivery]"
    """What did not arrive yet, or never will by itself."""


@dataclass(frozen=True)
class Told:
    """What became of a test message."""

    receiver: str
    arrived: bool
    error: str | None
    note: str | None


@dataclass(frozen=True)
class Tested:
    """The same of each receiver."""

    receivers: Sequence[Told]


@alerts_app.callback(invoke_without_command=True)
def overview(
    context: typer.Context,
    past: Annotated[int, typer.Option(min=0, help="How many alerts that are over to show.", metavar="NUMBER")] = 10,
    as_json: AsJson = False,
) -> None:
    """List what is wrong now, what was lately, and every message that did not arrive."""
    if context.invoked_subcommand is not None:
        return
    from finance_ppm.alerting.receivers import Alerting
    from finance_ppm.alerting.records import every_alert, outstanding

    config = Config.from_env()
    lake = _lake(config)
    alerts = every_alert(lake)
    found = Overview(
        receivers=tuple(Alerting(config).receivers()),
        open=[alert for alert in alerts if alert.is_open],
        past=[alert for alert in alerts if not alert.is_open][:past],
        not_delivered=outstanding(lake),
    )
    terminal.show_json(found) if as_json else _show(found, {alert.alert_id: alert for alert in alerts})


@alerts_app.command("test")
def send_test(as_json: AsJson = False) -> None:
    """Send every configured receiver a test message, and say what came of it."""
    from finance_ppm.alerting.delivery import send_all
    from finance_ppm.alerting.message import Message
    from finance_ppm.alerting.receivers import Alerting

    receivers = Alerting(Config.from_env()).receivers()
    if not receivers:
        raise SettingsError(NO_RECEIVER)
    now = SystemClock().now()
    message = Message(message_id=sha256(now.isoformat().encode()).hexdigest()[:32], at=now)
    with terminal.working("Sending a test message"):
        attempts = send_all(receivers, dict.fromkeys(receivers, message))
    if as_json:
        terminal.show_json(Tested([_told(attempt) for attempt in attempts]))
    else:
        for attempt in attempts:
            _show_attempt(attempt)
    raise typer.Exit(terminal.FAILED if any(attempt.error for attempt in attempts) else 0)


@alerts_app.command()
def resend() -> None:
    """Have every message that did not arrive sent again, also what a receiver refused.

    Do this once the receiver is mended. Dagster's daemon sends them at its next look, within half a minute.
    """
    from finance_ppm.alerting.outbox import again
    from finance_ppm.alerting.records import LOCK, note_deliveries, outstanding
    from finance_ppm.lakehouse.locks import writer_lock

    lake = _lake(Config.from_env())
    with writer_lock(lake.uri, LOCK):
        queued = again(outstanding(lake), SystemClock().now())
        note_deliveries(lake, queued)
    terminal.out.print(f"{terminal.counted(len(queued), 'message')} will be sent again.", highlight=False)


def _lake(config: Config) -> "Lake":
    from finance_ppm.lakehouse.lake import Lake

    return Lake(config.ppm_lakehouse_uri)


def _show(found: Overview, alerts: "Mapping[str, Alert]") -> None:
    from finance_ppm.alerting.message import readable

    if not found.open:
        terminal.out.print("Nothing is wrong.", highlight=False)
    for alert in sorted(found.open, key=lambda alert: (-alert.severity.rank, alert.started_at)):
        colour, title = COLOURS[alert.severity], escape(alert.title)
        _line(f"[{colour}]{alert.severity:<5}[/] [bold]{title}[/], since {readable(alert.started_at)}")
        _line(f"      {escape(alert.detail)}")
        for link in alert.links:
            _line(f"      [dim]{escape(link.label)}: {escape(link.url)}[/]")
    if found.past:
        _line("\nOver:")
    for alert in found.past:
        until = readable(alert.ended_at) if alert.ended_at else ""
        _line(f"[dim]{alert.severity:<5} {escape(alert.title)}, {readable(alert.started_at)} to {until}[/]")
    _show_outbox(found.not_delivered, alerts, found.receivers)
    if not found.receivers:
        _line(f"\n{NO_RECEIVER}")


def _show_outbox(deliveries: "Sequence[Delivery]", alerts: "Mapping[str, Alert]", receivers: Collection[str]) -> None:
    if deliveries:
        _line("\nNot delivered:")
    for each in deliveries:
        mark = f"[bold red]{'refused' if each.status == 'refused' else 'undelivered'}[/]"
        mark = mark if each.undelivered else "waiting"
        alert = alerts.get(each.alert_id)
        why = each.last_error or "it is sent at the next look"
        if each.receiver not in receivers:
            why = f"{each.receiver} is no longer configured"
        tried = f", {terminal.counted(each.attempts, 'attempt')}" if each.attempts else ""
        what = escape(alert.title) if alert else each.alert_id
        _line(f"{mark} to {each.receiver}{tried}: {what} ({each.event}). {escape(why)}")


def _show_attempt(attempt: "Attempt") -> None:
    if attempt.error:
        _line(f"[bold red]✗[/] {attempt.receiver}: {escape(str(attempt.error))}")
    else:
        _line(f"[green]✓[/] {attempt.receiver}: it took the message. {escape(attempt.note or '')}".rstrip())


def _told(attempt: "Attempt") -> Told:
    return Told(attempt.receiver, attempt.error is None, str(attempt.error) if attempt.error else None, attempt.note)


def _line(text: str) -> None:
    terminal.out.print(text, highlight=False, soft_wrap=True)
