"""What gold assets have in common: rows that are a pure function of the portfolio, the parameters and the day.

Belongs here: making such an asset. Which there are is ``money``, ``savings`` and ``quality``.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import dagster as dg
import narwhals.stable.v2 as nw
import polars as pl

from finance_ppm.assets.made import Made, is_made, last_made, noted
from finance_ppm.assets.spec import DAYS, LAKE_IO, ONE_DAY_A_RUN, key, spec, table_asset
from finance_ppm.automation.conditions import on_changed_data
from finance_ppm.clock import Clock
from finance_ppm.contracts import Layer, Table, full_name, stamp_columns
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
    instance: dg.DagsterInstance
    run_id: str
    note: Mapping[str, dg.MetadataValue[Any]]
    """Of what it is made, for its materialisation."""
    made: Mapping[type[Table], Made]
    """How the tables were made that are compared."""

    def has(self, table: type[Table]) -> bool:
        """Whether this gold was made for the day."""
        return is_made(self.instance, self.point_in_time, table, self.portfolio.as_of)

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
    table: type[Table],
    *,
    made_from: tuple[type[Table], ...],
    compared: tuple[type[Table], ...] = (),
    compute: Callable[[Inputs], Frame | pl.DataFrame],
) -> dg.AssetsDefinition:
    """The asset of a gold table whose rows are a pure function of its inputs as of the partition's day.

    A gold table it is ``made_from`` must have been made for that day; one that is ``compared`` may not be there.
    """

    @table_asset(table, deps=(*made_from, *compared), automation=on_changed_data(ignoring=CAPTURED))
    def gold_table(
        context: dg.AssetExecutionContext,
        point_in_time: dg.ResourceParam[PointInTime],
        parameters: dg.ResourceParam[Parameters],
        clock: dg.ResourceParam[Clock],
    ) -> pl.DataFrame:
        inputs = _inputs(context, point_in_time, parameters, made_from, compared)
        context.add_output_metadata(inputs.note)
        return stamped(table, compute(inputs), clock)

    return gold_table


def computed_together(
    *tables: type[Table],
    name: str,
    made_from: tuple[type[Table], ...],
    compute: Callable[[Inputs], tuple[Frame, ...]],
) -> dg.AssetsDefinition:
    """The assets of gold tables that share most of their work: one step, each of them still asked for by itself.

    ``compute`` gives the rows of ``tables``, in their order.
    """
    automation = on_changed_data(ignoring=CAPTURED)
    outputs = {full_name(table).replace("/", "__"): table for table in tables}

    @dg.multi_asset(
        name=name,
        outs={
            output: dg.AssetOut.from_spec(spec(table, automation), io_manager_key=LAKE_IO, is_required=False)
            for output, table in outputs.items()
        },
        deps=[key(source) for source in made_from],
        can_subset=True,
        partitions_def=DAYS,
        backfill_policy=ONE_DAY_A_RUN,
        pool=f"gold_{name}",
    )
    def gold_tables(
        context: dg.AssetExecutionContext,
        point_in_time: dg.ResourceParam[PointInTime],
        parameters: dg.ResourceParam[Parameters],
        clock: dg.ResourceParam[Clock],
    ) -> Iterator[dg.Output[pl.DataFrame]]:
        inputs = _inputs(context, point_in_time, parameters, made_from)
        for (output, table), rows in zip(outputs.items(), compute(inputs), strict=True):
            if output in context.op_execution_context.selected_output_names:
                yield dg.Output(stamped(table, rows, clock), output_name=output, metadata=inputs.note)

    return gold_tables


def stamped(table: type[Table], rows: Frame | pl.DataFrame, clock: Clock) -> pl.DataFrame:
    """The rows, collected, with the contract's stamp column set to now."""
    native = rows if isinstance(rows, pl.DataFrame) else nw.to_native(rows).collect()
    (stamp,) = stamp_columns(table)
    return native.with_columns(pl.lit(clock.now()).alias(stamp))


def _inputs(
    context: dg.AssetExecutionContext,
    point_in_time: PointInTime,
    parameters: Parameters,
    made_from: tuple[type[Table], ...],
    compared: tuple[type[Table], ...] = (),
) -> Inputs:
    day = date.fromisoformat(context.partition_key)
    made = last_made(context.instance, compared, day)
    note = noted(point_in_time.versions(made_from, day), parameters.of_figures)
    try:
        portfolio = point_in_time.portfolio(day, of=(*made_from, *compared))
    except NeverCapturedError as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    gold = [table for table in made_from if table.info.layer is Layer.GOLD and table.info.history]
    inputs = Inputs(portfolio, parameters, point_in_time, context.instance, context.run.run_id, note, made)
    if unmade := [full_name(table) for table in gold if not inputs.has(table)]:
        them = "them" if len(unmade) > 1 else "it"
        raise dg.Failure(
            f"There is no {' and no '.join(unmade)} of {day}: materialise {them} for that day first.",
            allow_retries=False,
        )
    return inputs
