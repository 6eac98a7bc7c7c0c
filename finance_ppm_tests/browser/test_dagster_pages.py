"""Dagster's own pages in a real browser: the lineage, the checks, and the materialise button, pressed."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import polars as pl
import pytest
from playwright.sync_api import Browser, sync_playwright

from finance_ppm import dagster_home
from finance_ppm.contracts.gold import PpmBudgetVsActual
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.pipeline.engine import SyncEngine
from finance_ppm.sandbox.notion.server import serve_notion
from finance_ppm.sandbox.portfolio import portfolio
from finance_ppm_tests.world import config_for

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
)
PATIENCE = 120_000
"""Milliseconds that a page may take on a busy machine."""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None and not os.environ.get("CI"), reason="needs Chromium (apt-get install chromium)"
    ),
]


@contextmanager
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield opened
        opened.close()


@contextmanager
def dagster(folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """`dagster dev` on a free port; yields its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "dagster", "dev", "-m", "finance_ppm.definitions", "--port", str(port)]
    log = (folder / "dagster.log").open("w")
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        for _ in range(300):
            try:
                httpx.get(f"{url}/server_info", timeout=2).raise_for_status()
                break
            except httpx.HTTPError:
                assert process.poll() is None, (folder / "dagster.log").read_text()[-2000:]
                time.sleep(0.4)
        yield url
    finally:
        process.terminate()
        process.wait(60)
        log.close()


def test_lineage_checks_and_the_materialise_button(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    with serve_notion(portfolio(anchor=now.date(), pages=80), now=now) as sandbox:
        config = config_for(sandbox, tmp_path)
        SyncEngine(config).sync_all()
        home = dagster_home.prepare(config)
        environment = {
            **os.environ,
            **sandbox.environment(),
            "PPM_LAKEHOUSE_URI": config.ppm_lakehouse_uri,
            "DAGSTER_HOME": str(home),
        }
        lake = Lake(config.ppm_lakehouse_uri)
        assert not lake.exists(PpmBudgetVsActual)
        with dagster(tmp_path, environment) as url, browser() as chromium:
            page = chromium.new_page(viewport={"width": 1600, "height": 1000})
            page.set_default_timeout(PATIENCE)

            page.goto(f"{url}/assets/bronze/notion_raw_pages?view=lineage&lineageScope=downstream&lineageDepth=5")
            for layer in ("bronze", "silver", "gold"):
                page.get_by_text(layer, exact=True).first.wait_for()
            page.screenshot(path=tmp_path / "lineage.png")

            page.goto(f"{url}/assets/silver/notion_budget_lines?view=checks")
            page.get_by_text("line_project_not_found").first.wait_for()
            page.get_by_text("line_duplicate").first.wait_for()

            page.goto(f"{url}/assets/gold/ppm_budget_vs_actual")
            page.get_by_role("button", name="Materialize").first.click()
            # Silver was made by `notion-sync`, of which Dagster knows nothing: it asks whether we are sure.
            page.get_by_role("button", name="Confirm").click()
            page.get_by_role("button", name="Latest", exact=True).click()
            page.get_by_role("button", name=re.compile("^Launch")).click()
            for _ in range(300):
                if lake.exists(PpmBudgetVsActual):
                    break
                time.sleep(0.4)
            assert lake.scan(PpmBudgetVsActual).select(pl.len()).collect().item() > 0
            page.goto(f"{url}/runs")
            page.get_by_text("Success").first.wait_for()
