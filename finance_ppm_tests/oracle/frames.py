"""Books as the frames that the real tables are computed from."""

from datetime import UTC, datetime
from typing import Any

import polars as pl

from finance_ppm.contracts.base import Table
from finance_ppm.contracts.fx import FxRates
from finance_ppm.contracts.silver import NotionBudgetLines, NotionPrograms, NotionProjects
from finance_ppm_tests.oracle.books import Books

_READ_ON = datetime(2026, 1, 1, tzinfo=UTC)
_OF_EVERY_PAGE = {"is_archived": False, "created_quarter": "2026-Q1", "synced_at": _READ_ON, "issues": []}


def programs(books: Books) -> pl.DataFrame:
    """``silver/notion_programs``."""
    rows = [
        {"program_id": page.program_id, "name": page.name, "is_archived": page.is_archived} for page in books.programs
    ]
    return _frame(NotionPrograms, [{**_OF_EVERY_PAGE, **row} for row in rows])


def projects(books: Books) -> pl.DataFrame:
    """``silver/notion_projects``."""
    return _frame(
        NotionProjects,
        [
            {
                **_OF_EVERY_PAGE,
                "project_id": page.project_id,
                "program_id": page.program_id,
                "name": page.name,
                "budget_total": page.budget_total,
                "currency": page.currency,
                "start_date": page.start,
                "end_date": page.end,
                "status": page.status,
                "is_archived": page.is_archived,
            }
            for page in books.projects
        ],
    )


def budget_lines(books: Books) -> pl.DataFrame:
    """``silver/notion_budget_lines``."""
    return _frame(
        NotionBudgetLines,
        [
            {
                **_OF_EVERY_PAGE,
                "budget_line_id": page.line_id,
                "name": "A line",
                "project_id": page.project_ids[0] if page.project_ids else None,
                "project_ids": list(page.project_ids),
                "category": page.category,
                "vendor": page.vendor,
                "amount": page.amount,
                "committed_date": page.committed,
                "invoice_date": page.invoiced,
                "paid_date": page.paid,
                "actual_amount": page.actual,
                "is_archived": page.is_archived,
            }
            for page in books.lines
        ],
    )


def rates(books: Books) -> pl.DataFrame:
    """``bronze/fx_rates``, as it was known on the as-of day."""
    return _frame(
        FxRates,
        [
            {
                "currency": quote.currency,
                "rate_date": quote.day,
                "captured_at": _READ_ON,
                "rate": quote.rate,
                "source": "the oracle",
                "_ingestion_timestamp": _READ_ON,
            }
            for quote in books.quotes
        ],
    )


def _frame(table: type[Table], told: list[dict[str, Any]]) -> pl.DataFrame:
    schema = {name: column.dtype for name, column in table.columns().items()}
    return pl.DataFrame([{**dict.fromkeys(schema), **row} for row in told], schema=schema, orient="row")
