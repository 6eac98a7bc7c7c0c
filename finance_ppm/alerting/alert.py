"""What an alert is: one episode of one thing being wrong."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Severity(StrEnum):
    """How grave it is; they can be compared, by ``rank``."""

    INFO = "INFO"
    WARN = "WARN"
    ERROR = "ERROR"

    @property
    def rank(self) -> int:
        """Higher is graver."""
        return list(Severity).index(self)


class Kind(StrEnum):
    """What sort of thing is wrong."""

    CHECK = "check"
    """An asset check failed."""
    RUN = "run"
    """A run failed."""
    FRESHNESS = "freshness"
    """A table was not made in time."""
    METRIC = "metric"
    """A figure is beyond its threshold."""
    SOURCE = "source"
    """A source was not read for too long."""
    SETTINGS = "settings"
    """A file that says what to watch cannot be used."""


class Outcome(StrEnum):
    """How an alert ended."""

    RESOLVED = "resolved"
    """It is well again."""
    EASED = "eased"
    """It is less grave now, which is an alert of its own."""
    GONE = "gone"
    """What it was about is there no more."""


class Event(StrEnum):
    """What a receiver is told of an alert."""

    STARTED = "started"
    ENDED = "ended"


@dataclass(frozen=True)
class Link:
    """Where to look, and what one sees there."""

    label: str
    url: str


@dataclass(frozen=True)
class Alert:
    """One row of ``gold/alerts``, whose contract tells what each field means."""

    alert_id: str
    kind: Kind
    subject: str
    severity: Severity
    title: str
    detail: str
    started_at: datetime
    remedy: str | None = None
    tables: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    run_id: str | None = None
    ended_at: datetime | None = None
    outcome: Outcome | None = None

    @property
    def is_open(self) -> bool:
        """Whether it lasts."""
        return self.ended_at is None
