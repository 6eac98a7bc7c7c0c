"""What the rules mean, said once more and independently: which pages of a workspace break each of them on a day."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from finance_ppm_tests.sandbox.portfolio.workspace_on import Page, Workspace, live

FACTS_OF_LIFE = frozenset(
    {
        "project_overdue",
        "line_actual_over_amount",
        "project_lines_over_budget",
        "project_stale",
        "action_overdue",
        "line_outside_project_dates",
    }
)
"""Rules that a sound portfolio breaks a little."""

UNUSUAL = ("\N{ROCKET}", "\N{CONSTRUCTION SIGN}", "\a", "\u200b")


def broken(workspace: Workspace, day: date) -> dict[str, set[str]]:
    """Rule to ids of the pages that break it."""
    found: dict[str, set[str]] = defaultdict(set)
    for rules in (_wire, _programs, _projects, _lines, _risks, _actions):
        for rule, page in rules(workspace, day):
            found[rule].add(page.id)
    return found


Found = Iterator[tuple[str, Page]]


def _wire(workspace: Workspace, _: date) -> Found:
    for database in workspace:
        for page in live(workspace, database):
            if page.override.get("properties", ...) is None:
                yield "page_malformed", page
                continue
            for shown in page.override.get("properties", {}).values():
                assert shown is None
                yield "property_missing", page
            for name in page.mistyped:
                yield "amount_not_a_number" if name == "Amount" else "property_type_changed", page
            if page.impossible:
                yield "date_invalid", page
            for value in page.values.values():
                if isinstance(value, Decimal) and abs(value) >= 10**16:
                    yield "amount_out_of_range", page
                if isinstance(value, Decimal) and value != round(value, 2):
                    yield "amount_rounded", page
                if isinstance(value, str) and (value != value.strip() or any(odd in value for odd in UNUSUAL)):
                    yield "text_unusual_characters", page


def _programs(workspace: Workspace, _: date) -> Found:
    programs = live(workspace, "programs")
    yield from _named("program", programs)
    yield from _choice("program_status", programs, "Status", ("Active", "On Hold", "Completed"))
    for program in programs:
        if program["End Date"] < program["Start Date"]:
            yield "program_dates_reversed", program


def _projects(workspace: Workspace, day: date) -> Found:
    projects = live(workspace, "projects")
    yield from _named("project", projects)
    yield from _choice("project_status", projects, "Status", ("Planning", "In Progress", "Completed"))
    yield from _choice("project_currency", projects, "Currency", ("USD", "EUR", "PHP"))
    planned: Counter[str] = Counter()
    for line in live(workspace, "budget_lines"):
        if len(line["Project"]) == 1 and line["Amount"] is not None and line["Amount"] < 10**16:
            planned[line["Project"][0]] += line["Amount"]
    for project in projects:
        start, end, budget = project["Start Date"], project["End Date"], project["Budget Total"]
        running = project["Status"] == "In Progress"
        facts = {
            "project_without_program": not project["Program"],
            "project_program_not_found": any(id_ not in workspace["programs"] for id_ in project["Program"]),
            "project_dates_missing": not (start and end),
            "project_dates_reversed": start and end and end < start,
            "project_budget_missing": not budget,
            "project_budget_negative": budget is not None and budget < 0,
            "project_overdue": end and end < day and project["Status"] != "Completed",
            "project_stale": running and _untouched(project, day),
            "project_lines_over_budget": budget and 0 < budget * Decimal("1.005") < planned[project.id],
        }
        yield from _true(facts, project)


def _lines(workspace: Workspace, day: date) -> Found:
    lines = live(workspace, "budget_lines")
    yield from _choice("line_category", lines, "Category", ("CapEx", "OpEx"))
    alike = Counter(_likeness(line) for line in lines)
    for line in lines:
        homes = [workspace["projects"].get(id_) for id_ in line["Project"]]
        amount, actual = line["Amount"], line["Actual Amount"]
        committed, invoiced, paid = line["Committed Date"], line["Invoice Date"], line["Paid Date"]
        dates = [on for on in (committed, invoiced, paid) if on]
        home = homes[0] if homes else None
        facts = {
            "line_without_project": not homes,
            "line_project_not_found": None in homes,
            "line_project_archived": any(project is not None and project.trashed for project in homes),
            "line_with_several_projects": len(homes) > 1,
            "line_amount_missing": amount is None and not line.mistyped,
            "line_amount_negative": (amount or 0) < 0 or (actual or 0) < 0,
            "line_dates_out_of_order": dates != sorted(dates),
            "line_paid_without_actual": paid and paid <= day and actual is None,
            "line_actual_without_date": actual is not None and not (invoiced or paid),
            "line_future_actual": actual is not None and (invoiced or paid or day) > day,
            "line_duplicate": committed and homes and amount is not None and alike[_likeness(line)] > 1,
            "line_actual_over_amount": amount and actual and actual > amount * Decimal("1.10") > 0,
            "line_vendor_missing": not line["Vendor"] and not line.mistyped,
            "line_outside_project_dates": dates and home and not home.trashed and _outside(home, dates[0]),
        }
        yield from _true(facts, line)


def _risks(workspace: Workspace, day: date) -> Found:
    risks = live(workspace, "risks")
    yield from _choice("risk_severity", risks, "Severity", ("Critical", "High", "Medium", "Low"))
    yield from _choice("risk_probability", risks, "Probability", ("High", "Medium", "Low"))
    yield from _choice("risk_status", risks, "Status", ("Open", "Mitigating", "Closed"))
    for risk in risks:
        critical = risk["Severity"] == "Critical" and risk["Status"] != "Closed"
        facts = {
            "risk_without_project": not risk["Project"],
            "risk_project_not_found": any(id_ not in workspace["projects"] for id_ in risk["Project"]),
            "risk_critical_stale": critical and _untouched(risk, day),
        }
        yield from _true(facts, risk)


def _actions(workspace: Workspace, day: date) -> Found:
    actions = live(workspace, "actions")
    yield from _choice("action_source", actions, "Source", ("advisor", "dq", "manual"))
    for action in actions:
        facts = {
            "action_without_project": not action["Project"],
            "action_project_not_found": any(id_ not in workspace["projects"] for id_ in action["Project"]),
            "action_overdue": action["Due Date"] and action["Due Date"] < day and action["Status"] != "Done",
            "action_assignee_missing": not action["Assignee"] and action["Status"] != "Done",
        }
        yield from _true(facts, action)


def _named(noun: str, pages: list[Page]) -> Found:
    bearers = Counter(page["Name"].strip().casefold() for page in pages)
    for page in pages:
        if not page["Name"]:
            yield f"{noun}_name_missing", page
        elif bearers[page["Name"].strip().casefold()] > 1:
            yield f"{noun}_name_duplicate", page


def _choice(what: str, pages: Iterable[Page], name: str, options: tuple[str, ...]) -> Found:
    for page in pages:
        if page[name] is None:
            yield f"{what}_missing", page
        elif page[name] not in options:
            yield f"{what}_unknown", page


def _true(facts: dict[str, Any], page: Page) -> Found:
    return ((rule, page) for rule, fact in facts.items() if fact)


def _untouched(page: Page, day: date) -> bool:
    return page.edited.date() < day - timedelta(90)


def _likeness(line: Page) -> tuple[Any, ...]:
    return (*line["Project"], line["Vendor"], line["Amount"], line["Category"], line["Committed Date"])


def _outside(project: Page, on: date) -> bool:
    start, end = project["Start Date"], project["End Date"]
    return bool((start and on < start) or (end and on > end))
