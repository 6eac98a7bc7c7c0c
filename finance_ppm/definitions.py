"""The whole graph on one screen: what there is, where it lives, and when it runs.

Rooms to open next: ``assets`` (one per table), ``automation`` (when), ``quality`` (the rules), ``resources``
(what the assets are given), ``contracts`` (what each table is).
"""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from finance_ppm.assets.azure import azure_arrived, azure_capture
from finance_ppm.assets.bronze import everything_arrived, notion_sync
from finance_ppm.assets.checks import ASSET_CHECKS
from finance_ppm.assets.erasures import erasures
from finance_ppm.assets.gold import GOLD_ASSETS
from finance_ppm.assets.silver import SILVER_ASSETS
from finance_ppm.automation import run_log
from finance_ppm.automation.jobs import JOBS, SCHEDULED_JOBS, schedule
from finance_ppm.automation.run_log import STEPS, steps_logger
from finance_ppm.automation.sensors import DOWNSTREAM
from finance_ppm.resources import default_resources
from finance_ppm.settings import Config


def build_defs(resources: Mapping[str, Any] | None = None) -> dg.Definitions:
    """A fresh graph. ``resources`` replaces some of the default ones, by key: a frozen clock, another lake."""
    return dg.Definitions(
        assets=[notion_sync, erasures, azure_capture, *SILVER_ASSETS, *GOLD_ASSETS],
        asset_checks=[everything_arrived, azure_arrived, *ASSET_CHECKS],
        jobs=JOBS,
        schedules=[schedule(scheduled) for scheduled in SCHEDULED_JOBS],
        sensors=[DOWNSTREAM],
        loggers={"console": dg.colored_console_logger, STEPS: steps_logger},
        resources={**default_resources(Config.from_env()), **(resources or {})},
        # One process for a run: twenty small steps cost half a second, and minutes as processes of their own.
        executor=dg.in_process_executor,
    )


# Dagster's processes come in by this module: from here on their logs are ours.
run_log.set_up(Config.from_env())
defs = build_defs()
