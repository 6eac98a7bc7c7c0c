"""Reading at once, in parts, and again: windows, reads that are taken up, and what they cost."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from finance_ppm.contracts.bronze import NotionRawPages, NotionSyncWatermarks
from finance_ppm.errors import FinancePpmError
from finance_ppm.lakehouse.errors import WriteConflictError
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.pipeline import intake, known
from finance_ppm.pipeline.unfinished import Unfinished
from finance_ppm.pipeline.watermarks import FULL_READ_EVERY
from finance_ppm.sandbox.notion.faults import Fault
from finance_ppm.sandbox.notion.history import Edit
from finance_ppm.sandbox.request_log import RecordedRequest
from finance_ppm.sources.notion import windows
from finance_ppm.sources.notion.limiter import RESUME_SPREAD, Limiter
from finance_ppm.sources.notion.reader import SCHEMA_MAX_AGE
from finance_ppm_tests.pipeline.disturbed import (
    Site,
    at_once,
    creation,
    differing,
    long_title,
    site,
    titled,
    told_of,
)
from finance_ppm_tests.sources.notion.conftest import InstantTime
from finance_ppm_tests.world import MONDAY

RISKS = ["risks"]
COUNT = 200
SIZE = 10
"""Pages to an answer."""
LATER = MONDAY + timedelta(minutes=30)


def minutely(count: int = COUNT, database: str = "risks") -> list[Edit]:
    """As many pages, two to a minute, the last of them created lately."""
    start = MONDAY - timedelta(minutes=count // 2 + 1)
    return [
        creation(database, number_of, start + timedelta(minutes=number_of // 2)) for number_of in range(1, count + 1)
    ]


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Site]:
    """A database of two hundred pages that nobody has read."""
    with site(tmp_path, minutely()) as built:
        yield built


def numbers(there: Site, database: str = "risks") -> list[int]:
    """Numbers of the pages in bronze, as often as there are versions of them."""
    rows = there.rows(NotionRawPages).filter(database_name=database)
    return sorted(int(told[-12:], 16) for told in rows["page_id"])


def spans_of(queries: list[RecordedRequest]) -> set[tuple[str | None, str | None]]:
    """The bounds of creation time that were asked for."""
    return {
        (bounds.get("on_or_after"), bounds.get("before"))
        for told in queries
        for bounds in [{key: value for part in _filters(told.body) for key, value in part["created_time"].items()}]
    }


def _filters(body: dict[str, Any]) -> list[dict[str, Any]]:
    told = body.get("filter", {})
    return [part for part in told.get("and", [told]) if "created_time" in part]


# Windows


def test_a_first_read_shares_its_windows_and_brings_every_page_once(here: Site) -> None:
    with at_once(page_size=SIZE) as patch:
        patch.setattr(windows, "WORTH_A_WINDOW", 20)
        assert here.read(only=RISKS).failures == {}
    queries = here.queries("risks")
    assert numbers(here) == list(range(1, COUNT + 1))
    assert len(spans_of(queries)) > 5
    assert len(queries) <= COUNT / SIZE + len(spans_of(queries)) + 1, "a window costs an answer more at most"


def test_a_read_of_known_pages_begins_in_as_many_windows_as_they_fill(here: Site) -> None:
    with at_once(page_size=SIZE) as patch:
        patch.setattr(known, "PAGES_A_WINDOW", 30)
        assert here.read(only=RISKS).failures == {}
        alone = len(here.queries("risks"))
        assert here.read(only=RISKS, full=True).failures == {}
    queries = here.queries("risks")
    assert len(spans_of(queries)) == 7
    assert alone == COUNT / SIZE
    assert alone <= len(queries) <= alone + 7
    assert numbers(here) == list(range(1, COUNT + 1)), "nothing was new"


@pytest.mark.parametrize("version", ["2022-06-28", "2025-09-03"])
def test_many_edits_are_read_in_windows_as_well(version: str, tmp_path: Path) -> None:
    with site(tmp_path, minutely(), notion_version=version) as here, at_once(page_size=SIZE) as patch:
        patch.setattr(windows, "WORTH_A_WINDOW", 20)
        here.read(only=RISKS)
        here.go_to(LATER)
        for number_of in range(1, COUNT + 1):
            here.edit("risks", number_of, **titled("risks", f"again {number_of}"))
        assert here.read(only=RISKS).failures == {}
        asked = [told for told in here.asked("POST", "/query") if told.body["sorts"][0]["direction"] == "ascending"]
        assert len(spans_of(asked)) > 5
        assert all("last_edited_time" in str(told.body["filter"]) for told in asked)
        assert numbers(here) == sorted(2 * list(range(1, COUNT + 1)))


# Reads that are taken up


def cut_short(there: Site, at: int, **how: Any) -> None:
    """A sync of ``risks`` of which the ``at``-th query is the last that Notion answers."""
    there.sandbox.add_fault(Fault.error(403, path="/query", nth=at + 1, times=10**6))
    assert set(there.read(only=RISKS, **how).failures) == {"risks"}
    there.sandbox.clear_faults()


@pytest.mark.parametrize("version", ["2022-06-28", "2025-09-03", "2026-03-11"])
def test_a_first_read_is_taken_up_where_it_was_cut_short(version: str, tmp_path: Path) -> None:
    with site(tmp_path, minutely(), notion_version=version) as here, at_once(page_size=SIZE):
        cut_short(here, 12)
        assert numbers(here) == list(range(1, 121)), "what had come is durable"
        here.go_to(LATER)
        sync = told_of(here.read(only=RISKS), "risks")
        assert (sync.error, sync.resumed, sync.full) == (None, True, True)
        assert numbers(here) == list(range(1, COUNT + 1))
        queries = len(here.asked("POST", "/query"))
        assert queries == 1 + 9, "what was edited since; eighty pages, and the one of the minute in which it was cut"
        state = here.state("risks")
        assert state["last_edited_time"] == state["last_full_read_at"] == MONDAY, "when the read had begun"
        assert state["unfinished"] is None
        assert state["page_count"] == COUNT


def test_what_was_edited_after_its_part_had_come_comes_when_the_rest_does(here: Site) -> None:
    with at_once(page_size=SIZE):
        cut_short(here, 12)
        here.go_to(LATER)
        here.edit("risks", 3, **titled("risks", "edited meanwhile"))
        here.edit("risks", 190, **titled("risks", "edited meanwhile"))
        here.read(only=RISKS)
        assert numbers(here) == sorted([*range(1, COUNT + 1), 3])
        here.go_to(LATER + timedelta(minutes=30))
        assert told_of(here.read(only=RISKS), "risks").new_versions == 0


def test_a_read_cut_short_again_and_again_comes_to_its_end(here: Site) -> None:
    queries = 0
    with at_once(page_size=SIZE):
        for _ in range(4):
            cut_short(here, 4)
            queries += 4
        assert here.read(only=RISKS).failures == {}
    assert queries + len(here.queries("risks")) <= COUNT / SIZE + 4
    assert numbers(here) == list(range(1, COUNT + 1))


def test_a_read_in_windows_is_taken_up_in_what_is_left_of_each(here: Site) -> None:
    with at_once(page_size=SIZE) as patch:
        patch.setattr(windows, "WORTH_A_WINDOW", 20)
        cut_short(here, 14)
        came = len(set(numbers(here)))
        assert came >= 100
        assert here.read(only=RISKS).failures == {}
    spans = spans_of(here.queries("risks"))
    assert len(here.queries("risks")) <= (COUNT - came) / SIZE + 2 * len(spans) + 1
    assert numbers(here) == list(range(1, COUNT + 1))


def test_what_arrived_is_in_bronze_whichever_window_failed(here: Site) -> None:
    """Windows wait for one another to write: the one that fails takes nothing from those that wait."""
    told: list[int] = []
    with at_once(page_size=SIZE) as patch:
        patch.setattr(windows, "WORTH_A_WINDOW", 20)
        patch.setattr(intake, "BATCH_PAGES", 10)
        here.sandbox.add_fault(Fault.error(403, path="/query", nth=15, times=10**6))
        sync = here.read(only=RISKS, progress=lambda _, count: told.append(count))
    assert set(sync.failures) == {"risks"}
    assert len(numbers(here)) >= told[-1] - len(spans_of(here.queries("risks"))), "but for pages that came twice"


def test_an_incremental_read_is_taken_up_where_it_was_cut_short(here: Site) -> None:
    with at_once(page_size=SIZE):
        here.read(only=RISKS)
        here.go_to(LATER - timedelta(minutes=10))
        for number_of in range(1, 101):
            here.edit("risks", number_of, **titled("risks", f"again {number_of}"))
        here.go_to(LATER)
        cut_short(here, 6)
        here.go_to(LATER + timedelta(minutes=5))
        sync = told_of(here.read(only=RISKS), "risks")
    assert (sync.resumed, sync.full) == (True, False)
    assert len(here.queries("risks")) == 1 + 5
    assert numbers(here) == sorted([*range(1, COUNT + 1), *range(1, 101)])
    assert here.state("risks")["last_edited_time"] == LATER


def spoil_note(there: Site) -> None:
    rows = there.lake.scan(NotionSyncWatermarks).with_columns(unfinished=pl.lit('{"started_at": "yesterday"}'))
    there.lake.merge(NotionSyncWatermarks, rows.collect())


def remap(there: Site) -> None:
    there.sandbox.alter("risks", {"Severity": None, "Severity of old": {"select": {}}})
    there.sandbox.alter("risks", {"Severity of old": {"name": "Severity"}})


def wait_a_day(there: Site) -> None:
    there.go_to(MONDAY + FULL_READ_EVERY)


@pytest.mark.parametrize("meanwhile", [spoil_note, remap, wait_a_day])
def test_a_read_is_not_taken_up_where_its_beginning_no_longer_holds(
    here: Site, meanwhile: Callable[[Site], None]
) -> None:
    with at_once(page_size=SIZE):
        cut_short(here, 12)
        meanwhile(here)
        sync = told_of(here.read(only=RISKS), "risks")
    assert (sync.error, sync.resumed, sync.pages_read) == (None, False, COUNT)
    assert len(here.queries("risks")) >= COUNT / SIZE


def test_each_batch_is_noted_once_it_is_durable(here: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """At every commit of the note, bronze holds at least the pages of the spans it names."""
    notes: list[tuple[int, int]] = []
    merge = Lake.merge

    def noted(lake: Lake, table: Any, rows: pl.DataFrame, *others: Any) -> Any:
        read = Unfinished.from_json(rows["unfinished"][0]) if table is NotionSyncWatermarks else None
        if read:
            pages = lake.scan(NotionRawPages).collect()
            done = sum(any(span.holds(at) for span in read.done) for at in pages["created_time"])
            notes.append((done, pages.height))
            should = sum(any(span.holds(edit.at) for span in read.done) for edit in minutely())
            assert done == should
        return merge(lake, table, rows, *others)

    monkeypatch.setattr(Lake, "merge", noted)
    with at_once(page_size=SIZE) as patch:
        patch.setattr(windows, "WORTH_A_WINDOW", 20)
        patch.setattr(intake, "BATCH_PAGES", 30)
        assert here.read(only=RISKS).failures == {}
    assert len(notes) >= 2
    assert [done for done, _ in notes] == sorted(done for done, _ in notes)


def test_an_error_of_the_lake_is_raised_as_it_is(here: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise WriteConflictError("other writers came first")

    monkeypatch.setattr(Lake, "append", refuse)
    with at_once(), pytest.raises(FinancePpmError, match="other writers came first"):
        here.read()


def test_a_first_read_is_whole_whatever_the_windows_and_batches(tmp_path: Path) -> None:
    """The tables of a read in one piece and of one in many are the same."""
    edits = [*minutely(90), *minutely(60, "budget_lines"), *minutely(3, "projects")]
    with site(tmp_path, edits) as here, at_once(page_size=SIZE) as patch:
        plain, parted = here.copy(tmp_path / "plain"), here.copy(tmp_path / "parted")
        assert plain.sync().succeeded
        patch.setattr(windows, "WORTH_A_WINDOW", 10)
        patch.setattr(intake, "BATCH_PAGES", 20)
        assert parted.sync().succeeded
        assert len(spans_of(parted.queries("risks"))) > 2
        assert differing(parted.tables(), plain.tables()) == []


# What it costs


@pytest.mark.parametrize("version", ["2022-06-28", "2025-09-03", "2026-03-11"])
def test_one_edited_page_costs_a_request_a_database_and_one_a_value_that_it_does_not_show(
    version: str, tmp_path: Path
) -> None:
    with site(tmp_path, [*minutely(3), *minutely(3, "actions")], notion_version=version) as here, at_once():
        here.read()
        here.go_to(LATER)
        here.edit("risks", 2, **titled("risks", "edited"))
        assert here.read().requests == 5
        here.go_to(LATER + timedelta(minutes=10))
        pieces: dict[str, Any] = {"rich_text": [{"text": {"content": f"{piece} "}} for piece in range(30)]}
        here.edit("actions", 2, **long_title("actions", "piece"), Source_ID=pieces)
        assert here.read().requests == 7
        here.go_to(LATER + timedelta(minutes=20))
        assert here.read().requests == 7, "once more: it may have been edited again in that minute"
        here.go_to(LATER + timedelta(minutes=30))
        assert here.read().requests == 5


def test_schemas_are_read_hourly_and_cost_a_request_each(tmp_path: Path) -> None:
    with site(tmp_path, minutely(3)) as here, at_once():
        here.read()
        costs = []
        for minutes in (30, 60, 61, 90, 121, 122):
            here.go_to(MONDAY + timedelta(minutes=minutes))
            costs.append(here.read().requests)
    assert timedelta(minutes=61) > SCHEMA_MAX_AGE >= timedelta(minutes=60)
    assert costs == [5, 5, 10, 5, 5, 10]


# One budget for all


class Watched(Limiter):
    """Notes when each request was granted, and when everybody was told to pause for how long."""

    def __init__(self, requests_per_minute: int) -> None:
        clock = InstantTime()
        super().__init__(requests_per_minute, time=clock.time, sleep=clock.sleep)
        self.clock = clock
        self.granted: list[float] = []
        self.paused: list[tuple[float, float]] = []

    async def acquire(self) -> None:
        await super().acquire()
        self.granted.append(self.clock.now)

    def pause(self, seconds: float) -> None:
        self.paused.append((self.clock.now, seconds))
        super().pause(seconds)


def all_databases() -> list[Edit]:
    return [edit for name in ("projects", "budget_lines", "risks") for edit in minutely(60, name)]


def test_all_databases_together_keep_to_the_budget_and_spend_it(tmp_path: Path) -> None:
    limiter = Watched(7)
    with site(tmp_path, all_databases()) as here, at_once(page_size=SIZE, limiter=limiter) as patch:
        patch.setattr(windows, "WORTH_A_WINDOW", 10)
        here.sandbox.add_fault(Fault.error(500, nth=9, times=3))
        assert here.read().failures == {}
        assert len(limiter.granted) == len(here.sandbox.requests()) > 25
    minutes = zip(limiter.granted, limiter.granted[7:], strict=False)
    assert all(one_too_many - first > 60 for first, one_too_many in minutes)
    assert limiter.granted[6] == 0.0, "a burst, where the budget allows it"


def test_a_pause_that_one_database_was_told_pauses_all(tmp_path: Path) -> None:
    limiter = Watched(10_000)
    with site(tmp_path, all_databases()) as here, at_once(page_size=SIZE, limiter=limiter):
        here.sandbox.add_fault(Fault.rate_limited(95, path=f"{here.sandbox.database_ids['risks']}/query", nth=2))
        here.sandbox.add_fault(Fault.overloaded(200, path=f"{here.sandbox.database_ids['projects']}/query", nth=4))
        assert here.read().failures == {}
        assert len(limiter.granted) == len(here.sandbox.requests())
    assert sorted(seconds for _, seconds in limiter.paused) == [95, 200]
    for moment, seconds in limiter.paused:
        assert not any(moment < granted < moment + seconds for granted in limiter.granted)
        assert any(granted >= moment + seconds for granted in limiter.granted)
    assert limiter.clock.now <= 295 + 2 * RESUME_SPREAD * len(limiter.granted)
