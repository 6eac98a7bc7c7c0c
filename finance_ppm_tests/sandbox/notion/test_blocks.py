"""What lies on a page, as its blocks: databases and pages."""

from typing import Any

import pytest

from finance_ppm_tests.sandbox.notion.workspaces import ALPHA, V2022, V2026, VERSIONS, Asking, asking, text, uid


def children(ask: Asking, page_id: str, **window: Any) -> Any:
    return ask("GET", f"/v1/blocks/{page_id}/children", params=window)


def listed(ask: Asking, page_id: str | None = None) -> list[str]:
    answer = children(ask, page_id or ask.sandbox.workspace.root.id)
    assert (answer["object"], answer["type"], answer["has_more"]) == ("list", "block", False)
    return [block["id"] for block in answer["results"]]


def new_page(ask: Asking, parent: str, title: str = "Notes") -> str:
    body = {"parent": {"page_id": parent}, "properties": {"title": text(title)}}
    return str(ask("POST", "/v1/pages", body)["id"])


@pytest.mark.parametrize("version", VERSIONS)
def test_the_databases_and_pages_of_a_page_are_its_blocks(version: str) -> None:
    with asking(version=version) as ask:
        root = ask.sandbox.workspace.root.id
        page = new_page(ask, root)
        inner = new_page(ask, page)
        projects, lines, notes = children(ask, root)["results"]
        assert listed(ask, page.replace("-", "")) == [inner]
        assert listed(ask, inner) == []
    ids = ask.sandbox.database_ids
    assert [projects["id"], lines["id"], notes["id"]] == [ids["projects"], ids["budget_lines"], page]
    assert (projects["type"], projects["child_database"]) == ("child_database", {"title": "Projects"})
    assert (notes["type"], notes["child_page"]) == ("child_page", {"title": "Notes"})
    assert [block["has_children"] for block in (projects, lines, notes)] == [False, False, True]
    for block in (projects, lines, notes):
        assert block["object"] == "block"
        assert block["parent"] == {"type": "page_id", "page_id": root}
        assert block["in_trash"] is False
        assert ("archived" in block) == (version != V2026)
        assert block["created_time"].endswith(":00.000Z")


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_not_shared_or_in_the_trash_is_no_block(version: str) -> None:
    with asking(version=version) as ask:
        ids, workspace = ask.sandbox.database_ids, ask.sandbox.workspace
        page = new_page(ask, workspace.root.id)
        workspace.share("projects", shared=False)
        assert listed(ask) == [ids["budget_lines"], page]
        ask("PATCH", f"/v1/databases/{ids['budget_lines']}", {"in_trash": True})
        ask("PATCH", f"/v1/pages/{page}", {"in_trash": True})
        assert listed(ask) == []
        workspace.share("projects", shared=True)
        assert listed(ask) == [ids["projects"]]


@pytest.mark.parametrize("version", VERSIONS)
def test_blocks_come_page_by_page(version: str) -> None:
    with asking(version=version) as ask:
        root = ask.sandbox.workspace.root.id
        made = [new_page(ask, root, f"Page {number}") for number in range(3)]
        found: list[str] = []
        window: dict[str, Any] = {"page_size": 2}
        for more in (True, True, False):
            answer = children(ask, root, **window)
            assert answer["has_more"] is more
            found += [block["id"] for block in answer["results"]]
            window["start_cursor"] = answer["next_cursor"]
        assert found == [*ask.sandbox.database_ids.values(), *made]
        wrong = {"start_cursor": uid("x")}
        assert ask.refused("GET", f"/v1/blocks/{root}/children", params=wrong)[0] == "validation_error"


def test_a_row_has_blocks_of_its_own_and_is_none_of_its_database() -> None:
    with asking(version=V2022) as ask:
        assert listed(ask, ALPHA) == []
        page = new_page(ask, ALPHA)
        assert listed(ask, ALPHA) == [page]
        assert ALPHA not in listed(ask)


def test_blocks_of_what_is_not_shared_are_not_found() -> None:
    with asking() as ask:
        ask.sandbox.workspace.share("projects", shared=False)
        for identifier in (ALPHA, uid("x")):
            refused = ask.refused("GET", f"/v1/blocks/{identifier}/children", status=404)
            assert refused[0] == "object_not_found"
