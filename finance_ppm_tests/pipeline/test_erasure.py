"""Forgetting: nothing a page said is in any file any more, everything else is as it was, and one row says so."""

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest
from deltalake import DeltaTable
from deltalake.fs import DeltaStorageHandler
from typer.testing import CliRunner

from finance_ppm import forgetting
from finance_ppm.cli import product
from finance_ppm.clock import FrozenClock
from finance_ppm.contracts import ALL_TABLES, AZURE_TABLES, Table, content_columns, full_name, history_of
from finance_ppm.contracts.azure import AdvisorSummary, AzureAdvisorAllocations, AzureAdvisorRecs
from finance_ppm.contracts.bronze import Erasures, NotionRawPages
from finance_ppm.contracts.closes import PpmMonthCloseLines, PpmRestatements
from finance_ppm.contracts.gold import DataQualityIssues, PpmBudgetVsActual
from finance_ppm.contracts.silver import NotionBudgetLines, NotionProjects, Quarantine
from finance_ppm.errors import FinancePpmError, SettingsError
from finance_ppm.lakehouse import Lake, writer_lock
from finance_ppm.lakehouse import lake as lake_module
from finance_ppm.lakehouse.erase import rewrite_rows
from finance_ppm.lakehouse.errors import LakeBusyError
from finance_ppm.pipeline.engine import SyncEngine
from finance_ppm.pipeline.erasure import (
    AlreadyForgottenError,
    Forgetting,
    StillThereError,
    UnknownPageError,
    find,
    forget,
)
from finance_ppm.pipeline.traces import FORGOTTEN, WITHHELD, WITHOUT_TRACES, traces
from finance_ppm.pipeline.words import Words, words_of
from finance_ppm.sandbox.notion.faults import Fault
from finance_ppm.sandbox.notion.history import Change
from finance_ppm_tests.lakehouse.test_erase import files_with
from finance_ppm_tests.pipeline import killed
from finance_ppm_tests.world import MONDAY, World, number, title, world

LINE, VENDOR, PROJECT = "Secretline", "\U0001f9fe Secretvendor", "Secretproject"
"""Told by one page each. The vendor sorts behind all others: statistics of keys spell it out."""
UNKNOWN = "00000000-0000-4000-8000-000000000000"


def rich_text(content: str) -> dict[str, Any]:
    return {"rich_text": [{"text": {"content": content}}]}


@dataclass(frozen=True)
class Story:
    """A world some days on, and the pages that are to be forgotten in it."""

    world: World
    line: str
    """A line that named a vendor of its own, and is in quarantine now."""
    project: str
    """A project that was renamed and trashed: findings of its lines quote it."""

    def lake(self, folder: Path) -> Lake:
        """A copy of its lake."""
        shutil.copytree(self.world.lake.uri, folder / "lake")
        return Lake(str(folder / "lake"), clock=self.world.clock)

    def in_copy(self, lake: Lake) -> World:
        """The same world with that copy for its lake."""
        config = self.world.config.model_copy(update={"ppm_lakehouse_uri": lake.uri})
        return World(self.world.sandbox, config, self.world.clock, lake, self.world.instance)


QUOTING = ("bronze", "silver", "gold/ppm_budget_vs_actual", "gold/data_quality_issues")
"""Layers and tables that quote pages: the others take time and tell nothing here."""


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with world(tmp_path_factory.mktemp("story"), pages=50) as told:
        SyncEngine(told.config, clock=told.clock, lake=told.lake).sync_all()
        projects = told.rows(NotionProjects).filter(~pl.col("is_archived"))
        lines = told.rows(NotionBudgetLines).filter(
            ~pl.col("is_archived"),
            pl.col("amount").is_not_null(),
            pl.col("project_ids").list.len() == 1,
            pl.col("project_id").is_in(projects["project_id"].implode()),
        )
        line = lines["budget_line_id"][0]
        project = lines.filter(pl.col("project_id") != lines["project_id"][0])["project_id"][0]
        told.go_to(MONDAY + timedelta(days=1))
        told.edit("budget_lines", line, Line=title(LINE), Vendor=rich_text(VENDOR), Notes=rich_text(LINE))
        told.edit("projects", project, Name=title(PROJECT))
        told.run(only=QUOTING)
        told.go_to(MONDAY + timedelta(days=2))
        told.edit("budget_lines", line, Line=title(f"{LINE} 2"), Amount=number("1" * 20))
        told.edit("projects", project, Change.TRASH)
        told.run(only=QUOTING, run_config={"ops": {"notion_sync": {"config": {"full": True}}}})
        yield Story(told, line, project)


