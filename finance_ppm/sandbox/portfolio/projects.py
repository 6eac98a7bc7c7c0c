"""Projects: how each one goes, from the day it is planned, and the edits of its page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from random import Random

from finance_ppm.sandbox.notion.history import Change, Person
from finance_ppm.sandbox.portfolio import vocabulary
from finance_ppm.sandbox.portfolio.databases import PROJECTS
from finance_ppm.sandbox.portfolio.programs import Program
from finance_ppm.sandbox.portfolio.timeline import Diary, Timeline, at_work, days, dice, new_id
from finance_ppm.sandbox.portfolio.values import Properties, day, money, people, relation, select, title


class Course(StrEnum):
    """How a project goes."""

    STEADY = "steady"
    OVERSPENT = "overspent"
    LATE = "late"
    UNDER_BUDGET = "under budget"
    NO_ACTUALS = "no actuals"


@dataclass(frozen=True)
class Project:
    """A project as it really goes, whatever its page says at the time. Money in cents of ``currency``."""

    page_id: str
    name: str
    program_id: str
    currency: str
    budget: int
    owner: str
    course: Course
    created: date
    start: date
    planned_end: date
    finish: date

    @property
    def duration(self) -> timedelta:
        """From its start to its real finish."""
        return self.finish - self.start


@dataclass(frozen=True)
class ProjectPlanner:
    """Plans the projects of a portfolio that has ``count`` of them by the anchor, and goes on at that pace."""

    count: int
    timeline: Timeline
    programs: Sequence[Program]
    crew: Sequence[Person]
    seed: int

    def projects(self) -> list[Project]:
        """Every project created by the end of the story, the oldest first."""
        subjects = list(vocabulary.PROJECTS)
        dice(self.seed, "subjects").shuffle(subjects)
        cast = self._cast()
        total = round(self.count * ((self.timeline.end - self.timeline.begin) / self.timeline.past))
        planned = [self._project(index, subjects, cast.get(index)) for index in range(max(total, self.count))]
        return [project for project in planned if project.created <= self.timeline.end]

    def _cast(self) -> dict[int, Course]:
        """The projects that go a given way so that every portfolio of some size shows it on the anchor day."""
        if self.count < 20:
            return {}
        shares = {
            0.30: Course.UNDER_BUDGET,
            0.66: Course.LATE,
            0.72: Course.OVERSPENT,
            0.93: Course.NO_ACTUALS,
        }
        return {int(share * self.count): course for share, course in shares.items()}

    def _project(self, index: int, subjects: Sequence[str], role: Course | None) -> Project:
        rng = dice(self.seed, "project", index)
        currency = vocabulary.CURRENCY_CYCLE[index % len(vocabulary.CURRENCY_CYCLE)]
        slot = 0.0 if index == 0 else (index + rng.random()) / self.count
        created = self.timeline.begin + timedelta(3) + (self.timeline.past - timedelta(3)) * slot
        start = created + days(rng, 10, 40)
        course = (
            role or rng.choices((Course.STEADY, Course.UNDER_BUDGET, Course.OVERSPENT, Course.LATE), (78, 10, 6, 6))[0]
        )
        planned_end, finish = self._dates(rng, start, course, cast=role is not None)
        return Project(
            page_id=new_id(rng),
            name=_name(rng, index, subjects, currency),
            program_id=self._home(rng, created, planned_end),
            currency=currency,
            budget=_budget(rng, currency),
            owner=rng.choice(self.crew).id,
            course=course,
            created=created,
            start=start,
            planned_end=planned_end,
            finish=finish,
        )

    def _dates(self, rng: Random, start: date, course: Course, *, cast: bool) -> tuple[date, date]:
        """The planned end and the real finish."""
        planned_end = start + days(rng, 150, 400)
        if course is Course.LATE:
            if cast:
                planned_end = self.timeline.anchor - days(rng, 25, 50)
            return planned_end, planned_end + days(rng, 70, 140)
        if cast and course is Course.OVERSPENT:
            planned_end = self.timeline.anchor + days(rng, 50, 90)
        if cast and course is Course.UNDER_BUDGET:
            planned_end = start + days(rng, 240, 330)
        slips = course is Course.STEADY and rng.random() < 0.25
        return planned_end, planned_end + (days(rng, 15, 45) if slips else -days(rng, 6, 16))

    def _home(self, rng: Random, created: date, planned_end: date) -> str:
        for _ in range(8):
            program = rng.choice(self.programs)
            if program.created + timedelta(5) <= created and planned_end <= program.end:
                return program.page_id
        return self.programs[0].page_id


def page(project: Project, *, status: str = "Planning", priority: str = "Medium") -> Properties:
    """The project's page when it is created."""
    return {
        "Name": title(project.name),
        "Program": relation([project.program_id]),
        "Budget Total": money(project.budget),
        "Currency": select(project.currency),
        "Status": select(status),
        "Priority": select(priority),
        "Owner": people([project.owner]),
        "Start Date": day(project.start),
        "End Date": day(project.planned_end),
    }


