"""One input column altered, and which output columns that changed: how declared lineage is tried."""

from collections.abc import Callable

import dataframely as dy
import polars as pl

from finance_ppm.contracts import Table

Change = Callable[[pl.Series], pl.Series]


def rotated(values: pl.Series) -> pl.Series:
    """Each value in the next row."""
    return pl.concat([values.tail(1), values.head(-1)])


def thinned(values: pl.Series) -> pl.Series:
    """Every third value absent, or the opposite where it is a yes or no."""
    return pl.Series(
        values.name,
        [value if i % 3 else not value if isinstance(value, bool) else None for i, value in enumerate(values)],
        dtype=values.dtype,
    )


def changes_of(column: dy.Column) -> tuple[Change, ...]:
    """How the values of a column can be altered and still be its contract's."""
    return (rotated, thinned) if column.nullable or isinstance(column, dy.Bool) else (rotated,)


def changed_columns(table: type[Table], earlier: pl.DataFrame, later: pl.DataFrame) -> set[str]:
    """Columns that hold other values in rows that both have; and those of the key, where others came or went."""
    key = table.primary_key()
    both = earlier.join(later, on=key, how="inner", suffix="_later")
    told = [name for name in earlier.columns if name not in key]
    changed = {name for name in told if not both[name].equals(both[f"{name}_later"])}
    return changed | {name for name in key if set(earlier[name]) != set(later[name])}
