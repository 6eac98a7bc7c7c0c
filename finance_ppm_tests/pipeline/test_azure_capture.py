"""Azure into bronze: a day's snapshot is whole or it is the earlier one, and marks never claim what is not there."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from threading import Thread
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import finance_ppm
from finance_ppm.clock import FrozenClock
from finance_ppm.contracts import Table, full_name
from finance_ppm.contracts.azure import AzureAdvisorRaw, AzureResourcesRaw, AzureSnapshots
from finance_ppm.lakehouse import Lake
from finance_ppm.lakehouse import delta as delta_module
from finance_ppm.lakehouse import lake as lake_module
from finance_ppm.pipeline import azure, azure_staging
from finance_ppm.pipeline.azure import Capture, capture_azure
from finance_ppm.pipeline.azure_marks import GONE
from finance_ppm.sandbox.azure.estate import ListedEstate
from finance_ppm.sandbox.azure.server import serve_azure
from finance_ppm.sandbox.estate import bulk_estate
from finance_ppm.settings import Config
from finance_ppm.sources.azure.reader import AzureReader
from finance_ppm.sources.azure.rows import Batch, Dataset, Outcome, Source, WireRow
from finance_ppm_tests.pipeline.azure_reads import ROWS, SIX, Read, UnreachableError, batch, edition, outcome, row

TODAY = SIX.date()
RECORDED = Path(finance_ppm.__file__).parents[2] / "shared/recorded/azure"
TABLES = (AzureResourcesRaw, AzureAdvisorRaw, AzureSnapshots)


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(SIX)


@pytest.fixture
def lake(tmp_path: Path, clock: FrozenClock) -> Lake:
    return Lake(str(tmp_path / "lake"), clock=clock)


@dataclass
class Site:
    """A lake and a clock, and reads of Azure captured there."""

    lake: Lake
    clock: FrozenClock
    dataset: Dataset = Dataset.ADVISOR

    def capture(self, *batches: Batch | BaseException) -> Capture:
        return capture_azure(Read(batches), self.lake, self.clock, self.dataset)

    def rows(self, day: date = TODAY) -> dict[str, str]:
        """Id to text, of the day."""
        stored = self.lake.scan(azure_staging.TABLES[self.dataset]).filter(pl.col("captured_on") == day).collect()
        ids = stored["record_id" if self.dataset is Dataset.ADVISOR else "resource_id"]
        assert ids.is_unique().all()
        return dict(zip(ids, stored["raw_payload"], strict=True))

    def marks(self, day: date = TODAY) -> dict[str, tuple[bool, int, str | None]]:
        """Subscription to complete, rows and reason, of the day."""
        stored = self.lake.scan(AzureSnapshots).filter(
            pl.col("captured_on") == day, pl.col("dataset") == self.dataset.value
        )
        told = stored.select("subscription_id", "complete", "row_count", "reason").collect()
        return {name: (complete, count, reason) for name, complete, count, reason in told.iter_rows()}

    def versions(self) -> list[int | None]:
        return [self.lake.version(table) for table in TABLES]


@pytest.fixture
def site(lake: Lake, clock: FrozenClock) -> Site:
    return Site(lake, clock)


def ids(*names: str) -> set[str]:
    return {f"/subscriptions/{name}" for name in names}


# What is stored


def test_a_row_is_stored_as_it_came_to_the_character(site: Site) -> None:
    texts = ['{"a": 1.10, "b":"\\u00e9é\U0001f642"}', ' {"spaced" : true}\n', '{"dup":1,"dup":2}', '{"n": 1E400}']
    site.dataset = Dataset.RESOURCES
    site.capture(batch(*(row("a", str(at), text, kind="t/x", group="rg") for at, text in enumerate(texts))))
    assert list(site.rows().values()) == texts
    stored = site.lake.scan(AzureResourcesRaw).collect().row(0, named=True)
    assert stored == {
        "captured_on": TODAY,
        "resource_id": "/subscriptions/a/0",
        "resource_type": "t/x",
        "resource_group": "rg",
        "subscription_id": "a",
        "raw_payload": texts[0],
        "captured_at": SIX,
        "_ingestion_timestamp": SIX,
    }


@pytest.mark.skipif(not RECORDED.exists(), reason="no recorded answers of Azure here")
def test_recorded_answers_are_stored_as_they_came(site: Site) -> None:
    texts = [
        json.dumps(answer) for path in sorted(RECORDED.glob("*.json")) for answer in [json.loads(path.read_text())]
    ]
    texts += [path.read_text() for path in sorted(RECORDED.glob("*.json"))]
    site.capture(batch(*(row("a", str(at), text) for at, text in enumerate(texts))))
    assert list(site.rows().values()) == texts


def test_what_advisor_tells_is_kept_by_kind_and_source(site: Site) -> None:
    kinds = [row("a", kind, kind=f"microsoft.advisor/{kind}s") for kind in ("recommendation", "suppression")]
    fallback = batch(row("b", "c", kind="microsoft.advisor/configurations"), source=Source.ADVISOR)
    site.capture(batch(*kinds), fallback)
    stored = site.lake.scan(AzureAdvisorRaw).select("record_id", "record_type", "source").collect()
    assert set(stored.iter_rows()) == {
        ("/subscriptions/a/recommendation", "recommendation", "resource_graph"),
        ("/subscriptions/a/suppression", "suppression", "resource_graph"),
        ("/subscriptions/b/c", "configuration", "advisor"),
    }


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ('{"properties": {"category": "Cost", "recommendationStatus": "Completed"}}', "completed"),
        ('{"properties":{"recommendationStatus" :\n"InProgress ","extendedProperties":null}}', "inprogress"),
        ('{"properties": {"recommendationStatus": "Di\\u0073missed"}}', "dismissed"),
        (
            r'{"properties": {"shortDescription": {"problem": "Says \"recommendationStatus\": \"Completed\" of it"},'
            r' "recommendationStatus": "New"}}',
            "new",
        ),
        (r'{"properties": {"impactedValue": "{\"recommendationStatus\": \"Completed\"}"}}', None),
        ('{"properties": {"extendedProperties": {"recommendationStatus": "Completed"}}}', None),
        ('{"recommendationStatus": "Completed", "properties": {"category": "Cost"}}', None),
        ('{"properties": {"recommendationStatus": null}}', None),
        ('{"properties": {"recommendationStatus": " "}}', None),
        ('{"properties": {"category": "recommendationStatus"}}', None),
        ('{"properties": "recommendationStatus"}', None),
        ('{"properties": {"recommendationStatus": "Completed"', None),
        ("", None),
    ],
)
def test_advisor_s_own_status_is_kept_beside_the_row(site: Site, text: str, status: str | None) -> None:
    site.capture(batch(row("a", "1", text), row("a", "2", '{"properties": {"recommendationStatus": "New"}}')))
    stored = site.lake.scan(AzureAdvisorRaw).sort("record_id").select("raw_payload", "status").collect()
    assert stored.row(0) == (text, status)
    assert stored["status"][1] == "new"


def test_rows_of_an_unknown_type_are_told_of_and_the_snapshot_does_not_count(site: Site) -> None:
    """They may be recommendations under another name: those that are missing must not be taken for resolved."""
    strange = [row("a", name, kind="microsoft.advisor/advice") for name in "xy"]
    told = site.capture(batch(row("a"), *strange, row("b")), batch(row("c", kind="?"), incomplete="c"))
    assert site.rows().keys() == ids("a/1", "b/1")
    complete, rows, reason = site.marks()["a"]
    assert (complete, rows) == (False, 1)
    assert "does not know came (2: microsoft.advisor/advice) and were not stored: update" in str(reason)
    assert [one.subscription_id for one in told.incomplete] == ["a", "c"]
    assert "was refused" in str(site.marks()["c"][2])
    assert "(1: ?)" in str(site.marks()["c"][2])
    assert site.marks()["b"] == (True, 1, None)


def test_one_id_is_one_row_and_resource_graph_is_believed_first(site: Site) -> None:
    graph, advisor = (
        batch(row("a", "x", source.value), row("a", source.value), source=source)
        for source in (Source.RESOURCE_GRAPH, Source.ADVISOR)
    )
    expected = {"/subscriptions/a/x": "resource_graph"} | dict.fromkeys(ids("a/resource_graph", "a/advisor"), "{}")
    assert site.capture(graph, advisor, graph).rows == 3
    assert site.rows() == expected
    site.clock.moment += timedelta(days=1)
    site.capture(graph, advisor)
    assert site.rows(site.clock.today()) == expected


def test_a_subscription_asked_for_twice_is_complete_where_one_answer_was(site: Site) -> None:
    refused = batch(row("a", "seen"), incomplete="a")
    fallback = batch(row("a", "1"), row("a", "2"), source=Source.ADVISOR)
    assert site.capture(refused, fallback).complete == 1
    assert site.marks() == {"a": (True, 3, None)}
    site.clock.moment += timedelta(days=1)
    assert site.capture(fallback, refused).incomplete == ()


def test_the_day_is_the_one_on_which_the_read_began(site: Site) -> None:
    class Slow(Read):
        def snapshot(self, *args: Any, **more: Any) -> Iterator[Batch]:
            for one in super().snapshot(*args, **more):
                site.clock.moment += timedelta(hours=20)
                yield one

    reader = Slow([batch(row("a"))])
    arrived: list[int] = []
    told = capture_azure(reader, site.lake, site.clock, site.dataset, progress=arrived.append)
    assert site.clock.today() > TODAY
    assert site.rows().keys() == ids("a/1")
    assert (told.queries, told.rows, told.subscriptions, told.complete, arrived) == (1, 1, 1, 1, [1])


def test_an_azure_without_anything_is_a_snapshot_too(site: Site) -> None:
    told = site.capture()
    assert (told.subscriptions, told.rows, told.incomplete) == (0, 0, ())
    site.capture(batch(empty="a"))
    assert site.marks() == {"a": (True, 0, None)}


# Complete, or it changes nothing


def test_an_incomplete_read_leaves_a_complete_snapshot_of_the_day_as_it_is(site: Site) -> None:
    site.capture(batch(row("a", "1", "old"), row("a", "2"), row("b", "1", "old")))
    later = batch(row("a", "1", "new"), row("a", "3"), row("b", "1", "new"), incomplete="a")
    told = site.capture(later)
    assert site.rows() == {"/subscriptions/a/1": "old", "/subscriptions/a/2": "{}", "/subscriptions/b/1": "new"}
    assert site.marks() == {"a": (True, 2, None), "b": (True, 1, None)}
    assert [one.subscription_id for one in told.incomplete] == ["a"]
    assert (told.subscriptions, told.complete) == (2, 1)

    site.clock.moment += timedelta(days=1)
    site.capture(later)
    assert site.rows(site.clock.today()).keys() == ids("a/1", "a/3", "b/1")
    assert site.marks(site.clock.today())["a"][:2] == (False, 2)


def test_what_was_seen_of_a_subscription_stays_until_it_is_read_to_its_end(site: Site) -> None:
    site.capture(batch(row("a", "1", "old"), row("a", "2"), incomplete="a"))
    site.capture(batch(row("a", "1", "new"), row("a", "3"), incomplete="a"))
    assert site.rows() == {"/subscriptions/a/1": "new", "/subscriptions/a/2": "{}", "/subscriptions/a/3": "{}"}
    assert site.marks()["a"][:2] == (False, 3)
    site.capture(batch(row("a", "3")))
    assert site.rows().keys() == ids("a/3")
    assert site.marks()["a"] == (True, 1, None)


def test_a_failure_replaces_nothing_marks_what_was_known_and_is_raised(site: Site) -> None:
    site.capture(batch(row("a"), row("b")))
    site.clock.moment += timedelta(days=1)
    today = site.clock.today()
    failure = UnreachableError("Azure refused the token Bearer abcdefghijklmnopqrstuvwxyz012345: sign in again.")
    with pytest.raises(UnreachableError):
        site.capture(batch(row("a", "2"), row("new")), failure)
    assert site.rows(today) == {}
    assert site.rows().keys() == ids("a/1", "b/1")
    assert site.marks(today).keys() == {"a", "b"}
    complete, rows, reason = site.marks(today)["a"]
    assert (complete, rows) == (False, 0)
    assert "sign in again" in str(reason)
    assert "abcdefghijkl" not in str(reason)

    site.capture(batch(row("a"), row("b")))
    with pytest.raises(UnreachableError):
        site.capture(failure)
    assert site.marks(today)["a"] == (True, 1, None), "the complete snapshot of the day stands"


def test_any_other_error_while_reading_changes_nothing(site: Site) -> None:
    site.capture(batch(row("a")))
    before = site.versions()
    with pytest.raises(KeyError):
        site.capture(batch(row("a", "2")), KeyError("a defect"))
    assert site.versions() == before


def test_a_subscription_that_is_not_met_is_missed_until_its_last_complete_snapshot_is_thirty_days_old(
    site: Site,
) -> None:
    site.capture(batch(row("a"), row("b")))
    gone = []
    for after in (1, 2, 3, 10, 31, 32, 33):
        site.clock.moment = SIX + timedelta(days=after)
        told = site.capture(batch(row("a"), *([row("b")] if after == 2 else [])))
        marks = site.marks(site.clock.today())
        if marks.get("b") == (False, 0, GONE):
            gone.append(after)
            assert told.incomplete == (Outcome("b", "Subscription b", False, 0, None, GONE),)
            assert (told.subscriptions, told.complete) == (2, 1)
    assert gone == [1, 3, 10, 31]
    assert marks.keys() == {"a"}


def test_a_subscription_never_read_to_its_end_is_missed_for_thirty_days_after_it_was_last_named(site: Site) -> None:
    site.capture(batch(row("a"), row("b"), incomplete="b"))
    for after in (1, 15, 29):
        site.clock.moment = SIX + timedelta(days=after)
        site.capture(batch(row("a")))
        assert site.marks(site.clock.today())["b"] == (False, 0, GONE)
    site.clock.moment = SIX + timedelta(days=30)
    site.capture(batch(row("a")))
    assert site.marks(site.clock.today()).keys() == {"a"}


def test_a_subscription_whose_last_complete_snapshot_is_older_is_not_missed_at_all(site: Site) -> None:
    site.capture(batch(row("a"), row("b")))
    for after in (20, 31):
        site.clock.moment = SIX + timedelta(days=after)
        site.capture(batch(row("a"), row("b"), incomplete="b"))
    site.clock.moment += timedelta(days=1)
    assert site.capture(batch(row("a"))).incomplete == ()
    assert site.marks(site.clock.today()).keys() == {"a"}


# The same once more


def test_the_same_read_once_more_writes_nothing(site: Site) -> None:
    reads = [batch(row("a"), row("a", "2"), row("b"), incomplete="b"), batch(row("c"))]
    for dataset in Dataset:
        Site(site.lake, site.clock, dataset).capture(*reads)
    before = site.versions()
    named = [site.lake.content_version(table) for table in TABLES]
    moments = site.lake.scan(AzureSnapshots).select("captured_at").unique().collect()
    for _ in range(2):
        site.clock.moment += timedelta(hours=1)
        for dataset in Dataset:
            told = Site(site.lake, site.clock, dataset).capture(*reversed(reads))
            assert not told.written.changed
            assert told.rows == 4
    assert site.versions() == before
    assert [site.lake.content_version(table) for table in TABLES] == named
    assert site.lake.scan(AzureSnapshots).select("captured_at").unique().collect().equals(moments)


@pytest.mark.parametrize(
    "changed",
    [row("a", "1", '{"v": 2}'), row("a", "2"), row("a", kind="microsoft.advisor/suppressions")],
    ids=["text", "id", "kind"],
)
def test_any_change_of_content_changes_the_content_version_and_dates_the_marks(site: Site, changed: WireRow) -> None:
    site.capture(batch(row("a"), row("b")))
    before = site.lake.content_version(AzureAdvisorRaw)
    site.clock.moment += timedelta(hours=1)
    assert site.capture(batch(changed, row("b"))).written.changed
    assert site.lake.content_version(AzureAdvisorRaw) != before
    assert set(site.lake.scan(AzureSnapshots).collect()["captured_at"]) == {site.clock.now()}


def test_the_datasets_do_not_touch_each_other(site: Site) -> None:
    other = Site(site.lake, site.clock, Dataset.RESOURCES)
    site.capture(batch(row("a"), row("b")))
    other.capture(batch(row("c")))
    assert site.marks() == {"a": (True, 1, None), "b": (True, 1, None)}
    assert other.marks() == {"c": (True, 1, None)}


# Any sequence of reads, against dicts

SUBSCRIPTIONS = "abc"


@dataclass
class Model:
    """What must be in the lake, in the words of the rules."""

    rows: dict[date, dict[str, WireRow]] = field(default_factory=dict)
    marks: dict[date, dict[str, Outcome]] = field(default_factory=dict)

    def read(self, day: date, batches: list[Batch]) -> None:
        stored, marks = self.rows.get(day, {}), self.marks.get(day, {})
        outcomes: dict[str, Outcome] = {}
        for told in (told for one in batches for told in one.outcomes):
            if not outcomes.get(told.subscription_id, told).complete or told.subscription_id not in outcomes:
                outcomes[told.subscription_id] = told
        complete = {name for name, told in outcomes.items() if told.complete}
        standing = {name for name, mark in marks.items() if mark.complete} - complete
        read: dict[str, WireRow] = {}
        for source in (Source.ADVISOR, Source.RESOURCE_GRAPH):
            for one in batches:
                if one.source is source:
                    read |= {wire.id: wire for wire in one.rows if wire.subscription_id not in standing}
        kept = {key: wire for key, wire in stored.items() if wire.subscription_id not in complete}
        self.rows[day] = kept | read
        self._mark(day, {**outcomes, **{name: _gone(name) for name in self.missed(day, outcomes)}})

    def fail(self, day: date, reason: str) -> None:
        known = self._known(day)
        self._mark(day, {name: Outcome(name, f"Subscription {name}", False, 0, None, reason) for name in known})

    def _mark(self, day: date, outcomes: dict[str, Outcome]) -> None:
        marks = self.marks.setdefault(day, {})
        for name, told in outcomes.items():
            if told.complete or not (name in marks and marks[name].complete):
                count = sum(wire.subscription_id == name for wire in self.rows.get(day, {}).values())
                marks[name] = Outcome(
                    name, told.subscription_name, told.complete, count, told.expected_count, told.reason
                )

    def _known(self, day: date) -> set[str]:
        near = [d for d, marks in self.marks.items() if marks and day - timedelta(days=30) < d < day]
        return {*self.marks.get(day, {}), *(self.marks[max(near)] if near else ())}

    def missed(self, day: date, read: dict[str, Outcome]) -> set[str]:
        found = set()
        for name in self._known(day) - read.keys():
            told = {d: marks[name] for d, marks in self.marks.items() if name in marks and d <= day}
            complete = [d for d, mark in told.items() if mark.complete]
            named = complete or [d for d, mark in told.items() if mark.reason != GONE]
            if named and day - max(named) < timedelta(days=30):
                found.add(name)
        return found


def _gone(name: str) -> Outcome:
    return Outcome(name, f"Subscription {name}", False, 0, None, GONE)


def wire_rows(subscription: str) -> st.SearchStrategy[list[WireRow]]:
    """Rows under the subscription's own ids, and under one id that all of them may claim."""
    names = st.sampled_from([f"/subscriptions/{subscription}/{at}" for at in range(3)] + ["/everywhere"])
    kind = "microsoft.advisor/recommendations"
    return st.lists(
        st.builds(WireRow, names, st.just(kind), st.just(subscription), st.none(), st.sampled_from("xy")), max_size=4
    )


