"""Databases and data sources: how they are shown, created, changed and put into the trash."""

from typing import Any

import pytest

from finance_ppm.sandbox.notion.history import Change, Edit
from finance_ppm_tests.sandbox.notion.workspaces import (
    ALPHA,
    NOW,
    START,
    V2022,
    V2025,
    V2026,
    VERSIONS,
    Asking,
    asking,
    line,
    text,
    uid,
)


def schema_path(ask: Asking, name: str = "budget_lines") -> str:
    if ask.version == V2022:
        return f"/v1/databases/{ask.sandbox.database_ids[name]}"
    return f"/v1/data_sources/{ask.source_id(name)}"


def create(ask: Asking, properties: dict[str, Any], title: str = "New") -> Any:
    under = {"type": "page_id", "page_id": ask.sandbox.workspace.root.id}
    body: dict[str, Any] = {"parent": under, "title": text(title)}
    body |= {"properties": properties} if ask.version == V2022 else {"initial_data_source": {"properties": properties}}
    return ask("POST", "/v1/databases", body)


def test_in_the_old_version_a_database_holds_its_properties() -> None:
    with asking() as ask:
        database = ask("GET", schema_path(ask))
    assert database["object"] == "database"
    assert database["created_time"] == "2026-01-05T09:00:00.000Z"
    assert (database["archived"], database["in_trash"]) == (False, False)
    assert "data_sources" not in database
    assert database["properties"]["Line"] == {
        "id": "title",
        "name": "Line",
        "description": None,
        "type": "title",
        "title": {},
    }
    relation = database["properties"]["Project"]["relation"]
    assert relation["database_id"] == ask.sandbox.database_ids["projects"]
    assert "data_source_id" not in relation
    assert relation["dual_property"]["synced_property_name"] == "Lines"


@pytest.mark.parametrize("version", [V2025, V2026])
def test_in_newer_versions_a_database_is_a_container_of_data_sources(version: str) -> None:
    with asking(version=version) as ask:
        database = ask("GET", f"/v1/databases/{ask.sandbox.database_ids['budget_lines']}")
        source = ask("GET", schema_path(ask))
    assert database["data_sources"] == [{"id": source["id"], "name": "Budget Lines"}]
    assert "properties" not in database
    assert database["created_time"] == "2026-01-05T09:00:42.000+00:00"
    assert source["created_time"] == "2026-01-05T09:00:00.000Z"
    assert source["parent"] == {"type": "database_id", "database_id": database["id"]}
    assert source["database_parent"] == database["parent"]
    assert source["properties"]["Project"]["relation"]["data_source_id"] == ask.source_id("projects")
    for shown in (database, source):
        assert ("archived" in shown) == (version == V2025)


