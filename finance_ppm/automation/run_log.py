"""Logs and Dagster's runs: our records carry the run's id, and a run's events can be heard as log records.

Belongs here: what joins ``logs`` with Dagster; and the logger named ``steps``, which a run asks for by its run
configuration in place of the console.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg

from finance_ppm import logs
from finance_ppm.settings import Config

STEPS = "steps"
TO_STEPS: dict[str, Any] = {"loggers": {STEPS: {"config": {}}}}
"""Run configuration that sends a run's events here instead of the console."""

_log = logging.getLogger("finance_ppm.run")
_log.propagate = False


def set_up(config: Config) -> None:
    """Log as the settings say in a process of Dagster's, its own messages too; each record carries its run's id."""
    logs.set_up(config, run_id=current_run)


def current_run() -> str | None:
    """The id of the Dagster run whose step this is, else that of the command.

    Known also in tasks and anyio threads that the step begins. Dagster's own messages carry their run themselves.
    """
    try:
        return dg.OpExecutionContext.get().run_id
    except dg.DagsterInvariantViolationError:
        return logs.current_run()


@dg.logger
def steps_logger(_: dg.InitLoggerContext) -> logging.Logger:
    """The Python logger itself; whoever wants to hear attaches a handler."""
    _log.setLevel(logging.DEBUG)
    return _log


@contextmanager
def told_of_steps(step_done: Callable[[str], None]) -> Iterator[None]:
    """Call ``step_done`` with the name of each step that succeeds meanwhile."""
    handler = _Steps(step_done)
    _log.addHandler(handler)
    try:
        yield
    finally:
        _log.removeHandler(handler)


class _Steps(logging.Handler):
    def __init__(self, step_done: Callable[[str], None]) -> None:
        super().__init__()
        self._step_done = step_done

    def emit(self, record: logging.LogRecord) -> None:
        event = getattr(record, "dagster_meta", {}).get("dagster_event")
        if event is not None and event.is_step_success:
            self._step_done(str(event.step_key))
