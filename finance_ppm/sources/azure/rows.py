"""What reading Azure yields: rows as they came, and how each subscription was read.

Belongs here: the shapes that the reader hands to whoever keeps them.
"""

from dataclasses import dataclass
from enum import StrEnum


class Dataset(StrEnum):
    """What is read as one snapshot."""

    RESOURCES = "resources"
    """Resources, resource groups and subscriptions."""
    ADVISOR = "advisor"
    """Recommendations, suppressions and configurations."""


class Source(StrEnum):
    """Where a row was read."""

    RESOURCE_GRAPH = "resource_graph"
    ADVISOR = "advisor"


@dataclass(frozen=True, slots=True)
class WireRow:
    """One row. Everything but ``text`` is lower-cased, because Azure compares it without case."""

    id: str
    type: str
    subscription_id: str
    resource_group: str | None
    text: str
    """The row's JSON as Azure sent it, to the character."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one subscription was read."""

    subscription_id: str
    subscription_name: str | None
    complete: bool
    """Every row of the subscription is there."""
    row_count: int
    expected_count: int | None
    """Rows Azure counted; None where it was not asked."""
    reason: str | None = None
    """Why it is not complete: one sentence with the remedy."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some subscriptions, read to their end or as far as they could be."""

    source: Source
    rows: list[WireRow]
    outcomes: list[Outcome]
    """One for each subscription that was asked for."""


@dataclass(frozen=True, slots=True)
class Refresh:
    """What came of asking Advisor to compute a subscription's recommendations anew."""

    subscription_id: str
    reason: str | None = None
    """Why it has not ended: one sentence with the remedy. None where it has."""
