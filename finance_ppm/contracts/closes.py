"""Gold: months as they were reported, kept for ever, and what became of them since.

What a close and a restatement are, and why: docs/decisions/month-close.md.
"""

from datetime import timedelta

import dataframely as dy

from finance_ppm.contracts.base import Freshness, Layer, Table, TableInfo, Write, derived_from, stamp

FRESHNESS = Freshness(warn=timedelta(hours=24), fail=timedelta(hours=48))

_PROGRAMS = "silver/notion_programs"
_PROJECTS = "silver/notion_projects"
_LINES = "silver/notion_budget_lines"
_RATES = "bronze/fx_rates"
_CLOSES = "gold/ppm_month_closes"
_REPORTED = "gold/ppm_month_close_lines"

_HOME = (f"{_LINES}.project_ids", f"{_LINES}.is_archived", f"{_PROJECTS}.project_id", f"{_PROJECTS}.is_archived")
_UNIT = (*_HOME, f"{_PROJECTS}.currency")
_VALUE = (
    *_UNIT,
    f"{_LINES}.amount",
    f"{_LINES}.actual_amount",
    f"{_LINES}.committed_date",
    f"{_LINES}.invoice_date",
    f"{_LINES}.paid_date",
)
_CONVERTED = (*_VALUE, f"{_PROJECTS}.start_date", f"{_RATES}.currency", f"{_RATES}.rate_date", f"{_RATES}.rate")
_PROGRAM = (*_HOME, f"{_PROJECTS}.program_id", f"{_PROGRAMS}.program_id", f"{_PROGRAMS}.is_archived")


def _info(name: str, write: Write, *, history: bool = False) -> TableInfo:
    return TableInfo(
        layer=Layer.GOLD, name=name, write=write, freshness=FRESHNESS, history=history, owner="team:finance"
    )


def _period() -> dy.Date:
    return dy.Date(primary_key=True, description="First day of the closed month.")


def _closed_at(*, primary_key: bool) -> dy.Datetime:
    return dy.Datetime(primary_key=primary_key, time_zone="UTC", description="When the month was closed.")


def _period_label() -> dy.String:
    return dy.String(description="The month as `2026-10`.")


def _reporting_unit() -> dy.String:
    return dy.String(description="The reporting currency of the close.")


def _metric() -> dy.String:
    return dy.String(primary_key=True, description="budget, committed or actual, as in `ppm_budget_vs_actual`.")


def _line_id(*lineage: str) -> dy.String:
    return dy.String(
        primary_key=True, description="The budget line's page id.", metadata=derived_from(*lineage) if lineage else None
    )


def _money(description: str, *lineage: str, nullable: bool = False) -> dy.Decimal:
    return dy.Decimal(
        38, 2, nullable=nullable, description=description, metadata=derived_from(*lineage) if lineage else None
    )


class PpmMonthCloses(Table):
    """A month that was closed: by whom, when, and what it came to. Of a month's several closes the newest counts."""

    info = _info("ppm_month_closes", Write.LOG)

    period = _period()
    closed_at = _closed_at(primary_key=True)
    period_label = _period_label()
    closed_by = dy.String(description="Who closed it.")
    note = dy.String(nullable=True, description="A word on it by whoever closed it.")
    as_of_date = dy.Date(description="The day whose figures were closed; its snapshots stay in gold_history for ever.")
    captured_until = dy.Datetime(
        time_zone="UTC", description="The newest capture of a page behind the figures: what came later is news."
    )
    rates_until = dy.Date(
        nullable=True,
        description="The newest day of which there was an exchange rate: what was published later changes no close.",
    )
    reporting_unit = _reporting_unit()
    budget_reporting = _money("Budget of the month in the reporting currency, without what had no rate.")
    committed_reporting = _money("Open commitments of the month, likewise.")
    actual_reporting = _money("Actual cost of the month, likewise.")
    figure_count = dy.Int64(description="Rows of the close in `ppm_month_close_lines`.")
    line_count = dy.Int64(description="Budget lines among them.")
    unconverted_count = dy.Int64(description="Rows that have no reporting value.")
    product_version = dy.String(description="Version of the product that computed the figures.")
    contract_version = dy.String(description="Digest of the columns of `ppm_budget_vs_actual` at the time.")


