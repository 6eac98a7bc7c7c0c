"""A column is removed or retyped in Notion: the last good values stay, on every day and however silver is built."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance_ppm import SyncEngine
from finance_ppm.clock import FrozenClock
from finance_ppm.contracts.bronze import NotionRawPages, NotionSyncWatermarks
from finance_ppm.contracts.gold import DataQualityIssues
from finance_ppm.contracts.silver import NotionBudgetLines, Quarantine
from finance_ppm.errors import NeverCapturedError
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.pipeline.point_in_time import PointInTime
from finance_ppm.pipeline.silver import all_pages, property_map, quarantine_upsert, silver_upsert, touched_pages
from finance_ppm.transforms.silver import PropertyMap, with_earlier
from finance_ppm_tests.transforms.silver import histories as h
from finance_ppm_tests.transforms.silver.histories import FIRST_DAY, Expected, History, expected, histories, known
from finance_ppm_tests.world import World, number, world

DAYS = 3


def evening(day: date) -> datetime:
    return datetime.combine(day, time(23, 59, 59), UTC)


def append(lake: Lake, versions: Sequence[tuple[str, h.Version]]) -> None:
    rows = [
        {
            "page_id": page_id,
            "captured_at": version.captured_at,
            "database_id": "db",
            "database_name": "budget_lines",
            "created_time": evening(FIRST_DAY),
            "last_edited_time": None,
            "content_hash": f"{page_id} {version}",
            "is_deleted": version.deleted,
            "raw_payload": version.payload,
            "_ingestion_timestamp": version.captured_at,
        }
        for page_id, version in versions
    ]
    lake.append(NotionRawPages, pl.DataFrame(rows, schema=NotionRawPages.create_empty().schema))


def remember(lake: Lake, properties: PropertyMap, **columns: Any) -> None:
    """Store where columns are found."""
    row = {
        "database_id": "db",
        "database_name": "budget_lines",
        "property_ids": json.dumps(dict(properties.ids)),
        "property_names": json.dumps(dict(properties.names)),
        "schema_json": '{"properties":{}}',
        **columns,
    }
    lake.merge(NotionSyncWatermarks, pl.DataFrame([row], schema=NotionSyncWatermarks.create_empty().schema))


def build(lake: Lake, pages: pl.Series) -> None:
    """Silver and quarantine of these pages."""
    for table, upsert in (
        (NotionBudgetLines, silver_upsert(lake, "budget_lines", pages)),
        (Quarantine, quarantine_upsert(lake, {"budget_lines": pages})),
    ):
        lake.merge(table, upsert.rows, upsert.touched)


def in_silver(rows: pl.DataFrame, refused: pl.DataFrame) -> dict[str, Any]:
    """Page id to the cells that drift where it is accepted, to the rule it breaks where it is refused."""
    cells = [*h.COLUMNS, "project_ids"]
    accepted = {row["budget_line_id"]: {name: row[name] for name in cells} for row in rows.to_dicts()}
    turned_away = dict(refused.select("page_id", "rule").iter_rows())
    assert not accepted.keys() & turned_away.keys()
    return accepted | turned_away


def as_told(found: Expected) -> Any:
    if not found.refused:
        return found.cells
    return "page_malformed" if ("page_malformed", None) in found.issues else "amount_not_a_number"


def as_of(pages: dict[str, History], day: int, known: set[str]) -> dict[str, Any]:
    """What the oracle says of the pages there are on a day, from the versions captured by its end."""
    seen = {page_id: [version for version in history if version.day <= day] for page_id, history in pages.items()}
    return {page_id: as_told(expected(history, known)) for page_id, history in seen.items() if history}


@settings(deadline=None, max_examples=4)
@given(st.lists(histories(DAYS), min_size=1, max_size=4), known)
def test_every_day_is_the_same_built_daily_rebuilt_or_looked_back_at(told: list[History], known: set[str]) -> None:
    """Day by day as the sync goes, then at once from all of bronze, then as any day saw it: as the oracle has it."""
    pages = {f"page-{number}": history for number, history in enumerate(told)}
    with TemporaryDirectory() as folder:
        lake, clock = Lake(folder), FrozenClock(evening(FIRST_DAY))
        remember(lake, h.property_map(known))
        for day in range(DAYS):
            clock.moment = evening(FIRST_DAY + timedelta(days=day))
            append(lake, [(page_id, each) for page_id, of in pages.items() for each in of if each.day == day])
            build(lake, touched_pages(lake, "budget_lines", clock.today(), clock.today()))
            assert in_silver(*tables(lake)) == as_of(pages, day, known)
        before = tables(lake)
        build(lake, all_pages(lake, "budget_lines"))
        for rows, again in zip(before, tables(lake), strict=True):
            assert rows.equals(again)

        clock.moment = evening(FIRST_DAY + timedelta(days=DAYS))
        looking_back = PointInTime(lake, clock)
        for day in range(DAYS):
            assert in_silver(*seen(looking_back, FIRST_DAY + timedelta(days=day))) == as_of(pages, day, known)


def tables(lake: Lake) -> tuple[pl.DataFrame, pl.DataFrame]:
    rows, refused = lake.scan(NotionBudgetLines).collect(), lake.scan(Quarantine).collect()
    return rows.sort("budget_line_id"), refused.sort("page_id")


def seen(looking_back: PointInTime, day: date) -> tuple[pl.DataFrame, pl.DataFrame]:
    try:
        return looking_back(NotionBudgetLines, day).collect(), looking_back(Quarantine, day).collect()
    except NeverCapturedError:
        return NotionBudgetLines.create_empty(), Quarantine.create_empty()


# --- where columns are found


def test_ids_are_read_as_one_or_several_and_names_as_configured(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    assert property_map(lake, "budget_lines") == PropertyMap()
    remember(lake, PropertyMap(), property_ids='{"amount": "amt", "notes": ["one", "two"]}', property_names=None)
    assert property_map(lake, "budget_lines") == PropertyMap({"amount": ("amt",), "notes": ("one", "two")})
    remember(lake, PropertyMap({"amount": ("amt",)}, {"amount": "Betrag"}))
    assert property_map(lake, "budget_lines") == PropertyMap({"amount": ("amt",)}, {"amount": "Betrag"})


def test_a_name_that_stands_for_another_database_now_is_read_by_that_ones_ids(tmp_path: Path) -> None:
    lake, noon = Lake(str(tmp_path)), datetime(2026, 6, 1, 12, tzinfo=UTC)
    remember(lake, PropertyMap({"notes": ("old",)}), database_id="z", last_attempt_at=noon, last_read_at=noon)
    later = noon + timedelta(hours=1)  # its first read is under way
    remember(lake, PropertyMap({"amount": ("new",)}), database_id="a", last_attempt_at=later)
    assert property_map(lake, "budget_lines").ids == {"amount": ("new",)}


# --- what it costs


def told_of(*states: str) -> History:
    return [h.Version(day, dict.fromkeys(h.COLUMNS, state)) for day, state in enumerate(states)]


def test_older_versions_are_read_for_pages_that_need_them_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake, asked = Lake(str(tmp_path)), list[str]()
    remember(lake, h.property_map({"amount"}))
    sound, drifted = told_of("value", "empty"), told_of("value", "value", "retyped")
    append(lake, [("sound", each) for each in sound])

    def noted(newest: pl.DataFrame, versions: pl.DataFrame) -> pl.DataFrame:
        asked.extend(versions["page_id"])
        return with_earlier(newest, versions)

    monkeypatch.setattr("finance_ppm.pipeline.silver.with_earlier", noted)
    build(lake, all_pages(lake, "budget_lines"))
    assert asked == []
    append(lake, [("drifted", each) for each in drifted])
    build(lake, all_pages(lake, "budget_lines"))
    assert set(asked) == {"drifted"}


@pytest.mark.parametrize("at_a_time", [1, 4, 100])
def test_how_many_versions_are_held_at_a_time_changes_nothing(
    at_a_time: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = Lake(str(tmp_path))
    remember(lake, h.property_map({"amount"}))
    pages = {f"page-{number}": told_of(*["value"] * number, "retyped", "retyped") for number in range(7)}
    for page_id, history in pages.items():
        append(lake, [(page_id, each) for each in history])
    monkeypatch.setattr("finance_ppm.pipeline.silver.EARLIER_VERSIONS", at_a_time)
    build(lake, all_pages(lake, "budget_lines"))
    assert in_silver(*tables(lake)) == as_of(pages, 10, {"amount"})
    assert dict(tables(lake)[1].select("page_id", "rule").iter_rows()) == {"page-0": "amount_not_a_number"}


# --- the whole way, from Notion


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, pages=60, dirty=False) as built:
        yield built


def patch(here: World, path: str, properties: dict[str, Any]) -> None:
    """Change the properties of a database or a page, as somebody does in Notion."""
    answer = httpx.patch(
        f"{here.sandbox.base_url}/v1/{path}",
        headers={"Authorization": f"Bearer {here.sandbox.token.get_secret_value()}", "Notion-Version": "2022-06-28"},
        json={"properties": properties},
        trust_env=False,
    )
    assert answer.is_success, answer.text


def change_schema(here: World, properties: dict[str, Any]) -> None:
    patch(here, f"databases/{here.sandbox.database_ids['budget_lines']}", properties)


def next_day(here: World) -> None:
    here.go_to(here.clock.now() + timedelta(days=1, hours=1))


def budget(here: World) -> dict[str, Decimal]:
    """Each line's amount."""
    return dict(here.rows(NotionBudgetLines).select("budget_line_id", "amount").iter_rows())


