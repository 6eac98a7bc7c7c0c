"""Where a lake may lie, and what is refused."""

from pathlib import Path

import pytest

from finance_ppm.lakehouse import Lake, LakeUriError, writer_lock
from finance_ppm.lakehouse.location import local_folder
from finance_ppm_tests.lakehouse.tables import Line, line, lines


@pytest.mark.parametrize(
    "uri", ["abfss://lake@account.dfs.core.windows.net/ppm/", "s3://bucket/ppm", "gs://bucket/ppm", "az://c/ppm"]
)
def test_an_object_stores_address_is_kept_and_no_folder_is_made(
    uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lake = Lake(uri, storage_options={"account_key": "secret-key"})
    assert lake.path(Line) == f"{uri.rstrip('/')}/silver/lines"
    assert local_folder(uri) is None
    with writer_lock(uri, "silver/lines"), writer_lock(uri, "silver/lines"):
        assert list(tmp_path.iterdir()) == []
    assert "secret-key" not in repr(lake)


def test_a_folder_may_be_relative_or_a_file_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    expected = f"{tmp_path}/lake/silver/lines"
    assert {Lake(uri).path(Line) for uri in ("lake", "./lake/", f"file://{tmp_path}/lake")} == {expected}
    assert not (tmp_path / "lake").exists()


@pytest.mark.parametrize("folder", ["my lake", "größer & 50% (neu)"])
def test_a_folder_may_have_any_name(folder: str, tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / folder))
    lake.merge(Line, lines(line("a", "2026-Q1"), line("b", "2026-Q2")))
    lake.merge(Line, lines(line("b", "2026-Q1")))
    assert lake.scan(Line).collect().height == 2
    assert [path.name for path in tmp_path.iterdir()] == [folder]


@pytest.mark.parametrize(
    ("uri", "sentence"),
    [
        ("uc://main.silver", "Unity Catalog address.*set PPM_LAKEHOUSE_URI to the storage location behind it"),
        ("lake#1", "lake#1 has # in its name.*set PPM_LAKEHOUSE_URI to a folder without"),
        ("[old]/lake", "has . in its name"),
        ("a=b", "has = in its name"),
        ("file:///lakes/a%20b", "has %20 in its name"),
        ("https://host/lake", "https:// is no place for a lake: set PPM_LAKEHOUSE_URI to a folder, or to abfss://"),
    ],
)
def test_an_address_that_cannot_be_opened_is_refused_at_once(uri: str, sentence: str) -> None:
    with pytest.raises(LakeUriError, match=sentence):
        Lake(uri)
