"""The sound part of the story: what holds in every one of its days, whatever the seed and the size."""

from collections import Counter, defaultdict
from datetime import UTC, date, timedelta
from decimal import Decimal
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance_ppm.contracts import PAGE_TABLES, notion_properties
from finance_ppm.sandbox.notion.history import Change, History
from finance_ppm.sandbox.portfolio import portfolio
from finance_ppm.sandbox.portfolio.timeline import months_after
from finance_ppm_tests.sandbox.portfolio.rulebook import FACTS_OF_LIFE, broken
from finance_ppm_tests.sandbox.portfolio.workspace_on import Page, Workspace, live, workspace_on

ANCHOR = date(2026, 11, 21)

anchors = st.dates(date(2020, 1, 1), date(2035, 12, 31)) | st.just(date(2028, 2, 29))
seeds = st.integers(0, 10**6)
sizes = st.integers(1, 250)


@pytest.fixture(scope="module")
def history() -> History:
    return portfolio(anchor=ANCHOR, dirty=False)


@pytest.fixture(scope="module")
def at_anchor(history: History) -> Workspace:
    return workspace_on(history, ANCHOR)


def test_the_same_arguments_tell_the_same_story() -> None:
    assert portfolio(anchor=ANCHOR, pages=300) == portfolio(anchor=ANCHOR, pages=300)


def test_another_seed_tells_another_story() -> None:
    first, second = (portfolio(anchor=ANCHOR, pages=300, seed=seed) for seed in (1, 2))
    assert not {edit.page_id for edit in first.edits} & {edit.page_id for edit in second.edits}


@given(anchor=anchors, seed=seeds, pages=sizes, ahead=st.integers(0, 15))
@settings(deadline=None, max_examples=15)
def test_months_ahead_change_nothing_up_to_the_anchor(anchor: date, seed: int, pages: int, ahead: int) -> None:
    short = portfolio(anchor=anchor, pages=pages, seed=seed, months_ahead=ahead)
    long = portfolio(anchor=anchor, pages=pages, seed=seed, months_ahead=ahead + 3)
    assert [e for e in long.edits if e.at.date() <= anchor] == [e for e in short.edits if e.at.date() <= anchor]
    assert max(edit.at.date() for edit in long.edits) <= months_after(anchor, ahead + 3)


@given(anchor=anchors, seed=seeds, pages=sizes)
@settings(deadline=None, max_examples=20)
def test_edits_are_in_order_of_time_and_follow_their_page_s_creation(anchor: date, seed: int, pages: int) -> None:
    """A page is created once, is edited only while it is not in the trash, and never twice in one minute."""
    history = portfolio(anchor=anchor, pages=pages, seed=seed)
    moments = [edit.at for edit in history.edits]
    assert moments == sorted(moments)
    assert all(moment.tzinfo is UTC for moment in moments)
    assert months_after(anchor, -36) <= moments[0].date()
    last: dict[str, tuple[Change, str, object]] = {}
    for edit in history.edits:
        minute = edit.at.replace(second=0, microsecond=0)
        if edit.change is Change.CREATE:
            assert edit.page_id not in last
        else:
            change, database, before = last[edit.page_id]
            assert database == edit.database
            assert before != minute
            assert (change is Change.TRASH) == (edit.change is Change.RESTORE)
        last[edit.page_id] = (edit.change, edit.database, minute)


@given(anchor=anchors, seed=seeds, pages=sizes, share=st.floats(0, 1))
@settings(deadline=None, max_examples=30)
def test_a_sound_portfolio_breaks_no_rule_on_any_day(anchor: date, seed: int, pages: int, share: float) -> None:
    history = portfolio(anchor=anchor, pages=pages, seed=seed, dirty=False)
    first, last = months_after(anchor, -36), months_after(anchor, 12)
    for day in (anchor, first + (last - first) * share):
        found = broken(workspace_on(history, day), day)
        assert not {rule: ids for rule, ids in found.items() if rule not in FACTS_OF_LIFE}


@pytest.mark.parametrize("months", range(-34, 13, 3))
def test_the_usual_portfolio_breaks_no_rule_in_any_quarter(history: History, months: int) -> None:
    """Large enough for what happens seldom."""
    day = months_after(ANCHOR, months)
    assert not broken(workspace_on(history, day), day).keys() - FACTS_OF_LIFE


def test_lines_of_a_project_are_told_apart_by_their_amounts(history: History) -> None:
    for months in (-20, 0, 12):
        lines = live(workspace_on(history, months_after(ANCHOR, months)), "budget_lines")
        assert len({(*line["Project"], line["Amount"]) for line in lines}) == len(lines)