@st.composite
def batches(draw: st.DrawFn) -> Batch:
    asked = draw(st.lists(st.sampled_from(SUBSCRIPTIONS), unique=True, min_size=1))
    rows = [wire for name in asked for wire in draw(wire_rows(name))]
    complete = draw(st.lists(st.sampled_from(asked), unique=True))
    told = [
        outcome(name, sum(one.subscription_id == name for one in rows), complete=name in complete) for name in asked
    ]
    return Batch(draw(st.sampled_from(Source)), rows, told)


READS = st.lists(
    st.tuples(st.sampled_from([0, 0, 0, 1, 1, 2, 15, 29, 30]), st.lists(batches(), max_size=3), st.integers(0, 5)),
    min_size=1,
    max_size=6,
)


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(READS)
def test_any_sequence_of_reads_equals_dicts(reads: list[tuple[int, list[Batch], int]]) -> None:
    clock, model = FrozenClock(SIX), Model()
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(azure_staging, "FILE_ROWS", 2)
        lake = Lake(folder, clock=clock)
        site = Site(lake, clock)
        for days, found, fails in reads:
            clock.moment += timedelta(days=days, minutes=1)
            day = clock.today()
            before = (dict(model.rows.get(day, {})), dict(model.marks.get(day, {})))
            versions = site.versions()
            if fails == 0:
                model.fail(day, "down")
                with pytest.raises(UnreachableError):
                    site.capture(*found, UnreachableError("down"))
            else:
                model.read(day, found)
                told = site.capture(*found)
                assert told.rows == len(model.rows[day]) == told.written.rows
                assert told.complete + len(told.incomplete) == told.subscriptions

            assert stored_rows(lake) == {(d, key): wire for d, rows in model.rows.items() for key, wire in rows.items()}
            assert stored_marks(lake) == {(d, name): m for d, marks in model.marks.items() for name, m in marks.items()}
            if None not in (versions[1], versions[2]) and before == (
                model.rows.get(day, {}),
                model.marks.get(day, {}),
            ):
                assert site.versions() == versions


