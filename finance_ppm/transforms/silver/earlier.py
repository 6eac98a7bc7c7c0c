"""The versions of a page before its newest: where a cell finds its last good value once its property has drifted.

Belongs here: laying them beside the newest version, and decoding them where a cell asks. Does not belong here: when
a cell asks (``cells``), nor reading them from bronze (``pipeline.silver``).
"""

from collections.abc import Iterator
from datetime import datetime
from typing import TypedDict

import polars as pl

from finance_ppm.sources.notion.decoder import MalformedPageError, decode_page
from finance_ppm.transforms.silver.cells import Properties
from finance_ppm.transforms.silver.property_map import PropertyMap

EARLIER = "earlier"
"""Column beside those of bronze: the page's earlier versions, newest first."""


class Version(TypedDict):
    """One of the values in a list of :data:`EARLIER`."""

    captured_at: datetime
    raw_payload: bytes


class EarlierVersions:
    """The earlier versions of one page, newest first, each decoded when a cell asks for it; malformed ones left out."""

    def __init__(self, versions: list[Version] | None, properties: PropertyMap) -> None:
        self._versions = iter(versions or ())
        self._map = properties
        self._decoded: list[tuple[datetime, Properties]] = []
        self.asked = False
        """Whether a cell looked here."""

    def __iter__(self) -> Iterator[tuple[datetime, Properties]]:
        self.asked = True
        yield from self._decoded
        for version in self._versions:
            try:
                page = decode_page(version["raw_payload"])
            except MalformedPageError:
                continue
            captured_at = version["captured_at"]
            self._decoded.append((captured_at, self._map.shown(page.properties, captured_at)))
            yield self._decoded[-1]


def with_earlier(newest: pl.DataFrame, versions: pl.DataFrame) -> pl.DataFrame:
    """``newest`` with the column :data:`EARLIER`: of ``versions`` of the same pages, those captured before."""
    held = newest.select("page_id", before="captured_at")
    payload = pl.col("raw_payload").cast(pl.Binary)
    earlier = (
        versions.join(held, on="page_id")
        .filter(pl.col("captured_at") < pl.col("before"))
        .sort("captured_at", descending=True)
        .group_by("page_id", maintain_order=True)
        .agg(pl.struct("captured_at", payload).alias(EARLIER))
    )
    return newest.join(earlier, on="page_id", how="left", maintain_order="left")
