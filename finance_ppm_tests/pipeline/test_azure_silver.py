"""Azure's silver from a bronze on disk: which snapshots count, what became of recommendations, and days gone by."""

import random
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance_ppm.clock import FrozenClock
from finance_ppm.contracts import Table
from finance_ppm.contracts.azure import (
    AzureAdvisorRaw,
    AzureAdvisorRecommendations,
    AzureResources,
    AzureResourcesRaw,
    AzureSnapshots,
)
from finance_ppm.contracts.bronze import NotionRawPages
from finance_ppm.errors import NeverCapturedError
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.pipeline import azure_silver
from finance_ppm.pipeline.azure_silver import azure_inventory, azure_recommendations
from finance_ppm.pipeline.point_in_time import PointInTime
from finance_ppm_tests.transforms.azure.advice_by_hand import (
    OTHER,
    SUBSCRIPTION,
    Row,
    advisor_rows,
    capture_advisor,
    capture_resources,
    configuration,
    day,
    group,
    machine_id,
    recommendation,
    resource,
    subscription,
    suppression,
)

A, B = recommendation("a", on=machine_id("a")), recommendation("b", on=machine_id("b"))
FAR = recommendation("far", on=machine_id("far", subscription=OTHER))


def marked(of: Row, status: str) -> Row:
    """The row with Advisor's own status."""
    return {**of, "properties": {**of["properties"], "recommendationStatus": status}}


A_COMPLETED = marked(A, "Completed")


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path))


def names(lake: Lake, on: date) -> list[str]:
    """Names in the inventory."""
    rows = azure_inventory(lake, on, project_tag="ppm-project")
    AzureResources.validate(rows)
    return sorted(rows["name"])


def told(lake: Lake, on: date) -> dict[str, dict[str, Any]]:
    """Recommendations by their name."""
    return by_name(azure_recommendations(lake, on))


def by_name(rows: pl.DataFrame) -> dict[str, dict[str, Any]]:
    AzureAdvisorRecommendations.validate(rows)
    return {row["name"]: row for row in rows.iter_rows(named=True)}


def states(lake: Lake, on: date) -> dict[str, str]:
    return {name: row["state"] for name, row in told(lake, on).items()}


# --- The inventory ---------------------------------------------------------------------------------


def test_an_empty_lake_has_no_azure(lake: Lake) -> None:
    assert (names(lake, day(0)), told(lake, day(0))) == ([], {})


def test_the_inventory_is_the_newest_complete_snapshot_of_each_subscription(lake: Lake) -> None:
    mine, theirs = resource(machine_id("mine")), resource(machine_id("theirs", subscription=OTHER))
    later = resource(machine_id("later", subscription=OTHER))
    capture_resources(lake, day(0), [subscription(), mine, theirs], first=True, other=True)
    capture_resources(lake, day(1), [later], first=False, other=True)
    capture_resources(lake, day(2), [subscription(), theirs], first=False, other=False)
    assert names(lake, day(0)) == ["Finance", "mine", "theirs"]
    assert names(lake, day(1)) == ["Finance", "later", "mine"]
    assert names(lake, day(2)) == names(lake, day(9)) == names(lake, day(1))
    assert names(lake, day(-1)) == []
    rows = azure_inventory(lake, day(2), project_tag="x")
    assert dict(rows.select("name", "snapshot_on").iter_rows()) == {"Finance": day(0), "mine": day(0), "later": day(1)}


def test_a_subscription_that_was_never_read_completely_has_no_inventory(lake: Lake) -> None:
    capture_resources(lake, day(0), [resource(machine_id())], first=False)
    assert names(lake, day(0)) == []


def test_a_complete_snapshot_may_be_empty(lake: Lake) -> None:
    capture_resources(lake, day(0), [resource(machine_id())], first=True)
    capture_resources(lake, day(1), [], first=True)
    assert names(lake, day(1)) == []


