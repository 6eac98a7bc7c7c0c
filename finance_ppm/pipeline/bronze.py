"""Notion into bronze: read what changed, keep what is new, remember how far the read came.

Belongs here: the course of one sync over all databases. The rules of the log are in ``intake``, those of the state in
``watermarks``, and what a read of every page may take for deleted in ``sweep``.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

import anyio
import anyio.to_thread
import polars as pl

from finance_ppm.clock import Clock
from finance_ppm.column_mapping import ColumnMapping
from finance_ppm.contracts.bronze import NotionSyncWatermarks
from finance_ppm.errors import SettingsError
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.pipeline.intake import NOWHERE, Intake
from finance_ppm.pipeline.sweep import Sweep
from finance_ppm.pipeline.unfinished import Unfinished
from finance_ppm.pipeline.watermarks import Watermark, watermarks_to_go_on
from finance_ppm.settings import DATABASES, Config
from finance_ppm.sources.notion.client import NotionClient
from finance_ppm.sources.notion.errors import NotionError
from finance_ppm.sources.notion.pages import RawPage
from finance_ppm.sources.notion.reader import Survey, first_of, incremental_floor, read_pages, survey
from finance_ppm.sources.notion.schema import SchemaDrift
from finance_ppm.sources.notion.spans import Span, cut, gaps
from finance_ppm.sources.notion.transport import CONCURRENCY, Errand

logger = logging.getLogger(__name__)

Progress = Callable[[str, int], None]
"""Told the database's name and how many pages of it have arrived so far."""


@dataclass(frozen=True)
class DatabaseSync:
    """What one sync did with one database."""

    name: str
    full: bool = False
    """Every page was read, not only those edited since the watermark."""
    resumed: bool = False
    """A read that had been cut short was taken up where it had come to."""
    pages_read: int = 0
    """Pages Notion sent, those of the read that was taken up included."""
    new_versions: int = 0
    """Page versions added to bronze."""
    requests: int = 0
    drift: tuple[SchemaDrift, ...] = ()
    note: str | None = None
    """Why pages that are missing were not taken for deleted, or what could be read in part only."""
    error: NotionError | None = None
    """Why the read did not come to its end; None where it did. What had come by then is in bronze."""


@dataclass(frozen=True)
class Sync:
    """What one sync did."""

    started_at: datetime
    databases: tuple[DatabaseSync, ...]
    requests: int

    @property
    def failures(self) -> dict[str, NotionError]:
        """The databases that were not read to their end, and why."""
        return {database.name: database.error for database in self.databases if database.error}


def sync_notion(
    config: Config,
    lake: Lake,
    clock: Clock,
    *,
    full: bool = False,
    only: Sequence[str] | None = None,
    write: bool = True,
    accept_deletions: bool = False,
    progress: Progress | None = None,
) -> Sync:
    """Read the configured databases at once, each since its watermark, and add to bronze what is new.

    A database is read whole if ``full``, if it was never read under its present name, or once a day; a read that was
    cut short goes on where it had come to. Pages are durable before a watermark moves. Without ``write`` everything
    is read and compared, and nothing is written. ``accept_deletions`` takes pages for deleted however many Notion does
    not find, and data sources that it does not list.

    A database that cannot be read has its error in the result and does not stop the others. Raises
    :class:`~finance_ppm.errors.SettingsError` where a setting is missing, or ``only`` names no database of ours.
    """
    token = config.require_notion()
    if unknown := sorted(set(only or ()) - set(DATABASES)):
        raise SettingsError(f"There is no database {' or '.join(unknown)}: choose from {', '.join(DATABASES)}.")
    mapping = ColumnMapping.from_config(config)
    now = clock.now()
    ids = {name: identity for name, identity in config.database_ids.items() if only is None or name in only}
    if only is not None and not ids:
        raise SettingsError(
            f"Nothing to read: {' and '.join(f'NOTION_{name.upper()}_DB_ID' for name in only)} is not set."
        )
    stored = watermarks_to_go_on(lake, ids)
    done: dict[str, DatabaseSync] = {}
    logger.info("Reading from Notion: %s", ", ".join(ids), extra={"databases": list(ids), "dry_run": not write})

    async def sync_all() -> int:
        async with NotionClient(
            token=token,
            base_url=str(config.notion_base_url),
            version=config.notion_version,
            requests_per_minute=config.notion_requests_per_minute,
        ) as client:
            course = _Course(client, lake, clock, mapping, now, write=write, accept_deletions=accept_deletions)

            async def sync_one(name: str) -> None:
                told = partial(progress, name) if progress else _nobody
                done[name] = await course.sync(stored[name], told, full=full)

            try:
                async with anyio.create_task_group() as tasks:
                    for name in ids:
                        tasks.start_soon(sync_one, name)
            except BaseExceptionGroup as group:
                raise first_of(group) from None
            await course.keep()
            return client.requests_sent

    requests = anyio.run(sync_all)
    sync = Sync(now, tuple(done[name] for name in ids), requests)
    _log_end(sync, (clock.now() - now).total_seconds())
    return sync


