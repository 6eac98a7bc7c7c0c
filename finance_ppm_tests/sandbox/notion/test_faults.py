"""Faults on order, the request budget, latency, the request log, and the control endpoints."""

import asyncio
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from itertools import product
from typing import Any

import httpx
import pytest

from finance_ppm.sandbox.notion.budget import Budget
from finance_ppm.sandbox.notion.faults import Fault, FaultKind
from finance_ppm.sandbox.notion.history import Change, Edit
from finance_ppm_tests.sandbox.notion.workspaces import (
    ALPHA,
    NOW,
    START,
    VERSIONS,
    Asking,
    asking,
    headers,
    line,
    lines,
    text,
    uid,
)

ME = "/v1/users/me"


def status(ask: Asking, path: str = ME, method: str = "GET", **options: Any) -> int:
    return ask.http.request(method, path, **options).status_code


# Faults


def test_a_fault_strikes_the_nth_matching_request_so_many_times() -> None:
    with asking() as ask:
        ask.sandbox.add_fault(Fault.error(500, path="users/me", nth=2, times=2))
        assert [status(ask) for _ in range(2)] == [200, 500]
        assert status(ask, "/v1/users") == 200
        assert [status(ask) for _ in range(2)] == [500, 200]


def test_faults_on_the_same_request_wait_for_each_other() -> None:
    with asking() as ask:
        ask.sandbox.add_fault(Fault.error(500))
        ask.sandbox.add_fault(Fault.error(502))
        assert [status(ask) for _ in range(3)] == [500, 502, 200]


def test_a_fault_chooses_by_method_and_path() -> None:
    with asking() as ask:
        ask.sandbox.add_fault(Fault.error(503, method="POST", path="/query$"))
        assert status(ask) == 200
        assert status(ask, ask.query_path("projects"), "POST") == 503


@pytest.mark.parametrize(
    ("fault", "expected", "code", "wait"),
    [
        (Fault.error(409), 409, "conflict_error", None),
        (Fault.error(503, code="database_connection_unavailable"), 503, "database_connection_unavailable", None),
        (Fault.rate_limited(7), 429, "rate_limited", "7"),
        (Fault.overloaded(3), 529, "service_overload", "3"),
        (Fault.too_large(), 503, "service_unavailable", None),
        (Fault.rate_limited(), 429, "rate_limited", None),
        (Fault.rate_limited(90), 429, "rate_limited", "90"),
        (Fault.blocked(), 429, "rate_limited", "60"),
        (Fault.invalid_cursor(), 400, "validation_error", None),
    ],
)
def test_an_error_has_notions_body_and_its_seconds_to_wait(
    fault: Fault, expected: int, code: str, wait: str | None
) -> None:
    with asking() as ask:
        ask.sandbox.add_fault(fault)
        answer = ask.http.get(ME)
    body = answer.json()
    assert (answer.status_code, body["status"], body["object"], body["code"]) == (expected, expected, "error", code)
    assert body["request_id"] == answer.headers["x-notion-request-id"]
    assert answer.headers.get("retry-after") == wait
    assert body.get("additional_data", {}) == fault.additional_data


def test_a_blocked_request_names_its_reason() -> None:
    with asking() as ask:
        ask.sandbox.add_fault(Fault.blocked())
        assert ask.http.get(ME).json()["additional_data"]["rate_limit_reason"] == "public_api_request_blocked"


@pytest.mark.parametrize("told", [504, 200])
def test_a_proxys_page_is_html(told: int) -> None:
    with asking() as ask:
        ask.sandbox.add_fault(Fault.html(told))
        answer = ask.http.get(ME)
    assert (answer.status_code, answer.headers["content-type"]) == (told, "text/html")
    assert answer.text.startswith("<html>")


def test_an_empty_answer_is_a_success_without_a_body() -> None:
    with asking() as ask:
        ask.sandbox.add_fault(Fault(FaultKind.EMPTY))
        answer = ask.http.get(ME)
    assert (answer.status_code, answer.content) == (200, b"")


def test_malformed_json_breaks_off() -> None:
    with asking() as ask:
        ask.sandbox.add_fault(Fault(FaultKind.MALFORMED))
        answer = ask.http.get(ME)
        assert answer.status_code == 200
        with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
            answer.json()


def test_a_delayed_answer_outlasts_a_clients_patience() -> None:
    with asking() as ask:
        ask.sandbox.add_fault(Fault(FaultKind.DELAY, delay=30))
        with pytest.raises(httpx.ReadTimeout):
            ask.http.get(ME, timeout=0.1)
        ask.sandbox.add_fault(Fault(FaultKind.DELAY, delay=0.05))
        assert status(ask) == 200


