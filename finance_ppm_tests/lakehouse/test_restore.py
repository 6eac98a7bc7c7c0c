"""A table goes back to what it was at a moment, or stays, with a sentence that says why."""

import errno
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dataframely as dy
import polars as pl
import pytest
import typer
from deltalake import DeltaTable
from typer.testing import CliRunner

from finance_ppm import lake_commands
from finance_ppm.clock import Clock, FrozenClock, SystemClock
from finance_ppm.contracts import Table, history_of
from finance_ppm.contracts.alerts import ALERT_TABLES
from finance_ppm.contracts.bronze import Erasures, NotionRawPages, NotionSyncWatermarks
from finance_ppm.contracts.closes import PpmMonthCloseLines, PpmMonthCloses
from finance_ppm.errors import SettingsError
from finance_ppm.lakehouse import Lake, TableMismatchError
from finance_ppm.lakehouse.damage import DamagedTableError
from finance_ppm.lakehouse.maintenance import KEPT, maintain
from finance_ppm.lakehouse.restoring import (
    OF_A_RECORD,
    CannotRestoreError,
    ChangedMeanwhileError,
    UnknownTableError,
    consequence_of,
    look_back,
    restore,
    table_named,
)
from finance_ppm.lakehouse.versions import Version, kept_versions, version_at
from finance_ppm_tests.lakehouse.aged import committed_at, grow_old, made_at
from finance_ppm_tests.lakehouse.tables import NOON, Event, Figure, Line, events, figures, line, lines

CLOCK: Clock = SystemClock()
TABLES: tuple[type[Table], ...] = (Event, Line, Figure)


def content(lake: Lake, table: type[Table]) -> pl.DataFrame:
    return lake.scan(table).collect().sort(table.primary_key())


@pytest.fixture
def told(lake: Lake) -> list[tuple[datetime, pl.DataFrame]]:
    """Four states of a table, and a moment at which each stood."""
    states = []
    for rows in (
        [line("a", name="Ada"), line("b", "q1")],
        [line("a", name="Ada L."), line("c", "it's #2")],
        [line("d"), line("b", "q2")],
        [line("e")],
    ):
        lake.merge(Line, lines(*rows))
        time.sleep(0.002)
        states.append((CLOCK.now(), content(lake, Line)))
        time.sleep(0.002)
    return states


def test_every_earlier_state_can_be_had_again_and_left_again(
    lake: Lake, told: list[tuple[datetime, pl.DataFrame]]
) -> None:
    for moment, rows in [*reversed(told), *told]:
        found = look_back(lake, CLOCK, Line, moment)
        before = content(lake, Line)
        assert (found.rows_now, found.rows_then) == (before.height, rows.height)
        assert found.returning == rows.join(before, on="line_id", how="anti").height
        assert found.leaving == before.join(rows, on="line_id", how="anti").height
        version = lake.version(Line) or 0
        assert restore(lake, Line, found) == version + found.changes
        assert content(lake, Line).equals(rows)


def test_what_changes_is_told_and_looking_changes_nothing(
    lake: Lake, told: list[tuple[datetime, pl.DataFrame]]
) -> None:
    version = lake.version(Line)
    found = look_back(lake, CLOCK, Line, told[0][0])
    assert (found.version, found.present_version) == (1, 4)
    assert (found.rows_now, found.rows_then) == (5, 2)
    assert (found.returning, found.changing, found.leaving) == (0, 2, 3), "a and b changed; c, d and e came"
    assert lake.version(Line) == version
    assert not look_back(lake, CLOCK, Line, told[3][0]).changes


def test_a_table_that_maintenance_has_rewritten_goes_back_all_the_same(lake: Lake) -> None:
    for at in range(12):
        lake.append(Event, events(at))
    before, moment = content(lake, Event), CLOCK.now()
    time.sleep(0.002)
    maintain(lake, CLOCK, closed_days=set, tables=TABLES)
    lake.append(Event, events(99))
    restore(lake, Event, look_back(lake, CLOCK, Event, moment))
    assert content(lake, Event).equals(before)


def test_rows_that_are_there_twice_can_be_undone(lake: Lake) -> None:
    """What restoring is for: the library's own compaction, twice at once, doubles every row."""
    for at in range(9):
        lake.append(Event, events(at))
    before, moment = content(lake, Event), CLOCK.now()
    time.sleep(0.002)
    for table in [DeltaTable(lake.path(Event)) for _ in range(2)]:
        table.optimize.compact()
    assert lake.count(Event) == 18
    found = look_back(lake, CLOCK, Event, moment)
    assert (found.rows_now, found.rows_then, found.returning, found.changing, found.leaving) == (18, 9, 0, 0, 9)
    restore(lake, Event, found)
    assert content(lake, Event).equals(before)


