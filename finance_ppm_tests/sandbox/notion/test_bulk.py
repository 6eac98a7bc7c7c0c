"""Rows told by number, the bulk portfolio that is told so, and the sandbox in a process of its own."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import httpx
import pytest

from finance_ppm.sandbox.clock import SandboxClock
from finance_ppm.sandbox.notion.calls import Service
from finance_ppm.sandbox.notion.history import Change, Edit, History, Rows
from finance_ppm.sandbox.notion.process import notion_in_a_process
from finance_ppm.sandbox.notion.schema import DataSource
from finance_ppm.sandbox.notion.server import serve_notion
from finance_ppm.sandbox.notion.versions import Version
from finance_ppm.sandbox.notion.workspace import Workspace
from finance_ppm.sandbox.portfolio.bulk import bulk_portfolio
from finance_ppm_tests.sandbox.notion.workspaces import ALPHA, LINES, NOW, PEOPLE, PROJECTS, START, Asking, text, uid

ANCHOR = date(2026, 6, 15)
MOMENTS = [START + timedelta(minutes=number) for number in range(5)]
ROWS = Rows(
    "budget_lines",
    lambda number: uid(f"row {number}"),
    MOMENTS,
    MOMENTS[::-1],
    {"Line": lambda number: text(f"Row {number}"), "Amount": Decimal},
)


def told_by_number(*edits: Edit) -> History:
    return History(PEOPLE, (PROJECTS, LINES), edits, (ROWS,))


def amounts(answer: Any) -> list[Any]:
    return [page["properties"]["Amount"]["number"] for page in answer["results"]]


# Rows told by number


def test_rows_told_by_number_are_rows_like_any_other() -> None:
    with serve_notion(told_by_number(), now=NOW) as sandbox:
        ask = Asking(sandbox)
        created = {"timestamp": "created_time", "direction": "ascending"}
        edited = {"timestamp": "last_edited_time", "direction": "ascending"}
        assert amounts(ask.query("budget_lines", sorts=[created])) == [0, 1, 2, 3, 4]
        assert amounts(ask.query("budget_lines", sorts=[edited])) == [4, 3, 2, 1, 0]
        more_than_two = {"property": "Amount", "number": {"greater_than": 2}}
        assert sorted(amounts(ask.query("budget_lines", filter=more_than_two))) == [3, 4]
        page = ask("GET", f"/v1/pages/{uid('row 3')}")
        assert page["created_time"] == "2026-01-05T09:03:00.000Z"
        assert page["last_edited_time"] == "2026-01-05T09:01:00.000Z"
        assert page["properties"]["Line"]["title"][0]["plain_text"] == "Row 3"
        assert page["properties"]["Notes"]["rich_text"] == []
        ask.http.close()


def test_rows_told_by_number_can_be_edited_one_by_one() -> None:
    with serve_notion(told_by_number(), now=NOW) as sandbox:
        ask = Asking(sandbox)
        written = {"Amount": {"number": 70}, "Notes": {"rich_text": text("seen")}}
        changed = ask("PATCH", f"/v1/pages/{uid('row 2')}", {"properties": written})["properties"]
        assert changed["Amount"]["number"] == 70
        assert changed["Notes"]["rich_text"][0]["plain_text"] == "seen"
        assert changed["Line"]["title"][0]["plain_text"] == "Row 2"
        sandbox.edit(Edit(NOW, "budget_lines", uid("row 4"), Change.TRASH))
        assert sorted(amounts(ask.query("budget_lines"))) == [0, 1, 3, 70]
        schema = f"/v1/databases/{sandbox.database_ids['budget_lines']}"
        ask("PATCH", schema, {"properties": {"Amount": {"rich_text": {}}}})
        emptied = ask("GET", f"/v1/pages/{uid('row 1')}")["properties"]
        assert emptied["Amount"]["rich_text"] == []
        ask.http.close()


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (replace(ROWS, edited=[*MOMENTS[:4], NOW + timedelta(days=1)]), "after the present"),
        (replace(ROWS, columns={"Project": lambda _: [{"id": ALPHA}]}), "two-way relation"),
        (replace(ROWS, edited=MOMENTS[:4]), "zip"),
    ],
)
def test_rows_that_do_not_fit_the_workspace_are_refused(rows: Rows, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Workspace(History(PEOPLE, (PROJECTS, LINES), rows=(rows,)), SandboxClock(NOW))


def test_rows_are_not_made_after_the_first_edit() -> None:
    early = Edit(START, "projects", ALPHA, Change.CREATE)
    with pytest.raises(ValueError, match="after the first edit"):
        Workspace(told_by_number(early), SandboxClock(NOW))


# The bulk portfolio


def sources_of(workspace: Workspace) -> dict[str, DataSource]:
    return {name: workspace.databases[key].sources[0] for name, key in workspace.database_ids.items()}


def test_a_bulk_portfolio_is_whole_and_the_same_each_time() -> None:
    shown = []
    for seed in (7, 7, 8):
        workspace = Workspace(bulk_portfolio(anchor=ANCHOR, pages=600, seed=seed), SandboxClock(NOW))
        service = Service.of(workspace)
        rows = [page for source in sources_of(workspace).values() for page in workspace.tables[source.id].created]
        assert len(rows) == len({page.id for page in rows}) == 600
        shown.append([service.renderer.page_bytes(page, Version.V2022_06_28) for page in rows])
    assert shown[0] == shown[1]
    assert shown[0] != shown[2]


def test_the_rows_of_a_bulk_portfolio_hold_what_their_schemas_say() -> None:
    workspace = Workspace(bulk_portfolio(anchor=ANCHOR, pages=600), SandboxClock(NOW))
    for name, source in sources_of(workspace).items():
        rows = workspace.tables[source.id].created
        for prop in source.properties.values():
            values = [row.values[prop.id] for row in rows]
            filled = [value for value in values if value]
            assert filled or prop.name == "Source ID", f"no row of {name} has a {prop.name}"
            if prop.options:
                assert {value["name"] for value in filled} <= set(prop.options)
            if prop.type == "relation":
                targets = {page.id for page in workspace.tables[prop.target].created}
                assert {entry["id"] for value in filled for entry in value} <= targets


def test_a_bulk_portfolio_comes_over_three_years_in_bursts_that_one_query_can_read() -> None:
    history = bulk_portfolio(anchor=ANCHOR, pages=200_000)
    assert sum(len(rows.created) for rows in history.rows) == 200_000
    for rows in history.rows:
        assert list(rows.created) == sorted(rows.created)
        assert all(created <= edited for created, edited in zip(rows.created, rows.edited, strict=True))
        assert rows.created[0] >= datetime(2023, 6, 15, tzinfo=UTC)
        assert max(rows.edited) <= datetime(2026, 6, 15, tzinfo=UTC)
        assert max(Counter(rows.created).values()) < 10_000
    lines = next(rows for rows in history.rows if rows.database == "budget_lines")
    assert max(Counter(lines.created).values()) > 5_000
    by_year = Counter(moment.year for moment in lines.created)
    assert all(by_year[year] > 0.1 * len(lines.created) for year in (2023, 2024, 2025, 2026))


def test_a_bulk_portfolio_of_a_few_pages_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 500 pages"):
        bulk_portfolio(anchor=ANCHOR, pages=499)


# In a process of its own


def test_the_sandbox_serves_from_a_process_of_its_own_until_the_context_ends() -> None:
    story = partial(bulk_portfolio, anchor=ANCHOR, pages=600)
    with notion_in_a_process(story, now=NOW, requests_per_minute=2) as sandbox:
        path = f"{sandbox.base_url}/v1/databases/{sandbox.database_ids['budget_lines']}/query"
        sent = {"Authorization": f"Bearer {sandbox.token.get_secret_value()}", "Notion-Version": "2022-06-28"}
        answers = [httpx.post(path, headers=sent) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert len(answers[0].json()["results"]) == 100
        state = httpx.get(f"{sandbox.base_url}/_sandbox/state").json()
        assert state["requests"] == {"200": 2, "429": 1}
        assert sum(database["pages"] for database in state["databases"].values()) == 600
        assert sandbox.environment()["NOTION_BASE_URL"] == sandbox.base_url
        assert sandbox.token.get_secret_value() not in repr(sandbox)
    with pytest.raises(httpx.ConnectError):
        httpx.post(path, headers=sent)


def test_a_process_that_cannot_tell_its_story_is_reported() -> None:
    broken = partial(bulk_portfolio, anchor=ANCHOR, pages=1)
    with (
        pytest.raises(RuntimeError, match="ended with code 1 before it served"),
        notion_in_a_process(broken, now=NOW),
    ):
        pytest.fail("it served")
