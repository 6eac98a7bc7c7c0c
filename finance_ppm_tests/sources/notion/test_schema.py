import asyncio
from collections.abc import Sequence
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance_ppm.contracts import PAGE_TABLES, NotionProperty, notion_properties
from finance_ppm.sandbox.notion.server import NotionSandbox
from finance_ppm.sources.notion.errors import NotionError
from finance_ppm.sources.notion.schema import (
    DatabaseSchema,
    DataSource,
    Drift,
    Property,
    SchemaAnswer,
    SchemaDrift,
    resolve_properties,
)
from finance_ppm.sources.notion.transport import Errand
from finance_ppm_tests.sources.notion.conftest import ClientOf

NEWER_VERSIONS = ["2025-09-03", "2026-03-11"]

WANTED = {
    "name": NotionProperty("Name", ("title",)),
    "amount": NotionProperty("Amount", ("number", "formula")),
    "project_id": NotionProperty("Project", ("relation",)),
    "project_ids": NotionProperty("Project", ("relation",)),
    "notes": NotionProperty("Notes", ("rich_text",), required=False),
}
STORED = {"name": ("title",), "amount": ("a%3Bb",), "project_id": ("p",), "project_ids": ("p",), "notes": ("n",)}
AMOUNT = {"amount": WANTED["amount"]}


def properties(**told: tuple[str, str]) -> dict[str, Property]:
    """Property name to (id, type)."""
    return {name: Property(*each) for name, each in told.items()}


def schema(**told: tuple[str, str]) -> DatabaseSchema:
    return DatabaseSchema(properties(**told))


def of_two(first: dict[str, Property], second: dict[str, Property]) -> DatabaseSchema:
    return DatabaseSchema.of_sources([DataSource("1", "First", first), DataSource("2", "Second", second)])


def told(drift: Sequence[SchemaDrift]) -> list[tuple[Drift, tuple[str, ...], str, str | None]]:
    return [(each.kind, each.columns, each.property_name, each.found) for each in drift]


def test_properties_are_found_by_name_the_first_time() -> None:
    found = resolve_properties(
        schema(
            Name=("title", "title"), Amount=("a%3Bb", "number"), Project=("p", "relation"), Notes=("n", "rich_text")
        ),
        WANTED,
        {},
    )
    assert found.ids == STORED
    assert found.drift == ()


def test_the_title_is_found_by_its_type_whatever_it_is_called() -> None:
    found = resolve_properties(schema(Bezeichnung=("title", "title")), {"name": WANTED["name"]}, {})
    assert found.ids == {"name": ("title",)}
    assert found.drift == ()


def test_a_renamed_property_keeps_its_id_and_is_reported_once() -> None:
    found = resolve_properties(
        schema(
            Name=("title", "title"), Betrag=("a%3Bb", "number"), Projekt=("p", "relation"), Notes=("n", "rich_text")
        ),
        WANTED,
        STORED,
    )
    assert found.ids == STORED
    assert told(found.drift) == [
        (Drift.RENAMED, ("amount",), "Amount", "Betrag"),
        (Drift.RENAMED, ("project_id", "project_ids"), "Project", "Projekt"),
    ]
    assert found.drift[0].message == (
        "The property 'Amount' is called 'Betrag' now; it is read as before: name it 'Amount' again."
    )


def test_a_stored_id_wins_over_another_property_that_took_the_name() -> None:
    found = resolve_properties(
        schema(Name=("title", "title"), **{"Amount old": ("a%3Bb", "number"), "Amount": ("new", "number")}),
        AMOUNT,
        STORED,
    )
    assert found.ids == {"amount": ("a%3Bb",)}
    assert [drift.kind for drift in found.drift] == [Drift.RENAMED]


def test_a_property_made_anew_under_its_name_is_taken_up() -> None:
    found = resolve_properties(schema(Amount=("new", "number")), AMOUNT, STORED)
    assert found.ids == {"amount": ("new", "a%3Bb")}, "By the id it had, earlier versions of pages are read."
    assert found.drift == ()


