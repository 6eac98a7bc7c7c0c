"""kill -9 at any step, then a run: it goes on from there, and ends with the same tables as an undisturbed one."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random

import polars as pl
import pytest

from finance_ppm.contracts import ALL_TABLES, Table, content_columns, full_name, history_of
from finance_ppm.contracts.gold import ControlRoomStatus
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.pipeline.watermarks import FULL_READ_EVERY
from finance_ppm.sandbox.notion.history import Change
from finance_ppm_tests.pipeline import killed
from finance_ppm_tests.pipeline.disturbed import Site, Tables, at_once, creation, differing, site, titled
from finance_ppm_tests.pipeline.killed import COMMIT, Blow, Scene, in_batches
from finance_ppm_tests.world import MONDAY, World, number, world

LINES = "budget_lines"
PAGES = 90
EDITED = timedelta(minutes=10)
"""After the first read; long before the one that is killed, so that a complete one need not read the edits again."""
LATER = timedelta(minutes=30)
KILLED = -9

LOST = 4
"""Answers that are asked for again at most: a batch and a half, and the minute in which the rest begins."""


@dataclass
class Story:
    """A Notion and a lake as they stand before a sync, and what the sync does where nothing disturbs it."""

    there: Site
    happened: list[str]
    """Its commits and requests, in order."""
    expected: Tables

    @property
    def commits(self) -> int:
        return sum(one.startswith(COMMIT) for one in self.happened)

    @property
    def requests(self) -> int:
        return len(self.happened) - self.commits

    @property
    def queries(self) -> int:
        return sum(one.endswith("/query") for one in self.happened)

    def ends_the_same(self, folder: Path, *blows: Blow | None, die_after: float | None = None) -> list[str]:
        """What is amiss after runs that were killed and another that was not."""
        there, asked = self.there.copy(folder), 0
        for blow in blows:
            there.sandbox.reset_requests()
            code = killed.exit_code(killed.sync, scene(there), blow, die_after=die_after)
            assert code == KILLED or blow is None, f"{blow}: the run was not killed there, it ended with {code}"
            asked += len(there.queries(LINES))
        with in_batches():
            assert there.sync(only=[LINES]).succeeded
        asked += len(there.queries(LINES))
        amiss = differing(there.tables(), self.expected)
        return amiss if asked <= self.queries + LOST * len(blows) else [*amiss, f"{asked} queries"]


def scene(there: Site) -> Scene:
    return Scene(there.config, there.clock.moment, only=[LINES])


def first_read(there: Site) -> None:
    """Nothing is known of ninety lines, one of which is spoilt."""


def incremental_read(there: Site) -> None:
    """Half of the lines are edited; a sound one is spoilt, and a spoilt one mended."""
    known(there)
    there.go_to(MONDAY + EDITED)
    for number_of in range(1, PAGES // 2):
        there.edit(LINES, number_of, **titled(LINES, "edited"))
    there.edit(LINES, 50, Amount=number("12345678901234567890"))
    there.edit(LINES, PAGES, Amount=number("10.00"))
    there.go_to(MONDAY + LATER)


def sweep(there: Site) -> None:
    """A third of the lines is in the trash, which only the full read of the next day finds."""
    known(there)
    there.go_to(MONDAY + EDITED)
    for number_of in range(1, PAGES + 1, 3):
        there.edit(LINES, number_of, Change.TRASH)
    there.edit(LINES, 2, **titled(LINES, "edited"))
    there.go_to(MONDAY + FULL_READ_EVERY)


def known(there: Site) -> None:
    with at_once():
        assert there.sync(only=[LINES]).succeeded


@pytest.fixture(scope="module", params=[first_read, incremental_read, sweep], ids=lambda begin: begin.__name__)
def story(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    begin: Callable[[Site], None] = request.param
    folder = tmp_path_factory.mktemp(begin.__name__)
    edits = [creation(LINES, number_of) for number_of in range(1, PAGES)]
    spoilt = creation(LINES, PAGES, Amount=number("12345678901234567890"))
    with site(folder, [*edits, spoilt]) as there:
        begin(there)
        undisturbed, log = there.copy(folder / "undisturbed"), folder / "happened"
        assert killed.exit_code(killed.sync, scene(undisturbed), None, log) == 0
        yield Story(there, log.read_text().splitlines(), undisturbed.tables())


def amiss_after(story: Story, folder: Path, blows: list[Blow]) -> dict[str, list[str]]:
    """Each blow after which something is amiss, and what."""
    found = {str(blow): story.ends_the_same(folder / f"{place}", blow) for place, blow in enumerate(blows)}
    return {blow: amiss for blow, amiss in found.items() if amiss}


def test_these_stories_are_read_in_several_batches_and_change_silver_and_quarantine(story: Story) -> None:
    """Else the tests below would show little."""
    told = story.happened
    notes = sum(one == f"{COMMIT} bronze/notion_sync_watermarks" for one in told)
    assert story.queries >= 5
    assert notes >= 3
    before = story.there.copy(Path(story.there.config.ppm_lakehouse_uri).parent / "before").tables()
    assert {"bronze/notion_raw_pages", "silver/notion_budget_lines"} <= set(differing(before, story.expected))
    lines = story.expected["silver/notion_budget_lines"]
    assert lines.filter("is_archived").height == (PAGES // 3 if any("/v1/pages/" in one for one in told) else 0)


def test_killed_after_any_commit_the_next_run_goes_on_from_there(story: Story, tmp_path: Path) -> None:
    assert story.commits >= 8
    assert amiss_after(story, tmp_path, [Blow(nth, after=True) for nth in range(1, story.commits + 1)]) == {}


def test_killed_at_the_first_a_middle_and_the_last_request_the_next_run_goes_on_from_there(
    story: Story, tmp_path: Path
) -> None:
    middle = story.requests // 2
    places = ((1, False), (middle, False), (middle, True), (story.requests, False), (story.requests, True))
    assert amiss_after(story, tmp_path, [Blow(nth, after, request=True) for nth, after in places]) == {}


def test_killed_again_and_again_it_comes_to_its_end(story: Story, tmp_path: Path) -> None:
    """The second run is killed before it has noted anything of its own."""
    assert story.ends_the_same(tmp_path, Blow(story.commits // 2, after=True), Blow(1, after=False)) == []


def test_killed_at_any_moment_nothing_is_amiss(story: Story, tmp_path: Path) -> None:
    """In the middle of a write as well: whatever the moment, and whatever was done by then."""
    moment = Random(story.commits).uniform(0.1, 0.6)
    assert story.ends_the_same(tmp_path, None, die_after=moment) == []


# The whole graph

TABLES = [
    *(table for table in ALL_TABLES if table is not ControlRoomStatus),  # that one tells of the runs themselves
    *(history_of(table) for table in ALL_TABLES if table.info.history and table is not ControlRoomStatus),
]


def all_tables(lake: Lake) -> Tables:
    """Every table's content, in order of its key."""
    return {full_name(table): content(lake, table) for table in TABLES}


