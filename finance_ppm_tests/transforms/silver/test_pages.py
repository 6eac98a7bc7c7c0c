"""Whole batches: nothing crashes, nothing is lost, the order and the engine do not matter."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import narwhals.stable.v2 as nw
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance_ppm.contracts import PAGE_TABLES
from finance_ppm.contracts.bronze import NotionRawPages
from finance_ppm.contracts.silver import NotionBudgetLines, Page, Quarantine
from finance_ppm.sources.notion.properties import PROPERTY_TYPES
from finance_ppm.transforms.silver import (
    PropertyMap,
    arrow_schema,
    decode_pages,
    newest_versions,
    type_pages,
)
from finance_ppm.transforms.silver import rows as rows_module
from finance_ppm_tests.engines import Engine, SparkEngine, engine, spark_session  # noqa: F401 - fixtures
from finance_ppm_tests.transforms.silver import given as g

GOOD_AND_BAD = (
    g.budget_line(),
    "{",
    g.budget_line(Amount=g.number('"text"')),
    g.budget_line(Line=g.title("🏗️"), Paid_Date=g.day("2024-13-01")),
    g.budget_line(Amount=g.number("12345678901234567890")),
    g.budget_line(Vendor=...),
    g.budget_line(Amount=g.number("-0.005")),
)

pages = pytest.mark.parametrize("table", PAGE_TABLES.values(), ids=PAGE_TABLES)


def batch_of(frame: pl.DataFrame) -> pa.RecordBatch:
    (batch,) = frame.to_arrow().to_batches()
    return batch


def anything() -> st.SearchStrategy[Any]:
    leaf = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
    return st.recursive(leaf, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=6)


def almost_properties() -> st.SearchStrategy[Any]:
    """Properties that are right but for their values, or not even that."""
    kinds = st.sampled_from([*PROPERTY_TYPES, "hologram"])
    values = anything() | st.sampled_from(
        [source[kind] for source in g.BUDGET_LINE.values() for kind in [source["type"]]]
    )
    typed = st.builds(lambda kind, value: {"id": kind, "type": kind, kind: value}, kinds, values)
    names = st.sampled_from([*g.BUDGET_LINE, *g.PROJECT_PAGE])
    return st.dictionaries(names, typed | anything(), max_size=6)


almost_pages = st.fixed_dictionaries(
    {},
    optional={
        "object": st.just("page") | anything(),
        "id": st.just(g.PAGE_ID) | anything(),
        "properties": almost_properties() | anything(),
        "url": st.text() | anything(),
        "in_trash": st.booleans() | anything(),
    },
)
real_enough_pages = almost_properties().map(lambda properties: {"object": "page", "id": "1", "properties": properties})


@settings(deadline=None, max_examples=150)
@given(
    st.lists(
        st.one_of(almost_pages.map(g.to_json), real_enough_pages.map(g.to_json), anything().map(json.dumps), st.text()),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from(sorted(PAGE_TABLES)),
)
def test_whatever_comes_as_a_page_is_one_row_accepted_or_refused(payloads: list[str], name: str) -> None:
    table = PAGE_TABLES[name]
    newest = g.bronze(*payloads)
    silver = type_pages(name, table, newest, PropertyMap())
    table.validate(silver.rows)
    Quarantine.validate(silver.refused)
    accepted = silver.rows[table.primary_key()[0]].to_list()
    assert sorted([*accepted, *silver.refused["page_id"]]) == newest["page_id"].to_list()


@pages
def test_the_columns_are_exactly_those_of_the_contract(table: type[Page]) -> None:
    batch = decode_pages(table, batch_of(g.bronze(*GOOD_AND_BAD)), PropertyMap())
    assert batch.schema == arrow_schema(table)
    assert batch.schema.names == [*table.column_names(), "refused", "drifted"]
    frame = pl.DataFrame(batch)
    assert dict(frame.drop("refused", "drifted").schema) == {
        name: column.dtype for name, column in table.columns().items()
    }
    assert batch.schema.field("issues").type == pa.list_(
        pa.struct([(name, pa.string()) for name in ("rule", "column", "value", "message")])
    )
    assert batch.schema.field("synced_at").type == pa.timestamp("us", "UTC")
    if table is NotionBudgetLines:
        assert batch.schema.field("amount").type == pa.decimal128(18, 2)
        assert batch.schema.field("paid_date").type == pa.date32()
        assert batch.schema.field("project_ids").type == pa.list_(pa.string())


def test_one_row_comes_out_for_each_row_in_order() -> None:
    newest = g.bronze(*GOOD_AND_BAD)
    batch = decode_pages(NotionBudgetLines, batch_of(newest), PropertyMap())
    assert batch["budget_line_id"].to_pylist() == newest["page_id"].to_list()
    assert batch["refused"].to_pylist() == [False, True, True, False, True, False, False]


def test_silver_and_quarantine_are_complements_of_one_decode() -> None:
    newest = g.bronze(*GOOD_AND_BAD)
    both = type_pages("budget_lines", NotionBudgetLines, newest, PropertyMap())
    assert both.rows["budget_line_id"].to_list() == ["page-0", "page-3", "page-5", "page-6"]
    assert dict(zip(both.refused["page_id"], both.refused["rule"], strict=True)) == {
        "page-1": "page_malformed",
        "page-2": "amount_not_a_number",
        "page-4": "amount_out_of_range",
    }
    assert both.rows["amount"].to_list() == [Decimal(text) for text in ("1250.10", "1250.10", "1250.10", "-0.01")]
    NotionBudgetLines.validate(both.rows)
    Quarantine.validate(both.refused)


@pages
def test_nothing_gives_empty_frames_with_the_right_columns(table: type[Page]) -> None:
    for empty in (g.bronze(), g.bronze().to_arrow()):
        silver = type_pages("any", table, empty, PropertyMap())
        table.validate(silver.rows)
        Quarantine.validate(silver.refused)
        assert silver.rows.is_empty()
        assert silver.refused.is_empty()


def test_batches_and_order_change_no_row(monkeypatch: pytest.MonkeyPatch) -> None:
    newest = g.bronze(*GOOD_AND_BAD * 5)
    whole = type_pages("budget_lines", NotionBudgetLines, newest, PropertyMap())
    monkeypatch.setattr(rows_module, "BATCH_ROWS", 3)
    for given_as in (newest, newest.to_arrow()):
        pieces = type_pages("budget_lines", NotionBudgetLines, given_as, PropertyMap())
        assert pieces.rows.equals(whole.rows)
        assert pieces.refused.equals(whole.refused)
    shuffled = type_pages(
        "budget_lines", NotionBudgetLines, newest.sample(fraction=1, shuffle=True, seed=3), PropertyMap()
    )
    assert shuffled.rows.sort("budget_line_id").equals(whole.rows.sort("budget_line_id"))
    assert shuffled.refused.sort("page_id").equals(whole.refused.sort("page_id"))


@pytest.mark.parametrize("text", [pa.string(), pa.large_string(), pa.string_view()])
def test_any_arrow_text_is_understood(text: pa.DataType) -> None:
    newest = g.bronze(*GOOD_AND_BAD)
    batch = batch_of(newest)
    schema = pa.schema(
        [pa.field(f.name, text if f.name in ("page_id", "raw_payload") else f.type) for f in batch.schema]
    )
    other = decode_pages(NotionBudgetLines, batch.cast(schema), PropertyMap())
    assert other.equals(decode_pages(NotionBudgetLines, batch, PropertyMap()))


def versions() -> pl.DataFrame:
    """Pages with one version and many, out of order, with a tie, a tombstone last and a restored page."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    told = [
        ("a", 0, "h1"),
        ("b", 3, "h9"),
        ("b", 3, "h2"),
        ("c", 5, "h1"),
        ("c", 2, "h3"),
        ("d", 1, "h"),
        ("b", 1, "h7"),
    ]
    told += [(f"p{number % 40}", number * 7 % 90, f"h{number}") for number in range(300)]
    rows = [
        {
            "page_id": page,
            "captured_at": start + timedelta(minutes=minute),
            "database_id": "db",
            "database_name": "budget_lines",
            "created_time": start if minute % 2 else None,
            "last_edited_time": None,
            "content_hash": content,
            "is_deleted": minute == 5,
            "raw_payload": f"{page} {minute} {content} 🏗️",
            "_ingestion_timestamp": start,
        }
        for page, minute, content in told
    ]
    return NotionRawPages.cast(pl.DataFrame(rows, infer_schema_length=None).unique(maintain_order=True))


