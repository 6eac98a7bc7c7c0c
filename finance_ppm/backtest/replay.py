"""The forecast of every past month end, as that day would have made it.

Belongs here: computing them, each from silver as of its day, intervals from those before. Does not belong here:
judging them (``scores``).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import narwhals.stable.v2 as nw
import polars as pl

from finance_ppm.contracts.finance import PpmForecast
from finance_ppm.contracts.fx import FxRates
from finance_ppm.contracts.silver import NotionBudgetLines, NotionPrograms, NotionProjects
from finance_ppm.pipeline.point_in_time import PointInTime
from finance_ppm.transforms.currency.rates import rates_of
from finance_ppm.transforms.forecast import forecast_with_months
from finance_ppm.transforms.forecast.intervals import with_intervals
from finance_ppm.transforms.portfolio import Frame

Silver = tuple[Frame, Frame, Frame]
"""Programs, projects and budget lines."""


@dataclass(frozen=True)
class Past:
    """Days that can be asked about."""

    silver: Callable[[date], Silver]
    """As a day saw it."""
    month_ends: tuple[date, ...]
    today: date
    """The day that knows how it came."""


@dataclass(frozen=True)
class Made:
    """The forecast of one day, in each project's own currency."""

    day: date
    projects: pl.DataFrame
    """Contract ``PpmForecast``."""
    months: pl.DataFrame
    """Contract ``PpmForecastMonthly``."""


@dataclass(frozen=True)
class Replayed:
    """Forecasts of month ends, the earliest first, and the one of today."""

    month_ends: tuple[Made, ...]
    today: Made

    @property
    def snapshots(self) -> Frame:
        """The earlier forecasts, as gold_history would hold them."""
        return lazy(_stacked([made.projects for made in self.month_ends], self.today.projects))

    @property
    def monthly_snapshots(self) -> Frame:
        """The months of them."""
        return lazy(_stacked([made.months for made in self.month_ends], self.today.months))


def replay(past: Past, *, computed: Callable[[str], None]) -> Replayed:
    """Every forecast of ``past``. ``computed`` is told each day that was."""
    made: list[Made] = []
    for day in (*past.month_ends, past.today):
        made.append(_made(past.silver(day), day, made))
        computed(f"forecast of {day}")
    return Replayed(tuple(made[:-1]), made[-1])


def month_ends(first: date, today: date) -> list[date]:
    """The last days of months from ``first`` on that are over before ``today``'s month, the earliest first."""
    ends = []
    end = today.replace(day=1) - timedelta(days=1)
    while end >= first:
        ends.append(end)
        end = end.replace(day=1) - timedelta(days=1)
    return ends[::-1]


def silver_of(point_in_time: PointInTime) -> Callable[[date], Silver]:
    """What a lake holds of a day."""

    def silver(day: date) -> Silver:
        portfolio = point_in_time.portfolio(day, of=(NotionPrograms, NotionProjects, NotionBudgetLines))
        return portfolio.programs, portfolio.projects, portfolio.budget_lines

    return silver


def _made(silver: Silver, day: date, before: Sequence[Made]) -> Made:
    # Scores stay in each project's own currency, for which no rate is needed.
    rates = rates_of(FxRates.create_empty(), reporting="USD", as_of=day, units=())
    rows, months = forecast_with_months(*silver, rates, as_of=day, fiscal_year_start=1)
    snapshots = lazy(_stacked([made.projects for made in before], PpmForecast.create_empty()))
    return Made(
        day,
        collected(with_intervals(rows, snapshots, as_of=day)),
        collected(months),
    )


def _stacked(frames: Sequence[pl.DataFrame], like: pl.DataFrame) -> pl.DataFrame:
    """The frames as one, which has the columns of ``like`` where there is none."""
    return pl.concat(frames) if frames else like.clear()


def lazy(frame: pl.DataFrame) -> Frame:
    """The frame as the transformations take it."""
    return nw.from_native(frame.lazy())


def collected(frame: Frame) -> pl.DataFrame:
    """What they give, computed."""
    computed: pl.DataFrame = frame.collect(backend="polars").to_native()
    return computed