def test_a_missing_property_is_reported_unless_it_is_optional() -> None:
    found = resolve_properties(schema(Name=("title", "title"), Project=("p", "relation")), WANTED, STORED)
    assert found.ids == {"name": ("title",), "project_id": ("p",), "project_ids": ("p",)}
    assert told(found.drift) == [(Drift.MISSING, ("amount",), "Amount", None)]
    assert found.drift[0].message == (
        "The property 'Amount' is not in the database: add it, of type number or formula, or name the one that is "
        "meant in the mapping file (`finance-ppm notion map`)."
    )


def test_a_retyped_property_is_reported_with_its_type_and_keeps_its_id() -> None:
    found = resolve_properties(schema(Amount=("a%3Bb", "rich_text")), AMOUNT, STORED)
    assert found.ids == {"amount": ("a%3Bb",)}
    assert told(found.drift) == [(Drift.RETYPED, ("amount",), "Amount", "rich_text")]
    assert found.drift[0].message == "The property 'Amount' is of type rich_text now: make it number or formula again."


def test_each_data_source_has_an_id_of_its_own_for_a_property() -> None:
    first = properties(Name=("title", "title"), Amount=("a", "number"))
    second = properties(Name=("title", "title"), Amount=("b", "formula"))
    found = resolve_properties(of_two(first, second), WANTED | {"project_id": WANTED["amount"]}, {})
    assert found.ids["amount"] == ("a", "b")
    assert found.ids["name"] == ("title",)
    assert [drift.property_name for drift in found.drift] == ["Project"]


def test_a_stored_id_is_followed_in_the_data_source_that_has_it() -> None:
    first = properties(Betrag=("a", "number"), Amount=("other", "number"))
    second = properties(Amount=("b", "number"))
    found = resolve_properties(of_two(first, second), AMOUNT, {"amount": ("a", "b")})
    assert found.ids == {"amount": ("a", "b")}
    assert [drift.message for drift in found.drift] == [
        "The property 'Amount' is called 'Betrag' now in the data source 'First'; it is read as before: "
        "name it 'Amount' again."
    ]


def test_of_two_stored_ids_that_of_the_expected_name_wins() -> None:
    """The second data source began as a copy of the first: its old Amount has the same id, and is another thing now."""
    first = properties(Amount=("a", "number"))
    second = properties(Before=("a", "number"), Amount=("b", "number"))
    found = resolve_properties(of_two(first, second), AMOUNT, {"amount": ("a", "b")})
    assert found.ids == {"amount": ("a", "b")}
    assert found.drift == ()


def test_drift_of_all_data_sources_is_told_once_and_names_none() -> None:
    same = properties(Amount=("a", "checkbox"))
    other = properties(Amount=("b", "checkbox"))
    (drift,) = resolve_properties(of_two(same, other), AMOUNT, {}).drift
    assert "data source" not in drift.message


def test_drift_of_a_data_source_without_a_name_is_told_by_its_id() -> None:
    sources = [DataSource("1", "", {}), DataSource("2", "Second", properties(Amount=("b", "number")))]
    (drift,) = resolve_properties(DatabaseSchema.of_sources(sources), AMOUNT, {}).drift
    assert drift.message == (
        "The property 'Amount' is not in the data source '1': add it, of type number or formula, or name the one that "
        "is meant in the mapping file (`finance-ppm notion map`)."
    )


def test_a_property_that_one_data_source_lost_keeps_its_id_for_the_values_that_were_read() -> None:
    found = resolve_properties(of_two({}, properties(Amount=("b", "number"))), AMOUNT, {"amount": ("a", "b")})
    assert found.ids == {"amount": ("b", "a")}
    assert [drift.kind for drift in found.drift] == [Drift.MISSING]


def test_a_lost_data_source_is_remembered_until_it_is_listed_again() -> None:
    first, second = properties(Amount=("a", "number")), properties(Amount=("b", "number"))
    both = of_two(first, second)
    second_alone = DatabaseSchema.of_sources([DataSource("2", "Second", second)])
    lost = second_alone.following(both)
    assert lost.lost_sources == {"1": "First"}
    assert second_alone.following(DatabaseSchema.from_json(lost.to_json())) == lost
    assert both.following(lost).lost_sources == {}


