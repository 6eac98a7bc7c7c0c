"""What Dagster is told of a table, derived from its contract: description, columns, lineage, owner, freshness."""

import hashlib
from collections.abc import Callable, Iterable
from inspect import getdoc
from typing import Any

import dagster as dg

from finance_ppm.contracts import Layer, Table, full_name, lineage, physical_columns
from finance_ppm.contracts.azure import AZURE_BRONZE_TABLES
from finance_ppm.contracts.ddl import sql_type
from finance_ppm.contracts.fx import FX_TABLES
from finance_ppm.settings import Config

DAYS = dg.DailyPartitionsDefinition(
    start_date=Config.from_env().ppm_start_date.isoformat(),
    end_offset=1,  # today exists from its first second
    timezone="UTC",
)
"""The one partition definition: the as-of day, in UTC. See docs/decisions/one-daily-partition.md."""

ONE_DAY_A_RUN = dg.BackfillPolicy.multi_run(max_partitions_per_run=1)
LAKE_IO = "lake_io"
"""Resource key of the IO manager that keeps every table."""


def key(table: type[Table]) -> dg.AssetKey:
    """The table's asset key."""
    return dg.AssetKey(full_name(table).split("/"))


def spec(table: type[Table], automation: dg.AutomationCondition[Any] | None = None) -> dg.AssetSpec:
    """The table's asset, without its dependencies."""
    return dg.AssetSpec(
        key(table),
        description=description(table),
        group_name=table.info.layer.value,
        metadata=metadata(table),
        owners=[table.info.owner],
        tags=tags(table),
        kinds=kinds(table),
        code_version=code_version(table),
        freshness_policy=dg.FreshnessPolicy.time_window(
            fail_window=table.info.freshness.fail, warn_window=table.info.freshness.warn
        ),
        automation_condition=automation,
    )


def table_asset(
    table: type[Table],
    *,
    deps: Iterable[type[Table]] = (),
    automation: dg.AutomationCondition[Any] | None = None,
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """``@dg.asset`` for a table: all but its function follows from the contract."""
    described = spec(table, automation)
    decorate: Callable[[Callable[..., Any]], dg.AssetsDefinition] = dg.asset(
        key=described.key,
        deps=[key(source) for source in deps],
        description=described.description,
        group_name=described.group_name,
        metadata=described.metadata,
        owners=described.owners,
        tags=tags(table),
        kinds=kinds(table),
        code_version=described.code_version,
        freshness_policy=described.freshness_policy,
        automation_condition=automation,
        partitions_def=DAYS,
        backfill_policy=ONE_DAY_A_RUN,
        io_manager_key=LAKE_IO,
        pool=full_name(table).replace("/", "_"),
    )
    return decorate


def description(table: type[Table]) -> str:
    """The contract's docstring, and where it parts from the plan."""
    text = getdoc(table) or ""
    return f"{text}\n\nParts from the plan: {table.info.departures}" if table.info.departures else text


def tags(table: type[Table]) -> dict[str, str]:
    """What the catalogue can be filtered by."""
    return {"layer": table.info.layer.value, "write": table.info.write.value}


def kinds(table: type[Table]) -> set[str]:
    """Icons in Dagster's catalogue."""
    if table.info.layer is not Layer.BRONZE:
        return {"deltalake", "polars"}
    if table in FX_TABLES:
        return {"deltalake"}
    return {"deltalake", "azure" if table in AZURE_BRONZE_TABLES else "notion"}


def code_version(table: type[Table]) -> str:
    """Changes with the contract, so that Dagster marks what was made under another one."""
    columns = "\n".join(f"{name} {sql_type(table, name)}" for name in physical_columns(table))
    return hashlib.sha256(f"{columns}\n{table.primary_key()}".encode()).hexdigest()[:12]


def metadata(table: type[Table]) -> dict[str, Any]:
    """Column schema and column lineage, as Dagster's catalogue shows them."""
    columns = table.columns()
    schema = dg.TableSchema(
        columns=[
            dg.TableColumn(
                name,
                type=sql_type(table, name),
                description=columns[name].description,
                constraints=dg.TableColumnConstraints(
                    nullable=columns[name].nullable, unique=table.primary_key() == [name]
                ),
            )
            for name in physical_columns(table)
        ]
    )
    found: dict[str, Any] = {"dagster/column_schema": schema, "dagster/table_name": full_name(table).replace("/", ".")}
    if lineage(table):
        found["dagster/column_lineage"] = dg.TableColumnLineage(
            {
                name: [
                    dg.TableColumnDep(dg.AssetKey(source.split(".")[0].split("/")), source.split(".")[1])
                    for source in sources
                ]
                for name, sources in lineage(table).items()
            }
        )
    return found
