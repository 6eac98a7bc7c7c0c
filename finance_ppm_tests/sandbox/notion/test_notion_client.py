"""The sandbox as the ``notion-client`` package from PyPI sees it: it cannot tell it from Notion."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from notion_client import APIResponseError, Client
from notion_client.errors import APIErrorCode
from notion_client.helpers import collect_paginated_api, is_full_page

from finance_ppm.sandbox.notion.faults import Fault
from finance_ppm.sandbox.notion.server import NotionSandbox, serve_notion
from finance_ppm_tests.sandbox.notion.workspaces import (
    ALPHA,
    NOW,
    V2025,
    V2026,
    history,
    lines,
    text,
    uid,
)


@contextmanager
def notion(version: str = V2025, *edits: Any) -> Iterator[tuple[Any, NotionSandbox]]:
    with serve_notion(history(*edits), now=NOW) as sandbox:
        options: dict[str, Any] = {"base_url": sandbox.base_url, "notion_version": version}
        with Client(auth=sandbox.token.get_secret_value(), **options) as client:
            yield client, sandbox


@pytest.mark.parametrize("version", [V2025, V2026])
def test_a_database_lives_its_whole_life(version: str) -> None:
    with notion(version) as (client, sandbox):
        root = sandbox.workspace.root.id
        database = client.databases.create(
            parent={"type": "page_id", "page_id": root},
            title=text("Tasks"),
            initial_data_source={
                "properties": {
                    "Task": {"title": {}},
                    "Effort": {"number": {"format": "number"}},
                    "State": {"select": {"options": [{"name": "Open"}]}},
                }
            },
        )
        source_id = database["data_sources"][0]["id"]
        assert client.databases.retrieve(database_id=database["id"])["title"][0]["plain_text"] == "Tasks"
        client.data_sources.update(data_source_id=source_id, properties={"Effort": {"name": "Hours"}})
        assert "Hours" in client.data_sources.retrieve(data_source_id=source_id)["properties"]

        pages = [
            client.pages.create(
                parent={"type": "data_source_id", "data_source_id": source_id},
                properties={
                    "Task": {"title": text(f"Task {number}")},
                    "Hours": {"number": number},
                    "State": {"select": {"name": "Open" if number % 2 else "Closed"}},
                },
            )
            for number in range(7)
        ]
        closed = client.data_sources.query(
            data_source_id=source_id,
            filter={"property": "State", "select": {"equals": "Closed"}},
            sorts=[{"property": "Hours", "direction": "descending"}],
        )
        assert [page["properties"]["Hours"]["number"] for page in closed["results"]] == [6, 4, 2, 0]
        assert all(is_full_page(page) for page in closed["results"])
        every = collect_paginated_api(client.data_sources.query, data_source_id=source_id, page_size=2)
        assert sorted(page["id"] for page in every) == sorted(page["id"] for page in pages)

        changed = client.pages.update(page_id=pages[0]["id"], properties={"Hours": {"number": 40}})
        assert changed["properties"]["Hours"]["number"] == 40
        assert client.pages.update(page_id=pages[1]["id"], in_trash=True)["in_trash"] is True
        left = client.data_sources.query(data_source_id=source_id)["results"]
        assert sorted(page["id"] for page in left) == sorted(page["id"] for page in pages if page != pages[1])

        assert client.databases.update(database_id=database["id"], in_trash=True)["in_trash"] is True
        with pytest.raises(APIResponseError) as refused:
            client.data_sources.query(data_source_id=source_id)
        assert refused.value.code == APIErrorCode.ObjectNotFound


def test_properties_users_and_search_answer_the_client() -> None:
    with notion(V2025, *lines(30, Project={"relation": [{"id": ALPHA}]})) as (client, sandbox):
        page = client.pages.retrieve(page_id=ALPHA)
        relation = page["properties"]["Lines"]
        assert relation["has_more"] is True
        items = collect_paginated_api(
            client.pages.properties.retrieve, page_id=ALPHA, property_id=relation["id"], page_size=10
        )
        assert [item["relation"]["id"] for item in items] == [uid(f"line {number}") for number in range(30)]
        source_id = sandbox.workspace.databases[sandbox.database_ids["budget_lines"]].sources[0].id
        only = client.data_sources.query(data_source_id=source_id, filter_properties=["title"], page_size=1)
        assert list(only["results"][0]["properties"]) == ["Line"]
        assert client.users.me()["type"] == "bot"
        assert len(collect_paginated_api(client.users.list, page_size=1)) == 3
        assert client.search(query="projects")["results"]
        assert client.blocks.children.list(block_id=ALPHA)["results"] == []


def test_the_client_understands_the_errors() -> None:
    with notion() as (client, sandbox):
        for identifier, code in ((uid("x"), APIErrorCode.ObjectNotFound), ("AAA", APIErrorCode.ValidationError)):
            with pytest.raises(APIResponseError) as refused:
                client.pages.retrieve(page_id=identifier)
            assert refused.value.code == code
            assert refused.value.request_id
        sandbox.add_fault(Fault.rate_limited(1))
        assert client.users.me()["type"] == "bot"
        assert [request.status for request in sandbox.requests()][-2:] == [429, 200]
