"""A mapping proposed from live databases, written, and checked against them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from pydantic import HttpUrl
from typer.testing import CliRunner

from finance_ppm.cli import product
from finance_ppm.column_mapping import ColumnMapping, our_properties
from finance_ppm.errors import SettingsError
from finance_ppm.onboarding.mapping import Proposal, check, checked, proposal, propose, write
from finance_ppm.onboarding.mapping_match import Confidence, TheirProperty
from finance_ppm.sandbox.notion.history import Database, History
from finance_ppm.sandbox.notion.server import NotionSandbox, serve_notion
from finance_ppm.sandbox.portfolio.databases import DATABASES
from finance_ppm.settings import Config
from finance_ppm.sources.notion.errors import NotionError
from finance_ppm_tests.onboarding.mapping_teams import MORE, TEAMS, databases_of, schemas_of

NOW = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
V2022, V2025 = "2022-06-28", "2025-09-03"
PATH = Path("notion-mapping.yaml")


@contextmanager
def notion(
    folder: Path, databases: tuple[Database, ...], version: str = V2022, **settings: Any
) -> Iterator[tuple[NotionSandbox, Config]]:
    with serve_notion(History((), databases, ()), now=NOW) as sandbox:
        ids = {f"notion_{name}_db_id": identity for name, identity in sandbox.database_ids.items()}
        values: dict[str, Any] = {
            "notion_token": sandbox.token,
            "notion_base_url": HttpUrl(sandbox.base_url),
            "notion_version": version,
            "notion_requests_per_minute": 6000,
            "ppm_notion_mapping": folder / "notion-mapping.yaml",
            **ids,
            **settings,
        }
        yield sandbox, Config(**values)


def patch(sandbox: NotionSandbox, database: str, properties: dict[str, Any]) -> None:
    """Change a database's properties as its team would."""
    answer = httpx.patch(
        f"{sandbox.base_url}/v1/databases/{sandbox.database_ids[database]}",
        json={"properties": properties},
        headers={"Authorization": f"Bearer {sandbox.token.get_secret_value()}", "Notion-Version": V2022},
    )
    answer.raise_for_status()


def names_in(proposal: Proposal) -> dict[str, dict[str, str]]:
    """What is to be added to the file: database to our name to theirs."""
    names: dict[str, dict[str, str]] = {}
    for new in proposal.additions:
        if new.theirs:
            names.setdefault(new.database, {})[new.ours] = new.theirs
    return names


@pytest.mark.parametrize("version", [V2022, V2025])
def test_a_database_with_our_names_and_words_needs_no_mapping(tmp_path: Path, version: str) -> None:
    with notion(tmp_path, DATABASES, version) as (_, config):
        found = propose(config)
        write(found)
    assert (found.text, found.additions, found.missing, found.unfit) == ("", (), (), ())
    assert {column.confidence for column in found.columns} == {Confidence.CERTAIN}
    assert not config.ppm_notion_mapping.exists()


@pytest.mark.parametrize("language", TEAMS)
def test_every_name_of_a_team_is_found_and_passes_the_check(language: str) -> None:
    schemas = schemas_of(databases_of(TEAMS[language]))
    found = proposal(ColumnMapping(), "", PATH, schemas)
    assert names_in(found) == TEAMS[language]
    assert (found.missing, found.unfit) == ((), ())
    assert {remark.column for remark in found.unread} == set(MORE)
    mapping = ColumnMapping.from_text(found.text, PATH)
    result = checked(mapping, PATH, schemas)
    assert (result.well, result.notes) == (True, ())
    assert result.entries == sum(map(len, TEAMS[language].values()))
    for database, names in TEAMS[language].items():
        read = {prop.name for prop in mapping.properties(database).values()}
        assert set(names.values()) <= read


@pytest.mark.parametrize(("language", "version"), [("German", V2022), ("French", V2025)])
def test_a_live_notion_is_mapped_once_and_for_all(tmp_path: Path, language: str, version: str) -> None:
    with notion(tmp_path, databases_of(TEAMS[language]), version) as (_, config):
        found = propose(config)
        write(found)
        again = propose(config)
        assert check(config).well
    assert names_in(found) == TEAMS[language]
    assert config.ppm_notion_mapping.read_text() == found.text
    assert (again.text, again.additions) == (found.text, ())


def test_the_budgets_of_a_team_are_told_from_its_actuals_by_no_guess(tmp_path: Path) -> None:
    """Two amounts with names that say nothing are left to the team."""
    names = {"budget_lines": {"Amount": "Column 1", "Actual Amount": "Column 2"}}
    with notion(tmp_path, databases_of(names)) as (_, config):
        found = propose(config)
    assert {remark.column for remark in found.missing} == {"Amount", "Actual Amount"}
    assert all("'Column 1', 'Column 2' or 'Progress'" in remark.told for remark in found.missing)
    assert names_in(found) == {}


