"""Whatever goes wrong is an error, or is cured by asking again; never a snapshot that is silently short."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from finance_ppm.sandbox.azure.faults import Fault, FaultKind
from finance_ppm.sandbox.azure.server import AzureSandbox, serve_azure
from finance_ppm.sources.azure.errors import AzureError
from finance_ppm.sources.azure.graph import READS
from finance_ppm.sources.azure.retry import ATTEMPTS, FIRST_CONTACT_ATTEMPTS, LONGEST_WAIT
from finance_ppm.sources.azure.rows import Dataset
from finance_ppm_tests.sandbox.azure.estates import GRAPH, NOW, ONE, THREE, TWO, resource
from finance_ppm_tests.sources.azure.conftest import InstantTime, ReaderOf, read, small_estate

pytestmark = pytest.mark.usefixtures("no_faults")

RESOURCES = 40
"""Rows of the small estate: 35 and 2 machines, and 3 subscriptions."""

UNDISTURBED = 8
"""Requests of a snapshot of it: the list, two counts, four pages of machines, one of containers."""

THIRD_PAGE = 6
"""Its request number."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[AzureSandbox]:
    """One for all tests here: what each needs is its faults."""
    with serve_azure(small_estate(), now=NOW) as served:
        yield served


@pytest.fixture
def no_faults(sandbox: AzureSandbox) -> None:
    sandbox.clear_faults()
    sandbox.limit_subscriptions(10_000)


def patience(fault: Fault) -> float:
    """Seconds: short where the sandbox is late on purpose, else so long that a slow machine is no fault."""
    return 1.0 if fault.kind is FaultKind.DELAY else 60.0


CURED_BY_TRYING_AGAIN = {
    "429": Fault.throttled(7),
    "429 without Retry-After": Fault.throttled(),
    "408": Fault.error(408),
    "500": Fault.error(500),
    "502": Fault.error(502),
    "503 with Retry-After": Fault.error(503, retry_after=9),
    "504": Fault.error(504),
    "HTML 502": Fault.html(502),
    "HTML 200": Fault.html(200),
    "half of an answer": Fault(FaultKind.MALFORMED),
    "no body": Fault(FaultKind.EMPTY),
    "dropped before": Fault(FaultKind.DROP_BEFORE),
    "dropped after": Fault(FaultKind.DROP_AFTER),
    "dropped in the middle": Fault(FaultKind.DROP_DURING),
    "timeout": Fault(FaultKind.DELAY, delay=2.0),
    "short page": Fault(FaultKind.SHORT_PAGE),
}


@pytest.mark.parametrize("nth", [1, THIRD_PAGE], ids=["first contact", "third page"])
@pytest.mark.parametrize("fault", CURED_BY_TRYING_AGAIN.values(), ids=CURED_BY_TRYING_AGAIN.keys())
def test_a_request_is_sent_again(fault: Fault, nth: int, sandbox: AzureSandbox, reader_of: ReaderOf) -> None:
    sandbox.add_fault(replace(fault, nth=nth, times=2))
    with reader_of(sandbox, timeout=patience(fault)) as reader:
        rows, outcomes = read(reader.snapshot(Dataset.RESOURCES))
        assert reader.queries == UNDISTURBED + 2
    assert len(rows) == RESOURCES
    assert all(outcome.complete for outcome in outcomes.values())


SEEN_IN_THE_PAGES = {
    "repeated token": FaultKind.REPEATED_TOKEN,
    "lost token": FaultKind.LOST_TOKEN,
    "duplicate": FaultKind.DUPLICATE_ROW,
    "count drift": FaultKind.CHANGED_TOTAL,
}


@pytest.mark.parametrize("nth", [4, THIRD_PAGE], ids=["first page", "third page"])
@pytest.mark.parametrize("kind", SEEN_IN_THE_PAGES.values(), ids=SEEN_IN_THE_PAGES.keys())
def test_pages_that_do_not_fit_together_are_read_again(
    kind: FaultKind, nth: int, sandbox: AzureSandbox, reader_of: ReaderOf
) -> None:
    sandbox.add_fault(Fault(kind, nth=nth))
    with reader_of(sandbox) as reader:
        rows, outcomes = read(reader.snapshot(Dataset.RESOURCES))
        # A token that leads nowhere does no harm where the next page's place is told beside it.
        assert reader.queries >= UNDISTURBED + (nth == THIRD_PAGE or kind is not FaultKind.REPEATED_TOKEN)
    assert len(rows) == RESOURCES
    assert all(outcome.complete for outcome in outcomes.values())


