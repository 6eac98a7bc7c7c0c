"""Sound pages that are about to be spoilt: one of each database, on a project that is under way.

What is spoilt, and how, is the business of ``dirt``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any, TypeVar

from finance_ppm.sandbox.notion.history import Change, Person
from finance_ppm.sandbox.portfolio import actions, budget_lines, programs, projects, risks, vocabulary
from finance_ppm.sandbox.portfolio.databases import ACTIONS, BUDGET_LINES, PROGRAMS, PROJECTS, RISKS
from finance_ppm.sandbox.portfolio.programs import Program
from finance_ppm.sandbox.portfolio.projects import Course, Project
from finance_ppm.sandbox.portfolio.timeline import Diary, Timeline, at_work, days, months_after, new_id
from finance_ppm.sandbox.portfolio.values import Properties, day

T = TypeVar("T")


@dataclass(frozen=True)
class Scene:
    """The sound portfolio that dirty pages are put into."""

    timeline: Timeline
    programs: Sequence[Program]
    projects: Sequence[Project]
    crew: Sequence[Person]

    def under_way(self, rng: Random) -> Project:
        """One of the youngest projects that have been running for a while, and perhaps have ended."""
        started = [project for project in self.projects if project.start <= self.timeline.anchor - timedelta(60)]
        return rng.choice(started[-25:])

    def running(self, rng: Random, since: date) -> Project:
        """A project that existed ``since`` and still runs on the anchor day; the youngest one where none does."""
        present = [project for project in self.projects if project.created <= since - timedelta(4)]
        running = [project for project in present if project.finish > self.timeline.anchor]
        return rng.choice(running or present[-1:])


@dataclass
class Draft:
    """A page to be created on the day ``created``, with what a rule's row may change about it."""

    scene: Scene
    rng: Random
    database: str
    host: Project
    """The project the page belongs to; for a project, itself."""
    created: date
    properties: Properties
    page_id: str
    number: int
    """How many drafts came before this one: a source of names that are not taken."""
    override: dict[str, Any] = field(default_factory=dict)
    lines: int = 0
    """Sound budget lines to go with a project."""
    kept_fresh: bool = False
    """The page is edited once more shortly before the anchor."""
    beside: list[Diary] = field(default_factory=list)
    """Pages that have to exist with this one."""
    alike: list[str] = field(default_factory=list)
    """Ids of further pages that break the same rule by it."""

    @property
    def anchor(self) -> date:
        """The day the story centres on."""
        return self.scene.timeline.anchor

    def on(self, share: float) -> date:
        """A day of the project that has passed when the page is created."""
        latest = self.anchor - timedelta(10) if self.database == PROJECTS else self.created
        last = min(self.host.planned_end, self.host.finish, latest)
        return self.host.start + (last - self.host.start) * share

    def one_of(self, *options: T) -> T:
        """One of several, in turn."""
        return options[self.number % len(options)]

    def diaries(self) -> list[Diary]:
        """The page's edits, and those of the pages beside it."""
        timeline = self.scene.timeline
        diary = Diary(self.database, self.page_id, timeline.end)
        diary.write(at_work(self.rng, self.created), Change.CREATE, self.properties, self.override)
        if self.kept_fresh:
            review = max(self.created + timedelta(7), self.anchor - days(self.rng, 5, 60))
            diary.write(at_work(self.rng, review), Change.UPDATE, {"Priority": self.properties["Priority"]})
        return [diary, *(self.line_beside(self.rng.uniform(0.1, 0.3)) for _ in range(self.lines)), *self.beside]

    def line_beside(self, share: float) -> Diary:
        """A sound, invoiced line for ``share`` of the host's budget."""
        properties = _line(self.rng, self.host, int(self.host.budget * share), self.on(0.3))
        settled = {"Invoice Date": day(self.on(0.7)), "Actual Amount": properties["Amount"]}
        diary = Diary(BUDGET_LINES, new_id(self.rng), self.scene.timeline.end)
        diary.write(at_work(self.rng, self.created + timedelta(3)), Change.CREATE, properties)
        diary.write(at_work(self.rng, self.on(0.7) + timedelta(2)), Change.UPDATE, settled)
        return diary