@pytest.mark.parametrize("version", [V2022, V2025])
def test_an_unfit_type_is_told_and_another_property_that_fits_is_taken_instead(tmp_path: Path, version: str) -> None:
    with notion(tmp_path, databases_of(TEAMS["German"]), version) as (sandbox, config):
        patch(sandbox, "budget_lines", {"Planbetrag (EUR)": {"rich_text": {}}, "Ist-Betrag (EUR)": {"rich_text": {}}})
        patch(sandbox, "budget_lines", {"Ausgegeben": {"number": {}}})
        found = propose(config)
    (told,) = found.unfit
    assert (told.database, told.column) == ("budget_lines", "Amount")
    assert "'Planbetrag (EUR)' is of type rich_text, where number, formula or rollup is needed" in told.told
    assert names_in(found)["budget_lines"]["Actual Amount"] == "Ausgegeben"
    assert "Amount" not in names_in(found)["budget_lines"]


def test_an_unfit_property_of_our_own_name_is_told_as_well(tmp_path: Path) -> None:
    with notion(tmp_path, DATABASES) as (sandbox, config):
        patch(sandbox, "projects", {"Budget Total": {"rich_text": {}}})
        found = propose(config)
    assert [(told.column, told.database) for told in found.unfit] == [("Budget Total", "projects")]
    assert found.additions == ()


def test_a_missing_column_names_what_it_might_be_and_an_optional_one_may_stay_away(tmp_path: Path) -> None:
    with notion(tmp_path, DATABASES) as (sandbox, config):
        patch(sandbox, "budget_lines", {"Vendor": None, "Notes": None, "Anything": {"rich_text": {}}})
        found = propose(config)
    told = {remark.column: remark.told for remark in found.missing}
    assert set(told) == {"Vendor", "Notes"}
    assert "write the name of your property" in told["Vendor"]
    assert "'Anything'" in told["Vendor"]
    assert "optional" in told["Notes"]


def test_words_are_translated_and_those_that_are_not_known_are_told(tmp_path: Path) -> None:
    def options(*words: str) -> dict[str, Any]:
        return {"select": {"options": [{"name": word} for word in words]}}

    with notion(tmp_path, DATABASES) as (sandbox, config):
        patch(sandbox, "projects", {"Status": {"name": "Stand"}})
        patch(sandbox, "projects", {"Stand": options("Geplant", "In Arbeit", "Fertig", "Abgeschlossen", "Auf Eis")})
        patch(sandbox, "risks", {"Severity": options("🔴 Critical", "2 - high", "Medium")})
        patch(sandbox, "projects", {"Currency": options("EUR", "Euro (EUR)", "chf", "Taler")})
        found = propose(config)
        write(found)
        assert check(config).well
    mapping = ColumnMapping.from_config(config)
    assert mapping.entries["projects"]["Status"].values == {
        "Planning": ["Geplant"],
        "In Progress": ["In Arbeit"],
        "Completed": ["Fertig", "Abgeschlossen"],
    }
    (unknown,) = [column.unknown_words for column in found.columns if column.unknown_words]
    assert unknown == ("Auf Eis",)
    assert "# No word of ours is known for: Auf Eis." in found.text
    assert mapping.entries["risks"]["Severity"].values == {"Critical": ["🔴 Critical"], "High": ["2 - high"]}
    assert mapping.entries["projects"]["Currency"].values == {"EUR": ["Euro (EUR)"]}


def test_what_the_file_decides_stands(tmp_path: Path) -> None:
    with notion(tmp_path, databases_of(TEAMS["German"])) as (sandbox, config):
        patch(sandbox, "budget_lines", {"Betrag": {"number": {}}})
        config.ppm_notion_mapping.write_text("# ours\nbudget_lines:\n  Amount: Betrag  # agreed with Ann\n")
        found = propose(config)
        write(found)
    assert "  Amount: Betrag  # agreed with Ann\n" in config.ppm_notion_mapping.read_text()
    (column,) = [column for column in found.columns if column.ours == "Amount"]
    assert (column.theirs, column.confidence) == ("Betrag", Confidence.YOURS)
    assert names_in(found)["budget_lines"]["Actual Amount"] == "Ist-Betrag (EUR)"
    assert ("budget_lines", "Planbetrag (EUR)") in {(told.database, told.column) for told in found.unread}


