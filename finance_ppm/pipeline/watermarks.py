"""The state of reading each database: how far it was read, its schema, what went wrong, where a cut read goes on.

Belongs here: the rules of that state. A watermark moves only after a complete read, to the minute in which the read
started, and never backwards. Does not belong here: reading.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Self

import msgspec
import polars as pl

from finance_ppm.contracts import NotionProperty
from finance_ppm.contracts.bronze import NotionSyncWatermarks
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.pipeline.unfinished import Unfinished
from finance_ppm.sources.notion.drift import Remembered, remembered
from finance_ppm.sources.notion.reader import KnownSchema, Survey, incremental_floor
from finance_ppm.sources.notion.schema import DatabaseSchema
from finance_ppm.sources.notion.spans import minute_of

FULL_READ_EVERY = timedelta(hours=24)
"""Only a read of every page sees deletions, and formulas that changed without their page being edited."""


class Hidden(msgspec.Struct, frozen=True, omit_defaults=True):
    """A property that was missing from the schema: since when that may be so, and until when it was."""

    property_id: str
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True)
class Watermark:
    """One row of ``bronze/notion_sync_watermarks``, whose contract tells what each field means."""

    database_id: str
    database_name: str
    last_edited_time: datetime | None = None
    last_read_at: datetime | None = None
    last_full_read_at: datetime | None = None
    page_count: int | None = None
    schema_json: str | None = None
    schema_read_at: datetime | None = None
    property_ids: str = "{}"
    property_names: str | None = None
    property_words: str | None = None
    hidden: str | None = None
    drift: list[Remembered] | None = None
    last_attempt_at: datetime | None = None
    last_error: str | None = None
    sweep_note: str | None = None
    unfinished: str | None = None

    def edited_since(self, now: datetime, *, full: bool) -> datetime | None:
        """From when on edits are asked for; None where every page is.

        That is: where it is wished, was never done, was done a day ago, or was begun lately and cut short; and where
        the clock was ahead when it was done, so that nobody knows what has been read.
        """
        begun = Unfinished.from_json(self.unfinished)
        cut_short = begun is not None and begun.edited_since is None and begun.is_recent(now, FULL_READ_EVERY)
        if full or cut_short or self.last_edited_time is None or self.last_full_read_at is None:
            return None
        if max(self.last_full_read_at, self.last_edited_time) > now or now - self.last_full_read_at >= FULL_READ_EVERY:
            return None
        return incremental_floor(self.last_edited_time)

    def known_schema(self, wanted: Mapping[str, NotionProperty]) -> KnownSchema | None:
        """The schema as last seen. A column whose property is expected under another name since is found anew."""
        if self.schema_json is None or self.schema_read_at is None:
            return None
        return KnownSchema(DatabaseSchema.from_json(self.schema_json), self.schema_read_at, self._ids(wanted))

    def surveyed(
        self,
        survey: Survey,
        wanted: Mapping[str, NotionProperty],
        words: Mapping[str, Mapping[str, str]],
        now: datetime,
    ) -> Self:
        """With the schema and the mapping as they are now.

        A column that is missing keeps the ids by which its older values are read. One that is to be found under another
        name, and is, keeps those of properties that are not there any more.
        """
        present = survey.schema.property_ids()
        ids = {column: self._reading_ids(column, survey, present, wanted) for column in wanted}
        ids = {column: found for column, found in ids.items() if found}
        return replace(
            self,
            schema_json=survey.schema.to_json(),
            schema_read_at=survey.schema_read_at,
            property_ids=json.dumps(ids, sort_keys=True),
            property_names=json.dumps({column: prop.name for column, prop in wanted.items()}, sort_keys=True),
            property_words=json.dumps(words, sort_keys=True) if words else None,
            hidden=self._hidden(ids, present, now),
            drift=remembered(self.drift, survey.drift, now),
        )

    def beginning(self, survey: Survey, edited_since: datetime | None, now: datetime) -> Unfinished:
        """Where a read begins: where one like it was cut short, or at nothing."""
        anew = Unfinished(
            started_at=now,
            edited_since=edited_since,
            property_ids=dict(survey.property_ids),
            data_source_ids=survey.schema.data_source_ids,
        )
        begun = Unfinished.from_json(self.unfinished)
        return begun if begun and begun.is_like(anew) and begun.is_recent(now, FULL_READ_EVERY) else anew

    def came_to(self, read: Unfinished, error: str | None, now: datetime) -> Self:
        """With a read that is under way, or was cut short by ``error``."""
        return replace(self, unfinished=read.to_json(), last_attempt_at=now, last_error=error)

    def failed(self, error: str, now: datetime) -> Self:
        """With a read that brought nothing. What an earlier one brought stays."""
        return replace(self, last_attempt_at=now, last_error=error)

    def completed(
        self,
        read: Unfinished,
        now: datetime,
        *,
        page_count: int | None,
        sweep_note: str | None,
        doubted: bool,
    ) -> Self:
        """With a read that came to its end. ``page_count`` and ``sweep_note`` are those of a read of every page.

        A sweep that is ``doubted`` moves no watermark: what it did not show may have been edited.
        """
        full = read.edited_since is None
        started_at = read.started_at
        read_until = _later(minute_of(started_at), self.last_edited_time, now)
        return replace(
            self,
            last_edited_time=self.last_edited_time if doubted and self.last_edited_time else read_until,
            last_read_at=_later(started_at, self.last_read_at, now),
            last_full_read_at=started_at if full else self.last_full_read_at,
            page_count=page_count if full else self.page_count,
            sweep_note=sweep_note if full else self.sweep_note,
            last_attempt_at=now,
            last_error=None,
            unfinished=None,
        )

    def rows(self) -> pl.DataFrame:
        """The one row, as the contract has it."""
        return pl.DataFrame([asdict(self)], schema=NotionSyncWatermarks.create_empty().schema)

    def shows_again(self, survey: Survey) -> bool:
        """Whether a property is in the schema again: pages that were read meanwhile may not show what it holds."""
        return any(each.until is None and each.property_id in survey.schema.property_ids() for each in self.hidden_ones)

    @property
    def hidden_ones(self) -> tuple[Hidden, ...]:
        """The properties that were missing from the schema at some time."""
        return msgspec.json.decode(self.hidden, type=tuple[Hidden, ...]) if self.hidden else ()

    def _hidden(self, ids: Mapping[str, tuple[str, ...]], present: Collection[str], now: datetime) -> str | None:
        """The same once the schema is ``present``. A property may be missing since the schema was last looked at."""
        found = [
            msgspec.structs.replace(each, until=now) if each.until is None and each.property_id in present else each
            for each in self.hidden_ones
        ]
        known = {each.property_id for each in found if each.until is None}
        missing = {one for of_column in ids.values() for one in of_column if one not in present} - known
        found += [Hidden(one, self.schema_read_at or now) for one in sorted(missing)]
        return msgspec.json.encode(found).decode() if found else None

    def _reading_ids(
        self, column: str, survey: Survey, present: Collection[str], wanted: Mapping[str, NotionProperty]
    ) -> tuple[str, ...]:
        today, stored = survey.property_ids.get(column, ()), self._all_ids().get(column, ())
        if today and column not in self._ids(wanted):
            stored = tuple(former for former in stored if former not in present)
        return tuple(dict.fromkeys((*today, *stored)))

    def _all_ids(self) -> dict[str, tuple[str, ...]]:
        """Column to the ids it was ever read by. In a lake of old a column has one id, as text."""
        told = json.loads(self.property_ids).items()
        return {column: (ids,) if isinstance(ids, str) else tuple(ids) for column, ids in told}

    def _ids(self, wanted: Mapping[str, NotionProperty]) -> dict[str, tuple[str, ...]]:
        """The same of the columns whose property is expected under the same name as then."""
        names = json.loads(self.property_names) if self.property_names else {}
        return {
            column: ids
            for column, ids in self._all_ids().items()
            if column in wanted and names.get(column, wanted[column].name) == wanted[column].name
        }


def _later(moment: datetime, stored: datetime | None, now: datetime) -> datetime:
    """The later of two moments; one that is still to come was told by a clock that was wrong."""
    return moment if stored is None or stored > now else max(moment, stored)


def stored_watermarks(lake: Lake) -> dict[str, Watermark]:
    """Database name to the state its last attempt left, under whatever id that was."""
    return {state.database_name: state for state in _states(lake)}


def watermarks_to_go_on(lake: Lake, ids: Mapping[str, str]) -> dict[str, Watermark]:
    """Database name to the state that a read of the database of that id goes on from.

    A name that was pointed elsewhere since has no watermark to go on from, though it remembers its properties. An
    attempt that found no database there does not count.
    """
    states = _states(lake)
    found: dict[str, Watermark] = {}
    for name, identity in ids.items():
        read = [state for state in states if state.database_name == name and state.schema_json is not None]
        own = next((state for state in states if (state.database_id, state.database_name) == (identity, name)), None)
        found[name] = own or Watermark(identity, name)
        if read and read[-1].database_id != identity:
            found[name] = replace(found[name], last_edited_time=None, last_full_read_at=None, unfinished=None)
    return found


def _states(lake: Lake) -> list[Watermark]:
    """All of them, by their last attempt."""
    rows = lake.scan(NotionSyncWatermarks).sort("last_attempt_at", "last_read_at", "database_id").collect()
    return [Watermark(**row) for row in rows.iter_rows(named=True)]
