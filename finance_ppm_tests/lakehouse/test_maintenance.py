"""Maintenance changes no row but those it is told to let go, whoever writes or dies meanwhile."""

import os
import shutil
import signal
import time
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from deltalake import CommitProperties, DeltaTable, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError
from hypothesis import given, settings
from hypothesis import strategies as st

from finance_ppm.clock import FrozenClock
from finance_ppm.closing import month
from finance_ppm.closing.closes import closed_days
from finance_ppm.contracts import Table, history_of
from finance_ppm.contracts.closes import PpmMonthCloses
from finance_ppm.lakehouse import Lake, Written, compaction, maintenance, retention, writer_lock
from finance_ppm.lakehouse import delta as delta_module
from finance_ppm.lakehouse.compaction import compact
from finance_ppm.lakehouse.maintenance import KEPT, MaintenanceReport, TableMaintained, maintain, stored_tables
from finance_ppm.lakehouse.retention import KEPT_DAYS, expired_days
from finance_ppm.pipeline.point_in_time import PointInTime
from finance_ppm_tests.lakehouse import maintainers
from finance_ppm_tests.lakehouse.aged import grow_old
from finance_ppm_tests.lakehouse.maintainers import TABLES, TODAY, crowd, exit_code, run, start
from finance_ppm_tests.lakehouse.tables import NOON, Event, Figure, Line, events, figures, line, lines
from finance_ppm_tests.lakehouse.writers import wait_for

HISTORY = history_of(Figure)
LONG_AGO = KEPT + timedelta(days=1)


def content(lake: Lake, table: type[Table]) -> pl.DataFrame:
    """Every column of every row, stamps too."""
    return lake.scan(table).collect().sort(table.primary_key())


def everything(lake: Lake) -> dict[type[Table], pl.DataFrame]:
    return {table: content(lake, table) for table in (Event, Line, Figure, HISTORY)}


def same(one: dict[type[Table], pl.DataFrame], other: dict[type[Table], pl.DataFrame]) -> bool:
    return all(one[table].equals(other[table]) for table in one)


def maintained(lake: Lake, *, closed: frozenset[date] = frozenset(), **options: Any) -> dict[str, TableMaintained]:
    report = maintain(lake, FrozenClock(NOON), closed_days=lambda: closed, tables=TABLES, **options)
    return {table.table_name: table for table in report.tables}


def files_of(lake: Lake, table: type[Table]) -> list[str]:
    return [str(path) for path in Path(lake.path(table)).rglob("*.parquet") if "_delta_log" not in str(path)]


# --- which snapshots are kept ----------------------------------------------------------------------


def test_snapshots_of_35_days_of_month_ends_and_of_closes_are_kept() -> None:
    """By 20 November 2026, 35 days are 17 October to 20 November. Of January to October each last day that has a
    snapshot stays (in March the 30th: nothing ran on the 31st), and 3 May, by which April was closed."""
    days = {date(2026, 1, 1) + timedelta(days=at) for at in range((TODAY - date(2026, 1, 1)).days + 1)} - {
        date(2026, 3, 31)
    }
    kept = days - expired_days(days, TODAY, {date(2026, 5, 3)})
    recent = {TODAY - timedelta(days=at) for at in range(35)}
    assert min(recent) == date(2026, 10, 17)
    month_ends = {(1, 31), (2, 28), (3, 30), (4, 30), (5, 31), (6, 30), (7, 31), (8, 31), (9, 30)}
    assert kept == recent | {date(2026, month, day) for month, day in month_ends} | {date(2026, 5, 3)}


DAYS = st.sets(st.dates(date(2023, 12, 1), date(2027, 1, 31)), max_size=60)


