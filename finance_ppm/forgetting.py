"""Forgetting a page from the command line: find it, ask, keep others off, erase it, say what is out of reach.

Belongs here: what surrounds the erasing. What is erased, and in which order, is ``pipeline.erasure``.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import anyio
import msgspec
import typer
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from finance_ppm import dagster_home, terminal
from finance_ppm.clock import Clock, SystemClock
from finance_ppm.errors import FinancePpmError, SettingsError
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.pipeline.erasure import AlreadyForgottenError, Forgetting, find, forget
from finance_ppm.sandbox.embedded import reachable
from finance_ppm.settings import Config
from finance_ppm.sources.notion.client import NotionClient
from finance_ppm.sources.notion.errors import NotionError
from finance_ppm.sources.notion.pages import UNIDENTIFIED, page_id_of

if TYPE_CHECKING:
    import dagster as dg

PATIENCE = timedelta(minutes=5)
"""How long Dagster's runs may take to end."""

NOTION_PATIENCE = timedelta(seconds=20)
"""How long Notion may take to say whether it has the page: nothing depends on the answer."""


class RunInProgressError(FinancePpmError):
    """A run of Dagster may be writing to the lake."""


def forget_page(
    config: Config, page: str, *, reason: str | None, dry_run: bool, yes: bool, clock: Clock | None = None
) -> None:
    """Show what the lake holds of ``page`` (an id or a link), ask, and erase it.

    Raises :class:`~finance_ppm.errors.SettingsError` where ``page`` names no page or nobody is there to be asked,
    :class:`RunInProgressError`, and what :func:`finance_ppm.pipeline.erasure.forget` raises.
    """
    page_id = page_id_of(page)
    if page_id is None:
        raise SettingsError(f"{page!r} names no page: give the id or the link of one (in Notion: ... > Copy link).")
    if not (dry_run or yes or stdin_is_a_terminal()):
        raise SettingsError("Nobody is there to be asked whether to erase the page: add --yes, or look with --dry-run.")
    clock = clock or SystemClock()
    lake = Lake(config.ppm_lakehouse_uri, clock=clock)
    try:
        terminal.show_traces(find(lake, page_id))
    except AlreadyForgottenError as told:
        terminal.out.print(str(told), highlight=False, soft_wrap=True)
        return
    warning = in_notion(config, page_id, clock.now())
    if warning:
        terminal.out.print(f"[bold yellow]Note:[/] {warning}", highlight=False, soft_wrap=True)
    if dry_run:
        return
    if not yes:
        typer.confirm("Erase it? There is no way back", abort=True)
    with terminal.working("Erasing"):
        done = _erase(config, lake, clock, page_id, reason)
    terminal.show_forgotten(done, dagster_home=str(config.dagster_home.absolute()))


def stdin_is_a_terminal() -> bool:
    """Whether somebody is there to be asked."""
    return sys.stdin.isatty()


def in_notion(config: Config, page_id: str, now: datetime) -> str | None:
    """What to know of the page in Notion, which forgetting does not touch; None where it is gone from there."""
    unasked = (
        "Notion could not be asked for the page: see that it is deleted there, or the next full sync brings it back."
    )
    if config.notion_token is None or page_id.startswith(UNIDENTIFIED):
        return unasked
    try:
        with reachable(config, now):
            trashed = anyio.run(_trashed, config, page_id)
    except TimeoutError:
        return unasked
    except NotionError as error:
        return None if error.status == 404 else f"{unasked} {error}"
    if trashed:
        return "It is in Notion's trash: delete it there for good, as a page that is restored comes back."
    return "It is still in Notion: delete it there, or the next full sync brings it back."


async def _trashed(config: Config, page_id: str) -> bool:
    assert config.notion_token
    with anyio.fail_after(NOTION_PATIENCE.total_seconds()):
        async with NotionClient(
            token=config.notion_token,
            base_url=str(config.notion_base_url),
            version=config.notion_version,
            requests_per_minute=config.notion_requests_per_minute,
        ) as client:
            page = msgspec.json.decode(await client.retrieve_page(page_id), type=dict)
    return page.get("in_trash", page.get("archived")) is True


def _erase(config: Config, lake: Lake, clock: Clock, page_id: str, reason: str | None) -> Forgetting:
    """Erase the page once nothing else is at work, or say what is."""
    waiting = Retrying(
        retry=retry_if_exception_type(RunInProgressError),
        stop=stop_after_delay(PATIENCE.total_seconds()),
        wait=wait_fixed(2),
        reraise=True,
    )
    with _dagster_at_rest(config) as require_rest:
        return waiting(forget, lake, clock, page_id, reason=reason, require_quiet=require_rest)


@contextmanager
def _dagster_at_rest(config: Config) -> Iterator[Callable[[], None]]:
    """Yields what raises :class:`RunInProgressError` while a run is in progress on this project's Dagster instance."""
    if not (config.dagster_home / "dagster.yaml").exists():
        yield lambda: None
        return
    dagster_home.prepare(config)
    import dagster as dg

    with dg.DagsterInstance.get() as instance:
        yield lambda: _require_rest(instance)


def _require_rest(instance: "dg.DagsterInstance") -> None:
    import dagster as dg

    at_work = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
    for record in instance.get_run_records(dg.RunsFilter(statuses=at_work), limit=1):
        run = record.dagster_run
        raise RunInProgressError(
            f"Nothing was erased, as Dagster is at work (run {run.run_id} of {run.job_name}): try again when the run "
            f"has ended, or remove it with `dagster run delete {run.run_id}` if its process is gone."
        )