Tables = dict[str, pl.DataFrame]


def tables(lake: Lake) -> Tables:
    """Every table's content, stamps aside."""
    every = [*ALL_TABLES, *(history_of(table) for table in ALL_TABLES if table.info.history)]
    return {
        full_name(table): lake.scan(table).select(content_columns(table)).collect().sort(table.primary_key())
        for table in every
        if table is not Erasures
    }


def of(table: type[Table]) -> tuple[str, str]:
    return full_name(table), full_name(history_of(table))


def audit(lake: Lake) -> list[dict[str, Any]]:
    return lake.scan(Erasures).sort("requested_at").collect().to_dicts()


def erased(done: Forgetting) -> dict[str, tuple[int, int]]:
    return {table.table_name: (table.rows_erased, table.rows_blanked) for table in done.tables}


def test_nothing_a_line_said_is_in_any_file(story: Story, tmp_path: Path) -> None:
    lake = story.lake(tmp_path)
    there = files_with(lake.uri, VENDOR)
    assert {path.split("/")[0] for path in there} == {"bronze", "silver", "gold", "gold_history"}
    assert any("_delta_log" in path for path in there), "the story is such that statistics tell it"
    found = find(lake, story.line)
    assert (found.database_name, found.title) == ("budget_lines", f"{LINE} 2")
    done = forget(lake, story.world.clock, story.line)
    assert done.files > 0
    assert erased(done) == erased(found)
    assert erased(done)["bronze/notion_raw_pages"] == (3, 0)
    assert erased(done)["silver/quarantine"] == (1, 0)
    for text in (VENDOR, LINE, "Secretvendor"):
        assert files_with(lake.uri, text) == []


def test_nothing_a_project_said_is_in_any_file(story: Story, tmp_path: Path) -> None:
    lake = story.lake(tmp_path)
    assert len(files_with(lake.uri, PROJECT)) > 5
    forget(lake, story.world.clock, story.project)
    assert files_with(lake.uri, PROJECT) == []


@pytest.mark.parametrize("page", ["line", "project"])
def test_every_other_row_is_what_it_was(story: Story, tmp_path: Path, page: str) -> None:
    page_id: str = getattr(story, page)
    lake = story.lake(tmp_path)
    before = tables(lake)
    forget(lake, story.world.clock, page_id)
    after = tables(lake)
    for table in ALL_TABLES:
        name = full_name(table)
        if table in (PpmBudgetVsActual, DataQualityIssues, Erasures):
            continue
        if table in (*AZURE_TABLES, *WITHOUT_TRACES):  # no Azure is configured here
            assert after[name].equals(before[name]), name
            continue
        if "project_name" in table.column_names():  # figures keep their project's id
            forgotten = pl.when(pl.col("project_id") == page_id).then(pl.lit(FORGOTTEN)).otherwise("project_name")
            assert after[name].equals(before[name].with_columns(forgotten.alias("project_name"))), name
            continue
        key = table.primary_key()[-1 if table is Quarantine else 0]
        assert after[name].equals(before[name].filter(pl.col(key) != page_id)), name
    for name in of(DataQualityIssues):
        others = before[name].filter(pl.col("row_id").ne_missing(page_id))
        assert after[name].drop("message").equals(others.drop("message"))
        changed = others["message"] != after[name]["message"]
        assert after[name].filter(changed)["message"].unique().to_list() in ([], [WITHHELD])
        assert bool(changed.any()) == (page == "project")
        assert all(page_id in value for value in others.filter(changed)["value"])


