"""What a rule is, and how one is declared.

Belongs here: the vocabulary in which the modules of ``quality.rules`` are written down. Does not belong here:
any one rule, nor running them (``quality.evaluation``).
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum

import narwhals.stable.v2 as nw

from finance_ppm.contracts import Table, full_name
from finance_ppm.quality.thresholds import QUOTED
from finance_ppm.transforms.portfolio import Frame, Portfolio

Rows = Callable[[Portfolio], Frame]
"""Rows chosen from a portfolio."""


class Severity(StrEnum):
    """How bad a finding is."""

    ERROR = "ERROR"
    """Figures are wrong or cannot be computed."""
    WARN = "WARN"
    """Figures may be wrong."""
    INFO = "INFO"
    """Worth knowing."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One thing that should hold of every row of a table."""

    name: str
    table: type[Table]
    severity: Severity
    description: str
    """What the rule asks, in one sentence."""
    remedy: str
    """What to do about a row that breaks it, in one sentence."""
    owner: str
    failing: Rows
    """The rows that break it: the columns of ``FINDING``, all text, null where they say nothing but for ``row_id``."""
    checked: Rows
    """The rows it looks at."""
    hard: bool = False
    """Rows that break it are kept out of silver."""
    blocking: bool = False
    """What is downstream of the table waits until no row breaks it."""
    reads: tuple[type[Table], ...] = ()
    """The gold tables it compares: it can be asked only once these are made. Silver and bronze are always there."""
    made_from: tuple[type[Table], ...] = ()
    """What these are made from, where it compares them with that or with one another: it can be asked only where none
    of it is newer than they are (``asking``).
    """

    def reading(self, *tables: type[Table]) -> "Rule":
        """The same rule, which reads these gold tables."""
        return replace(self, reads=tables)


@dataclass(frozen=True)
class Identity:
    """How a finding names a row of a table: one text expression per column."""

    table_name: nw.Expr
    row_id: nw.Expr
    row_name: nw.Expr
    project_id: nw.Expr
    notion_url: nw.Expr


FINDING = ("table_name", "row_id", "row_name", "project_id", "column_name", "value", "message", "notion_url")
"""Columns of the rows that break a rule."""

NOTHING = nw.lit(None, dtype=nw.String)


def silver_table() -> nw.Expr:
    """The silver table of the database a row names, for tables that hold pages of several."""
    return nw.concat_str([nw.lit("silver/notion_"), nw.col("database_name")])


def page_identity(table: type[Table]) -> Identity:
    """How findings name the pages of a silver table."""
    columns = table.column_names()
    return Identity(
        table_name=nw.lit(full_name(table)),
        row_id=nw.col(table.primary_key()[0]),
        row_name=nw.col("title" if "title" in columns else "name"),
        project_id=nw.col("project_id") if "project_id" in columns else NOTHING,
        notion_url=nw.col("notion_url"),
    )


def plain_identity(table: type[Table], row_id: nw.Expr, row_name: nw.Expr) -> Identity:
    """How findings name rows that are no pages of Notion's."""
    return Identity(
        table_name=nw.lit(full_name(table)), row_id=row_id, row_name=row_name, project_id=NOTHING, notion_url=NOTHING
    )


@dataclass(frozen=True)
class Rulebook:
    """The rules of one table, in the order of their declaration::

    book = Rulebook(NotionProjects, identity=page_identity(NotionProjects), checked=...)

    @book.rule(Severity.ERROR, "A project names its currency.", remedy="Fill in Currency in Notion.")
    def project_currency_missing(portfolio: Portfolio) -> Frame:
        projects = live(portfolio.projects)
        return broken(projects.filter(missing("currency")), "currency", "The project names no currency.")
    """

    table: type[Table]
    identity: Identity
    checked: Rows
    rules: list[Rule] = field(default_factory=list)
    reads: tuple[type[Table], ...] = ()
    """The gold tables that its rules compare."""
    made_from: tuple[type[Table], ...] = ()
    """What these are made from, where they could differ for being of another moment."""

    def rule(
        self,
        severity: Severity,
        *,
        remedy: str,
        name: str | None = None,
        description: str | None = None,
        owner: str | None = None,
        checked: Rows | None = None,
        hard: bool = False,
        blocking: bool = False,
    ) -> Callable[[Rows], Rule]:
        """Declare the rule that the decorated function's rows break: rows marked by ``vocabulary.broken``.

        The function's name is the rule's, unless given; so is its docstring, in which ``{limit}`` quotes
        ``thresholds.THRESHOLDS.limit``.
        """

        def declare(breaking: Rows) -> Rule:
            written = " ".join((breaking.__doc__ or "").format_map(QUOTED).split())
            rule = Rule(
                name=name or breaking.__name__,
                table=self.table,
                severity=severity,
                description=description or written,
                remedy=remedy,
                owner=owner or self.table.info.owner,
                failing=lambda portfolio: self._identified(breaking(portfolio)),
                checked=checked or self.checked,
                hard=hard,
                blocking=blocking,
                reads=self.reads,
                made_from=self.made_from,
            )
            self.rules.append(rule)
            return rule

        return declare

    def _identified(self, rows: Frame) -> Frame:
        return rows.select(
            table_name=self.identity.table_name,
            row_id=self.identity.row_id,
            row_name=self.identity.row_name,
            project_id=self.identity.project_id,
            column_name=nw.col("column_name"),
            value=nw.col("value"),
            message=nw.col("message"),
            notion_url=self.identity.notion_url,
        )