@dataclass
class _Read:
    """One database on its way through a sync."""

    before: Watermark
    """The state it was in."""
    state: Watermark
    errand: Errand
    intake: Intake | None = None
    drift: tuple[SchemaDrift, ...] = ()
    note: str | None = None
    doubted: bool = False
    """The read may not have shown all there is."""


class _Course:
    """One sync: what its databases share, and the steps that each takes."""

    def __init__(
        self,
        client: NotionClient,
        lake: Lake,
        clock: Clock,
        mapping: ColumnMapping,
        now: datetime,
        *,
        write: bool,
        accept_deletions: bool,
    ) -> None:
        self._client = client
        self._lake = lake
        self._clock = clock
        self._mapping = mapping
        self._now = now
        self._write = write
        self._accept_deletions = accept_deletions
        self._slots = anyio.CapacityLimiter(CONCURRENCY)
        self._turn = anyio.Lock()
        self._states: dict[str, Watermark] = {}
        """States that are not kept yet."""

    async def keep(self) -> None:
        """Keep the states that have changed, in one commit."""
        with anyio.CancelScope(shield=True):  # they are not this database's alone, whose failure may cancel it here
            async with self._turn:
                states, self._states = self._states, {}
                if states and self._write:
                    rows = pl.concat(state.rows() for state in states.values())
                    await anyio.to_thread.run_sync(self._lake.merge, NotionSyncWatermarks, rows)

    async def sync(self, state: Watermark, progress: Callable[[int], None], *, full: bool) -> DatabaseSync:
        """Read one database, as far as it can be read."""
        read = _Read(state, state, Errand(f"the database {state.database_name} ({state.database_id})"))
        failure = None
        try:
            await self._read(read, progress, full=full)
        except NotionError as error:
            logger.error(  # noqa: TRY400 - it says all
                "%s was not read to its end: %s",
                state.database_name,
                error,
                extra={"database": state.database_name, "status": error.status, "request_id": error.request_id},
            )
            failure = error
        if read.intake:
            await read.intake.flush()
        self._states[state.database_name] = await self._left_behind(read, failure)
        told = _told(read, failure, self._now)
        if failure is None:
            _log_read(told, (self._clock.now() - self._now).total_seconds())
        return told

    async def _read(self, read: _Read, progress: Callable[[int], None], *, full: bool) -> None:
        database_id = read.state.database_id
        wanted = self._mapping.properties(read.state.database_name)
        words = self._mapping.words(read.state.database_name)
        since = read.state.edited_since(self._now, full=full)
        surveyed = await survey(
            self._client,
            database_id,
            wanted=wanted,
            known=read.state.known_schema(wanted),
            now=self._now,
            afresh=since is None,
            forget_lost_sources=self._accept_deletions,
            errand=read.errand,
        )
        if surveyed.is_read_otherwise or read.state.shows_again(surveyed):
            since = None
        read.drift = surveyed.drift
        read.state = read.state.surveyed(surveyed, wanted, words, self._now)
        read.intake = intake = self._intake(read.state, surveyed, since, progress)
        if intake.began.started_at < self._now:  # taken up again: what was edited since is not in what is left
            await self._edited_meanwhile(surveyed, intake, read)
        starts = (await intake.known()).window_starts() if since is None else []
        await read_pages(
            self._client,
            database_id,
            surveyed,
            intake.deliver,
            edited_since=since,
            windows=cut(gaps(intake.began.done), starts),
            now=self._now,
            slots=self._slots,
            errand=read.errand,
        )
        if since is None:
            sweep = Sweep(self._client, read.state, surveyed, intake, read.errand, accept=self._accept_deletions)
            read.note, read.doubted = await sweep.bury_the_deleted()

    async def _edited_meanwhile(self, surveyed: Survey, intake: Intake, read: _Read) -> None:
        """Read what was edited since a read that was cut short began, wherever it lies."""

        async def deliver(pages: Sequence[RawPage], _: Span) -> None:
            await intake.deliver(pages, NOWHERE)

        await read_pages(
            self._client,
            read.state.database_id,
            surveyed,
            deliver,
            edited_since=incremental_floor(intake.began.started_at),
            now=self._now,
            slots=self._slots,
            errand=read.errand,
        )

    def _intake(
        self, state: Watermark, surveyed: Survey, since: datetime | None, progress: Callable[[int], None]
    ) -> Intake:
        return Intake(
            self._lake,
            self._clock,
            database_id=state.database_id,
            database_name=state.database_name,
            began=state.beginning(surveyed, since, self._now),
            note=partial(self._note, state),
            progress=progress,
            write=self._write,
            turn=self._turn,
        )

    async def _note(self, state: Watermark, read: Unfinished) -> None:
        """Keep how far a read has come."""
        self._states[state.database_name] = state.came_to(read, None, self._now)
        await self.keep()

    async def _left_behind(self, read: _Read, failure: NotionError | None) -> Watermark:
        """The state that a read leaves."""
        state, intake = read.state, read.intake
        if intake is None:
            return state.failed(str(failure), self._now)
        if failure:
            came_to = intake.came_to
            if came_to.done or came_to.edited_since is None:
                return state.came_to(came_to, str(failure), self._now)
            return read.before.failed(str(failure), self._now)
        full = intake.began.edited_since is None
        page_count = (await intake.known()).alive_now if full else None
        return state.completed(
            intake.began, self._now, page_count=page_count, sweep_note=read.note, doubted=read.doubted
        )