def test_savings_keep_their_project_under_no_name(story: Story, tmp_path: Path) -> None:
    """Of what Azure's gold says, the name alone is the page's."""
    lake, day = story.lake(tmp_path), story.world.clock.today()
    named = {"project_id": story.project, "project_name": PROJECT, "subscription_id": "s", "currency": "USD"}
    achievable = {"achievable_conservative": Decimal(70), "achievable_maximum": Decimal(90)}
    judged = {"recommendation_id": "r", "kind": "other", "state": "active", "first_seen": day, "reason": "Counted."}
    judged |= {"age_days": 0, "chosen": True, "chosen_conservative": True}
    summed: dict[str, Any] = {
        "summary_id": f"project|{story.project}|USD",
        "dimension": "project",
        "dimension_id": story.project,
    }
    summed |= {"dimension_value": PROJECT, "currency": "USD", "gross_annual_savings": Decimal(90), **achievable}
    summed |= dict.fromkeys(("open_count", "new_count", "suppressed_count", "resolved_count", "unknown_count"), 1)
    told: dict[type[Table], dict[str, Any]] = {
        AzureAdvisorRecs: judged | named | achievable,
        AzureAdvisorAllocations: {"recommendation_id": "r"} | named | achievable,
        AdvisorSummary: summed,
    }
    stamps = {"as_of_date": day, "computed_at": story.world.clock.now()}
    for table, row in told.items():
        rows = pl.DataFrame([row | stamps], schema_overrides=table.create_empty().schema)
        rows = pl.concat([table.create_empty(), rows], how="diagonal")
        lake.replace(table, rows)
        lake.replace_partition(history_of(table), rows, {"as_of_date": day})
    assert files_with(lake.uri, PROJECT)
    forget(lake, story.world.clock, story.project)
    assert files_with(lake.uri, PROJECT) == []
    for table, row in told.items():
        name = "dimension_value" if table is AdvisorSummary else "project_name"
        for kept in (table, history_of(table)):
            (left,) = lake.scan(kept).select(list(row)).collect().to_dicts()
            assert left == {**row, name: FORGOTTEN}


@pytest.mark.parametrize("page", ["line", "project"])
def test_closed_months_keep_their_figures_under_no_name(story: Story, tmp_path: Path, page: str) -> None:
    lake, now = story.lake(tmp_path), story.world.clock.now()
    words = {"line_name": LINE, "vendor": VENDOR, "project_name": PROJECT}
    told: dict[str, Any] = {
        "budget_line_id": story.line,
        "project_id": story.project,
        "category": "CapEx",
        "unit": "USD",
        **words,
    }
    month = {"period": date(2026, 5, 1), "closed_at": now, "metric_name": "actual", "as_of_date": now.date()}
    amounts = dict.fromkeys(("value", "reported", "current", "difference", "difference_reporting"), Decimal(7))
    other: dict[str, Any] = {"program_id": "g", "reporting_unit": "USD", "presence": "both", "period_label": "2026-05"}
    other |= {"reason": "amount", "explanation": "It changed.", "close_as_of_date": now.date(), "computed_at": now}
    for table in (PpmMonthCloseLines, PpmRestatements):
        row = {name: value for name, value in (told | month | amounts | other).items() if name in table.column_names()}
        schema = table.create_empty().schema
        rows = pl.concat([table.create_empty(), pl.DataFrame([row], schema_overrides=schema)], how="diagonal")
        lake.replace(table, rows)
    forget(lake, story.world.clock, getattr(story, page))
    gone = ("line_name", "vendor") if page == "line" else ("project_name",)
    for table in (PpmMonthCloseLines, PpmRestatements):
        (left,) = lake.scan(table).select(list(told)).collect().to_dicts()
        assert left == {**told, **dict.fromkeys(gone, FORGOTTEN)}
    assert files_with(f"{lake.uri}/gold/ppm_month_close_lines", words[gone[0]]) == []


