"""Rows of Resource Graph into the inventory."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import finance_ppm
from finance_ppm.contracts.azure import AzureResources, AzureResourcesRaw
from finance_ppm.transforms.azure.inventory import CONTAINER_TYPES, Containers, type_resources
from finance_ppm_tests.transforms.azure.advice_by_hand import (
    MONDAY,
    OTHER,
    SUBSCRIPTION,
    Row,
    group,
    machine_id,
    resource,
    resource_rows,
    subscription,
)

RECORDED = Path(finance_ppm.__file__).parents[2] / "shared/recorded/azure"
VAULT = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/RG-One/providers/Microsoft.KeyVault/vaults/kv"


def inventory(*rows: Row, project_tag: str = "ppm-project") -> dict[str, dict[str, Any]]:
    """The inventory of some rows by the resource's name."""
    return by_name(resource_rows(rows), project_tag=project_tag)


def by_name(rows: pl.DataFrame, *, project_tag: str = "ppm-project") -> dict[str, dict[str, Any]]:
    containers = Containers.of(rows.filter(pl.col("resource_type").is_in(CONTAINER_TYPES)))
    typed = type_resources(rows, containers, project_tag=project_tag)
    AzureResources.validate(typed)
    assert typed["resource_id"].to_list() == rows["resource_id"].to_list()
    return {row["name"]: row for row in typed.iter_rows(named=True)}


