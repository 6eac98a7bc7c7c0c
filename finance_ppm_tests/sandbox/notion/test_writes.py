"""Writes of pages: what is taken, and what is refused in which words."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from finance_ppm_tests.sandbox.notion.workspaces import (
    ALPHA,
    ANN,
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

LINE = uid("line 1")


def parent(ask: Asking, name: str = "budget_lines") -> dict[str, str]:
    if ask.version == V2022:
        return {"database_id": ask.sandbox.database_ids[name]}
    return {"type": "data_source_id", "data_source_id": ask.source_id(name)}


WRITTEN: dict[str, Any] = {
    "Line": {"title": text("New")},
    "Amount": {"number": 12.5},
    "Category": {"select": {"name": "Licences"}},
    "Tags": {"multi_select": [{"name": "opex"}, {"name": "new"}]},
    "Notes": {"rich_text": [{"type": "text", "text": {"content": "a", "link": {"url": "https://example.com"}}}]},
    "Due": {"date": {"start": "2026-02-03T10:00:00+08:00", "end": "2026-02-04"}},
    "Owner": {"people": [{"object": "user", "id": ANN.id}]},
    "Project": {"relation": [{"id": ALPHA.replace("-", "")}]},
    "Approved": {"checkbox": True},
    "Link": {"url": None},
    "Mail": {"email": "a@example.com"},
    "Phone": {"phone_number": "1"},
    "Papers": {"files": [{"name": "a", "type": "external", "external": {"url": "https://example.com/a"}}]},
}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_page_is_created_and_read_back(version: str) -> None:
    with asking(version=version) as ask:
        page = ask("POST", "/v1/pages", {"parent": parent(ask), "properties": WRITTEN, "icon": {"emoji": "🎉"}})
        again = ask("GET", f"/v1/pages/{page['id'].replace('-', '')}")
        [listed] = ask.all("budget_lines")
        alpha = ask("GET", f"/v1/pages/{ALPHA}")
    for other in (again, listed):
        assert {**other, "request_id": None} == {**page, "request_id": None}
    shown = {name: value[value["type"]] for name, value in page["properties"].items()}
    assert shown["Amount"] == Decimal("12.5")
    assert shown["Category"]["name"] == "Licences"
    assert [tag["name"] for tag in shown["Tags"]] == ["opex", "new"]
    assert shown["Notes"][0]["href"] == "https://example.com"
    assert shown["Due"] == {"start": "2026-02-03T10:00:00.000+08:00", "end": "2026-02-04", "time_zone": None}
    assert shown["Owner"][0]["person"] == {"email": ANN.email}
    assert shown["Project"] == [{"id": ALPHA}]
    assert page["created_time"] == "2026-06-15T12:30:00.000Z"
    assert page["created_by"]["id"] != ANN.id
    assert page["icon"] == {"emoji": "🎉"}
    assert alpha["properties"]["Lines"]["relation"] == [{"id": page["id"]}]


def test_a_written_option_joins_the_schema_and_a_status_starts_at_its_first() -> None:
    with asking() as ask:
        ask("POST", "/v1/pages", {"parent": parent(ask), "properties": WRITTEN})
        schema = ask("GET", f"/v1/databases/{ask.sandbox.database_ids['budget_lines']}")["properties"]
        names = [option["name"] for option in schema["Category"]["select"]["options"]]
        assert names == ["Hardware", "Services", "Licences"]
        project = ask("POST", "/v1/pages", {"parent": parent(ask, "projects"), "properties": {}})
    assert project["properties"]["Stage"]["status"]["name"] == "Planned"


def test_an_update_changes_what_it_names_and_moves_the_edit_time() -> None:
    with asking(line(1, START, Amount={"number": 1}, Mail={"email": "x@example.com"})) as ask:
        ask.sandbox.set_clock(NOW + timedelta(minutes=5))
        page = ask("PATCH", f"/v1/pages/{LINE}", {"properties": {"Amount": {"number": None}}})
    assert page["properties"]["Amount"]["number"] is None
    assert page["properties"]["Mail"]["email"] == "x@example.com"
    assert page["created_time"] == "2026-01-05T09:00:00.000Z"
    assert page["last_edited_time"] == "2026-06-15T12:35:00.000Z"
    assert page["last_edited_by"]["id"] != page["created_by"]["id"]


@pytest.mark.parametrize(("version", "word"), [(V2022, "archived"), (V2025, "in_trash"), (V2026, "in_trash")])
def test_a_page_goes_into_the_trash_and_comes_back(version: str, word: str) -> None:
    with asking(line(1, START), version=version) as ask:
        assert ask("PATCH", f"/v1/pages/{LINE}", {word: True})["in_trash"] is True
        assert ask.all("budget_lines") == []
        refused = ask.refused("PATCH", f"/v1/pages/{LINE}", {"properties": {}})
        assert ask("PATCH", f"/v1/pages/{LINE}", {word: False})["in_trash"] is False
        assert len(ask.all("budget_lines")) == 1
    assert refused == (
        "validation_error",
        "Can't edit block that is archived. You must unarchive the block before editing.",
    )


def test_the_newest_version_has_no_archived() -> None:
    with asking(line(1, START), version=V2026) as ask:
        _, message = ask.refused("PATCH", f"/v1/pages/{LINE}", {"archived": True})
    assert message == "body failed validation: body.archived should be not present, instead was `true`."


def test_a_page_under_a_page_has_a_title_only() -> None:
    with asking() as ask:
        under = {"page_id": ask.sandbox.workspace.root.id}
        page = ask("POST", "/v1/pages", {"parent": under, "properties": {"title": {"title": text("Notes")}}})
        item = ask("GET", f"/v1/pages/{page['id']}/properties/title")
        assert ask.refused("POST", "/v1/pages", {"parent": under, "properties": {"Amount": {"number": 1}}})
    assert page["parent"] == {"type": "page_id", **under}
    assert page["properties"]["title"]["title"][0]["plain_text"] == "Notes"
    assert item["results"][0]["title"]["plain_text"] == "Notes"


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"Nope": {"number": 1}}, "Nope is not a property that exists."),
        ({"Amount": {"rich_text": []}}, "Amount is expected to be number."),
        ({"Amount": 1}, "body failed validation: body.properties.Amount should be an object, instead was `1`."),
        (
            {"Amount": {"number": "12"}},
            'body failed validation: body.properties.Amount.number should be a number, instead was `"12"`.',
        ),
        (
            {"Approved": {"checkbox": None}},
            "body failed validation: body.properties.Approved.checkbox should be a boolean, instead was `null`.",
        ),
        (
            {"Variance": {"formula": {"number": 1}}},
            "body failed validation: body.properties.Variance should be not present, instead was "
            '`{"formula":{"number":1}}`.',
        ),
        (
            {"Due": {"date": {"start": "2024-13-01"}}},
            "body failed validation: body.properties.Due.date.start should be a valid ISO 8601 date string, "
            "instead was "
            '`"2024-13-01"`.',
        ),
        (
            {"Due": {"date": {}}},
            "body failed validation: body.properties.Due.date.start should be a valid ISO 8601 date string, "
            "instead was "
            "`undefined`.",
        ),
        (
            {"Line": {"title": text("x" * 2001)}},
            "body failed validation: body.properties.Line.title[0].text.content.length should be ≤ `2000`, instead was "
            "`2001`.",
        ),
        (
            {"Notes": {"rich_text": text("x") * 101}},
            "body failed validation: body.properties.Notes.rich_text.length should be ≤ `100`, instead was `101`.",
        ),
        (
            {"Notes": {"rich_text": [{"text": {}}]}},
            "body failed validation: body.properties.Notes.rich_text[0].text.content should be defined, instead was "
            "`undefined`.",
        ),
        (
            {"Tags": {"multi_select": [{"name": str(number)} for number in range(101)]}},
            "body failed validation: body.properties.Tags.multi_select.length should be ≤ `100`, instead was `101`.",
        ),
        (
            {"Mail": {"email": "x" * 201}},
            "body failed validation: body.properties.Mail.email.length should be ≤ `200`, instead was `201`.",
        ),
        (
            {"Phone": {"phone_number": "1" * 201}},
            "body failed validation: body.properties.Phone.phone_number.length should be ≤ `200`, instead was `201`.",
        ),
        (
            {"Link": {"url": "x" * 2001}},
            "body failed validation: body.properties.Link.url.length should be ≤ `2000`, instead was `2001`.",
        ),
        (
            {"Project": {"relation": [{"id": "abc"}]}},
            "body failed validation: body.properties.Project.relation[0].id should be a valid uuid, "
            'instead was `"abc"`.',
        ),
        ({"Category": {"select": {"name": "a,b"}}}, "Invalid select option, commas not allowed: a,b"),
        (
            {"Papers": {"files": [{"name": "a"}]}},
            "body failed validation: body.properties.Papers.files[0].external should be defined, "
            "instead was `undefined`.",
        ),
    ],
)
def test_a_value_that_notion_would_refuse_is_refused_and_nothing_changes(
    properties: dict[str, Any], message: str
) -> None:
    with asking(line(1, START, Amount={"number": 1})) as ask:
        body = {"properties": {"Amount": {"number": 2}, **properties}}
        assert ask.refused("PATCH", f"/v1/pages/{LINE}", body) == ("validation_error", message)
        assert ask("GET", f"/v1/pages/{LINE}")["properties"]["Amount"]["number"] == 1
        ask.refused("POST", "/v1/pages", {"parent": parent(ask), "properties": properties})
        assert len(ask.all("budget_lines")) == 1


def test_a_relation_to_an_unknown_page_and_an_unknown_person_are_not_found() -> None:
    with asking(line(1, START)) as ask:
        for name, kind, told in (("Project", "page", "relation"), ("Owner", "user", "people")):
            body = {"properties": {name: {told: [{"id": uid("x")}]}}}
            code, message = ask.refused("PATCH", f"/v1/pages/{LINE}", body, status=404)
            assert code == "object_not_found"
            assert message.startswith(f"Could not find {kind} with ID: {uid('x')}. Make sure the relevant pages")


def test_a_status_takes_none_but_its_own_options() -> None:
    with asking() as ask:
        body = {"properties": {"Stage": {"status": {"name": "Lost"}}}}
        _, message = ask.refused("PATCH", f"/v1/pages/{ALPHA}", body)
    assert message == 'Invalid status option. Status option "Lost" does not exist".'


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"properties": {}}, "body failed validation: body.parent should be defined, instead was `undefined`."),
        ({"parent": {}}, "body failed validation: body.parent.page_id should be defined, instead was `undefined`."),
        (
            {"parent": {"database_id": "x"}},
            'body failed validation: body.parent.database_id should be a valid uuid, instead was `"x"`.',
        ),
    ],
)
def test_a_page_needs_a_parent(body: dict[str, Any], message: str) -> None:
    with asking() as ask:
        assert ask.refused("POST", "/v1/pages", body)[1] == message


def test_a_body_of_more_than_500_kilobytes_is_refused() -> None:
    runs = text("x" * 2000) * 100
    big = {name: {"rich_text": runs} for name in ("Notes", "a", "b")}
    with asking(line(1, START)) as ask:
        code, message = ask.refused("PATCH", f"/v1/pages/{LINE}", {"properties": big})
    assert code == "validation_error"
    assert "too large" in message


def test_what_is_no_json_is_refused() -> None:
    with asking(line(1, START)) as ask:
        refused = ask.refused("PATCH", f"/v1/pages/{LINE}", content=b'{"properties":')
    assert refused == ("invalid_json", "Error parsing JSON body.")
