"""``finance-ppm backtest``: what the forecast would have been worth. The command is a few lines.

Belongs here: arguments and their help. The work is in ``backtest``.
"""

from typing import Annotated

import typer

from finance_ppm import terminal
from finance_ppm.clock import SystemClock
from finance_ppm.options import AsJson
from finance_ppm.settings import Config


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(backtest)


def backtest(
    *,
    lake: Annotated[bool, typer.Option("--lake", help="Judge the configured lake's own month ends instead.")] = False,
    pages: Annotated[int, typer.Option(min=50, max=200_000, help="Size of the story's portfolio.")] = 2000,
    months: Annotated[int, typer.Option(min=3, max=36, help="How far back the story goes.")] = 36,
    seed: Annotated[int, typer.Option(help="Another number tells another story.")] = 7,
    as_json: AsJson = False,
) -> None:
    """Judge the forecast at past month ends by what came, beside methods that take no thought.

    Tells a story of three years into a lake that goes afterwards, and reads no Notion of yours; the same numbers give
    the same figures. With --lake nothing is read but what was captured, and nothing is written.
    """
    from finance_ppm.backtest import tables
    from finance_ppm.backtest.lake import captured
    from finance_ppm.backtest.scores import backtest as judge
    from finance_ppm.backtest.story import days_of, told

    if lake:
        past = captured(Config.from_env(), SystemClock())
        with terminal.working("Backtest", total=len(past.month_ends) + 1) as step_done:
            done = judge(past, computed=step_done)
    else:
        with (
            terminal.working("Backtest", total=2 * len(days_of(months))) as step_done,
            told(pages=pages, seed=seed, months=months, captured=step_done) as past,
        ):
            done = judge(past, computed=step_done)
    terminal.show_json(done) if as_json else tables.show(done)
