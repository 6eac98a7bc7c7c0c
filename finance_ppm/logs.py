"""Logging of a process: one line per record on standard error, as text or as JSON, masked, with the run's id.

Belongs here: setting it up. Modules log by ``logging.getLogger(__name__)`` and know nothing of this; what they give
as ``extra`` becomes fields of the JSON line. What is masked is told in ``masking``.
"""

import json
import logging
import math
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, ClassVar, TextIO
from uuid import uuid4

from pydantic import SecretStr

from finance_ppm.masking import Masker
from finance_ppm.settings import Config

CHATTY = ("alembic", "azure", "msal", "py4j", "filelock", "httpcore", "httpx", "uvicorn")
"""Libraries whose word on each request, server and lock would drown all else, at any level."""

TOLD_ANYWAY = frozenset({"finance_ppm.pipeline.bronze", "finance_ppm.sources.notion.transport"})
"""What these warn of is told by the table or the sentence that a command ends with."""

_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_OF_DAGSTER = frozenset({"dagster_meta", "dagster_event", "dagster_event_batch_metadata"})

_run: ContextVar[str | None] = ContextVar("run", default=None)


@contextmanager
def correlated(run_id: str | None = None) -> Iterator[str]:
    """While inside, every record carries ``run_id``, or a new one; also those of tasks and anyio threads begun here."""
    token = _run.set(run_id or str(uuid4()))
    try:
        yield _run.get() or ""
    finally:
        _run.reset(token)


def current_run() -> str | None:
    """The id given by :func:`correlated`, None outside of it."""
    return _run.get()


@contextmanager
def beside_display() -> Iterator[None]:
    """While inside, a person is shown progress and then the result on the terminal, and text does not tell it again.

    Of the log, a terminal then gets warnings and what is graver, without what is ``TOLD_ANYWAY``. Whoever sets
    LOG_LEVEL gets what it says; so do a file, a pipe, and JSON.
    """
    before, _StandardError.beside_display = _StandardError.beside_display, sys.stderr.isatty()
    try:
        yield
    finally:
        _StandardError.beside_display = before


def writes_json() -> bool:
    """Whether standard error gets JSON, a record a line: then nothing else belongs there."""
    ours = (handler for handler in logging.getLogger().handlers if isinstance(handler, _StandardError))
    return any(isinstance(handler.formatter, JsonFormatter) for handler in ours)


def set_up(config: Config | None = None, *, run_id: Callable[[], str | None] = current_run) -> None:
    """Log as ``LOG_LEVEL`` and ``LOG_FORMAT`` say, to standard error. May be called again; the last call counts.

    A handler of another logger that writes to standard output or error, there already or added later by a library
    (Dagster's consoles are such), is replaced by ours or gets its formatter and level, so that nothing is written
    there unmasked, in another form, or twice. Who writes elsewhere, or by the root logger, has a log of their own.
    ``run_id`` tells which run a record belongs to. Without a ``config``: warnings, as text. On a terminal that shows
    a command's progress, see :func:`beside_display`, the log holds back unless LOG_LEVEL was set.
    """
    config = config or Config.model_construct(log_level="WARNING", log_format="text", notion_token=None)
    fields = (getattr(config, name) for name in type(config).model_fields)
    mask = Masker(field.get_secret_value() for field in fields if isinstance(field, SecretStr))
    formatter = (JsonFormatter if config.log_format == "json" else TextFormatter)(mask, run_id)
    root = logging.getLogger()
    for handler in list(root.handlers):
        if isinstance(handler, _StandardError):
            root.removeHandler(handler)
    asked_for = config.log_format == "json" or "log_level" in config.model_fields_set
    ours = _StandardError(formatter, config.log_level, holds_back=not asked_for)
    root.addHandler(ours)
    root.setLevel(config.log_level)
    logging.captureWarnings(capture=True)
    for library in CHATTY:
        logging.getLogger(library).setLevel(logging.WARNING)
    for logger in list(logging.Logger.manager.loggerDict.values()):
        if isinstance(logger, logging.Logger):
            ours.rule(logger)
    _Logger.ours = ours
    if not issubclass(logging.getLoggerClass(), _Logger):
        logging.setLoggerClass(_Logger)


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, run, the fields given as ``extra``, exception, stack."""

    def __init__(self, mask: Masker, run_id: Callable[[], str | None] = current_run) -> None:
        super().__init__()
        self._mask = mask
        self._run_id = run_id

    def format(self, record: logging.LogRecord) -> str:
        """The line. Every text in it has been masked; it holds no line break, whatever the record holds."""
        line: dict[str, Any] = {
            "logger": record.name,
            "message": _message(record),
            "run": self._run_id(),
            "exception": self.formatException(record.exc_info) if record.exc_info else record.exc_text,
            "stack": record.stack_info,
            **_of_dagster(record),
        }
        line = {name: value for name, value in line.items() if value is not None}
        known = line.keys() | _STANDARD | _OF_DAGSTER
        given = {name: value for name, value in vars(record).items() if name not in known}
        return json.dumps({"time": _time(record), "level": record.levelname, **self._masked(line | given)})

    def _masked(self, value: object) -> Any:
        """``value`` in JSON's own types, every text masked, keys too."""
        if isinstance(value, str):
            return self._mask(value)
        if value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
            return value
        if isinstance(value, Mapping):
            return {self._mask(str(key)): self._masked(item) for key, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._masked(item) for item in value]
        return self._mask(str(value))


