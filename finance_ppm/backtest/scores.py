"""How far off each method was, over all windows.

Belongs here: cumulative error, bias, MASE, and how often intervals held. Does not belong here: what was forecast
(``windows``). What the figures mean: docs/decisions/forecast-accuracy.md.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from statistics import fmean

import polars as pl

from finance_ppm.backtest.methods import AUTO_ETS, HOW_TO_GET_AUTO_ETS, methods
from finance_ppm.backtest.replay import Past, Replayed, collected, lazy, replay
from finance_ppm.backtest.windows import LONGEST, ZERO, Window, portfolios, windows
from finance_ppm.transforms.accuracy import forecast_accuracy, forecast_intervals

MONTHS_AHEAD = (1, 3, LONGEST)
PROJECTS = "projects"


@dataclass(frozen=True)
class Score:
    """One method over so many months ahead. Errors are forecast less actual: positive is too much."""

    of: str
    """``projects``, each by its BAC, or the portfolio of a currency: ``EUR``, by what came."""
    method: str
    months: int
    forecasts: int
    """How many were judged."""
    projects: int
    """How many forecasts of a project these are made of."""
    bias: float | None
    """Mean cumulative error: of BAC, or of what came."""
    miss: float | None
    """The same without signs."""
    mase: float | None
    """Mean of the MASE of those that have one: costs must have changed before the forecast."""
    with_mase: int
    """How many have one."""


@dataclass(frozen=True)
class StageScore:
    """EAC at a stage against what completed projects came to, and how often its interval held."""

    stage: int
    completed: int
    bias: float | None
    """Mean of (EAC - final AC) / BAC."""
    miss: float | None
    """The same without signs."""
    level: int
    judged: int
    held: int
    observed: float | None


@dataclass(frozen=True)
class Backtest:
    """Everything that came of it."""

    first: date
    last: date
    today: date
    month_ends: int
    scores: tuple[Score, ...]
    stages: tuple[StageScore, ...]
    missing: dict[str, str]
    """Methods that are not installed, and how to get them."""


def backtest(past: Past, *, computed: Callable[[str], None]) -> Backtest:
    """Judge every month end of ``past`` by what it came to. ``computed`` is told of each."""
    replayed = replay(past, computed=computed)
    there = methods()
    of_projects = windows(replayed, there)
    return Backtest(
        first=past.month_ends[0],
        last=past.month_ends[-1],
        today=past.today,
        month_ends=len(past.month_ends),
        scores=tuple(_scores(of_projects)),
        stages=tuple(_stages(replayed)),
        missing={} if AUTO_ETS in there else {AUTO_ETS: HOW_TO_GET_AUTO_ETS},
    )


def _scores(of_projects: Sequence[Window]) -> Iterator[Score]:
    by_unit: dict[str, list[Window]] = defaultdict(list)
    for window in portfolios(of_projects):
        by_unit[window.unit].append(window)
    for months in MONTHS_AHEAD:
        for method in of_projects[0].forecasts if of_projects else ():
            yield project_score(of_projects, method, months)
            for unit in sorted(by_unit):
                yield portfolio_score(by_unit[unit], method, months)


def project_score(of: Sequence[Window], method: str, months: int) -> Score:
    """Cumulative errors by BAC, so that projects of all sizes and currencies count alike."""
    over = [window for window in of if len(window.actual) >= months]
    shares = [float(_error(window, method, months) / window.bac) for window in over]
    bias, miss = _mean(shares), _mean(list(map(abs, shares)))
    return Score(PROJECTS, method, months, len(over), len(over), bias, miss, *_mase(over, method, months))


def portfolio_score(of: Sequence[Window], method: str, months: int) -> Score:
    """Cumulative errors of all month ends by all that came: of one currency, so that both add up."""
    over = [window for window in of if len(window.actual) >= months]
    errors = [_error(window, method, months) for window in over]
    came = sum((sum(window.actual[:months], ZERO) for window in over), ZERO)
    came = abs(came)
    bias, miss = (float(sum(errors, ZERO) / came), float(sum(map(abs, errors), ZERO) / came)) if came else (None, None)
    projects = sum(window.projects for window in over)
    return Score(of[0].unit, method, months, len(over), projects, bias, miss, *_mase(over, method, months))


def _error(window: Window, method: str, months: int) -> Decimal:
    return sum(window.forecasts[method][:months], ZERO) - sum(window.actual[:months], ZERO)


def _mase(of: Sequence[Window], method: str, months: int) -> tuple[float | None, int]:
    """The mean, and of how many. Scaled by the months closed at the forecast, as in ``ppm_forecast_accuracy``:
    https://robjhyndman.com/publications/another-look-at-measures-of-forecast-accuracy-for-intermittent-demand/
    """
    found = []
    for window in of:
        closed = window.costs[:-1]
        changes = [abs(after - before) for before, after in pairwise(closed)]
        naive = sum(changes, ZERO)
        if naive:
            off = sum(abs(window.forecasts[method][month] - window.actual[month]) for month in range(months))
            found.append(float(off * len(changes) / (naive * months)))
    return _mean(found), len(found)


def _stages(replayed: Replayed) -> Iterator[StageScore]:
    now, as_of = replayed.today, replayed.today.day
    today, months = (lazy(frame) for frame in (now.projects, now.months))
    accuracy = collected(forecast_accuracy(replayed.snapshots, replayed.monthly_snapshots, today, months, as_of=as_of))
    intervals = collected(forecast_intervals(replayed.snapshots, today, as_of=as_of))
    for row in intervals.sort("stage", "level").iter_rows(named=True):
        errors = accuracy.filter(pl.col("stage") == row["stage"])["eac_error_ratio"].to_list()
        bias, miss = _mean(errors), _mean(list(map(abs, errors)))
        yield StageScore(
            row["stage"], row["completed"], bias, miss, row["level"], row["judged"], row["held"], row["observed"]
        )


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None
