"""Rows into tables: accepted pages into silver, refused ones into quarantine; together they are all pages.

Belongs here: the two complements over one decode, and decoding in batches so that memory stays flat. Does not
belong here: which pages are asked for, or writing them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import polars as pl
import pyarrow as pa

from finance_ppm.contracts.silver import Page, Quarantine
from finance_ppm.transforms.silver.cell_rules import CELL_RULES
from finance_ppm.transforms.silver.earlier import EARLIER
from finance_ppm.transforms.silver.pages import BRONZE_COLUMNS, DRIFTED, REFUSED, decode_pages
from finance_ppm.transforms.silver.property_map import PropertyMap

BATCH_ROWS = 20_000
"""Pages decoded at a time: about 50 MB of payload."""

_HARD = [rule.name for rule in CELL_RULES if rule.hard]


@dataclass(frozen=True)
class Silver:
    """What becomes of pages of one database: ``rows`` of their silver table, and ``refused`` rows of quarantine."""

    database_name: str
    table: type[Page]
    typed: pl.DataFrame
    """One row for each page: the table's columns, whether it is refused, and whether a property of it has drifted."""

    @property
    def rows(self) -> pl.DataFrame:
        """The pages that break no hard rule, with the columns of ``table``."""
        return self.typed.filter(~pl.col(REFUSED)).select(self.table.column_names())

    @property
    def refused(self) -> pl.DataFrame:
        """The pages that break a hard rule, with the columns of quarantine."""
        return _refused(self.database_name, self.table, self.typed)

    @property
    def drifted(self) -> pl.Series:
        """Ids of the pages with a property that is gone or retyped: their earlier versions may hold a good value."""
        (key,) = self.table.primary_key()
        return self.typed.filter(DRIFTED)[key].rename("page_id")

    def updated(self, anew: Iterable["Silver"]) -> "Silver":
        """The same, but for the pages that were typed anew."""
        (key,) = self.table.primary_key()
        others = [silver.typed for silver in anew]
        if not others:
            return self
        typed = pl.concat(others)
        return replace(self, typed=pl.concat([self.typed.join(typed, on=key, how="anti"), typed]))


def type_pages(
    database_name: str, table: type[Page], newest: pl.DataFrame | pa.Table, properties: PropertyMap
) -> Silver:
    """Silver and quarantine of the newest page versions of one database, from one decode.

    ``newest`` has the columns of ``bronze/notion_raw_pages``, one row for each page. Cells whose property has drifted
    are empty, unless the page's earlier versions are there as well
    (:func:`~finance_ppm.transforms.silver.earlier.with_earlier`).
    """
    empty = table.create_empty().with_columns(pl.lit(False).alias(REFUSED), pl.lit(False).alias(DRIFTED))
    decoded = [pl.DataFrame(decode_pages(table, batch, properties)) for batch in _batches(newest)]
    return Silver(database_name, table, pl.concat([empty, *decoded]))


def _batches(newest: pl.DataFrame | pa.Table) -> Iterator[pa.RecordBatch]:
    names = newest.column_names if isinstance(newest, pa.Table) else newest.columns
    wanted = newest.select([*BRONZE_COLUMNS, *{EARLIER}.intersection(names)])
    if isinstance(wanted, pa.Table):
        yield from wanted.to_batches(BATCH_ROWS)
    else:
        for rows in wanted.iter_slices(BATCH_ROWS):
            yield from rows.to_arrow().to_batches()


def _refused(database_name: str, table: type[Page], typed: pl.DataFrame) -> pl.DataFrame:
    (key,) = table.primary_key()
    is_hard = pl.element().struct.field("rule").is_in(_HARD)
    reason = pl.col("issues").list.eval(pl.element().filter(is_hard)).list.first()
    titles = [name for name in ("name", "title") if name in typed.columns]
    amounts = [name for name in ("amount", "budget_total") if name in typed.columns]
    actuals = [name for name in ("actual_amount",) if name in typed.columns]
    money = pl.lit(None, pl.Decimal(18, 2))
    return (
        typed.filter(pl.col(REFUSED))
        .with_columns(
            database_name=pl.lit(database_name),
            page_id=pl.col(key),
            rule=reason.struct.field("rule"),
            column=reason.struct.field("column"),
            value=reason.struct.field("value"),
            reason=reason.struct.field("message"),
            name=pl.coalesce(titles),
            amount=pl.coalesce([*amounts, money]),
            actual_amount=pl.coalesce([*actuals, money]),
        )
        .select(Quarantine.column_names())
    )