def test_a_decision_that_does_not_fit_stands_and_is_told(tmp_path: Path) -> None:
    with notion(tmp_path, databases_of(TEAMS["German"])) as (_, config):
        text = "projects:\n  Owner: Gesamtbudget\n  Currency: Wahrung\n"
        config.ppm_notion_mapping.write_text(text)
        found = propose(config)
    assert [(told.column, "is of type number" in told.told) for told in found.unfit] == [("Owner", True)]
    missing = {told.column: told.told for told in found.missing}
    assert set(missing) == {"Budget Total", "Currency"}, "the file has given the total's property away"
    assert "perhaps 'Währung'" in missing["Currency"]
    assert found.text.startswith(text)


@pytest.mark.parametrize(("number_format", "taken"), [("euro", True), ("number_with_commas", False)])
def test_the_only_amount_of_money_is_told_by_its_format(tmp_path: Path, number_format: str, taken: bool) -> None:
    with notion(tmp_path, DATABASES) as (sandbox, config):
        patch(sandbox, "projects", {"Budget Total": {"name": "X", "number": {"format": number_format}}})
        found = propose(config)
    assert names_in(found) == ({"projects": {"Budget Total": "X"}} if taken else {})


@pytest.mark.parametrize("version", [V2022, V2025])
def test_the_check_names_each_entry_that_does_not_fit(tmp_path: Path, version: str) -> None:
    german = {"projects": TEAMS["German"]["projects"]}
    ours = {"Program", "Budget Total", "Currency", "End Date"} & set(german["projects"])
    with notion(tmp_path, databases_of(german), version) as (_, config):
        config.ppm_notion_mapping.write_text(
            "projects:\n  Status: Projektsttus\n  Owner: Gesamtbudget\n  Start Date: Projektstart\n"
            "  Priority:\n    property: Priorität\n    values: {Highest: High, Low: Niedrigst}\n"
        )
        result = check(config)
    assert not result.well
    told = {remark.column: remark.told for remark in result.problems}
    assert set(told) == {"Status", "Owner", "Priority"} | ours
    assert "no property 'Projektsttus'" in told["Status"]
    assert "perhaps 'Projektstatus'" in told["Status"]
    assert "'Gesamtbudget' is of type number, where people, " in told["Owner"]
    assert "'Highest' is no word of ours" in told["Priority"]
    assert [(note.column, "'Niedrigst'" in note.told) for note in result.notes] == [("Priority", True)]


def test_a_file_that_is_not_there_and_a_database_that_is_not_configured_are_no_problem(tmp_path: Path) -> None:
    with notion(tmp_path, DATABASES, notion_actions_db_id=None) as (_, config):
        assert (check(config).well, check(config).entries) == (True, 0)
        config.ppm_notion_mapping.write_text("actions:\n  Due Date: Frist\n")
        result = check(config)
        assert "actions" not in {column.database for column in propose(config).columns}
    assert result.well
    assert "NOTION_ACTIONS_DB_ID" in result.notes[0].told


def test_columns_that_the_file_does_not_name_are_checked_as_well(tmp_path: Path) -> None:
    """With no file at all a team's own names fit nothing; what is optional may be away."""
    with notion(tmp_path, databases_of({"budget_lines": TEAMS["German"]["budget_lines"]})) as (sandbox, config):
        patch(sandbox, "programs", {"Status": {"checkbox": {}}})
        result = check(config)
    told = {(remark.database, remark.column): remark.told for remark in result.problems}
    required = {name for name, prop in our_properties("budget_lines").items() if prop.required} - {"Name"}
    named = required & set(TEAMS["German"]["budget_lines"])
    assert set(told) == {("programs", "Status"), *(("budget_lines", name) for name in named)}
    assert "'Status' is of type checkbox, where select" in told["programs", "Status"]
    assert "no property 'Amount': write the name of yours into the file" in told["budget_lines", "Amount"]
    assert "'Planbetrag (EUR)'" in told["budget_lines", "Amount"]
    assert not result.well
    assert result.entries == 0


def test_a_title_may_be_called_anything_and_a_name_in_the_file_must_be_there() -> None:
    theirs = schemas_of(databases_of({}))["projects"]
    theirs = tuple(replace(prop, name="Vorhaben") if prop.type == "title" else prop for prop in theirs)
    assert checked(ColumnMapping(), PATH, {"projects": theirs}).well
    mapping = ColumnMapping.from_text("projects: {Name: Vorhabn}", PATH)
    (wrong,) = checked(mapping, PATH, {"projects": theirs}).problems
    assert "perhaps 'Vorhaben'" in wrong.told


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        (
            "projects: {Currency: {values: {usd: Dollar}}}",
            "'usd' is no word of ours: on the left below `values:` write USD.",
        ),
        ("projects: {Currency: {values: {Dollars: Dollar}}}", "write an ISO 4217 code, such as EUR."),
        ("projects: {Status: {values: {planning: Geplant}}}", "write Planning."),
        ("projects: {Status: {values: {Plan: Geplant}}}", "write Planning, In Progress or Completed."),
        ("actions: {Status: {values: {done: Erledigt}}}", "write Done."),
    ],
)
def test_a_word_on_the_left_that_is_none_of_ours_is_told(entry: str, told: str) -> None:
    (wrong,) = checked(ColumnMapping.from_text(entry, PATH), PATH, {}).problems
    assert told in wrong.told


