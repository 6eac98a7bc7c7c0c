"""Advisor, the subscriptions, and who may ask."""

from collections.abc import Iterator

import httpx
import pytest

from finance_ppm.sandbox.azure.server import TOKEN
from finance_ppm_tests.sandbox.azure.estates import ADVISOR, GRAPH, ONE, TWO, Asking, advice, asking, estate_of, uid

RECOMMENDATIONS = [
    *(advice(f"{number:03}", category="Cost" if number % 2 else "Security", impact="High") for number in range(105)),
    advice("elsewhere", TWO, category="Cost"),
]
CONFIGURED = [
    advice("default", kind="configurations", exclude=False, lowCpuThreshold="5"),
    advice("default", kind="configurations", exclude=True)
    | {"id": f"/subscriptions/{ONE}/resourceGroups/RG/{ADVISOR}/configurations/default", "resourceGroup": "rg"},
]
ABOUT = f"/subscriptions/{ONE}/{ADVISOR}/recommendations/001"


ESTATE = estate_of(advisor=[*RECOMMENDATIONS, *CONFIGURED])


@pytest.fixture(scope="module")
def ask() -> Iterator[Asking]:
    with asking(ESTATE) as asking_it:
        yield asking_it


@pytest.fixture
def fresh() -> Iterator[Asking]:
    """A sandbox that nobody has written into."""
    with asking(ESTATE) as asking_it:
        yield asking_it


def all_names(ask: Asking, **params: str) -> list[str]:
    body = ask.advisor("recommendations", params=params).json()
    names = [item["name"] for item in body["value"]]
    while "nextLink" in body:
        body = ask.http.get(body["nextLink"]).json()
        assert body["value"], "no link leads to nothing"
        names += [item["name"] for item in body["value"]]
    return names


def suppress(ask: Asking, name: str = "later", **properties: str) -> httpx.Response:
    params = {"api-version": "2020-01-01"}
    return ask.http.put(f"{ABOUT}/suppressions/{name}", params=params, json={"properties": properties})


@pytest.mark.parametrize("options", [{}, {"$top": "7"}, {"$top": "35"}, {"$top": "1000"}])
def test_recommendations_are_listed_page_by_page(ask: Asking, options: dict[str, str]) -> None:
    assert all_names(ask, **options) == [f"{number:03}" for number in range(105)]


def test_a_recommendation_is_its_row_without_where_it_stands(ask: Asking) -> None:
    shown = ask.advisor("recommendations").json()["value"][1]
    assert shown == {
        "properties": {"category": "Cost", "impact": "High"},
        "id": ABOUT,
        "type": "Microsoft.Advisor/recommendations",
        "name": "001",
    }
    assert ask.http.get(ABOUT, params={"api-version": "2020-01-01"}).json() == shown


def test_recommendations_are_filtered(ask: Asking) -> None:
    assert len(all_names(ask, **{"$filter": "Category eq 'cost'"})) == 52
    assert all_names(ask, **{"$filter": "Category eq 'Cost' and ResourceGroup eq 'x'"}) == []
    assert ask.advisor("recommendations", params={"$filter": "Impact gt 1"}).json()["error"]["code"] == "InvalidFilter"


def test_configurations_are_listed_for_a_subscription_and_for_a_group(ask: Asking) -> None:
    both = ask.advisor("configurations").json()["value"]
    assert [item["properties"]["exclude"] for item in both] == [False, True]
    assert {item["type"] for item in both} == {"Microsoft.Advisor/Configurations"}
    path = f"/subscriptions/{ONE}/resourceGroups/rg/{ADVISOR}/configurations"
    one = ask.http.get(path, params={"api-version": "2020-01-01"}).json()["value"]
    assert [item["properties"]["exclude"] for item in one] == [True]


def test_a_configuration_is_written_over(fresh: Asking) -> None:
    for exclude in (True, False):
        path = f"/subscriptions/{TWO}/resourceGroups/Some/{ADVISOR}/configurations/default"
        written = fresh.http.put(path, params={"api-version": "2020-01-01"}, json={"properties": {"exclude": exclude}})
        assert (written.status_code, written.json()["properties"]) == (200, {"exclude": exclude})
    rows = fresh.rows("advisorresources | where type == 'microsoft.advisor/configurations'", subscriptions=[TWO])
    assert [(row["resourceGroup"], row["properties"]) for row in rows] == [("some", {"exclude": False})]


