"""Gold: where each project will end, month by month, and how it stands.

How each figure is defined, and how what the definitions leave open is read: docs/decisions/money.md.
"""

from datetime import timedelta

import dataframely as dy

from finance_ppm.contracts.base import Freshness, Layer, Table, TableInfo, Write, derived_from, stamp

FRESHNESS = Freshness(warn=timedelta(hours=24), fail=timedelta(hours=48))

_PROGRAMS = "silver/notion_programs"
_PROJECTS = "silver/notion_projects"
_LINES = "silver/notion_budget_lines"
_RATES = "bronze/fx_rates"


def _gold(name: str, *seed_names: str, owner: str = "team:finance") -> TableInfo:
    return TableInfo(
        layer=Layer.GOLD,
        name=name,
        write=Write.SNAPSHOT,
        freshness=FRESHNESS,
        history=True,
        owner=owner,
        seed_names=seed_names,
    )


_HOME = (f"{_LINES}.project_ids", f"{_LINES}.is_archived", f"{_PROJECTS}.project_id", f"{_PROJECTS}.is_archived")
_UNIT = (*_HOME, f"{_PROJECTS}.currency")
_PROJECT = (*_UNIT, f"{_PROJECTS}.budget_total", f"{_LINES}.amount")
_SPENT = (*_UNIT, f"{_LINES}.actual_amount", f"{_LINES}.invoice_date", f"{_LINES}.paid_date")
_STATE = (f"{_LINES}.committed_date", f"{_LINES}.invoice_date", f"{_LINES}.paid_date")
_FORECAST = (*_PROJECT, *_SPENT, *_STATE, f"{_PROJECTS}.status")
_SPAN = (f"{_PROJECTS}.start_date", f"{_PROJECTS}.end_date")
_CONVERTED = (f"{_RATES}.currency", f"{_RATES}.rate_date", f"{_RATES}.rate", f"{_PROJECTS}.start_date")
_EARLIER = tuple(
    f"gold/ppm_forecast.{name}"
    for name in ("as_of_date", "elapsed", "status", "bac", "eac", "ac", "project_id", "unit")
)
"""What earlier snapshots of the forecast tell of its errors."""
_PHASED = (*_FORECAST, *_SPAN, f"{_LINES}.vendor", f"{_LINES}.category")
_BOUNDED = (*_FORECAST, *_SPAN, *_EARLIER)


_LIVE = (f"{_PROJECTS}.project_id", f"{_PROJECTS}.is_archived")
_OF_FORECAST = (*_LIVE, f"{_PROJECTS}.currency", "gold/ppm_forecast.project_id", "gold/ppm_forecast.unit")
_COST = (
    *_OF_FORECAST,
    f"{_PROJECTS}.status",
    *(
        f"gold/ppm_forecast.{name}"
        for name in (
            *("bac", "reserve", "ac", "oc", "available", "vac", "eac", "burn"),
            *("run_rate_eac", "methods_disagree", "unspent_planned"),
        )
    ),
)
_TIME = (
    *_OF_FORECAST,
    *_SPAN,
    f"{_PROJECTS}.status",
    *(f"gold/ppm_forecast.{name}" for name in ("days_late", "ac", "bac", "burn")),
)
_AT_RISK = (
    *_LIVE,
    *(f"silver/notion_risks.{name}" for name in ("project_id", "status", "severity", "probability", "is_archived")),
)
_FOUND = (*_LIVE, *(f"gold/data_quality_issues.{name}" for name in ("project_id", "severity", "table_name")))
_ASSESSED = (*_COST, *_TIME, *_AT_RISK, *_FOUND)
_BEFORE = tuple(f"gold/ppm_project_health.{name}" for name in ("project_id", "as_of_date", "score"))


def _lineage(*columns: str) -> dict[str, tuple[str, ...]]:
    return derived_from(*dict.fromkeys(columns))


def _member(description: str, *columns: str) -> dy.String:
    return dy.String(primary_key=True, description=description, metadata=_lineage(*_UNIT, *columns))


def _unit() -> dy.String:
    return dy.String(
        primary_key=True,
        description="ISO 4217 currency of the figures; `XXX` (no currency) where it is unknown.",
        metadata=_lineage(*_UNIT),
    )


