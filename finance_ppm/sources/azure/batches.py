"""Which subscriptions are read together.

Belongs here: the arithmetic. A query costs the same for one subscription and for a thousand, so a small estate is one
batch; a large one is several of about the same size, to be read side by side and handed over one by one.
"""

import heapq
from collections.abc import Mapping

SMALL = 10_000
"""Rows that are read as quickly in one batch as in several."""


def packed(
    counts: Mapping[str, int], *, most_rows: int, most_subscriptions: int, at_once: int, small: int = SMALL
) -> list[list[str]]:
    """Subscriptions in batches of at most about ``most_rows`` rows; one with more has a batch of its own.

    Several batches are as many times ``at_once`` as it takes, so that none is left to be read alone at the end. The
    largest subscriptions go first, each into the emptiest batch: so batches end at about the same time.
    """
    rows = sum(counts.values())
    if not counts:
        return []
    wanted = max(-(-rows // most_rows), -(-len(counts) // most_subscriptions), 1)
    if wanted > 1 or rows > small:
        wanted = -(-wanted // at_once) * at_once
    batches: list[list[str]] = [[] for _ in range(wanted)]
    emptiest = [(0, number) for number in range(wanted)]
    for identity in sorted(counts, key=lambda one: (-counts[one], one)):
        held, number = heapq.heappop(emptiest)
        batches[number].append(identity)
        if len(batches[number]) < most_subscriptions:
            heapq.heappush(emptiest, (held + counts[identity], number))
    return [sorted(batch) for batch in batches if batch]
