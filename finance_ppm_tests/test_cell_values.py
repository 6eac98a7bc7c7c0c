"""Words that columns hold: what is there can be asked for, and each of the words may be there."""

import re

import polars as pl

from finance_ppm.cell_values import WORDS
from finance_ppm.contracts import Table
from finance_ppm.contracts.azure import AzureAdvisorRecommendations
from finance_ppm_tests.engines import PolarsEngine
from finance_ppm_tests.quality.marts import GOLD, marts_of
from finance_ppm_tests.quality.portfolios import BASE, Rows

OTHERS: Rows = {
    "projects": [{"project_id": "U", "name": "Unknown", "currency": None, "budget_total": None}],
    "budget_lines": [{"budget_line_id": "L4", "project_ids": ["U"]}],
}


def test_the_words_that_a_column_holds_are_known() -> None:
    """Else what is there could not be asked for."""
    silver, marts = marts_of(PolarsEngine(), BASE, OTHERS)
    tables: dict[type[Table], pl.DataFrame] = {table: marts[name] for name, table in GOLD.items()}
    tables[AzureAdvisorRecommendations] = silver.azure_recommendations.collect(backend="polars").to_native()
    for (table, column), words in WORDS.items():
        if table in tables:
            held = set(tables[table][column].drop_nulls())
            assert held <= {str(word) for word in words}, (table, column)
            assert held or column == "trend", (table, column)


def test_contracts_tell_the_words() -> None:
    for (table, column), words in WORDS.items():
        told = table.columns()[column].description or ""
        if not column.endswith("_rag"):
            assert {str(word) for word in words} <= set(re.findall(r"\w+", told)), (table, column, told)