def test_no_data_source_is_lost_by_reading_through_another_version() -> None:
    alone = schema(Amount=("a", "number"))
    of_one = DatabaseSchema.of_sources([DataSource("1", "First", alone.properties)])
    assert of_one.following(alone) == of_one
    assert alone.following(of_one) == alone
    assert of_one.following(None) == of_one


def test_of_properties_of_one_name_the_first_stands_for_the_database() -> None:
    found = of_two(properties(A=("1", "number")), properties(A=("2", "date"), B=("3", "url")))
    assert found.properties == properties(A=("1", "number"), B=("3", "url"))
    assert found.data_source_ids == ("1", "2")


@pytest.mark.parametrize("kind", ["select", "multi_select", "status"])
def test_options_are_read_where_there_is_a_choice(kind: str) -> None:
    answer = {
        "properties": {
            "Choice": {"id": "c", "type": kind, kind: {"options": [{"id": "1", "name": "Open"}, {"name": "Done"}]}},
            "Nothing": {"id": "n", "type": kind, kind: {"options": []}},
            "Link": {"id": "l", "type": "url", "url": {}},
        }
    }
    assert msgspec.convert(answer, SchemaAnswer).schema() == {
        "Choice": Property("c", kind, ("Open", "Done")),
        "Nothing": Property("n", kind, ()),
        "Link": Property("l", "url"),
    }


NAMES = st.text(min_size=1, max_size=5)
PROPERTIES = st.dictionaries(
    NAMES,
    st.builds(Property, NAMES, st.sampled_from(["title", "number", "select"]), st.none() | st.tuples(NAMES)),
    max_size=4,
)
SOURCES = st.lists(st.builds(DataSource, NAMES, NAMES, PROPERTIES), max_size=3, unique_by=lambda source: source.id)


@given(SOURCES, SOURCES, PROPERTIES)
@settings(max_examples=50, deadline=None)
def test_a_schema_survives_its_json(
    before: list[DataSource], now: list[DataSource], alone: dict[str, Property]
) -> None:
    for each in (
        DatabaseSchema.of_sources(now).following(DatabaseSchema.of_sources(before)),
        DatabaseSchema(alone),
    ):
        assert DatabaseSchema.from_json(each.to_json()) == each


def test_a_schema_that_an_earlier_version_stored_is_read() -> None:
    text = '{"data_source_ids":["1","2"],"properties":{"Amount":{"id":"a%3Bb","type":"number"}}}'
    stored = DatabaseSchema.from_json(text)
    assert stored == DatabaseSchema(properties(Amount=("a%3Bb", "number")), ("1", "2"))
    assert resolve_properties(stored, AMOUNT, {}).ids == {"amount": ("a%3Bb",)}
    now = DatabaseSchema.of_sources([DataSource("2", "Second", stored.properties)])
    assert now.following(stored).lost_sources == {"1": ""}


COLUMNS = st.dictionaries(
    st.sampled_from("abcd"),
    st.builds(NotionProperty, st.sampled_from("ABC"), st.sampled_from([("title",), ("number",)]), st.booleans()),
)
SOME_IDS = ("1", "2", "3")
SOME = st.dictionaries(
    st.sampled_from(SOME_IDS), st.tuples(st.sampled_from("ABC"), st.sampled_from(["title", "number", "url"]))
)
"""Property id to name and type; a name may come twice, and the last one has it."""


@given(st.lists(SOME, min_size=1, max_size=3), COLUMNS, st.data())
@settings(max_examples=200, deadline=None)
def test_what_was_found_is_found_again(
    told: list[dict[str, tuple[str, str]]], wanted: dict[str, NotionProperty], data: st.DataObject
) -> None:
    """A second look at the same schema finds the same properties, or every page would be read again each time."""
    sources = [
        DataSource(str(at), "", {name: Property(f"{at}/{key}", kind) for key, (name, kind) in each.items()})
        for at, each in enumerate(told)
    ]
    ids = st.sampled_from([f"{at}/{key}" for at in range(3) for key in SOME_IDS])
    stored = data.draw(st.dictionaries(st.sampled_from("abcd"), st.lists(ids, min_size=1, unique=True).map(tuple)))
    looked_at = DatabaseSchema.of_sources(sources)
    found = resolve_properties(looked_at, wanted, stored)
    again = resolve_properties(looked_at, wanted, {**stored, **found.ids})
    assert again.ids == found.ids
    for column, each in found.ids.items():
        assert len(set(each)) == len(each)
        assert set(stored.get(column, ())) <= set(each)
    marks = [(drift.kind, drift.property_name, drift.found) for drift in found.drift]
    assert len(set(marks)) == len(marks)


