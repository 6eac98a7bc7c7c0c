"""Reading whole databases from a sandbox, over real connections."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from finance_ppm.sandbox.notion import query as sandbox_query
from finance_ppm.sandbox.notion.faults import Fault, FaultKind
from finance_ppm.sandbox.notion.history import Edit
from finance_ppm.sandbox.notion.server import NotionSandbox, serve_notion
from finance_ppm.sources.notion import reader
from finance_ppm.sources.notion.client import NotionClient
from finance_ppm.sources.notion.deletions import Absence, confirm_deletions
from finance_ppm.sources.notion.errors import NotionError
from finance_ppm.sources.notion.pages import RawPage
from finance_ppm.sources.notion.reader import RESTARTS, KnownSchema, incremental_floor
from finance_ppm.sources.notion.retry import ATTEMPTS
from finance_ppm.sources.notion.schema import Drift
from finance_ppm.sources.notion.spans import WHOLE
from finance_ppm.sources.notion.transport import Errand
from finance_ppm_tests.sources.notion.conftest import (
    NOW,
    WANTED,
    ClientOf,
    InstantTime,
    amount,
    created,
    items,
    page_id,
    trashed,
    updated,
    workspace,
)
from finance_ppm_tests.sources.notion.reading import Read, read

VERSIONS = ["2022-06-28", "2025-09-03", "2026-03-11"]


def known_from(before: Read) -> KnownSchema:
    told = before.surveyed
    return KnownSchema(told.schema, told.schema_read_at, told.property_ids)


def ids(found: Read) -> list[str]:
    return [page.page_id for page in found.pages]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_page_is_read_in_every_version(version: str, client_of: ClientOf) -> None:
    with serve_notion(workspace(*items(250)), now=NOW) as sandbox:
        seen: list[int] = []
        found = read(client_of(sandbox, version=version), sandbox, on_page=seen.append)
    assert ids(found) == [page_id(number) for number in range(1, 251)]
    assert seen == [100, 200, 250]
    assert found.spans == (WHOLE,)
    assert found.surveyed.schema_read_at == NOW
    assert found.surveyed.drift == ()
    assert set(found.surveyed.property_ids) == set(WANTED)
    assert found.requests == 3 + 1 + (1 if version == "2022-06-28" else 2), "answers, the newest page, the schema"
    assert not any(page.is_deleted for page in found.pages)
    assert found.pages[0].created_time == NOW - timedelta(days=10) + timedelta(minutes=1)


@pytest.mark.parametrize("version", VERSIONS)
def test_an_unchanged_database_costs_one_request(version: str, sandbox: NotionSandbox, client_of: ClientOf) -> None:
    first = read(client_of(sandbox, version=version), sandbox)
    sandbox.reset_requests()
    again = read(client_of(sandbox, version=version), sandbox, since=NOW, known=known_from(first))
    assert again.pages == []
    assert again.requests == 1
    assert len(sandbox.requests()) == 1


def test_an_empty_database_is_a_complete_read_of_nothing(client_of: ClientOf) -> None:
    with serve_notion(workspace(), now=NOW) as sandbox:
        assert read(client_of(sandbox), sandbox).pages == []


def test_only_what_was_edited_is_read_again(sandbox: NotionSandbox, client_of: ClientOf) -> None:
    first = read(client_of(sandbox), sandbox)
    sandbox.set_clock(NOW + timedelta(minutes=30))
    sandbox.edit(updated(2, Amount=amount("7.10")))
    later = NOW + timedelta(minutes=31)
    again = read(client_of(sandbox), sandbox, now=later, since=NOW, known=known_from(first))
    assert ids(again) == [page_id(2)]
    assert '"number":7.10' in again.pages[0].payload
    assert again.pages[0].content_hash != first.pages[1].content_hash


def test_an_edit_in_the_minute_of_the_last_read_is_not_missed(sandbox: NotionSandbox, client_of: ClientOf) -> None:
    """Notion floors the edit to 12:00, before the read at 12:00:40 that could not see it."""
    read_at = NOW + timedelta(seconds=40)
    first = read(client_of(sandbox), sandbox, now=read_at)
    sandbox.set_clock(NOW + timedelta(seconds=50))
    sandbox.edit(updated(3, Amount=amount("1")))
    again = read(client_of(sandbox), sandbox, now=NOW + timedelta(minutes=5), since=read_at, known=known_from(first))
    assert ids(again) == [page_id(3)]


def test_an_incremental_read_begins_two_minutes_before_the_watermarks_minute() -> None:
    assert incremental_floor(datetime(2026, 3, 1, 12, 0, 59, tzinfo=UTC)) == datetime(2026, 3, 1, 11, 58, tzinfo=UTC)


def test_the_same_content_has_the_same_hash_in_every_read(sandbox: NotionSandbox, client_of: ClientOf) -> None:
    first, again = read(client_of(sandbox), sandbox), read(client_of(sandbox), sandbox)
    assert [page.content_hash for page in first.pages] == [page.content_hash for page in again.pages]


@pytest.mark.parametrize(
    ("age", "requests"), [(timedelta(minutes=60), 1), (timedelta(minutes=61), 2)], ids=["an hour", "more"]
)
def test_the_schema_is_read_at_most_hourly(
    age: timedelta, requests: int, sandbox: NotionSandbox, client_of: ClientOf
) -> None:
    first = read(client_of(sandbox), sandbox)
    later = NOW + age
    again = read(client_of(sandbox), sandbox, now=later, since=NOW, known=known_from(first))
    assert again.requests == requests
    assert again.surveyed.schema_read_at == (NOW if requests == 1 else later)
    assert read(client_of(sandbox), sandbox, now=NOW, known=known_from(first)).requests == 2, "before a full read"


def test_a_schema_known_through_another_version_is_read_again(sandbox: NotionSandbox, client_of: ClientOf) -> None:
    first = read(client_of(sandbox), sandbox)
    again = read(client_of(sandbox, version="2026-03-11"), sandbox, since=NOW, known=known_from(first))
    assert again.surveyed.schema.data_source_ids
    assert again.surveyed.property_ids == first.surveyed.property_ids
    back = read(client_of(sandbox), sandbox, since=NOW, known=known_from(again))
    assert back.surveyed.schema.data_source_ids == ()


def change_schema(sandbox: NotionSandbox, properties: dict[str, Any]) -> None:
    """Change the properties of ``items``, as somebody does in Notion."""
    answer = httpx.patch(
        f"{sandbox.base_url}/v1/databases/{sandbox.database_ids['items']}",
        headers={"Authorization": f"Bearer {sandbox.token.get_secret_value()}", "Notion-Version": "2022-06-28"},
        json={"properties": properties},
        trust_env=False,
    )
    assert answer.is_success, answer.text


def test_a_renamed_property_is_read_as_before_and_reported(sandbox: NotionSandbox, client_of: ClientOf) -> None:
    first = read(client_of(sandbox), sandbox)
    change_schema(sandbox, {"Amount": {"name": "Betrag"}, "Name": {"name": "Titel"}})
    again = read(client_of(sandbox), sandbox, known=known_from(first))
    assert again.surveyed.property_ids == first.surveyed.property_ids
    assert [(drift.kind, drift.property_name, drift.found) for drift in again.surveyed.drift] == [
        (Drift.RENAMED, "Amount", "Betrag")
    ]
    unchanged = read(client_of(sandbox), sandbox, since=NOW, known=known_from(again))
    assert unchanged.surveyed.drift == again.surveyed.drift, "the drift stays as long as it is there"


def test_a_removed_property_is_reported(sandbox: NotionSandbox, client_of: ClientOf) -> None:
    first = read(client_of(sandbox), sandbox)
    change_schema(sandbox, {"Amount": None})
    again = read(client_of(sandbox), sandbox, known=known_from(first))
    assert "amount" not in again.surveyed.property_ids
    assert (Drift.MISSING, ("amount",)) in [(drift.kind, drift.columns) for drift in again.surveyed.drift]


# The limit of a query


@pytest.fixture
def limit_of_ten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both sides take ten rows for Notion's ten thousand."""
    monkeypatch.setattr(sandbox_query, "RESULT_CAP", 10)
    monkeypatch.setattr(reader, "QUERY_LIMIT", 10)


