"""What is read of which scope, in which batches, and how each subscription comes out."""

from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance_ppm.errors import SettingsError
from finance_ppm.sandbox.azure.estate import ListedEstate
from finance_ppm.sandbox.azure.faults import Fault
from finance_ppm.sandbox.azure.server import AzureSandbox, serve_azure
from finance_ppm.settings import Config
from finance_ppm.sources.azure.batches import packed
from finance_ppm.sources.azure.errors import AzureError
from finance_ppm.sources.azure.graph import MOST_SUBSCRIPTIONS
from finance_ppm.sources.azure.reader import AzureReader
from finance_ppm.sources.azure.rows import Dataset, Source
from finance_ppm_tests.sandbox.azure.estates import GRAPH, NOW, ONE, THREE, TWO, advice, estate_of, resource, uid
from finance_ppm_tests.sources.azure.conftest import ReaderOf, container, read


def asked(sandbox: AzureSandbox) -> list[dict[str, Any]]:
    """Bodies of the queries that reached Resource Graph."""
    return [request.body for request in sandbox.requests() if request.path == GRAPH]


def test_a_reader_of_the_settings_reads_everything(sandbox: AzureSandbox) -> None:
    config = Config(azure_resource_manager_url=sandbox.base_url, azure_access_token=sandbox.token)
    with AzureReader.of(config) as reader:
        assert reader.subscriptions() == {ONE: "One", TWO: "Two", THREE: "Three"}
        rows, outcomes = read(reader.snapshot(Dataset.RESOURCES))
        assert reader.queries == len(sandbox.requests()) == 5
    assert len(rows) == 40
    assert [outcomes[identity].row_count for identity in (ONE, TWO, THREE)] == [36, 3, 1]
    assert [outcomes[identity].expected_count for identity in (ONE, TWO, THREE)] == [36, 3, 1]
    assert outcomes[THREE].subscription_name == "Three"


def test_the_subscriptions_are_asked_for_once_and_each_dataset_counted_once(
    sandbox: AzureSandbox, reader_of: ReaderOf
) -> None:
    with reader_of(sandbox, page_rows=1000) as reader:
        for dataset in Dataset:
            read(reader.snapshot(dataset))
        assert reader.queries == 1 + (2 + 2) + (1 + 1 + 1), "of THREE came no row: it is listed once more"


def test_every_query_that_is_paged_is_ordered_by_id(sandbox: AzureSandbox, reader_of: ReaderOf) -> None:
    """A token is a place in that order; Azure keeps no other from one page to the next."""
    with reader_of(sandbox) as reader:
        for dataset in Dataset:
            read(reader.snapshot(dataset))
    ends = {query["query"].rpartition("| ")[2] for query in asked(sandbox)}
    assert ends == {"order by id asc", "summarize count() by subscriptionId"}
    assert {query["options"]["resultFormat"] for query in asked(sandbox)} == {"objectArray"}


def test_the_scope_is_the_tenant_unless_something_is_named(sandbox: AzureSandbox, reader_of: ReaderOf) -> None:
    with reader_of(sandbox) as reader:
        reader.subscriptions()
    with reader_of(sandbox, management_groups=("rest",)) as reader:
        assert set(reader.subscriptions()) == {TWO, THREE}
    with reader_of(sandbox, subscriptions=(TWO.upper(),)) as reader:
        assert set(reader.subscriptions()) == {TWO}
    with reader_of(sandbox, management_groups=("first", "rest")) as reader:
        assert set(reader.subscriptions()) == {ONE, TWO, THREE}
    tenant, group, subscription, *groups = asked(sandbox)
    assert "managementGroups" not in tenant
    assert "subscriptions" not in tenant
    assert group["managementGroups"] == ["rest"]
    assert subscription["subscriptions"] == [TWO]
    assert [query["managementGroups"] for query in groups] == [["first"], ["rest"]]


def test_only_subscriptions_of_the_scope_are_read(sandbox: AzureSandbox, reader_of: ReaderOf) -> None:
    with reader_of(sandbox, management_groups=("rest",)) as reader:
        rows, outcomes = read(reader.snapshot(Dataset.RESOURCES))
    assert set(outcomes) == {TWO, THREE}
    assert {row.subscription_id for row in rows.values()} == {TWO, THREE}
    assert all(query.get("subscriptions") == [TWO, THREE] for query in asked(sandbox)[1:])


