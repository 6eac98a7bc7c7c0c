"""A read that was cut short: what of it is durable, so that the next read goes on from there.

Belongs here: what is remembered, and whether it still holds. Reading is ``sources.notion``'s.
"""

from datetime import datetime, timedelta
from typing import Self

import msgspec

from finance_ppm.sources.notion.spans import Span


class Unfinished(msgspec.Struct, frozen=True):
    """How far a read had come. Pages created within ``done`` are durable as they were since ``started_at``."""

    started_at: datetime
    edited_since: datetime | None
    """None where every page is read."""
    property_ids: dict[str, tuple[str, ...]]
    data_source_ids: tuple[str, ...] = ()
    done: tuple[Span, ...] = ()
    pages: int = 0
    """Pages that have come so far."""
    missing: tuple[str, ...] = ()
    """Ids of known pages that lie in ``done`` and did not come."""

    def to_json(self) -> str:
        """JSON text that ``from_json`` reads."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_json(cls, text: str | None) -> Self | None:
        """What ``to_json`` wrote; None for anything else: the read then starts over, which is always right."""
        try:
            return msgspec.json.decode(text, type=cls) if text else None
        except msgspec.MsgspecError:
            return None

    def is_recent(self, now: datetime, age: timedelta) -> bool:
        """Whether it was begun within ``age``: an older one has seen too little of what happened since."""
        return timedelta() <= now - self.started_at < age

    def is_like(self, other: Self) -> bool:
        """Whether it reads the same pages in the same way."""
        return (self.edited_since, self.property_ids, self.data_source_ids) == (
            other.edited_since,
            other.property_ids,
            other.data_source_ids,
        )
