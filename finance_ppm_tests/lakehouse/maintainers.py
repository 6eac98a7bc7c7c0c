"""Processes that maintain a lake, write to it meanwhile, or die on the way.

Belongs here: what such a process does. What must hold afterwards is ``test_maintenance``.

Processes come from a fork server that has imported the product and done nothing else, so that each costs little.
"""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from deltalake import DeltaTable

from finance_ppm.clock import FrozenClock
from finance_ppm.contracts import Table, history_of
from finance_ppm.lakehouse import Lake, compaction, delta, maintenance
from finance_ppm_tests.lakehouse.tables import NOON, Event, Figure, Line, events, figures, line, lines

TABLES: tuple[type[Table], ...] = (Event, Line, Figure)
TODAY = NOON.date()
STEPS = ("delete", "compact", "vacuum", "create_checkpoint", "cleanup_metadata")
"""What maintenance does to a table; ``compact`` stands for each partition that is written anew."""


def lake_at(uri: str) -> Lake:
    return Lake(uri, clock=FrozenClock(NOON))


def crowd(lake: Lake, parts: int = 12) -> None:
    """Fill every table with many small files."""
    for part in range(parts):
        lake.append(Event, events(*range(-10 * part - 10, -10 * part), text=f"part {part}"))
        lake.merge(Line, lines(line(f"old-{part}", "q0", name=str(part)), line(f"old-{part}b", f"it's #{part % 2}")))
        day = TODAY - timedelta(days=20 * part)
        lake.replace_partition(history_of(Figure), figures(day, f"{part}.25", "0.75"), {"as_of_date": day})
    lake.replace(Figure, figures(TODAY, "1.00"))


def maintain(uri: str) -> None:
    lake = lake_at(uri)
    report = maintenance.maintain(lake, FrozenClock(NOON), closed_days=set, tables=TABLES)
    assert report.succeeded, report


def maintain_until_stopped(uri: str, stop: str) -> None:
    while not Path(stop).exists():
        maintain(uri)


@contextmanager
def maintaining(lake: Lake, stop: Path) -> Iterator[None]:
    """Another process maintains the lake over and over meanwhile."""
    process = start(maintain_until_stopped, lake.uri, str(stop))
    try:
        yield
    finally:
        stop.touch()
        code = exit_code(process)
    assert code == 0


def write(uri: str, writer: int, rounds: int) -> None:
    """Append, merge into partitions that others write to, replace a day of one's own."""
    lake, history, day = lake_at(uri), history_of(Figure), TODAY - timedelta(days=writer)
    for at in range(rounds):
        lake.append(Event, events(writer * 1000 + at))
        lake.merge(Line, lines(line(f"shared-{writer}-{at}", "q0"), line(f"own-{writer}", "it's #1", name=str(at))))
        lake.replace_partition(history, figures(day, str(at), "7.00"), {"as_of_date": day})


def maintain_until_killed(uri: str, nth: int) -> None:
    """Maintain, and die after the ``nth`` step, from 1."""
    done = 0

    def counted(step: Callable[..., Any]) -> Callable[..., Any]:
        def dying(*args: Any, **options: Any) -> Any:
            nonlocal done
            result = step(*args, **options)
            done += not options.get("dry_run")
            if done == nth:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return dying

    for name in STEPS:
        if name != "compact":
            setattr(DeltaTable, name, counted(getattr(DeltaTable, name)))
    setattr(compaction, "overwrite_from", counted(delta.overwrite_from))  # noqa: B010 - mypy lets none be assigned
    maintain(uri)


def compact_as_the_library_does(uri: str, ready: str, go: str) -> None:
    """Compact by the library's own operation, at the same moment as another process."""
    table = DeltaTable(lake_at(uri).path(Event))
    Path(ready).touch()
    while not Path(go).exists():
        time.sleep(0.001)
    table.optimize.compact()


def processes() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


def start(target: Callable[..., None], *args: Any, **options: Any) -> BaseProcess:
    process = processes().Process(target=target, args=args, kwargs=options)
    process.start()
    return process


def exit_code(process: BaseProcess) -> int:
    process.join(120)
    assert process.exitcode is not None
    return process.exitcode


def run(target: Callable[..., None], *args: Any, **options: Any) -> int:
    return exit_code(start(target, *args, **options))