@pytest.mark.parametrize(
    "entry",
    [
        "projects: {Currency: {values: {USD: Dollar, JPY: Yen}}}",
        "actions: {Status: {values: {Done: Erledigt, Waiting: Wartet}}}",
        "budget_lines: {Vendor: {values: {acme: ACME GmbH}}}",
    ],
)
def test_a_word_of_ours_and_any_word_where_there_are_none_is_well(entry: str) -> None:
    assert checked(ColumnMapping.from_text(entry, PATH), PATH, {}).well


def test_an_unfit_property_is_told_beside_the_one_that_is_proposed_for_it() -> None:
    theirs = (TheirProperty("Amount", "rich_text"), TheirProperty("Betrag", "number"))
    found = proposal(ColumnMapping(), "", PATH, {"budget_lines": theirs})
    assert names_in(found) == {"budget_lines": {"Amount": "Betrag"}}
    (told,) = found.unfit
    assert "'Amount' is of type rich_text" in told.told
    assert "'Betrag' is proposed in its place" in told.told


def test_a_guess_is_not_written_where_the_property_of_that_name_is_unfit(tmp_path: Path) -> None:
    path = tmp_path / "notion-mapping.yaml"
    theirs = (TheirProperty("Status", "checkbox"), TheirProperty("Phase", "select", ("Planning", "Completed")))
    found = proposal(ColumnMapping(), "", path, {"projects": theirs})
    write(found)
    assert not path.exists()
    (told,) = found.unfit
    assert "(by its type it may be 'Phase')" in told.told


def test_a_relation_to_another_database_is_not_taken_for_ours(tmp_path: Path) -> None:
    """Of two relations the one that leads to the projects is the project, whatever the other is called."""
    names = {"risks": {"Project": "Vorhaben"}}
    with notion(tmp_path, databases_of(names)) as (sandbox, config):
        target = sandbox.database_ids["programs"]
        patch(sandbox, "risks", {"Projekt": {"relation": {"database_id": target, "single_property": {}}}})
        found = propose(config)
        config.ppm_notion_mapping.write_text("risks:\n  Project: Projekt\n")
        result = check(config)
    assert names_in(found) == names
    assert result.well
    assert "leads to another database than projects" in result.notes[0].told


def test_nothing_is_written_where_nothing_can_be(tmp_path: Path) -> None:
    gone = tmp_path / "gone" / "mapping.yaml"
    with notion(tmp_path, databases_of(TEAMS["Dutch"]), ppm_notion_mapping=gone) as (_, config):
        found = propose(config)
    with pytest.raises(SettingsError, match=r"gone/mapping\.yaml cannot be written"):
        write(found)


def test_a_database_that_is_not_shared_is_named(tmp_path: Path) -> None:
    stranger = str(uuid4())
    with (
        notion(tmp_path, DATABASES, notion_risks_db_id=stranger) as (_, config),
        pytest.raises(NotionError, match=r"risks database .*share the database"),
    ):
        propose(config)


def test_the_command_proposes_writes_and_checks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run = CliRunner().invoke
    path = tmp_path / "notion-mapping.yaml"
    with notion(tmp_path, databases_of(TEAMS["Italian"])) as (sandbox, _):
        for name, value in sandbox.environment().items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("PPM_NOTION_MAPPING", raising=False)
        shown = run(product, ["notion", "map"])
        assert shown.exit_code == 0
        assert "  Invoice Date: Data fattura" in shown.stdout.splitlines()
        assert not path.exists()
        written = run(product, ["notion", "map", "--write", "--json"])
        assert json.loads(written.stdout)["text"] == path.read_text()
        assert run(product, ["notion", "map", "--check"]).exit_code == 0
        patch(sandbox, "budget_lines", {"Data fattura": {"name": "Data della fattura"}})
        checked = run(product, ["notion", "map", "--check"])
        assert checked.exit_code == 1
        assert "no property 'Data fattura'" in checked.stdout
        assert "perhaps 'Data della fattura'" in checked.stdout
    with pytest.raises(SettingsError, match="exclude each other"):
        run(product, ["notion", "map", "--check", "--write"], catch_exceptions=False)
