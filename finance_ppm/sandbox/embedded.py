"""The sandbox of a working folder: one story, served by whoever needs it and told the same each time.

Belongs here: keeping the story's settings in a file, and serving it at the address they name.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from socket import create_connection
from typing import TYPE_CHECKING

from finance_ppm.settings import SANDBOX_ENV, STATE_FOLDER, Config

if TYPE_CHECKING:
    from finance_ppm.sandbox.notion.server import NotionSandbox

PORT = 7788
"""Where the sandbox listens unless told otherwise."""

FOLDER = STATE_FOLDER / "sandbox"
"""The lake and the Dagster home of the sandbox's portfolio, apart from those of a real one."""


@contextmanager
def sandbox_of_this_folder(
    config: Config,
    now: datetime,
    *,
    today: date,
    port: int = PORT,
    pages: int | None = None,
    seed: int | None = None,
) -> "Iterator[NotionSandbox]":
    """Serve this folder's story as of ``now``, and write the settings that lead to it into ``.ppm/sandbox.env``.

    The first start fixes the story's day, size and seed; other ``pages`` or another ``seed`` begin another story.
    The sandbox's clock runs on. A port that is in use is replaced by a free one.
    """
    from finance_ppm.sandbox.notion.server import serve_notion
    from finance_ppm.sandbox.portfolio import portfolio

    anchor = config.ppm_sandbox_anchor or today
    pages = pages or config.ppm_sandbox_pages
    seed = config.ppm_sandbox_seed if seed is None else seed
    history = portfolio(anchor=anchor, pages=pages, seed=seed)
    free = 0 if _answers("127.0.0.1", port) else port
    with serve_notion(history, now=now, port=free, requests_per_minute=600, moving=True) as sandbox:
        settings = {
            **sandbox.environment(),
            "NOTION_REQUESTS_PER_MINUTE": 600,
            "PPM_LAKEHOUSE_URI": FOLDER / "lake",
            "DAGSTER_HOME": FOLDER / "dagster",
            "PPM_SANDBOX_ANCHOR": anchor,
            "PPM_SANDBOX_PAGES": pages,
            "PPM_SANDBOX_SEED": seed,
        }
        SANDBOX_ENV.parent.mkdir(parents=True, exist_ok=True)
        SANDBOX_ENV.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        yield sandbox


@contextmanager
def reachable(config: Config, now: datetime) -> Iterator[None]:
    """While inside, the configured sandbox answers: served from here if nobody does. A real Notion is left alone."""
    url = config.notion_base_url
    if config.ppm_sandbox_anchor is None or _answers(str(url.host), url.port or PORT):
        yield
        return
    with sandbox_of_this_folder(config, now, today=now.date(), port=url.port or PORT):
        yield


def _answers(host: str, port: int) -> bool:
    try:
        create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True