class TextFormatter(logging.Formatter):
    """A line for people: time, level, logger, the beginning of the run's id, message; then the exception."""

    def __init__(self, mask: Masker, run_id: Callable[[], str | None] = current_run) -> None:
        super().__init__()
        self._mask = mask
        self._run_id = run_id

    def format(self, record: logging.LogRecord) -> str:
        """The masked text. Dagster's own messages name their run themselves."""
        run = None if hasattr(record, "dagster_meta") else self._run_id()
        parts = [f"{_time(record)} {record.levelname} {record.name}{f' [{run[:8]}]' if run else ''}: "]
        parts.append(_message(record))
        if record.exc_info or record.exc_text:
            parts += ["\n", self.formatException(record.exc_info) if record.exc_info else record.exc_text or ""]
        if record.stack_info:
            parts += ["\n", record.stack_info]
        return self._mask("".join(parts))


class _StandardError(logging.StreamHandler[TextIO]):
    """Writes to whatever standard error is at that moment, and makes other handlers write likewise."""

    beside_display: ClassVar[bool] = False
    """Of the process, and settled beforehand: Dagster's steps run with standard error led through a file."""

    def __init__(self, formatter: logging.Formatter, level: str, *, holds_back: bool) -> None:
        logging.Handler.__init__(self)
        self._holds_back = holds_back
        self.setFormatter(formatter)
        self.setLevel(level)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]  # a property, so that a replaced sys.stderr is followed
        return sys.stderr

    def filter(self, record: logging.LogRecord) -> Any:
        """Not what a person at the terminal is shown anyway."""
        if self._holds_back and self.beside_display:
            shown_anyway = record.levelno < logging.CRITICAL and record.name in TOLD_ANYWAY
            if record.levelno < logging.WARNING or shown_anyway:
                return False
        return super().filter(record)

    def rule(self, logger: logging.Logger) -> None:
        heard_here = logger.propagate and logger.parent is not None
        for handler in list(logger.handlers):
            if not isinstance(handler, logging.StreamHandler) or handler.stream not in _standard_streams():
                continue
            if heard_here:
                logger.removeHandler(handler)
            else:
                handler.setFormatter(self.formatter)
                handler.setLevel(self.level)


class _Logger(logging.Logger):
    """What loggers are made of from now on: one whose handlers write as ours does."""

    ours: _StandardError

    def addHandler(self, hdlr: logging.Handler) -> None:  # noqa: N802 - overrides the standard library's
        super().addHandler(hdlr)
        self.ours.rule(self)


def _standard_streams() -> tuple[TextIO | None, ...]:
    return sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__


def _message(record: logging.LogRecord) -> str:
    """The message, also where its arguments do not fit: a failing log call would print them unmasked."""
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError, OverflowError):
        return f"{record.msg} % {record.args!r}"


def _of_dagster(record: logging.LogRecord) -> dict[str, Any]:
    """The fields of a record that Dagster made of an event of a run."""
    meta = getattr(record, "dagster_meta", None)
    if meta is None:
        return {}
    event = meta["dagster_event"]
    error = getattr(event and event.event_specific_data, "error", None)
    return {
        "message": meta["orig_message"],
        "run": meta["run_id"],
        "job": meta["job_name"],
        "step": meta["step_key"],
        "event": event and event.event_type_value,
        "exception": error and error.to_string(),
    }


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
