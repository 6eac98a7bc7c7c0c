"""Anything that goes wrong at random while the workspace changes: the lake ends at what the workspace holds."""

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from itertools import pairwise
from pathlib import Path
from threading import Lock
from typing import Any

import httpx
import polars as pl
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from finance_ppm.contracts import PAGE_TABLES
from finance_ppm.contracts.bronze import NotionRawPages
from finance_ppm.contracts.silver import Quarantine
from finance_ppm.pipeline import intake, known
from finance_ppm.pipeline.bronze import Sync
from finance_ppm.pipeline.silver import page_key
from finance_ppm.sandbox.notion import query as sandbox_query
from finance_ppm.sandbox.notion.faults import Fault, FaultKind
from finance_ppm.sandbox.notion.history import Change
from finance_ppm.sources.notion import reader, windows
from finance_ppm_tests.pipeline.disturbed import Site, at_once, creation, long_title, page_id, site, titled
from finance_ppm_tests.world import MONDAY, number

DATABASES = ("budget_lines", "risks")
RENAMED = {"budget_lines": "Amount", "risks": "Title"}
MOST_AT_ONCE = 14
"""Results of a query: more than ever share a minute of creation."""
TOO_MUCH = "12345678901234567890"

DISTURBANCES = [
    Fault.error(502),
    Fault.rate_limited(3),
    Fault.too_large(),
    Fault.html(200),
    Fault(FaultKind.DROP_BEFORE),
    Fault(FaultKind.DROP_AFTER),
    Fault(FaultKind.DROP_DURING),
    Fault(FaultKind.MALFORMED),
    Fault(FaultKind.EMPTY),
    Fault(FaultKind.REPEATED_CURSOR),
    Fault(FaultKind.LOST_CURSOR),
    Fault(FaultKind.TRUNCATED, path="/query"),
    Fault.invalid_cursor(path="/query"),
    Fault.error(403),
    Fault.error(404, path="/query"),
    Fault.error(500, times=10**6),
    Fault(FaultKind.DROP_DURING, times=10**6),
]

requests = st.integers(1, 25)
"""Which request of the sync it befalls."""


@dataclass(frozen=True)
class Happening:
    """Something done in the workspace just before a request."""

    nth: int
    what: str
    database: str
    choice: int


happenings = st.builds(
    Happening,
    requests,
    st.sampled_from(["edit", "edit", "lengthen", "spoil", "create", "create", "trash", "restore", "rename", "wait"]),
    st.sampled_from(DATABASES),
    st.integers(0, 10**6),
)
faults = st.builds(lambda fault, nth: replace(fault, nth=nth), st.sampled_from(DISTURBANCES), requests)


@dataclass(frozen=True)
class Plan:
    """A portfolio, how it is read, and what happens meanwhile."""

    version: str
    pages: dict[str, int]
    a_minute: int
    """Pages created in each minute."""
    page_size: int
    worth_a_window: int
    batch: int
    is_known: bool
    """Whether all was read once before."""
    full: bool
    faults: list[Fault]
    before: list[Happening]
    """Done before the sync; when it begins does not matter."""
    meanwhile: list[Happening]


plans = st.builds(
    Plan,
    version=st.sampled_from(["2022-06-28", "2025-09-03", "2026-03-11"]),
    pages=st.fixed_dictionaries({name: st.sampled_from([70, 30, 3, 0]) for name in DATABASES}),
    a_minute=st.integers(1, 4),
    page_size=st.integers(3, 8),
    worth_a_window=st.integers(3, 20),
    batch=st.integers(3, 60),
    is_known=st.booleans(),
    full=st.sampled_from([True, True, False]),
    faults=st.lists(faults, min_size=1, max_size=4),
    before=st.lists(happenings, max_size=20),
    meanwhile=st.lists(happenings, min_size=4, max_size=12),
)


