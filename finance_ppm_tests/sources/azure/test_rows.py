"""A row is kept to the character, under the names that tell whose it is."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import Response

from finance_ppm.sources.azure.answers import GraphAnswer, decode_answer
from finance_ppm.sources.azure.errors import AzureError
from finance_ppm.sources.azure.graph import Graph, Scope
from finance_ppm.sources.azure.identities import type_of, wire_row
from finance_ppm_tests.sandbox.azure.estates import ONE
from finance_ppm_tests.sources.azure.conftest import ConnectionOf, answered, page, serving

MACHINE = f"/subscriptions/{ONE}/resourceGroups/RG/providers/Microsoft.Compute/virtualMachines/vm"

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def decoded(body: bytes) -> GraphAnswer:
    return decode_answer(body, GraphAnswer, about="a test", headers={}, mask=str)


@settings(deadline=None, max_examples=150)
@given(st.lists(st.dictionaries(st.text(), values, max_size=4), max_size=4), st.booleans(), st.sampled_from([None, 1]))
def test_a_row_is_what_came(rows: list[dict[str, Any]], ascii_only: bool, indent: int | None) -> None:
    texts = [json.dumps(row | {"id": MACHINE}, ensure_ascii=ascii_only, indent=indent) for row in rows]
    body = f'{{"totalRecords":{len(texts)},"count":{len(texts)},"data":[{" , ".join(texts)}]}}'
    kept = [wire_row(raw) for raw in decoded(body.encode(errors="surrogatepass")).rows()]
    assert [row.text for row in kept if row] == texts


TOLD = {
    "all": ({"id": MACHINE, "type": "T/x", "subscriptionId": "S", "resourceGroup": "G"}, ("t/x", "s", "g")),
    "an id": ({"id": MACHINE}, ("microsoft.compute/virtualmachines", ONE, "rg")),
    "odd values": ({"id": MACHINE, "type": 1, "subscriptionId": None, "resourceGroup": []},
                   ("microsoft.compute/virtualmachines", ONE, "rg")),
    "no group": ({"id": f"/subscriptions/{ONE}/providers/Microsoft.Advisor/recommendations/r", "resourceGroup": ""},
                 ("microsoft.advisor/recommendations", ONE, None)),
    "a resource group": ({"id": f"/subscriptions/{ONE}/resourceGroups/RG"},
                         ("microsoft.resources/subscriptions/resourcegroups", ONE, "rg")),
    "a subscription": ({"id": f"/subscriptions/{ONE}"}, ("microsoft.resources/subscriptions", ONE, None)),
    "no subscription": ({"id": "/providers/Microsoft.Management/managementGroups/x"}, None),
    "no type": ({"id": f"/subscriptions/{ONE}/something"}, None),
    "no id": ({"type": "t", "subscriptionId": ONE}, None),
    "a list": ([MACHINE], None),
    "null": (None, None),
}  # fmt: skip


@pytest.mark.parametrize(("row", "expected"), TOLD.values(), ids=TOLD.keys())
def test_whose_a_row_is(row: Any, expected: tuple[str, str, str | None] | None) -> None:
    kept = wire_row(json.dumps(row).encode())
    assert (kept and (kept.type, kept.subscription_id, kept.resource_group)) == expected


def test_the_type_of_a_nested_resource_is_told_by_its_id() -> None:
    assert type_of("/subscriptions/s/resourcegroups/g/providers/a.b/c/1/d/2") == "a.b/c/d"
    assert type_of("/subscriptions/s/resourcegroups/g/providers/a.b/c/1/providers/m.advisor/r/2/s/3") == "m.advisor/r/s"


def test_half_of_a_character_costs_that_character_alone() -> None:
    body = b'{"totalRecords":1,"count":1,"data":[{"id":"%s","name":"x\\ud83d","ok":"\\ud83d\\ude00\\\\ud83d"}]}'
    (raw,) = decoded(body % MACHINE.encode()).rows()
    row = wire_row(raw)
    assert row is not None
    assert json.loads(row.text) == {"id": MACHINE, "name": "x\ufffd", "ok": "\U0001f600\\ud83d"}


@pytest.mark.parametrize(
    "body",
    [
        b"<html></html>",
        b"",
        b"[]",
        b'{"totalRecords":1,"count":1,"data":[{}',
        b'{"totalRecords":2,"count":2,"data":[{}]}',
        b'{"totalRecords":1,"count":1,"data":{"columns":[{"name":"id"}],"rows":[[1,2]]}}',
        b'{"totalRecords":1,"count":1,"data":["\xff"]}',
        b'{"totalRecords":1,"count":1,"data":' + b"[" * 5000 + b"]" * 5000 + b"}",
    ],
)
def test_what_is_no_page_is_asked_for_again(body: bytes) -> None:
    with pytest.raises(AzureError, match="could not be read") as raised:
        decoded(body)
    assert raised.value.retryable
    assert raised.value.code == "malformed"


def test_a_page_that_is_too_large_is_asked_for_in_smaller_ones(connection_of: ConnectionOf) -> None:
    """As Azure refuses one of more than 16 MiB; a token is a place in the result, whatever the size of a page."""
    tops: list[int] = []
    rows = [{"id": f"{MACHINE}{number:02}"} for number in range(10)]

    def handler(request: Request, body: Any) -> Response:
        options = body["options"]
        tops.append(options["$top"])
        if options["$top"] > 3:
            detail = {"code": "ResponsePayloadTooLarge", "message": "Response payload size is 94330584."}
            return answered({"error": {"code": "BadRequest", "details": [detail]}}, 400)
        start = options.get("$skip", 0)
        end = min(start + options["$top"], len(rows))
        return answered(page(rows[start:end], total=len(rows), token=str(end) if end < len(rows) else None))

    with serving(handler) as address, connection_of(address) as connection:
        graph = Graph(connection, page_rows=8)
        reading = graph.read("resources", Scope((ONE,)), about="a test", seen=lambda _: None)
    assert reading.reason is None
    assert len(reading.rows) == 10
    assert tops == [8, 4, *[2] * 9]


def test_a_row_that_is_too_large_alone_is_told(connection_of: ConnectionOf) -> None:
    """Behind the first page a page of one row holds nothing new, and is not asked for."""
    tops: list[int] = []

    def handler(request: Request, body: Any) -> Response:
        tops.append(body["options"]["$top"])
        if "$skipToken" in body["options"]:
            detail = {"code": "ResponsePayloadTooLarge", "message": "Response payload size is 94330584."}
            return answered({"error": {"code": "BadRequest", "details": [detail]}}, 400)
        return answered(page([{"id": f"{MACHINE}0"}], total=2, token="on"))

    with serving(handler) as address, connection_of(address) as connection:
        reading = Graph(connection, page_rows=4).read("resources", Scope((ONE,)), about="a test", seen=lambda _: None)
    assert tops == [4, 4, 2]
    assert "Response payload size" in str(reading.reason)
    assert len(reading.rows) == 1


@pytest.mark.parametrize("token", ["", None])
def test_an_empty_token_is_none(token: str | None, connection_of: ConnectionOf) -> None:
    told = page([{"id": MACHINE}]) | {"$skipToken": token}
    with serving(lambda *_: answered(told)) as address, connection_of(address) as connection:
        reading = Graph(connection).read("resources", Scope((ONE,)), about="a test", seen=lambda _: None)
        assert connection.requests_sent == 1
    assert reading.reason is None


def test_a_page_without_rows_that_leads_on_is_no_whole(connection_of: ConnectionOf) -> None:
    tokens = iter("abcdefgh")
    with (
        serving(lambda *_: answered(page([], total=5, token=next(tokens)))) as address,
        connection_of(address) as connection,
    ):
        reading = Graph(connection).read("resources", Scope((ONE,)), about="a test", seen=lambda _: None)
        assert connection.requests_sent == 3
    assert "holds no row that was not read before" in str(reading.reason)


def test_a_page_of_nothing_but_the_last_row_of_the_page_before_is_no_whole(connection_of: ConnectionOf) -> None:
    tokens = iter("abcdefgh")
    with (
        serving(lambda *_: answered(page([{"id": f"{MACHINE}1"}], total=5, token=next(tokens)))) as address,
        connection_of(address) as connection,
    ):
        reading = Graph(connection).read("resources", Scope((ONE,)), about="a test", seen=lambda _: None)
        assert connection.requests_sent == 3 * 2
    assert "holds no row that was not read before" in str(reading.reason)


def test_a_page_that_begins_elsewhere_is_no_whole(connection_of: ConnectionOf) -> None:
    """As from an Azure that follows the token alone."""

    def handler(request: Request, body: Any) -> Response:
        start = int(body["options"].get("$skipToken", 0))
        rows = [{"id": f"{MACHINE}{start + more}"} for more in range(2)]
        return answered(page(rows, total=4, token=str(start + 2) if start < 2 else None))

    with serving(handler) as address, connection_of(address) as connection:
        reading = Graph(connection).read("resources", Scope((ONE,)), about="a test", seen=lambda _: None)
    assert "does not begin with the last row of the page before" in str(reading.reason)


def test_an_answer_that_was_cut_is_no_whole_though_the_numbers_agree(connection_of: ConnectionOf) -> None:
    told = page([{"id": MACHINE}], resultTruncated="true")
    with serving(lambda *_: answered(told)) as address, connection_of(address) as connection:
        graph = Graph(connection)
        reading = graph.read("resources", Scope((ONE,)), about="a test", seen=lambda _: None)
        with pytest.raises(AzureError, match="no further page"):
            graph.counts("resources", [ONE], about="a test")
    assert "no further page" in str(reading.reason)


def test_short_pages_are_followed_as_long_as_there_is_a_token(connection_of: ConnectionOf) -> None:
    """Azure may tell 3 of 2,876 rows, not truncated, and a token."""

    def handler(request: Request, body: Any) -> Response:
        start = body["options"].get("$skip", 0)
        rows = [{"id": f"{MACHINE}{number}"} for number in range(start, min(start + 2, 4))]
        return answered(page(rows, total=4, token=str(start) if start < 2 else None))

    with serving(handler) as address, connection_of(address) as connection:
        reading = Graph(connection).read("resources", Scope((ONE,)), about="a test", seen=lambda _: None)
    assert reading.reason is None
    assert len(reading.rows) == 4


def test_a_token_that_does_not_advance_is_no_whole_though_the_rows_do(connection_of: ConnectionOf) -> None:
    def handler(request: Request, body: Any) -> Response:
        start = body["options"].get("$skip", 0)
        return answered(page([{"id": f"{MACHINE}{start + more}"} for more in range(2)], total=50, token="same"))

    with (
        serving(handler) as address,
        connection_of(address) as connection,
    ):
        reading = Graph(connection).read("resources", Scope((ONE,)), about="a test", seen=lambda _: None)
        assert connection.requests_sent == 3 * 2
    assert "leads to one that was read before" in str(reading.reason)


def test_more_rows_than_azure_counts_are_no_whole(connection_of: ConnectionOf) -> None:
    """Nor are they read for ever where nothing tells whose they are."""
    tokens = iter(map(str, range(100)))
    with (
        serving(lambda *_: answered(page([{}, {}], total=2, token=next(tokens)))) as address,
        connection_of(address) as connection,
    ):
        reading = Graph(connection).read("resources", Scope((ONE,)), about="a test", seen=lambda _: None)
        assert connection.requests_sent == 3 * 2
    assert "more rows were read than Azure counts" in str(reading.reason)