@pytest.mark.parametrize(
    ("kind", "done"), [(FaultKind.DROP_BEFORE, 0), (FaultKind.DROP_AFTER, 1), (FaultKind.DROP_DURING, 1)]
)
def test_a_dropped_connection_leaves_the_request_undone_or_done(kind: FaultKind, done: int) -> None:
    with asking() as ask:
        body = {"parent": {"database_id": ask.sandbox.database_ids["budget_lines"]}, "properties": {}}
        ask.sandbox.add_fault(Fault(kind, method="POST", path="^/v1/pages$"))
        with pytest.raises(httpx.TransportError):
            ask.http.post("/v1/pages", json=body)
        assert ask.sandbox.requests()[-1].status is None
        assert len(ask.all("budget_lines")) == done


def test_a_repeated_cursor_points_back_to_where_it_was_asked() -> None:
    with asking(*lines(9)) as ask:
        first = ask.query("budget_lines", page_size=3)
        ask.sandbox.add_fault(Fault(FaultKind.REPEATED_CURSOR, path="/query$"))
        second = ask.query("budget_lines", page_size=3, start_cursor=first["next_cursor"])
        third = ask.query("budget_lines", page_size=3, start_cursor=first["next_cursor"])
    assert (second["has_more"], second["next_cursor"]) == (True, first["next_cursor"])
    assert third["next_cursor"] not in {None, first["next_cursor"]}


def test_a_repeated_cursor_of_a_first_page_leads_to_it_again() -> None:
    with asking(*lines(3)) as ask:
        ask.sandbox.add_fault(Fault(FaultKind.REPEATED_CURSOR))
        first = ask.query("budget_lines", page_size=2)
        again = ask.query("budget_lines", page_size=2, start_cursor=first["next_cursor"])
    assert first["has_more"]
    assert again["results"] == first["results"]
    assert again["next_cursor"] != first["next_cursor"]


def test_a_lost_cursor_promises_more_and_leads_nowhere() -> None:
    with asking(*lines(3)) as ask:
        ask.sandbox.add_fault(Fault(FaultKind.LOST_CURSOR, path="/query$"))
        lost = ask.query("budget_lines", page_size=2)
    assert (len(lost["results"]), lost["has_more"], lost["next_cursor"]) == (2, True, None)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_truncated_query_says_that_it_is_incomplete(version: str) -> None:
    with asking(*lines(3), version=version) as ask:
        ask.sandbox.add_fault(Fault(FaultKind.TRUNCATED, path="/query$"))
        cut = ask.query("budget_lines", page_size=2)
    assert (len(cut["results"]), cut["has_more"], cut["next_cursor"]) == (2, False, None)
    assert cut["request_status"] == {"type": "incomplete", "incomplete_reason": "query_result_limit_reached"}


@pytest.mark.parametrize("kind", [FaultKind.REPEATED_CURSOR, FaultKind.LOST_CURSOR, FaultKind.TRUNCATED])
def test_a_fault_of_lists_leaves_other_answers_alone(kind: FaultKind) -> None:
    with asking() as ask:
        ask.sandbox.add_fault(Fault(kind))
        assert ask("GET", ME)["object"] == "user"


def test_a_fault_with_a_broken_pattern_is_refused() -> None:
    with asking() as ask, pytest.raises(ValueError, match="no regular expression"):
        ask.sandbox.add_fault(Fault.error(500, path="("))


def test_faults_that_wait_can_be_cancelled() -> None:
    with asking() as ask:
        ask.sandbox.add_fault(Fault.error(500))
        ask.sandbox.before_request(1, ask.sandbox.reset_requests)
        ask.sandbox.clear_faults()
        assert status(ask) == 200
        assert len(ask.sandbox.requests()) == 1


MATRIX: dict[str, Callable[..., Fault]] = {
    **{str(status): partial(Fault.error, status) for status in (400, 401, 403, 404, 409, 500, 502, 503, 504)},
    "429 without a wait": Fault.rate_limited,
    "429 with a wait": partial(Fault.rate_limited, 1),
    "429 with a long wait": partial(Fault.rate_limited, 90),
    "429 blocked": Fault.blocked,
    "503 too large": Fault.too_large,
    "529": Fault.overloaded,
    "a page of a proxy with 502": Fault.html,
    "a page of a proxy with 200": partial(Fault.html, 200),
    "an invalid cursor": Fault.invalid_cursor,
    "a timeout": partial(Fault, FaultKind.DELAY, delay=30),
    **{kind.value: partial(Fault, kind) for kind in FaultKind if kind not in {FaultKind.DELAY, FaultKind.ERROR}},
}
"""Everything that can go wrong with a read."""


