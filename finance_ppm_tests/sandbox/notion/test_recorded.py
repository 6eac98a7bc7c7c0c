"""The sandbox's answers beside recorded answers of the real API: the same keys, with the same JSON types."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from finance_ppm_tests.sandbox.notion.workspaces import ALPHA, START, V2025, V2026, Asking, asking, full_line, line, uid

FOLDER = Path(__file__).parents[4] / "shared" / "recorded" / "notion"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="no recorded answers beside the repository")

Shape = frozenset[tuple[str, str]]
BY_TYPE = {"properties"}
"""Objects whose keys are names: their values are compared by property type instead."""


def shape(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every path in ``value`` with its JSON type; items of an array share one path."""
    kinds = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}
    yield path, "string or null" if path.endswith("avatar_url") else kinds.get(type(value), "number")
    if isinstance(value, dict) and path not in BY_TYPE:
        for key, inner in value.items():
            yield from shape(inner, f"{path}.{key}" if path else key)
    if isinstance(value, list):
        for inner in value:
            yield from shape(inner, f"{path}[]")


def shape_of(value: Any) -> Shape:
    return frozenset(shape(value))


@pytest.fixture(scope="module")
def recorded() -> list[Any]:
    entries = [entry for path in sorted(FOLDER.glob("*.json")) for entry in json.loads(path.read_bytes())]
    assert len(entries) > 500
    return entries


def answers(recorded: list[Any], version: str, kind: str) -> list[Any]:
    return [entry["body"] for entry in recorded if entry["kind"] == kind and entry["notion_version"] == version]


def objects(recorded: list[Any], kind: str) -> Iterator[Any]:
    """Recorded pages or schemas of any version, alone or in lists."""
    for entry in recorded:
        body = entry["body"]
        for thing in (body.get("results") or [body]) if isinstance(body, dict) else []:
            if isinstance(thing, dict) and thing.get("object") == kind:
                yield thing


def assert_alike(ours: list[Any], theirs: list[Any]) -> None:
    """Whatever ours show has been recorded, and whatever every recorded one shows, ours show too."""
    assert theirs, "nothing recorded to compare with"
    allowed = frozenset().union(*map(shape_of, theirs))
    always = frozenset.intersection(*(frozenset(path for path, _ in shape_of(value)) for value in theirs))
    for value in ours:
        found = shape_of(value)
        assert found <= allowed, sorted(found - allowed)
        assert always <= {path for path, _ in found}, sorted(always - {path for path, _ in found})


@pytest.mark.parametrize("version", [V2025, V2026])
def test_pages_databases_and_lists(recorded: list[Any], version: str) -> None:
    with asking(full_line(1, START), line(2, START), version=version) as ask:
        page = ask("GET", f"/v1/pages/{uid('line 1')}")
        under = {"page_id": ask.sandbox.workspace.root.id}
        title = {"title": {"title": [{"text": {"content": "x"}}]}}
        standalone = ask("POST", "/v1/pages", {"parent": under, "properties": title})
        rows = [ask.query("budget_lines", page_size=1), ask.query("budget_lines")]
        database = ask("GET", f"/v1/databases/{ask.sandbox.database_ids['budget_lines']}")
        source = ask("GET", f"/v1/data_sources/{ask.source_id('budget_lines')}")
        found = ask("POST", "/v1/search", {"filter": {"property": "object", "value": "data_source"}})
    assert_alike([page, standalone], answers(recorded, version, "page"))
    assert_alike([database], answers(recorded, version, "database"))
    assert_alike([source], answers(recorded, version, "data_source"))
    lists = [
        entry["body"] for entry in recorded if entry["kind"].startswith("list_") and entry["notion_version"] == version
    ]
    envelopes = [{**body, "results": []} for body in lists]
    assert_alike([{**body, "results": []} for body in [*rows, found]], envelopes)


def test_property_values_by_type(recorded: list[Any]) -> None:
    theirs: dict[str, list[Any]] = {}
    for page in objects(recorded, "page"):
        for value in page["properties"].values():
            theirs.setdefault(_kind(value), []).append(value)
    with asking(full_line(1, START), line(2, START), version=V2026) as ask:
        pages = [ask("GET", f"/v1/pages/{identifier}") for identifier in (uid("line 1"), uid("line 2"), ALPHA)]
    ours = [value for page in pages for value in page["properties"].values()]
    types = {value["type"] for value in ours}
    assert len(types) == 24
    for value in ours:
        # the one recorded verification is an expired one, with somebody's name in it
        if value["type"] != "verification":
            _assert_value_alike(value, theirs[_kind(value)])


