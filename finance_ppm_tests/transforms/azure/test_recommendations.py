"""What Advisor's rows say: recommendations, suppressions and configurations, each worked by hand."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import finance_ppm
from finance_ppm.contracts.azure import AzureAdvisorRaw
from finance_ppm.sandbox.estate import recommendation as estate
from finance_ppm.transforms.azure.configurations import configurations
from finance_ppm.transforms.azure.content import type_recommendations
from finance_ppm.transforms.azure.kinds import MACHINE_RESERVATION, SAVINGS_PLAN, SCALE_SETS
from finance_ppm.transforms.azure.suppressions import suppressions
from finance_ppm_tests.transforms.azure.advice_by_hand import (
    MACHINES,
    OTHER,
    SUBSCRIPTION,
    Row,
    advisor_rows,
    configuration,
    machine_id,
    recommendation,
    suppression,
)

RECORDED = Path(finance_ppm.__file__).parents[2] / "shared/recorded/azure"
ON_SUBSCRIPTION = f"/subscriptions/{SUBSCRIPTION}"
UNKNOWN_TYPE = "11111111-2222-3333-4444-555555555555"

RESERVATION = {
    "reservedResourceType": "VirtualMachines",
    "subId": SUBSCRIPTION,
    "scope": "Single",
    "term": "P3Y",
    "lookbackPeriod": "30",
    "qty": "6",
    "displayQty": "6",
    "sku": "Standard_D2a_v4",
    "displaySKU": "Standard_D2a_v4",
    "vmSize": "Standard_D2a_v4",
    "region": "eastus2",
    "location": "East US 2",
    "annualSavingsAmount": "1591",
    "savingsAmount": "132",
    "savingsCurrency": "USD",
}
"""As Advisor writes them, values texts all of them."""


def said(row: Row) -> dict[str, Any]:
    return type_recommendations(advisor_rows([row])).row(0, named=True)


def extended(told: Mapping[str, Any], *, type_id: str = UNKNOWN_TYPE, title: str = "") -> dict[str, Any]:
    """What a recommendation says that has these extended properties."""
    row = recommendation(
        extendedProperties=told, recommendationTypeId=type_id, shortDescription={"problem": title, "solution": title}
    )
    return said(row)


def issues(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    assert {issue["rule"] for issue in row["issues"]} <= {"azure_value_unreadable"}
    return [(issue["column"], issue["value"]) for issue in row["issues"]]


# --- Recommendations -------------------------------------------------------------------------------


def test_a_recommendation_on_a_machine() -> None:
    row = recommendation(
        "3F-A",
        risk="warning",
        tracked=False,
        extendedProperties={
            "annualSavingsAmount": "575.4",
            "savingsAmount": "47",
            "savingsCurrency": "eur",
            "currentSku": "Standard_D4s_v5",
            "targetSku": "Standard_D2s_v5",
            "regionId": "West Europe",
            "MaxCpuP95": "3.425",
            "recommendationType": "SkuChange",
        },
    )
    found = said(row)
    assert found == {
        "recommendation_id": f"{machine_id().lower()}/providers/microsoft.advisor/recommendations/3f-a",
        "name": "3f-a",
        "category": "Cost",
        "impact": "High",
        "risk": "Warning",
        "recommendation_type_id": MACHINES,
        "problem": "Little used",
        "solution": "Right-size it",
        "impacted_field": "microsoft.compute/virtualmachines",
        "impacted_value": "vm1",
        "resource_id": machine_id().lower(),
        "resource_group": "rg-one",
        "kind": "right_size",
        "annual_savings": Decimal("575.40"),
        "savings_currency": "EUR",
        "term": None,
        "lookback_days": None,
        "scope": None,
        "reserved_resource_type": None,
        "sku": "standard_d4s_v5",
        "target_sku": "standard_d2s_v5",
        "region": "westeurope",
        "quantity": None,
        "max_cpu": Decimal("3.42"),
        "tracked": False,
        "last_updated": datetime(2026, 6, 15, 4, 11, 12, 334174, tzinfo=UTC),
        "source": "resource_graph",
        "status": None,
        "seen_at": datetime(2026, 6, 15, 6, tzinfo=UTC),
        "issues": [],
    }


def test_a_recommendation_to_reserve() -> None:
    found = said(
        recommendation(
            on=ON_SUBSCRIPTION,
            recommendationTypeId=MACHINE_RESERVATION.upper(),
            extendedProperties=RESERVATION,
            impactedField="",
            impactedValue="",
        )
    )
    wanted: dict[str, Any] = {
        "kind": "reservation",
        "resource_id": ON_SUBSCRIPTION,
        "resource_group": None,
        "annual_savings": Decimal("1591.00"),
        "term": "P3Y",
        "lookback_days": 30,
        "scope": "single",
        "reserved_resource_type": "virtualmachines",
        "sku": "standard_d2a_v4",
        "target_sku": None,
        "region": "eastus2",
        "quantity": 6,
        "impacted_field": None,
        "impacted_value": None,
        "issues": [],
    }
    assert {name: found[name] for name in wanted} == wanted


def test_keys_are_read_in_any_case() -> None:
    upper = extended({key.upper(): value for key, value in RESERVATION.items()})
    assert upper == extended(RESERVATION)


@pytest.mark.parametrize(
    ("type_id", "told", "title", "kind"),
    [
        (MACHINES, {}, "", "right_size"),
        (MACHINES.upper(), {"targetSku": "Standard_B2s"}, "", "right_size"),
        (SCALE_SETS, {"recommendationType": "SkuChange"}, "", "right_size"),
        (MACHINES, {"recommendationType": "Shutdown"}, "", "shutdown"),
        (SCALE_SETS, {"RECOMMENDATIONTYPE": "shutdown"}, "", "shutdown"),
        (MACHINES, {"targetSku": "Shutdown"}, "", "shutdown"),
        (MACHINE_RESERVATION, {}, "", "reservation"),
        ("a205074f-8049-48b3-903f-556f5e530ae3", {}, "", "reservation"),
        (UNKNOWN_TYPE, {"reservedResourceType": "SqlDatabases"}, "", "reservation"),
        (UNKNOWN_TYPE, {"term": "P1Y"}, "Consider a new reserved instance", "reservation"),
        (SAVINGS_PLAN, {}, "", "savings_plan"),
        (SAVINGS_PLAN, {"term": "P1Y", "sku": "Compute_Savings_Plan"}, "", "savings_plan"),
        (UNKNOWN_TYPE, {"term": "P3Y"}, "Purchasing a Savings Plan for databases", "savings_plan"),
        (UNKNOWN_TYPE, {"recommendationType": "Shutdown"}, "", "other"),
        (UNKNOWN_TYPE, {}, "Read about the savings plan", "other"),
        (UNKNOWN_TYPE, {"term": " ", "reservedResourceType": ""}, "", "other"),
    ],
)
def test_kinds(type_id: str, told: Mapping[str, str], title: str, kind: str) -> None:
    assert extended(told, type_id=type_id, title=title)["kind"] == kind


def test_to_shut_down_is_no_size() -> None:
    found = extended({"targetSku": "Shutdown", "currentSku": "Standard_B2s"}, type_id=MACHINES)
    assert (found["target_sku"], found["sku"]) == (None, "standard_b2s")


def test_a_reservation_of_machines_says_so_by_its_type() -> None:
    found = extended({"vmSize": "Standard_B2s", "targetResourceCount": "2"}, type_id=MACHINE_RESERVATION)
    told = (found["reserved_resource_type"], found["lookback_days"], found["sku"], found["quantity"])
    assert told == ("virtualmachines", 30, "standard_b2s", 2)


def test_a_count_of_what_is_not_to_be_reserved_is_no_quantity() -> None:
    assert extended({"targetResourceCount": "2"}, type_id=SCALE_SETS)["quantity"] is None


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("575", "575.00"),
        (" 575.004 ", "575.00"),
        ("575.005", "575.01"),
        ("0.015", "0.02"),
        ("-0.005", "-0.01"),
        ("1.005e3", "1005.00"),
        ("9999999999999999.99", "9999999999999999.99"),
        (575, "575.00"),
    ],
)
def test_savings_are_rounded_half_up_to_the_cent_from_their_digits(text: object, amount: str) -> None:
    found = extended({"annualSavingsAmount": text})
    assert (found["annual_savings"], found["issues"]) == (Decimal(amount), [])


@pytest.mark.parametrize(("text", "percent"), [("4.996", "4.99"), ("5", "5.00"), ("5.009", "5.00"), ("-0.009", "0.00")])
def test_cpu_use_is_rounded_down_so_that_what_is_below_a_threshold_stays_below_it(text: str, percent: str) -> None:
    found = extended({"MaxCpuP95": text}, type_id=MACHINES)
    assert (found["max_cpu"], found["issues"]) == (Decimal(percent), [])


def test_savings_that_are_a_json_number_keep_their_digits() -> None:
    """0.285 as a float is 0.28499999999999998."""
    rows = advisor_rows([recommendation(extendedProperties={"annualSavingsAmount": "HERE"})])
    rows = rows.with_columns(pl.col("raw_payload").str.replace('"HERE"', "0.285", literal=True))
    assert type_recommendations(rows)["annual_savings"].to_list() == [Decimal("0.29")]


@pytest.mark.parametrize(
    "text", ["n/a", "1,591", "NaN", "Infinity", "1_000", "٣", "9999999999999999.995", "10000000000000000", "1e9999"]
)
def test_savings_that_cannot_be_read_are_unknown_and_told(text: str) -> None:
    found = extended({"annualSavingsAmount": text})
    assert (found["annual_savings"], issues(found)) == (None, [("annual_savings", text)])


@pytest.mark.parametrize("told", [{}, {"annualSavingsAmount": ""}, {"annualSavingsAmount": None}, None])
def test_savings_that_are_not_told_are_unknown(told: Mapping[str, str] | None) -> None:
    """Never twelve times the month's amount: that is truncated."""
    found = said(recommendation(extendedProperties=told and {**told, "savingsAmount": "47"}))
    assert (found["annual_savings"], found["issues"]) == (None, [])


