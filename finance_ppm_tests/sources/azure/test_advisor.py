"""Advisor's own lists and its refresh, page by page."""

import json
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from finance_ppm.sandbox.azure.faults import Fault, FaultKind
from finance_ppm.sandbox.azure.server import AzureSandbox, serve_azure
from finance_ppm.sources.azure.advisor import MOST_EMPTY, PATIENCE, POLL, Advisor
from finance_ppm.sources.azure.errors import AzureError
from finance_ppm.sources.azure.reading import Reading
from finance_ppm_tests.sandbox.azure.estates import NOW, ONE, TWO, advice, estate_of
from finance_ppm_tests.sources.azure.conftest import ConnectionOf, Handler, InstantTime, answered, serving


def item(name: str, subscription: str = ONE) -> dict[str, Any]:
    return {"id": f"/subscriptions/{subscription}/providers/Microsoft.Advisor/recommendations/{name}", "risk": "Error"}


class Reads:
    """Reads ONE from a handler, and has it refreshed."""

    def __init__(self, connection_of: ConnectionOf, waiting: InstantTime) -> None:
        self._connection_of, self._waiting = connection_of, waiting
        self.requests = 0
        self.seen: list[int] = []

    def __call__(self, handler: Handler) -> Reading:
        with serving(handler) as address, self._connection_of(address) as connection:
            advisor = Advisor(connection, time=self._waiting.time, sleep=self._waiting.sleep)
            reading = advisor.read(ONE, seen=self.seen.append)
            self.requests = connection.requests_sent
        return reading

    def refresh(self, handler: Handler) -> str | None:
        with serving(handler) as address, self._connection_of(address) as connection:
            advisor = Advisor(connection, time=self._waiting.time, sleep=self._waiting.sleep)
            return advisor.refresh(ONE).reason


@pytest.fixture
def reads(connection_of: ConnectionOf, waiting: InstantTime) -> Reads:
    return Reads(connection_of, waiting)


def pages(*told: dict[str, Any]) -> Handler:
    """Recommendations in pages, which lead to each other; the other lists are empty."""

    def handler(request: Request, _: Any) -> Response:
        if not request.url.path.endswith("recommendations"):
            return answered({"value": []})
        return answered(told[int(request.query_params.get("$skipToken", "0"))])

    return handler


def test_pages_are_followed_and_keep_what_the_sdk_does_not_know(connection_of: ConnectionOf) -> None:
    rows = [advice(f"r{number:03}", risk="Error", state="Active", new_field={"deep": [1.10]}) for number in range(250)]
    with serve_azure(estate_of(advisor=rows), now=NOW) as sandbox:
        connection = connection_of(sandbox.base_url, sandbox.token.get_secret_value())
        clock = InstantTime()
        with connection:
            reading = Advisor(connection, time=clock.time, sleep=clock.sleep).read(ONE, seen=lambda _: None)
            assert connection.requests_sent == 3 + 2
    assert reading.reason is None
    assert len(reading.rows) == 250
    for row in reading.rows.values():
        told = json.loads(row.text)["properties"]
        assert (told["risk"], told["state"], told["new_field"]) == ("Error", "Active", {"deep": [1.1]})


def test_a_page_is_kept_to_the_character(reads: Reads) -> None:
    text = '{"id" : "ID", "n":1.1000,"u":"\\u00e9", "big":12345678901234567890123}'.replace("ID", item("r1")["id"])
    reading = reads(lambda request, _: answered(b'{"value":[%s]}' % text.encode()))
    assert [row.text for row in reading.rows.values()] == [text]


def test_a_link_that_leads_back_is_not_followed_for_ever(reads: Reads) -> None:
    link = "/subscriptions/x/providers/Microsoft.Advisor/recommendations?$skipToken=1"
    reading = reads(_linked(link, [item("r1")], [item("r2")]))
    assert "leads to one that was read before" in str(reading.reason)
    assert len(reading) == 2


def test_an_empty_page_in_between_is_no_end(reads: Reads) -> None:
    """Azure may leave out of a page what its filter or the identity's rights take away."""
    reading = reads(_leading([item("r1")], [], [item("r1")], [item("r2")]))
    assert reading.reason is None
    assert len(reading.rows) == 2