def test_a_configured_subscription_that_cannot_be_seen_is_told(sandbox: AzureSandbox, reader_of: ReaderOf) -> None:
    with reader_of(sandbox, subscriptions=(ONE, uid(99))) as reader:
        _, outcomes = read(reader.snapshot(Dataset.ADVISOR))
    assert outcomes[ONE].complete
    unseen = outcomes[uid(99)]
    assert (unseen.complete, unseen.row_count, unseen.expected_count) == (False, 0, None)
    assert "Reader role" in str(unseen.reason)


def test_where_none_of_the_configured_subscriptions_can_be_seen_each_is_told(
    sandbox: AzureSandbox, reader_of: ReaderOf
) -> None:
    with reader_of(sandbox, subscriptions=(uid(98), uid(99))) as reader:
        rows, outcomes = read(reader.snapshot(Dataset.RESOURCES))
        assert reader.queries == 1
    assert not rows
    assert {identity: outcome.complete for identity, outcome in outcomes.items()} == {uid(98): False, uid(99): False}


def test_an_identity_that_sees_nothing_is_an_error(reader_of: ReaderOf) -> None:
    with (
        serve_azure(ListedEstate(), now=NOW) as sandbox,
        reader_of(sandbox) as reader,
        pytest.raises(AzureError, match="sees no subscription at all: give it the Reader role"),
    ):
        read(reader.snapshot(Dataset.RESOURCES))


@pytest.mark.parametrize("others", [{}, {"subscriptions": (ONE,)}])
def test_a_management_group_that_shows_nothing_is_an_error(
    others: dict[str, Any], sandbox: AzureSandbox, reader_of: ReaderOf
) -> None:
    """Mistyped or closed to the identity, it is not passed over for what else is named."""
    groups = ("first", "/providers/Microsoft.Management/managementGroups/prodution")
    with (
        reader_of(sandbox, management_groups=groups, **others) as reader,
        pytest.raises(AzureError, match=r"management group prodution shows no subscription: .* id .* Reader role"),
    ):
        read(reader.snapshot(Dataset.RESOURCES))


@pytest.mark.parametrize(
    "prefix", ["/providers/Microsoft.Management/managementGroups/", "/providers/microsoft.management/managementgroups/"]
)
def test_a_management_group_may_be_named_by_its_resource_id(
    prefix: str, sandbox: AzureSandbox, reader_of: ReaderOf
) -> None:
    with reader_of(sandbox, management_groups=(f"{prefix}rest", "rest", f"{prefix}first/")) as reader:
        assert set(reader.subscriptions()) == {ONE, TWO, THREE}
    assert [query["managementGroups"] for query in asked(sandbox)] == [["rest"], ["first"]]


@pytest.mark.parametrize("name", [7, None, "", ["a"], {"a": 1}])
def test_a_subscription_with_an_odd_name_goes_by_its_id(name: object, reader_of: ReaderOf) -> None:
    estate = estate_of(containers=[container(ONE, "One") | {"name": name}, container(TWO, "Two")])
    with serve_azure(estate, now=NOW) as sandbox, reader_of(sandbox) as reader:
        assert reader.subscriptions() == {ONE: ONE, TWO: "Two"}


def test_a_large_estate_comes_in_batches_of_whole_subscriptions(reader_of: ReaderOf) -> None:
    ids = [uid(number) for number in range(1, 31)]
    estate = estate_of(
        *(resource(f"vm{number}", identity) for place, identity in enumerate(ids) for number in range(place)),
        containers=[container(identity, identity) for identity in ids],
    )
    estate.names = {identity: identity for identity in ids}
    told: list[int] = []
    with serve_azure(estate, now=NOW) as sandbox, reader_of(sandbox, page_rows=50, batch_rows=100) as reader:
        batches = list(reader.snapshot(Dataset.RESOURCES, progress=told.append))
    assert len(batches) == 8  # 465 rows: five batches of a hundred, in two rounds of four
    assert all(len(batch.rows) <= 130 for batch in batches)
    rows, outcomes = read(iter(batches))
    assert len(rows) == sum(range(30)) + 30
    assert {identity: outcome.row_count for identity, outcome in outcomes.items()} == {
        identity: place + 1 for place, identity in enumerate(ids)
    }
    assert all(outcome.complete and outcome.row_count == outcome.expected_count for outcome in outcomes.values())
    assert told == sorted(set(told))
    assert told[-1] == len(rows)


