"""Gold: what the portfolio comes to, as of a day."""

from datetime import timedelta

import dataframely as dy

from finance_ppm.contracts.base import Freshness, Layer, Table, TableInfo, Write, derived_from, stamp

FRESHNESS = Freshness(warn=timedelta(hours=24), fail=timedelta(hours=48))
_PROGRAMS = "silver/notion_programs"
_PROJECTS = "silver/notion_projects"
_LINES = "silver/notion_budget_lines"


def _gold(name: str, *seed_names: str, departures: str = "", owner: str = "team:finance") -> TableInfo:
    return TableInfo(
        layer=Layer.GOLD,
        name=name,
        write=Write.SNAPSHOT,
        freshness=FRESHNESS,
        history=True,
        owner=owner,
        seed_names=seed_names,
        departures=departures,
    )


def _as_of() -> dy.Date:
    return dy.Date(description="The day the row speaks of, as that day saw it.")


_LINE_MEMBERSHIP = (
    f"{_LINES}.project_ids",
    f"{_LINES}.is_archived",
    f"{_PROJECTS}.project_id",
    f"{_PROJECTS}.is_archived",
)
_AMOUNTS = (f"{_LINES}.amount", f"{_LINES}.actual_amount")
_CELL = (  # a cell is there only where a line has an amount, or a project a reserve
    *_LINE_MEMBERSHIP,
    *_AMOUNTS,
    f"{_LINES}.category",
    f"{_LINES}.vendor",
    f"{_LINES}.committed_date",
    f"{_LINES}.invoice_date",
    f"{_LINES}.paid_date",
    f"{_PROJECTS}.program_id",
    f"{_PROJECTS}.currency",
    f"{_PROJECTS}.budget_total",
    f"{_PROGRAMS}.program_id",
    f"{_PROGRAMS}.is_archived",
)
_RATES = "bronze/fx_rates"
_CONVERTED = (
    *_CELL,
    f"{_PROJECTS}.start_date",
    f"{_RATES}.currency",
    f"{_RATES}.rate_date",
    f"{_RATES}.rate",
)


class PpmBudgetVsActual(Table):
    """One cell: a metric of one dimension member in one month, in one currency. Cells add up; ratios are never here."""

    info = _gold(
        "ppm_budget_vs_actual",
        "gold.budget_vs_actual",
        departures=(
            "`unit` has no default and is part of the key: amounts of different currencies never share a cell. "
            "`dimension_id` joins the key, since two projects may bear one name. `value` and `unit` are native; the "
            "reporting currency stands beside them. Not partitioned by `period`: the table is rewritten whole."
        ),
    )

    metric_id = dy.String(
        primary_key=True,
        description=(
            "Metric, dimension, member, period and unit joined by `|` (`budget|vendor|Acme|2026-11-01|USD`); "
            "`%` and `|` within a name are written `%25` and `%7C`."
        ),
        metadata=derived_from(*_CELL),
    )
    metric_name = dy.String(
        description="budget, committed, actual or variance (budget less actual: positive is favourable).",
    )
    dimension = dy.String(description="portfolio, program, project, category or vendor.")
    dimension_id = dy.String(
        description=(
            "The member's page id; for categories and vendors its name; "
            "`portfolio`, `(unassigned)`, `(none)` or `(reserve)` otherwise."
        ),
        metadata=derived_from(*_CELL),
    )
    dimension_value = dy.String(
        description="The member's name; `Unassigned` for lines of no known project.",
        metadata=derived_from(*_CELL, f"{_PROGRAMS}.name", f"{_PROJECTS}.name"),
    )
    period = dy.Date(
        description="First day of the month; 1900-01-01 for amounts that belong to no month.",
        metadata=derived_from(*_CELL),
    )
    period_label = dy.String(description="`2026-11`, or `undated`.", metadata=derived_from(*_CELL))
    value = dy.Decimal(38, 2, description="The amount, in `unit`.", metadata=derived_from(*_CELL))
    unit = dy.String(
        description="ISO 4217 currency; `XXX` (no currency) where the project or its currency is unknown.",
        metadata=derived_from(*_LINE_MEMBERSHIP, *_AMOUNTS, f"{_PROJECTS}.currency", f"{_PROJECTS}.budget_total"),
    )
    line_count = dy.Int64(description="Budget lines in the cell.", metadata=derived_from(*_CELL))
    excluded_value = dy.Decimal(
        38,
        2,
        description="Actual amounts dated after the as-of day (`future_actual`): in the source, not in `value`.",
        metadata=derived_from(*_CELL),
    )
    excluded_count = dy.Int64(description="Budget lines so excluded.", metadata=derived_from(*_CELL))
    fiscal_year = dy.Int32(
        nullable=True,
        description="The fiscal year (PPM_FISCAL_YEAR_START), named after the year it ends in; null if undated.",
        metadata=derived_from(*_CELL),
    )
    # Null in the snapshots of days before there was a reporting currency.
    reporting_unit = dy.String(nullable=True, description="The reporting currency (PPM_REPORTING_CURRENCY).")
    reporting_value = dy.Decimal(
        38,
        2,
        nullable=True,
        description="`value` in the reporting currency: budget at the budget rate, actuals at the average rate of "
        "their month, commitments at the closing rate; without what has no rate.",
        metadata=derived_from(*_CONVERTED),
    )
    constant_value = dy.Decimal(
        38, 2, nullable=True, description="The same amounts at the budget rate.", metadata=derived_from(*_CONVERTED)
    )
    fx_value = dy.Decimal(
        38,
        2,
        nullable=True,
        description="What exchange rates did: reporting less constant value.",
        metadata=derived_from(*_CONVERTED),
    )
    reporting_excluded_value = dy.Decimal(
        38,
        2,
        nullable=True,
        description="What of `value`, in `unit`, is left out of `reporting_value` for want of a rate.",
        metadata=derived_from(*_CONVERTED),
    )
    reporting_excluded_count = dy.Int64(
        nullable=True,
        description="Amounts so left out: a line's amount of the metric, a project's reserve.",
        metadata=derived_from(*_CONVERTED),
    )
    reporting_excluded_reasons = dy.String(
        nullable=True,
        description="Why, in this order, joined by `, `: unknown_currency, no_budget_rate, no_rate, too_large.",
        metadata=derived_from(*_CONVERTED),
    )
    stale_rate_count = dy.Int64(
        nullable=True,
        description="Amounts converted at a rate more than 7 days older than its day.",
        metadata=derived_from(*_CONVERTED),
    )
    as_of_date = _as_of()
    computed_at = dy.Datetime(time_zone="UTC", description="When the row was computed.", metadata=stamp())


