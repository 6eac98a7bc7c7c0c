"""Azure Resource Graph: the queries that are sent, and pages that make up a whole, or an error.

Belongs here: queries, scopes, paging. https://learn.microsoft.com/azure/governance/resource-graph/concepts/paging-results
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
    malformed_answer,
    not_pageable,
    truncated_tenant,
    unsound_pages,
)
from finance_ppm.sources.azure.reading import Reading, Seen
from finance_ppm.sources.azure.rows import Dataset

PAGE_ROWS = 1000
"""The most that one page holds."""

MOST_SUBSCRIPTIONS = 1000
"""The most that one query names (https://learn.microsoft.com/azure/governance/resource-graph/troubleshoot/general)."""

READS = 3
"""Times that a table is read from its first page, before its pages are taken for what they are: not a whole."""

SUBSCRIPTIONS = "resourcecontainers | where type =~ 'microsoft.resources/subscriptions'"

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


class _Count(msgspec.Struct):
    subscription_id: str = msgspec.field(name="subscriptionId")
    rows: int = msgspec.field(name="count_")


class Graph:
    """Resource Graph, over a connection. Safe to share among threads."""

    def __init__(self, connection: Connection, *, page_rows: int = PAGE_ROWS) -> None:
        self._client = ResourceGraphClient(**connection.for_clients)
        self._page_rows = page_rows

    def read(self, query: str, scope: Scope, *, about: str, seen: Seen) -> Reading:
        """Every row of a query, once each; or what could be read of it, and why not all.

        A page's token is a place in the order of ids. Where rows come and go meanwhile, or Azure tells a page twice,
        the pages do not fit together: they are read again, a few times. Raises AzureError where nothing else can be
        read either.
        """
        asked = frozenset(scope.subscriptions) or None
        kept = Reading(asked, about)
        for _ in range(READS):
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
        answer = self._page(counting, Scope(tuple(subscription_ids)), None, PAGE_ROWS, about)
        if answer.count < answer.total_records:
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
        token: str | None = None
        tokens: set[str] = set()
        total: int | None = None
        while True:
            try:
                answer = self._page(query, scope, token, top, about)
            except AzureError as error:
                if error.code == PAYLOAD_TOO_LARGE and top > 1:
                    top //= 2
                    continue
                raise
            if total is None:
                total = answer.total_records
            elif answer.total_records != total:
                raise unsound_pages(f"their number of rows went from {total} to {answer.total_records}", about=about)
            rows = answer.rows()
            new = reading.add(rows)
            seen(len(reading))
            token = answer.skip_token or None
            if token is None:
                break
            if token in tokens:
                raise unsound_pages("a page leads to one that was read before", about=about)
            if len(reading) > total:
                raise unsound_pages(f"more rows were read than Azure counts, which is {total}", about=about)
            if not new:
                raise unsound_pages("a page holds no row that was not read before", about=about)
            tokens.add(token)
        if answer.truncated and len(reading) < total:
            raise not_pageable(about, read=len(reading), total=total)
        if len(reading) != total:
            raise unsound_pages(f"{len(reading)} different rows were read, and Azure counts {total}", about=about)

    def _page(self, query: str, scope: Scope, token: str | None, top: int, about: str) -> GraphAnswer:
        asked = QueryRequest(
            query=query,
            subscriptions=list(scope.subscriptions) or None,
            management_groups=list(scope.management_groups) or None,
            options=QueryRequestOptions(top=top, skip_token=token, result_format="objectArray"),
        )
        response: Any = self._client.resources(
            asked, cls=lambda response, _, __: response, about=about, answer=GraphAnswer
        )
        if response.http_response.headers.get(_LIMIT_HIT, "").strip().lower() == "true":
            raise truncated_tenant(about)
        answer: GraphAnswer = response.context[ANSWER]
        return answer
