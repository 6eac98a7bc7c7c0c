"""Estates for the sandbox's tests, and a client that asks it."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx

from finance_ppm.sandbox.azure.estate import Estate, ListedEstate, Row
from finance_ppm.sandbox.azure.server import AzureSandbox, serve_azure

NOW = datetime(2025, 3, 1, 6, 30, tzinfo=UTC)
GRAPH = "/providers/Microsoft.ResourceGraph/resources"
ADVISOR = "providers/Microsoft.Advisor"


def uid(number: int) -> str:
    return str(UUID(int=number))


ONE, TWO, THREE = uid(1), uid(2), uid(3)


def resource(name: str, subscription: str = ONE, **others: Any) -> Row:
    """A virtual machine in the group ``rg``, unless ``others`` say otherwise."""
    identity = f"/subscriptions/{subscription}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/{name}"
    row = {"id": identity, "name": name, "type": "microsoft.compute/virtualmachines", "resourceGroup": "rg"}
    return row | {"subscriptionId": subscription, "tags": {}, "properties": {}} | others


def advice(name: str, subscription: str = ONE, *, kind: str = "recommendations", **properties: Any) -> Row:
    identity = f"/subscriptions/{subscription}/{ADVISOR}/{kind}/{name}"
    row = {"id": identity, "name": name, "type": f"microsoft.advisor/{kind}", "resourceGroup": ""}
    return row | {"subscriptionId": subscription, "properties": properties}


def estate_of(*rows: Row, advisor: Iterable[Row] = (), containers: Iterable[Row] = ()) -> ListedEstate:
    """Three subscriptions in two management groups, with those rows."""
    tables = {"resources": [*rows], "advisorresources": [*advisor], "resourcecontainers": [*containers]}
    return ListedEstate(
        names={ONE: "One", TWO: "Two", THREE: "Three"}, groups={"first": [ONE], "rest": [TWO, THREE]}, tables=tables
    )


@dataclass
class Asking:
    sandbox: AzureSandbox
    http: httpx.Client

    def post(self, query: str, *, version: str = "2021-03-01", **others: Any) -> httpx.Response:
        """Ask Resource Graph; ``others`` stand beside the query in the request's body."""
        return self.http.post(GRAPH, params={"api-version": version}, json={"query": query, **others})

    def page(self, query: str, **others: Any) -> dict[str, Any]:
        answer = self.post(query, **others)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def rows(self, query: str, **others: Any) -> list[Any]:
        found: list[Any] = self.page(query, **others)["data"]
        return found

    def pages(self, query: str, top: int, **others: Any) -> Iterator[dict[str, Any]]:
        """Every page, by its token."""
        options: dict[str, Any] = {"$top": top}
        while True:
            page = self.page(query, options=options, **others)
            yield page
            if "$skipToken" not in page:
                return
            options = {"$top": top, "$skipToken": page["$skipToken"]}

    def refused(self, query: str, **others: Any) -> dict[str, Any]:
        """The last detail of Resource Graph's refusal."""
        answer = self.post(query, **others)
        assert answer.status_code == 400, answer.text
        assert answer.json()["error"]["code"] == "BadRequest"
        detail: dict[str, Any] = answer.json()["error"]["details"][-1]
        return detail

    def advisor(self, path: str, subscription: str = ONE, method: str = "GET", **others: Any) -> httpx.Response:
        """Ask Advisor about a subscription."""
        params = {"api-version": "2020-01-01", **others.pop("params", {})}
        return self.http.request(method, f"/subscriptions/{subscription}/{ADVISOR}/{path}", params=params, **others)


@contextmanager
def asking(estate: Estate | None = None, **options: Any) -> Iterator[Asking]:
    """A sandbox over an estate (one machine, unless told otherwise) and a client that has its token."""
    estate = estate_of(resource("vm-1")) if estate is None else estate
    with serve_azure(estate, **{"now": NOW, **options}) as sandbox:
        headers: Mapping[str, str] = {"authorization": f"Bearer {sandbox.token.get_secret_value()}"}
        with httpx.Client(base_url=sandbox.base_url, headers=headers, timeout=30) as http:
            yield Asking(sandbox, http)
