"""A message: what is told to one receiver at once, as text. How a channel dresses it is the channel's business.

A message may tell of one alert or of hundreds: people are shown the gravest of them, and how many more there are.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from finance_ppm.alerting.alert import Alert, Event, Link, Outcome
from finance_ppm.alerting.outbox import Delivery

SHOWN = 20
"""Alerts that a person is shown in one message."""

LONGEST = 400
"""Signs of a sentence that a person is shown."""

ENDS = {
    Outcome.RESOLVED: "Over",
    Outcome.EASED: "Less grave now",
    Outcome.GONE: "No longer watched",
}


@dataclass(frozen=True)
class Item:
    """What is told of one alert."""

    alert: Alert
    event: Event

    @property
    def mark(self) -> str:
        """``ERROR``, or how it ended."""
        alert = self.alert
        return alert.severity if self.event is Event.STARTED or alert.outcome is None else ENDS[alert.outcome]

    @property
    def headline(self) -> str:
        """In one line."""
        return f"{self.mark}: {shortened(self.alert.title)}"

    @property
    def sentences(self) -> list[str]:
        """What to know beside it, a paragraph each."""
        alert = self.alert
        if self.event is Event.ENDED and alert.ended_at is not None:
            return [f"From {readable(alert.started_at)} to {readable(alert.ended_at)}."]
        told = [shortened(alert.detail), f"Since {readable(alert.started_at)}."]
        return [*told, f"What to do: {shortened(alert.remedy)}"] if alert.remedy else told

    @property
    def links(self) -> tuple[Link, ...]:
        """Where to look."""
        return self.alert.links


@dataclass(frozen=True)
class Message:
    """Told to one receiver at once. The same message has the same id at each attempt."""

    message_id: str
    at: datetime
    items: tuple[Item, ...] = ()
    """All of them, the gravest first. None in a message that only tries the way."""

    @property
    def headline(self) -> str:
        """In one line."""
        if not self.items:
            return "A test of Finance PPM's alerts"
        if len(self.items) == 1:
            return self.items[0].headline
        started = sum(item.event is Event.STARTED for item in self.items)
        told = {"began": started, "ended": len(self.items) - started}
        return "Finance PPM: " + ", ".join(f"{count} {_alerts(count)} {verb}" for verb, count in told.items() if count)

    @property
    def introduction(self) -> str:
        """What stands where there is nothing to tell of."""
        return "" if self.items else "Alerts arrive here. Nothing is wrong, and nothing is to be done."

    def shown(self, most: int = SHOWN) -> tuple[Item, ...]:
        """What a person is shown."""
        return self.items[:most]

    def rest(self, most: int = SHOWN) -> str:
        """What a person is told of those that are not shown; empty where there are none."""
        left = len(self.items) - len(self.shown(most))
        return f"And {left} more: `finance-ppm alerts` lists them all." if left > 0 else ""


def message(deliveries: Iterable[Delivery], alerts: Mapping[str, Alert]) -> Message:
    """The message that these deliveries share. Of an alert that began and ended, its end is told.

    An alert that is told to have begun has no end yet in the message, although it may have ended meanwhile.
    """
    deliveries = list(deliveries)
    last: dict[str, Event] = {}
    for each in sorted(deliveries, key=lambda each: each.event is Event.ENDED):
        last[each.alert_id] = each.event
    items = [Item(alerts[identity], event) for identity, event in last.items()]
    return Message(
        message_id=deliveries[0].message_id or "",
        at=min(each.queued_at for each in deliveries),
        items=tuple(sorted(items, key=_order)),
    )


def readable(moment: datetime) -> str:
    """A moment for people."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def shortened(text: str, longest: int = LONGEST) -> str:
    """The text in one line, cut where it is too long."""
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def _order(item: Item) -> tuple[bool, int, datetime, str]:
    alert = item.alert
    return item.event is Event.ENDED, -alert.severity.rank, alert.started_at, alert.alert_id


def _alerts(count: int) -> str:
    return "alert" if count == 1 else "alerts"
