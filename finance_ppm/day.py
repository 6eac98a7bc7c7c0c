"""Materialising a day from the command line, and saying what came of it.

Belongs here: what ``finance-ppm run`` and the demo share. The graph itself is ``definitions``.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

import polars as pl

from finance_ppm import dagster_home, terminal
from finance_ppm.clock import Clock, FrozenClock, SystemClock
from finance_ppm.contracts import PAGE_TABLES, history_of
from finance_ppm.contracts.azure import UNALLOCATED, AdvisorSummary
from finance_ppm.contracts.finance import PpmForecast, PpmProjectHealth
from finance_ppm.contracts.gold import DataQualityIssues, PpmBudgetVsActual
from finance_ppm.contracts.silver import Quarantine
from finance_ppm.errors import SettingsError
from finance_ppm.health_thresholds import health_thresholds
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.pipeline.point_in_time import require_captured
from finance_ppm.settings import Config

METRICS = ("budget", "committed", "actual", "variance")
COLOURS = ("red", "amber", "green", "grey")


def materialise_day(config: Config, day: date | None, clock: Clock | None = None) -> None:
    """Materialise every table for ``day``, today by default, and print its summary.

    Raises :class:`~finance_ppm.errors.SettingsError`, :class:`~finance_ppm.errors.NeverCapturedError` and
    :class:`~finance_ppm.dagster_home.RunFailedError`.
    """
    clock = clock or SystemClock()
    day = day or clock.today()
    if not config.ppm_start_date <= day <= clock.today():
        raise SettingsError(
            f"{day} is not a day of this lake: it begins on {config.ppm_start_date} (PPM_START_DATE), and today is "
            f"{clock.today()}."
        )
    health_thresholds(config)  # what is wrong with them is told before anything else is
    lake = Lake(config.ppm_lakehouse_uri, clock=clock)
    past = day < clock.today()
    if past:
        require_captured(lake, day)
    else:
        config.require_notion()
    try:
        with terminal.working(f"Materialising {day}") as step_done:
            run_graph(config, day, layers=("gold",) if past else None, step_done=step_done)
    finally:  # a part that fails, a source that is not reached, leaves the others' figures
        if (there := summary(lake, day)).totals:
            terminal.show_portfolio(there)


def run_graph(
    config: Config,
    day: date,
    *,
    layers: tuple[str, ...] | None = None,
    job_name: str | None = None,
    step_done: Callable[[str], None] | None = None,
) -> None:
    """Run the graph for a day on this project's Dagster instance. See :func:`finance_ppm.dagster_home.run_day`."""
    dagster_home.prepare(config)
    import dagster as dg

    from finance_ppm.definitions import build_defs

    with dg.DagsterInstance.get() as instance:
        dagster_home.run_day(build_defs(), instance, day, job_name=job_name, layers=layers, step_done=step_done)


def replay_day(config: Config, moment: datetime, *, step_done: Callable[[str], None] | None = None) -> None:
    """Run the whole graph as ``moment`` would have, and note in Dagster what was materialised.

    The run itself is kept in memory: writing its thousand events to SQLite takes longer than the work.
    """
    dagster_home.prepare(config)
    import dagster as dg

    from finance_ppm.automation.jobs import TABLES_ALONE
    from finance_ppm.definitions import build_defs
    from finance_ppm.resources import default_resources

    definitions = build_defs(default_resources(config, clock=FrozenClock(moment)))
    with dg.DagsterInstance.ephemeral() as in_memory, dg.DagsterInstance.get() as kept:
        result = dagster_home.run_day(definitions, in_memory, moment.date(), job_name=TABLES_ALONE, step_done=step_done)
        for event in result.get_asset_materialization_events():
            kept.report_runless_asset_event(event.materialization)


@dataclass(frozen=True)
class Savings:
    """Azure Advisor's recommendations of one currency."""

    currency: str
    recommendations: int
    unknown: int
    """Those in the category Cost whose savings Azure does not tell."""
    gross: Decimal
    """What they add up to, which cannot be had."""
    conservative: Decimal
    maximum: Decimal
    unallocated: Decimal
    """What of the maximum belongs to no project."""


@dataclass(frozen=True)
class Consolidated:
    """The whole portfolio in the reporting currency."""

    currency: str
    amounts: Mapping[str, Decimal]
    """Metric to amount, over all months."""
    fx_variance: Decimal
    """What of the variance exchange rates did."""
    excluded: int
    """Amounts that are left out for want of a rate."""
    reasons: tuple[str, ...]
    """Why they are."""
    eac: Decimal
    """What the projects are forecast to cost, of those that can be converted."""
    vac: Decimal
    """Their budgets less that."""


