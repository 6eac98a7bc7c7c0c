"""The demo's Azure over time: what it holds at any moment, and that what it tells fits together."""

import json
import re
from collections import Counter, defaultdict
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance_ppm.sandbox.azure.estate import Estate, Row
from finance_ppm.sandbox.estate import estate
from finance_ppm.sandbox.estate.advice import Advice
from finance_ppm.sandbox.estate.story import ToldEstate
from finance_ppm.sandbox.estate.tales import EVER
from finance_ppm.sandbox.portfolio import planned_projects, portfolio
from finance_ppm_tests.sandbox.estate.reading import (
    ANCHOR,
    NOON,
    advisor,
    days,
    extended,
    project_tags,
    recommendations,
    resource_id,
    rows,
)

TABLES = ("resources", "resourcecontainers", "advisorresources")
SEEDS = (7, 1, 42)
COLUMNS = {
    "id", "name", "type", "tenantId", "kind", "location", "resourceGroup", "subscriptionId", "managedBy", "sku", "plan",
    "properties", "tags", "identity", "zones", "extendedLocation",
}  # fmt: skip

moments = st.integers(-400, 600).map(days)


@pytest.fixture(scope="module")
def told() -> ToldEstate:
    return estate(anchor=ANCHOR)


def everything(of: Estate, number: float) -> dict[str, list[Row]]:
    return {table: rows(of, table, days(number)) for table in TABLES}


def test_the_same_arguments_tell_the_same_estate(told: Estate) -> None:
    again = estate(anchor=ANCHOR)
    assert all(everything(told, number) == everything(again, number) for number in (-150, 0, 200))


def test_another_seed_tells_another_estate(told: Estate) -> None:
    assert not set(told.subscriptions(NOON)) & set(estate(anchor=ANCHOR, seed=8).subscriptions(NOON))


def test_rows_are_the_caller_s_own(told: Estate) -> None:
    before = json.dumps(everything(told, 0))
    for row in (row for table in everything(told, 0).values() for row in table):
        row["properties"].clear()
        (row["tags"] or {}).clear()
    for row in recommendations(told, NOON):
        extended(row).clear()
    assert json.dumps(everything(told, 0)) == before


@pytest.mark.parametrize("seed", SEEDS)
def test_it_has_the_size_that_the_demo_wants(seed: int) -> None:
    of = estate(anchor=ANCHOR, seed=seed)
    assert len(of.subscriptions(NOON)) == 12
    assert {len(list(members)) for members in of.management_groups().values()} == {3, 4, 5}
    assert 750 <= len(rows(of, "resources", NOON)) <= 1100
    assert 55 <= len(rows(of, "resourcecontainers", NOON)) - 12 <= 70
    assert 380 <= len(recommendations(of, NOON)) <= 580


def test_rows_have_the_columns_of_resource_graph_and_values_of_json(told: Estate) -> None:
    for table, found in everything(told, 0).items():
        for row in found:
            assert row.keys() == COLUMNS
            assert row["type"] == row["type"].lower()
            assert row["tenantId"] == told.tenant_id
            assert row["id"].split("/")[2] == row["subscriptionId"]
            assert row["resourceGroup"] == row["resourceGroup"].lower()
            assert json.loads(json.dumps(row)) == row
            assert table != "resources" or f"/resourcegroups/{row['resourceGroup']}/" in row["id"].lower()


def test_a_table_or_a_subscription_that_is_not_there_has_no_rows(told: Estate) -> None:
    assert not list(told.rows("securityresources", next(iter(told.subscriptions(NOON))), NOON))
    assert not list(told.rows("resources", "00000000-0000-0000-0000-000000000000", NOON))


def test_subscriptions_are_found_without_regard_to_case(told: Estate) -> None:
    subscription = next(iter(told.subscriptions(NOON)))
    assert told.rows("Resources", subscription.upper(), NOON) == told.rows("resources", subscription, NOON)


def test_management_groups_hold_every_subscription_once(told: Estate) -> None:
    members = [member for group in told.management_groups().values() for member in group]
    assert sorted(members) == sorted(told.subscriptions(days(400)))


def test_a_subscription_has_no_rows_before_it_exists(told: Estate) -> None:
    (late,) = set(told.subscriptions(NOON)) - set(told.subscriptions(days(-130)))
    assert not any(list(told.rows(table, late, days(-130))) for table in TABLES)
    assert all(list(told.rows(table, late, NOON)) for table in TABLES)


