"""What a sweep may take for deleted, what it must not, and how it says so."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest

from finance_ppm.clock import FrozenClock
from finance_ppm.contracts import Table
from finance_ppm.contracts.bronze import NotionRawPages
from finance_ppm.contracts.silver import NotionActions, NotionRisks
from finance_ppm.lakehouse.errors import WriteConflictError
from finance_ppm.lakehouse.lake import Lake, Written
from finance_ppm.pipeline import intake
from finance_ppm.pipeline.bronze import DatabaseSync
from finance_ppm.sandbox.notion.faults import Fault, FaultKind
from finance_ppm.sandbox.notion.history import Change, DataSource, History
from finance_ppm.sandbox.notion.server import serve_notion
from finance_ppm_tests.pipeline.disturbed import Site, at_once, creation, history, page_id, site, told_of
from finance_ppm_tests.world import MONDAY, config_for

COUNT = 25
LATER = MONDAY + timedelta(minutes=30)
NEXT = LATER + timedelta(minutes=30)
EDITS = [creation(name, number_of) for name in ("risks", "actions") for number_of in range(1, COUNT + 1)]


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Site]:
    """Two databases of twenty-five pages, read once; now it is half an hour later."""
    with site(tmp_path, EDITS) as built, at_once():
        built.read(only=["risks", "actions"])
        built.go_to(LATER)
        yield built


def sweep(there: Site, **how: Any) -> DatabaseSync:
    """A full read of ``risks``."""
    return told_of(there.read(only=["risks"], full=True, **how), "risks")


def trash(there: Site, *numbers: int) -> None:
    for number_of in numbers:
        there.edit("risks", number_of, Change.TRASH)


def gone_for_good(there: Site, *numbers: int) -> None:
    """The pages are in no answer any more, and asked for are not found."""
    trash(there, *numbers)
    pages = "|".join(page_id("risks", number_of) for number_of in numbers)
    there.sandbox.add_fault(Fault.error(404, method="GET", path=f"/pages/({pages})$", times=10**6))


def test_a_page_that_is_gone_for_good_keeps_its_last_words(here: Site) -> None:
    gone_for_good(here, 4)
    assert sweep(here).note is None
    assert here.archived("risks") == {4}
    first, last = here.rows(NotionRawPages).filter(page_id=page_id("risks", 4)).sort("captured_at").to_dicts()
    assert (first["is_deleted"], last["is_deleted"]) == (False, True)
    assert last["raw_payload"] == first["raw_payload"]


def test_a_page_in_the_trash_and_one_that_is_gone_are_archived_once(here: Site) -> None:
    trash(here, 3)
    gone_for_good(here, 4)
    assert sweep(here).new_versions == 2
    assert here.archived("risks") == {3, 4}
    assert here.state("risks")["page_count"] == COUNT - 2
    here.go_to(NEXT)
    assert sweep(here).new_versions == 0
    assert here.asked("GET", "/pages/") == [], "what is known to be deleted is not asked for"


def test_a_restored_page_comes_back_with_the_next_read_of_either_kind(here: Site) -> None:
    trash(here, 3, 4)
    sweep(here)
    for number_of, full in ((3, False), (4, True)):
        here.go_to(here.clock.now() + timedelta(minutes=10))
        here.edit("risks", number_of, Change.RESTORE)
        here.read(only=["risks"], full=full)
        assert number_of not in here.archived("risks")
    assert here.archived("risks") == set()


# Sweeps that prove nothing


def test_an_empty_sweep_archives_nothing_and_says_so(here: Site) -> None:
    trash(here, *range(1, COUNT + 1))
    told = sweep(here, accept_deletions=True)
    assert told.error is None
    assert "came back empty, though 25 of its pages are known" in (told.note or "")
    assert "NOTION_RISKS_DB_ID" in (told.note or "")
    assert here.archived("risks") == set()
    assert here.state("risks")["sweep_note"] == told.note


def unshare(there: Site) -> None:
    there.sandbox.unshare("risks")


def unshare_midway(there: Site) -> None:
    there.sandbox.before_request(2, partial(unshare, there), path="/query")


def fail_midway(there: Site) -> None:
    there.sandbox.add_fault(Fault.error(500, path="/query", nth=2, times=10**6))


def truncate_all(there: Site) -> None:
    there.sandbox.add_fault(Fault(FaultKind.TRUNCATED, path="/query", times=10**6))


@pytest.mark.parametrize("disturb", [unshare, unshare_midway, fail_midway, truncate_all])
def test_a_sweep_that_fails_archives_nothing_and_the_next_one_makes_up_for_it(
    here: Site, disturb: Callable[[Site], None]
) -> None:
    trash(here, 3, 4)
    disturb(here)
    told = sweep(here)
    assert told.error is not None
    assert here.archived("risks") == set()
    assert here.state("risks")["last_error"] == str(told.error)
    assert here.state("risks")["last_full_read_at"] == MONDAY
    here.sandbox.clear_faults()
    here.sandbox.share("risks")
    here.go_to(NEXT)
    assert sweep(here).error is None
    assert here.archived("risks") == {3, 4}


@pytest.mark.parametrize(
    ("fault", "archived"),
    [(Fault.error(403), {1, 2, 4, 5}), (Fault.error(500), {1, 2, 4})],
    ids=["refused", "disturbed"],
)
def test_a_page_that_cannot_be_asked_for_is_not_archived_and_the_sweep_says_so(
    here: Site, fault: Fault, archived: set[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where Notion is disturbed, the others are not asked for either, once those that were are told."""
    monkeypatch.setattr("finance_ppm.pipeline.sweep.ASKED_FOR_AT_ONCE", 2)
    trash(here, 1, 2, 3, 4, 5)
    here.sandbox.add_fault(replace(fault, path=f"/pages/{page_id('risks', 3)}$", times=10**6))
    told = sweep(here)
    assert told.error is None
    assert "1 missing pages could not be asked for" in (told.note or "")
    assert here.state("risks")["sweep_note"] == told.note
    assert here.archived("risks") == archived
    here.sandbox.clear_faults()
    here.go_to(NEXT)
    assert sweep(here).note is None
    assert here.archived("risks") == {1, 2, 3, 4, 5}


