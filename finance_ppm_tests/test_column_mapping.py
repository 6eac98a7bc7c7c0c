"""The mapping file: what it says, and the sentence a user reads when it says something wrong."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance_ppm.column_mapping import TITLE, ColumnMapping, fold, our_properties
from finance_ppm.contracts import PAGE_TABLES, notion_properties
from finance_ppm.errors import SettingsError
from finance_ppm.settings import Config

PATH = Path("notion-mapping.yaml")

Told = Callable[[str], ColumnMapping]


@pytest.fixture
def told(tmp_path: Path) -> Told:
    """The mapping of a project whose file holds a text."""

    def of(text: str) -> ColumnMapping:
        path = tmp_path / "notion-mapping.yaml"
        path.write_text(text, encoding="utf-8")
        return ColumnMapping.from_config(Config(ppm_notion_mapping=path))

    return of


@pytest.mark.parametrize("database", PAGE_TABLES)
def test_without_a_file_the_names_are_the_contract_s(tmp_path: Path, database: str) -> None:
    mapping = ColumnMapping.from_config(Config(ppm_notion_mapping=tmp_path / "none.yaml"))
    assert mapping.properties(database) == notion_properties(PAGE_TABLES[database])


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n", "projects:\n", "projects: {}\n"])
def test_a_file_that_says_nothing_is_no_mistake(told: Told, text: str) -> None:
    assert told(text).properties("projects") == notion_properties(PAGE_TABLES["projects"])


def test_a_name_is_replaced_and_the_types_and_all_other_columns_stay(told: Told) -> None:
    mapping = told("budget_lines:\n  Project: Vorhaben\n  Amount: Betrag (€)\n")
    before, after = notion_properties(PAGE_TABLES["budget_lines"]), mapping.properties("budget_lines")
    changed = {column: prop.name for column, prop in after.items() if prop != before[column]}
    assert changed == {"project_id": "Vorhaben", "project_ids": "Vorhaben", "amount": "Betrag (€)"}
    assert {column: (prop.types, prop.required) for column, prop in after.items()} == {
        column: (prop.types, prop.required) for column, prop in before.items()
    }
    assert mapping.properties("projects") == notion_properties(PAGE_TABLES["projects"])


def test_two_names_may_change_places(told: Told) -> None:
    found = told("projects:\n  Start Date: End Date\n  End Date: Start Date\n").properties("projects")
    assert (found["start_date"].name, found["end_date"].name) == ("End Date", "Start Date")


@pytest.mark.parametrize("text", ["projects:\n  Owner: Name\n", "projects:\n  Name: Projekt\n  Owner: Projekt\n"])
def test_another_column_may_be_called_as_the_title_usually_is(told: Told, text: str) -> None:
    """The title is found by its type, so that its name stands in nobody's way."""
    found = told(text).properties("projects")
    assert found["owner"].name in text
    assert "people" in found["owner"].types


@pytest.mark.parametrize("database", ["Budget Lines", "budget-lines", "BUDGET_LINES"])
@pytest.mark.parametrize("column", ["Actual Amount", "actual_amount", "actual amount"])
def test_our_names_may_be_written_as_columns_or_as_properties(told: Told, database: str, column: str) -> None:
    assert told(f"{database}:\n  {column}: Ist\n").properties("budget_lines")["actual_amount"].name == "Ist"


@pytest.mark.parametrize("database", PAGE_TABLES)
def test_no_column_is_called_like_the_property_of_another(database: str) -> None:
    """Else a key of the file could mean two things."""
    wanted = notion_properties(PAGE_TABLES[database])
    names = {fold(prop.name): prop.name for prop in wanted.values()}
    assert all(names.get(column, prop.name) == prop.name for column, prop in wanted.items())


@pytest.mark.parametrize("word", ["Yes", "No", "On", "2026", "2026-01-31", "null", "1_000", "0x1F", "~"])
def test_what_yaml_takes_for_something_else_is_a_name_here(told: Told, word: str) -> None:
    mapping = told(f"risks:\n  Severity: {word}\n  Status:\n    values: {{Open: {word}}}\n")
    assert mapping.properties("risks")["severity"].name == word
    assert mapping.value("risks", "status", word) == "Open"


def test_words_are_told_in_ours_whatever_their_capitals(told: Told) -> None:
    mapping = told(
        "projects:\n  Status:\n    property: Zustand\n    values:\n      Planning: Geplant\n"
        "      Completed: [Fertig, Abgebrochen]\nbudget_lines:\n  Category: Kostenart\n"
    )
    asked = ["Geplant", " FERTIG ", "abgebrochen", "In Progress", "Auf Eis"]
    answers = ["Planning", "Completed", "Completed", "In Progress", "Auf Eis"]
    assert [mapping.value("projects", "status", word) for word in asked] == answers
    assert mapping.value("risks", "status", "Geplant") == "Geplant"
    assert mapping.properties("projects")["status"].name == "Zustand"
    words = {"geplant": "Planning", "fertig": "Completed", "abgebrochen": "Completed"}
    assert mapping.words("projects") == {"status": words}
    assert mapping.words("budget_lines") == {}


def test_two_words_may_change_places(told: Told) -> None:
    mapping = told("risks:\n  Severity:\n    values: {High: Low, Low: High}\n")
    assert [mapping.value("risks", "severity", word) for word in ("High", "Low")] == ["Low", "High"]
    assert mapping.properties("risks")["severity"].name == "Severity"


def test_a_mark_at_the_beginning_of_the_file_does_not_matter(told: Told) -> None:
    assert told("\ufeffrisks:\n  Severity: Schwere\n").properties("risks")["severity"].name == "Schwere"


