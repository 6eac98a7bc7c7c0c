"""A small Azure to look at: two subscriptions, served by the sandbox, and a lake that may hold what was read of it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import HttpUrl

from finance_ppm.clock import FrozenClock
from finance_ppm.contracts.azure import AzureResources, AzureSnapshots
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.onboarding.azure_health import examine_azure
from finance_ppm.onboarding.finding import Finding
from finance_ppm.onboarding.health import Health
from finance_ppm.sandbox.azure.estate import ListedEstate
from finance_ppm.sandbox.azure.server import AzureSandbox, serve_azure
from finance_ppm.settings import Config

NOW = datetime(2026, 6, 15, 9, 30, tzinfo=UTC)
TODAY = NOW.date()
ONE, TWO, NONE = (f"{digit * 8}-0000-4000-8000-000000000000" for digit in "129")
VM = "microsoft.compute/virtualmachines"


def subscription(identity: str, name: str) -> dict[str, Any]:
    kind = "microsoft.resources/subscriptions"
    return {"id": f"/subscriptions/{identity}", "name": name, "type": kind, "subscriptionId": identity, "tags": {}}


def machine(identity: str, name: str) -> dict[str, Any]:
    path = f"/subscriptions/{identity}/resourceGroups/rg/providers/{VM}/{name}"
    return {"id": path, "name": name, "type": VM, "subscriptionId": identity, "resourceGroup": "rg", "tags": {}}


def advice(identity: str, name: str) -> dict[str, Any]:
    kind = "microsoft.advisor/recommendations"
    path = f"/subscriptions/{identity}/providers/{kind}/{name}"
    return {"id": path, "name": name, "type": kind, "subscriptionId": identity, "properties": {"category": "Cost"}}


def estate(**names: str) -> ListedEstate:
    """Subscriptions by the names given, each with two machines and a recommendation."""
    ids = {identity: name for name, identity in names.items()}
    return ListedEstate(
        names=ids,
        tables={
            "resourcecontainers": [subscription(identity, name) for identity, name in ids.items()],
            "resources": [machine(identity, name) for identity in ids for name in ("a", "b")],
            "advisorresources": [advice(identity, "r") for identity in ids],
        },
    )


@dataclass
class SmallAzure:
    """The sandbox, and the folder the user works in."""

    sandbox: AzureSandbox
    folder: Path

    def config(self, **others: Any) -> Config:
        told = {
            "azure_resource_manager_url": HttpUrl(self.sandbox.base_url),
            "azure_access_token": self.sandbox.token,
            "ppm_lakehouse_uri": str(self.folder / "lake"),
            **others,
        }
        return Config(**told)

    def health(self, **others: Any) -> Health:
        return examine_azure(self.config(**others), FrozenClock(NOW))

    def lake(self) -> Lake:
        return Lake(str(self.folder / "lake"), clock=FrozenClock(NOW))

    def was_read(self, dataset: str, day: date = TODAY, *, rows: Mapping[str, int] | None = None, **marks: Any) -> None:
        """What the lake holds of a read of both subscriptions, the first of which bears ``marks``.

        ``rows`` are the rows of each by its id, where they are not three.
        """
        whole = {"complete": True, "row_count": 3, "expected_count": 3, "reason": None}
        cells = [
            {
                "captured_on": day,
                "dataset": dataset,
                "subscription_id": identity,
                "subscription_name": name,
                "captured_at": datetime(day.year, day.month, day.day, 6, 2, tzinfo=UTC),
                **whole,
                **({} if rows is None else {"row_count": rows[identity], "expected_count": rows[identity]}),
                **(marks if identity == ONE else {}),
            }
            for identity, name in ((ONE, "Production"), (TWO, "Development"))
        ]
        self.lake().merge(AzureSnapshots, pl.DataFrame(cells, schema=AzureSnapshots.create_empty().schema))

    def holds(self, **tags: str | None) -> None:
        """An inventory of machines, each with the project it names; and of a subscription, which is no resource."""
        rows = [self._resource(name, VM, tag) for name, tag in tags.items()]
        rows.append(self._resource("Production", "microsoft.resources/subscriptions", None))
        self.lake().replace(AzureResources, pl.DataFrame(rows, schema=AzureResources.create_empty().schema))

    def _resource(self, name: str, kind: str, tag: str | None) -> dict[str, Any]:
        cells: dict[str, Any] = {
            "subscription_id": ONE,
            "tags": [],
            "project_tag": tag,
            "snapshot_on": TODAY,
            "issues": [],
        }
        return {"resource_id": f"/{name}", "name": name, "resource_type": kind, **cells}


@contextmanager
def small_azure(folder: Path, served: ListedEstate | None = None) -> Iterator[SmallAzure]:
    """Production and Development, unless another estate is served."""
    with serve_azure(served or estate(Production=ONE, Development=TWO), now=NOW) as sandbox:
        yield SmallAzure(sandbox, folder)


def by_name(health: Health) -> dict[str, Finding]:
    return {finding.what: finding for finding in health.findings}
