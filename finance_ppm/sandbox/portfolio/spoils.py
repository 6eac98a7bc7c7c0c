"""What can go wrong with a sound page: each function answers the properties it has instead of its own.

Belongs here: how a page is spoilt. Does not belong here: which rule that breaks (``dirt``).
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from finance_ppm.sandbox.notion.history import Change
from finance_ppm.sandbox.portfolio import projects, vocabulary
from finance_ppm.sandbox.portfolio.databases import BUDGET_LINES, PROJECTS
from finance_ppm.sandbox.portfolio.drafts import Draft, side_project
from finance_ppm.sandbox.portfolio.projects import Project
from finance_ppm.sandbox.portfolio.timeline import Diary, at_work, days, new_id
from finance_ppm.sandbox.portfolio.values import (
    Properties,
    Value,
    day,
    money,
    number,
    relation,
    rich_text,
    select,
    title,
)

Spoil = Callable[[Draft], Properties]

# Any page


def instead(**properties: Value) -> Spoil:
    """The page has these values, empty ones as a rule."""
    return lambda _: {name: dict(value) for name, value in properties.items()}


def choice(name: str, *options: str | None) -> Spoil:
    """The page has one of ``options``, in turn."""
    return lambda page: {name: select(page.one_of(*options))}


def elsewhere(name: str) -> Spoil:
    """The page names one that exists nowhere."""
    return lambda page: {name: relation([new_id(page.rng)])}


# Pages that are broken on the wire


def without_properties(page: Draft) -> Properties:
    """The answer is a page without properties."""
    page.override = {"properties": None}
    return {}


def partial(page: Draft) -> Properties:
    """Notion answers such a page where the integration may not read it: an object with an id, and nothing else."""
    page.override = dict.fromkeys(("properties", "parent", "url", "created_time", "last_edited_time"))
    return {}


def without_vendor(page: Draft) -> Properties:
    """The page lacks a property that the database has."""
    page.override = {"properties": {"Vendor": None}}
    return {}


# A value of another type than the database's is shown as it is told.


def amount_as_text(page: Draft) -> Properties:
    """The amount is a text, as after someone changed the property's type."""
    return {"Amount": {"rich_text": _shown_text(page.one_of("1,200.00", "12.400,50", "approx. 9000"))}}


def vendor_as_checkbox(page: Draft) -> Properties:
    """The vendor is a checkbox."""
    return {"Vendor": {"checkbox": page.one_of(True, False)}}


def impossible_day(name: str) -> Spoil:
    """A date that no calendar has."""
    return lambda page: {name: {"date": {"start": page.one_of("2024-13-01", "2025-02-30")}}}


def _shown_text(text: str) -> list[dict[str, Any]]:
    plain = dict.fromkeys(("bold", "italic", "strikethrough", "underline", "code"), False) | {"color": "default"}
    shown = {"type": "text", "text": {"content": text, "link": None}}
    return [shown | {"annotations": plain, "plain_text": text, "href": None}]


# Programs and projects


def program_name_taken(page: Draft) -> Properties:
    """Two programs of one name."""
    taken = page.scene.programs[page.number % len(page.scene.programs)]
    page.alike = [taken.page_id]
    return {"Name": title(taken.name)}


def project_name_taken(page: Draft) -> Properties:
    """Two projects of one name."""
    taken = page.scene.running(page.rng, page.anchor)
    page.alike = [taken.page_id]
    return {"Name": title(taken.name)}


def dates_reversed(page: Draft) -> Properties:
    """The end comes before the start."""
    return {"Start Date": page.properties["End Date"], "End Date": page.properties["Start Date"]}


def project_dates_reversed(page: Draft) -> Properties:
    """The end comes before the start."""
    page.lines = 0
    return dates_reversed(page)


def project_date_missing(page: Draft) -> Properties:
    """Start or end is missing."""
    return {page.one_of("Start Date", "End Date"): day(None)}


def overdue(page: Draft) -> Properties:
    """In progress, and its end has passed."""
    return {"End Date": day(page.anchor - days(page.rng, 6, 35))}


def forgotten(page: Draft) -> Properties:
    """In progress, and not edited for months."""
    page.kept_fresh = False
    page.created = page.anchor - days(page.rng, 130, 300)
    page.host = replace(page.host, created=page.created, start=page.created)
    return {"Start Date": day(page.created)}


def lines_over_budget(page: Draft) -> Properties:
    """More is planned than the budget allows."""
    page.lines = 0
    page.beside = [page.line_beside(0.71), page.line_beside(0.52)]
    return {}


def without_budget(page: Draft) -> Properties:
    """No budget, or one of zero; money is spent all the same."""
    return {"Budget Total": money(page.one_of(None, 0))}


def negative_budget(page: Draft) -> Properties:
    """The budget has the wrong sign."""
    return {"Budget Total": money(-page.host.budget)}


