"""A team's databases as Notion describes them, with all that tells one property from another.

Belongs here: asking Notion, and keeping types, options, targets and number formats. Does not belong here: judging them.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from finance_ppm.onboarding.mapping_match import ELSEWHERE, TheirProperty
from finance_ppm.settings import Config
from finance_ppm.sources.notion.client import NotionClient
from finance_ppm.sources.notion.errors import NotionError
from finance_ppm.sources.notion.transport import Errand

_NO_MONEY = frozenset({"number", "number_with_commas", "percent"})
"""Number formats that are no currency. https://developers.notion.com/reference/property-object#number"""

_Described = list[dict[str, Any]]
"""The data sources of a database, or the database itself before there were any, as Notion tells them."""


async def read_schemas(config: Config) -> dict[str, tuple[TheirProperty, ...]]:
    """The properties of every configured database; of several data sources together, each name once.

    One request for each database, and one for each data source. Raises :class:`SettingsError` where the settings do
    not lead to a Notion, and :class:`NotionError`.
    """
    token = config.require_notion()
    async with NotionClient(
        token=token,
        base_url=str(config.notion_base_url),
        version=config.notion_version,
        requests_per_minute=config.notion_requests_per_minute,
    ) as client:
        described = {name: await _describe(client, name, told) for name, told in config.database_ids.items()}
    ids = {told: name for name, told in config.database_ids.items()}
    ids |= {told["id"]: name for name, sources in described.items() for told in sources}
    return {name: tuple(_properties(sources, ids)) for name, sources in described.items()}


async def _describe(client: NotionClient, name: str, database_id: str) -> _Described:
    errand = Errand(f"the {name} database {database_id}")
    database = await client.describe_database(database_id, errand)
    if not client.has_data_sources:
        return [database]
    ids = [source["id"] for source in database.get("data_sources", ())]
    if not ids:
        raise NotionError(
            f"Notion shows no data source of {errand.about}: share it with the integration (in Notion: ... > "
            "Connections).",
            code="no_data_source",
        )
    return [await client.describe_data_source(source, errand) for source in ids]


def _properties(sources: _Described, ids: Mapping[str, str]) -> Iterator[TheirProperty]:
    """Each property once, as the first data source that has it tells it."""
    seen: set[str] = set()
    for source in sources:
        for name, told in source.get("properties", {}).items():
            if name not in seen:
                seen.add(name)
                yield _property(name, told, ids)


def _property(name: str, told: Mapping[str, Any], ids: Mapping[str, str]) -> TheirProperty:
    kind = told["type"]
    config = told.get(kind) or {}
    targets = {ids.get(config.get(key) or "") for key in ("database_id", "data_source_id")} - {None}
    return TheirProperty(
        name,
        kind,
        tuple(option["name"] for option in config.get("options", ())),
        next(iter(targets), ELSEWHERE) if kind == "relation" else None,
        kind == "number" and config.get("format", "number") not in _NO_MONEY,
    )
