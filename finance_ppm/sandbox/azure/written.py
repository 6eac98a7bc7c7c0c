"""What clients have written into an estate: suppressions and configurations of Advisor.

Belongs here: an estate with rows put into it or taken from it over its own. Stories stay as they are told.
"""

from collections.abc import Hashable, Iterable, Mapping
from datetime import datetime
from threading import Lock
from typing import Final

from finance_ppm.sandbox.azure.estate import Estate, Row, moment_of

TABLE: Final = "advisorresources"
"""The only table that can be written to."""


class WrittenEstate:
    """An estate, with what was written since."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate
        self._lock = Lock()
        self._written: dict[str, tuple[str, Row | None]] = {}
        self._revision = 0

    @property
    def tenant_id(self) -> str:
        """The tenant."""
        return self._estate.tenant_id

    def subscriptions(self, now: datetime) -> Mapping[str, str]:
        """Subscription id to name."""
        return self._estate.subscriptions(now)

    def management_groups(self) -> Mapping[str, Iterable[str]]:
        """Management group to subscription ids."""
        return self._estate.management_groups()

    def version(self, now: datetime) -> Hashable:
        """What the rows depend on."""
        return moment_of(self._estate, now), self._revision

    def rows(self, table: str, subscription_id: str, now: datetime) -> Iterable[Row]:
        """One subscription's rows of a table."""
        rows = self._estate.rows(table, subscription_id, now)
        if table != TABLE or not self._written:
            return rows
        with self._lock:
            written = dict(self._written)
        own = [row for owner, row in written.values() if row is not None and owner == subscription_id.lower()]
        return [*(row for row in rows if str(row["id"]).lower() not in written), *own]

    def put(self, row: Row) -> None:
        """Write a row over the one of its id, if there is one."""
        self._write(row["id"], row["subscriptionId"], row)

    def remove(self, row: Row) -> None:
        """Take a row out."""
        self._write(row["id"], row["subscriptionId"], None)

    def _write(self, identity: str, subscription_id: str, row: Row | None) -> None:
        with self._lock:
            self._written[identity.lower()] = subscription_id.lower(), row
            self._revision += 1
