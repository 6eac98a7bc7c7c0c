"""A partition replaced from a stream: as from a frame, whatever the frames' sizes, and with none of it in memory."""

import tempfile
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from weakref import ref

import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finance_ppm.clock import FrozenClock
from finance_ppm.contracts.azure import AzureResourcesRaw
from finance_ppm.lakehouse import ContractViolationError, Lake, OutsidePartitionError, Written
from finance_ppm.lakehouse import delta as delta_module
from finance_ppm.lakehouse import lake as lake_module
from finance_ppm_tests.lakehouse.tables import NOON, Line, line, lines

DAY = date(2026, 11, 20)
Q1 = {"quarter": "q1"}

IDS = st.sampled_from(["a", "b", "c'", "é🙂"])
ISSUES = st.lists(st.fixed_dictionaries({"rule": st.sampled_from("rs"), "value": st.none() | st.just("")}), max_size=2)
CONTENT = st.fixed_dictionaries({"name": st.none() | st.sampled_from(["", "x"]), "issues": ISSUES})
STEPS = st.lists(
    st.tuples(st.sampled_from(["q1", "it's"]), st.dictionaries(IDS, CONTENT, max_size=4), st.integers(1, 3)),
    min_size=1,
    max_size=5,
)

Stream = Callable[[pl.LazyFrame], Iterator[pl.DataFrame]]


