"""What stands between the settings and a working sync: each thing looked at, and what to do about it.

Belongs here: looking, without changing anything.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import anyio
import polars as pl

from finance_ppm.clock import Clock, SystemClock
from finance_ppm.contracts import PAGE_TABLES, notion_properties
from finance_ppm.contracts.bronze import NotionSyncWatermarks
from finance_ppm.errors import FinancePpmError
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.lakehouse.location import local_folder
from finance_ppm.settings import DATABASES, Config
from finance_ppm.sources.notion.client import NotionClient
from finance_ppm.sources.notion.errors import NotionError
from finance_ppm.sources.notion.schema import resolve_properties


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    what: str
    well: bool
    told: str
    """What was found, and where it is not well, what to do."""


@dataclass(frozen=True)
class Health:
    """Everything that was looked at."""

    findings: tuple[Finding, ...]

    @property
    def well(self) -> bool:
        """Nothing stands in the way of a sync."""
        return all(finding.well for finding in self.findings)


def examine(config: Config, clock: Clock | None = None) -> Health:
    """Look at the settings, the token, every database's sharing and properties, and the lake."""
    clock = clock or SystemClock()
    return Health((*_settings(config), *anyio.run(_notion, config), *_lake(config, clock)))


def _settings(config: Config) -> Iterator[Finding]:
    try:
        config.require_notion()
    except FinancePpmError as error:
        yield Finding("settings", False, str(error))
        return
    missing = [name for name in DATABASES if name not in config.database_ids]
    hint = f" Without NOTION_{missing[0].upper()}_DB_ID that table stays empty." if missing else ""
    yield Finding("settings", True, f"{len(config.database_ids)} databases at {config.notion_base_url}.{hint}")


async def _notion(config: Config) -> list[Finding]:
    if config.notion_token is None:
        return []
    async with NotionClient(
        token=config.notion_token,
        base_url=str(config.notion_base_url),
        version=config.notion_version,
        requests_per_minute=config.notion_requests_per_minute,
    ) as client:
        try:
            await client.me()
        except NotionError as error:
            return [Finding("token", False, str(error))]
        found = [Finding("token", True, f"Accepted; Notion API {config.notion_version}.")]
        return found + [await _database(client, name, config.database_ids[name]) for name in config.database_ids]


async def _database(client: NotionClient, name: str, database_id: str) -> Finding:
    try:
        schema = await client.retrieve_database(database_id)
    except NotionError as error:
        return Finding(name, False, str(error))
    drift = resolve_properties(schema, notion_properties(PAGE_TABLES[name]), {}).drift
    if drift:
        return Finding(name, False, " ".join(found.message for found in drift))
    return Finding(name, True, f"Shared, and all of its {len(schema.properties)} properties fit.")


def _lake(config: Config, clock: Clock) -> Iterator[Finding]:
    lake = Lake(config.ppm_lakehouse_uri, clock=clock)
    folder = local_folder(lake.uri)
    if folder is not None:
        found = _writable(Path(folder))
        yield found
        if not found.well:
            return
    newest = lake.scan(NotionSyncWatermarks).group_by("database_name").agg(pl.col("last_read_at").max())
    rows = newest.filter(pl.col("database_name").is_in(list(config.database_ids))).sort("database_name").collect()
    if rows.is_empty():
        yield Finding("last read", True, f"Nothing was synced into {lake.uri} yet: run `notion-sync sync`.")
    for name, moment in rows.iter_rows():
        hours = (clock.now() - moment).total_seconds() / 3600
        remedy = "" if hours < 24 else " That is more than a day: is the sync running? `notion-sync sync` does it now."
        yield Finding(f"last read of {name}", hours < 24, f"{moment:%Y-%m-%d %H:%M} UTC.{remedy}")


def _writable(folder: Path) -> Finding:
    """Whether the lake's folder can be written, or made where it is not there yet. Nothing is made."""
    present = next(path for path in (folder, *folder.parents) if path.exists())
    if present.is_dir() and os.access(present, os.W_OK):
        return Finding("lake", True, f"{folder} can be written.")
    return Finding("lake", False, f"{folder} cannot be written ({present} refuses): set PPM_LAKEHOUSE_URI elsewhere.")
