"""Stages to look at, and receivers to tell."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import dagster as dg
import pytest
from pydantic import SecretStr

from finance_ppm_tests.alerting.receivers import WebReceiver, web_receiver
from finance_ppm_tests.automation.alerts.stage import Stage, stage

HOW_TO_GET_POSTGRES = "needs PostgreSQL (Debian: apt-get install postgresql) and the package dagster-postgres"


@pytest.fixture(scope="module")
def slack() -> Iterator[WebReceiver]:
    with web_receiver() as receiver:
        yield receiver


@pytest.fixture
def watched(tmp_path: Path, slack: WebReceiver) -> Iterator[Stage]:
    """A stage whose Dagster keeps everything in memory, in the same tables, and whose alerts go to Slack."""
    slack.posts.clear()
    slack.takes_it()
    slack.before = lambda: None
    with stage(tmp_path, dg.DagsterInstance.ephemeral(), ppm_alert_slack_webhook=SecretStr(slack.url)) as built:
        yield built


@pytest.fixture(scope="session")
def postgres() -> Iterator[dict[str, Any]]:
    """Storage in a throw-away cluster, as ``dagster.yaml`` tells it."""
    binaries = _binaries()
    if binaries is None or find_spec("dagster_postgres") is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(HOW_TO_GET_POSTGRES)
    folder = Path(mkdtemp(prefix="ppm-postgres-", dir="/tmp"))  # a socket's path is short
    as_root = os.geteuid() == 0  # as whom PostgreSQL refuses to run
    if as_root:
        shutil.chown(folder, "postgres")

    def server(program: str, *arguments: str) -> None:
        command = [*(["runuser", "-u", "postgres", "--"] if as_root else []), str(binaries / program), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder)

    data = ["-D", str(folder / "data")]
    options = f"-k {folder} -c listen_addresses='' -c fsync=off"
    server("initdb", *data, "-U", "ppm", "--auth=trust", "-N")
    server("pg_ctl", *data, "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        # SQLAlchemy 2.1 would take psycopg 3, and dagster-postgres brings psycopg2.
        yield {"postgres": {"postgres_url": f"postgresql+psycopg2://ppm@/postgres?host={folder}"}}
    finally:
        server("pg_ctl", *data, "-m", "immediate", "stop")
        shutil.rmtree(folder)


def _binaries() -> Path | None:
    """Where initdb is: on the path, or where Debian puts it."""
    found = shutil.which("initdb")
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return Path(found).resolve().parent if found else places[-1].parent if places else None
