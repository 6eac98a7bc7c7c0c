"""Whatever Azure answers, the user is told what happened, about what, and what to do."""

from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from finance_ppm.sources.azure.advisor import Advisor
from finance_ppm.sources.azure.connection import origin_of
from finance_ppm.sources.azure.errors import error_of_answer
from finance_ppm_tests.sandbox.azure.estates import ONE
from finance_ppm_tests.sources.azure.conftest import ConnectionOf, InstantTime, answered, serving

REMEDIES = ("check", "give", "run it again", "try again", "let nothing else", "write it", "do this")


@pytest.mark.parametrize(
    "body", [b"", b'{"error": {"code": "Bad", "message": "It is {wrong}."}}'], ids=["bare", "told"]
)
@pytest.mark.parametrize("status", [*range(300, 309), *range(400, 432), *range(500, 512), 999])
def test_every_status_says_what_and_where_and_what_to_do(status: int, body: bytes) -> None:
    told = str(error_of_answer(status, {}, body, about="the list of machines", mask=str, remedy="do this"))
    what, colon, remedy = told.rpartition(": ")
    assert colon
    assert f"(status {status}, " in what
    assert "the list of machines" in what
    assert remedy.startswith(REMEDIES)
    assert told.endswith(".")
    assert told.count(".") == 1 or "It is" in told


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_told_as_one(status: int) -> None:
    told = str(error_of_answer(status, {}, b"", about="a test", mask=str, remedy="do this"))
    assert f"to another address (status {status}, no code), to which no token is sent" in told


@pytest.mark.parametrize("status", [400, 405, 409, 418])
def test_a_reason_is_told_and_a_missing_one_leaves_no_gap(status: int) -> None:
    said = b'{"error": {"code": "Bad", "message": "The query is too long."}}'
    assert 'saying "The query is too long"' in str(
        error_of_answer(status, {}, said, about="a test", mask=str, remedy="do this")
    )
    assert "without a reason" in str(error_of_answer(status, {}, b"", about="a test", mask=str, remedy="do this"))


@pytest.mark.parametrize("forbidden", ["POST", "GET"])
def test_a_refresh_that_is_not_allowed_names_the_action_and_not_the_reader(
    forbidden: str, connection_of: ConnectionOf, waiting: InstantTime
) -> None:
    def handler(request: Request, _: Any) -> Response:
        if request.method == forbidden:
            return answered({"error": {"code": "AuthorizationFailed"}}, 403)
        return Response(status_code=202, headers={"location": "https://x/op/operation-1"})

    with serving(handler) as address, connection_of(address) as connection:
        reason = str(Advisor(connection, time=waiting.time, sleep=waiting.sleep).refresh(ONE).reason)
    assert f"does not allow a refresh of Advisor's recommendations in subscription {ONE} (status 403" in reason
    assert "Microsoft.Advisor/generateRecommendations/action" in reason
    assert "Contributor or a custom role" in reason
    assert "Reader" not in reason


def test_a_list_that_is_not_allowed_names_the_reader(connection_of: ConnectionOf, waiting: InstantTime) -> None:
    with (
        serving(lambda *_: answered({"error": {"code": "AuthorizationFailed"}}, 403)) as address,
        connection_of(address) as connection,
    ):
        advisor = Advisor(connection, time=waiting.time, sleep=waiting.sleep)
        assert "Reader role" in str(advisor.read(ONE, seen=lambda _: None).reason)


ARM = "https://management.azure.com"


@pytest.mark.parametrize("same", [f"{ARM}/x", f"{ARM}:443/x?y=z", "HTTPS://Management.Azure.COM/x", ARM])
def test_an_address_is_the_same_however_it_is_written(same: str) -> None:
    assert origin_of(same) == origin_of(ARM)


@pytest.mark.parametrize(
    "other",
    [
        "http://management.azure.com/x",
        f"{ARM}:444/x",
        f"{ARM}.evil.example/x",
        "https://evil.example/management.azure.com",
        f"{ARM}@evil.example/",
        "https://someone:else@management.azure.com/x",
        "https://evil.example\\@management.azure.com/x",
        f"{ARM}:port/x",
        "https://[management.azure.com/x",
        "//management.azure.com/x",
    ],
)
def test_an_address_that_may_be_another_is_not_the_same(other: str) -> None:
    assert origin_of(other) != origin_of(ARM)


def test_a_list_goes_on_at_the_same_host_however_it_is_written(
    connection_of: ConnectionOf, waiting: InstantTime
) -> None:
    def handler(request: Request, _: Any) -> Response:
        if "page2" in str(request.url):
            return answered({"value": []})
        return answered({"value": [], "nextLink": f"http://LOCALHOST:{request.url.port}{request.url.path}?page2=1"})

    with (
        serving(handler) as address,
        connection_of(address.replace("127.0.0.1", "localhost")) as connection,
    ):
        reading = Advisor(connection, time=waiting.time, sleep=waiting.sleep).read(ONE, seen=lambda _: None)
        assert connection.requests_sent == 6
    assert reading.reason is None