@pytest.mark.usefixtures("limit_of_ten")
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("count", [9, 10, 11, 37])
def test_more_rows_than_one_query_gives_are_all_read(version: str, count: int, client_of: ClientOf) -> None:
    """Three rows to a minute, so that every continuation meets rows it has seen."""
    edits = items(count, step=timedelta(seconds=20))
    with serve_notion(workspace(*edits), now=NOW) as sandbox:
        found = read(client_of(sandbox, version=version), sandbox)
        again = read(
            client_of(sandbox, version=version), sandbox, since=NOW - timedelta(days=30), known=known_from(found)
        )
    assert ids(found) == ids(again) == [page_id(number) for number in range(1, count + 1)]


@pytest.mark.parametrize("version", VERSIONS[1:])
def test_newer_versions_tell_that_a_query_was_cut_off(
    version: str, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are believed whatever the number of rows: the limit may change."""
    monkeypatch.setattr(sandbox_query, "RESULT_CAP", 10)
    with serve_notion(workspace(*items(25)), now=NOW) as sandbox:
        assert len(read(client_of(sandbox, version=version), sandbox).pages) == 25


@pytest.mark.usefixtures("limit_of_ten")
@pytest.mark.parametrize("version", VERSIONS)
def test_more_rows_in_one_minute_than_one_query_gives_are_an_error_that_names_the_database(
    version: str, client_of: ClientOf
) -> None:
    edits = items(3) + [created(number, NOW - timedelta(days=1)) for number in range(11, 30)]
    with (
        serve_notion(workspace(*edits), now=NOW) as sandbox,
        pytest.raises(NotionError, match=r"no more than 10 pages of the database items .*2026-02-28 12:00 UTC"),
    ):
        read(client_of(sandbox, version=version), sandbox)


# An incomplete read is no read


def test_a_cursor_that_leads_in_a_circle_is_left_and_the_rest_is_read(client_of: ClientOf) -> None:
    with serve_notion(workspace(*items(250)), now=NOW) as sandbox:
        sandbox.add_fault(Fault(FaultKind.REPEATED_CURSOR, path="/query", nth=2, times=100))
        found = read(client_of(sandbox), sandbox)
    assert ids(found) == [page_id(number) for number in range(1, 251)]
    assert found.spans == (WHOLE,)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_refused_cursor_is_left_and_the_rest_is_read(version: str, client_of: ClientOf) -> None:
    with serve_notion(workspace(*items(350)), now=NOW) as sandbox:
        sandbox.add_fault(Fault.invalid_cursor(path="/query", nth=3))
        found = read(client_of(sandbox, version=version), sandbox, at_once=1)
    assert ids(found) == [page_id(number) for number in range(1, 351)]


def test_cursors_that_never_lead_on_end_the_read_with_an_error(client_of: ClientOf) -> None:
    """All rows of one minute: no creation time leads past the cursor either."""
    with serve_notion(workspace(*items(150, step=timedelta())), now=NOW) as sandbox:
        sandbox.add_fault(Fault(FaultKind.REPEATED_CURSOR, path="/query", times=100))
        with pytest.raises(NotionError, match=r"the database items .*try again later") as raised:
            read(client_of(sandbox), sandbox)
    assert raised.value.code == "repeated_cursor"
    assert len(sandbox.requests()) <= 2 + 2 * (RESTARTS + 1)


def test_a_read_that_breaks_off_midway_raises(client_of: ClientOf) -> None:
    with serve_notion(workspace(*items(250)), now=NOW) as sandbox:
        sandbox.add_fault(Fault.error(502, path="/query", nth=3, times=ATTEMPTS))
        with pytest.raises(NotionError, match=r"did not serve the database items \("):
            read(client_of(sandbox), sandbox)


def test_a_disturbance_midway_is_outlived(client_of: ClientOf) -> None:
    with serve_notion(workspace(*items(250)), now=NOW) as sandbox:
        sandbox.add_fault(Fault.error(502, path="/query", nth=2, times=5))
        sandbox.add_fault(Fault.too_large(path="/query", nth=3))
        found = read(client_of(sandbox), sandbox)
    assert len(found.pages) == 250
    assert found.requests == 1 + 1 + 5 + 1 + 3  # the schema; 100 rows; 502 five times; 503; the other rows by 50


def test_a_database_that_is_not_shared_is_told_by_name(sandbox: NotionSandbox, client_of: ClientOf) -> None:
    sandbox.database_ids["items"] = "00000000-0000-4000-8000-00000000dead"
    for version in VERSIONS:
        with pytest.raises(NotionError, match=r"does not find the database items \(00000000.*share the database"):
            read(client_of(sandbox, version=version), sandbox)


@pytest.mark.parametrize("version", VERSIONS[1:])
def test_a_database_without_an_accessible_data_source_is_an_error_and_not_empty(
    version: str, sandbox: NotionSandbox, client_of: ClientOf
) -> None:
    sandbox.workspace.databases[sandbox.database_ids["items"]].sources.clear()
    with pytest.raises(NotionError, match=r"no data source of the database items .*share the database"):
        read(client_of(sandbox, version=version), sandbox)


# Rows that move or break while they are read


def test_a_row_edited_while_it_is_read_is_neither_lost_nor_doubled(client_of: ClientOf) -> None:
    with serve_notion(workspace(*items(250)), now=NOW) as sandbox:

        def edit(count: int) -> None:
            if count == 100:
                sandbox.edit(updated(3, Amount=amount("9")))
                sandbox.edit(updated(150, Amount=amount("9")))

        found = read(client_of(sandbox), sandbox, on_page=edit)
    assert sorted(ids(found)) == [page_id(number) for number in range(1, 251)]


def test_a_page_that_is_broken_on_the_wire_does_not_stop_the_others(client_of: ClientOf) -> None:
    broken: list[dict[str, Any]] = [
        {"id": None},
        {"id": ["a"], "created_time": 7},
        {"properties": None},
        {"properties": {"Amount": "text", "Notes": {"id": [1], "type": {}}}},
        {"properties": {"Parent": {"id": "x", "type": "relation", "relation": None, "has_more": True}}},
    ]
    edits = items(3) + [
        Edit(NOW, "items", page_id(100 + at), created(1, NOW).change, {}, override=override)
        for at, override in enumerate(broken)
    ]
    with serve_notion(workspace(*edits), now=NOW) as sandbox:
        found = read(client_of(sandbox), sandbox)
    assert len(found.pages) == 3 + len(broken)
    assert sum(page.page_id.startswith("unidentified:") for page in found.pages) == 2


# Deletions


def confirmed(
    client: NotionClient, sandbox: NotionSandbox, missing: list[str]
) -> dict[str, RawPage | Absence | NotionError]:
    async def ask() -> dict[str, RawPage | Absence | NotionError]:
        async with client:
            return await confirm_deletions(
                client, database_id=sandbox.database_ids["items"], missing_ids=missing, errand=Errand("items")
            )

    return asyncio.run(ask())


@pytest.mark.parametrize("version", VERSIONS)
def test_a_missing_page_is_looked_for_before_it_counts_as_deleted(
    version: str, sandbox: NotionSandbox, client_of: ClientOf
) -> None:
    sandbox.edit(trashed(1))
    found = read(client_of(sandbox, version=version), sandbox)
    assert ids(found) == [page_id(2), page_id(3)]
    unknown = page_id(999)
    told = confirmed(client_of(sandbox, version=version), sandbox, [page_id(1), page_id(2), unknown, "unidentified:ab"])
    in_trash, alive = told[page_id(1)], told[page_id(2)]
    assert isinstance(in_trash, RawPage)
    assert in_trash.is_deleted
    assert isinstance(alive, RawPage)
    assert not alive.is_deleted
    assert alive.content_hash == found.pages[0].content_hash
    assert told[unknown] is Absence.NOT_FOUND
    assert told["unidentified:ab"] is Absence.ELSEWHERE


@pytest.mark.parametrize("version", VERSIONS)
def test_a_page_of_another_database_is_gone_from_this_one(version: str, client_of: ClientOf) -> None:
    with serve_notion(workspace(*items(1), created(50, NOW, "parents")), now=NOW) as sandbox:
        assert confirmed(client_of(sandbox, version=version), sandbox, [page_id(50)]) == {
            page_id(50): Absence.ELSEWHERE
        }


@pytest.mark.parametrize("status", [400, 403, 502])
def test_where_notion_does_not_tell_nothing_is_confirmed(
    status: int, sandbox: NotionSandbox, client_of: ClientOf
) -> None:
    """Its error stands in the page's place, and what is known of the others stays known."""
    sandbox.add_fault(Fault.error(status, path=page_id(1), times=100))
    told = confirmed(client_of(sandbox), sandbox, [page_id(1), page_id(2), page_id(999)])
    assert isinstance(told[page_id(1)], NotionError)
    assert isinstance(told[page_id(2)], RawPage)
    assert told[page_id(999)] is Absence.NOT_FOUND


def test_a_pause_that_an_unavailable_notion_asks_for_is_kept(
    sandbox: NotionSandbox, client_of: ClientOf, waiting: InstantTime
) -> None:
    sandbox.add_fault(Fault.error(503, path="/query", retry_after=120))
    assert len(read(client_of(sandbox), sandbox).pages) == 3
    assert max(waiting.slept) >= 120