def content(lake: Lake, table: type[Table]) -> pl.DataFrame:
    return lake.scan(table).select(content_columns(table)).collect().sort(table.primary_key())


GRAPH_BLOWS = [
    Blow(1, after=False, table="gold_history/ppm_budget_vs_actual"),  # its creation: silver is done
    Blow(2, after=True, table="gold_history/data_quality_issues"),  # the day's snapshot is there, the latest is not
]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, Tables]]:
    """A world, and its tables after an undisturbed run of the whole graph."""
    with world(tmp_path_factory.mktemp("whole"), pages=60) as built:
        built.run()
        yield built, all_tables(built.lake)


@pytest.mark.parametrize("blow", GRAPH_BLOWS, ids=str)
def test_the_whole_graph_killed_at_a_step_ends_the_same_after_another_run(
    whole: tuple[World, Tables], tmp_path: Path, blow: Blow
) -> None:
    there, expected = whole
    config = there.config.model_copy(update={"ppm_lakehouse_uri": str(tmp_path / "lake")})
    assert killed.exit_code(killed.graph, Scene(config, MONDAY), blow) == KILLED
    lake = Lake(str(tmp_path / "lake"), clock=there.clock)
    assert differing(all_tables(lake), expected) != [], "the blow fell before the end"
    World(there.sandbox, config, there.clock, lake, there.instance).run()
    assert differing(all_tables(lake), expected) == []
