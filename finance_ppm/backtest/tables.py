"""What a backtest shows in a terminal. Words and layout, and nothing else."""

from collections.abc import Sequence

from rich import box
from rich.markup import escape
from rich.table import Table

from finance_ppm import terminal
from finance_ppm.backtest.methods import AUTO_ETS, NOTHING, OURS
from finance_ppm.backtest.scores import MONTHS_AHEAD, PROJECTS, Backtest, Score

CURRENCIES = 3
"""Portfolios that are shown, those judged most often first; all of them are in the JSON."""


def show(done: Backtest) -> None:
    """Projects, portfolios, and what completed projects came to."""
    terminal.out.print(_projects(done))
    terminal.out.print()
    terminal.out.print(_portfolios(done))
    terminal.out.print()
    terminal.out.print(_stages(done))
    for line in (
        f"{terminal.counted(done.month_ends, 'month end')} from {done.first} to {done.last}, judged by {done.today}.",
        "Bias: forecast less actual, all months ahead together; positive is too much. Off: the same without signs.",
        f"MASE counts each month by itself: where most months are empty, {NOTHING!r} looks good in it, and is not. "
        "It is the mean of those whose costs changed before the forecast.",
        *(f"{name} is missing: {how}" for name, how in done.missing.items()),
    ):
        terminal.out.print(escape(line), style="dim", soft_wrap=True, highlight=False)


def _projects(done: Backtest) -> Table:
    table = _table("Projects, errors by BAC", "Months", "Method", "Forecasts", "Bias", "Off", "MASE", "of", figures=5)
    for months in MONTHS_AHEAD:
        for score in (score for score in done.scores if (score.of, score.months) == (PROJECTS, months)):
            mase = "" if score.mase is None else f"{score.mase:.2f}"
            cells = (
                f"{score.forecasts:,}",
                _percent(score.bias, sign=True),
                _percent(score.miss),
                mase,
                f"{score.with_mase:,}",
            )
            _add(table, score, *cells)
        _add_missing(table, months, done)
        table.add_section()
    return table


def _portfolios(done: Backtest) -> Table:
    units = _most_judged(done.scores)
    headings = [f"{unit} {what}" for unit in units for what in ("bias", "off")]
    table = _table("Portfolio, errors by what came", "Months", "Method", *headings, figures=len(headings))
    by = {(score.of, score.method, score.months): score for score in done.scores}
    for months in MONTHS_AHEAD:
        for method in dict.fromkeys(score.method for score in done.scores):
            scores = [by[unit, method, months] for unit in units]
            cells = [cell for score in scores for cell in (_percent(score.bias, sign=True), _percent(score.miss))]
            if scores:
                _add(table, scores[0], *cells)
        table.add_section()
    return table


def _stages(done: Backtest) -> Table:
    headings = ("Time passed", "Completed", "EAC bias", "EAC off", "Interval", "Judged", "Held", "Observed")
    table = _table("Completed projects: EAC then by BAC, and its intervals", *headings, figures=7)
    for row in done.stages:
        table.add_row(
            f"{row.stage} %",
            f"{row.completed:,}",
            _percent(row.bias, sign=True),
            _percent(row.miss),
            f"{row.level} %",
            f"{row.judged:,}",
            f"{row.held:,}",
            _percent(row.observed),
        )
    return table


def _most_judged(scores: Sequence[Score]) -> list[str]:
    judged = {score.of: score.projects for score in scores if score.of != PROJECTS and score.months == MONTHS_AHEAD[0]}
    return sorted(sorted(judged, key=lambda unit: -judged[unit])[:CURRENCIES])


def _add(table: Table, score: Score, *cells: str) -> None:
    style = "bold" if score.method == OURS else None
    table.add_row(str(score.months), score.method, *cells, style=style)


def _add_missing(table: Table, months: int, done: Backtest) -> None:
    if AUTO_ETS in done.missing:
        table.add_row(str(months), AUTO_ETS, "-", "-", "-", "-", "-", style="dim")


def _table(title: str, *columns: str, figures: int) -> Table:
    """A table of which the last columns are figures, which are never cut short."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False, title=title)
    for place, column in enumerate(columns):
        is_figure = place >= len(columns) - figures
        table.add_column(column, justify="right" if is_figure else "left", overflow="fold")
    return table


def _percent(share: float | None, *, sign: bool = False) -> str:
    if share is None:
        return ""
    return f"{share:+.1%}" if sign else f"{share:.1%}"
