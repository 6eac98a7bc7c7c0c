from datetime import UTC, datetime

import pytest

from finance_ppm.sources.notion.json_text import parse
from finance_ppm.sources.notion.pages import RawPage, dashed_id, page_id_of, raw_page


def page_of(payload: str) -> RawPage:
    return raw_page(payload, parse(payload))


def test_a_page_is_identified_dated_and_kept_as_it_came() -> None:
    payload = (
        '{ "id": "DCDC805C85FA4155A55C20FC28771AF7", "created_time": "2022-02-07T21:29:00.000Z",'
        ' "last_edited_time": "2025-09-05T02:48:07.163+02:00", "in_trash": false, "n": 1.10 }'
    )
    page = page_of(payload)
    assert page.page_id == "dcdc805c-85fa-4155-a55c-20fc28771af7"
    assert page.created_time == datetime(2022, 2, 7, 21, 29, tzinfo=UTC)
    assert page.last_edited_time == datetime(2025, 9, 5, 0, 48, 7, 163000, tzinfo=UTC)
    assert page.last_edited_time.tzinfo is UTC
    assert page.payload == payload
    assert not page.is_deleted


@pytest.mark.parametrize(
    ("flags", "deleted"),
    [
        ("", False),
        (', "archived": true', True),
        (', "archived": false', False),
        (', "in_trash": true', True),
        (', "in_trash": true, "archived": false', True),
        (', "in_trash": false, "archived": true', False),
        (', "in_trash": null, "archived": null', False),
    ],
)
def test_the_trash_is_in_trash_else_archived(flags: str, deleted: bool) -> None:
    assert page_of(f'{{"id": "dcdc805c-85fa-4155-a55c-20fc28771af7"{flags}}}').is_deleted is deleted


@pytest.mark.parametrize("told", ['""', "null", "7", '"abc"', '"dcdc805c85fa4155a55c20fc28771af"', '["x"]'])
def test_a_page_without_a_usable_id_is_kept_under_its_content(told: str) -> None:
    page = page_of(f'{{"id": {told}, "x": 1}}')
    assert page.page_id == f"unidentified:{page.content_hash[:32]}"
    assert page_of(f'{{"id": {told}, "x": 2}}').page_id != page.page_id


@pytest.mark.parametrize("told", ["null", "[]", "3", '"text"', "{}"])
def test_what_is_no_page_is_kept_too(told: str) -> None:
    page = page_of(told)
    assert page.page_id.startswith("unidentified:")
    assert page.payload == told
    assert page.created_time is None
    assert not page.is_deleted


@pytest.mark.parametrize(
    "told",
    ['"2024-13-01T00:00:00Z"', '"2024-01-01T00:00:00"', '"2024-01-01"', "7", "null", '"0001-01-01T00:00:00+14:00"'],
)
def test_a_time_that_is_none_is_none(told: str) -> None:
    page = page_of(f'{{"created_time": {told}, "last_edited_time": {told}}}')
    assert page.created_time is None
    assert page.last_edited_time is None


def test_an_id_has_one_form() -> None:
    assert dashed_id("dcdc805c85fa4155a55c20fc28771af7") == dashed_id("DCDC805C-85FA-4155-A55C-20FC28771AF7")
    assert dashed_id("{dcdc805c-85fa-4155-a55c-20fc28771af7}") is None


@pytest.mark.parametrize(
    "told",
    [
        "a3ebedc1-7d19-558e-b31b-4acc90be4514",
        "a3ebedc17d19558eb31b4acc90be4514",
        " A3EBEDC17D19558EB31B4ACC90BE4514 ",
        "https://www.notion.so/a3ebedc17d19558eb31b4acc90be4514",
        "https://www.notion.so/acme/Our-Portfolio-2026-a3ebedc17d19558eb31b4acc90be4514?pvs=4#0011",
        "https://www.notion.so/acme/Our-Portfolio-a3ebedc1-7d19-558e-b31b-4acc90be4514/",
        "https://app.notion.com/p/a3ebedc17d19558eb31b4acc90be4514",
        "https://www.notion.so/11111111111111111111111111111111?v=2222&p=a3ebedc17d19558eb31b4acc90be4514&pm=s",
    ],
)
def test_an_id_or_a_link_names_a_page(told: str) -> None:
    assert page_id_of(told) == "a3ebedc1-7d19-558e-b31b-4acc90be4514"


def test_a_page_without_an_id_of_its_own_is_named_as_the_lake_names_it() -> None:
    assert page_id_of(f" unidentified:{'0' * 32}") == f"unidentified:{'0' * 32}"


@pytest.mark.parametrize("told", ["", "Portfolio", "https://www.notion.so/acme/Portfolio", "1234", "a3ebedc17d19558e"])
def test_anything_else_names_no_page(told: str) -> None:
    assert page_id_of(told) is None
