"""Pages into rows: one batch of bronze in, one batch of silver out, row for row.

Belongs here: the one function that types a page, on one machine and inside Spark's ``mapInArrow`` alike. Does
not belong here: what a cell holds (``cells``), nor which rows go where (``rows``).
"""

from functools import lru_cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from finance_ppm.contracts.silver import Page
from finance_ppm.sources.notion.decoder import MalformedPageError, decode_page
from finance_ppm.sources.notion.decoder import Page as NotionPage
from finance_ppm.sources.notion.pages import UNIDENTIFIED
from finance_ppm.sources.notion.properties import Property
from finance_ppm.transforms.silver.cell_rules import CELL_RULES, PAGE_MALFORMED
from finance_ppm.transforms.silver.cells import QUOTED_LENGTH, Issue, columns_of
from finance_ppm.transforms.silver.earlier import EARLIER, EarlierVersions
from finance_ppm.transforms.silver.property_map import PropertyMap

BRONZE_COLUMNS = (
    "page_id",
    "database_name",
    "created_time",
    "last_edited_time",
    "captured_at",
    "is_deleted",
    "raw_payload",
)
"""What the decoder reads of ``bronze/notion_raw_pages``."""

REFUSED = "refused"
"""Column beside the contract's: the page breaks a hard rule, and belongs in quarantine."""

DRIFTED = "drifted"
"""Column beside the contract's: a property is gone or retyped, so that earlier versions of the page may tell more."""

_HARD = frozenset(rule.name for rule in CELL_RULES if rule.hard)
_NONE: list[Issue] = []  # shared by all pages without issues
_MOMENT = pa.timestamp("us", "UTC")


@lru_cache
def arrow_schema(table: type[Page]) -> pa.Schema:
    """The Arrow schema of what :func:`decode_pages` returns for ``table``.

    Strings and lists have 32-bit offsets, which every engine reads. Fields are nullable: refused rows have holes.
    """
    contract = table.create_empty().to_arrow().schema
    fields = [pa.field(field.name, _narrow(field.type)) for field in contract]
    return pa.schema([*fields, pa.field(REFUSED, pa.bool_()), pa.field(DRIFTED, pa.bool_())])


def decode_pages(table: type[Page], batch: pa.RecordBatch, properties: PropertyMap) -> pa.RecordBatch:
    """Type a batch of page versions: one row for each, in order, with the columns of ``table``, ``refused`` and
    ``drifted``.

    Reads :data:`BRONZE_COLUMNS`, and :data:`~finance_ppm.transforms.silver.earlier.EARLIER` where the batch has it:
    only then can the cells of a drifted property stay as they were. Every version is read by the one map of today.
    Whatever the payloads hold, nothing is raised: what cannot be read is in ``issues``.
    """
    columns = columns_of(table, properties)
    cells: list[list[Any]] = [[] for _ in columns]
    reads = [(column.cell, values.append) for column, values in zip(columns, cells, strict=True)]
    links: list[str | None] = []
    trashed: list[bool] = []
    drifted: list[bool] = []
    issues: list[list[Issue]] = []
    of_pages = (batch["page_id"].to_pylist(), _payloads(batch), batch["captured_at"].to_pylist(), _earlier(batch))
    for page_id, payload, captured_at, versions in zip(*of_pages, strict=True):
        found: list[Issue] = []
        page = _page(page_id, payload, found)
        values = properties.shown(page.properties, captured_at) if page else None
        earlier = EarlierVersions(versions, properties)
        for read, append in reads:
            append(None if values is None else read(values, earlier, found))
        links.append(page.link if page else None)
        trashed.append(page is not None and page.is_trashed)
        drifted.append(earlier.asked)
        issues.append(found or _NONE)

    schema = arrow_schema(table)
    (key,) = table.primary_key()
    columns_by_name: dict[str, pa.Array | list[Any]] = {
        key: batch["page_id"],
        "is_archived": pc.or_(batch["is_deleted"], pa.array(trashed, pa.bool_())),
        "created_time": batch["created_time"],
        "created_quarter": _quarter(batch["created_time"]),
        "last_modified": batch["last_edited_time"],
        "synced_at": batch["captured_at"],
        "notion_url": links,
        "property_map": [properties.digest] * batch.num_rows,
        "issues": [[issue._asdict() for issue in found] for found in issues],
        REFUSED: [any(issue.rule in _HARD for issue in found) for found in issues],
        DRIFTED: drifted,
        **{column.name: values for column, values in zip(columns, cells, strict=True)},
    }
    return pa.RecordBatch.from_arrays(
        [_array(columns_by_name[field.name], field.type) for field in schema], schema=schema
    )


def _page(page_id: str, payload: bytes, issues: list[Issue]) -> NotionPage[Property] | None:
    try:
        page = decode_page(payload)
    except MalformedPageError as error:
        reason = str(error)
    else:
        if not page_id.startswith(UNIDENTIFIED):
            return page
        reason = "its id is unusable"
    quoted = payload[: 4 * QUOTED_LENGTH].decode(errors="ignore")[:QUOTED_LENGTH]
    issues.append(Issue(PAGE_MALFORMED.name, None, quoted, f"The payload is not a Notion page: {reason}."))
    return None


def _payloads(batch: pa.RecordBatch) -> list[bytes]:
    """The payloads as bytes, which is what the decoder reads: to make text of them first would be for nothing."""
    return [payload or b"" for payload in batch["raw_payload"].cast(pa.large_binary()).to_pylist()]


def _earlier(batch: pa.RecordBatch) -> list[Any]:
    return batch[EARLIER].to_pylist() if EARLIER in batch.schema.names else [None] * batch.num_rows


def _quarter(moments: pa.Array) -> pa.Array:
    """``2026-Q4`` in UTC, ``unknown`` where there is no moment."""
    utc = moments.cast(_MOMENT).cast(pa.timestamp("us"))
    year, quarter = pc.year(utc).cast(pa.string()), pc.quarter(utc).cast(pa.string())
    return pc.fill_null(pc.binary_join_element_wise(year, quarter, "-Q"), "unknown")


def _array(values: pa.Array | list[Any], kind: pa.DataType) -> pa.Array:
    return pa.array(values, kind) if isinstance(values, list) else values.cast(kind)


def _narrow(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_large_string(kind):
        return pa.string()
    if pa.types.is_large_list(kind):
        return pa.list_(_narrow(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(field.name, _narrow(field.type)) for field in kind])
    return kind
