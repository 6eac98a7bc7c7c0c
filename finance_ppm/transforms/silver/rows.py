"""Rows into tables: accepted pages into silver, refused ones into quarantine; together they are all pages.

Belongs here: the two complements over one decode, and decoding in batches so that memory stays flat. Does not
belong here: which pages are asked for, or writing them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl
import pyarrow as pa

from finance_ppm.contracts.silver import Page, Quarantine
from finance_ppm.transforms.silver.cell_rules import CELL_RULES
from finance_ppm.transforms.silver.pages import BRONZE_COLUMNS, REFUSED, decode_pages

BATCH_ROWS = 20_000
"""Pages decoded at a time: about 50 MB of payload."""

_HARD = [rule.name for rule in CELL_RULES if rule.hard]


@dataclass(frozen=True)
class Silver:
    """What becomes of pages: ``rows`` of their silver table, and ``refused`` rows of quarantine."""

    rows: pl.DataFrame
    refused: pl.DataFrame


def type_pages(
    database_name: str, table: type[Page], newest: pl.DataFrame | pa.Table, property_ids: Mapping[str, str]
) -> Silver:
    """Silver and quarantine of the newest page versions of one database, from one decode.

    ``newest`` has the columns of ``bronze/notion_raw_pages``, one row for each page; ``property_ids`` gives silver
    column to Notion property id.
    """
    typed = _typed(table, newest, property_ids)
    return Silver(_accepted(table, typed), _refused(database_name, table, typed))


def silver_rows(table: type[Page], newest: pl.DataFrame | pa.Table, property_ids: Mapping[str, str]) -> pl.DataFrame:
    """The pages that break no hard rule, with the columns of ``table``; see :func:`type_pages`."""
    return _accepted(table, _typed(table, newest, property_ids))


def quarantine_rows(
    database_name: str, table: type[Page], newest: pl.DataFrame | pa.Table, property_ids: Mapping[str, str]
) -> pl.DataFrame:
    """The pages that break a hard rule, with the columns of quarantine; see :func:`type_pages`."""
    return _refused(database_name, table, _typed(table, newest, property_ids))


def _typed(table: type[Page], newest: pl.DataFrame | pa.Table, property_ids: Mapping[str, str]) -> pl.DataFrame:
    empty = table.create_empty().with_columns(pl.lit(False).alias(REFUSED))
    decoded = [pl.DataFrame(decode_pages(table, batch, property_ids)) for batch in _batches(newest)]
    return pl.concat([empty, *decoded])


def _batches(newest: pl.DataFrame | pa.Table) -> Iterator[pa.RecordBatch]:
    wanted = newest.select(BRONZE_COLUMNS)
    if isinstance(wanted, pa.Table):
        yield from wanted.to_batches(BATCH_ROWS)
    else:
        for rows in wanted.iter_slices(BATCH_ROWS):
            yield from rows.to_arrow().to_batches()


def _accepted(table: type[Page], typed: pl.DataFrame) -> pl.DataFrame:
    return typed.filter(~pl.col(REFUSED)).select(table.column_names())


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