def test_a_suppression_is_written_seen_everywhere_and_ended(fresh: Asking) -> None:
    query = "advisorresources | where type == 'microsoft.advisor/suppressions' | project id, properties"
    assert fresh.rows(query) == []
    written = suppress(fresh, ttl="07:00:00:00").json()
    assert written["id"] == f"{ABOUT}/suppressions/later"
    assert written["type"] == "Microsoft.Advisor/suppressions"
    assert written["properties"]["expirationTimeStamp"] == "2025-03-08T06:30:00.0000000Z"
    assert fresh.rows(query) == [{"id": written["id"], "properties": written["properties"]}]
    assert fresh.advisor("suppressions").json()["value"] == [written]
    params = {"api-version": "2020-01-01"}
    assert fresh.http.get(written["id"], params=params).json() == written
    assert fresh.http.delete(written["id"], params=params).status_code == 204
    assert fresh.rows(query) == []
    assert fresh.http.get(written["id"], params=params).status_code == 404


@pytest.mark.parametrize(("told", "ttl"), [({}, "-1"), ({"ttl": "-1"}, "-1"), ({"ttl": ""}, "-1")])
def test_a_suppression_without_an_end_is_for_ever(ask: Asking, told: dict[str, str], ttl: str) -> None:
    properties = suppress(ask, **told).json()["properties"]
    assert (properties["ttl"], properties["expirationTimeStamp"][:4]) == (ttl, "9999")


def test_a_wrong_suppression_is_refused(ask: Asking) -> None:
    assert suppress(ask, ttl="soon").json()["error"]["code"] == "InvalidTtl"
    bodyless = ask.http.put(f"{ABOUT}/suppressions/x", params={"api-version": "2020-01-01"}, content=b"{")
    assert bodyless.json()["error"]["code"] == "InvalidRequestContent"
    nowhere = ABOUT.replace("001", "nowhere")
    assert ask.http.get(nowhere, params={"api-version": "2020-01-01"}).json()["error"]["code"] == "ResourceNotFound"


def test_a_refresh_is_begun_and_ends(ask: Asking) -> None:
    begun = ask.advisor("generateRecommendations", method="POST")
    assert (begun.status_code, begun.content, begun.headers["retry-after"]) == (202, b"", "1")
    assert [ask.http.get(begun.headers["location"]).status_code for _ in range(3)] == [202, 204, 204]
    assert ask.advisor(f"generateRecommendations/{uid(0)}").status_code == 204
    other = ask.advisor("generateRecommendations", method="POST").headers["location"]
    assert other != begun.headers["location"]


def test_a_subscription_that_is_not_there_is_not_found(ask: Asking) -> None:
    for path in ("recommendations", "suppressions", "configurations"):
        answer = ask.advisor(path, uid(77))
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "SubscriptionNotFound")
    assert ask.advisor("generateRecommendations", uid(77), method="POST").status_code == 404


def test_subscriptions_are_listed(ask: Asking) -> None:
    body = ask.http.get("/subscriptions", params={"api-version": "2022-12-01"}).json()
    assert [(item["subscriptionId"], item["displayName"]) for item in body["value"]][:2] == [(ONE, "One"), (TWO, "Two")]
    assert body["value"][0]["tenantId"] == ask.sandbox.estate.tenant_id
    assert body["count"] == {"type": "Total", "value": 3}


# Who may ask


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "AuthenticationFailed"),
        ("Bearer other", "InvalidAuthenticationToken"),
        ("Basic x", "InvalidAuthenticationToken"),
    ],
)
def test_nobody_asks_without_the_token(ask: Asking, header: str | None, code: str) -> None:
    headers = {"authorization": header} if header else {}
    for path in ("/subscriptions", f"/subscriptions/{ONE}/{ADVISOR}/recommendations"):
        answer = httpx.get(f"{ask.sandbox.base_url}{path}", params={"api-version": "2020-01-01"}, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, code)
        assert answer.headers["www-authenticate"].startswith("Bearer authorization_uri=")


def test_a_token_is_given_to_a_client_with_a_secret_and_the_secret_is_not_kept(ask: Asking) -> None:
    url = f"{ask.sandbox.base_url}/{ask.sandbox.estate.tenant_id}/oauth2/v2.0/token"
    form = {"grant_type": "client_credentials", "client_id": "us", "client_secret": "hush", "scope": "x/.default"}
    given = httpx.post(url, data=form)
    assert given.json()["access_token"] == TOKEN.get_secret_value()
    assert httpx.post(url, data=form | {"client_secret": ""}).status_code == 401
    assert httpx.post(url, data=form | {"grant_type": "password"}).json()["error"] == "unsupported_grant_type"
    assert "hush" not in str(ask.sandbox.requests())


def test_the_token_is_not_shown(ask: Asking) -> None:
    assert TOKEN.get_secret_value() not in repr(ask.sandbox)


def test_a_version_is_needed_and_an_unknown_path_is_not_found(ask: Asking) -> None:
    assert ask.http.get("/subscriptions").json()["error"]["code"] == "MissingApiVersionParameter"
    assert ask.http.post(GRAPH, json={"query": "count"}).status_code == 400
    assert ask.http.get("/elsewhere", params={"api-version": "1"}).json()["error"]["code"] == "InvalidResourceType"
