"""Several processes write at once, or one is killed while it writes: nothing is lost, doubled or half there."""

import random
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import deltalake
import polars as pl
import pytest
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError

from finance_ppm.contracts import Table, history_of
from finance_ppm.lakehouse import Lake, LakeBusyError, WriteConflictError, Written, writer_lock
from finance_ppm.lakehouse import delta as delta_module
from finance_ppm.lakehouse import lake as lake_module
from finance_ppm_tests.lakehouse.tables import Event, Figure, Line, events, figures, line, lines
from finance_ppm_tests.lakehouse.writers import (
    BATCH,
    DAY,
    ROUNDS,
    Writers,
    beside,
    hold_lock,
    running,
    until_killed,
    wait_for,
)

WRITERS = 2


@pytest.fixture(scope="module")
def writers() -> Iterator[Writers]:
    with running() as started:
        yield started


def test_writers_in_different_processes_lose_nothing(lake: Lake, writers: Writers) -> None:
    """Tables that do not exist yet, rows for one partition and for several: all at once."""
    pids = [writers.start(beside, lake, writer) for writer in range(WRITERS)]
    assert [writers.exit_code(pid) for pid in pids] == [0] * WRITERS
    assert lake.scan(Event).collect()["event_id"].sort().to_list() == list(range(WRITERS * ROUNDS))
    names = dict(lake.scan(Line).select("line_id", "name").collect().iter_rows())
    own = {f"own-{writer}": str(ROUNDS - 1) for writer in range(WRITERS)}
    shared = {f"shared-{writer}-{at}": None for writer in range(WRITERS) for at in range(ROUNDS)}
    assert names == own | shared
    assert lake.scan(Line).collect().height == len(names)
    history = lake.scan(history_of(Figure)).select("as_of_date", "value").collect()
    assert sorted(history.iter_rows()) == [(DAY.replace(day=1 + writer), ROUNDS - 1) for writer in range(WRITERS)]


@pytest.mark.parametrize("seed", range(6))
def test_a_killed_writer_leaves_the_old_table_or_the_new(lake: Lake, writers: Writers, seed: int) -> None:
    pid = writers.start(until_killed, lake)
    wait_for(Path(lake.path(Event)))
    time.sleep(random.Random(seed).uniform(0, 0.4))
    writers.kill(pid)

    appended = lake.scan(Event).collect()["event_id"]
    assert len(appended) % BATCH == 0
    assert appended.is_unique().all()
    for table, column, key in ((Line, "name", "line_id"), (Figure, "value", "figure_id")):
        rows = lake.scan(table).collect()
        assert rows.height in {0, BATCH}
        assert rows[key].is_unique().all()
        assert rows[column].n_unique() == min(rows.height, 1)
    everything = [line(f"l{row}", f"q{row % 3}", name="after") for row in range(BATCH)]
    assert lake.merge(Line, lines(*everything)).rows == BATCH
    assert lake.append(Event, events(-1)).rows == len(appended) + 1
    assert lake.replace(Figure, figures(DAY, "1")).rows == 1


def test_a_lock_is_held_by_one_process_and_freed_by_its_death(lake: Lake, writers: Writers) -> None:
    pid = writers.start(hold_lock, lake)
    wait_for(Path(lake.uri, "held"))
    with (
        pytest.raises(LakeBusyError, match=r"silver/lines: another process has been writing .*wait for it to end"),
        writer_lock(lake.uri, "silver/lines", patience=timedelta(seconds=0.1)),
    ):
        pass
    with writer_lock(lake.uri, "silver/other", patience=timedelta(0)):
        pass
    writers.kill(pid)
    with writer_lock(lake.uri, "silver/lines", patience=timedelta(seconds=5)):
        pass


def test_what_a_killed_creation_leaves_behind_is_no_table(lake: Lake) -> None:
    log = Path(lake.path(Event)) / "_delta_log"
    log.mkdir(parents=True)
    (log / "_commit_0b7a.json.tmp").write_text("half a com")
    (Path(lake.path(Event)) / "part-00000.parquet").write_bytes(b"half a file")
    assert not lake.exists(Event)
    assert lake.scan(Event).collect().is_empty()
    assert lake.append(Event, events(1)).rows == 1


def overtaken_by(monkeypatch: pytest.MonkeyPatch, name: str, other: Callable[[], object]) -> None:
    """Let ``other`` write between the moment the next write has read its table and its commit."""
    original = getattr(delta_module, name)

    def write(*args: object) -> None:
        monkeypatch.setattr(lake_module, name, original)
        other()
        original(*args)

    monkeypatch.setattr(lake_module, name, write)


def test_a_merge_that_was_overtaken_starts_again_from_what_is_there_now(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One key into two partitions: files that do not conflict, and a table that would hold the key twice."""
    lake.merge(Line, lines(line("x", "q0")))
    overtaken_by(monkeypatch, "overwrite_rows", lambda: lake.merge(Line, lines(line("a", "q1"), line("b", "q1"))))
    assert lake.merge(Line, lines(line("a", "q2"))) == Written(0, 1, 0, rows=3, version=3, changed=True)
    rows = lake.scan(Line).select("line_id", "quarter").collect()
    assert sorted(rows.iter_rows()) == [("a", "q2"), ("b", "q1"), ("x", "q0")]


def test_a_partition_filled_meanwhile_is_not_doubled(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    history, partition = history_of(Figure), {"as_of_date": DAY}
    other = lambda: lake.replace_partition(history, figures(DAY, "1", "2"), partition)  # noqa: E731 - said once, here
    overtaken_by(monkeypatch, "overwrite_rows", other)
    assert lake.replace_partition(history, figures(DAY, "3"), partition).rows == 1
    assert lake.scan(history).collect().height == 1


def test_an_append_whose_answer_was_lost_is_not_made_twice(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """An object store may take the commit and lose the answer; the writer then finds its own version in the way."""
    lake.append(Event, events(1))
    original = deltalake.write_deltalake

    def commit_and_lose_the_answer(*args: object, **more: object) -> None:
        monkeypatch.setattr(delta_module, "write_deltalake", original)
        original(*args, **more)  # type: ignore[call-overload]  # handed through as they came
        raise CommitFailedError("no answer")

    monkeypatch.setattr(delta_module, "write_deltalake", commit_and_lose_the_answer)
    assert lake.append(Event, events(2, 3)).rows == 3
    assert lake.scan(Event).collect()["event_id"].sort().to_list() == [1, 2, 3]


def test_a_write_gives_up_after_many_conflicts_and_says_so(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lake_module, "ATTEMPTS", 2)
    lake.append(Event, events(0))
    original = delta_module.append_rows

    def always_second(delta: DeltaTable, table: type[Table], rows: pl.DataFrame) -> None:
        original(DeltaTable(lake.path(Event)), table, rows.with_columns(event_id=pl.lit(lake.version(Event))))
        original(delta, table, rows)

    monkeypatch.setattr(lake_module, "append_rows", always_second)
    with pytest.raises(WriteConflictError, match="bronze/events: other writers came first 2 times in a row"):
        lake.append(Event, events(99))
    assert 99 not in lake.scan(Event).collect()["event_id"]


def test_a_commit_refused_for_another_reason_is_not_tried_again(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    attempts = []

    def refused(*_: object) -> None:
        attempts.append(1)
        raise CommitFailedError("the table is append-only")

    monkeypatch.setattr(lake_module, "append_rows", refused)
    with pytest.raises(CommitFailedError, match="append-only"):
        lake.append(Event, events(1))
    assert len(attempts) == 1
