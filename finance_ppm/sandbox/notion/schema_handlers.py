"""Endpoints of databases and data sources: reading, creating and changing them."""

from typing import Any

from finance_ppm.sandbox.notion.calls import Answer, Call
from finance_ppm.sandbox.notion.errors import UNDEFINED, invalid, not_found
from finance_ppm.sandbox.notion.page_handlers import trash_wish
from finance_ppm.sandbox.notion.schema import Database, DataSource
from finance_ppm.sandbox.notion.schema_edits import SchemaEditor, requested_type
from finance_ppm.sandbox.notion.schema_rendering import show_data_source, show_database
from finance_ppm.sandbox.notion.schema_validation import Schemas, refused
from finance_ppm.sandbox.notion.validation import (
    as_object,
    as_string,
    as_uuid,
    only_keys,
    rich_text_value,
)
from finance_ppm.sandbox.notion.values import shown_run
from finance_ppm.sandbox.notion.workspace import Workspace

_TITLES = ("title", "description", "icon", "cover", "is_inline")


def get_database(call: Call) -> Answer:
    """GET /v1/databases/{id}."""
    return _database(call, call.database())


def get_data_source(call: Call) -> Answer:
    """GET /v1/data_sources/{id}."""
    return show_data_source(call.workspace, call.data_source(), call.version)


def post_database(call: Call) -> Answer:
    """POST /v1/databases: a database and its first data source."""
    body, workspace = call.body, call.workspace
    newer = call.version.has_data_sources
    only_keys(body, ("parent", *_TITLES, "initial_data_source" if newer else "properties"))
    parent = as_object(body.get("parent", UNDEFINED), "body.parent")
    page_id = as_uuid(parent.get("page_id", UNDEFINED), "body.parent.page_id", workspace.pages)
    if workspace.visible_page(page_id) is None:
        raise not_found("page", page_id, workspace.bot_id)
    if newer:
        initial = as_object(body.get("initial_data_source", UNDEFINED), "body.initial_data_source")
        wanted = Schemas(workspace).checked_new(
            initial.get("properties", UNDEFINED), "body.initial_data_source.properties"
        )
    else:
        wanted = Schemas(workspace).checked_new(body.get("properties", UNDEFINED), "body.properties")
    title = _runs(body.get("title", [{"text": {"content": "New database"}}]), "body.title")
    key, now = workspace.new_id(), workspace.clock.now()
    database = workspace.add_database(title, {"type": "page_id", "page_id": page_id}, key=key, at=now)
    try:
        SchemaEditor(database.sources[0], workspace.target_of, key).add(wanted)
    except ValueError as error:
        workspace.remove_database(database)
        raise refused(error) from None
    _titles(database, body)
    workspace.schema_changed(database.sources[0], now)
    return _database(call, database)


def post_data_source(call: Call) -> Answer:
    """POST /v1/data_sources: one more data source in a database."""
    body, workspace = call.body, call.workspace
    only_keys(body, ("parent", "properties", *_TITLES))
    parent = as_object(body.get("parent", UNDEFINED), "body.parent")
    identifier = as_uuid(parent.get("database_id", UNDEFINED), "body.parent.database_id")
    database = workspace.visible_database(identifier)
    if database is None:
        raise not_found("database", identifier, workspace.bot_id)
    wanted = Schemas(workspace).checked_new(body.get("properties", UNDEFINED), "body.properties")
    title = _runs(body.get("title", [{"text": {"content": "New data source"}}]), "body.title")
    key, now = workspace.new_id(), workspace.clock.now()
    source = workspace.add_source(database, title, key=key, at=now)
    try:
        SchemaEditor(source, workspace.target_of, key).add(wanted)
    except ValueError as error:
        workspace.remove_source(source)
        raise refused(error) from None
    workspace.schema_changed(source, now)
    return show_data_source(call.workspace, source, call.version)


