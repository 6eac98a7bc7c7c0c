"""Reading a batch of subscriptions: all at once, and by halves where something is wrong with one of them.

Belongs here: how what is wrong with one subscription is kept from the others, and the proof that each was read whole.
Resource Graph leaves a subscription out without a word where the identity may not see it (any more), so that pages
which fit together prove nothing about one whose rows did not come.
"""

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from finance_ppm.sources.azure.advisor import Advisor
from finance_ppm.sources.azure.errors import (
    NO_SUBSCRIPTIONS,
    PAYLOAD_TOO_LARGE,
    UNSOUND,
    AzureError,
)
from finance_ppm.sources.azure.graph import (
    MOST_SUBSCRIPTIONS,
    READS,
    SUBSCRIPTION_TYPE,
    SUBSCRIPTIONS,
    TABLES,
    Graph,
    Scope,
)
from finance_ppm.sources.azure.reading import Reading, Seen, behind, unheard
from finance_ppm.sources.azure.rows import Batch, Dataset, Outcome, Source, WireRow

RECOUNTS = 2
"""Times that subscriptions are read again because Azure counts other numbers than were read."""

MOST_DISTURBANCES = 24
"""Parts of a batch that are halved because Azure was disturbed to the end: each costs a minute."""

PROBED = 3
"""Subscriptions that are asked for alone, to tell a failure of some from a failure of everything."""


@dataclass(frozen=True)
class _Part:
    """Subscriptions to read together; ``counts`` is what Azure counts in them, None where it was not told."""

    ids: Sequence[str]
    counts: Mapping[str, int] | None
    recounts: int = 0

    def of(self, ids: Sequence[str]) -> "_Part":
        return _Part(ids, self.counts, self.recounts)


@dataclass
class _State:
    """What became of a batch so far."""

    graph: Batch = field(default_factory=lambda: Batch(Source.RESOURCE_GRAPH, [], []))
    advisor: Batch = field(default_factory=lambda: Batch(Source.ADVISOR, [], []))
    parts: deque[_Part] = field(default_factory=deque)
    disturbances: int = 0

    def __len__(self) -> int:
        return len(self.graph.rows) + len(self.advisor.rows)


