"""Erasing: what must go is in no file any more, and nothing else is touched."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import deltalake.fs
import polars as pl
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake
from deltalake.fs import DeltaStorageHandler
from hypothesis import given, settings
from hypothesis import strategies as st

from finance_ppm.contracts import Table, content_columns, history_of
from finance_ppm.lakehouse import Lake, Written
from finance_ppm.lakehouse import lake as lake_module
from finance_ppm.lakehouse.delta import open_delta
from finance_ppm.lakehouse.erase import (
    RowsLostError,
    begin_log_anew,
    dead_files,
    remove_dead_files,
    remove_leftovers,
    remove_rows,
    rewrite_rows,
)
from finance_ppm_tests.lakehouse.tables import NOON, Event, Figure, Line, events, figures, line, lines

SECRET = "Joséphine Ólafsdóttir"
OF_J = pl.col("line_id") == "j"


def files_with(folder: Path | str, text: str) -> list[str]:
    """Every file below ``folder`` that holds ``text``: parquet files cell by cell, whatever becomes of them, and others
    byte by byte, as JSON may write it too.
    """
    wanted = {text.encode(), json.dumps(text)[1:-1].encode()}
    found = []
    for path in sorted(Path(folder).rglob("*")):
        if path.is_file():
            told = path.read_bytes()
            if path.suffix == ".parquet":
                told += json.dumps(pq.read_table(path, partitioning=None).to_pylist(), default=str).encode()
            if any(spelling in told for spelling in wanted):
                found.append(str(path.relative_to(folder)))
    return found


def content(lake: Lake, table: type[Table]) -> pl.DataFrame:
    return lake.scan(table).select(content_columns(table)).collect().sort(table.primary_key())


@pytest.fixture
def kept(lake: Lake) -> Lake:
    """A lake whose table has told of ``j`` in three versions, in two partitions, among others."""
    lake.merge(Line, lines(line("a", name="Ada"), line("b", "2026-Q1", issues=[{"rule": "r", "value": None}])))
    lake.merge(Line, lines(line("j", name=SECRET), line("c", name="Cleo")))
    lake.merge(Line, lines(line("j", "2026-Q1", name=f"{SECRET} again"), line("d")))
    lake.merge(Line, lines(line("a", name="Ada L."), line("e", "2026-Q2")))
    return lake


def test_rows_are_removed_and_the_others_are_what_they_were(kept: Lake) -> None:
    before = content(kept, Line)
    assert remove_rows(kept, Line, "line_id", "j") == 1
    assert content(kept, Line).equals(before.filter(~OF_J))
    version = kept.version(Line)
    assert remove_rows(kept, Line, "line_id", "j") == 0
    assert kept.version(Line) == version, "nothing to remove commits nothing"


def test_no_file_holds_what_was_erased(kept: Lake) -> None:
    assert len(files_with(kept.uri, SECRET)) >= 2, "the test itself can see it"
    remove_rows(kept, Line, "line_id", "j")
    assert files_with(kept.uri, SECRET) != [], "older versions still hold it"
    assert remove_dead_files(kept, Line, OF_J) >= 2
    assert files_with(kept.uri, SECRET) == []
    assert dead_files(kept, Line, OF_J) == []
    assert remove_dead_files(kept, Line, OF_J) == 0


def test_versions_that_never_held_it_can_still_be_read(kept: Lake) -> None:
    """The narrowest way: a vacuum would have cost them their files."""
    remove_rows(kept, Line, "line_id", "j")
    remove_dead_files(kept, Line, OF_J)
    readable = []
    for version in range(1, (kept.version(Line) or 0) + 1):
        try:
            pl.scan_delta(DeltaTable(kept.path(Line), version=version)).collect()
        except (OSError, pl.exceptions.PolarsError):
            continue
        readable.append(version)
    assert readable == [1, kept.version(Line)]


def test_the_present_version_loses_no_file(kept: Lake) -> None:
    before = content(kept, Line)
    assert remove_dead_files(kept, Line, pl.col("line_id").is_not_null()) > 0
    assert content(kept, Line).equals(before)


def test_a_file_of_a_writer_that_died_before_its_commit_goes_too(kept: Lake) -> None:
    folder = Path(kept.path(Line), "quarter=2026-Q4")
    pl.DataFrame({"line_id": ["j"], "name": [SECRET]}).write_parquet(folder / "part-00000-dead-c000.zstd.parquet")
    pl.DataFrame({"line_id": ["a"], "name": ["Ada"]}).write_parquet(folder / "part-00000-other-c000.zstd.parquet")
    (folder / "part-00000-torn-c000.zstd.parquet").write_text(SECRET)
    (folder / "part-00000-half-c000.zstd.parquet#1").write_text(SECRET)
    remove_rows(kept, Line, "line_id", "j")
    remove_dead_files(kept, Line, OF_J)
    assert remove_leftovers(kept) == 1
    assert files_with(kept.uri, SECRET) == []
    assert (folder / "part-00000-other-c000.zstd.parquet").exists(), "it holds nothing of the page"


def test_a_value_with_quotes_means_itself_alone(lake: Lake) -> None:
    odd = "x' OR 'a' = 'a"
    lake.merge(Line, lines(line(odd), line("a"), line("x")))
    assert remove_rows(lake, Line, "line_id", odd) == 1
    assert content(lake, Line)["line_id"].to_list() == ["a", "x"]


def test_a_table_that_does_not_exist_holds_nothing_and_is_not_made(lake: Lake) -> None:
    assert remove_rows(lake, Line, "line_id", "j") == 0
    rewrite_rows(lake, Line, OF_J, lambda rows: rows)
    assert remove_dead_files(lake, Line, OF_J) == 0
    begin_log_anew(lake, Line)
    assert remove_leftovers(lake) == 0
    assert not lake.exists(Line)


def test_rows_written_anew_may_change_their_key(lake: Lake) -> None:
    day = NOON.date()
    lake.replace_partition(history_of(Figure), figures(day, "1.00", "2.00", "4.00"), {"as_of_date": day})
    yesterday = day - timedelta(days=1)
    lake.replace_partition(history_of(Figure), figures(yesterday, "8.00"), {"as_of_date": yesterday})
    two = pl.col("figure_id").is_in(["f0", "f1", "f"])

    def as_one(rows: pl.DataFrame) -> pl.DataFrame:
        named = rows.with_columns(figure_id=pl.lit("f")).group_by("figure_id", "as_of_date", "computed_at")
        return named.agg(pl.col("value").sum())

    rewrite_rows(lake, history_of(Figure), two, as_one)
    rows = lake.scan(history_of(Figure)).select("as_of_date", "figure_id", "value").collect()
    assert {(at, name): int(value) for at, name, value in rows.iter_rows()} == {
        (day, "f"): 3,
        (day, "f2"): 4,
        (yesterday, "f"): 8,
    }


def test_the_log_begins_anew_without_what_its_statistics_told(lake: Lake) -> None:
    """Statistics are kept of keys, and a key may spell out a name."""
    lake.merge(Line, lines(line(SECRET), line("a")))
    for number in range(22):  # past a checkpoint
        lake.merge(Line, lines(line("a", name=f"{number}")))
    of_it = pl.col("line_id") == SECRET
    remove_rows(lake, Line, "line_id", SECRET)
    remove_dead_files(lake, Line, of_it)
    assert [path for path in files_with(lake.uri, SECRET) if "_delta_log" in path] != []
    before, version = content(lake, Line), lake.version(Line)
    begin_log_anew(lake, Line)
    # The commit that removed the row names it, as the key it was asked to remove.
    told = [path for path in files_with(lake.uri, SECRET) if not path.endswith(f"{version:020}.json")]
    assert told == []
    assert content(lake, Line).equals(before)
    lake.merge(Line, lines(line("z")))
    assert lake.version(Line) == (version or 0) + 1
    assert content(lake, Line)["line_id"].to_list() == ["a", "z"]


@pytest.mark.parametrize("harm", ["lost", "doubled"])
def test_a_library_that_harms_other_rows_is_undone(kept: Lake, monkeypatch: pytest.MonkeyPatch, harm: str) -> None:
    before = content(kept, Line)

    def harmful(self: DeltaTable, predicate: str, **options: Any) -> dict[str, Any]:
        rows = pl.scan_delta(self).filter(~OF_J).collect()
        rows = rows.filter(pl.col("line_id") != "c") if harm == "lost" else pl.concat([rows, rows.head(1)])
        write_deltalake(self, rows, mode="overwrite")
        return {}

    monkeypatch.setattr(deltalake.DeltaTable, "delete", harmful)
    with pytest.raises(RowsLostError, match=r"silver/lines: erasing changed rows that were to stay .*was restored"):
        remove_rows(kept, Line, "line_id", "j")
    assert content(kept, Line).equals(before)


def test_another_writer_who_comes_first_loses_nothing(kept: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """The row that somebody adds between the reading and the commit stays, and the removal is made again."""
    delete: Callable[..., dict[str, Any]] = DeltaTable.delete
    raced: list[Written] = []

    def slower(self: DeltaTable, *arguments: Any, **options: Any) -> dict[str, Any]:
        if not raced:
            raced.append(kept.merge(Line, lines(line("late"))))
        return delete(self, *arguments, **options)

    monkeypatch.setattr(deltalake.DeltaTable, "delete", slower)
    before = content(kept, Line)
    assert remove_rows(kept, Line, "line_id", "j") == 1
    assert content(kept, Line)["line_id"].to_list() == sorted([*before.filter(~OF_J)["line_id"], "late"])


def test_a_row_that_arrives_while_others_are_removed_is_removed_too(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.append(Event, events(1, text=SECRET))
    lake.append(Event, events(2))
    delete: Callable[..., dict[str, Any]] = DeltaTable.delete
    raced: list[Written] = []

    def slower(self: DeltaTable, *arguments: Any, **options: Any) -> dict[str, Any]:
        if not raced:
            raced.append(lake.append(Event, events(3, text=SECRET)))
        return delete(self, *arguments, **options)

    monkeypatch.setattr(deltalake.DeltaTable, "delete", slower)
    assert remove_rows(lake, Event, "text", SECRET) == 2
    assert content(lake, Event)["event_id"].to_list() == [2]


ROWS = st.dictionaries(
    st.sampled_from("abcdj"), st.tuples(st.sampled_from(["q1", "q2", "it's #3"]), st.text(max_size=5)), max_size=5
)


@settings(max_examples=15, deadline=None)
@given(writes=st.lists(ROWS, min_size=1, max_size=4))
def test_whatever_was_written_the_others_stay_and_it_is_gone(
    writes: list[dict[str, tuple[str, str]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    lake = Lake(str(tmp_path_factory.mktemp("any") / "lake"))
    for rows in writes:
        lake.merge(Line, lines(*(line(key, quarter, name=name) for key, (quarter, name) in rows.items())))
    before = content(lake, Line)
    assert remove_rows(lake, Line, "line_id", "j") == before.filter(OF_J).height
    remove_dead_files(lake, Line, OF_J)
    assert content(lake, Line).equals(before.filter(~OF_J))
    held = [
        pq.read_table(path, columns=["line_id"], partitioning=None) for path in Path(lake.uri).rglob("*c000*.parquet")
    ]
    assert "j" not in {key for table in held for key in table["line_id"].to_pylist()}


def test_a_partition_is_told_by_the_folder_of_a_file(kept: Lake) -> None:
    of_quarter = [dead_files(kept, Line, OF_J & (pl.col("quarter") == quarter)) for quarter in ("2026-Q4", "2026-Q1")]
    assert [len(found) for found in of_quarter] == [1, 0]
    assert all("quarter=2026-Q4" in path for path in of_quarter[0])


def test_a_day_that_is_told_by_the_folder_of_a_file_is_a_date(lake: Lake) -> None:
    history = history_of(Figure)
    for day in (date(2026, 11, 19), date(2026, 11, 20)):
        for value in ("1", "2"):  # the first leaves a dead file
            lake.replace_partition(history, figures(day, value), {"as_of_date": day})
    early = pl.col("figure_id").eq("f0") & (pl.col("as_of_date") < date(2026, 11, 20))
    (dead,) = dead_files(lake, history, early)
    assert dead.startswith("as_of_date=2026-11-19/")


def test_a_store_is_asked_with_the_credentials_of_the_lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder needs none, so what the library is given is looked at; asking a store in this process would hang."""
    options = {"account_key": "key-of-the-lake"}
    lake = Lake(str(tmp_path), storage_options=options)
    lake.merge(Line, lines(line("j"), line("k")))
    given: list[object] = []
    handler = deltalake.fs.DeltaStorageHandler

    def opened(path: str, told: Any) -> DeltaTable | None:
        given.append(told)
        return open_delta(path, told)

    def storage_handler(path: str, told: Any = None) -> DeltaStorageHandler:
        given.append(told)
        return handler(path, told)

    monkeypatch.setattr(lake_module, "open_delta", opened)
    monkeypatch.setattr(deltalake.fs, "DeltaStorageHandler", storage_handler)
    assert remove_rows(lake, Line, "line_id", "j") == 1
    assert len(given) >= 2
    assert remove_dead_files(lake, Line, OF_J) == 1
    begin_log_anew(lake, Line)
    assert all(told == options for told in given), given
