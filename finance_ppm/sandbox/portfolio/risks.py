"""Risks: raised while a project runs, worked on, closed before it ends."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from finance_ppm.sandbox.notion.history import Change
from finance_ppm.sandbox.portfolio import vocabulary
from finance_ppm.sandbox.portfolio.databases import RISKS
from finance_ppm.sandbox.portfolio.projects import Project
from finance_ppm.sandbox.portfolio.timeline import Diary, Timeline, at_work, days, new_id
from finance_ppm.sandbox.portfolio.values import Properties, relation, select, title


def page(project: Project, *, name: str, severity: str, probability: str, status: str = "Open") -> Properties:
    """A risk's page when it is created."""
    return {
        "Title": title(name),
        "Project": relation([project.page_id]),
        "Severity": select(severity),
        "Probability": select(probability),
        "Status": select(status),
    }


def tell(project: Project, count: float, timeline: Timeline, rng: Random) -> Iterator[Diary]:
    """About ``count`` risks of one project."""
    for _ in range(round(count * rng.uniform(0.3, 1.7))):
        yield _risk(project, timeline, rng)


def _risk(project: Project, timeline: Timeline, rng: Random) -> Diary:
    severity = rng.choices(("Critical", "High", "Medium", "Low"), (1, 3, 5, 3))[0]
    probability = rng.choices(("High", "Medium", "Low"), (2, 4, 4))[0]
    raised = max(project.created + timedelta(4), project.start + (project.duration - timedelta(30)) * rng.random())
    closed = min(raised + days(rng, 30, 240), project.finish)
    diary = Diary(RISKS, new_id(rng), timeline.end)
    diary.write(
        at_work(rng, raised),
        Change.CREATE,
        page(project, name=rng.choice(vocabulary.RISKS), severity=severity, probability=probability),
    )
    if rng.random() < 0.02:  # raised twice by mistake
        diary.write(at_work(rng, raised + timedelta(1)), Change.TRASH)
        return diary
    steps: list[tuple[date, Properties]] = [(closed, {"Status": select("Closed")})]
    if rng.random() < 0.7:
        steps.append((raised + (closed - raised) * rng.uniform(0.1, 0.5), {"Status": select("Mitigating")}))
    if severity == "Critical":
        steps += _reviews(raised, closed, rng)
    elif rng.random() < 0.3:
        reassessed = rng.choice(("High", "Medium", "Low"))
        steps.append((raised + (closed - raised) * rng.random(), {"Probability": select(reassessed)}))
    for on, properties in sorted(steps, key=lambda step: step[0]):
        diary.write(at_work(rng, on), Change.UPDATE, properties)
    return diary


def _reviews(raised: date, closed: date, rng: Random) -> Iterator[tuple[date, Properties]]:
    """A critical risk is looked at again well within every quarter."""
    on = raised + days(rng, 30, 65)
    while on < closed:
        yield on, {"Probability": select(rng.choices(("High", "Medium", "Low"), (2, 4, 4))[0])}
        on += days(rng, 30, 65)