class Workspace:
    """A workspace that changes, and what it holds: told by its own answers, page by page."""

    def __init__(self, there: Site, pages: dict[str, int], *, is_known: bool) -> None:
        self.there = there
        self._pages = dict(pages)
        self._names = dict(RENAMED)
        self._is_known = is_known
        self._lock = Lock()
        self.amount_id = there.sandbox.workspace.named["budget_lines"].original_ids["Amount"]

    def change(self, happening: Happening) -> None:
        """Do it. The first page of a database is never trashed: an empty one proves nothing."""
        with self._lock:
            name = "budget_lines" if happening.what == "spoil" else happening.database
            choice, there = happening.choice, self.there
            count = self._pages[name]
            number_of = 1 + choice % max(1, count)
            if happening.what == "wait":
                there.go_to(there.clock.now() + timedelta(seconds=choice % 200))
            elif happening.what == "create":
                self._pages[name] += 1
                there.create(name, self._pages[name])
            elif happening.what == "rename":
                if not self._is_known:  # a column is followed from where it was first found
                    return
                new = f"Renamed {choice}"
                there.sandbox.alter(name, {self._names[name]: {"name": new}})
                self._names[name] = new
            elif not count or self._is_in_trash(name, number_of) is not (happening.what == "restore"):
                return  # what lies in the trash can only be restored
            elif happening.what == "edit":
                there.edit(name, number_of, **titled(name, f"edited {choice}"))
            elif happening.what == "lengthen":
                there.edit(name, number_of, **long_title(name, f"long {choice}"))
            elif happening.what == "spoil":
                there.edit(name, number_of, Amount=number(TOO_MUCH if choice % 2 else "7.25"))
            elif number_of > 1:
                there.edit(name, number_of, Change.TRASH if happening.what == "trash" else Change.RESTORE)

    def _is_in_trash(self, database: str, number_of: int) -> bool:
        return self.there.sandbox.workspace.pages[page_id(database, number_of)].in_trash

    def holds(self, database: str) -> dict[str, dict[str, Any]]:
        """Every page that was ever created, as Notion answers for it now, with its title whole."""
        sandbox = self.there.sandbox
        headers = {
            "Authorization": f"Bearer {sandbox.token.get_secret_value()}",
            "Notion-Version": self.there.config.notion_version,
        }
        found = {}
        with httpx.Client(base_url=f"{sandbox.base_url}/v1/pages/", headers=headers, trust_env=False) as http:
            for number_of in range(1, self._pages[database] + 1):
                identifier = page_id(database, number_of)
                page = parsed(http.get(identifier).raise_for_status().text)
                (title,) = (told for told in page["properties"].values() if told["type"] == "title")
                if len(title["title"]) == 25:
                    whole = http.get(f"{identifier}/properties/{title['id']}").raise_for_status().json()
                    title["title"] = [entry["title"] for entry in whole["results"]]
                found[identifier] = page
        return found


def newest(there: Site, database: str) -> dict[str, dict[str, Any]]:
    """Each page's newest version in bronze."""
    rows = there.lake.scan(NotionRawPages).filter(database_name=database).collect().sort("captured_at")
    for _, versions in rows.group_by("page_id", maintain_order=True):
        told = list(zip(versions["content_hash"], versions["is_deleted"], strict=True))
        assert all(before != after for before, after in pairwise(told)), "a version twice"
        assert versions["captured_at"].is_unique().all()
    return {row["page_id"]: row for row in rows.unique("page_id", keep="last").iter_rows(named=True)}


def parsed(payload: str) -> dict[str, Any]:
    """A page; where it was asked for by itself, its answer has a number of its own."""
    page: dict[str, Any] = json.loads(payload, parse_float=Decimal, parse_int=Decimal)
    return {key: told for key, told in page.items() if key != "request_id"}


def assert_live_pages_are_as_they_are(there: Site, workspace: Workspace) -> None:
    """Every live page is there with its newest content; what lies in the trash only a sweep need know."""
    for database in DATABASES:
        rows = newest(there, database)
        for identifier, page in workspace.holds(database).items():
            if not page["in_trash"]:
                assert identifier in rows, f"{identifier} is lost"
                assert not rows[identifier]["is_deleted"]
                assert properties(parsed(rows[identifier]["raw_payload"])) == properties(page)


def properties(page: dict[str, Any]) -> dict[str, Any]:
    """A page's values by property id: a new name of a property is no edit of the page."""
    return {told["id"]: told for told in page["properties"].values()}


