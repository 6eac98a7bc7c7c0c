"""The months after each month end: what each method forecast of them, and what came.

Belongs here: lining up forecasts and costs, project by project. Does not belong here: errors (``scores``).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import zip_longest
from typing import Any, Self

import polars as pl

from finance_ppm.backtest.methods import OURS, Method
from finance_ppm.backtest.replay import Made, Replayed
from finance_ppm.transforms.calendar import UNDATED, month_number
from finance_ppm.transforms.forecast.budgets import COMPLETED

LONGEST = 6
"""Months ahead that are looked at."""
ZERO = Decimal(0)

_Months = Mapping[int, Decimal]
_Member = tuple[str, str]


@dataclass(frozen=True)
class Window:
    """One project, or the projects of a currency, at one month end. All money is of ``unit``."""

    day: date
    unit: str
    bac: Decimal
    costs: tuple[Decimal, ...]
    """Of each month from the first that has any to that of ``day``, as known then."""
    forecasts: Mapping[str, Sequence[Decimal]]
    """By method: of each of the next :data:`LONGEST` months."""
    actual: tuple[Decimal, ...]
    """What came in those of them that are over, as known today."""
    projects: int = 1

    @classmethod
    def sum_of(cls, windows: Sequence[Self]) -> Self:
        """The windows, of one day and currency, as one."""
        first = windows[0]
        backwards = zip_longest(*(window.costs[::-1] for window in windows), fillvalue=ZERO)
        return cls(
            day=first.day,
            unit=first.unit,
            bac=sum((window.bac for window in windows), ZERO),
            costs=tuple(sum(month, ZERO) for month in backwards)[::-1],
            forecasts={name: _added(window.forecasts[name] for window in windows) for name in first.forecasts},
            actual=_added(window.actual for window in windows),
            projects=sum(window.projects for window in windows),
        )


def windows(replayed: Replayed, methods: Mapping[str, Method]) -> list[Window]:
    """One for each month end and each project that had a BAC and was not completed then, and that is still there."""
    today = replayed.today
    came, last_closed = _by_member(today.months, "ac"), month_number(today.day) - 1
    still_there = {(project, unit) for project, unit in today.projects.select("project_id", "unit").iter_rows()}
    found = []
    for made in replayed.month_ends:
        after = range(month_number(made.day) + 1, min(last_closed, month_number(made.day) + LONGEST) + 1)
        spent, to_come = _by_member(made.months, "ac"), _by_member(made.months, "etc")
        for project in _judged(made):
            member = (project["project_id"], project["unit"])
            if member in still_there:
                costs = _costs(spent.get(member, {}), made.day)
                found.append(
                    Window(
                        day=made.day,
                        unit=project["unit"],
                        bac=project["bac"],
                        costs=costs,
                        forecasts={
                            OURS: _of(to_come.get(member, {}), _ahead(made.day)),
                            **{
                                name: _until_its_end(method(costs, LONGEST), project["end_date"], made.day)
                                for name, method in methods.items()
                            },
                        },
                        actual=_of(came.get(member, {}), after),
                    )
                )
    return found


def portfolios(of: Iterable[Window]) -> list[Window]:
    """The windows of projects added up, by month end and currency."""
    groups: dict[tuple[date, str], list[Window]] = defaultdict(list)
    for window in of:
        groups[window.day, window.unit].append(window)
    return [Window.sum_of(group) for group in groups.values()]


def _judged(made: Made) -> Iterator[dict[str, Any]]:
    running = (pl.col("status") != COMPLETED) | pl.col("status").is_null()
    columns = ("project_id", "unit", "bac", "end_date")
    yield from made.projects.filter(running & (pl.col("bac") > 0)).select(columns).iter_rows(named=True)


def _by_member(months: pl.DataFrame, amount: str) -> dict[_Member, dict[int, Decimal]]:
    """The amount of each month that has a row, by project and currency; of undated ones none."""
    found: dict[_Member, dict[int, Decimal]] = defaultdict(dict)
    for project, unit, period, value in months.select("project_id", "unit", "period", amount).iter_rows():
        if month_number(period) != UNDATED:
            found[project, unit][month_number(period)] = value
    return found


def _costs(spent: _Months, day: date) -> tuple[Decimal, ...]:
    """Month by month from the first that has any to that of ``day``."""
    known = [month for month, cost in spent.items() if cost and month <= month_number(day)]
    return _of(spent, range(min(known), month_number(day) + 1)) if known else ()


def _of(months: _Months, which: Iterable[int]) -> tuple[Decimal, ...]:
    return tuple(months.get(month, ZERO) for month in which)


def _ahead(day: date) -> range:
    return range(month_number(day) + 1, month_number(day) + 1 + LONGEST)


def _until_its_end(forecast: Sequence[Decimal], end: date | None, day: date) -> tuple[Decimal, ...]:
    """Nothing after the month of the project's end as it was known: as much as ours knows. One past it goes on."""
    if end is None or end < day:
        return tuple(forecast)
    return tuple(
        amount if month <= month_number(end) else ZERO for month, amount in zip(_ahead(day), forecast, strict=True)
    )


def _added(rows: Iterable[Sequence[Decimal]]) -> tuple[Decimal, ...]:
    return tuple(sum(month, ZERO) for month in zip(*rows, strict=True))
