"""budget_vs_actual to the cent: every cell against sums over the source pages, read and added up by other means.

The pages come from Notion's API by plain HTTP and plain JSON, the sums from plain decimals; no code is shared
with the product. The portfolio is the dirty one.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest

from finance_ppm.contracts import history_of
from finance_ppm.contracts.gold import PpmBudgetVsActual
from finance_ppm.pipeline.engine import SyncEngine
from finance_ppm.sandbox.notion.history import Change
from finance_ppm_tests.world import MONDAY, World, choice, day, number, relation, world

UNDATED = date(1900, 1, 1)
CENT = Decimal("0.01")
DIMENSIONS = ("portfolio", "program", "project", "category")

Cell = tuple[str, str, str, date, str]
"""Metric, dimension, its member, the month, the currency."""
Sums = dict[Cell, Decimal]


# The source, by plain HTTP


def source_pages(here: World, database: str) -> list[dict[str, Any]]:
    """Every page that Notion lists in a database."""
    headers = {"Authorization": f"Bearer {here.sandbox.token.get_secret_value()}", "Notion-Version": "2022-06-28"}
    url = f"{here.sandbox.base_url}/v1/databases/{here.sandbox.database_ids[database]}/query"
    pages: list[dict[str, Any]] = []
    query: dict[str, Any] = {"page_size": 100}
    while True:
        answer = json.loads(httpx.post(url, json=query, headers=headers).raise_for_status().text, parse_float=Decimal)
        pages += answer["results"]
        if not answer["has_more"]:
            return pages
        query["start_cursor"] = answer["next_cursor"]


class RefusedError(Exception):
    """A page that silver does not take."""


@dataclass
class Source:
    """What the pages say, as far as the figures need it."""

    programs: set[str]
    projects: dict[str, dict[str, Any]]
    lines: list[dict[str, Any]]
    refused: list[dict[str, Any]]


def source(here: World) -> Source:
    found = Source(set(), {}, [], [])
    for database in ("programs", "projects", "budget_lines"):
        for page in source_pages(here, database):
            try:
                if database == "programs":
                    properties(page)
                    found.programs.add(page["id"])
                elif database == "projects":
                    found.projects[page["id"]] = project(page)
                else:
                    found.lines.append(line(page))
            except RefusedError:
                found.refused.append(page)
    return found


def properties(page: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(page.get("properties"), dict):
        raise RefusedError
    told: dict[str, Any] = page["properties"]
    return told


def project(page: dict[str, Any]) -> dict[str, Any]:
    told = properties(page)
    currency = (told["Currency"]["select"] or {}).get("name")
    return {
        "program": next((one["id"] for one in told["Program"]["relation"]), None),
        "currency": currency.strip().upper() if currency else "XXX",
        "total": money(told["Budget Total"]),
    }


def line(page: dict[str, Any]) -> dict[str, Any]:
    told = properties(page)
    return {
        "projects": [one["id"] for one in told["Project"]["relation"]],
        "category": (told["Category"]["select"] or {}).get("name") or "(none)",
        "amount": money(told["Amount"]),
        "actual": money(told["Actual Amount"]),
        **{name: calendar_day(told[f"{name.title()} Date"]) for name in ("committed", "invoice", "paid")},
    }


def money(told: dict[str, Any]) -> Decimal | None:
    if told["type"] != "number":
        raise RefusedError
    if told["number"] is None:
        return None
    amount = Decimal(told["number"])
    if abs(amount) >= Decimal(10) ** 16:
        raise RefusedError
    return amount.quantize(CENT, ROUND_HALF_UP)


def calendar_day(told: dict[str, Any]) -> date | None:
    try:
        return date.fromisoformat(told["date"]["start"][:10]) if told["date"] else None
    except ValueError:
        return None


# The sums


def split(amount: Decimal | None, parts: int) -> list[Decimal | None]:
    """Equal parts to the cent; cents left over go to the first."""
    if amount is None:
        return [None] * parts
    cents, sign = abs(int(amount * 100)), -1 if amount < 0 else 1
    return [sign * (cents // parts + (place < cents % parts)) * CENT for place in range(parts)]


def sums(found: Source, as_of: date) -> tuple[Sums, Sums]:
    """Every cell that is not zero, and the actual amounts that lie after ``as_of``."""
    cells: Sums = defaultdict(Decimal)
    excluded: Sums = defaultdict(Decimal)

    def add(into: Sums, metric: str, to: tuple[str | None, str], on: date | None, value: Decimal) -> None:
        project_id, category = to
        home = found.projects.get(project_id or "")
        program = home["program"] if home and home["program"] in found.programs else "(unassigned)"
        members = ("portfolio", program, project_id if home else "(unassigned)", category)
        month = on.replace(day=1) if on else UNDATED
        for dimension, member in zip(DIMENSIONS, members, strict=True):
            into[metric, dimension, str(member), month, home["currency"] if home else "XXX"] += value

    reserve = {name: home["total"] for name, home in found.projects.items() if (home["total"] or 0) > 0}
    for told in found.lines:
        named = told["projects"] or [None]
        committed, invoiced, paid = told["committed"], told["invoice"], told["paid"]
        shares = zip(named, split(told["amount"], len(named)), split(told["actual"], len(named)), strict=True)
        for project_id, amount, actual in shares:
            to = (project_id, told["category"])
            if amount is not None:
                add(cells, "budget", to, committed or invoiced or paid, amount)
                add(cells, "variance", to, committed or invoiced or paid, amount)
                if project_id in reserve:
                    reserve[project_id] -= amount
                is_open = committed and committed <= as_of and all(not on or on > as_of for on in (invoiced, paid))
                if is_open and amount > 0:
                    spent = Decimal(0) if invoiced or paid else max(actual or Decimal(0), Decimal(0))
                    add(cells, "committed", to, committed, max(amount - spent, Decimal(0)))
            if actual is not None:
                recognised = invoiced or paid
                if recognised and recognised > as_of:
                    add(excluded, "actual", to, recognised, actual)
                else:
                    add(cells, "actual", to, recognised, actual)
                    add(cells, "variance", to, recognised, -actual)
    for project_id, left in reserve.items():
        add(cells, "budget", (project_id, "(reserve)"), None, left)
        add(cells, "variance", (project_id, "(reserve)"), None, left)
    return told_of(cells), told_of(excluded)


def told_of(cells: Sums) -> Sums:
    return {cell: value for cell, value in cells.items() if value}


# The product's figures


def figures(rows: pl.DataFrame, value: str = "value") -> Sums:
    """The cells of the compared dimensions that are not zero."""
    cells = rows.filter(pl.col("dimension").is_in(DIMENSIONS))
    key = ("metric_name", "dimension", "dimension_id", "period", "unit")
    found = {(row[0], row[1], row[2], row[3], row[4]): row[5] for row in cells.select(*key, value).iter_rows()}
    assert len(found) == cells.height, "one cell, one row"
    return told_of(found)


def computed(here: World, as_of: date) -> pl.DataFrame:
    """The gold table as the graph makes it for a day."""
    here.run(as_of, only={"gold/ppm_budget_vs_actual"})
    history = here.rows(history_of(PpmBudgetVsActual))
    return history.filter(pl.col("as_of_date") == as_of)


def sync(here: World) -> None:
    summary = SyncEngine(here.config, clock=here.clock, lake=here.lake).sync_all()
    assert summary.succeeded


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("totals"), pages=400) as built:
        sync(built)
        yield built


@pytest.fixture(scope="module")
def told(here: World) -> tuple[Source, pl.DataFrame]:
    """The source as Monday saw it, and Monday's figures."""
    return source(here), computed(here, MONDAY.date())


