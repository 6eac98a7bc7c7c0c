"""Rules that the pages of every database share: keys, text, and cells that could not be read as they stand.

Reading the cells is the decoder's business (``transforms.silver``); here its words are quoted: what it could
mend on the row's own table, what it had to refuse on the quarantine.
"""

import dataframely as dy
import narwhals.stable.v2 as nw

from finance_ppm.contracts import PAGE_TABLES, Table, full_name, notion_properties
from finance_ppm.contracts.silver import Page, Quarantine
from finance_ppm.quality.rule import NOTHING, Identity, Rows, Rule, Rulebook, Severity, page_identity, silver_table
from finance_ppm.quality.vocabulary import any_of, broken, live, pages_of, quoted
from finance_ppm.transforms.portfolio import Frame, Portfolio
from finance_ppm.transforms.silver.cell_rules import AMOUNT_ROUNDED, CELL_RULES, DATE_INVALID, CellRule

NOUNS = {"programs": "program", "projects": "project", "budget_lines": "line", "risks": "risk", "actions": "action"}
"""What a page of each database is called in the names of its rules."""

FREE_TEXT = ("name", "title", "vendor")
"""Columns people type into and figures are grouped by."""

UNUSUAL = (
    r"[\x00-\x1F\x7F-\x9F\x{200B}\x{2028}-\x{202E}\x{2060}-\x{2069}\x{FEFF}\x{FFFD}"  # control, invisible, replaced
    r"\x{2600}-\x{27BF}\x{2B00}-\x{2BFF}\x{FE0F}\x{1F000}-\x{1FAFF}]"  # symbols and emoji
    r"|^[ \x{A0}]|[ \x{A0}]$"  # leading and trailing blanks
)
"""Means the same to RE2 (DuckDB), Java (Spark) and Rust (Polars): plain ranges, no class that grows with Unicode."""


def _page_rules(database: str, table: type[Page]) -> list[Rule]:
    """The shared rules of one database, in its own rulebook."""

    def every(portfolio: Portfolio) -> Frame:
        return pages_of(portfolio, database)

    noun = NOUNS[database]
    book = Rulebook(table, page_identity(table), checked=lambda portfolio: live(every(portfolio)))
    _key_rule(book, table.primary_key(), every)

    texts = [column for column in FREE_TEXT if column in table.column_names()]

    @book.rule(
        Severity.INFO,
        description=f"There is no emoji, control character, or blank at either end in {' or '.join(texts)}.",
        remedy="Type the text anew in Notion, without symbols, line breaks or blanks around it.",
        name=f"{noun}_text_unusual_characters",
    )
    def _(portfolio: Portfolio) -> Frame:
        pages = live(every(portfolio))
        return any_of(
            *(
                broken(
                    pages.filter(nw.col(column).str.contains(UNUSUAL)),
                    column,
                    f"The {column} holds an emoji, a control character, or a blank at one end.",
                )
                for column in texts
            )
        )

    for cell_rule in CELL_RULES:
        if not cell_rule.hard and _concerns(cell_rule, table):
            _cell_rule(book, f"{noun}_{cell_rule.name}", cell_rule, every)
    return book.rules


def _quarantine_rules() -> list[Rule]:
    """The hard rules, judged on the pages they keep out of silver."""
    is_project = nw.col("database_name") == "projects"
    book = Rulebook(
        Quarantine,
        Identity(
            table_name=silver_table(),
            row_id=nw.col("page_id"),
            row_name=nw.col("name"),
            project_id=nw.when(is_project).then(nw.col("page_id")).otherwise(NOTHING),
            notion_url=nw.col("notion_url"),
        ),
        checked=lambda portfolio: live(portfolio.quarantine),
    )
    _key_rule(book, Quarantine.primary_key(), lambda portfolio: portfolio.quarantine)
    for cell_rule in CELL_RULES:
        if cell_rule.hard:
            _refusal_rule(book, cell_rule)
    return book.rules


def _key_rule(book: Rulebook, key: list[str], every: Rows) -> None:
    """No key occurs twice; archived rows count as well."""

    @book.rule(
        Severity.ERROR,
        description=f"Every row of {full_name(book.table)} has a key of its own ({', '.join(key)}).",
        remedy="Rebuild the table from bronze; if the key still repeats, report the page.",
        name=f"{book.table.info.name}_key_unique",
        checked=every,
        blocking=True,
    )
    def _(portfolio: Portfolio) -> Frame:
        counted = every(portfolio).with_columns(copies=nw.len().over(*key))
        message = f"{{copies}} rows have the key {{{key[-1]}}}."
        return broken(counted.filter(nw.col("copies") > 1), key[-1], message)


def _cell_rule(book: Rulebook, name: str, cell_rule: CellRule, every: Rows) -> None:
    """Cells that were mended or left empty: the page is in silver."""

    @book.rule(Severity(cell_rule.severity), description=cell_rule.description, remedy=cell_rule.remedy, name=name)
    def _(portfolio: Portfolio) -> Frame:
        return quoted(live(every(portfolio)), cell_rule.name)


def _refusal_rule(book: Rulebook, cell_rule: CellRule) -> None:
    """Cells that keep their page out of silver: the first is the row's reason, further ones are among its issues."""

    @book.rule(
        Severity(cell_rule.severity),
        description=cell_rule.description,
        remedy=cell_rule.remedy,
        name=cell_rule.name,
        hard=True,
    )
    def _(portfolio: Portfolio) -> Frame:
        refused = live(portfolio.quarantine)
        first = refused.filter(nw.col("rule") == cell_rule.name)
        return any_of(
            broken(first, nw.col("column"), nw.col("reason"), value=nw.col("value")),
            quoted(refused, cell_rule.name),
        )


def _concerns(cell_rule: CellRule, table: type[Table]) -> bool:
    """Whether any column of the table can break the rule."""
    kinds = {type(table.columns()[column]) for column in notion_properties(table)}
    match cell_rule.name:
        case DATE_INVALID.name:
            return dy.Date in kinds
        case AMOUNT_ROUNDED.name:
            return dy.Decimal in kinds
        case _:
            return True


RULES: tuple[Rule, ...] = (
    *(rule for database, table in PAGE_TABLES.items() for rule in _page_rules(database, table)),
    *_quarantine_rules(),
)