def stored_rows(lake: Lake) -> dict[tuple[date, str], WireRow]:
    stored = lake.scan(AzureAdvisorRaw).collect()
    found = {
        (told["captured_on"], told["record_id"]): WireRow(
            told["record_id"],
            f"microsoft.advisor/{told['record_type']}s",
            told["subscription_id"],
            None,
            told["raw_payload"],
        )
        for told in stored.iter_rows(named=True)
    }
    assert len(found) == stored.height
    return found


def stored_marks(lake: Lake) -> dict[tuple[date, str], Outcome]:
    stored = lake.scan(AzureSnapshots).drop("dataset", "captured_at").collect()
    return {
        (told.pop("captured_on"), told["subscription_id"]): Outcome(**told) for told in stored.iter_rows(named=True)
    }


# Killed, and beside others


class Killed(BaseException):
    """The process ends here, as far as the lake can tell."""


FIRST = [batch(row("a", "1", "old"), row("b", "1", "old"), row("c", "1", "old")), batch(row("d"), incomplete="d")]
SECOND = [
    batch(row("a", "1", "new"), row("a", "2", "new"), row("b", "2", "new"), incomplete="b"),
    batch(row("d"), row("d", "2")),
]
COMMITS = ("create_delta", "overwrite_rows", "overwrite_from")


