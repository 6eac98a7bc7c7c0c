"""``finance-ppm azure`` as a user meets it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from finance_ppm.azure_commands import azure_app
from finance_ppm.cli import product, sync_app
from finance_ppm.errors import SettingsError
from finance_ppm.sandbox.azure.faults import Fault
from finance_ppm.settings import Config
from finance_ppm_tests.onboarding.small_azure import NONE, ONE, TWO, SmallAzure, small_azure


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's folder, with no settings at all."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    for name in Config.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[SmallAzure]:
    """An Azure that ``.env`` leads to."""
    with small_azure(tmp_path) as served:
        settings = served.sandbox.environment()
        (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        yield served


def call(*arguments: str) -> Result:
    return CliRunner().invoke(azure_app, arguments, catch_exceptions=False)


def test_check_tells_each_thing_with_a_mark(azure: SmallAzure) -> None:
    result = call("check")
    assert result.exit_code == 0, result.output
    assert "✓ well    subscriptions: 2 can be seen: Development, Production." in result.stdout
    assert "not well" not in result.stdout
    assert azure.sandbox.token.get_secret_value() not in result.output


def test_check_ends_with_one_where_something_is_not_well(azure: SmallAzure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_ACCESS_TOKEN", "refused-token")
    result = call("check")
    assert result.exit_code == 1
    assert "✗ not well subscriptions: Azure does not accept the credentials" in result.stdout
    assert "refused-token" not in result.output


def test_check_as_json_is_one_object(azure: SmallAzure) -> None:
    result = call("check", "--json")
    findings = json.loads(result.stdout)["findings"]
    assert {"what": "subscriptions", "well": True, "told": "2 can be seen: Development, Production."} in findings
    assert result.stderr == ""


def test_check_without_azure_says_how() -> None:
    result = call("check")
    assert result.exit_code == 1
    assert "AZURE_TENANT_ID" in result.stdout
    assert "finance-ppm demo" in result.stdout


def test_refresh_tells_what_came_of_it(azure: SmallAzure) -> None:
    azure.sandbox.add_fault(Fault.error(403, path=f"{ONE}.*generateRecommendations", times=9))
    result = call("refresh")
    assert result.exit_code == 1
    assert result.stdout.startswith("Production: ")
    assert "Advisor recommends anew in 1 of 2 subscriptions: `finance-ppm run` reads it." in result.stdout


def test_refresh_of_some_as_json_is_one_object(azure: SmallAzure) -> None:
    result = call("refresh", "--subscription", "Development", "--subscription", TWO, "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == {"refreshed": [TWO], "failed": []}
    assert result.stderr == ""


def test_refresh_of_nothing_is_no_success(azure: SmallAzure, monkeypatch: pytest.MonkeyPatch) -> None:
    """A subscription that is to be read and is not shown was not refreshed, and it is said which."""
    monkeypatch.setenv("AZURE_SUBSCRIPTIONS", NONE)
    result = call("refresh")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        f"{NONE}: Azure does not show it: give the identity the Reader role on it, or take it out of "
        "AZURE_SUBSCRIPTIONS.",
        "Advisor recommends anew in 0 of 1 subscription.",
    ]


def test_json_is_offered_in_the_same_words_everywhere() -> None:
    """One option, whichever module the command is in."""
    asked = [
        (azure_app, ["check"]),
        (azure_app, ["refresh"]),
        (product, ["notion", "init"]),
        (product, ["notion", "map"]),
        (sync_app, ["sync"]),
        (sync_app, ["health"]),
    ]
    helps = [CliRunner().invoke(app, [*names, "--help"]).stdout.splitlines() for app, names in asked]
    words = [" ".join(line.split()) for lines in helps for line in lines if "--json" in line]
    assert len(words) == len(asked)
    assert len(set(words)) == 1


def test_refresh_without_azure_says_how() -> None:
    with pytest.raises(SettingsError, match=r"AZURE_TENANT_ID.*finance-ppm demo"):
        call("refresh")
