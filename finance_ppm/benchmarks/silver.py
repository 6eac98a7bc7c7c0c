"""How fast budget lines enter silver: the first write of them all, then a thousand edits at a time.

A temporary lake, four years of lines, and the merge the pipeline itself calls. Edits mostly concern young pages,
so that they lie in one or two quarters; the stage that spreads them over every quarter is the worst case.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from tempfile import TemporaryDirectory
from time import perf_counter

import polars as pl

from finance_ppm.benchmarks.measure import Measurement, measure
from finance_ppm.contracts.silver import NotionBudgetLines
from finance_ppm.lakehouse.lake import Lake

EDITS = 1_000
QUARTERS = 16
CHUNK = 100_000
FIRST_MOMENT = datetime(2023, 1, 1, tzinfo=UTC)
DAYS = 1460
"""Four years: :data:`QUARTERS` quarters."""
SCATTER = 7_777_777_777
"""Shares no factor with 10**12: numbers in a row become keys far apart, and no two the same."""


def run(rows: int = 1_000_000) -> Iterator[Measurement]:
    """Measure each stage on a table of ``rows`` budget lines, in seconds on the clock, on one lake.

    Recent edits lie in the last two quarters, spread edits in all of them; no change is the spread edits once more.
    """
    with TemporaryDirectory(prefix="finance-ppm-bench-") as folder:
        yield measure("silver: first write", rows, _first_write, folder, rows)
        for stage, numbers, edition in edits(rows):
            yield measure(stage, len(numbers), _edit, folder, rows, numbers, edition)


def edits(rows: int) -> Iterator[tuple[str, range, int]]:
    """Each stage after the first: the numbers of the lines that are edited, and how often they have been then."""
    young = range(rows - rows * 2 // QUARTERS, rows)
    for stage, among, edition in (
        ("recent edits", young, 1),
        ("spread edits", range(rows), 2),
        ("no change", range(rows), 2),
    ):
        yield f"silver: {stage}", among[:: -(-len(among) // EDITS)], edition


def budget_lines(numbers: range, rows: int, edition: int = 0) -> pl.DataFrame:
    """The lines of these numbers among ``rows``, as silver holds them, edited ``edition`` times.

    A line's number alone decides what it holds, and when it was created: the higher, the later.
    """
    number = pl.lit(pl.Series(numbers, dtype=pl.Int64))

    def any_of(size: int, step: int) -> pl.Expr:
        return (number.hash(step) % size).cast(pl.Int64)

    created = pl.lit(FIRST_MOMENT).dt.cast_time_unit("us") + pl.duration(minutes=number * (DAYS * 24 * 60) // rows)
    committed = created.dt.date() + pl.duration(days=any_of(90, 1))
    key = (number * SCATTER % 10**12).cast(pl.String).str.zfill(12)
    project = pl.format("{}-0000-4000-8000-000000000000", any_of(max(1, rows // 500), 2).cast(pl.String).str.zfill(8))
    amount = ((any_of(10_000_000, 3) + edition).cast(pl.Decimal(18, 2)) / 100).cast(pl.Decimal(18, 2))
    invoiced, paid = any_of(10, 4) < 8, any_of(10, 4) < 7
    return pl.select(
        budget_line_id=pl.format("{}-{}-4000-8000-{}", key.str.head(8), key.str.tail(4), key),
        name=pl.format("Budget line {}", number),
        project_id=project,
        project_ids=pl.concat_list(project),
        category=pl.when(number % 2 == 0).then(pl.lit("CapEx")).otherwise(pl.lit("OpEx")),
        vendor=pl.format("Vendor {} Ltd.", any_of(400, 5)),
        amount=amount,
        committed_date=committed,
        invoice_date=pl.when(invoiced).then(committed + pl.duration(days=30)),
        paid_date=pl.when(paid).then(committed + pl.duration(days=60)),
        actual_amount=pl.when(invoiced).then(amount),
        notes=pl.format("Purchase order {}, see the contract of {}.", number, committed.cast(pl.String)),
        is_archived=pl.lit(False),
        created_time=created,
        created_quarter=pl.format("{}-Q{}", created.dt.year(), created.dt.quarter()),
        last_modified=created + pl.duration(days=edition),
        synced_at=created + pl.duration(days=edition, minutes=5),
        notion_url=pl.format("https://www.notion.so/Budget-line-{}", key),
        property_map=pl.lit("0123456789abcdef"),
        issues=pl.lit([], dtype=NotionBudgetLines.columns()["issues"].dtype),
    )


def _first_write(folder: str, rows: int) -> float:
    starts = [*range(0, rows, CHUNK), rows]
    lines = pl.concat(budget_lines(range(start, stop), rows) for start, stop in pairwise(starts))
    return _merge(folder, lines)


def _edit(folder: str, rows: int, numbers: range, edition: int) -> float:
    return _merge(folder, budget_lines(numbers, rows, edition))


def _merge(folder: str, lines: pl.DataFrame) -> float:
    lake, touched = Lake(folder), lines["budget_line_id"]
    started = perf_counter()
    lake.merge(NotionBudgetLines, lines, touched)
    return perf_counter() - started
