"""A contract changes while its table is full."""

from decimal import Decimal

import dataframely as dy
import polars as pl
import pytest
from deltalake import DeltaTable

from finance_ppm.contracts import Layer, Table, Write
from finance_ppm.lakehouse import Lake, TableMismatchError
from finance_ppm_tests.lakehouse.tables import info

INFO = info("changing", Write.KEYED, by=("part",))


class Before(Table):
    info = INFO
    row_id = dy.String(primary_key=True)
    part = dy.String()
    value = dy.Decimal(18, 2)


class Wider(Before):
    info = INFO
    note = dy.String(nullable=True, description="A later thought.")
    tags = dy.List(dy.Struct({"tag": dy.String()}), nullable=True)


class Narrower(Table):
    info = INFO
    row_id = dy.String(primary_key=True)
    part = dy.String()


class Retyped(Table):
    info = INFO
    row_id = dy.String(primary_key=True)
    part = dy.String()
    value = dy.Decimal(38, 2)


class Rekeyed(Table):
    info = INFO
    row_id = dy.String(primary_key=True)
    part = dy.String(primary_key=True)
    value = dy.Decimal(18, 2)


class Repartitioned(Before):
    info = info("changing", Write.KEYED)


def rows(*ids: str, **more: pl.Expr) -> pl.DataFrame:
    frame = pl.DataFrame({"row_id": ids, "part": [row_id[0] for row_id in ids]})
    return frame.with_columns(value=pl.lit(Decimal("1.00"), pl.Decimal(18, 2)), **more)


TAGS = pl.lit([{"tag": "t"}], pl.List(pl.Struct({"tag": pl.String})))
ADDED = {"note": pl.lit("n"), "tags": TAGS}


@pytest.fixture
def filled(lake: Lake) -> Lake:
    lake.merge(Before, rows("a1", "a2", "b1"))
    return lake


def notes(lake: Lake) -> dict[str, str | None]:
    return dict(lake.scan(Wider).select("row_id", "note").collect().iter_rows())


def test_an_added_column_is_null_in_rows_written_before(filled: Lake) -> None:
    assert filled.scan(Wider).collect_schema().names() == ["row_id", "note", "tags", "part", "value"]
    assert notes(filled) == dict.fromkeys(["a1", "a2", "b1"])


def test_an_added_column_enters_the_table_with_the_next_change(filled: Lake) -> None:
    unchanged = filled.merge(Wider, rows("a1", note=pl.lit(None), tags=pl.lit(None)))
    assert not unchanged.changed
    filled.merge(Wider, rows("a1", **ADDED))
    assert notes(filled) == {"a1": "n", "a2": None, "b1": None}
    fields = {field.name: field.metadata for field in DeltaTable(filled.path(Wider)).schema().fields}
    assert fields["note"] == {"comment": "A later thought."}
    filled.append(Wider, rows("c1", **ADDED))
    filled.replace_partition(Wider, rows("b2", **ADDED), {"part": "b"})
    assert notes(filled) == {"a1": "n", "a2": None, "b2": "n", "c1": "n"}
    filled.replace(Wider, rows("z1", **ADDED))
    assert notes(filled) == {"z1": "n"}


@pytest.mark.parametrize(
    ("contract", "change"),
    [
        (Narrower, "column value is not in the contract"),
        (Retyped, r"column value is Decimal\(precision=18, scale=2\), not Decimal\(precision=38, scale=2\)"),
        (Rekeyed, "its key is row_id, not row_id,part"),
        (Repartitioned, r"it is partitioned by \('part',\), not by \(\)"),
    ],
)
def test_any_other_change_asks_for_the_table_to_be_rebuilt(filled: Lake, contract: type[Table], change: str) -> None:
    row = rows("a9").select(pl.col(name).cast(column.dtype) for name, column in contract.columns().items())
    message = rf"silver/changing at .*another contract \({change}\): rebuild the table"
    with pytest.raises(TableMismatchError, match=message):
        filled.merge(contract, row)
    with pytest.raises(TableMismatchError, match=message):
        filled.append(contract, row)
    with pytest.raises(TableMismatchError, match=message):
        filled.replace(contract, row)
    with pytest.raises(TableMismatchError, match=message):
        filled.scan(contract)
    assert filled.version(Before) == 1


def test_nobody_is_told_to_throw_bronze_away(lake: Lake) -> None:
    old = type("Old", (Before,), {"info": info("log", Write.LOG, layer=Layer.BRONZE, by=("part",))})
    new = type("New", (Retyped,), {"info": info("log", Write.LOG, layer=Layer.BRONZE, by=("part",))})
    lake.append(old, rows("a1"))
    with pytest.raises(TableMismatchError, match="bronze cannot be computed again"):
        lake.scan(new)