def test_empty_pages_without_end_are_not_followed_for_ever(reads: Reads) -> None:
    reading = reads(_leading([item("r1")], *([] for _ in range(MOST_EMPTY + 10))))
    assert "100 pages in a row hold nothing new" in str(reading.reason)
    assert reads.requests == MOST_EMPTY + 1


def _leading(*lists: list[Any]) -> Handler:
    """Recommendations on pages that lead to each other, the last one nowhere; the other lists are empty."""

    def handler(request: Request, _: Any) -> Response:
        if not request.url.path.endswith("recommendations"):
            return answered({"value": []})
        place = int(request.query_params.get("$skipToken", "0"))
        link = f"{str(request.url).partition('?')[0]}?$skipToken={place + 1}"
        return answered({"value": lists[place]} | ({"nextLink": link} if place + 1 < len(lists) else {}))

    return handler


def _linked(link: str, *lists: list[Any]) -> Handler:
    """Lists, each with the same link."""

    def handler(request: Request, _: Any) -> Response:
        place = min(int(request.query_params.get("$skipToken", "0")), len(lists) - 1)
        return answered({"value": lists[place], "nextLink": f"{str(request.base_url).rstrip('/')}{link}"})

    return handler


def test_a_list_that_is_cut_off_is_not_whole(reads: Reads) -> None:
    reading = reads(lambda *_: answered({"value": [item("r1")]}, headers={"iscutoff": "True"}))
    assert "cut off" in str(reading.reason)
    assert len(reading.rows) == 1


def test_rows_of_another_subscription_are_not_taken_for_this_one(reads: Reads) -> None:
    reading = reads(lambda request, _: answered({"value": [item("r1"), item("r2", TWO)]}))
    assert [row.subscription_id for row in reading.rows.values()] == [ONE]
    assert str(reading.reason).startswith("3 row(s) of")  # the same one in each of the lists


@pytest.mark.parametrize(
    "fault",
    [Fault.error(429), Fault.error(503), Fault.html(200), Fault(FaultKind.MALFORMED), Fault(FaultKind.DROP_AFTER)],
    ids=lambda fault: f"{fault.kind} {fault.status}",
)
def test_a_list_is_asked_for_again(fault: Fault, sandbox: AzureSandbox, connection_of: ConnectionOf) -> None:
    sandbox.add_fault(fault)
    clock = InstantTime()
    with connection_of(sandbox.base_url, sandbox.token.get_secret_value()) as connection:
        reading = Advisor(connection, time=clock.time, sleep=clock.sleep).read(ONE, seen=lambda _: None)
    assert reading.reason is None
    assert len(reading.rows) == 26


def test_what_concerns_every_subscription_is_raised(sandbox: AzureSandbox, connection_of: ConnectionOf) -> None:
    sandbox.add_fault(Fault.error(401, nth=2))
    clock = InstantTime()
    with (
        connection_of(sandbox.base_url, sandbox.token.get_secret_value()) as connection,
        pytest.raises(AzureError, match="does not accept the credentials"),
    ):
        Advisor(connection, time=clock.time, sleep=clock.sleep).read(ONE, seen=lambda _: None)


def test_a_refresh_that_never_ends_is_told_after_ten_minutes(reads: Reads, waiting: InstantTime) -> None:
    start = waiting.now
    location = {"location": "https://management.azure.com/somewhere/operation-1?api-version=2020-01-01"}
    reason = reads.refresh(lambda request, _: Response(status_code=202, headers=location))
    assert "has not ended" in str(reason)
    assert "within 10 minutes" in str(reason)
    assert PATIENCE <= waiting.now - start <= PATIENCE + POLL


def test_a_refresh_asks_as_often_as_azure_says(reads: Reads, waiting: InstantTime) -> None:
    asked: list[str] = []

    def handler(request: Request, _: Any) -> Response:
        asked.append(request.url.path)
        if len(asked) < 4:
            return Response(status_code=202, headers={"location": "https://x/op/operation-1?a=b", "retry-after": "40"})
        return Response(status_code=204)

    start = waiting.now
    assert reads.refresh(handler) is None
    assert waiting.now - start == 80
    assert asked[0].endswith("/generateRecommendations")
    assert {path.rpartition("/")[2] for path in asked[1:]} == {"operation-1"}


def test_a_refresh_that_does_not_say_how_to_follow_it_is_told(reads: Reads) -> None:
    assert "does not say how to follow it" in str(reads.refresh(lambda request, _: Response(status_code=202)))
