"""The state of reading each database: how far it was read, its schema, what went wrong, where a cut read goes on.

Belongs here: the rules of that state. A watermark moves only after a complete read, to the minute in which the read
started, and never backwards. Does not belong here: reading.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Self

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
    drift: list[Remembered] | None = None
    last_attempt_at: datetime | None = None
    last_error: str | None = None
    sweep_note: str | None = None
    unfinished: str | None = None

    def edited_since(self, now: datetime, *, full: bool) -> datetime | None:
        """From when on edits are asked for; None where every page is.

        That is: where it is wished, was never done, was done a day ago, or was begun lately and cut short.
        """
        begun = Unfinished.from_json(self.unfinished)
        cut_short = begun is not None and begun.edited_since is None and begun.is_recent(now, FULL_READ_EVERY)
        if full or cut_short or self.last_edited_time is None or self.last_full_read_at is None:
            return None
        return None if now - self.last_full_read_at >= FULL_READ_EVERY else incremental_floor(self.last_edited_time)

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

        A column that is missing keeps the ids by which its older values are read.
        """
        ids = {**self._ids(wanted), **survey.property_ids}
        return replace(
            self,
            schema_json=survey.schema.to_json(),
            schema_read_at=survey.schema_read_at,
            property_ids=json.dumps(ids, sort_keys=True),
            property_names=json.dumps({column: prop.name for column, prop in wanted.items()}, sort_keys=True),
            property_words=json.dumps(words, sort_keys=True) if words else None,
            drift=remembered(self.drift, survey.drift, now),
        )

    def beginning(
        self, property_ids: Mapping[str, tuple[str, ...]], edited_since: datetime | None, now: datetime
    ) -> Unfinished:
        """Where a read begins: where one like it was cut short, or at nothing."""
        begun = Unfinished.from_json(self.unfinished)
        alike = begun is not None and (begun.edited_since, begun.property_ids) == (edited_since, property_ids)
        if begun is not None and alike and begun.is_recent(now, FULL_READ_EVERY):
            return begun
        return Unfinished(started_at=now, edited_since=edited_since, property_ids=dict(property_ids))

    def came_to(self, read: Unfinished, error: str | None, now: datetime) -> Self:
        """With a read that is under way, or was cut short by ``error``."""
        return replace(self, unfinished=read.to_json(), last_attempt_at=now, last_error=error)

    def failed(self, error: str, now: datetime) -> Self:
        """With a read that brought nothing. What an earlier one brought stays."""
        return replace(self, last_attempt_at=now, last_error=error)

    def completed(self, read: Unfinished, now: datetime, *, page_count: int | None, sweep_note: str | None) -> Self:
        """With a read that came to its end. ``page_count`` and ``sweep_note`` are those of a read of every page."""
        full = read.edited_since is None
        started_at = read.started_at
        return replace(
            self,
            last_edited_time=max(minute_of(started_at), self.last_edited_time or minute_of(started_at)),
            last_read_at=max(started_at, self.last_read_at or started_at),
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

    def _ids(self, wanted: Mapping[str, NotionProperty]) -> dict[str, tuple[str, ...]]:
        names = json.loads(self.property_names) if self.property_names else {}
        return {
            column: (ids,) if isinstance(ids, str) else tuple(ids)
            for column, ids in json.loads(self.property_ids).items()
            if column in wanted and names.get(column, wanted[column].name) == wanted[column].name
        }


def stored_watermarks(lake: Lake) -> dict[str, Watermark]:
    """Database name to the state of its last read, under whatever id that was.

    A name that was pointed elsewhere since, or an id that bore another name, has no watermark to go on from.
    """
    rows = lake.scan(NotionSyncWatermarks).sort("last_attempt_at", "last_read_at", "database_id").collect()
    return {row["database_name"]: Watermark(**row) for row in rows.iter_rows(named=True)}
