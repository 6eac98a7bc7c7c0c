"""What a sandbox's Azure holds: subscriptions, and the rows of Resource Graph's tables.

Belongs here: the shape every estate has, and the plain one that tests fill by hand. Stories are told in
``sandbox.estate``.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import RLock
from typing import Any, Protocol, runtime_checkable

Row = dict[str, Any]
"""A row as Resource Graph tells it: JSON values only."""


class Estate(Protocol):
    """An estate as of any moment: the same moment tells the same rows, unless the estate is ``Versioned``."""

    @property
    def tenant_id(self) -> str:
        """The tenant, a GUID."""
        ...

    def subscriptions(self, now: datetime) -> Mapping[str, str]:
        """Subscription id (a GUID) to name, of those the reader may see."""
        ...

    def management_groups(self) -> Mapping[str, Iterable[str]]:
        """Management group to the ids of its subscriptions."""
        ...

    def rows(self, table: str, subscription_id: str, now: datetime) -> Iterable[Row]:
        """One subscription's rows of ``resources``, ``resourcecontainers`` or ``advisorresources``, in any order."""
        ...


@runtime_checkable
class Versioned(Protocol):
    """An estate that knows when its rows change: more seldom than the moment, or more often."""

    def version(self, now: datetime) -> Hashable:
        """Equal for two moments at which all rows are the same."""
        ...


def moment_of(estate: Estate, now: datetime) -> Hashable:
    """What the rows of an estate depend on at a moment: while it is equal, they are the same."""
    return estate.version(now) if isinstance(estate, Versioned) else now


@dataclass
class ListedEstate:
    """An estate in lists, to be changed at will under ``lock``."""

    tenant_id: str = "72f988bf-0000-0000-0000-00000000d011"
    names: dict[str, str] = field(default_factory=dict)
    """Subscription id to name."""
    groups: dict[str, list[str]] = field(default_factory=dict)
    """Management group to subscription ids."""
    tables: dict[str, list[Row]] = field(default_factory=dict)
    """Table to rows; each row names its ``subscriptionId``."""
    lock: RLock = field(default_factory=RLock)

    def subscriptions(self, now: datetime) -> Mapping[str, str]:  # noqa: ARG002 - no story: time changes nothing
        """Subscription id to name."""
        with self.lock:
            return dict(self.names)

    def management_groups(self) -> Mapping[str, Iterable[str]]:
        """Management group to the ids of its subscriptions."""
        with self.lock:
            return {name: list(members) for name, members in self.groups.items()}

    def rows(self, table: str, subscription_id: str, now: datetime) -> Iterable[Row]:  # noqa: ARG002 - as above
        """One subscription's rows of a table."""
        with self.lock:
            return [
                row
                for row in self.tables.get(table, [])
                if str(row.get("subscriptionId", "")).lower() == subscription_id.lower()
            ]

    def version(self, now: datetime) -> Hashable:  # noqa: ARG002 - as above
        """Never the same: whoever holds the lists may have changed them since the last look."""
        return object()
