"""Resource Graph over HTTP: scope, pages, formats, facets, and what it refuses."""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance_ppm.sandbox.azure.estate import Row
from finance_ppm.sandbox.azure.graph import LIMIT_HIT
from finance_ppm.sandbox.azure.tables import COLUMNS
from finance_ppm_tests.sandbox.azure.estates import (
    GRAPH,
    NOW,
    ONE,
    THREE,
    TWO,
    Asking,
    asking,
    estate_of,
    resource,
    uid,
)

MACHINES = [resource(f"vm-{number}", [ONE, TWO, THREE][number % 3], location="eastus") for number in range(7)]


@pytest.fixture(scope="module")
def ask() -> Iterator[Asking]:
    with asking(estate_of(*MACHINES)) as asking_it:
        yield asking_it


# Pages

ANY_ROWS = estate_of()


@pytest.fixture(scope="module")
def any_rows() -> Iterator[Asking]:
    with asking(ANY_ROWS) as asking_it:
        yield asking_it


@settings(max_examples=25, deadline=None)
@given(
    names=st.lists(st.text("aZ9-", min_size=1, max_size=4), unique=True, max_size=12),
    top=st.integers(1, 13),
    order=st.sampled_from(["asc", "desc"]),
    table=st.sampled_from(["resources", "ResourceContainers", "advisorresources"]),
)
def test_pages_of_any_size_yield_every_row_once_in_order(
    any_rows: Asking, names: list[str], top: int, order: str, table: str
) -> None:
    rows = [resource(name, [ONE, TWO][len(name) % 2]) for name in names]
    ANY_ROWS.tables[table.lower()] = rows
    query = f"{table} | order by id {order}"
    pages = list(any_rows.pages(query, top))
    found = [row["id"] for page in pages for row in page["data"]]
    assert found == sorted((row["id"] for row in rows), reverse=order == "desc")
    tables = any_rows.pages(query, top, version="2019-04-01")
    assert [row[0] for page in tables for row in page["data"]["rows"]] == found
    *full, last = [page["count"] for page in pages]
    assert (set(full) <= {top}, sum(full) + last) == (True, len(names))
    assert {page["totalRecords"] for page in pages} == {len(names)}
    assert {page["resultTruncated"] for page in pages} == {"false"}


def test_a_page_holds_a_thousand_rows_at_most() -> None:
    with asking(estate_of(*(resource(f"vm-{number:04}") for number in range(1001)))) as many:
        assert [page["count"] for page in many.pages("resources | order by id asc", 1000)] == [1000, 1]
        assert many.page("resources")["count"] == 1000
        detail = many.refused("resources", options={"$top": 1001})
        assert "1000" in detail["message"]


def test_rows_are_skipped(ask: Asking) -> None:
    page = ask.page("resources | order by id asc", options={"$skip": 5, "$top": 1})
    assert (page["totalRecords"], page["count"]) == (7, 1)
    assert [row["name"] for row in ask.rows("project id, name | order by name asc", options={"$skip": 5})] == [
        "vm-5",
        "vm-6",
    ]
    assert ask.rows("resources | project id", options={"$skip": 9}) == []


def test_rows_to_skip_count_more_than_where_a_token_leads(ask: Asking) -> None:
    first = ask.page("resources | order by id asc", options={"$top": 3})
    options = {"$top": 3, "$skipToken": first["$skipToken"], "$skip": 2}
    second = ask.page("resources | order by id asc", options=options)
    assert second["data"][0] == first["data"][-1]
    third = ask.page("resources | order by id asc", options=options | {"$skipToken": second["$skipToken"], "$skip": 4})
    assert third["data"][0] == second["data"][-1]
    assert "$skipToken" not in third


@pytest.mark.parametrize("query", ["project name", "summarize count() by name", "project id | limit 5"])
def test_a_result_without_ids_or_with_a_limit_is_cut_and_says_so(ask: Asking, query: str) -> None:
    page = ask.page(query, options={"$top": 3})
    assert (page["count"], page["resultTruncated"], "$skipToken" in page) == (3, "true", False)
    whole = ask.page(query, options={"$top": 7})
    assert whole["resultTruncated"] == "false"


@pytest.mark.parametrize("token", ["!", "eyJhIjoxfQ==", "AAAA"])
def test_a_wrong_token_is_refused(ask: Asking, token: str) -> None:
    assert ask.refused("resources", options={"$skipToken": token})["code"] == "InvalidSkipToken"


