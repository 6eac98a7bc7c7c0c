"""Actions: what somebody has to do about a project by a day, begun and done around it."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from random import Random

from finance_ppm.sandbox.notion.history import Change, Person
from finance_ppm.sandbox.portfolio import vocabulary
from finance_ppm.sandbox.portfolio.databases import ACTIONS
from finance_ppm.sandbox.portfolio.projects import Project
from finance_ppm.sandbox.portfolio.timeline import Diary, Timeline, at_work, days, new_id
from finance_ppm.sandbox.portfolio.values import Properties, day, people, relation, rich_text, select, status, title


def page(project: Project, *, name: str, assignee: str, due: date, source: str, source_id: str = "") -> Properties:
    """An action's page when it is created."""
    return {
        "Action": title(name),
        "Project": relation([project.page_id]),
        "Assignee": people([assignee]),
        "Due Date": day(due),
        "Source": select(source),
        "Source ID": rich_text(source_id),
        "Status": status("Not started"),
    }


def tell(
    project: Project, count: float, timeline: Timeline, rng: Random, *, lines: Sequence[str], crew: Sequence[Person]
) -> Iterator[Diary]:
    """About ``count`` actions of one project; those about data quality name one of its ``lines`` (page ids)."""
    for _ in range(round(count * rng.uniform(0.3, 1.7))):
        yield _action(project, lines, timeline, crew, rng)


def _action(project: Project, lines: Sequence[str], timeline: Timeline, crew: Sequence[Person], rng: Random) -> Diary:
    source = rng.choices(("manual", "dq", "advisor"), (12, 5, 3))[0]
    source_id = {
        "manual": "",
        "dq": f"line_category_missing:{rng.choice(lines)}",
        "advisor": f"ADV-{rng.randint(1, 9999):04}",
    }
    agreed = max(project.created + timedelta(16), project.start + (project.duration - timedelta(20)) * rng.random())
    due = agreed + days(rng, 7, 40)
    late = rng.random() < 0.12
    done = due + (days(rng, 3, 35) if late else -days(rng, 0, 6))
    diary = Diary(ACTIONS, new_id(rng), timeline.end)
    diary.write(
        at_work(rng, agreed),
        Change.CREATE,
        page(
            project,
            name=rng.choice(vocabulary.ACTIONS[source]),
            assignee=rng.choice(crew).id,
            due=due,
            source=source,
            source_id=source_id[source],
        ),
    )
    if rng.random() < 0.02:
        diary.write(at_work(rng, agreed + timedelta(2)), Change.TRASH)
        return diary
    if rng.random() < 0.6:
        begun = agreed + (done - agreed) * rng.uniform(0.2, 0.8)
        diary.write(at_work(rng, begun), Change.UPDATE, {"Status": status("In progress")})
    diary.write(at_work(rng, done), Change.UPDATE, {"Status": status("Done")})
    return diary
