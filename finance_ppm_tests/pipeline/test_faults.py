"""Whatever goes wrong at whichever request of a read: the lake ends as if nothing had."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple

import polars as pl
import pytest

from finance_ppm.contracts.bronze import NotionRawPages
from finance_ppm.pipeline.bronze import Sync
from finance_ppm.sandbox.notion.faults import Fault, FaultKind
from finance_ppm.sandbox.notion.history import Change
from finance_ppm.settings import DATABASES, Config
from finance_ppm.sources.notion.retry import ATTEMPTS
from finance_ppm_tests.pipeline.disturbed import (
    Site,
    Tables,
    at_once,
    creation,
    differing,
    long_title,
    of_databases,
    page_id,
    site,
    titled,
    told_of,
)
from finance_ppm_tests.world import MONDAY, number

LATER = MONDAY + timedelta(minutes=30)

PAGES = 25
EDITED, TRASHED, LONG = 3, 5, 7


class Place(NamedTuple):
    """A request of one database's full read: the ``nth`` of ``of`` that match in an undisturbed one."""

    method: str
    path: str
    nth: int = 1
    of: int = 1

    def path_in(self, there: Site, database: str) -> str:
        """Its path in that database."""
        return self.path.format(
            database=there.sandbox.database_ids[database],
            trashed=page_id(database, TRASHED),
            long=page_id(database, LONG),
        )

    def requests(self, there: Site, database: str) -> int:
        """How many requests have matched it."""
        return len(there.asked(self.method, self.path_in(there, database).rstrip("$")))


SCHEMA = Place("GET", "/databases/{database}$")
FIRST, MIDDLE, LAST = (Place("POST", "/databases/{database}/query$", nth, of=3) for nth in (1, 2, 3))
COMPLETION = Place("GET", "/pages/{long}/properties/")
CONFIRMATION = Place("GET", "/pages/{trashed}$")

Places = dict[str, Place]
READING: Places = {"programs": SCHEMA, "projects": FIRST, "budget_lines": MIDDLE, "risks": LAST}
ASKING: Places = {"programs": COMPLETION, "projects": CONFIRMATION}
"""The place that is disturbed in each database; in those that are not named, nothing is."""
SPARED = "actions"

everywhere = pytest.mark.parametrize("places", [READING, ASKING], ids=["reading", "asking"])


@dataclass
class Story:
    """A lake that has read everything once, edits since, and what its tables say after an undisturbed full sync."""

    there: Site
    before: Tables
    expected: Tables

    def begin(self, folder: Path) -> Site:
        """The lake as it stood before that sync."""
        self.there.sandbox.clear_faults()
        return self.there.copy(folder)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    edits = [
        creation(name, number_of, **(long_title(name, "piece") if number_of == LONG else {}))
        for name in DATABASES
        for number_of in range(1, PAGES + 1)
    ]
    spoilt = creation("budget_lines", PAGES + 1, Amount=number("12345678901234567890"))
    with site(tmp_path_factory.mktemp("before"), [*edits, spoilt]) as there, at_once():
        assert there.sync().succeeded
        there.go_to(LATER)
        for name in DATABASES:
            there.edit(name, EDITED, **titled(name, "edited"))
            there.edit(name, TRASHED, Change.TRASH)
            there.create(name, PAGES + 2)
        undisturbed = there.copy(tmp_path_factory.mktemp("undisturbed"))
        assert undisturbed.sync(full_sync=True).succeeded
        for name in DATABASES:
            for place in (SCHEMA, FIRST, MIDDLE, LAST, COMPLETION, CONFIRMATION):
                assert place.requests(undisturbed, name) == place.of
            assert undisturbed.archived(name) == {TRASHED}
        assert undisturbed.tables()["silver/quarantine"].height == 1
        yield Story(there, there.tables(), undisturbed.tables())


