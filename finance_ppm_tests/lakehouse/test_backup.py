"""A backup is a lake at one moment, whole or not there; and what it is put back to is that lake."""

import errno
import hashlib
import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
import typer
from deltalake import DeltaTable
from typer.testing import CliRunner

from finance_ppm import lake_commands
from finance_ppm.clock import FrozenClock
from finance_ppm.contracts import Table, history_of
from finance_ppm.contracts.bronze import Erasures, NotionRawPages
from finance_ppm.errors import SettingsError
from finance_ppm.lakehouse import Lake, backup, versions, writer_lock
from finance_ppm.lakehouse.backup import MANIFEST, UNFINISHED, BackedUp, BackupError, back_up, complete_backups
from finance_ppm.lakehouse.damage import DamagedTableError
from finance_ppm.lakehouse.errors import LakeBusyError
from finance_ppm.lakehouse.maintenance import maintain
from finance_ppm.lakehouse.recovery import backup_at, forgotten_since, put_back, verify
from finance_ppm.pipeline import erasure
from finance_ppm_tests.lakehouse import maintainers
from finance_ppm_tests.lakehouse.maintainers import TODAY, crowd, exit_code, start
from finance_ppm_tests.lakehouse.tables import NOON, Event, Figure, Line, events, figures, line, lines

HISTORY = history_of(Figure)
TABLES: tuple[type[Table], ...] = (Event, Line, Figure, Erasures)


def content(lake: Lake) -> dict[str, list[tuple[Any, ...]]]:
    return {
        table.info.layer + "/" + table.info.name: lake.scan(table).collect().sort(table.primary_key()).rows()
        for table in (Event, Line, Figure, HISTORY, Erasures)
    }


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> str:
    lake = maintainers.lake_at(str(tmp_path_factory.mktemp("prepared") / "lake"))
    crowd(lake, 6)
    for at in range(25):  # past a checkpoint
        lake.merge(Line, lines(line("often", "it's #1", name=str(at))))
    return lake.uri


@pytest.fixture
def full(lake: Lake, prepared: str) -> Lake:
    shutil.copytree(prepared, lake.uri)
    return lake


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "my backups"


def backed_up(lake: Lake, place: Path, at: datetime = NOON) -> BackedUp:
    return back_up(lake, FrozenClock(at), str(place), tables=TABLES)


def forgotten(lake: Lake, page_id: str, at: datetime | None = NOON) -> None:
    row = {
        "page_id": page_id,
        "requested_at": at or NOON,
        "forgotten_at": at,
        "database_name": None,
        "reason": None,
        "erased": [],
    }
    lake.merge(Erasures, pl.DataFrame([row], schema=Erasures.create_empty().schema))


def test_a_backup_is_a_lake_with_the_same_rows(full: Lake, place: Path) -> None:
    before = content(full)
    done = backed_up(full, place)
    assert (done.tables, done.rows) == (4, sum(map(len, before.values())))
    copy = Lake(str(done.folder))
    assert content(copy) == before
    assert copy.version(Line) == full.version(Line)
    assert not list(done.folder.rglob("*.part"))
    assert not (done.folder / ".locks").exists()
    assert verify(str(place)).well


def test_a_backup_put_back_is_the_lake_and_goes_on(full: Lake, place: Path, tmp_path: Path) -> None:
    before = content(full)
    backed_up(full, place)
    shutil.rmtree(full.uri)
    steps: list[str] = []
    put_back(full, str(place), steps.append)
    assert content(full) == before
    assert len(steps) == 4
    full.merge(Line, lines(line("after", "it's #1")))
    full.append(Event, events(5))
    assert maintain(full, FrozenClock(NOON), closed_days=set, tables=TABLES).succeeded
    assert full.count(Event) == len(before["bronze/events"]) + 1
    assert not (tmp_path / "lake.restoring").exists()


def test_nothing_but_the_present_version_is_copied(full: Lake, place: Path) -> None:
    """Neither files of older versions, which may hold what somebody asked to forget, nor leftovers, nor locks."""
    (Path(full.path(Line)) / "part-0.parquet#1").write_text("half")
    (Path(full.uri) / ".locks").mkdir(exist_ok=True)
    done = backed_up(full, place)
    copied = {path.name for path in done.folder.rglob("*.parquet") if "_delta_log" not in str(path)}
    live = set()
    for table in (Event, Line, Figure, HISTORY):
        delta = full.delta(table)
        assert delta is not None
        live |= {uri.rsplit("/", 1)[-1] for uri in delta.file_uris()}
    assert copied == live
    names = {path.name for path in done.folder.iterdir()}
    assert names == {MANIFEST, "bronze", "silver", "gold", "gold_history"}