# Budget lines


def twenty_digits(page: Draft) -> Properties:
    """An amount nobody has."""
    return {"Amount": number(Decimal(12_345_678_901_234_567_890 + page.number))}


def three_decimals(page: Draft) -> Properties:
    """An amount to a tenth of a cent, as from a formula."""
    return {"Amount": number(page.properties["Amount"]["number"] + Decimal("0.005"))}


def in_trashed_project(page: Draft) -> Properties:
    """The project is in the trash."""
    project = side_project(page.scene, page.rng, page.number, "trial")
    page.created = project.created + timedelta(7)
    page.host = project
    diary = Diary(PROJECTS, project.page_id, page.scene.timeline.end)
    diary.write(at_work(page.rng, project.created), Change.CREATE, projects.page(project, status="In Progress"))
    diary.write(at_work(page.rng, page.created + days(page.rng, 7, 20)), Change.TRASH)
    page.beside = [diary]
    return {"Project": relation([project.page_id]), "Committed Date": day(page.on(0.3))}


def in_two_projects(page: Draft) -> Properties:
    """The line names two projects."""
    others = [project for project in page.scene.projects if project.created < page.created - timedelta(4)]
    other = page.rng.choice([project for project in others if project is not page.host] or [_second_home(page)])
    return {"Project": relation([page.host.page_id, other.page_id])}


def _second_home(page: Draft) -> Project:
    """Another project, where the portfolio has but one."""
    project = side_project(page.scene, page.rng, page.number, "trial")
    page.created = max(page.created, project.created + timedelta(5))
    diary = Diary(PROJECTS, project.page_id, page.scene.timeline.end)
    diary.write(at_work(page.rng, project.created), Change.CREATE, projects.page(project, status="In Progress"))
    page.beside = [diary]
    return project


def entered_twice(page: Draft) -> Properties:
    """The same line once more."""
    again = Diary(BUDGET_LINES, new_id(page.rng), page.scene.timeline.end)
    again.write(at_work(page.rng, page.created + days(page.rng, 1, 8)), Change.CREATE, dict(page.properties))
    page.beside, page.alike = [again], [again.page_id]
    return {}


def credit(page: Draft) -> Properties:
    """A negative amount."""
    return {"Amount": money(-page.rng.randint(400_00, 9_000_00)), "Notes": rich_text("Credit for returned goods.")}


def spent(page: Draft) -> Properties:
    """An actual amount without a date."""
    return {"Actual Amount": page.properties["Amount"]}


def _spent_share(page: Draft, share: float) -> Properties:
    actual = page.properties["Amount"]["number"] * Decimal(share)
    return {"Actual Amount": number(actual.quantize(Decimal("0.01")))}


def invoiced_first(page: Draft) -> Properties:
    """Invoiced before it was committed."""
    return {"Invoice Date": day(page.on(0.1))} | spent(page)


def settled(page: Draft) -> Properties:
    """Invoiced and paid, without an actual amount."""
    return {"Invoice Date": day(page.on(0.6)), "Paid Date": day(page.on(0.9))}


def yet_to_come(page: Draft) -> Properties:
    """An actual amount of a day after the anchor."""
    return {"Invoice Date": day(page.anchor + days(page.rng, 25, 90))} | spent(page)


def far_above(page: Draft) -> Properties:
    """Much more was spent than planned."""
    return settled(page) | _spent_share(page, page.rng.uniform(1.25, 1.6))


def before_the_project(page: Draft) -> Properties:
    """Committed before the project began."""
    return {"Committed Date": day(page.host.start - days(page.rng, 20, 60))}


# Texts, risks, actions


def padded_vendor(page: Draft) -> Properties:
    """Blanks, seen and unseen, around the vendor."""
    vendor = page.rng.choice(vocabulary.TRADES[0].vendors)
    return {"Vendor": rich_text(page.one_of(f"  {vendor}", f"{vendor} ", f"\u200b{vendor}"))}


def decorated(page: Draft) -> Properties:
    """An emoji in the name."""
    return {"Name": title(page.one_of("\N{ROCKET} ", "\N{CONSTRUCTION SIGN} ") + page.host.name)}


def with_a_bell(page: Draft) -> Properties:
    """A control character in the title."""
    return {"Title": title(page.rng.choice(vocabulary.RISKS) + "\a")}


def critical_and_forgotten(page: Draft) -> Properties:
    """Critical, open, and not edited for months."""
    page.created = page.anchor - days(page.rng, 110, 200)
    page.host = page.scene.running(page.rng, page.created)
    return {"Project": relation([page.host.page_id]), "Severity": select("Critical")}


def past_due(page: Draft) -> Properties:
    """Not even begun, and due before the anchor."""
    return {"Due Date": day(page.anchor - days(page.rng, 3, 8))}
