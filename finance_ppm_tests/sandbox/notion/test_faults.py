"""Faults on order, the request budget, latency, the request log, and the control endpoints."""

import time
from typing import Any

import httpx
import pytest

from finance_ppm.sandbox.notion.budget import Budget
from finance_ppm.sandbox.notion.faults import Fault, FaultKind
from finance_ppm_tests.sandbox.notion.workspaces import ALPHA, NOW, START, Asking, asking, line, lines, text, uid

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
        ask.sandbox.add_fault(Fault.rate_limited(60, reason="public_api_request_blocked"))
        assert ask.http.get(ME).json()["additional_data"]["rate_limit_reason"] == "public_api_request_blocked"


def test_a_proxys_page_is_html() -> None:
    with asking() as ask:
        ask.sandbox.add_fault(Fault.html(504))
        answer = ask.http.get(ME)
    assert (answer.status_code, answer.headers["content-type"]) == (504, "text/html")
    assert answer.text.startswith("<html>")


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


@pytest.mark.parametrize(("kind", "done"), [(FaultKind.DROP_BEFORE, 0), (FaultKind.DROP_AFTER, 1)])
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


def test_a_fault_with_a_broken_pattern_is_refused() -> None:
    with asking() as ask, pytest.raises(ValueError, match="no regular expression"):
        ask.sandbox.add_fault(Fault.error(500, path="("))


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