def disturb(there: Site, places: Places, fault: Fault) -> None:
    """Order the fault for its place in each database."""
    for name, place in places.items():
        path = place.path_in(there, name)
        there.sandbox.add_fault(replace(fault, method=place.method, path=path, nth=place.nth))


def read(there: Site, places: Places) -> Sync:
    """A full read of the disturbed databases, and of the one that is spared."""
    return there.read(full=True, only=[*places, SPARED])


def assert_all_is_there(there: Site, story: Story, places: Places) -> None:
    """Bronze is as an undisturbed sync leaves it; what follows from it has a test of its own."""
    names = [*places, SPARED]
    expected = {name: rows for name, rows in story.expected.items() if name.startswith("bronze/")}
    assert differing(of_databases(there.tables("bronze"), names), of_databases(expected, names)) == []


CURED = {
    "409": Fault.error(409),
    "429 with Retry-After": Fault.rate_limited(7),
    "429 without": Fault.rate_limited(),
    "429 of more than a minute": Fault.rate_limited(95, "public_api_space_request_rate_limit"),
    "500": Fault.error(500),
    "502": Fault.error(502),
    "503": Fault.error(503),
    "503 of the database": Fault.error(503, code="database_connection_unavailable"),
    "503 that asks for less": Fault.too_large(),
    "504": Fault.error(504),
    "529": Fault.overloaded(3),
    "timeout": Fault(FaultKind.DELAY, delay=1.0),
    "dropped before": Fault(FaultKind.DROP_BEFORE),
    "dropped after": Fault(FaultKind.DROP_AFTER),
    "dropped during": Fault(FaultKind.DROP_DURING),
    "HTML 502": Fault.html(502),
    "HTML 200": Fault.html(200),
    "malformed JSON": Fault(FaultKind.MALFORMED),
    "empty": Fault(FaultKind.EMPTY),
}


@pytest.mark.parametrize("fault", CURED.values(), ids=CURED)
def test_a_passing_disturbance_is_outlived(fault: Fault, story: Story, tmp_path: Path) -> None:
    """At every place at once."""
    there, late = story.begin(tmp_path), fault is CURED["timeout"]
    for places in (READING, ASKING):
        disturb(there, places, replace(fault, times=2))
    with at_once(timeout=0.5 if late else 60.0):
        assert read(there, READING).failures == {}
    assert_all_is_there(there, story, READING)
    for name, place in (*READING.items(), *ASKING.items()):
        if late:  # the sandbox notes a request once it has answered, whether anybody waits for that or not
            eventually(partial(place.requests, there, name), at_least=place.of + 2)
        elif fault not in (CURED["503 that asks for less"], CURED["504"]):
            assert place.requests(there, name) == place.of + 2


def eventually(count: Callable[[], int], *, at_least: int) -> None:
    """Wait until there are as many."""
    for _ in range(1000):
        if count() >= at_least:
            return
        time.sleep(0.01)
    raise AssertionError(f"There were never {at_least}.")


LASTING = {
    "502": Fault.error(502),
    "429": Fault.rate_limited(7),
    "dropped": Fault(FaultKind.DROP_BEFORE),
    "malformed": Fault(FaultKind.MALFORMED),
}


@everywhere
@pytest.mark.parametrize("fault", LASTING.values(), ids=LASTING)
def test_a_lasting_disturbance_is_told_and_the_next_sync_outlives_it(
    fault: Fault, places: Places, story: Story, tmp_path: Path
) -> None:
    there = story.begin(tmp_path)
    disturb(there, places, replace(fault, times=10**6))
    with at_once():
        told = read(there, places)
        assert_what_is_left(there, told, story, places, spoilt={})
        for name, place in places.items():
            assert place.requests(there, name) == place.nth - 1 + ATTEMPTS
        there.sandbox.clear_faults()
        assert read(there, places).failures == {}
    assert_all_is_there(there, story, places)


