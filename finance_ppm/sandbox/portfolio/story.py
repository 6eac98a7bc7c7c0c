"""The whole story: how many of what, told page by page and put in order of time."""

from collections.abc import Iterator
from datetime import date
from operator import attrgetter

from finance_ppm.sandbox.notion.history import History, Person
from finance_ppm.sandbox.portfolio import actions, budget_lines, programs, projects, risks, vocabulary
from finance_ppm.sandbox.portfolio.databases import DATABASES
from finance_ppm.sandbox.portfolio.dirt import dirt
from finance_ppm.sandbox.portfolio.drafts import Scene
from finance_ppm.sandbox.portfolio.projects import Project, ProjectPlanner
from finance_ppm.sandbox.portfolio.timeline import Diary, Timeline, dice, new_id

PROGRAM_SHARE, PROJECT_SHARE, LINE_SHARE, RISK_SHARE, ACTION_SHARE = 0.004, 0.03, 0.81, 0.118, 0.074
"""What each database holds by the anchor as a share of the pages; of lines, risks and actions some are yet to come."""


def portfolio(*, anchor: date, pages: int = 2000, seed: int = 7, dirty: bool = True, months_ahead: int = 12) -> History:
    """The story around ``anchor``, the day on which it holds about ``pages`` sound pages.

    It begins 36 months earlier and goes on for ``months_ahead`` months at the same pace. ``dirty`` adds pages that
    break data-quality rules (:func:`dirty_pages`); the sound ones are the same with and without them. The same
    arguments give the same story, and another ``months_ahead`` changes only what happens after the anchor.

    A page has about five edits, those ahead included: 200,000 pages take two gigabytes and well under a minute. Raises
    ValueError where ``pages`` is not positive or ``months_ahead`` is negative.
    """
    scene = _scene(anchor, pages, seed, months_ahead)
    diaries = [*_told(scene, pages, seed), *(dirt(scene, pages=pages, seed=seed).diaries if dirty else ())]
    edits = sorted((edit for diary in diaries for edit in diary.edits), key=attrgetter("at"))
    return History(people=tuple(scene.crew), databases=DATABASES, edits=tuple(edits))


def dirty_pages(*, anchor: date, pages: int = 2000, seed: int = 7) -> dict[str, list[str]]:
    """By rule of ``DIRTY_RULES``, the ids of the pages that break it on the anchor day.

    A name or a line that occurs twice is found on both pages, one of which may be sound without the other.
    """
    return dirt(_scene(anchor, pages, seed, months_ahead=0), pages=pages, seed=seed).pages


def planned_projects(*, anchor: date, pages: int = 2000, seed: int = 7, months_ahead: int = 12) -> list[Project]:
    """The sound projects of the story, the oldest first: for whoever tells what else belongs to them."""
    return list(_scene(anchor, pages, seed, months_ahead).projects)


def _scene(anchor: date, pages: int, seed: int, months_ahead: int) -> Scene:
    if pages < 1 or months_ahead < 0:
        raise ValueError(f"A portfolio needs pages and no negative time ahead, not {pages=} and {months_ahead=}.")
    timeline = Timeline.around(anchor, months_ahead=months_ahead)
    crew = _crew(seed)
    planned = programs.programs(_count(pages, PROGRAM_SHARE), timeline, crew, seed)
    planner = ProjectPlanner(_count(pages, PROJECT_SHARE), timeline, planned, crew, seed)
    return Scene(timeline, planned, planner.projects(), crew)


def _told(scene: Scene, pages: int, seed: int) -> Iterator[Diary]:
    timeline, crew = scene.timeline, scene.crew
    count = _count(pages, PROJECT_SHARE)
    for index, program in enumerate(scene.programs):
        yield programs.tell(program, index, timeline, crew, seed)
    for index, project in enumerate(scene.projects):
        rng = dice(seed, "tale", index)
        yield projects.tell(project, timeline, crew, rng)
        lines = list(budget_lines.tell(project, pages * LINE_SHARE / count, timeline, rng))
        yield from lines
        yield from risks.tell(project, pages * RISK_SHARE / count, timeline, rng)
        line_ids = [line.page_id for line in lines]
        yield from actions.tell(project, pages * ACTION_SHARE / count, timeline, rng, lines=line_ids, crew=crew)


def _count(pages: int, share: float) -> int:
    return max(1, round(pages * share))


def _crew(seed: int) -> tuple[Person, ...]:
    rng = dice(seed, "crew")
    return tuple(Person(new_id(rng), name, f"{_mailbox(name)}@{vocabulary.EMAIL_DOMAIN}") for name in vocabulary.PEOPLE)


def _mailbox(name: str) -> str:
    return ".".join(name.lower().translate(_PLAIN).split())


_PLAIN = str.maketrans("üëéñášøåłç", "ueenasoalc")