@pytest.mark.parametrize(
    ("key", "value", "column"),
    [
        ("savingsCurrency", "US Dollar", "savings_currency"),
        ("term", "three years", "term"),
        ("lookbackPeriod", "a month", "lookback_days"),
        ("qty", "6.5", "quantity"),
        ("qty", "-1", "quantity"),
        ("MaxCpuP95", "12345678", "max_cpu"),
        ("region", {"name": "x"}, "region"),
    ],
)
def test_other_values_that_cannot_be_read(key: str, value: object, column: str) -> None:
    found = extended({**RESERVATION, key: value})
    quoted = value if isinstance(value, str) else "{...}"
    assert (found[column], issues(found)) == (None, [(column, quoted)])


@pytest.mark.parametrize(("text", "days"), [("7", 7), ("60", 60), ("Last30Days", 30), (30, 30)])
def test_look_backs(text: object, days: int) -> None:
    found = extended({**RESERVATION, "lookbackPeriod": text})
    assert (found["lookback_days"], found["issues"]) == (days, [])


@pytest.mark.parametrize("blank", ["", "  ", None])
def test_a_blank_tells_nothing_and_what_stands_elsewhere_is_read(blank: str | None) -> None:
    told = {"sku": blank, "vmSize": "Standard_B2s", "lookbackPeriod": blank, "qty": blank, "displayQty": "2"}
    found = extended(told, type_id=MACHINE_RESERVATION)
    assert (found["sku"], found["lookback_days"], found["quantity"]) == ("standard_b2s", 30, 2)
    assert found["issues"] == []