def test_a_moment_before_the_first_version_is_refused(lake: Lake, told: list[tuple[datetime, pl.DataFrame]]) -> None:
    """Delta itself would say nothing and give its first version."""
    early = committed_at(lake, Line, 0) - timedelta(seconds=1)
    table = DeltaTable(lake.path(Line))
    table.load_as_version(early)
    assert table.version() == 0, "the library's own answer"
    with pytest.raises(CannotRestoreError, match=r"silver/lines as of .* is not kept: its first version is of \d{4}-"):
        look_back(lake, CLOCK, Line, early)


def test_a_moment_whose_files_are_gone_is_refused(lake: Lake) -> None:
    for at in range(4):
        lake.replace(Figure, figures(NOON.date(), f"{at}.00"))
    grow_old(lake, Figure, KEPT + timedelta(days=2))
    for version in range(5):
        made_at(lake, Figure, version, CLOCK.now() - KEPT - timedelta(hours=20 - version))
    moment = committed_at(lake, Figure, 2)
    assert look_back(lake, CLOCK, Figure, moment).changes
    maintain(lake, CLOCK, closed_days=set, tables=TABLES)
    with pytest.raises(CannotRestoreError, match=r"1 of 1 data files of version 2 are gone.*: name a later"):
        look_back(lake, CLOCK, Figure, moment)
    assert content(lake, Figure)["value"].to_list() == [3]


def test_a_moment_to_come_a_table_that_is_not_there_and_another_contract_are_refused(lake: Lake) -> None:
    lake.append(Event, events(1))
    with pytest.raises(CannotRestoreError, match="is yet to come"):
        look_back(lake, CLOCK, Event, CLOCK.now() + timedelta(hours=1))
    with pytest.raises(CannotRestoreError, match=r"silver/lines is not in .*: check PPM_LAKEHOUSE_URI"):
        look_back(lake, CLOCK, Line, CLOCK.now())

    class Other(Table):
        info = Event.info

        event_id = dy.Int64(primary_key=True)
        text = dy.Int64()

    with pytest.raises(TableMismatchError):
        look_back(lake, CLOCK, Other, CLOCK.now())


def test_a_table_that_cannot_be_read_is_told_in_a_sentence(lake: Lake) -> None:
    for value in ("1.00", "2.00"):
        lake.replace(Figure, figures(NOON.date(), value))
    delta = lake.delta(Figure)
    assert delta is not None
    (present,) = delta.file_uris()
    Path(present.removeprefix("file://")).unlink()
    with pytest.raises(DamagedTableError, match=r"gold/figures is damaged \(.*\): put a backup back, or"):
        look_back(lake, CLOCK, Figure, committed_at(lake, Figure, 1))


