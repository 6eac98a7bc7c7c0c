"""Where in the lake a page leaves traces: its own rows, and the rows of others that quote it.

Belongs here: which rows those are, and what stands for the page's words in the rows that stay. Does not belong here:
the words themselves (``words``), nor erasing them (``erasure``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from finance_ppm.contracts import PAGE_TABLES, Table, history_of
from finance_ppm.contracts.accuracy import PpmForecastAccuracy, PpmForecastIntervals
from finance_ppm.contracts.alerts import ALERT_TABLES
from finance_ppm.contracts.azure import (
    AZURE_BRONZE_TABLES,
    AZURE_SILVER_TABLES,
    AdvisorSummary,
    AzureAdvisorAllocations,
    AzureAdvisorRecs,
)
from finance_ppm.contracts.bronze import Erasures, NotionRawPages, NotionSyncWatermarks
from finance_ppm.contracts.closes import PpmMonthCloseLines, PpmMonthCloses, PpmRestatements
from finance_ppm.contracts.finance import PpmForecast, PpmForecastMonthly, PpmProjectHealth
from finance_ppm.contracts.fx import FxRates
from finance_ppm.contracts.gold import ControlRoomStatus, DataQualityIssues, DataQualityMetrics, PpmBudgetVsActual
from finance_ppm.contracts.silver import Quarantine
from finance_ppm.pipeline.silver import page_key
from finance_ppm.pipeline.words import Words
from finance_ppm.transforms.budget_vs_actual.facts import RESERVE
from finance_ppm.transforms.budget_vs_actual.reporting import REASONS
from finance_ppm.transforms.shares import NONE

FORGOTTEN = "(forgotten)"
"""What stands in gold for a name that only the forgotten page told."""

WITHHELD = "It quoted a page that was forgotten."
"""What stands for the message of another page's finding that quoted the forgotten page's title."""

_NO_NAMES = (NONE, RESERVE, FORGOTTEN)
"""Members of cells that nobody named."""

_MEASURES = (
    *("value", "line_count", "excluded_value", "excluded_count"),
    *("reporting_value", "constant_value", "fx_value"),
    *("reporting_excluded_value", "reporting_excluded_count", "stale_rate_count"),
)
_REASONS = "reporting_excluded_reasons"

WITHOUT_TRACES: tuple[type[Table], ...] = (
    NotionSyncWatermarks,
    Erasures,
    DataQualityMetrics,
    ControlRoomStatus,
    FxRates,
    PpmForecastMonthly,
    PpmForecastIntervals,
    PpmMonthCloses,
    *ALERT_TABLES,
    *AZURE_BRONZE_TABLES,
    *AZURE_SILVER_TABLES,
)
"""Tables that hold nothing a page says: databases and their schemas, ids, counts, amounts of projects, rates, jobs,
what somebody was told of them, and what Azure says. A tag that names a project is Azure's, and is changed there."""


NOTHING = pl.lit(value=False)


@dataclass(frozen=True)
class Trace:
    """What a page leaves in one table."""

    table: type[Table]
    column: str | None = None
    """The column that holds the page's id in the page's own rows. These go."""
    own: pl.Expr = NOTHING
    """The page's own rows."""
    quoting: pl.Expr = NOTHING
    """Rows of others that quote it. These stay, without its words."""
    apart: pl.Expr = NOTHING
    """Rows that ``quoting`` is true of, those they become, and those they are added to."""
    rewrite: Callable[[pl.DataFrame], pl.DataFrame] | None = None
    """What becomes of the rows that are ``apart``."""
    in_log: pl.Expr | None = None
    """Rows whose words are among the statistics in the table's log."""

    @property
    def holds(self) -> pl.Expr:
        """The rows that no version of the table may hold."""
        return self.own | self.quoting


def traces(page_id: str, words: Words) -> list[Trace]:
    """Every place in the lake where a page leaves a trace: gold first, bronze last."""
    gold = [
        _of_cells(page_id, words),
        _of_findings(page_id, words),
        _of_member(AzureAdvisorRecs, "project_name", pl.col("project_id") == page_id),
        _of_member(AzureAdvisorAllocations, "project_name", pl.col("project_id") == page_id),
        _of_member(
            AdvisorSummary,
            "dimension_value",
            (pl.col("dimension") == "project") & (pl.col("dimension_id") == page_id),
        ),
        *(
            _of_member(table, "project_name", pl.col("project_id") == page_id)
            for table in (PpmForecast, PpmForecastAccuracy, PpmProjectHealth)
        ),
        _of_figures(PpmRestatements, page_id),
    ]
    return [
        *gold,
        _of_figures(PpmMonthCloseLines, page_id),
        *(replace(trace, table=history_of(trace.table)) for trace in gold),
        *(_of_page(table, page_key(table), page_id) for table in PAGE_TABLES.values()),
        _of_page(Quarantine, "page_id", page_id),
        _of_page(NotionRawPages, "page_id", page_id),
    ]