@pytest.mark.parametrize("page", ["line", "project"])
def test_the_books_keep_every_amount_under_no_name(story: Story, tmp_path: Path, page: str) -> None:
    page_id: str = getattr(story, page)
    lake = story.lake(tmp_path)
    before = tables(lake)
    forget(lake, story.world.clock, page_id)
    after = tables(lake)
    totals = ["as_of_date", "metric_name", "dimension", "period", "unit"]
    measures = pl.col("value", "line_count", "excluded_value", "excluded_count")
    for name in of(PpmBudgetVsActual):
        sums = [cells.group_by(totals).agg(measures.sum()).sort(totals) for cells in (before[name], after[name])]
        assert sums[0].equals(sums[1])
        unnamed = pl.col("dimension_value") == FORGOTTEN
        quoted = pl.col("dimension_value") == VENDOR if page == "line" else pl.col("dimension_id") == page_id
        assert after[name].filter(~unnamed).equals(before[name].filter(~quoted))
        assert after[name].filter(unnamed).height == before[name].filter(quoted).height
    history = after[of(PpmBudgetVsActual)[1]]
    assert not history.filter(pl.col("dimension_value") == FORGOTTEN).is_empty()


def cell(vendor: str, value: str, *, metric: str = "budget", month: int = 3) -> dict[str, Any]:
    written = vendor.replace("%", "%25").replace("|", "%7C")
    return {
        "metric_id": f"{metric}|vendor|{written}|2026-{month:02}-01|USD",
        "metric_name": metric,
        "dimension": "vendor",
        "dimension_id": vendor,
        "dimension_value": vendor,
        "period": date(2026, month, 1),
        "period_label": f"2026-{month:02}",
        "value": Decimal(value),
        "unit": "USD",
        "line_count": 1,
        "excluded_value": Decimal(1),
        "excluded_count": 1,
        "as_of_date": MONDAY.date(),
        "computed_at": MONDAY,
    }