def tags(row: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {tag["key"]: (tag["value"], tag["source"]) for tag in row["tags"]}


def test_a_machine() -> None:
    row = resource(
        machine_id("vm1"),
        location="West Europe",
        tags={"PPM-Project": " Ledger "},
        sku={"name": "ignored"},
        properties={"hardwareProfile": {"vmSize": "Standard_D2s_v5"}, "vmId": "x"},
    )
    assert inventory(row, subscription()) == {
        "vm1": {
            "resource_id": machine_id("vm1").lower(),
            "name": "vm1",
            "resource_type": "microsoft.compute/virtualmachines",
            "subscription_id": SUBSCRIPTION,
            "subscription_name": "Finance",
            "resource_group": "rg-one",
            "location": "westeurope",
            "sku": "standard_d2s_v5",
            "tags": [{"key": "ppm-project", "value": "Ledger", "source": "resource"}],
            "project_tag": "Ledger",
            "project_tag_source": "resource",
            "snapshot_on": MONDAY,
            "issues": [],
        },
        "Finance": inventory(subscription())["Finance"],
    }


@pytest.mark.parametrize(
    ("told", "sku"),
    [
        ({"sku": {"name": "Premium_LRS", "tier": "Premium"}}, "premium_lrs"),
        ({"sku": None}, None),
        ({"sku": {"name": "  "}}, None),
        ({}, None),
    ],
)
def test_the_sku_of_what_is_no_machine(told: Row, sku: str | None) -> None:
    found = inventory(resource(VAULT, **told))["kv"]
    assert (found["sku"], found["issues"]) == (sku, [])


def test_a_machine_without_a_size_has_its_sku() -> None:
    row = resource(machine_id(), sku={"name": "Basic"}, properties={"hardwareProfile": None})
    assert inventory(row)["vm1"]["sku"] == "basic"


def test_tags_are_taken_over_from_the_nearest_that_has_them() -> None:
    found = inventory(
        subscription(tags={"ppm-project": "Of the subscription", "Owner": "ann", "Stage": "prod"}),
        group(tags={"PPM-PROJECT": "Of the group", "stage": "test"}),
        group("RG-Two", tags=None),
        resource(machine_id("own"), tags={"Ppm-Project": "Its own"}),
        resource(machine_id("none"), tags={}),
        resource(machine_id("two", group="rg-TWO"), tags=None),
        resource(machine_id("far", subscription=OTHER)),
    )
    assert tags(found["own"]) == {
        "owner": ("ann", "subscription"),
        "ppm-project": ("Its own", "resource"),
        "stage": ("test", "resource_group"),
    }
    where = {name: (row["project_tag"], row["project_tag_source"]) for name, row in found.items()}
    assert where == {
        "Finance": ("Of the subscription", "subscription"),
        "RG-One": ("Of the group", "resource_group"),
        "RG-Two": ("Of the subscription", "subscription"),
        "own": ("Its own", "resource"),
        "none": ("Of the group", "resource_group"),
        "two": ("Of the subscription", "subscription"),
        "far": (None, None),
    }


@pytest.mark.parametrize("empty", ["", "   ", None])
def test_an_empty_value_counts_as_absent(empty: str | None) -> None:
    found = inventory(
        subscription(tags={"ppm-project": "Of the subscription"}),
        group(tags={"ppm-project": empty}),
        resource(machine_id(), tags={"ppm-project": empty}),
    )["vm1"]
    assert (found["project_tag"], found["issues"]) == ("Of the subscription", [])


def test_the_tag_that_names_the_project_is_a_choice() -> None:
    row = resource(machine_id(), tags={"Cost-Center": "4711", "ppm-project": "Ledger"})
    assert inventory(row, project_tag=" cost-CENTER")["vm1"]["project_tag"] == "4711"


def test_tags_are_in_the_order_of_their_names() -> None:
    row = resource(machine_id(), tags={"zone": "z", "Alpha": "a", "mid": "m"})
    assert [tag["key"] for tag in inventory(row)["vm1"]["tags"]] == ["alpha", "mid", "zone"]


def test_what_cannot_be_read_is_told_and_stops_nothing() -> None:
    row = resource(
        machine_id(),
        location=5,
        tags={"Good": "yes", "Bad": 7},
        sku="Standard",
        properties={"hardwareProfile": ["x"]},
    )
    found = inventory({**row, "name": {"a": 1}})["vm1"]
    assert (found["name"], found["location"], found["sku"]) == ("vm1", None, None)
    assert tags(found) == {"good": ("yes", "resource")}
    told = {(issue["rule"], issue["column"], issue["value"], issue["message"]) for issue in found["issues"]}
    assert told == {
        ("azure_value_unreadable", "name", "{...}", "name is not a text."),
        ("azure_value_unreadable", "location", "5", "location is not a text."),
        ("azure_value_unreadable", "tags", "7", "tags[Bad] is not a text."),
        ("azure_value_unreadable", "sku", "[...]", "properties.hardwareProfile is not a JSON object."),
        ("azure_value_unreadable", "sku", "Standard", "sku is not a JSON object."),
    }


@pytest.mark.parametrize("text", ["", "null", "[1]", '{"name":', "[" * 5000])
def test_a_row_that_is_no_object_is_still_in_the_inventory(text: str) -> None:
    rows = resource_rows([resource(machine_id())]).with_columns(raw_payload=pl.lit(text))
    found = by_name(rows)["vm1"]
    assert (found["name"], found["location"], found["tags"]) == ("vm1", None, [])
    assert [(issue["column"], issue["value"]) for issue in found["issues"]] == [(None, text[:200])]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "name": ANYTHING,
            "location": ANYTHING,
            "tags": ANYTHING,
            "sku": ANYTHING | st.fixed_dictionaries({"name": ANYTHING}),
            "properties": ANYTHING | st.fixed_dictionaries({"hardwareProfile": ANYTHING}),
        },
    )
)
@settings(max_examples=80, deadline=None)
def test_no_row_is_lost_whatever_it_holds(told: Row) -> None:
    rows = resource_rows([resource(machine_id(), **told), group(**told), subscription(**told)])
    containers = Containers.of(rows.tail(2))
    typed = type_resources(rows, containers, project_tag="x")
    AzureResources.validate(typed)
    assert typed["resource_id"].to_list() == rows["resource_id"].to_list()


def test_nothing_makes_nothing() -> None:
    empty = AzureResourcesRaw.create_empty()
    assert type_resources(empty, Containers.of(empty), project_tag="x").equals(AzureResources.create_empty())


@pytest.mark.skipif(not RECORDED.is_dir(), reason="no recorded answers of Azure here")
def test_recorded_rows_can_be_read() -> None:
    answers = json.loads((RECORDED / "cloud_custodian_resourcegraph.json").read_text())
    tables = [answer["body"]["data"] for answer in answers if "data" in (answer["body"] or {})]
    rows = [
        dict(zip([column["name"] for column in table["columns"]], row, strict=True))
        for table in tables
        for row in table["rows"]
    ]
    found = list(inventory(*rows).values())
    assert len(found) == len(rows) > 0
    assert [row["issues"] for row in found] == [[]] * len(rows)
    assert {row["sku"] for row in found} == {"standard_lrs", "basic_a0"}
    assert all(row["location"] for row in found)
