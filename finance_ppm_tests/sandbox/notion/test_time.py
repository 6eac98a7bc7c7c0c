"""The settable clock: a history is replayed up to it, and never backwards."""

import time
from datetime import datetime, timedelta

import pytest

from finance_ppm.sandbox.notion.history import Change, Database, Edit, History
from finance_ppm.sandbox.notion.server import serve_notion
from finance_ppm_tests.sandbox.notion.workspaces import (
    NOW,
    START,
    Asking,
    asking,
    history,
    line,
    lines,
    uid,
)

LATER = NOW + timedelta(days=1)


def test_only_what_has_happened_by_now_is_there() -> None:
    update = Edit(LATER, "budget_lines", uid("line 1"), Change.UPDATE, {"Amount": {"number": 2}})
    trash = Edit(LATER + timedelta(hours=1), "budget_lines", uid("line 2"), Change.TRASH)
    told = (line(1, START, Amount={"number": 1}), line(2, NOW), line(3, LATER), update, trash)
    with asking(*told) as ask:

        def state() -> dict[str, int | None]:
            shown = {page["id"]: page["properties"]["Amount"]["number"] for page in ask.all("budget_lines")}
            return {name: shown[uid(name)] for name in ("line 1", "line 2", "line 3") if uid(name) in shown}

        assert state() == {"line 1": 1, "line 2": None}
        ask.sandbox.set_clock(LATER)
        assert state() == {"line 1": 2, "line 2": None, "line 3": None}
        assert ask("GET", f"/v1/pages/{uid('line 1')}")["last_edited_time"] == "2026-06-16T12:30:00.000Z"
        ask.sandbox.set_clock(LATER + timedelta(hours=1))
        assert state() == {"line 1": 2, "line 3": None}


def test_the_clock_only_goes_forward() -> None:
    with asking() as ask:
        with pytest.raises(ValueError, match="only goes forward"):
            ask.sandbox.set_clock(NOW - timedelta(seconds=1))
        with pytest.raises(ValueError, match="no time zone"):
            ask.sandbox.set_clock(datetime(2030, 1, 1))  # noqa: DTZ001 - what is tested
        ask.sandbox.set_clock(NOW)


def test_two_edits_in_one_minute_look_alike() -> None:
    with asking(line(1, START, Amount={"number": 1})) as ask:
        first = ask("PATCH", f"/v1/pages/{uid('line 1')}", {"properties": {"Amount": {"number": 2}}})
        ask.sandbox.set_clock(NOW + timedelta(seconds=30))
        second = ask("PATCH", f"/v1/pages/{uid('line 1')}", {"properties": {"Amount": {"number": 3}}})
    assert first["last_edited_time"] == second["last_edited_time"] == "2026-06-15T12:30:00.000Z"
    assert (first["properties"]["Amount"]["number"], second["properties"]["Amount"]["number"]) == (2, 3)


def test_a_moving_clock_runs_on_and_brings_the_edits_that_fall_due() -> None:
    with serve_notion(history(line(1, NOW + timedelta(milliseconds=300))), now=NOW, moving=True) as sandbox:
        ask = Asking(sandbox)
        before = sandbox.workspace.clock.now()
        while not ask.all("budget_lines"):
            time.sleep(0.02)
        assert sandbox.workspace.clock.now() > before
        assert sandbox.workspace.clock.now() >= NOW + timedelta(milliseconds=300)
        ask.http.close()


def test_an_edit_of_now_ignores_its_own_moment() -> None:
    with asking(line(1, START)) as ask:
        ask.sandbox.edit(Edit(START, "budget_lines", uid("line 1"), Change.UPDATE, {"Amount": {"number": 1}}))
        assert ask("GET", f"/v1/pages/{uid('line 1')}")["last_edited_time"] == "2026-06-15T12:30:00.000Z"


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (Edit(NOW, "nowhere", uid("a"), Change.CREATE), "no known database"),
        (Edit(NOW, "budget_lines", uid("a"), Change.UPDATE), "before it is created"),
        (Edit(NOW, "budget_lines", uid("line 1"), Change.CREATE), "created twice"),
        (Edit(NOW, "budget_lines", uid("line 1"), Change.UPDATE, {"Nope": {"number": 1}}), "'Nope'"),
    ],
)
def test_an_edit_that_does_not_fit_the_workspace_is_an_error(edit: Edit, message: str) -> None:
    with asking(line(1, START)) as ask, pytest.raises(ValueError, match=message):
        ask.sandbox.edit(edit)


def test_ids_are_the_same_in_every_run() -> None:
    shown = []
    for _ in range(2):
        with asking(*lines(3)) as ask:
            body = {"parent": {"database_id": ask.sandbox.database_ids["budget_lines"]}, "properties": {}}
            shown.append((ask.sandbox.database_ids, ask("POST", "/v1/pages", body), ask.all("budget_lines")))
    assert shown[0] == shown[1]


def test_a_workspace_without_people_belongs_to_the_integration() -> None:
    lonely = History((), (Database("things", "Things", {"Name": {"title": {}}}),), ())
    with serve_notion(lonely, now=NOW) as sandbox:
        ask = Asking(sandbox)
        body = {"parent": {"database_id": sandbox.database_ids["things"]}, "properties": {}}
        assert ask("POST", "/v1/pages", body)["created_by"]["id"] == sandbox.workspace.bot_id
        ask.http.close()