def dying(patch: pytest.MonkeyPatch, nth: int, *, after: bool) -> list[str]:
    """Die at the ``nth`` commit, before or after it; the commits so far, as they happen."""
    happened: list[str] = []

    def counted(commit: Callable[..., Any]) -> Callable[..., Any]:
        def write(place: Any, table: type[Table], *others: Any) -> Any:
            happened.append(full_name(table))
            if len(happened) == nth and not after:
                raise Killed
            done = commit(place, table, *others)
            if len(happened) == nth:
                raise Killed
            return done

        return write

    for name in COMMITS:
        patch.setattr(lake_module, name, counted(getattr(lake_module, name)))
    return happened


def claims_hold(site: Site, complete_reads: list[dict[str, dict[str, str]]]) -> None:
    """Each subscription marked complete has just the rows that one of the complete reads of it brought."""
    rows = site.rows()
    for name, (complete, _, _) in site.marks().items():
        own = {key: text for key, text in rows.items() if key.startswith(f"/subscriptions/{name}/")}
        if complete:
            assert own in [read[name] for read in complete_reads if name in read]


def read_completely(*found: Batch) -> dict[str, dict[str, str]]:
    complete = {told.subscription_id for one in found for told in one.outcomes if told.complete}
    return {
        name: {wire.id: wire.text for one in found for wire in one.rows if wire.subscription_id == name}
        for name in complete
    }


