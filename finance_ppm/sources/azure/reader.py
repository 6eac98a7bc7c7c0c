"""Reading Azure: one snapshot of a dataset, in batches of whole subscriptions.

Belongs here: what is read, side by side and in which batches, and how each subscription came out. Pages are the
business of ``graph`` and ``advisor``.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from threading import Lock
from typing import Self

import msgspec

from finance_ppm.masking import Masker
from finance_ppm.settings import Config
from finance_ppm.sources.azure.advisor import Advisor
from finance_ppm.sources.azure.batches import packed
from finance_ppm.sources.azure.connection import Connection
from finance_ppm.sources.azure.credentials import Tokens, credential_of
from finance_ppm.sources.azure.errors import NO_SUBSCRIPTIONS, AzureError
from finance_ppm.sources.azure.graph import (
    MOST_SUBSCRIPTIONS,
    SUBSCRIPTIONS,
    TABLES,
    Graph,
    Scope,
)
from finance_ppm.sources.azure.limiter import Budgets, budgets_of
from finance_ppm.sources.azure.reading import Reading, Seen
from finance_ppm.sources.azure.rows import Batch, Dataset, Outcome, Refresh, Source, WireRow
from finance_ppm.sources.azure.side_by_side import AT_ONCE, side_by_side

BATCH_ROWS = 50_000
"""Rows of a batch, about: 100 MB while it is read and kept."""

UNCOUNTED_SUBSCRIPTIONS = 50
"""Subscriptions of a batch where nothing tells how many rows they have."""

logger = logging.getLogger(__name__)
_Read = Callable[[list[str], Seen], Batch]


class _Subscription(msgspec.Struct):
    name: str | None = None


class AzureReader:
    """Reads the subscriptions of a scope. A context manager; several threads may read at once.

    The scope is the tenant, unless management groups or subscriptions are named.
    """

    def __init__(
        self,
        connection: Connection,
        budgets: Budgets,
        *,
        subscriptions: Sequence[str] = (),
        management_groups: Sequence[str] = (),
        batch_rows: int = BATCH_ROWS,
    ) -> None:
        self._connection = connection
        self._graph = Graph(connection)
        self._advisor = Advisor(connection, time=budgets.others.time, sleep=budgets.others.sleep)
        self._configured = tuple(dict.fromkeys(identity.lower() for identity in subscriptions))
        self._groups = tuple(management_groups)
        self._batch_rows = batch_rows
        self._names: dict[str, str] | None = None
        self._names_lock = Lock()

    @classmethod
    def of(cls, config: Config) -> Self:
        """A reader as the settings say. Raises :class:`~finance_ppm.errors.SettingsError` where they cannot be used."""
        base_url = str(config.azure_resource_manager_url).rstrip("/")
        secrets = (config.azure_access_token, config.azure_client_secret)
        tokens = Tokens(credential_of(config), f"{base_url}/.default", tenant=config.azure_tenant_id)
        budgets = budgets_of(base_url, (config.azure_tenant_id, config.azure_client_id, *secrets))
        connection = Connection(
            base_url=base_url,
            tokens=tokens,
            budgets=budgets,
            masker=Masker(secret.get_secret_value() for secret in secrets if secret),
        )
        return cls(
            connection,
            budgets,
            subscriptions=config.azure_subscriptions,
            management_groups=config.azure_management_groups,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._connection.__exit__(*exception)

    @property
    def queries(self) -> int:
        """Requests sent so far, those sent again included."""
        return self._connection.requests_sent

    def subscriptions(self) -> dict[str, str]:
        """Id (lower case) to name of the subscriptions in the scope that can be seen; asked for once.

        Raises :class:`~finance_ppm.sources.azure.errors.AzureError` where they cannot be listed, and where the
        identity sees none at all and none is named.
        """
        with self._names_lock:
            if self._names is None:
                self._names = self._listed()
            return dict(self._names)

    def snapshot(self, dataset: Dataset, *, progress: Callable[[int], None] | None = None) -> Iterator[Batch]:
        """Read a dataset: every subscription of the scope is in one of the batches, which come as they are finished.

        ``progress`` is told, in the caller's thread, how many rows were read so far. A subscription that cannot be
        read is told by its outcome and leaves the others alone. Raises
        :class:`~finance_ppm.sources.azure.errors.AzureError` for what concerns everything: the credentials, the
        address, a tenant of which Azure tells only a part.
        """
        names: Mapping[str, str | None]
        try:
            names = self.subscriptions()
        except AzureError as error:
            if not self._configured or not _only_advisor(dataset, error):
                raise
            names = dict.fromkeys(self._configured)
        if unseen := [identity for identity in self._configured if identity not in names]:
            yield Batch(Source.RESOURCE_GRAPH, [], [_unseen(identity) for identity in unseen])
        batches, read = self._planned(dataset, names)
        yield from side_by_side(read, batches, progress)

    def refresh(
        self, subscription_ids: Iterable[str], *, progress: Callable[[int], None] | None = None
    ) -> list[Refresh]:
        """Have Advisor compute recommendations anew, and wait for it: ten minutes for each subscription at most.

        ``progress`` is told how many subscriptions are done. Raises
        :class:`~finance_ppm.sources.azure.errors.AzureError` for what concerns everything.
        """
        asked = list(dict.fromkeys(identity.lower() for identity in subscription_ids))
        done = []
        for refreshed in side_by_side(lambda identity, _: self._advisor.refresh(identity), asked, None):
            done.append(refreshed)
            if progress is not None:
                progress(len(done))
        return done

    def _listed(self) -> dict[str, str]:
        scopes = [Scope(subscriptions=tuple(ids)) for ids in _chunks(self._configured, MOST_SUBSCRIPTIONS)]
        # One by one, because the limit of 10,000 subscriptions is that of a query.
        scopes += [Scope(management_groups=(group,)) for group in self._groups]
        names: dict[str, str] = {}
        for scope in scopes or [Scope()]:
            reading = self._graph.read(SUBSCRIPTIONS, scope, about="the list of subscriptions", seen=_unheard)
            if reading.error is not None and reading.error.code == NO_SUBSCRIPTIONS:
                continue
            if reading.reason is not None:
                raise reading.error or AzureError(reading.reason)
            names |= {row.subscription_id: _name(row) for row in reading.rows.values()}
        if not names and not self._configured:
            where = f"in the management groups {', '.join(self._groups)}" if self._groups else "at all"
            raise AzureError(
                f"The identity sees no subscription {where}: give it the Reader role on a management group or a "
                "subscription, and check AZURE_MANAGEMENT_GROUPS."
            )
        return names

    def _planned(self, dataset: Dataset, names: Mapping[str, str | None]) -> tuple[list[list[str]], _Read]:
        """The batches, and how one of them is read."""
        ids = sorted(names)
        try:
            counts = self._counts(dataset, ids)
        except AzureError as error:
            if error.concerns_everything:
                raise
            logger.warning("%s", error)
            batches = _chunks(ids, UNCOUNTED_SUBSCRIPTIONS)
            if _only_advisor(dataset, error):
                return batches, lambda batch, seen: self._from_advisor(batch, names, seen)
            return batches, lambda batch, seen: self._from_graph(dataset, batch, names, None, seen)
        batches = packed(counts, most_rows=self._batch_rows, most_subscriptions=MOST_SUBSCRIPTIONS, at_once=AT_ONCE)
        return batches, lambda batch, seen: self._from_graph(dataset, batch, names, counts, seen)

    def _counts(self, dataset: Dataset, ids: Sequence[str]) -> dict[str, int]:
        """Rows of each subscription, as Azure counts them now."""
        counts = Counter(dict.fromkeys(ids, 0))
        for name, query in TABLES[dataset].items():
            for some in _chunks(ids, MOST_SUBSCRIPTIONS):
                told = self._graph.counts(query, some, about=f"the number of {name} in {_told(some)}")
                counts.update({identity: rows for identity, rows in told.items() if identity in counts})
        return counts

    def _from_graph(
        self,
        dataset: Dataset,
        ids: Sequence[str],
        names: Mapping[str, str | None],
        counts: Mapping[str, int] | None,
        seen: Seen,
    ) -> Batch:
        """A batch from Resource Graph. Where a part of it is closed to the identity, that part is found by halving."""
        readings: list[Reading] = []
        for name, query in TABLES[dataset].items():
            about = f"the {name} of {_told(ids)}"
            before = sum(map(len, readings))
            reading = self._graph.read(query, Scope(tuple(ids)), about=about, seen=_behind(before, seen))
            if reading.error is not None and _only_advisor(dataset, reading.error):
                return self._from_advisor(ids, names, seen)
            if reading.error is not None and reading.error.no_access and len(ids) > 1:
                first = self._from_graph(dataset, ids[: len(ids) // 2], names, counts, seen)
                after = _behind(len(first.rows), seen)
                second = self._from_graph(dataset, ids[len(ids) // 2 :], names, counts, after)
                return Batch(first.source, first.rows + second.rows, first.outcomes + second.outcomes)
            readings.append(reading)
        rows = {identity: row for reading in readings for identity, row in reading.rows.items()}
        reason = next((reading.reason for reading in readings if reading.reason is not None), None)
        read = Counter(row.subscription_id for row in rows.values())
        # Where every row is there, Azure's total says so; its counts by subscription are from before.
        expected = read if reason is None else counts
        outcomes = [
            Outcome(
                identity,
                names.get(identity),
                complete=reason is None,
                row_count=read[identity],
                expected_count=None if expected is None else expected.get(identity, 0),
                reason=reason,
            )
            for identity in ids
        ]
        return Batch(Source.RESOURCE_GRAPH, list(rows.values()), outcomes)

    def _from_advisor(self, ids: Sequence[str], names: Mapping[str, str | None], seen: Seen) -> Batch:
        """A batch from Advisor itself, which counts nothing beforehand."""
        batch = Batch(Source.ADVISOR, [], [])
        for identity in ids:
            reading = self._advisor.read(identity, seen=_behind(len(batch.rows), seen))
            batch.rows.extend(reading.rows.values())
            outcome = Outcome(
                identity,
                names.get(identity),
                complete=reading.reason is None,
                row_count=len(reading.rows),
                expected_count=None,
                reason=reading.reason,
            )
            batch.outcomes.append(outcome)
        return batch


def _only_advisor(dataset: Dataset, error: AzureError) -> bool:
    """Whether Resource Graph may not be asked for what Advisor itself may still tell."""
    return dataset is Dataset.ADVISOR and error.status == 403


def _behind(before: int, seen: Seen) -> Seen:
    """``seen`` for rows that are read behind so many others."""
    return lambda rows: seen(before + rows)


def _unheard(rows: int) -> None:
    """Nobody asks how far it is."""


def _told(ids: Sequence[str]) -> str:
    return f"subscription {ids[0]}" if len(ids) == 1 else f"{len(ids)} subscriptions ({ids[0]} and others)"


def _name(row: WireRow) -> str:
    return msgspec.json.decode(row.text, type=_Subscription).name or row.subscription_id


def _unseen(identity: str) -> Outcome:
    reason = (
        f"Azure does not show subscription {identity}: give the identity the Reader role on it, or take it out of "
        "AZURE_SUBSCRIPTIONS."
    )
    return Outcome(identity, None, complete=False, row_count=0, expected_count=None, reason=reason)


def _chunks(items: Sequence[str], size: int) -> list[list[str]]:
    return [list(items[start : start + size]) for start in range(0, len(items), size)]
