"""Sensors: what watches the tables and asks for those whose condition holds."""

import dagster as dg

DOWNSTREAM = dg.AutomationConditionSensorDefinition(
    "downstream_materialisation",
    target=dg.AssetSelection.groups("silver", "gold"),
    # Dagster's own default sensor exists but is stopped.
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=30,
    description="Asks for silver and gold as soon as the data they are made from changes.",
)
