"""Answers recorded from the real API, where they lie beside this repository."""

import json
from pathlib import Path
from typing import Any

import pytest

from finance_ppm.sources.notion.client import QueryPage
from finance_ppm.sources.notion.json_text import decode_answer, parse
from finance_ppm.sources.notion.pages import RawPage, raw_page
from finance_ppm.sources.notion.schema import Property, SchemaAnswer

RECORDED = Path(__file__).parents[4] / "shared" / "recorded" / "notion"

pytestmark = pytest.mark.skipif(not RECORDED.is_dir(), reason="no recorded answers beside this repository")


def bodies(kind: str) -> list[dict[str, Any]]:
    """Bodies of recorded answers of a kind."""
    answers = [answer for file in sorted(RECORDED.glob("*.json")) for answer in json.loads(file.read_text())]
    return [answer["body"] for answer in answers if answer["kind"] == kind]


def pages() -> list[dict[str, Any]]:
    listed = [page for body in bodies("list_of_page") for page in body["results"]]
    return [*bodies("page"), *listed]


def captured(body: dict[str, Any]) -> RawPage:
    text = json.dumps(body)
    return raw_page(text, parse(text))


def test_every_recorded_page_is_identified_and_dated() -> None:
    found = pages()
    assert found
    for body in found:
        page = captured(body)
        assert page.page_id == body["id"]
        assert page.created_time is not None
        assert page.last_edited_time is not None
        assert page.is_deleted is bool(body.get("in_trash", body.get("archived")))


def test_a_recorded_page_asked_for_again_later_has_the_same_hash() -> None:
    signed = 0
    for body in pages():
        text = json.dumps(body)
        later = text.replace("X-Amz-REDACTED", "X-Amz-Signature=another")
        signed += later != text
        again = json.loads(later) | {"request_id": "another"}
        assert captured(again).content_hash == captured(body).content_hash
    assert signed


def test_every_recorded_schema_is_read() -> None:
    told = [body for kind in ("data_source", "database") for body in bodies(kind) if "properties" in body]
    assert told
    offered = set()
    for body in told:
        schema = decode_answer(json.dumps(body).encode(), SchemaAnswer, about="a test").schema()
        assert schema == {name: recorded_property(prop) for name, prop in body["properties"].items()}
        offered |= {prop.type for prop in schema.values() if prop.options}
    assert offered == {"select", "multi_select", "status"}


def recorded_property(prop: dict[str, Any]) -> Property:
    options = prop[prop["type"]].get("options")
    return Property(prop["id"], prop["type"], None if options is None else tuple(each["name"] for each in options))


def test_every_recorded_query_is_read() -> None:
    for body in bodies("list_of_page"):
        answer = decode_answer(json.dumps(body).encode(), QueryPage, about="a test")
        assert [captured(page).page_id for page in body["results"]] == [
            raw_page(text, parse(text)).page_id for text in (bytes(result).decode() for result in answer.results)
        ]
        assert answer.has_more is (answer.next_cursor is not None)
