"""What goes in comes out: every kind of value, through files, statistics, checkpoints and predicates."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from deltalake import DeltaTable

from finance_ppm.contracts import physical_columns
from finance_ppm.lakehouse import Lake
from finance_ppm_tests.lakehouse.tables import Event, Line, events, line, lines

FULL = [
    line(
        "full",
        name="Ünï🙂\n\"quoted\" 'and' \\ % \x00",
        amount=Decimal("-9999999999999999.99"),
        total=Decimal("-999999999999999999999999999999999999.99"),
        due=date(1, 1, 1),
        edited=datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        issues=[{"rule": "a", "value": None}, {"rule": "", "value": ""}],
    ),
    line(
        "other",
        name="x" * 5000,
        amount=Decimal("90071992547409.93"),
        total=Decimal("90071992547409931234567890.07"),
        due=date(9999, 12, 31),
        edited=datetime(1960, 2, 29, 0, 0, 0, 1, tzinfo=UTC),
    ),
    line("nulls"),
]


def stored(lake: Lake) -> list[dict[str, Any]]:
    return lake.scan(Line).drop("written_at").sort("line_id").collect().to_dicts()


def test_every_kind_of_value_comes_back_as_it_went_in(lake: Lake) -> None:
    lake.merge(Line, lines(*FULL))
    assert stored(lake) == sorted(FULL, key=lambda row: str(row["line_id"]))
    assert not lake.merge(Line, lines(*FULL)).changed


@pytest.mark.parametrize("row", FULL[:2], ids=lambda row: row["line_id"])
@pytest.mark.parametrize("column", ["name", "amount", "total", "due", "edited"])
def test_a_value_is_found_by_a_filter_in_spite_of_rounded_file_statistics(
    lake: Lake, row: dict[str, object], column: str
) -> None:
    """Delta keeps decimals as floats and times in milliseconds in its statistics; files are skipped by them."""
    lake.merge(Line, lines(row))
    value = pl.lit(row[column], Line.columns()[column].dtype)
    for condition in (pl.col(column) == value, pl.col(column) >= value, pl.col(column) <= value):
        assert lake.scan(Line).filter(condition).collect().height == 1


def test_columns_are_stored_in_physical_order_with_their_descriptions(lake: Lake) -> None:
    lake.merge(Line, lines(line("a")))
    delta = DeltaTable(lake.path(Line))
    assert [field.name for field in delta.schema().fields] == physical_columns(Line)
    assert delta.schema().fields[0].metadata == {"comment": "Id."}
    assert delta.metadata().name == "silver/lines"
    assert delta.metadata().description == "A line, kept by key, partitioned by quarter."


def test_what_is_removed_is_kept_for_thirty_days(lake: Lake) -> None:
    lake.append(Event, events(1))
    kept = DeltaTable(lake.path(Event)).metadata().configuration
    assert kept["delta.logRetentionDuration"] == "interval 30 days"
    assert kept["delta.deletedFileRetentionDuration"] == "interval 30 days"


def test_a_checkpoint_is_made_every_twenty_commits_and_read(lake: Lake) -> None:
    lake.merge(Line, lines(*FULL))
    for at in range(41):
        lake.merge(Line, lines(line("counter", "2026-Q3", name=str(at))))
    log = Path(lake.path(Line)) / "_delta_log"
    assert [path.name for path in sorted(log.glob("*.checkpoint.parquet"))] == [
        "00000000000000000019.checkpoint.parquet",
        "00000000000000000039.checkpoint.parquet",
    ]
    for commit in range(39):  # only the checkpoint knows what these said
        (log / f"{commit:020}.json").unlink()
    assert stored(lake) == sorted([*FULL, line("counter", "2026-Q3", name="40")], key=lambda row: str(row["line_id"]))
    assert lake.merge(Line, lines(line("counter", "2026-Q3", name="41"))).rows == 4


def test_another_delta_reader_reads_the_same(lake: Lake) -> None:
    lake.merge(Line, lines(*FULL))
    other = pl.from_arrow(DeltaTable(lake.path(Line)).to_pyarrow_table())
    assert isinstance(other, pl.DataFrame)
    same = other.select(physical_columns(Line)).sort("line_id")
    assert same.to_dicts() == lake.scan(Line).sort("line_id").collect().to_dicts()


def test_no_commit_says_more_than_it_must(lake: Lake) -> None:
    """A one-row write is one file in one commit after the table's creation."""
    lake.append(Event, events(1))
    log = Path(lake.path(Event)) / "_delta_log"
    assert len(list(log.glob("*.json"))) == 2
    actions = [json.loads(text) for text in (log / f"{1:020}.json").read_text().splitlines()]
    assert sum("add" in action for action in actions) == 1
