"""Faults on order, the quota, latency, the request log, interruptions, the control endpoints and the process."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import Any

import httpx
import pytest

from finance_ppm.sandbox.azure.faults import Fault, FaultKind
from finance_ppm.sandbox.azure.process import azure_in_a_process
from finance_ppm.sandbox.azure.quota import Quota
from finance_ppm_tests.sandbox.azure.estates import GRAPH, NOW, Asking, asking, estate_of, resource

QUERY = "resources | project id, name | order by id asc"
ESTATE = partial(estate_of, *(resource(f"vm-{number}") for number in range(6)))


@pytest.fixture(scope="module")
def shared() -> Iterator[Asking]:
    with asking(ESTATE()) as asking_it:
        yield asking_it


@pytest.fixture
def ask(shared: Asking) -> Iterator[Asking]:
    """A sandbox with six machines and nothing on order, that has not been asked anything."""
    shared.sandbox.reset_requests()
    yield shared
    shared.sandbox.clear_faults()


def read(ask: Asking, version: str = "2021-03-01") -> tuple[list[str], dict[str, Any]]:
    """The names on the first two pages, two rows each, and the second page."""
    pages = ask.pages(QUERY, 2, version=version)
    first, second = next(pages), next(pages)
    rows = [row for page in (first, second) for row in (page["data"]["rows"] if version < "2021" else page["data"])]
    return [row[1] if version < "2021" else row["name"] for row in rows], second


def test_a_fault_strikes_the_nth_matching_request_so_many_times(ask: Asking) -> None:
    ask.sandbox.add_fault(Fault.error(500, path="ResourceGraph", nth=2, times=2))
    assert ask.http.get("/subscriptions", params={"api-version": "1"}).status_code == 200
    assert [ask.post("count").status_code for _ in range(4)] == [200, 500, 500, 200]


@pytest.mark.parametrize(
    ("fault", "status", "code", "wait"),
    [
        (Fault.throttled(7), 429, "RateLimiting", "7"),
        (Fault.throttled(), 429, "RateLimiting", None),
        (Fault.error(429, retry_after=3), 429, "TooManyRequests", "3"),
        (Fault.error(401), 401, "ExpiredAuthenticationToken", None),
        (Fault.error(403), 403, "AuthorizationFailed", None),
        (Fault.error(404), 404, "ResourceNotFound", None),
        (Fault.error(500), 500, "InternalServerError", None),
        (Fault.error(502), 502, "BadGateway", None),
        (Fault.error(503, code="ServerBusy"), 503, "ServerBusy", None),
        (Fault.error(418), 418, "InternalServerError", None),
    ],
)
def test_an_error_has_azures_body_and_its_seconds_to_wait(
    ask: Asking, fault: Fault, status: int, code: str, wait: str | None
) -> None:
    ask.sandbox.add_fault(fault)
    answer = ask.post("count")
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.headers.get("retry-after") == wait
    assert answer.headers["x-ms-user-quota-resets-after"] == "00:00:05"


def test_answers_that_cannot_be_read(ask: Asking) -> None:
    for fault in (Fault.html(), Fault.html(200), Fault(FaultKind.MALFORMED), Fault(FaultKind.EMPTY)):
        ask.sandbox.add_fault(fault)
    gateway, success, broken, empty = (ask.post("count") for _ in range(4))
    assert (gateway.status_code, gateway.headers["content-type"]) == (502, "text/html")
    assert success.text.startswith("<html>")
    assert broken.status_code == 200
    with pytest.raises(ValueError, match=r"char"):
        broken.json()
    assert empty.content == b""


@pytest.mark.parametrize("kind", [FaultKind.DROP_BEFORE, FaultKind.DROP_AFTER, FaultKind.DROP_DURING])
def test_a_connection_is_dropped(ask: Asking, kind: FaultKind) -> None:
    ask.sandbox.add_fault(Fault(kind))
    with pytest.raises(httpx.TransportError):
        ask.post("count")
    assert [request.status for request in ask.sandbox.requests()] == [None]
    assert ask.post("count").status_code == 200


def test_a_delayed_answer_comes_whole_and_after_later_ones() -> None:
    with asking(latency=0.01) as ask, ThreadPoolExecutor() as others:
        ask.sandbox.add_fault(Fault(FaultKind.DELAY, delay=0.5))
        delayed = others.submit(ask.rows, "count")
        while httpx.get(f"{ask.sandbox.base_url}/_sandbox/faults").json()["faults"]:
            pass
        ask.post("resources | limit 1")
        assert delayed.result() == [{"Count": 1}]
        assert [request.body["query"] for request in ask.sandbox.requests()] == ["resources | limit 1", "count"]


# Pages that go wrong


@pytest.mark.parametrize("version", ["2019-04-01", "2021-03-01"])
@pytest.mark.parametrize(
    ("kind", "names", "changed"),
    [
        (FaultKind.SHORT_PAGE, "012", {}),
        (FaultKind.DUPLICATE_ROW, "0113", {}),
        (FaultKind.LOST_TOKEN, "0123", {"$skipToken": None}),
        (FaultKind.UNPAGED, "0123", {"$skipToken": None, "resultTruncated": "true"}),
        (FaultKind.CHANGED_TOTAL, "0123", {"totalRecords": 7}),
        (FaultKind.LIMIT_HIT, "0123", {}),
        (FaultKind.DELAY, "0123", {}),
    ],
)
def test_a_page_goes_wrong_in_one_way_and_looks_good_in_all_others(
    ask: Asking, kind: FaultKind, names: str, changed: dict[str, Any], version: str
) -> None:
    good_names, good = read(ask, version)
    assert good_names == ["vm-0", "vm-1", "vm-2", "vm-3"]
    ask.sandbox.add_fault(Fault(kind, path="ResourceGraph", nth=2))
    found, page = read(ask, version)
    assert found == [f"vm-{number}" for number in names]
    keys = ("totalRecords", "count", "resultTruncated", "$skipToken")
    expected = {key: good[key] for key in keys} | changed
    assert {key: page.get(key) for key in keys} == expected
    assert read(ask, version) == (good_names, good), "a fault strikes once"


def test_a_first_page_repeats_a_row_of_its_own(ask: Asking) -> None:
    ask.sandbox.add_fault(Fault(FaultKind.DUPLICATE_ROW))
    assert read(ask)[0] == ["vm-0", "vm-0", "vm-2", "vm-3"]


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_repeated_token_leads_to_the_page_it_stands_on(ask: Asking, nth: int) -> None:
    ask.sandbox.add_fault(Fault(FaultKind.REPEATED_TOKEN, nth=nth))
    names = [page["data"][0]["name"] for page in ask.pages(QUERY, 2)]
    assert names == ["vm-0", "vm-2", "vm-4"][:nth] + ["vm-0", "vm-2", "vm-4"][nth - 1 :]


def test_the_limit_hit_is_told_by_a_header_alone(ask: Asking) -> None:
    ask.sandbox.add_fault(Fault(FaultKind.LIMIT_HIT))
    assert ask.post(QUERY).headers["x-ms-tenant-subscription-limit-hit"] == "true"
    assert "x-ms-tenant-subscription-limit-hit" not in ask.post(QUERY).headers


@pytest.mark.parametrize("kind", [FaultKind.SHORT_PAGE, FaultKind.REPEATED_TOKEN, FaultKind.CHANGED_TOTAL])
def test_an_answer_that_is_no_page_stays_as_it_is(ask: Asking, kind: FaultKind) -> None:
    ask.sandbox.add_fault(Fault(kind, times=3))
    assert ask.refused("nothing | count")["code"] == "DisallowedLogicalTableName"
    assert ask.http.get("/subscriptions", params={"api-version": "1"}).json()["count"]["value"] == 3
    assert ask.advisor("generateRecommendations", method="POST").status_code == 202


# Quota


def test_the_quota_counts_queries_in_windows_of_five_seconds() -> None:
    now = 100.0
    quota = Quota(2, lambda: now)
    first, second, third = quota.spend(), quota.spend(), quota.spend()
    assert [standing.remaining for standing in (first, second, third)] == [1, 0, None]
    now = 102.1
    assert quota.spend().resets_after == 3, "who waits so long is not refused"
    now = 104.2
    assert quota.spend().headers()["x-ms-user-quota-resets-after"] == "00:00:01"
    now = 105.0
    assert (quota.spend().remaining, quota.spend().remaining) == (1, 0)


def test_a_query_over_the_quota_is_refused_and_told_when_to_come_back() -> None:
    with asking(queries_per_window=2) as ask:
        answers = [ask.post("count") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert [answer.headers["x-ms-user-quota-remaining"] for answer in answers] == ["1", "0", "0"]
        refused = answers[-1]
        assert refused.json()["error"]["details"][0]["code"] == "RateLimiting"
        assert refused.headers["x-ms-user-quota-resets-after"] == f"00:00:0{refused.headers['retry-after']}"
        assert ask.http.get("/subscriptions", params={"api-version": "1"}).status_code == 200, "only queries count"


def test_a_refused_query_waits_for_no_fault() -> None:
    with asking(queries_per_window=1) as ask:
        ask.sandbox.add_fault(Fault.error(500, nth=2))
        assert [ask.post("count").status_code for _ in range(3)] == [200, 429, 429]


def test_without_a_quota_something_is_always_left(ask: Asking) -> None:
    assert {ask.post("count").headers["x-ms-user-quota-remaining"] for _ in range(20)} == {"14"}


# Log, interruptions, control


def test_requests_are_recorded(ask: Asking) -> None:
    ask.post("count")
    ask.http.get("/subscriptions", params={"api-version": "2022-12-01"})
    query, listing = ask.sandbox.requests()
    assert (query.method, query.path, query.status, query.version) == ("POST", GRAPH, 200, "2021-03-01")
    assert query.body == {"query": "count"}
    assert (listing.version, listing.body) == ("2022-12-01", None)
    ask.sandbox.reset_requests()
    assert ask.sandbox.requests() == []


def test_something_happens_just_before_a_request() -> None:
    estate = ESTATE()
    with asking(estate) as ask:
        ask.sandbox.before_request(2, estate.tables["resources"].clear, path="ResourceGraph")
        assert [len(ask.rows("resources")) for _ in range(3)] == [6, 0, 0]
        ask.sandbox.before_request(1, estate.tables.clear)
        ask.sandbox.clear_faults()
        assert "resources" in estate.tables


def test_what_an_interruption_raises_is_raised_when_the_sandbox_ends() -> None:
    def fail() -> None:
        raise RuntimeError("no")

    with ExitStack() as stack:
        ask = stack.enter_context(asking())
        ask.sandbox.before_request(1, fail)
        assert ask.post("count").status_code == 500
        with pytest.raises(RuntimeError, match="no"):
            stack.close()


def test_the_sandbox_is_controlled_over_http() -> None:
    with asking() as ask:
        control = partial(httpx.request, timeout=5)
        url = f"{ask.sandbox.base_url}/_sandbox"
        fault = {"kind": "error", "status": 503, "path": "ResourceGraph"}
        assert control("POST", f"{url}/faults", json=fault).json()["faults"][0]["status"] == 503
        assert ask.post("count").status_code == 503
        assert control("POST", f"{url}/faults", json={"kind": "unheard"}).status_code == 400
        assert control("DELETE", f"{url}/faults").json() == {"faults": []}
        assert control("PUT", f"{url}/clock", json={"now": "2025-03-02T00:00:00+00:00"}).status_code == 200
        assert control("PUT", f"{url}/clock", json={"now": "2025-03-01T00:00:00+00:00"}).status_code == 400
        assert control("GET", f"{url}/clock").json()["now"] == "2025-03-02T00:00:00+00:00"
        assert control("GET", f"{url}/requests").json()["count"] == 1
        state = control("GET", f"{url}/state").json()
        assert (state["requests"], len(state["subscriptions"])) == ({"503": 1}, 3)
        assert control("DELETE", f"{url}/requests").json()["count"] == 0


def test_the_environment_points_here(ask: Asking) -> None:
    assert ask.sandbox.environment() == {
        "AZURE_RESOURCE_MANAGER_URL": ask.sandbox.base_url,
        "AZURE_ACCESS_TOKEN": ask.sandbox.token.get_secret_value(),
    }


def test_the_sandbox_runs_in_a_process_of_its_own() -> None:
    with azure_in_a_process(ESTATE, now=NOW, queries_per_window=15) as process:
        headers = {"authorization": f"Bearer {process.token.get_secret_value()}"}
        url = f"{process.base_url}{GRAPH}?api-version=2021-03-01"
        answer = httpx.post(url, json={"query": "count"}, headers=headers)
        assert answer.json()["data"] == [{"Count": 6}]
        assert answer.headers["x-ms-user-quota-remaining"] == "14"
