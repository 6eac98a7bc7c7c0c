"""The rows of one read of Azure, in files from when they arrive until the day's snapshot is written.

What is held in memory is 25 bytes a row, by which the same id read twice is one row. Belongs here: which of the rows
read and stored make up the day. Does not belong here: when a subscription counts as complete (``azure_marks``).
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from itertools import count
from pathlib import Path

import polars as pl

from finance_ppm.contracts import Table
from finance_ppm.contracts.azure import AzureAdvisorRaw, AzureResourcesRaw
from finance_ppm.sources.azure.rows import Dataset, Source, WireRow

TABLES: dict[Dataset, type[Table]] = {Dataset.RESOURCES: AzureResourcesRaw, Dataset.ADVISOR: AzureAdvisorRaw}
"""Where each dataset is kept."""

RECORD_TYPES = {
    "microsoft.advisor/recommendations": "recommendation",
    "microsoft.advisor/suppressions": "suppression",
    "microsoft.advisor/configurations": "configuration",
}
"""Types of ``advisorresources``, https://learn.microsoft.com/azure/governance/resource-graph/reference/supported-tables-resources#advisorresources"""

_STATUS = pl.col("raw_payload").str.json_path_match("$.properties.recommendationStatus").str.strip_chars()
"""Advisor's own status, https://learn.microsoft.com/azure/advisor/advisor-azure-resource-graph; null where the text is
no JSON: 7 microseconds a row."""

FILE_ROWS = 20_000
"""Rows in a file, and in memory: at most some tens of megabytes."""


class Staging:
    """Takes the rows of one dataset into ``folder``, which the caller makes and removes."""

    def __init__(self, folder: Path, dataset: Dataset, day: date) -> None:
        self.unknown_types: dict[str, Counter[str]] = {}
        """By subscription: rows of a type that has no place in the table, by type."""
        self.dataset = dataset
        self.day = day
        self._folder = folder
        self._id = next(name for name in TABLES[dataset].primary_key() if name != "captured_on")
        self._waiting: list[pl.DataFrame] = []
        self._files: list[tuple[Path, int]] = []
        self._index: list[pl.DataFrame] = []
        self._numbers = count()

    def add(self, source: Source, rows: Sequence[WireRow], captured_at: datetime) -> None:
        """Take rows; those of a type without a place are counted."""
        if self.dataset is Dataset.ADVISOR:
            for row in rows:
                if row.type not in RECORD_TYPES:
                    self.unknown_types.setdefault(row.subscription_id, Counter())[row.type] += 1
            rows = [row for row in rows if row.type in RECORD_TYPES]
        frame = self._frame(source, rows, captured_at)
        self._index.append(
            frame.select(
                *_hashes(self._id),
                pl.col("subscription_id").hash().alias("subscription"),
                pl.lit(source is not Source.RESOURCE_GRAPH).alias("second_best"),
            )
        )
        self._waiting.append(frame)
        if sum(map(len, self._waiting)) >= FILE_ROWS:
            self._write()

    def day_rows(
        self, stored: pl.LazyFrame, *, complete: Collection[str], standing: Collection[str]
    ) -> Iterator[pl.DataFrame]:
        """The rows of the day: those read, and those ``stored`` of subscriptions that were not read to their end
        (``complete``).

        Nothing read of a subscription whose earlier snapshot is ``standing`` is among them. An id is one row: as
        Resource Graph told it rather than the Advisor API, as read last, and as read now rather than as stored.
        """
        self._write()
        chosen = self._chosen(standing)
        first = 0
        for path, rows in self._files:
            if (wanted := chosen["is_chosen"][first : first + rows]).any():
                yield pl.read_parquet(path).filter(wanted).with_columns(captured_on=pl.lit(self.day))
            first += rows
        ids = chosen.filter("is_chosen").select("id", "more_of_id")
        kept = self._folder / f"stored-{next(self._numbers)}.parquet"
        others = stored.filter(~pl.col("subscription_id").is_in(list(complete)))
        others.sink_parquet(kept, compression="zstd", compression_level=1, row_group_size=FILE_ROWS)
        for frame in _slices(kept):
            yield frame.with_columns(_hashes(self._id)).join(ids, on=ids.columns, how="anti").drop(ids.columns)

    def _chosen(self, standing: Collection[str]) -> pl.DataFrame:
        """A line for each row in the files, in their order, that says whether the row is one of the day."""
        empty = pl.DataFrame(
            schema={"id": pl.UInt64, "more_of_id": pl.UInt64, "subscription": pl.UInt64, "second_best": pl.Boolean}
        )
        index = pl.concat([empty, *self._index]).with_row_index("number")
        stand = pl.Series(sorted(standing), dtype=pl.String).hash()
        best = (
            index.filter(~pl.col("subscription").is_in(stand.implode()))
            .sort("second_best", "number", descending=[False, True])
            .unique(["id", "more_of_id"], keep="first", maintain_order=True)
        )
        return index.with_columns(is_chosen=pl.col("number").is_in(best["number"].implode()))

    def _frame(self, source: Source, rows: Sequence[WireRow], captured_at: datetime) -> pl.DataFrame:
        columns: dict[str, list[str] | list[str | None]] = {
            self._id: [row.id for row in rows],
            "subscription_id": [row.subscription_id for row in rows],
            "raw_payload": [row.text for row in rows],
        }
        if self.dataset is Dataset.RESOURCES:
            columns["resource_type"] = [row.type for row in rows]
            columns["resource_group"] = [row.resource_group for row in rows]
        else:
            columns["record_type"] = [RECORD_TYPES[row.type] for row in rows]
            columns["source"] = [source.value] * len(rows)
        frame = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
        if self.dataset is Dataset.ADVISOR:
            frame = frame.with_columns(status=_STATUS.str.to_lowercase().replace("", None))
        return frame.with_columns(captured_at=pl.lit(captured_at))

    def _write(self) -> None:
        """Put what is waiting into files."""
        if not self._waiting:
            return
        waiting = pl.concat(self._waiting)
        self._waiting = []
        for frame in waiting.iter_slices(FILE_ROWS):
            path = self._folder / f"read-{next(self._numbers)}.parquet"
            frame.write_parquet(path, compression="zstd", compression_level=1, statistics=False)
            self._files.append((path, frame.height))


def _hashes(column: str) -> list[pl.Expr]:
    """128 bits that stand for an id. Two of ten million are taken for one with a chance of one in ten to the 24."""
    return [pl.col(column).hash(1).alias("id"), pl.col(column).hash(2).alias("more_of_id")]


def _slices(path: Path) -> Iterator[pl.DataFrame]:
    rows = pl.scan_parquet(path)
    for start in range(0, rows.select(pl.len()).collect().item(), FILE_ROWS):
        yield rows.slice(start, FILE_ROWS).collect()
