"""Gold: what earlier forecasts were worth. Each is held against what came, and intervals against how often they held.

How each figure is defined: docs/decisions/forecast-accuracy.md.
"""

import dataframely as dy

from finance_ppm.contracts.base import Layer, Table, TableInfo, Write, derived_from, stamp
from finance_ppm.contracts.finance import FRESHNESS

PORTFOLIO = "(portfolio)"
"""In place of a project: all of those a forecast knew and that are still there, of one currency."""

_FORECAST = "gold/ppm_forecast"
_MONTHLY = "gold/ppm_forecast_monthly"
_OUTCOME = (f"{_FORECAST}.ac", f"{_FORECAST}.status")
_MONTHS = (f"{_MONTHLY}.etc", f"{_MONTHLY}.ac", f"{_MONTHLY}.period")
_EAC = (*_OUTCOME, f"{_FORECAST}.eac")
_ERROR = (*_EAC, f"{_FORECAST}.bac")
_STAGED = (*_ERROR, f"{_FORECAST}.elapsed")


def _gold(name: str) -> TableInfo:
    return TableInfo(
        layer=Layer.GOLD, name=name, write=Write.SNAPSHOT, freshness=FRESHNESS, history=True, owner="team:finance"
    )


def _money(description: str, *columns: str, nullable: bool = False) -> dy.Decimal:
    return dy.Decimal(38, 2, nullable=nullable, description=description, metadata=derived_from(*columns))


def _ratio(description: str, *columns: str) -> dy.Float64:
    return dy.Float64(nullable=True, description=description, metadata=derived_from(*columns))


def _share_of_bac(description: str, *columns: str) -> dy.Decimal:
    return dy.Decimal(10, 6, nullable=True, description=description, metadata=derived_from(*columns))


def _count(description: str, *columns: str, key: bool = False, nullable: bool = False) -> dy.Int64:
    return dy.Int64(primary_key=key, nullable=nullable, description=description, metadata=derived_from(*columns))


def _within(level: int) -> dy.Bool:
    low, high = f"{_FORECAST}.eac_low_{level}", f"{_FORECAST}.eac_high_{level}"
    return dy.Bool(
        nullable=True,
        description=f"Final AC lies in the {level} % interval of then; null without either.",
        metadata=derived_from(*_OUTCOME, low, high),
    )


class PpmForecastAccuracy(Table):
    """What one month's forecast of one project was worth: what it said of the months since, and what came in them.

    A row speaks of a month's last snapshot. Cumulative error and bias come first. MASE stands beside them, and is a
    trap where invoices are lumpy: most months are then empty, and to forecast nothing at all has the best MASE.
    """

    info = _gold("ppm_forecast_accuracy")

    project_id = dy.String(
        primary_key=True,
        description="The project's page id; `(portfolio)` for all projects of the currency that the forecast knew and "
        "that are still there.",
        metadata=derived_from(f"{_FORECAST}.project_id"),
    )
    unit = dy.String(
        primary_key=True,
        description="ISO 4217 currency of the figures; `XXX` (no currency) where it is unknown.",
        metadata=derived_from(f"{_FORECAST}.unit"),
    )
    forecast_month = dy.Date(
        primary_key=True,
        description="First day of the month in which the forecast was made.",
        metadata=derived_from(f"{_FORECAST}.as_of_date"),
    )
    project_name = dy.String(
        description="The project's name; `(portfolio)`.", metadata=derived_from(f"{_FORECAST}.project_name")
    )
    forecast_date = dy.Date(
        description="The day of the forecast: the last of the month that has a snapshot.",
        metadata=derived_from(f"{_FORECAST}.as_of_date"),
    )
    projects = _count("How many projects the row is of: 1, but for the portfolio.", f"{_FORECAST}.project_id")
    months = _count(
        "Closed months compared: those after the forecast's, up to the last that has any of both.", *_MONTHS
    )
    forecast = _money("What was forecast of these months.", *_MONTHS)
    actual = _money("What came in them, as known now.", *_MONTHS)
    error = _money("Cumulative error: forecast - actual. Positive: too much was forecast.", *_MONTHS)
    bias = _ratio(
        "Error / actual, of credits without its sign: 0.1 is ten percent too much. Null where nothing came.", *_MONTHS
    )
    mean_absolute_error = _money("Mean of the months' errors without their signs.", *_MONTHS, nullable=True)
    mase = _ratio(
        "That mean by the one of 'as last month' in the closed months before the forecast: below 1 is better. Null "
        "where that is 0. On lumpy invoices forecasting nothing has the best.",
        *_MONTHS,
    )
    elapsed = _ratio("How far the project was then, 0 to 1.", f"{_FORECAST}.elapsed")
    stage = _count(
        "25, 50 or 75: the percentage of its time that this forecast of a completed project stands for in intervals.",
        *_STAGED,
        nullable=True,
    )
    eac = _money("EAC then.", f"{_FORECAST}.eac", nullable=True)
    final_ac = _money("What the project came to, where it is completed since.", *_OUTCOME, nullable=True)
    eac_error = _money("EAC then - final AC. Positive: too much was forecast.", *_EAC, nullable=True)
    eac_error_ratio = _ratio("The same by BAC then.", *_ERROR)
    within_80 = _within(80)
    within_90 = _within(90)
    as_of_date = dy.Date(description="The day the row speaks of, as that day saw it.")
    computed_at = dy.Datetime(time_zone="UTC", description="When the row was computed.", metadata=stamp())


class PpmForecastIntervals(Table):
    """How often an interval held: what it promises, and in how many completed projects the final cost lay in it.

    Each completed project is judged by the interval that was published at that stage, when its end was not known.
    """

    info = _gold("ppm_forecast_intervals")

    stage = _count("25, 50 or 75: percent of a project's time that had passed.", *_STAGED, key=True)
    level = _count("80 or 90: percent of projects in which the interval is to hold.", *_STAGED, key=True)
    completed = _count("n: completed projects whose error at this stage is known.", *_STAGED)
    needed = _count("So many are needed for an interval.")
    low = _share_of_bac("(final AC - EAC) / BAC at the lower bound, as of today; null with too few.", *_STAGED)
    high = _share_of_bac("The same at the upper bound.", *_STAGED)
    judged = _count("Completed projects that had such an interval at this stage.", *_STAGED)
    held = _count("Of them those whose final AC lay in it.", *_STAGED)
    observed = _ratio("held / judged: the coverage observed, beside the nominal one of `level` percent.", *_STAGED)
    reason = dy.String(nullable=True, description="Why there is no interval; null where there is one.")
    as_of_date = dy.Date(description="The day the row speaks of, as that day saw it.")
    computed_at = dy.Datetime(time_zone="UTC", description="When the row was computed.", metadata=stamp())


ACCURACY_TABLES: tuple[type[Table], ...] = (PpmForecastAccuracy, PpmForecastIntervals)
