"""Every case that the rules of savings know is told on the anchor day, seen in wire rows alone."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable
from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from finance_ppm.sandbox.azure.estate import Estate, Row
from finance_ppm.sandbox.estate import estate
from finance_ppm_tests.sandbox.estate.reading import (
    ANCHOR,
    NOON,
    SAVINGS_PLAN,
    advisor,
    days,
    extended,
    is_on_machine,
    offers,
    recommendations,
    resource_id,
    rows,
    status,
)

THREE_AND_ONE, LOOKBACKS = ("P1Y", "P3Y"), ("7", "30", "60")


@pytest.fixture(scope="module", params=(7, 1, 42))
def told(request: pytest.FixtureRequest) -> Estate:
    return estate(anchor=ANCHOR, seed=request.param)


@pytest.fixture(scope="module")
def now_said(told: Estate) -> list[Row]:
    return recommendations(told, NOON)


def grouped(told: list[Row], key: Callable[[Row], Any]) -> dict[Any, list[Row]]:
    groups: dict[Any, list[Row]] = defaultdict(list)
    for row in told:
        groups[key(row)].append(row)
    return groups


def offer(row: Row) -> tuple[str, ...]:
    told = extended(row)
    region = told.get("region", "").replace(" ", "").lower()
    return (row["subscriptionId"], told["reservedResourceType"].lower(), told["sku"].lower(), region)


def machines_by_size(told: Estate) -> Counter[tuple[str, str, str]]:
    return Counter(
        (row["subscriptionId"], row["properties"]["hardwareProfile"]["vmSize"].lower(), row["location"])
        for row in rows(told, "resources", NOON)
        if row["type"] == "microsoft.compute/virtualmachines"
    )


def test_the_need_that_was_measured(told: Estate, now_said: list[Row]) -> None:
    """Eight rows for one machine: 5,541 USD a year if added up, of which 903 or 598 can be had."""
    names = {name: each for each, name in told.subscriptions(NOON).items()}
    subscription = names["Close Calendar Pilot"]
    said = [extended(row) for row in now_said if row["subscriptionId"] == subscription]
    assert {each["savingsCurrency"] for each in said} == {"USD"}
    assert sum(int(each["annualSavingsAmount"]) for each in said) == 5541
    reserve = [each for each in said if "reservedResourceType" in each]
    plans = [each for each in said if "reservedResourceType" not in each]
    assert (len(reserve), len(plans)) == (6, 2)
    assert {(each["term"], each["lookbackPeriod"]) for each in reserve} == set(product(THREE_AND_ONE, LOOKBACKS))
    assert max(int(each["annualSavingsAmount"]) for each in said) == 903
    careful = [each for each in said if each["term"] == "P1Y" and each["lookbackPeriod"] == "30"]
    assert max(int(each["annualSavingsAmount"]) for each in careful) == 598
    machine = [(key, count) for key, count in machines_by_size(told).items() if key[0] == subscription]
    assert machine == [((subscription, reserve[0]["sku"].lower(), reserve[0]["region"]), 1)]
    assert not [row for row in advisor(told, "suppressions", NOON) if row["subscriptionId"] == subscription]
    assert ("575", "47") in {(each["annualSavingsAmount"], each["savingsAmount"]) for each in said}


def test_one_need_is_told_in_two_terms_three_look_backs_and_two_scopes(now_said: list[Row]) -> None:
    variants = grouped(offers(now_said, compute=True), offer)
    told = [
        {(extended(row)["scope"], extended(row)["term"], extended(row).get("lookbackPeriod")) for row in group}
        for group in variants.values()
    ]
    assert set(product(("Single", "Shared"), THREE_AND_ONE, LOOKBACKS)) in told
    assert set(product(("Single",), THREE_AND_ONE, LOOKBACKS)) in told


def test_some_offers_have_no_one_year_variant(now_said: list[Row]) -> None:
    terms = grouped(offers(now_said, compute=True) + offers(now_said, compute=False), offer)
    assert {"P3Y"} in [{extended(row)["term"] for row in group} for group in terms.values()]


def test_a_subscription_has_several_compute_offers_beside_a_savings_plan(now_said: list[Row]) -> None:
    plans = {row["subscriptionId"] for row in now_said if row["properties"]["recommendationTypeId"] == SAVINGS_PLAN}
    skus = grouped(offers(now_said, compute=True), lambda row: row["subscriptionId"])
    assert plans & {each for each, group in skus.items() if len({offer(row) for row in group}) > 1}


def test_reservations_outside_compute(now_said: list[Row]) -> None:
    reserved = {extended(row)["reservedResourceType"] for row in offers(now_said, compute=False)}
    assert {"SQLDatabases", "CosmosDb"} <= reserved


def test_one_machine_is_told_to_shrink_and_to_stop(now_said: list[Row]) -> None:
    ways = grouped(list(filter(is_on_machine, now_said)), resource_id)
    kinds = [{extended(row)["recommendationType"] for row in group} for group in ways.values()]
    assert {"SkuChange", "Shutdown"} in kinds
    assert {"SkuChange"} in kinds
    assert {"Shutdown"} in kinds


def test_a_reservation_covers_machines_that_are_told_to_shrink(told: Estate, now_said: list[Row]) -> None:
    sizes = {
        row["id"].lower(): (
            row["subscriptionId"],
            row["properties"]["hardwareProfile"]["vmSize"].lower(),
            row["location"],
        )
        for row in rows(told, "resources", NOON)
        if row["type"] == "microsoft.compute/virtualmachines"
    }
    shrinking = {sizes[resource_id(row)] for row in now_said if is_on_machine(row)}
    covered = {
        (subscription, sku, region) for subscription, _, sku, region in map(offer, offers(now_said, compute=True))
    }
    assert shrinking & covered
    assert covered - shrinking


def test_reservations_ask_for_no_more_machines_than_there_are(told: Estate, now_said: list[Row]) -> None:
    there = machines_by_size(told)
    for row in offers(now_said, compute=True):
        subscription, _, sku, region = offer(row)
        assert 1 <= int(extended(row)["qty"]) <= there[subscription, sku, region]


def test_the_same_finding_comes_from_two_sources(now_said: list[Row]) -> None:
    findings = grouped(
        list(filter(is_on_machine, now_said)), lambda row: (resource_id(row), extended(row)["recommendationType"])
    )
    twice = [group for group in findings.values() if len(group) == 2]
    assert twice
    for first, second in twice:
        assert extended(first) == extended(second)
        assert first["name"] != second["name"]
        sources = [row["properties"]["resourceMetadata"].get("source") for row in (first, second)]
        assert sources[0] != sources[1]


def test_two_currencies(told: Estate, now_said: list[Row]) -> None:
    by_currency = grouped(
        [row for row in now_said if "savingsCurrency" in extended(row)], lambda row: extended(row)["savingsCurrency"]
    )
    assert set(by_currency) == {"USD", "EUR"}
    europe = {each for each, name in told.subscriptions(NOON).items() if name.endswith("Europe")}
    assert {row["subscriptionId"] for row in by_currency["EUR"]} == europe


def test_amounts_are_missing_here_and_there(now_said: list[Row]) -> None:
    cost = [row for row in now_said if row["properties"]["category"] == "Cost"]
    unknown = [row for row in cost if "annualSavingsAmount" not in extended(row)]
    assert 10 < len(unknown) < len(cost) / 3
    assert [row for row in unknown if is_on_machine(row)]
    assert [row for row in unknown if "reservedResourceType" in extended(row)]


def test_a_month_s_amount_is_cut_to_whole_units(now_said: list[Row]) -> None:
    told = [extended(row) for row in now_said if {"annualSavingsAmount", "savingsAmount"} <= extended(row).keys()]
    for each in told:
        assert int(each["savingsAmount"]) == int(Decimal(each["annualSavingsAmount"]) / 12)
    assert [each for each in told if 12 * int(each["savingsAmount"]) < Decimal(each["annualSavingsAmount"])]


def test_cpu_below_at_and_above_the_configured_threshold(told: Estate) -> None:
    """Over the year: on a single day there may be none at the threshold exactly."""
    sides: Counter[int] = Counter()
    for number in range(-60, 360, 30):
        thresholds = {
            row["subscriptionId"]: Decimal(row["properties"]["lowCpuThreshold"])
            for row in advisor(told, "configurations", days(number))
            if "lowCpuThreshold" in row["properties"]
        }
        for row in recommendations(told, days(number)):
            threshold, cpu = thresholds.get(row["subscriptionId"]), extended(row).get("MaxCpuP95")
            if cpu is not None:
                sides[9 if threshold is None else int(Decimal(cpu).compare(threshold))] += 1
    assert sides.keys() == {-1, 0, 1, 9}


def test_cpu_above_the_threshold_on_the_anchor_day(told: Estate, now_said: list[Row]) -> None:
    thresholds = {
        row["subscriptionId"]: Decimal(row["properties"]["lowCpuThreshold"])
        for row in advisor(told, "configurations", NOON)
        if "lowCpuThreshold" in row["properties"]
    }
    measured = [row for row in now_said if row["subscriptionId"] in thresholds and "MaxCpuP95" in extended(row)]
    assert [row for row in measured if Decimal(extended(row)["MaxCpuP95"]) >= thresholds[row["subscriptionId"]]]


def test_a_subscription_and_a_resource_group_are_excluded(told: Estate, now_said: list[Row]) -> None:
    excluded = [row for row in advisor(told, "configurations", NOON) if row["properties"]["exclude"]]
    whole = {row["subscriptionId"] for row in excluded if not row["resourceGroup"]}
    parts = {(row["subscriptionId"], row["resourceGroup"]) for row in excluded if row["resourceGroup"]}
    assert [row for row in now_said if row["subscriptionId"] in whole]
    assert [row for row in now_said if (row["subscriptionId"], row["resourceGroup"]) in parts]
    assert [row for row in advisor(told, "configurations", NOON) if row["resourceGroup"] and row not in excluded]


def test_suppressions_that_hold_for_ever_for_a_while_and_no_more(told: Estate, now_said: list[Row]) -> None:
    said = {row["name"] for row in now_said}
    found: Counter[str] = Counter()
    for row in advisor(told, "suppressions", NOON):
        properties = row["properties"]
        name = row["id"].split("/")[-3]
        found["upper case"] += name != name.lower()
        found["of what is told"] += name.lower() in said
        if properties["ttl"] == "-1":
            found["for ever"] += 1
            assert "expirationTimeStamp" not in properties
        else:
            assert re.fullmatch(r"\d+\.00:00:00", properties["ttl"])
            found["expired" if properties["expirationTimeStamp"] < NOON.isoformat() else "for a while"] += 1
    assert found.keys() == {"upper case", "of what is told", "for ever", "for a while", "expired"}
    assert all(found.values())


def test_what_was_followed_is_still_told_as_completed(told: Estate, now_said: list[Row]) -> None:
    """The machine has the size it should have had."""
    sizes = {
        row["id"].lower(): row["properties"]["hardwareProfile"]["vmSize"].lower()
        for row in rows(told, "resources", NOON)
        if row["type"] == "microsoft.compute/virtualmachines"
    }
    completed = [row for row in now_said if status(row) == "Completed"]
    assert 0 < len(completed) < 10
    assert {row["properties"]["completionType"] for row in completed} == {"SystemVerified"}
    for row in completed:
        assert sizes[resource_id(row)] == extended(row).get("targetSku", sizes[resource_id(row)]).lower()
    ids = {row["id"] for row in completed}
    before = {row["id"]: status(row) for number in range(-92, 0, 10) for row in recommendations(told, days(number))}
    later = [row for row in recommendations(told, days(91)) if row["id"] in ids]
    assert before.keys() >= ids
    assert not later
    assert "completionType" not in {key for row in now_said if row not in completed for key in row["properties"]}


def test_what_is_completed_was_open_before(told: Estate) -> None:
    """At any time, so a daily snapshot sees it turn."""
    turned = set()
    was: dict[str, str] = {}
    for number in range(-130, -9, 4):
        now = {row["id"]: status(row) for row in recommendations(told, days(number))}
        turned |= {(was[each], now[each]) for each in was.keys() & now.keys() if was[each] != now[each]}
        was = now
    assert {("New", "Completed")} <= turned <= {("New", "Completed"), ("New", "Dismissed")}


def test_somebody_dismissed_a_recommendation_without_a_suppression(told: Estate, now_said: list[Row]) -> None:
    dismissed = {row["name"] for row in now_said if status(row) == "Dismissed"}
    assert 0 < len(dismissed) <= 2
    assert dismissed - {row["id"].lower().split("/")[-3] for row in advisor(told, "suppressions", NOON)}


def test_all_five_categories(now_said: list[Row]) -> None:
    assert {row["properties"]["category"] for row in now_said} == {
        "Cost", "HighAvailability", "Security", "Performance", "OperationalExcellence"
    }  # fmt: skip


def test_fields_are_written_in_several_ways(now_said: list[Row]) -> None:
    fields = {row["properties"]["impactedField"] for row in now_said}
    assert len([field for field in fields if field.lower() == "microsoft.compute/virtualmachines"]) == 3
    assert [row for row in now_said if not row["properties"]["impactedValue"]]
    assert [row for row in now_said if re.search(r"\.\d{7}Z$", row["properties"]["lastUpdated"])]
    assert {row["properties"].get("tracked") for row in now_said} == {None, True, False}
    assert [row for row in now_said if " " in extended(row).get("region", "")]
    assert {"/resourcegroups/" in row["id"] for row in now_said if row["resourceGroup"]} == {True, False}


def test_every_extended_property_is_a_string(now_said: list[Row]) -> None:
    values = [value for row in now_said for value in extended(row).values()]
    assert {type(value) for value in values} == {str}


def test_keys_are_missing_here_and_there(now_said: list[Row]) -> None:
    reserve = offers(now_said, compute=True) + offers(now_said, compute=False)
    assert [row for row in reserve if "lookbackPeriod" not in extended(row)]
    assert [row for row in reserve if "region" not in extended(row)]
    assert [row for row in now_said if "extendedProperties" not in row["properties"]]
    usual = Counter(key for row in filter(is_on_machine, now_said) for key in extended(row))
    assert len(set(usual.values())) > 2


def test_scale_sets_are_told_to_shrink(told: Estate) -> None:
    """In the course of the year."""
    said = [row for number in range(-200, 370, 30) for row in recommendations(told, days(number))]
    assert [row for row in said if row["properties"]["recommendationTypeId"].startswith("94aea435")]
