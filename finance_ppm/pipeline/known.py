"""What bronze knew of a database when a read of it began: each page's newest version, in order of creation.

Belongs here: questions to it. Nothing here is written, and no payload is read but of pages that are gone.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

import polars as pl

from finance_ppm.contracts.bronze import NotionRawPages
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.sources.notion.pages import RawPage
from finance_ppm.sources.notion.spans import END, Span

PAGES_A_WINDOW = 1_000
"""Pages of a window where creation times are known: ten full answers."""

_VERSION = ("page_id", "captured_at", "content_hash", "is_deleted")


class Known:
    """The newest version of each page of one database, and those that are added meanwhile."""

    def __init__(self, lake: Lake, database_name: str) -> None:
        self._lake = lake
        self._database_name = database_name
        pages = newest_in_bronze(lake, database_name).sort("created_time", "page_id", nulls_last=True).collect()
        self._pages = pages
        self._created = pages["created_time"].drop_nulls()
        self._added = pages.select(_VERSION).clear()

    @property
    def alive(self) -> int:
        """Pages that were not deleted when the read began."""
        return int((~self._pages["is_deleted"]).sum())

    @property
    def alive_now(self) -> int:
        """Pages that are not deleted, with what was added meanwhile."""
        versions = pl.concat([self._pages.select(_VERSION), self._added]).sort("captured_at")
        return int((~versions.unique("page_id", keep="last")["is_deleted"]).sum())

    def window_starts(self) -> list[datetime]:
        """Creation times that part the pages into windows of equal numbers."""
        alive = self._pages.filter(~pl.col("is_deleted"))["created_time"].drop_nulls()
        return alive.gather_every(PAGES_A_WINDOW).to_list()[1:]

    def alive_in(self, spans: Iterable[Span]) -> pl.Series:
        """Ids of the pages that were not deleted and were created within ``spans``."""
        rows = [self._alive(*self._places(span)) for span in spans]
        return pl.concat([self._pages["page_id"].clear(), *rows])

    def alive_undated(self) -> pl.Series:
        """Ids of the pages that were not deleted and lie in no span, as they do not say when they were created."""
        return self._alive(len(self._created), len(self._pages))

    def newest(self, page_ids: pl.Series) -> pl.DataFrame:
        """``page_id``, ``captured_at``, ``content_hash``, ``is_deleted`` of the newest version of each of these."""
        wanted = page_ids.to_frame("page_id")
        found = [frame.join(wanted, on="page_id", how="semi") for frame in (self._pages.select(_VERSION), self._added)]
        return pl.concat(found).sort("captured_at").unique("page_id", keep="last")

    def add(self, rows: pl.DataFrame) -> None:
        """Note versions that have been added to bronze, or would be."""
        self._added.vstack(rows.select(_VERSION), in_place=True)

    def gone(self, page_ids: Sequence[str]) -> list[RawPage]:
        """Tombstones of pages that are gone for good: their newest version, marked as deleted."""
        return [
            RawPage(
                page_id=row["page_id"],
                created_time=row["created_time"],
                last_edited_time=row["last_edited_time"],
                content_hash=row["content_hash"],
                payload=row["raw_payload"],
                is_deleted=True,
            )
            for row in self._whole(page_ids).iter_rows(named=True)
        ]

    def _whole(self, page_ids: Sequence[str]) -> pl.DataFrame:
        """The newest version of each of these pages, with its payload."""
        return (
            self._lake.scan(NotionRawPages)
            .filter((pl.col("database_name") == self._database_name) & pl.col("page_id").is_in(list(page_ids)))
            .group_by("page_id")
            .agg(pl.all().sort_by("captured_at", "content_hash").last())
            .collect()
        )

    def _alive(self, first: int, end: int) -> pl.Series:
        rows = self._pages[first:end]
        return rows.filter(~rows["is_deleted"])["page_id"]

    def _places(self, span: Span) -> tuple[int, int]:
        bounds = pl.Series([span.start, span.end], dtype=self._created.dtype)
        first, end = self._created.search_sorted(bounds, side="left")
        return int(first), len(self._created) if span.end == END else int(end)


def newest_in_bronze(lake: Lake, database_name: str) -> pl.LazyFrame:
    """Each page's newest version: ``page_id``, ``captured_at``, ``content_hash``, ``is_deleted``, ``created_time``."""
    return (
        lake.scan(NotionRawPages)
        .filter(pl.col("database_name") == database_name)
        .select(*_VERSION, "created_time")
        .group_by("page_id")
        .agg(pl.all().sort_by("captured_at", "content_hash").last())
    )