def _of_page(table: type[Table], column: str, page_id: str) -> Trace:
    return Trace(table, column, own=pl.col(column) == page_id)


def _of_member(table: type[Table], name: str, member: pl.Expr) -> Trace:
    """Figures keep their project's id; its name, in the column ``name``, is the page's, and goes."""
    return Trace(
        table,
        quoting=member & (pl.col(name) != FORGOTTEN),
        apart=member,
        rewrite=lambda rows: rows.with_columns(pl.lit(FORGOTTEN).alias(name)),
    )


def _of_figures(table: type[Table], page_id: str) -> Trace:
    """Figures of closed months keep their ids and amounts; what the line and its project say in words goes."""
    of_line, of_project = pl.col("budget_line_id") == page_id, pl.col("project_id") == page_id
    words = {"line_name": of_line, "vendor": of_line, "project_name": of_project}
    return Trace(
        table,
        quoting=pl.any_horizontal(*(of & (pl.col(name) != FORGOTTEN) for name, of in words.items())),
        apart=of_line | of_project,
        rewrite=lambda rows: rows.with_columns(
            pl.when(of).then(pl.lit(FORGOTTEN)).otherwise(name).alias(name) for name, of in words.items()
        ),
    )


def _of_findings(page_id: str, words: Words) -> Trace:
    """Findings about the page go. Those of other pages that name it as a neighbour keep all but their message."""
    message = pl.col("message")
    neighbour = pl.col("row_id").ne_missing(page_id) & pl.col("value").str.contains(page_id, literal=True)
    titled = [message.str.contains(title, literal=True) for title in sorted(words.titles)]
    tells = pl.any_horizontal(NOTHING, *titled) & (message != WITHHELD)
    return replace(
        _of_page(DataQualityIssues, "row_id", page_id),
        quoting=neighbour & tells,
        apart=neighbour,
        rewrite=lambda rows: rows.with_columns(message=pl.when(tells).then(pl.lit(WITHHELD)).otherwise(message)),
    )


def _of_cells(page_id: str, words: Words) -> Trace:
    """Cells keep their amounts, which are the books'. The name of the member they are of is the page's, and goes."""
    by_page = pl.col("dimension").is_in(["program", "project"]) & (pl.col("dimension_id") == page_id)
    by_name = pl.col("dimension").is_in(["category", "vendor"])
    told = by_name & _told_by_it_alone(words.names)
    return Trace(
        PpmBudgetVsActual,
        quoting=(by_page & (pl.col("dimension_value") != FORGOTTEN)) | told,
        apart=by_page | told | (by_name & (pl.col("dimension_id") == FORGOTTEN)),
        rewrite=lambda cells: _blanked(cells, by_name),
        in_log=told,  # as part of the key, whose least and greatest the log keeps of every file
    )


def _told_by_it_alone(names: Mapping[str, date | None]) -> pl.Expr:
    """Cells of a day by which no other line had told their member's name."""
    member, day = pl.col("dimension_id"), pl.col("as_of_date")
    named = {name: first for name, first in names.items() if name not in _NO_NAMES}
    alone = member.is_in(sorted(name for name, first in named.items() if first is None))
    before = [(member == name) & (day < first) for name, first in sorted(named.items()) if first]
    return pl.any_horizontal(alone, *before)


def _blanked(cells: pl.DataFrame, by_name: pl.Expr) -> pl.DataFrame:
    """Cells of a member that has no name any more; where several of one month have none, they become one."""
    forgotten = pl.lit(FORGOTTEN)
    metric, dimension, _, month, unit = (pl.col("metric_id").str.split("|").list.get(part) for part in range(5))
    anonymous = pl.concat_str(metric, dimension, forgotten, month, unit, separator="|")
    nameless = cells.with_columns(
        metric_id=pl.when(by_name).then(anonymous).otherwise("metric_id"),
        dimension_id=pl.when(by_name).then(forgotten).otherwise("dimension_id"),
        dimension_value=forgotten,
    )
    key = [name for name in cells.columns if name not in (*_MEASURES, _REASONS, "computed_at")]
    of_any = [
        pl.when(pl.col(_REASONS).str.contains(reason, literal=True).any()).then(pl.lit(reason))
        for reason in REASONS.values()
    ]
    told = pl.concat_str(of_any, separator=", ", ignore_nulls=True)
    added = nameless.group_by(key).agg(
        *(pl.when(pl.col(name).is_not_null().any()).then(pl.col(name).sum()).alias(name) for name in _MEASURES),
        pl.when(told != "").then(told).alias(_REASONS),
        pl.col("computed_at").max(),
    )
    return added.select(cells.columns).cast({name: cells.schema[name] for name in _MEASURES})