@given(anchor=anchors, seed=seeds, pages=sizes)
@settings(deadline=None, max_examples=15)
def test_relations_point_to_pages_that_exist_already(anchor: date, seed: int, pages: int) -> None:
    history = portfolio(anchor=anchor, pages=pages, seed=seed, dirty=False)
    parents = {"projects": ("Program", "programs"), "programs": ("", "")}
    known: dict[str, set[str]] = defaultdict(set)
    for edit in history.edits:
        name, parent = parents.get(edit.database, ("Project", "projects"))
        if name in edit.properties:
            assert {item["id"] for item in edit.properties[name]["relation"]} <= known[parent]
        known[edit.database].add(edit.page_id)


@given(seed=seeds, share=st.floats(0, 1))
@settings(deadline=None, max_examples=15)
def test_statuses_agree_with_dates(seed: int, share: float) -> None:
    history = portfolio(anchor=ANCHOR, pages=300, seed=seed, dirty=False)
    day = months_after(ANCHOR, -36) + timedelta(1460) * share
    workspace = workspace_on(history, day)
    for project in live(workspace, "projects"):
        match project["Status"]:
            case "Planning":  # started on a Saturday, noted on Monday
                assert project["Start Date"] >= day - timedelta(3)
            case "In Progress":
                assert project["Start Date"] <= day
            case "Completed":
                assert project["Start Date"] < project["End Date"] <= day
    for line in live(workspace, "budget_lines"):
        project = workspace["projects"][line["Project"][0]]
        if project["Status"] == "Planning":
            assert line["Actual Amount"] is None
        if project["Status"] == "Completed" and project.edited.date() <= day - timedelta(7) and line["Committed Date"]:
            assert line["Paid Date"], "a completed project owes nothing"


def test_facts_of_life_stay_the_exception(at_anchor: Workspace) -> None:
    found = broken(at_anchor, ANCHOR)
    for rule, database, most in (
        ("project_overdue", "projects", 0.1),
        ("project_stale", "projects", 0.1),
        ("project_lines_over_budget", "projects", 0.15),
        ("action_overdue", "actions", 0.1),
        ("line_actual_over_amount", "budget_lines", 0.05),
        ("line_outside_project_dates", "budget_lines", 0.05),
    ):
        assert len(found[rule]) <= most * len(at_anchor[database]), rule


@pytest.mark.parametrize("pages", [1000, 3000])
def test_proportions(pages: int) -> None:
    workspace = workspace_on(portfolio(anchor=ANCHOR, pages=pages, dirty=False), ANCHOR)
    for database, share in (
        ("programs", 0.004),
        ("projects", 0.03),
        ("budget_lines", 0.8),
        ("risks", 0.1),
        ("actions", 0.065),
    ):
        assert len(workspace[database]) == pytest.approx(share * pages, rel=0.15), database
    assert sum(map(len, workspace.values())) == pytest.approx(pages, rel=0.05)


def test_a_part_of_the_pages_changes_every_month(history: History) -> None:
    for back in range(12):
        day = months_after(ANCHOR, -back)
        since = months_after(ANCHOR, -back - 1)
        edited = {e.page_id for e in history.edits if since < e.at.date() <= day and e.change is not Change.CREATE}
        assert 0.03 < len(edited) / sum(map(len, workspace_on(history, day).values())) < 0.15


def test_pages_are_trashed_now_and_then_and_some_come_back(history: History) -> None:
    changes = Counter(edit.change for edit in history.edits)
    assert 5 < changes[Change.TRASH] < 60
    assert 1 <= changes[Change.RESTORE] < changes[Change.TRASH]


def test_currencies_have_fitting_magnitudes(at_anchor: Workspace) -> None:
    budgets: dict[str, list[Decimal]] = defaultdict(list)
    for project in live(at_anchor, "projects"):
        budgets[project["Currency"]].append(project["Budget Total"])
    assert set(budgets) == {"USD", "EUR", "PHP"}
    assert all(len(of) >= 10 for of in budgets.values())
    assert 15 < median(budgets["PHP"]) / median(budgets["USD"]) < 200
    assert 0.3 < median(budgets["EUR"]) / median(budgets["USD"]) < 3


def test_totals_per_currency(at_anchor: Workspace) -> None:
    """What is planned stays near the budgets, what is spent below what is planned; both to the cent."""
    totals: dict[str, Counter[str]] = defaultdict(Counter)
    for project in live(at_anchor, "projects"):
        totals[project["Currency"]]["budget"] += project["Budget Total"]
    for line in live(at_anchor, "budget_lines"):
        currency = at_anchor["projects"][line["Project"][0]]["Currency"]
        for name in ("Amount", "Actual Amount"):
            if line[name] is not None:
                assert line[name].as_tuple().exponent == -2
                totals[currency][name] += line[name]
    for of in totals.values():
        assert Decimal("0.75") < Decimal(of["Amount"]) / of["budget"] < Decimal("1.05")
        assert Decimal("0.3") < Decimal(of["Actual Amount"]) / of["Amount"] < Decimal("0.95")


