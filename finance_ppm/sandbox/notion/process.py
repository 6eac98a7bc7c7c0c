"""The sandbox in a process of its own, so that what is measured beside it is the client alone.

Belongs here: what is served there. Starting and stopping the process is ``sandbox.process``'s.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from operator import attrgetter

from pydantic import SecretStr

from finance_ppm.sandbox.notion.history import History
from finance_ppm.sandbox.notion.server import TOKEN, NotionSandbox, environment, serve_notion
from finance_ppm.sandbox.process import in_a_process


@dataclass(frozen=True)
class NotionProcess:
    """A sandbox that runs in another process."""

    base_url: str
    token: SecretStr
    database_ids: dict[str, str]
    """Short name to database id."""
    pid: int

    def environment(self) -> dict[str, str]:
        """The settings that point the product here, as in a ``.env`` file. The token opens only the sandbox."""
        return environment(self.base_url, self.token, self.database_ids)


@contextmanager
def notion_in_a_process(
    story: Callable[[], History], *, now: datetime, requests_per_minute: int | None = None, latency: float = 0.0
) -> Iterator[NotionProcess]:
    """Serve what ``story`` tells, as ``serve_notion`` does, from a new process until the context ends.

    ``story`` is called over there and must be picklable: ``functools.partial`` of a module's function. The new
    process imports the main module, which therefore does its work under ``if __name__ == "__main__"``. Raises
    RuntimeError when the process ends before it serves; what went wrong there stands on its stderr.
    """
    serve = partial(_served, story, now, requests_per_minute, latency)
    with in_a_process(serve, attrgetter("base_url", "database_ids")) as ((base_url, database_ids), pid):
        yield NotionProcess(base_url, TOKEN, database_ids, pid)


@contextmanager
def _served(
    story: Callable[[], History], now: datetime, requests_per_minute: int | None, latency: float
) -> Iterator[NotionSandbox]:
    with serve_notion(story(), now=now, requests_per_minute=requests_per_minute, latency=latency) as sandbox:
        yield sandbox
