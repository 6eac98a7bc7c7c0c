"""Sets up a workspace as a history tells it: databases with their data sources, wikis, and rows told by number.

Belongs here: what is there before the first edit. Edits are the workspace's.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from finance_ppm.sandbox.notion.history import History, Rows
from finance_ppm.sandbox.notion.pages import Page, ToldValues
from finance_ppm.sandbox.notion.schema import DataSource, deterministic_id, rich_text
from finance_ppm.sandbox.notion.schema_edits import KINDS, SchemaEditor
from finance_ppm.sandbox.notion.values import floored

if TYPE_CHECKING:
    from finance_ppm.sandbox.notion.workspace import Workspace

Properties = dict[str, dict[str, Any]]


def found(workspace: "Workspace", history: History) -> None:
    """Put into an empty workspace what ``history`` begins with. Raises ValueError where that contradicts itself."""
    begin = _begin(workspace, history)
    workspace.root = Page(
        deterministic_id("root"), None, floored(begin), floored(begin), workspace.author, workspace.author,
        {"title": [rich_text("Portfolio")]}, parent={"type": "workspace", "workspace": True},
    )  # fmt: skip
    workspace.pages[workspace.root.id] = workspace.root
    properties = dict(_add_sources(workspace, history, begin))
    for kind in KINDS:
        for name, wanted in properties.items():
            SchemaEditor(workspace.named[name], workspace.target_of, name).add(wanted, (kind,))
    for source in workspace.named.values():
        source.original_ids = {prop.name: prop.id for prop in source.properties.values()}
    for told in history.databases:
        if told.wiki:
            _list_in_wiki(workspace, told.name, workspace.named[told.wiki], begin)
    for rows in history.rows:
        _add_rows(workspace, rows, latest=min([workspace.clock.now(), *(edit.at for edit in history.edits)]))


def _begin(workspace: "Workspace", history: History) -> datetime:
    first_rows = [rows.created[0] for rows in history.rows if rows.created]
    return min([workspace.clock.now(), *(edit.at for edit in history.edits), *first_rows])


def _add_sources(workspace: "Workspace", history: History, at: datetime) -> Iterator[tuple[str, Properties]]:
    """Add every database with its data sources, still empty; the properties each will have, by short name."""
    for told in history.databases:
        parent = {"type": "page_id", "page_id": workspace.root.id}
        database = workspace.add_database([rich_text(told.title)], parent, key=told.name, at=at)
        workspace.database_ids[told.name] = database.id
        _name(workspace, told.name, database.sources[0])
        yield told.name, told.properties
        for more in told.more_sources:
            source = workspace.add_source(database, [rich_text(more.title)], key=more.name, at=at)
            _name(workspace, more.name, source)
            yield more.name, more.properties


def _name(workspace: "Workspace", name: str, source: DataSource) -> None:
    if name in workspace.named:
        raise ValueError(f"Two data sources are called {name!r}.")
    workspace.named[name] = source


def _list_in_wiki(workspace: "Workspace", name: str, wiki: DataSource, at: datetime) -> None:
    database = workspace.databases[workspace.database_ids[name]]
    database.parent = {"type": "database_id", "database_id": wiki.database.id}
    moment, author = floored(at), workspace.author
    values = {wiki.title_property.id: database.title}
    workspace.tables[wiki.id].add(Page(database.id, wiki, moment, moment, author, author, values, contained=database))


def _add_rows(workspace: "Workspace", rows: Rows, *, latest: datetime) -> None:
    source = workspace.named[rows.database]
    columns = {source.original_ids[name]: column for name, column in rows.columns.items()}
    if any(source.properties[identifier].synced_id for identifier in columns):
        raise ValueError(f"The rows of {rows.database} hold a two-way relation, which rows told by number cannot.")
    if max(rows.edited, default=latest) > latest:
        raise ValueError(f"Some rows of {rows.database} are edited after the present, or after the first edit.")
    author, table = workspace.author, workspace.tables[source.id]
    for row, (created, edited) in enumerate(zip(rows.created, rows.edited, strict=True)):
        page_id, values = rows.page_id(row), ToldValues(columns, row)
        page = Page(page_id, source, floored(created), floored(edited), author, author, values)
        workspace.pages[page_id] = page
        table.add(page)
    table.edited = {page.id: page for page in sorted(table.created, key=_last_edit)}


def _last_edit(page: Page) -> datetime:
    return page.edited
