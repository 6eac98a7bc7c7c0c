"""Child processes of the tests: writers that run beside each other, or until they are killed.

One process imports everything once and forks a writer for each line it reads (nothing has started a thread by then).
"""

import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import count
from pathlib import Path

from finance_ppm.clock import FrozenClock
from finance_ppm.contracts import history_of
from finance_ppm.lakehouse import Lake, writer_lock
from finance_ppm_tests.lakehouse.tables import NOON, Event, Figure, Line, events, figures, line, lines

ROUNDS = 6
BATCH = 50
DAY = date(2026, 11, 20)


def beside(lake: Lake, writer: int) -> None:
    """Write to every kind of table what no other writer writes, partly into the same partitions."""
    history, day = history_of(Figure), DAY.replace(day=1 + writer)
    for at in range(ROUNDS):
        lake.append(Event, events(writer * ROUNDS + at))
        lake.merge(Line, lines(line(f"own-{writer}", f"quarter-{writer}", name=str(at))))
        lake.merge(Line, lines(line(f"shared-{writer}-{at}", "shared")))
        lake.replace_partition(history, figures(day, str(at)), {"as_of_date": day})


def until_killed(lake: Lake, _: int) -> None:
    """Write batches that are only right as a whole: all rows of a table bear one round's number."""
    for at in count():
        lake.append(Event, events(*range(at * BATCH, (at + 1) * BATCH)))
        lake.merge(Line, lines(*(line(f"l{row}", f"q{row % 3}", name=str(at)) for row in range(BATCH))))
        lake.replace(Figure, figures(DAY, *[str(at)] * BATCH))


def hold_lock(lake: Lake, _: int) -> None:
    with writer_lock(lake.uri, "silver/lines"):
        Path(lake.uri, "held").touch()
        signal.pause()


JOBS: dict[str, Callable[[Lake, int], None]] = {job.__name__: job for job in (beside, until_killed, hold_lock)}


@dataclass(frozen=True)
class Writers:
    """The parent's side: starts writers and tells how they ended."""

    process: "subprocess.Popen[str]"

    def ask(self, *words: object) -> int:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(*words, file=self.process.stdin, flush=True)
        return int(self.process.stdout.readline())

    def start(self, job: Callable[[Lake, int], None], lake: Lake, writer: int = 0) -> int:
        return self.ask(job.__name__, writer, lake.uri)

    def kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)
        assert self.exit_code(pid) == -signal.SIGKILL

    def exit_code(self, pid: int) -> int:
        return self.ask("wait", pid, "-")


@contextmanager
def running() -> Iterator[Writers]:
    with subprocess.Popen(
        [sys.executable, "-m", "finance_ppm_tests.lakehouse.writers"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Writers(process)


def wait_for(path: Path) -> None:
    while not path.exists():
        time.sleep(0.01)


def fork(job: Callable[[Lake, int], None], lake: Lake, writer: int) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        job(lake, writer)
    except BaseException:  # noqa: BLE001 - a forked child must never return into its parent's code
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    for command in sys.stdin:
        word, number, folder = command.split(maxsplit=2)
        if word == "wait":
            answer = os.waitstatus_to_exitcode(os.waitpid(int(number), 0)[1])
        else:
            answer = fork(JOBS[word], Lake(folder.strip(), clock=FrozenClock(NOON)), int(number))
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()
