"""The limiter against a clock that moves only when it sleeps."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from finance_ppm.sources.azure.limiter import QUERIES, QUOTA_SECONDS, WINDOW, Limiter, budgets_of
from finance_ppm_tests.sources.azure.conftest import InstantTime


def made(requests: int = QUERIES) -> tuple[Limiter, InstantTime]:
    clock = InstantTime()
    return Limiter(requests, time=clock.time, sleep=clock.sleep), clock


@settings(deadline=None, max_examples=80)
@given(
    budget=st.integers(1, 6),
    story=st.lists(st.tuples(st.floats(0, 3), st.floats(0, 4)), min_size=1, max_size=40),
)
def test_no_five_seconds_see_more_than_the_budget_whenever_requests_arrive(
    budget: int, story: list[tuple[float, float]]
) -> None:
    """Each request is sent some time after the one before, and takes some time to be answered."""
    limiter, clock = made(budget)
    sent = []
    for pause, takes in story:
        clock.now += pause
        grant = limiter.acquire()
        sent.append(grant.moment)
        clock.now = grant.moment + takes
        limiter.answered(grant)
    for first, one_too_many in zip(sent, sent[budget:], strict=False):
        assert one_too_many - first >= QUOTA_SECONDS


def test_a_burst_spends_the_whole_budget_at_once() -> None:
    limiter, clock = made()
    assert [limiter.acquire().moment for _ in range(QUERIES)] == [clock.now] * QUERIES
    assert not clock.slept
    limiter.acquire()
    assert sum(clock.slept) == pytest.approx(WINDOW)


def test_a_steady_reader_comes_within_a_twentieth_of_the_quota() -> None:
    limiter, clock = made()
    start = clock.now
    for _ in range(1500):
        grant = limiter.acquire()
        clock.now += 0.1
        limiter.answered(grant)
    assert clock.now - start < 1.05 * 1500 / 3


def test_a_request_that_took_longer_than_others_counts_longer() -> None:
    """It may have arrived late, and then Azure counts it with later ones."""
    limiter, clock = made(2)
    quick = limiter.acquire()
    clock.now += 0.5
    limiter.answered(quick)
    late = limiter.acquire()
    clock.now += 4.0
    limiter.answered(late)
    third = limiter.acquire()
    assert third.moment == pytest.approx(quick.moment + WINDOW)
    fourth = limiter.acquire()
    assert fourth.moment == pytest.approx(late.moment + 4.0 - 0.5 + QUOTA_SECONDS)


def test_our_own_requests_are_not_counted_twice() -> None:
    """Azure says that nothing is left because of what we sent; our own count says when there will be."""
    limiter, clock = made()
    for remaining in range(QUERIES - 1, -1, -1):
        grant = limiter.acquire()
        limiter.answered(grant)
        limiter.observe(grant, remaining, 5)
    limiter.acquire()
    assert sum(clock.slept) == pytest.approx(WINDOW)


def test_what_others_spend_of_the_quota_is_respected() -> None:
    limiter, clock = made()
    grant = limiter.acquire()
    limiter.observe(grant, 2, 4)
    start = clock.now
    assert [limiter.acquire().moment - start for _ in range(3)] == [0, 0, 4]


def test_nothing_left_is_respected_for_as_long_as_azure_says() -> None:
    limiter, _ = made()
    grant = limiter.acquire()
    limiter.observe(grant, 0, 30)
    assert limiter.acquire().moment - grant.moment == 30


def test_requests_under_way_count_against_what_is_left() -> None:
    limiter, _ = made()
    first = limiter.acquire()
    for _ in range(2):
        limiter.acquire()
    limiter.observe(first, 2, 5)
    assert limiter.acquire().moment - first.moment == 5


def test_an_older_answer_does_not_undo_a_newer_one() -> None:
    limiter, clock = made()
    older = limiter.acquire()
    clock.now += 0.1
    newer = limiter.acquire()
    limiter.observe(newer, 0, 20)
    limiter.observe(older, 14, 5)
    assert limiter.acquire().moment - newer.moment == 20


def test_a_quota_that_is_free_again_is_used_at_once() -> None:
    limiter, _ = made()
    first = limiter.acquire()
    limiter.observe(first, 1, 60)
    second = limiter.acquire()
    limiter.observe(second, 13, 5)
    assert limiter.acquire().moment == second.moment


def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    limiter, clock = made()
    start = clock.now
    limiter.pause(20)
    limiter.pause(1)
    assert limiter.acquire().moment == start + 20


def test_a_limiter_needs_a_budget() -> None:
    with pytest.raises(ValueError, match="at least one request"):
        Limiter(0)


def test_a_connection_has_one_set_of_budgets_in_the_process() -> None:
    one = budgets_of("http://one", ("tenant", None, SecretStr("secret")))
    assert budgets_of("http://one", ("tenant", None, SecretStr("secret"))) is one
    assert budgets_of("http://one", ("tenant", None, SecretStr("other"))) is not one
    assert budgets_of("http://two", ("tenant", None, SecretStr("secret"))) is not one
    query = "https://management.azure.com/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01"
    assert one.of(query) is one.graph
    assert one.of("https://management.azure.com/subscriptions/x/providers/Microsoft.Advisor/suppressions") is one.others