def test_every_fault_can_strike_the_first_a_middle_and_the_last_request_of_a_read() -> None:
    with asking(*lines(5)) as ask:
        undisturbed = _read(ask)
        for (name, fault), nth in product(MATRIX.items(), (1, 2, 3)):
            ask.sandbox.add_fault(fault(path="/query$", nth=nth))
            disturbed = _read(ask, undisturbed)
            assert [at for at in range(3) if disturbed[at] != undisturbed[at]] == [nth - 1], name


def _read(ask: Asking, known: list[Any] | None = None) -> list[Any]:
    """What three requests for two rows each bring, with the cursors of a read that went well: lists, or None."""
    answers: list[Any] = []
    for at in range(3):
        cursor = (known or answers)[at - 1]["next_cursor"] if at else None
        body = {"page_size": 2} | ({"start_cursor": cursor} if cursor else {})
        try:
            answer = ask.http.post(ask.query_path("budget_lines"), json=body, timeout=0.5 if known else 10)
            shown = answer.json() if answer.status_code == 200 else None
        except (httpx.TransportError, ValueError):
            shown = None
        answers.append(shown and {key: value for key, value in shown.items() if key != "request_id"})
    return answers


# Interruptions


def test_an_interruption_happens_just_before_the_nth_matching_request() -> None:
    with asking(*lines(2)) as ask:
        trash = Edit(NOW, "budget_lines", uid("line 0"), Change.TRASH)
        ask.sandbox.before_request(2, lambda: ask.sandbox.edit(trash), path="/query$")
        found = [len(ask.query("budget_lines")["results"])]
        status(ask)
        found += [len(ask.query("budget_lines")["results"]) for _ in range(2)]
    assert found == [2, 1, 1]


def test_an_interruption_may_send_requests_of_its_own() -> None:
    with asking() as ask:
        schema = f"/v1/databases/{ask.sandbox.database_ids['projects']}"
        other = Asking(ask.sandbox)

        def rename() -> None:
            other("PATCH", schema, {"properties": {"Name": {"name": "Title"}}})

        ask.sandbox.before_request(1, rename, method="GET", path="databases")
        assert "Title" in ask("GET", schema)["properties"]
        other.http.close()


def test_an_interruption_repeats_as_often_as_ordered_and_does_not_keep_a_fault_away() -> None:
    calls: list[int] = []
    with asking() as ask:
        ask.sandbox.before_request(2, lambda: calls.append(1), times=2)
        ask.sandbox.add_fault(Fault.error(500, nth=2))
        assert [status(ask) for _ in range(4)] == [200, 500, 200, 200]
    assert len(calls) == 2


def test_what_an_interruption_raises_is_raised_when_the_sandbox_ends() -> None:
    def fail() -> None:
        raise ZeroDivisionError

    stack = ExitStack()
    ask = stack.enter_context(asking())
    ask.sandbox.before_request(1, fail)
    assert status(ask) == 500
    with pytest.raises(ZeroDivisionError):
        stack.close()


# Budget and latency


def test_the_budget_is_a_window_of_sixty_seconds_spent_at_any_pace() -> None:
    seconds = [100.0]
    budget = Budget(3, lambda: seconds[0])
    assert [budget.spend() for _ in range(5)] == [0, 0, 0, 60, 60]
    seconds[0] += 58.5
    assert budget.spend() == 2
    seconds[0] += 1.5
    assert [budget.spend() for _ in range(4)] == [0, 0, 0, 60]


def test_beyond_the_budget_requests_are_limited_with_whole_seconds_to_wait() -> None:
    with asking(requests_per_minute=2) as ask:
        assert [status(ask), status(ask)] == [200, 200]
        limited = ask.http.get(ME)
        assert limited.status_code == 429
        body, wait = limited.json(), limited.headers["retry-after"]
        assert 0 < int(wait) <= 60
        assert body["code"] == "rate_limited"
        assert body["additional_data"] == {
            "retry_after": wait,
            "rate_limit_reason": "public_api_request_rate_limit",
        }
        assert [request.status for request in ask.sandbox.requests()] == [200, 200, 429]
        assert ask.http.get("/_sandbox/clock").status_code == 200