def test_the_portfolio_is_a_hard_one(told: tuple[Source, pl.DataFrame]) -> None:
    """The comparison means something: there is one of every kind of line."""
    found, _ = told
    currencies = {home["currency"] for home in found.projects.values()}
    assert {"USD", "EUR", "PHP", "XXX"} <= currencies
    named = [line["projects"] for line in found.lines]
    assert any(len(ids) > 1 for ids in named)
    assert any(not ids for ids in named)
    assert any(ids and ids[0] not in found.projects for ids in named)
    assert len(found.refused) >= 5
    assert any(line["amount"] is not None and not (line["committed"] or line["invoice"]) for line in found.lines)
    assert sums(found, MONDAY.date())[1], "some actual amounts are still to come"


def test_every_cell_equals_the_sum_over_the_source_pages(told: tuple[Source, pl.DataFrame]) -> None:
    found, rows = told
    expected, _ = sums(found, MONDAY.date())
    assert len(expected) > 500
    assert figures(rows) == expected


def test_actual_amounts_still_to_come_are_named_beside(told: tuple[Source, pl.DataFrame]) -> None:
    found, rows = told
    assert figures(rows, "excluded_value") == sums(found, MONDAY.date())[1]


def test_budget_and_reserve_of_a_project_come_to_its_total(told: tuple[Source, pl.DataFrame]) -> None:
    found, rows = told
    cells = figures(rows)
    for name, home in found.projects.items():
        if home["total"] and home["total"] > 0:
            of_project = [value for cell, value in cells.items() if cell[:3] == ("budget", "project", name)]
            assert sum(of_project, Decimal(0)) == home["total"]


