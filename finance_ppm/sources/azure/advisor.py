"""Azure Advisor's own API: its lists, subscription by subscription, and the order to compute anew.

Belongs here: reading where Resource Graph may not be asked, and refreshing. Rows are taken from the wire: the SDK's
models drop ``risk``, ``state`` and whatever else they do not know.
https://learn.microsoft.com/rest/api/advisor/
"""

from collections.abc import Callable
from typing import Any

from azure.mgmt.advisor import AdvisorManagementClient

from finance_ppm.sources.azure.answers import ListAnswer
from finance_ppm.sources.azure.connection import ANSWER, Connection, Response
from finance_ppm.sources.azure.errors import AzureError, unsound_pages, whole_number
from finance_ppm.sources.azure.reading import Reading, Seen
from finance_ppm.sources.azure.rows import Refresh

PATIENCE = 600.0
"""Seconds that a refresh may take before it is no longer waited for."""

POLL = 5.0
"""Seconds between two questions whether a refresh has ended, unless Azure says otherwise."""

MOST_EMPTY = 100
"""Pages in a row that hold nothing new and lead on, before a list is not followed any further."""

_GENERATE = "Microsoft.Advisor/generateRecommendations/action"
"""What a refresh needs (https://learn.microsoft.com/azure/role-based-access-control/permissions/management-and-governance).
"""

_CUT_OFF = "iscutoff"
"""A header of Advisor's lists: ``True`` where the list is not whole."""


class Advisor:
    """Advisor, over a connection. Safe to share among threads. ``time`` and ``sleep`` in seconds."""

    def __init__(self, connection: Connection, *, time: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._connection = connection
        self._time = time
        self._sleep = sleep

    def read(self, subscription_id: str, *, seen: Seen) -> Reading:
        """Recommendations, suppressions and configurations of a subscription, once each; or why not all.

        Raises AzureError where nothing else can be read either.
        """
        reading = Reading(frozenset({subscription_id}), f"Advisor's lists of subscription {subscription_id}")
        client = self._client(subscription_id)
        lists: tuple[Callable[..., Any], ...] = (
            client.recommendations.list,
            client.suppressions.list,
            client.configurations.list_by_subscription,
        )
        try:
            for listed in lists:
                self._read_pages(listed, reading, seen)
        except AzureError as error:
            if error.concerns_everything:
                raise
            reading.error = error
        return reading

    def refresh(self, subscription_id: str) -> Refresh:
        """Have Advisor compute a subscription's recommendations anew, and wait until it has, ten minutes at most.

        Raises AzureError where no other subscription can be refreshed either.
        """
        about = f"a refresh of Advisor's recommendations in subscription {subscription_id}"
        client = self._client(subscription_id)
        until = self._time() + PATIENCE
        try:
            location = client.recommendations.generate(
                cls=lambda _, __, headers: str(headers.get("Location") or ""),
                about=about,
                action=_GENERATE,
                until=until,
            )
            # Its last step names the operation; the rest is not followed.
            operation = str(location).partition("?")[0].rstrip("/").rpartition("/")[2]
            if not operation:
                return Refresh(subscription_id, f"Azure began {about} and does not say how to follow it: look later.")
            while (wait := self._unfinished(client, operation, about, until)) is not None:
                left = until - self._time()
                if left <= 0:
                    return Refresh(
                        subscription_id,
                        f"Azure has not ended {about} within {PATIENCE / 60:.0f} minutes: what is read meanwhile may "
                        "be older, so read again later.",
                    )
                self._sleep(min(wait, left))
        except AzureError as error:
            if error.concerns_everything:
                raise
            return Refresh(subscription_id, str(error))
        return Refresh(subscription_id)

    def _unfinished(self, client: AdvisorManagementClient, operation: str, about: str, until: float) -> float | None:
        """None where a refresh has ended (204); where it has not (202), the seconds to wait before asking again."""
        response: Any = client.recommendations.get_generate_status(
            operation, cls=lambda response, _, __: response, about=about, action=_GENERATE, until=until
        )
        if response.http_response.status_code == 204:
            return None
        told = whole_number(response.http_response.headers.get("retry-after"))
        return POLL if told is None else float(told)

    def _read_pages(self, listed: Callable[..., Any], reading: Reading, seen: Seen) -> None:
        pages: list[Response] = []
        links: set[str] = set()
        empty = 0
        # The SDK's pages are empty here, and lead on to each other; the rows lie beside them, as they came.
        for _ in listed(raw_response_hook=pages.append, about=reading.about, answer=ListAnswer).by_page():
            response = pages.pop()
            answer: ListAnswer = response.context[ANSWER]
            new = reading.add(answer.rows())
            seen(len(reading))
            if response.http_response.headers.get(_CUT_OFF, "").strip().lower() == "true":
                raise unsound_pages("Advisor says that the list is cut off", about=reading.about)
            if answer.next_link:
                if answer.next_link in links:
                    raise unsound_pages("a page leads to one that was read before", about=reading.about)
                empty = 0 if new else empty + 1
                if empty >= MOST_EMPTY:
                    raise unsound_pages(f"{empty} pages in a row hold nothing new and lead on", about=reading.about)
                links.add(answer.next_link)

    def _client(self, subscription_id: str) -> AdvisorManagementClient:
        return AdvisorManagementClient(subscription_id=subscription_id, **self._connection.for_clients)
