"""The demo: a sandbox with a portfolio in it, its last month ends replayed, and Dagster opened on the result.

Belongs here: putting the product and its sandbox together. The product itself cannot tell that it is a demo: it
reads the sandbox's address, token and database ids like any other settings.
"""

import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from typing import TYPE_CHECKING

import httpx

from finance_ppm import dagster_home, terminal
from finance_ppm.clock import Clock, SystemClock
from finance_ppm.contracts import Table, history_of
from finance_ppm.contracts.gold import ControlRoomStatus, DataQualityMetrics, PpmBudgetVsActual
from finance_ppm.day import replay_day, run_graph, summary
from finance_ppm.errors import FinancePpmError
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.sandbox.embedded import sandbox_of_this_folder
from finance_ppm.settings import SANDBOX_ENV, Config

if TYPE_CHECKING:
    from finance_ppm.sandbox.embedded import Sandbox

MONTH_ENDS = 6
"""Month ends that a first start replays, so that histories are not empty."""

REPLAYED: tuple[type[Table], ...] = (PpmBudgetVsActual, DataQualityMetrics, ControlRoomStatus)
"""A month end is done once all of these have it; the findings may lawfully be none."""

AFTERNOON = time_of_day(18, 0, tzinfo=UTC)
"""When a replayed month end is read."""

PATIENCE = timedelta(minutes=2)
"""How long the web server may take to answer."""


class DemoError(FinancePpmError):
    """The demo cannot go on."""


def run_demo(*, once: bool, pages: int | None, port: int, clock: Clock | None = None) -> None:
    """Fill the lake, print its summary, and unless ``once`` open Dagster on it until interrupted.

    Without a configured token the sandbox is served meanwhile, and read.
    """
    clock = clock or SystemClock()
    config = Config.from_env()
    with ExitStack() as stack:
        if config.notion_token is None or config.ppm_sandbox_anchor is not None:
            terminal.mention("No NOTION_TOKEN is set: serving a sandbox Notion and Azure with a portfolio in them.")
            sandbox = stack.enter_context(
                sandbox_of_this_folder(config, _first_moment(clock), today=clock.today(), pages=pages)
            )
            config = Config.from_env()
            _replay_month_ends(config, sandbox, clock)
        config.require_notion()
        lake = Lake(config.ppm_lakehouse_uri, clock=clock)
        today = clock.today()
        with terminal.working(f"Materialising today, {today}") as step_done:
            if config.reads_azure:
                run_graph(config, today, job_name="azure_rg_ingest_bronze", step_done=step_done)
            run_graph(config, today, job_name="new_day", step_done=step_done)
            run_graph(config, today, job_name="control_room_status_refresh", step_done=step_done)
        terminal.show_portfolio(summary(lake, today))
        terminal.out.print(f"Delta tables: {lake.uri}", highlight=False, soft_wrap=True)
        if not once:
            _open_dagster(config, port)


def serve_sandbox(*, port: int, pages: int | None, seed: int | None, clock: Clock | None = None) -> None:
    """Serve this folder's sandbox alone until interrupted."""
    now = (clock or SystemClock()).now()
    with sandbox_of_this_folder(Config.from_env(), now, today=now.date(), port=port, pages=pages, seed=seed) as sandbox:
        terminal.show_addresses(
            {
                "Notion sandbox": sandbox.notion.base_url,
                "Azure sandbox": sandbox.azure.base_url,
                "Exchange rates": sandbox.rates.base_url,
                "Their settings": str(SANDBOX_ENV),
            }
        )
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            terminal.mention("Stopping ...")


def _first_moment(clock: Clock) -> datetime:
    """Where the sandbox's clock begins, before all that is replayed: it only ever goes forward."""
    return datetime.combine(month_ends_before(clock.today())[0], AFTERNOON) - timedelta(hours=1)


def _replay_month_ends(config: Config, sandbox: "Sandbox", clock: Clock) -> None:
    """Sync and compute each of the last month ends that the lake has no gold of, as that day would have."""
    if str(config.azure_resource_manager_url).rstrip("/") != sandbox.azure.base_url:
        # Past days of the story are none of a real Azure, which is as it is today.
        config = config.without_azure()
    lake = Lake(config.ppm_lakehouse_uri, clock=clock)
    known = set.intersection(*(_days_in_history(lake, table) for table in REPLAYED))
    days = [
        day
        for day in month_ends_before(clock.today())
        if day >= config.ppm_start_date and (not known or day > max(known))
    ]
    for number, day in enumerate(days, 1):
        moment = datetime.combine(day, AFTERNOON)
        sandbox.set_clock(moment)
        with terminal.working(f"Replaying month end {day} ({number} of {len(days)})") as step_done:
            replay_day(config, moment, step_done=step_done)
    sandbox.set_clock(clock.now())


def _days_in_history(lake: Lake, table: type[Table]) -> set[date]:
    return set(lake.scan(history_of(table)).select("as_of_date").unique().collect()["as_of_date"])


def month_ends_before(today: date, count: int = MONTH_ENDS) -> list[date]:
    """The last days of the ``count`` months before ``today``'s, the earliest first."""
    ends: list[date] = []
    first = today.replace(day=1)
    for _ in range(count):
        ends.append(first - timedelta(days=1))
        first = ends[-1].replace(day=1)
    return ends[::-1]


def _open_dagster(config: Config, port: int) -> None:
    """Dagster's web server and daemon until interrupted, with the addresses to look at."""
    home = dagster_home.prepare(config)
    log = home / "dagster.log"
    command = [sys.executable, "-m", "dagster", "dev", "-m", "finance_ppm.definitions", "--port", str(port)]
    url = f"http://127.0.0.1:{port}"
    if _answers(url):
        raise DemoError(f"Something answers at {url} already: end it, or name another port with --port.")
    for asked_to_end in (signal.SIGINT, signal.SIGTERM):  # running the graph in this process has changed what they do
        signal.signal(asked_to_end, signal.default_int_handler)
    with log.open("w") as output, subprocess.Popen(command, stdout=output, stderr=output) as dagster:  # noqa: S603 - our own interpreter
        try:
            with terminal.working("Starting Dagster's web server and daemon"):
                _wait_for(url, dagster, str(log))
            terminal.show_addresses(
                {
                    "Lineage": f"{url}/asset-groups",
                    "Runs": f"{url}/runs",
                    "Schedules and sensors": f"{url}/automation",
                    "Notion, read from": str(config.notion_base_url),
                    **({"Azure, read from": str(config.azure_resource_manager_url)} if config.reads_azure else {}),
                }
            )
            dagster.wait()
        except KeyboardInterrupt:
            terminal.mention("Stopping ...")
        finally:
            dagster.terminate()
            dagster.wait()


def _wait_for(url: str, dagster: "subprocess.Popen[bytes]", log: str) -> None:
    deadline = time.monotonic() + PATIENCE.total_seconds()
    while not _answers(url):
        if dagster.poll() is not None or time.monotonic() > deadline:
            raise DemoError(f"Dagster did not start at {url}: {log} says why.")
        time.sleep(0.3)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/server_info", timeout=2).is_success
    except httpx.HTTPError:
        return False
