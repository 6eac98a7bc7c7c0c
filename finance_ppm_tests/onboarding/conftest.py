"""A Notion that is as good as new, in every version of its API."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from finance_ppm.sandbox.notion import app
from finance_ppm.sandbox.notion.calls import Answer, Call, listing, paged
from finance_ppm_tests.onboarding.fresh_notion import VERSIONS, FreshNotion, fresh_notion


@pytest.fixture(autouse=True)
def _databases_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sandbox lists the databases below a page as blocks, as Notion does."""
    endpoints = tuple(
        (method, path, _children if path.endswith("/children") else handler, versions)
        for method, path, handler, versions in app.ENDPOINTS
    )
    monkeypatch.setattr(app, "ENDPOINTS", endpoints)


def _children(call: Call) -> Answer:
    below = [
        found
        for found in call.workspace.databases.values()
        if found.parent.get("page_id") == call.path["id"] and not found.in_trash
    ]
    cursor, size = call.window()
    shown, following = paged(below, lambda database: database.id, cursor, size)
    blocks = [
        {
            "object": "block",
            "id": database.id,
            "type": "child_database",
            "child_database": {"title": database.title[0]["plain_text"]},
            "has_children": False,
            "in_trash": False,
        }
        for database in shown
    ]
    return listing(blocks, following, "block")


@pytest.fixture(params=VERSIONS)
def notion(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FreshNotion]:
    with fresh_notion(request.param, tmp_path) as served:
        yield served


@pytest.fixture
def one_notion(tmp_path: Path) -> Iterator[FreshNotion]:
    """In one version only: for what does not depend on it."""
    with fresh_notion(VERSIONS[-1], tmp_path) as served:
        yield served