def test_a_batch_that_is_not_taken_any_more_is_not_read_on(reader_of: ReaderOf) -> None:
    ids = [uid(number) for number in range(1, 41)]
    estate = estate_of(*(resource(f"vm{number}", identity) for identity in ids for number in range(10)))
    estate.names = {identity: identity for identity in ids}
    estate.tables["resourcecontainers"] = [container(identity, identity) for identity in ids]
    with serve_azure(estate, now=NOW) as sandbox, reader_of(sandbox, page_rows=5, batch_rows=10) as reader:
        snapshot = reader.snapshot(Dataset.RESOURCES)
        assert isinstance(snapshot, Generator)
        next(snapshot)
        snapshot.close()
        spent = reader.queries
    assert spent < 80, "of about 170"


def test_more_subscriptions_than_a_query_may_name_are_asked_for_in_parts(reader_of: ReaderOf) -> None:
    ids = [uid(number) for number in range(1, MOST_SUBSCRIPTIONS + 6)]
    estate = estate_of(containers=[container(identity, identity) for identity in ids])
    estate.names = {identity: identity for identity in ids}
    with serve_azure(estate, now=NOW) as sandbox, reader_of(sandbox, page_rows=1000) as reader:
        rows, outcomes = read(reader.snapshot(Dataset.RESOURCES))
        assert all(len(query.get("subscriptions", ())) <= MOST_SUBSCRIPTIONS for query in asked(sandbox))
    assert len(rows) == len(outcomes) == len(ids)
    assert all(outcome.complete for outcome in outcomes.values())


def test_where_resource_graph_may_not_be_asked_advisor_is(sandbox: AzureSandbox, reader_of: ReaderOf) -> None:
    sandbox.add_fault(Fault.error(403, path=GRAPH, nth=2, times=100))
    with reader_of(sandbox) as reader:
        batches = list(reader.snapshot(Dataset.ADVISOR))
    assert {batch.source for batch in batches} == {Source.ADVISOR}
    rows, outcomes = read(iter(batches))
    assert len(rows) == 28
    assert {row.type for row in rows.values()} == {
        "microsoft.advisor/recommendations",
        "microsoft.advisor/suppressions",
        "microsoft.advisor/configurations",
    }
    assert [outcomes[identity].row_count for identity in (ONE, TWO, THREE)] == [26, 2, 0]
    assert all(outcome.complete and outcome.expected_count is None for outcome in outcomes.values())


def test_one_subscription_that_advisor_refuses_leaves_the_others_alone(
    sandbox: AzureSandbox, reader_of: ReaderOf
) -> None:
    sandbox.add_fault(Fault.error(403, path=GRAPH, nth=2, times=100))
    sandbox.add_fault(Fault.error(403, path=f"{ONE}.*suppressions"))
    with reader_of(sandbox) as reader:
        rows, outcomes = read(reader.snapshot(Dataset.ADVISOR))
    assert not outcomes[ONE].complete
    assert "Reader role" in str(outcomes[ONE].reason)
    assert outcomes[ONE].row_count == 25
    assert outcomes[TWO].complete
    assert len(rows) == 27


def test_where_resource_graph_may_not_be_asked_at_all_advisor_is_asked_for_what_is_configured(
    sandbox: AzureSandbox, reader_of: ReaderOf
) -> None:
    sandbox.add_fault(Fault.error(403, path=GRAPH, times=100))
    with reader_of(sandbox, subscriptions=(ONE, TWO)) as reader:
        rows, outcomes = read(reader.snapshot(Dataset.ADVISOR))
        assert len(rows) == 28
        assert all(outcome.complete and outcome.subscription_name is None for outcome in outcomes.values())
        with pytest.raises(AzureError, match="Reader role"):
            read(reader.snapshot(Dataset.RESOURCES))
    with reader_of(sandbox) as reader, pytest.raises(AzureError, match="Reader role"):
        read(reader.snapshot(Dataset.ADVISOR))


