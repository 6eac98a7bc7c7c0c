"""Which rules of gold can be asked of a portfolio, and why the others cannot.

Runs may overlap: while one looks at gold, another may have made silver anew, and a page that gold does not know of yet
would look like one that gold has lost. Rows carry the moment they were captured, and gold the moment it was computed,
both by our own clock; what is compared must not be of silver newer than gold. Of today it is known besides whether what
gold was made of was written since.

Belongs here: telling that, from the very frames that are compared. Does not belong here: asking (``evaluation``), nor
what gold was made of (``assets.made``).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import Protocol

import narwhals.stable.v2 as nw

from finance_ppm.contracts import PAGE_TABLES, Table, full_name
from finance_ppm.contracts.azure import AdvisorSummary, AzureAdvisorAllocations, AzureAdvisorRecs, AzureSnapshots
from finance_ppm.contracts.finance import PpmForecast, PpmForecastMonthly, PpmProjectHealth
from finance_ppm.contracts.fx import FxRates
from finance_ppm.contracts.gold import PpmBudgetVsActual
from finance_ppm.quality.rule import Rule
from finance_ppm.transforms.portfolio import Frame, Portfolio

_GOLD: dict[type[Table], str] = {
    PpmBudgetVsActual: "budget_vs_actual",
    PpmForecast: "forecast",
    PpmForecastMonthly: "forecast_monthly",
    PpmProjectHealth: "project_health",
    AzureAdvisorRecs: "advisor_recs",
    AzureAdvisorAllocations: "advisor_allocations",
    AdvisorSummary: "advisor_summary",
}
_CAPTURED: dict[type[Table], str] = {FxRates: "fx_rates", AzureSnapshots: "azure_snapshots"}
"""What gold is made from besides pages."""


class Making(Protocol):
    """How gold was made."""

    @property
    def at(self) -> datetime | None:
        """When, by our own clock."""

    @property
    def settings(self) -> str | None:
        """A name for what it was made with beside other tables; None where it is not known."""


NOT_ASKED = "not asked"
"""How a check says so, beside the reason."""
_SHOWN = "%Y-%m-%d %H:%M:%S"


def not_askable(
    portfolio: Portfolio,
    rules: Sequence[Rule],
    unmade: Collection[type[Table]],
    *,
    made: Mapping[type[Table], Making] = MappingProxyType({}),
    superseded: Mapping[type[Table], str] = MappingProxyType({}),
) -> dict[str, str]:
    """Why, by name, those of ``rules`` cannot be asked that read gold which was not made for the day (``unmade``), or
    that compare gold with what is newer.

    ``made`` tells how gold was last made, where that is known: what comes out the same is not written, so its rows are
    as old as its last change. ``superseded`` tells why what gold was made of is no longer what there is, where that is
    known: what was captured before gold was computed may have come to silver after.
    """
    moments = _moments(portfolio, {table for rule in rules for table in (*rule.reads, *rule.made_from)} - {*unmade})
    last = {table: making.at for table, making in made.items() if table in _GOLD and making.at is not None}
    moments |= {table: max(at, moments[table]) for table, at in last.items() if table in moments}
    currencies = _currencies(portfolio, {table for rule in rules for table in rule.reads} - {*unmade})
    reasons = {
        rule.name: _unmade(rule, unmade, portfolio.as_of)
        or _outdated(rule, moments)
        or _superseded(rule, superseded)
        or _unlike(rule, currencies)
        or _made_otherwise(rule, made)
        for rule in rules
    }
    return {name: why for name, why in reasons.items() if why}


def _unmade(rule: Rule, unmade: Collection[type[Table]], day: date) -> str | None:
    names = sorted(full_name(table) for table in rule.reads if table in unmade)
    return f"{' and '.join(names)} {'were' if len(names) > 1 else 'was'} not made for {day}." if names else None


def _outdated(rule: Rule, moments: Mapping[type[Table], datetime]) -> str | None:
    gold = [(moments[table], full_name(table)) for table in rule.reads if table in moments]
    sources = [(moments[table], full_name(table)) for table in rule.made_from if table in moments]
    if not gold or not sources or max(sources)[0] <= min(gold)[0]:
        return None
    (computed_at, made), (captured_at, source) = min(gold), max(sources)
    return (
        f"{source} holds what was captured at {captured_at:{_SHOWN}} UTC, and {made} was computed before that, at "
        f"{computed_at:{_SHOWN}} UTC; it is asked once that is made anew."
    )


def _superseded(rule: Rule, superseded: Mapping[type[Table], str]) -> str | None:
    """Whatever one of the tables was made of: two of gold need not be made of the same."""
    told = sorted(superseded[table] for table in rule.reads if table in superseded)
    return f"{told[0]}; it is asked once that is made anew." if told and _compares(rule) else None


def _compares(rule: Rule) -> bool:
    """Whether it compares gold with anything but itself."""
    return bool(rule.made_from) or len(rule.reads) > 1


def _unlike(rule: Rule, currencies: Mapping[type[Table], str]) -> str | None:
    told = sorted({(full_name(table), currencies[table]) for table in rule.reads if table in currencies})
    if len({currency for _, currency in told}) < 2:
        return None
    named = " and ".join(f"{table} is in {currency}" for table, currency in told)
    return f"{named}: the reporting currency was changed; it is asked once both are made anew."


def _made_otherwise(rule: Rule, made: Mapping[type[Table], Making]) -> str | None:
    settings = {table: made[table].settings for table in rule.reads if table in made}
    if len({told for told in settings.values() if told is not None}) < 2:
        return None
    names = " and ".join(sorted(map(full_name, settings)))
    return f"{names} were made with different settings; it is asked once all of them are made anew."


def _currencies(portfolio: Portfolio, tables: set[type[Table]]) -> dict[type[Table], str]:
    """The reporting currency of each table that has one, and a row."""
    ordered = sorted((table for table in tables if "reporting_unit" in table.columns()), key=full_name)
    asked = [
        getattr(portfolio, _GOLD[table]).select(unit=nw.col("reporting_unit").max()).with_columns(table=nw.lit(number))
        for number, table in enumerate(ordered)
    ]
    if not asked:
        return {}
    found = nw.concat(asked, how="vertical").collect(backend="polars").select("table", "unit")
    return {ordered[number]: unit for number, unit in found.iter_rows() if unit is not None}


def _moments(portfolio: Portfolio, tables: set[type[Table]]) -> dict[type[Table], datetime]:
    """When the newest row of each table was captured, or the table was computed; without those that hold no row."""
    ordered = sorted(tables, key=full_name)
    asked = [
        frame.select(moment=nw.col("moment").max()).with_columns(table=nw.lit(number))
        for number, table in enumerate(ordered)
        for frame in _stamped(portfolio, table)
    ]
    if not asked:
        return {}
    found = nw.concat(asked, how="vertical").collect(backend="polars").select("table", "moment")
    told = [(ordered[number], moment) for number, moment in found.iter_rows() if moment is not None]
    return {table: max(moment for other, moment in told if other is table) for table, _ in told}


def _stamped(portfolio: Portfolio, table: type[Table]) -> Iterator[Frame]:
    """The ``moment`` of every row of a table, and of what was kept out of it."""
    if table in _GOLD:
        yield getattr(portfolio, _GOLD[table]).select(moment=nw.col("computed_at"))
    elif table in _CAPTURED:
        yield getattr(portfolio, _CAPTURED[table]).select(moment=nw.col("captured_at"))
    else:
        (name,) = (name for name, page_table in PAGE_TABLES.items() if page_table is table)
        refused = portfolio.quarantine.filter(nw.col("database_name") == name)
        for rows in (getattr(portfolio, name), refused):
            yield rows.select(moment=nw.col("synced_at"))