@pytest.mark.parametrize("known", [False, True], ids=["first read", "second read"])
def test_killed_at_any_commit_the_lake_holds_the_earlier_snapshot_or_the_new_one(tmp_path: Path, known: bool) -> None:
    def fresh(name: str) -> Site:
        clock = FrozenClock(SIX)
        there = Site(Lake(str(tmp_path / name), clock=clock), clock)
        if known:
            there.capture(*FIRST)
        return there

    undisturbed = fresh("undisturbed")
    earlier = undisturbed.rows()
    with pytest.MonkeyPatch.context() as patch:
        commits = dying(patch, 0, after=False)
        undisturbed.capture(*SECOND)
    assert commits == ([] if known else ["bronze/azure_advisor"]) + ["bronze/azure_advisor"] + (
        ["bronze/azure_snapshots"] if known else ["bronze/azure_snapshots"] * 2
    )
    for nth, after in [(nth, after) for nth in range(1, len(commits) + 1) for after in (False, True)]:
        there = fresh(f"killed-{nth}-{after}")
        with pytest.MonkeyPatch.context() as patch:
            dying(patch, nth, after=after)
            with pytest.raises(Killed):
                there.capture(*SECOND)
        assert there.rows() in (earlier, undisturbed.rows())
        claims_hold(there, [read_completely(*FIRST), read_completely(*SECOND)])

        there.capture(*SECOND)
        assert (there.rows(), there.marks()) == (undisturbed.rows(), undisturbed.marks())


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_any_moment_the_rows_are_of_one_read_and_as_many_as_is_claimed(tmp_path: Path, seed: int) -> None:
    folder = tmp_path / "lake"
    command = [sys.executable, "-m", "finance_ppm_tests.pipeline.azure_reads", str(folder)]
    with subprocess.Popen(command, env={**os.environ, "TMPDIR": str(tmp_path)}) as process:
        marks = folder / full_name(AzureSnapshots) / "_delta_log"
        while not list(marks.glob("*1.json")) and process.poll() is None:
            time.sleep(0.01)
        time.sleep(Random(seed).uniform(0, 0.5))
        process.kill()
    clock = FrozenClock(SIX)
    there = Site(Lake(str(folder), clock=clock), clock)
    assert len(there.rows()) == 4 * ROWS
    assert len(set(there.rows().values())) == 1
    assert there.marks() == dict.fromkeys("abcd", (True, ROWS, None))
    there.capture(*edition(-1).batches)
    assert set(there.rows().values()) == {"[-1]"}