@pytest.mark.parametrize(
    ("text", "line", "told_of"),
    [
        ("projects:\n  Owner: [A\n", 3, "is not YAML"),
        ("projects:\n\tOwner: A\n", 2, "is not YAML"),
        ("projects:\n  Owner: a: b\n", 2, "needs quotes"),
        ("projects: {Owner: A}\n---\nrisks: {}\n", 2, "a second document begins there"),
        ("# one\nprojcts:\n  Owner: A\n", 2, "no such database; name one of programs, projects,"),
        ("projects:\n  Owner: A\nProjects:\n  Owner: A\n", 3, "this database is named twice"),
        ("projects:\n  Owner: A\n  Boss: B\n", 3, "no such column; name one of Program, Name, Budget Total,"),
        ("projects:\n  Amount: A\n", 2, "no such column"),
        ("projects:\n  Owner: A\n  Owner: B\n", 2, "named again on line 3"),
        ("projects:\n  Owner: A\n  owner: B\n", 3, "the same as Owner"),
        ("projects:\n  Start Date: A\n  End Date: A\n", 3, "Start Date and End Date would both be read from 'A'"),
        ("projects:\n  Owner: A\n  Start Date: End Date\n", 3, "would both be read from 'End Date'"),
        ("projects:\n  Owner:\n", 2, "write `our name: your name`"),
        ("projects:\n  Owner: ' '\n", 2, "write `our name: your name`"),
        ("projects:\n  Owner: [A, B]\n", 2, "write `our name: your name`"),
        ("projects:\n  Status:\n    proprty: A\n", 3, "with `property:` and `values:`"),
        ("projects:\n  Status:\n    values: A\n", 3, "with `property:` and `values:`"),
        ("projects:\n  Status:\n    values:\n      Planning: []\n", 4, "with `property:` and `values:`"),
        ("projects:\n  Status:\n    values: {Planning: A, Completed: [B, a]}\n", 3, "'a' stands for Planning already"),
        (
            "projects:\n  Status:\n    values:\n      '': A\n",
            4,
            "(projects > Status > values): on the left stands nothing",
        ),
        ("projects:\n  Status:\n    values: {' ': A}\n", 3, "write our word for 'A' there"),
        ("projects:\n  Start Date:\n    values: {A: B}\n", 2, "no choice of words"),
        ("- projects\n", 1, "write `our name: your name`"),
        ("projects\n", 1, "write `our name: your name`"),
        ("projects: &us\n  Owner: *us\n", 2, "it stands within itself"),
        ("? [projects]\n: {Owner: A}\n", 1, "write a name before each colon"),
    ],
)
def test_a_mistake_is_one_sentence_with_the_file_the_line_and_the_remedy(
    told: Told, tmp_path: Path, text: str, line: int, told_of: str
) -> None:
    with pytest.raises(SettingsError) as error:
        told(text)
    message = str(error.value)
    assert message.startswith(f"{tmp_path / 'notion-mapping.yaml'}, line {line}")
    assert told_of in message
    assert "\n" not in message
    assert message.count(". ") == 0


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"cannot be read \(Is a directory\).*PPM_NOTION_MAPPING"):
        ColumnMapping.from_config(Config(ppm_notion_mapping=tmp_path))
    path = tmp_path / "latin.yaml"
    path.write_bytes("risks:\n  Severity: Schwäche\n".encode("latin-1"))
    with pytest.raises(SettingsError, match="not UTF-8 text"):
        ColumnMapping.from_config(Config(ppm_notion_mapping=path))


def test_the_setting_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PPM_NOTION_MAPPING", raising=False)
    Path("notion-mapping.yaml").write_text("risks:\n  Severity: One\n")
    Path("other.yaml").write_text("risks:\n  Severity: Two\n")
    assert ColumnMapping.from_config(Config.from_env()).properties("risks")["severity"].name == "One"
    monkeypatch.setenv("PPM_NOTION_MAPPING", "other.yaml")
    assert ColumnMapping.from_config(Config.from_env()).properties("risks")["severity"].name == "Two"


@settings(deadline=None, max_examples=200)
@given(
    st.one_of(
        st.text(max_size=60),
        st.text(alphabet="risks:SeverityStatus values{}[],&*!|>'\"#-?% \n\t@`", max_size=60),
    )
)
def test_any_text_is_a_mapping_or_a_mistake(text: str) -> None:
    try:
        mapping = ColumnMapping.from_text(text, PATH)
    except SettingsError:
        return
    assert set(mapping.entries) <= set(PAGE_TABLES)


NAMES = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=12)


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_every_property_is_read_under_the_name_it_was_given_and_no_two_under_one(data: st.DataObject) -> None:
    database = data.draw(st.sampled_from(list(PAGE_TABLES)))
    ours = list(our_properties(database))
    names = data.draw(st.dictionaries(st.sampled_from(ours), st.one_of(NAMES, st.sampled_from(ours))))
    text = json.dumps({database: names}, ensure_ascii=False)  # JSON is YAML
    theirs = [names.get(name, name) for name, prop in our_properties(database).items() if TITLE not in prop.types]
    if len(set(theirs)) < len(theirs):
        with pytest.raises(SettingsError, match="would both be read from"):
            ColumnMapping.from_text(text, PATH)
        return
    found = ColumnMapping.from_text(text, PATH).properties(database)
    wanted = notion_properties(PAGE_TABLES[database])
    assert all(found[column].name == names.get(prop.name, prop.name) for column, prop in wanted.items())
