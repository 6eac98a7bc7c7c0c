"""A Notion workspace in memory: users, databases and pages, as a history leaves them at the clock's time.

Belongs here: the state and how an edit changes it. Does not belong here: how a history begins (``founding``), what
requests must look like (``validation``), how the state is shown (``rendering``) and searched (``query``).
"""

from collections import defaultdict
from datetime import datetime
from threading import RLock
from typing import Any

from finance_ppm.sandbox.clock import SandboxClock
from finance_ppm.sandbox.notion.founding import found
from finance_ppm.sandbox.notion.history import Change, Edit, History, Person
from finance_ppm.sandbox.notion.pages import Page, Table, Verbatim
from finance_ppm.sandbox.notion.schema import (
    OPTION_TYPES,
    Database,
    DataSource,
    Property,
    deterministic_id,
)
from finance_ppm.sandbox.notion.values import floored


class Workspace:
    """The state. Every public method may be called from any thread; ``lock`` holds several together."""

    def __init__(self, history: History, clock: SandboxClock) -> None:
        self.lock = RLock()
        self.clock = clock
        self.revision = 0
        """Grows with every change; what depends on other pages is remembered for one revision only."""
        self.schema_revision = 0
        self.bot_id = deterministic_id("bot")
        self.people: dict[str, Person] = {person.id: person for person in history.people}
        self.databases: dict[str, Database] = {}
        self.sources: dict[str, DataSource] = {}
        self.pages: dict[str, Page] = {}
        self.tables: dict[str, Table] = {}
        self.database_ids: dict[str, str] = {}
        self.named: dict[str, DataSource] = {}
        """Data sources by the short names of the history; a database's first one has the database's."""
        self._backlinks: dict[tuple[str, str], dict[str, dict[str, None]]] = defaultdict(dict)
        self._made = 0
        self._edits = sorted(history.edits, key=_moment)
        self._applied = 0
        self.root: Page
        found(self, history)
        self.replay()

    @property
    def author(self) -> str:
        """Who makes the edits of the history: its first person."""
        return next(iter(self.people), self.bot_id)

    def new_id(self) -> str:
        """The id of something made through the API; the same in every run."""
        self._made += 1
        return deterministic_id("made", str(self._made))

    def target_of(self, relation: dict[str, Any]) -> DataSource | None:
        """The data source that a relation's configuration points to: by short name, data source or database."""
        if "database" in relation:
            return self.named.get(relation["database"])
        if relation.get("data_source_id"):
            return self.sources.get(relation["data_source_id"])
        database = self.databases.get(relation.get("database_id", ""))
        return database.sources[0] if database and database.sources else None

    def target(self, prop: Property, source: DataSource) -> DataSource | None:
        """The data source on the other side of a relation, or of the relation that a rollup follows."""
        if prop.type == "rollup":
            relation = source.properties.get(prop.relation_id)
            return self.sources.get(relation.target) if relation else None
        return self.sources.get(prop.target) if prop.target else None

    # Sharing

    def share(self, name: str, *, shared: bool, data_source: str | None = None) -> None:
        """Share the database of that short name with the integration or no longer, or one of its data sources alone.

        Raises ValueError for a name that the history did not tell.
        """
        with self.lock:
            database = self.databases.get(self.database_ids.get(name, ""))
            source = self.named.get(data_source) if data_source else None
            if database is None or (data_source and (source is None or source.database is not database)):
                raise ValueError(f"There is no database {name!r} with a data source {data_source or name!r}.")
            (source or database).shared = shared
            self.revision += 1
            self.schema_revision += 1

    def visible_database(self, identifier: str) -> Database | None:
        """The database, if it is shared with the integration."""
        found = self.databases.get(identifier)
        return found if found and found.shared else None

    def visible_source(self, identifier: str) -> DataSource | None:
        """The data source, if it is shared with the integration."""
        found = self.sources.get(identifier)
        return found if found and found.visible else None

    def visible_page(self, identifier: str) -> Page | None:
        """The page, if it is shared with the integration."""
        found = self.pages.get(identifier)
        return found if found and (found.source is None or found.source.visible) else None

    def is_visible(self, prop: Property, source: DataSource) -> bool:
        """Whether a schema shows the property: a relation to what is not shared, and what follows it, is left out."""
        if prop.type not in {"relation", "rollup"}:
            return True
        target = self.target(prop, source)
        return target is None or target.visible

    # Time

    def replay(self) -> None:
        """Apply every edit of the history that is due by now."""
        with self.lock:
            now = self.clock.now()
            while self._applied < len(self._edits) and self._edits[self._applied].at <= now:
                edit = self._edits[self._applied]
                self._applied += 1
                self._apply(edit, edit.at)

    def set_clock(self, moment: datetime) -> None:
        """Put the clock forward to ``moment`` and replay the history up to it. Raises ValueError for a past moment."""
        with self.lock:
            self.clock.put_forward(moment)
            self.replay()

    def edit(self, edit: Edit) -> None:
        """Make one edit now, whatever ``edit.at`` says. Raises ValueError when it does not fit the workspace."""
        with self.lock:
            self.replay()
            self._apply(edit, self.clock.now())

    def _apply(self, edit: Edit, at: datetime) -> None:
        source = self.named.get(edit.database)
        if source is None:
            raise ValueError(f"The edit of page {edit.page_id} names no known database: {edit.database!r}.")
        values = _told_values(source, edit.properties)
        if edit.change is Change.CREATE:
            page = self.create_page(source, edit.page_id, values, author=self.author, at=at)
        else:
            known = self.pages.get(edit.page_id)
            if known is None:
                raise ValueError(f"Page {edit.page_id} of {edit.database} is edited before it is created.")
            page = known
            in_trash = None if edit.change is Change.UPDATE else edit.change is Change.TRASH
            self.update_page(page, values, author=self.author, at=at, in_trash=in_trash)
        page.override = edit.override

    # Pages

    def create_page(
        self, source: DataSource, page_id: str, values: dict[str, Any], *, author: str, at: datetime
    ) -> Page:
        """Add a row. Raises ValueError when the id is taken."""
        with self.lock:
            if page_id in self.pages:
                raise ValueError(f"Page {page_id} is created twice.")
            moment = floored(at)
            page = Page(page_id, source, moment, moment, author, author, {})
            self.pages[page_id] = page
            self.tables[source.id].add(page)
            self.write(page, values)
            self.changed(page)
            return page

    def create_standalone(self, values: dict[str, Any], parent: dict[str, Any], *, author: str) -> Page:
        """Add a page that is no row of a database."""
        with self.lock:
            moment = floored(self.clock.now())
            page = Page(self.new_id(), None, moment, moment, author, author, values, parent=parent)
            self.pages[page.id] = page
            self.changed(page)
            return page

    def update_page(
        self, page: Page, values: dict[str, Any], *, author: str, at: datetime, in_trash: bool | None = None
    ) -> None:
        """Change values of a page, or put it into the trash and back, and move its edit time."""
        with self.lock:
            page.edited, page.edited_by = floored(at), author
            if page.source is None:
                page.values.update(values)
            else:
                self.tables[page.source.id].touch(page)
                self.write(page, values)
            if in_trash is not None:
                page.in_trash = in_trash
            self.changed(page)

    def changed(self, page: Page) -> None:
        """Note that a page is no longer shown as it was."""
        page.revision += 1
        self.revision += 1

    def write(self, page: Page, values: dict[str, Any]) -> None:
        """Set values of a row and the other sides of its relations. The row itself is not noted as changed."""
        assert page.source is not None
        properties = page.source.properties
        for identifier, value in values.items():
            prop = properties[identifier]
            if prop.type in OPTION_TYPES:
                _learn_options(prop, value)
            elif prop.synced_id is not None:
                if prop.mirrored:
                    self._set_mirrored(page, prop, _ids(value))
                    continue
                self._link(page, prop, _ids(page.values.get(identifier)), _ids(value))
            page.values[identifier] = value

    # Relations

    def related(self, page: Page, prop: Property) -> list[str]:
        """Ids of the pages that a relation property of ``page`` holds. A trashed page leaves the mirrored side.

        A relation to what is not shared looks empty.
        """
        target = self.sources.get(prop.target)
        if target is not None and not target.visible:
            return []
        if not prop.mirrored:
            return _ids(page.values.get(prop.id))
        links = self._backlinks[prop.target, prop.synced_id or ""].get(page.id, {})
        return [identifier for identifier in links if not self.pages[identifier].in_trash]

    def _link(self, page: Page, prop: Property, old: list[str], new: list[str]) -> None:
        assert page.source is not None
        links = self._backlinks[page.source.id, prop.id]
        for target in set(old) - set(new):
            links[target].pop(page.id, None)
        for target in new:
            links.setdefault(target, {})[page.id] = None

    def _set_mirrored(self, page: Page, prop: Property, wanted: list[str]) -> None:
        """Write the mirrored side of a two-way relation: the other pages' values change, their edit times do not."""
        forward = self.sources[prop.target].properties[prop.synced_id or ""]
        present = self.related(page, prop)
        for identifier in [*present, *(new for new in wanted if new not in present)]:
            other = self.pages[identifier]
            old = _ids(other.values.get(forward.id))
            new = [target for target in old if target != page.id] if identifier not in wanted else [*old, page.id]
            if identifier in present and identifier in wanted:
                continue
            self._link(other, forward, old, new)
            other.values[forward.id] = [{"id": target} for target in new]
            self.changed(other)

    # Schemas

    def add_database(self, title: list[dict[str, Any]], parent: dict[str, Any], *, key: str, at: datetime) -> Database:
        """Add a database with one data source that holds nothing but a title property, named later."""
        with self.lock:
            database = Database(deterministic_id("database", key), title, at, at, parent)
            self.databases[database.id] = database
            self.add_source(database, title, key=key, at=at)
            return database

    def add_source(self, database: Database, title: list[dict[str, Any]], *, key: str, at: datetime) -> DataSource:
        """Add a data source without properties to a database."""
        with self.lock:
            source = DataSource(deterministic_id("data_source", key), database, title, at, at)
            database.sources.append(source)
            self.sources[source.id] = source
            self.tables[source.id] = Table()
            self.schema_changed(source, at)
            return source

    def remove_source(self, source: DataSource) -> None:
        """Undo ``add_source``."""
        source.database.sources.remove(source)
        del self.sources[source.id], self.tables[source.id]

    def remove_database(self, database: Database) -> None:
        """Undo ``add_database``."""
        for source in list(database.sources):
            self.remove_source(source)
        del self.databases[database.id]

    def schema_changed(self, source: DataSource, at: datetime) -> None:
        """Note that how pages are shown may have changed."""
        source.edited = source.database.edited = at
        self.revision += 1
        self.schema_revision += 1

    def forget_values(self, source: DataSource, prop: Property) -> None:
        """Drop what pages hold of a property whose type has changed."""
        for page in self.tables[source.id].created:
            page.values.pop(prop.id, None)


def _moment(edit: Edit) -> datetime:
    return edit.at


def _ids(value: Any) -> list[str]:
    """Page ids of a relation's value; whatever is no id in a broken one is left out."""
    if not isinstance(value, list):
        return []
    return [item["id"] for item in value if isinstance(item, dict) and isinstance(item.get("id"), str)]


def _learn_options(prop: Property, value: Any) -> None:
    for chosen in value if isinstance(value, list) else [value]:
        if isinstance(chosen, dict) and isinstance(chosen.get("name"), str):
            prop.choose(chosen["name"])


def _told_values(source: DataSource, properties: dict[str, Any]) -> dict[str, Any]:
    """A history's values by property id. What does not bear the property's type is kept verbatim."""
    values: dict[str, Any] = {}
    for name, told in properties.items():
        identifier = source.original_ids.get(name)
        prop = source.properties.get(identifier) if identifier else source.named(name)
        if prop is not None:
            fits = isinstance(told, dict) and prop.type in told
            values[prop.id] = told[prop.type] if fits else Verbatim(told)
        elif identifier is None:
            raise ValueError(f"An edit sets {name!r}, which the database {source.title[0]['plain_text']!r} has not.")
    return values