@pytest.mark.parametrize("kind", SEEN_IN_THE_PAGES.values(), ids=SEEN_IN_THE_PAGES.keys())
def test_pages_that_never_fit_together_are_told_as_incomplete(
    kind: FaultKind, sandbox: AzureSandbox, reader_of: ReaderOf
) -> None:
    """From the second page on, until nobody asks any more. Whose rows lie on one page may be read nevertheless."""
    sandbox.add_fault(Fault(kind, nth=5, times=1000))
    with reader_of(sandbox) as reader:
        rows, outcomes = read(reader.snapshot(Dataset.RESOURCES))
    assert len(rows) <= RESOURCES
    assert set(outcomes) == {ONE, TWO, THREE}
    assert not outcomes[ONE].complete
    for outcome in outcomes.values():
        if outcome.complete:
            assert outcome.row_count == outcome.expected_count
            continue
        assert outcome.reason is not None
        assert "do not make up a whole" in outcome.reason
        assert outcome.row_count == sum(row.subscription_id == outcome.subscription_id for row in rows.values())
    assert outcomes[ONE].expected_count == 36
    assert outcomes[ONE].row_count >= 10


def test_an_answer_that_cannot_be_paged_is_told_as_incomplete_without_reading_it_again(
    sandbox: AzureSandbox, reader_of: ReaderOf
) -> None:
    sandbox.add_fault(Fault(FaultKind.UNPAGED, nth=5))
    with reader_of(sandbox) as reader:
        rows, outcomes = read(reader.snapshot(Dataset.RESOURCES))
        assert reader.queries == 6
    assert len(rows) == 19 + 3
    assert not outcomes[ONE].complete
    assert "no further page" in str(outcomes[ONE].reason)


@pytest.mark.parametrize("nth", [1, 2, THIRD_PAGE], ids=["list", "count", "third page"])
def test_a_tenant_that_is_cut_off_is_an_error(nth: int, sandbox: AzureSandbox, reader_of: ReaderOf) -> None:
    sandbox.add_fault(Fault(FaultKind.LIMIT_HIT, nth=nth))
    with reader_of(sandbox) as reader, pytest.raises(AzureError, match="AZURE_MANAGEMENT_GROUPS") as raised:
        read(reader.snapshot(Dataset.RESOURCES))
    assert raised.value.code == "truncated_tenant"


def test_a_real_tenant_beyond_the_limit_is_an_error(sandbox: AzureSandbox, reader_of: ReaderOf) -> None:
    sandbox.limit_subscriptions(2)
    with reader_of(sandbox) as reader, pytest.raises(AzureError, match="left subscriptions out"):
        reader.subscriptions()
    with reader_of(sandbox, management_groups=("first", "rest")) as reader:
        assert set(reader.subscriptions()) == {ONE, TWO, THREE}


@pytest.mark.parametrize("nth", [1, 2, THIRD_PAGE], ids=["list", "count", "third page"])
def test_401_is_an_error_at_once(nth: int, sandbox: AzureSandbox, reader_of: ReaderOf) -> None:
    sandbox.add_fault(Fault.error(401, nth=nth))
    with reader_of(sandbox) as reader, pytest.raises(AzureError, match="AZURE_ACCESS_TOKEN") as raised:
        read(reader.snapshot(Dataset.RESOURCES))
    assert raised.value.status == 401


@pytest.mark.parametrize("status", [400, 403, 404])
def test_other_refusals_are_not_asked_again(status: int, sandbox: AzureSandbox, reader_of: ReaderOf) -> None:
    sandbox.add_fault(Fault.error(status, nth=1))
    with reader_of(sandbox) as reader:
        with pytest.raises(AzureError, match=str(status)) as raised:
            reader.subscriptions()
        assert reader.queries == 1
    assert not raised.value.retryable


def test_a_disturbance_to_the_end_is_read_again_by_halves(sandbox: AzureSandbox, reader_of: ReaderOf) -> None:
    sandbox.add_fault(Fault.error(502, nth=THIRD_PAGE, times=ATTEMPTS))
    with reader_of(sandbox) as reader:
        rows, outcomes = read(reader.snapshot(Dataset.RESOURCES))
    assert len(rows) == RESOURCES
    assert all(outcome.complete for outcome in outcomes.values())


def test_a_disturbance_that_does_not_end_is_told(sandbox: AzureSandbox, reader_of: ReaderOf) -> None:
    sandbox.add_fault(Fault.error(502, nth=THIRD_PAGE, times=1000))
    with reader_of(sandbox) as reader:
        _, outcomes = read(reader.snapshot(Dataset.RESOURCES))
    assert {outcome.complete for outcome in outcomes.values()} == {False}
    assert outcomes[ONE].expected_count == 36
    assert "502" in str(outcomes[ONE].reason)