def assert_bronze_holds_what_the_workspace_holds(there: Site, workspace: Workspace) -> None:
    for database in DATABASES:
        held, rows = workspace.holds(database), newest(there, database)
        assert set(rows) <= set(held)
        for identifier, page in held.items():
            if identifier not in rows:
                assert page["in_trash"], "only what was trashed before it was ever read is not there"
                continue
            assert rows[identifier]["is_deleted"] is page["in_trash"]
            assert parsed(rows[identifier]["raw_payload"]) == page


def assert_silver_or_quarantine_holds_every_page(there: Site, workspace: Workspace) -> None:
    for database in DATABASES:
        table, versions = PAGE_TABLES[database], newest(there, database)
        held = {identifier: page for identifier, page in workspace.holds(database).items() if identifier in versions}
        rows = there.rows(table)
        refused = there.rows(Quarantine).filter(pl.col("database_name") == database)["page_id"].unique().to_list()
        silver = {row[page_key(table)]: row for row in rows.iter_rows(named=True)}
        assert len(silver) == rows.height, "a row twice"
        assert sorted([*silver, *refused]) == sorted(held), "in one of them, and not in both"
        for identifier, page in held.items():
            told = properties(page)
            amount = told[workspace.amount_id]["number"] if database == "budget_lines" else None
            assert (identifier in refused) is (amount == Decimal(TOO_MUCH))
            if identifier in silver:
                row = silver[identifier]
                words = "".join(piece["plain_text"] for piece in told["title"]["title"])
                assert row["title" if database == "risks" else "name"] == words
                assert row["is_archived"] is page["in_trash"]
                assert amount is None or row["amount"] == amount


def synced(there: Site, **how: Any) -> Sync:
    """A read ten minutes later that nothing disturbs."""
    there.sandbox.clear_faults()
    there.go_to(there.clock.now() + timedelta(minutes=10))
    sync = there.read(only=DATABASES, **how)
    assert sync.failures == {}
    return sync


@settings(
    deadline=None,
    max_examples=15,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(plans)
def test_whatever_goes_wrong_the_lake_ends_at_what_the_workspace_holds(plan: Plan) -> None:
    edits = [
        creation(name, number_of, MONDAY - timedelta(hours=2) + timedelta(minutes=number_of // plan.a_minute))
        for name, count in plan.pages.items()
        for number_of in range(1, count + 1)
    ]
    with (
        tempfile.TemporaryDirectory() as folder,
        site(Path(folder), edits, notion_version=plan.version) as there,
        at_once(page_size=plan.page_size) as patch,
    ):
        patch.setattr(windows, "WORTH_A_WINDOW", plan.worth_a_window)
        patch.setattr(known, "PAGES_A_WINDOW", plan.worth_a_window)
        patch.setattr(intake, "BATCH_PAGES", plan.batch)
        patch.setattr(reader, "QUERY_LIMIT", MOST_AT_ONCE)
        patch.setattr(sandbox_query, "RESULT_CAP", MOST_AT_ONCE)
        workspace = Workspace(there, plan.pages, is_known=plan.is_known)
        if plan.is_known:
            synced(there)
        for happening in plan.before:
            workspace.change(happening)
        there.go_to(there.clock.now() + timedelta(minutes=10))
        for happening in plan.meanwhile:
            change: Callable[[], None] = partial(workspace.change, happening)
            there.sandbox.before_request(happening.nth, change)
        for fault in plan.faults:
            there.sandbox.add_fault(fault)
        disturbed = there.read(only=DATABASES, full=plan.full)
        event("cut short" if disturbed.failures else "came to its end")
        event(f"{len(disturbed.failures)} failed of {disturbed.requests // 10 * 10} requests")
        after = synced(there)
        event("was taken up" if any(told.resumed for told in after.databases) else "was not taken up")
        assert_live_pages_are_as_they_are(there, workspace)
        swept = synced(there, full=True)
        assert not any(told.note for told in swept.databases)
        assert_bronze_holds_what_the_workspace_holds(there, workspace)
        assert there.sync(only=DATABASES).total_pages_synced == 0
        assert_silver_or_quarantine_holds_every_page(there, workspace)