def test_configurations_are_shown_per_type() -> None:
    with asking() as ask:
        lines = ask("GET", schema_path(ask))["properties"]
        projects = ask("GET", schema_path(ask, "projects"))["properties"]
    assert lines["Amount"]["number"] == {"format": "dollar"}
    assert lines["Code"]["unique_id"] == {"prefix": "BL"}
    assert lines["Variance"]["formula"] == {"expression": 'prop("Amount") - prop("Actual")'}
    hardware = lines["Category"]["select"]["options"][0]
    assert (hardware["name"], hardware["color"], hardware["description"]) == ("Hardware", "blue", None)
    status = projects["Stage"]["status"]
    assert [group["name"] for group in status["groups"]] == ["To-do", "In progress", "Complete"]
    assert [len(group["option_ids"]) for group in status["groups"]] == [1, 1, 1]
    rollup = projects["Spent"]["rollup"]
    assert (rollup["rollup_property_name"], rollup["relation_property_name"]) == ("Amount", "Lines")
    assert projects["Lines"]["relation"]["dual_property"]["synced_property_id"] == lines["Project"]["id"]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_database_is_created_with_every_kind_of_property(version: str) -> None:
    with asking(version=version) as ask:
        key = "database_id" if version == V2022 else "data_source_id"
        target = ask.sandbox.database_ids["projects"] if version == V2022 else ask.source_id("projects")
        wanted = {
            "Total": {
                "rollup": {"relation_property_name": "Project", "rollup_property_name": "Name", "function": "count"}
            },
            "Project": {"relation": {key: target, "type": "dual_property", "dual_property": {}}},
            "Title": {"title": {}},
            "State": {"status": {}},
            "Twice": {"formula": {"expression": 'prop("Size") * 2'}},
            "Size": {"number": {"format": "euro"}},
            "Kind": {"select": {"options": [{"name": "a", "color": "red"}]}},
        }
        made = create(ask, wanted)
        path = f"/v1/databases/{made['id']}"
        path = path if version == V2022 else f"/v1/data_sources/{made['data_sources'][0]['id']}"
        properties = ask("GET", path)["properties"]
        assert "Related to New (Project)" in ask("GET", schema_path(ask, "projects"))["properties"]
        assert sorted(properties) == sorted(wanted)
        assert properties["Size"]["number"] == {"format": "euro"}
        assert len(properties["State"]["status"]["options"]) == 3
        under = {"database_id": made["id"]}
        row = {"Title": {"title": text("x")}, "Size": {"number": 4}, "Project": {"relation": [{"id": ALPHA}]}}
        page = ask("POST", "/v1/pages", {"parent": under, "properties": row})
        ask("PATCH", f"/v1/pages/{ALPHA}", {"in_trash": True})
        assert ask("GET", f"/v1/pages/{page['id']}")["properties"]["Total"]["rollup"]["number"] == 0
    assert page["properties"]["Twice"]["formula"] == {"type": "number", "number": 8}
    assert page["properties"]["Total"]["rollup"]["number"] == 1


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"A": {"number": {}}}, "Title is not provided: the title property is missing."),
        ({"A": {"title": {}}, "B": {"nonsense": {}}}, "body.properties.B.title should be defined"),
        ({"A": {"title": {}}, "B": {"relation": {}}}, "body.properties.B.relation.database_id should be defined"),
        ({"A": {"title": {}}, "B": {"formula": {"expression": "1 +"}}}, "Type error with formula"),
        ({"A": {"title": {}}, "B": {"formula": {"expression": "nope(1)"}}}, "Type error with formula"),
        ({"A": {"title": {}}, "B": {"rollup": {"function": "guess"}}}, "body.properties.B.rollup.function should be"),
        (
            {"A": {"title": {}}, "B": {"rollup": {"relation_property_name": "x", "function": "sum"}}},
            "The rollup 'B' finds no",
        ),
        (
            {"A": {"title": {}}, "B": {"select": {"options": [{"name": "a"}, {"name": "a"}]}}},
            "Select option names must be unique",
        ),
    ],
)
def test_a_schema_that_notion_would_refuse_is_refused_and_leaves_nothing(
    properties: dict[str, Any], message: str
) -> None:
    with asking() as ask:
        before = len(ask.sandbox.workspace.databases)
        body = {"parent": {"page_id": ask.sandbox.workspace.root.id}, "properties": properties}
        code, told = ask.refused("POST", "/v1/databases", body)
        assert len(ask.sandbox.workspace.databases) == before
    assert code == "validation_error"
    assert message in told


@pytest.mark.parametrize("version", VERSIONS)
def test_a_renamed_property_keeps_its_id_its_values_and_its_history(version: str) -> None:
    with asking(line(1, START, Amount={"number": 7}), version=version) as ask:
        before = ask("GET", schema_path(ask))["properties"]["Amount"]["id"]
        after = ask("PATCH", schema_path(ask), {"properties": {"Amount": {"name": "Budget"}}})["properties"]
        assert "Amount" not in after
        assert after["Budget"]["id"] == before
        assert ask("GET", f"/v1/pages/{uid('line 1')}")["properties"]["Budget"]["number"] == 7
        ask.sandbox.edit(Edit(NOW, "budget_lines", uid("line 1"), Change.UPDATE, {"Amount": {"number": 8}}))
        page = ask("GET", f"/v1/pages/{uid('line 1')}")
    assert page["properties"]["Budget"] == {"id": before, "type": "number", "number": 8}