@settings(max_examples=60, deadline=None)
@given(days=DAYS, closed=DAYS, today=st.dates(date(2024, 1, 1), date(2027, 1, 1)))
def test_what_is_kept_does_not_depend_on_how_often_one_looks(days: set[date], closed: set[date], today: date) -> None:
    going = expired_days(days, today, closed)
    assert going <= days
    assert not going & closed
    assert all(day <= today - KEPT_DAYS for day in going)
    assert {(day.year, day.month) for day in days - going} == {(day.year, day.month) for day in days}
    assert expired_days(days - going, today, closed) == set()
    assert going <= expired_days(days, today + timedelta(days=1), closed)


def test_old_snapshots_leave_the_history_and_no_other_row_does(lake: Lake) -> None:
    crowd(lake)
    before = everything(lake)
    days = set(before[HISTORY]["as_of_date"])
    closed = TODAY - timedelta(days=80)
    assert closed in expired_days(days, TODAY, set())
    going = expired_days(days, TODAY, {closed})
    told = maintained(lake, closed=frozenset({closed}))["gold_history/figures"]
    assert (told.days_expired, told.rows_expired) == (len(going), 2 * len(going))
    assert len(going) >= 3
    before[HISTORY] = before[HISTORY].filter(~pl.col("as_of_date").is_in(list(going)))
    assert same(everything(lake), before)


@pytest.mark.parametrize("closed", [TODAY - timedelta(days=80), TODAY - timedelta(days=200)])
def test_a_day_that_is_closed_while_others_are_maintained_stays(lake: Lake, closed: date) -> None:
    crowd(lake)
    days: set[date] = set()

    def close(table_name: str) -> None:
        if table_name == "gold/figures":
            days.add(closed)

    assert closed in expired_days(set(content(lake, HISTORY)["as_of_date"]), TODAY, ())
    maintain(lake, FrozenClock(NOON), closed_days=lambda: set(days), tables=TABLES, progress=close)
    assert closed in content(lake, HISTORY)["as_of_date"]


