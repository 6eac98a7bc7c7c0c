"""Azure Resource Graph: the queries that are sent, and pages that make up a whole, or an error.

Belongs here: queries, scopes, paging. A token is a place in the order of ids, and nothing says whether rows came or
went before it. So each page begins with the last row of the page before: where it does, no row was passed over that
was there all the time.
https://learn.microsoft.com/azure/governance/resource-graph/concepts/paging-results
https://learn.microsoft.com/python/api/azure-mgmt-resourcegraph/azure.mgmt.resourcegraph.models.queryrequestoptions
("skip ... Overrides the next page offset when $skipToken property is present")
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from azure.mgmt.resourcegraph import ResourceGraphClient
from azure.mgmt.resourcegraph.models import QueryRequest, QueryRequestOptions

from finance_ppm.sources.azure.answers import GraphAnswer
from finance_ppm.sources.azure.connection import ANSWER, Connection
from finance_ppm.sources.azure.errors import (
    PAYLOAD_TOO_LARGE,
    UNSOUND,
    AzureError,
    ids_alike,
    malformed_answer,
    not_pageable,
    truncated_tenant,
    unsound_pages,
)
from finance_ppm.sources.azure.identities import wire_row
from finance_ppm.sources.azure.reading import Reading, Seen
from finance_ppm.sources.azure.rows import Dataset

PAGE_ROWS = 1000
"""The most that one page holds."""

MOST_SUBSCRIPTIONS = 1000
"""The most that one query names (https://learn.microsoft.com/azure/governance/resource-graph/troubleshoot/general)."""

READS = 3
"""Times that a table is read from its first page, before its pages are taken for what they are: not a whole."""

SUBSCRIPTION_TYPE = "microsoft.resources/subscriptions"

SUBSCRIPTIONS = f"resourcecontainers | where type =~ '{SUBSCRIPTION_TYPE}'"

TABLES: Mapping[Dataset, Mapping[str, str]] = {
    Dataset.RESOURCES: {
        "resources": "resources",
        "resource groups": "resourcecontainers | where type in~ ('microsoft.resources/subscriptions', "
        "'microsoft.resources/subscriptions/resourcegroups')",
    },
    Dataset.ADVISOR: {
        "recommendations": "advisorresources | where type in~ ('microsoft.advisor/recommendations', "
        "'microsoft.advisor/suppressions', 'microsoft.advisor/configurations')",
    },
}
"""What each snapshot is read from: a name for messages, and the query of its rows."""

_LIMIT_HIT = "x-ms-tenant-subscription-limit-hit"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Scope:
    """What a query reaches: subscriptions, or management groups, or, where neither is named, the tenant."""

    subscriptions: tuple[str, ...] = ()
    management_groups: tuple[str, ...] = ()


_FAR = 5
"""Rows that must lie before a page, so that its beginning tells where it was looked for."""


class _Count(msgspec.Struct):
    subscription_id: str = msgspec.field(name="subscriptionId")
    rows: int = msgspec.field(name="count_")


class Graph:
    """Resource Graph, over a connection. Safe to share among threads."""

    def __init__(self, connection: Connection, *, page_rows: int = PAGE_ROWS) -> None:
        self._client = ResourceGraphClient(**connection.for_clients)
        self._page_rows = page_rows
        self._overlap = True
        """Whether pages are asked to begin with the last row of the page before."""

    def read(self, query: str, scope: Scope, *, about: str, seen: Seen, reads: int = READS) -> Reading:
        """Every row of a query, once each; or what could be read of it, and why not all.

        Where rows come and go meanwhile, or Azure tells a page twice, the pages do not fit together: they are read
        from the first one, ``reads`` times at most. Raises AzureError where nothing else can be read either.
        """
        asked = frozenset(scope.subscriptions) or None
        kept = Reading(asked, about)
        for _ in range(reads):
            reading = Reading(asked, about)
            try:
                self._read_pages(f"{query} | order by id asc", scope, reading, seen)
            except AzureError as error:
                if error.concerns_everything:
                    raise
                reading.error = error
                reading.keep(kept)
                kept = reading
                if error.code != UNSOUND:
                    break
                logger.warning("%s", error, extra={"about": about})
            else:
                return reading
        return kept

    def counts(self, query: str, subscription_ids: Sequence[str], *, about: str) -> dict[str, int]:
        """Rows of a query in each of at most 1,000 subscriptions; one without any is left out. Raises AzureError."""
        counting = f"{query} | summarize count() by subscriptionId"
        answer = self._page(counting, Scope(tuple(subscription_ids)), PAGE_ROWS, about)
        if answer.truncated or answer.count < answer.total_records:
            raise not_pageable(about, read=answer.count, total=answer.total_records)
        counts: dict[str, int] = {}
        try:
            for raw in answer.rows():
                told = msgspec.json.decode(raw, type=_Count)
                identity = told.subscription_id.lower()
                counts[identity] = counts.get(identity, 0) + told.rows
        except msgspec.MsgspecError as error:
            raise malformed_answer(str(error), about=about, headers={}, mask=str) from None
        return counts

    def _read_pages(self, query: str, scope: Scope, reading: Reading, seen: Seen) -> None:
        """Add every page's rows to the reading. Raises AzureError where they are not the whole."""
        about, top = reading.about, self._page_rows
        place = _Place(about)
        while True:
            top = max(top, place.fewest)
            try:
                answer = self._page(query, scope, top, about, place)
            except AzureError as error:
                if error.code == PAYLOAD_TOO_LARGE and top > place.fewest:
                    top //= 2
                    continue
                raise
            if self._overlap and not place.fits(answer) and self._ignores_skip(query, scope, top, place, answer):
                self._overlap = False
                logger.warning(
                    "Azure ignores $skip beside $skipToken, so pages cannot overlap: a row that moves between two of "
                    "them while %s are read may be missed until the next read.",
                    about,
                )
            new = reading.add(place.passed(answer, overlap=self._overlap))
            seen(len(reading))
            if place.token is None:
                break
            if not new:
                raise unsound_pages("a page holds no row that was not read before", about=about)
        if answer.truncated:
            raise not_pageable(about, read=len(reading), total=answer.total_records)
        if reading.alike is not None:
            raise ids_alike(*reading.alike, about=about)
        if len(reading) != answer.total_records:
            raise unsound_pages(
                f"{len(reading)} different rows were read, and Azure counts {answer.total_records}", about=about
            )

    def _ignores_skip(self, query: str, scope: Scope, top: int, place: "_Place", answer: GraphAnswer) -> bool:
        """Whether a page that does not fit begins where it does whatever ``$skip`` says.

        ``$skip`` is documented to override the token's place. One more query, for the second row of all, shows it: no
        change meanwhile brings the same row so far forward.
        """
        rows = answer.rows()
        if place.rows < _FAR:
            return False
        again = self._page(query, scope, top, place.about, place, back=place.rows - 1).rows()
        return bool(rows and again) and _identity(rows[0]) == _identity(again[0])

    def _page(
        self, query: str, scope: Scope, top: int, about: str, place: "_Place | None" = None, *, back: int = 1
    ) -> GraphAnswer:
        token = None if place is None else place.token
        asked = QueryRequest(
            query=query,
            subscriptions=list(scope.subscriptions) or None,
            management_groups=list(scope.management_groups) or None,
            options=QueryRequestOptions(
                top=top,
                skip=None if place is None or token is None or not self._overlap else max(0, place.rows - back),
                skip_token=token,
                result_format="objectArray",
            ),
        )
        response: Any = self._client.resources(
            asked, cls=lambda response, _, __: response, about=about, answer=GraphAnswer
        )
        if response.http_response.headers.get(_LIMIT_HIT, "").strip().lower() == "true":
            raise truncated_tenant(about)
        answer: GraphAnswer = response.context[ANSWER]
        return answer


@dataclass
class _Place:
    """How far a table was read, page by page."""

    about: str
    rows: int = 0
    token: str | None = None
    """What leads on; None before the first page and behind the last one."""
    _last: bytes = b""
    _total: int | None = None
    _tokens: set[str] = field(default_factory=set)

    @property
    def fewest(self) -> int:
        """Rows that a page must hold to lead on: behind the first page, one of them is told again."""
        return 1 if self.token is None else 2

    def fits(self, answer: GraphAnswer) -> bool:
        """Whether a page begins with the last row of the one before, or is the first."""
        rows = answer.rows()
        return self.token is None or bool(rows and _identity(rows[0]) == _identity(self._last))

    def passed(self, answer: GraphAnswer, *, overlap: bool) -> list[bytes]:
        """Go to the end of a page; its rows without the one that the page before held. Raises AzureError."""
        rows = answer.rows()
        if self._total is None:
            self._total = answer.total_records
        elif answer.total_records != self._total:
            raise self._unsound(f"their number of rows went from {self._total} to {answer.total_records}")
        if self.token is not None and overlap:
            if not self.fits(answer):
                raise self._unsound("a page does not begin with the last row of the page before")
            del rows[0]
        self.rows += len(rows)
        self._last = rows[-1] if rows else self._last
        self.token = answer.skip_token or None
        if self.token is not None:
            if self.token in self._tokens:
                raise self._unsound("a page leads to one that was read before")
            if self.rows > self._total:
                raise self._unsound(f"more rows were read than Azure counts, which is {self._total}")
            self._tokens.add(self.token)
        return rows

    def _unsound(self, reason: str) -> AzureError:
        return unsound_pages(reason, about=self.about)


def _identity(raw: bytes) -> str | bytes:
    """What a row is known by from one page to the next: what else it says may change meanwhile."""
    row = wire_row(raw)
    return raw if row is None else row.id