def streamed(*frames: pl.DataFrame) -> Stream:
    return lambda _: iter(frames)


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_any_sequence_of_streams_equals_a_dict(steps: list[tuple[str, dict[str, dict[str, Any]], int]]) -> None:
    clock = FrozenClock(NOON)
    model: dict[tuple[str, str], dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(folder, clock=clock)
        for quarter, content, size in steps:
            clock.moment += timedelta(minutes=5)
            rows = [line(key, quarter, **values) for key, values in content.items()]
            before = {key: row for key, row in model.items() if key[0] == quarter}
            after = {(quarter, str(row["line_id"])): {**row, "written_at": clock.now()} for row in rows}
            kept = before.keys() & after.keys()
            updated = [key for key in kept if before[key] | {"written_at": 0} != after[key] | {"written_at": 0}]
            counts = (len(after.keys() - kept), len(updated), len(before.keys() - kept))
            version = lake.version(Line)
            content_version = lake.content_version(Line, {"quarter": quarter})
            if any(counts):  # the whole partition is written anew, stamps and all
                model = {key: row for key, row in model.items() if key[0] != quarter} | after

            frames = [lines(*rows[at : at + size]) for at in range(0, len(rows), size)]
            written = lake.replace_partition_from(Line, streamed(*frames), {"quarter": quarter})

            assert (written.inserted, written.updated, written.deleted) == counts
            assert written.rows == len(after)
            assert written.version == lake.version(Line)
            assert written.changed == (version != lake.version(Line))
            if version is not None:
                assert written.changed == any(counts)
            assert (lake.content_version(Line, {"quarter": quarter}) != content_version) == any(counts)
            stored = lake.scan(Line).collect()
            assert stored.height == len(model)
            assert {(row["quarter"], row["line_id"]): row for row in stored.to_dicts()} == model


def test_what_is_stored_may_flow_into_what_replaces_it(lake: Lake) -> None:
    lake.replace_partition_from(Line, streamed(lines(line("a", "q1"), line("b", "q1"))), Q1)

    def without_a(stored: pl.LazyFrame) -> Iterator[pl.DataFrame]:
        yield lines(line("c", "q1"))
        yield stored.filter(pl.col("line_id") != "a").collect()

    assert lake.replace_partition_from(Line, without_a, Q1) == Written(1, 0, 1, rows=2, version=2, changed=True)
    assert set(lake.scan(Line).collect()["line_id"]) == {"b", "c"}


def test_a_stamp_alone_is_no_change(lake: Lake) -> None:
    first = lines(line("a", "q1")).with_columns(written_at=pl.lit(NOON))
    lake.replace_partition_from(Line, streamed(first), Q1)
    later = first.with_columns(written_at=pl.lit(NOON + timedelta(hours=1)))
    assert lake.replace_partition_from(Line, streamed(later), Q1) == Written(0, 0, 0, 1, version=1, changed=False)
    assert lake.scan(Line).collect()["written_at"].to_list() == [NOON]


@pytest.mark.parametrize(
    ("frames", "error", "message"),
    [
        ([lines(line("x", "q1")), lines(line("y", "q2"))], OutsidePartitionError, "lie outside the partition"),
        ([lines(line("x", "q1")), lines(line("x", "q1"))], ContractViolationError, r"`primary_key` \(2 rows\)"),
        ([lines(line("x", "q1")).drop("name")], ContractViolationError, r"`name\|missing`"),
    ],
    ids=["outside", "twice", "incomplete"],
)
def test_a_stream_that_breaks_the_contract_anywhere_changes_nothing(
    lake: Lake, frames: list[pl.DataFrame], error: type[Exception], message: str
) -> None:
    lake.replace_partition_from(Line, streamed(lines(line("a", "q1"))), Q1)
    with pytest.raises(error, match=message):
        lake.replace_partition_from(Line, streamed(*frames), Q1)
    assert lake.version(Line) == 1
    assert lake.scan(Line).collect()["line_id"].to_list() == ["a"]


def test_a_partition_of_other_columns_is_refused_though_no_row_comes(lake: Lake) -> None:
    with pytest.raises(ValueError, match="partitioned by quarter, not by nothing"):
        lake.replace_partition_from(Line, streamed(), {})
    assert not lake.exists(Line)


def test_a_stream_that_breaks_off_while_it_is_written_changes_nothing(lake: Lake) -> None:
    lake.replace_partition_from(Line, streamed(lines(line("a", "q1"))), Q1)
    asked = []

    def breaking(_: pl.LazyFrame) -> Iterator[pl.DataFrame]:
        asked.append(1)
        yield lines(line("x", "q1"))
        if len(asked) > 1:
            raise OSError("the disk is full")

    with pytest.raises(Exception, match="the disk is full"):
        lake.replace_partition_from(Line, breaking, Q1)
    assert lake.version(Line) == 1
    assert lake.scan(Line).collect()["line_id"].to_list() == ["a"]


def test_a_write_that_was_overtaken_starts_again_from_the_partition_as_it_is_then(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = delta_module.overwrite_from

    def overtaken(*args: Any) -> None:
        monkeypatch.setattr(lake_module, "overwrite_from", original)
        lake.replace_partition_from(Line, streamed(lines(line("b", "q1"))), Q1)
        original(*args)

    def added(stored: pl.LazyFrame) -> Iterator[pl.DataFrame]:
        yield lines(line("c", "q1"))
        yield stored.filter(pl.col("line_id") != "c").collect()

    lake.replace_partition_from(Line, streamed(lines(line("a", "q1"))), Q1)
    monkeypatch.setattr(lake_module, "overwrite_from", overtaken)
    assert lake.replace_partition_from(Line, added, Q1) == Written(1, 0, 0, rows=2, version=3, changed=True)
    assert set(lake.scan(Line).collect()["line_id"]) == {"b", "c"}


def resources(numbers: range) -> pl.DataFrame:
    return pl.select(
        captured_on=pl.repeat(DAY, len(numbers), dtype=pl.Date),
        resource_id=pl.format("/subscriptions/s/{}", pl.lit(pl.Series(numbers))),
        resource_type=pl.lit("microsoft.compute/virtualmachines"),
        resource_group=pl.lit(None, pl.String),
        subscription_id=pl.lit("s"),
        raw_payload=pl.format("[{}]", pl.lit(pl.Series(numbers))),
        captured_at=pl.lit(NOON),
    )


def test_a_long_stream_is_taken_a_frame_at_a_time_and_stored_in_row_groups_that_fit_in_memory(lake: Lake) -> None:
    most, size = 50_000, 5_000
    frames_made: list[ref[pl.DataFrame]] = []
    at_once: list[int] = []

    def frames(_: pl.LazyFrame) -> Iterator[pl.DataFrame]:
        for start in range(0, most, size):
            frame = resources(range(start, start + size))
            frames_made.append(ref(frame))
            at_once.append(sum(made() is not None for made in frames_made))
            yield frame

    written = lake.replace_partition_from(AzureResourcesRaw, frames, {"captured_on": DAY})

    assert written.rows == most
    assert len(at_once) == 2 * most // size  # once to compare, once to write
    assert max(at_once) <= 2
    delta = lake.delta(AzureResourcesRaw)
    assert delta is not None
    for path in delta.file_uris():
        groups = pq.ParquetFile(Path(path)).metadata
        assert max(groups.row_group(at).num_rows for at in range(groups.num_row_groups)) <= 20_000
    told = pl.DataFrame(delta.get_add_actions(flatten=True))
    assert "max.resource_id" in told.columns
    assert "max.raw_payload" not in told.columns
