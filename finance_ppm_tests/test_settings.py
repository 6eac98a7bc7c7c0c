"""Settings: where they come from, and the sentence a user reads when one is missing or wrong."""

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from finance_ppm import Config
from finance_ppm.errors import SettingsError
from finance_ppm.settings import DATABASES, SANDBOX_ENV

IDS = {f"NOTION_{name.upper()}_DB_ID": f"{number}" * 32 for number, name in enumerate(DATABASES)}
NAMES = [name.upper() for name in Config.model_fields] + ["NOTION_API_KEY"]


@pytest.fixture(autouse=True)
def _nothing_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


def write(path: str | Path, **values: str) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text("".join(f"{name}={value}\n" for name, value in values.items()))


@pytest.mark.parametrize("name", ["NOTION_TOKEN", "NOTION_API_KEY"])
def test_the_token_has_two_names_and_is_never_shown(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "secret_of_ours")
    config = Config.from_env()
    assert config.notion_token is not None
    assert config.notion_token.get_secret_value() == "secret_of_ours"
    assert "secret_of_ours" not in f"{config!r} {config} {config.model_dump()} {config.model_dump_json()}"


def test_the_environment_wins_over_the_file_and_a_blank_line_means_the_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write(".env", NOTION_TOKEN="of_the_file", NOTION_REQUESTS_PER_MINUTE="", PPM_REPORTING_CURRENCY="EUR")
    monkeypatch.setenv("NOTION_TOKEN", "of_the_environment")
    config = Config.from_env()
    assert config.notion_token is not None
    assert config.notion_token.get_secret_value() == "of_the_environment"
    assert (config.notion_requests_per_minute, config.ppm_reporting_currency) == (180, "EUR")


def test_the_sandbox_counts_only_while_no_token_is_configured() -> None:
    write(SANDBOX_ENV, NOTION_TOKEN="sandbox", NOTION_BASE_URL="http://127.0.0.1:7788", PPM_SANDBOX_ANCHOR="2026-06-15")
    assert Config.from_env().ppm_sandbox_anchor is not None
    write(".env", NOTION_TOKEN="ours")
    config = Config.from_env()
    assert str(config.notion_base_url) == "https://api.notion.com/"
    assert config.ppm_sandbox_anchor is None


def test_the_example_copied_as_it_is_changes_nothing() -> None:
    write(SANDBOX_ENV, NOTION_TOKEN="sandbox", NOTION_BASE_URL="http://127.0.0.1:7788", PPM_SANDBOX_ANCHOR="2026-06-15")
    Path(".env").write_text((Path(__file__).parent.parent / ".env.example").read_text())
    config = Config.from_env()
    assert config.notion_token is not None
    assert config.notion_token.get_secret_value() == "sandbox"
    assert config.notion_base_url.port == 7788


def test_the_second_name_of_the_token_counts_beside_an_empty_first_one() -> None:
    write(".env", NOTION_TOKEN="", NOTION_API_KEY="ours")
    config = Config.from_env()
    assert config.notion_token is not None
    assert config.notion_token.get_secret_value() == "ours"


def test_what_is_missing_is_named_in_one_sentence_with_the_remedy() -> None:
    with pytest.raises(SettingsError) as error:
        Config.from_env().require_notion()
    message = str(error.value)
    assert "NOTION_TOKEN and NOTION_PROGRAMS_DB_ID" in message
    assert "NOTION_ACTIONS_DB_ID" not in message, "actions are optional"
    assert "finance-ppm demo" in message
    assert message.count(". ") == 0


def test_everything_there_is_enough_without_actions(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**IDS, "NOTION_TOKEN": "ours"}.items():
        if name != "NOTION_ACTIONS_DB_ID":
            monkeypatch.setenv(name, value)
    config = Config.from_env()
    assert config.require_notion().get_secret_value() == "ours"
    assert list(config.database_ids) == ["programs", "projects", "budget_lines", "risks"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NOTION_VERSION", "2021-01-01"),
        ("NOTION_REQUESTS_PER_MINUTE", "fast"),
        ("NOTION_REQUESTS_PER_MINUTE", "0"),
        ("PPM_START_DATE", "2024-13-01"),
        ("PPM_REPORTING_CURRENCY", "dollars"),
        ("NOTION_BASE_URL", "not a url"),
        ("LOG_LEVEL", "chatty"),
    ],
)
def test_a_wrong_value_is_one_sentence_that_names_it(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as error:
        Config.from_env()
    assert str(error.value).startswith(name)
    assert ".env" in str(error.value)


def test_a_file_that_is_not_utf_8_is_one_sentence_without_what_it_holds() -> None:
    Path(".env").write_bytes("# ours\nNOTION_TOKEN=ntn_ours\n# f\xfcr uns\n".encode("latin-1"))
    with pytest.raises(SettingsError, match=r"^\.env is not UTF-8 \(line 3\): save it as UTF-8") as error:
        Config.from_env()
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__, "the cause holds the token"


def test_a_folder_in_the_place_of_the_file_is_told() -> None:
    Path(".env").mkdir()
    with pytest.raises(SettingsError, match=r"^\.env is a folder"):
        Config.from_env()


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="the file that cannot be read is Linux's")
def test_a_file_that_cannot_be_read_is_told() -> None:
    Path(".env").symlink_to("/proc/self/mem")
    with pytest.raises(SettingsError, match=r"^\.env cannot be read \("):
        Config.from_env()


