"""The file's text: what its author wrote stays, what is new is added, and the file says exactly both."""

import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance_ppm.column_mapping import ColumnMapping, our_properties, read_mapping
from finance_ppm.contracts import PAGE_TABLES
from finance_ppm.errors import SettingsError
from finance_ppm.onboarding.mapping_file import Addition, save, with_additions

PATH = Path("notion-mapping.yaml")


def new(database: str, ours: str, theirs: str | None = None, *comments: str, **words: str | list[str]) -> Addition:
    told = {name.replace("_", " "): [word] if isinstance(word, str) else word for name, word in words.items()}
    return Addition(database, ours, theirs, told, comments)


def test_a_new_file_explains_itself() -> None:
    text = with_additions(
        "",
        [
            new("projects", "Owner", "Leitung", "Doubtful, please look: it is a guess."),
            new("projects", "Status", "Zustand", Planning="Geplant", In_Progress=["Läuft", "In Arbeit"]),
            new("risks", "Status", Open="Offen"),
        ],
        PATH,
    )
    head, rest = text.split("\n\n", 1)
    assert all(line.startswith("#") for line in head.splitlines())
    assert rest == (
        "projects:\n"
        "  # Doubtful, please look: it is a guess.\n"
        "  Owner: Leitung\n"
        "  Status:\n"
        "    property: Zustand\n"
        "    values:\n"
        "      Planning: Geplant\n"
        "      In Progress: [Läuft, In Arbeit]\n"
        "\n"
        "risks:\n"
        "  Status:\n"
        "    values:\n"
        "      Open: Offen\n"
    )


def test_comments_blank_lines_and_indentation_of_the_author_stay() -> None:
    before = (
        "# Finance, 2026\n\nProjects:   # the big ones\n    owner: 'Leitung'  # Ann\n\n    # dates\n"
        "    Start Date: Beginn\n\nrisks:\n  Status: Lage   # as agreed\n  # the end\n"
    )
    additions = [
        new("projects", "End Date", "Ende"),
        new("risks", "Status", Open="Offen"),
        new("risks", "Severity", "Schwere"),
    ]
    after = with_additions(before, additions, PATH)
    assert after == (
        "# Finance, 2026\n\nProjects:   # the big ones\n    owner: 'Leitung'  # Ann\n\n    # dates\n"
        "    Start Date: Beginn\n    End Date: Ende\n\nrisks:\n  Status:\n    property: Lage\n    values:\n"
        "      Open: Offen   # as agreed\n  Severity: Schwere\n  # the end\n"
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("risks:\n", "risks:\n  Severity: Schwere\n"),
        ("risks:", "risks:\n  Severity: Schwere"),
        ("risks:\n  Status: Lage", "risks:\n  Status: Lage\n  Severity: Schwere"),
        ("# mine\n", "# mine\n\nrisks:\n  Severity: Schwere\n"),
        ("projects:\n  Owner: A", "projects:\n  Owner: A\n\nrisks:\n  Severity: Schwere\n"),
        (
            "risks:\n  Status: {property: Lage}\nprojects:\n",
            "risks:\n  Status: {property: Lage}\n  Severity: Schwere\nprojects:\n",
        ),
    ],
)
def test_an_entry_is_added_where_its_database_stands(before: str, after: str) -> None:
    assert with_additions(before, [new("risks", "Severity", "Schwere")], PATH) == after


def test_words_are_added_to_an_entry_that_has_but_a_name() -> None:
    before = "risks:\n  Status:\n      property: Lage\n  Severity: Schwere\n"
    after = "risks:\n  Status:\n      property: Lage\n      values:\n        Open: Offen\n  Severity: Schwere\n"
    assert with_additions(before, [new("risks", "Status", Open="Offen")], PATH) == after


@pytest.mark.parametrize("before", ["{risks: {Status: Lage}}\n", "risks: {Status: Lage}\n", "projects: {}\n...\n"])
def test_a_file_in_one_line_is_left_alone_and_what_is_new_is_told(before: str) -> None:
    with pytest.raises(SettingsError, match=r"risks: Severity: Schwere") as error:
        with_additions(before, [new("risks", "Severity", "Schwere")], PATH)
    assert "\n" not in str(error.value)


def test_nothing_new_changes_nothing() -> None:
    assert with_additions("risks: {}  # odd\n\n\n", [], PATH) == "risks: {}  # odd\n\n\n"


@pytest.mark.parametrize("before", [b"# ours\r\nrisks:\r\n", b"\xef\xbb\xbf# ours\r\n", b"# ours\nrisks:\n"])
def test_a_saved_file_keeps_its_link_mode_mark_and_line_ends(tmp_path: Path, before: bytes) -> None:
    shared, link = tmp_path / "shared" / "names.yaml", tmp_path / "notion-mapping.yaml"
    shared.parent.mkdir()
    shared.write_bytes(before)
    shared.chmod(0o640)
    link.symlink_to(shared)
    save(link, read_mapping(link) or "")
    assert link.is_symlink()
    assert shared.read_bytes() == before
    assert stat.S_IMODE(shared.stat().st_mode) == 0o640
    assert sorted(path.name for path in shared.parent.iterdir()) == ["names.yaml"]


def test_what_is_added_to_a_file_has_the_line_ends_of_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "notion-mapping.yaml"
    path.write_bytes(b"risks:\r\n  Status: Lage\r\n")
    save(path, with_additions(read_mapping(path) or "", [new("risks", "Severity", "Schwere")], path))
    assert path.read_bytes() == b"risks:\r\n  Status: Lage\r\n  Severity: Schwere\r\n"


WORDS = st.text(min_size=1, max_size=10).filter(str.strip)
ODD = st.sampled_from(
    [
        "Yes",
        "2026-01-31",
        "a: b",
        "#1",
        "- x",
        "'q'",
        '"',
        "[x]",
        "a, b",
        "é 🙂",
        " x ",
        "x\ny",
        "a\u2028b",
        "a\x85b",
        "a\u00a0b",
    ]
)


@st.composite
def additions(draw: st.DrawFn) -> list[Addition]:
    database = draw(st.sampled_from(list(PAGE_TABLES)))
    choices = [name for name, prop in our_properties(database).items() if "title" not in prop.types]
    drawn = draw(
        st.dictionaries(
            st.sampled_from(choices), st.one_of(WORDS, ODD).map(lambda name: f"{name}."), min_size=1, max_size=5
        ).filter(lambda names: len(set(names.values())) == len(names))
    )
    can_have_words = {name for name in choices if "select" in our_properties(database)[name].types}
    told = []
    for ours, theirs in drawn.items():
        words: dict[str, list[str]] = {}
        if ours in can_have_words and draw(st.booleans()):
            words = {"One": [draw(ODD)], "Two": ["first", "second"]}
        told.append(Addition(database, ours, theirs, words, tuple(draw(st.lists(WORDS, max_size=1)))))
    return told


@settings(deadline=None, max_examples=100)
@given(additions(), st.integers(0, 5))
def test_the_file_says_what_was_added_at_once_or_in_two_steps_whatever_the_names(
    told: list[Addition], split: int
) -> None:
    text = with_additions(with_additions("", told[:split], PATH), told[split:], PATH)
    entries = ColumnMapping.from_text(text, PATH).entries
    (database,) = {addition.database for addition in told}
    assert {ours: entry.property for ours, entry in entries[database].items()} == {
        addition.ours: addition.theirs for addition in told
    }
    assert {ours: entry.values for ours, entry in entries[database].items()} == {
        addition.ours: dict(addition.words) for addition in told
    }
    assert with_additions(text, [], PATH) == text
