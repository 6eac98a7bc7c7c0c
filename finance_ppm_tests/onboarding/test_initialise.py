"""Setting up a Notion: everything is there afterwards, once, whatever happened on the way."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from finance_ppm.errors import SettingsError
from finance_ppm.onboarding import databases
from finance_ppm.sandbox.notion.faults import Fault, FaultKind
from finance_ppm.settings import DATABASES
from finance_ppm.sources.notion.client import NotionClient
from finance_ppm.sources.notion.errors import NotionError
from finance_ppm_tests.onboarding.fresh_notion import FreshNotion, KilledError, killed_after, setting

FIVE = ["Actions", "Budget Lines", "Programs", "Projects", "Risks"]
MORE_THAN_ALL = 20
"""Requests: more than a set-up without a sample takes."""


def test_a_set_up_makes_what_the_sync_wants(notion: FreshNotion) -> None:
    done = notion.set_up()
    assert done.succeeded
    assert notion.titles() == FIVE
    assert [database.made for database in done.databases] == [True] * 5
    assert list(done.written) == [setting(name) for name in DATABASES]
    health = notion.health()
    assert health.well, [finding for finding in health.findings if not finding.well]
    assert {found.what for found in health.findings if "fit" in found.told} == set(DATABASES)


def test_a_second_set_up_changes_nothing(notion: FreshNotion) -> None:
    notion.set_up()
    written = notion.env_file.read_bytes()
    notion.sandbox.reset_requests()
    again = notion.set_up()
    assert again.succeeded
    assert not again.written
    assert not any(database.made or database.added for database in again.databases)
    assert {request.method for request in notion.sandbox.requests()} == {"GET"}
    assert notion.env_file.read_bytes() == written


def test_without_the_env_file_the_databases_are_found_again(one_notion: FreshNotion) -> None:
    first = one_notion.set_up()
    one_notion.env_file.unlink()
    again = one_notion.set_up()
    assert [database.database_id for database in again.databases] == [one.database_id for one in first.databases]
    assert one_notion.titles() == FIVE


def test_killed_anywhere_and_done_again_it_is_done_once(notion: FreshNotion) -> None:
    """After any request in one version; in the others after any write, as a read changes nothing."""
    methods = {"GET", "POST", "PATCH"} if notion.version == "2022-06-28" else {"POST", "PATCH"}
    for number in range(1, MORE_THAN_ALL):
        page = notion.new_page()
        notion.env_file.unlink(missing_ok=True)
        try:
            with killed_after(number, methods):
                notion.set_up(page)
        except KilledError:
            done = notion.set_up(page)
        else:
            assert number > 5, "it was killed at every write"
            return
        assert done.succeeded
        assert notion.titles(page) == FIVE
        assert list(notion.config().database_ids.values()) == [one.database_id for one in done.databases]
    pytest.fail("a set-up takes more requests than were tried")


@pytest.mark.parametrize(
    "fault",
    [
        Fault(FaultKind.DROP_AFTER, method="POST"),
        Fault(FaultKind.MALFORMED, method="POST"),
        Fault(FaultKind.DROP_BEFORE, method="POST"),
        Fault.error(503, method="POST"),
        Fault.html(502, method="POST"),
        Fault.error(409, method="POST"),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}",
)
@pytest.mark.parametrize("nth", [1, 3])
def test_a_database_that_may_have_been_made_is_looked_for(
    one_notion: FreshNotion, fault: Fault, nth: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(databases, "LOOK_AFTER", (0.0, 0.0))
    one_notion.sandbox.add_fault(Fault(**{**fault.as_json(), "nth": nth}))
    assert one_notion.set_up().succeeded
    assert one_notion.titles() == FIVE


def test_a_database_that_cannot_be_made_is_an_error_in_the_end(
    one_notion: FreshNotion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(databases, "LOOK_AFTER", (0.0,))
    one_notion.sandbox.add_fault(Fault(FaultKind.DROP_BEFORE, method="POST", times=99))
    with pytest.raises(NotionError, match="may have done"):
        one_notion.set_up()
    assert one_notion.titles() == []
    assert not one_notion.env_file.exists()


def test_a_dry_run_tells_and_does_nothing(notion: FreshNotion) -> None:
    told = notion.set_up(dry_run=True, sample=20)
    assert [database.made for database in told.databases] == [True] * 5
    assert list(told.written) == [setting(name) for name in DATABASES]
    assert told.sample is not None
    assert sum(told.sample.values()) >= 10
    assert notion.titles() == []
    assert not notion.env_file.exists()
    assert {request.method for request in notion.sandbox.requests()} == {"GET"}


def test_a_dry_run_tells_what_a_database_lacks_and_adds_nothing(one_notion: FreshNotion) -> None:
    own = one_notion.make_database("Programs", {"Name": {"title": {}}, "Owner": {"people": {}}})
    told = one_notion.set_up(dry_run=True)
    assert told.databases[0].added == ("Start Date", "End Date", "Status", "Description")
    assert list(one_notion.properties(own)) == ["Name", "Owner"]


# What is there already


def test_a_database_of_ours_is_completed_and_nothing_of_it_changed(notion: FreshNotion) -> None:
    own = notion.make_database(
        "programs ",
        {
            "Program": {"title": {}},
            "Status": {"select": {"options": [{"name": "Alive", "color": "pink"}]}},
            "Owner": {"rich_text": {}},
            "Cost Centre": {"number": {"format": "dollar"}},
        },
    )
    done = notion.set_up()
    programs = done.databases[0]
    assert (programs.database_id, programs.made) == (own, False)
    assert programs.added == ("Start Date", "End Date", "Description")
    assert notion.properties(own) == {
        "Program": "title",
        "Status": "select",
        "Owner": "rich_text",
        "Cost Centre": "number",
        "Start Date": "date",
        "End Date": "date",
        "Description": "rich_text",
    }
    source = notion.sandbox.workspace.databases[own].sources[0]
    status = source.named("Status")
    assert status is not None
    assert list(status.options) == ["Alive"]
    assert notion.health().well


def test_a_property_of_another_type_is_told_and_left_alone(notion: FreshNotion) -> None:
    own = notion.make_database("Budget Lines", {"Name": {"title": {}}, "Amount": {"checkbox": {}}})
    done = notion.set_up(sample=20)
    assert not done.succeeded
    assert done.sample is None, "no sample where it does not fit"
    lines = next(database for database in done.databases if database.name == "budget_lines")
    assert len(lines.problems) == 1
    assert "'Amount' of Budget Lines is of type checkbox: make it number or" in lines.problems[0]
    assert notion.properties(own)["Amount"] == "checkbox"
    assert notion.titles() == FIVE
    assert notion.config().database_ids["budget_lines"] == own


def test_a_relation_that_leads_elsewhere_is_told(notion: FreshNotion) -> None:
    other = notion.make_database("Elsewhere", {"Name": {"title": {}}})
    source = notion.sandbox.workspace.databases[other].sources[0].id
    where = {"database_id": other} if notion.version == "2022-06-28" else {"data_source_id": source}
    notion.make_database("Risks", {"Name": {"title": {}}, "Project": {"relation": {**where, "single_property": {}}}})
    risks = next(database for database in notion.set_up().databases if database.name == "risks")
    assert len(risks.problems) == 1
    assert "'Project' of Risks leads to another database" in risks.problems[0]


def test_two_databases_of_one_title_are_an_error_that_names_both(one_notion: FreshNotion) -> None:
    twins = [one_notion.make_database("Risks", {"Name": {"title": {}}}) for _ in range(2)]
    with pytest.raises(SettingsError, match=f"{twins[0]} and {twins[1]}"):
        one_notion.set_up()
    assert one_notion.titles() == ["Risks", "Risks"], "nothing is made before it is decided"
    one_notion.env_file.write_text(f"NOTION_RISKS_DB_ID={twins[1]}\n")
    assert one_notion.set_up().databases[3].database_id == twins[1], "the setting decides"


def test_a_renamed_database_is_known_by_its_id(one_notion: FreshNotion) -> None:
    first = one_notion.set_up()
    risks = first.databases[3].database_id
    one_notion.ask("PATCH", f"/v1/databases/{risks}", {"title": [{"text": {"content": "Perils"}}]})
    assert one_notion.set_up().databases[3].database_id == risks
    assert "Risks" not in one_notion.titles()


def test_ids_that_lead_elsewhere_are_not_replaced_unasked(one_notion: FreshNotion) -> None:
    first = one_notion.set_up()
    page = one_notion.new_page()
    written = one_notion.env_file.read_bytes()
    with pytest.raises(SettingsError, match=r"NOTION_PROGRAMS_DB_ID .*--replace"):
        one_notion.set_up(page)
    assert one_notion.titles(page) == []
    assert one_notion.env_file.read_bytes() == written
    moved = one_notion.set_up(page, replace_ids=True)
    assert moved.succeeded
    assert moved.written == {setting(one.name): one.database_id for one in first.databases}
    assert one_notion.titles(page) == FIVE


def test_databases_in_columns_are_on_the_page(one_notion: FreshNotion, monkeypatch: pytest.MonkeyPatch) -> None:
    """Notion puts a database that is dragged beside another into a column."""
    first = one_notion.set_up()
    ids = [database.database_id for database in first.databases]
    listed: list[dict[str, object]] = [
        {"type": "child_database", "id": identity, "child_database": {"title": title}}
        for identity, title in zip(ids, ["Programs", "Projects", "Budget Lines", "Risks", "Actions"], strict=True)
    ]
    columns: dict[str, list[dict[str, object]]] = {
        one_notion.page: [{"type": "column_list", "id": "row", "has_children": True}],
        "row": [{"type": "column", "id": "left", "has_children": True}, {"type": "paragraph", "id": "p"}],
        "left": [
            *listed,
            {"type": "child_database", "id": "x", "child_database": {"title": "Risks"}, "in_trash": True},
        ],
    }

    async def children(self: object, block_id: str, errand: object = None) -> list[dict[str, object]]:
        return columns[block_id]

    monkeypatch.setattr(NotionClient, "children", children)
    one_notion.env_file.unlink()
    assert [database.database_id for database in one_notion.set_up().databases] == ids


# The page and the token


@pytest.mark.parametrize("told", ["", "https://www.notion.so/acme/Portfolio"])
def test_what_names_no_page_is_refused(told: str, one_notion: FreshNotion) -> None:
    with pytest.raises(SettingsError, match="holds no page id"):
        one_notion.set_up(told)


def test_a_page_that_is_not_shared_is_told_with_how_to_share_it(one_notion: FreshNotion) -> None:
    with pytest.raises(SettingsError, match="> Connections and add the integration"):
        one_notion.set_up("11111111-1111-4111-8111-111111111111")


def test_a_database_is_no_page(notion: FreshNotion) -> None:
    database = notion.make_database("Other", {"Name": {"title": {}}})
    with pytest.raises(SettingsError, match="--parent-page"):
        notion.set_up(database)


def test_a_page_in_the_trash_is_refused(one_notion: FreshNotion) -> None:
    page = one_notion.new_page()
    one_notion.ask("PATCH", f"/v1/pages/{page}", {"in_trash": True})
    with pytest.raises(SettingsError, match="in Notion's trash"):
        one_notion.set_up(page)


def test_a_wrong_token_is_told(one_notion: FreshNotion) -> None:
    with pytest.raises(NotionError, match="check NOTION_TOKEN"):
        one_notion.set_up(config=one_notion.config(notion_token=SecretStr("ntn_wrong")))


def test_a_missing_capability_is_told(one_notion: FreshNotion) -> None:
    one_notion.sandbox.add_fault(Fault.error(403, method="POST"))
    with pytest.raises(NotionError, match="integration's capabilities"):
        one_notion.set_up()


@pytest.mark.parametrize("others", [{"notion_token": None}, {"ppm_sandbox_anchor": "2026-06-15"}])
def test_the_sandbox_is_nobodys_own_notion(one_notion: FreshNotion, others: dict[str, object]) -> None:
    """Its ids in ``.env`` would stand in the way of the demo."""
    with pytest.raises(SettingsError, match="NOTION_TOKEN is not set"):
        one_notion.set_up(config=one_notion.config(**others))
    assert not one_notion.env_file.exists()


# The settings


def test_only_the_ids_of_the_env_file_change(one_notion: FreshNotion) -> None:
    before = Path(__file__).parents[2].joinpath(".env.example").read_text()
    token = one_notion.sandbox.token.get_secret_value()
    before = before.replace("NOTION_TOKEN=", f"NOTION_TOKEN='{token}'  # ours") + 'export OTHER="a b"\n\n# the end'
    one_notion.env_file.write_text(before)
    one_notion.set_up()
    ids = one_notion.config().database_ids
    expected = before
    for name, identity in ids.items():
        expected = expected.replace(f"{setting(name)}=\n", f"{setting(name)}={identity}\n")
    assert one_notion.env_file.read_text() == expected
    assert len(ids) == 5


def test_a_new_env_file_holds_the_ids_alone_and_is_its_owners(one_notion: FreshNotion) -> None:
    one_notion.set_up()
    assert one_notion.sandbox.token.get_secret_value() not in one_notion.env_file.read_text()
    assert len(one_notion.env_file.read_text().splitlines()) == 5
    assert one_notion.env_file.stat().st_mode & 0o077 == 0


def test_an_env_file_that_is_a_link_stays_one(one_notion: FreshNotion, tmp_path: Path) -> None:
    (tmp_path / "shared.env").write_text("# shared\n")
    one_notion.env_file.symlink_to(tmp_path / "shared.env")
    one_notion.set_up()
    assert one_notion.env_file.is_symlink()
    assert len((tmp_path / "shared.env").read_text().splitlines()) == 6


def test_an_env_file_that_cannot_be_written_is_told_with_the_ids_that_belong_there(
    one_notion: FreshNotion, tmp_path: Path
) -> None:
    one_notion.env_file.symlink_to(tmp_path / "gone" / ".env")
    with pytest.raises(SettingsError, match=r"\.env cannot be written \(No such file.*NOTION_PROGRAMS_DB_ID=") as error:
        one_notion.set_up()
    one_notion.env_file.unlink()
    again = one_notion.set_up()
    assert not any(database.made for database in again.databases)
    assert all(f"{setting(one.name)}={one.database_id}" in str(error.value) for one in again.databases)


def test_an_id_without_dashes_is_left_as_it_is(one_notion: FreshNotion) -> None:
    one_notion.set_up()
    one_notion.env_file.write_text(one_notion.env_file.read_text().replace("-", ""))
    assert not one_notion.set_up().written


def test_an_id_in_the_environment_that_counts_before_the_file_is_told(
    one_notion: FreshNotion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTION_RISKS_DB_ID", "11111111-1111-4111-8111-111111111111")
    done = one_notion.set_up()
    assert not done.succeeded
    assert len(done.problems) == 1
    assert "NOTION_RISKS_DB_ID is set in the environment" in done.problems[0]
