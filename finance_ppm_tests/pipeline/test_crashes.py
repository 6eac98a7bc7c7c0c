"""kill -9 at any step, then a run: the same tables as after an undisturbed one."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random

import polars as pl
import pytest

from finance_ppm.clock import FrozenClock
from finance_ppm.contracts import ALL_TABLES, Table, content_columns, full_name, history_of
from finance_ppm.contracts.gold import ControlRoomStatus
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.pipeline.engine import SyncEngine
from finance_ppm_tests.pipeline import killed
from finance_ppm_tests.pipeline.killed import Blow, Scene
from finance_ppm_tests.world import MONDAY, World, choice, number, world

TABLES = [
    *(table for table in ALL_TABLES if table is not ControlRoomStatus),  # that one tells of the runs themselves
    *(history_of(table) for table in ALL_TABLES if table.info.history and table is not ControlRoomStatus),
]
EDITED = MONDAY + timedelta(minutes=5)
LATER = MONDAY + timedelta(minutes=15)
"""Long after the edits: a watermark moved too early would not read them again."""
KILLED = -9

Tables = dict[str, pl.DataFrame]


def tables(lake: Lake) -> Tables:
    """Every table's content, in order of its key."""
    return {full_name(table): content(lake, table) for table in TABLES}


def content(lake: Lake, table: type[Table]) -> pl.DataFrame:
    return lake.scan(table).select(content_columns(table)).collect().sort(table.primary_key())


def differing(found: Tables, expected: Tables) -> list[str]:
    """Names of the tables that are not alike."""
    return [name for name, rows in expected.items() if not rows.equals(found[name])]


@dataclass
class Story:
    """A lake as it stands before a run, the run, and the lake after an undisturbed one."""

    before: Path | None
    scene: Scene
    commits: int
    expected: Tables

    def lake(self, folder: Path) -> tuple[Scene, Lake]:
        """A copy of the lake as it stood before, and the scene of a run in it."""
        home = folder / "lake"
        if self.before:
            shutil.copytree(self.before, home)
        config = self.scene.config.model_copy(update={"ppm_lakehouse_uri": str(home)})
        return Scene(config, self.scene.moment), Lake(str(home), clock=FrozenClock(self.scene.moment))

    def after_a_run(self, folder: Path, blow: Blow | None = None, die_after: float | None = None) -> Tables:
        """The tables after a run that was killed and another that was not."""
        scene, lake = self.lake(folder)
        code = killed.exit_code(killed.sync, scene, blow, die_after=die_after)
        assert code == KILLED or blow is None, f"{blow}: the run was not killed there, it ended with {code}"
        SyncEngine(scene.config, clock=FrozenClock(scene.moment), lake=lake).sync_all()
        return tables(lake)


@pytest.fixture(scope="module")
def notion(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("notion"), pages=60) as built:
        yield built


def told(folder: Path, before: Path | None, scene: Scene) -> Story:
    """The story of a run that nothing disturbs."""
    story = Story(before, scene, 0, {})
    own, lake = story.lake(folder / "undisturbed")
    log = folder / "commits"
    assert killed.exit_code(killed.sync, own, None, log) == 0
    return Story(before, scene, len(log.read_text().splitlines()), tables(lake))


@pytest.fixture(scope="module")
def first_run(notion: World, tmp_path_factory: pytest.TempPathFactory) -> Story:
    """A run on an empty lake."""
    return told(tmp_path_factory.mktemp("first"), None, Scene(notion.config, MONDAY))


@pytest.fixture(scope="module")
def second_run(notion: World, first_run: Story, tmp_path_factory: pytest.TempPathFactory) -> Story:
    """A read since the watermarks on a lake in use, after an edit, a page that breaks, and one that is mended."""
    folder = tmp_path_factory.mktemp("second")
    scene, lake = first_run.lake(folder)
    SyncEngine(scene.config, clock=FrozenClock(MONDAY), lake=lake).sync_all()
    pages = tables(lake)
    good = pages["silver/notion_budget_lines"].filter(pl.col("amount").is_not_null() & ~pl.col("is_archived"))
    bad = pages["silver/quarantine"].filter(pl.col("rule").is_in(["amount_out_of_range", "amount_not_a_number"]))
    notion.go_to(EDITED)
    notion.edit("budget_lines", good["budget_line_id"][0], Amount=number("4321.09"))
    notion.edit("budget_lines", good["budget_line_id"][1], Amount=number("12345678901234567890"))
    notion.edit("budget_lines", bad["page_id"][0], Amount=number("10.00"))
    notion.edit("risks", pages["silver/notion_risks"]["risk_id"][0], Status=choice("Closed"))
    notion.go_to(LATER)
    story = told(folder, folder / "lake", Scene(notion.config, LATER))
    changed = differing(story.expected, pages)
    assert {"silver/notion_budget_lines", "silver/notion_risks", "silver/quarantine"} <= set(changed)
    return story