@pytest.mark.parametrize("blank", ["", "  ", None])
def test_of_a_key_in_two_cases_a_blank_one_overwrites_nothing(blank: str | None) -> None:
    found = extended({"annualSavingsAmount": "575", "AnnualSavingsAmount": blank})
    assert found["annual_savings"] == Decimal("575.00")


@pytest.mark.parametrize("metadata", [None, {}, {"resourceId": ""}])
def test_a_recommendation_that_names_no_resource_is_of_what_it_hangs_on(metadata: Row | None) -> None:
    found = said(recommendation(resourceMetadata=metadata))
    assert (found["resource_id"], found["resource_group"]) == (machine_id().lower(), "rg-one")


def test_the_resource_may_be_another_than_what_it_hangs_on() -> None:
    found = said(recommendation(on=ON_SUBSCRIPTION, resourceMetadata={"resourceId": machine_id("vm9") + "/"}))
    assert found["resource_id"] == machine_id("vm9").lower()


def test_properties_of_another_shape_are_told_and_stop_nothing() -> None:
    found = said(
        recommendation(
            category=["Cost"], shortDescription="x", extendedProperties=[1], resourceMetadata=5, tracked="perhaps",
            lastUpdated="yesterday",
        )
    )  # fmt: skip
    assert found["resource_id"] == machine_id().lower()
    assert set(issues(found)) == {
        ("category", "[...]"),
        ("problem", "x"),
        ("annual_savings", "[...]"),
        ("resource_id", "5"),
        ("tracked", "perhaps"),
        ("last_updated", "yesterday"),
    }


