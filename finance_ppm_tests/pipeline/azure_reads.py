"""Reads of Azure to be captured: batches as a reader yields them, written down by hand; and a process that captures.

Belongs here: building reads. What must become of them is ``test_azure_capture``.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from finance_ppm.clock import FrozenClock
from finance_ppm.errors import FinancePpmError
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.pipeline.azure import Progress, capture_azure
from finance_ppm.sources.azure.rows import Batch, Dataset, Outcome, Source, WireRow

SIX = datetime(2026, 11, 20, 6, tzinfo=UTC)
RECOMMENDATION = "microsoft.advisor/recommendations"
ROWS = 3_000
"""Of each subscription that the process captures."""


class UnreachableError(FinancePpmError):
    """Azure cannot be read at all."""


@dataclass
class Read:
    """A reader that yields what it was given, in turn; an error among it is raised."""

    batches: Sequence[Batch | BaseException]
    queries: int = 0

    def snapshot(self, dataset: Dataset, *, progress: Progress | None = None) -> Iterator[Batch]:
        arrived = 0
        for batch in self.batches:
            if isinstance(batch, BaseException):
                raise batch
            self.queries += 1
            arrived += len(batch.rows)
            if progress:
                progress(arrived)
            yield batch


def row(
    subscription: str, name: str = "1", text: str = "{}", *, kind: str = RECOMMENDATION, group: str | None = None
) -> WireRow:
    return WireRow(f"/subscriptions/{subscription}/{name}", kind, subscription, group, text)


def outcome(subscription: str, rows: int, *, complete: bool = True) -> Outcome:
    reason = None if complete else f"Reading {subscription} was refused: give the reader its role."
    return Outcome(subscription, f"Subscription {subscription}", complete, rows, rows, reason)


def batch(*rows: WireRow, source: Source = Source.RESOURCE_GRAPH, incomplete: str = "", empty: str = "") -> Batch:
    """Subscriptions with rows, read to their end but for those ``incomplete``; and those without (``empty``)."""
    counts = dict.fromkeys([*(one.subscription_id for one in rows), *incomplete, *empty], 0)
    for one in rows:
        counts[one.subscription_id] += 1
    outcomes = [outcome(name, number, complete=name not in incomplete) for name, number in counts.items()]
    return Batch(source, list(rows), outcomes)


def edition(number: int) -> Read:
    """Everything about four subscriptions, all of it bearing the same number."""
    return Read([batch(*(row(name, str(at), f"[{number}]") for at in range(ROWS))) for name in "abcd"])


if __name__ == "__main__":  # captures one edition after the other, until it is killed
    there = Lake(sys.argv[1], clock=FrozenClock(SIX))
    for turn in range(1_000):
        capture_azure(edition(turn), there, FrozenClock(SIX), Dataset.ADVISOR)
