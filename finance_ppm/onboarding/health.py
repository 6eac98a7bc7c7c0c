"""What stands between the settings and a working sync: each thing looked at, and what to do about it.

Belongs here: looking, without changing anything. What the lake says of earlier reads is ``lake_health``'s.
"""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import anyio

from finance_ppm.clock import Clock, SystemClock
from finance_ppm.column_mapping import ColumnMapping
from finance_ppm.contracts import NotionProperty
from finance_ppm.errors import FinancePpmError, SettingsError
from finance_ppm.onboarding.finding import Finding
from finance_ppm.onboarding.lake_health import look_at_lake
from finance_ppm.onboarding.mapping import wrong_words
from finance_ppm.pipeline.watermarks import Watermark
from finance_ppm.settings import DATABASES, NOTION_API, Config
from finance_ppm.sources.notion.client import NotionClient
from finance_ppm.sources.notion.drift import schema_drift
from finance_ppm.sources.notion.errors import NotionError
from finance_ppm.sources.notion.reader import QUERY_LIMIT
from finance_ppm.sources.notion.schema import Drift
from finance_ppm.sources.notion.transport import PAGE_SIZE, Errand

USUAL_BUDGET, LARGEST_BUDGET = 180, 600
"""Requests a minute on most Notion plans, and on Business and Enterprise
(https://developers.notion.com/reference/request-limits)."""

NEAR_LIMIT = QUERY_LIMIT * 9 // 10

_HARMLESS = frozenset({Drift.RENAMED, Drift.OPTION_ADDED})
"""Read as before: worth knowing, and in nobody's way."""


@dataclass(frozen=True)
class Health:
    """Everything that was looked at."""

    findings: tuple[Finding, ...]

    @property
    def well(self) -> bool:
        """Nothing stands in the way of a sync."""
        return all(finding.well for finding in self.findings)


def examine(config: Config, clock: Clock | None = None) -> Health:
    """Look at the settings, the token, every database's sharing and properties, the limits and the lake."""
    settings = list(_settings(config))
    stored, lake = look_at_lake(config, clock or SystemClock())
    try:
        mapping = ColumnMapping.from_config(config)
    except SettingsError as error:
        return Health((*settings, Finding("column names", False, str(error)), *lake))
    words = _words(config, mapping)
    notion = anyio.run(_notion, config, mapping, stored)
    return Health((*settings, *words, *notion, *_limits(config, stored), *lake))


def _settings(config: Config) -> Iterator[Finding]:
    try:
        config.require_notion()
    except FinancePpmError as error:
        yield Finding("settings", False, str(error))
        return
    missing = [name for name in DATABASES if name not in config.database_ids]
    hint = f" Without NOTION_{missing[0].upper()}_DB_ID that table stays empty." if missing else ""
    yield Finding("settings", True, f"{len(config.database_ids)} databases at {config.notion_base_url}.{hint}")


def _words(config: Config, mapping: ColumnMapping) -> Iterator[Finding]:
    for wrong in wrong_words(mapping):
        told = f"{config.ppm_notion_mapping}, {wrong.database} > {wrong.column}: {wrong.told}"
        yield Finding("column names", False, told)


async def _notion(config: Config, mapping: ColumnMapping, stored: Mapping[str, Watermark]) -> list[Finding]:
    if config.notion_token is None:
        return []
    async with NotionClient(
        token=config.notion_token,
        base_url=str(config.notion_base_url),
        version=config.notion_version,
        requests_per_minute=config.notion_requests_per_minute,
    ) as client:
        try:
            me = await client.me()
        except NotionError as error:
            return [Finding("token", False, str(error))]
        workspace = (me.get("bot") or {}).get("workspace_name")
        home = f" in the workspace {workspace!r}" if workspace else ""
        token = Finding(
            "token", True, f"Accepted: the integration {me.get('name')!r}{home}; Notion API {config.notion_version}."
        )
        looks = (
            _database(client, name, database_id, mapping.properties(name), stored.get(name))
            for name, database_id in config.database_ids.items()
        )
        return [token, *await asyncio.gather(_capabilities(client), *looks)]


async def _capabilities(client: NotionClient) -> Finding:
    """What an integration may do is told nowhere; it is seen where it may not."""
    what = "capabilities"
    try:
        if await client.can_read_users():
            return Finding(what, True, "It may see who people are; whether it may read content, the databases tell.")
    except NotionError as error:
        return Finding(what, False, str(error))
    return Finding(
        what,
        True,
        "It may not see who people are, so that owners are ids: allow 'Read user information' in the integration's "
        "capabilities if you want names.",
    )


async def _database(
    client: NotionClient,
    name: str,
    database_id: str,
    wanted: Mapping[str, NotionProperty],
    watermark: Watermark | None,
) -> Finding:
    """One database: shared, its data sources, its properties against what was read before or is wanted."""
    errand = Errand(f"the {name.replace('_', ' ')} database {database_id}")
    try:
        schema = await client.retrieve_database(database_id, errand)
    except NotionError as error:
        return Finding(name, False, str(error))
    known = watermark.known_schema(wanted) if watermark and watermark.database_id == database_id else None
    before = known.schema if known else None
    drift = schema_drift(before, schema.following(before), wanted, known.property_ids if known else {}).drift
    sources = len(schema.data_source_ids)
    held = f" in {sources} data source{'s' if sources > 1 else ''}" if sources else ""
    if drift:
        return Finding(
            name, all(found.kind in _HARMLESS for found in drift), " ".join(found.message for found in drift)
        )
    return Finding(name, True, f"Shared, and all of its {len(schema.properties)} properties{held} fit.")


def _limits(config: Config, stored: Mapping[str, Watermark]) -> Iterator[Finding]:
    rate = config.notion_requests_per_minute
    real = str(config.notion_base_url).startswith(NOTION_API)
    if real and rate > LARGEST_BUDGET:
        told = f"Notion grants {LARGEST_BUDGET} requests a minute at most: set NOTION_REQUESTS_PER_MINUTE to that."
        yield Finding("request budget", False, f"{rate:,} requests a minute. {told}")
    else:
        hint = (
            f" More than {USUAL_BUDGET} is granted on Business and Enterprise plans only."
            if rate > USUAL_BUDGET
            else ""
        )
        yield Finding("request budget", True, f"{rate:,} requests a minute.{hint}")
    pages = {
        name: stored[name].page_count or 0
        for name, identity in config.database_ids.items()
        if name in stored and stored[name].database_id == identity and stored[name].page_count is not None
    }
    if not pages:
        return
    requests = sum(max(1, -(-count // PAGE_SIZE)) for count in pages.values()) + 2 * len(pages)
    waits = (requests - 1) // rate
    time = f"at least {waits} minute{'s' if waits > 1 else ''}" if waits else "within one minute's budget"
    windows = [f"{name.replace('_', ' ')} ({count:,})" for name, count in pages.items() if count >= NEAR_LIMIT]
    hint = (
        f" A query ends at {QUERY_LIMIT:,} pages: {', '.join(windows)} is read in windows of creation time, whole."
        if windows
        else ""
    )
    yield Finding("full read", True, f"{sum(pages.values()):,} pages take about {requests:,} requests, {time}.{hint}")