@given(now=moments)
@settings(deadline=None, max_examples=25)
def test_ids_are_unique_in_their_table_whatever_their_case(told: Estate, now: datetime) -> None:
    for table in TABLES:
        ids = Counter(row["id"].lower() for row in rows(told, table, now))
        assert not [each for each, count in ids.items() if count > 1]


@given(seed=st.integers(0, 10**6), number=st.integers(-250, 400), pages=st.integers(50, 400))
@settings(deadline=None, max_examples=8)
def test_any_seed_and_size_tells_an_estate_that_fits_together(seed: int, number: int, pages: int) -> None:
    of = estate(anchor=ANCHOR, pages=pages, seed=seed)
    resources, containers = rows(of, "resources", days(number)), rows(of, "resourcecontainers", days(number))
    for found in (resources, containers, rows(of, "advisorresources", days(number))):
        ids = [row["id"].lower() for row in found]
        assert len(ids) == len(set(ids))
    known = {row["id"].lower() for row in [*resources, *containers]}
    assert {resource_id(row) for row in recommendations(of, days(number))} <= known
    assert {
        f"/subscriptions/{row['subscriptionId']}/resourcegroups/{row['resourceGroup']}" for row in resources
    } <= known


@given(now=moments, minutes=st.integers(0, 59), later=st.integers(0, 90))
@settings(deadline=None, max_examples=25)
def test_rows_stay_as_they_are_while_the_version_does(
    told: ToldEstate, now: datetime, minutes: int, later: int
) -> None:
    first = now + timedelta(minutes=minutes)
    second = first + timedelta(minutes=later)
    same = all(rows(told, table, first) == rows(told, table, second) for table in TABLES)
    assert same or told.version(first) != told.version(second)


def test_the_version_changes_with_the_hour_and_when_something_comes_or_goes(told: ToldEstate) -> None:
    minutes = [NOON + timedelta(minutes=number) for number in range(60 * 24)]
    versions = [told.version(minute) for minute in minutes]
    assert 24 < len(set(versions)) < 100


def test_the_version_changes_when_a_status_does(told: ToldEstate) -> None:
    advice = [tale for tales in told.tables.values() for tale in tales if isinstance(tale, Advice)]
    spans = [span for each in advice for span in (each.completed, each.dismissed) if span]
    turns = [moment for span in spans for moment in (span.since, span.until) if moment != EVER]
    assert len(turns) > 10
    for turn in turns:
        assert told.version(turn - timedelta(seconds=1)) != told.version(turn)


def test_what_is_recommended_is_said_of_something_that_is_there(told: Estate) -> None:
    """At any moment, so a recommendation disappears together with its resource."""
    for number in range(-240, 420, 20):
        there = {row["id"].lower() for table in TABLES[:2] for row in rows(told, table, days(number))}
        assert {resource_id(row) for row in recommendations(told, days(number))} <= there


def test_a_suppression_speaks_of_a_recommendation_that_is_told_or_returns(told: Estate) -> None:
    ever = {row["name"].lower() for number in range(-240, 420, 10) for row in recommendations(told, days(number))}
    for number in range(-200, 400, 20):
        for row in advisor(told, "suppressions", days(number)):
            recommendation, word, name = row["id"].rsplit("/", 2)
            assert (word, name) == ("suppressions", row["name"])
            assert recommendation.rsplit("/", 1)[-1].lower() in ever


def test_an_id_never_changes_its_meaning(told: Estate) -> None:
    """What is told of it stays the same but for what time changes: sizes, owners of disks, exclusions, refreshes."""
    meanings: dict[str, set[str]] = defaultdict(set)
    for number in range(-240, 420, 22):
        for row in [*rows(told, "resources", days(number)), *recommendations(told, days(number))]:
            properties = row["properties"]
            meaning = [row["type"], row["name"], row["location"], row["tags"], properties.get("vmId")]
            meaning += [properties.get("recommendationTypeId"), properties.get("resourceMetadata"), extended(row)]
            meanings[row["id"]].add(json.dumps(meaning))
    assert len(meanings) > 1500
    assert not [each for each, told_of_it in meanings.items() if len(told_of_it) > 1]


def test_some_recommendations_go_because_their_resource_does(told: Estate) -> None:
    """Before the anchor and after it, others while the resource stays."""
    for month in ((-180, -150, -120, -90, -60, -30), (0, 30, 60, 90, 120, 150)):
        deleted: Counter[bool] = Counter()
        for number in month:
            there = {row["id"].lower() for table in TABLES[:2] for row in rows(told, table, days(number + 30))}
            deleted.update(resource_id(row) not in there for row in _gone_between(told, number, number + 30))
        assert deleted[True] > 3
        assert deleted[False] > 30