def test_no_day_leaves_while_a_month_is_closed(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever closes has seen gold of the day; it must be there when the close is written. The rest goes on."""
    crowd(lake)
    before = content(lake, HISTORY)
    monkeypatch.setattr(retention, "PATIENCE", timedelta(seconds=0.05))
    with writer_lock(lake.uri, retention.CLOSING):
        told = maintained(lake)
    assert content(lake, HISTORY).equals(before)
    assert "month-close: another process" in (told["gold_history/figures"].note or "")
    assert told["bronze/events"].partitions_compacted == 1
    assert maintained(lake)["gold_history/figures"].days_expired


def test_a_close_holds_the_lock_that_keeps_its_day(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, held = FrozenClock(NOON), []

    def locked(uri: str, name: str) -> None:
        held.append((uri, name))
        raise InterruptedError

    monkeypatch.setattr(month, "writer_lock", locked)
    with pytest.raises(InterruptedError):
        month.close_month(lake, clock, PointInTime(lake, clock), date(2026, 10, 1), closed_by="Ada", reporting="USD")
    assert held == [(lake.uri, retention.CLOSING)]


def test_no_day_leaves_where_nobody_can_tell_which_were_closed(lake: Lake) -> None:
    crowd(lake)
    before = content(lake, HISTORY)
    closes = Path(lake.path(PpmMonthCloses), "_delta_log")
    closes.mkdir(parents=True)
    (closes / f"{0:020}.json").write_text("no commit")
    report = maintain(lake, FrozenClock(NOON), closed_days=partial(closed_days, lake), tables=TABLES)
    assert [table.error for table in report.tables if table.error] == [report.tables[-1].error]
    assert "gold/ppm_month_closes is damaged (" in (report.tables[-1].error or "")
    assert content(lake, HISTORY).equals(before)


def test_only_the_history_of_gold_expires(lake: Lake) -> None:
    lake.replace(Figure, figures(date(2020, 1, 15), "1.00"))
    assert maintained(lake)["gold/figures"].days_expired == 0
    assert lake.count(Figure) == 1


# --- compaction ------------------------------------------------------------------------------------


def test_many_small_files_become_few_and_the_rows_stay(lake: Lake) -> None:
    crowd(lake)
    before = everything(lake)
    told = maintained(lake, closed=frozenset(before[HISTORY]["as_of_date"]))
    assert same(everything(lake), before)
    assert (told["bronze/events"].files_before, told["bronze/events"].files_after) == (12, 1)
    assert told["bronze/events"].partitions_compacted == 1
    assert told["silver/lines"].partitions_compacted == 0, "a merge leaves one file in a partition"
    assert not any(table.partitions_compacted for table in maintained(lake).values()), "once is enough"


def crowd_partitions(lake: Lake) -> None:
    """Two partitions of many files, written past the lake, and one of a single file."""
    lake.merge(Line, lines(line("a", "q1"), line("b", "it's #2"), line("c", "quiet")))
    delta = DeltaTable(lake.path(Line))
    for at in range(10):
        for quarter in ("q1", "it's #2"):
            rows = (
                lake.scan(Line)
                .head(1)
                .collect()
                .with_columns(line_id=pl.lit(f"{quarter}{at}"), quarter=pl.lit(quarter))
            )
            write_deltalake(delta, rows, mode="append")


def test_only_crowded_partitions_are_written_anew(lake: Lake) -> None:
    crowd_partitions(lake)
    before, files = content(lake, Line), set(files_of(lake, Line))
    assert maintained(lake)["silver/lines"].partitions_compacted == 2
    assert content(lake, Line).equals(before)
    written = set(files_of(lake, Line)) - files
    assert len(written) == 2
    assert not any("quiet" in path for path in written)


VALUES = st.builds(
    line,
    st.uuids().map(str),
    st.sampled_from(["q1", "it's #2"]),
    name=st.none() | st.text(max_size=8),
    amount=st.none() | st.decimals(-(10**15), 10**15, places=2),
    total=st.none() | st.decimals(-(10**35), 10**35, places=2),
    issues=st.lists(
        st.fixed_dictionaries({"rule": st.text(max_size=3), "value": st.none() | st.text(max_size=3)}), max_size=2
    ),
)


@settings(max_examples=8, deadline=None)
@given(rows=st.lists(VALUES, min_size=1, max_size=12, unique_by=lambda row: row["line_id"]))
def test_compaction_keeps_every_value(rows: list[dict[str, object]], tmp_path_factory: pytest.TempPathFactory) -> None:
    lake = maintainers.lake_at(str(tmp_path_factory.mktemp("any") / "lake"))
    for row in rows:
        lake.merge(Line, lines(row))
    before = content(lake, Line)
    for quarter in before["quarter"].unique():
        compact(lake, Line, {"quarter": quarter})
    assert content(lake, Line).equals(before)


def test_the_librarys_own_compaction_doubles_every_row(lake: Lake, tmp_path: Path) -> None:
    """Why it is not used: two at once both commit, whatever they are told. If this fails, the library was mended."""
    crowd(lake)
    rows = lake.count(Event)
    ready, go = [tmp_path / "ready0", tmp_path / "ready1"], tmp_path / "go"
    both = [start(maintainers.compact_as_the_library_does, lake.uri, str(one), str(go)) for one in ready]
    for one in ready:
        wait_for(one)
    go.touch()
    assert [exit_code(process) for process in both] == [0, 0]
    assert content(lake, Event).height == 2 * rows


def test_the_library_lets_no_compaction_be_strict(lake: Lake) -> None:
    """So neither a lock that an object store lacks nor the commit's options can make it safe."""
    crowd(lake)
    rows, strict = lake.count(Event), CommitProperties(max_commit_retries=0)
    first, second = DeltaTable(lake.path(Event)), DeltaTable(lake.path(Event))
    first.optimize.compact(commit_properties=strict)
    second.optimize.compact(commit_properties=strict)
    assert content(lake, Event).height == 2 * rows


def test_a_compaction_that_was_overtaken_is_not_committed(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """With no lock at all, as on an object store: by another compaction, then by an append."""
    crowd(lake)
    original = delta_module.overwrite_from
    for other in (lambda: compact(lake, Event, None), lambda: lake.append(Event, events(5))):

        def overtaken(*args: Any, other: Any = other) -> None:
            monkeypatch.setattr(compaction, "overwrite_from", original)
            other()
            original(*args)

        monkeypatch.setattr(compaction, "overwrite_from", overtaken)
        rows = lake.count(Event)
        with pytest.raises(CommitFailedError):
            compact(lake, Event, None)
        assert content(lake, Event)["event_id"].is_unique().all()
        assert lake.count(Event) - rows in {0, 1}


@pytest.mark.parametrize("harm", ["lost", "doubled", "changed"])
def test_a_compaction_that_changes_rows_is_undone_and_told(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, harm: str
) -> None:
    crowd(lake)
    before = everything(lake)
    original = delta_module.overwrite_from

    def harmful(delta: DeltaTable, table: type[Table], rows: Any, partition: Any) -> None:
        whole = pl.concat(list(rows))
        other = {
            "lost": whole.head(-1),
            "doubled": pl.concat([whole, whole]),
            "changed": whole.with_columns(text=pl.lit("other")),
        }[harm]
        original(delta, table, [other], partition)

    monkeypatch.setattr(compaction, "overwrite_from", harmful)
    report = maintain(lake, FrozenClock(NOON), closed_days=before[HISTORY]["as_of_date"].to_list, tables=TABLES)
    assert not report.succeeded
    assert same(everything(lake), before)
    (harmed,) = (table for table in report.tables if table.error)
    assert harmed.table_name == "bronze/events"
    assert "compaction changed rows, so version 12 was put back" in (harmed.error or "")
    assert str(harmed.error) in caplog.text


def test_harm_on_which_others_have_written_is_told_and_their_rows_stay(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd(lake)
    original = delta_module.overwrite_from

    def harmful(delta: DeltaTable, table: type[Table], rows: Any, partition: Any) -> None:
        original(delta, table, [pl.concat(list(rows)).head(-1)], partition)
        lake.append(Event, events(77))

    monkeypatch.setattr(compaction, "overwrite_from", harmful)
    told = maintained(lake)["bronze/events"]
    assert "could not be put back: stop every run" in (told.error or "")
    assert 77 in content(lake, Event)["event_id"]


def test_a_table_that_others_keep_writing_to_is_left_for_the_next_time(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd(lake)
    before = everything(lake)
    monkeypatch.setattr(maintenance, "wait_random_exponential", lambda **_: lambda _: 0)
    original = delta_module.overwrite_from
    attempts: list[Written] = []

    def always_second(delta: DeltaTable, table: type[Table], rows: Any, partition: Any) -> None:
        attempts.append(lake.append(Event, events(1000 + len(attempts))))
        original(delta, table, rows, partition)

    monkeypatch.setattr(compaction, "overwrite_from", always_second)
    told = maintained(lake, closed=frozenset(before[HISTORY]["as_of_date"]))
    assert len(attempts) == maintenance.ATTEMPTS
    assert "left for the next time" in (told["bronze/events"].note or "")
    assert told["bronze/events"].error is None
    assert content(lake, Event).height == before[Event].height + len(attempts)
    assert told["silver/lines"].note is None


def test_a_table_under_someone_elses_lock_is_left_and_the_others_are_not(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd(lake)
    monkeypatch.setattr(maintenance, "PATIENCE", timedelta(seconds=0.05))
    with writer_lock(lake.uri, "silver/lines"):
        told = maintained(lake)
    assert "another process has been writing" in (told["silver/lines"].note or "")
    assert told["bronze/events"].partitions_compacted == 1


def test_a_table_of_another_contract_is_told_and_stops_no_other(lake: Lake) -> None:
    crowd(lake)
    rows = pl.DataFrame({"event_id": ["a"] * 9})
    for at in range(9):
        write_deltalake(
            lake.path(Figure),
            rows,
            mode="overwrite" if not at else "append",
            schema_mode="overwrite" if not at else None,
        )
    told = maintained(lake)
    assert "written under another contract" in (told["gold/figures"].error or "")
    assert told["bronze/events"].partitions_compacted == 1


def lose_a_file(table: Path) -> None:
    next(table.glob("*.parquet")).unlink()


def spoil_a_file(table: Path) -> None:
    next(table.glob("*.parquet")).write_bytes(b"no parquet at all")


def lose_a_commit(table: Path) -> None:
    (table / "_delta_log" / f"{3:020}.json").unlink()


@pytest.mark.parametrize("harm", [lose_a_file, spoil_a_file, lose_a_commit])
def test_a_damaged_table_is_told_and_stops_no_other(lake: Lake, harm: Callable[[Path], None]) -> None:
    crowd(lake)
    harm(Path(lake.path(Event)))
    told = maintained(lake)
    assert "bronze/events is damaged (" in (told["bronze/events"].error or "")
    assert len(told["bronze/events"].error or "") < 500
    assert told["gold_history/figures"].days_expired
    assert len(maintained(lake, dry_run=True)) == len(told)


def test_a_full_disk_is_no_damage_and_old_files_make_room_first(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library raises the same error for both, and the remedy for damage would lose the table."""
    crowd(lake)
    dead = Path(lake.path(Event), "part-0-dead.parquet")
    dead.write_bytes(b"what nobody needs")
    os.utime(dead, ((NOON - LONG_AGO).timestamp(),) * 2)

    def full_disk(*_: object) -> None:
        assert not dead.exists()
        raise DeltaError("Failed to parse parquet: Unable to copy data to file: No space left on device (os error 28)")

    before = everything(lake)
    monkeypatch.setattr(compaction, "overwrite_from", full_disk)
    told = maintained(lake, closed=frozenset(before[HISTORY]["as_of_date"]))
    assert told["bronze/events"].error == (
        "bronze/events could not be maintained (No space left on device), and no row of it is lost: free some space, "
        "and maintain it again."
    )
    assert told["gold/figures"].error is None
    assert same(everything(lake), before)


def test_a_vacuum_that_comes_second_is_no_damage(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    crowd(lake)
    monkeypatch.setattr(DeltaTable, "vacuum", always_second)
    told = maintained(lake)
    assert not any(table.error for table in told.values())
    assert "Others keep writing to it" in (told["bronze/events"].note or "")


def always_second(*_: object, **__: object) -> None:
    raise CommitFailedError("Failed to commit transaction: 15")


# --- many at once ----------------------------------------------------------------------------------


def test_two_maintenances_at_once_double_and_lose_nothing(lake: Lake) -> None:
    crowd(lake)
    before = everything(lake)
    going = expired_days(set(before[HISTORY]["as_of_date"]), TODAY, set())
    before[HISTORY] = before[HISTORY].filter(~pl.col("as_of_date").is_in(list(going)))
    assert [exit_code(one) for one in [start(maintainers.maintain, lake.uri) for _ in range(2)]] == [0, 0]
    assert same(everything(lake), before)


def test_maintenance_without_a_lock_doubles_and_loses_nothing_either(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on an object store: threads of one process, each with tables of its own, whose locks are none."""
    from concurrent.futures import ThreadPoolExecutor
    from contextlib import nullcontext

    crowd(lake, 20)
    before = content(lake, Event)
    monkeypatch.setattr(maintenance, "writer_lock", lambda *_, **__: nullcontext())
    with ThreadPoolExecutor(3) as pool:
        told = [run.result() for run in [pool.submit(maintained, lake) for _ in range(3)]]
    assert content(lake, Event).equals(before)
    assert not any(table.error for tables in told for table in tables.values())


def test_maintenance_during_writes_doubles_and_loses_nothing(lake: Lake, tmp_path: Path) -> None:
    """Two processes append, merge and replace; one maintains over and over."""
    crowd(lake)
    before, rounds = everything(lake), 8
    with maintainers.maintaining(lake, tmp_path / "stop"):
        writers = [start(maintainers.write, lake.uri, writer, rounds) for writer in (1, 2)]
        assert [exit_code(writer) for writer in writers] == [0, 0]
    maintained(lake)
    ids = sorted([*before[Event]["event_id"], *(writer * 1000 + at for writer in (1, 2) for at in range(rounds))])
    assert content(lake, Event)["event_id"].to_list() == ids
    old = content(lake, Event).filter(pl.col("event_id") < 0)
    assert old.equals(before[Event])
    stored = content(lake, Line)
    assert stored.filter(pl.col("line_id").str.starts_with("old")).equals(before[Line])
    new: dict[str, str | None] = {f"shared-{writer}-{at}": None for writer in (1, 2) for at in range(rounds)}
    new |= {f"own-{writer}": str(rounds - 1) for writer in (1, 2)}
    added = stored.filter(~pl.col("line_id").str.starts_with("old")).select("line_id", "name").rows()
    assert sorted(added, key=str) == sorted(new.items(), key=str)
    recent = content(lake, HISTORY).filter(pl.col("as_of_date").is_between(TODAY - timedelta(2), TODAY - timedelta(1)))
    assert sorted(map(float, recent["value"])) == [7, 7, 7, 7]
    assert any(told.get("operation") == "WRITE" for told in DeltaTable(lake.path(Event)).history())


# --- files of older versions -----------------------------------------------------------------------


def test_files_are_kept_for_30_days_after_they_were_replaced(lake: Lake) -> None:
    for at in range(4):
        lake.replace(Figure, figures(TODAY, f"{at}.00"))
    grow_old(lake, Figure, KEPT - timedelta(days=1))
    files = files_of(lake, Figure)
    assert maintained(lake)["gold/figures"].files_removed == 0
    assert files_of(lake, Figure) == files
    grow_old(lake, Figure, LONG_AGO)
    live = {path.rsplit("/", 1)[-1] for path in lake.delta_at(Figure, 4).file_uris()}
    Path(next(path for path in files if path.rsplit("/", 1)[-1] not in live)).unlink()
    told = maintained(lake)["gold/figures"]
    assert told.files_removed == 2, "one was gone already: by a vacuum that was killed, or a page that was forgotten"
    assert content(lake, Figure)["value"].to_list() == [3]
    assert maintained(lake)["gold/figures"].files_removed == 0


def test_a_file_that_was_replaced_just_now_is_kept_however_old_it_is(lake: Lake) -> None:
    """Its age counts from the commit that removed it: until then it was the table."""
    lake.replace(Figure, figures(TODAY, "1.00"))
    grow_old(lake, Figure, LONG_AGO)
    lake.replace(Figure, figures(TODAY, "2.00"))
    assert maintained(lake)["gold/figures"].files_removed == 0
    earlier = lake.delta_at(Figure, (lake.version(Figure) or 0) - 1)
    assert pl.scan_delta(earlier).collect()["value"].to_list() == [1]


def test_what_killed_writers_left_goes_after_30_days(lake: Lake) -> None:
    lake.merge(Line, lines(line("a", "q1")))
    folder = Path(lake.path(Line), "quarter=q1")
    left = [folder / "part-0-dead.parquet", folder / "part-1-dead.parquet#1", Path(lake.path(Line), "part-2.parquet#3")]
    young = [folder / "part-3-young.parquet", folder / "part-4-young.parquet#1"]
    for path in [*left, *young]:
        path.write_bytes(b"half a file")
    for path in left:
        os.utime(path, ((NOON - LONG_AGO).timestamp(),) * 2)
    for path in young:
        os.utime(path, (max(time.time(), NOON.timestamp()),) * 2)
    assert maintained(lake, dry_run=True)["silver/lines"].files_removed == 3
    assert maintained(lake)["silver/lines"].files_removed == 3
    assert [path.exists() for path in left] == [False] * 3
    assert [path.exists() for path in young] == [True] * 2


def test_every_version_of_30_days_can_still_be_read(lake: Lake) -> None:
    """Past checkpoints, cleaned logs and vacuums: those of the last 30 days, and none before."""
    for at in range(15):
        lake.replace(Figure, figures(TODAY, f"{at}.00"))
    grow_old(lake, Figure, LONG_AGO)
    for at in range(15, 40):
        lake.replace(Figure, figures(TODAY, f"{at}.00"))
    told = maintained(lake)["gold/figures"]
    assert told.files_removed == 14
    for version in range(15, 41):  # the first made the empty table
        assert pl.scan_delta(lake.delta_at(Figure, version)).collect()["value"].to_list() == [version - 1]
    with pytest.raises(OSError, match="No such file"):
        pl.scan_delta(lake.delta_at(Figure, 14)).collect()


def test_the_log_gets_a_checkpoint_before_it_is_long(lake: Lake) -> None:
    for at in range(8):
        lake.merge(Line, lines(line("a", name=str(at))))
    assert not maintained(lake)["silver/lines"].checkpointed
    lake.merge(Line, lines(line("a", name="ten commits with that of its making")))
    before = content(lake, Line)
    assert maintained(lake)["silver/lines"].checkpointed
    assert content(lake, Line).equals(before)
    assert not maintained(lake)["silver/lines"].checkpointed


# --- dry runs, reports, deaths ---------------------------------------------------------------------


def test_a_dry_run_changes_nothing_and_tells_what_would_be(lake: Lake) -> None:
    crowd(lake)
    paths = {path: path.stat().st_mtime_ns for path in Path(lake.uri).rglob("*") if path.is_file()}
    would = maintained(lake, dry_run=True)
    assert {path: path.stat().st_mtime_ns for path in Path(lake.uri).rglob("*") if path.is_file()} == paths
    did = maintained(lake)
    told = [
        (table.days_expired, table.rows_expired, table.partitions_compacted, table.files_removed)
        for table in (*would.values(), *did.values())
    ]
    assert told[: len(would)] == told[len(would) :]


def test_a_lake_at_rest_is_left_alone(lake: Lake) -> None:
    crowd(lake)
    maintained(lake)
    maintained(lake)
    versions = [lake.version(table) for table in (Event, Line, Figure, HISTORY)]
    steps: list[str] = []
    report = maintain(lake, FrozenClock(NOON), closed_days=set, tables=TABLES, progress=steps.append)
    assert [lake.version(table) for table in (Event, Line, Figure, HISTORY)] == versions
    assert steps == ["bronze/events", "silver/lines", "gold/figures", "gold_history/figures"]
    assert report.succeeded
    assert not any(table.touched for table in report.tables)


def test_a_lake_without_tables_needs_no_maintenance(lake: Lake) -> None:
    assert maintain(lake, FrozenClock(NOON), closed_days=set) == MaintenanceReport((), dry_run=False)
    assert stored_tables(lake) == []
    assert not Path(lake.uri).exists()


def test_maintenance_that_is_killed_leaves_every_row(lake: Lake, tmp_path: Path) -> None:
    """After each of its steps in turn, on a lake of its own each time; the next maintenance does what is left."""
    crowd(lake, 9)
    lake.replace(Figure, figures(TODAY, "2.00"))
    grow_old(lake, Figure, LONG_AGO)
    lake.replace(Figure, figures(TODAY, "3.00"))
    before = everything(lake)
    going = expired_days(set(before[HISTORY]["as_of_date"]), TODAY, set())
    expired = before | {HISTORY: before[HISTORY].filter(~pl.col("as_of_date").is_in(list(going)))}
    for nth in range(1, 30):
        other = maintainers.lake_at(str(shutil.copytree(lake.uri, tmp_path / f"killed-{nth}")))
        code = run(maintainers.maintain_until_killed, other.uri, nth)
        now = everything(other)
        assert same(now, before) or same(now, expired)
        if code == 0:
            break
        assert code == -signal.SIGKILL
        maintained(other)
        assert same(everything(other), expired)
    assert code == 0
    assert nth > len(maintainers.STEPS)