def test_a_full_disk_is_told_as_such(
    lake: Lake, told: list[tuple[datetime, pl.DataFrame]], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = look_back(lake, CLOCK, Line, told[0][0])

    def full_disk(*_: object, **__: object) -> None:
        raise OSError("Generic LocalFileSystem error\n  Unable to copy\n  No space left on device (os error 28)")

    monkeypatch.setattr(DeltaTable, "restore", full_disk)
    with pytest.raises(OSError, match="No space left on device") as refused:
        restore(lake, Line, found)
    assert (refused.value.errno, refused.value.filename) == (errno.ENOSPC, "silver/lines")
    assert content(lake, Line).equals(told[-1][1])


def test_erasures_that_cannot_be_read_are_named(lake: Lake, told: list[tuple[datetime, pl.DataFrame]]) -> None:
    lake.merge(Erasures, erasure(CLOCK.now(), "silver/lines"))
    next(Path(lake.path(Erasures)).glob("*.parquet")).unlink()
    with pytest.raises(DamagedTableError, match="bronze/erasures is damaged"):
        look_back(lake, CLOCK, Line, told[0][0])


def test_a_record_of_gold_is_said_to_be_computed_by_nobody() -> None:
    records: tuple[type[Table], ...] = (PpmMonthCloses, PpmMonthCloseLines, *ALERT_TABLES)
    for table in records:
        assert consequence_of(table) == OF_A_RECORD
    assert "the next run computes it again" in consequence_of(Figure)
    assert "leave it" in consequence_of(history_of(Figure))


def test_the_moment_of_each_version_counts_even_where_clocks_disagree(lake: Lake) -> None:
    """A version by a clock that is behind counts as made no earlier than the one before it."""
    for at in range(4):
        lake.append(Event, events(at))
    for version, minute in enumerate((0, 10, 5, 20, 30)):
        made_at(lake, Event, version, NOON + timedelta(minutes=minute))
    delta = lake.delta(Event)
    assert delta is not None
    versions = kept_versions(delta)
    assert [version.made_at.minute for version in versions] == [0, 10, 10, 20, 30]
    stood = [version_at(versions, NOON + timedelta(minutes=minute)) for minute in (0, 9, 10, 19, 59)]
    assert [found.number if found else None for found in stood] == [0, 0, 2, 2, 4]
    assert version_at(versions, NOON - timedelta(microseconds=1)) is None
    assert version_at([], NOON) is None
    assert versions[0] == Version(0, NOON)


def test_a_write_between_looking_and_restoring_is_never_undone_unseen(
    lake: Lake, told: list[tuple[datetime, pl.DataFrame]]
) -> None:
    found = look_back(lake, CLOCK, Line, told[0][0])
    lake.merge(Line, lines(line("late")))
    before = content(lake, Line)
    with pytest.raises(ChangedMeanwhileError, match="silver/lines was written to after you looked"):
        restore(lake, Line, found)
    assert content(lake, Line).equals(before)


def erasure(forgotten_at: datetime | None, *table_names: str) -> pl.DataFrame:
    row = {
        "page_id": "p",
        "requested_at": NOON,
        "forgotten_at": forgotten_at,
        "database_name": "projects",
        "reason": None,
        "erased": [{"table_name": name, "rows_erased": 1, "rows_blanked": 0} for name in table_names],
    }
    return pl.DataFrame([row], schema=Erasures.create_empty().schema)


def test_nothing_from_before_an_erasure_comes_back(lake: Lake, told: list[tuple[datetime, pl.DataFrame]]) -> None:
    lake.append(Event, events(1))
    moment = CLOCK.now()
    lake.merge(Erasures, erasure(moment, "silver/lines"))
    for earlier, _ in told:
        with pytest.raises(CannotRestoreError, match=r"silver/lines cannot go back .* before a page was forgotten"):
            look_back(lake, CLOCK, Line, earlier)
    with pytest.raises(CannotRestoreError, match=r"name 20\S+ or a later moment") as refused:
        look_back(lake, CLOCK, Line, moment - timedelta(milliseconds=1))
    proposed = datetime.fromisoformat(str(refused.value).split(": name ")[1].split()[0]).replace(tzinfo=UTC)
    assert moment <= proposed <= moment + timedelta(seconds=1)
    look_back(lake, CLOCK, Line, moment)
    look_back(lake, CLOCK, Event, moment - timedelta(milliseconds=1))
    lake.merge(Erasures, erasure(None, "bronze/events"))
    with pytest.raises(CannotRestoreError, match="complete it first, with `finance-ppm forget p`"):
        look_back(lake, CLOCK, Event, CLOCK.now())


def test_an_erasure_between_looking_and_restoring_counts(lake: Lake, told: list[tuple[datetime, pl.DataFrame]]) -> None:
    found = look_back(lake, CLOCK, Line, told[0][0])
    lake.merge(Erasures, erasure(CLOCK.now(), "silver/lines"))
    with pytest.raises(CannotRestoreError, match="before a page was forgotten"):
        restore(lake, Line, found)


def test_the_audit_of_erasures_never_goes_back(lake: Lake) -> None:
    lake.merge(Erasures, erasure(NOON))
    with pytest.raises(CannotRestoreError, match="tells what was forgotten, and is never put back"):
        look_back(lake, CLOCK, Erasures, CLOCK.now())


def test_a_table_is_named_as_it_is_or_one_that_is_alike_is_proposed() -> None:
    assert table_named("bronze/notion_raw_pages") is NotionRawPages
    assert table_named(" bronze.notion_raw_pages/ ") is NotionRawPages
    history = table_named("gold_history/ppm_budget_vs_actual")
    assert history.info.layer == "gold_history"
    with pytest.raises(UnknownTableError, match="did you mean silver/notion_projects"):
        table_named("silver/notion_project")
    with pytest.raises(UnknownTableError, match=r"did you mean .*bronze/notion_sync_watermarks"):
        table_named("notion_sync_watermarks")
    with pytest.raises(UnknownTableError, match=f"name one of .*bronze/{NotionSyncWatermarks.info.name}"):
        table_named("zzz")
    assert issubclass(UnknownTableError, SettingsError)
    assert history_of(Figure).info.layer == "gold_history"


# --- the command -----------------------------------------------------------------------------------


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """A lake with an audit, as the command finds it."""
    monkeypatch.setenv("PPM_LAKEHOUSE_URI", str(tmp_path / "lake"))
    monkeypatch.chdir(tmp_path)
    lake = Lake(str(tmp_path / "lake"), clock=FrozenClock(NOON))
    schema = NotionSyncWatermarks.create_empty().schema
    row = dict.fromkeys(schema) | {"database_id": "d", "database_name": "projects", "property_ids": "{}"}
    lake.merge(NotionSyncWatermarks, pl.DataFrame([row], schema=schema))
    time.sleep(0.002)
    return lake


def app() -> typer.Typer:
    made = typer.Typer()
    made.command()(lake_commands.restore)
    return made


def test_the_command_shows_what_changes_asks_and_restores(asked: Lake) -> None:
    moment = CLOCK.now()
    time.sleep(0.002)
    asked.replace(NotionSyncWatermarks, asked.scan(NotionSyncWatermarks).collect().clear())
    words = ["bronze/notion_sync_watermarks", "--as-of", moment.isoformat()]
    looked = CliRunner().invoke(app(), [*words, "--dry-run"])
    assert looked.exit_code == 0, looked.output
    assert "Rows now: 0. Rows then: 1." in looked.output
    assert "1 come back, 0 are what they were, 0 leave." in looked.output
    assert asked.count(NotionSyncWatermarks) == 0
    unasked = CliRunner().invoke(app(), words)
    assert isinstance(unasked.exception, SettingsError)
    assert "add --yes" in str(unasked.exception)
    done = CliRunner().invoke(app(), [*words, "--yes"])
    assert "is restored, as version 3" in done.output
    assert asked.count(NotionSyncWatermarks) == 1
    again = CliRunner().invoke(app(), [*words, "--yes"])
    assert "there is nothing to restore" in again.output


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "", "0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00"])
def test_a_moment_that_is_none_is_refused(asked: Lake, text: str) -> None:
    told = CliRunner().invoke(app(), ["bronze/erasures", "--as-of", text, "--yes"])
    assert isinstance(told.exception, SettingsError)
    assert "is no moment: write it as 2026-11-01T12:00, in UTC" in str(told.exception)