def test_a_listed_estate_changes_between_pages() -> None:
    estate = estate_of(*(resource(f"vm-{number}") for number in range(4)))
    with asking(estate) as changing:
        names, totals = [], []
        for page in changing.pages("resources | order by id asc", 2):
            names += [row["name"] for row in page["data"]]
            totals.append(page["totalRecords"])
            if len(names) == 2:
                estate.tables["resources"].pop(0)
    assert names == ["vm-0", "vm-1", "vm-3"], "the token is an offset: a row that moves up is passed over"
    assert totals == [4, 3]


@dataclass
class Counting:
    """An estate that counts how often its rows are read."""

    tenant_id: str = uid(99)
    reads: list[datetime] = field(default_factory=list)

    def subscriptions(self, now: datetime) -> Mapping[str, str]:
        return {ONE: "One"}

    def management_groups(self) -> Mapping[str, Iterable[str]]:
        return {}

    def rows(self, table: str, subscription_id: str, now: datetime) -> Iterable[Row]:
        self.reads.append(now)
        return [resource(f"vm-{number}", properties={"day": now.day}) for number in range(9)]


class Yearly(Counting):
    """It changes on New Year's Day only."""

    def version(self, now: datetime) -> Hashable:
        return now.year


def days(ask: Asking) -> set[int]:
    return {row["properties"]["day"] for page in ask.pages("order by id asc", 2) for row in page["data"]}


def test_a_result_is_computed_once_for_all_its_pages_until_the_clock_moves() -> None:
    estate = Counting()
    with asking(estate) as counted:
        assert days(counted) == {1}
        assert len(estate.reads) == 1
        assert [len(page["data"]["rows"]) for page in counted.pages("order by id asc", 5, version="2019-04-01")] == [
            5,
            4,
        ]
        assert len(estate.reads) == 2, "another format is another result"
        counted.sandbox.set_clock(NOW + timedelta(days=1))
        assert days(counted) == {2}
        assert len(estate.reads) == 3


def test_an_estate_may_say_itself_when_it_changes() -> None:
    estate = Yearly()
    with asking(estate) as counted:
        assert days(counted) == {1}
        counted.page("where now() > ago(1d)")
        counted.sandbox.set_clock(NOW + timedelta(days=1))
        assert days(counted) == {1}
        assert len(estate.reads) == 2
        counted.page("where now() > ago(1d)")
        assert len(estate.reads) == 3, "what depends on the clock is computed anew"
        counted.sandbox.set_clock(NOW + timedelta(days=365))
        assert len(days(counted)) == 1
        assert len(estate.reads) == 4


def test_what_is_written_is_seen_at_once_though_the_estate_stands_still() -> None:
    with asking(Counting()) as counted:
        query = "advisorresources | where type == 'microsoft.advisor/configurations' | project id"
        assert counted.rows(query) == []
        counted.advisor("configurations/default", method="PUT", json={"properties": {"exclude": True}})
        assert len(counted.rows(query)) == 1


def test_a_result_that_left_the_shelf_is_computed_again() -> None:
    with asking(Counting()) as counted:
        first, *_ = counted.pages("order by id asc", 2)
        for number in range(20):
            counted.page(f"resources | limit {number}")
        options = {"$top": 2, "$skipToken": first["$skipToken"]}
        assert [row["name"] for row in counted.rows("order by id asc", options=options)] == ["vm-2", "vm-3"]


# Scope


def names(found: list[Any]) -> set[str]:
    return {row["name"] for row in found}


def test_a_query_reaches_its_scope(ask: Asking) -> None:
    assert len(ask.rows("resources")) == 7
    assert names(ask.rows("resources", subscriptions=[ONE])) == {"vm-0", "vm-3", "vm-6"}
    assert names(ask.rows("resources", subscriptions=[TWO.upper(), uid(77)])) == {"vm-1", "vm-4"}
    assert len(ask.rows("resources", managementGroups=["rest"])) == 4
    assert len(ask.rows("resources", subscriptions=[], managementGroups=None)) == 7


def test_a_scope_without_subscriptions_is_refused(ask: Asking) -> None:
    detail = ask.refused("resources", subscriptions=[uid(77)])
    assert detail["code"] == "NoValidSubscriptionsInQueryRequest"
    assert uid(77) in detail["message"]
    assert ask.refused("resources", managementGroups=["none"])["code"] == "NoValidSubscriptionsInQueryRequest"
    assert ask.refused("resources", subscriptions=["x y"])["code"] == "SubscriptionsContainInvalidGuids"