def test_some_machines_are_resized_as_recommended(told: Estate) -> None:
    followed = [
        row
        for row in _gone_between(told, -120, 0)
        if row["name"] not in {r["name"] for r in recommendations(told, days(90))}
    ]
    sizes = {row["id"].lower(): row["properties"]["hardwareProfile"]["vmSize"].lower() for row in _machines(told, 0)}
    assert [row for row in followed if sizes.get(resource_id(row)) == extended(row).get("targetSku", "").lower()]


def test_some_recommendations_return_although_their_resource_was_there_all_along(told: Estate) -> None:
    """With the same id, after a pause that no monthly snapshot misses, and before the anchor."""
    first, pause, today = ({row["name"]: row for row in recommendations(told, days(n))} for n in (-80, -40, 0))
    returned = [row for name, row in today.items() if name in first and name not in pause]
    standing = {row["id"].lower() for row in rows(told, "resources", days(-40))}
    assert len(returned) > 5
    assert {resource_id(row) for row in returned} <= standing


def test_something_happens_in_every_month_of_the_story(told: Estate) -> None:
    for number in range(-200, 360, 30):
        for table in ("resources", "advisorresources"):
            before, after = ({row["id"] for row in rows(told, table, days(n))} for n in (number, number + 30))
            assert before - after, (table, number, "nothing disappears")
            assert after - before, (table, number, "nothing appears")


def test_the_estate_stands_still_after_its_story(told: Estate) -> None:
    late, later = ({row["id"] for table in everything(told, n).values() for row in table} for n in (1500, 2500))
    assert late == later


def test_a_disk_left_behind_hangs_on_nothing(told: Estate) -> None:
    machines = {row["id"] for row in _machines(told, 0)}
    disks = [row for row in rows(told, "resources", NOON) if row["type"] == "microsoft.compute/disks"]
    for disk in disks:
        attached = disk["properties"]["diskState"] == "Attached"
        assert disk["managedBy"] in machines if attached else not disk["managedBy"]
    assert 5 < sum(not disk["managedBy"] for disk in disks) < 60


def test_advisor_refreshes_its_rows_every_day(told: Estate) -> None:
    for number in (0, 1, 200):
        stale = 0
        for row in recommendations(told, days(number)):
            updated = row["properties"]["lastUpdated"]
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?Z", updated)
            assert updated[:19] <= days(number).isoformat()[:19]
            stale += updated[:19] < (days(number) - timedelta(1)).isoformat()[:19]
        assert 0 < stale < 80


@pytest.mark.parametrize("seed", SEEDS)
def test_tags_lead_to_the_portfolio_s_projects_in_every_way_they_are_written(seed: int) -> None:
    of = estate(anchor=ANCHOR, seed=seed)
    projects = planned_projects(anchor=ANCHOR, seed=seed)
    names, ids = {project.name for project in projects}, {project.page_id for project in projects}
    plain = {each.replace("-", "") for each in ids}
    lowered = {each.lower() for each in names}
    levels: dict[str, list[tuple[str, str]]] = defaultdict(list)
    untagged: Counter[str] = Counter()
    for row in [*rows(of, "resources", NOON), *rows(of, "resourcecontainers", NOON)]:
        level = row["type"] if row["type"].startswith("microsoft.resources/") else "resource"
        levels[level] += project_tags(row)
        untagged[level] += not project_tags(row)
    assert len(levels) == len(untagged) == 3
    for level, tags in levels.items():
        values = [value for _, value in tags]
        assert names & set(values), level
        assert untagged[level], level
    values = [value for tags in levels.values() for _, value in tags]
    assert len({key for tags in levels.values() for key, _ in tags}) >= 4
    assert ids & set(values)
    assert plain & set(values)
    assert [value for value in values if not value.strip()]
    unknown = [value for value in values if value.strip() and value.strip().lower() not in lowered | ids | plain]
    assert 0 < len(unknown) < len(values) / 4


def test_projects_are_those_of_the_portfolio() -> None:
    told_pages = {edit.page_id for edit in portfolio(anchor=ANCHOR, pages=300, dirty=False).edits}
    assert {project.page_id for project in planned_projects(anchor=ANCHOR, pages=300)} <= told_pages


def _machines(of: Estate, number: float) -> list[Row]:
    return [row for row in rows(of, "resources", days(number)) if row["type"] == "microsoft.compute/virtualmachines"]


def _gone_between(of: Estate, first: float, last: float) -> list[Row]:
    left = {row["name"] for row in recommendations(of, days(last))}
    return [row for row in recommendations(of, days(first)) if row["name"] not in left]
