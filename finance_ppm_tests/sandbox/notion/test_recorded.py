"""The sandbox's answers beside recorded answers of the real API: the same keys, with the same JSON types."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from finance_ppm.sandbox.notion.app import ENDPOINTS
from finance_ppm_tests.sandbox.notion.workspaces import (
    ALPHA,
    START,
    V2022,
    V2025,
    V2026,
    Asking,
    asking,
    full_line,
    line,
    uid,
)

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


def answers(recorded: list[Any], version: str | None, kind: str) -> list[Any]:
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


COMPARED = {
    *((kind, version) for version in (V2025, V2026) for kind in (
        "page", "database", "data_source", "list_of_page", "list_of_data_source", "property_item",
        "property_item_list", "error",
    )),
    ("list_empty_page", V2025),
}  # fmt: skip
"""Kinds of answers that the tests below compare, with the version that was spoken."""

BEFORE_2022_06_28 = {
    *((kind, "2022-02-22") for kind in ("page", "database", "list_of_page", "list_of_database+page")),
    ("page", None),
    ("property_item", "2021-08-16"),
}
"""Recorded in versions that are no longer spoken: beside these stand the answers of 2022-06-28, of which none was
recorded, with what Notion has added since."""

NOT_SERVED = {
    ("list_of_database", "2022-02-22"): "GET /v1/databases was deprecated and is gone since 2022-02-22: search instead",
}

ADDED_SINCE = {
    ("in_trash", "boolean"), ("is_archived", "boolean"), ("is_locked", "boolean"), ("public_url", "null"),
    ("request_id", "string"), ("type", "string"), ("page_or_database", "object"), ("description", "null"),
    ("description", "array"), ("is_inline", "boolean"), ("url", "string"), ("archived", "boolean"),
    ("created_by", "object"), ("created_by.object", "string"), ("created_by.id", "string"),
    ("last_edited_by", "object"), ("last_edited_by.object", "string"), ("last_edited_by.id", "string"),
    ("has_more", "boolean"),
}  # fmt: skip
"""What answers of 2022-06-28 show beyond the older recorded ones: keys that later changes of the API brought to all
versions (https://developers.notion.com/page/changelog), and ``has_more`` of a relation."""


def test_every_recorded_kind_of_answer_is_compared_or_has_a_reason_not_to_be(recorded: list[Any]) -> None:
    kinds = {(entry["kind"], entry["notion_version"]) for entry in recorded}
    assert kinds == COMPARED | BEFORE_2022_06_28 | set(NOT_SERVED)


def test_every_recorded_request_finds_an_endpoint(recorded: list[Any]) -> None:
    """Endpoints told apart as the sandbox tells them: by method and path."""
    unserved = set()
    for entry in recorded:
        if entry["url"] is None or entry["kind"] == "error":
            continue
        # two recorders wrote an update as POST, and a path with a slash too many
        method = "PATCH" if _is_update(entry) else entry["method"]
        path = urlsplit(entry["url"]).path.rstrip("/")
        if not any(method == known and _matches(template, path) for known, template, _, _ in ENDPOINTS):
            unserved.add((entry["kind"], entry["notion_version"]))
    assert unserved == set(NOT_SERVED)


def _is_update(entry: Any) -> bool:
    return entry["method"] == "POST" and bool(re.search(r"/(databases|data_sources)/[0-9a-f]{32}$", entry["url"]))


def _matches(template: str, path: str) -> bool:
    pattern = re.sub(r"\{property:path\}", ".+", template)
    return re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", pattern), path) is not None


@pytest.mark.parametrize("version", [V2025, V2026])
def test_answers_of_every_kind(recorded: list[Any], version: str) -> None:
    with asking(full_line(1, START), line(2, START), version=version) as ask:
        ours = _answers(ask)
    for kind, found in ours.items():
        theirs = answers(recorded, version, kind) or answers(recorded, V2025, kind)
        if kind == "database":  # a few were recorded in an older version's shape, whatever their header says
            theirs = [body for body in theirs if "properties" not in body]
        if kind.startswith("list_"):
            assert_alike([{**body, "results": []} for body in found], [{**body, "results": []} for body in theirs])
        else:
            assert_alike(found, theirs)
    for kind in ("page", "data_source"):
        listed = [thing for body in ours[f"list_of_{kind}"] for thing in body["results"]]
        like = answers(recorded, version, f"list_of_{kind}")
        assert_alike(listed, [thing for body in like for thing in body["results"]])


def _answers(ask: Asking) -> dict[str, list[Any]]:
    """Answers of a version with data sources, by kind: each kind from every endpoint that gives it."""
    page, root = f"/v1/pages/{uid('line 1')}", {"page_id": ask.sandbox.workspace.root.id}
    title = {"title": {"title": [{"text": {"content": "x"}}]}}
    named: dict[str, Any] = {"Name": {"title": {}}}
    source_id = ask.source_id("budget_lines")
    source, database = f"/v1/data_sources/{source_id}", f"/v1/databases/{ask.sandbox.database_ids['budget_lines']}"
    made = ask("POST", "/v1/databases", {"parent": root, "initial_data_source": {"properties": named}})
    only = {"property": "object"}
    found = {
        "list_of_page": [
            ask.query("budget_lines", page_size=1),
            ask.query("budget_lines"),
            ask("POST", "/v1/search", {"filter": {**only, "value": "page"}, "page_size": 2}),
        ],
        "list_of_data_source": [ask("POST", "/v1/search", {"filter": {**only, "value": "data_source"}})],
        "list_empty_page": [
            ask.query("budget_lines", filter={"property": "Line", "title": {"equals": "no such line"}}),
            ask("POST", "/v1/search", {"query": "no such thing"}),
        ],
        "database": [ask("GET", database), made, ask("PATCH", database, {"title": title["title"]["title"]})],
        "data_source": [
            ask("GET", source),
            ask("PATCH", source, {"properties": {"Notes": {"name": "Remarks"}}}),
            ask("POST", "/v1/data_sources", {"parent": {"database_id": made["id"]}, "properties": named}),
        ],
    }
    found["page"] = [
        ask("GET", page),
        ask("PATCH", page, {"properties": {"Amount": {"number": 1}}}),
        ask("POST", "/v1/pages", {"parent": {"data_source_id": source_id}, "properties": {}}),
        ask("POST", "/v1/pages", {"parent": root, "properties": title}),
        ask("POST", f"{page}/move", {"parent": root}),
    ]
    return found


def test_answers_of_the_oldest_version_are_the_recorded_older_ones_and_what_was_added_since(
    recorded: list[Any],
) -> None:
    with asking(full_line(1, START), line(2, START), version=V2022) as ask:
        database = ask("GET", f"/v1/databases/{ask.sandbox.database_ids['budget_lines']}")
        page = ask("GET", f"/v1/pages/{uid('line 1')}")
        found, searched = ask.query("budget_lines"), ask("POST", "/v1/search")
        mail = ask("GET", f"/v1/pages/{uid('line 1')}/properties/{page['properties']['Mail']['id']}")
    ours = {
        "database": [database, *(thing for thing in searched["results"] if thing["object"] == "database")],
        "page": [page, *found["results"]],
        "list_of_page": [{**found, "results": []}],
        "list_of_database+page": [{**searched, "results": []}],
        "property_item": [mail],
    }
    for kind, version in BEFORE_2022_06_28:
        theirs = [{**body, "results": []} if "results" in body else body for body in answers(recorded, version, kind)]
        _assert_alike_but_for_additions(ours[kind], theirs)
    older = [thing for thing in objects(recorded, "database") if "properties" in thing]
    _assert_alike_but_for_additions(ours["database"], older)
    schemas = [prop for thing in older for prop in thing["properties"].values()]
    for prop in database["properties"].values():
        like = [other for other in schemas if _kind_of_schema(other) == _kind_of_schema(prop)]
        if like:
            _assert_alike_but_for_additions([prop], like)
    values = [(version, value) for version in ("2022-02-22", None) for value in _values(recorded, version)]
    for value in page["properties"].values():
        for version in ("2022-02-22", None):
            like = [other for told, other in values if told == version and _kind(other) == _kind(value)]
            like = [other for other in like if _emptiness(other) == _emptiness(value)]
            if like and value["type"] != "formula":
                _assert_alike_but_for_additions([value], like)


def _assert_alike_but_for_additions(ours: list[Any], theirs: list[Any]) -> None:
    allowed = frozenset().union(*map(shape_of, theirs)) | ADDED_SINCE
    always = frozenset.intersection(*(frozenset(path for path, _ in shape_of(value)) for value in theirs))
    for value in ours:
        found = {(path, kind) for path, kind in shape_of(value) if not path.endswith("options[].description")}
        assert found <= allowed, sorted(found - allowed)
        assert always <= {path for path, _ in found}, sorted(always - {path for path, _ in found})


def _kind_of_schema(prop: Any) -> str:
    return ":".join([prop["type"], prop["relation"]["type"] if prop["type"] == "relation" else ""])


def _values(recorded: list[Any], version: str | None) -> Iterator[Any]:
    for entry in recorded:
        if entry["notion_version"] == version:
            for page in objects([entry], "page"):
                yield from page["properties"].values()


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
