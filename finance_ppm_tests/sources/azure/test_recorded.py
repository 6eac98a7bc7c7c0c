"""Answers recorded from the real Azure, told again on loopback: nothing of them is lost on the way.

They are excerpts, so that some hold fewer rows than they count; those are told with the count of what they hold.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from finance_ppm.sources.azure.advisor import Advisor
from finance_ppm.sources.azure.errors import AzureError
from finance_ppm.sources.azure.graph import Graph, Scope
from finance_ppm.sources.azure.reading import Reading
from finance_ppm_tests.sources.azure.conftest import ConnectionOf, InstantTime, answered, serving

RECORDED = Path(__file__).parents[4] / "shared" / "recorded" / "azure"

pytestmark = pytest.mark.skipif(not RECORDED.is_dir(), reason="no recorded answers beside this repository")


def recorded(part: str) -> list[dict[str, Any]]:
    """Recorded exchanges whose address holds ``part``."""
    told = [exchange for file in sorted(RECORDED.glob("*.json")) for exchange in json.loads(file.read_text())]
    return [exchange for exchange in told if part.lower() in exchange["url"].lower()]


def rows_of(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of a page, in either format."""
    data = body["data"]
    if isinstance(data, list):
        return data
    names = [column["name"] for column in data["columns"]]
    return [dict(zip(names, row, strict=True)) for row in data["rows"]]


def subscriptions_of(rows: list[dict[str, Any]]) -> tuple[str, ...]:
    return tuple({row["id"].split("/")[2].lower() for row in rows})


def replayed(answer: Response, subscriptions: tuple[str, ...], connection_of: ConnectionOf) -> Reading:
    """What Resource Graph's reader makes of an answer."""
    with serving(lambda _, __: answer) as address, connection_of(address) as connection:
        return Graph(connection).read("resources", Scope(subscriptions), about="a test", seen=lambda _: None)


def test_every_row_of_resource_graph_is_kept_as_it_came(connection_of: ConnectionOf) -> None:
    formats = set()
    for exchange in recorded("Microsoft.ResourceGraph"):
        if exchange["status"] != 200:
            continue
        rows = rows_of(exchange["body"])
        formats.add(type(exchange["body"]["data"]))
        body = exchange["body"] | {"totalRecords": len(rows), "count": len(rows)}
        quota = {name: value for name, value in exchange["headers"].items() if name.startswith("x-ms-")}
        text = json.dumps(body, indent=1).encode()
        reading = replayed(answered(text, headers=quota), subscriptions_of(rows), connection_of)
        assert reading.reason is None
        assert [json.loads(row.text) for row in reading.rows.values()] == rows
        for row, kept in zip(rows, reading.rows.values(), strict=True):
            assert kept.id == row["id"].lower()
            assert kept.subscription_id == row["id"].split("/")[2].lower()
            assert kept.resource_group == row["id"].split("/")[4].lower()
            assert kept.type == "/".join(row["id"].split("/")[6:8]).lower()
            if isinstance(body["data"], list):
                assert kept.text.encode() in text
    assert formats == {list, dict}


def test_every_refusal_of_resource_graph_is_one_sentence(connection_of: ConnectionOf) -> None:
    refusals = [exchange for exchange in recorded("Microsoft.ResourceGraph") if exchange["status"] != 200]
    assert refusals
    for exchange in refusals:
        error = replayed(answered(exchange["body"], exchange["status"]), ("x",), connection_of).error
        assert isinstance(error, AzureError)
        assert (error.status, error.code, error.retryable) == (400, "InvalidQuery", False)
        assert "Query is invalid" in str(error)
        assert "correlationId" in str(error)


@pytest.mark.parametrize("kind", ["recommendations", "configurations"])
def test_every_row_of_advisor_is_kept_as_it_came(kind: str, connection_of: ConnectionOf, waiting: InstantTime) -> None:
    """Also ``risk``, ``hardwareDetails`` and whatever else the SDK's model does not know."""
    lists = [exchange for exchange in recorded(f"Microsoft.Advisor/{kind}?") if exchange["method"] == "GET"]
    assert lists
    for exchange in lists:
        text = json.dumps(exchange["body"], indent=1).encode()

        def answer(request: Request, _: Any, text: bytes = text, exchange: dict[str, Any] = exchange) -> Response:
            told = text if request.url.path.endswith(kind) else b'{"value":[]}'
            return answered(told, headers={"iscutoff": exchange["headers"].get("iscutoff", "False")})

        subscription = exchange["url"].split("/")[4]
        with serving(answer) as address, connection_of(address) as connection:
            reading = Advisor(connection, time=waiting.time, sleep=waiting.sleep).read(
                subscription, seen=lambda _: None
            )
        assert reading.reason is None
        assert [json.loads(row.text) for row in reading.rows.values()] == exchange["body"]["value"]
        for row in reading.rows.values():
            assert row.text.encode() in text
            assert row.type == f"microsoft.advisor/{kind}"


def test_a_recorded_refresh_ends(connection_of: ConnectionOf, waiting: InstantTime) -> None:
    told = {exchange["method"]: exchange for exchange in recorded("generateRecommendations")}

    def answer(request: Request, _: Any) -> Response:
        exchange = told[request.method]
        return Response(status_code=exchange["status"], headers=exchange["headers"])

    with serving(answer) as address, connection_of(address) as connection:
        advisor = Advisor(connection, time=waiting.time, sleep=waiting.sleep)
        assert advisor.refresh("00000000-0000-0000-0000-000000000000").reason is None
        assert connection.requests_sent == 2
