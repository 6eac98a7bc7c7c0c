"""Rows of the forecast as a test writes them: only what it speaks of."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl

from finance_ppm.contracts import Table, content_columns
from finance_ppm.contracts.finance import PpmForecast, PpmForecastMonthly
from finance_ppm.transforms.forecast.gold import INTERVAL

T = date(2026, 6, 15)
"""When the tests take place."""


def told(project: str, day: date, *, eac: str = "0", ac: str = "0", bac: str | None = "1000", **others: Any) -> Any:
    """A project as the forecast of a day has it."""
    spans = {"start_date": date(2026, 1, 1), "end_date": date(2026, 12, 31), "status": "In Progress", "elapsed": 0.5}
    row: dict[str, Any] = {
        "project_id": project,
        "unit": "USD",
        "project_name": project.title(),
        "as_of_date": day,
        "eac": Decimal(eac),
        "ac": Decimal(ac),
        "bac": None if bac is None else Decimal(bac),
        "eac_low_80": None,
        "eac_high_80": None,
        "eac_low_90": None,
        "eac_high_90": None,
        "interval_reason": None,
    }
    return row | spans | others


def month(project: str, day: date, period: date, *, etc: str = "0", ac: str = "0", unit: str = "USD") -> dict[str, Any]:
    """A month of a project as the forecast of ``day`` has it."""
    return {
        "project_id": project,
        "unit": unit,
        "period": period,
        "as_of_date": day,
        "is_closed": (period.year, period.month) < (day.year, day.month),
        "etc": Decimal(etc),
        "ac": Decimal(ac),
    }


def forecasts(*rows: dict[str, Any], without_intervals: bool = False) -> pl.DataFrame:
    """Content columns of ``PpmForecast``, or what ``forecast()`` gives of them."""
    left_out = INTERVAL if without_intervals else ()
    return _frame(PpmForecast, rows, [name for name in content_columns(PpmForecast) if name not in left_out])


def monthly(*rows: dict[str, Any]) -> pl.DataFrame:
    """Content columns of ``PpmForecastMonthly``."""
    return _frame(PpmForecastMonthly, rows, content_columns(PpmForecastMonthly))


def _frame(table: type[Table], rows: Sequence[dict[str, Any]], names: list[str]) -> pl.DataFrame:
    columns = table.columns()
    return pl.DataFrame(
        {
            name: pl.Series([row.get(name, _anything(columns[name])) for row in rows], dtype=columns[name].dtype)
            for name in names
        }
    )


def _anything(column: Any) -> Any:
    if column.nullable:
        return None
    if column.dtype == pl.String:
        return ""
    return False if column.dtype == pl.Boolean else Decimal(0) if column.dtype.is_decimal() else 0