def test_a_day_means_its_end() -> None:
    """As everywhere a day is named: what was written on it counts."""
    end = datetime(2026, 11, 1, 23, 59, 59, 999_999, tzinfo=UTC)
    assert [lake_commands._moment(text) for text in ("2026-11-01", " 2026-11-01 ", "20261101")] == [end] * 3
    assert lake_commands._moment("2026-11-01T00:00") == datetime(2026, 11, 1, tzinfo=UTC)


def test_the_command_tells_which_moment_a_day_was_taken_for(asked: Lake) -> None:
    """Yesterday a row was written, at noon; today it left."""
    yesterday = CLOCK.today() - timedelta(days=1)
    for version in range(2):
        made_at(asked, NotionSyncWatermarks, version, datetime(*yesterday.timetuple()[:3], 12, tzinfo=UTC))
    asked.replace(NotionSyncWatermarks, asked.scan(NotionSyncWatermarks).collect().clear())
    looked = CliRunner().invoke(app(), ["bronze/notion_sync_watermarks", "--as-of", f"{yesterday}", "--dry-run"])
    assert f"as of {yesterday} 23:59:59 UTC is version 1" in looked.output
    assert "Rows now: 0. Rows then: 1." in looked.output
    tomorrow = f"{CLOCK.today() + timedelta(days=1)}"
    told = CliRunner().invoke(app(), ["bronze/notion_sync_watermarks", "--as-of", tomorrow, "--dry-run"])
    assert isinstance(told.exception, CannotRestoreError)
    assert f"{tomorrow} 23:59:59 UTC is yet to come: name a moment in the past; of today" in str(told.exception)


def test_a_moment_without_a_zone_is_in_utc() -> None:
    assert lake_commands._moment("2026-11-01T12:00") == datetime(2026, 11, 1, 12, tzinfo=UTC)
    assert lake_commands._moment("2026-11-01T12:00+02:00") == datetime(2026, 11, 1, 10, tzinfo=UTC)
    assert lake_commands._moment("2026-11-01T12:00Z") == datetime(2026, 11, 1, 12, tzinfo=UTC)