@pytest.mark.parametrize("text", ["", "null", "[]", '{"properties": [}', '{"properties": 7}', "[" * 5000])
def test_a_row_that_cannot_be_read_is_still_a_recommendation(text: str) -> None:
    rows = advisor_rows([recommendation()]).with_columns(raw_payload=pl.lit(text))
    found = type_recommendations(rows).row(0, named=True)
    assert (found["kind"], found["resource_id"], len(found["issues"])) == ("other", machine_id().lower(), 1)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)
KEYS = st.sampled_from([*RESERVATION, "MaxCpuP95", "targetSku", "currentSku", "recommendationType"])


@given(
    st.dictionaries(st.sampled_from([*recommendation()["properties"], "risk", "tracked"]), ANYTHING, max_size=4),
    st.dictionaries(KEYS, ANYTHING, max_size=4) | ANYTHING,
)
@settings(max_examples=150, deadline=None)
def test_no_row_is_lost_whatever_it_holds(properties: Row, told: Any) -> None:
    row = recommendation(**{**properties, "extendedProperties": told})
    found = said(row)
    assert found["recommendation_id"] == row["id"].lower()
    assert found["kind"] in {"right_size", "shutdown", "reservation", "savings_plan", "other"}


def test_nothing_makes_nothing() -> None:
    assert type_recommendations(AzureAdvisorRaw.create_empty()).is_empty()


@pytest.mark.skipif(not RECORDED.is_dir(), reason="no recorded answers of Azure here")
def test_recorded_recommendations_can_be_read() -> None:
    (answer,) = json.loads((RECORDED / "azure_cli_advisor_2017_excerpt.json").read_text())
    rows = [{"type": "microsoft.advisor/recommendations", **row} for row in answer["body"]["value"]]
    found = type_recommendations(advisor_rows(rows))
    assert found["issues"].list.len().sum() == 0
    assert found["category"].to_list() == ["Security", "Cost", "HighAvailability", "HighAvailability"]
    assert found["impacted_field"][0] is None
    assert found["resource_group"].to_list() == [None, "functionaltest", "functionaltest", "cosmosdata"]
    assert found["last_updated"][0] == datetime(2017, 11, 15, 19, 17, 9, 334174, tzinfo=UTC)


def test_the_demo_speaks_the_same_language() -> None:
    """What the sandbox's estate writes is read without a doubt, and for what it means."""
    at = datetime(2026, 6, 15, 4, 11, 12, 334174, tzinfo=UTC)
    commitment: dict[str, Any] = {
        "subscription_id": SUBSCRIPTION, "term": "P1Y", "lookback": 30, "scope": "Shared",
        "annual": Decimal("598.00"), "currency": "USD",
    }  # fmt: skip
    size: dict[str, Any] = {
        "current": "Standard_D4s_v5", "region": "westeurope", "max_cpu": Decimal(4),
        "annual": Decimal("575.25"), "currency": "EUR",
    }  # fmt: skip
    told = {
        "right_size": (estate.RIGHT_SIZE, estate.sku_change(target="Standard_D2s_v5", **size)),
        "shutdown": (estate.RIGHT_SIZE, estate.shutdown(**size)),
        "reservation": (
            estate.RESERVE_MACHINES,
            estate.reservation(
                reserved="virtualmachines", sku="Standard_D2s_v5", region="westeurope", quantity=3, **commitment
            ),
        ),
        "savings_plan": (estate.SAVINGS_PLAN, estate.savings_plan(**commitment)),
        "other": (estate.REPLICATION, None),
    }
    for kind, (of_kind, properties) in told.items():
        found = said(
            estate.recommendation(
                of_kind, resource_id=machine_id(), name="n", tenant_id="t", last_updated=at, extended=properties
            )
        )
        assert (found["kind"], found["issues"], found["category"]) == (kind, [], of_kind.category)
        if properties:
            assert found["annual_savings"] in {Decimal("598.00"), Decimal("575.25")}


# --- Suppressions ----------------------------------------------------------------------------------

END = datetime(2026, 6, 16, tzinfo=UTC)
"""The end of a Monday."""


def suppressed(*rows: Row) -> dict[str, tuple[bool, datetime | None, list[tuple[str, str]]]]:
    """By the recommendation's name: is it suppressed, until when, and what could not be read?"""
    found = suppressions(advisor_rows(rows), END)
    return {
        row["name"]: (row["suppressed"], row["suppressed_until"], issues({"issues": row["suppression_issues"]}))
        for row in found.iter_rows(named=True)
    }