def test_rows_in_many_groups_are_those_in_one(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """What resources take over stands in another group of rows than they do."""
    rows = [resource(machine_id(f"vm{number}"), tags={"n": str(number)}) for number in range(40)]
    capture_resources(lake, day(0), [*rows, group(tags={"ppm-project": "Ledger"}), subscription()])
    capture_advisor(lake, day(0), [recommendation(f"r{number}") for number in range(40)])

    def rebuilt() -> list[pl.DataFrame]:
        frames = azure_inventory(lake, day(0), project_tag="ppm-project"), azure_recommendations(lake, day(0))
        return [frame.sort(frame.columns[0]) for frame in frames]

    together = rebuilt()
    monkeypatch.setattr(azure_silver, "GROUP", 7)
    in_groups = rebuilt()
    assert [frame.height for frame in together] == [42, 40]
    assert together[0]["project_tag"].null_count() == 1
    for one, other in zip(together, in_groups, strict=True):
        assert one.equals(other)


# --- What became of recommendations ----------------------------------------------------------------


def test_a_recommendation_from_its_first_day_to_its_last(lake: Lake) -> None:
    capture_advisor(lake, day(0), [A, B])
    capture_advisor(lake, day(1), [A, B], first=False)
    capture_advisor(lake, day(2), [A], first=False)
    capture_advisor(lake, day(3), [A])
    capture_advisor(lake, day(4), [A, B])
    assert [states(lake, day(number))["b"] for number in range(5)] == [
        "new", "active", "active", "resolved", "reopened",
    ]  # fmt: skip
    gone, back = told(lake, day(3))["b"], told(lake, day(4))["b"]
    assert (gone["first_seen"], gone["last_seen"], gone["resolved_on"]) == (day(0), day(1), day(3))
    assert (back["first_seen"], back["reopened_on"], back["resolved_on"]) == (day(0), day(4), None)
    assert back["resolution"] is None
    assert [told(lake, day(number))["a"]["snapshot_on"] for number in range(5)] == [
        day(0), day(0), day(0), day(3), day(4),
    ]  # fmt: skip


def test_a_recommendation_is_new_until_another_snapshot_could_show_it(lake: Lake) -> None:
    """Of day 1 nothing was read, of day 2 a part: it shows a, and is no news of b."""
    capture_advisor(lake, day(0), [A, B], first=False)
    capture_advisor(lake, day(1), [], first=False)
    capture_advisor(lake, day(2), [A], first=False)
    capture_advisor(lake, day(3), [A, B])
    assert [states(lake, day(number)) for number in range(4)] == [
        {"a": "new", "b": "new"},
        {"a": "new", "b": "new"},
        {"a": "active", "b": "new"},
        {"a": "active", "b": "active"},
    ]
    assert told(lake, day(2))["a"]["snapshot_on"] is None


def test_it_was_seen_when_the_row_that_tells_so_was_read(lake: Lake) -> None:
    """The same read once more on that day moves nothing."""
    nine = datetime(2026, 6, 15, 9, tzinfo=UTC)

    def read(number: int, *rows: Row, at: datetime) -> None:
        frame = advisor_rows(rows, day(number)).with_columns(captured_at=pl.lit(at))
        lake.replace_partition(AzureAdvisorRaw, frame, {"captured_on": day(number)})
        capture_advisor(lake, day(number))

    read(0, A, B, at=nine)
    read(1, A_COMPLETED, B, at=nine + timedelta(days=1))
    found = {name: row["seen_at"] for name, row in told(lake, day(1)).items()}
    assert found == {"a": nine, "b": nine + timedelta(days=1)}
    materialise(lake, 1)
    read(1, A_COMPLETED, B, at=nine + timedelta(days=1, hours=2))
    assert not lake.replace(AzureAdvisorRecommendations, azure_recommendations(lake, day(1))).changed


def test_rows_that_are_not_marked_yet_are_seen_and_resolve_nothing(lake: Lake) -> None:
    """A capture writes rows first: it may have been killed before it marked them."""
    capture_advisor(lake, day(0), [A])
    lake.append(AzureAdvisorRaw, advisor_rows([B], day(1)))
    assert states(lake, day(1)) == {"a": "new", "b": "new"}
    assert told(lake, day(1))["b"]["first_seen"] == day(1)


class OvertakenLake(Lake):
    """A lake in which a capture is done with the next day between the openings of two tables."""

    overtaken = False

    def scan(self, table: type[Table]) -> pl.LazyFrame:
        rows = super().scan(table)
        if not self.overtaken:
            self.overtaken = True
            capture_advisor(self, day(1), [A])
        return rows


def test_a_capture_that_comes_in_between_resolves_nothing(lake: Lake) -> None:
    capture_advisor(lake, day(0), [A])
    assert states(OvertakenLake(lake.uri), day(1)) == {"a": "active"}
    assert states(lake, day(1)) == {"a": "active"}


def test_what_it_says_is_what_it_said_last(lake: Lake) -> None:
    dearer = recommendation("a", on=machine_id("a"), extendedProperties={"annualSavingsAmount": "900"})
    capture_advisor(lake, day(0), [A])
    capture_advisor(lake, day(1), [dearer], first=False)
    capture_advisor(lake, day(2), [])
    amounts = [str(told(lake, day(number))["a"]["annual_savings"]) for number in range(3)]
    assert amounts == ["575.00", "900.00", "900.00"]


def test_a_resource_that_is_gone_with_its_recommendation_was_deleted(lake: Lake) -> None:
    capture_resources(lake, day(0), [resource(machine_id("a")), resource(machine_id("b"))])
    capture_advisor(lake, day(0), [A, B])
    capture_resources(lake, day(1), [resource(machine_id("a"))])
    capture_advisor(lake, day(1), [])
    found = {name: row["resolution"] for name, row in told(lake, day(1)).items()}
    assert found == {"a": "unverified", "b": "resource_deleted"}


@pytest.mark.parametrize("complete", [True, False])
def test_an_inventory_that_is_older_or_incomplete_verifies_nothing(lake: Lake, *, complete: bool) -> None:
    capture_resources(lake, day(0), [resource(machine_id("a"))], first=True)
    capture_advisor(lake, day(1), [A])
    capture_resources(lake, day(2), [resource(machine_id("b"))], first=complete)
    capture_advisor(lake, day(2), [])
    assert told(lake, day(2))["a"]["resolution"] == ("resource_deleted" if complete else "unverified")


def test_of_two_recommendations_on_one_resource_each_is_judged_by_its_own_last_day(lake: Lake) -> None:
    early, late = (recommendation(name, on=machine_id("a")) for name in ("early", "late"))
    capture_resources(lake, day(0), [resource(machine_id("a"))])
    capture_advisor(lake, day(0), [early, late])
    capture_resources(lake, day(1), [resource(machine_id("b"))])
    capture_advisor(lake, day(2), [late])
    capture_advisor(lake, day(3), [])
    found = {name: row["resolution"] for name, row in told(lake, day(3)).items()}
    assert found == {"early": "resource_deleted", "late": "unverified"}


def test_what_becomes_of_a_resource_later_is_not_what_resolved_its_recommendation(lake: Lake) -> None:
    """Of a, the machine is deleted on day 4, long after it was resolved on day 1; of b, between days 0 and 2."""
    a, b = resource(machine_id("a")), resource(machine_id("b"))
    capture_resources(lake, day(0), [a, b])
    capture_advisor(lake, day(0), [A, B])
    capture_advisor(lake, day(1), [])
    capture_resources(lake, day(2), [a])
    capture_resources(lake, day(3), [], first=False)
    capture_resources(lake, day(4), [])
    capture_resources(lake, day(5), [a, b])
    found = [
        {name: row["resolution"] for name, row in told(lake, day(number)).items()} for number in (0, 1, 2, 3, 4, 5)
    ]
    provisional = {"a": "unverified", "b": "unverified"}
    final = {"a": "unverified", "b": "resource_deleted"}
    assert found == [{"a": None, "b": None}, provisional, final, final, final, final]


def test_the_inventory_of_the_day_on_which_it_was_resolved_counts(lake: Lake) -> None:
    capture_advisor(lake, day(0), [A])
    capture_resources(lake, day(0), [resource(machine_id("a"))])
    capture_advisor(lake, day(2), [])
    capture_resources(lake, day(2), [])
    capture_resources(lake, day(3), [resource(machine_id("a"))])
    assert [told(lake, day(number))["a"]["resolution"] for number in (2, 3)] == ["resource_deleted"] * 2


def test_until_there_is_an_inventory_since_the_newest_one_says_so_provisionally(lake: Lake) -> None:
    """It saw the machine gone on day 1 and there again on day 2; on day 4 there is one that counts."""
    machine = resource(machine_id("a"))
    capture_resources(lake, day(0), [machine])
    capture_advisor(lake, day(0), [A])
    capture_resources(lake, day(1), [])
    capture_advisor(lake, day(3), [])
    assert told(lake, day(3))["a"]["resolution"] == "resource_deleted"
    capture_resources(lake, day(2), [machine])
    assert told(lake, day(3))["a"]["resolution"] == "unverified"
    capture_resources(lake, day(4), [])
    capture_resources(lake, day(5), [machine])
    found = [told(lake, day(number))["a"]["resolution"] for number in (3, 4, 5)]
    assert found == ["unverified", "resource_deleted", "resource_deleted"]


def test_each_subscription_is_judged_by_its_own_inventories(lake: Lake) -> None:
    there = [resource(machine_id("a")), resource(machine_id("far", subscription=OTHER))]
    capture_resources(lake, day(0), there, first=True, other=True)
    capture_advisor(lake, day(0), [A, FAR], first=True, other=True)
    capture_advisor(lake, day(1), [], first=True, other=True)
    capture_resources(lake, day(1), [], first=True, other=False)
    capture_resources(lake, day(2), there, first=True, other=True)
    found = {name: row["resolution"] for name, row in told(lake, day(2)).items()}
    assert found == {"a": "resource_deleted", "far": "unverified"}


@pytest.mark.parametrize("complete", [True, False])
def test_a_resource_in_another_subscription_is_judged_by_the_inventories_of_that_one(
    lake: Lake, *, complete: bool
) -> None:
    far = machine_id("far", subscription=OTHER)
    abroad = recommendation("abroad", on=f"/subscriptions/{SUBSCRIPTION}", resourceMetadata={"resourceId": far})
    capture_resources(lake, day(0), [resource(far)], first=True, other=True)
    capture_advisor(lake, day(0), [abroad])
    capture_resources(lake, day(1), [], first=True, other=complete)
    capture_advisor(lake, day(1), [])
    assert told(lake, day(1))["abroad"]["resolution"] == ("resource_deleted" if complete else "unverified")


def test_what_no_complete_inventory_ever_had_was_not_deleted(lake: Lake) -> None:
    """Of b's machine an incomplete one knows; c's came and went when its recommendation was gone."""
    capture_resources(lake, day(0), [group()])
    capture_resources(lake, day(1), [resource(machine_id("b"))], first=False)
    capture_advisor(lake, day(1), [A, B, recommendation("c", on=machine_id("c"))])
    capture_resources(lake, day(2), [resource(machine_id("c"))])
    capture_resources(lake, day(3), [])
    capture_advisor(lake, day(3), [])
    assert {name: row["resolution"] for name, row in told(lake, day(3)).items()} == dict.fromkeys("abc", "unverified")


def test_advisor_may_speak_of_a_resource_for_some_days_after_it_was_deleted(lake: Lake) -> None:
    capture_resources(lake, day(0), [resource(machine_id("a"))])
    capture_advisor(lake, day(0), [A])
    capture_resources(lake, day(1), [])
    capture_advisor(lake, day(1), [A])
    capture_resources(lake, day(2), [])
    capture_advisor(lake, day(2), [])
    assert told(lake, day(2))["a"]["resolution"] == "resource_deleted"


def test_one_that_comes_back_and_goes_again_is_judged_anew(lake: Lake) -> None:
    capture_advisor(lake, day(0), [A])
    capture_advisor(lake, day(1), [])
    capture_resources(lake, day(1), [resource(machine_id("a"))])
    capture_advisor(lake, day(2), [A])
    capture_advisor(lake, day(3), [])
    capture_resources(lake, day(4), [])
    found = [told(lake, day(number))["a"]["resolution"] for number in range(5)]
    assert found == [None, "unverified", None, "unverified", "resource_deleted"]


@pytest.mark.parametrize(
    ("on", "resolution"),
    [
        (f"/subscriptions/{SUBSCRIPTION}", "unverified"),
        (f"/subscriptions/{SUBSCRIPTION}/resourceGroups/RG-One", "unverified"),
        (f"/subscriptions/{SUBSCRIPTION}/resourceGroups/RG-Gone", "resource_deleted"),
        (machine_id("there") + "/extensions/x", "unverified"),
        (machine_id("gone") + "/extensions/x", "resource_deleted"),
    ],
)
def test_only_what_the_inventory_would_list_can_be_missed_there(lake: Lake, on: str, resolution: str) -> None:
    """Of the parts of a resource it lists only some: they are there as long as the resource is."""
    there = [group(), resource(machine_id("there"))]
    capture_resources(lake, day(0), [*there, group("RG-Gone"), resource(machine_id("gone"))])
    capture_advisor(lake, day(0), [recommendation("r", on=on)])
    capture_resources(lake, day(1), there)
    capture_advisor(lake, day(1), [])
    assert told(lake, day(1))["r"]["resolution"] == resolution


# --- Advisor's own status --------------------------------------------------------------------------


def test_what_advisor_marks_completed_is_resolved_by_a_complete_snapshot_and_reopened_when_it_is_new(
    lake: Lake,
) -> None:
    """On day 3 its machine is gone as well: Advisor's word comes first."""
    capture_resources(lake, day(0), [resource(machine_id("a")), resource(machine_id("b"))])
    capture_advisor(lake, day(0), [marked(A, "New"), B])
    capture_advisor(lake, day(1), [A_COMPLETED, B], first=False)
    capture_advisor(lake, day(2), [A_COMPLETED, B])
    capture_advisor(lake, day(3), [A_COMPLETED, B])
    capture_resources(lake, day(3), [resource(machine_id("b"))])
    capture_advisor(lake, day(4), [A, B])
    found = [told(lake, day(number))["a"] for number in range(5)]
    assert [row["state"] for row in found] == ["new", "new", "resolved", "resolved", "reopened"]
    assert [row["resolution"] for row in found] == [None, None, "completed", "completed", None]
    assert (found[3]["last_seen"], found[3]["resolved_on"]) == (day(0), day(2))
    assert (found[4]["first_seen"], found[4]["last_seen"], found[4]["reopened_on"]) == (day(0), day(4), day(4))


def test_what_is_completed_says_what_it_said_when_it_was_last_open(lake: Lake) -> None:
    capture_advisor(lake, day(0), [A])
    silent = recommendation("a", on=machine_id("a"), extendedProperties={}, recommendationStatus="Completed")
    capture_advisor(lake, day(1), [silent])
    assert str(told(lake, day(1))["a"]["annual_savings"]) == "575.00"


@pytest.mark.parametrize("complete", [True, False])
def test_advisor_may_say_later_that_what_is_gone_was_completed(lake: Lake, *, complete: bool) -> None:
    capture_advisor(lake, day(0), [A, B])
    capture_advisor(lake, day(1), [])
    capture_advisor(lake, day(2), [A_COMPLETED], first=complete)
    capture_advisor(lake, day(3), [])
    found = [{name: row["resolution"] for name, row in told(lake, day(number)).items()} for number in (1, 2, 3)]
    before, after = {"a": "unverified", "b": "unverified"}, {"a": "completed", "b": "unverified"}
    assert found == [before, after, after]
    assert told(lake, day(3))["a"]["resolved_on"] == day(1)


def test_what_was_completed_once_and_reopened_is_not_completed_because_it_is_gone(lake: Lake) -> None:
    for number, rows in enumerate(([A], [A_COMPLETED], [A], [])):
        capture_advisor(lake, day(number), rows)
    assert told(lake, day(3))["a"]["resolution"] == "unverified"


def test_what_was_only_ever_completed_is_none_of_the_recommendations(lake: Lake) -> None:
    capture_advisor(lake, day(0), [A_COMPLETED, B])
    capture_advisor(lake, day(1), [A, B])
    assert states(lake, day(0)) == {"b": "new"}
    assert states(lake, day(1)) == {"a": "new", "b": "active"}


def test_what_is_dismissed_is_suppressed_without_an_end(lake: Lake) -> None:
    ends = suppression(B, ttl="9.00:00:00", until="2026-06-24T00:00:00Z")
    capture_advisor(lake, day(0), [marked(A, "Dismissed"), marked(B, "Dismissed"), ends])
    capture_advisor(lake, day(1), [A, B])
    for name in "ab":
        found = [told(lake, day(number))[name] for number in (0, 1)]
        assert [(row["state"], row["suppressed"]) for row in found] == [("suppressed", True), ("active", False)]
        assert found[0]["suppressed_until"] is None


def test_what_is_postponed_is_suppressed_until_the_suppression_says(lake: Lake) -> None:
    ends = suppression(B, ttl="2.00:00:00", until="2026-06-17T00:00:00Z")
    capture_advisor(lake, day(0), [marked(A, "Postponed"), marked(B, "Postponed"), ends])
    assert states(lake, day(0)) == {"a": "suppressed", "b": "suppressed"}
    assert told(lake, day(0))["b"]["suppressed_until"] == datetime(2026, 6, 17, tzinfo=UTC)
    assert states(lake, day(1)) == {"a": "suppressed", "b": "new"}


@pytest.mark.parametrize(("status", "state"), [("Postponed", "suppressed"), ("New", "new")])
def test_what_is_postponed_until_nobody_can_read_when_is_suppressed(lake: Lake, status: str, state: str) -> None:
    row = marked(A, status)
    odd = [suppression(row, ttl="30:00:00:00", until=until, name=str(until)) for until in (None, "soon")]
    capture_advisor(lake, day(0), [row, *odd])
    found = told(lake, day(0))["a"]
    assert (found["state"], found["suppressed"], found["suppressed_until"]) == (state, status == "Postponed", None)
    over = suppression(row, ttl="1.00:00:00", until="2026-06-14T00:00:00Z", name="over")
    capture_advisor(lake, day(0), [row, *odd, over])
    assert states(lake, day(0)) == {"a": "new"}


@pytest.mark.parametrize("status", ["New", "InProgress", "Unheard-of"])
def test_any_other_status_leaves_a_recommendation_open(lake: Lake, status: str) -> None:
    capture_advisor(lake, day(0), [marked(A, status)])
    assert states(lake, day(0)) == {"a": "new"}


# --- Suppressions and configurations ---------------------------------------------------------------


def test_a_suppressed_recommendation_comes_back_when_the_suppression_expires_or_is_lifted(lake: Lake) -> None:
    for_a_while = suppression(A, ttl="2.00:00:00", until="2026-06-17T12:00:00Z")
    for_ever = suppression(B)
    capture_advisor(lake, day(0), [A, B])
    capture_advisor(lake, day(1), [A, B, for_a_while, for_ever])
    capture_advisor(lake, day(2), [A, B, for_a_while], first=False)
    capture_advisor(lake, day(3), [A, B, for_a_while])
    found = [told(lake, day(number)) for number in range(4)]
    assert [row["a"]["state"] for row in found] == ["new", "suppressed", "active", "active"]
    assert [row["b"]["state"] for row in found] == ["new", "suppressed", "suppressed", "active"]
    assert found[1]["a"]["suppressed_until"] == datetime(2026, 6, 17, 12, tzinfo=UTC)
    assert (found[1]["b"]["suppressed"], found[1]["b"]["suppressed_until"]) == (True, None)
    assert found[2]["a"]["suppressed_until"] is None


def test_a_suppression_speaks_of_its_recommendation_alone(lake: Lake) -> None:
    shouted = {**suppression(A), "id": suppression(A)["id"].replace("/a/", "/A/")}
    capture_advisor(lake, day(0), [A, B, FAR, shouted], first=True, other=True)
    assert states(lake, day(0)) == {"a": "suppressed", "b": "new", "far": "new"}


def test_a_resolved_recommendation_is_resolved_though_it_was_suppressed(lake: Lake) -> None:
    capture_advisor(lake, day(0), [A, suppression(A)])
    capture_advisor(lake, day(1), [suppression(A)])
    assert told(lake, day(1))["a"] | {"state": "resolved", "suppressed": True} == told(lake, day(1))["a"]


def test_configurations_exclude_and_tell_the_threshold(lake: Lake) -> None:
    elsewhere = recommendation("elsewhere", on=machine_id("c", group="RG-Two"))
    capture_advisor(
        lake,
        day(0),
        [
            A, elsewhere, FAR,
            configuration(f"/subscriptions/{SUBSCRIPTION}", exclude=False, lowCpuThreshold="20"),
            configuration(f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-ONE", exclude=True),
            configuration(f"/subscriptions/{OTHER}", exclude=True),
        ],
        first=True,
        other=True,
    )  # fmt: skip
    capture_advisor(lake, day(1), [A, elsewhere, FAR], first=False, other=True)
    found = [
        {name: (row["excluded"], row["cpu_threshold"] and int(row["cpu_threshold"])) for name, row in rows.items()}
        for rows in (told(lake, day(0)), told(lake, day(1)))
    ]
    assert found[0] == {"a": (True, 20), "elsewhere": (False, 20), "far": (True, None)}
    assert found[1] == found[0] | {"far": (False, None)}


def test_what_cannot_be_read_of_them_is_told_with_each_recommendation_concerned(lake: Lake) -> None:
    odd = configuration(f"/subscriptions/{SUBSCRIPTION}", lowCpuThreshold="low")
    unsaid = recommendation("b", on=machine_id("b"), extendedProperties={"annualSavingsAmount": "much"})
    capture_advisor(lake, day(0), [A, unsaid, odd, suppression(unsaid, ttl="7.00:00:00")])
    columns = {name: [issue["column"] for issue in row["issues"]] for name, row in told(lake, day(0)).items()}
    assert columns == {"a": ["cpu_threshold"], "b": ["annual_savings", "suppressed_until", "cpu_threshold"]}


# --- Any history -----------------------------------------------------------------------------------

ROWS: Mapping[str, Row] = {
    "a": A,
    "a completed": A_COMPLETED,
    "b": B,
    "far": FAR,
    "a suppressed": suppression(A),
    "b suppressed": suppression(B, ttl="2.00:00:00", until=f"{day(2)}T12:00:00Z"),
}
SNAPSHOTS = st.tuples(
    st.sampled_from([None, True, False]),
    st.sampled_from([None, True, False]),
    st.sets(st.sampled_from(sorted(ROWS))),
)
HISTORIES = st.lists(SNAPSHOTS, min_size=1, max_size=4)
"""Of each day: is each subscription's snapshot complete (None: there is none), and which rows are in it?"""


def complete_on(snapshot: Any, name: str) -> bool | None:
    complete: bool | None = snapshot[1 if name.startswith("far") else 0]
    return complete


def is_in(snapshot: Any, name: str) -> bool:
    """One record is one row: it is open or completed."""
    is_completed = f"{name} completed" in snapshot[2]
    return name in snapshot[2] and complete_on(snapshot, name) is not None and not is_completed


def capture(lake: Lake, number: int, snapshot: Any) -> None:
    marks = {
        which: complete
        for which, complete in zip(("first", "other"), snapshot[:2], strict=True)
        if complete is not None
    }
    if marks:
        capture_advisor(lake, day(number), [ROWS[name] for name in ROWS if is_in(snapshot, name)], **marks)


def expected_states(history: list[Any]) -> dict[str, str]:
    """The state of each recommendation at the end of a history, in plain words."""
    last = len(history) - 1
    return {
        name: state
        for name in ("a", "b", "far")
        if (state := expected_state(history, name, until=last)) is not None
    }  # fmt: skip


def expected_resolution(history: list[Any]) -> str | None:
    """That of a, which has no inventory."""
    if expected_states(history).get("a") != "resolved":
        return None
    last_seen = max(number for number, snapshot in enumerate(history) if is_in(snapshot, "a"))
    is_completed = any(is_in(snapshot, "a completed") for snapshot in history[last_seen:])
    return "completed" if is_completed else "unverified"


def expected_state(history: list[Any], name: str, *, until: int) -> str | None:
    seen = [number for number, snapshot in enumerate(history) if is_in(snapshot, name)]
    missing = [
        number
        for number, snapshot in enumerate(history)
        if complete_on(snapshot, name) is True and not is_in(snapshot, name)
    ]
    if not seen:
        return None
    if any(number > seen[-1] for number in missing):
        return "resolved"
    suppressed = expected_state(history, f"{name} suppressed", until=until) if f"{name} suppressed" in ROWS else None
    if suppressed not in {None, "resolved"} and (name == "a" or until < 2):
        return "suppressed"
    if any(seen[0] < number < seen[-1] for number in missing):
        return "reopened"
    could_show = [seen[-1], *(number for number, snapshot in enumerate(history) if complete_on(snapshot, name))]
    return "new" if seen[0] == max(could_show) else "active"


@given(HISTORIES, st.randoms(use_true_random=False))
@settings(max_examples=12, deadline=None)
def test_any_history_day_by_day_in_any_order(history: list[Any], chance: random.Random) -> None:
    """What a day saw is what is rebuilt for it later, whenever its snapshots were written."""
    with TemporaryDirectory() as folder:
        lake, then = Lake(f"{folder}/in order"), []
        for number, snapshot in enumerate(history):
            capture(lake, number, snapshot)
            rows = azure_recommendations(lake, day(number)).sort("recommendation_id")
            found, until_then = by_name(rows), history[: number + 1]
            assert {name: row["state"] for name, row in found.items()} == expected_states(until_then)
            assert found.get("a", {}).get("resolution") == expected_resolution(until_then)
            then.append(rows)
        shuffled = Lake(f"{folder}/shuffled")
        for number, snapshot in chance.sample(list(enumerate(history)), len(history)):
            capture(shuffled, number, snapshot)
        for number, rows in enumerate(then):
            for rebuilt_from in (lake, shuffled):
                assert azure_recommendations(rebuilt_from, day(number)).sort("recommendation_id").equals(rows)


DAYS = st.lists(st.tuples(*[st.sampled_from([None, False, True])] * 2, *[st.booleans()] * 2), min_size=3, max_size=6)
"""Of each day: are the snapshots of Advisor and of the resources complete (None: there is none), and are the
recommendation and its machine in them?"""


def expected_deletion(days: list[tuple[bool | None, bool | None, bool, bool]]) -> bool:
    """Whether the recommendation's machine is deleted, in plain words."""
    seen = [number for number, (whole, _, listed, _) in enumerate(days) if whole is not None and listed]
    missing = [
        number for number, (whole, _, listed, _) in enumerate(days) if whole and not listed and number > seen[-1]
    ]
    if not missing:
        return False
    inventories = {number: there for number, (_, whole, _, there) in enumerate(days) if whole}
    since = [number for number in inventories if number >= missing[0]][:1] or [
        number for number in inventories if number >= seen[-1]
    ][-1:]
    had = any(
        inventories[max(earlier)]
        for seen_on in (seen[0], seen[-1])
        if (earlier := [number for number in inventories if number <= seen_on])
    )
    return had and any(not inventories[number] for number in since)


@given(DAYS)
@settings(max_examples=25, deadline=None)
def test_a_resource_is_deleted_where_it_was_there_and_is_no_more(
    days: list[tuple[bool | None, bool | None, bool, bool]],
) -> None:
    history = [(True, days[0][1], True, days[0][3]), *days[1:]]
    with TemporaryDirectory() as folder:
        lake = Lake(folder)
        for number, (advised, listed, is_told, is_there) in enumerate(history):
            if advised is not None:
                capture_advisor(lake, day(number), [A] if is_told else [], first=advised)
            if listed is not None:
                capture_resources(lake, day(number), [resource(machine_id("a"))] if is_there else [], first=listed)
        found = told(lake, day(len(history)))["a"]["resolution"] == "resource_deleted"
        assert found == expected_deletion(history)


# --- A point in time -------------------------------------------------------------------------------

NOON = timedelta(hours=12)


def at(lake: Lake, number: int, **options: str) -> PointInTime:
    noon = datetime.combine(day(number), datetime.min.time(), UTC) + NOON
    return PointInTime(lake, FrozenClock(noon), **options)


def materialise(lake: Lake, number: int) -> None:
    lake.replace(AzureResources, azure_inventory(lake, day(number), project_tag="ppm-project"))
    lake.replace(AzureAdvisorRecommendations, azure_recommendations(lake, day(number)))


@pytest.mark.parametrize("table", [AzureResources, AzureAdvisorRecommendations])
def test_a_past_day_is_what_today_was_then(lake: Lake, table: type[Table]) -> None:
    capture_resources(lake, day(0), [subscription(), resource(machine_id("a"), tags={"ppm-project": "Ledger"})])
    capture_advisor(lake, day(0), [A, B])
    materialise(lake, 0)
    then = at(lake, 0)(table).collect()
    capture_resources(lake, day(1), [subscription()])
    capture_advisor(lake, day(1), [B])
    materialise(lake, 1)
    looking_back = at(lake, 1)
    assert (
        looking_back(table, day(0))
        .collect()
        .select(then.columns)
        .sort(then.columns[0])
        .equals(then.sort(then.columns[0]))
    )
    assert not looking_back(table).collect().equals(then)
    assert looking_back(table, day(-1)).collect().is_empty()


def test_a_past_inventory_is_read_by_the_tag_of_today(lake: Lake) -> None:
    capture_resources(lake, day(0), [resource(machine_id(), tags={"project": "Ledger"})])
    rows = at(lake, 1, project_tag="Project")(AzureResources, day(0)).collect()
    assert rows["project_tag"].to_list() == ["Ledger"]


@pytest.mark.parametrize("table", [AzureResourcesRaw, AzureAdvisorRaw, AzureSnapshots])
def test_bronze_of_a_day_holds_the_snapshots_until_then(lake: Lake, table: type[Table]) -> None:
    assert at(lake, 1)(table, day(0)).collect().is_empty()
    for number in range(3):
        capture_resources(lake, day(number), [subscription()])
        capture_advisor(lake, day(number), [A])
    days = at(lake, 2)(table, day(1)).select("captured_on").unique().sort("captured_on").collect()
    assert days["captured_on"].to_list() == [day(0), day(1)]


def test_the_portfolio_holds_azure_as_the_day_saw_it(lake: Lake) -> None:
    _capture_a_page(lake)
    capture_resources(lake, day(0), [subscription()])
    capture_advisor(lake, day(0), [A, B])
    capture_advisor(lake, day(1), [B])
    materialise(lake, 1)
    now, then = at(lake, 1).portfolio(), at(lake, 1).portfolio(day(0))
    for portfolio, wanted in ((now, {"a": "resolved", "b": "active"}), (then, {"a": "new", "b": "new"})):
        rows = portfolio.azure_recommendations.collect().to_native()
        assert dict(pl.DataFrame(rows).select("name", "state").iter_rows()) == wanted
    assert len(now.azure_snapshots.collect()) == 3
    assert len(then.azure_snapshots.collect()) == 2
    assert len(then.azure_resources.collect()) == 1


@pytest.mark.parametrize("table", [AzureResources, AzureAdvisorRecommendations])
def test_gold_is_not_computed_from_a_silver_that_was_never_made(lake: Lake, table: type[Table]) -> None:
    _capture_a_page(lake)
    at(lake, 0).portfolio(of=[table])  # nothing waits for it
    capture_resources(lake, day(0), [subscription()])
    capture_advisor(lake, day(0), [A])
    with pytest.raises(
        NeverCapturedError, match=rf"silver/{table.info.name} was never made, though Azure was captured"
    ):
        at(lake, 0).portfolio(of=[table])
    materialise(lake, 0)
    at(lake, 0).portfolio(of=[table])


def _capture_a_page(lake: Lake) -> None:
    """A portfolio needs a page of Notion's; this one is of no database, so that no silver table waits for it."""
    row = {
        "database_id": "none",
        "database_name": "none",
        "page_id": "p",
        "captured_at": datetime.combine(day(0), datetime.min.time(), UTC),
        "content_hash": "0" * 64,
        "raw_payload": "{}",
        "is_deleted": False,
    }
    empty = NotionRawPages.create_empty().drop("_ingestion_timestamp")
    lake.append(NotionRawPages, pl.DataFrame([row], schema=empty.schema))