class BatchReader:
    """Reads batches of a dataset. Safe to share among threads. ``names`` are the subscriptions' names by id."""

    def __init__(self, graph: Graph, advisor: Advisor, dataset: Dataset, names: Mapping[str, str | None]) -> None:
        self._graph = graph
        self._advisor = advisor
        self._dataset = dataset
        self._names = names

    def counts(self, ids: Sequence[str]) -> dict[str, int]:
        """Rows of each subscription, as Azure counts them now. Raises AzureError."""
        counts = Counter(dict.fromkeys(ids, 0))
        for name, query in TABLES[self._dataset].items():
            for start in range(0, len(ids), MOST_SUBSCRIPTIONS):
                some = ids[start : start + MOST_SUBSCRIPTIONS]
                told = self._graph.counts(query, some, about=f"the number of {name} in {_told(some)}")
                counts.update({identity: rows for identity, rows in told.items() if identity in counts})
        return counts

    def read(self, ids: Sequence[str], counts: Mapping[str, int] | None, seen: Seen) -> list[Batch]:
        """Every subscription of ``ids`` in one of at most two batches, one for each source.

        A part of several subscriptions is read once, and halved where its pages do not fit together, a row names
        nobody or is too large, some of it is closed to the identity, or Azure is disturbed to the end; a single one
        is read up to three times. So n subscriptions on p pages cost at most about ``(log2 n + 3) p + 8 n`` queries
        where nothing fits, that for each of ``RECOUNTS`` + 1 times where all of it changes between reading and
        counting, and ``p`` and one or two more where nothing is wrong. Raises AzureError for what concerns everything.
        """
        state = _State(parts=deque([_Part(ids, counts)]))
        while state.parts:
            self._read_part(state.parts.popleft(), state, seen)
        return [batch for batch in (state.graph, state.advisor) if batch.outcomes]

    def _read_part(self, part: _Part, state: _State, seen: Seen) -> None:
        single = len(part.ids) == 1
        rows: dict[str, WireRow] = {}
        wrong: Reading | None = None
        for name, query in TABLES[self._dataset].items():
            about = f"the {name} of {_told(part.ids)}"
            heard = behind(len(state) + len(rows), seen)
            reading = self._graph.read(
                query, Scope(tuple(part.ids)), about=about, seen=heard, reads=READS if single else 1
            )
            if reading.reason is not None:
                if not single and wrong is None and self._may_be_a_part_only(reading.error, part.ids, state):
                    middle = len(part.ids) // 2
                    state.parts += (part.of(part.ids[:middle]), part.of(part.ids[middle:]))
                    return
                if reading.error is not None and only_advisor(self._dataset, reading.error):
                    self._read_from_advisor(part.ids, state, seen)
                    return
                wrong = wrong or reading
            rows |= reading.rows
        if wrong is None:
            self._settle(part, rows.values(), state)
        else:
            reasons = dict.fromkeys(part.ids, wrong.reason)
            self._keep(part.ids, rows.values(), part.counts, reasons, state)

    def _may_be_a_part_only(self, error: AzureError | None, ids: Sequence[str], state: _State) -> bool:
        """Whether some of several subscriptions may be read though not all of them together."""
        if error is None or error.code in {UNSOUND, PAYLOAD_TOO_LARGE}:
            return True
        disturbed = error.retryable and not error.overloaded
        if error.code == NO_SUBSCRIPTIONS or not (error.no_access or disturbed):
            return False
        if disturbed:
            state.disturbances += 1
            if state.disturbances > MOST_DISTURBANCES:
                return False
        # Not on the way down: one that is served has shown that the failure is not everywhere.
        at_first = not state.graph.outcomes and not state.parts
        return not (at_first and len(ids) > 2 * PROBED and self._fails_everywhere(ids))

    def _fails_everywhere(self, ids: Sequence[str]) -> bool:
        """Whether a few single subscriptions, from one end to the other, are not served either."""
        query = next(iter(TABLES[self._dataset].values()))
        for identity in (ids[place * (len(ids) - 1) // (PROBED - 1)] for place in range(PROBED)):
            try:
                self._graph.counts(query, [identity], about=f"a trial of subscription {identity}")
            except AzureError as error:
                if error.concerns_everything:
                    raise
            else:
                return False
        return True

    def _settle(self, part: _Part, rows: Iterable[WireRow], state: _State) -> None:
        """Keep the rows of pages that fit together; of whom they may not be all, look again."""
        rows = list(rows)
        read = Counter(row.subscription_id for row in rows)
        counts = part.counts
        reasons: dict[str, str | None] = {}
        differing = [identity for identity in part.ids if counts is not None and read[identity] != counts[identity]]
        if differing:
            try:
                counts = {**(counts or {}), **self.counts(differing)}
            except AzureError as error:
                if error.concerns_everything:
                    raise
                reasons = dict.fromkeys(differing, str(error))
        reasons |= self._unseen(part.ids, rows, differing)
        again = [
            identity
            for identity in differing
            if identity not in reasons and counts is not None and read[identity] != counts[identity]
        ]
        if part.recounts < RECOUNTS and again:
            state.parts.append(_Part(again, counts, part.recounts + 1))
            later = frozenset(again)
            rows = [row for row in rows if row.subscription_id not in later]
            self._keep([identity for identity in part.ids if identity not in later], rows, counts, reasons, state)
            return
        for identity in again:
            assert counts is not None
            reasons[identity] = (
                f"{read[identity]} rows of subscription {identity} were read, and Azure counts {counts[identity]}, "
                "perhaps because they change all the time: read again later."
            )
        self._keep(part.ids, rows, counts, reasons, state)

    def _unseen(self, ids: Sequence[str], rows: Iterable[WireRow], differing: Sequence[str]) -> dict[str, str | None]:
        """Why subscriptions may not be whole that Azure does not show now that they have been read."""
        if self._dataset is Dataset.RESOURCES:
            doubted, shown = ids, {row.subscription_id for row in rows if row.type == SUBSCRIPTION_TYPE}
        else:
            doubted = sorted({*ids} - {row.subscription_id for row in rows} | {*differing})
            if not doubted:
                return {}
            about = f"the list of {_told(doubted)} once more"
            listed = self._graph.read(SUBSCRIPTIONS, Scope(tuple(doubted)), about=about, seen=unheard)
            if listed.reason is not None and (listed.error is None or listed.error.code != NO_SUBSCRIPTIONS):
                return dict.fromkeys(doubted, listed.reason)
            shown = {row.subscription_id for row in listed.rows.values()}
        return {
            identity: f"Azure does not show subscription {identity} any more, though it was listed when the read "
            "began: give the identity the Reader role on it, unless it was deleted."
            for identity in doubted
            if identity not in shown
        }

    def _keep(
        self,
        ids: Iterable[str],
        rows: Iterable[WireRow],
        counts: Mapping[str, int] | None,
        reasons: Mapping[str, str | None],
        state: _State,
    ) -> None:
        """Rows and outcomes of subscriptions that are not read again; incomplete are those with a reason."""
        rows = list(rows)
        read = Counter(row.subscription_id for row in rows)
        state.graph.rows.extend(rows)
        for identity in ids:
            reason = reasons.get(identity)
            expected = None if counts is None else counts[identity]
            state.graph.outcomes.append(self._outcome(identity, read[identity], expected, reason))

    def _read_from_advisor(self, ids: Sequence[str], state: _State, seen: Seen) -> None:
        """Read subscriptions from Advisor itself, which counts nothing beforehand."""
        for identity in ids:
            reading = self._advisor.read(identity, seen=behind(len(state), seen))
            state.advisor.rows.extend(reading.rows.values())
            state.advisor.outcomes.append(self._outcome(identity, len(reading.rows), None, reading.reason))

    def _outcome(self, identity: str, rows: int, expected: int | None, reason: str | None) -> Outcome:
        name = self._names.get(identity)
        return Outcome(identity, name, complete=reason is None, row_count=rows, expected_count=expected, reason=reason)


def only_advisor(dataset: Dataset, error: AzureError) -> bool:
    """Whether Resource Graph may not be asked for what Advisor itself may still tell."""
    return dataset is Dataset.ADVISOR and error.status == 403


def _told(ids: Sequence[str]) -> str:
    return f"subscription {ids[0]}" if len(ids) == 1 else f"{len(ids)} subscriptions ({ids[0]} and others)"
