import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw

from finance_ppm.sources.notion.client import QueryPage
from finance_ppm.sources.notion.errors import NotionError
from finance_ppm.sources.notion.json_text import canonical, decode_answer, parse, write_json


def results(body: bytes) -> list[bytes]:
    return [bytes(result) for result in decode_answer(body, QueryPage, about="a test").results]


def test_pages_keep_their_bytes() -> None:
    page = b'{ "n": 1.10, "text": "\\u00e9\xc3\xa9\\/", "a":1e5 }'
    assert results(b'{"object":"list","results":[' + page + b',null, 3 ],"has_more":false}') == [page, b"null", b"3"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Bad gateway</html>",
        b'{"results":[{"a":1}',
        b'{"results":[{"a":1,}],"has_more":false}',
        b'{"results":[{"a":"\xff"}],"has_more":false}',
        b'{"results":{},"has_more":false}',
        b'{"results":[]}',
        b'{"results":[' + b"[" * 5000 + b"]" * 5000 + b'],"has_more":false}',
        b"null",
    ],
)
def test_what_is_no_answer_may_be_asked_for_again(body: bytes) -> None:
    with pytest.raises(NotionError, match="a test could not be read") as raised:
        decode_answer(body, QueryPage, about="a test")
    assert raised.value.retryable


@pytest.mark.parametrize(
    ("told", "read"),
    [
        (rb"\ud83d", r"\ufffd"),
        (rb"\uDE00 after", r"\ufffd after"),
        (rb"\ud83d\ud83d\ude00", r"\ufffd\ud83d\ude00"),
        (rb"\ud83d\n", r"\ufffd\n"),
        (rb"\\ud83d", r"\\ud83d"),  # a backslash, and text that only looks like an escape
        (rb"\\\ud83d", r"\\\ufffd"),
    ],
)
def test_half_an_emoji_costs_one_character_and_not_the_answer(told: bytes, read: str) -> None:
    [page] = results(b'{"results":[{"text":"' + told + b'"}],"has_more":false}')
    assert page.decode() == f'{{"text":"{read}"}}'
    parse(page)


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_whatever_python_writes_is_read_or_has_half_an_emoji(value: object) -> None:
    """The standard library writes lone surrogates as escapes; the rest of such an answer is intact."""
    text = json.dumps({"results": [value], "has_more": False}).encode()
    [page] = results(text)
    if rb"\ud" not in text:
        assert json.loads(page) == value
    parse(page)


@pytest.mark.parametrize(
    "digits", ["1.10", "-0.0", "90071992547409.93", "123456789012345678901234567890", "1E400", "7"]
)
def test_numbers_keep_their_digits(digits: str) -> None:
    assert canonical(parse(f"[ {digits} ]")) == f"[{digits}]".encode()


def test_decimals_and_raw_text_are_written_digit_by_digit() -> None:
    assert write_json({"number": Decimal("12.50"), "raw": Raw(b"1.0")}) == b'{"number":12.50,"raw":1.0}'
