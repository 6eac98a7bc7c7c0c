"""A sample portfolio in the user's own databases: the sandbox's story as it stands, page by page.

Belongs here: which pages there are to be, which of them are there already, and making the others. A page of the
sample is known by its title and, among pages of one title, by what it holds; so a page that somebody edited still
counts, and one that was renamed or deleted is made again.

The people of the story are nobody's colleagues: Owner and Assignee stay empty.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

import anyio
import msgspec

from finance_ppm.column_mapping import ColumnMapping
from finance_ppm.errors import SettingsError
from finance_ppm.onboarding.blueprint import TITLE, DatabasePlan, their_word
from finance_ppm.onboarding.cells import Cells, Plain, cells_of, plain, written
from finance_ppm.onboarding.databases import Prepared, Standing, may_be_done
from finance_ppm.sandbox.notion.history import Change
from finance_ppm.sandbox.portfolio import portfolio
from finance_ppm.sources.notion.client import Cursors, NotionClient
from finance_ppm.sources.notion.errors import NotionError
from finance_ppm.sources.notion.schema import DatabaseSchema
from finance_ppm.sources.notion.transport import Errand

WRITERS = 4
"""Pages made at once: enough to spend 180 requests a minute, few enough for one database."""

ROUNDS, PAUSE = 3, 5.0
"""Times that the missing pages of a database are made, where some may have been made unseen; seconds in between."""

QUERY_LIMIT = 10_000
"""Rows that one query gives at most."""

Wanted = tuple[str, Cells]
"""A page to be: its title, and its cells by the names of the properties in Notion."""

_READ = msgspec.json.Decoder(float_hook=Decimal)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class SamplePage:
    """A page of the story: its id there, and its cells by our property names."""

    story_id: str
    title: str
    cells: Cells


@dataclass(frozen=True)
class Present:
    """A page that is in Notion."""

    page_id: str
    title: str
    cells: Cells


Tell = Callable[[str, int], None]
"""Told a database's name, and how many of the pages it lacked are made."""


def sample_pages(anchor: date, pages: int) -> dict[str, list[SamplePage]]:
    """The sound pages that live on ``anchor``, about ``pages`` of them, by database name."""
    held: dict[str, dict[str, Any]] = {}
    homes: dict[str, str] = {}
    trashed: set[str] = set()
    for edit in portfolio(anchor=anchor, pages=pages, dirty=False, months_ahead=0).edits:
        held.setdefault(edit.page_id, {}).update(edit.properties)
        homes[edit.page_id] = edit.database
        if edit.change is Change.TRASH:
            trashed.add(edit.page_id)
        elif edit.change is Change.RESTORE:
            trashed.discard(edit.page_id)
    found: dict[str, list[SamplePage]] = defaultdict(list)
    for page_id, properties in held.items():
        if page_id not in trashed:
            title = next(value for value in properties.values() if TITLE in value)
            found[homes[page_id]].append(SamplePage(page_id, str(plain(title)), cells_of(properties)))
    return found


def assigned(wanted: Sequence[Wanted], present: Sequence[Present]) -> tuple[dict[int, str], list[int]]:
    """Which of the ``wanted`` is which page that is present, index to page id; and the indexes of the missing ones.

    Of several with one title, those that hold the same are the same; the others are taken in their order. As many
    are missing as there are too few pages of the title.
    """
    there: dict[str, list[Present]] = defaultdict(list)
    for page in present:
        there[page.title].append(page)
    found: dict[int, str] = {}
    for index, (title, cells) in enumerate(wanted):
        same = next((page for page in there[title] if page.cells == cells), None)
        if same is not None:
            there[title].remove(same)
            found[index] = same.page_id
    missing: list[int] = []
    for index, (title, _) in enumerate(wanted):
        if index not in found and there[title]:
            found[index] = there[title].pop(0).page_id
        elif index not in found:
            missing.append(index)
    return found, missing