def tell(project: Project, timeline: Timeline, crew: Sequence[Person], rng: Random) -> Diary:
    """The page's edits: planning, start, a review every other month, the end moved, completion."""
    diary = Diary(PROJECTS, project.page_id, timeline.end)
    diary.write(
        at_work(rng, project.created),
        Change.CREATE,
        page(project, priority=rng.choices(("High", "Medium", "Low"), (3, 5, 2))[0]),
    )
    completed = project.finish + days(rng, 1, 4)
    steps = [(project.start, {"Status": select("In Progress")}), *_reviews(rng, project, crew)]
    replanned = _replanned(rng, project)
    if replanned < completed:
        steps.append((replanned, {"End Date": day(project.finish + days(rng, 4, 9))}))
    for on, properties in sorted(steps, key=lambda step: step[0]):
        diary.write(at_work(rng, on), Change.UPDATE, properties)
    diary.write(
        at_work(rng, completed), Change.UPDATE, {"Status": select("Completed"), "End Date": day(project.finish)}
    )
    return diary


def _reviews(rng: Random, project: Project, crew: Sequence[Person]) -> list[tuple[date, Properties]]:
    """A review every seven to eleven weeks. Most confirm what stands there: an edit that changes no value."""
    reviews: list[tuple[date, Properties]] = []
    on = project.start + days(rng, 50, 75)
    raised = project.course in (Course.OVERSPENT, Course.LATE)
    while on < project.finish:
        outcome = rng.random()
        if outcome < 0.18:
            reviews.append((on, {"Priority": select(rng.choice(("High", "Medium", "Low")))}))
        elif outcome < 0.26:
            reviews.append((on, {"Owner": people([rng.choice(crew).id])}))
        elif outcome < 0.36 and not raised:
            raised = True
            reviews.append(
                (on, {"Budget Total": money(_rounded(project.budget * rng.uniform(1.03, 1.10), project.currency))})
            )
        elif outcome < 0.97:  # a few reviews do not take place
            reviews.append((on, {"Status": select("In Progress")}))
        on += days(rng, 50, 75)
    return reviews


def _replanned(rng: Random, project: Project) -> date:
    """When the page learns that the end has moved: ahead of it, except where a project is late."""
    if project.course is Course.LATE:
        return project.planned_end + days(rng, 55, 160)
    if project.finish > project.planned_end:
        return project.planned_end - days(rng, 12, 35)
    return date.max


def _budget(rng: Random, currency: str) -> int:
    dollars = min(4_000_000.0, max(45_000.0, rng.lognormvariate(12.7, 0.9)))
    return _rounded(dollars * 100 * vocabulary.CURRENCIES[currency], currency)


def _rounded(cents: float, currency: str) -> int:
    """A budget in round figures: thousands, or tens of thousands where the unit is small."""
    step = 1_000_000 if currency == "PHP" else 100_000
    return round(cents / step) * step


def _name(rng: Random, index: int, subjects: Sequence[str], currency: str) -> str:
    """A subject and mostly a place; a subject that returns is a later phase, so no two names are alike."""
    phase, subject = divmod(index, len(subjects))
    place = rng.choice(vocabulary.PLACES[currency])
    return ", ".join(part for part in (subjects[subject], place, f"phase {phase + 1}" if phase else "") if part)
