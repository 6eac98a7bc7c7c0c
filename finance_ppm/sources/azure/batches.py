"""Which subscriptions are read together.

Belongs here: the arithmetic. A query costs the same for one subscription and for a thousand, so a small estate is one
batch; a large one is several of about the same size, to be read side by side and handed over one by one.
"""

import heapq
from collections.abc import Mapping


def packed(counts: Mapping[str, int], *, most_rows: int, most_subscriptions: int) -> list[list[str]]:
    """Subscriptions in batches of about ``most_rows`` rows; one with more than that has a batch of its own.

    The largest go first, each into the emptiest batch: so batches end at about the same time.
    """
    if not counts:
        return []
    wanted = max(-(-sum(counts.values()) // most_rows), -(-len(counts) // most_subscriptions), 1)
    batches: list[list[str]] = [[] for _ in range(wanted)]
    emptiest = [(0, number) for number in range(wanted)]
    for identity in sorted(counts, key=lambda one: (-counts[one], one)):
        rows, number = heapq.heappop(emptiest)
        batches[number].append(identity)
        if len(batches[number]) < most_subscriptions:
            heapq.heappush(emptiest, (rows + counts[identity], number))
    return [sorted(batch) for batch in batches if batch]