class DataQualityIssues(Table):
    """One finding: a row that breaks a rule, with what to do about it."""

    info = _gold("data_quality_issues", owner="team:data-platform")

    issue_id = dy.String(primary_key=True, description="SHA-256 of rule, table, row, column and value.")
    rule = dy.String(description="The broken rule.")
    severity = dy.String(description="ERROR, WARN or INFO.")
    table_name = dy.String(description="The table concerned, `layer/table`.")
    row_id = dy.String(nullable=True, description="Key of the row: a page id, or a database name.")
    row_name = dy.String(nullable=True, description="The row's title, for people.")
    project_id = dy.String(nullable=True, description="Project the row belongs to, where it has one.")
    column_name = dy.String(nullable=True, description="The column concerned.")
    value = dy.String(nullable=True, description="The value as it stands, as text.")
    message = dy.String(description="What is wrong, in one sentence.")
    remedy = dy.String(description="What to do about it.")
    owner = dy.String(description="Who looks after the rule.")
    quarantined = dy.Bool(description="The rule is hard: the row is kept out of its silver table.")
    notion_url = dy.String(nullable=True, description="Link to the page in Notion.")
    as_of_date = _as_of()
    detected_at = dy.Datetime(time_zone="UTC", description="When the row was computed.", metadata=stamp())


class DataQualityMetrics(Table):
    """How one rule fared on one day."""

    info = _gold("data_quality_metrics", owner="team:data-platform")

    rule = dy.String(primary_key=True, description="The rule.")
    description = dy.String(description="What the rule asks.")
    severity = dy.String(description="ERROR, WARN or INFO.")
    table_name = dy.String(description="The table it looks at, `layer/table`.")
    owner = dy.String(description="Who looks after the rule.")
    rows_checked = dy.Int64(description="Rows the rule looked at.")
    rows_failing = dy.Int64(description="Rows that break it.")
    passed = dy.Bool(description="No row breaks it.")
    as_of_date = _as_of()
    computed_at = dy.Datetime(time_zone="UTC", description="When the row was computed.", metadata=stamp())


class ControlRoomStatus(Table):
    """How one scheduled job fared last, and when it runs next."""

    info = _gold(
        "control_room_status",
        owner="team:data-platform",
        departures="`last_run_status` is SUCCESS, FAILED, RUNNING or PENDING, as in the API contract.",
    )

    job_id = dy.String(primary_key=True, description="The job's name in Dagster.")
    job_name = dy.String(description="The job's name for people.")
    last_run_id = dy.String(nullable=True, description="Dagster's id of the last run.")
    last_run_status = dy.String(description="SUCCESS, FAILED, RUNNING, or PENDING where it never ran.")
    last_run_time = dy.Datetime(nullable=True, time_zone="UTC", description="When the last run started.")
    last_run_duration_seconds = dy.Int32(nullable=True, description="Whole seconds; null while it runs.")
    next_run_time = dy.Datetime(nullable=True, time_zone="UTC", description="When the schedule runs it next.")
    error_message = dy.String(nullable=True, description="First line of the error, where the last run failed.")
    as_of_date = _as_of()
    updated_at = dy.Datetime(time_zone="UTC", description="When the row was computed.", metadata=stamp())


GOLD_TABLES: tuple[type[Table], ...] = (PpmBudgetVsActual, DataQualityIssues, DataQualityMetrics, ControlRoomStatus)
