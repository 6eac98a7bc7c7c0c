"""What a measurement is, and how one is taken: in a process of its own, so that memory is the stage's alone.

Belongs here: what every benchmark shares. Does not belong here: what is measured.
"""

import multiprocessing
import re
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from finance_ppm.errors import FinancePpmError


@dataclass(frozen=True)
class Measurement:
    """One stage: how many rows it took, how long it worked on them, and the most memory its process held."""

    stage: str
    rows: int
    seconds: float
    peak_mb: float | None
    """Megabytes, Python and the stage's input included; None where the system does not tell."""

    @property
    def rows_per_second(self) -> float:
        """Rows a second."""
        return self.rows / self.seconds


def measure(stage: str, rows: int, work: Callable[..., float | tuple[float, int]], *args: object) -> Measurement:
    """Run ``work(*args)`` in a fresh process: a module's own function, which returns the seconds it timed.

    It may return beside them how many of the ``rows`` it took.

    Raises :class:`~finance_ppm.errors.FinancePpmError` where the system ends that process, as when memory runs out.
    """
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=spawn) as processes:
        try:
            timed, peak = processes.submit(_measured, work, *args).result()
        except BrokenProcessPool as error:
            raise FinancePpmError(
                f"The benchmark's stage {stage!r} was ended by the system at {rows:,} rows, most likely for want of "
                "memory: run it with fewer (finance-ppm bench --rows 100000)."
            ) from error
    seconds, took = timed if isinstance(timed, tuple) else (timed, rows)
    return Measurement(stage, took, seconds, peak)


def _measured(
    work: Callable[..., float | tuple[float, int]], *args: object
) -> tuple[float | tuple[float, int], float | None]:
    return work(*args), _peak_mb()


def _peak_mb() -> float | None:
    """This process's own peak; ``ru_maxrss`` would inherit the parent's."""
    status = Path("/proc/self/status")
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.exists() else None
    return int(found[1]) / 1024 if found else None