class SampleLoader:
    """Brings the sample into databases that stand: first ``look``, then ``load``. Both raise :class:`NotionError`."""

    def __init__(self, client: NotionClient, mapping: ColumnMapping, prepared: Sequence[Prepared], pages: int) -> None:
        self._client = client
        self._mapping = mapping
        self._prepared = prepared
        self._pages = pages
        self._story: dict[str, list[SamplePage]] = {}
        self._present: dict[str, list[Present]] = {}
        self._ids: dict[str, str] = {}
        """Ids in the story to ids in Notion."""

    async def look(self, today: date) -> dict[str, int]:
        """See what is there: the number of pages that each database lacks.

        The story centres on the day the first database was made, so that it is the same whenever it is told; where
        none is made yet, on ``today``.
        """
        first = self._prepared[0].standing
        self._story = sample_pages(first.created_on if first else today, self._pages)
        for done in self._prepared:
            self._present[done.plan.name] = await self._pages_in(done.plan, done.standing) if done.standing else []
        return {
            name: (Counter(page.title for page in self._story[name]) - Counter(page.title for page in present)).total()
            for name, present in self._present.items()
        }

    async def load(self, tell: Tell) -> None:
        """Make the pages that are missing, those first that others lead to."""
        for done in self._prepared:
            assert done.standing is not None, "nothing is loaded in a dry run"
            await self._fill(done.plan, done.standing, tell)

    async def _fill(self, plan: DatabasePlan, standing: Standing, tell: Tell) -> None:
        """Make what a database lacks. Where a page may have been made unseen, all are looked at before the next try."""
        story = self._story[plan.name]
        wanted = [(page.title, self._cells_there(plan, standing, page)) for page in story]
        found, missing = assigned(wanted, self._present[plan.name])
        lacked = len(missing)
        for further in reversed(range(ROUNDS)):
            made, unsure = await self._make(
                plan,
                standing,
                {index: wanted[index] for index in missing},
                partial(tell, plan.name),
                lacked - len(missing),
            )
            found |= made
            if unsure is None:
                break
            if not further:
                raise unsure
            await anyio.sleep(PAUSE)
            found, missing = assigned(wanted, await self._pages_in(plan, standing))
        self._ids |= {story[index].story_id: page_id for index, page_id in found.items()}

    async def _make(
        self,
        plan: DatabasePlan,
        standing: Standing,
        wanted: Mapping[int, Wanted],
        tell: Callable[[int], None],
        made_before: int,
    ) -> tuple[dict[int, str], NotionError | None]:
        """Make pages, several at once: index to id of those that were made, and the error of one that may have been.

        Another error ends it at once.
        """
        schema = DatabaseSchema({}, standing.data_source_ids)
        types = {name: prop["type"] for name, prop in standing.sources[0].properties.items()}
        title = next(name for name, kind in types.items() if kind == TITLE)
        errand = Errand(f"a sample page of {plan.title}")
        made: dict[int, str] = {}
        unsure: list[NotionError] = []
        refused: list[NotionError] = []
        writers = anyio.CapacityLimiter(WRITERS)

        async def make(index: int) -> None:
            text, cells = wanted[index]
            properties = {name: written(cell, types[name]) for name, cell in {title: text, **cells}.items()}
            async with writers:
                try:
                    page = await self._client.create_page(standing.database_id, schema, properties, errand)
                except NotionError as error:
                    (unsure if may_be_done(error) else refused).append(error)
                    if refused:
                        group.cancel_scope.cancel()
                    return
            made[index] = page["id"]
            tell(made_before + len(made))

        async with anyio.create_task_group() as group:
            for index in wanted:
                group.start_soon(make, index)
        if refused:
            raise refused[0]
        return made, next(iter(unsure), None)

    def _cells_there(self, plan: DatabasePlan, standing: Standing, page: SamplePage) -> Cells:
        """A page's cells as this database holds them: by its names, in its words, leading to its pages."""
        cells: dict[str, Plain] = {}
        for prop in plan.properties:
            cell = page.cells.get(prop.ours)
            kind = standing.sources[0].properties.get(prop.name, {}).get("type", "")
            if isinstance(cell, tuple):
                cell = tuple(self._ids[page_id] for page_id in cell if page_id in self._ids) or None
            elif isinstance(cell, str) and prop.type == "select":
                cell = their_word(self._mapping, plan.name, prop.ours, cell)
            elif isinstance(cell, str):
                cell = _UUID.sub(lambda match: self._ids.get(match[0], match[0]), cell)
            if cell is not None and written(cell, kind) is not None:
                cells[prop.name] = cell
        return cells

    async def _pages_in(self, plan: DatabasePlan, standing: Standing) -> list[Present]:
        """Every page of the database, with the cells that the sample writes."""
        names = {prop.name for prop in plan.properties}
        query = {"sorts": [{"timestamp": "created_time", "direction": "ascending"}]}
        errand = Errand(f"the {plan.title} database")
        cursors, cursor, found = Cursors(errand.about), None, list[Present]()
        while True:
            answer = await self._client.query_page(standing.sources[0].id, query, cursor=cursor, errand=errand)
            found += [_present(_READ.decode(page), names) for page in answer.results]
            if len(found) >= QUERY_LIMIT:
                raise SettingsError(
                    f"{plan.title} holds {QUERY_LIMIT:,} pages or more: load the sample below another page, into "
                    "databases of its own."
                )
            if not answer.has_more:
                return found
            cursor = cursors.following(answer.next_cursor)


def _present(page: Mapping[str, Any], names: set[str]) -> Present:
    properties: dict[str, dict[str, Any]] = page["properties"]
    title = next((str(plain(value) or "") for value in properties.values() if value["type"] == TITLE), "")
    return Present(page["id"], title, cells_of({name: properties[name] for name in names & properties.keys()}))
