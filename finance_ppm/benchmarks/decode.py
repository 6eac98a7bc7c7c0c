"""How fast pages become rows: JSON parsing alone, the typed decoder, and the whole of silver typing.

Each is measured in a process of its own, on one core, over the same generated budget lines of about 2.6 KB,
made chunk by chunk so that memory shows what the stage itself needs.
"""

import importlib.util
import json
import random
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from time import process_time
from typing import Any

import pyarrow as pa

from finance_ppm.benchmarks.measure import Measurement, measure
from finance_ppm.contracts.silver import NotionBudgetLines
from finance_ppm.errors import FinancePpmError
from finance_ppm.sources.notion.decoder import decode_page
from finance_ppm.transforms.silver import PropertyMap, decode_pages

CHUNK = 20_000
CAPTURED_AT = datetime(2026, 11, 1, tzinfo=UTC)
PROPERTY_IDS = {
    "project_id": "prj%3A",
    "project_ids": "prj%3A",
    "category": "cat%7C",
    "vendor": "vnd%5E",
    "amount": "amt%40",
    "committed_date": "cmt%3B",
    "invoice_date": "inv%3B",
    "paid_date": "pai%3B",
    "actual_amount": "act%40",
    "notes": "nts%3F",
}
"""Silver column to the property's id on the generated pages."""
PROPERTIES = PropertyMap({column: (property_id,) for column, property_id in PROPERTY_IDS.items()})


def run(rows: int = 1_000_000, *, seed: int = 7) -> Iterator[Measurement]:
    """Measure every stage over ``rows`` generated pages, in processor seconds, so that a busy machine tells the same.

    Raises :class:`~finance_ppm.errors.FinancePpmError` where orjson, the floor to compare with, is not installed.
    """
    if importlib.util.find_spec("orjson") is None:
        raise FinancePpmError(
            "The benchmark compares with orjson, which is not installed here: run `make bench`, or "
            "`pip install orjson` first."
        )
    for stage in STAGES:
        yield measure(stage, rows, _processor_seconds, stage, rows, seed)


def budget_lines(pages: int, seed: int) -> Iterator[pa.RecordBatch]:
    """``pages`` versions of budget lines in the columns of bronze, in batches of :data:`CHUNK`."""
    chance = random.Random(seed)  # noqa: S311 - data for a benchmark, not a secret
    for start in range(0, pages, CHUNK):
        payloads = [_budget_line(chance, number) for number in range(start, min(start + CHUNK, pages))]
        moments = pa.array([CAPTURED_AT] * len(payloads), pa.timestamp("us", "UTC"))
        yield pa.record_batch(
            {
                "page_id": pa.array([str(uuid.UUID(int=start + i)) for i in range(len(payloads))]),
                "database_name": pa.array(["budget_lines"] * len(payloads)),
                "created_time": moments,
                "last_edited_time": moments,
                "captured_at": moments,
                "is_deleted": pa.array([False] * len(payloads)),
                "raw_payload": pa.array(payloads, pa.large_string()),
            }
        )


def _orjson(batch: pa.RecordBatch) -> None:
    import orjson

    for payload in batch["raw_payload"].cast(pa.large_binary()).to_pylist():
        orjson.loads(payload)


def _decoder(batch: pa.RecordBatch) -> None:
    for payload in batch["raw_payload"].cast(pa.large_binary()).to_pylist():
        decode_page(payload)


def _silver(batch: pa.RecordBatch) -> None:
    decode_pages(NotionBudgetLines, batch, PROPERTIES)


STAGES: dict[str, Callable[[pa.RecordBatch], None]] = {
    "decode: orjson": _orjson,
    "decode: typed": _decoder,
    "decode: silver rows": _silver,
}
"""From the floor to the whole."""


def _processor_seconds(stage: str, rows: int, seed: int) -> float:
    work = STAGES[stage]
    seconds = 0.0
    for batch in budget_lines(rows, seed):
        started = process_time()
        work(batch)
        seconds += process_time() - started
    return seconds


def _budget_line(chance: random.Random, number: int) -> str:
    committed = date(2024, 1, 1) + timedelta(days=chance.randrange(1000))
    amount = f"{chance.randrange(1, 10_000_000)}.{chance.randrange(100):02}"
    page = {
        "object": "page",
        "id": str(uuid.UUID(int=number)),
        "created_time": "2025-03-02T09:15:00.000Z",
        "last_edited_time": "2026-10-30T16:42:00.000Z",
        "created_by": {"object": "user", "id": str(uuid.UUID(int=1))},
        "last_edited_by": {"object": "user", "id": str(uuid.UUID(int=2))},
        "cover": None,
        "icon": None,
        "parent": {"type": "database_id", "database_id": str(uuid.UUID(int=3))},
        "archived": False,
        "in_trash": False,
        "properties": {
            "Project": {
                "id": PROPERTY_IDS["project_id"],
                "type": "relation",
                "relation": [{"id": str(uuid.UUID(int=chance.randrange(5000)))}],
                "has_more": False,
            },
            "Category": {"id": PROPERTY_IDS["category"], "type": "select", "select": _option(chance)},
            "Vendor": _rich_text("vendor", f"Vendor {chance.randrange(400)} Ltd."),
            "Amount": {"id": PROPERTY_IDS["amount"], "type": "number", "number": "AMOUNT"},
            "Committed Date": _date("committed_date", committed),
            "Invoice Date": _date("invoice_date", committed + timedelta(days=30)),
            "Paid Date": _date("paid_date", committed + timedelta(days=60) if chance.random() < 0.7 else None),
            "Actual Amount": {"id": PROPERTY_IDS["actual_amount"], "type": "number", "number": "AMOUNT"},
            "Notes": _rich_text("notes", f"Purchase order {number}, see the contract of {committed.isoformat()}."),
            "Approved By": {"id": "apr%3D", "type": "people", "people": [_person(chance.randrange(40))]},
            "Stage": {"id": "stg%3D", "type": "status", "status": _option(chance)},
            "Line": {"id": "title", "type": "title", "title": [_fragment(f"Budget line {number}")]},
        },
        "url": f"https://www.notion.so/Budget-line-{uuid.UUID(int=number).hex}",
        "public_url": None,
    }
    return json.dumps(page, separators=(",", ":")).replace('"AMOUNT"', amount)


def _option(chance: random.Random) -> dict[str, str]:
    return {"id": str(uuid.UUID(int=9)), "name": chance.choice(("CapEx", "OpEx")), "color": "blue"}


def _person(number: int) -> dict[str, Any]:
    return {
        "object": "user",
        "id": str(uuid.UUID(int=number)),
        "name": f"Person {number}",
        "avatar_url": f"https://avatars.example.com/{number}.png",
        "type": "person",
        "person": {"email": f"person{number}@example.com"},
    }


def _date(column: str, start: date | None) -> dict[str, Any]:
    value = {"start": start.isoformat(), "end": None, "time_zone": None} if start else None
    return {"id": PROPERTY_IDS[column], "type": "date", "date": value}


def _rich_text(column: str, text: str) -> dict[str, Any]:
    return {"id": PROPERTY_IDS[column], "type": "rich_text", "rich_text": [_fragment(text)]}


def _fragment(text: str) -> dict[str, Any]:
    plain = dict.fromkeys(("bold", "italic", "strikethrough", "underline", "code"), False)
    return {
        "type": "text",
        "text": {"content": text, "link": None},
        "annotations": {**plain, "color": "default"},
        "plain_text": text,
        "href": None,
    }