def _money(description: str, *columns: str, nullable: bool = False) -> dy.Decimal:
    return dy.Decimal(38, 2, nullable=nullable, description=description, metadata=_lineage(*columns))


def _bound(description: str) -> dy.Decimal:
    return _money(description, *_BOUNDED, nullable=True)


def _ratio(description: str, *columns: str) -> dy.Float64:
    return dy.Float64(nullable=True, description=description, metadata=_lineage(*columns))


def _count(description: str, *columns: str) -> dy.Int64:
    return dy.Int64(description=description, metadata=_lineage(*columns))


def _as_of() -> dy.Date:
    return dy.Date(description="The day the row speaks of, as that day saw it.")


def _computed_at() -> dy.Datetime:
    return dy.Datetime(time_zone="UTC", description="When the row was computed.", metadata=stamp())


class PpmForecast(Table):
    """Where one project will end: what is budgeted, spent, committed and still to come, in its own currency and in the
    reporting currency.
    """

    info = _gold("ppm_forecast", "gold.forecast")

    project_id = _member("The project's page id; `(unassigned)` for lines of no live project.")
    unit = _unit()
    project_name = dy.String(description="The project's name.", metadata=_lineage(*_UNIT, f"{_PROJECTS}.name"))
    program_id = dy.String(
        description="Page id of its live program, or `(unassigned)`.",
        metadata=_lineage(*_UNIT, f"{_PROJECTS}.program_id", f"{_PROGRAMS}.program_id", f"{_PROGRAMS}.is_archived"),
    )
    status = dy.String(
        nullable=True, description="The project's status.", metadata=_lineage(*_UNIT, f"{_PROJECTS}.status")
    )
    start_date = dy.Date(nullable=True, description="First day.", metadata=_lineage(*_UNIT, f"{_PROJECTS}.start_date"))
    end_date = dy.Date(nullable=True, description="Last day.", metadata=_lineage(*_UNIT, f"{_PROJECTS}.end_date"))
    line_count = _count("Live budget lines with a share in the project.", *_UNIT)

    line_total = _money("L: what the lines add up to.", *_UNIT, f"{_LINES}.amount")
    bac = _money("Budget at completion: Budget Total if above 0, else L if above 0.", *_PROJECT, nullable=True)
    bac_source = dy.String(nullable=True, description="`budget_total` or `lines`.", metadata=_lineage(*_PROJECT))
    reserve = _money("U = BAC - L: negative where the lines exceed the total.", *_PROJECT, nullable=True)

    ac = _money("Actual cost to date, undated actuals included.", *_SPENT)
    paid = _money("Of it paid.", *_SPENT)
    accrued = _money("Of it invoiced, or of no date, and not paid: AC - paid.", *_SPENT)
    undated_actual = _money("Of AC what belongs to no month.", *_SPENT)
    undated_actual_count = _count("Shares with an undated actual.", *_SPENT)
    future_actual = _money("Actuals dated after the as-of day: left out of AC.", *_SPENT)
    future_actual_count = _count("Shares with such an actual.", *_SPENT)
    oc = _money("Open commitments.", *_FORECAST)
    available = _money("BAC - AC - OC.", *_FORECAST, nullable=True)
    spent_ratio = _ratio("AC / BAC.", *_FORECAST)
    consumed_ratio = _ratio("(AC + OC) / BAC.", *_FORECAST)

    elapsed = _ratio("Share of the planned days that have passed, 0 to 1.", *_UNIT, *_SPAN)
    pv = _money("Planned value at the as-of day: theoretical (straight line).", *_PROJECT, *_SPAN, nullable=True)
    ev_line = _money("Amounts of settled lines.", *_FORECAST)
    ac_settled = _money("Actual cost of settled lines.", *_FORECAST)
    settled_coverage = _ratio("Amounts of settled lines by L.", *_FORECAST)
    cpi_line_proxy = _ratio(
        "Amounts of settled lines by their actual cost: a stand-in, and not the CPI, which the source cannot tell. "
        "Null below 10 % coverage.",
        *_FORECAST,
    )
    k = dy.Decimal(
        7,
        6,
        description="Factor by which planned amounts are expected to come out otherwise, 0.8 to 1.5.",
        metadata=_lineage(*_FORECAST),
    )

    eac = _money("Estimate at completion.", *_FORECAST)
    etc = _money("Estimate to complete: EAC - AC.", *_FORECAST)
    vac = _money("Variance at completion: BAC - EAC.", *_FORECAST, nullable=True)
    eac_if_reserve_used = _money("EAC + max(U, 0).", *_FORECAST, nullable=True)
    burn = _money("Mean actual cost of the last three closed months.", *_SPENT, nullable=True)
    runway_months = _ratio("available / burn.", *_FORECAST)
    run_rate_eac = _money("Cross-check: AC + burn for each month that is left.", *_FORECAST, *_SPAN, nullable=True)
    methods_disagree = dy.Bool(
        nullable=True,
        description="The run-rate EAC is more than 15 % of BAC away from EAC.",
        metadata=_lineage(*_FORECAST, *_SPAN),
    )
    settled_without_actual = _count("Settled shares without an actual amount: their amount stands in.", *_FORECAST)
    unspent_planned = _money("In a completed project: planned amounts that left ETC.", *_FORECAST)
    days_late = dy.Int64(
        nullable=True,
        description="Days since the end date of a project that is past it and not Completed; null otherwise.",
        metadata=_lineage(*_UNIT, *_SPAN, f"{_PROJECTS}.status"),
    )

    reporting_unit = dy.String(description="The reporting currency (PPM_REPORTING_CURRENCY).")
    bac_reporting = _money("BAC at the budget rate.", *_PHASED, *_CONVERTED, nullable=True)
    ac_reporting = _money("AC at the average rates of its months.", *_PHASED, *_CONVERTED, nullable=True)
    oc_reporting = _money("OC at the closing rate.", *_PHASED, *_CONVERTED, nullable=True)
    etc_reporting = _money("ETC at the closing rate: the sum of its months.", *_PHASED, *_CONVERTED, nullable=True)
    eac_reporting = _money("AC + ETC in the reporting currency.", *_PHASED, *_CONVERTED, nullable=True)
    vac_reporting = _money("BAC - EAC in the reporting currency.", *_PHASED, *_CONVERTED, nullable=True)
    eac_constant = _money("EAC with every part at the budget rate.", *_PHASED, *_CONVERTED, nullable=True)
    fx_variance = _money(
        "What exchange rates did to VAC: EAC at constant currency less EAC. Negative where they cost.",
        *_PHASED,
        *_CONVERTED,
        nullable=True,
    )
    stale_rate = dy.Bool(
        description="A rate more than 7 days older than its day was used.", metadata=_lineage(*_PHASED, *_CONVERTED)
    )
    unconverted_reason = dy.String(
        nullable=True,
        description="Why there are no reporting figures: unknown_currency, no_budget_rate, no_rate or too_large.",
        metadata=_lineage(*_PHASED, *_CONVERTED),
    )

    eac_low_80 = _bound("Lower bound of an interval that is to hold in 80 % of projects; see ppm_forecast_intervals.")
    eac_high_80 = _bound("Upper bound of it.")
    eac_low_90 = _bound("Lower bound of one that is to hold in 90 %.")
    eac_high_90 = _bound("Upper bound of it.")
    interval_n = dy.Int64(description="Completed projects behind the interval.", metadata=_lineage(*_BOUNDED))
    interval_reason = dy.String(
        nullable=True,
        description="Why there is no interval of 80 %, or none of 90 %; null where there are both.",
        metadata=_lineage(*_BOUNDED),
    )
    as_of_date = _as_of()
    computed_at = _computed_at()


