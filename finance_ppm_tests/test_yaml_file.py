"""Files that a finance team writes: what they mean, and what is said of those that mean nothing sound."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance_ppm.automation.alerts.thresholds import thresholds
from finance_ppm.column_mapping import ColumnMapping
from finance_ppm.errors import SettingsError
from finance_ppm.health_thresholds import thresholds_in
from finance_ppm.quality.own_rules import rules_in
from finance_ppm.settings import Config
from finance_ppm.yaml_file import YamlFile, text_of

PATH = Path("file.yaml")


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("0.1", Decimal("0.1")),
        ("-1.50", Decimal("-1.50")),
        ("+.5", Decimal("0.5")),
        ("1e3", 1000),
        ("2.5E-1", Decimal("0.25")),
        ("1_000", "1_000"),
        ("0x10", "0x10"),
        ("5.0", 5),
        ("010", 10),
        ("1:30", "1:30"),
        ("0x1F", "0x1F"),
        (".inf", ".inf"),
        ("no", "no"),
        ("On", "On"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("2026-02-28", date(2026, 2, 28)),
        ("2026-2-8", "2026-2-8"),
        ("2026-02-28T10:00:00Z", "2026-02-28T10:00:00Z"),
        ("'0.1'", "0.1"),
        ("'2026-02-30'", "2026-02-30"),
        ('"null"', "null"),
        ("Acme Ltd.", "Acme Ltd."),
        ("999999999999999999", 999999999999999999),
    ],
)
def test_words_mean_what_they_seem_to(word: str, meaning: Any) -> None:
    told = YamlFile(f"a: {word}\n", PATH).told["a"]
    assert told == meaning
    assert type(told) is type(meaning)


def test_as_words_everything_is_the_text_it_is() -> None:
    told = "{a: 0.1, b: true, c: 2026-02-30, d: ~, 1: 1e3}"
    assert YamlFile(told, PATH, words=True).told == {"a": "0.1", "b": "true", "c": "2026-02-30", "d": "~", "1": "1e3"}


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("a: 1,000 or more", {"a": "1,000 or more"}),
        ("a: '1,000'", {"a": "1,000"}),
        ("1,000: a", {"1,000": "a"}),
        ("a: [1,2,3]", {"a": [1, 2, 3]}),
        ("a: [2025,2026]", {"a": [2025, 2026]}),
        ("a: [100, 200]", {"a": [100, 200]}),
        ("a: 1,0000", {"a": "1,0000"}),
        ("a: {b:{c: 1}}", {"a": {"b": {"c": 1}}}),
        ("a: {b:c : }", {"a": {"b:c": None}}),
        ("a:b:\n", {"a:b": None}),
        ("a:b: 1\n", {"a:b": 1}),
        ("{'a:b'}", {"a:b": None}),
        ("a: b:c", {"a": "b:c"}),
        ("{a}", {"a": None}),
    ],
)
def test_commas_and_colons_that_mean_what_they_seem_to_are_left_alone(text: str, meaning: Any) -> None:
    assert YamlFile(text, PATH).told == meaning


def test_as_words_a_number_may_have_commas() -> None:
    assert YamlFile("a: 1,000", PATH, words=True).told == {"a": "1,000"}


WRONG = {
    "a: 1\nb: 2\na: 3\n": "line 1 (a): it is named again on line 3; keep one.",
    "x:\n  - {a: 1, a: 2}\n": "line 2 (x > 1 > a): it is named again on line 2; keep one.",
    "a: 1\n'a': 2\n": "line 1 (a): it is named again on line 2; keep one.",
    "day: 2026-02-30\n": "line 1 (day): 2026-02-30 is no day of the calendar; correct it.",
    "day: 0000-01-01\n": "line 1 (day): 0000-01-01 is no day of the calendar; correct it.",
    "a: 1\n---\nb: 2\n": "line 2: a second document begins there; join the two, without `---`.",
    f"a: {'9' * 40}\n": "line 1 (a): write a number of at most 18 digits before the point and 12 behind it.",
    "a: 1e18\n": "line 1 (a): write a number of at most 18 digits before the point and 12 behind it.",
    "a: 0.0000000000001\n": "line 1 (a): write a number of at most 18 digits before the point and 12 behind it.",
    f"a:\n  {'[' * 30}{']' * 30}": "line 2: it is more than 20 levels deep; write it flatter.",
    "a: &a [[[[[[[[[[1]]]]]]]]]]\nb: &b [[[[[[[[[[*a]]]]]]]]]]": "line 1: it is more than 20 levels deep; write it "
    "flatter.",
    "a: &a [*a]\n": "line 1 (a > 1): it stands within itself; write it out.",
    "? [a]\n: 1\n": "line 1: write a name before each colon.",
    "a: !!python/object/apply:os.system [ls]\n": "line 1 (a): write it without `!!python/object/apply:os.system`.",
    "a: b: c\n": "line 1 is not YAML (mapping values are not allowed here): mend that line; a text with a : or # in "
    "it needs quotes.",
    "a: 1\nb: \x07\n": "line 2 is not YAML (a sign that no text holds): mend that line.",
    "a: {at_least:5}\n": "line 1 (a > at_least:5): at_least:5 is read as one word; write a blank behind the colon: "
    "`at_least: 5`.",
    "a:\n  ? b:c\n": "line 2 (a > b:c): b:c is read as one word; write a blank behind the colon: `b: c`.",
    "a: 1,000\n": "line 1 (a): 1,000 is read as a text; write 1000, or a text in quotes.",
    "a:\n  - -1,234,567.8\n": "line 2 (a > 1): -1,234,567.8 is read as a text; write -1234567.8, or a text in quotes.",
    "a: {b: 1,000}": "line 1 (a > b): 1,000 is read as 1 and 000; write 1000; a list needs a blank behind each comma.",
    "a: [7, 1,000.50]": "line 1 (a > 2): 1,000.50 is read as 1 and 000.50; write 1000.50; a list needs a blank behind "
    "each comma.",
    "a: {b: 1,5}\n": "line 1 (a > 5): 5 is read as a name of nothing; write a number without commas, its decimals "
    "behind a point.",
    'a: "\\ud800"\n': "line 1 (a): it holds half of a sign (\\uD800 to \\uDFFF); write the whole one.",
}


@pytest.mark.parametrize(("text", "sentence"), WRONG.items(), ids=range(len(WRONG)))
def test_what_is_wrong_is_one_sentence_that_says_where(text: str, sentence: str) -> None:
    with pytest.raises(SettingsError) as raised:
        YamlFile(text, PATH)
    assert str(raised.value) == f"file.yaml, {sentence}"


@pytest.mark.parametrize(
    "text",
    [
        "[" * 3000,
        "a: " + "[" * 3000 + "]" * 3000,
        "\n".join("  " * deep + "a:" for deep in range(2000)),
        'a: "\\UFFFFFFFF"',
        f"%YAML 1.{'9' * 5000}\n--- a",
        "a: *b",
        "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
        + "\n".join(
            f"{name}: &{name} [{','.join([f'*{below}'] * 10)}]"
            for below, name in zip("abcdefgh", "bcdefghi", strict=True)
        ),
    ],
    ids=["open brackets", "brackets", "levels", "no sign", "version", "unknown alias", "a bomb of aliases"],
)
def test_a_file_made_to_hurt_is_a_mistake_like_another(text: str) -> None:
    with pytest.raises(SettingsError, match=r"^file\.yaml") as raised:
        YamlFile(text, PATH)
    assert len(str(raised.value)) < 300


@settings(deadline=None, max_examples=200)
@given(
    st.one_of(
        st.text(max_size=60),
        st.text(alphabet="ab:12.-e_ {}[],&*!|>'\"#?% \n\t@`~\\Uu", max_size=60),
    )
)
def test_any_text_is_a_file_or_one_sentence(text: str) -> None:
    try:
        YamlFile(text, PATH)
    except SettingsError as error:
        told = str(error)
    else:
        return
    assert told.startswith("file.yaml")
    assert "\n" not in told


READERS: dict[str, tuple[str, Callable[[str], object]]] = {
    "mapping": ("projects:\n  Owner: A\n  Owner: B\n", lambda text: ColumnMapping.from_text(text, PATH)),
    "health": ("cost:\n  amber_beyond: 1\n  amber_beyond: 2\n", lambda text: thresholds_in(text, PATH)),
    "rules": ("rules:\n  - name: one\n    name: two\n", lambda text: rules_in(text, PATH)),
}


@pytest.mark.parametrize("reader", READERS)
def test_every_reader_refuses_what_would_be_dropped_silently(reader: str) -> None:
    twice, read = READERS[reader]
    for text, told in (
        (twice, "is named again on line 3; keep one."),
        ("{}\n---\n{}\n", "a second document begins there"),
        ("[" * 3000, "write it flatter"),
    ):
        with pytest.raises(SettingsError) as raised:
            read(text)
        assert told in str(raised.value)


def test_thresholds_of_alerts_refuse_it_too(tmp_path: Path) -> None:
    path = tmp_path / "alerts.yaml"
    path.write_text("thresholds:\n  - {name: n, table: gold/alerts, take: count, above: 5, above: 50000}\n")
    with pytest.raises(SettingsError, match="it is named again on line 2; keep one"):
        thresholds(Config(ppm_alert_thresholds=path))


def test_a_file_that_cannot_be_read_is_told_with_the_setting_that_names_it(tmp_path: Path) -> None:
    assert text_of(tmp_path / "none.yaml", "PPM_RULES") is None
    with pytest.raises(SettingsError, match=r"cannot be read \(Is a directory\): mend the file, or set PPM_RULES"):
        text_of(tmp_path, "PPM_RULES")
    (tmp_path / "latin.yaml").write_bytes("# Grün\n".encode("latin-1"))
    with pytest.raises(SettingsError, match="it is not UTF-8 text"):
        text_of(tmp_path / "latin.yaml", "PPM_RULES")
