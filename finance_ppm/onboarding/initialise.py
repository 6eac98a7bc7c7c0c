"""Setting up a Notion: the five databases, their ids in ``.env``, and a sample where one is asked for.

Belongs here: what ``finance-ppm notion init`` does, in order, and what it tells. How each is done is in
``databases``, ``env_file`` and ``sample``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from finance_ppm.clock import Clock, SystemClock
from finance_ppm.column_mapping import ColumnMapping
from finance_ppm.errors import SettingsError
from finance_ppm.onboarding.blueprint import plans
from finance_ppm.onboarding.databases import Prepared, prepare
from finance_ppm.onboarding.env_file import ENV_FILE, pending, write_ids
from finance_ppm.onboarding.sample import SampleLoader
from finance_ppm.settings import Config
from finance_ppm.sources.notion.client import NotionClient
from finance_ppm.sources.notion.pages import page_id_of


class Watcher(Protocol):
    """Hears how far a set-up has come."""

    def step(self, what: str) -> None:
        """This is done next."""
        ...

    def sample_begins(self, total: int, requests_per_minute: int) -> None:
        """So many pages are made from here on."""
        ...

    def sample_grows(self, made: int) -> None:
        """So many of them are made."""
        ...


@dataclass(frozen=True)
class DatabaseSetUp:
    """What became of one database; in a dry run, what would."""

    name: str
    title: str
    database_id: str | None
    """None where a dry run would make it."""
    made: bool
    added: tuple[str, ...]
    """Properties it lacked."""
    problems: tuple[str, ...]
    """What stands in the way there, and what to do about it."""


@dataclass(frozen=True)
class SetUp:
    """What a set-up did; in a dry run, what it would have done."""

    dry_run: bool
    parent_page: str
    databases: tuple[DatabaseSetUp, ...]
    env_file: str
    written: dict[str, str | None]
    """Settings that were written, and what stood there before."""
    sample: dict[str, int] | None
    """Database name to the sample pages that were made; None where none were asked for, or there are problems."""
    problems: tuple[str, ...]
    """What else stands in the way, and what to do about it."""

    @property
    def succeeded(self) -> bool:
        """Nothing stands in the way of a sync."""
        return not self.problems and not any(database.problems for database in self.databases)


async def initialise(
    config: Config,
    parent_page: str,
    *,
    watcher: Watcher,
    sample: int | None = None,
    replace_ids: bool = False,
    dry_run: bool = False,
    env_file: Path = ENV_FILE,
    clock: Clock | None = None,
) -> SetUp:
    """Make the five databases below a page, or complete those that are there, and write their ids into ``env_file``.

    ``parent_page`` is an id or a link. ``sample`` is about how many pages of a sample portfolio are to be there.
    Doing it again does what is left to do, and nothing twice. Raises :class:`SettingsError` where the user must
    decide or correct something first, and :class:`NotionError`.
    """
    page_id = page_id_of(parent_page)
    if page_id is None:
        raise SettingsError(
            f"--parent-page {parent_page!r} holds no page id: copy the page's link in Notion (... > Copy link) and "
            "give that."
        )
    if config.notion_token is None or config.ppm_sandbox_anchor is not None:
        raise SettingsError(
            "NOTION_TOKEN is not set: write the token of your integration into .env (.env.example says where it is)."
        )
    mapping = ColumnMapping.from_config(config)
    async with NotionClient(
        token=config.notion_token,
        base_url=str(config.notion_base_url),
        version=config.notion_version,
        requests_per_minute=config.notion_requests_per_minute,
    ) as client:
        prepared = await prepare(
            client,
            page_id,
            plans(mapping),
            config.database_ids,
            replace=replace_ids,
            dry_run=dry_run,
            say=watcher.step,
        )
        ids = {done.plan.setting: done.standing.database_id if done.standing else None for done in prepared}
        written = pending(env_file, ids)
        if not dry_run:
            write_ids(env_file, {name: identity for name, identity in ids.items() if identity and name in written})
        done = SetUp(
            dry_run,
            page_id,
            tuple(map(_told, prepared)),
            str(env_file),
            written,
            sample=None,
            problems=() if dry_run else _overruled(prepared, env_file),
        )
        if sample is None or any(database.problems for database in done.databases):
            return done
        watcher.step("looking which sample pages are there")
        loader = SampleLoader(client, mapping, prepared, sample)
        missing = await loader.look((clock or SystemClock()).today())
        if not dry_run and any(missing.values()):
            made = dict.fromkeys(missing, 0)
            watcher.sample_begins(sum(missing.values()), config.notion_requests_per_minute)
            await loader.load(lambda name, count: watcher.sample_grows(_total(made, name, count)))
        return replace(done, sample=missing)


def _told(done: Prepared) -> DatabaseSetUp:
    identity = done.standing.database_id if done.standing else None
    return DatabaseSetUp(done.plan.name, done.plan.title, identity, done.made, done.added, done.problems)


def _overruled(prepared: Sequence[Prepared], env_file: Path) -> tuple[str, ...]:
    """What the environment says otherwise: it counts before the file."""
    counting = Config.from_env(env_file).database_ids
    return tuple(
        f"{done.plan.setting} is set in the environment to {counting.get(done.plan.name)}, which counts before "
        f"{env_file}: unset it there."
        for done in prepared
        if done.standing and counting.get(done.plan.name) != done.standing.database_id
    )


def _total(made: dict[str, int], name: str, count: int) -> int:
    made[name] = count
    return sum(made.values())
