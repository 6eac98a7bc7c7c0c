"""Programs: what a program is in the story, and the edits of its page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from finance_ppm.sandbox.notion.history import Change, Person
from finance_ppm.sandbox.portfolio import vocabulary
from finance_ppm.sandbox.portfolio.databases import PROGRAMS
from finance_ppm.sandbox.portfolio.timeline import Diary, Timeline, at_work, days, dice, months_after, new_id
from finance_ppm.sandbox.portfolio.values import Properties, day, people, rich_text, select, title


@dataclass(frozen=True)
class Program:
    """A program as it really goes, whatever its page says at the time."""

    page_id: str
    name: str
    description: str
    owner: str
    created: date
    start: date
    end: date


def programs(count: int, timeline: Timeline, crew: Sequence[Person], seed: int) -> list[Program]:
    """``count`` programs; the first one spans the whole story, so that every project finds a home."""
    rng = dice(seed, "programs")
    return [_program(index, timeline, crew, rng) for index in range(count)]


def program_name(index: int) -> str:
    """The name of the program number ``index``, unlike any other's."""
    wave, base = divmod(index, len(vocabulary.PROGRAMS))
    name = vocabulary.PROGRAMS[base][0]
    return f"{name}, wave {wave + 1}" if wave else name


def _program(index: int, timeline: Timeline, crew: Sequence[Person], rng: Random) -> Program:
    description = vocabulary.PROGRAMS[index % len(vocabulary.PROGRAMS)][1]
    owner = rng.choice(crew).id
    if index == 0:
        created, start, end = timeline.begin, timeline.begin.replace(day=1), months_after(timeline.anchor, 24)
    else:
        founding = rng.random() < 0.5
        created = timeline.begin + (days(rng, 0, 20) if founding else timeline.past * rng.uniform(0.05, 0.7))
        start = months_after(created.replace(day=1), 1)
        end = months_after(start, rng.randint(18, 36)) - timedelta(1)
    return Program(new_id(rng), program_name(index), description, owner, created, start, end)


def page(program: Program) -> Properties:
    """The program's page when it is created."""
    return {
        "Name": title(program.name),
        "Owner": people([program.owner]),
        "Start Date": day(program.start),
        "End Date": day(program.end),
        "Status": select("Active"),
        "Description": rich_text(program.description),
    }


def tell(program: Program, index: int, timeline: Timeline, crew: Sequence[Person], seed: int) -> Diary:
    """The page's edits: creation, a new owner now and then, a pause for some, completion."""
    rng = dice(seed, "program", index)
    diary = Diary(PROGRAMS, program.page_id, timeline.end)
    diary.write(at_work(rng, program.created), Change.CREATE, page(program))
    handover = program.start + days(rng, 150, 500)
    if handover < program.end:
        diary.write(at_work(rng, handover), Change.UPDATE, {"Owner": people([rng.choice(crew).id])})
    pause = timeline.anchor - days(rng, 40, 90)
    if index % 8 == 3 and program.start < pause and handover < pause and program.end > timeline.anchor:
        diary.write(at_work(rng, pause), Change.UPDATE, {"Status": select("On Hold")})
        resumed = timeline.anchor + days(rng, 30, 90)
        if resumed < program.end:
            diary.write(at_work(rng, resumed), Change.UPDATE, {"Status": select("Active")})
    diary.write(at_work(rng, program.end + days(rng, 1, 12)), Change.UPDATE, {"Status": select("Completed")})
    return diary
