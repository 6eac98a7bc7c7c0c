"""The whole graph on one screen: what there is, where it lives, and when it runs.

Rooms to open next: ``assets`` (one per table), ``automation`` (when), ``quality`` (the rules), ``resources``
(what the assets are given), ``contracts`` (what each table is).
"""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from finance_ppm.assets.azure import azure_arrived, azure_capture
from finance_ppm.assets.bronze import everything_arrived, notion_sync
from finance_ppm.assets.checks import asset_checks
from finance_ppm.assets.fx import fx_capture, rates_arrived
from finance_ppm.assets.gold import GOLD_ASSETS
from finance_ppm.assets.records import RECORDS
from finance_ppm.assets.silver import SILVER_ASSETS
from finance_ppm.automation import run_log
from finance_ppm.automation.alerts.sensor import alerts_sensor
from finance_ppm.automation.jobs import JOBS, SCHEDULED_JOBS, schedule
from finance_ppm.automation.maintenance import lake_maintenance
from finance_ppm.automation.run_log import STEPS, steps_logger
from finance_ppm.automation.sensors import DOWNSTREAM
from finance_ppm.quality.own_rules import read_own_rules
from finance_ppm.resources import default_resources
from finance_ppm.settings import Config


def build_defs(resources: Mapping[str, Any] | None = None) -> dg.Definitions:
    """A fresh graph. ``resources`` replaces some of the default ones, by key: a frozen clock, another lake."""
    config = Config.from_env()
    return dg.Definitions(
        assets=[notion_sync, azure_capture, fx_capture, *SILVER_ASSETS, *GOLD_ASSETS, *RECORDS],
        asset_checks=[everything_arrived, azure_arrived, rates_arrived, *asset_checks(read_own_rules(config))],
        jobs=[*JOBS, lake_maintenance],
        schedules=[schedule(scheduled) for scheduled in SCHEDULED_JOBS],
        sensors=[DOWNSTREAM, alerts_sensor()],
        loggers={"console": dg.colored_console_logger, STEPS: steps_logger},
        resources={**default_resources(config), **(resources or {})},
        # One process for a run: twenty small steps cost half a second, and minutes as processes of their own.
        executor=dg.in_process_executor,
    )


# Dagster's processes come in by this module: from here on their logs are ours.
run_log.set_up(Config.from_env())
defs = build_defs()
