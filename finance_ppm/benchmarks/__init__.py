"""Benchmarks: how many rows a second, in how much memory, measured on the reader's own machine.

Belongs here: generated data of a believable size, timing, and one table of it all. Does not belong here: anything
the product needs to run, nor assertions about speed.
"""

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from finance_ppm.benchmarks.measure import Measurement

BESIDE: dict[str, tuple[str, str]] = {
    "decode: orjson": ("127k/s", ""),
    "decode: typed": ("", ""),
    "decode: silver rows": ("", "2.5 x orjson"),
    "silver: first write": ("", ""),
    "silver: recent edits": ("1.6 s", "0.5 s"),
    "silver: spread edits": ("1.6 s", ""),
    "silver: no change": ("", ""),
    "budget_vs_actual": ("0.14-0.8 s", ""),
    "forecast, with months": ("", ""),
    "project_health": ("", ""),
    "data_quality_issues": ("", ""),
    "data_quality_metrics": ("", ""),
    "forecast_accuracy": ("", ""),
    "forecast_intervals": ("", ""),
    "restatements": ("", ""),
}
"""Stage to its floor and its aim: what plain orjson, a Delta MERGE of a thousand rows by id and Polars took over a
million rows when the design was measured, and the most time the stage may take. Empty where none was set."""


def run_all(rows: int) -> None:
    """Measure every stage on a table of ``rows`` budget lines, and print one table.

    Raises :class:`~finance_ppm.errors.FinancePpmError` where orjson is missing or memory does not suffice.
    """
    from finance_ppm import terminal
    from finance_ppm.benchmarks import budget_vs_actual, decode, forecast, hindsight, quality, silver

    measured = []
    with terminal.working(f"Measuring {rows:,} budget lines", total=len(BESIDE)) as done:
        for benchmark in (decode, silver, budget_vs_actual, forecast, quality, hindsight):
            for measurement in benchmark.run(rows):
                measured.append(measurement)
                done(measurement.stage)

    _show(
        f"A table of {rows:,} budget lines",
        [(one, *BESIDE[one.stage]) for one in measured],
        "Decoding in processor seconds of one core, the rest on the clock. Floors are for a million rows. "
        "Aim for all of gold, from budget_vs_actual to data_quality_metrics: 5 s, 3,000 MB. What follows looks back on "
        "twelve snapshots, or twelve closed months.",
    )


def run_notion(pages: int, many: int) -> None:
    """Measure first reads of a Notion of ``pages`` at the API's pace, and of ``many`` at none, and print one table.

    Raises :class:`~finance_ppm.errors.FinancePpmError` where a page does not arrive.
    """
    from finance_ppm import terminal
    from finance_ppm.benchmarks.notion_read import run

    lines = []
    with terminal.working(f"Reading {pages:,} pages", total=5) as done:
        for beside in run(pages, many):
            floor = beside.floor
            lines.append(
                (beside.measurement, f"{floor:.1f} s" if floor else "", f"{1.1 * floor:.1f} s" if floor else "1,000 MB")
            )
            done(beside.measurement.stage)
    _show(
        f"First reads of {pages:,} pages at 350 ms an answer, and of {many:,} without",
        lines,
        "Floor: requests needed by the budget. A plain reader ends at 10,000 pages a database.",
    )


def run_azure(resources: int, recommendations: int, subscriptions: int) -> None:
    """Measure a first capture of an Azure of that size within its quota, and print one table.

    Raises :class:`~finance_ppm.errors.FinancePpmError` where a row does not arrive.
    """
    from dataclasses import replace

    from finance_ppm import terminal
    from finance_ppm.benchmarks.azure_read import run

    lines = []
    with terminal.working(f"Reading {resources:,} resources and {recommendations:,} recommendations", total=2) as done:
        for beside in run(resources, recommendations, subscriptions):
            measured, floor = beside.measurement, beside.floor
            stage = f"{measured.stage}, {measured.seconds / floor:.2f} x {beside.queries:,} queries"
            lines.append((replace(measured, stage=stage), f"{floor:.1f} s", f"{1.1 * floor:.1f} s"))
            done(measured.stage)
    _show(
        f"First capture of {subscriptions:,} subscriptions at 15 queries in 5 seconds",
        lines,
        "Floor: the queries sent, at the quota's pace. Aim: 1.1 times that, and 1,500 MB.",
    )


def _show(title: str, lines: "Iterable[tuple[Measurement, str, str]]", caption: str) -> None:
    """A row for each measurement, with its floor and its aim."""
    # Here, because the process of every stage imports this package, and its memory is measured.
    from rich import box
    from rich.table import Table

    from finance_ppm import terminal

    table = Table(
        box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False, title=title, caption=caption
    )
    for column in ("Stage", "Rows", "Seconds", "Rows/s", "Peak MB", "Floor", "Aim"):
        justify: Literal["left", "right"] = "left" if column in ("Stage", "Floor", "Aim") else "right"
        table.add_column(column, justify=justify, no_wrap=column not in ("Floor", "Aim"), min_width=7)
    for one, floor, aim in lines:
        peak = "unknown" if one.peak_mb is None else f"{one.peak_mb:,.0f}"
        figures = (f"{one.rows:,}", f"{one.seconds:.2f}", f"{one.rows_per_second:,.0f}", peak)
        table.add_row(one.stage, *figures, floor, aim)
    terminal.out.print(table)
