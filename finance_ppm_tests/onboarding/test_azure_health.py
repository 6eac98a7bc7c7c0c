"""Azure's health: each thing is looked at by itself, and what is not well says what to do."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import HttpUrl, SecretStr

from finance_ppm.clock import FrozenClock
from finance_ppm.errors import SettingsError
from finance_ppm.onboarding.azure_health import _identity, _scope, examine_azure
from finance_ppm.onboarding.azure_lake_health import look_at_azure_in_lake
from finance_ppm.onboarding.azure_refresh import Refreshed, refresh_advisor
from finance_ppm.onboarding.health import Health
from finance_ppm.sandbox.azure.faults import Fault
from finance_ppm.settings import Config
from finance_ppm.sources.azure.errors import AzureError
from finance_ppm.sources.azure.reader import AzureReader
from finance_ppm.sources.azure.rows import Dataset
from finance_ppm_tests.onboarding.small_azure import (
    NONE,
    NOW,
    ONE,
    TODAY,
    TWO,
    SmallAzure,
    by_name,
    estate,
    machine,
    small_azure,
)

GRAPH = "ResourceGraph"


@pytest.fixture(autouse=True)
def no_settings_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a demo left in the folder the tests are run from is none of their settings."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[SmallAzure]:
    with small_azure(tmp_path) as served:
        yield served


def graph_requests(azure: SmallAzure, words: str) -> list[int]:
    """Which of the queries so far (from 1) hold these words."""
    asked = [request.body["query"] for request in azure.sandbox.requests() if GRAPH in request.path]
    return [number for number, query in enumerate(asked, start=1) if words in query]


def test_all_that_is_well_is_told(azure: SmallAzure) -> None:
    azure.was_read("resources")
    azure.was_read("advisor")
    azure.holds(a="Warehouse", b=None)
    health = azure.health()
    assert health.well
    assert {finding.what: finding.told for finding in health.findings} == {
        "settings": "Whoever AZURE_ACCESS_TOKEN was given to reads every subscription that it may see at "
        f"{azure.sandbox.base_url}/.",
        "subscriptions": "2 can be seen: Development, Production.",
        "inventory": "The subscription Development was read for trial, 3 rows from Resource Graph.",
        "recommendations": "The subscription Development was read for trial, 1 row from Resource Graph.",
        "last read of the inventory": "2026-06-15 06:02 UTC: 2 of 2 subscriptions complete, 6 rows.",
        "last read of the recommendations": "2026-06-15 06:02 UTC: 2 of 2 subscriptions complete, 6 rows.",
        "full read": "12 rows take about 8 queries, within one quota (15 in any 5 seconds).",
        "project tag": "1 of 2 resources (50%) bear the tag 'ppm-project', themselves or from above.",
    }


def test_looking_changes_nothing(azure: SmallAzure) -> None:
    assert azure.health().well
    assert list(azure.folder.iterdir()) == []
    assert {request.method for request in azure.sandbox.requests() if GRAPH not in request.path} <= {"GET"}


def test_before_the_first_read_nothing_is_wrong(azure: SmallAzure) -> None:
    found = by_name(azure.health())
    assert "Nothing was read into" in found["last read of the inventory"].told
    assert "finance-ppm run" in found["last read of the inventory"].told
    assert "project tag" not in found
    assert "full read" not in found


def test_a_token_that_azure_refuses_is_told_once(azure: SmallAzure) -> None:
    health = azure.health(azure_access_token=SecretStr("wrong-token"))
    (wrong,) = [finding for finding in health.findings if not finding.well]
    assert wrong.what == "subscriptions"
    assert "AZURE_ACCESS_TOKEN" in wrong.told
    assert "wrong-token" not in wrong.told


def test_nobody_at_home_is_told(azure: SmallAzure) -> None:
    found = by_name(azure.health(azure_resource_manager_url=HttpUrl("http://127.0.0.1:9")))
    assert not found["subscriptions"].well
    assert found["subscriptions"].told.startswith("Nothing answers at http://127.0.0.1:9")


def test_a_subscription_that_is_named_and_cannot_be_seen_is_told(azure: SmallAzure) -> None:
    found = by_name(azure.health(azure_subscriptions=(ONE, NONE)))
    assert "the subscriptions named in AZURE_SUBSCRIPTIONS (2)" in found["settings"].told
    assert not found["subscriptions"].well
    assert f"1 of the 2 in AZURE_SUBSCRIPTIONS cannot be seen ({NONE})" in found["subscriptions"].told
    assert found["inventory"].well, "the other one is read"


def test_named_subscriptions_of_which_none_can_be_seen_are_told(azure: SmallAzure) -> None:
    health = azure.health(azure_subscriptions=(NONE,))
    assert [finding.what for finding in health.findings if not finding.well] == ["subscriptions"]


def test_a_management_group_that_shows_nothing_is_told(tmp_path: Path) -> None:
    served = estate(Production=ONE, Development=TWO)
    served.groups = {"platform": [ONE, TWO]}
    with small_azure(tmp_path, served) as azure:
        found = by_name(azure.health(azure_management_groups=("platform", "Our Platform")))["subscriptions"]
    assert not found.well
    assert "management group Our Platform shows no subscription" in found.told


def test_an_identity_that_sees_nothing_is_told(tmp_path: Path) -> None:
    with small_azure(tmp_path, estate()) as nothing:
        found = by_name(nothing.health())["subscriptions"]
    assert not found.well
    assert "Reader" in found.told


def test_many_subscriptions_are_counted_not_listed(tmp_path: Path) -> None:
    names = {f"Team{number}": f"0000000{number}-0000-4000-8000-000000000000" for number in range(5)}
    with small_azure(tmp_path, estate(**names)) as azure:
        assert by_name(azure.health())["subscriptions"].told == "5 can be seen: Team0, Team1, Team2 and 2 more."


@pytest.mark.parametrize(
    ("table", "dataset"), [("resources", "inventory"), ("resourcecontainers | where type in~", "inventory")]
)
def test_a_dataset_that_azure_does_not_serve_leaves_the_other_looked_at(
    azure: SmallAzure, table: str, dataset: str
) -> None:
    azure.health()
    first = next(number for number in graph_requests(azure, table) if number > 2)
    azure.sandbox.add_fault(Fault.error(403, path=GRAPH, nth=first, times=4))
    found = by_name(azure.health())
    assert not found[dataset].well
    assert "Reader role" in found[dataset].told
    assert found["recommendations"].well


def test_what_advisor_itself_must_tell_is_told(azure: SmallAzure) -> None:
    """Where Resource Graph may not be asked for recommendations, there is another way."""
    azure.health()
    azure.sandbox.add_fault(Fault.error(403, path=GRAPH, nth=graph_requests(azure, "advisorresources")[0], times=99))
    found = by_name(azure.health())["recommendations"]
    assert found.well
    assert "from Advisor itself" in found.told


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"azure_client_secret": SecretStr("ours"), "azure_tenant_id": ONE}, "AZURE_CLIENT_ID"),
        ({"azure_access_token": SecretStr("with blanks"), "azure_tenant_id": ONE}, "AZURE_ACCESS_TOKEN"),
        (
            {"azure_resource_manager_url": HttpUrl("http://example.com"), "azure_access_token": SecretStr("ours")},
            "not https",
        ),
    ],
)
def test_settings_that_cannot_be_used_are_told(tmp_path: Path, settings: dict[str, Any], words: str) -> None:
    config = Config(**settings, ppm_lakehouse_uri=str(tmp_path / "lake"))
    health = examine_azure(config, FrozenClock(NOW))
    (wrong,) = [finding for finding in health.findings if not finding.well]
    assert wrong.what == "settings"
    assert words in wrong.told


def test_without_any_azure_it_says_how_and_looks_at_the_lake(tmp_path: Path) -> None:
    health = examine_azure(Config(ppm_lakehouse_uri=str(tmp_path / "lake")), FrozenClock(NOW))
    found = by_name(health)
    assert not health.well
    for words in ("AZURE_TENANT_ID", "AZURE_SUBSCRIPTIONS", ".env", "finance-ppm demo"):
        assert words in found["settings"].told
    assert "last read of the inventory" in found


@pytest.mark.parametrize(
    ("settings", "who"),
    [
        ({"azure_client_id": ONE, "azure_tenant_id": TWO, "azure_client_secret": SecretStr("x")}, "service principal"),
        ({"azure_client_id": ONE}, "managed identity"),
        ({"azure_tenant_id": TWO}, "this machine"),
    ],
)
def test_who_signs_in_and_what_is_read_is_told(settings: dict[str, Any], who: str) -> None:
    config = Config(**settings, azure_management_groups=("platform",))
    assert who in _identity(config)
    assert _scope(config) == "the management groups platform"


def test_a_read_that_was_not_complete_is_told_with_its_reason(azure: SmallAzure) -> None:
    azure.was_read("resources", complete=False, row_count=1, reason="Azure was away: read again.")
    azure.was_read("advisor")
    found = by_name(azure.health())
    assert found["last read of the recommendations"].well
    told = found["last read of the inventory"]
    assert not told.well
    assert told.told.endswith("1 of 2 subscriptions complete, 4 rows. Of Production: Azure was away: read again.")


@pytest.mark.parametrize(("days", "well"), [(1, True), (2, False)])
def test_an_old_read_is_told(azure: SmallAzure, days: int, well: bool) -> None:
    azure.was_read("resources", TODAY - timedelta(days=days), complete=False, reason="Long mended.")
    azure.was_read("resources", TODAY - timedelta(days=days))
    found = by_name(azure.health())["last read of the inventory"]
    assert found.well is well
    assert ("more than a day ago" in found.told) is not well


def test_a_large_tenant_is_reckoned_up(azure: SmallAzure) -> None:
    azure.was_read("resources", row_count=199_997)
    azure.was_read("advisor")
    told = by_name(azure.health())["full read"].told
    assert told == "200,006 rows take about 210 queries, at least 65 seconds (15 in any 5 seconds)."


def test_a_read_within_one_quota_waits_for_nothing(azure: SmallAzure) -> None:
    """The newest day counts, and no day before it."""
    azure.was_read("resources", TODAY - timedelta(days=1), row_count=900_000)
    azure.was_read("resources", row_count=9_990)
    told = by_name(azure.health())["full read"].told
    assert told == "9,993 rows take about 15 queries, within one quota (15 in any 5 seconds)."


@pytest.mark.parametrize("machines", [0, 2_200, 10_500])
def test_queries_are_reckoned_as_many_as_a_read_takes(tmp_path: Path, machines: int) -> None:
    """The list of subscriptions and their counts are part of a read; large ones are read in several batches."""
    served = estate(Production=ONE, Development=TWO)
    served.tables["resources"] += [machine(identity, f"m{n}") for identity in (ONE, TWO) for n in range(machines // 2)]
    with small_azure(tmp_path, served) as azure:
        asked = 0
        for dataset in Dataset:
            with AzureReader.of(azure.config()) as reader:
                outcomes = [outcome for batch in reader.snapshot(dataset) for outcome in batch.outcomes]
                asked += reader.queries
            azure.was_read(dataset.value, rows={each.subscription_id: each.row_count for each in outcomes})
        lake = Health(tuple(look_at_azure_in_lake(azure.config(), FrozenClock(NOW))))
    assert f" rows take about {asked} queries" in by_name(lake)["full read"].told


def test_of_management_groups_one_subscription_is_read_for_trial(tmp_path: Path) -> None:
    served = estate(Production=ONE, Development=TWO)
    served.groups = {"platform": [ONE, TWO]}
    with small_azure(tmp_path, served) as azure:
        found = by_name(azure.health(azure_management_groups=("platform",)))
    assert found["subscriptions"].told == "2 can be seen: Development, Production."
    assert found["inventory"].told == "The subscription Development was read for trial, 3 rows from Resource Graph."


def test_a_tag_that_nothing_bears_is_told(azure: SmallAzure) -> None:
    azure.holds(a=None, b=None)
    found = by_name(azure.health(ppm_azure_project_tag="cost-centre"))["project tag"]
    assert not found.well
    assert "0 of 2 resources (0%) bear the tag 'cost-centre'" in found.told
    assert "PPM_AZURE_PROJECT_TAG" in found.told


def test_a_lake_that_cannot_be_opened_is_told(azure: SmallAzure) -> None:
    found = by_name(azure.health(ppm_lakehouse_uri="ftp://somewhere"))
    assert not found["lake"].well
    assert found["inventory"].well


def test_advisor_recommends_anew_everywhere_and_tells_how_far_it_is(azure: SmallAzure) -> None:
    steps: list[str] = []
    done = refresh_advisor(azure.config(), progress=steps.append)
    assert done == Refreshed(refreshed=(ONE, TWO), failed=())
    assert done.succeeded
    assert steps == ["1 of 2 subscriptions", "2 of 2 subscriptions"]


@pytest.mark.parametrize("wanted", [[TWO], [TWO.upper()], ["development"], [" Development", TWO]])
def test_one_subscription_goes_by_its_id_or_name(azure: SmallAzure, wanted: list[str]) -> None:
    assert refresh_advisor(azure.config(), wanted).refreshed == (TWO,)
    begun = [request.path for request in azure.sandbox.requests() if request.path.endswith("generateRecommendations")]
    assert len(begun) == 1


def test_a_subscription_that_is_named_and_cannot_be_seen_is_not_refreshed(azure: SmallAzure) -> None:
    done = refresh_advisor(azure.config(azure_subscriptions=(NONE, TWO)))
    assert done.refreshed == (TWO,)
    assert not done.succeeded
    (failed,) = done.failed
    assert failed.subscription_id == NONE
    assert "Reader" in failed.reason
    assert "AZURE_SUBSCRIPTIONS" in failed.reason


def test_only_who_is_meant_must_be_seen(azure: SmallAzure) -> None:
    assert refresh_advisor(azure.config(azure_subscriptions=(NONE, TWO)), [TWO]) == Refreshed((TWO,), ())


def test_where_nothing_can_be_refreshed_nothing_succeeds(tmp_path: Path, azure: SmallAzure) -> None:
    done = refresh_advisor(azure.config(azure_subscriptions=(NONE,)))
    assert [failed.subscription_id for failed in done.failed] == [NONE]
    assert not done.succeeded
    assert not Refreshed(refreshed=(), failed=()).succeeded
    with small_azure(tmp_path, estate()) as nothing, pytest.raises(AzureError, match="no subscription at all"):
        refresh_advisor(nothing.config())


def test_a_subscription_that_cannot_be_refreshed_leaves_the_others_alone(azure: SmallAzure) -> None:
    azure.sandbox.add_fault(Fault.error(403, path=f"{ONE}.*generateRecommendations", times=9))
    done = refresh_advisor(azure.config())
    assert done.refreshed == (TWO,)
    assert not done.succeeded
    (failed,) = done.failed
    assert (failed.subscription_id, failed.name) == (ONE, "Production")
    assert "403" in failed.reason


def test_who_is_meant_must_be_clear(tmp_path: Path) -> None:
    served = estate(Production=ONE, production=TWO)
    with small_azure(tmp_path, served) as azure:
        with pytest.raises(SettingsError, match="2 subscriptions are called 'Production'"):
            refresh_advisor(azure.config(), ["Production"])
        with pytest.raises(SettingsError, match="No subscription 'Staging' can be seen"):
            refresh_advisor(azure.config(), ["Staging"])
        assert not [request for request in azure.sandbox.requests() if "generate" in request.path]


def test_without_any_azure_a_refresh_says_how() -> None:
    with pytest.raises(SettingsError, match="No Azure is configured"):
        refresh_advisor(Config())


def test_a_refresh_of_an_azure_that_refuses_everything_says_so(azure: SmallAzure) -> None:
    with pytest.raises(AzureError, match="AZURE_ACCESS_TOKEN"):
        refresh_advisor(azure.config(azure_access_token=SecretStr("wrong-token")))
