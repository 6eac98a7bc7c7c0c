import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance_ppm.sources.notion.content_hash import content_hash

USER = {
    "object": "user",
    "id": "2200a911-6a96-44bb-bd38-6bfb1e01b9f6",
    "name": "Ada",
    "avatar_url": "https://s3-us-west-2.amazonaws.com/public/ada.png",
    "type": "person",
    "person": {"email": "ada@example.com"},
}


def hosted(name: str) -> dict[str, Any]:
    return {
        "type": "file",
        "file": {
            "url": f"https://files.example.com/{name}?X-Amz-Signature=1",
            "expiry_time": "2026-01-01T00:00:00.000Z",
        },
    }


def page() -> dict[str, Any]:
    """A page with everything that changes by itself, and properties whose names are those keys."""
    return {
        "object": "page",
        "id": "dcdc805c-85fa-4155-a55c-20fc28771af7",
        "created_time": "2026-01-01T00:00:00.000Z",
        "last_edited_time": "2026-01-02T00:00:00.000Z",
        "created_by": USER,
        "last_edited_by": USER,
        "icon": hosted("icon"),
        "cover": hosted("cover"),
        "in_trash": False,
        "properties": {
            "Name": {"id": "title", "type": "title", "title": [{"type": "text", "plain_text": "A"}]},
            "Amount": {"id": "a", "type": "number", "number": 12.5},
            "Owner": {"id": "b", "type": "people", "people": [USER]},
            "Files": {"id": "c", "type": "files", "files": [{"name": "x", **hosted("x")}]},
            "request_id": {"id": "d", "type": "url", "url": "https://example.com/?X-Amz-Signature=mine"},
            "avatar_url": {"id": "e", "type": "rich_text", "rich_text": [{"plain_text": "one"}]},
            "expiry_time": {"id": "f", "type": "checkbox", "checkbox": False},
            "object": {"id": "g", "type": "select", "select": {"id": "1", "name": "user"}},
        },
        "request_id": "8a7235f1-d887-44e9-aead-7b32a6ff0fcf",
    }


def hash_of(told: Any) -> str:
    return content_hash(json.dumps(told))


text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@settings(deadline=None, max_examples=50)
@given(signature=text, expiry=text, request_id=text, avatar=st.none() | text)
def test_what_changes_by_itself_does_not_count(
    signature: str, expiry: str, request_id: str, avatar: str | None
) -> None:
    told = page()
    told["request_id"] = request_id
    files = [told["icon"]["file"], told["cover"]["file"], told["properties"]["Files"]["files"][0]["file"]]
    for file in files:
        file["url"] = file["url"].partition("?")[0] + f"?X-Amz-Signature={signature}"
        file["expiry_time"] = expiry
    for user in (told["created_by"], told["last_edited_by"], told["properties"]["Owner"]["people"][0]):
        user.update(avatar_url=avatar)
    assert hash_of(told) == hash_of(page())


def leaves(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(node, dict):
        return [leaf for key, value in node.items() for leaf in leaves(value, (*path, key))]
    if isinstance(node, list):
        return [leaf for at, value in enumerate(node) for leaf in leaves(value, (*path, at))]
    return [path]


BY_ITSELF = {path for path in leaves(page()) if path[-1] in {"request_id", "avatar_url", "expiry_time"}}


@pytest.mark.parametrize("path", [path for path in leaves(page()) if path not in BY_ITSELF], ids=str)
def test_any_other_change_counts(path: tuple[Any, ...]) -> None:
    told = copy.deepcopy(page())
    at: Any = told
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = "something else"
    assert hash_of(told) != hash_of(page())


def test_the_file_behind_a_signed_address_counts() -> None:
    told = page()
    told["icon"] = hosted("another")
    assert hash_of(told) != hash_of(page())


def test_an_address_that_somebody_typed_counts_whole() -> None:
    told = page()
    told["properties"]["request_id"]["url"] = "https://example.com/?X-Amz-Signature=yours"
    assert hash_of(told) != hash_of(page())


def test_a_custom_emoji_counts_without_its_signature() -> None:
    def with_emoji(name: str, query: str) -> str:
        emoji = {"id": "1", "name": name, "url": f"https://files.example.com/a.png?{query}"}
        return hash_of({**page(), "icon": {"type": "custom_emoji", "custom_emoji": emoji}})

    assert with_emoji("a", "X-Amz-Signature=1") == with_emoji("a", "X-Amz-Signature=2")
    assert with_emoji("a", "") != with_emoji("b", "")


def test_the_order_of_keys_and_the_blanks_do_not_count() -> None:
    turned = dict(reversed(page().items()))
    assert content_hash(json.dumps(turned, indent=2)) == hash_of(page())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1", "1.0"),
        ("1.0", "1.00"),
        ("1.5", '"1.5"'),
        ("90071992547409.93", "90071992547409.94"),  # the same binary float
        ("123456789012345678901234567890", "123456789012345678901234567891"),
        ("1E400", "1E401"),
        ("0.1", "0.1000000000000000055511151231257827"),
        ("true", "1"),
    ],
)
def test_numbers_count_by_their_digits(one: str, other: str) -> None:
    """None of them ever passes through a binary float."""
    assert content_hash(f'{{"number": {one}}}') != content_hash(f'{{"number": {other}}}')


@pytest.mark.parametrize("told", ["null", "[]", "3", '"text"', '{"properties": null}'])
def test_a_broken_page_has_a_hash_too(told: str) -> None:
    assert len(content_hash(told)) == 64
