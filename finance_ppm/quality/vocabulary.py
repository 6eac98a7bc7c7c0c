"""The few words rules are written in: which rows, what is wrong with them, and how to say it.

Belongs here: what at least two rules need. Everything runs alike on Polars, DuckDB and Spark.
"""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from string import Formatter

import narwhals.stable.v2 as nw

from finance_ppm.quality.thresholds import THRESHOLDS
from finance_ppm.transforms.numeric import AMOUNT, Digits, product
from finance_ppm.transforms.portfolio import Frame, Portfolio
from finance_ppm.transforms.silver.cells import UNTITLED


def pages_of(portfolio: Portfolio, database: str) -> Frame:
    """The silver table of a database."""
    pages: Frame = getattr(portfolio, database)
    return pages


def live(rows: Frame) -> Frame:
    """Rows whose page is not archived: only they are judged."""
    return rows.filter(~nw.col("is_archived"))


def untitled(column: str) -> nw.Expr:
    """A title silver had to make up."""
    return nw.col(column) == UNTITLED


def missing(column: str) -> nw.Expr:
    """A text cell with nothing in it."""
    return nw.col(column).is_null() | (nw.col(column).str.strip_chars(" ") == "")


def unlisted(column: str, words: tuple[str, ...]) -> nw.Expr:
    """A cell that holds something, but none of ``words``."""
    return ~missing(column) & ~nw.col(column).is_in(words)


def text(column: str | nw.Expr) -> nw.Expr:
    """A cell as text: decimals plain, dates in ISO 8601; null stays null."""
    return (nw.col(column) if isinstance(column, str) else column).cast(nw.String)


def share(amount: nw.Expr, part: Decimal) -> nw.Expr:
    """A part of an amount, exact; ``part`` is below 10 and has at most four decimals."""
    return product(amount, nw.lit(part), left_digits=AMOUNT, right_digits=Digits(5, 4))


def more_than(part: nw.Expr, limit: Decimal, whole: nw.Expr) -> nw.Expr:
    """Whether ``part`` is more than the share ``limit`` of ``whole``, exact; both are counts."""
    numerator, denominator = limit.as_integer_ratio()
    return part * denominator > whole * numerator


def sentence(template: str) -> nw.Expr:
    """``"Actual Amount {actual_amount} exceeds {amount}."`` with the cells of each row; null reads ``nothing``."""
    pieces = []
    for literal, column, _, _ in Formatter().parse(template):
        pieces.append(nw.lit(literal))
        if column:
            pieces.append(text(column).fill_null("nothing"))
    return nw.concat_str(pieces)


def either(condition: nw.Expr, yes: str, no: str) -> nw.Expr:
    """One of two sentences, by row."""
    return nw.when(condition).then(sentence(yes)).otherwise(sentence(no))


def broken(rows: Frame, column: str | nw.Expr, message: str | nw.Expr, *, value: nw.Expr | None = None) -> Frame:
    """Mark ``rows`` as breaking a rule: which column, the value (its own unless given), and what is wrong with it."""
    return rows.with_columns(
        column_name=nw.lit(column) if isinstance(column, str) else column,
        value=text(column) if value is None else value,
        message=sentence(message) if isinstance(message, str) else message,
    )


def quoted(rows: Frame, rule: str | None = None) -> Frame:
    """One marked row for each issue that reading found in ``rows``; only those of ``rule``, where one is named."""
    issues = rows.filter(nw.col("issues").list.len() > 0).with_columns(issue=nw.col("issues")).explode("issue")
    issue = nw.col("issue").struct
    named = issues if rule is None else issues.filter(issue.field("rule") == rule)
    return broken(named, issue.field("column"), issue.field("message"), value=issue.field("value")).drop("issue")


def any_of(*marked: Frame) -> Frame:
    """The marked rows of several frames."""
    return nw.concat(list(marked), how="vertical")


def namesakes(rows: Frame) -> Frame:
    """Titled rows whose name another row bears as well, whatever the capitals, with the number of ``bearers``."""
    titled = rows.filter(~untitled("name"))
    folded = titled.with_columns(folded=nw.col("name").str.strip_chars(" ").str.to_lowercase())
    return folded.with_columns(bearers=nw.len().over("folded")).filter(nw.col("bearers") > 1)


def stale(portfolio: Portfolio, rows: Frame, message: str) -> Frame:
    """Rows that nobody edited for ``THRESHOLDS.stale_after_days``, in whole days before the as-of day."""
    limit = datetime.combine(portfolio.as_of - timedelta(days=THRESHOLDS.stale_after_days), time.min, UTC)
    forgotten = rows.filter(nw.col("last_modified") < nw.lit(limit))
    return broken(forgotten.with_columns(last_modified=nw.col("last_modified").dt.date()), "last_modified", message)


def not_found(portfolio: Portfolio, rows: Frame, column: str, database: str, *, reference: str | None = None) -> Frame:
    """Rows that name a page of ``database`` which its silver table does not hold, archived pages included.

    ``reference`` is the column with the page id, where it is not ``column`` itself.
    """
    reference = reference or column
    noun = database.removesuffix("s")
    known = pages_of(portfolio, database).select(nw.col(f"{noun}_id").alias(reference)).unique()
    refused = portfolio.quarantine.filter(nw.col("database_name") == database).select(
        nw.col("page_id").alias(reference), refused=nw.lit(True)
    )
    lost = rows.filter(~nw.col(reference).is_null()).join(known, on=reference, how="anti")
    return broken(
        lost.join(refused, on=reference, how="left"),
        column,
        either(
            nw.col("refused").fill_null(False),
            f"The {noun} {{{reference}}} is in quarantine.",
            f"The {noun} {{{reference}}} is not in the {noun}s database.",
        ),
        value=text(reference),
    )