def test_a_file_that_begins_with_a_byte_order_mark_is_read_from_its_first_line() -> None:
    Path(".env").write_bytes(b"\xef\xbb\xbfPPM_REPORTING_CURRENCY=EUR\r\n")
    assert Config.from_env().ppm_reporting_currency == "EUR"


@pytest.mark.parametrize("token", ["ntn_276538abc", "secret_Ab1Cd2Ef3", " NTN_276538abc"])
@pytest.mark.parametrize("name", IDS)
def test_a_token_in_the_place_of_an_id_is_refused_and_not_shown(name: str, token: str) -> None:
    write(".env", NOTION_TOKEN="ntn_ours", **{name: token})
    with pytest.raises(SettingsError) as error:
        Config.from_env()
    message = str(error.value)
    assert message.startswith(f"{name} (")
    assert "holds a token" in message
    assert token.strip() not in f"{message} {error.value.__cause__!r}"
    assert message.count(". ") == 0


def test_every_setting_is_explained_in_the_example() -> None:
    example = (Path(__file__).parent.parent / ".env.example").read_text()
    internal = {"PPM_SANDBOX_ANCHOR", "PPM_SANDBOX_PAGES", "PPM_SANDBOX_SEED"}
    assert {name for name in NAMES if name not in internal and name not in example} == set()


def test_the_example_says_what_azure_needs_of_notion() -> None:
    example = (Path(__file__).parent.parent / ".env.example").read_text()
    (azure,) = re.findall(r"# --- Azure: what to read -+\n(.*?)# --- ", example, re.DOTALL)
    assert "Notion is needed as well" in azure


def test_an_id_is_one_id_however_it_is_written() -> None:
    plain, dashed = "0123456789abcdef0123456789abcdef", "01234567-89ab-cdef-0123-456789abcdef"
    assert Config(notion_risks_db_id=plain).database_ids == Config(notion_risks_db_id=dashed).database_ids


def test_one_database_cannot_be_two(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**IDS, "NOTION_TOKEN": "ours", "NOTION_RISKS_DB_ID": IDS["NOTION_PROJECTS_DB_ID"]}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match="NOTION_PROJECTS_DB_ID and NOTION_RISKS_DB_ID name the same database"):
        Config.from_env().require_notion()


# --- Azure -----------------------------------------------------------------------------------------

ONE, TWO = "11111111-2222-3333-4444-555555555555", "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
SECRETS = {"AZURE_CLIENT_SECRET": "client_secret_of_ours", "AZURE_ACCESS_TOKEN": "access_token_of_ours"}
SANDBOX_AZURE = {
    "AZURE_RESOURCE_MANAGER_URL": "http://127.0.0.1:7799",
    "AZURE_ACCESS_TOKEN": "token_of_the_sandbox",
    "AZURE_TENANT_ID": ONE,
}


@pytest.mark.parametrize(
    ("told", "ids"),
    [
        (ONE, (ONE,)),
        (f" {ONE} ,{TWO},", (ONE, TWO)),
        (TWO.upper(), (TWO,)),
        (TWO.replace("-", ""), (TWO,)),
        (f"/subscriptions/{TWO}", (TWO,)),
        (f"{TWO}, {TWO.upper()}", (TWO,)),
        (" , ", ()),
        ("", ()),
    ],
)
def test_subscriptions_are_a_list_of_ids_however_they_are_written(told: str, ids: tuple[str, ...]) -> None:
    write(".env", AZURE_SUBSCRIPTIONS=told)
    assert Config.from_env().azure_subscriptions == ids


def test_management_groups_are_a_list_of_names() -> None:
    write(".env", AZURE_MANAGEMENT_GROUPS=" platform, landing-zones ,")
    assert Config.from_env().azure_management_groups == ("platform", "landing-zones")


