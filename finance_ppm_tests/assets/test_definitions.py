"""The graph as a whole: it loads, every table is in it as it should be, and it changes only on purpose."""

import subprocess
import sys
from pathlib import Path

import dagster as dg

from finance_ppm.assets.spec import DAYS, key
from finance_ppm.contracts import ALL_TABLES, full_name
from finance_ppm.contracts.azure import AzureSnapshots
from finance_ppm.contracts.bronze import NotionRawPages
from finance_ppm.contracts.fx import FxRates
from finance_ppm.contracts.gold import DataQualityMetrics
from finance_ppm.definitions import build_defs
from finance_ppm.quality.rules import EVERY_RULE

SNAPSHOT = Path(__file__).with_name("definitions.txt")


def outline(definitions: dg.Definitions) -> str:
    """Every asset with its inputs and checks, every job, schedule and sensor: a line each."""
    graph = definitions.resolve_asset_graph()
    nodes = {node.key: node.parent_keys for node in graph.asset_nodes}
    lines = [
        f"asset {table.to_user_string()} <- {', '.join(sorted(parent.to_user_string() for parent in nodes[table]))}"
        for table in sorted(nodes)
    ]
    lines += sorted(f"check {found.asset_key.to_user_string()}: {found.name}" for found in graph.asset_check_keys)
    repository = definitions.get_repository_def()
    lines += sorted(f"job {job.name}" for job in repository.get_all_jobs())
    lines += sorted(f"schedule {found.name}: {found.cron_schedule}" for found in repository.schedule_defs)
    lines += sorted(f"sensor {found.name}" for found in repository.sensor_defs)
    return "\n".join(lines) + "\n"


def test_the_graph_is_what_it_was() -> None:
    """After a change made on purpose: ``python -m finance_ppm_tests.assets.test_definitions``."""
    assert outline(build_defs()) == SNAPSHOT.read_text()


def test_the_graph_loads() -> None:
    dg.Definitions.validate_loadable(build_defs())


def test_every_table_is_an_asset_by_day_with_all_that_its_contract_says() -> None:
    graph = build_defs().resolve_asset_graph()
    for table in ALL_TABLES:
        node = graph.get(key(table))
        assert node.partitions_def == DAYS, full_name(table)
        assert node.freshness_policy is not None
        assert node.backfill_policy == dg.BackfillPolicy.multi_run(1)
        assert node.owners == [table.info.owner]
        assert node.code_version
        assert node.kinds
        assert node.description
        schema = node.metadata["dagster/column_schema"]
        assert {column.name for column in schema.columns} == set(table.column_names())


def test_every_rule_is_a_check_on_its_table() -> None:
    checks = {(found.asset_key, found.name) for found in build_defs().resolve_asset_graph().asset_check_keys}
    beside = {
        (key(DataQualityMetrics), "own_rules_are_readable"),
        (key(NotionRawPages), "everything_arrived"),
        (key(AzureSnapshots), "azure_arrived"),
        (key(FxRates), "rates_arrived"),
    }
    assert checks == {(key(rule.table), rule.name) for rule in EVERY_RULE} | beside
    assert len(checks) >= 25


def test_schedules_and_sensors_run_from_the_start() -> None:
    repository = build_defs().get_repository_def()
    assert {found.default_status for found in repository.schedule_defs} == {dg.DefaultScheduleStatus.RUNNING}
    assert {found.default_status for found in repository.sensor_defs} == {dg.DefaultSensorStatus.RUNNING}


def test_loading_starts_no_network_and_writes_no_file(tmp_path: Path) -> None:
    script = (
        "import socket, os\n"
        "def refuse(*a, **k): raise AssertionError('network')\n"
        "socket.socket.connect = refuse\n"
        "import finance_ppm.definitions\n"
        "assert os.listdir('.') == [], os.listdir('.')\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True, timeout=120)


def test_the_whole_graph_is_on_one_screen() -> None:
    source = Path(__file__).parents[2] / "finance_ppm" / "definitions.py"
    assert len(source.read_text().splitlines()) <= 60


if __name__ == "__main__":
    SNAPSHOT.write_text(outline(build_defs()))