class Verdict(NamedTuple):
    """An error that no other attempt cures, and what its message says to do."""

    fault: Fault
    remedy: str
    names_database: bool = True
    concerns_one_value: bool = False
    """Where a value is asked for that a page does not show whole: it is then read in part, and the rest arrives."""


FINAL = {
    "400": Verdict(
        Fault.error(400, message="body.sorts should be an array"),
        "body.sorts should be an array",
        concerns_one_value=True,
    ),
    "401": Verdict(Fault.error(401), "check NOTION_TOKEN", names_database=False),
    "403": Verdict(Fault.error(403), "allow it in the integration's capabilities", concerns_one_value=True),
    "404": Verdict(Fault.error(404), "share the database with the integration", concerns_one_value=True),
    "429 blocked": Verdict(Fault.blocked(), "ask Notion's support"),
}


@everywhere
@pytest.mark.parametrize("verdict", FINAL.values(), ids=FINAL)
def test_a_final_error_is_told_at_once_and_the_rest_arrives(
    verdict: Verdict, places: Places, story: Story, tmp_path: Path
) -> None:
    if verdict.fault.status == 404:  # to the question whether a page is gone, that is an answer
        places = {name: place for name, place in places.items() if place is not CONFIRMATION}
    there = story.begin(tmp_path)
    disturb(there, places, replace(verdict.fault, times=10**6))
    with at_once():
        sync = read(there, places)
        spoilt = {name: place for name, place in places.items() if place is COMPLETION and verdict.concerns_one_value}
        assert_what_is_left(there, sync, story, places, spoilt=spoilt)
        for name, place in places.items():
            told = told_of(sync, name)
            words = str(told.error or told.note)
            assert verdict.remedy in words
            assert f"the database {name} ({there.sandbox.database_ids[name]})" in words or not verdict.names_database
            assert there.sandbox.token.get_secret_value() not in words
            assert place.requests(there, name) == place.nth, "it was not tried again"
        there.sandbox.clear_faults()
        assert read(there, places).failures == {}
    assert_all_is_there(there, story, {name: place for name, place in places.items() if name not in spoilt})
    for name in spoilt:  # the value in part is a version as well, and no longer the newest
        assert newest(there.tables("bronze"), name).equals(newest(story.expected, name))


def newest(tables: Tables, database: str) -> pl.DataFrame:
    """What the newest version of each page says, whenever that was read."""
    pages = tables["bronze/notion_raw_pages"].filter(database_name=database).sort("captured_at")
    return pages.unique("page_id", keep="last").drop("captured_at").sort("page_id")


WATERMARKS = "bronze/notion_sync_watermarks"
UNMOVED = ("last_edited_time", "last_read_at", "last_full_read_at", "page_count", "sweep_note")


def assert_what_is_left(there: Site, sync: Sync, story: Story, places: Places, *, spoilt: Places) -> None:
    """The spared database is whole. Of the others what had come is durable, and nothing is archived.

    Where the read came to its end but for one page (that could not be confirmed to be gone, or that is ``spoilt``: a
    value of it could not be read whole), a note says so. Where it did not the watermark stands.
    """
    assert_all_is_there(there, story, {})
    found = there.tables("bronze")
    noted = {name for name, place in places.items() if place is CONFIRMATION} | set(spoilt)
    assert set(sync.failures) == set(places) - noted
    for name, place in places.items():
        (pages, state), (pages_before, state_before) = (
            [tables[table].filter(database_name=name) for table in ("bronze/notion_raw_pages", WATERMARKS)]
            for tables in (found, story.before)
        )
        assert (there.state(name)["last_error"] is None) is (name in noted)
        assert bool(told_of(sync, name).note) is (name in noted)
        assert bool(there.state(name)["sweep_note"]) is (place is CONFIRMATION)
        assert state.select(UNMOVED).equals(state_before.select(UNMOVED)) is (name not in noted)
        assert there.archived(name) == ({TRASHED} if name in spoilt else set())
        assert (pages.height > pages_before.height) is (place in {MIDDLE, LAST} or name in noted)