@pytest.fixture
def edited(here: World, told: tuple[Source, pl.DataFrame]) -> pl.DataFrame:
    """Tuesday came, much was edited, and Tuesday's figures were made."""
    tuesday = MONDAY + timedelta(days=1)
    if here.clock.now() < tuesday:
        pages = source_pages(here, "budget_lines")
        good = [page["id"] for page in pages if properties_or_none(page) and page["properties"]["Amount"].get("number")]
        projects = [page["id"] for page in source_pages(here, "projects") if properties_or_none(page)]
        here.go_to(tuesday)
        here.edit("budget_lines", good[0], Amount=number("1000000.01"), Project=relation(*projects[:2]))
        here.edit("budget_lines", good[1], Change.TRASH)
        here.edit("budget_lines", good[2], Committed_Date=day("2025-03-31"), Category=choice("OpEx"))
        here.edit("projects", projects[2], Budget_Total=number("3.33"), Currency=choice("PHP"))
        here.edit("budget_lines", good[3], Amount=number("98765432109876543210"))
        SyncEngine(here.config, clock=here.clock, lake=here.lake).sync_all(full_sync=True)
    return computed(here, tuesday.date())


def properties_or_none(page: dict[str, Any]) -> bool:
    return isinstance(page.get("properties"), dict)


def test_the_next_day_equals_its_own_source(here: World, edited: pl.DataFrame) -> None:
    expected, excluded = sums(source(here), here.clock.today())
    assert figures(edited) == expected
    assert figures(edited, "excluded_value") == excluded


def test_a_past_day_equals_what_that_day_saw(
    here: World, told: tuple[Source, pl.DataFrame], edited: pl.DataFrame
) -> None:
    then, _ = told
    history = history_of(PpmBudgetVsActual)
    here.lake.replace_partition(history, history.create_empty(), {"as_of_date": MONDAY.date()})
    again = computed(here, MONDAY.date())
    assert figures(again) == sums(then, MONDAY.date())[0]
    assert figures(again) != figures(edited)


def test_where_silver_is_wrong_by_a_cent_the_sums_differ(told: tuple[Source, pl.DataFrame], tmp_path: Path) -> None:
    """The comparison can fail."""
    found, rows = told
    first = next(line for line in found.lines if line["amount"])
    first["amount"] += CENT
    try:
        assert figures(rows) != sums(found, MONDAY.date())[0]
    finally:
        first["amount"] -= CENT
