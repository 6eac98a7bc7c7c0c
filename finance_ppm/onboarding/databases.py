"""The five databases below a page of the user's: found, made, completed. Done again, it changes nothing.

Belongs here: what stands in Notion and what is missing there. What should stand there is ``blueprint``'s; nothing
that stands is ever changed or removed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import anyio

from finance_ppm.errors import SettingsError
from finance_ppm.onboarding.blueprint import RELATION, TITLE, DatabasePlan, PropertyPlan
from finance_ppm.sources.notion.client import NotionClient
from finance_ppm.sources.notion.errors import NotionError
from finance_ppm.sources.notion.transport import Errand

LOOK_AFTER = (0.0, 2.0, 5.0)
"""Seconds after which something that may have been made is looked for: Notion may still be at it."""

ATTEMPTS = 3
"""Times a database is made anew where it could not be found afterwards."""

_LAYOUT = frozenset({"column_list", "column", "toggle", "synced_block"})
"""Blocks that only arrange what is below them: a database in a column is still on the page."""

Say = Callable[[str], None]
"""Told each step as it is begun."""


@dataclass(frozen=True)
class Source:
    """A data source, or the database itself before there were any: where rows and properties are."""

    id: str
    properties: Mapping[str, dict[str, Any]]
    """Property name to what Notion says of it."""


@dataclass(frozen=True)
class Standing:
    """A database as it stands in Notion."""

    database_id: str
    created_on: date
    sources: tuple[Source, ...]

    @property
    def data_source_ids(self) -> tuple[str, ...]:
        """The ids of its data sources; empty where the API version has none."""
        return tuple(source.id for source in self.sources if source.id != self.database_id)


@dataclass(frozen=True)
class Entry:
    """A database as the page lists it."""

    id: str
    title: str


@dataclass(frozen=True)
class Prepared:
    """What became of one of the five."""

    plan: DatabasePlan
    standing: Standing | None
    """None where a dry run would make it."""
    made: bool
    added: tuple[str, ...]
    """Properties that were missing."""
    problems: tuple[str, ...]
    """Properties that stand in the way, each with what to do about it."""


async def prepare(
    client: NotionClient,
    page_id: str,
    plans: Sequence[DatabasePlan],
    configured: Mapping[str, str],
    *,
    replace: bool,
    dry_run: bool,
    say: Say,
) -> list[Prepared]:
    """Find each planned database below the page, or make it, and add the properties it lacks.

    ``configured`` are the ids the settings hold. Raises :class:`SettingsError`, before anything is made, where the
    page cannot be used, where two databases bear one title, and, unless ``replace``, where a configured database
    does not lie below the page. Raises :class:`NotionError`.
    """
    say("looking below the page")
    await _check_page(client, page_id)
    entries = await databases_below(client, page_id)
    chosen = {plan.name: choose(plan, entries, configured.get(plan.name)) for plan in plans}
    if not replace:
        _refuse_elsewhere(page_id, plans, configured, chosen)
    prepared: list[Prepared] = []
    for plan in plans:
        entry = chosen[plan.name]
        targets = {done.plan.name: done.standing for done in prepared if done.standing}
        if entry is None and dry_run:
            prepared.append(Prepared(plan, None, made=True, added=(), problems=()))
            continue
        say(f"{'completing' if entry else 'making'} {plan.title}")
        database_id = entry.id if entry else await _make(client, page_id, plan, targets)
        standing = await _describe(client, plan, database_id)
        added, problems = await _complete(client, plan, standing, targets, dry_run=dry_run)
        if added and not dry_run:
            standing = await _describe(client, plan, database_id)
        prepared.append(Prepared(plan, standing, made=entry is None, added=added, problems=problems))
    return prepared


async def databases_below(client: NotionClient, page_id: str) -> list[Entry]:
    """The databases on a page that are not in the trash, in columns and toggles too; not those of its sub-pages."""
    found: list[Entry] = []
    for block in await client.children(page_id, Errand(f"page {page_id}")):
        if block.get("in_trash") or block.get("archived"):
            continue
        if block.get("type") == "child_database":
            found.append(Entry(block["id"], block["child_database"].get("title") or ""))
        elif block.get("type") in _LAYOUT and block.get("has_children"):
            found += await databases_below(client, block["id"])
    return found


def choose(plan: DatabasePlan, entries: Sequence[Entry], configured: str | None) -> Entry | None:
    """The database on the page that is the planned one: the configured one, else the one that bears its title.

    Raises :class:`SettingsError` where several do.
    """
    named = [entry for entry in entries if entry.id == configured]
    titled = [entry for entry in entries if entry.title.strip().casefold() == plan.title.casefold()]
    if not named and len(titled) > 1:
        ids = " and ".join(entry.id for entry in titled)
        raise SettingsError(
            f"The page holds several databases called {plan.title!r} ({ids}): rename or delete all but one in Notion, "
            f"or write the id of the right one into .env as {plan.setting}."
        )
    return next(iter(named or titled), None)


def may_be_done(error: NotionError) -> bool:
    """Whether a POST that failed so may have been carried out all the same."""
    refused = error.status is not None and error.status < 500 and error.code != "malformed"
    return not refused and error.code != "unreachable"


def _refuse_elsewhere(
    page_id: str, plans: Sequence[DatabasePlan], configured: Mapping[str, str], chosen: Mapping[str, Entry | None]
) -> None:
    elsewhere = []
    for plan in plans:
        entry, told = chosen[plan.name], configured.get(plan.name)
        if told is not None and (entry is None or entry.id != told):
            elsewhere.append(f"{plan.setting} ({told})")
    if elsewhere:
        names, verb = (", ".join(elsewhere), "is" if len(elsewhere) == 1 else "are")
        raise SettingsError(
            f"{names} {verb} set already, and not to a database below the page {page_id}: name the page it lies on as "
            "--parent-page, or add --replace to have .env name the databases below this one."
        )


async def _check_page(client: NotionClient, page_id: str) -> None:
    """Raises :class:`SettingsError` where the page is not one that databases can be made below."""
    try:
        page = await client.describe_page(page_id)
    except NotionError as error:
        if error.status == 404:
            raise SettingsError(
                f"Notion shows no page {page_id} to this integration: open the page in Notion, choose ... > "
                "Connections and add the integration there, or check --parent-page."
            ) from error
        if error.status == 400:
            raise SettingsError(
                f"{page_id} is no page ({error}): give --parent-page the link of the page that the databases are to "
                "lie on."
            ) from error
        raise
    if page.get("in_trash") or page.get("archived"):
        raise SettingsError(f"The page {page_id} is in Notion's trash: restore it, or name another --parent-page.")


async def _make(client: NotionClient, page_id: str, plan: DatabasePlan, targets: Mapping[str, Standing]) -> str:
    """Make a database and give its id. Where nobody knows whether it was made, it is looked for before the next try."""
    properties = {prop.name: _requested(prop, targets, newer=client.has_data_sources) for prop in plan.properties}
    errand = Errand(f"a new database {plan.title!r} below page {page_id}")
    for attempt in range(ATTEMPTS):
        try:
            made = await client.create_database(page_id, plan.title, properties, errand)
            return str(made["id"])
        except NotionError as error:
            if not may_be_done(error):
                raise
            for seconds in LOOK_AFTER:
                await anyio.sleep(seconds)
                found = choose(plan, await databases_below(client, page_id), None)
                if found is not None:
                    return found.id
            if attempt + 1 == ATTEMPTS:
                raise
    raise AssertionError("the last attempt returns or raises")


async def _describe(client: NotionClient, plan: DatabasePlan, database_id: str) -> Standing:
    errand = Errand(f"the {plan.title} database {database_id}")
    told = await client.describe_database(database_id, errand)
    created = datetime.fromisoformat(told["created_time"]).date()
    if not client.has_data_sources:
        return Standing(database_id, created, (Source(database_id, told["properties"]),))
    ids = [source["id"] for source in told.get("data_sources", ())]
    if not ids:
        raise SettingsError(
            f"{plan.title} ({database_id}) shows no data source to this integration, as a linked view does: rename it "
            "in Notion, or share the database it shows with the integration."
        )
    sources = [Source(source, (await client.describe_data_source(source, errand))["properties"]) for source in ids]
    return Standing(database_id, created, tuple(sources))


async def _complete(
    client: NotionClient, plan: DatabasePlan, standing: Standing, targets: Mapping[str, Standing], *, dry_run: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Add what is missing. The properties that were, and what is wrong with others, which are left alone."""
    added: list[str] = []
    problems: list[str] = []
    for source in standing.sources:
        missing = [prop for prop in plan.properties if prop.type != TITLE and prop.name not in source.properties]
        problems += _problems(plan, source, targets)
        if missing and not dry_run:
            wanted = {prop.name: _requested(prop, targets, newer=client.has_data_sources) for prop in missing}
            await client.set_properties(source.id, wanted, Errand(f"the properties of the {plan.title} database"))
        added += [prop.name for prop in missing]
    return tuple(dict.fromkeys(added)), tuple(dict.fromkeys(problems))


def _problems(plan: DatabasePlan, source: Source, targets: Mapping[str, Standing]) -> Iterator[str]:
    for prop in plan.properties:
        found = source.properties.get(prop.name)
        if found is None or prop.type == TITLE:
            continue
        if found["type"] not in prop.fitting:
            yield (
                f"The property {prop.name!r} of {plan.title} is of type {found['type']}: make it "
                f"{' or '.join(prop.fitting)} in Notion, or rename it and run this again."
            )
        elif (target := targets.get(prop.target or "")) and found[RELATION].get("database_id") != target.database_id:
            yield (
                f"The relation {prop.name!r} of {plan.title} leads to another database: make it lead to "
                f"{target.database_id} in Notion, or rename it and run this again."
            )


def _requested(prop: PropertyPlan, targets: Mapping[str, Standing], *, newer: bool) -> dict[str, Any]:
    """A property as a request tells it."""
    if prop.target is None:
        return {prop.type: dict(prop.config)}
    target = targets[prop.target]
    where = {"data_source_id": target.sources[0].id} if newer else {"database_id": target.database_id}
    return {RELATION: {**where, "type": "single_property", "single_property": {}}}