def commits(story: Story, step: int = 1) -> list[Blow]:
    """After each commit, or each ``step``-th: the lake is the same then as before the next one."""
    return [Blow(nth, after=True) for nth in range(1, story.commits + 1, step)]


def failing(story: Story, folder: Path, blows: list[Blow]) -> dict[str, list[str]]:
    """Each blow after which tables differ, and those tables."""
    found = {
        str(blow): differing(story.after_a_run(folder / f"{place}", blow), story.expected)
        for place, blow in enumerate(blows)
    }
    return {blow: names for blow, names in found.items() if names}


def test_a_first_run_killed_on_its_way_leaves_nothing_amiss(first_run: Story, tmp_path: Path) -> None:
    assert first_run.commits > len(TABLES) - 6, "creations count as well as writes"
    assert failing(first_run, tmp_path, commits(first_run, step=4)) == {}


def test_a_later_run_killed_at_any_commit_leaves_nothing_amiss(second_run: Story, tmp_path: Path) -> None:
    assert second_run.commits >= 5
    assert failing(second_run, tmp_path, [Blow(1, after=False), *commits(second_run)]) == {}


def test_a_run_killed_between_any_two_requests_leaves_nothing_amiss(second_run: Story, tmp_path: Path) -> None:
    blows = [Blow(nth, after=after, request=True) for nth, after in ((1, False), (3, True), (5, True))]
    assert failing(second_run, tmp_path, blows) == {}


def test_a_run_killed_at_any_moment_leaves_nothing_amiss(second_run: Story, tmp_path: Path) -> None:
    """In the middle of a write as well: whatever the moment, and whatever was done by then."""
    random = Random(3)
    for place in range(2):
        found = second_run.after_a_run(tmp_path / f"{place}", die_after=random.uniform(0.2, 0.8))
        assert differing(found, second_run.expected) == []


def test_a_run_killed_twice_in_a_row_leaves_nothing_amiss(second_run: Story, tmp_path: Path) -> None:
    scene, lake = second_run.lake(tmp_path)
    for blow in (Blow(1, after=True), Blow(2, after=False)):
        assert killed.exit_code(killed.sync, scene, blow) == KILLED
    SyncEngine(scene.config, clock=FrozenClock(scene.moment), lake=lake).sync_all()
    assert differing(tables(lake), second_run.expected) == []


def test_killed_after_the_pages_and_before_the_watermarks_the_next_run_reads_the_same_edits_again(
    second_run: Story, tmp_path: Path
) -> None:
    scene, lake = second_run.lake(tmp_path)
    watermarks = content(lake, TABLES[1])
    assert killed.exit_code(killed.sync, scene, Blow(1, after=True, table="bronze/notion_raw_pages")) == KILLED
    assert content(lake, TABLES[0]).equals(second_run.expected["bronze/notion_raw_pages"])
    assert content(lake, TABLES[1]).equals(watermarks)


GRAPH_BLOWS = [
    Blow(1, after=False, table="bronze/notion_sync_watermarks"),
    Blow(1, after=False, table="gold_history/ppm_budget_vs_actual"),  # its creation: silver is done
    Blow(2, after=True, table="gold_history/data_quality_issues"),  # the day's snapshot is there, the latest is not
]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, Tables]]:
    """A world, and its tables after an undisturbed run of the whole graph."""
    with world(tmp_path_factory.mktemp("whole"), pages=60) as built:
        built.run()
        yield built, tables(built.lake)


@pytest.mark.parametrize("blow", GRAPH_BLOWS, ids=str)
def test_the_whole_graph_killed_at_a_step_ends_the_same_after_another_run(
    whole: tuple[World, Tables], tmp_path: Path, blow: Blow
) -> None:
    there, expected = whole
    config = there.config.model_copy(update={"ppm_lakehouse_uri": str(tmp_path / "lake")})
    assert killed.exit_code(killed.graph, Scene(config, MONDAY), blow) == KILLED
    lake = Lake(str(tmp_path / "lake"), clock=there.clock)
    assert differing(tables(lake), expected) != [], "the blow fell before the end"
    World(there.sandbox, config, there.clock, lake, there.instance).run()
    assert differing(tables(lake), expected) == []
