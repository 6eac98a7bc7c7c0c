"""Reading Azure: one snapshot of a dataset, in batches of whole subscriptions.

Belongs here: what is read, side by side and in which batches, and how each subscription came out. Pages are the
business of ``graph`` and ``advisor``.
"""

import logging
import re
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
from finance_ppm.sources.azure.graph import MOST_SUBSCRIPTIONS, SUBSCRIPTIONS, Graph, Scope
from finance_ppm.sources.azure.halving import BatchReader, only_advisor
from finance_ppm.sources.azure.limiter import Budgets, budgets_of
from finance_ppm.sources.azure.reading import Seen, unheard
from finance_ppm.sources.azure.rows import Batch, Dataset, Outcome, Refresh, Source, WireRow
from finance_ppm.sources.azure.side_by_side import AT_ONCE, side_by_side

BATCH_ROWS = 50_000
"""Rows of a batch, about: 100 MB while it is read and kept."""

UNCOUNTED_SUBSCRIPTIONS = 50
"""Subscriptions of a batch where nothing tells how many rows they have."""

logger = logging.getLogger(__name__)
_Read = Callable[[list[str], Seen], list[Batch]]
_GROUP = re.compile(r"/?providers/microsoft\.management/managementgroups/([^/]+)/?", re.IGNORECASE)


class _Subscription(msgspec.Struct):
    name: object = None  # a subscription with an odd name is still one


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
        self._groups = tuple(dict.fromkeys(map(_group, management_groups)))
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
            if not self._configured or not only_advisor(dataset, error):
                raise
            names = dict.fromkeys(self._configured)
        if unseen := [identity for identity in self._configured if identity not in names]:
            yield Batch(Source.RESOURCE_GRAPH, [], [_unseen(identity) for identity in unseen])
        batches, read = self._planned(dataset, names)
        for done in side_by_side(read, batches, progress):
            # Popped, so that nothing here keeps what was handed over.
            while done:
                yield done.pop()

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
        names: dict[str, str] = {}
        # One by one, because the limit of 10,000 subscriptions is that of a query.
        for group in self._groups:
            members = self._shown(Scope(management_groups=(group,)), f"the subscriptions of management group {group}")
            if not members:
                raise AzureError(
                    f"The management group {group} shows no subscription: name it in AZURE_MANAGEMENT_GROUPS by its "
                    "id rather than its display name, and give the identity the Reader role on it."
                )
            names |= members
        for ids in _chunks(self._configured, MOST_SUBSCRIPTIONS):
            names |= self._shown(Scope(subscriptions=tuple(ids)), "the list of subscriptions")
        if not self._groups and not self._configured:
            names = self._shown(Scope(), "the list of subscriptions")
            if not names:
                raise AzureError(
                    "The identity sees no subscription at all: give it the Reader role on a management group or a "
                    "subscription."
                )
        return names

    def _shown(self, scope: Scope, about: str) -> dict[str, str]:
        """Id to name of the subscriptions in a scope that can be seen; raises AzureError where they are not all."""
        reading = self._graph.read(SUBSCRIPTIONS, scope, about=about, seen=unheard)
        if reading.error is not None and reading.error.code == NO_SUBSCRIPTIONS:
            return {}
        if reading.reason is not None:
            raise reading.error or AzureError(reading.reason)
        return {row.subscription_id: _name(row) for row in reading.rows.values()}

    def _planned(self, dataset: Dataset, names: Mapping[str, str | None]) -> tuple[list[list[str]], _Read]:
        """The batches, and how one of them is read."""
        ids = sorted(names)
        reader = BatchReader(self._graph, self._advisor, dataset, names)
        try:
            counts = reader.counts(ids)
        except AzureError as error:
            if error.concerns_everything:
                raise
            # Whoever is the cause is found when the batches are read.
            logger.warning("%s", error)
            return _chunks(ids, UNCOUNTED_SUBSCRIPTIONS), lambda batch, seen: reader.read(batch, None, seen)
        batches = packed(counts, most_rows=self._batch_rows, most_subscriptions=MOST_SUBSCRIPTIONS, at_once=AT_ONCE)
        return batches, lambda batch, seen: reader.read(batch, counts, seen)


def _group(told: str) -> str:
    """The id of a management group, which may be told as a resource id."""
    path = _GROUP.fullmatch(told)
    return path[1] if path else told


def _name(row: WireRow) -> str:
    name = msgspec.json.decode(row.text, type=_Subscription).name
    return name if isinstance(name, str) and name else row.subscription_id


def _unseen(identity: str) -> Outcome:
    reason = (
        f"Azure does not show subscription {identity}: give the identity the Reader role on it, or take it out of "
        "AZURE_SUBSCRIPTIONS."
    )
    return Outcome(identity, None, complete=False, row_count=0, expected_count=None, reason=reason)


def _chunks(items: Sequence[str], size: int) -> list[list[str]]:
    return [list(items[start : start + size]) for start in range(0, len(items), size)]
