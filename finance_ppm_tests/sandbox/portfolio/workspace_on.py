"""A plain reading of a history: the workspace as it stands at the end of a day, with values as Python has them."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from finance_ppm.sandbox.notion.history import Change, History


@dataclass
class Page:
    id: str
    database: str
    created: datetime
    edited: datetime
    values: dict[str, Any] = field(default_factory=dict)
    mistyped: set[str] = field(default_factory=set)
    """Properties whose newest value is of another type than the database's; as a value they read None."""
    impossible: set[str] = field(default_factory=set)
    """Properties with a date that no calendar has; as a value they read None."""
    override: dict[str, Any] = field(default_factory=dict)
    trashed: bool = False

    def __getitem__(self, name: str) -> Any:
        return self.values.get(name)


Workspace = dict[str, dict[str, Page]]
"""Database to page id to page, trashed ones included."""


def workspace_on(history: History, day: date) -> Workspace:
    workspace: Workspace = {database.name: {} for database in history.databases}
    types = {database.name: database.properties for database in history.databases}
    for edit in history.edits:
        if edit.at.date() > day:
            break
        pages = workspace[edit.database]
        if edit.change is Change.CREATE:
            pages[edit.page_id] = Page(edit.page_id, edit.database, edit.at, edit.at)
        page = pages[edit.page_id]
        for name, value in edit.properties.items():
            _take(page, name, value, types[edit.database][name])
        page.edited, page.override = edit.at, edit.override
        page.trashed = (page.trashed or edit.change is Change.TRASH) and edit.change is not Change.RESTORE
    return workspace


def _take(page: Page, name: str, value: dict[str, Any], expected: dict[str, Any]) -> None:
    """The value of a property as Python has it."""
    ((type_, content),) = value.items()
    page.mistyped -= {name}
    page.impossible -= {name}
    page.values[name] = None
    if type_ not in expected:
        page.mistyped |= {name}
    elif type_ in {"title", "rich_text"}:
        page.values[name] = "".join(piece["text"]["content"] for piece in content)
    elif type_ in {"select", "status"}:
        page.values[name] = content and content["name"]
    elif type_ in {"people", "relation"}:
        page.values[name] = [item["id"] for item in content]
    elif type_ == "number":
        page.values[name] = content
    elif type_ == "date" and content:
        try:
            page.values[name] = date.fromisoformat(content["start"])
        except ValueError:
            page.impossible |= {name}


def live(workspace: Workspace, database: str) -> list[Page]:
    return [page for page in workspace[database].values() if not page.trashed]
