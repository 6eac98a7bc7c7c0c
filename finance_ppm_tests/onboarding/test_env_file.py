"""Writing ids into ``.env``: what is not theirs stays, byte for byte."""

import errno
import os
from io import StringIO
from pathlib import Path

import pytest
from dotenv import dotenv_values
from hypothesis import example, given, settings
from hypothesis import strategies as st

from finance_ppm.errors import SettingsError
from finance_ppm.onboarding.env_file import pending, with_ids, write_ids

RISKS, ACTIONS = "NOTION_RISKS_DB_ID", "NOTION_ACTIONS_DB_ID"
ID = "18b412bb-8ad2-5867-9f1e-3d460a61719a"
IDS = {RISKS: ID, ACTIONS: ID}
STRAY = st.text(st.sampled_from("AB= '\"#\\\r\n\t$_é"), max_size=12)
OTHER_LINE = st.one_of(STRAY, st.sampled_from(["# note", "A=1", "export B='x'", 'C="two\nlines"', "D", "E='open"]))
OWN_LINE = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from(["", "export ", "  "]),
    st.sampled_from([RISKS, f"'{RISKS}'"]),
    st.sampled_from(["=", " = ", "= ", ""]),
    st.sampled_from(["", "old", "'old'", '"old # one"', "old#1", "it's", "'a' b", "#"]),
    st.sampled_from(["", " ", " # ours", "\t#ours"]),
)
TEXT = st.builds(
    lambda lines, newline, end: newline.join(lines) + end * newline,
    st.lists(st.one_of(OTHER_LINE, OWN_LINE), max_size=6),
    st.sampled_from(["\n", "\r\n"]),
    st.integers(0, 2),
)


def values(text: str) -> dict[str, str | None]:
    return dict(dotenv_values(stream=StringIO(text, newline=""), interpolate=False))


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (f"{RISKS}=", f"{RISKS}={ID}"),
        (f"{RISKS}", f"{RISKS}={ID}"),
        (f"{RISKS}= # ours", f"{RISKS}={ID} # ours"),
        (f"{RISKS}=old  # ours = 'x'", f"{RISKS}={ID}  # ours = 'x'"),
        (f"{RISKS}=old#no comment", f"{RISKS}={ID}"),
        (f"export  {RISKS} = 'old # x'\t# ours ", f"export  {RISKS} = {ID}\t# ours "),
        (f'  {RISKS}="old"# ours', f"  {RISKS}={ID} # ours"),
    ],
)
def test_a_line_that_is_set_keeps_what_is_not_its_value(line: str, expected: str, newline: str) -> None:
    rest = newline.join(["A='1' # a", "", "# end  ", "B = 2"])
    assert with_ids(newline.join([line, rest]), {RISKS: ID}) == newline.join([expected, rest])


@settings(deadline=None, max_examples=100)
@given(TEXT)
@example('X="open')
@example(f"{RISKS}='open")
@example(f"A='1'\r\n{RISKS}")
def test_the_ids_are_set_and_nothing_else_is_changed(text: str) -> None:
    changed = with_ids(text, IDS)
    told = values(changed)
    assert {name: told.get(name) for name in IDS} == IDS
    assert {name: told[name] for name in told if name not in IDS} == {
        name: value for name, value in values(text).items() if name not in IDS
    }
    assert with_ids(changed, IDS) == changed
    kept = iter(changed.splitlines(keepends=True))
    for line in text.splitlines(keepends=True)[:-1]:
        assert RISKS in line or line in kept, "every other line is there still, in order, byte for byte"


def test_new_ids_stand_at_the_end_in_lines_like_the_others() -> None:
    assert with_ids("", IDS) == f"{RISKS}={ID}\n{ACTIONS}={ID}\n"
    assert with_ids("A=1", {RISKS: ID}) == f"A=1\n{RISKS}={ID}\n"
    assert with_ids(f"A=1\r\n#{RISKS}=old", {RISKS: ID}) == f"A=1\r\n#{RISKS}=old\r\n{RISKS}={ID}\r\n"


def test_a_line_told_twice_is_set_twice() -> None:
    assert with_ids(f"{RISKS}=a # 1\nA=1\n{RISKS}=b # 2\n", {RISKS: ID}) == f"{RISKS}={ID} # 1\nA=1\n{RISKS}={ID} # 2\n"


def test_a_byte_order_mark_stays() -> None:
    assert with_ids(f"\ufeff{RISKS}=old\r\n", {RISKS: ID}) == f"\ufeff{RISKS}={ID}\r\n"


def test_the_file_keeps_its_bytes_and_its_mode(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_bytes(f"\ufeff# für uns\r\n{RISKS}=old # ours\r\nFOO='é'".encode())
    path.chmod(0o640)
    write_ids(path, {RISKS: ID})
    assert path.read_bytes() == f"\ufeff# für uns\r\n{RISKS}={ID} # ours\r\nFOO='é'".encode()
    assert path.stat().st_mode & 0o7777 == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_where_nothing_is_to_be_set_the_file_is_not_touched(tmp_path: Path) -> None:
    write_ids(tmp_path / ".env", {})
    assert not list(tmp_path.iterdir())


def test_a_file_that_cannot_be_written_is_one_sentence_with_what_was_to_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / ".env"
    path.write_text("A=1\n")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(SettingsError) as error:
        write_ids(path, IDS)
    message = str(error.value)
    assert message.startswith(f"{path} cannot be written (No space left on device): ")
    assert f"{RISKS}={ID}, {ACTIONS}={ID}." in message
    assert path.read_text() == "A=1\n"
    assert list(tmp_path.iterdir()) == [path], "nothing is left beside it"


def test_a_token_in_the_place_of_an_id_is_not_shown(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(f"{RISKS}=ntn_ours\n{ACTIONS}=old\n")
    assert pending(path, IDS) == {RISKS: "***", ACTIONS: "old"}
