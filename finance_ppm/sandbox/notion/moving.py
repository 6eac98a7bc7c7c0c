"""Moves pages: into a data source, or out of any.

Belongs here: what becomes of a page's values and of the place it leaves.
"""

from dataclasses import replace
from typing import Any

from finance_ppm.sandbox.notion.pages import Page
from finance_ppm.sandbox.notion.schema import DataSource
from finance_ppm.sandbox.notion.values import floored
from finance_ppm.sandbox.notion.workspace import Workspace


def move_page(
    workspace: Workspace, page: Page, source: DataSource | None, parent: dict[str, Any], *, author: str
) -> Page:
    """Move a page into ``source``, or under ``parent`` where that is None: the page as it is there.

    Values go along where there is a property of that name and type. The edit time moves, the creation time stays.
    """
    with workspace.lock:
        if page.source is source is not None:
            return page
        values = _values_there(page, source)
        if page.source is not None:
            links = [prop.id for prop in page.source.properties.values() if prop.type == "relation"]
            workspace.write(page, {identifier: [] for identifier in links})
            page.moved = True
            workspace.changed(page)
        moved = replace(page, source=source, values={}, parent=None if source else parent, moved=False)
        moved.edited, moved.edited_by = floored(workspace.clock.now()), author
        workspace.pages[page.id] = moved
        if source is None:
            moved.values.update(values)
        else:
            workspace.tables[source.id].add(moved)
            workspace.write(moved, values)
        workspace.changed(moved)
        return moved


def _values_there(page: Page, source: DataSource | None) -> dict[str, Any]:
    """The page's values by the ids of the properties they will have; a page that is no row has only a title."""
    if page.source is None or source is None:
        title = page.source.title_property.id if page.source else "title"
        return {source.title_property.id if source else "title": page.values.get(title)}
    there = {}
    for identifier, value in page.values.items():
        prop = page.source.properties.get(identifier)
        if prop is not None:
            same = source.title_property if prop.type == "title" else source.named(prop.name)
            if same is not None and same.type == prop.type:
                there[same.id] = value
    return there