def kept(here: World) -> set[tuple[str, str]]:
    rows = here.rows(NotionBudgetLines).explode("issues").unnest("issues").drop_nulls("rule")
    return set(rows.filter(rule="last_good_value_kept").select("budget_line_id", "column").iter_rows())


def test_a_retyped_amount_stays_and_says_so_until_it_is_a_number_again(here: World) -> None:
    engine = SyncEngine(here.config, clock=here.clock, lake=here.lake)
    engine.sync_all()
    before = budget(here)
    edited = next(iter(before))
    change_schema(here, {"Amount": {"rich_text": {}}})
    next_day(here)
    here.edit("budget_lines", edited, Amount={"rich_text": [{"text": {"content": "a lot"}}]})
    here.run(only={"bronze", "silver", "gold/data_quality_issues"})
    assert budget(here) == before
    assert kept(here) == {(line, "amount") for line in before}
    assert here.rows(Quarantine).is_empty()
    found = here.rows(DataQualityIssues).filter(rule="line_last_good_value_kept")
    assert set(found["severity"]) == {"WARN"}
    assert set(found["row_id"]) == set(before)

    change_schema(here, {"Amount": {"number": {}}})
    next_day(here)
    here.edit("budget_lines", edited, Amount=number("12.50"))
    engine.sync_all()
    assert budget(here)[edited] == Decimal("12.50")
    assert edited not in {line for line, _ in kept(here)}


def test_a_removed_column_stays_and_another_of_its_name_counts(here: World) -> None:
    engine = SyncEngine(here.config, clock=here.clock, lake=here.lake)
    engine.sync_all()
    before, notes = budget(here), here.rows(NotionBudgetLines)["notes"].to_list()
    change_schema(here, {"Amount": None, "Notes": None})
    next_day(here)
    engine.sync_all()
    assert budget(here) == before
    assert here.rows(NotionBudgetLines)["notes"].to_list() == notes
    assert {column for _, column in kept(here)} == {"amount", "notes"}
    rows = here.rows(NotionBudgetLines)
    engine.sync_all(full_refresh=True)
    assert here.rows(NotionBudgetLines).equals(rows)

    change_schema(here, {"Amount": {"number": {}}})
    next_day(here)
    edited = next(iter(before))
    patch(here, f"pages/{edited}", {"Amount": {"number": 7}})
    engine.sync_all()
    assert budget(here) == dict.fromkeys(before) | {edited: Decimal("7.00")}
    assert {column for _, column in kept(here)} == {"notes"}