@pytest.mark.parametrize("locked", [True, False], ids=["a folder", "an object store"])
def test_two_captures_at_once_lose_and_double_nothing(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, locked: bool
) -> None:
    """Each sees its own subscriptions alone, so that each must keep what the other brings."""
    if not locked:
        monkeypatch.setattr(azure, "writer_lock", lambda *_: nullcontext())
    failures: list[BaseException] = []
    rounds = 4

    def captures(name: str) -> None:
        try:
            for turn in range(rounds):
                Site(lake, FrozenClock(SIX)).capture(batch(*(row(name, str(at), f"[{turn}]") for at in range(50))))
        except BaseException as error:  # noqa: BLE001 - told by the test
            failures.append(error)

    threads = [Thread(target=captures, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    there = Site(lake, FrozenClock(SIX))
    assert there.rows() == {f"/subscriptions/{name}/{at}": f"[{rounds - 1}]" for name in "abc" for at in range(50)}
    assert there.marks() == dict.fromkeys("abc", (True, 50, None))


def test_overtaken_by_a_complete_read_an_incomplete_one_takes_no_row_away(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing is locked: the other's marks were not there when this one decided what stands."""
    monkeypatch.setattr(azure, "writer_lock", lambda *_: nullcontext())
    original = delta_module.overwrite_from

    def overtaken(*args: Any) -> None:
        monkeypatch.setattr(lake_module, "overwrite_from", original)
        site.capture(batch(row("a", "1"), row("a", "2"), row("b", "1")))
        original(*args)

    monkeypatch.setattr(lake_module, "overwrite_from", overtaken)
    site.capture(batch(row("a", "1", "partly"), row("c", "1"), incomplete="a"))
    assert site.rows().keys() == ids("a/1", "a/2", "b/1", "c/1")
    assert {name: mark[0] for name, mark in site.marks().items()} == {"a": False, "b": True, "c": True}


def test_the_moment_of_a_row_is_that_of_its_batch(site: Site) -> None:
    class Slow(Read):
        def snapshot(self, *args: Any, **more: Any) -> Iterator[Batch]:
            for one in super().snapshot(*args, **more):
                site.clock.moment += timedelta(minutes=5)
                yield one

    capture_azure(Slow([batch(row("a")), batch(row("b"))]), site.lake, site.clock, site.dataset)
    stored = site.lake.scan(AzureAdvisorRaw).select("subscription_id", "captured_at", "_ingestion_timestamp").collect()
    ten: datetime = SIX + timedelta(minutes=10)
    assert set(stored.iter_rows()) == {("a", SIX + timedelta(minutes=5), ten), ("b", ten, ten)}


# The real reader


def test_what_a_sandbox_tells_is_captured_whole_and_a_subscription_taken_away_is_missed(site: Site) -> None:
    bulk = bulk_estate(resources=30, recommendations=20, subscriptions=3)
    names = dict(bulk.subscriptions(SIX))
    tables = ("resources", "resourcecontainers", "advisorresources")
    estate = ListedEstate(
        names=names,
        tables={table: [told for name in names for told in bulk.rows(table, name, SIX)] for table in tables},
    )
    with serve_azure(estate, now=SIX) as sandbox:
        config = Config.model_validate({name.lower(): value for name, value in sandbox.environment().items()})
        with AzureReader.of(config) as reader:
            for site.dataset in Dataset:
                told = capture_azure(reader, site.lake, site.clock, site.dataset)
                assert (told.subscriptions, told.complete, told.incomplete) == (3, 3, ())
                wanted = tables[:2] if site.dataset is Dataset.RESOURCES else tables[2:]
                expected = {told["id"].lower(): told for table in wanted for told in estate.tables[table]}
                assert {key: json.loads(text) for key, text in site.rows().items()} == expected
                assert not capture_azure(reader, site.lake, site.clock, site.dataset).written.changed
        lost, site.clock.moment = max(names), SIX + timedelta(days=1)
        with estate.lock:
            del names[lost]
        with AzureReader.of(config) as reader:
            told = capture_azure(reader, site.lake, site.clock, site.dataset)
        assert [(one.subscription_id, one.reason) for one in told.incomplete] == [(lost, GONE)]
        assert site.marks(site.clock.today())[lost] == (False, 0, GONE)