def test_the_newest_version_of_each_page_is_kept_on_every_engine(engine: Engine) -> None:  # noqa: F811 - fixture
    raw = versions().sample(fraction=1, shuffle=True, seed=1)
    newest = engine.collect(newest_versions(engine.lazy(raw)))
    expected = raw.sort("captured_at", "content_hash").group_by("page_id").last().select(raw.columns)
    assert newest.sort("page_id").equals(expected.sort("page_id"))
    assert newest.filter(page_id="b")["content_hash"].to_list() == ["h9"]
    assert newest.filter(page_id="c")["is_deleted"].to_list() == [True]


def test_the_newest_of_no_version_is_none(engine: Engine) -> None:  # noqa: F811 - fixture
    assert engine.collect(newest_versions(engine.lazy(versions().clear()))).is_empty()


def test_the_order_of_versions_does_not_matter() -> None:
    raw = versions()
    results = [
        nw.to_native(newest_versions(nw.from_native(raw.sample(fraction=1, shuffle=True, seed=seed).lazy()))).collect()
        for seed in range(5)
    ]
    assert all(result.sort("page_id").equals(results[0].sort("page_id")) for result in results)


@pytest.mark.spark
def test_spark_gives_and_takes_the_batches_unchanged(spark_session: Any) -> None:  # noqa: F811 - fixture
    """Bronze as Spark hands it over decodes to the same cells, and Spark reads those cells as they are."""
    newest = g.bronze(*GOOD_AND_BAD * 3)
    here = pl.DataFrame(decode_pages(NotionBudgetLines, batch_of(newest), PropertyMap()))
    handed_over = SparkEngine(spark_session).lazy(newest).to_native().toArrow()
    decoded = [decode_pages(NotionBudgetLines, batch, PropertyMap()) for batch in handed_over.to_batches()]
    there = spark_session.createDataFrame(pa.Table.from_batches(decoded)).toArrow()
    assert pl.DataFrame(there).sort("budget_line_id").equals(here.sort("budget_line_id"))


@pytest.mark.spark
def test_spark_decodes_to_the_same_rows(spark_session: Any) -> None:  # noqa: F811 - fixture
    """The same function inside ``mapInArrow``, in another process, gives the same cells."""
    from pyspark.sql.pandas.types import from_arrow_schema

    newest = g.bronze(*GOOD_AND_BAD * 3)
    here = pl.DataFrame(decode_pages(NotionBudgetLines, batch_of(newest), PropertyMap()))

    def decode(batches: Any) -> Any:
        for batch in batches:
            yield decode_pages(NotionBudgetLines, batch, PropertyMap())

    bronze = SparkEngine(spark_session).lazy(newest).to_native()
    there = bronze.mapInArrow(decode, from_arrow_schema(arrow_schema(NotionBudgetLines))).toArrow()
    assert pl.DataFrame(there).sort("budget_line_id").equals(here.sort("budget_line_id"))