def test_invoices_are_lumpy(at_anchor: Workspace) -> None:
    """In a typical project the largest tenth of the lines is a good part of the money."""
    amounts: dict[str, list[Decimal]] = defaultdict(list)
    for line in live(at_anchor, "budget_lines"):
        amounts[line["Project"][0]].append(line["Amount"])
    tops = [
        sum(sorted(of)[-(len(of) // 10) :], Decimal(0)) / sum(of, Decimal(0))
        for of in amounts.values()
        if len(of) >= 10
    ]
    assert median(tops) > Decimal("0.25")


@pytest.fixture(scope="module", params=[7, 8, 2026])
def any_workspace(request: pytest.FixtureRequest) -> Workspace:
    """On the anchor day it holds a project of each kind a reader looks for."""
    return workspace_on(portfolio(anchor=ANCHOR, seed=request.param, dirty=False), ANCHOR)


def lines_of(workspace: Workspace, project: Page) -> list[Page]:
    return [line for line in live(workspace, "budget_lines") if line["Project"] == [project.id]]


def running(workspace: Workspace) -> list[Page]:
    return [project for project in live(workspace, "projects") if project["Status"] == "In Progress"]


def test_a_running_project_is_overspent(any_workspace: Workspace) -> None:
    over = broken(any_workspace, ANCHOR)["project_lines_over_budget"]
    assert any(project.id in over for project in running(any_workspace))


def test_a_running_project_is_late(any_workspace: Workspace) -> None:
    assert any(project["End Date"] < ANCHOR - timedelta(14) for project in running(any_workspace))


def test_a_running_project_has_no_actuals(any_workspace: Workspace) -> None:
    assert any(
        project["Start Date"] < ANCHOR - timedelta(21)
        and not any(line["Actual Amount"] for line in lines_of(any_workspace, project))
        for project in running(any_workspace)
    )


def test_a_project_was_completed_under_budget(any_workspace: Workspace) -> None:
    assert any(
        project["Status"] == "Completed"
        and sum(line["Actual Amount"] or 0 for line in lines_of(any_workspace, project))
        < project["Budget Total"] * Decimal("0.85")
        for project in live(any_workspace, "projects")
    )


def test_names_are_real_words_with_diacritics_among_them(at_anchor: Workspace, history: History) -> None:
    vendors = {line["Vendor"] for line in live(at_anchor, "budget_lines")}
    assert len(vendors) > 20
    assert any(not vendor.isascii() for vendor in vendors)
    assert any(not person.name.isascii() for person in history.people)
    assert all(person.email.isascii() and person.email.endswith(".example") for person in history.people)


def test_ids_differ_in_their_last_characters(history: History) -> None:
    last = Counter(page_id[-1] for page_id in {edit.page_id for edit in history.edits})
    assert set(last) == set("0123456789abcdef")
    assert max(last.values()) < 2 * min(last.values())


def test_people_exist(history: History) -> None:
    crew = {person.id for person in history.people}
    named = [
        item["id"] for edit in history.edits for value in edit.properties.values() for item in value.get("people", ())
    ]
    assert named
    assert set(named) <= crew


def test_databases_have_the_properties_that_the_contracts_read(history: History) -> None:
    databases = {database.name: database.properties for database in history.databases}
    for name, table in PAGE_TABLES.items():
        titles = [title for title, property_ in databases[name].items() if "title" in property_]
        assert len(titles) == 1
        for wanted in notion_properties(table).values():
            found = databases[name][titles[0] if wanted.types == ("title",) else wanted.name]
            assert set(found) & set(wanted.types)


def test_edits_write_values_of_their_property_s_type(history: History) -> None:
    types = {
        (database.name, name): next(iter(property_))
        for database in history.databases
        for name, property_ in database.properties.items()
    }
    for edit in history.edits:
        for name, value in edit.properties.items():
            assert list(value) == [types[edit.database, name]]


@pytest.mark.parametrize(("pages", "months_ahead"), [(0, 12), (-5, 12), (100, -1)])
def test_a_portfolio_without_pages_or_with_time_running_backwards_is_refused(pages: int, months_ahead: int) -> None:
    with pytest.raises(ValueError, match="A portfolio needs pages"):
        portfolio(anchor=ANCHOR, pages=pages, months_ahead=months_ahead)