def test_properties_are_added_retyped_and_removed() -> None:
    with asking(line(1, START, Amount={"number": 7}, Mail={"email": "x"})) as ask:
        change: dict[str, Any] = {"Amount": {"rich_text": {}}, "Mail": None, "Extra": {"checkbox": {}}}
        schema = ask("PATCH", schema_path(ask), {"properties": change})["properties"]
        page = ask("GET", f"/v1/pages/{uid('line 1')}")["properties"]
        ask.sandbox.edit(Edit(NOW, "budget_lines", uid("line 1"), Change.UPDATE, {"Mail": {"email": "y"}}))
        assert "Mail" not in ask("GET", f"/v1/pages/{uid('line 1')}")["properties"]
    assert schema["Amount"]["type"] == "rich_text"
    assert (page["Amount"]["type"], page["Amount"]["rich_text"]) == ("rich_text", [])
    assert page["Extra"]["checkbox"] is False
    assert "Mail" not in schema
    assert "Mail" not in page


@pytest.mark.parametrize(
    "change",
    [
        {"Line": None},
        {"Nope": None},
        {"Other": {"title": {}}},
        {"Amount": {"name": "Actual"}},
        {"Amount": {"title": {}}},
        {"Nope": {"name": "x"}},
    ],
)
def test_a_change_that_would_break_the_schema_is_refused_and_nothing_changes(change: dict[str, Any]) -> None:
    with asking() as ask:
        before = ask("GET", schema_path(ask))["properties"]
        assert ask.refused("PATCH", schema_path(ask), {"properties": {"Fine": {"url": {}}, **change}})
        assert ask("GET", schema_path(ask))["properties"] == before


def test_titles_and_descriptions_change() -> None:
    with asking() as ask:
        path = f"/v1/databases/{ask.sandbox.database_ids['projects']}"
        shown = ask("PATCH", path, {"title": text("Ventures"), "description": text("All of them")})
        assert shown["title"][0]["plain_text"] == "Ventures"
        assert shown["description"][0]["plain_text"] == "All of them"
        assert shown["last_edited_time"] == "2026-06-15T12:30:00.000Z"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_database_in_the_trash_has_no_rows_to_give_and_says_so(version: str) -> None:
    with asking(line(1, START), version=version) as ask:
        path = f"/v1/databases/{ask.sandbox.database_ids['budget_lines']}"
        query = ask.query_path("budget_lines")
        assert ask("PATCH", path, {"in_trash": True})["in_trash"] is True
        status, code = (400, "validation_error") if version == V2022 else (404, "object_not_found")
        assert ask.refused("POST", query, {}, status=status)[0] == code
        if version != V2022:
            assert ask("GET", path)["data_sources"] == []
        ask("PATCH", path, {"in_trash": False})
        assert len(ask.all("budget_lines")) == 1


def test_a_database_may_hold_several_data_sources_which_the_old_version_refuses() -> None:
    with asking(version=V2025) as ask:
        database_id = ask.sandbox.database_ids["budget_lines"]
        body = {"parent": {"database_id": database_id}, "properties": {"Name": {"title": {}}}, "title": text("Second")}
        second = ask("POST", "/v1/data_sources", body)
        database = ask("GET", f"/v1/databases/{database_id}")
        assert [source["name"] for source in database["data_sources"]] == ["Budget Lines", "Second"]
        under = {"data_source_id": second["id"]}
        ask("POST", "/v1/pages", {"parent": under, "properties": {"Name": {"title": text("x")}}})
        assert len(ask("POST", f"/v1/data_sources/{second['id']}/query", {})["results"]) == 1
        ask.refused("POST", "/v1/pages", {"parent": {"database_id": database_id}, "properties": {}})
        old = Asking(ask.sandbox, V2022)
        code, message = old.refused("GET", f"/v1/databases/{database_id}")
        old.http.close()
    assert code == "validation_error"
    assert "multiple data sources" in message


def test_a_page_id_is_no_database_id() -> None:
    with asking() as ask:
        _, message = ask.refused("GET", f"/v1/databases/{ALPHA}")
    assert message.startswith(f"Provided ID {ALPHA} is a page, not a database.")