def draft(database: str, scene: Scene, rng: Random, number: int) -> Draft:
    """A sound page of ``database``."""
    return _DRAFTS[database](scene, rng, number)


def side_project(scene: Scene, rng: Random, number: int, kind: str = "pilot") -> Project:
    """A small project that began in the last months and has some months to go."""
    anchor = scene.timeline.anchor
    round_, subject = divmod(number, len(vocabulary.PROJECTS))
    currency = vocabulary.CURRENCY_CYCLE[number % len(vocabulary.CURRENCY_CYCLE)]
    created = anchor - days(rng, 45, 240)
    end = anchor + days(rng, 60, 200)
    return Project(
        page_id=new_id(rng),
        name=f"{vocabulary.PROJECTS[subject]}, {kind}{f' {round_ + 1}' if round_ else ''}",
        program_id=scene.programs[0].page_id,
        currency=currency,
        budget=int(rng.randint(30, 90) * 1000_00 * vocabulary.CURRENCIES[currency]),
        owner=rng.choice(scene.crew).id,
        course=Course.STEADY,
        created=created,
        start=created,
        planned_end=end,
        finish=end,
    )


def _program_draft(scene: Scene, rng: Random, number: int) -> Draft:
    created = scene.timeline.anchor - days(rng, 60, 300)
    round_, base = divmod(number, len(vocabulary.PROGRAMS))
    name, description = vocabulary.PROGRAMS[base]
    start = months_after(created.replace(day=1), 1)
    program = Program(
        new_id(rng),
        f"{name}, {vocabulary.PLACES['PHP'][round_]}",
        description,
        rng.choice(scene.crew).id,
        created,
        start,
        months_after(start, 24),
    )
    return Draft(scene, rng, PROGRAMS, scene.projects[0], created, programs.page(program), program.page_id, number)


def _project_draft(scene: Scene, rng: Random, number: int) -> Draft:
    project = side_project(scene, rng, number)
    properties = projects.page(project, status="In Progress", priority=rng.choice(("High", "Medium", "Low")))
    return Draft(
        scene, rng, PROJECTS, project, project.created, properties, project.page_id, number, lines=2, kept_fresh=True
    )


def _line_draft(scene: Scene, rng: Random, number: int) -> Draft:
    host = scene.under_way(rng)
    anchor = scene.timeline.anchor
    first = max(host.start + timedelta(20), anchor - timedelta(330))
    created = first + (anchor - timedelta(12) - first) * rng.random()
    found = Draft(scene, rng, BUDGET_LINES, host, created, {}, new_id(rng), number)
    found.properties = _line(rng, host, int(host.budget * rng.uniform(0.002, 0.006)), found.on(0.3))
    return found


def _line(rng: Random, host: Project, amount: int, committed: date) -> Properties:
    trade = rng.choice([trade for trade in vocabulary.TRADES if trade.invoiced])
    name, vendor = rng.choice(trade.lines), rng.choice(trade.vendors)
    return budget_lines.page(host, name=name, trade=trade, vendor=vendor, amount=amount, committed=committed)


def _risk_draft(scene: Scene, rng: Random, number: int) -> Draft:
    created = scene.timeline.anchor - days(rng, 10, 50)
    host = scene.running(rng, created)
    properties = risks.page(
        host,
        name=rng.choice(vocabulary.RISKS),
        severity=rng.choice(("High", "Medium", "Low")),
        probability=rng.choice(("High", "Medium", "Low")),
    )
    return Draft(scene, rng, RISKS, host, created, properties, new_id(rng), number)


def _action_draft(scene: Scene, rng: Random, number: int) -> Draft:
    created = scene.timeline.anchor - days(rng, 10, 50)
    host = scene.running(rng, created)
    properties = actions.page(
        host,
        name=rng.choice(vocabulary.ACTIONS["manual"]),
        assignee=rng.choice(scene.crew).id,
        due=scene.timeline.anchor + days(rng, 5, 60),
        source="manual",
    )
    return Draft(scene, rng, ACTIONS, host, created, properties, new_id(rng), number)


_DRAFTS = {
    PROGRAMS: _program_draft,
    PROJECTS: _project_draft,
    BUDGET_LINES: _line_draft,
    RISKS: _risk_draft,
    ACTIONS: _action_draft,
}
