"""The sample portfolio: every page once, however often and however badly it was loaded, and readable by the sync."""

import json
import re
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance_ppm.clock import FrozenClock
from finance_ppm.contracts import PAGE_TABLES
from finance_ppm.contracts.silver import Quarantine
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.onboarding import sample
from finance_ppm.onboarding.cells import plain, written
from finance_ppm.onboarding.sample import Present, assigned, sample_pages
from finance_ppm.pipeline.engine import SyncEngine
from finance_ppm.sandbox.notion.faults import Fault, FaultKind
from finance_ppm.settings import DATABASES
from finance_ppm_tests.onboarding.fresh_notion import NOW, FreshNotion, KilledError, fresh_notion, killed_after

SMALL = 20
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def held(notion: FreshNotion) -> dict[str, Counter[str]]:
    """What every page of every database holds; ids, which are new in every Notion, stand as titles."""
    pages = {name: notion.pages(name) for name in DATABASES}
    titles = {page.id: f"<{_title(page)}>" for found in pages.values() for page in found}
    return {name: Counter(_written(page, titles) for page in found) for name, found in pages.items()}


def _written(page: Any, titles: dict[str, str]) -> str:
    cells = {page.source.properties[key].name: value for key, value in page.values.items()}
    return UUID.sub(lambda match: titles[match[0]], json.dumps(cells, default=str, sort_keys=True))


def _title(page: Any) -> str:
    return str(page.values[page.source.title_property.id])


def test_the_sample_is_read_by_the_sync_without_a_finding_of_the_schema(notion: FreshNotion, tmp_path: Path) -> None:
    done = notion.set_up(sample=60)
    assert done.succeeded
    assert done.sample is not None
    assert notion.watcher.made == list(range(1, notion.watcher.to_make + 1))
    config, clock = notion.config(), FrozenClock(NOW)
    summary = SyncEngine(config, clock=clock).sync_all()
    assert [(database.error, database.drift) for database in summary.databases] == [(None, ())] * 5
    lake = Lake(config.ppm_lakehouse_uri)
    rows = {name: lake.scan(table).collect() for name, table in PAGE_TABLES.items()}
    assert {name: frame.height for name, frame in rows.items()} == done.sample
    assert all(frame["issues"].list.len().sum() == 0 for frame in rows.values())
    assert lake.scan(Quarantine).collect().is_empty()
    lines = rows["budget_lines"].join(rows["projects"], on="project_id", how="semi")
    assert lines.height == rows["budget_lines"].height, "every line leads to a project that is there"
    assert lines.select(pl.col("amount").sum()).item() > 0
    assert rows["projects"]["program_id"].is_in(rows["programs"]["program_id"].implode()).all()
    health = notion.health()
    assert health.well, health
    assert any("pages take about" in finding.told for finding in health.findings)


def test_a_second_time_only_what_is_missing_is_made(one_notion: FreshNotion) -> None:
    one_notion.set_up(sample=SMALL)
    before = held(one_notion)
    again = one_notion.set_up(sample=SMALL)
    assert again.sample == dict.fromkeys(DATABASES, 0)
    lost = one_notion.pages("budget_lines")[3]
    edited = one_notion.pages("budget_lines")[5]
    one_notion.ask("PATCH", f"/v1/pages/{lost.id}", {"in_trash": True})
    one_notion.ask("PATCH", f"/v1/pages/{edited.id}", {"properties": {"Notes": {"rich_text": []}}})
    third = one_notion.set_up(sample=SMALL)
    assert third.sample == {**dict.fromkeys(DATABASES, 0), "budget_lines": 1}
    after = held(one_notion)
    changed = (before["budget_lines"] - after["budget_lines"]) + (after["budget_lines"] - before["budget_lines"])
    assert changed.total() <= 2, "what was lost is there again, what was edited stays edited"
    assert after["risks"] == before["risks"]


