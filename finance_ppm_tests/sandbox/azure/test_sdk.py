"""Microsoft's own clients, as they are published, against the sandbox."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import HTTPPolicy
from azure.core.rest import HttpRequest, HttpResponse
from azure.mgmt.advisor import AdvisorManagementClient
from azure.mgmt.advisor.models import SuppressionContract
from azure.mgmt.resourcegraph import ResourceGraphClient
from azure.mgmt.resourcegraph.models import (
    FacetRequest,
    QueryRequest,
    QueryRequestOptions,
    QueryResponse,
    ResultFormat,
)

from finance_ppm.sandbox.azure.faults import Fault
from finance_ppm_tests.sandbox.azure.estates import ONE, TWO, Asking, advice, asking, estate_of, resource


class NoCredential:
    """The clients ask for one; here the policy alone says who asks."""

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        raise AssertionError


class Bearer(HTTPPolicy[HttpRequest, HttpResponse]):
    """azure-core sends no bearer token over plain HTTP of its own accord."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self.token = token

    def send(self, request: PipelineRequest[HttpRequest]) -> PipelineResponse[HttpRequest, HttpResponse]:
        request.http_request.headers["Authorization"] = f"Bearer {self.token}"
        return self.next.send(request)


@pytest.fixture(scope="module")
def ask() -> Iterator[Asking]:
    machines = [resource(f"vm-{number:02}", [ONE, TWO][number % 2], tags={"env": "prod"}) for number in range(25)]
    said = [advice(f"r-{number:03}", category="Cost", risk="Error") for number in range(120)]
    configured = [advice("default", kind="configurations", exclude=False, lowCpuThreshold="5")]
    with asking(estate_of(*machines, advisor=[*said, *configured])) as asking_it:
        yield asking_it


@pytest.fixture
def graph(ask: Asking) -> Iterator[ResourceGraphClient]:
    bearer = Bearer(ask.sandbox.token.get_secret_value())
    with ResourceGraphClient(NoCredential(), base_url=ask.sandbox.base_url, authentication_policy=bearer) as client:
        yield client


@pytest.fixture
def advisor(ask: Asking) -> Iterator[AdvisorManagementClient]:
    bearer = Bearer(ask.sandbox.token.get_secret_value())
    with AdvisorManagementClient(
        NoCredential(), ONE, base_url=ask.sandbox.base_url, authentication_policy=bearer
    ) as client:
        yield client


def rows_of(answer: QueryResponse) -> list[Any]:
    """Its rows: the client declares an object, and gives what came."""
    return cast(list[Any], answer.data)


def test_the_graph_client_reads_page_by_page(graph: ResourceGraphClient) -> None:
    options = QueryRequestOptions(top=10, result_format=ResultFormat.OBJECT_ARRAY)
    names: list[str] = []
    while True:
        answer = graph.resources(QueryRequest(query="resources | order by id asc", options=options))
        names += [row["name"] for row in rows_of(answer)]
        assert (answer.total_records, answer.result_truncated) == (25, "false")
        if answer.skip_token is None:
            break
        options = QueryRequestOptions(top=10, skip_token=answer.skip_token)
    assert sorted(names) == [f"vm-{number:02}" for number in range(25)]


def test_the_graph_client_reads_a_table_and_facets(graph: ResourceGraphClient) -> None:
    request = QueryRequest(
        subscriptions=[ONE],
        query="resources | where tags.env =~ 'PROD' | project id, subscriptionId",
        options=QueryRequestOptions(result_format=ResultFormat.TABLE, top=3),
        facets=[FacetRequest(expression="subscriptionId"), FacetRequest(expression="none")],
    )
    answer = graph.resources(request)
    assert [column["name"] for column in answer.data["columns"]] == ["id", "subscriptionId"]
    assert len(answer.data["rows"]) == answer.count == 3
    assert [facet.result_type for facet in answer.facets or ()] == ["FacetResult", "FacetError"]


def test_the_graph_client_says_what_is_wrong_with_a_query(graph: ResourceGraphClient) -> None:
    with pytest.raises(HttpResponseError) as refused:
        graph.resources(QueryRequest(query="project id, location | where where"))
    assert refused.value.status_code == 400
    assert refused.value.error is not None
    assert refused.value.error.code == "BadRequest"
    assert [detail.code for detail in refused.value.error.details] == ["InvalidQuery", "ParserFailure"]


def test_the_client_retries_when_it_is_told_how_long_to_wait(ask: Asking, graph: ResourceGraphClient) -> None:
    """azure-core retries a POST with 429 only where Retry-After stands beside it."""
    ask.sandbox.add_fault(Fault.throttled(1))
    assert rows_of(graph.resources(QueryRequest(query="resources | count"))) == [{"Count": 25}]
    ask.sandbox.add_fault(Fault.throttled())
    with pytest.raises(HttpResponseError):
        graph.resources(QueryRequest(query="resources | count"))


def test_a_client_with_a_wrong_token_is_not_authenticated(ask: Asking) -> None:
    policy = Bearer("other")
    with (
        ResourceGraphClient(NoCredential(), base_url=ask.sandbox.base_url, authentication_policy=policy) as client,
        pytest.raises(ClientAuthenticationError, match="InvalidAuthenticationToken"),
    ):
        client.resources(QueryRequest(query="resources"))


def test_the_advisor_client_lists_everything(advisor: AdvisorManagementClient) -> None:
    assert [item.name for item in advisor.recommendations.list()] == [f"r-{number:03}" for number in range(120)]
    assert len(list(advisor.recommendations.list(top=50))) == 120
    assert list(advisor.recommendations.list(filter="Category eq 'Security'")) == []
    (configuration,) = advisor.configurations.list_by_subscription()
    assert (configuration.exclude, configuration.low_cpu_threshold) == (False, "5")
    assert list(advisor.configurations.list_by_resource_group("rg")) == []


def test_the_advisor_client_refreshes(ask: Asking, advisor: AdvisorManagementClient) -> None:
    headers: dict[str, str] = {}
    advisor.recommendations.generate(cls=lambda _, __, told: headers.update(told))
    assert headers["Retry-After"] == "1"
    operation = headers["Location"].split("?")[0].rsplit("/", 1)[-1]
    ask.sandbox.reset_requests()
    for _ in range(2):
        advisor.recommendations.get_generate_status(operation)
    assert [request.status for request in ask.sandbox.requests()] == [202, 204]


def test_the_advisor_client_suppresses_and_wakes(advisor: AdvisorManagementClient) -> None:
    where = (f"subscriptions/{ONE}", "r-001", "later")
    written = advisor.suppressions.create(*where, SuppressionContract(ttl="01:00:00:00"))
    (listed,) = advisor.suppressions.list()
    assert listed.id == written.id
    ends = listed.expiration_time_stamp
    assert isinstance(ends, datetime)
    assert ends == datetime(2025, 3, 1, 6, 30, tzinfo=UTC) + timedelta(days=1)
    assert advisor.recommendations.get(where[0], "r-001").name == "r-001"
    advisor.suppressions.delete(*where)
    assert list(advisor.suppressions.list()) == []