def _told(read: _Read, failure: NotionError | None, now: datetime) -> DatabaseSync:
    intake, in_part = read.intake, read.errand.in_part
    notes = [
        note for note in (read.note, in_part and f"{len(in_part):,} values were read in part. {in_part[0]}") if note
    ]
    found = DatabaseSync(
        read.state.database_name,
        requests=read.errand.requests,
        drift=read.drift,
        note=" ".join(filter(None, notes)) or None,
        error=failure,
    )
    if intake is None:
        return found
    return replace(
        found,
        full=intake.began.edited_since is None,
        resumed=intake.began.started_at < now,
        pages_read=intake.pages,
        new_versions=intake.new_versions,
    )


def _log_read(read: DatabaseSync, seconds: float) -> None:
    """A database was read to its end, so many seconds after the sync began."""
    fields = {
        "database": read.name,
        "full": read.full,
        "resumed": read.resumed,
        "pages": read.pages_read,
        "new_versions": read.new_versions,
        "requests": read.requests,
        "seconds": round(seconds, 1),
    }
    how = ("every page" if read.full else "what changed") + (", taken up again" if read.resumed else "")
    words = "pages %(pages)d, new versions %(new_versions)d, requests %(requests)d, %(seconds)s s"
    logger.info(f"%(database)s was read ({how}): {words}", fields, extra=fields)


def _log_end(sync: Sync, seconds: float) -> None:
    fields = {
        "databases": len(sync.databases),
        "failed": list(sync.failures),
        "new_versions": sum(read.new_versions for read in sync.databases),
        "requests": sync.requests,
        "seconds": round(seconds, 1),
    }
    words = "databases %(databases)d, failed %(failed)s, new versions %(new_versions)d, requests %(requests)d"
    logger.info(f"The read from Notion is done: {words}, %(seconds)s s", fields, extra=fields)


def _nobody(_: int) -> None:
    """Is told how many pages have come, where nobody asked."""