class PpmForecastMonthly(Table):
    """One month of one project: planned in a straight line, spent, and still to come. Months add up to the project."""

    info = _gold("ppm_forecast_monthly")

    project_id = _member("The project's page id; `(unassigned)` for lines of no live project.", *_PHASED)
    unit = _unit()
    period = dy.Date(
        primary_key=True,
        description="First day of the month; 1900-01-01 for actuals that belong to no month.",
        metadata=_lineage(*_PHASED),
    )
    period_label = dy.String(description="`2026-11`, or `undated`.", metadata=_lineage(*_PHASED))
    fiscal_year = dy.Int32(
        nullable=True,
        description="The fiscal year (PPM_FISCAL_YEAR_START), named after the calendar year it ends in.",
        metadata=_lineage(*_PHASED),
    )
    is_closed = dy.Bool(description="The month is over: it lies before the as-of day's.", metadata=_lineage(*_PHASED))
    pv = _money("Planned value of the month: theoretical (straight line).", *_PHASED)
    ac = _money("Actual cost of the month.", *_PHASED)
    etc = _money("Forecast of the month; the months of a project add up to its ETC.", *_PHASED)
    reporting_unit = dy.String(description="The reporting currency.")
    ac_reporting = _money("AC at the month's average rate.", *_PHASED, *_CONVERTED, nullable=True)
    etc_reporting = _money("ETC at the closing rate.", *_PHASED, *_CONVERTED, nullable=True)
    as_of_date = _as_of()
    computed_at = _computed_at()


