"""What gold assets have in common: rows that are a pure function of the portfolio, the parameters and the day.

Belongs here: making such an asset. Which there are is ``money``, ``savings`` and ``quality``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import dagster as dg
import narwhals.stable.v2 as nw
import polars as pl

from finance_ppm.assets.spec import key, table_asset
from finance_ppm.automation.conditions import on_changed_data
from finance_ppm.clock import Clock
from finance_ppm.contracts import Table, stamp_columns
from finance_ppm.contracts.fx import FX_TABLES
from finance_ppm.errors import NeverCapturedError
from finance_ppm.parameters import Parameters
from finance_ppm.pipeline.point_in_time import PointInTime
from finance_ppm.transforms.currency.rates import Rates, rates_of
from finance_ppm.transforms.portfolio import Frame, Portfolio

CAPTURED = dg.AssetSelection.groups("bronze") - dg.AssetSelection.assets(*map(key, FX_TABLES))
"""A change there reaches gold through silver: reacting to both would compute everything twice."""


@dataclass(frozen=True)
class Inputs:
    """What a gold table is made of."""

    portfolio: Portfolio
    parameters: Parameters
    point_in_time: PointInTime

    @property
    def rates(self) -> Rates:
        """Exchange rates to the reporting currency, for the currencies of the projects."""
        currencies = self.portfolio.projects.select("currency").unique().collect(backend="polars")["currency"]
        return rates_of(
            self.portfolio.fx_rates.collect(backend="polars").to_native(),
            reporting=self.parameters.reporting_currency,
            as_of=self.portfolio.as_of,
            units={currency for currency in currencies.to_list() if currency},
        )

    def earlier(self, table: type[Table]) -> Frame:
        """The table's own snapshots of days before."""
        return nw.from_native(self.point_in_time.earlier(table, self.portfolio.as_of))


def computed_asset(
    table: type[Table], *, made_from: tuple[type[Table], ...], compute: Callable[[Inputs], Frame | pl.DataFrame]
) -> dg.AssetsDefinition:
    """The asset of a gold table whose rows are a pure function of its inputs as of the partition's day."""

    @table_asset(table, deps=made_from, automation=on_changed_data(ignoring=CAPTURED))
    def gold_table(
        context: dg.AssetExecutionContext,
        point_in_time: dg.ResourceParam[PointInTime],
        parameters: dg.ResourceParam[Parameters],
        clock: dg.ResourceParam[Clock],
    ) -> pl.DataFrame:
        try:
            portfolio = point_in_time.portfolio(date.fromisoformat(context.partition_key), of=made_from)
        except NeverCapturedError as error:
            raise dg.Failure(str(error), allow_retries=False) from error
        return stamped(table, compute(Inputs(portfolio, parameters, point_in_time)), clock)

    return gold_table


def stamped(table: type[Table], rows: Frame | pl.DataFrame, clock: Clock) -> pl.DataFrame:
    """The rows, collected, with the contract's stamp column set to now."""
    native = rows if isinstance(rows, pl.DataFrame) else nw.to_native(rows).collect()
    (stamp,) = stamp_columns(table)
    return native.with_columns(pl.lit(clock.now()).alias(stamp))
