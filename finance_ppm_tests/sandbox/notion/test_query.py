"""Queries: filters, sorts, cursors, and the 10,000 results after which they stop."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import unquote
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance_ppm.sandbox.clock import SandboxClock
from finance_ppm.sandbox.notion.calls import Service
from finance_ppm.sandbox.notion.errors import ApiError
from finance_ppm.sandbox.notion.history import Change, Edit
from finance_ppm.sandbox.notion.workspace import Workspace
from finance_ppm_tests.sandbox.notion.workspaces import (
    ALPHA,
    ANN,
    BETA,
    BOB,
    NOW,
    START,
    V2022,
    V2025,
    V2026,
    Asking,
    asking,
    full_line,
    history,
    line,
    lines,
    uid,
)

OLDEST_FIRST = [{"timestamp": "created_time", "direction": "ascending"}]


def numbers(pages: list[Any]) -> list[int]:
    return [int(page["properties"]["Line"]["title"][0]["plain_text"].split()[1]) for page in pages]


def found(ask: Asking, **wanted: Any) -> list[int]:
    return sorted(numbers(ask.all("budget_lines", filter=wanted)))


# Filters

MIXED = (
    full_line(1, START),
    line(
        2, START, Amount={"number": 5}, Category={"select": {"name": "Services"}}, Due={"date": {"start": "2026-06-15"}}
    ),
    line(
        3,
        START,
        Amount={"number": Decimal("-2.5")},
        Project={"relation": [{"id": BETA}]},
        Tags={"multi_select": [{"name": "opex"}]},
        Due={"date": {"start": "2026-06-15T18:00:00+02:00"}},
        Owner={"people": [{"id": BOB.id}]},
        Notes={"rich_text": [{"text": {"content": "ÜBER budget"}}]},
    ),
    line(4, START),
)


@pytest.mark.parametrize(
    ("name", "condition", "expected"),
    [
        ("Line", {"title": {"equals": "line 2"}}, [2]),
        ("Line", {"rich_text": {"ends_with": "3"}}, [3]),
        ("Line", {"title": {"does_not_equal": "Line 2"}}, [1, 3, 4]),
        ("Notes", {"rich_text": {"contains": "über"}}, [3]),
        ("Notes", {"rich_text": {"does_not_contain": "über"}}, [1, 2, 4]),
        ("Notes", {"rich_text": {"starts_with": "see h"}}, [1]),
        ("Notes", {"rich_text": {"is_empty": True}}, [2, 4]),
        ("Amount", {"number": {"equals": 5}}, [2]),
        ("Amount", {"number": {"does_not_equal": 5}}, [1, 3, 4]),
        ("Amount", {"number": {"greater_than": 5}}, [1]),
        ("Amount", {"number": {"less_than_or_equal_to": 5}}, [2, 3]),
        ("Amount", {"number": {"greater_than_or_equal_to": 5}}, [1, 2]),
        ("Amount", {"number": {"less_than": 0}}, [3]),
        ("Amount", {"number": {"is_not_empty": True}}, [1, 2, 3]),
        ("Approved", {"checkbox": {"equals": True}}, [1]),
        ("Approved", {"checkbox": {"does_not_equal": True}}, [2, 3, 4]),
        ("Category", {"select": {"equals": "Services"}}, [2]),
        ("Category", {"select": {"equals": ["Services", "Hardware"]}}, [1, 2]),
        ("Category", {"select": {"does_not_equal": "Services"}}, [1, 3, 4]),
        ("Category", {"select": {"is_empty": True}}, [3, 4]),
        ("Tags", {"multi_select": {"contains": "capex"}}, [1]),
        ("Tags", {"multi_select": {"does_not_contain": "capex"}}, [2, 3, 4]),
        ("Owner", {"people": {"contains": BOB.id}}, [3]),
        ("Project", {"relation": {"contains": ALPHA}}, [1]),
        ("Project", {"relation": {"is_empty": True}}, [2, 4]),
        ("Papers", {"files": {"is_not_empty": True}}, [1]),
        ("Due", {"date": {"equals": "2026-06-15"}}, [2, 3]),
        ("Due", {"date": {"equals": "2026-06-15T16:00:00Z"}}, [3]),
        ("Due", {"date": {"after": "2026-06-15"}}, []),
        ("Due", {"date": {"on_or_after": "2026-06-15T00:00:01Z"}}, [3]),
        ("Due", {"date": {"before": "2026-06-15"}}, [1]),
        ("Due", {"date": {"on_or_before": "2026-06-15"}}, [1, 2, 3]),
        ("Due", {"date": {"this_week": {}}}, [2, 3]),
        ("Due", {"date": {"past_month": {}}}, [2, 3]),
        ("Due", {"date": {"next_year": {}}}, [2, 3]),
        ("Due", {"date": {"is_empty": True}}, [4]),
        ("Code", {"unique_id": {"greater_than": 3}}, [4]),
        ("Mail", {"email": {"contains": "@EXAMPLE"}}, [1]),
        ("Made by", {"created_by": {"contains": ANN.id}}, [1, 2, 3, 4]),
        ("Made", {"created_time": {"before": "2026-01-06"}}, [1, 2, 3, 4]),
        ("Variance", {"formula": {"number": {"less_than": 0}}}, [3]),
        ("Label", {"formula": {"string": {"contains": "Line 4"}}}, [4]),
        ("Over", {"formula": {"checkbox": {"equals": True}}}, []),
        ("Deadline", {"formula": {"date": {"before": "2026-04-01"}}}, [1]),
    ],
)
def test_property_filters(name: str, condition: dict[str, Any], expected: list[int]) -> None:
    workspace = Workspace(history(*MIXED), SandboxClock(NOW))
    source = workspace.sources[workspace.databases[workspace.database_ids["budget_lines"]].sources[0].id]
    for key in (name, unquote(source.named(name).id)):  # type: ignore[union-attr]  # every name above exists
        results = Service.of(workspace).queries.run(source, {"filter": {"property": key, **condition}})
        assert sorted(page.number for page in results.pages) == expected


def test_rollup_filters_look_at_the_computed_value_or_at_each_one() -> None:
    with asking(*MIXED[1:]) as ask:
        pages = ask.all("projects", filter={"property": "Spent", "rollup": {"number": {"less_than": 0}}})
        assert [page["id"] for page in pages] == [BETA]
        for word, ids in (("any", [BETA]), ("none", [ALPHA]), ("every", [ALPHA, BETA])):
            wanted = {"property": "Amounts", "rollup": {word: {"number": {"less_than": 0}}}}
            assert sorted(page["id"] for page in ask.all("projects", filter=wanted)) == sorted(ids)


def test_compound_filters_nest_two_levels() -> None:
    cheap = {"property": "Amount", "number": {"less_than": 0}}
    services = {"property": "Category", "select": {"equals": "Services"}}
    dated = {"property": "Due", "date": {"is_not_empty": True}}
    with asking(*MIXED) as ask:
        assert found(ask, **{"or": [cheap, services]}) == [2, 3]
        assert found(ask, **{"and": [dated, {"or": [cheap, services]}]}) == [2, 3]
        assert found(ask, **{"and": [cheap, services]}) == []
        deep = {"and": [{"or": [{"and": [cheap]}]}]}
        code, message = ask.refused("POST", ask.query_path("budget_lines"), {"filter": deep})
    assert code == "validation_error"
    assert message.startswith("body failed validation: body.filter.and[0].or[0].and should be not present")


def test_timestamp_filters_see_times_floored_to_the_minute() -> None:
    edit = Edit(START + timedelta(minutes=30), "budget_lines", uid("line 2"), Change.UPDATE, {"Amount": {"number": 1}})
    with asking(
        line(1, START), line(2, START + timedelta(minutes=1)), line(3, START + timedelta(minutes=2)), edit
    ) as ask:

        def at(name: str, operator: str, minute: str) -> list[int]:
            return found(ask, timestamp=name, **{name: {operator: f"2026-01-05T09:{minute}Z"}})

        assert at("created_time", "on_or_after", "01:00") == [2, 3]
        assert at("created_time", "on_or_after", "01:01") == [3]
        assert at("created_time", "after", "01:00") == [3]
        assert at("created_time", "before", "01:00") == [1]
        assert at("created_time", "on_or_before", "01:00") == [1, 2]
        assert at("created_time", "equals", "02:00") == [3]
        assert at("last_edited_time", "on_or_after", "02:00") == [2, 3]
        assert at("last_edited_time", "on_or_after", "30:00") == [2]
        window = [
            {"timestamp": "created_time", "created_time": {"on_or_after": "2026-01-05T09:01:00Z"}},
            {"timestamp": "created_time", "created_time": {"before": "2026-01-05T09:02:00Z"}},
        ]
        assert found(ask, **{"and": window}) == [2]
        assert found(ask, timestamp="last_edited_time", last_edited_time={"past_week": {}}) == []


# Refusals


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"page_size": 101}, "body failed validation: body.page_size should be ≤ `100`, instead was `101`."),
        ({"page_size": 0}, "body failed validation: body.page_size should be ≥ `1`, instead was `0`."),
        ({"page_size": "9"}, 'body failed validation: body.page_size should be a number, instead was `"9"`.'),
        ({"filter": None}, "body failed validation: body.filter should be an object, instead was `null`."),
        ({"sorts": {}}, "body failed validation: body.sorts should be an array, instead was `{}`."),
        ({"start_cursor": None}, "body failed validation: body.start_cursor should be a string, instead was `null`."),
        ({"start_cursor": "abc"}, "The start_cursor provided is invalid: abc"),
        ({"colour": 1}, "body failed validation: body.colour should be not present, instead was `1`."),
        ([], "body failed validation: body should be an object, instead was `[]`."),
        ({"filter": {"property": "No", "number": {"equals": 1}}}, "Could not find property with name or id: No"),
        ({"sorts": [{"property": "No"}]}, "Could not find property with name or id: No"),
        (
            {"filter": {"property": "Line", "number": {"equals": 1}}},
            "database property title does not match filter number",
        ),
        (
            {"filter": {"property": "Amount", "number": {"equals": "1"}}},
            'body failed validation: body.filter.number.equals should be a number, instead was `"1"`.',
        ),
        (
            {"filter": {"property": "Due", "date": {"before": "2024-13-01"}}},
            "body failed validation: body.filter.date.before should be a valid ISO 8601 date string, instead was "
            '`"2024-13-01"`.',
        ),
        (
            {"sorts": [{"property": "Line", "direction": "up"}]},
            'body failed validation: body.sorts[0].direction should be `"ascending"` or `"descending"`, '
            'instead was `"up"`.',
        ),
    ],
)
def test_a_query_that_notion_would_refuse_is_refused_in_its_words(body: Any, message: str) -> None:
    with asking(line(1, START)) as ask:
        assert ask.refused("POST", ask.query_path("budget_lines"), body) == ("validation_error", message)


# Sorts


def test_sorts_are_applied_in_turn_and_empty_values_come_last() -> None:
    hardware, services = ({"select": {"name": name}} for name in ("Hardware", "Services"))
    rows: list[dict[str, Any]] = [
        {"Amount": {"number": 5}, "Category": services},
        {"Amount": {"number": 5}, "Category": hardware},
        {},
        {"Amount": {"number": Decimal("4.99")}},
    ]
    told = [line(number, START + timedelta(minutes=number), **row) for number, row in enumerate(rows)]

    def order(*sorts: tuple[str, str]) -> list[int]:
        wanted = [{"property": name, "direction": direction} for name, direction in sorts]
        return numbers(ask.all("budget_lines", sorts=wanted, page_size=3))

    with asking(*told) as ask:
        assert order(("Amount", "ascending"), ("Category", "ascending")) == [3, 1, 0, 2]
        assert order(("Amount", "descending"), ("Category", "descending")) == [0, 1, 3, 2]
        assert order(("Line", "descending")) == [3, 2, 1, 0]
        assert numbers(ask.all("budget_lines", sorts=OLDEST_FIRST)) == [0, 1, 2, 3]
        ask("PATCH", f"/v1/pages/{uid('line 1')}", {"properties": {"Mail": {"email": "x@example.com"}}})
        newest = [{"timestamp": "last_edited_time", "direction": "descending"}]
        assert numbers(ask.all("budget_lines", sorts=newest)) == [1, 3, 2, 0]
        oldest = [{"timestamp": "last_edited_time", "direction": "ascending"}]
        assert numbers(ask.all("budget_lines", sorts=oldest, page_size=2)) == [0, 2, 3, 1]


def test_without_a_sort_the_order_is_not_the_order_of_creation() -> None:
    with asking(*lines(5)) as ask:
        assert numbers(ask.all("budget_lines")) != [0, 1, 2, 3, 4]


def test_filter_properties_leaves_only_the_properties_asked_for() -> None:
    with asking(full_line(1, START), version=V2025) as ask:
        page = ask("GET", f"/v1/pages/{uid('line 1')}")
        ids = [page["properties"][name]["id"] for name in ("Amount", "Project")]
        path = ask.query_path("budget_lines")
        [shown] = ask("POST", path, {}, params={"filter_properties": ids})["results"]
        assert sorted(shown["properties"]) == ["Amount", "Project"]
        assert sorted(ask("GET", f"/v1/pages/{page['id']}", params={"filter_properties": ids})["properties"]) == [
            "Amount",
            "Project",
        ]
        _, message = ask.refused("POST", path, {}, params={"filter_properties": "zzzz"})
    assert message == "Could not find property with name or id: zzzz"


# Pages of results


@settings(deadline=None, max_examples=60)
@given(
    amounts=st.lists(st.one_of(st.none(), st.integers(-5, 5)), max_size=40),
    gaps=st.integers(0, 90),
    size=st.integers(1, 100),
    by=st.sampled_from(["created_time", "last_edited_time", "Amount"]),
    direction=st.sampled_from(["ascending", "descending"]),
)
def test_paging_gives_every_page_exactly_once_in_order(
    amounts: list[int | None], gaps: int, size: int, by: str, direction: str
) -> None:
    told = [
        line(number, START + timedelta(seconds=gaps * number), Amount={"number": amount})
        for number, amount in enumerate(amounts)
    ]
    workspace = Workspace(history(*told), SandboxClock(NOW))
    source = workspace.databases[workspace.database_ids["budget_lines"]].sources[0]
    service = Service.of(workspace)
    key = "property" if by == "Amount" else "timestamp"
    body: dict[str, Any] = {"page_size": size, "sorts": [{key: by, "direction": direction}]}
    pages = []
    while True:
        results = service.queries.run(source, body)
        assert len(results.pages) <= size
        pages += results.pages
        if results.next_cursor is None:
            break
        assert len(results.pages) == size
        body["start_cursor"] = results.next_cursor
    assert sorted(page.number - 1 for page in pages) == list(range(len(amounts)))
    if by == "Amount":
        filled = [amount for amount in amounts if amount is not None]
        expected: list[Any] = sorted(filled, reverse=direction == "descending")
        assert [amounts[page.number - 1] for page in pages] == expected + [None] * (len(amounts) - len(filled))
    else:
        times = [page.created for page in pages]
        assert times == sorted(times, reverse=direction == "descending")


@settings(deadline=None, max_examples=40)
@given(
    minutes=st.lists(st.integers(0, 30), max_size=40),
    bounds=st.tuples(st.integers(0, 31), st.integers(0, 31)),
    word=st.sampled_from(["created_time", "last_edited_time"]),
)
def test_a_window_of_time_holds_exactly_the_pages_in_it(minutes: list[int], bounds: tuple[int, int], word: str) -> None:
    midnight = datetime(2026, 3, 1, tzinfo=UTC)
    told = [line(number, midnight + timedelta(minutes=minute)) for number, minute in enumerate(sorted(minutes))]
    workspace = Workspace(history(*told), SandboxClock(NOW))
    source = workspace.databases[workspace.database_ids["budget_lines"]].sources[0]
    low, high = (f"2026-03-01T00:{bound:02d}:00Z" for bound in bounds)
    window = [{"timestamp": word, word: {"on_or_after": low}}, {"timestamp": word, word: {"before": high}}]
    results = Service.of(workspace).queries.run(
        source, {"filter": {"and": window}, "sorts": [{"timestamp": word, "direction": "ascending"}]}
    )
    expected = [minute for minute in sorted(minutes) if bounds[0] <= minute < bounds[1]]
    assert [page.created.minute for page in results.pages] == expected


def test_a_row_that_leaves_the_results_does_not_make_the_next_page_lose_one() -> None:
    with asking(*lines(6)) as ask:
        first = ask.query("budget_lines", sorts=OLDEST_FIRST, page_size=3)
        ask("PATCH", f"/v1/pages/{uid('line 0')}", {"in_trash": True})
        second = ask.query("budget_lines", sorts=OLDEST_FIRST, page_size=3, start_cursor=first["next_cursor"])
    assert numbers(first["results"]) == [0, 1, 2]
    assert numbers(second["results"]) == [3, 4, 5]


@pytest.mark.parametrize("direction", ["ascending", "descending"])
@pytest.mark.parametrize("by", [None, "created_time", "Amount"])
@settings(deadline=None, max_examples=40)
@given(
    amounts=st.lists(st.integers(1, 3), min_size=4, max_size=9),
    size=st.integers(1, 2),
    leaving=st.lists(st.sets(st.integers(-2, 2), min_size=1), min_size=1, max_size=6),
)
def test_rows_that_leave_between_two_answers_make_no_other_row_be_skipped_or_come_twice(
    amounts: list[int], size: int, by: str | None, direction: str, leaving: list[set[int]]
) -> None:
    """``leaving``: the rows trashed after each answer, counted from the one that the cursor names."""
    told = [line(number, START, Amount={"number": amount}) for number, amount in enumerate(amounts)]
    workspace = Workspace(history(*told), SandboxClock(NOW))
    source = workspace.databases[workspace.database_ids["budget_lines"]].sources[0]
    queries = Service.of(workspace).queries
    key = "property" if by == "Amount" else "timestamp"
    body: dict[str, Any] = {"page_size": size, "sorts": [{key: by, "direction": direction}] if by else []}
    rows = queries.run(source, {"sorts": body["sorts"]}).pages
    undisturbed = [page.id for page in rows]
    seen: list[str] = []
    departures = iter(leaving)
    while True:
        results = queries.run(source, body)
        seen += [page.id for page in results.pages]
        if results.next_cursor is None:
            break
        body["start_cursor"] = results.next_cursor
        named = undisturbed.index(results.next_cursor.split(":")[-1])
        for place in next(departures, set()):
            if 0 <= named + place < len(rows):
                workspace.update_page(rows[named + place], {}, author=ANN.id, at=NOW, in_trash=True)
    staying = {page.id for page in rows if not page.in_trash}
    assert staying <= set(seen)
    assert seen == [page_id for page_id in undisturbed if page_id in set(seen)]


@pytest.mark.parametrize("version", [V2022, V2026])
def test_a_query_stops_at_ten_thousand_results(version: str) -> None:
    with asking(*lines(10_003, gap=timedelta(seconds=1)), version=version) as ask:
        row = ask.sandbox.workspace.tables[ask.source_id("budget_lines")].created[9_900]
        cursor = f"s:{UUID(int=9_900)}:{row.id}"
        last = ask.query("budget_lines", sorts=OLDEST_FIRST, start_cursor=cursor)
        first = ask.query("budget_lines", sorts=OLDEST_FIRST)
        after = {"timestamp": "created_time", "created_time": {"on_or_after": "2026-01-05T11:47:00Z"}}
        rest = ask.query("budget_lines", sorts=OLDEST_FIRST, filter=after)
    assert (len(last["results"]), last["has_more"], last["next_cursor"]) == (100, False, None)
    assert numbers(last["results"])[-1] == 9_999
    marked = {"type": "incomplete", "incomplete_reason": "query_result_limit_reached"}
    for answer in (first, last):
        assert answer.get("request_status") == (None if version == V2022 else marked)
    assert numbers(rest["results"])[-1] == 10_002
    assert "request_status" not in rest


def test_exactly_ten_thousand_results_are_complete() -> None:
    workspace = Workspace(history(*lines(10_000, gap=timedelta(seconds=1))), SandboxClock(NOW))
    source = workspace.databases[workspace.database_ids["budget_lines"]].sources[0]
    assert Service.of(workspace).queries.run(source, {}).capped is False


def test_a_cursor_beyond_the_results_gives_nothing() -> None:
    workspace = Workspace(history(*lines(3)), SandboxClock(NOW))
    source = workspace.databases[workspace.database_ids["budget_lines"]].sources[0]
    queries = Service.of(workspace).queries
    cursor = queries.run(source, {"page_size": 2}).next_cursor
    for page in list(workspace.tables[source.id].created):
        workspace.update_page(page, {}, author=ANN.id, at=NOW, in_trash=True)
    assert queries.run(source, {"start_cursor": cursor}).pages == []
    for wrong in (f"x{cursor}", f"s:{UUID(int=1)}:{uid('never there')}"):
        with pytest.raises(ApiError, match=f"The start_cursor provided is invalid: {wrong}"):
            queries.run(source, {"start_cursor": wrong})
