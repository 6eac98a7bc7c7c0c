"""Pages as answers show them, in every version of the API."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from finance_ppm.sandbox.notion.history import Change, Edit
from finance_ppm_tests.sandbox.notion.workspaces import (
    ALPHA,
    ANN,
    BERLIN,
    BETA,
    BOB,
    NOW,
    START,
    V2022,
    V2025,
    V2026,
    VERSIONS,
    asking,
    full_line,
    line,
    lines,
    text,
    uid,
)

PLAIN = {
    "bold": False, "italic": False, "strikethrough": False, "underline": False, "code": False, "color": "default",
}  # fmt: skip


def run(content: str) -> dict[str, Any]:
    return {
        "type": "text",
        "text": {"content": content, "link": None},
        "annotations": PLAIN,
        "plain_text": content,
        "href": None,
    }


def values(page: Any) -> dict[str, Any]:
    return {name: value[value["type"]] for name, value in page["properties"].items()}


def test_every_property_type_is_shown_in_its_read_shape() -> None:
    with asking(full_line(1, START)) as ask:
        page = ask("GET", f"/v1/pages/{uid('line 1')}")
    shown = values(page)
    ann = {
        "object": "user",
        "id": ANN.id,
        "name": ANN.name,
        "avatar_url": None,
        "type": "person",
        "person": {"email": ANN.email},
    }
    own = shown["Papers"].pop()
    assert own["type"] == "file"
    assert own["file"]["url"].startswith("https://files.example.com/own.pdf?X-Amz-")
    assert own["file"]["expiry_time"] == "2026-06-15T13:30:15.000Z"
    options = {option["name"]: option for option in [shown.pop("Category"), *shown.pop("Tags")]}
    assert sorted(options) == ["Hardware", "capex", "rush"]
    assert all(sorted(option) == ["color", "id", "name"] for option in options.values())
    assert shown == {
        "Line": [run("Line 1")],
        "Amount": Decimal("90071992547409.93"),
        "Actual": Decimal("0.10"),
        "Variance": {"type": "number", "number": Decimal("90071992547409.83")},
        "Label": {"type": "string", "string": "Line: Line 1"},
        "Over": {"type": "boolean", "boolean": False},
        "Deadline": {
            "type": "date",
            "date": {"start": "2026-03-31T00:00:00.000+00:00", "end": None, "time_zone": None},
        },
        "Project": [{"id": ALPHA}],
        "Alternatives": [{"id": ALPHA}, {"id": BETA}],
        "Notes": [run("see "), run("here")],
        "Due": {"start": "2026-03-31", "end": None, "time_zone": None},
        "Owner": [ann],
        "Approved": True,
        "Link": "https://example.com/1",
        "Mail": "a@example.com",
        "Phone": "+1 555 0100",
        "Papers": [{"name": "po.pdf", "type": "external", "external": {"url": "https://example.com/po.pdf"}}],
        "Code": {"prefix": "BL", "number": 1},
        "Made": "2026-01-05T09:00:00.000Z",
        "Made by": ann,
        "Changed": "2026-01-05T09:00:00.000Z",
        "Changed by": ann,
        "Where": BERLIN,
        "Press": {},
        "Verification": {"state": "unverified", "verified_by": None, "date": None},
    }


def test_properties_never_written_are_empty_in_their_types_own_way() -> None:
    with asking(line(1, START)) as ask:
        shown = values(ask("GET", f"/v1/pages/{uid('line 1')}"))
    for name in ("Notes", "Tags", "Owner", "Papers", "Project"):
        assert shown[name] == [], name
    for name in ("Amount", "Category", "Due", "Link", "Mail", "Phone", "Where"):
        assert shown[name] is None, name
    assert shown["Approved"] is False
    assert shown["Variance"] == {"type": "number", "number": None}


def test_numbers_keep_every_digit_on_the_wire() -> None:
    with asking(line(1, START, Amount={"number": Decimal("12345678901234567890.123456789")})) as ask:
        body = ask.http.get(f"/v1/pages/{uid('line 1')}").text
    assert '"number":12345678901234567890.123456789' in body


def test_property_ids_are_percent_encoded_and_lead_back_to_their_property() -> None:
    with asking(full_line(1, START)) as ask:
        page = ask("GET", f"/v1/pages/{uid('line 1')}")
        ids = {name: value["id"] for name, value in page["properties"].items()}
        assert any("%" in identifier for identifier in ids.values())
        assert len(set(ids.values())) == len(ids)
        assert ids["Line"] == "title"
        for identifier in ids.values():
            item = ask("GET", f"/v1/pages/{page['id']}/properties/{identifier}")
            shown = item["property_item"] if item["object"] == "list" else item
            assert shown["id"] == identifier


@pytest.mark.parametrize("version", VERSIONS)
def test_the_versions_differ_in_archived_and_in_parents(version: str) -> None:
    with asking(line(1, START), version=version) as ask:
        page = ask("GET", f"/v1/pages/{uid('line 1')}")
        database_id, source_id = ask.sandbox.database_ids["budget_lines"], ask.source_id("budget_lines")
    assert page["in_trash"] is False
    assert ("archived" in page) == (version != V2026)
    if version == V2022:
        assert page["parent"] == {"type": "database_id", "database_id": database_id}
    else:
        assert page["parent"] == {
            "type": "data_source_id",
            "data_source_id": source_id,
            "database_id": database_id,
        }


def test_every_answer_carries_its_request_id() -> None:
    with asking(line(1, START)) as ask:
        answers = [ask.http.get(path) for path in (f"/v1/pages/{ALPHA}", "/v1/users", "/v1/nothing")]
    seen = [answer.json()["request_id"] for answer in answers]
    assert len(set(seen)) == 3
    assert [answer.headers["x-notion-request-id"] for answer in answers] == seen


# Truncation


def test_a_relation_stops_at_25_and_says_so_and_the_property_endpoint_has_the_rest() -> None:
    wanted = [{"id": uid(f"line {number}")} for number in range(60)]
    with asking(*lines(60, Project={"relation": [{"id": ALPHA}]})) as ask:
        relation = ask("GET", f"/v1/pages/{ALPHA}")["properties"]["Lines"]
        assert relation["has_more"] is True
        assert relation["relation"] == wanted[:25]
        path, found, cursor = f"/v1/pages/{ALPHA}/properties/{relation['id']}", [], None
        while True:
            params = {"page_size": 25} | ({"start_cursor": cursor} if cursor else {})
            answer = ask("GET", path, params=params)
            found += [item["relation"] for item in answer["results"]]
            cursor = answer["next_cursor"]
            assert (answer["property_item"]["next_url"] is None) == (cursor is None)
            if cursor is None:
                break
            following = ask("GET", answer["property_item"]["next_url"])
            assert following["object"] == "list"
    assert found == wanted


def test_a_short_relation_has_no_more() -> None:
    with asking(line(1, START, Project={"relation": [{"id": ALPHA}]})) as ask:
        assert ask("GET", f"/v1/pages/{uid('line 1')}")["properties"]["Project"]["has_more"] is False


def test_people_and_rich_text_stop_at_25_without_a_word() -> None:
    notes = {"rich_text": [{"text": {"content": f"{number} "}} for number in range(40)]}
    owners = {"people": [{"id": uid(f"person {number}")} for number in range(30)]}
    with asking(line(1, START, Notes=notes, Owner=owners)) as ask:
        page = ask("GET", f"/v1/pages/{uid('line 1')}")
        for name, full in (("Notes", 40), ("Owner", 30)):
            shown = page["properties"][name]
            assert len(shown[shown["type"]]) == 25
            assert "has_more" not in shown
            items = ask("GET", f"/v1/pages/{page['id']}/properties/{shown['id']}")
            assert len(items["results"]) == full


def test_a_rollup_of_a_page_follows_25_relations_and_the_property_endpoint_all() -> None:
    amounts = lines(60, Project={"relation": [{"id": ALPHA}]}, Amount={"number": Decimal("1.10")})
    with asking(*amounts) as ask:
        page = ask("GET", f"/v1/pages/{ALPHA}")
        assert page["properties"]["Spent"]["rollup"] == {
            "type": "number",
            "number": Decimal("27.50"),
            "function": "sum",
        }
        path = f"/v1/pages/{ALPHA}/properties/{page['properties']['Spent']['id']}"
        first = ask("GET", path, params={"page_size": 50})
        assert first["has_more"] is True
        assert first["property_item"]["rollup"] == {"type": "incomplete", "incomplete": {}, "function": "sum"}
        last = ask("GET", path, params={"page_size": 50, "start_cursor": first["next_cursor"]})
        assert last["has_more"] is False
        assert last["property_item"]["rollup"]["number"] == Decimal("66.00")
        shown = f"/v1/pages/{ALPHA}/properties/{page['properties']['Amounts']['id']}"
        entries = ask("GET", shown)
        assert [entry["number"] for entry in entries["results"]] == [Decimal("1.10")] * 60


# What depends on other pages


def test_rollups_and_formulas_follow_their_sources_without_moving_the_edit_time() -> None:
    told = line(
        1, START, Project={"relation": [{"id": ALPHA}]}, Amount={"number": 5}, Due={"date": {"start": "2026-02-01"}}
    )
    with asking(told) as ask:
        before = ask("GET", f"/v1/pages/{ALPHA}")
        ask("PATCH", f"/v1/pages/{uid('line 1')}", {"properties": {"Amount": {"number": 7}}})
        after = ask("GET", f"/v1/pages/{ALPHA}")
    assert before["properties"]["Spent"]["rollup"]["number"] == 5
    assert after["properties"]["Spent"]["rollup"]["number"] == 7
    assert after["properties"]["Count"]["rollup"] == {"type": "number", "number": 1, "function": "count"}
    assert after["properties"]["First"]["rollup"]["date"]["start"] == "2026-02-01T00:00:00.000+00:00"
    assert after["properties"]["Amounts"]["rollup"]["array"] == [{"type": "number", "number": 7}]
    assert after["last_edited_time"] == before["last_edited_time"]


def test_a_two_way_relation_is_kept_on_both_sides() -> None:
    told = [line(number, START + timedelta(seconds=number), Project={"relation": [{"id": ALPHA}]}) for number in (1, 2)]
    first, second = uid("line 1"), uid("line 2")

    def held(page_id: str, name: str) -> list[str]:
        return [item["id"] for item in ask("GET", f"/v1/pages/{page_id}")["properties"][name]["relation"]]

    with asking(*told) as ask:
        assert held(ALPHA, "Lines") == [first, second]
        ask("PATCH", f"/v1/pages/{first}", {"properties": {"Project": {"relation": [{"id": BETA}]}}})
        assert (held(ALPHA, "Lines"), held(BETA, "Lines")) == ([second], [first])
        ask("PATCH", f"/v1/pages/{ALPHA}", {"properties": {"Lines": {"relation": [{"id": first}]}}})
        assert held(ALPHA, "Lines") == [first]
        assert held(first, "Project") == [BETA, ALPHA]
        assert held(second, "Project") == []
        ask("PATCH", f"/v1/pages/{first}", {"in_trash": True})
        assert held(BETA, "Lines") == []


# Broken pages


def test_a_history_may_tell_wrong_values_and_they_are_shown_as_told() -> None:
    wrong = line(
        1,
        START,
        Amount={"rich_text": [{"plain_text": "1,200"}]},
        Actual={"number": "12,50"},
        Due={"date": {"start": "2024-13-01"}},
        Project={"relation": [{"id": "no-such-page"}]},
        Alternatives={"relation": "nonsense"},
        Category={"select": "Hardware"},
        Notes="not even an object",
        Owner={"people": [{"id": 7}]},
    )
    with asking(wrong) as ask:
        shown = ask("GET", f"/v1/pages/{uid('line 1')}")["properties"]
        assert len(ask.all("budget_lines", sorts=[{"property": "Amount", "direction": "ascending"}])) == 1
    assert shown["Amount"]["type"] == "rich_text"
    assert shown["Amount"]["rich_text"] == [{"plain_text": "1,200"}]
    assert shown["Actual"]["number"] == "12,50"
    assert shown["Variance"]["formula"]["number"] is None
    assert shown["Due"]["date"]["start"] == "2024-13-01"
    assert shown["Project"]["relation"] == [{"id": "no-such-page"}]
    assert shown["Alternatives"]["relation"] == "nonsense"
    assert shown["Category"]["select"] == "Hardware"
    assert shown["Notes"] == "not even an object"
    assert shown["Owner"]["people"] == [{"id": 7}]


def test_an_override_is_laid_over_the_page_until_the_next_edit() -> None:
    override = {
        "created_time": "yesterday",
        "url": None,
        "properties": {"Amount": 5, "Extra": {"type": "x"}, "Due": None},
    }
    told = Edit(START, "budget_lines", uid("line 1"), Change.CREATE, {"Amount": {"number": 1}}, override)
    with asking(told) as ask:
        broken = ask("GET", f"/v1/pages/{uid('line 1')}")
        [listed] = ask.all("budget_lines")
        assert {**broken, "request_id": None} == {**listed, "request_id": None}
        [one] = ask("POST", ask.query_path("budget_lines"), {}, params={"filter_properties": "Mail"})["results"]
        ask.sandbox.edit(Edit(NOW, "budget_lines", uid("line 1"), Change.UPDATE, {"Actual": {"number": 2}}))
        mended = ask("GET", f"/v1/pages/{uid('line 1')}")
    assert broken["created_time"] == "yesterday"
    assert "url" not in broken
    assert broken["properties"]["Amount"] == 5
    assert broken["properties"]["Extra"] == {"type": "x"}
    assert "Due" not in broken["properties"]
    assert list(one["properties"]) == ["Mail"]
    assert mended["properties"]["Amount"]["number"] == 1
    assert mended["created_time"] == "2026-01-05T09:00:00.000Z"


# Other endpoints


def test_users_are_listed_in_pages_and_found_by_id() -> None:
    with asking() as ask:
        first = ask("GET", "/v1/users", params={"page_size": 2})
        second = ask("GET", "/v1/users", params={"page_size": 2, "start_cursor": first["next_cursor"]})
        names = [user["name"] for user in first["results"] + second["results"]]
        assert names == [ANN.name, BOB.name, "Sandbox"]
        assert ask("GET", f"/v1/users/{BOB.id}")["person"] == {"email": BOB.email}
        assert ask("GET", "/v1/users/me")["type"] == "bot"
        code, message = ask.refused("GET", f"/v1/users/{uid('nobody')}", status=404)
    assert code == "object_not_found"
    assert message.startswith("Could not find user with ID")


@pytest.mark.parametrize("version", VERSIONS)
def test_search_finds_databases_by_title_and_misses_rows(version: str) -> None:
    container = "database" if version == V2022 else "data_source"
    with asking(*lines(60), version=version) as ask:
        wanted = {"value": container, "property": "object"}
        [found] = ask("POST", "/v1/search", {"query": "budget", "filter": wanted})["results"]
        assert found["object"] == container
        pages = ask("POST", "/v1/search", {"filter": {"value": "page", "property": "object"}})["results"]
    assert 0 < len(pages) < 60


def test_a_trashed_page_is_answered_by_id_but_never_by_a_query() -> None:
    trash = Edit(START + timedelta(hours=1), "budget_lines", uid("line 1"), Change.TRASH)
    with asking(line(1, START), line(2, START), trash, version=V2025) as ask:
        page = ask("GET", f"/v1/pages/{uid('line 1')}")
        assert (page["in_trash"], page["archived"]) == (True, True)
        assert page["last_edited_time"] == "2026-01-05T10:00:00.000Z"
        assert [found["id"] for found in ask.all("budget_lines")] == [uid("line 2")]
        ask.sandbox.edit(Edit(NOW, "budget_lines", uid("line 1"), Change.RESTORE))
        assert len(ask.all("budget_lines")) == 2


def test_text_of_a_page_leads_to_its_address() -> None:
    with asking(line(1, START)) as ask:
        ask("PATCH", f"/v1/pages/{uid('line 1')}", {"properties": {"Line": {"title": text("Größe & Co 🎉")}}})
        url = ask("GET", f"/v1/pages/{uid('line 1')}")["url"]
    assert url == f"https://www.notion.so/Gr-e-Co-{uid('line 1').replace('-', '')}"