def test_a_second_backup_links_what_the_first_has_and_each_stands_alone(full: Lake, place: Path) -> None:
    first = backed_up(full, place)
    full.append(Event, events(5))
    before = content(full)
    second = backed_up(full, place, NOON + timedelta(days=1))
    assert second.files_linked > 10
    assert first.files_linked == 0
    shutil.rmtree(first.folder)
    assert verify(str(place)).well
    assert content(Lake(str(second.folder))) == before


def test_the_newest_backup_is_meant_or_the_one_that_is_named(full: Lake, place: Path) -> None:
    old, new = backed_up(full, place), backed_up(full, place, NOON + timedelta(hours=1))
    assert backup_at(str(place))[0] == new.folder
    assert backup_at(str(old.folder))[0] == old.folder
    assert [folder for folder, _ in complete_backups(place)] == [old.folder, new.folder]
    with pytest.raises(SettingsError, match=r"There is no backup in .*: name the folder that"):
        backup_at(str(place.parent))
    with pytest.raises(SettingsError, match="There is no backup in s3://bucket/x"):
        backup_at("s3://bucket/x")


def test_a_backup_while_others_write_and_maintain_is_of_versions_that_were(
    lake: Lake, place: Path, tmp_path: Path
) -> None:
    """Every state that a table of the backup holds was the table's at one version; no merge is half there."""
    crowd(lake)
    with maintainers.maintaining(lake, tmp_path / "stop"):
        writing = start(maintainers.write, lake.uri, 1, 5)
        while writing.is_alive() or len(complete_backups(place)) < 2:
            back_up(lake, FrozenClock(datetime.now(UTC)), str(place), tables=TABLES)
    assert exit_code(writing) == 0
    for folder, manifest in complete_backups(place):
        copy = Lake(str(folder))
        for table in manifest.tables:
            kind = next(kind for kind in (*TABLES, HISTORY) if f"{kind.info.layer}/{kind.info.name}" == table.name)
            then = pl.scan_delta(lake.delta_at(kind, table.version)).collect().sort(kind.primary_key())
            assert copy.scan(kind).collect().sort(kind.primary_key()).select(then.columns).equals(then)
        assert verify(str(folder)).well


