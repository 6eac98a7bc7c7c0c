"""The Dagster instance of this project: where it keeps its runs, and running the graph in this process.

Belongs here: what the command line needs of Dagster. The graph itself is ``definitions``.
"""

import os
import shutil
from collections.abc import Callable, Collection
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from finance_ppm.errors import FinancePpmError
from finance_ppm.settings import Config

if TYPE_CHECKING:
    import dagster as dg

PROJECT = Path(__file__).resolve().parent.parent


class RunFailedError(FinancePpmError):
    """A run of the graph ended red."""


def prepare(config: Config) -> Path:
    """Make Dagster's home, with the project's ``dagster.yaml`` in it; every process started from here uses it."""
    home = config.dagster_home.absolute()
    home.mkdir(parents=True, exist_ok=True)
    settings = PROJECT / "dagster.yaml"
    if settings.exists() and home != PROJECT:
        shutil.copyfile(settings, home / "dagster.yaml")
    os.environ["DAGSTER_HOME"] = str(home)
    os.environ.update(log_options(config))
    return home


def log_options(config: Config) -> dict[str, str]:
    """LOG_LEVEL and LOG_FORMAT as options, by environment variable, of Dagster's programs that never run our code.

    The web server, the daemon and the proxy of a code server log in Dagster's own JSON (``event`` for our
    ``message``). Where our code runs, in code servers and runs, ``definitions`` sets up our log.
    """
    level, style = config.log_level.lower(), "json" if config.log_format == "json" else "colored"
    return {
        "DAGSTER_CLI_DEV_LOG_LEVEL": level,
        "DAGSTER_CLI_DEV_LOG_FORMAT": style,
        "DAGSTER_CLI_DEV_CODE_SERVER_LOG_LEVEL": level,
        "DAGSTER_CLI_CODE_SERVER_START_LOG_FORMAT": style,
        "DAGSTER_CLI_API_GRPC_LOG_FORMAT": style,
    }


def run_day(
    definitions: "dg.Definitions",
    instance: "dg.DagsterInstance",
    day: date,
    *,
    job_name: str | None = None,
    layers: Collection[str] | None = None,
    step_done: Callable[[str], None] | None = None,
) -> "dg.ExecuteInProcessResult":
    """Materialise the whole graph, or the given layers, for a day, in this process and without a server.

    ``job_name`` runs it as that scheduled job, so that it counts as one of the job's runs. ``step_done`` is told the
    name of each step that has succeeded. Raises :class:`RunFailedError` with the failed steps' own words.
    """
    from finance_ppm.automation.run_log import TO_STEPS, told_of_steps

    graph = definitions.resolve_asset_graph()
    chosen = [key for key in graph.executable_asset_keys if layers is None or key.path[0] in layers]
    job = definitions.resolve_job_def(job_name) if job_name else definitions.resolve_implicit_global_asset_job_def()
    with told_of_steps(step_done or (lambda _: None)):
        result = job.execute_in_process(
            run_config=TO_STEPS,
            instance=instance,
            partition_key=day.isoformat(),
            asset_selection=None if job_name else chosen,
            raise_on_error=False,
        )
    if not result.success:
        words = " ".join(f"{event.step_key}: {step_words(event)}" for event in result.get_step_failure_events())
        raise RunFailedError(f"The run for {day} failed. {words or 'Dagster shows why.'}")
    return result


def step_words(event: "dg.DagsterEvent") -> str:
    """What a failed step said: its own sentence where it gave one, else the error's last line."""
    data = event.step_failure_data
    if data.user_failure_data and data.user_failure_data.description:
        return data.user_failure_data.description
    error = data.error and (data.error.cause or data.error)
    return error.message.strip() if error else "no reason given"
