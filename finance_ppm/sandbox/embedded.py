"""The sandbox of a working folder: one story, told by a Notion and an Azure, served by whoever needs it.

Belongs here: keeping the story's settings in a file, and serving it at the address they name.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from socket import create_connection
from typing import TYPE_CHECKING

from finance_ppm.settings import SANDBOX_ENV, STATE_FOLDER, Config

if TYPE_CHECKING:
    from finance_ppm.sandbox.azure.server import AzureSandbox
    from finance_ppm.sandbox.notion.server import NotionSandbox

PORT = 7788
"""Where the sandbox's Notion listens unless told otherwise; its Azure listens beside it, at the next port."""

FOLDER = STATE_FOLDER / "sandbox"
"""The lake and the Dagster home of the sandbox's portfolio, apart from those of a real one."""


@dataclass(frozen=True)
class Sandbox:
    """A Notion and an Azure that tell one story."""

    notion: "NotionSandbox"
    azure: "AzureSandbox"

    def set_clock(self, moment: datetime) -> None:
        """Put both clocks forward. Raises ValueError for a moment that has passed."""
        self.notion.set_clock(moment)
        self.azure.set_clock(moment)


@contextmanager
def sandbox_of_this_folder(
    config: Config,
    now: datetime,
    *,
    today: date,
    port: int = PORT,
    azure_port: int | None = None,
    pages: int | None = None,
    seed: int | None = None,
) -> Iterator[Sandbox]:
    """Serve this folder's story as of ``now``, and write the settings that lead to it into ``.ppm/sandbox.env``.

    The first start fixes the story's day, size and seed; other ``pages`` or another ``seed`` begin another story.
    The sandbox's clock runs on. Ports that are in use are replaced by free ones.
    """
    from finance_ppm.sandbox.azure.server import serve_azure
    from finance_ppm.sandbox.estate.story import estate
    from finance_ppm.sandbox.notion.server import serve_notion
    from finance_ppm.sandbox.portfolio import portfolio

    anchor = config.ppm_sandbox_anchor or today
    pages = pages or config.ppm_sandbox_pages
    seed = config.ppm_sandbox_seed if seed is None else seed
    history = portfolio(anchor=anchor, pages=pages, seed=seed)
    cloud = estate(anchor=anchor, pages=pages, seed=seed)
    with (
        serve_notion(history, now=now, port=_free(port), requests_per_minute=600, moving=True) as notion,
        serve_azure(cloud, now=now, port=_free(azure_port or port + 1), queries_per_window=15, moving=True) as azure,
    ):
        settings = {
            **notion.environment(),
            **azure.environment(),
            "NOTION_REQUESTS_PER_MINUTE": 600,
            "PPM_LAKEHOUSE_URI": FOLDER / "lake",
            "DAGSTER_HOME": FOLDER / "dagster",
            "PPM_SANDBOX_ANCHOR": anchor,
            "PPM_SANDBOX_PAGES": pages,
            "PPM_SANDBOX_SEED": seed,
        }
        SANDBOX_ENV.parent.mkdir(parents=True, exist_ok=True)
        SANDBOX_ENV.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        yield Sandbox(notion, azure)


@contextmanager
def reachable(config: Config, now: datetime) -> Iterator[None]:
    """While inside, the configured sandbox answers: served from here if nobody does. A real Notion is left alone."""
    url = config.notion_base_url
    if config.ppm_sandbox_anchor is None or _answers(str(url.host), url.port or PORT):
        yield
        return
    # Beside a sandbox's Notion a real Azure may be configured, which is none of the sandbox's business.
    azure_port = config.azure_resource_manager_url.port if config.azure_resource_manager_url.host == url.host else None
    with sandbox_of_this_folder(config, now, today=now.date(), port=url.port or PORT, azure_port=azure_port):
        yield


def _free(port: int) -> int:
    """The port, or 0 for a free one where it is in use."""
    return 0 if _answers("127.0.0.1", port) else port


def _answers(host: str, port: int) -> bool:
    try:
        create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True