def test_pages_that_are_lost_in_numbers_are_rather_out_of_sight(here: Site) -> None:
    gone_for_good(here, *range(1, 15))
    told = sweep(here)
    assert told.error is None
    assert "does not find most of its 25 known pages" in (told.note or "")
    assert "--full-sync --accept-deletions" in (told.note or "")
    assert here.archived("risks") == set()
    assert here.state("risks")["sweep_note"] == told.note
    here.go_to(NEXT)
    assert told_of(here.read(only=["risks"]), "risks").note is None
    assert here.state("risks")["sweep_note"] == told.note, "only a sweep can take it back"
    assert sweep(here, accept_deletions=True).note is None
    assert here.archived("risks") == set(range(1, 15))
    assert here.state("risks")["sweep_note"] is None
    assert here.state("risks")["page_count"] == COUNT - 14


def test_half_of_the_pages_may_be_gone(here: Site) -> None:
    gone_for_good(here, *range(1, 13))
    assert sweep(here).note is None
    assert here.archived("risks") == set(range(1, 13))


def test_any_number_may_be_in_the_trash(here: Site) -> None:
    trash(here, *range(1, COUNT))
    assert sweep(here).note is None
    assert here.archived("risks") == set(range(1, COUNT))


def test_a_sweep_asks_for_no_page_that_came(here: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two were created at a time, and a batch may end between them."""
    monkeypatch.setattr(intake, "BATCH_PAGES", 5)
    assert sweep(here).pages_read == COUNT
    assert here.asked("GET", "/pages/") == []


def test_pages_that_are_missed_and_still_there_are_not_archived(here: Site) -> None:
    """As if the query had left them out: the answer of each page itself counts."""
    trash(here, 3, 4)
    back = partial(here.edit, "risks", 4, Change.RESTORE)
    here.sandbox.before_request(1, back, path=f"/pages/{page_id('risks', 4)}$")
    assert sweep(here).error is None
    assert here.archived("risks") == {3}


# Pages that went elsewhere


def move(there: Site, number_of: int, target: str) -> None:
    """Move a page of ``risks`` into the first data source of another database."""
    answer = httpx.post(
        f"{there.sandbox.base_url}/v1/pages/{page_id('risks', number_of)}/move",
        headers={
            "Authorization": f"Bearer {there.sandbox.token.get_secret_value()}",
            "Notion-Version": "2025-09-03",
        },
        json={"parent": {"type": "data_source_id", "data_source_id": there.sandbox.data_source_ids[target]}},
        trust_env=False,
    )
    assert answer.is_success, answer.text


def test_a_page_moved_to_another_database_leaves_this_one_and_is_in_that(here: Site) -> None:
    move(here, 3, "actions")
    here.sync(full_sync=True, only=["risks", "actions"])
    moved = page_id("risks", 3)
    (in_risks,) = here.rows(NotionRisks).filter(risk_id=moved).to_dicts()
    (in_actions,) = here.rows(NotionActions).filter(action_id=moved).to_dicts()
    assert (in_risks["is_archived"], in_actions["is_archived"]) == (True, False)
    assert here.archived("risks") == {3}


@pytest.fixture
def two_sources(tmp_path: Path) -> Iterator[Site]:
    """``risks`` with a second data source, which holds the pages from 16 on; read once."""
    story = history([edit for edit in EDITS if edit.database == "risks"])
    more = DataSource("more_risks", "More risks", story.databases[3].properties)
    edits = [
        replace(edit, database="more_risks") if edit.page_id >= page_id("risks", 16) else edit for edit in story.edits
    ]
    databases = [
        replace(database, more_sources=(more,)) if database.name == "risks" else database
        for database in story.databases
    ]
    with serve_notion(History((), tuple(databases), tuple(edits)), now=MONDAY) as sandbox, at_once():
        config = config_for(sandbox, tmp_path).model_copy(update={"notion_version": "2025-09-03"})
        built = Site(sandbox, config, FrozenClock(MONDAY))
        assert told_of(built.read(only=["risks"]), "risks").pages_read == COUNT
        built.go_to(LATER)
        yield built


def test_a_page_moved_within_its_database_stays(two_sources: Site) -> None:
    move(two_sources, 3, "more_risks")
    two_sources.sandbox.before_request(5, partial(move, two_sources, 20, "risks"), path="/query")
    assert sweep(two_sources).error is None
    assert two_sources.archived("risks") == set()


def test_what_lay_in_a_data_source_that_is_no_longer_shown_is_not_archived(two_sources: Site) -> None:
    two_sources.sandbox.unshare("risks", data_source="more_risks")
    told = sweep(two_sources)
    assert told.error is None
    assert "does not find some of its pages, nor one of its data sources" in (told.note or "")
    assert two_sources.archived("risks") == set()
    two_sources.sandbox.share("risks", data_source="more_risks")
    two_sources.go_to(NEXT)
    told = sweep(two_sources)
    assert (told.note, told.new_versions) == (None, 0)
    assert two_sources.archived("risks") == set()


# Sweeps that are taken up


def cut_short(there: Site, at: int) -> None:
    """A sweep of which the ``at``-th query is the last that Notion answers."""
    there.sandbox.add_fault(Fault.error(403, path="/query", nth=at + 1, times=10**6))
    assert sweep(there).error is not None
    there.sandbox.clear_faults()


def test_a_sweep_that_is_taken_up_finds_what_was_deleted_before_and_since(here: Site) -> None:
    """Of what had come before it was deleted, the sweep knows no better; the next one finds it."""
    trash(here, 2, 24)
    cut_short(here, 1)
    here.go_to(LATER + timedelta(minutes=5))
    trash(here, 4, 23)
    told = sweep(here)
    assert (told.error, told.resumed) == (None, True)
    assert here.archived("risks") == {2, 23, 24}
    trash(here, 22)
    here.go_to(NEXT)
    sweep(here)
    assert here.archived("risks") == {2, 4, 22, 23, 24}


def test_a_sweep_cut_short_among_its_tombstones_buries_the_rest(here: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that are buried already do not count as lost in numbers once more."""
    monkeypatch.setattr("finance_ppm.pipeline.sweep.ASKED_FOR_AT_ONCE", 2)
    monkeypatch.setattr(intake, "BATCH_PAGES", 5)
    gone_for_good(here, *range(1, 13))
    append, appends = Lake.append, count(1)

    def fail_once(lake: Lake, table: type[Table], rows: pl.DataFrame) -> Written:
        if next(appends) == 6:
            raise WriteConflictError("other writers came first")
        return append(lake, table, rows)

    with monkeypatch.context() as patch:
        patch.setattr(Lake, "append", fail_once)
        with pytest.raises(WriteConflictError):
            sweep(here)
    assert len(here.archived("risks")) == 6
    assert sweep(here).note is None
    assert here.archived("risks") == set(range(1, 13))


def test_a_page_without_an_id_or_a_time_survives_a_sweep_that_is_taken_up(tmp_path: Path) -> None:
    """Nobody can be asked about it, and it lies in no span that would show whether it had come."""
    nameless = replace(creation("risks", 1), override={"id": None, "created_time": None})
    with site(tmp_path, [nameless, *EDITS[1:COUNT]]) as here, at_once():
        sweep(here)
        here.go_to(LATER)
        cut_short(here, 2)
        assert sweep(here).error is None
        rows = here.rows(NotionRawPages)
        assert rows.filter(rows["page_id"].str.starts_with("unidentified:")).height == 1
        assert rows.filter("is_deleted").is_empty()
        here.go_to(NEXT)
        here.edit("risks", 1, Change.TRASH)
        assert sweep(here).error is None
        assert here.rows(NotionRawPages).filter("is_deleted").height == 1, "a sweep in one piece knows"
