"""The benchmark's lines are believable silver rows, and its edits touch the quarters that they claim to."""

from math import gcd
from pathlib import Path

import polars as pl
import pytest

from finance_ppm.benchmarks.silver import QUARTERS, SCATTER, budget_lines, edits, run
from finance_ppm.contracts.silver import NotionBudgetLines
from finance_ppm.lakehouse.lake import Lake

ROWS = 3_200


def test_lines_fill_every_quarter_alike_and_no_key_repeats() -> None:
    lines = budget_lines(range(ROWS), ROWS)
    counts = lines["created_quarter"].value_counts()["count"]
    assert len(counts) == QUARTERS
    assert counts.min() > ROWS / QUARTERS * 0.95  # type: ignore[operator]  # a column of counts is never empty
    assert lines["budget_line_id"].n_unique() == ROWS
    assert gcd(SCATTER, 10**12) == 1  # what keeps the keys of any number of lines apart
    assert lines["budget_line_id"].str.len_chars().unique().to_list() == [36]


def test_a_line_is_the_same_in_whatever_chunk_it_is_made() -> None:
    whole = budget_lines(range(ROWS), ROWS)
    assert whole[100:200].equals(budget_lines(range(100, 200), ROWS))


def test_edits_change_stored_lines_in_the_quarters_they_are_meant_for(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    lake.merge(NotionBudgetLines, budget_lines(range(ROWS), ROWS))
    told = []
    for stage, numbers, edition in edits(ROWS):
        lines = budget_lines(numbers, ROWS, edition)
        written = lake.merge(NotionBudgetLines, lines, lines["budget_line_id"])
        told.append((stage.split(": ")[1], written.inserted, written.updated, lines["created_quarter"].n_unique()))
    assert told == [
        ("recent edits", 0, ROWS // 8, 2),
        ("spread edits", 0, 800, QUARTERS),
        ("no change", 0, 0, QUARTERS),
    ]
    assert lake.scan(NotionBudgetLines).select(pl.len()).collect().item() == ROWS


@pytest.mark.usefixtures("in_one_process")
def test_every_stage_is_measured() -> None:
    measured = list(run(ROWS))
    assert [row.rows for row in measured] == [ROWS, ROWS // 8, 800, 800]
    assert all(row.seconds > 0 for row in measured)