def test_a_refusal_of_resources_is_not_read_elsewhere(sandbox: AzureSandbox, reader_of: ReaderOf) -> None:
    sandbox.add_fault(Fault.error(403, path=GRAPH, nth=2, times=100))
    with reader_of(sandbox) as reader:
        rows, outcomes = read(reader.snapshot(Dataset.RESOURCES))
    assert not rows
    assert {outcome.complete for outcome in outcomes.values()} == {False}


def test_rows_that_name_nobody_make_their_batch_incomplete_and_are_counted(reader_of: ReaderOf) -> None:
    estate = estate_of(
        resource("good"),
        {"id": "", "name": "nameless", "type": "microsoft.compute/virtualmachines", "subscriptionId": ONE},
        containers=[container(ONE, "One")],
    )
    with serve_azure(estate, now=NOW) as sandbox, reader_of(sandbox, subscriptions=(ONE,)) as reader:
        rows, outcomes = read(reader.snapshot(Dataset.RESOURCES))
    assert len(rows) == 2
    assert not outcomes[ONE].complete
    assert str(outcomes[ONE].reason).startswith("1 row(s) of the resources of subscription")
    assert outcomes[ONE].expected_count == 3


def test_ids_that_differ_in_case_alone_are_one_and_not_whole(reader_of: ReaderOf) -> None:
    twins = [advice("r1"), advice("R1"), advice("r2")]
    estate = estate_of(advisor=twins, containers=[container(ONE, "One")])
    with serve_azure(estate, now=NOW) as sandbox, reader_of(sandbox, subscriptions=(ONE,)) as reader:
        rows, outcomes = read(reader.snapshot(Dataset.ADVISOR))
    assert len(rows) == 2
    assert not outcomes[ONE].complete
    assert "differ in case alone" in str(outcomes[ONE].reason)


def test_a_refresh_ends_when_azure_says_so(sandbox: AzureSandbox, reader_of: ReaderOf) -> None:
    told: list[int] = []
    with reader_of(sandbox) as reader:
        refreshed = reader.refresh([ONE, TWO.upper(), uid(99)], progress=told.append)
    reasons = {refresh.subscription_id: refresh.reason for refresh in refreshed}
    assert reasons[ONE] is None
    assert reasons[TWO] is None
    assert "does not find a refresh" in str(reasons[uid(99)])
    assert told == [1, 2, 3]
    statuses = [request.status for request in sandbox.requests() if request.method == "GET" and ONE in request.path]
    assert statuses == [202, 204]


def test_the_settings_are_checked_before_anything_is_sent() -> None:
    config = Config(azure_resource_manager_url="http://azure.example.com", azure_access_token="secret-token")
    with pytest.raises(SettingsError, match="is not https") as raised:
        AzureReader.of(config)
    assert "secret-token" not in str(raised.value)


sizes = st.dictionaries(st.integers(1, 500).map(uid), st.integers(0, 300), max_size=60)


@settings(deadline=None, max_examples=100)
@given(sizes, st.integers(1, 500), st.integers(1, 20), st.integers(1, 5))
def test_every_subscription_is_in_one_batch_and_no_batch_is_too_large(
    counts: dict[str, int], most_rows: int, most_subscriptions: int, at_once: int
) -> None:
    batches = packed(
        counts, most_rows=most_rows, most_subscriptions=most_subscriptions, at_once=at_once, small=most_rows
    )
    assert sorted(identity for batch in batches for identity in batch) == sorted(counts)
    largest = max(counts.values(), default=0)
    for batch in batches:
        assert 0 < len(batch) <= most_subscriptions
        if len(counts) <= most_subscriptions:
            assert sum(counts[identity] for identity in batch) <= most_rows + largest
    if sum(counts.values()) <= most_rows and len(counts) <= most_subscriptions:
        assert len(batches) <= 1