def test_lists_are_lists_in_a_program_too() -> None:
    config = Config(azure_subscriptions=(TWO.upper(),), azure_management_groups=("platform",))
    assert (config.azure_subscriptions, config.azure_management_groups) == ((TWO,), ("platform",))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AZURE_SUBSCRIPTIONS", "production"),
        ("AZURE_SUBSCRIPTIONS", f"{ONE},{TWO[:-1]}"),
        ("AZURE_SUBSCRIPTIONS", f"{ONE} {TWO}"),
        ("AZURE_RESOURCE_MANAGER_URL", "management.azure.com"),
        ("AZURE_RESOURCE_MANAGER_URL", "https://me:mine@management.azure.com"),
        ("PPM_AZURE_CONSERVATIVE_TERM", "P2Y"),
        ("PPM_AZURE_CONSERVATIVE_LOOKBACK_DAYS", "a month"),
        ("PPM_AZURE_FRESH_ONLY", "sometimes"),
    ],
)
def test_a_wrong_value_of_azure_is_one_sentence_that_names_it(name: str, value: str) -> None:
    write(".env", **{name: value}, **SECRETS)
    with pytest.raises(SettingsError) as error:
        Config.from_env()
    message = str(error.value)
    assert message.startswith(f"{name} (")
    assert ".env" in message
    assert not any(secret in f"{message} {error.value.__cause__!r}" for secret in (*SECRETS.values(), "mine"))


def test_secrets_of_azure_are_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    config = Config.from_env()
    assert config.azure_client_secret is not None
    assert config.azure_client_secret.get_secret_value() == SECRETS["AZURE_CLIENT_SECRET"]
    shown = f"{config!r} {config} {config.model_dump()} {config.model_dump_json()}"
    assert not any(secret in shown for secret in SECRETS.values())


@pytest.mark.parametrize(
    ("told", "reads"),
    [
        ({}, False),
        ({"AZURE_TENANT_ID": ONE}, True),
        ({"AZURE_CLIENT_ID": ONE}, True),
        ({"AZURE_ACCESS_TOKEN": "ours"}, True),
        ({"AZURE_SUBSCRIPTIONS": ONE}, True),
        ({"AZURE_MANAGEMENT_GROUPS": "platform"}, True),
        ({"AZURE_SUBSCRIPTIONS": " , "}, False),
        ({"PPM_AZURE_PROJECT_TAG": "cost-centre", "AZURE_RESOURCE_MANAGER_URL": "https://management.azure.cn"}, False),
    ],
)
def test_azure_is_read_where_something_says_which(told: dict[str, str], reads: bool) -> None:
    write(".env", **told)
    assert Config.from_env().reads_azure is reads


def test_the_sandbox_tells_of_azure_while_nobody_else_does() -> None:
    write(SANDBOX_ENV, NOTION_TOKEN="sandbox", **SANDBOX_AZURE)
    write(".env", PPM_AZURE_PROJECT_TAG="cost-centre")
    config = Config.from_env()
    assert config.azure_access_token is not None
    assert config.azure_access_token.get_secret_value() == "token_of_the_sandbox"
    assert config.azure_resource_manager_url.port == 7799
    assert config.ppm_azure_project_tag == "cost-centre"


@pytest.mark.parametrize(
    "told",
    [
        {"AZURE_TENANT_ID": TWO},
        {"AZURE_CLIENT_SECRET": "ours"},
        {"AZURE_SUBSCRIPTIONS": TWO},
        {"AZURE_RESOURCE_MANAGER_URL": "https://management.azure.cn"},
    ],
    ids=lambda told: next(iter(told)),
)
@pytest.mark.parametrize("where", ["environment", "file", "program"])
def test_a_real_azure_is_never_mixed_with_the_sandbox(
    told: dict[str, Any], where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our credentials are not sent to the sandbox, nor its token to Azure; its Notion is read all the same."""
    write(SANDBOX_ENV, NOTION_TOKEN="sandbox", **SANDBOX_AZURE)
    if where == "environment":
        for name, value in told.items():
            monkeypatch.setenv(name, value)
    elif where == "file":
        write(".env", **told)
    config = (
        Config(**{name.lower(): value for name, value in told.items()}) if where == "program" else Config.from_env()
    )
    assert config.azure_access_token is None
    assert config.azure_tenant_id == told.get("AZURE_TENANT_ID")
    assert config.azure_resource_manager_url.port == 443
    assert config.notion_token is not None
    assert config.notion_token.get_secret_value() == "sandbox"


def test_who_reads_a_real_notion_reads_no_sandbox_azure() -> None:
    write(SANDBOX_ENV, NOTION_TOKEN="sandbox", **SANDBOX_AZURE)
    write(".env", NOTION_TOKEN="ours")
    config = Config.from_env()
    assert not config.reads_azure
    assert config.azure_resource_manager_url.port == 443


def test_settings_without_azure_are_the_same_but_for_it() -> None:
    config = Config(azure_access_token=SecretStr("a"), azure_subscriptions=(), ppm_azure_project_tag="cost-centre")
    assert config.reads_azure
    without = config.without_azure()
    assert not without.reads_azure
    assert without.azure_access_token is None
    assert without.ppm_azure_project_tag == "cost-centre"