def patch_database(call: Call) -> Answer:
    """PATCH /v1/databases/{id}; in the old version it changes the properties too."""
    database, body = call.database(), call.body
    keys = [*_TITLES, "in_trash", "is_locked", "parent"]
    keys += ["archived"] if call.version.has_archived else []
    keys += [] if call.version.has_data_sources else ["properties"]
    only_keys(body, keys)
    if "properties" in body:
        change_properties(call.workspace, call.only_source(database), body["properties"])
    _titles(database, body)
    if "title" in body and len(database.sources) == 1:
        database.sources[0].title = database.title
    wish = trash_wish(body)
    if wish is not None:
        database.in_trash = wish
        for source in database.sources:
            source.in_trash = wish
    database.edited = call.workspace.clock.now()
    call.workspace.revision += 1
    return _database(call, database)


def patch_data_source(call: Call) -> Answer:
    """PATCH /v1/data_sources/{id}: its properties, title and trash."""
    source, body = call.data_source(), call.body
    keys = ["properties", "in_trash", "title", "description", "icon", "cover", "parent"]
    only_keys(body, [*keys, "archived"] if call.version.has_archived else keys)
    if "properties" in body:
        change_properties(call.workspace, source, body["properties"])
    _titles(source, body)
    wish = trash_wish(body)
    if wish is not None:
        source.in_trash = wish
    call.workspace.schema_changed(source, call.workspace.clock.now())
    return show_data_source(call.workspace, source, call.version)


def _database(call: Call, database: Database) -> Answer:
    if not call.version.has_data_sources and not database.in_trash:
        call.only_source(database)
    return show_database(call.workspace, database, call.version)


def change_properties(workspace: Workspace, source: DataSource, told: Any) -> None:
    """Add, rename, reconfigure, retype and remove properties; all are checked before the first is changed.

    Raises ApiError for what Notion would refuse.
    """
    schemas = Schemas(workspace)
    wanted = as_object(told, "body.properties")
    for name, config in wanted.items():
        _check_change(source, schemas, name, config)
    editor = SchemaEditor(source, workspace.target_of, source.id)
    try:
        for name, config in wanted.items():
            prop = source.find(name)
            if prop is None:
                editor.add({name: config})
            elif config is None:
                del source.properties[prop.id]
            elif editor.change(prop, config):
                workspace.forget_values(source, prop)
    except ValueError as error:
        raise refused(error) from None
    finally:
        workspace.schema_changed(source, workspace.clock.now())


def _check_change(source: DataSource, schemas: Schemas, name: str, config: Any) -> None:
    """Raises ApiError for a change of the property ``name`` that Notion would refuse."""
    prop, path = source.find(name), f"body.properties.{name}"
    if prop is None:
        if config is None:
            raise invalid(f"{name} is not a property that exists.")
        schemas.check(config, path, source)
        if requested_type(config) == "title":
            raise invalid("Cannot create a second title property.")
        return
    if config is None:
        if prop.type == "title":
            raise invalid("Cannot delete the title property.")
        return
    if "name" in as_object(config, path):
        new_name = as_string(config["name"], f"{path}.name")
        if new_name != prop.name and source.named(new_name):
            raise invalid(f"Cannot rename property to existing name: {new_name}")
    kind = requested_type({key: value for key, value in config.items() if key != "type"})
    if kind is not None:
        if (kind == "title") != (prop.type == "title"):
            raise invalid("Cannot change the type of the title property, nor make a second one.")
        schemas.check(config, path, source)


def _titles(thing: Database | DataSource, body: dict[str, Any]) -> None:
    if "title" in body:
        thing.title = _runs(body["title"], "body.title")
    if "description" in body:
        thing.description = _runs(body["description"], "body.description")
    thing.icon, thing.cover = body.get("icon", thing.icon), body.get("cover", thing.cover)
    if isinstance(thing, Database):
        thing.is_inline = body.get("is_inline", thing.is_inline)


def _runs(value: Any, path: str) -> list[dict[str, Any]]:
    return [shown_run(run) for run in rich_text_value(value, path)]
