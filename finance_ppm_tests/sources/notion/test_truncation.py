"""Values that a page shows in part are read whole, and cost requests only where they are."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from finance_ppm.contracts import NotionProperty
from finance_ppm.sandbox.notion.faults import Fault
from finance_ppm.sandbox.notion.history import Change, Edit, Person
from finance_ppm.sandbox.notion.server import serve_notion
from finance_ppm_tests.sources.notion.conftest import (
    NOW,
    WANTED,
    ClientOf,
    amount,
    created,
    page_id,
    relation,
    texts,
    workspace,
)
from finance_ppm_tests.sources.notion.reading import Read, read

VERSIONS = ["2022-06-28", "2025-09-03", "2026-03-11"]
PEOPLE = tuple(Person(f"00000000-0000-4000-8000-{number:012x}", f"Person {number}", "") for number in range(1, 131))
EARLIER = NOW - timedelta(days=5)


def parents(count: int) -> list[Edit]:
    """Parents 1001, 1002, ..., each with an amount of 0.10."""
    return [created(1000 + at, EARLIER, "parents", Amount=amount("0.10")) for at in range(1, count + 1)]


def columns(names: set[str]) -> dict[str, NotionProperty]:
    """Those of the wanted columns."""
    return {column: prop for column, prop in WANTED.items() if column in names}


def properties(found: Read) -> list[dict[str, Any]]:
    return [json.loads(page.payload, parse_float=Decimal)["properties"] for page in found.pages]


def schema_requests(version: str) -> int:
    return 1 if version == "2022-06-28" else 2


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("count", [24, 25, 26, 230])
def test_a_relation_is_whole_in_the_order_of_notion(version: str, count: int, client_of: ClientOf) -> None:
    numbers = range(1000 + count, 1000, -1)
    edits = [*parents(count), created(1, NOW, Parent=relation(*numbers), Amount=amount("1.10"))]
    with serve_notion(workspace(*edits), now=NOW) as sandbox:
        found = read(client_of(sandbox, version=version), sandbox)
    [told] = properties(found)
    assert [entry["id"] for entry in told["Parent"]["relation"]] == [page_id(number) for number in numbers]
    assert told["Parent"]["has_more"] is False
    assert told["Total"]["rollup"]["number"] == Decimal("0.10") * count
    assert [entry["number"] for entry in told["Amounts"]["rollup"]["array"]] == [Decimal("0.10")] * count
    assert {entry["type"] for entry in told["Amounts"]["rollup"]["array"]} == {"number"}
    assert '"number":1.10' in found.pages[0].payload


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("count", [24, 25, 26, 130])
def test_people_rich_text_and_titles_are_whole_though_nothing_says_that_they_are_cut(
    version: str, count: int, client_of: ClientOf
) -> None:
    parts = [f"part {at} " for at in range(count)]
    people = [{"id": person.id} for person in PEOPLE[:count]]
    edit = created(1, NOW, Notes={"rich_text": texts(*parts)}, Owner={"people": people}, Name={"title": texts(*parts)})
    with serve_notion(workspace(edit, people=PEOPLE), now=NOW) as sandbox:
        found = read(client_of(sandbox, version=version), sandbox)
    [told] = properties(found)
    assert "".join(entry["plain_text"] for entry in told["Notes"]["rich_text"]) == "".join(parts)
    assert "".join(entry["plain_text"] for entry in told["Name"]["title"]) == "".join(parts)
    assert [entry["id"] for entry in told["Owner"]["people"]] == [person.id for person in PEOPLE[:count]]
    assert "has_more" not in told["Owner"]


@pytest.mark.parametrize("version", VERSIONS)
def test_only_pages_and_properties_that_need_it_cost_requests(version: str, client_of: ClientOf) -> None:
    edits = [
        *parents(30),
        created(1, NOW, Parent=relation(1001)),
        created(2, NOW, Parent=relation(*range(1001, 1031))),
        created(3, NOW, Notes={"rich_text": texts(*"abc")}),
    ]
    with serve_notion(workspace(*edits), now=NOW) as sandbox:
        whole = read(client_of(sandbox, version=version), sandbox, wanted=columns({"name", "parent"}))
        narrow = read(client_of(sandbox, version=version), sandbox, wanted=columns({"name", "notes"}))
        computed = read(client_of(sandbox, version=version), sandbox, wanted=columns({"total"}))
    query_and_schema = 1 + schema_requests(version)
    assert whole.requests == query_and_schema + 1
    assert narrow.requests == query_and_schema
    assert properties(narrow)[1]["Parent"]["has_more"] is True
    assert computed.requests == query_and_schema + 1
    assert properties(computed)[1]["Total"]["rollup"]["number"] == Decimal("3.00")


def test_an_entry_beyond_the_twenty_fifth_changes_the_content(client_of: ClientOf) -> None:
    hashes = []
    for last in (1030, 1031):
        edits = [*parents(31), created(1, NOW, Parent=relation(*range(1001, 1030), last))]
        with serve_notion(workspace(*edits), now=NOW) as sandbox:
            hashes.append(read(client_of(sandbox), sandbox).pages[0].content_hash)
    assert hashes[0] != hashes[1]


def test_everything_else_of_a_completed_page_keeps_its_bytes(client_of: ClientOf) -> None:
    edits = [
        *parents(26),
        created(1, NOW, Parent=relation(*range(1001, 1027)), Amount=amount("90071992547409.930")),
    ]
    with serve_notion(workspace(*edits), now=NOW) as sandbox:
        plain = read(client_of(sandbox), sandbox, wanted=columns({"name"})).pages[0].payload
        whole = read(client_of(sandbox), sandbox, wanted=columns({"parent"})).pages[0].payload
    assert '"number":90071992547409.930' in whole
    start, end = plain.index('"relation":['), plain.index('"has_more":true')
    assert whole.startswith(plain[:start])
    assert whole.endswith(plain[end:].removeprefix('"has_more":true'))


@pytest.mark.parametrize(
    ("count", "told", "requests"),
    [
        (24, None, 0),
        (25, None, 1),
        (3, {"type": "incomplete", "incomplete": {}, "function": "show_original"}, 1),
    ],
    ids=["short", "as long as is shown", "incomplete"],
)
def test_a_rollup_that_may_be_cut_is_read_whole(
    count: int, told: dict[str, Any] | None, requests: int, client_of: ClientOf
) -> None:
    """Nothing says of a rollup that it is cut, but its length or its type."""
    edit = created(1, NOW, Parent=relation(*range(1001, 1001 + count)))
    with serve_notion(workspace(*parents(25), edit), now=NOW) as sandbox:
        if told is not None:
            found = read(client_of(sandbox), sandbox, wanted=columns({"name"}))
            shown = properties(found)[0]
            override = {"properties": {**shown, "Amounts": {**shown["Amounts"], "rollup": told}}}
            sandbox.edit(replace(edit, change=Change.UPDATE, properties={}, override=override))
        found = read(client_of(sandbox), sandbox, wanted=columns({"amounts"}))
    assert found.requests == 2 + requests
    assert len(properties(found)[0]["Amounts"]["rollup"]["array"]) == count


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_value_that_notion_refuses_to_tell_whole_stays_as_shown_and_is_told(status: int, client_of: ClientOf) -> None:
    """One page does not stop the others."""
    edits = [
        *parents(30),
        created(1, NOW, Parent=relation(*range(1001, 1031))),
        created(2, NOW, Parent=relation(1001)),
    ]
    with serve_notion(workspace(*edits), now=NOW) as sandbox:
        sandbox.add_fault(Fault.error(status, path="/properties/", times=100))
        found = read(client_of(sandbox), sandbox, wanted=columns({"parent"}))
    shown = [len(told["Parent"]["relation"]) for told in properties(found)]
    assert shown == [25, 1]
    [sentence] = found.in_part
    assert "'Parent'" in sentence
    assert page_id(1) in sentence
