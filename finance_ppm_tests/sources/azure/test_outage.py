"""How long Azure is waited for: not for what it asks, where that is hours, and not by each of thousands in turn."""

from contextlib import nullcontext
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import Response

from finance_ppm.sources.azure.advisor import PATIENCE, Advisor
from finance_ppm.sources.azure.connection import Connection
from finance_ppm.sources.azure.errors import AzureError, error_of_answer, resets_after, whole_number
from finance_ppm.sources.azure.graph import Graph
from finance_ppm.sources.azure.limiter import LONGEST_PAUSE, Limiter
from finance_ppm.sources.azure.retry import ATTEMPTS, FIRST_CONTACT_ATTEMPTS, IN_A_ROW, Patience
from finance_ppm_tests.sandbox.azure.estates import ONE
from finance_ppm_tests.sources.azure.conftest import ConnectionOf, InstantTime, answered, page, serving

QUOTA = "x-ms-user-quota-resets-after"
LEFT = "x-ms-user-quota-remaining"


def refused(connection: Connection) -> AzureError:
    """What a count came to that is not answered."""
    with pytest.raises(AzureError) as raised:
        Graph(connection).counts("resources", [ONE], about="a test")
    return raised.value


@pytest.mark.parametrize(
    ("status", "headers", "told"),
    [
        (429, {"retry-after": "86400"}, "24 hours"),
        (503, {"retry-after": "86400"}, "24 hours"),
        (429, {"retry-after": "301"}, "6 minutes"),
        (429, {QUOTA: "99:59:59", LEFT: "0"}, "100 hours"),
    ],
)
def test_a_wait_of_more_than_five_minutes_is_told_and_not_waited(
    status: int, headers: dict[str, str], told: str, connection_of: ConnectionOf, waiting: InstantTime
) -> None:
    with (
        serving(lambda *_: answered({"error": {"code": "Throttled"}}, status, headers)) as address,
        connection_of(address) as connection,
    ):
        error = refused(connection)
        assert connection.requests_sent == 1
    assert not waiting.slept
    assert not error.retryable
    assert str(error).startswith(f"Azure asks to wait {told} before it serves a test (status {status}, Throttled)")
    assert "run it again after that time" in str(error)


def test_a_wait_of_five_minutes_is_waited(connection_of: ConnectionOf, waiting: InstantTime) -> None:
    told = iter([answered({}, 503, {"retry-after": "300"}), answered(page([]))])
    with serving(lambda *_: next(told)) as address, connection_of(address) as connection:
        Graph(connection).counts("resources", [ONE], about="a test")
    assert waiting.slept == [LONGEST_PAUSE]


@pytest.mark.parametrize("number", ["9" * 5000, "9" * 400, "12345678", "-1", "1.5", "", "\u0661\u0662", "soon"])
def test_a_number_that_azure_does_not_mean_is_read_as_none(number: str) -> None:
    assert whole_number(number) is None
    assert resets_after({QUOTA: f"00:00:{number}"}) is None
    told = error_of_answer(429, {"retry-after": number}, b"", about="a test", mask=str, remedy="")
    assert (told.retryable, told.retry_after) == (True, None)


@pytest.mark.parametrize(
    "headers",
    [
        {LEFT: "9" * 5000, QUOTA: "00:00:05"},
        {LEFT: "0", QUOTA: f"00:00:{'9' * 400}"},
        {LEFT: "0", QUOTA: "99:59:59"},
        {LEFT: "0", QUOTA: "9999999:9999999:9999999"},
    ],
    ids=["digits of the rest", "digits of the reset", "a hundred hours", "centuries"],
)
def test_a_quota_without_reason_holds_nobody_back_for_long(
    headers: dict[str, str], connection_of: ConnectionOf, waiting: InstantTime
) -> None:
    with serving(lambda *_: answered(page([]), headers=headers)) as address, connection_of(address) as connection:
        for _ in range(2):
            Graph(connection).counts("resources", [ONE], about="a test")
    assert sum(waiting.slept) <= LONGEST_PAUSE


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1e9)), min_size=1, max_size=10))
def test_no_pause_and_no_reset_is_longer_than_the_longest(story: list[tuple[bool, float]]) -> None:
    clock = InstantTime()
    limiter = Limiter(3, time=clock.time, sleep=clock.sleep)
    for paused, seconds in story:
        grant = limiter.acquire()
        limiter.pause(seconds) if paused else limiter.observe(grant, 0, seconds)
        assert limiter.acquire().moment - grant.moment <= LONGEST_PAUSE + 1e-6


@pytest.mark.parametrize("status", [202, 429, 503])
def test_a_refresh_ends_after_ten_minutes_whatever_azure_asks(
    status: int, connection_of: ConnectionOf, waiting: InstantTime
) -> None:
    """Where it asks for a day between two looks, and where each of them costs minutes."""
    asks = "86400" if status == 202 else "290"

    def handler(request: Request, _: Any) -> Response:
        if request.method == "POST":
            return Response(status_code=202, headers={"location": "https://x/op/operation-1"})
        return answered({}, status, {"retry-after": asks})

    start = waiting.now
    with serving(handler) as address, connection_of(address) as connection:
        told = Advisor(connection, time=waiting.time, sleep=waiting.sleep).refresh(ONE)
    assert told.reason
    assert waiting.now - start <= PATIENCE
    assert waiting.now - start > PATIENCE / 2


class Serves:
    """Answers, or is out of order."""

    def __init__(self) -> None:
        self.working = True

    def __call__(self, request: Request, body: Any) -> Response:
        return answered(page([])) if self.working else answered({}, 503)


def test_an_outage_is_given_up_after_a_few_requests_until_one_is_served(
    connection_of: ConnectionOf, waiting: InstantTime
) -> None:
    azure = Serves()
    with serving(azure) as address, connection_of(address) as connection:
        graph = Graph(connection)

        def spent() -> int:
            before = connection.requests_sent
            with nullcontext() if azure.working else pytest.raises(AzureError, match=r"disturbed \(status 503"):
                graph.counts("resources", [ONE], about="a test")
            return connection.requests_sent - before

        assert spent() == 1
        azure.working = False
        assert [spent() for _ in range(IN_A_ROW)] == [ATTEMPTS] * IN_A_ROW
        slept = len(waiting.slept)
        assert [spent() for _ in range(20)] == [1] * 20
        assert len(waiting.slept) == slept
        azure.working = True
        assert spent() == 1
        azure.working = False
        assert spent() == ATTEMPTS


def failure(status: int | None, *, retryable: bool) -> AzureError:
    return AzureError("told", status=status, retryable=retryable)


def test_what_is_refused_is_no_outage_and_ends_none() -> None:
    patience = Patience()
    patience.answered()
    for _ in range(10):
        patience.ended(failure(403, retryable=False))
    assert patience.attempts() == ATTEMPTS
    for _ in range(IN_A_ROW):
        patience.ended(failure(403, retryable=False))
        patience.ended(failure(None, retryable=True))
    assert patience.attempts() == 1
    patience.ended(failure(403, retryable=False))
    assert patience.attempts() == 1
    patience.ended(None)
    assert patience.attempts() == ATTEMPTS


def test_waits_that_are_too_long_are_an_outage_too() -> None:
    patience = Patience()
    assert patience.attempts() == FIRST_CONTACT_ATTEMPTS
    for _ in range(IN_A_ROW):
        patience.ended(failure(429, retryable=False))
    assert patience.attempts() == 1