def test_a_query_names_so_many_and_no_more(ask: Asking) -> None:
    subscriptions = [uid(number) for number in range(1001)]
    assert len(ask.rows("resources", subscriptions=subscriptions[:-1])) == 7
    assert ask.refused("resources", subscriptions=subscriptions)["code"] == "ScopeLimitExceeded"
    groups = [f"{number}" for number in range(9)] + ["first", "rest"]
    assert len(ask.rows("resources", managementGroups=groups[1:])) == 7
    assert ask.refused("resources", managementGroups=groups)["code"] == "ScopeLimitExceeded"


def test_a_tenant_of_too_many_subscriptions_is_cut_and_only_a_header_says_so() -> None:
    with asking(estate_of(*MACHINES)) as large:
        assert LIMIT_HIT not in large.post("resources").headers
        large.sandbox.limit_subscriptions(2)
        answer = large.post("resources")
        assert answer.headers[LIMIT_HIT] == "true"
        assert {row["subscriptionId"] for row in answer.json()["data"]} == {ONE, TWO}
        scopes: list[dict[str, Any]] = [
            {"managementGroups": ["first", "rest"]},
            {"subscriptions": [ONE, TWO, THREE]},
        ]
        for scope in scopes:
            answer = large.post("resources", **scope)
            assert LIMIT_HIT not in answer.headers
            assert answer.json()["count"] == 7


# Shape


def test_a_row_has_every_column_and_texts_are_never_null() -> None:
    bare = {"id": "/x", "subscriptionId": ONE, "location": None, "unheard": 1, "tags": {"a": None}}
    with asking(estate_of(bare)) as ask_bare:
        (row,) = ask_bare.rows("resources")
        assert list(row) == list(COLUMNS)
        assert (row["location"], row["kind"], row["sku"], row["tags"]) == ("", "", None, {"a": None})


def test_a_table_names_its_columns_and_their_types(ask: Asking) -> None:
    query = "extend n = toint(name), t = now() | project id, tags, n, t | order by id asc | limit 1"
    data = ask.page(query, options={"resultFormat": "table"})["data"]
    assert data["columns"] == [
        {"name": "id", "type": "string"},
        {"name": "tags", "type": "object"},
        {"name": "n", "type": "integer"},
        {"name": "t", "type": "datetime"},
    ]
    assert data["rows"] == [[MACHINES[0]["id"], {}, None, "2025-03-01T06:30:00.0000000Z"]]


@pytest.mark.parametrize(
    ("version", "kind"),
    [("2019-04-01", dict), ("2020-04-01-preview", dict), ("2021-03-01", list), ("2024-04-01", list)],
)
def test_the_version_tells_the_format(ask: Asking, version: str, kind: type) -> None:
    assert isinstance(ask.page("resources", version=version)["data"], kind)
    told = {"resultFormat": "table" if kind is list else "objectArray"}
    assert not isinstance(ask.page("resources", version=version, options=told)["data"], kind)


def test_facets_count_the_whole_result(ask: Asking) -> None:
    facets = [{"expression": "subscriptionId", "options": {"$top": 1}}, {"expression": "nothing"}]
    page = ask.page("project id, subscriptionId", options={"$top": 1}, facets=facets)
    found, error = page["facets"]
    assert found["data"] == [{"subscriptionId": ONE, "count": 3}]
    assert (found["totalRecords"], found["count"], found["resultType"]) == (3, 1, "FacetResult")
    assert [each["code"] for each in error["errors"]] == ["NoValidColumns", "InvalidColumnNames"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "QueryMissing"),
        ([], "QueryMissing"),
        ({"query": "resources", "options": {"resultFormat": "csv"}}, "InvalidResultFormat"),
        ({"query": "resources", "options": {"$top": 0}}, "InvalidQueryOption"),
        ({"query": "resources", "options": {"$skip": -1}}, "InvalidQueryOption"),
    ],
)
def test_a_wrong_request_is_refused(ask: Asking, body: Any, code: str) -> None:
    answer = ask.http.post(GRAPH, params={"api-version": "2021-03-01"}, json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["details"][0]["code"] == code


def test_a_query_that_is_none_is_refused_with_its_position(ask: Asking) -> None:
    answer = ask.post("resources\n| where name ==")
    error = answer.json()["error"]
    assert answer.status_code == 400
    assert error["message"].startswith(
        "Please provide below info when asking for support: timestamp = 2025-03-01T06:30:00.0000000Z, correlationId = "
    )
    assert [detail["code"] for detail in error["details"]] == ["InvalidQuery", "ParserFailure"]
    assert (error["details"][1]["line"], error["details"][1]["characterPositionInLine"]) == (2, 15)
