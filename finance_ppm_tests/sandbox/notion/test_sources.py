"""Databases with several data sources, wikis, and what is not shared with the integration."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from finance_ppm.sandbox.clock import SandboxClock
from finance_ppm.sandbox.notion.errors import ApiError
from finance_ppm.sandbox.notion.history import Change, Database, DataSource, Edit, History
from finance_ppm.sandbox.notion.server import serve_notion
from finance_ppm.sandbox.notion.workspace import Workspace
from finance_ppm_tests.sandbox.notion.workspaces import (
    ALPHA,
    LINES,
    NOW,
    PEOPLE,
    PROJECTS,
    START,
    V2022,
    V2025,
    V2026,
    VERSIONS,
    Asking,
    line,
    project,
    text,
    uid,
)

ARCHIVE = DataSource(
    "archive", "Old lines", {"Line": {"title": {}}, "Amount": {"number": {}}, "Category": {"select": {}}}
)
WIKI = Database("wiki", "Handbook", {"Page": {"title": {}}, "Owner": {"people": {}}})
OLD = Edit(
    START,
    "archive",
    uid("old"),
    Change.CREATE,
    {"Line": {"title": text("Old")}, "Category": {"select": {"name": "Hardware"}}},
)
HOME = Edit(START, "wiki", uid("home"), Change.CREATE, {"Page": {"title": text("Home")}})
LINE = line(1, START, Project={"relation": [{"id": ALPHA}]}, Alternatives={"relation": [{"id": ALPHA}]})


@contextmanager
def workspace(version: str) -> Iterator[Asking]:
    """Lines in two data sources, and projects in a wiki."""
    databases = (replace(PROJECTS, wiki="wiki"), replace(LINES, more_sources=(ARCHIVE,)), WIKI)
    history = History(PEOPLE, databases, (project(ALPHA, "Alpha"), LINE, OLD, HOME))
    with serve_notion(history, now=NOW) as sandbox:
        ask = Asking(sandbox, version)
        with ask.http:
            yield ask


def rows(ask: Asking, source: str, **body: Any) -> list[Any]:
    found = ask("POST", f"/v1/data_sources/{ask.sandbox.data_source_ids[source]}/query", body)["results"]
    assert isinstance(found, list)
    return found


def database(ask: Asking, name: str) -> str:
    return f"/v1/databases/{ask.sandbox.database_ids[name]}"


# Several data sources


@pytest.mark.parametrize("version", [V2025, V2026])
def test_each_data_source_has_its_own_rows_and_they_say_where_they_are(version: str) -> None:
    with workspace(version) as ask:
        ids = ask.sandbox.data_source_ids
        shown = ask("GET", database(ask, "budget_lines"))["data_sources"]
        assert shown == [
            {"id": ids["budget_lines"], "name": "Budget Lines"},
            {"id": ids["archive"], "name": "Old lines"},
        ]
        for source, page_id in (("budget_lines", uid("line 1")), ("archive", uid("old"))):
            (row,) = rows(ask, source)
            assert row["id"] == page_id
            assert row["parent"] == {
                "type": "data_source_id",
                "data_source_id": ids[source],
                "database_id": ask.sandbox.database_ids["budget_lines"],
            }
            assert ask("GET", f"/v1/pages/{page_id}")["parent"] == row["parent"]


def test_properties_of_one_name_have_an_id_and_options_of_their_own_in_each_data_source() -> None:
    with workspace(V2026) as ask:
        schemas = [
            ask("GET", f"/v1/data_sources/{ask.sandbox.data_source_ids[source]}")["properties"]
            for source in ("budget_lines", "archive")
        ]
    first, second = ({name: prop["id"] for name, prop in schema.items()} for schema in schemas)
    assert first["Line"] == second["Line"] == "title"
    assert not {first["Amount"], first["Category"]} & {second["Amount"], second["Category"]}
    chosen = [schema["Category"]["select"]["options"][0] for schema in schemas]
    assert chosen[0]["name"] == chosen[1]["name"] == "Hardware"
    assert chosen[0]["id"] != chosen[1]["id"]


def test_the_old_version_refuses_a_database_with_several_data_sources() -> None:
    with workspace(V2022) as ask:
        for method, path in (("GET", ""), ("POST", "/query")):
            code, message = ask.refused(method, database(ask, "budget_lines") + path)
            assert code == "validation_error"
            assert message.startswith("Databases with multiple data sources are not supported in this API version")


def test_of_two_data_sources_the_old_version_shows_the_only_one_it_may_see() -> None:
    with workspace(V2022) as ask:
        ask.sandbox.unshare("budget_lines", data_source="budget_lines")
        shown = ask("GET", database(ask, "budget_lines"))
        found = ask("POST", f"{database(ask, 'budget_lines')}/query")["results"]
    assert set(shown["properties"]) == set(ARCHIVE.properties)
    assert [page["id"] for page in found] == [uid("old")]


@pytest.mark.parametrize(
    "databases",
    [
        (PROJECTS, replace(LINES, more_sources=(replace(ARCHIVE, name="projects"),))),
        (PROJECTS, LINES, replace(WIKI, name="projects")),
    ],
)
def test_two_data_sources_of_one_short_name_are_refused(databases: tuple[Database, ...]) -> None:
    with pytest.raises(ValueError, match="Two data sources are called 'projects'"):
        Workspace(History(PEOPLE, databases), SandboxClock(NOW))


# Wikis


@pytest.mark.parametrize("version", VERSIONS)
def test_a_wikis_rows_are_pages_and_databases(version: str) -> None:
    with workspace(version) as ask:
        found = ask.all("wiki", sorts=[{"timestamp": "created_time", "direction": "ascending"}], page_size=1)
        child = database(ask, "projects")
        if version != V2022:
            child = f"/v1/data_sources/{ask.sandbox.data_source_ids['projects']}"
        expected = ask("GET", child)
        del expected["request_id"]
    assert [row["object"] for row in found] == ["database" if version == V2022 else "data_source", "page"]
    assert found[0] == expected
    assert found[1]["id"] == uid("home")


def test_a_wikis_results_can_be_told_apart_by_type_and_filtered_by_title() -> None:
    with workspace(V2026) as ask:
        for kind in ("page", "data_source"):
            assert [row["object"] for row in rows(ask, "wiki", result_type=kind)] == [kind]
        titled = rows(ask, "wiki", filter={"property": "Page", "title": {"equals": "Projects"}})
        assert [row["object"] for row in titled] == ["data_source"]
        code, message = ask.refused("POST", ask.query_path("wiki"), {"result_type": "x"})
    assert (code, "body.result_type" in message) == ("validation_error", True)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_database_that_is_trashed_or_not_shared_leaves_its_wiki(version: str) -> None:
    with workspace(version) as ask:
        ask.sandbox.unshare("projects")
        assert [row["object"] for row in ask.query("wiki")["results"]] == ["page"]
        ask.sandbox.share("projects")
        assert len(ask.query("wiki")["results"]) == 2
        ask("PATCH", database(ask, "projects"), {"in_trash": True})
        assert [row["object"] for row in ask.query("wiki")["results"]] == ["page"]


# Sharing


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_not_shared_is_not_found_until_it_is_shared_again(version: str) -> None:
    with workspace(version) as ask:
        paths = [
            ("GET", f"/v1/pages/{ALPHA}"),
            ("GET", f"/v1/pages/{ALPHA}/properties/title"),
            ("GET", database(ask, "projects")),
            ("POST", ask.query_path("projects")),
        ]
        before = [ask(method, path) for method, path in paths]
        ask.sandbox.unshare("projects")
        for method, path in (*paths, ("PATCH", f"/v1/pages/{ALPHA}")):
            code, message = ask.refused(method, path, {} if method == "PATCH" else None, status=404)
            assert code == "object_not_found"
            assert "shared with your integration" in message
        assert ask.query("wiki")["results"]  # the others are as they were
        searched = ask("POST", "/v1/search")["results"]
        assert ALPHA not in {thing["id"] for thing in searched}
        assert not {"Spent", "Stage"} & {name for thing in searched for name in thing["properties"]}
        ask.sandbox.share("projects")
        after = [ask(method, path) for method, path in paths]
    for shown in (*before, *after):
        del shown["request_id"]
    assert after == before


def test_a_relation_to_what_is_not_shared_leaves_the_schema_and_looks_empty_in_pages() -> None:
    with workspace(V2026) as ask:
        source = f"/v1/data_sources/{ask.sandbox.data_source_ids['budget_lines']}"
        before = rows(ask, "budget_lines")
        ask.sandbox.unshare("projects")
        assert not {"Project", "Alternatives"} & set(ask("GET", source)["properties"])
        (row,) = rows(ask, "budget_lines")
        for name in ("Project", "Alternatives"):
            assert row["properties"][name]["relation"] == []
            path = f"/v1/pages/{row['id']}/properties/{row['properties'][name]['id']}"
            assert ask("GET", path)["results"] == []
        ask.sandbox.share("projects")
        assert {"Project", "Alternatives"} <= set(ask("GET", source)["properties"])
        assert rows(ask, "budget_lines") == before


def test_a_rollup_over_what_is_not_shared_leaves_the_schema_and_counts_nothing() -> None:
    with workspace(V2022) as ask:
        ask.sandbox.unshare("budget_lines")
        assert set(ask("GET", database(ask, "projects"))["properties"]) == {"Name", "Stage"}
        assert ask("GET", f"/v1/pages/{ALPHA}")["properties"]["Count"]["rollup"]["number"] == 0


@pytest.mark.parametrize("version", [V2025, V2026])
def test_one_data_source_alone_can_be_hidden(version: str) -> None:
    with workspace(version) as ask:
        ids = ask.sandbox.data_source_ids
        ask.sandbox.unshare("budget_lines", data_source="archive")
        assert [source["id"] for source in ask("GET", database(ask, "budget_lines"))["data_sources"]] == [
            ids["budget_lines"]
        ]
        assert ask.refused("GET", f"/v1/data_sources/{ids['archive']}", status=404)[0] == "object_not_found"
        assert ask.refused("GET", f"/v1/pages/{uid('old')}", status=404)[0] == "object_not_found"
        assert len(rows(ask, "budget_lines")) == 1
        ask.sandbox.unshare("budget_lines", data_source="budget_lines")
        assert ask("GET", database(ask, "budget_lines"))["data_sources"] == []


def test_without_a_data_source_to_see_the_old_version_refuses_the_database() -> None:
    with workspace(V2022) as ask:
        ask.sandbox.unshare("projects", data_source="projects")
        for method, path in (("GET", ""), ("POST", "/query")):
            assert ask.refused(method, database(ask, "projects") + path) == (
                "validation_error",
                f"Database with ID {ask.sandbox.database_ids['projects']} does not contain any data sources accessible "
                "by this API bot.",
            )


def test_nothing_is_written_to_what_is_not_shared() -> None:
    with workspace(V2026) as ask:
        ids, databases = ask.sandbox.data_source_ids, ask.sandbox.database_ids
        ask.sandbox.unshare("projects")
        title: dict[str, Any] = {"Name": {"title": {}}}
        for path, body in (
            ("/v1/pages", {"parent": {"data_source_id": ids["projects"]}}),
            ("/v1/pages", {"parent": {"database_id": databases["projects"]}}),
            ("/v1/pages", {"parent": {"page_id": ALPHA}}),
            ("/v1/data_sources", {"parent": {"database_id": databases["projects"]}, "properties": title}),
        ):
            assert ask.refused("POST", path, body, status=404)[0] == "object_not_found"


def test_sharing_is_controlled_over_http() -> None:
    with workspace(V2022) as ask:
        told = {"database": "projects", "shared": False}
        assert ask.http.put("/_sandbox/sharing", json=told).status_code == 200
        assert ask.http.get(f"/v1/pages/{ALPHA}").status_code == 404
        assert ask.http.put("/_sandbox/sharing", json={**told, "shared": True}).status_code == 200
        assert ask.http.get(f"/v1/pages/{ALPHA}").status_code == 200
        assert ask.http.put("/_sandbox/sharing", json={**told, "database": "nothing"}).status_code == 400
        assert ask.http.put("/_sandbox/sharing", json={**told, "data_source": "archive"}).status_code == 400


# Schemas changed from within


def test_a_schema_is_altered_in_the_sandboxs_own_process() -> None:
    with workspace(V2026) as ask:
        path = f"/v1/data_sources/{ask.sandbox.data_source_ids['budget_lines']}"
        before = ask("GET", path)["properties"]
        ask.sandbox.alter(
            "budget_lines",
            {"Amount": {"name": "Betrag"}, "Actual": {"rich_text": {}}, "Notes": None, "Extra": {"checkbox": {}}},
        )
        after = ask("GET", path)["properties"]
        assert after["Betrag"]["id"] == before["Amount"]["id"]
        assert after["Actual"]["type"] == "rich_text"
        assert "Notes" not in after
        assert after["Extra"]["type"] == "checkbox"
        with pytest.raises(ApiError, match="Cannot delete the title property"):
            ask.sandbox.alter("budget_lines", {"Line": None})


# Moves


@pytest.mark.parametrize("version", [V2025, V2026])
def test_a_moved_page_takes_along_what_its_new_place_has_and_leaves_its_old_one(version: str) -> None:
    with workspace(version) as ask:
        ids = ask.sandbox.data_source_ids
        target = {"parent": {"type": "data_source_id", "data_source_id": ids["archive"]}}
        moved = ask("POST", f"/v1/pages/{uid('line 1')}/move", target)
        assert moved["parent"]["data_source_id"] == ids["archive"]
        assert set(moved["properties"]) == set(ARCHIVE.properties)
        assert moved["properties"]["Line"]["title"][0]["plain_text"] == "Line 1"
        assert moved["created_time"] == "2026-01-05T09:00:00.000Z"
        assert moved["last_edited_time"] == "2026-06-15T12:30:00.000Z"
        assert rows(ask, "budget_lines") == []
        oldest_first = [{"timestamp": "created_time", "direction": "ascending"}]
        assert {row["id"] for row in rows(ask, "archive", sorts=oldest_first)} == {uid("old"), uid("line 1")}
        assert ask("GET", f"/v1/pages/{ALPHA}")["properties"]["Lines"]["relation"] == []


def test_a_page_moved_out_of_every_data_source_is_a_page_with_a_title() -> None:
    with workspace(V2022) as ask:
        ask.sandbox.move(uid("home"), None)
        page = ask("GET", f"/v1/pages/{uid('home')}")
        assert page["parent"] == {"type": "page_id", "page_id": ask.sandbox.workspace.root.id}
        assert page["properties"]["title"]["title"][0]["plain_text"] == "Home"
        ask.sandbox.move(uid("home"), "projects")
        assert ask("GET", f"/v1/pages/{uid('home')}")["properties"]["Name"]["title"][0]["plain_text"] == "Home"
        assert {row["id"] for row in ask.query("projects")["results"]} == {ALPHA, uid("home")}


def test_a_page_that_is_moved_back_is_one_row() -> None:
    with workspace(V2026) as ask:
        before = rows(ask, "budget_lines")[0]["properties"]["Line"]
        for source in ("archive", "budget_lines", "budget_lines"):
            ask.sandbox.move(uid("line 1"), source)
        (row,) = rows(ask, "budget_lines")
        assert row["properties"]["Line"] == before
        assert ask.refused("POST", f"/v1/pages/{uid('line 1')}/move", {})[0] == "validation_error"


def test_a_read_goes_on_where_the_row_its_cursor_names_was_moved_away() -> None:
    lines = [line(number, START) for number in range(1, 6)]
    with serve_notion(History(PEOPLE, (PROJECTS, LINES, WIKI), tuple(lines)), now=NOW) as sandbox:
        ask = Asking(sandbox)
        oldest_first = [{"timestamp": "created_time", "direction": "ascending"}]
        first = ask.query("budget_lines", sorts=oldest_first, page_size=2)
        for number in (1, 3):
            sandbox.move(uid(f"line {number}"), "wiki")
        second = ask.query("budget_lines", sorts=oldest_first, start_cursor=first["next_cursor"])
        ask.http.close()
    assert [row["id"] for row in second["results"]] == [uid("line 4"), uid("line 5")]
