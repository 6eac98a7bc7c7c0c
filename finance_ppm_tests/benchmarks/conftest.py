import pickle
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from finance_ppm.benchmarks import measure


class _Thread(ThreadPoolExecutor):
    """Takes what a process would take: what can be pickled."""

    def __init__(self, **_: object) -> None:
        super().__init__(max_workers=1)

    def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        work, args = pickle.loads(pickle.dumps((work, args)))
        return super().submit(work, *args, **kwargs)


@pytest.fixture
def in_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare each stage the seconds it takes to import everything anew."""
    monkeypatch.setattr(measure, "ProcessPoolExecutor", _Thread)