@dataclass(frozen=True)
class PortfolioSummary:
    """A day's portfolio in a few figures."""

    as_of: date
    totals: Mapping[str, Mapping[str, Decimal]]
    """Currency to metric to amount, over all months."""
    pages: Mapping[str, int]
    """Live pages of each silver table, today."""
    quarantined: int
    findings: Mapping[str, int]
    """Severity to number of findings."""
    days: int
    """Days of which gold_history holds a snapshot."""
    consolidated: Consolidated | None = None
    """In the reporting currency; None where nothing was computed."""
    health: Mapping[str, int] = field(default_factory=dict)
    """Colour to number of projects, the gravest first."""
    savings: tuple[Savings, ...] = ()
    """What Azure Advisor's recommendations can save a year, a row for each currency; empty where Azure is not read."""


def summary(lake: Lake, day: date) -> PortfolioSummary:
    """The figures of a day from gold_history, and what silver holds now."""
    cells = lake.scan(history_of(PpmBudgetVsActual)).filter(
        (pl.col("as_of_date") == day) & (pl.col("dimension") == "portfolio")
    )
    totals: dict[str, dict[str, Decimal]] = {}
    for unit, metric, amount in (
        cells.group_by("unit", "metric_name").agg(pl.col("value").sum()).sort("unit").collect().iter_rows()
    ):
        totals.setdefault(unit, dict.fromkeys(METRICS, Decimal(0)))[metric] = amount
    issues = lake.scan(history_of(DataQualityIssues)).filter(pl.col("as_of_date") == day)
    days = lake.scan(history_of(PpmBudgetVsActual)).select(pl.col("as_of_date").n_unique()).collect().item()
    return PortfolioSummary(
        as_of=day,
        totals=totals,
        pages={name: _count(lake.scan(table).filter(~pl.col("is_archived"))) for name, table in PAGE_TABLES.items()},
        quarantined=_count(lake.scan(Quarantine).filter(~pl.col("is_archived"))),
        findings=dict(issues.group_by("severity").len().sort("severity").collect().iter_rows()),
        days=days,
        consolidated=_consolidated(lake, day),
        health=_health(lake, day),
        savings=tuple(_savings(lake, day)),
    )


def _consolidated(lake: Lake, day: date) -> Consolidated | None:
    of_day = pl.col("as_of_date") == day
    cells = lake.scan(history_of(PpmBudgetVsActual)).filter(of_day, pl.col("dimension") == "portfolio").collect()
    if cells.is_empty():
        return None
    amounts = dict.fromkeys(METRICS, Decimal(0))
    amounts |= dict(cells.group_by("metric_name").agg(pl.col("reporting_value").sum()).iter_rows())
    left_out = cells.filter(pl.col("reporting_excluded_count") > 0, pl.col("metric_name") != "variance")
    reasons = left_out["reporting_excluded_reasons"].str.split(", ").explode().unique().sort()
    forecasts = lake.scan(history_of(PpmForecast)).filter(of_day).select("eac_reporting", "vac_reporting").collect()
    return Consolidated(
        currency=cells["reporting_unit"][0],
        amounts=amounts,
        fx_variance=_sum(cells.filter(metric_name="variance")["fx_value"]),
        excluded=int(left_out["reporting_excluded_count"].sum()),
        reasons=tuple(reasons.drop_nulls().to_list()),
        eac=_sum(forecasts["eac_reporting"]),
        vac=_sum(forecasts["vac_reporting"]),
    )


def _sum(amounts: pl.Series) -> Decimal:
    return sum(amounts.drop_nulls(), Decimal(0))


def _health(lake: Lake, day: date) -> dict[str, int]:
    rows = lake.scan(history_of(PpmProjectHealth)).filter(pl.col("as_of_date") == day).select("rag").collect()
    return {colour: count for colour in COLOURS if (count := rows.filter(rag=colour).height)}


def _savings(lake: Lake, day: date) -> Iterator[Savings]:
    rows = lake.scan(history_of(AdvisorSummary)).filter(pl.col("as_of_date") == day).collect()
    unallocated = rows.filter(dimension="project", dimension_id=UNALLOCATED)
    nobodys = dict(unallocated.select("currency", "achievable_maximum").iter_rows())
    for row in rows.filter(dimension="all").sort("currency").iter_rows(named=True):
        yield Savings(
            row["currency"],
            row["open_count"],
            row["unknown_count"],
            row["gross_annual_savings"],
            row["achievable_conservative"],
            row["achievable_maximum"],
            nobodys.get(row["currency"], Decimal(0)),
        )


def _count(rows: pl.LazyFrame) -> int:
    return int(rows.select(pl.len()).collect().item())
