"""Gold that looks back: what earlier forecasts were worth, and what became of months that were closed."""

import polars as pl

from finance_ppm.assets.gold.computed import Inputs, computed_asset
from finance_ppm.assets.gold.money import MONEY
from finance_ppm.closing.restatement import restatements
from finance_ppm.contracts.accuracy import PpmForecastAccuracy, PpmForecastIntervals
from finance_ppm.contracts.closes import PpmMonthCloseLines, PpmMonthCloses, PpmRestatements
from finance_ppm.contracts.finance import PpmForecast, PpmForecastMonthly
from finance_ppm.transforms.accuracy import forecast_accuracy, forecast_intervals
from finance_ppm.transforms.portfolio import Frame


def _accuracy(inputs: Inputs) -> Frame:
    portfolio = inputs.portfolio
    return forecast_accuracy(
        inputs.earlier(PpmForecast),
        inputs.earlier(PpmForecastMonthly),
        portfolio.forecast,
        portfolio.forecast_monthly,
        as_of=portfolio.as_of,
    )


def _intervals(inputs: Inputs) -> Frame:
    portfolio = inputs.portfolio
    return forecast_intervals(inputs.earlier(PpmForecast), portfolio.forecast, as_of=portfolio.as_of)


def _restatements(inputs: Inputs) -> pl.DataFrame:
    closes, lines = (inputs.point_in_time(table) for table in (PpmMonthCloses, PpmMonthCloseLines))
    return restatements(closes, lines, inputs.portfolio)


ppm_forecast_accuracy = computed_asset(
    PpmForecastAccuracy, made_from=(PpmForecast, PpmForecastMonthly), compute=_accuracy
)
ppm_forecast_intervals = computed_asset(PpmForecastIntervals, made_from=(PpmForecast,), compute=_intervals)
ppm_restatements = computed_asset(
    PpmRestatements, made_from=(*MONEY, PpmMonthCloses, PpmMonthCloseLines), compute=_restatements
)