def test_vendors_forgotten_in_one_month_become_one_cell(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"))
    cells = [cell("One | %", "1.10"), cell("Two", "2.20"), cell("Two", "4", month=4), cell("Three", "8")]
    cells += [cell("Two", "16", metric="actual"), cell("Kept", "32")]
    lake.replace(PpmBudgetVsActual, pl.DataFrame(cells, schema=PpmBudgetVsActual.create_empty().schema))
    for name in ("One | %", "Two", "Three"):  # one after the other, as pages are forgotten
        (trace, *_) = traces(UNKNOWN, Words(names={name: None}))
        assert trace.rewrite
        rewrite_rows(lake, trace.table, trace.apart, trace.rewrite)
    rows = lake.scan(PpmBudgetVsActual).sort("metric_id").collect()
    assert rows.select("metric_id", "value", "line_count", "excluded_value", "excluded_count").rows() == [
        ("actual|vendor|(forgotten)|2026-03-01|USD", Decimal(16), 1, Decimal(1), 1),
        ("budget|vendor|(forgotten)|2026-03-01|USD", Decimal("11.30"), 3, Decimal(3), 3),
        ("budget|vendor|(forgotten)|2026-04-01|USD", Decimal(4), 1, Decimal(1), 1),
        ("budget|vendor|Kept|2026-03-01|USD", Decimal(32), 1, Decimal(1), 1),
    ]
    assert rows["dimension_id"].to_list() == rows["dimension_value"].to_list() == [FORGOTTEN] * 3 + ["Kept"]


def test_the_audit_says_when_why_and_how_much_and_never_what(story: Story, tmp_path: Path) -> None:
    lake = story.lake(tmp_path)
    done = forget(lake, story.world.clock, story.line, reason="Request 12")
    (row,) = audit(lake)
    assert row["page_id"] == story.line
    assert row["forgotten_at"] == row["requested_at"] == story.world.clock.now()
    assert (row["database_name"], row["reason"]) == ("budget_lines", "Request 12")
    assert {each["table_name"]: (each["rows_erased"], each["rows_blanked"]) for each in row["erased"]} == erased(done)


def test_a_page_is_forgotten_once_and_then_unknown(story: Story, tmp_path: Path) -> None:
    lake = story.lake(tmp_path)
    forget(lake, story.world.clock, story.line)
    with pytest.raises(AlreadyForgottenError, match="was forgotten on 2026-06-17 at 09:30 UTC"):
        forget(lake, story.world.clock, story.line)
    with pytest.raises(UnknownPageError, match=r"Nothing of page 00000000-.*check the id"):
        forget(lake, story.world.clock, UNKNOWN)
    assert len(audit(lake)) == 1


def test_the_next_run_computes_gold_without_the_page(story: Story, tmp_path: Path) -> None:
    """And the page, which Notion has still got, stays away as long as nothing reads every page."""
    lake = story.lake(tmp_path)
    there = story.in_copy(lake)
    forget(lake, story.world.clock, story.project)
    there.run(only=QUOTING)
    assert there.rows(NotionProjects).filter(project_id=story.project).is_empty()
    cells = lake.scan(PpmBudgetVsActual).filter(pl.col("dimension_id") == story.project).collect()
    assert cells.is_empty()
    lost = lake.scan(DataQualityIssues).filter(pl.col("rule") == "line_project_not_found").collect()
    assert story.project in lost["value"].to_list(), "other pages still point at it"


def test_a_forgotten_page_changes_what_the_tables_are_known_by(story: Story, tmp_path: Path) -> None:
    """By that Dagster asks for what depends on them, once the next sync has told it."""
    lake = story.lake(tmp_path)
    concerned = (NotionRawPages, NotionProjects)
    before = [lake.content_version(table) for table in concerned]
    forget(lake, story.world.clock, story.project)
    assert all(lake.content_version(table) != then for table, then in zip(concerned, before, strict=True))


def test_a_page_that_notion_sends_again_is_forgotten_again(story: Story, tmp_path: Path) -> None:
    lake = story.lake(tmp_path)
    forget(lake, story.world.clock, story.line)
    config = story.in_copy(lake).config
    SyncEngine(config, clock=story.world.clock, lake=lake).sync_all(full_sync=True)
    assert find(lake, story.line).title == f"{LINE} 2"
    later = FrozenClock(story.world.clock.now() + timedelta(hours=1))
    forget(lake, later, story.line)
    assert files_with(lake.uri, LINE) == []
    assert [row["forgotten_at"] is not None for row in audit(lake)] == [True, True]


def test_every_table_has_its_traces_or_a_reason_to_have_none() -> None:
    """A new table must be decided on here: does it quote pages?"""
    traced = {trace.table.info.name for trace in traces(UNKNOWN, Words())}
    without = {table.info.name for table in WITHOUT_TRACES}
    assert traced | without == {table.info.name for table in ALL_TABLES}
    assert not traced & without


# --- What the past was written by ------------------------------------------------------------------------


def history_of_vendors(lake: Lake, *names: str) -> dict[date, set[str]]:
    """Which of these members gold's past names, by day."""
    cells = lake.scan(history_of(PpmBudgetVsActual)).filter(
        pl.col("dimension") == "vendor", pl.col("dimension_id").is_in(names)
    )
    days = cells.group_by("as_of_date").agg(pl.col("dimension_id").unique()).collect()
    return {day: set(found) for day, found in days.iter_rows()}


def dated_lines(there: World) -> list[str]:
    """Lines that have a cell of their vendor."""
    counted = pl.col("amount").is_not_null() & ~pl.col("is_archived")
    return there.rows(NotionBudgetLines).filter(counted)["budget_line_id"].to_list()


def test_a_vendor_that_another_property_told_once_is_in_no_file(tmp_path: Path) -> None:
    """The team maps another column since; what the property of then told is in gold's past all the same."""
    with world(tmp_path, pages=50, dirty=False) as there:
        there.sandbox.alter("budget_lines", {"Supplier": {"rich_text": {}}})
        SyncEngine(there.config, clock=there.clock, lake=there.lake).sync_all()
        line = dated_lines(there)[0]
        there.edit("budget_lines", line, Vendor=rich_text(VENDOR))
        there.run(only=QUOTING)
        mapping = tmp_path / "mapping.yaml"
        mapping.write_text("budget_lines:\n  Vendor: Supplier\n")
        there.config = there.config.model_copy(update={"ppm_notion_mapping": mapping})
        there.go_to(MONDAY + timedelta(days=1))
        there.run(only=QUOTING)
        assert history_of_vendors(there.lake, VENDOR) == {MONDAY.date(): {VENDOR}}
        forget(there.lake, there.clock, line)
        assert files_with(there.lake.uri, "Secretvendor") == []
        assert history_of_vendors(there.lake, FORGOTTEN) == {MONDAY.date(): {FORGOTTEN}}


def test_a_name_goes_from_the_days_by_which_no_other_line_had_told_it(tmp_path: Path) -> None:
    """Whether a line that told it still does, or not any more."""
    monday, tuesday, wednesday = (MONDAY + timedelta(days=number) for number in range(3))
    with world(tmp_path, pages=50, dirty=False) as there:
        SyncEngine(there.config, clock=there.clock, lake=there.lake).sync_all()
        forgotten, other = dated_lines(there)[:2]
        there.edit("budget_lines", forgotten, Vendor=rich_text("Later AG"), Line=title("Both AG"))
        there.run(only=QUOTING)
        there.go_to(tuesday)
        there.edit("budget_lines", forgotten, Vendor=rich_text("Both AG"), Notes=rich_text("Later AG"))
        pieces = [{"text": {"content": text}} for text in ("Both", " AG")]
        there.edit("budget_lines", other, Vendor={"rich_text": pieces})
        there.run(only=QUOTING)
        there.go_to(wednesday)
        there.edit("budget_lines", forgotten, Vendor=rich_text("Later AG"))
        there.edit("budget_lines", other, Vendor=rich_text("Later AG"), Line=title("Both AG"))
        there.run(only=QUOTING)
        told = history_of_vendors(there.lake, "Later AG", "Both AG")
        assert told == {monday.date(): {"Later AG"}, tuesday.date(): {"Both AG"}, wednesday.date(): {"Later AG"}}
        names = words_of(there.lake, forgotten).names
        assert {name: names[name] for name in ("Both AG", "Later AG")} == {
            "Both AG": tuesday.date(),
            "Later AG": wednesday.date(),
        }
        forget(there.lake, there.clock, forgotten)
        assert history_of_vendors(there.lake, "Later AG", "Both AG", FORGOTTEN) == {
            monday.date(): {FORGOTTEN},
            tuesday.date(): {"Both AG"},
            wednesday.date(): {"Later AG"},
        }


# --- Cut short, disturbed ---------------------------------------------------------------------------


class Killed(BaseException):
    """Stands for the end of the process: nothing in the product catches it."""


def steps(monkeypatch: pytest.MonkeyPatch, die_at: Callable[[int], None]) -> list[str]:
    """Everything that changes a store calls ``die_at`` before and after, with its number among all such moments."""
    moments: list[str] = []

    def watched(owner: Any, name: str) -> None:
        act = getattr(owner, name)

        def counted(*arguments: Any, **options: Any) -> Any:
            moments.append(f"before {name}")
            die_at(len(moments))
            done = act(*arguments, **options)
            moments.append(f"after {name}")
            die_at(len(moments))
            return done

        monkeypatch.setattr(owner, name, counted)

    watched(lake_module, "overwrite_rows")
    watched(DeltaTable, "delete")
    watched(DeltaTable, "create_checkpoint")
    watched(DeltaStorageHandler, "delete_file")
    return moments


def differing(lake: Lake, expected: Tables) -> list[str]:
    found = tables(lake)
    return [name for name, rows in expected.items() if not rows.equals(found[name])]


def cut_short(story: Story, lake: Lake, place: int) -> None:
    """An erasure that ends at its ``place``-th moment."""

    def die_at(number: int) -> None:
        if number == place:
            raise Killed

    with pytest.MonkeyPatch.context() as patched:
        steps(patched, die_at)
        forget(lake, story.world.clock, story.line, reason="first")


def test_cut_short_anywhere_the_same_call_completes_it(story: Story, tmp_path: Path) -> None:
    """After the middlemost step of each kind, and at the very end."""
    whole = story.lake(tmp_path / "whole")
    with pytest.MonkeyPatch.context() as patched:
        moments = steps(patched, lambda _: None)
        complete = forget(whole, story.world.clock, story.line, reason="first")
    expected = tables(whole)
    after: dict[str, list[int]] = {}
    for place, moment in enumerate(moments, 1):
        if moment.startswith("after"):
            after.setdefault(moment, []).append(place)
    assert len(after) == 4, "each kind of step is taken"
    for place in [*(places[len(places) // 2] for places in after.values()), len(moments)]:
        lake, moment = story.lake(tmp_path / f"{place}"), f"{moments[place - 1]}, {place} of {len(moments)}"
        with pytest.raises(Killed):
            cut_short(story, lake, place)
        if place == len(moments):
            with pytest.raises(AlreadyForgottenError):
                forget(lake, story.world.clock, story.line)
        else:
            forget(lake, story.world.clock, story.line)
        assert differing(lake, expected) == [], moment
        assert files_with(lake.uri, "Secretvendor") == [], moment
        (row,) = audit(lake)
        assert row["forgotten_at"], moment
        assert row["reason"] == "first", moment
        told = {each["table_name"]: (each["rows_erased"], each["rows_blanked"]) for each in row["erased"]}
        assert told == erased(complete), moment


def killed_while_forgetting(uri: str, clock: FrozenClock, page_id: str, place: int) -> None:
    with pytest.MonkeyPatch.context() as patched:
        steps(patched, lambda number: os.kill(os.getpid(), signal.SIGKILL) if number == place else None)
        forget(Lake(uri, clock=clock), clock, page_id)


def test_killed_by_the_system_the_same_call_completes_it(story: Story, tmp_path: Path) -> None:
    lake = story.lake(tmp_path)
    assert killed.exit_code(killed_while_forgetting, lake.uri, story.world.clock, story.line, 25) == -9
    assert audit(lake)[0]["forgotten_at"] is None
    assert find(lake, story.line).begun
    forget(lake, story.world.clock, story.line)
    assert files_with(lake.uri, "Secret") != [], "the project is another page"
    assert files_with(lake.uri, "Secretvendor") == []
    assert len(audit(lake)) == 1


def test_somebody_who_puts_the_page_back_is_noticed(story: Story, tmp_path: Path, monkeypatch: Any) -> None:
    lake = story.lake(tmp_path)
    row = lake.scan(Quarantine).filter(pl.col("page_id") == story.line).collect()
    delete = DeltaTable.delete

    def undone(self: DeltaTable, *arguments: Any, **options: Any) -> dict[str, Any]:
        done = delete(self, *arguments, **options)
        lake.merge(Quarantine, row)
        return done

    monkeypatch.setattr(DeltaTable, "delete", undone)
    with pytest.raises(StillThereError, match="stop every run of Dagster"):
        forget(lake, story.world.clock, story.line)
    assert audit(lake)[0]["forgotten_at"] is None, "it is not told to be done"


def test_no_sync_begins_while_a_page_is_erased(story: Story, tmp_path: Path) -> None:
    lake = story.lake(tmp_path)

    def sync() -> None:
        with writer_lock(lake.uri, "notion-sync", patience=timedelta(0)):
            pass

    with pytest.raises(LakeBusyError, match="notion-sync"):
        forget(lake, story.world.clock, story.line, require_quiet=sync)
    sync()
    assert audit(lake) == [], "who is asked whether all is quiet may stop it before it begins"


# --- The command -------------------------------------------------------------------------------------


@pytest.fixture
def command(story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Lake, Callable[..., Any]]]:
    """``finance-ppm forget`` on a copy of the story's lake, in this process."""
    lake = story.lake(tmp_path)
    config = story.in_copy(lake).config.model_copy(update={"dagster_home": tmp_path / "dagster"})
    monkeypatch.setattr("finance_ppm.cli.Config.from_env", lambda: config)
    monkeypatch.setattr(forgetting, "SystemClock", lambda: story.world.clock)
    monkeypatch.setattr("finance_ppm.terminal.out.width", 240)
    # Set by whoever prepares Dagster's home; put back after the test.
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))

    def call(*arguments: str, answer: str | None = None) -> Any:
        with pytest.MonkeyPatch.context() as patched:
            if answer is not None:
                patched.setattr(forgetting, "stdin_is_a_terminal", lambda: True)
            return CliRunner().invoke(product, ["forget", *arguments], input=answer)

    yield lake, call
    story.world.sandbox.clear_faults()


def test_a_dry_run_shows_and_erases_nothing(story: Story, command: tuple[Lake, Callable[..., Any]]) -> None:
    lake, call = command
    before = tables(lake)
    shown = call(story.line, "--dry-run")
    assert shown.exit_code == 0, shown.output
    for words in (f"{LINE} 2", "of budget_lines", "silver/quarantine", "Rows to erase", "still in Notion: delete it"):
        assert words in shown.output
    assert differing(lake, before) == []
    assert audit(lake) == []


def test_it_asks_and_takes_no_for_an_answer(story: Story, command: tuple[Lake, Callable[..., Any]]) -> None:
    lake, call = command
    assert call(story.line, answer="n\n").exit_code == 1
    assert audit(lake) == []
    yes = call(story.line, answer="y\n")
    assert yes.exit_code == 0, yes.output
    assert len(audit(lake)) == 1


def test_without_anybody_to_ask_it_refuses(story: Story, command: tuple[Lake, Callable[..., Any]]) -> None:
    lake, call = command
    refused = call(story.line)
    assert isinstance(refused.exception, SettingsError)
    assert "add --yes" in str(refused.exception)
    assert audit(lake) == []


def test_it_tells_what_was_done_and_what_is_out_of_reach(
    story: Story, command: tuple[Lake, Callable[..., Any]]
) -> None:
    lake, call = command
    link = f"https://www.notion.so/team/{LINE}-{story.line.replace('-', '')}?pvs=4"
    done = call(link, "--yes", "--reason", "Request 12")
    assert done.exit_code == 0, done.output
    for words in ("Rows erased", "is forgotten", "computes today's gold", "dagster run wipe", "backups"):
        assert words in done.output
    assert audit(lake)[0]["reason"] == "Request 12"
    again = call(story.line, "--yes")
    assert again.exit_code == 0
    assert "was forgotten on" in again.output
    unknown = call(UNKNOWN, "--yes")
    assert isinstance(unknown.exception, UnknownPageError)
    assert len(audit(lake)) == 1


def test_a_page_in_the_trash_or_gone_or_hidden_by_an_outage(
    story: Story, command: tuple[Lake, Callable[..., Any]]
) -> None:
    _, call = command
    assert "in Notion's trash" in call(story.project, "--dry-run").output
    story.world.sandbox.add_fault(Fault.error(404, path=story.line, times=1))
    assert "Note:" not in call(story.line, "--dry-run").output
    story.world.sandbox.add_fault(Fault.error(401, path=story.line, times=1))
    shown = call(story.line, "--dry-run").output
    assert "could not be asked" in shown
    assert "NOTION_TOKEN" in shown


def test_it_waits_for_dagster_and_says_whom_it_waits_for(
    story: Story, command: tuple[Lake, Callable[..., Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake, call = command
    monkeypatch.setattr(forgetting, "PATIENCE", timedelta(0))
    (tmp_path / "dagster").mkdir()
    shutil.copy(Path(__file__).parents[2] / "dagster.yaml", tmp_path / "dagster")
    with dg.DagsterInstance.get() as instance:
        at_work = instance.create_run_for_job(
            dg.Definitions(jobs=[nothing_much]).resolve_job_def("nothing_much"), status=dg.DagsterRunStatus.STARTED
        )
        busy = call(story.line, "--yes")
        assert isinstance(busy.exception, FinancePpmError), busy.exception
        assert f"dagster run delete {at_work.run_id}" in str(busy.exception)
        assert audit(lake) == []
        instance.delete_run(at_work.run_id)
        assert call(story.line, "--yes").exit_code == 0


@dg.op
def nothing() -> None: ...


@dg.job
def nothing_much() -> None:
    nothing()


def test_what_names_no_page_is_refused(command: tuple[Lake, Callable[..., Any]]) -> None:
    _, call = command
    refused = call("a page", "--yes")
    assert isinstance(refused.exception, SettingsError)
    assert "'a page' names no page" in str(refused.exception)


def test_the_asset_adds_nothing_and_tells_of_the_day(story: Story, tmp_path: Path) -> None:
    lake = story.lake(tmp_path)
    forget(lake, story.world.clock, story.line)
    result = story.in_copy(lake).run(only=["bronze/erasures"])
    (event,) = result.asset_materializations_for_node("bronze__erasures")
    assert event.metadata["pages forgotten on the day"].value == 1
    assert event.metadata["erasures not completed"].value == 0
    assert len(audit(lake)) == 1