LED_ASTRAY = {
    "repeated cursor": Fault(FaultKind.REPEATED_CURSOR),
    "no cursor": Fault(FaultKind.LOST_CURSOR),
    "refused cursor": Fault.invalid_cursor(),
    "truncated": Fault(FaultKind.TRUNCATED),
}
QUERIES: Places = {"projects": FIRST, "budget_lines": MIDDLE, "risks": LAST}


@pytest.mark.parametrize("fault", LED_ASTRAY.values(), ids=LED_ASTRAY)
def test_an_answer_that_leads_astray_is_left_and_the_read_goes_on_from_there(
    fault: Fault, story: Story, tmp_path: Path
) -> None:
    there = story.begin(tmp_path)
    disturb(there, QUERIES, fault)
    with at_once():
        assert read(there, QUERIES).failures == {}
    assert_all_is_there(there, story, QUERIES)
    for name, place in QUERIES.items():
        assert place.requests(there, name) <= place.of + 1, "it did not start over"


@pytest.mark.parametrize("kind", [FaultKind.REPEATED_CURSOR, FaultKind.LOST_CURSOR])
def test_the_rest_of_a_long_value_is_found_past_a_cursor_that_leads_astray(
    kind: FaultKind, story: Story, tmp_path: Path
) -> None:
    there = story.begin(tmp_path)
    disturb(there, {"programs": COMPLETION}, Fault(kind))
    with at_once():
        assert read(there, {"programs": COMPLETION}).failures == {}
    assert_all_is_there(there, story, {"programs": COMPLETION})


def test_silver_and_quarantine_follow_whatever_came_and_end_the_same(story: Story, tmp_path: Path) -> None:
    """A different end for each database, at a different place, and silver made of what had come by then."""
    there = story.begin(tmp_path)
    lasting = {
        "programs": (COMPLETION, Fault.error(500)),
        "projects": (FIRST, Fault.html(502)),
        "budget_lines": (MIDDLE, Fault(FaultKind.DROP_AFTER)),
        "risks": (CONFIRMATION, Fault.error(500)),
    }
    for name, (place, fault) in lasting.items():
        disturb(there, {name: place}, replace(fault, times=10**6))
    with at_once():
        summary = there.sync(full_sync=True)
        assert {told.name for told in summary.databases if told.error} == {"programs", "projects", "budget_lines"}
        assert [told.name for told in summary.databases if told.note] == ["risks"]
        found = there.tables()
        assert differing(of_databases(found, [SPARED]), of_databases(story.expected, [SPARED])) == []
        assert found["silver/notion_risks"].filter("is_archived").is_empty()
        assert "edited" in found["silver/notion_risks"]["title"]
        there.sandbox.clear_faults()
        assert there.sync(full_sync=True).succeeded
    assert differing(there.tables(), story.expected) == []


def test_a_first_read_cut_off_everywhere_ends_like_a_whole_one(story: Story, tmp_path: Path) -> None:
    """Nothing is known yet: neither pages nor schemas, nor whether anything answers there."""
    story.there.sandbox.clear_faults()
    whole, cut = (replace(story.there, config=lake_in(story.there, tmp_path / name)) for name in ("whole", "cut"))
    with at_once():
        assert whole.read().failures == {}
        disturb(cut, READING, Fault(FaultKind.DROP_DURING, times=10**6))
        assert set(cut.read().failures) == set(READING)
        cut.sandbox.clear_faults()
        assert cut.read().failures == {}
    assert whole.rows(NotionRawPages).height == 5 * PAGES + 1
    assert differing(cut.tables(), whole.tables()) == []


def lake_in(there: Site, folder: Path) -> Config:
    """Its settings, with a lake elsewhere."""
    return there.config.model_copy(update={"ppm_lakehouse_uri": str(folder)})