class PpmProjectHealth(Table):
    """How one project stands: a score, a colour, and why. Thresholds: PPM_HEALTH_THRESHOLDS."""

    info = _gold("ppm_project_health", "gold.project_health")

    project_id = dy.String(primary_key=True, description="The project's page id.", metadata=_lineage(*_LIVE))
    project_name = dy.String(description="The project's name.", metadata=_lineage(*_LIVE, f"{_PROJECTS}.name"))
    program_id = dy.String(
        description="Page id of its live program, or `(unassigned)`.",
        metadata=_lineage(*_OF_FORECAST, "gold/ppm_forecast.program_id"),
    )
    status = dy.String(
        nullable=True, description="The project's status.", metadata=_lineage(*_LIVE, f"{_PROJECTS}.status")
    )
    unit = dy.String(
        description="ISO 4217 currency of the project; `XXX` where it is unknown.",
        metadata=_lineage(*_LIVE, f"{_PROJECTS}.currency"),
    )
    score = _ratio("0 to 100; null where nothing can be assessed.", *_ASSESSED)
    rag = dy.String(description="red, amber, green, or grey (not assessable).", metadata=_lineage(*_ASSESSED))
    rag_reason = dy.String(description="Why, in words, with the threshold.", metadata=_lineage(*_ASSESSED))
    rag_rules = dy.List(
        dy.String(), description="Names of the conditions that hold, the worst first.", metadata=_lineage(*_ASSESSED)
    )
    coverage = dy.Float64(
        description="Weight of the dimensions that could be scored, 0 to 1.", metadata=_lineage(*_ASSESSED)
    )
    cost_score = _ratio("0 to 100.", *_COST)
    schedule_score = _ratio("0 to 100.", *_TIME)
    risk_score = _ratio("0 to 100.", *_AT_RISK)
    data_quality_score = _ratio("0 to 100.", *_FOUND)
    cost_rag = dy.String(description="The dimension's colour.", metadata=_lineage(*_COST, *_TIME))
    schedule_rag = dy.String(description="The dimension's colour.", metadata=_lineage(*_TIME))
    risk_rag = dy.String(description="The dimension's colour.", metadata=_lineage(*_AT_RISK))
    data_quality_rag = dy.String(description="The dimension's colour.", metadata=_lineage(*_FOUND))
    vac_ratio = _ratio("VAC / BAC.", *_COST)
    spend_ahead = _ratio("Spent less elapsed, as a share: 0.1 is ten points ahead.", *_TIME)
    days_late = dy.Int64(
        nullable=True, description="Days past the end date; null where it is not.", metadata=_lineage(*_TIME)
    )
    risk_exposure = dy.Float64(
        description="Sum over open risks of severity by probability.", metadata=_lineage(*_AT_RISK)
    )
    open_risks = _count("Risks that are not closed.", *_AT_RISK)
    error_findings = _count("Findings of severity ERROR on the project and its lines, risks and actions.", *_FOUND)
    warn_findings = _count("Findings of severity WARN.", *_FOUND)
    trend = dy.String(
        nullable=True,
        description="up, down or flat against earlier snapshots; null with fewer than three.",
        metadata=_lineage(*_ASSESSED, *_BEFORE),
    )
    score_before = _ratio("The score the trend compares with.", *_LIVE, *_BEFORE)
    as_of_date = _as_of()
    computed_at = _computed_at()


FINANCE_TABLES: tuple[type[Table], ...] = (PpmForecast, PpmForecastMonthly, PpmProjectHealth)
