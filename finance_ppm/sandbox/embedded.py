"""The sandbox of a working folder: a Notion, an Azure and exchange rates, served by whoever needs them.

Belongs here: keeping the story's settings in a file, and serving it at the address they name.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from socket import create_connection
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from finance_ppm.settings import SANDBOX_ENV, STATE_FOLDER, Config

if TYPE_CHECKING:
    from finance_ppm.sandbox.azure.server import AzureSandbox
    from finance_ppm.sandbox.notion.server import NotionSandbox
    from finance_ppm.sandbox.rates.server import RatesSandbox

PORT = 7788
"""Where the sandbox's Notion listens unless told otherwise; its Azure listens beside it, at the next port, and its
exchange rates at the one after."""

FOLDER = STATE_FOLDER / "sandbox"
"""The lake and the Dagster home of the sandbox's portfolio, apart from those of a real one."""


@dataclass(frozen=True)
class Sandbox:
    """A Notion, an Azure and exchange rates, told as one story."""

    notion: "NotionSandbox"
    azure: "AzureSandbox"
    rates: "RatesSandbox"

    def set_clock(self, moment: datetime) -> None:
        """Put all clocks forward. Raises ValueError for a moment that has passed."""
        self.notion.set_clock(moment)
        self.azure.set_clock(moment)
        self.rates.set_clock(moment)


@contextmanager
def sandbox_of_this_folder(
    config: Config,
    now: datetime,
    *,
    today: date,
    port: int = PORT,
    azure_port: int | None = None,
    rates_port: int | None = None,
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
    from finance_ppm.sandbox.rates.server import serve_rates

    anchor = config.ppm_sandbox_anchor or today
    pages = pages or config.ppm_sandbox_pages
    seed = config.ppm_sandbox_seed if seed is None else seed
    history = portfolio(anchor=anchor, pages=pages, seed=seed)
    cloud = estate(anchor=anchor, pages=pages, seed=seed)
    with (
        serve_notion(history, now=now, port=_free(port), requests_per_minute=600, moving=True) as notion,
        serve_azure(cloud, now=now, port=_free(azure_port or port + 1), queries_per_window=15, moving=True) as azure,
        serve_rates(now=now, port=_free(rates_port or port + 2), moving=True, seed=seed) as rates,
    ):
        settings = {
            **notion.environment(),
            **azure.environment(),
            **rates.environment(),
            "NOTION_REQUESTS_PER_MINUTE": 600,
            "PPM_LAKEHOUSE_URI": FOLDER / "lake",
            "DAGSTER_HOME": FOLDER / "dagster",
            "PPM_SANDBOX_ANCHOR": anchor,
            "PPM_SANDBOX_PAGES": pages,
            "PPM_SANDBOX_SEED": seed,
        }
        SANDBOX_ENV.parent.mkdir(parents=True, exist_ok=True)
        SANDBOX_ENV.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        yield Sandbox(notion, azure, rates)


@contextmanager
def reachable(config: Config, now: datetime) -> Iterator[None]:
    """While inside, the configured sandbox answers: served from here if nobody does. A real Notion is left alone."""
    url = config.notion_base_url
    if config.ppm_sandbox_anchor is None or _answers(str(url.host), url.port or PORT):
        yield
        return
    # Beside a sandbox's Notion a real Azure or other rates may be configured, which are none of the sandbox's business.
    azure_port = config.azure_resource_manager_url.port if config.azure_resource_manager_url.host == url.host else None
    rates = urlsplit(config.ppm_fx_rates)
    rates_port = rates.port if rates.hostname == url.host else None
    with sandbox_of_this_folder(
        config, now, today=now.date(), port=url.port or PORT, azure_port=azure_port, rates_port=rates_port
    ):
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
