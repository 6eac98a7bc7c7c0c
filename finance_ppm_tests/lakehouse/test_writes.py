"""Append, merge and replace: what each leaves behind, and when nothing is committed."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import polars as pl
import pytest
from deltalake import DeltaTable

from finance_ppm.clock import FrozenClock
from finance_ppm.contracts import history_of
from finance_ppm.lakehouse import Lake, OutsidePartitionError, Written
from finance_ppm_tests.lakehouse.tables import NOON, Event, Figure, Line, events, figures, line, lines

DAY = date(2026, 11, 20)
FigureHistory = history_of(Figure)


def named(lake: Lake) -> dict[str, str]:
    rows = lake.scan(Line).select("line_id", "name").collect()
    assert rows["line_id"].is_unique().all()
    return dict(rows.iter_rows())


def test_a_table_never_written_is_empty_with_the_contracts_columns(lake: Lake) -> None:
    assert not lake.exists(Line)
    assert lake.version(Line) is None
    empty = lake.scan(Line).collect()
    assert empty.is_empty()
    assert empty.schema == lake.scan(Line).collect_schema() == lines().with_columns(written_at=pl.lit(NOON)).schema


def test_appended_rows_join_those_there(lake: Lake) -> None:
    assert lake.append(Event, events(1, 2)) == Written(2, 0, 0, rows=2, version=1, changed=True)
    assert lake.append(Event, events(3)) == Written(1, 0, 0, rows=3, version=2, changed=True)
    assert lake.scan(Event).collect()["event_id"].sort().to_list() == [1, 2, 3]


def test_appending_nothing_commits_nothing(lake: Lake) -> None:
    assert lake.append(Event, events()) == Written(0, 0, 0, rows=0, version=None, changed=False)
    assert not lake.exists(Event)
    lake.append(Event, events(1))
    assert lake.append(Event, events()) == Written(0, 0, 0, rows=1, version=1, changed=False)


def test_a_stamp_the_frame_lacks_is_the_clocks_time(lake: Lake) -> None:
    lake.append(Event, events(1))
    lake.append(Event, events(2).with_columns(written_at=pl.lit(NOON - timedelta(hours=1))))
    stamps = dict(lake.scan(Event).select("event_id", "written_at").collect().iter_rows())
    assert stamps == {1: NOON, 2: NOON - timedelta(hours=1)}


def test_merge_inserts_updates_and_leaves_the_rest_alone(lake: Lake) -> None:
    lake.merge(Line, lines(line("a", name="A"), line("b", name="B")))
    written = lake.merge(Line, lines(line("b", name="B2"), line("c", name="C")))
    assert written == Written(inserted=1, updated=1, deleted=0, rows=3, version=2, changed=True)
    assert named(lake) == {"a": "A", "b": "B2", "c": "C"}


def test_merging_the_same_content_commits_nothing_and_keeps_the_stamp(lake: Lake, clock: FrozenClock) -> None:
    full = line("a", name="A", amount=Decimal("1.10"), due=DAY, issues=[{"rule": "r", "value": None}])
    lake.merge(Line, lines(full, line("b")))
    clock.moment += timedelta(days=1)
    assert lake.merge(Line, lines(line("b"), full)) == Written(0, 0, 0, rows=2, version=1, changed=False)
    lake.merge(Line, lines(full, line("b", name="new")))
    stamps = dict(lake.scan(Line).select("line_id", "written_at").collect().iter_rows())
    assert stamps == {"a": NOON, "b": NOON + timedelta(days=1)}


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": "a"},
        {"amount": Decimal("0.01")},
        {"total": Decimal("12345678901234567890123456789012345.68")},
        {"due": date(2026, 1, 1)},
        {"edited": NOON + timedelta(microseconds=1)},
        {"issues": []},
        {"issues": [{"rule": "r", "value": ""}]},
        {"issues": [{"rule": "r", "value": None}, {"rule": "r", "value": None}]},
        {"quarter": "2026-Q3"},
    ],
    ids=str,
)
def test_every_column_of_the_content_counts(lake: Lake, change: dict[str, object]) -> None:
    before = line(
        "a",
        total=Decimal("12345678901234567890123456789012345.67"),
        edited=NOON,
        issues=[{"rule": "r", "value": None}],
    )
    lake.merge(Line, lines(before))
    written = lake.merge(Line, lines({**before, **change}))
    assert (written.updated, written.rows, written.version) == (1, 1, 2)
    (row,) = lake.scan(Line).drop("written_at").collect().to_dicts()
    assert row == {**before, **change}


def test_a_to_b_and_back_to_a_ends_at_a(lake: Lake) -> None:
    for name in ("A", "B", "A"):
        assert lake.merge(Line, lines(line("a", name=name))).changed
    assert named(lake) == {"a": "A"}


def test_a_touched_key_without_a_row_leaves_the_table(lake: Lake) -> None:
    lake.merge(Line, lines(line("a"), line("b", "2026-Q3"), line("c")))
    touched = pl.Series(["b", "c", "never seen"])
    assert lake.merge(Line, lines(line("c")), touched) == Written(0, 0, 1, rows=2, version=2, changed=True)
    assert sorted(named(lake)) == ["a", "c"]
    assert lake.merge(Line, lines(), touched.to_frame("line_id")).deleted == 1
    assert lake.merge(Line, lines(), touched) == Written(0, 0, 0, rows=1, version=3, changed=False)
    assert sorted(named(lake)) == ["a"]


def test_the_last_row_of_a_table_can_leave_it(lake: Lake) -> None:
    lake.merge(Line, lines(line("a")))
    assert lake.merge(Line, lines(), pl.Series(["a"])).rows == 0
    assert lake.scan(Line).collect().is_empty()
    assert lake.merge(Line, lines(line("a"))).inserted == 1


def test_a_key_that_changes_its_partition_is_there_once(lake: Lake) -> None:
    lake.merge(Line, lines(line("a", "unknown"), line("b", "unknown"), line("c", "2026-Q4")))
    assert lake.merge(Line, lines(line("a", "2026-Q4"))).updated == 1
    rows = lake.scan(Line).select("line_id", "quarter").collect()
    assert sorted(rows.iter_rows()) == [("a", "2026-Q4"), ("b", "unknown"), ("c", "2026-Q4")]


def test_a_merge_rewrites_only_the_partitions_that_change(lake: Lake) -> None:
    quarters = [f"202{year}-Q{quarter}" for year in range(4, 7) for quarter in range(1, 5)]
    lake.merge(Line, lines(*(line(f"l{at}", quarter) for at, quarter in enumerate(quarters))))
    before = set(DeltaTable(lake.path(Line)).file_uris())
    lake.merge(Line, lines(line("l0", quarters[0]), line("l5", quarters[5], name="new"), line("l6", quarters[7])))
    kept = before & set(DeltaTable(lake.path(Line)).file_uris())
    assert len(before) == 12
    assert {uri.split("quarter=")[1].split("/")[0] for uri in before - kept} == {quarters[at] for at in (5, 6, 7)}


def test_replace_leaves_just_the_rows_given(lake: Lake) -> None:
    assert lake.replace(Figure, figures(DAY, "1", "2")).inserted == 2
    written = lake.replace(Figure, figures(DAY, "1.5"))
    assert written == Written(inserted=0, updated=1, deleted=1, rows=1, version=2, changed=True)
    assert lake.scan(Figure).collect()["value"].to_list() == [Decimal("1.50")]
    assert lake.replace(Figure, figures(DAY)).deleted == 1
    assert lake.scan(Figure).collect().is_empty()


def test_replacing_by_the_same_content_in_another_order_commits_nothing(lake: Lake, clock: FrozenClock) -> None:
    lake.replace(Figure, figures(DAY, "1", "2", "3"))
    clock.moment += timedelta(hours=1)
    assert lake.replace(Figure, figures(DAY, "1", "2", "3").reverse()) == Written(0, 0, 0, 3, 1, changed=False)


def test_an_empty_result_still_makes_a_table_once(lake: Lake) -> None:
    """Any Delta reader finds the table, and the second empty result commits nothing."""
    assert lake.replace(Figure, figures(DAY)) == Written(0, 0, 0, rows=0, version=0, changed=True)
    assert lake.replace(Figure, figures(DAY)) == Written(0, 0, 0, rows=0, version=0, changed=False)


def test_replacing_a_partition_leaves_the_others(lake: Lake) -> None:
    days = [DAY - timedelta(days=at) for at in range(3)]
    for day in days:
        assert lake.replace_partition(FigureHistory, figures(day, "1", "2"), {"as_of_date": day}).inserted == 2
    written = lake.replace_partition(FigureHistory, figures(days[1], "7"), {"as_of_date": days[1]})
    assert written == Written(inserted=0, updated=1, deleted=1, rows=1, version=4, changed=True)
    assert not lake.replace_partition(FigureHistory, figures(days[0], "1", "2"), {"as_of_date": days[0]}).changed
    assert lake.replace_partition(FigureHistory, figures(days[2]), {"as_of_date": days[2]}).deleted == 2
    rows = lake.scan(FigureHistory).select("as_of_date", "value").collect()
    assert sorted(rows.iter_rows()) == [(days[1], Decimal(7)), (days[0], Decimal(1)), (days[0], Decimal(2))]


def test_rows_outside_the_partition_are_refused_before_anything_is_written(lake: Lake) -> None:
    lake.replace_partition(FigureHistory, figures(DAY, "1"), {"as_of_date": DAY})
    stray = pl.concat([figures(DAY, "2"), figures(DAY - timedelta(days=1), "3")])
    with pytest.raises(OutsidePartitionError, match=r"gold_history/figures: 1 of 2 rows .*nothing was written"):
        lake.replace_partition(FigureHistory, stray, {"as_of_date": DAY})
    assert lake.version(FigureHistory) == 1


@pytest.mark.parametrize("partition", [{}, {"value": Decimal(1)}, {"as_of_date": DAY, "value": Decimal(1)}])
def test_a_partition_names_the_tables_own_partition_columns(lake: Lake, partition: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="is partitioned by as_of_date, not by"):
        lake.replace_partition(FigureHistory, figures(DAY, "1"), partition)


def test_the_content_version_changes_with_the_content_alone(lake: Lake) -> None:
    yesterday = DAY - timedelta(days=1)
    seen = [lake.content_version(FigureHistory, {"as_of_date": DAY})]
    for values in (("1",), ("1",), ("2",), ("2",), ()):
        lake.replace_partition(FigureHistory, figures(DAY, *values), {"as_of_date": DAY})
        lake.replace_partition(FigureHistory, figures(yesterday, str(len(seen))), {"as_of_date": yesterday})
        seen.append(lake.content_version(FigureHistory, {"as_of_date": DAY}))
    never, first, same, second, still, emptied = seen
    assert first == same != never
    assert second == still != first
    assert emptied == never
    assert lake.content_version(FigureHistory) not in seen


def test_a_scan_stands_at_the_version_it_was_made_at(lake: Lake) -> None:
    lake.replace(Figure, figures(DAY, "1"))
    scan = lake.scan(Figure)
    lake.replace(Figure, figures(DAY, "2"))
    assert scan.collect()["value"].to_list() == [Decimal(1)]
    assert lake.scan(Figure).collect()["value"].to_list() == [Decimal(2)]


class Aged(Line):
    """A line whose age is told by its edit."""

    info = replace(Line.info, name="aged", newest_by="edited")


def test_a_slower_writer_puts_no_older_row_back(lake: Lake) -> None:
    newer, older = NOON, NOON - timedelta(minutes=1)
    lake.merge(Aged, lines(line("a", name="new", edited=newer)))
    late = lake.merge(Aged, lines(line("a", name="old", edited=older), line("b", name="B", edited=older)))
    assert (late.inserted, late.updated) == (1, 0)
    assert dict(lake.scan(Aged).select("line_id", "name").collect().iter_rows()) == {"a": "new", "b": "B"}