class PpmMonthCloseLines(Table):
    """A budget line's part in a closed month, as it was reported: one project's share of one of its amounts."""

    info = _info("ppm_month_close_lines", Write.LOG)

    period = _period()
    closed_at = _closed_at(primary_key=True)
    metric_name = _metric()
    budget_line_id = _line_id(f"{_LINES}.budget_line_id")
    project_id = dy.String(
        primary_key=True,
        description="The project's page id; `(unassigned)` for a line of no live project.",
        metadata=derived_from(*_HOME),
    )
    unit = dy.String(
        primary_key=True,
        description="ISO 4217 currency of `value`; `XXX` where it was unknown.",
        metadata=derived_from(*_UNIT),
    )
    line_name = dy.String(description="The line's title at the time.", metadata=derived_from(f"{_LINES}.name"))
    project_name = dy.String(
        description="The project's name at the time; `Unassigned` for none.",
        metadata=derived_from(*_HOME, f"{_PROJECTS}.name"),
    )
    program_id = dy.String(
        description="Page id of the project's live program, or `(unassigned)`.", metadata=derived_from(*_PROGRAM)
    )
    category = dy.String(description="The line's category, or `(none)`.", metadata=derived_from(f"{_LINES}.category"))
    vendor = dy.String(description="The line's vendor, or `(none)`.", metadata=derived_from(f"{_LINES}.vendor"))
    value = _money("The amount, in `unit`.", *_VALUE)
    reporting_unit = _reporting_unit()
    reporting_value = _money("The amount in the reporting currency; null without a rate.", *_CONVERTED, nullable=True)
    as_of_date = dy.Date(description="The day whose figures were closed.")


_OF_BOTH = (
    *(f"{_REPORTED}.{name}" for name in ("period", "closed_at", "metric_name", "budget_line_id", "project_id", "unit")),
    f"{_CLOSES}.closed_at",
    f"{_LINES}.budget_line_id",
    f"{_LINES}.category",
    f"{_LINES}.vendor",
)


def _sides(column: str, *lineage: str) -> dict[str, object]:
    return derived_from(f"{_REPORTED}.{column}", *lineage)


class PpmRestatements(Table):
    """A difference between a closed month as it was reported and the same month as of the same day, by what is known
    now: one line's share in one project. What was reported and the differences add up to what is current, in every
    month, program, project, category, vendor and currency.
    """

    info = _info("ppm_restatements", Write.SNAPSHOT, history=True)

    period = _period()
    metric_name = _metric()
    budget_line_id = _line_id(*_OF_BOTH)
    project_id = dy.String(
        primary_key=True,
        description="The project's page id; `(unassigned)` for a line of no live project.",
        metadata=_sides("project_id", *_HOME),
    )
    unit = dy.String(
        primary_key=True, description="ISO 4217 currency; `XXX` where it is unknown.", metadata=_sides("unit", *_UNIT)
    )
    presence = dy.String(
        primary_key=True,
        description="both; reported where the share is no longer there, or under other members; current where it came.",
        metadata=derived_from(*_OF_BOTH, *_VALUE),
    )
    period_label = _period_label()
    closed_at = _closed_at(primary_key=False)
    line_name = dy.String(
        description="The line's title as it is now, or was where the row speaks of what is gone.",
        metadata=_sides("line_name", f"{_LINES}.name"),
    )
    project_name = dy.String(
        description="The project's name, likewise.", metadata=_sides("project_name", *_HOME, f"{_PROJECTS}.name")
    )
    program_id = dy.String(
        description="Page id of the program the amounts count under.", metadata=_sides("program_id", *_PROGRAM)
    )
    category = dy.String(
        description="The category they count under.", metadata=_sides("category", f"{_LINES}.category")
    )
    vendor = dy.String(description="The vendor they count under.", metadata=_sides("vendor", f"{_LINES}.vendor"))
    reported = _money("As reported, in `unit`; 0 where it was not there.", f"{_REPORTED}.value")
    current = _money("As it is now; 0 where it is not there.", *_VALUE)
    difference = _money("current - reported.", f"{_REPORTED}.value", *_VALUE)
    reporting_unit = _reporting_unit()
    reported_reporting = _money(
        "As reported, in the reporting currency of the close; null without a rate.",
        f"{_REPORTED}.reporting_value",
        nullable=True,
    )
    current_reporting = _money(
        "As it is now, by the rates of the close's days as they are known now; null without a rate.",
        *_CONVERTED,
        nullable=True,
    )
    difference_reporting = _money(
        "current_reporting - reported_reporting, where null counts as 0.", f"{_REPORTED}.reporting_value", *_CONVERTED
    )
    reason = dy.String(
        description="amount, spending, split, rate, month, project, category, vendor, program, currency, new_line, "
        "entered, archived, project_gone, absent, removed or settled.",
        metadata=derived_from(*_OF_BOTH, *_CONVERTED),
    )
    explanation = dy.String(description="The reason in words.", metadata=derived_from(*_OF_BOTH, *_CONVERTED))
    close_as_of_date = dy.Date(description="The day that both figures are as of.")
    as_of_date = dy.Date(description="The day the row speaks of, as that day saw it.")
    computed_at = dy.Datetime(time_zone="UTC", description="When the row was computed.", metadata=stamp())


CLOSE_TABLES: tuple[type[Table], ...] = (PpmMonthCloses, PpmMonthCloseLines, PpmRestatements)
