"""Every property type, read every way; and pages that are broken in every way."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance_ppm.sources.notion.decoder import (
    MalformedPageError,
    count_unknown_types,
    decode_page,
    decode_property,
)
from finance_ppm.sources.notion.properties import (
    PROPERTY_TYPES,
    InvalidValueError,
    Property,
    UnfitTypeError,
    Unread,
    dashed,
)

RECORDED = Path(__file__).parents[4] / "shared" / "recorded" / "notion"

PLAIN = "0123456789abcdef0123456789abcdef"
DASHED = "01234567-89ab-cdef-0123-456789abcdef"
OTHER = "fedcba98-7654-3210-fedc-ba9876543210"
ANN = {"object": "user", "id": "u-1", "name": "Ann", "type": "person", "person": {"email": "ann@example.com"}}
NAMELESS = {"object": "user", "id": "u-2"}


def prop(kind: str, value: Any, **more: Any) -> Property:
    return decode_property(json.dumps({"id": "a%3Ab", "type": kind, kind: value, **more}).encode())


def number(text: str) -> Property:
    return decode_property(b'{"id":"n","type":"number","number":' + text.encode() + b"}")


def formula(kind: str, value: Any) -> Property:
    return prop("formula", {"type": kind, kind: value})


def rollup(kind: str, value: Any) -> Property:
    return prop("rollup", {"type": kind, kind: value, "function": "show_original"})


def fragments(*texts: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": {"content": text, "link": None}, "plain_text": text} for text in texts]


def day(start: str, **more: Any) -> dict[str, Any]:
    return {"start": start, "end": None, "time_zone": None, **more}


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("title", fragments("Roof ", "repair"), "Roof repair"),
        ("title", [], None),
        ("rich_text", fragments("a\n", "🏗️"), "a\n🏗️"),
        ("rich_text", fragments("  "), "  "),
        ("rich_text", fragments(""), None),
        ("number", 12, "12"),
        ("number", None, None),
        ("select", {"id": "1", "name": "CapEx", "color": "red"}, "CapEx"),
        ("select", None, None),
        ("multi_select", [{"name": "A"}, {"name": "B"}], "A, B"),
        ("multi_select", [], None),
        ("status", {"name": "Done"}, "Done"),
        ("status", None, None),
        ("date", day("2026-01-31"), "2026-01-31"),
        ("date", None, None),
        ("people", [ANN, NAMELESS], "Ann, u-2"),
        ("people", [], None),
        ("files", [{"name": "plan.pdf", "type": "external", "external": {"url": "https://example.com"}}], "plan.pdf"),
        ("checkbox", True, "true"),
        ("checkbox", False, "false"),
        ("url", "https://example.com", "https://example.com"),
        ("url", None, None),
        ("email", "ann@example.com", "ann@example.com"),
        ("phone_number", "+63 2 8888", "+63 2 8888"),
        ("formula", {"type": "string", "string": "x"}, "x"),
        ("formula", {"type": "boolean", "boolean": False}, "false"),
        ("formula", None, None),
        ("relation", [{"id": PLAIN}, {"id": OTHER}], f"{DASHED}, {OTHER}"),
        ("rollup", {"type": "number", "number": 4, "function": "count"}, "4"),
        ("rollup", {"type": "incomplete", "incomplete": {}, "function": "sum"}, None),
        ("rollup", {"type": "unsupported", "unsupported": {}, "function": "sum"}, None),
        ("created_time", "2026-01-31T10:00:00.000Z", "2026-01-31T10:00:00.000Z"),
        ("created_by", ANN, "Ann"),
        ("last_edited_time", "2026-01-31T10:00:00.000Z", "2026-01-31T10:00:00.000Z"),
        ("last_edited_by", NAMELESS, "u-2"),
        ("unique_id", {"prefix": "ST", "number": 3}, "ST-3"),
        ("unique_id", {"prefix": None, "number": 3}, "3"),
        ("unique_id", {"prefix": None, "number": None}, None),
        ("place", {"lat": 52.5, "lon": 13.4, "name": None, "address": "Berlin"}, "Berlin"),
        ("place", None, None),
        ("button", {}, None),
        ("verification", {"state": "expired", "verified_by": None, "date": None}, "expired"),
    ],
)
def test_every_type_reads_as_text(kind: str, value: Any, text: str | None) -> None:
    found = prop(kind, value)
    assert (type(found), found.type, found.id) == (PROPERTY_TYPES[kind], kind, "a%3Ab")
    assert found.as_text() == text


def test_the_cases_above_are_all_types_there_are() -> None:
    parameters = test_every_type_reads_as_text.pytestmark[0].args[1]
    assert {kind for kind, _, _ in parameters} == set(PROPERTY_TYPES)
    assert len(PROPERTY_TYPES) == 24


@pytest.mark.parametrize(
    "text", ["0", "-0.01", "1250.10", "90071992547409.93", "12345678901234567890", "1e3", "1.5E-2", "1e999999999"]
)
def test_a_number_keeps_every_digit_of_its_json(text: str) -> None:
    assert number(text).as_decimal() == Decimal(text)
    assert str(number(text).as_decimal()) == str(Decimal(text))


@pytest.mark.parametrize("text", ['"12.50"', "true", "[]", "{}", "1e99999999999999999999"])
def test_anything_but_a_json_number_is_invalid(text: str) -> None:
    with pytest.raises(InvalidValueError):
        number(text).as_decimal()


def test_an_absent_number_is_none() -> None:
    assert number("null").as_decimal() is None
    assert formula("number", None).as_decimal() is None
    assert prop("formula", None).as_decimal() is None
    assert rollup("array", []).as_decimal() is None


def test_formulas_and_rollups_give_their_inner_value() -> None:
    assert formula("number", 12.5).as_decimal() == Decimal("12.5")
    assert formula("date", day("2026-01-31")).as_date() == date(2026, 1, 31)
    assert formula("boolean", True).as_bool() is True
    assert rollup("number", 7).as_decimal() == 7
    assert rollup("date", day("2026-01-31")).as_date() == date(2026, 1, 31)
    one = rollup("array", [{"type": "number", "number": 42}])
    assert one.as_decimal() == 42
    nested = rollup("array", [{"type": "formula", "formula": {"type": "number", "number": 5}}])
    assert nested.as_decimal() == 5


def test_an_array_of_one_value_and_nothings_is_that_value() -> None:
    assert rollup("array", [{"type": "date", "date": None}, {"type": "date", "date": day("2026-02-01")}]).as_date() == (
        date(2026, 2, 1)
    )


def test_an_array_of_several_amounts_or_dates_is_no_amount_or_date() -> None:
    """To take the first, or the sum, would be a guess."""
    numbers = rollup("array", [{"type": "number", "number": 1}, {"type": "number", "number": 2}])
    dates = rollup("array", [{"type": "date", "date": day("2026-01-01")}, {"type": "date", "date": day("2026-01-02")}])
    with pytest.raises(InvalidValueError, match="2 values"):
        numbers.as_decimal()
    with pytest.raises(InvalidValueError, match="2 values"):
        dates.as_date()
    assert numbers.as_text() == "1, 2"


def test_an_array_gathers_relations_and_bools() -> None:
    pages = rollup("array", [{"type": "relation", "relation": [{"id": PLAIN}]}] * 2)
    assert pages.as_relation_ids() == [DASHED]
    assert rollup("array", [{"type": "checkbox", "checkbox": True}]).as_bool() is True


@pytest.mark.parametrize(
    ("start", "zone", "expected"),
    [
        ("2026-01-31", None, date(2026, 1, 31)),
        ("2024-02-29", None, date(2024, 2, 29)),
        ("2022-02-25T01:23:00.000+09:00", None, date(2022, 2, 24)),
        ("2022-02-24T23:30:00.000-05:00", None, date(2022, 2, 25)),
        ("2022-02-25T00:00:00Z", None, date(2022, 2, 25)),
        ("2022-02-25T06:00:00", "Asia/Manila", date(2022, 2, 24)),
        ("2022-02-25T06:00:00", None, date(2022, 2, 25)),
    ],
)
def test_a_date_is_the_utc_day_of_its_start(start: str, zone: str | None, expected: date) -> None:
    assert prop("date", day(start, time_zone=zone, end="2030-01-01")).as_date() == expected


@pytest.mark.parametrize(
    "start",
    [
        "2024-13-01",
        "2023-02-29",
        "2024-00-10",
        "0000-01-01",
        "2024-1-1",
        "20240101",
        "2024-W01-1",
        "\uff12\uff10\uff12\uff14-01-01",
        "tomorrow",
        "",
        "2024-01-01T",
        "2024-01-01T25:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
    ],
)
def test_a_day_that_is_not_in_the_calendar_is_invalid(start: str) -> None:
    with pytest.raises(InvalidValueError):
        prop("date", day(start)).as_date()


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", "\x00"])
def test_a_local_time_in_an_unknown_zone_is_invalid(zone: str) -> None:
    with pytest.raises(InvalidValueError):
        prop("date", day("2024-01-01T10:00:00", time_zone=zone)).as_date()


def test_times_of_the_page_read_as_dates() -> None:
    assert prop("created_time", "2022-02-07T21:29:00.000Z").as_date() == date(2022, 2, 7)
    assert prop("last_edited_time", "2022-02-07T21:29:00.123+00:00").as_date() == date(2022, 2, 7)


def test_relation_ids_are_dashed_and_each_once_in_order() -> None:
    found = prop("relation", [{"id": OTHER}, {"id": PLAIN}, {"id": DASHED}, {"id": OTHER}], has_more=True)
    assert found.as_relation_ids() == [OTHER, DASHED]


@given(st.text())
def test_dashing_twice_changes_nothing_more(text: str) -> None:
    assert dashed(dashed(text)) == dashed(text)


def test_a_type_without_the_reading_says_which_it_is() -> None:
    with pytest.raises(UnfitTypeError, match="rich_text"):
        prop("rich_text", []).as_decimal()
    with pytest.raises(UnfitTypeError, match="number"):
        number("1").as_date()
    with pytest.raises(UnfitTypeError, match="select"):
        prop("select", None).as_relation_ids()
    with pytest.raises(UnfitTypeError, match="title"):
        prop("title", []).as_bool()
    with pytest.raises(UnfitTypeError, match="string"):
        formula("string", "12").as_decimal()


# --- pages


def page(properties: Any, **more: Any) -> bytes:
    return json.dumps({"object": "page", "id": DASHED, "properties": properties, **more}).encode()


def test_a_page_gives_its_properties_link_and_trash() -> None:
    found = decode_page(page({"Amount": {"id": "x", "type": "number", "number": 1}}, url="https://n/1", in_trash=True))
    assert found.properties["Amount"].as_decimal() == 1
    assert (found.id, found.link, found.is_trashed) == (DASHED, "https://n/1", True)
    assert decode_page(page({}, archived=True)).is_trashed
    assert not decode_page(page({}, archived=False, in_trash=False)).is_trashed
    assert not decode_page(page({})).is_trashed


@pytest.mark.parametrize(
    "broken",
    [
        {"id": "s", "type": "select", "select": 5},
        {"id": "s", "type": "select", "select": {"name": 5}},
        {"id": "s", "type": "select"},
        {"id": 7, "type": "select", "select": None},
        {"type": None},
        {},
        [],
        None,
        "text",
        1e300,
    ],
)
def test_a_malformed_property_spoils_only_itself(broken: Any) -> None:
    found = decode_page(page({"Bad": broken, "Amount": {"id": "x", "type": "number", "number": 1.10}}))
    assert isinstance(found.properties["Bad"], Unread)
    assert json.loads(found.properties["Bad"].as_text() or "") == broken
    assert str(found.properties["Amount"].as_decimal()) == "1.1"
    with pytest.raises(UnfitTypeError):
        found.properties["Bad"].as_decimal()


def test_a_malformed_property_keeps_its_id_and_type() -> None:
    found = decode_page(page({"Bad": {"id": "s", "type": "select", "select": 5}})).properties["Bad"]
    assert (found.id, found.type) == ("s", "select")


def test_an_unknown_type_is_kept_raw_and_counted() -> None:
    hologram = {"id": "h", "type": "hologram", "hologram": {"depth": 3}}
    pages = [decode_page(page({"H": hologram, "T": {"id": "title", "type": "title", "title": []}})) for _ in range(2)]
    assert json.loads(pages[0].properties["H"].as_text() or "") == hologram
    assert count_unknown_types(pages) == {"hologram": 2}


def test_malformed_values_of_known_types_are_not_counted_as_unknown() -> None:
    assert not count_unknown_types([decode_page(page({"S": {"id": "s", "type": "select", "select": 5}}))])


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"<html>502</html>",
        b"{}",
        page({}).replace(b'"page"', b'"user"'),
        page({}).replace(b'"object"', b'"objekt"'),
        page({}).replace(DASHED.encode(), b""),
        page([]),
        page(None),
        b'{"object":"page","id":"1"}',
        b'{"object":"page","properties":{}}',
        b'{"object":"page","id":5,"properties":{}}',
        b"[" * 100_000,
        b'{"object":"page","id":"1","properties":' + b'{"a":' * 100_000,
        b"\xff\xfe",
    ],
)
def test_what_is_no_page_is_malformed(payload: bytes) -> None:
    with pytest.raises(MalformedPageError):
        decode_page(payload)


@pytest.mark.parametrize("extra", [{"url": 5}, {"in_trash": "yes"}, {"archived": []}, {"url": None}])
def test_oddities_beside_the_properties_spoil_nothing(extra: dict[str, Any]) -> None:
    found = decode_page(page({}, **extra))
    assert (found.link, found.is_trashed) == (None, False)


@pytest.mark.parametrize(
    ("escaped", "expected"),
    [
        (r"\ud83c\udfd7", "\U0001f3d7"),
        (r"cut \ud83c", "cut \ufffd"),
        (r"\udfd7 cut", "\ufffd cut"),
        (r"\ud83c\ud83c\udfd7", "\ufffd\U0001f3d7"),
        (r"\\ud83c", r"\ud83c"),
        (r"\\\ud83c", "\\\ufffd"),
    ],
)
def test_half_an_emoji_becomes_a_replacement_character_and_no_more_is_lost(escaped: str, expected: str) -> None:
    title = {"id": "title", "type": "title", "title": [{"plain_text": "TEXT"}]}
    lone = {"id": "x", "type": "url", "url": "\ud83c"}
    payload = page({"Name": title, "Other": lone}).decode().replace("TEXT", escaped)
    assert decode_page(payload.encode()).properties["Name"].as_text() == expected


def anything() -> st.SearchStrategy[Any]:
    leaf = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
    return st.recursive(leaf, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)


@settings(deadline=None)
@given(kind=st.sampled_from(sorted(PROPERTY_TYPES)), value=anything(), identity=anything())
def test_any_value_of_any_type_decodes_and_reads_or_says_why_not(kind: str, value: Any, identity: Any) -> None:
    text = msgspec.json.encode({"id": identity, "type": kind, kind: value})
    found = decode_property(text)
    assert found.type == kind or isinstance(found, Unread)
    for read in (found.as_text, found.as_decimal, found.as_date, found.as_relation_ids, found.as_bool):
        with suppress(UnfitTypeError, InvalidValueError):
            read()


# --- recorded answers


def recorded_pages() -> Iterator[dict[str, Any]]:
    for file in sorted(RECORDED.glob("*.json")):
        for entry in json.loads(file.read_text()):
            body = entry["body"]
            candidates = body.get("results", []) if body.get("object") == "list" else [body]
            yield from (found for found in candidates if found.get("object") == "page")


@pytest.mark.skipif(not RECORDED.is_dir(), reason="no recorded answers beside the repository")
def test_every_recorded_page_decodes_and_every_value_is_of_a_known_type(
    record_property: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    pages = [decode_page(json.dumps(found).encode()) for found in recorded_pages()]
    values = [value for found in pages for value in found.properties.values()]
    counts = Counter(value.type for value in values)
    record_property("pages", len(pages))
    record_property("values", dict(counts))
    with capsys.disabled():
        print(f"\n{len(pages)} recorded pages, {len(values)} values: {dict(counts.most_common())}")  # noqa: T201 - the report
    assert pages
    assert not [value for value in values if isinstance(value, Unread)]
    assert set(counts) == set(PROPERTY_TYPES)
    for value in values:
        value.as_text()