def _kind(value: Any) -> str:
    """A property value's type, with the kind of result where it is computed."""
    inner = value[value["type"]] if value["type"] in {"formula", "rollup"} else {}
    return ":".join([value["type"], inner.get("type", "")])


def _assert_value_alike(value: Any, theirs: list[Any]) -> None:
    """Beside the recorded values that are as empty as this one; where none is, an empty leaf may be null."""
    like = [other for other in theirs if _emptiness(other) == _emptiness(value)]
    if like:
        assert_alike([value], like)
    else:
        found = {(path, kind) for path, kind in shape_of(value) if kind != "null"}
        assert found <= frozenset().union(*map(shape_of, theirs)), value


def _emptiness(value: Any) -> bool:
    inner = value[value["type"]]
    inner = (
        inner.get(inner.get("type")) if isinstance(inner, dict) and value["type"] in {"formula", "rollup"} else inner
    )
    return inner is None or inner is False or (isinstance(inner, list | dict) and not inner)


def test_schemas_by_type(recorded: list[Any]) -> None:
    theirs: dict[str, list[Any]] = {}
    for source in objects(recorded, "data_source"):
        for schema in source["properties"].values():
            theirs.setdefault(schema["type"], []).append(schema)
    with asking(version=V2026) as ask:
        sources = [ask("GET", f"/v1/data_sources/{ask.source_id(name)}") for name in ("budget_lines", "projects")]
    for source in sources:
        for schema in source["properties"].values():
            assert_alike([schema], theirs[schema["type"]])


@pytest.mark.parametrize("version", [V2025, V2026])
def test_property_items(recorded: list[Any], version: str) -> None:
    items = answers(recorded, V2025, "property_item") + answers(recorded, V2026, "property_item")
    listed = answers(recorded, V2025, "property_item_list") + answers(recorded, V2026, "property_item_list")
    with asking(full_line(1, START), version=version) as ask:
        ours = [*_items(ask, uid("line 1")), *_items(ask, ALPHA)]
    singles = {item["type"]: item for item in ours if item["object"] == "property_item"}
    assert {type_: set(item) for type_, item in singles.items()} == {
        type_: {"object", "type", "id", type_, "request_id"} for type_ in singles
    }
    assert {item["type"] for item in items} <= set(singles)
    for item in (item for item in ours if item["object"] == "list"):
        kind = item["property_item"]["type"]
        like = [other for other in listed if other["property_item"]["type"] == kind]
        if kind == "rollup":  # its entries are as different as what it rolls up: compared without them
            like = [_without_entries(other) for other in like]
        assert_alike([_without_entries(item) if kind == "rollup" else item], like)


def _without_entries(rollup: Any) -> Any:
    return {**rollup, "results": [], "property_item": {**rollup["property_item"], "rollup": {}}}


def _items(ask: Asking, page_id: str) -> list[Any]:
    properties = ask("GET", f"/v1/pages/{page_id}")["properties"].values()
    return [ask("GET", f"/v1/pages/{page_id}/properties/{value['id']}") for value in properties]


def test_every_recorded_error_is_answered_in_the_same_words(recorded: list[Any]) -> None:
    """The recorded requests that failed, asked again. Only the name of the integration may differ."""
    seen = 0
    with asking() as ask:
        for entry in recorded:
            if entry["kind"] != "error" or entry["status"] == 401:
                continue
            path = entry["url"].removeprefix("https://api.notion.com")
            if path.startswith("/v1/blocks/"):
                path += "/children"
            other = Asking(ask.sandbox, entry["notion_version"])
            answer = other(entry["method"], path, expect=entry["status"])
            other.http.close()
            theirs = entry["body"]
            assert (answer["code"], answer["object"]) == (theirs["code"], theirs["object"])
            told, expected = answer["message"], theirs["message"]
            assert told.split(" your integration")[0] == expected.split(" your integration")[0]
            seen += 1
    assert seen >= 10


def test_numbers_of_answers_are_json_numbers() -> None:
    with asking(full_line(1, START)) as ask:
        page = ask("GET", f"/v1/pages/{uid('line 1')}")
    assert isinstance(page["properties"]["Amount"]["number"], Decimal)