def test_a_count_that_fails_costs_only_the_count(sandbox: AzureSandbox, reader_of: ReaderOf) -> None:
    sandbox.add_fault(Fault.error(400, nth=2))
    with reader_of(sandbox) as reader:
        rows, outcomes = read(reader.snapshot(Dataset.RESOURCES))
    assert len(rows) == RESOURCES
    assert all(outcome.complete for outcome in outcomes.values())


def test_a_closed_part_of_a_batch_is_found_and_leaves_the_rest_alone(
    sandbox: AzureSandbox, reader_of: ReaderOf
) -> None:
    """403 for all three together, then for the first of the halves: only that one is not read."""
    sandbox.add_fault(Fault.error(403, nth=4))
    sandbox.add_fault(Fault.error(403, nth=5))
    with reader_of(sandbox) as reader:
        rows, outcomes = read(reader.snapshot(Dataset.RESOURCES))
    assert [identity for identity, outcome in outcomes.items() if not outcome.complete] == [ONE]
    assert "Reader role" in str(outcomes[ONE].reason)
    assert outcomes[TWO].row_count == outcomes[TWO].expected_count == 3
    assert {row.subscription_id for row in rows.values()} <= {ONE, TWO, THREE}


def test_rows_that_come_and_go_meanwhile_are_never_a_silent_cut(reader_of: ReaderOf) -> None:
    """A machine that sorts first appears before each of the first pages is followed: every page is one off."""
    estate = small_estate()
    numbers = iter(range(100))

    def appear() -> None:
        with estate.lock:
            estate.tables["resources"].append(resource(f"a{next(numbers):02}"))

    with serve_azure(estate, now=NOW) as sandbox:
        sandbox.before_request(5, appear, path=GRAPH)
        with reader_of(sandbox) as reader:
            rows, outcomes = read(reader.snapshot(Dataset.RESOURCES))
        assert all(outcome.complete for outcome in outcomes.values())
        assert len(rows) == RESOURCES + 1

        sandbox.before_request(4, appear, path=GRAPH, times=50)
        with reader_of(sandbox) as reader:
            rows, outcomes = read(reader.snapshot(Dataset.RESOURCES))
    assert not outcomes[ONE].complete
    assert "number of rows went from" in str(outcomes[ONE].reason)
    assert next(numbers) >= READS * 2


def test_azure_asks_everybody_to_wait_for_as_long_as_it_says(
    sandbox: AzureSandbox, reader_of: ReaderOf, waiting: InstantTime
) -> None:
    sandbox.add_fault(Fault.throttled(95, nth=3, times=2))
    start = waiting.now
    with reader_of(sandbox) as reader:
        read(reader.snapshot(Dataset.RESOURCES))
    assert waiting.now - start >= 190


def test_waits_double_up_to_half_a_minute_each_shortened_at_random(
    sandbox: AzureSandbox, reader_of: ReaderOf, waiting: InstantTime
) -> None:
    sandbox.add_fault(Fault.error(500, nth=2, times=ATTEMPTS))
    with reader_of(sandbox) as reader:
        reader.subscriptions()
        with pytest.raises(AzureError, match="disturbed"):
            reader._graph.counts("resources", [ONE], about="a test")
    assert len(waiting.slept) == ATTEMPTS - 1
    for number, seconds in enumerate(waiting.slept):
        full = min(LONGEST_WAIT, 0.5 * 2**number)
        assert full / 2 <= seconds <= full
    assert len({seconds / min(LONGEST_WAIT, 0.5 * 2**number) for number, seconds in enumerate(waiting.slept)}) > 1


def test_a_first_contact_that_fails_is_told_soon(sandbox: AzureSandbox, reader_of: ReaderOf) -> None:
    sandbox.add_fault(Fault(FaultKind.DROP_BEFORE, times=100))
    with reader_of(sandbox) as reader:
        with pytest.raises(AzureError, match="did not finish its answer") as raised:
            reader.subscriptions()
        assert reader.queries == FIRST_CONTACT_ATTEMPTS
    assert raised.value.code == "dropped"


@pytest.mark.parametrize("dataset", Dataset)
def test_nothing_is_lost_where_nothing_goes_wrong(dataset: Dataset, sandbox: AzureSandbox, reader_of: ReaderOf) -> None:
    with reader_of(sandbox) as reader:
        rows, outcomes = read(reader.snapshot(dataset))
    expected = {
        str(row["id"]).lower()
        for table in (("resources", "resourcecontainers") if dataset is Dataset.RESOURCES else ("advisorresources",))
        for subscription in (ONE, TWO, THREE)
        for row in sandbox.estate.rows(table, subscription, NOW)
    }
    assert set(rows) == expected
    assert {identity: outcome.complete for identity, outcome in outcomes.items()} == dict.fromkeys(
        (ONE, TWO, THREE), True
    )
    assert sum(outcome.row_count for outcome in outcomes.values()) == len(expected)
