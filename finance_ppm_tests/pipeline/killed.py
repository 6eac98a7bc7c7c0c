"""Runs that die: in a process of their own, by SIGKILL, at a chosen moment of a run of the pipeline.

Belongs here: choosing the moment and dying at it. What must hold afterwards is ``test_crashes``.

Processes come from a fork server that has imported the product and done nothing else, so that each costs little
and shares no thread with the tests.
"""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import httpx
from deltalake import DeltaTable

from finance_ppm.clock import FrozenClock
from finance_ppm.contracts import Table, full_name
from finance_ppm.lakehouse import lake
from finance_ppm.pipeline import intake
from finance_ppm.pipeline.engine import SyncEngine
from finance_ppm.settings import Config
from finance_ppm_tests.pipeline.disturbed import at_once

COMMITS = ("create_delta", "append_rows", "overwrite_from", "overwrite_rows")
"""What the lake calls to make a new version of a table, each with the contract as second argument."""

COMMIT = "commit"


@dataclass(frozen=True)
class Blow:
    """Where a run is killed: at the ``nth`` (from 1) commit to ``table`` (None: to any), or HTTP request."""

    nth: int
    after: bool
    table: str | None = None
    request: bool = False

    def __str__(self) -> str:
        what = "request" if self.request else f"commit to {self.table}" if self.table else "commit"
        return f"{'after' if self.after else 'before'} {what} {self.nth}"


@dataclass(frozen=True)
class Scene:
    """What a process needs to know to run the pipeline as the tests would."""

    config: Config
    moment: datetime
    only: Sequence[str] | None = None
    """The databases that are synced."""


def processes() -> ForkServerContext:
    """The fork server, with everything imported."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["finance_ppm.definitions", __name__])
    return context


def exit_code(target: Callable[..., None], *args: Any, die_after: float | None = None) -> int:
    """Run ``target`` in a process of its own; -9 where it was killed. ``die_after`` kills it by that many seconds."""
    process = processes().Process(target=target, args=args)
    process.start()
    process.join(die_after or 120)
    if process.is_alive():
        process.kill()
    process.join()
    assert process.exitcode is not None
    return process.exitcode


def sync(scene: Scene, blow: Blow | None, log: Path | None = None) -> None:
    """Bronze and silver without Dagster, in small batches, until the blow falls.

    Its commits, by table, and its requests, ``METHOD path``, are written to ``log`` where it does not fall.
    """
    with in_batches(), _watched(blow) as happened:
        SyncEngine(scene.config, clock=FrozenClock(scene.moment)).sync_all(only=scene.only)
    if log:
        log.write_text("\n".join(happened))


@contextmanager
def in_batches() -> Iterator[None]:
    """Every other answer makes a batch: it is written, and noted."""
    with at_once() as patch:
        patch.setattr(intake, "BATCH_PAGES", 20)
        yield


def graph(scene: Scene, blow: Blow | None) -> None:
    """The whole graph for today, in Dagster, until the blow falls."""
    import dagster as dg

    from finance_ppm.dagster_home import run_day
    from finance_ppm.definitions import build_defs
    from finance_ppm.resources import default_resources

    clock = FrozenClock(scene.moment)
    with _watched(blow), dg.DagsterInstance.ephemeral() as instance:
        run_day(build_defs(default_resources(scene.config, clock=clock)), instance, clock.today())


@contextmanager
def _watched(blow: Blow | None) -> Iterator[list[str]]:
    """Note commits and requests from here on, and die where the blow falls. Nothing is put back: the process ends."""
    happened: list[str] = []

    def die_at(number: int, *, after: bool, request: bool) -> None:
        if blow and (number, after, request) == (blow.nth, blow.after, blow.request):
            os.kill(os.getpid(), signal.SIGKILL)

    for name in COMMITS:
        setattr(lake, name, _counted(getattr(lake, name), happened, blow.table if blow else None, die_at))
    send = httpx.AsyncClient.send
    numbers = count(1)

    async def counted_send(self: httpx.AsyncClient, request: httpx.Request, **options: Any) -> httpx.Response:
        happened.append(f"{request.method} {request.url.path}")
        number = next(numbers)
        die_at(number, after=False, request=True)
        answer = await send(self, request, **options)
        die_at(number, after=True, request=True)
        return answer

    setattr(httpx.AsyncClient, "send", counted_send)  # noqa: B010 - mypy lets no method be assigned
    yield happened


def _counted(
    commit: Callable[..., Any], happened: list[str], only: str | None, die_at: Callable[..., None]
) -> Callable[..., Any]:
    def counted(place: DeltaTable | str, table: type[Table], *others: Any) -> Any:
        if only and full_name(table) != only:
            return commit(place, table, *others)
        happened.append(f"{COMMIT} {full_name(table)}")
        number = sum(one.startswith(COMMIT) for one in happened)
        die_at(number, after=False, request=False)
        done = commit(place, table, *others)
        die_at(number, after=True, request=False)
        return done

    return counted
