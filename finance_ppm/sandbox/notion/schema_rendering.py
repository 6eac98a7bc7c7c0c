"""Shows databases, data sources and properties as JSON, in each version of the API.

Belongs here: the shape of schemas in answers. Pages are ``rendering``'s.
"""

from typing import Any, Final
from urllib.parse import unquote

from finance_ppm.sandbox.notion.schema import OPTION_TYPES, Database, DataSource, Property, deterministic_id
from finance_ppm.sandbox.notion.values import floored, page_time, plain_text, shown_runs
from finance_ppm.sandbox.notion.versions import Version
from finance_ppm.sandbox.notion.workspace import Workspace

_STATUS_GROUPS: Final = (("To-do", "gray"), ("In progress", "blue"), ("Complete", "green"))


def show_database(workspace: Workspace, database: Database, version: Version) -> dict[str, Any]:
    """A database: the container of data sources, or in the old version the table itself."""
    if version.has_data_sources:
        return _container(database, version)
    source = next(iter(database.visible_sources), database.sources[0])
    return {
        "object": "database",
        "id": database.id,
        "cover": database.cover,
        "icon": database.icon,
        "created_time": page_time(floored(database.created)),
        "created_by": {"object": "user", "id": workspace.author},
        "last_edited_by": {"object": "user", "id": workspace.author},
        "last_edited_time": page_time(floored(database.edited)),
        "title": shown_runs(database.title),
        "description": shown_runs(database.description),
        "is_inline": database.is_inline,
        "properties": _properties(workspace, source, version),
        "parent": database.parent,
        "url": f"https://www.notion.so/{database.id.replace('-', '')}",
        "public_url": None,
        "archived": database.in_trash,
        "in_trash": database.in_trash,
    }


def _container(database: Database, version: Version) -> dict[str, Any]:
    shown = {
        "object": "database",
        "id": database.id,
        "title": shown_runs(database.title),
        "description": shown_runs(database.description),
        "parent": database.parent,
        "is_inline": database.is_inline,
        "in_trash": database.in_trash,
        "is_locked": False,
        "created_time": database.created.isoformat(timespec="milliseconds"),
        "last_edited_time": database.edited.isoformat(timespec="milliseconds"),
        "data_sources": [{"id": source.id, "name": plain_text(source.title)} for source in database.visible_sources],
        "icon": database.icon,
        "cover": database.cover,
        "url": f"https://www.notion.so/{database.id.replace('-', '')}",
        "public_url": None,
    }
    return shown | ({"archived": database.in_trash} if version.has_archived else {})


def show_data_source(workspace: Workspace, source: DataSource, version: Version) -> dict[str, Any]:
    """A data source with its properties."""
    shown = {
        "object": "data_source",
        "id": source.id,
        "cover": source.cover,
        "icon": source.icon,
        "created_time": page_time(floored(source.created)),
        "created_by": {"object": "user", "id": workspace.author},
        "last_edited_by": {"object": "user", "id": workspace.author},
        "last_edited_time": page_time(floored(source.edited)),
        "title": shown_runs(source.title),
        "description": shown_runs(source.description),
        "is_inline": source.database.is_inline,
        "properties": _properties(workspace, source, version),
        "parent": {"type": "database_id", "database_id": source.database.id},
        "database_parent": source.database.parent,
        "url": f"https://www.notion.so/{source.database.id.replace('-', '')}",
        "public_url": None,
        "in_trash": source.in_trash,
    }
    return shown | ({"archived": source.in_trash} if version.has_archived else {})


def _properties(workspace: Workspace, source: DataSource, version: Version) -> dict[str, Any]:
    return {
        prop.name: _property(prop, source, workspace.target(prop, source), version)
        for prop in source.properties.values()
        if workspace.is_visible(prop, source)
    }


def _property(prop: Property, source: DataSource, target: DataSource | None, version: Version) -> dict[str, Any]:
    """A property as schemas show it; ``target`` is where a relation, or the relation of a rollup, leads."""
    return {
        "id": prop.id,
        "name": prop.name,
        "description": prop.description,
        "type": prop.type,
        prop.type: _configuration(prop, source, target, version),
    }


def _configuration(prop: Property, source: DataSource, target: DataSource | None, version: Version) -> dict[str, Any]:
    if prop.type == "relation":
        return _relation(prop, target, version)
    if prop.type == "rollup":
        return _rollup(prop, source, target)
    if prop.type in OPTION_TYPES:
        return {"options": _options(prop)} | ({"groups": _groups(prop)} if prop.type == "status" else {})
    own: dict[str, dict[str, Any]] = {
        "number": {"format": prop.number_format},
        "unique_id": {"prefix": prop.prefix},
        "formula": {"expression": prop.expression},
    }
    return own.get(prop.type, {})


def _rollup(prop: Property, source: DataSource, target: DataSource | None) -> dict[str, Any]:
    relation = source.properties.get(prop.relation_id)
    looked_up = target.properties.get(prop.rollup_id) if target else None
    return {
        "rollup_property_name": looked_up.name if looked_up else "",
        "relation_property_name": relation.name if relation else "",
        "rollup_property_id": unquote(prop.rollup_id),
        "relation_property_id": unquote(prop.relation_id),
        "function": prop.function,
    }


def _relation(prop: Property, target: DataSource | None, version: Version) -> dict[str, Any]:
    shown: dict[str, Any] = {"database_id": target.database.id if target else None}
    if version.has_data_sources:
        shown["data_source_id"] = prop.target
    if prop.synced_id is None:
        return shown | {"type": "single_property", "single_property": {}}
    other = target.properties.get(prop.synced_id) if target else None
    synced = {"synced_property_name": other.name if other else "", "synced_property_id": prop.synced_id}
    return shown | {"type": "dual_property", "dual_property": synced}


def _options(prop: Property) -> list[dict[str, Any]]:
    return [option.as_value() | {"description": option.description} for option in prop.options.values()]


def _groups(prop: Property) -> list[dict[str, Any]]:
    """The three groups of a status: the first option is to do, the last is complete, the rest are in progress."""
    ids = [option.id for option in prop.options.values()]
    members = (ids[:1], ids[1:-1], ids[1:][-1:])
    return [
        {"id": deterministic_id("group", prop.id, name), "name": name, "color": color, "option_ids": list(group)}
        for (name, color), group in zip(_STATUS_GROUPS, members, strict=True)
    ]