def test_latency_is_added_to_every_request() -> None:
    with asking(latency=0.15) as ask:
        start = time.monotonic()
        status(ask)
        assert time.monotonic() - start >= 0.15


def test_a_request_that_waits_holds_up_no_other() -> None:
    async def ask_both(ask: Asking) -> None:
        async with httpx.AsyncClient(base_url=ask.sandbox.base_url, headers=headers(ask.sandbox)) as http:
            await asyncio.gather(http.get(ME), http.get("/v1/users"))

    with asking(latency=0.05) as ask:
        ask.sandbox.add_fault(Fault(FaultKind.DELAY, path=ME, delay=0.5))
        asyncio.run(ask_both(ask))
        assert [request.path for request in ask.sandbox.requests()] == ["/v1/users", ME]


# The log


def test_requests_are_recorded_with_what_they_were_and_got() -> None:
    with asking(line(1, START)) as ask:
        ask.query("budget_lines", page_size=5)
        ask("GET", f"/v1/pages/{ALPHA}", params={"filter_properties": "title"})
        ask("PATCH", f"/v1/pages/{uid('no')}", {"archived": True}, expect=404)
        ask.http.get("/_sandbox/state")
        recorded = ask.sandbox.requests()
        assert [(entry.method, entry.path, entry.status) for entry in recorded] == [
            ("POST", ask.query_path("budget_lines"), 200),
            ("GET", f"/v1/pages/{ALPHA}", 200),
            ("PATCH", f"/v1/pages/{uid('no')}", 404),
        ]
        assert [entry.body for entry in recorded] == [{"page_size": 5}, None, {"archived": True}]
        assert recorded[1].query == "filter_properties=title"
        assert recorded[0].version == ask.version
        ask.sandbox.reset_requests()
        assert ask.sandbox.requests() == []


# Control


def test_the_sandbox_is_controlled_over_http() -> None:
    with asking(line(1, START)) as ask:
        http = ask.http
        moved = http.put("/_sandbox/clock", json={"now": "2026-07-01T00:00:00+00:00"})
        assert moved.json() == {"now": "2026-07-01T00:00:00+00:00"} == http.get("/_sandbox/clock").json()
        assert ask.sandbox.workspace.clock.now() > NOW
        assert http.put("/_sandbox/clock", json={"now": "2026-06-01T00:00:00+00:00"}).status_code == 400

        assert http.post("/_sandbox/faults", json={"kind": "error", "status": 502, "path": "users"}).status_code == 200
        assert http.get("/_sandbox/faults").json()["faults"][0]["status"] == 502
        assert status(ask) == 502
        http.post("/_sandbox/faults", json={"kind": "html"})
        assert http.delete("/_sandbox/faults").json() == {"faults": []}
        assert status(ask) == 200
        assert http.post("/_sandbox/faults", json={"kind": "nonsense"}).status_code == 400

        edit = {
            "database": "budget_lines",
            "page_id": uid("line 2"),
            "change": "create",
            "properties": {"Line": {"title": text("Line 2")}, "Amount": {"number": 0.1}},
        }
        assert http.post("/_sandbox/edits", json=edit).json() == {"page_id": uid("line 2")}
        assert http.post("/_sandbox/edits", json=edit).status_code == 400
        assert '"number":0.1}' in http.get(f"/v1/pages/{uid('line 2')}").text

        state = http.get("/_sandbox/state").json()
        assert state["databases"]["budget_lines"]["pages"] == 2
        assert state["databases"]["projects"]["database_id"] == ask.sandbox.database_ids["projects"]

        assert http.get("/_sandbox/requests").json()["count"] == len(ask.sandbox.requests()) == 3
        assert http.delete("/_sandbox/requests").json() == {"count": 0, "requests": []}


def test_the_environment_leads_to_the_sandbox() -> None:
    with asking() as ask:
        environment = ask.sandbox.environment()
        assert environment == {
            "NOTION_BASE_URL": ask.sandbox.base_url,
            "NOTION_TOKEN": ask.sandbox.token.get_secret_value(),
            "NOTION_PROJECTS_DB_ID": ask.sandbox.database_ids["projects"],
            "NOTION_BUDGET_LINES_DB_ID": ask.sandbox.database_ids["budget_lines"],
        }
        assert environment["NOTION_TOKEN"] not in repr(ask.sandbox)


def test_after_the_context_nobody_answers() -> None:
    with asking() as ask:
        url = ask.sandbox.base_url
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}{ME}")