@pytest.mark.parametrize(
    ("until", "is_suppressed"),
    [
        ("2026-06-16T00:00:00.0000001Z", False),  # a tenth of a microsecond is not kept
        ("2026-06-16T00:00:00.000001Z", True),
        ("2026-06-16T00:00:00Z", False),
        ("2026-06-15T23:59:59.9999999Z", False),
        ("2026-06-16T01:00:00+02:00", False),
        ("2026-06-22T00:00:00", True),
    ],
)
def test_a_suppression_is_over_when_it_has_expired_by_the_end_of_the_day(until: str, *, is_suppressed: bool) -> None:
    found, moment, wrong = suppressed(suppression(recommendation("r"), ttl="7.00:00:00", until=until))["r"]
    assert (found, moment is not None, wrong) == (is_suppressed, is_suppressed, [])


def test_a_suppression_for_ever_has_no_end_whatever_it_says() -> None:
    row = suppression(recommendation("r"), ttl="-1", until="2020-01-01T00:00:00Z")
    assert suppressed(row)["r"] == (True, None, [])


def test_of_several_suppressions_the_longest_counts() -> None:
    short, long = (
        suppression(recommendation("r"), ttl=f"{days}.00:00:00", until=f"2026-06-{15 + days}T00:00:00Z", name=str(days))
        for days in (2, 9)
    )
    over = suppression(recommendation("r"), ttl="1.00:00:00", until="2026-01-01T00:00:00Z", name="over")
    for_ever = suppression(recommendation("r"), name="ever")
    assert suppressed(over, long, short)["r"] == (True, datetime(2026, 6, 24, tzinfo=UTC), [])
    assert suppressed(over, for_ever, short)["r"] == (True, None, [])
    assert suppressed(over)["r"] == (False, None, [])


def test_a_suppression_without_a_readable_end_suppresses_nothing_and_is_told() -> None:
    rows = [
        suppression(recommendation("missing"), ttl="7.00:00:00"),
        suppression(recommendation("odd"), ttl="7.00:00:00", until="soon"),
        {**suppression(recommendation("shapeless")), "properties": 5},
    ]
    assert suppressed(*rows) == {
        "missing": (False, None, [("suppressed_until", "7.00:00:00")]),
        "odd": (False, None, [("suppressed_until", "soon")]),
        "shapeless": (False, None, [("suppressed", "5")]),
    }


def test_it_says_whether_any_suppression_tells_its_end_or_that_there_is_none() -> None:
    silent = {name: suppression(recommendation(name), ttl="7.00:00:00") for name in ("none", "one", "ever")}
    over = suppression(recommendation("one"), ttl="1.00:00:00", until="2026-01-01T00:00:00Z", name="over")
    found = suppressions(advisor_rows([*silent.values(), over, suppression(recommendation("ever"), name="e")]), END)
    assert dict(found.select("name", "tells_its_end").iter_rows()) == {"none": False, "one": True, "ever": True}


# --- Configurations --------------------------------------------------------------------------------


def test_configurations_of_a_subscription_and_of_its_resource_groups() -> None:
    rows = [
        configuration(ON_SUBSCRIPTION, exclude=False, lowCpuThreshold="15"),
        configuration(f"{ON_SUBSCRIPTION}/resourceGroups/RG-One", exclude=True),
        configuration(f"/subscriptions/{OTHER}", exclude="True", lowCpuThreshold="five"),
    ]
    found = configurations(advisor_rows(rows)).sort("subscription_id", "resource_group", nulls_last=False)
    assert found.drop("configuration_issues").rows() == [
        (SUBSCRIPTION, None, False, Decimal("15.00")),
        (SUBSCRIPTION, "rg-one", True, None),
        (OTHER, None, True, None),
    ]
    assert [issues({"issues": row}) for row in found["configuration_issues"]] == [[], [], [("cpu_threshold", "five")]]


@pytest.mark.skipif(not RECORDED.is_dir(), reason="no recorded answers of Azure here")
def test_recorded_configurations_can_be_read() -> None:
    answers = json.loads((RECORDED / "azure_sdk_python_advisor.json").read_text())
    rows = [answer["body"] for answer in answers if answer["method"] == "PUT" and "/configurations/" in answer["url"]]
    assert rows
    for row in rows:
        found = configurations(advisor_rows([row])).row(0, named=True)
        assert (found["excluded"], found["configuration_issues"]) == (row["properties"]["exclude"], [])