def test_killed_anywhere_and_loaded_again_it_is_the_same(tmp_path: Path) -> None:
    with fresh_notion("2026-03-11", tmp_path) as whole:
        whole.set_up(sample=SMALL)
        wanted, size = held(whole), whole.watcher.to_make
    for number in (1, size // 2, size):
        (tmp_path / ".env").unlink(missing_ok=True)
        with fresh_notion("2026-03-11", tmp_path) as notion:
            notion.set_up()
            with killed_after(number, {"POST"}), pytest.raises((KilledError, ExceptionGroup)):
                notion.set_up(sample=SMALL)
            notion.set_up(sample=SMALL)
            assert held(notion) == wanted


@pytest.mark.parametrize(
    "fault", [Fault(FaultKind.DROP_AFTER), Fault.error(503), Fault(FaultKind.DROP_BEFORE)], ids=lambda one: one.kind
)
@pytest.mark.parametrize(("nth", "times"), [(1, 1), (4, 3)])
def test_a_page_that_may_have_been_made_is_looked_for(
    tmp_path: Path, fault: Fault, nth: int, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample, "PAUSE", 0.0)
    found = []
    for name in ("calm", "disturbed"):
        (tmp_path / name).mkdir()
        with fresh_notion("2022-06-28", tmp_path / name) as notion:
            notion.set_up()
            if name == "disturbed":
                told = {**fault.as_json(), "method": "POST", "path": "/v1/pages", "nth": nth, "times": times}
                notion.sandbox.add_fault(Fault(**told))
            notion.set_up(sample=SMALL)
            found.append(held(notion))
    assert found[0] == found[1]


def test_the_words_and_names_of_the_team_are_used(one_notion: FreshNotion) -> None:
    mapping = one_notion.folder / "mapping.yaml"
    mapping.write_text(
        "projects:\n  Status:\n    property: Zustand\n    values:\n      Planning: Geplant\n"
        "      In Progress: [Laufend, Aktiv]\n      Completed: Fertig\nbudget_lines:\n  Amount: Betrag\n"
    )
    done = one_notion.set_up(config=one_notion.config(ppm_notion_mapping=mapping), sample=60)
    assert done.succeeded
    states = {
        value["name"]
        for page in one_notion.pages("projects")
        for key, value in page.values.items()
        if page.source.properties[key].name == "Zustand"
    }
    assert states
    assert states <= {"Geplant", "Laufend", "Fertig"}
    lines = one_notion.config().database_ids["budget_lines"]
    assert "Betrag" in one_notion.properties(lines)
    assert "Amount" not in one_notion.properties(lines)
    assert one_notion.health(ppm_notion_mapping=mapping).well


def test_every_page_of_the_sample_can_be_sent() -> None:
    pages = sample_pages(date(2026, 6, 15), 400)
    assert sorted(pages) == sorted(DATABASES)
    titles = [page.title for name in ("programs", "projects") for page in pages[name]]
    assert len(titles) == len(set(titles)), "a page that others lead to is known by its title"
    assert pages == sample_pages(date(2026, 6, 15), 400)


def test_long_text_is_cut_into_pieces() -> None:
    text = "ä" * 4500
    pieces = written(text, "rich_text")
    assert pieces is not None
    assert [len(piece["text"]["content"]) for piece in pieces["rich_text"]] == [2000, 2000, 500]
    assert plain(pieces) == text


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        ("text", "rich_text"),
        ("text", "select"),
        ("text", "status"),
        ("text", "title"),
        ("2026-01-31", "date"),
        (Decimal(0), "number"),
        (Decimal("-12.50"), "number"),
        (("a", "b"), "relation"),
    ],
)
def test_what_is_written_is_what_is_read(cell: Any, kind: str) -> None:
    value = written(cell, kind)
    assert value is not None
    assert plain(value) == cell
    assert plain({"id": "x", "type": kind, **value}) == cell


@pytest.mark.parametrize(
    ("cell", "kind"), [(("a",), "rich_text"), (Decimal(1), "rich_text"), ("x", "formula"), ("x", "number")]
)
def test_what_a_property_cannot_hold_is_not_written(cell: Any, kind: str) -> None:
    assert written(cell, kind) is None


CELLS = st.fixed_dictionaries({}, optional={"A": st.sampled_from("xyz"), "B": st.sampled_from("xy")})
PAGES = st.lists(st.tuples(st.sampled_from("ab"), CELLS), max_size=8)


@settings(deadline=None, max_examples=200)
@given(wanted=PAGES, kept=st.lists(st.booleans(), min_size=8, max_size=8), foreign=PAGES)
def test_pages_are_known_again(
    wanted: list[tuple[str, dict[str, str]]], kept: list[bool], foreign: list[tuple[str, dict[str, str]]]
) -> None:
    """Nobody is two pages, every page that is there unedited counts, and as many are missing as there are too few."""
    there = [page for page, keep in zip(wanted, kept, strict=False) if keep]
    present = [Present(str(index), *page) for index, page in enumerate([*there, *foreign])]
    found, missing = assigned(wanted, present)
    assert sorted([*found, *missing]) == list(range(len(wanted)))
    assert len(set(found.values())) == len(found)
    titles = Counter(title for title, _ in wanted)
    few = titles - Counter(page.title for page in present)
    assert Counter(wanted[index][0] for index in missing) == few
    if not foreign:
        pages = [(title, tuple(sorted(cells.items()))) for title, cells in wanted]
        lacking = Counter(pages) - Counter(page for page, keep in zip(pages, kept, strict=False) if keep)
        assert Counter(pages[index] for index in missing) == lacking