def test_a_commit_after_the_version_that_is_copied_is_no_part_of_the_copy(
    full: Lake, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, segment = content(full)["bronze/events"], versions.segment

    def slower(store: Any, version: int) -> list[str]:
        full.append(Event, events(10_000))
        return segment(store, version)

    monkeypatch.setattr(backup, "segment", slower)
    done = back_up(full, FrozenClock(NOON), str(place), tables=[Event])
    assert content(full)["bronze/events"] != before
    assert content(Lake(str(done.folder)))["bronze/events"] == before


def test_sources_are_never_older_than_what_was_made_of_them(
    full: Lake, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gold is looked at before silver, and silver before bronze, however fast others write in between."""
    looked: list[str] = []
    delta = Lake.delta

    def seen(self: Lake, table: type[Table]) -> DeltaTable | None:
        looked.append(table.info.layer)
        return delta(self, table)

    monkeypatch.setattr(backup, "stored_tables", lambda *_: [Event, Line, Figure, HISTORY])
    monkeypatch.setattr(Lake, "delta", seen)
    backed_up(full, place)
    order = list(dict.fromkeys(layer for layer in looked[1:]))
    assert order[:4] == ["gold_history", "gold", "silver", "bronze"]


@pytest.mark.parametrize("nth", [1, 8, "last"])
def test_a_backup_that_was_cut_short_is_gone_on_with(
    full: Lake, place: Path, monkeypatch: pytest.MonkeyPatch, nth: int | str
) -> None:
    """The earlier backup stays whole, the half one is none, and the next copies only what is missing."""
    earlier = backed_up(full, place)
    full.replace(Figure, figures(TODAY, "9.00"))
    for at in range(12):
        full.replace_partition(
            HISTORY, figures(TODAY - timedelta(days=at), "8.00"), {"as_of_date": TODAY - timedelta(days=at)}
        )
    renamed = Path.rename
    done = 0

    def dying(self: Path, target: Path) -> Path:
        nonlocal done
        done += 1
        if done == nth or (nth == "last" and target.name.endswith("Z")):
            raise KeyboardInterrupt
        return renamed(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", dying)
        with pytest.raises(KeyboardInterrupt):
            backed_up(full, place, NOON + timedelta(hours=1))
    assert [folder for folder, _ in complete_backups(place)] == [earlier.folder]
    assert verify(str(place)).well
    full.append(Event, events(5))
    before = content(full)
    done_now = backed_up(full, place, NOON + timedelta(hours=2))
    assert content(Lake(str(done_now.folder))) == before
    assert verify(str(place)).well
    assert not (place / UNFINISHED).exists()


def test_what_belongs_to_no_table_any_more_leaves_an_unfinished_backup(full: Lake, place: Path) -> None:
    """What an attempt copied that was cut short may have been forgotten since."""
    for stale in ("silver/lines/quarter=q0/old.parquet", "silver/gone/_delta_log/0.json"):
        path = place / UNFINISHED / stale
        path.parent.mkdir(parents=True)
        path.write_text("what was to be forgotten")
    done = backed_up(full, place)
    assert not list(done.folder.rglob("old.parquet"))
    assert not (done.folder / "silver" / "gone").exists()


def test_a_page_that_is_forgotten_meanwhile_is_in_no_backup(
    full: Lake, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forget_one(_: str) -> None:
        forgotten(full, "p")

    with pytest.raises(BackupError, match="a page was forgotten, so the copy is of no single moment: back it up again"):
        back_up(full, FrozenClock(NOON), str(place), tables=TABLES, progress=forget_one)
    assert complete_backups(place) == []
    backed_up(full, place)
    assert verify(str(place)).well


def test_files_that_vanish_meanwhile_are_told(full: Lake, place: Path) -> None:
    removed = False

    def remove_one(_: str) -> None:
        nonlocal removed
        if not removed:
            removed = True
            next(Path(full.path(Event)).glob("*.parquet")).unlink()

    with pytest.raises(BackupError, match="files were removed, so the copy is of no single moment"):
        back_up(full, FrozenClock(NOON), str(place), tables=TABLES, progress=remove_one)


def test_a_table_that_cannot_be_read_is_named(full: Lake, place: Path) -> None:
    (Path(full.path(Event)) / "_delta_log" / f"{1:020}.json").write_text("no commit")
    with pytest.raises(DamagedTableError, match="bronze/events is damaged"):
        backed_up(full, place)


def test_a_backup_is_no_way_into_an_object_store(full: Lake, place: Path) -> None:
    backed_up(full, place)
    with pytest.raises(SettingsError, match=r"s3://bucket/lake is an object store: .* they are a lake as they are"):
        put_back(Lake("s3://bucket/lake"), str(place))


@pytest.mark.parametrize("harm", ["changed", "missing", "log"])
def test_a_damaged_backup_is_told_and_never_put_back(full: Lake, place: Path, harm: str) -> None:
    done = backed_up(full, place)
    path = next((done.folder / "bronze" / "events").rglob("*.json" if harm == "log" else "*.parquet"))
    if harm == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-1] + b"!")
    found = verify(str(place))
    assert not found.well
    assert path.name in found.problems[0]
    shutil.rmtree(full.uri)
    with pytest.raises(BackupError, match=r"is (missing|not what was copied), so the backup is damaged"):
        put_back(full, str(place))
    assert not Path(full.uri).exists()


def test_fewer_rows_than_the_manifest_says_are_told(full: Lake, place: Path) -> None:
    done = backed_up(full, place)
    told = json.loads((done.folder / MANIFEST).read_text())
    told["tables"][0]["rows"] += 1
    (done.folder / MANIFEST).write_text(json.dumps(told))
    (problem,) = verify(str(place)).problems
    assert "there is version" in problem


def test_a_manifest_that_cannot_be_read_is_told(full: Lake, place: Path) -> None:
    done = backed_up(full, place)
    (done.folder / MANIFEST).write_text("{")
    with pytest.raises(BackupError, match="is no manifest of a backup"):
        verify(str(done.folder))


def test_a_backup_is_put_back_into_an_empty_lake_only(full: Lake, place: Path) -> None:
    backed_up(full, place)
    before = content(full)
    with pytest.raises(BackupError, match="is not empty, and a backup is put back into an empty lake only"):
        put_back(full, str(place))
    assert content(full) == before
    other = Lake(str(place.parent / "other"))
    (Path(other.uri) / ".locks").mkdir(parents=True)
    (Path(other.uri) / ".locks" / "x.lock").touch()
    put_back(other, str(place))
    assert content(other) == before
    mine = Path(place.parent / "mine")
    mine.mkdir()
    (mine / "notes.txt").write_text("mine")
    with pytest.raises(BackupError, match="is not empty"):
        put_back(Lake(str(mine)), str(place))
    assert (mine / "notes.txt").read_text() == "mine"


def test_putting_back_that_was_cut_short_leaves_no_lake_and_begins_again(full: Lake, place: Path) -> None:
    backed_up(full, place)
    before = content(full)
    shutil.rmtree(full.uri)

    def stop(name: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        put_back(full, str(place), stop)
    assert not Path(full.uri).exists()
    put_back(full, str(place))
    assert content(full) == before


def test_what_a_run_wrote_into_the_lake_meanwhile_is_never_removed(full: Lake, place: Path) -> None:
    backed_up(full, place)
    shutil.rmtree(full.uri)

    def write(name: str) -> None:
        if not full.exists(Event):
            full.append(Event, events(424242))

    with pytest.raises(BackupError, match=r"is not empty, .*: stop what writes to it"):
        put_back(full, str(place), write)
    assert full.scan(Event).collect()["event_id"].to_list() == [424242]


def test_two_who_put_a_backup_back_at_once_make_no_half_lake(full: Lake, place: Path) -> None:
    backed_up(full, place)
    before = content(full)
    shutil.rmtree(full.uri)

    def another(name: str) -> None:
        with pytest.raises(LakeBusyError):
            put_back(full, str(place))

    put_back(full, str(place), another)
    assert content(full) == before


def test_backups_of_two_lakes_are_not_mixed(full: Lake, place: Path, tmp_path: Path) -> None:
    backed_up(full, place)
    other = Lake(str(tmp_path / "other lake"))
    other.append(Event, events(1))
    with pytest.raises(BackupError, match=r"holds backups of another lake, .*: name another folder"):
        backed_up(other, place)


# --- damage in a backup, in the lake, on the disk --------------------------------------------------


def flip(path: Path) -> None:
    """Other bytes in place, as a bad disk leaves them: in the middle, which no reader of the footer sees."""
    spoilt = bytearray(path.read_bytes())
    spoilt[40:80] = bytes(byte ^ 0xFF for byte in spoilt[40:80])
    path.write_bytes(spoilt)


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def data_file(folder: Path, table: str = "bronze/events") -> Path:
    return min(path for path in (folder / table).rglob("*.parquet") if "_delta_log" not in str(path))


@pytest.mark.parametrize("harm", [flip, cut_off, Path.unlink])
def test_a_damaged_backup_spoils_no_later_one(full: Lake, place: Path, harm: Callable[[Path], None]) -> None:
    first = backed_up(full, place)
    harm(spoilt := data_file(first.folder))
    second = backed_up(full, place, NOON + timedelta(hours=1))
    assert second.damaged == (spoilt,)
    assert verify(str(second.folder)).well
    assert not verify(str(first.folder)).well
    third = backed_up(full, place, NOON + timedelta(hours=2))
    assert (third.damaged, third.files_copied - second.files_copied) == ((), -1)
    assert content(Lake(str(third.folder))) == content(full)


def test_a_manifest_that_cannot_be_read_stops_no_other_backup(
    full: Lake, place: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = backed_up(full, place)
    (first.folder / MANIFEST).write_text("{")
    second = backed_up(full, place, NOON + timedelta(hours=1))
    assert verify(str(place)).folder == second.folder
    assert forgotten_since(str(second.folder)) == []
    assert f"{first.folder / MANIFEST} is no manifest of a backup" in caplog.text


def test_a_file_that_an_unfinished_backup_holds_damaged_is_copied_anew(full: Lake, place: Path) -> None:
    first = backed_up(full, place)
    first.folder.rename(place / UNFINISHED)
    (place / UNFINISHED / MANIFEST).unlink()
    spoilt = data_file(place / UNFINISHED)
    flip(spoilt)
    done = backed_up(full, place)
    copied = done.folder / spoilt.relative_to(place / UNFINISHED)
    original = Path(full.uri) / spoilt.relative_to(place / UNFINISHED)
    assert copied.read_bytes() == original.read_bytes()


def test_a_table_whose_files_cannot_be_read_is_named_and_no_backup_is_made(full: Lake, place: Path) -> None:
    spoilt = data_file(Path(full.uri))
    cut_off(spoilt)
    with pytest.raises(DamagedTableError, match=r"bronze/events is damaged \(.*\): put a backup back") as told:
        backed_up(full, place)
    assert "\n" not in str(told.value)
    assert complete_backups(place) == []


def test_a_file_that_is_damaged_in_the_backup_and_in_the_lake_is_told(full: Lake, place: Path) -> None:
    first = backed_up(full, place)
    flip(data_file(first.folder))
    cut_off(data_file(Path(full.uri)))
    with pytest.raises(
        BackupError, match=r"in the lake is not what it was when it was copied to .*: see that the disk"
    ):
        backed_up(full, place, NOON + timedelta(hours=1))
    assert [folder for folder, _ in complete_backups(place)] == [first.folder]


def test_what_was_copied_damaged_is_told_when_it_is_verified(full: Lake, place: Path) -> None:
    """Every byte is what the manifest says, and yet nobody can read them."""
    done = backed_up(full, place)
    spoilt = data_file(done.folder)
    told = (done.folder / MANIFEST).read_text()
    before = hashlib.sha256(spoilt.read_bytes()).hexdigest()
    cut_off(spoilt)
    (done.folder / MANIFEST).write_text(told.replace(before, hashlib.sha256(spoilt.read_bytes()).hexdigest()))
    (problem,) = verify(str(place)).problems
    assert problem.startswith("bronze/events: what was copied cannot be read (")


def test_a_later_backup_that_does_not_tell_what_was_forgotten_is_named(full: Lake, place: Path) -> None:
    """Otherwise a page would come back unseen."""
    forgotten(full, "p")
    old = backed_up(full, place)
    later = backed_up(full, place, NOON + timedelta(hours=1))
    data_file(later.folder, "bronze/erasures").unlink()
    with pytest.raises(BackupError, match=r"does not tell which pages were forgotten, .*: move that backup away"):
        forgotten_since(str(old.folder))


def test_a_table_of_erasures_that_cannot_be_read_is_named(full: Lake, place: Path) -> None:
    forgotten(full, "p")
    data_file(Path(full.uri), "bronze/erasures").unlink()
    with pytest.raises(DamagedTableError, match="bronze/erasures is damaged"):
        backed_up(full, place)


def test_a_lake_that_a_link_leads_to_is_put_back_where_it_leads(full: Lake, place: Path, tmp_path: Path) -> None:
    backed_up(full, place)
    before = content(full)
    (tmp_path / "disk").mkdir()
    (tmp_path / "linked").symlink_to(tmp_path / "disk")
    linked = Lake(str(tmp_path / "linked"))
    put_back(linked, str(place))
    assert content(linked) == before
    assert content(Lake(str(tmp_path / "disk"))) == before
    assert (tmp_path / "linked").is_symlink()


def test_a_lake_that_is_a_whole_disk_is_refused_before_anything_is_copied(
    full: Lake, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backed_up(full, place)
    (tmp_path / "disk").mkdir()
    monkeypatch.setattr(Path, "is_mount", lambda self: self == tmp_path / "disk")
    with pytest.raises(SettingsError, match=r"is where a disk is mounted, .*: set PPM_LAKEHOUSE_URI to a folder on it"):
        put_back(Lake(str(tmp_path / "disk")), str(place), pytest.fail)


def test_a_backup_that_lies_where_the_lake_is_put_together_stays(full: Lake, tmp_path: Path) -> None:
    done = backed_up(full, tmp_path / "other.restoring")
    with pytest.raises(SettingsError, match=r"lies in .*other.restoring, where the lake is put together"):
        put_back(Lake(str(tmp_path / "other")), str(tmp_path / "other.restoring"))
    assert verify(str(done.folder)).well


def test_a_backup_is_not_put_back_under_a_sync_that_has_yet_to_write(full: Lake, place: Path, tmp_path: Path) -> None:
    backed_up(full, place)
    other = Lake(str(tmp_path / "other"))
    with (
        writer_lock(other.uri, "notion-sync"),
        pytest.raises(LakeBusyError, match=r"notion-sync: another process .* wait for it to end"),
    ):
        put_back(other, str(place), pytest.fail)
    put_back(other, str(place))
    assert content(other) == content(full)


def test_stray_files_leave_an_unfinished_backup(full: Lake, place: Path) -> None:
    (place / UNFINISHED / "bronze").mkdir(parents=True)
    (place / UNFINISHED / "bronze" / ".DS_Store").touch()
    assert not (backed_up(full, place).folder / "bronze" / ".DS_Store").exists()


def test_a_place_within_the_lake_is_refused_by_whatever_link_it_is_reached(full: Lake, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(full.uri)
    with pytest.raises(SettingsError, match="lies within the lake: name a folder elsewhere"):
        backed_up(full, tmp_path / "link" / "backups")
    with pytest.raises(SettingsError, match="lies within the lake: name a folder elsewhere"):
        backed_up(Lake(str(tmp_path / "link")), Path(full.uri, "backups"))
    assert not Path(full.uri, "backups").exists()


def test_a_lake_where_a_backup_would_be_made_is_refused_and_stays(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / UNFINISHED))
    lake.append(Event, events(1))
    with pytest.raises(SettingsError, match=r"The lake lies in .*, where a backup in .* is made and overwritten"):
        backed_up(lake, tmp_path)
    assert lake.count(Event) == 1


def test_a_lake_without_tables_and_a_place_within_it_are_refused(full: Lake, place: Path, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match=r"There is no table in .*: check PPM_LAKEHOUSE_URI"):
        backed_up(Lake(str(tmp_path / "none")), place)
    with pytest.raises(SettingsError, match="lies within the lake: name a folder elsewhere"):
        back_up(full, FrozenClock(NOON), f"{full.uri}/backups")
    with pytest.raises(SettingsError, match="The folder for backups has no name"):
        back_up(full, FrozenClock(NOON), " ")
    with pytest.raises(SettingsError, match="s3://bucket is no folder"):
        back_up(full, FrozenClock(NOON), "s3://bucket")


def test_a_full_disk_is_told_before_and_while_copying(full: Lake, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
        with pytest.raises(BackupError, match=r"has 0 MB left and the backup needs .* MB: free some space"):
            backed_up(full, place)

    def full_disk(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "x.parquet")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full_disk)
        with pytest.raises(
            BackupError, match=r"x.parquet cannot be read or written .*No space left.*: free some space, and try"
        ):
            backed_up(full, place)
    assert backed_up(full, place).tables == 4


def test_a_place_that_may_not_be_written_to_is_told(full: Lake, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(BackupError, match=r"cannot be read or written .*: put that right, and try again"):
        backed_up(full, tmp_path / "file" / "backups")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / ".locks").write_text("no folder, so that nothing can be made in it")
    with pytest.raises(BackupError, match=r"cannot be read or written .*: put that right, and try again"):
        backed_up(full, tmp_path / "mine")


def test_a_disk_without_links_is_copied_to(full: Lake, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backed_up(full, place)

    def none(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr("os.link", none)
    second = backed_up(full, place, NOON + timedelta(hours=1))
    assert second.files_linked == 0
    assert verify(str(place)).well


def test_pages_forgotten_after_a_backup_are_known_from_later_ones(full: Lake, place: Path) -> None:
    forgotten(full, "before")
    old = backed_up(full, place)
    forgotten(full, "after", NOON + timedelta(hours=1))
    backed_up(full, place, NOON + timedelta(hours=2))
    assert forgotten_since(str(old.folder)) == ["after"]
    assert forgotten_since(str(place)) == []


# --- the commands ----------------------------------------------------------------------------------


@pytest.fixture
def real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """A lake of real tables, with one page in it, as the commands find it."""
    monkeypatch.setenv("PPM_LAKEHOUSE_URI", str(tmp_path / "lake"))
    monkeypatch.chdir(tmp_path)
    lake = Lake(str(tmp_path / "lake"), clock=FrozenClock(NOON))
    schema = NotionRawPages.create_empty().schema
    for page_id in ("1" * 32, "2" * 32):
        row = dict.fromkeys(schema) | {
            "page_id": page_id,
            "captured_at": NOON,
            "database_id": "d",
            "database_name": "projects",
            "content_hash": "h",
            "is_deleted": False,
            "raw_payload": json.dumps({"object": "page", "id": page_id, "properties": {}}),
            "_ingestion_timestamp": NOON,
        }
        lake.append(NotionRawPages, pl.DataFrame([row], schema=schema))
    forgotten(lake, "0" * 32)
    return lake


def invoke(*words: str) -> str:
    app = typer.Typer()
    app.add_typer(lake_commands.backup_app, name="backup")
    app.command()(lake_commands.maintain)
    done = CliRunner().invoke(app, words)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.output


def test_the_commands_back_up_verify_and_put_back_and_forget_again(real: Lake, tmp_path: Path) -> None:
    place = str(tmp_path / "backups")
    assert "2 tables with 3 rows are in" in invoke("backup", "create", place)
    (old,) = tmp_path.glob("backups/*Z")
    erasure.forget(real, FrozenClock(NOON), "1" * 32)
    assert "there already" in invoke("backup", "create", place)
    assert "(2 tables, 3 rows) is whole." in invoke("backup", "verify", place)
    shutil.rmtree(real.uri)
    told = invoke("backup", "restore", str(old))
    assert f"Forgotten again: {'1' * 32}." in told
    assert "Any other page that was forgotten after" in told
    assert real.scan(NotionRawPages).collect()["page_id"].to_list() == ["2" * 32]
    assert real.scan(Erasures).collect().height == 2


def test_a_page_that_was_being_forgotten_meanwhile_is_forgotten_once_the_backup_is_put_back(
    real: Lake, tmp_path: Path
) -> None:
    """An erasure that was under way before the backup began and after it ended: the page is in it, and so is that."""
    place, page = str(tmp_path / "backups"), "1" * 32
    forgotten(real, page, None)
    invoke("backup", "create", place)
    shutil.rmtree(real.uri)
    assert f"Forgotten again: {page}." in invoke("backup", "restore", place)
    assert real.scan(NotionRawPages).filter(pl.col("page_id") == page).collect().is_empty()


def test_killed_while_it_forgets_again_there_is_no_lake_with_the_page(
    real: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, page = str(tmp_path / "backups"), "1" * 32
    invoke("backup", "create", place)
    (old,) = tmp_path.glob("backups/*Z")
    erasure.forget(real, FrozenClock(NOON), page)
    invoke("backup", "create", place)
    shutil.rmtree(real.uri)

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(erasure, "forget", killed)
        invoke("backup", "restore", str(old))
    assert not Path(real.uri).exists()
    assert f"Forgotten again: {page}." in invoke("backup", "restore", str(old))
    assert real.scan(NotionRawPages).filter(pl.col("page_id") == page).collect().is_empty()


def test_a_damaged_backup_ends_the_command_red(real: Lake, tmp_path: Path) -> None:
    place = str(tmp_path / "backups")
    invoke("backup", "create", place)
    next(tmp_path.glob("backups/*/bronze/erasures/*.parquet")).write_bytes(b"")
    app = typer.Typer()
    app.add_typer(lake_commands.backup_app, name="backup")
    done = CliRunner().invoke(app, ["backup", "verify", place])
    assert done.exit_code == 1
    assert "is not whole: put another one back." in done.output


def test_a_file_that_was_damaged_in_the_backup_before_is_told(real: Lake, tmp_path: Path) -> None:
    place = str(tmp_path / "backups")
    invoke("backup", "create", place)
    flip(spoilt := data_file(next(tmp_path.glob("backups/*Z")), "bronze/notion_raw_pages"))
    told = invoke("backup", "create", place)
    assert "No longer what was copied, and copied from the lake again: 1 file of the backup before" in told
    assert str(spoilt) in told
    assert "No longer" not in invoke("backup", "create", place)


def test_maintaining_tells_what_was_done(real: Lake) -> None:
    before = content_of_pages(real)
    for at in range(12):
        forgotten(real, f"{at:032}", NOON + timedelta(minutes=at))
    assert "Dry run: nothing was changed" in invoke("maintain", "--dry-run")
    assert "bronze/erasures" in invoke("maintain")
    assert "Nothing to do for 2 tables." in invoke("maintain")
    assert json.loads(invoke("maintain", "--json"))["dry_run"] is False
    assert content_of_pages(real) == before


def content_of_pages(lake: Lake) -> list[tuple[Any, ...]]:
    return lake.scan(NotionRawPages).collect().sort("page_id").rows()