def test_every_contract_asks_for_exactly_one_title() -> None:
    """The title is found by its type: two title columns, or none, would go unnoticed."""
    for table in PAGE_TABLES.values():
        assert sum("title" in prop.types for prop in notion_properties(table).values()) == 1


def asked(sandbox: NotionSandbox, method: str, path: str, body: Any = None) -> Any:
    """An answer of the sandbox to somebody else than our client."""
    headers = {"Authorization": f"Bearer {sandbox.token.get_secret_value()}", "Notion-Version": "2025-09-03"}
    answer = httpx.request(method, f"{sandbox.base_url}{path}", json=body, headers=headers, verify=False)
    assert answer.is_success, answer.text
    return answer.json()


def second_source(sandbox: NotionSandbox) -> str:
    """A second data source in ``items``, with an Amount of its own; its id."""
    body = {
        "parent": {"database_id": sandbox.database_ids["items"]},
        "title": [{"text": {"content": "Second"}}],
        "properties": {
            "Title": {"title": {}},
            "Amount": {"number": {}},
            "Status": {"select": {"options": [{"name": "Open"}]}},
        },
    }
    found = asked(sandbox, "POST", "/v1/data_sources", body)["id"]
    assert isinstance(found, str)
    return found


def retrieved(client_of: ClientOf, sandbox: NotionSandbox, version: str) -> tuple[DatabaseSchema, int]:
    """The schema of ``items``, and how many requests it took."""
    errand = Errand("items")

    async def once() -> DatabaseSchema:
        async with client_of(sandbox, version=version) as client:
            return await client.retrieve_database(sandbox.database_ids["items"], errand)

    return asyncio.run(once()), errand.requests


@pytest.mark.parametrize("version", NEWER_VERSIONS)
def test_a_database_with_several_data_sources_is_read(
    version: str, sandbox: NotionSandbox, client_of: ClientOf
) -> None:
    before, _ = retrieved(client_of, sandbox, version)
    second_id = second_source(sandbox)
    found, requests = retrieved(client_of, sandbox, version)
    assert requests == 3
    assert [source.name for source in found.data_sources] == ["Items", "Second"]
    assert found.data_source_ids == (*before.data_source_ids, second_id)
    first, second = (source.properties for source in found.data_sources)
    assert first == before.properties
    assert second["Amount"].id != first["Amount"].id
    assert second["Status"].options == ("Open",)
    assert resolve_properties(found, AMOUNT, {}).ids == {"amount": (first["Amount"].id, second["Amount"].id)}

    asked(sandbox, "PATCH", f"/v1/data_sources/{second_id}", {"in_trash": True})
    alone, requests = retrieved(client_of, sandbox, version)
    assert requests == 2
    assert alone.following(found).lost_sources == {second_id: "Second"}


def test_the_old_version_refuses_a_database_with_several_data_sources(
    sandbox: NotionSandbox, client_of: ClientOf
) -> None:
    second_source(sandbox)
    with pytest.raises(NotionError, match="from API version 2025-09-03 on"):
        retrieved(client_of, sandbox, "2022-06-28")


@pytest.mark.parametrize("version", NEWER_VERSIONS)
def test_a_database_without_an_accessible_data_source_is_no_empty_one(
    version: str, sandbox: NotionSandbox, client_of: ClientOf
) -> None:
    asked(sandbox, "PATCH", f"/v1/databases/{sandbox.database_ids['items']}", {"in_trash": True})
    with pytest.raises(NotionError, match="share the database") as caught:
        retrieved(client_of, sandbox, version)
    assert caught.value.code == "no_data_source"
