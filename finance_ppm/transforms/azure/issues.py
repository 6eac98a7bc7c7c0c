"""Issues as a column: what silver's rows of Azure tell of the values that could not be read."""

from collections.abc import Iterable, Sequence

import polars as pl
import pyarrow as pa

from finance_ppm.contracts.azure import AzureResources
from finance_ppm.transforms.silver.cells import Issue

ISSUES = AzureResources.columns()["issues"].dtype
"""The type of every ``issues`` column of Azure's."""

_ARROW = pa.large_list(pa.struct([pa.field(name, pa.large_string()) for name in Issue._fields]))


def issues_series(rows: Iterable[Sequence[Issue]]) -> pl.Series:
    """One list for each row. Through Arrow: Polars would make a frame of every list."""
    lists = pa.array([[issue._asdict() for issue in issues] for issues in rows], _ARROW)
    return pl.Series("issues", pl.from_arrow(lists)).cast(ISSUES)
